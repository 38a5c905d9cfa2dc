//! Songs around tunes that were brought along.

mod common;

use common::{book, catalog, song};
use yuefu_arrange::{Band, follow};
use yuefu_engine::SeedPath;
use yuefu_plan::{Around, Theme, around};
use yuefu_song::{
    Note, Role, Score, SectionKind,
    brief::{Brief, Weighted},
};
use yuefu_theory::{Key, Metre, Pitch, Ticks, Timeline};

fn brief(style: &str) -> Brief {
    Brief {
        styles: vec![Weighted::new(style.to_owned(), 1.0)],
        ..Brief::default()
    }
}

/// The tune of a score as a theme.
fn theme_of(style: &str, seed: u64) -> Theme {
    let (plan, score) = song(style, seed);
    let lead = score
        .tracks
        .iter()
        .find(|t| t.role == Role::Lead)
        .expect("a tune");
    let mut notes: Vec<Note> = lead
        .phrases
        .iter()
        .flat_map(|p| {
            p.notes.iter().map(|n| Note {
                at: n.at + p.span.start,
                ..n.clone()
            })
        })
        .filter(|n| n.at >= Ticks::ZERO)
        .collect();
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    Theme {
        title: plan.title.clone(),
        notes,
        chords: score.chords.clone(),
        key: plan.key,
        timeline: plan.timeline.clone(),
        sections: Vec::new(),
        instrument: Some(lead.instrument.clone()),
    }
}

fn lead(score: &Score) -> Vec<(Ticks, Ticks, Pitch, u8)> {
    let mut notes: Vec<_> = score
        .tracks
        .iter()
        .filter(|t| t.role == Role::Lead)
        .flat_map(|t| &t.phrases)
        .flat_map(|p| {
            p.notes
                .iter()
                .map(|n| (n.at + p.span.start, n.len, n.pitch, n.velocity))
        })
        .collect();
    notes.sort_by_key(|n| (n.0, n.2));
    notes
}

#[test]
fn the_tune_stays_note_for_note_in_every_style() {
    let styles = book().styles();
    for (number, style) in styles.iter().enumerate() {
        let seed = 20 + number as u64;
        let from = ["pop", "folk", "waltz", "guofeng", "ballad"][number % 5];
        let theme = theme_of(from, seed);
        let path = SeedPath::song(seed);
        let wish = Around {
            intro: [0, 4, 2][number % 3],
            outro: [4, 0][number % 2],
        };
        let what = format!("a {from} tune as {}", style.id);
        let (alone, reshape) = around(&theme, &brief(&style.id), book(), catalog(), &path, wish)
            .expect("it has notes");
        let after = follow(&alone, &reshape, Band::new(book(), catalog()), &path);
        assert_eq!(
            after,
            follow(&alone, &reshape, Band::new(book(), catalog()), &path)
        );
        let bar = theme.timeline.metres[0].metre.bar();
        let by = bar * i64::from(wish.intro);
        let was: Vec<_> = theme
            .notes
            .iter()
            .map(|n| (n.at + by, n.len, n.pitch, n.velocity))
            .collect();
        assert_eq!(was, lead(&after), "{what}");
        let plan = &reshape.plan;
        assert_eq!(plan.sections[0].span.start, Ticks::ZERO);
        for pair in plan.sections.windows(2) {
            assert_eq!(pair[0].span.end, pair[1].span.start, "{what}");
        }
        for section in &plan.sections {
            assert_eq!(
                section.chords.first().map(|c| c.span.start),
                Some(section.span.start),
                "{what}"
            );
            assert_eq!(
                section.chords.last().map(|c| c.span.end),
                Some(section.span.end),
                "{what}"
            );
        }
        if wish.intro > 0 {
            assert_eq!(plan.sections[0].kind, SectionKind::Intro);
            assert_eq!(plan.sections[0].span.end, by);
        }
        let can = plan.cast.len() > 1;
        assert!(after.tracks.len() > 1 || !can, "{what}: nobody accompanies");
        for track in &after.tracks {
            for pair in track.phrases.windows(2) {
                assert!(
                    pair[0].span.end <= pair[1].span.start,
                    "{what} {}",
                    track.id
                );
            }
        }
    }
}

/// `C4 1` and the like: pitch and length in quarters, `-` rests.
fn tune(text: &str, from: Ticks) -> Vec<Note> {
    let mut at = from;
    let mut notes = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let len = Ticks::from_quarters(pair[1].parse().expect("a length"));
        if let Ok(pitch) = pair[0].parse::<Pitch>() {
            notes.push(Note::new(at, len, pitch, 80));
        }
        at += len;
    }
    notes
}

