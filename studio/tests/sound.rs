//! Rendering: threads, stems, length, loops, stores, cancellation. Few and short, because sound
//! is slow to make in a development build.

mod support;

use std::path::Path;
use support::{Play, Stems, folder, play};
use yuefu_studio::{
    Cancel, Overrides, Project, Publish, ReleasePlan, Song, Studio, StudioError,
    audio::{AudioBuffer, SampleRate},
    song::Ending,
};

fn short(studio: &Studio, style: &str, looped: bool) -> Song {
    let mut overrides = Overrides::default();
    for (name, value) in [("style", style), ("length", "12"), ("seed", "3")] {
        overrides.set(name, value).unwrap();
    }
    overrides.loop_seamless = Some(looped);
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    studio.compose("short", &overrides, &release).unwrap().song
}

#[test]
fn threads_change_nothing_and_stems_sum_to_the_mix() {
    let studio = Studio::standard().unwrap();
    for looped in [false, true] {
        let song = short(&studio, "pop", looped);
        assert_eq!(song.plan.ending == Ending::Loop, looped);
        let stems = Stems::default();
        let one = play(
            &studio,
            &song,
            Play {
                threads: 1,
                stems: Some(&stems),
                ..Play::default()
            },
        );
        let two = play(&studio, &song, Play::default());
        assert_eq!(one.mix, two.mix);
        assert_eq!(one.plan, two.plan);
        let frames = song.release.rate.frames(song.plan.length).0 as usize;
        assert_eq!(one.master, two.master);
        let mix = one.mix.unwrap();
        assert_eq!(mix.frames(), frames, "exact to the sample");
        assert_eq!(one.master.frames(), frames);
        assert!(mix.rms() > 0.003 && mix.peak() < 2.0);

        let stems = stems.0.into_inner().unwrap();
        assert!(stems.len() >= song.score.tracks.len());
        let mut sum = AudioBuffer::silent(song.release.rate, 2, frames);
        for stem in stems.values() {
            assert_eq!(stem.frames(), frames);
            for (to, from) in sum.channels.iter_mut().zip(&stem.channels) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += from;
                }
            }
        }
        assert_eq!(sum, mix, "the sum of the stems is the mix, exactly");
    }
}

#[test]
fn publishing_is_repeatable_and_a_stored_project_renders_nothing_again() {
    let studio = Studio::standard().unwrap();
    let song = short(&studio, "piano-solo", false);
    let root = folder("sound-publish");
    let job = |folder: &Path, threads| Publish {
        threads,
        ..Publish::into_folder(folder)
    };
    let first = studio.publish(&song, &job(&root.join("a"), 1)).unwrap();
    let second = studio.publish(&song, &job(&root.join("b"), 2)).unwrap();
    for (a, b) in first.files.iter().zip(&second.files) {
        assert_eq!(
            std::fs::read(a).unwrap(),
            std::fs::read(b).unwrap(),
            "{}",
            a.display()
        );
    }
    let measured = first.measured.unwrap();
    assert!(
        (measured.loudness.unwrap().0 + 14.0).abs() <= 0.3,
        "{measured:?}"
    );
    assert!(measured.peak.0 <= -0.99, "{measured:?}");

    let project = Project::find(&root.join("a")).unwrap();
    let kept = project.load().unwrap();
    assert_eq!(kept, first.song);
    assert!(kept.mix.is_some() && kept.master.is_some());
    let store = project.store();
    let with_store = Play {
        store: Some(&store),
        ..Play::default()
    };
    let cold = play(&studio, &kept, with_store);
    assert_eq!(Some(&cold.master), first.master.as_ref());
    assert!(cold.units.iter().all(|(_, kept)| *kept == 0));
    let warm = play(&studio, &kept, with_store);
    assert!(warm.units.iter().all(|(made, _)| *made == 0));
    assert_eq!((warm.mix, warm.master), (cold.mix, cold.master));
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_cancelled_job_leaves_nothing() {
    let studio = Studio::standard().unwrap();
    let song = short(&studio, "piano-solo", false);
    let root = folder("sound-cancel");
    let cancel = Cancel::new();
    cancel.cancel();
    let result = studio.publish(
        &song,
        &Publish {
            cancel,
            ..Publish::into_folder(&root)
        },
    );
    assert!(matches!(result, Err(StudioError::Cancelled(_))));
    assert!(!root.exists());
}

#[test]
fn a_contact_sheet_ranks_what_was_heard() {
    let studio = Studio::standard().unwrap();
    let mut overrides = Overrides::default();
    for (name, value) in [("style", "pop"), ("length", "12"), ("seed", "3")] {
        overrides.set(name, value).unwrap();
    }
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    let root = folder("sound-sheet");
    let job = Publish::into_folder(&root);
    let rows = studio
        .contact_sheet("short", &overrides, &release, 3, &job)
        .unwrap();
    let seeds: Vec<u64> = rows.iter().map(|row| row.song.seed).collect();
    assert_eq!(seeds.iter().sum::<u64>(), 3 + 4 + 5, "{seeds:?}");
    assert!(rows.is_sorted_by(|a, b| a.review.overall >= b.review.overall));
    for row in &rows {
        for critic in ["life", "loudness", "true-peak", "dynamics", "silence"] {
            assert!(row.review.verdict(critic).is_some(), "{critic}");
        }
        assert!(root.join(&row.folder).join("manifest.json").is_file());
    }
    assert!(
        rows.iter()
            .any(|row| row.review.verdict("lead-audible").is_some())
    );
    let sheet = std::fs::read_to_string(root.join("contact-sheet.md")).unwrap();
    assert!(sheet.contains("seed-3") && sheet.contains("weakest"));
    std::fs::remove_dir_all(root).unwrap();
}
