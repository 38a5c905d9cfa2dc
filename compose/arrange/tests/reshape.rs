//! Another form: what exists moves and keeps every note, and what is new fits in.

mod common;

use common::{book, catalog, song};
use yuefu_arrange::{Band, follow};
use yuefu_engine::SeedPath;
use yuefu_plan::{NewSection, extend_after, extend_before, insert, looped, set_energy, to_length};
use yuefu_song::{Ending, Note, Reshape, Role, Score, SectionKind, SongPlan};
use yuefu_theory::{TickSpan, Ticks};

fn carry(score: &Score, reshape: &Reshape, seed: u64) -> Score {
    follow(
        score,
        reshape,
        Band::new(book(), catalog()),
        &SeedPath::song(seed),
    )
}

/// Plans are gapless, covered with chords, and their score agrees with them.
fn whole(plan: &SongPlan, score: &Score, what: &str) {
    assert_eq!(plan.sections[0].span.start, Ticks::ZERO, "{what}");
    for pair in plan.sections.windows(2) {
        assert_eq!(pair[0].span.end, pair[1].span.start, "{what}");
    }
    let mut ids: Vec<&str> = plan.sections.iter().map(|s| s.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), plan.sections.len(), "{what}");
    for section in &plan.sections {
        let mut at = section.span.start;
        for chord in &section.chords {
            assert_eq!(chord.span.start, at, "{what} {}", section.id);
            at = chord.span.end;
        }
        assert_eq!(at, section.span.end, "{what} {}", section.id);
        assert!(!section.playing.is_empty(), "{what} {}", section.id);
    }
    assert!(
        plan.timeline.tempo.windows(2).all(|w| w[0].at <= w[1].at),
        "{what}"
    );
    assert_eq!(score.timeline, plan.timeline);
    assert_eq!(score.sections.len(), plan.sections.len());
    for track in &score.tracks {
        let mut ids = std::collections::BTreeSet::new();
        for phrase in &track.phrases {
            assert!(ids.insert(&phrase.id), "{what} {} {}", track.id, phrase.id);
            assert!(
                phrase.notes.windows(2).all(|w| w[0].at <= w[1].at),
                "{what}"
            );
        }
        for pair in track.phrases.windows(2) {
            assert!(
                pair[0].span.end <= pair[1].span.start,
                "{what} {} {} {}",
                track.id,
                pair[0].id,
                pair[1].id
            );
        }
    }
    // No dead bars: in every bar somebody plays.
    let bar = plan.timeline.metres[0].metre.bar();
    let end = plan.sections.last().expect("sections").span.end;
    let mut at = Ticks::ZERO;
    while at < end {
        let here = TickSpan::new(at, at + bar);
        let sounds = score.tracks.iter().flat_map(|t| &t.phrases).any(|p| {
            p.notes.iter().any(|n| {
                let from = n.at + p.span.start;
                TickSpan::new(from, from + n.len).overlaps(here)
            })
        });
        assert!(sounds, "{what}: nobody plays at {at:?}");
        at += bar;
    }
}

/// Notes that begin in a span; a pickup goes with the phrase that it leads to, wherever that is.
fn notes_in(score: &Score, track: &str, span: TickSpan) -> Vec<Note> {
    let track = score.tracks.iter().find(|t| t.id == track);
    let mut notes: Vec<Note> = track
        .into_iter()
        .flat_map(|t| &t.phrases)
        .flat_map(|p| {
            p.notes
                .iter()
                .filter(|n| n.at >= Ticks::ZERO)
                .map(|n| Note {
                    at: n.at + p.span.start,
                    ..n.clone()
                })
        })
        .filter(|n| span.contains(n.at))
        .map(|n| Note {
            at: n.at - span.start,
            ..n
        })
        .collect();
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    notes
}

