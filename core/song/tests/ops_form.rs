//! Operations on bars and sections of composed songs.

mod ops_fixture;

use ops_fixture::{after, apply, song, songs, sounding};
use yuefu_song::Song;
use yuefu_theory::Ticks;

/// Equal but for fader movements, whose times are floating-point numbers.
fn assert_same(a: &Song, b: &Song, what: &str) {
    let plain = |song: &Song| Song {
        mix: None,
        ..song.clone()
    };
    let (a_plain, b_plain) = (plain(a), plain(b));
    assert_eq!(a_plain.plan.timeline, b_plain.plan.timeline, "{what}");
    assert_eq!(a_plain.plan.length, b_plain.plan.length, "{what}");
    for (left, right) in a_plain.plan.sections.iter().zip(&b_plain.plan.sections) {
        assert_eq!(left, right, "{what}");
    }
    assert_eq!(a_plain.plan, b_plain.plan, "{what}");
    for (left, right) in a_plain.score.tracks.iter().zip(&b_plain.score.tracks) {
        let ids = |t: &yuefu_song::Track| {
            t.phrases
                .iter()
                .map(|p| (p.id.clone(), p.span))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(left), ids(right), "{what}: {}", left.id);
        assert_eq!(left, right, "{what}");
    }
    assert_eq!(a_plain, b_plain, "{what}");
    let strips = |song: &Song| {
        song.mix
            .iter()
            .flat_map(|m| m.tracks.clone())
            .collect::<Vec<_>>()
    };
    for (left, right) in strips(a).iter().zip(&strips(b)) {
        for second in 0..60 {
            let at = second as f32 + 0.37;
            let (x, y) = (left.automation.at(at), right.automation.at(at));
            assert!(
                (x - y).abs() < 0.02,
                "{what}: {} at {at}: {x} {y}",
                left.track
            );
        }
    }
}

/// Notes that ring over a barline are cut there by an insertion: songs without them.
fn dry(song: &Song, bar: i64) -> Song {
    let mut song = song.clone();
    let cut = song.plan.timeline.bar_start(bar - 1);
    for phrase in song.score.tracks.iter_mut().flat_map(|t| &mut t.phrases) {
        let start = phrase.span.start;
        for note in &mut phrase.notes {
            let at = start + note.at;
            if at < cut && at + note.len > cut {
                note.len = cut - at;
            }
        }
    }
    song
}

#[test]
fn empty_bars_come_and_go() {
    for song in songs() {
        let last = song
            .plan
            .timeline
            .bar_of(song.plan.sections.last().unwrap().span.end)
            .0;
        for bar in 2..last {
            let song = dry(&song, bar);
            let inserted = after(&song, &[&format!("insert-bars {bar} 3")]);
            let bars = |song: &Song| song.plan.sections.iter().map(|s| s.bars).sum::<u32>();
            assert_eq!(bars(&inserted), bars(&song) + 3);
            let ring = |song: &Song| {
                song.plan.length.0
                    - song
                        .plan
                        .timeline
                        .seconds(song.score.sections.last().unwrap().span.end)
            };
            assert!(
                (ring(&inserted) - ring(&song)).abs() < 1e-6,
                "the ring-out stays"
            );
            let back = after(&inserted, &[&format!("delete-bars {bar}-{}", bar + 2)]);
            assert_same(&back, &song, &format!("{} bar {bar}", song.plan.style));
        }
    }
}

#[test]
fn the_end_stays_at_the_end() {
    for song in songs() {
        let longer = after(&song, &["insert-bars end 2"]);
        let end = |song: &Song| song.plan.sections.last().unwrap().span.end;
        let bar = song.plan.timeline.metre(Ticks::ZERO).bar();
        for track in &song.score.tracks {
            let closing = |song: &Song| -> Vec<String> {
                let start = end(song) - bar;
                sounding(song, &track.id)
                    .iter()
                    .filter_map(|line| {
                        let mut note: yuefu_song::Note = line.parse().unwrap();
                        note.at -= start;
                        (note.at >= Ticks::ZERO).then(|| note.to_string())
                    })
                    .collect()
            };
            if song.plan.ending != yuefu_song::Ending::Fade
                && song.plan.ending != yuefu_song::Ending::Loop
            {
                assert_eq!(closing(&longer), closing(&song), "{}", track.id);
            }
        }
        let last = |song: &Song| {
            song.plan
                .timeline
                .tempo
                .last()
                .map(|p| (end(song) - p.at, p.bpm))
                .unwrap()
        };
        if song.plan.timeline.tempo.len() > 1 {
            assert_eq!(last(&longer), last(&song), "the slowing stays at the end");
        }
    }
}

