//! Songs to change, and what every changed song must still be.
#![allow(
    dead_code,
    reason = "each test file that includes this uses its own part"
)]

use yuefu_audio::{Curve, CurvePoint};
use yuefu_engine::SeedPath;
use yuefu_song::{
    Brief, Catalog, LyricLine, LyricSheet, Phrase, ReleasePlan, SectionKind, Song,
    brief::{LengthWish, Weighted},
    mixplan::{ChannelStrip, Delay, MixPlan, Reverb, ReverbKind},
    ops::{Op, OpError, Remark},
    song::FORMAT,
};
use yuefu_theory::{TickSpan, Ticks};

/// The shipped instruments.
pub fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).expect("the shipped catalog is valid")
}

/// A song of a style in a metre, composed by the studio's stages, with words and a mix.
pub fn song(style: &str, metre: Option<&str>, seed: u64) -> Song {
    let book = yuefu_plan::standard_styles().expect("the shipped styles are valid");
    let catalog = catalog();
    let brief = Brief {
        styles: vec![Weighted {
            value: style.to_owned(),
            weight: 1.0,
        }],
        metre: metre.map(|metre| metre.parse().expect("a metre")),
        form: Some(vec![
            SectionKind::Intro,
            SectionKind::Verse,
            SectionKind::Chorus,
            SectionKind::Verse,
            SectionKind::Chorus,
            SectionKind::Outro,
        ]),
        length: Some(LengthWish::Seconds(75.0)),
        ..Brief::default()
    };
    let root = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &root);
    let score = yuefu_arrange::arrange(&plan, yuefu_arrange::Band::new(&book, &catalog), &root);
    let lines = plan.sections.iter().map(|section| LyricLine {
        section: section.id.clone(),
        text: format!("words of {}", section.id),
        ..LyricLine::default()
    });
    let lyrics = LyricSheet {
        lines: lines.collect(),
        ..LyricSheet::default()
    };
    let mix = MixPlan {
        character: String::new(),
        tracks: score
            .tracks
            .iter()
            .map(|track| ChannelStrip {
                automation: Curve(vec![
                    CurvePoint {
                        at: 0.0,
                        value: 0.0,
                    },
                    CurvePoint {
                        at: 9.5,
                        value: -2.0,
                    },
                    CurvePoint {
                        at: 21.25,
                        value: 1.0,
                    },
                ]),
                ..ChannelStrip::neutral(&track.id)
            })
            .collect(),
        returns: yuefu_song::mixplan::Returns {
            hall: Some(Reverb {
                kind: ReverbKind::Hall,
                decay_s: 2.0,
                predelay_ms: 20.0,
                damping: 0.5,
                level_db: 0.0,
            }),
            delay: Some(Delay {
                time_s: 0.375,
                feedback: 0.3,
                ping_pong: true,
                low_cut_hz: 200.0,
                high_cut_hz: 6_000.0,
                level_db: -3.0,
            }),
            ..Default::default()
        },
    };
    Song {
        format: FORMAT,
        seed,
        brief,
        plan,
        lyrics,
        score,
        mix: Some(mix),
        master: None,
        release: ReleasePlan::streaming(),
        tags: Default::default(),
        voices: Default::default(),
        engines: Vec::new(),
    }
}

/// Songs of several metres and endings.
pub fn songs() -> Vec<Song> {
    [
        ("pop", None, 1),
        ("waltz", None, 2),
        ("celtic", Some("6/8"), 3),
        ("jazz", Some("5/4"), 4),
        ("pop", Some("7/8"), 5),
    ]
    .map(|(style, metre, seed)| song(style, metre, seed))
    .to_vec()
}

/// Reads an operation and applies it.
pub fn apply(song: &Song, line: &str) -> Result<(Song, Vec<Remark>), OpError> {
    let op: Op = line.parse()?;
    assert_eq!(op.to_string().parse::<Op>().as_ref(), Ok(&op), "{line}");
    op.apply(song, &catalog())
}

/// The song after operations that must succeed.
pub fn after(song: &Song, lines: &[&str]) -> Song {
    let mut song = song.clone();
    for line in lines {
        song = match apply(&song, line) {
            Ok((song, _)) => song,
            Err(error) => panic!("{line}: {error}"),
        };
        assert_whole(&song, line);
    }
    song
}

/// Every note of a track in song time, as text in order.
pub fn sounding(song: &Song, track: &str) -> Vec<String> {
    let track = song
        .score
        .tracks
        .iter()
        .find(|t| t.id == track)
        .expect("the track is there");
    let mut notes: Vec<(Ticks, String)> = Vec::new();
    for phrase in &track.phrases {
        for note in &phrase.notes {
            let mut note = note.clone();
            note.at += phrase.span.start;
            notes.push((note.at, note.to_string()));
        }
    }
    notes.sort();
    notes.into_iter().map(|(_, note)| note).collect()
}

/// The first track of a role.
pub fn track_of(song: &Song, role: &str) -> String {
    let found = song.score.tracks.iter().find(|t| t.role.name() == role);
    found.expect("a track of the role").id.clone()
}

