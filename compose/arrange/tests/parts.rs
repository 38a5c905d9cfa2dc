//! Parts written anew within a song: they fit what is there and touch nothing else.

mod common;

use common::{book, catalog, song};
use yuefu_arrange::{Band, write_parts};
use yuefu_engine::SeedPath;
use yuefu_song::{Phrase, Role, Score, SongPlan};
use yuefu_theory::Ticks;

fn all_parts(plan: &SongPlan, score: &Score, seed: u64, take: u32) -> Vec<(String, Vec<Phrase>)> {
    let sections: Vec<usize> = (0..plan.sections.len()).collect();
    let members: Vec<&str> = plan.cast.iter().map(|m| m.id.as_str()).collect();
    write_parts(
        plan,
        score,
        Band::new(book(), catalog()),
        &SeedPath::song(seed),
        &members,
        &sections,
        take,
    )
}

#[test]
fn the_first_take_is_what_the_song_has() {
    for (number, style) in book().styles().iter().enumerate() {
        let seed = number as u64 % 5;
        let (plan, score) = song(&style.id, seed);
        let members: Vec<&str> = plan.cast.iter().map(|m| m.id.as_str()).collect();
        for index in 0..plan.sections.len() {
            let written = write_parts(
                &plan,
                &score,
                Band::new(book(), catalog()),
                &SeedPath::song(seed),
                &members,
                &[index],
                0,
            );
            for (id, phrases) in written {
                for phrase in phrases {
                    let track = score.tracks.iter().find(|t| t.id == id);
                    let there = track.and_then(|t| t.phrases.iter().find(|p| p.id == phrase.id));
                    match there {
                        Some(there) => assert_eq!(*there, phrase, "{} {id}", style.id),
                        None => assert!(phrase.notes.is_empty(), "{} {id}", style.id),
                    }
                }
            }
        }
    }
}

#[test]
fn other_takes_differ_from_the_first_and_from_each_other() {
    for style in ["pop", "jazz", "guofeng", "house"] {
        let (plan, score) = song(style, 3);
        let takes: Vec<_> = (0..3)
            .map(|take| all_parts(&plan, &score, 3, take))
            .collect();
        let notes = |take: usize, role: Role| -> Vec<_> {
            let ids: Vec<_> = plan.cast.iter().filter(|m| m.role == role).collect();
            takes[take]
                .iter()
                .filter(|(id, _)| ids.iter().any(|m| m.id == *id))
                .flat_map(|(_, phrases)| phrases.iter().map(|p| p.notes.clone()))
                .collect()
        };
        for role in [Role::Lead, Role::Bass, Role::Drums] {
            if notes(0, role).is_empty() {
                continue;
            }
            assert_ne!(notes(0, role), notes(1, role), "{style} {role:?}");
            assert_ne!(notes(1, role), notes(2, role), "{style} {role:?}");
        }
        assert_eq!(takes[1], all_parts(&plan, &score, 3, 1));
    }
}

#[test]
fn second_voices_listen_to_the_tune_as_it_is_now() {
    let seed = 8;
    let style = "ballad";
    let (plan, mut score) = song(style, seed);
    let Some(member) = plan
        .cast
        .iter()
        .find(|m| matches!(m.role, Role::Harmony | Role::Counter | Role::Comp))
    else {
        panic!("a ballad without accompaniment");
    };
    let index = plan
        .sections
        .iter()
        .position(|s| {
            s.playing.contains(&member.id)
                && plan
                    .cast
                    .iter()
                    .any(|m| m.role == Role::Lead && s.playing.contains(&m.id))
        })
        .expect("they play together");
    let write = |score: &Score| {
        write_parts(
            &plan,
            score,
            Band::new(book(), catalog()),
            &SeedPath::song(seed),
            &[member.id.as_str()],
            &[index],
            0,
        )
    };
    let before = write(&score);
    let span = plan.sections[index].span;
    for track in score.tracks.iter_mut().filter(|t| t.role == Role::Lead) {
        for phrase in track
            .phrases
            .iter_mut()
            .filter(|p| span.contains(p.span.start))
        {
            for note in &mut phrase.notes {
                note.pitch.octave -= 1;
                note.len = Ticks(note.len.0 / 2);
            }
        }
    }
    assert_ne!(before, write(&score));
}
