//! Another style around the same tune, and new parts beside the old ones.

mod common;

use common::{book, catalog, song};
use yuefu_arrange::{Band, add_part, follow};
use yuefu_engine::SeedPath;
use yuefu_plan::{Color, Restyle, restyle};
use yuefu_song::{Family, Note, Role, Score};
use yuefu_theory::Ticks;

fn lead_notes(score: &Score) -> Vec<(String, Ticks, Ticks, i32)> {
    let leads = score
        .tracks
        .iter()
        .filter(|t| matches!(t.role, Role::Lead | Role::Vocal));
    leads
        .flat_map(|t| {
            t.phrases.iter().flat_map(|p| {
                p.notes
                    .iter()
                    .map(|n| (p.id.clone(), n.at + p.span.start, n.len, n.pitch.midi()))
            })
        })
        .collect()
}

#[test]
fn the_tune_survives_every_style() {
    let styles = book().styles();
    let mut folded = 0;
    let mut total = 0;
    for (number, style) in styles.iter().enumerate() {
        let seed = 40 + number as u64;
        let from = &styles[(number * 7 + 3) % styles.len()];
        let (plan, score) = song(&from.id, seed);
        let path = SeedPath::song(seed);
        let wish = Restyle {
            style: style.id.clone(),
            color: [Color::Keep, Color::Style, Color::Sevenths, Color::Power][number % 4],
            keep_tempo: number % 3 == 0,
            ..Restyle::default()
        };
        let what = format!("{} as {}", from.id, style.id);
        let reshape = restyle(&plan, book(), catalog(), &path, &wish).expect("the style ships");
        let after = follow(&score, &reshape, Band::new(book(), catalog()), &path);
        assert_eq!(reshape.plan.style, style.id);
        let (was, is) = (lead_notes(&score), lead_notes(&after));
        assert_eq!(was.len(), is.len(), "{what}");
        for (a, b) in was.iter().zip(&is) {
            assert_eq!((&a.0, a.1, a.2), (&b.0, b.1, b.2), "{what}");
            assert_eq!((a.3 - b.3).rem_euclid(12), 0, "{what}");
        }
        // Octaves are changed by the phrase.
        for (a, b) in was.windows(2).zip(is.windows(2)) {
            if a[0].0 == a[1].0 {
                total += 1;
                folded += usize::from(a[1].3 - a[0].3 != b[1].3 - b[0].3);
            }
        }
        if wish.keep_tempo {
            assert_eq!(reshape.plan.timeline, plan.timeline, "{what}");
        }
        for (old, new) in plan.sections.iter().zip(&reshape.plan.sections) {
            assert_eq!(
                (&old.id, old.span, old.key),
                (&new.id, new.span, new.key),
                "{what}"
            );
            if wish.color == Color::Keep {
                assert_eq!(old.chords, new.chords, "{what}");
            }
            for (a, b) in old.chords.iter().zip(&new.chords) {
                assert_eq!((a.span, a.chord.root), (b.span, b.chord.root), "{what}");
            }
        }
        // The new style's players, and nobody else, play beside the tune.
        for track in &after.tracks {
            let member = reshape.plan.cast.iter().find(|m| m.id == track.id);
            assert!(
                member.is_some_and(|m| m.instrument == track.instrument),
                "{what} {}",
                track.id
            );
        }
        let others = after.tracks.iter().filter(|t| t.role != Role::Lead).count();
        let can = reshape
            .plan
            .cast
            .iter()
            .filter(|m| m.role != Role::Lead)
            .count();
        assert!(others > 0 || can == 0, "{what}: nobody accompanies");
    }
    assert!(folded * 50 <= total, "{folded} of {total} intervals folded");
}