#[test]
fn an_anacrusis_belongs_to_its_phrase() {
    // The traditional tune of "Auld Lang Syne", with its upbeat.
    let first = "C4 1 F4 1.5 E4 0.5 F4 1 A4 1 G4 1.5 F4 0.5 G4 1 A4 1 F4 1.5 F4 0.5 A4 1 C5 1 D5 3";
    let second =
        "D5 1 C5 1.5 A4 0.5 A4 1 F4 1 G4 1.5 F4 0.5 G4 1 A4 1 F4 1.5 D4 0.5 D4 1 C4 1 F4 3";
    let chorus =
        "D5 1 C5 1.5 A4 0.5 A4 1 F4 1 G4 1.5 F4 0.5 G4 1 D5 1 C5 1.5 A4 0.5 A4 1 C5 1 D5 3";
    let text = format!("{first} {second} {chorus} {second}");
    let notes = tune(&text, Ticks::quarters(3));
    let theme = Theme {
        title: "Auld Lang Syne".into(),
        notes: notes.clone(),
        chords: Vec::new(),
        key: Key::parse("F major").expect("a key"),
        timeline: Timeline::steady(96.0, Metre::common()),
        sections: Vec::new(),
        instrument: None,
    };
    let path = SeedPath::song(9);
    let wish = Around { intro: 4, outro: 2 };
    let (alone, reshape) =
        around(&theme, &brief("folk"), book(), catalog(), &path, wish).expect("notes");
    let after = follow(&alone, &reshape, Band::new(book(), catalog()), &path);
    let track = after
        .tracks
        .iter()
        .find(|t| t.role == Role::Lead)
        .expect("the tune");
    let bar = Metre::common().bar();
    assert_eq!(
        track.phrases.len(),
        4,
        "{:?}",
        track
            .phrases
            .iter()
            .map(|p| (&p.id, p.span))
            .collect::<Vec<_>>()
    );
    for phrase in &track.phrases {
        assert_eq!(phrase.span.len(), bar * 4, "{}", phrase.id);
        assert_eq!(
            phrase.notes[0].at,
            Ticks::ZERO - Ticks::QUARTER,
            "{}",
            phrase.id
        );
    }
    assert_eq!(lead(&after).len(), notes.len());
    // Intro of four bars, the bar of the upbeat, then the tune.
    assert_eq!(track.phrases[0].span.start, bar * 5);
}

#[test]
fn sections_that_come_back_share_their_material() {
    let a = "C4 1 D4 1 E4 1 F4 1 G4 2 E4 2 A4 1 G4 1 F4 1 E4 1 D4 3 - 1 C4 1 D4 1 E4 1 F4 1 G4 2 E4 2 D4 1 E4 1 D4 2 C4 3 - 1";
    let b = "C5 2 B4 1 A4 1 G4 3 - 1 C5 2 D5 1 C5 1 A4 3 - 1 C5 2 B4 1 A4 1 G4 2 E4 2 A4 1 B4 1 C5 1 B4 1 C5 3 - 1";
    let text = [a, b, a, b].join(" ");
    let theme = Theme {
        title: "Test".into(),
        notes: tune(&text, Ticks::ZERO),
        chords: Vec::new(),
        key: Key::parse("C major").expect("a key"),
        timeline: Timeline::steady(120.0, Metre::common()),
        sections: Vec::new(),
        instrument: None,
    };
    let (_, reshape) = around(
        &theme,
        &brief("pop"),
        book(),
        catalog(),
        &SeedPath::song(2),
        Around::default(),
    )
    .expect("notes");
    let kinds: Vec<SectionKind> = reshape.plan.sections.iter().map(|s| s.kind).collect();
    assert_eq!(
        kinds,
        [
            SectionKind::Verse,
            SectionKind::Chorus,
            SectionKind::Verse,
            SectionKind::Chorus
        ]
    );
    let materials: Vec<&str> = reshape
        .plan
        .sections
        .iter()
        .map(|s| s.material.as_str())
        .collect();
    assert_eq!(materials, ["verse", "chorus", "verse", "chorus"]);
    let empty = Theme {
        notes: Vec::new(),
        ..theme
    };
    assert!(
        around(
            &empty,
            &brief("pop"),
            book(),
            catalog(),
            &SeedPath::song(2),
            Around::default()
        )
        .is_err()
    );
}