/// Every note of a kept stretch is where it belongs; notes at the very edge may be shortened.
fn keeps(score: &Score, after: &Score, reshape: &Reshape, what: &str) {
    for kept in &reshape.kept {
        for track in &score.tracks {
            let edge = |n: &Note| n.end() > kept.from.len();
            let mut was = notes_in(score, &track.id, kept.from);
            let mut is = notes_in(after, &track.id, kept.now());
            was.retain(|n| !edge(n));
            is.retain(|n| !edge(n));
            // Pickups of new phrases may join the last bar.
            let missing = was.iter().filter(|n| !is.contains(n)).count();
            assert_eq!(missing, 0, "{what} {} {:?}", track.id, kept);
        }
    }
}

#[test]
fn sections_put_in_anywhere_leave_the_others_as_they_are() {
    let kinds = [
        SectionKind::Intro,
        SectionKind::Verse,
        SectionKind::Bridge,
        SectionKind::Solo,
        SectionKind::Interlude,
        SectionKind::Chorus,
        SectionKind::Breakdown,
        SectionKind::Outro,
    ];
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 500 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let kind = kinds[number % kinds.len()];
        let at = number % (plan.sections.len() + 1);
        let what = format!("{} {kind:?} at {at} of {}", style.id, plan.sections.len());
        let reshape = insert(
            &plan,
            book(),
            &SeedPath::song(seed),
            at,
            &[NewSection::of(kind)],
        );
        let after = carry(&score, &reshape, seed);
        assert_eq!(after, carry(&score, &reshape, seed));
        whole(&reshape.plan, &after, &what);
        keeps(&score, &after, &reshape, &what);
        if plan.timeline.tempo.len() == 1 {
            // To the last digit, or every sample would move.
            assert_eq!(plan.timeline, reshape.plan.timeline, "{what}");
        }
        let new = &reshape.plan.sections[at];
        assert_eq!(new.kind, kind);
        let sounding = after
            .tracks
            .iter()
            .filter(|t| !notes_in(&after, &t.id, new.span).is_empty())
            .count();
        assert!(
            sounding >= new.playing.len().clamp(1, 2),
            "{what}: {sounding} of {:?}",
            new.playing
        );
        if kind == SectionKind::Solo && plan.cast.iter().any(|m| m.role == Role::Lead) {
            let lead = after
                .tracks
                .iter()
                .any(|t| t.role == Role::Lead && !notes_in(&after, &t.id, new.span).is_empty());
            assert!(lead, "{what}: nobody plays the solo");
        }
        let bar = plan.timeline.metres[0].metre.bar();
        let seconds = plan.timeline.seconds(bar) * f64::from(new.bars);
        assert!(
            (reshape.plan.length.0 - plan.length.0 - seconds).abs() < seconds * 0.35 + 0.1,
            "{what}: {} {} {seconds}",
            reshape.plan.length.0,
            plan.length.0
        );
    }
}

#[test]
fn songs_go_on_and_begin_earlier() {
    for (number, style) in book().styles().iter().enumerate().step_by(2) {
        let seed = 600 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let path = SeedPath::song(seed);
        let new = [
            NewSection::of(SectionKind::Verse),
            NewSection::of(SectionKind::Outro),
        ];
        let reshape = extend_after(&plan, book(), &path, &new);
        let after = carry(&score, &reshape, seed);
        whole(&reshape.plan, &after, &style.id);
        keeps(&score, &after, &reshape, &style.id);
        assert_eq!(reshape.plan.ending, plan.ending);
        let before = extend_before(
            &plan,
            book(),
            &path,
            &[NewSection {
                kind: SectionKind::Intro,
                bars: Some(4),
                energy: None,
            }],
        );
        let earlier = carry(&score, &before, seed);
        whole(&before.plan, &earlier, &style.id);
        keeps(&score, &earlier, &before, &style.id);
        assert_eq!(before.kept.len(), 1);
        assert_eq!(before.kept[0].to, plan.timeline.metres[0].metre.bar() * 4);
    }
}