/// What holds of every song.
pub fn assert_whole(song: &Song, after: &str) {
    if let Err(error) = song.check() {
        panic!("{after}: {error}");
    }
    let (plan, score) = (&song.plan, &song.score);
    assert_eq!(plan.timeline, score.timeline, "{after}: one timeline");
    let line = &plan.timeline;
    assert!(
        line.tempo[0].at == Ticks::ZERO && line.metres[0].at == Ticks::ZERO,
        "{after}"
    );
    assert!(
        line.tempo.windows(2).all(|w| w[0].at < w[1].at),
        "{after}: {:?}",
        line.tempo
    );
    assert!(
        line.metres.windows(2).all(|w| w[0].at < w[1].at),
        "{after}: {:?}",
        line.metres
    );
    for point in &line.tempo {
        assert!((5.0..=1000.0).contains(&point.bpm), "{after}: {point:?}");
    }
    for change in &line.metres {
        assert_eq!(
            line.bar_of(change.at).1,
            Ticks::ZERO,
            "{after}: metre on a barline"
        );
    }

    // Sections: gapless, on barlines, with unique ids, the same in plan and score.
    let mut at = Ticks::ZERO;
    assert_eq!(plan.sections.len(), score.sections.len(), "{after}");
    for (planned, section) in plan.sections.iter().zip(&score.sections) {
        assert_eq!(planned.span.start, at, "{after}: {} gapless", planned.id);
        assert!(
            planned.span.end > at,
            "{after}: {} is not empty",
            planned.id
        );
        at = planned.span.end;
        let (first, offset) = line.bar_of(planned.span.start);
        let (last, end_offset) = line.bar_of(planned.span.end);
        assert_eq!(
            (offset, end_offset),
            (Ticks::ZERO, Ticks::ZERO),
            "{after}: {}",
            planned.id
        );
        assert_eq!(
            i64::from(planned.bars),
            last - first,
            "{after}: {}",
            planned.id
        );
        assert_eq!(
            (&planned.id, planned.kind, planned.span, planned.key),
            (&section.id, section.kind, section.span, section.key),
            "{after}"
        );
        let energy = (planned.energy[0] + planned.energy[1]) / 2.0;
        assert!((energy - section.energy).abs() < 1e-6, "{after}");
        let mut chord_at = planned.span.start;
        for chord in &planned.chords {
            assert!(
                chord.span.start >= chord_at,
                "{after}: {} chords in order",
                planned.id
            );
            assert!(chord.span.end > chord.span.start, "{after}: {chord:?}");
            chord_at = chord.span.end;
        }
        assert!(
            chord_at <= planned.span.end,
            "{after}: {} chords inside",
            planned.id
        );
    }
    let ids: Vec<&str> = plan.sections.iter().map(|s| s.id.as_str()).collect();
    assert_unique(&ids, after);
    let chords: Vec<_> = plan.sections.iter().flat_map(|s| &s.chords).collect();
    assert_eq!(chords, score.chords.iter().collect::<Vec<_>>(), "{after}");
    for line in &song.lyrics.lines {
        assert!(
            ids.contains(&line.section.as_str()),
            "{after}: words of {}",
            line.section
        );
    }

    // Tracks: unique ids, the cast in step, phrases apart, notes in order and playable.
    let tracks: Vec<&str> = score.tracks.iter().map(|t| t.id.as_str()).collect();
    assert_unique(&tracks, after);
    for track in &score.tracks {
        let member = plan.cast.iter().find(|member| member.id == track.id);
        assert_eq!(
            member.map(|m| &m.instrument),
            Some(&track.instrument),
            "{after}"
        );
        let ids: Vec<&str> = track.phrases.iter().map(|p| p.id.as_str()).collect();
        assert_unique(&ids, after);
        for pair in track.phrases.windows(2) {
            assert!(
                pair[0].span.end <= pair[1].span.start,
                "{after}: {} {} and {} overlap: {:?} {:?}",
                track.id,
                pair[0].id,
                pair[1].id,
                pair[0].span,
                pair[1].span
            );
        }
        for phrase in &track.phrases {
            assert_phrase(phrase, at, &format!("{after}: {} {}", track.id, phrase.id));
        }
    }
    if let Some(mix) = &song.mix {
        for strip in &mix.tracks {
            assert!(
                tracks.contains(&strip.track.as_str()),
                "{after}: strip {}",
                strip.track
            );
            assert!(
                strip.automation.0.windows(2).all(|w| w[0].at < w[1].at),
                "{after}: {:?}",
                strip.automation
            );
        }
    }
    assert!(
        (0.1..=36_000.0).contains(&plan.length.0),
        "{after}: {:?}",
        plan.length
    );
}

fn assert_phrase(phrase: &Phrase, end: Ticks, what: &str) {
    assert!(!phrase.span.is_empty(), "{what}: {:?}", phrase.span);
    assert!(
        phrase.span.start >= Ticks::ZERO && phrase.span.end <= end,
        "{what}: inside"
    );
    for (index, note) in phrase.notes.iter().enumerate() {
        assert!(
            note.len > Ticks::ZERO && (1..=127).contains(&note.velocity),
            "{what}: {note}"
        );
        assert!((0..=127).contains(&note.pitch.midi()), "{what}: {note}");
        assert!(
            phrase.span.start + note.at >= -Ticks::QUARTER,
            "{what}: {note}"
        );
        let span = TickSpan::new(note.at, note.end());
        for next in &phrase.notes[index + 1..] {
            assert!(
                (note.at, note.pitch) <= (next.at, next.pitch),
                "{what}: {note}, {next}"
            );
            assert!(
                note.key() != next.key() || !span.overlaps(TickSpan::new(next.at, next.end())),
                "{what}: {note} and {next} overlap"
            );
            if next.at >= note.end() {
                break;
            }
        }
    }
}

fn assert_unique(ids: &[&str], after: &str) {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    assert!(
        sorted.windows(2).all(|w| w[0] != w[1]),
        "{after}: ids {ids:?}"
    );
}
