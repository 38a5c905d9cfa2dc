//! The promise: an edit at one place leaves every sample elsewhere as it was, and what is made
//! again equals what would be made from nothing.

mod support;

use support::{Play, Stems, folder, play};
use yuefu_studio::{
    DiskWorld, Overrides, ReleasePlan, Rendered, Song, Store, Studio,
    audio::{AudioBuffer, SampleRate},
    song::Note,
    theory::Pitch,
};

/// From nothing, with stems.
fn heard(stems: &Stems) -> Play<'_> {
    Play {
        stems: Some(stems),
        ..Play::default()
    }
}

/// Patched onto what an earlier rendering left.
fn onto<'a>(store: &'a dyn Store, before: &'a Rendered) -> Play<'a> {
    Play {
        store: Some(store),
        before: Some(&before.ledger),
        ..Play::default()
    }
}

fn song(studio: &Studio, style: &str, looped: bool) -> Song {
    let mut overrides = Overrides::default();
    for (name, value) in [("style", style), ("length", "40"), ("seed", "5")] {
        overrides.set(name, value).unwrap();
    }
    overrides.loop_seamless = Some(looped);
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    studio.compose("test", &overrides, &release).unwrap().song
}

/// First and last frame at which two buffers differ.
fn difference(a: &AudioBuffer, b: &AudioBuffer) -> Option<(usize, usize)> {
    assert_eq!(a.frames(), b.frames());
    let differs = |i: &usize| {
        let mut channels = a.channels.iter().zip(&b.channels);
        channels.any(|(a, b)| a[*i].to_bits() != b[*i].to_bits())
    };
    let first = (0..a.frames()).find(differs)?;
    let last = (0..a.frames()).rev().find(differs)?;
    Some((first, last))
}

#[test]
fn one_note_changes_one_place_and_patching_equals_making_anew() {
    let studio = Studio::standard().unwrap();
    for looped in [false, true] {
        let mut before = song(&studio, "pop", looped);
        let root = folder("one-note");
        let store = yuefu_studio::keeping::Keeping::at(&root);
        // Once, to settle the mix and the master.
        let first = play(&studio, &before, Play::default());
        before.mix = Some(first.plan.clone());
        before.master = Some(first.mastering.clone());
        let stems = Stems::default();
        let empty = play(&studio, &before, heard(&stems));
        assert_eq!(
            empty.master, first.master,
            "kept plans give the same master"
        );
        let kept = play(&studio, &before, onto(store.store(), &first));
        assert_eq!(kept.master, first.master);

        // A note in the middle of a phrase in the first half.
        let mut after = before.clone();
        let (track, phrase) = after
            .score
            .tracks
            .iter()
            .enumerate()
            .filter(|(_, track)| !track.role.is_percussion())
            .find_map(|(index, track)| {
                let phrase = track.phrases.iter().position(|p| p.notes.len() > 3)?;
                Some((index, phrase))
            })
            .unwrap();
        let id = after.score.tracks[track].id.clone();
        let edited = &mut after.score.tracks[track].phrases[phrase];
        let note: &mut Note = &mut edited.notes[1];
        note.pitch = Pitch {
            octave: note.pitch.octave + 1,
            ..note.pitch
        };
        let start = before.score.timeline.seconds(edited.span.start);

        let patched = play(&studio, &after, onto(store.store(), &kept));
        let fresh_stems = Stems::default();
        let fresh = play(&studio, &after, heard(&fresh_stems));
        assert_eq!(patched.master, fresh.master, "patched = made from nothing");
        assert!(patched.units[0].0 <= 2, "{:?}", patched.units);
        assert!(patched.units[4].1 > 0 || looped, "{:?}", patched.units);

        let (a, b) = (
            stems.0.into_inner().unwrap(),
            fresh_stems.0.into_inner().unwrap(),
        );
        let rate = f64::from(before.release.rate.0);
        for (name, stem) in &a {
            let Some((from, to)) = difference(stem, &b[name]) else {
                continue;
            };
            let ducked = before.mix.as_ref().unwrap().tracks.iter().any(|strip| {
                strip.track == *name && strip.sidechain.as_ref().is_some_and(|s| s.key_track == id)
            });
            assert!(
                *name == id || name.starts_with("fx-") || ducked,
                "{name} changed although only {id} was edited"
            );
            if !looped {
                assert!(from as f64 / rate >= start - 1.0, "{name}: {from} {start}");
                assert!(to < stem.frames(), "{to}");
            }
        }
        assert!(difference(&a[&id], &b[&id]).is_some());
        let _ = DiskWorld::new(&root);
        std::fs::remove_dir_all(root).unwrap();
    }
}