#[test]
fn loops_run_into_their_beginning() {
    for (number, style) in book().styles().iter().enumerate().step_by(3) {
        let seed = 700 + number as u64;
        let (plan, score) = song(&style.id, seed);
        for whole_song in [true, false] {
            let reshape = looped(&plan, book(), &SeedPath::song(seed), whole_song);
            let after = carry(&score, &reshape, seed);
            whole(&reshape.plan, &after, &style.id);
            keeps(&score, &after, &reshape, &style.id);
            assert_eq!(reshape.plan.ending, Ending::Loop);
            let end = reshape.plan.sections.last().expect("sections").span.end;
            assert!((reshape.plan.timeline.seconds(end) - reshape.plan.length.0).abs() < 1e-9);
            if !whole_song
                && plan
                    .sections
                    .iter()
                    .any(|s| !matches!(s.kind, SectionKind::Intro | SectionKind::Outro))
            {
                assert!(
                    reshape
                        .plan
                        .sections
                        .iter()
                        .all(|s| !matches!(s.kind, SectionKind::Intro | SectionKind::Outro))
                );
            }
        }
    }
}

#[test]
fn another_energy_changes_who_plays_but_not_the_tune() {
    let mut changed = 0;
    for (number, style) in book().styles().iter().enumerate().step_by(2) {
        let seed = 800 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let index = plan.sections.len() / 2;
        let level = if plan.sections[index].energy[0] > 0.6 {
            0.2
        } else {
            0.95
        };
        let reshape = set_energy(&plan, book(), &SeedPath::song(seed), index, [level; 2]);
        let after = carry(&score, &reshape, seed);
        whole(&reshape.plan, &after, &style.id);
        let span = plan.sections[index].span;
        for track in &score.tracks {
            for (i, section) in plan.sections.iter().enumerate() {
                let tune = matches!(track.role, Role::Lead | Role::Vocal);
                if i != index || tune {
                    assert_eq!(
                        notes_in(&score, &track.id, section.span),
                        notes_in(&after, &track.id, section.span),
                        "{} {}",
                        style.id,
                        track.id
                    );
                } else {
                    changed += usize::from(
                        notes_in(&score, &track.id, span) != notes_in(&after, &track.id, span),
                    );
                }
            }
        }
    }
    assert!(changed > 20, "{changed}");
}

#[test]
fn songs_are_cut_and_stretched_to_a_length() {
    let mut exactly = 0;
    let mut asked = 0;
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 900 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let path = SeedPath::song(seed);
        for share in [0.25, 0.5, 0.8, 1.3, 2.0] {
            let seconds = (plan.length.0 * share).round().max(20.0);
            let what = format!("{} {:.0} s -> {seconds}", style.id, plan.length.0);
            let near = to_length(&plan, book(), &path, seconds, false);
            let bar = plan.timeline.seconds(plan.timeline.metres[0].metre.bar());
            assert!(
                (near.plan.length.0 - seconds).abs() <= bar * 1.01 + 0.5,
                "{what}: {:.1}, bar {bar:.1}",
                near.plan.length.0
            );
            if seconds < plan.length.0 - bar {
                assert!(!near.notes.is_empty());
            }
            let exact = to_length(&plan, book(), &path, seconds, true);
            asked += 1;
            if exact.plan.length.0 == seconds {
                exactly += 1;
            } else {
                assert!(
                    exact.notes.iter().any(|n| n.code == "length-not-reached"),
                    "{what}"
                );
            }
            if number % 4 == 0 {
                let after = carry(&score, &near, seed);
                whole(&near.plan, &after, &what);
                keeps(&score, &after, &near, &what);
                assert_eq!(near.plan.sections[0].kind, plan.sections[0].kind, "{what}");
                assert_eq!(
                    near.plan.sections.last().map(|s| s.kind),
                    plan.sections.last().map(|s| s.kind),
                    "{what}"
                );
            }
        }
    }
    assert!(exactly * 100 >= asked * 95, "{exactly} of {asked}");
}