#[test]
fn one_section_can_be_in_another_style() {
    for (number, style) in book().styles().iter().enumerate().step_by(3) {
        let seed = 60 + number as u64;
        let (plan, score) = song("pop", seed);
        let path = SeedPath::song(seed);
        let index = plan.sections.len() / 2;
        let wish = Restyle {
            style: style.id.clone(),
            sections: vec![index],
            ..Restyle::default()
        };
        let reshape = restyle(&plan, book(), catalog(), &path, &wish).expect("the style ships");
        let after = follow(&score, &reshape, Band::new(book(), catalog()), &path);
        let span = plan.sections[index].span;
        assert_eq!(reshape.plan.timeline, plan.timeline);
        let inside = |score: &Score, id: &str| -> (Vec<Note>, Vec<Note>) {
            let track = score.tracks.iter().find(|t| t.id == id);
            let notes = track.into_iter().flat_map(|t| &t.phrases).flat_map(|p| {
                p.notes
                    .iter()
                    .filter(|n| n.at >= Ticks::ZERO)
                    .map(|n| Note {
                        at: n.at + p.span.start,
                        ..n.clone()
                    })
            });
            notes.partition(|n| span.contains(n.at))
        };
        for track in &score.tracks {
            let (was, around) = inside(&score, &track.id);
            let (is, around_now) = inside(&after, &track.id);
            assert_eq!(around, around_now, "{} {}", style.id, track.id);
            if matches!(track.role, Role::Lead | Role::Vocal) {
                assert_eq!(was, is, "{} {}", style.id, track.id);
            } else {
                assert!(is.is_empty(), "{}: {} still plays", style.id, track.id);
            }
        }
        for track in &after.tracks {
            if !score.tracks.iter().any(|t| t.id == track.id) {
                let (_, outside) = inside(&after, &track.id);
                assert!(
                    outside.is_empty(),
                    "{}: {} plays elsewhere",
                    style.id,
                    track.id
                );
            }
        }
    }
}

#[test]
fn a_style_that_is_not_there_is_named() {
    let (plan, _) = song("pop", 1);
    let wish = Restyle {
        style: "polka-metal".into(),
        ..Restyle::default()
    };
    let (en, zh) =
        restyle(&plan, book(), catalog(), &SeedPath::song(1), &wish).expect_err("no such style");
    assert!(en.contains("polka-metal") && zh.contains("polka-metal"));
}

#[test]
fn new_parts_join_without_changing_the_old_ones() {
    let mut added = 0;
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 80 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let path = SeedPath::song(seed);
        let roles = [
            Role::Counter,
            Role::Pad,
            Role::Arp,
            Role::Harmony,
            Role::Comp,
            Role::Bass,
            Role::Drums,
            Role::Percussion,
        ];
        let role = roles[number % roles.len()];
        let profile = catalog().profiles().iter().find(|p| match role {
            Role::Counter => p.family == Family::Bowed,
            Role::Pad => p.family == Family::Ensemble,
            Role::Arp => p.family == Family::Plucked,
            Role::Harmony => p.family == Family::Flute,
            Role::Comp => p.family == Family::Keyboard,
            Role::Bass => p.family == Family::Bass,
            _ => p.family == Family::Kit,
        });
        let profile = profile.expect("the catalog has it");
        let (new, id) = yuefu_plan::add_part(
            &plan,
            book(),
            catalog(),
            &path,
            &profile.id,
            Some(role),
            None,
        )
        .expect("it suits the role");
        let after = add_part(&new, &score, Band::new(book(), catalog()), &path, &id);
        for track in &score.tracks {
            assert!(
                after.tracks.contains(track),
                "{}: {} changed",
                style.id,
                track.id
            );
        }
        if let Some(track) = after.tracks.iter().find(|t| t.id == id) {
            added += 1;
            assert_eq!(track.role, role);
            for note in track.phrases.iter().flat_map(|p| &p.notes) {
                let range = profile.range[0]..=profile.range[1];
                assert!(
                    role.is_percussion() || range.contains(&note.key()),
                    "{} {id}",
                    style.id
                );
            }
            // Second voices do not double the tune's very notes all the time.
            if role == Role::Counter {
                let tune = lead_notes(&score);
                let all: Vec<(Ticks, i32)> = track
                    .phrases
                    .iter()
                    .flat_map(|p| {
                        p.notes
                            .iter()
                            .map(|n| (n.at + p.span.start, n.pitch.midi()))
                    })
                    .collect();
                let same = all
                    .iter()
                    .filter(|(at, key)| tune.iter().any(|t| t.1 == *at && t.3 == *key))
                    .count();
                assert!(
                    same * 5 <= all.len(),
                    "{}: {same} of {} double the tune",
                    style.id,
                    all.len()
                );
            }
        }
    }
    assert!(added >= 40, "{added} of 47");
    let (plan, _) = song("pop", 2);
    let wrong = yuefu_plan::add_part(
        &plan,
        book(),
        catalog(),
        &SeedPath::song(2),
        "grand-piano",
        Some(Role::Drums),
        None,
    );
    assert!(wrong.is_err());
    let unknown = yuefu_plan::add_part(
        &plan,
        book(),
        catalog(),
        &SeedPath::song(2),
        "kazoo-9",
        None,
        None,
    );
    assert!(unknown.is_err());
}