#[test]
fn sections_move_there_and_back() {
    for song in songs() {
        let ids: Vec<String> = song.plan.sections.iter().map(|s| s.id.clone()).collect();
        for from in 1..ids.len() {
            for to in 1..ids.len() {
                if from == to || from + 1 == to {
                    continue;
                }
                // Notes over the edges would be cut: take them out of the comparison.
                let mut song = song.clone();
                for section in song.plan.sections.clone() {
                    song = dry(&song, song.plan.timeline.bar_of(section.span.start).0 + 1);
                }
                let end = song.plan.sections.last().unwrap().span.end;
                song = dry(&song, song.plan.timeline.bar_of(end).0);
                let there = format!("move-section {} before {}", ids[from], ids[to]);
                let home = format!("move-section {} after {}", ids[from], ids[from - 1]);
                let moved = after(&song, &[&there]);
                let order: Vec<&str> = moved.plan.sections.iter().map(|s| s.id.as_str()).collect();
                let at = order.iter().position(|id| *id == ids[from]).unwrap();
                assert_eq!(order[at + 1], ids[to]);
                assert_same(
                    &after(&moved, &[&home]),
                    &song,
                    &format!("{} {there}", song.plan.style),
                );
            }
        }
    }
}

#[test]
fn sections_are_copied_deleted_split_and_joined() {
    for song in songs() {
        let ids: Vec<String> = song.plan.sections.iter().map(|s| s.id.clone()).collect();
        let count = ids.len();
        let copied = after(
            &song,
            &[&format!("copy-section {} after {}", ids[1], ids[0])],
        );
        assert_eq!(copied.plan.sections.len(), count + 1);
        let new = copied.plan.sections[1].clone();
        assert_eq!(copied.plan.sections[2].id, ids[1]);
        assert_eq!(
            (new.bars, new.kind),
            (song.plan.sections[1].bars, song.plan.sections[1].kind)
        );
        assert!(copied.lyrics.lines.iter().any(|l| l.section == new.id));
        let deleted = after(&copied, &[&format!("delete-section {}", new.id)]);
        let names = |song: &Song| {
            song.plan
                .sections
                .iter()
                .map(|s| s.id.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&deleted), ids);
        assert_eq!(deleted.plan.timeline, song.plan.timeline);
        let gone = after(&song, &[&format!("delete-section {}", ids[count - 1])]);
        assert_eq!(gone.plan.sections.len(), count - 1);
        let bar = song
            .plan
            .timeline
            .bar_of(song.plan.sections[1].span.start)
            .0
            + 3;
        let split = after(&song, &[&format!("split-section {} {bar}", ids[1])]);
        let second = split.plan.sections[2].id.clone();
        let joined = after(
            &split,
            &[&format!("join-sections {} with {second}", ids[1])],
        );
        assert_eq!(names(&joined), ids);
        let repeated = after(&song, &[&format!("repeat-bars {} 2", ids[1])]);
        assert_eq!(
            repeated.plan.sections[1].bars,
            3 * song.plan.sections[1].bars
        );
        let several = after(&song, &["repeat-bars 3-12"]);
        assert!(several.plan.sections.len() > count);
        let named = after(
            &song,
            &[
                &format!("rename-section {} to 高潮", ids[2]),
                "section-kind 高潮 bridge",
                "energy 高潮 0.3-0.6",
            ],
        );
        assert_eq!(
            (
                named.plan.sections[2].id.as_str(),
                named.plan.sections[2].energy
            ),
            ("高潮", [0.3, 0.6])
        );
        for (line, says) in [
            (
                format!("move-section {0} before {0}", ids[0]),
                "beside itself",
            ),
            (
                format!("rename-section {} to {}", ids[0], ids[1]),
                "already",
            ),
            (format!("split-section {} 1", ids[1]), "can be split"),
            (
                format!("join-sections {} {}", ids[2], ids[0]),
                "does not follow",
            ),
            ("delete-bars all".to_owned(), "nothing would be left"),
            ("delete-bars 2:2-3:1".to_owned(), "whole bars"),
            ("insert-bars 2 0".to_owned(), "1 to 512"),
        ] {
            let error = apply(&song, &line).unwrap_err();
            assert!(error.en.contains(says), "{line}: {error}");
        }
    }
}

#[test]
fn locked_phrases_move_whole() {
    let song = song("pop", None, 1);
    let locked = after(&song, &["lock all 6"]);
    assert!(
        apply(&locked, "delete-bars 5-6")
            .unwrap_err()
            .en
            .contains("locked")
    );
    let moved = after(&locked, &["insert-bars 1 2"]);
    let count = |song: &Song| {
        song.score
            .tracks
            .iter()
            .flat_map(|t| &t.phrases)
            .filter(|p| p.locked)
            .count()
    };
    assert_eq!(count(&moved), count(&locked));
}
