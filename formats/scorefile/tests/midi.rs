//! MIDI: round trips, the test files, damage.

mod common;
use common::{Flavor, files, flat_keys, mutate, score, suite};
use proptest::prelude::*;
use yuefu_engine::Rng;
use yuefu_scorefile::*;
use yuefu_song::{Articulation, Catalog, PerformedNote, PerformedPhrase};
use yuefu_theory::{TempoPoint, Ticks};

const ALL: Flavor = Flavor {
    triplets: true,
    polyphony: true,
    drums: true,
};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn scores_survive_midi(seed in any::<u64>()) {
        let file = score(seed, &ALL);
        let catalog = Catalog::default();
        let bytes = write_midi(&file, &MidiOptions { ppq: 960, performance: None }, &catalog);
        let back = read_midi(&bytes, &catalog, &ScoreLimits::default()).unwrap();
        prop_assert!(back.warnings.is_empty(), "{:?}", back.warnings);
        prop_assert_eq!(&back.title, &file.title);
        prop_assert_eq!(&back.names, &file.names);
        prop_assert_eq!(&back.syllables, &file.syllables);
        let (a, b) = (&file.score, &back.score);
        prop_assert_eq!(a.tracks.len(), b.tracks.len());
        for track in 0..a.tracks.len() {
            prop_assert_eq!(flat_keys(a, track), flat_keys(b, track));
            prop_assert_eq!(&a.tracks[track].instrument, &b.tracks[track].instrument);
            prop_assert_eq!(a.tracks[track].role.is_percussion(), b.tracks[track].role.is_percussion());
        }
        prop_assert_eq!(&a.timeline.metres, &b.timeline.metres);
        prop_assert_eq!(a.timeline.tempo.len(), b.timeline.tempo.len());
        for (x, y) in a.timeline.tempo.iter().zip(&b.timeline.tempo) {
            prop_assert!(x.at == y.at && (x.bpm - y.bpm).abs() < 0.001);
        }
        prop_assert_eq!(&a.chords, &b.chords);
        for (x, y) in a.sections.iter().zip(&b.sections) {
            prop_assert_eq!((x.span, x.key, x.kind), (y.span, y.key, y.kind));
        }
    }
}

#[test]
fn performances_and_glides_keep_their_time() {
    let mut file = score(5, &ALL);
    file.score.timeline.tempo = vec![
        TempoPoint {
            at: Ticks::ZERO,
            bpm: 60.0,
            ramp: true,
        },
        TempoPoint {
            at: Ticks::quarters(3),
            bpm: 120.0,
            ramp: false,
        },
    ];
    let catalog = Catalog::default();
    let line = file.score.timeline.clone();
    let performance: Vec<Vec<PerformedPhrase>> = file
        .score
        .tracks
        .iter()
        .map(|t| {
            vec![PerformedPhrase {
                instrument: t.instrument.clone(),
                notes: vec![PerformedNote {
                    on: yuefu_audio::Seconds(1.25),
                    off: yuefu_audio::Seconds(2.5),
                    key: 64,
                    velocity: 0.5,
                    articulation: Articulation::Normal,
                    pitch: Default::default(),
                    level: Default::default(),
                    tone: Default::default(),
                    legato: false,
                    lyric: None,
                }],
                length: yuefu_audio::Seconds(3.0),
                seed: 0,
            }]
        })
        .collect();
    let options = MidiOptions {
        ppq: 960,
        performance: Some(&performance),
    };
    let back = read_midi(
        &write_midi(&file, &options, &catalog),
        &catalog,
        &ScoreLimits::default(),
    )
    .unwrap();
    let note = &back.score.tracks[0].phrases[0].notes[0];
    assert_eq!((note.key(), note.velocity), (64, 64));
    // The stepped tempo must place the note at the same second, to a pulse and a microsecond.
    let at = back.score.timeline.seconds(note.at);
    assert!((at - 1.25).abs() < 0.001, "{at}");
    let end = back.score.timeline.seconds(note.end());
    assert!((end - 2.5).abs() < 0.001, "{end}");
    let far = Ticks::quarters(7);
    assert!((back.score.timeline.seconds(far) - line.seconds(far)).abs() < 1e-4);
}

#[test]
fn the_midi_test_files_are_read_or_refused() {
    let Some(dir) = suite("midi-suite.tar.gz") else {
        return;
    };
    // Not MIDI at all, or damaged beyond doubt.
    let refused = [
        "test-empty-file.mid",
        "test-not-a-midi-file.mid",
        "test-corrupt-file-extra-byte.mid",
        "test-corrupt-file-missing-byte.mid",
    ];
    let (mut good, mut all, mut read) = (0, 0, 0);
    for path in files(&dir) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.ends_with(".mid") || name.ends_with(".midi2")) {
            continue;
        }
        all += 1;
        let result = read_midi(
            &std::fs::read(&path).unwrap(),
            &Catalog::default(),
            &ScoreLimits::default(),
        );
        let should_fail = name.ends_with(".midi2") || refused.contains(&name.as_str());
        // Files that play nothing may have no track.
        let silent = [
            "test-empty",
            "test-control-7",
            "sysex-7e-06-01",
            "sysex-7e-09",
            "smpte",
            "test-silence",
            "doggy",
        ];
        let ok = match &result {
            Err(e) => should_fail && !e.remedy.is_empty(),
            Ok(f) => {
                read += 1;
                let notes: usize = f
                    .score
                    .tracks
                    .iter()
                    .flat_map(|t| &t.phrases)
                    .map(|p| p.notes.len())
                    .sum();
                !should_fail && (notes > 0 || silent.iter().any(|s| name.contains(s)))
            }
        };
        good += usize::from(ok);
        let word = if ok { "ok " } else { "BAD" };
        match result {
            Ok(f) => println!(
                "{word} {name}: {} tracks, {} notes, {} warnings {:?}",
                f.score.tracks.len(),
                f.score
                    .tracks
                    .iter()
                    .flat_map(|t| &t.phrases)
                    .map(|p| p.notes.len())
                    .sum::<usize>(),
                f.warnings.len(),
                f.warnings.first()
            ),
            Err(e) => println!("{word} {name}: {e}"),
        }
    }
    println!("MIDI test files: {good} of {all} as they should be ({read} read)");
    std::fs::remove_dir_all(dir).unwrap();
    assert_eq!((good, all), (91, 91));
}

#[test]
fn smpte_type_2_and_rmid_are_read() {
    let track: &[u8] = &[
        0, 0x90, 60, 100, 50, 62, 90, 50, 0x80, 60, 0, 0, 62, 0, 0, 0xFF, 0x2F, 0,
    ];
    let build = |format: u8, tracks: u8, division: [u8; 2]| {
        let mut out = b"MThd\0\0\0\x06\0".to_vec();
        out.extend_from_slice(&[format, 0, tracks, division[0], division[1]]);
        for _ in 0..tracks {
            out.extend_from_slice(b"MTrk\0\0\0");
            out.push(track.len() as u8);
            out.extend_from_slice(track);
        }
        out
    };
    let read =
        |bytes: &[u8]| read_midi(bytes, &Catalog::default(), &ScoreLimits::default()).unwrap();
    // 25 frames of 40 ticks: a tick is a millisecond.
    let smpte = read(&build(0, 1, [0xE7, 40]));
    let notes = &smpte.score.tracks[0].phrases[0].notes;
    assert_eq!(smpte.score.timeline.seconds(notes[1].at), 0.05);
    let two = read(&build(2, 2, [0, 100]));
    assert_eq!(two.score.tracks.len(), 2);
    assert_eq!(two.score.tracks[1].phrases[0].notes[0].at, Ticks::QUARTER);
    let inner = build(0, 1, [0, 100]);
    let mut riff = b"RIFF".to_vec();
    riff.extend_from_slice(&(inner.len() as u32 + 12).to_le_bytes());
    riff.extend_from_slice(b"RMIDdata");
    riff.extend_from_slice(&(inner.len() as u32).to_le_bytes());
    riff.extend_from_slice(&inner);
    assert_eq!(read(&riff).score, read(&inner).score);
}

#[test]
fn damaged_midi_never_panics() {
    let mut rng = Rng::new(11);
    let catalog = Catalog::default();
    let limits = ScoreLimits {
        notes: 10_000,
        quarters: 10_000,
        ..ScoreLimits::default()
    };
    let (mut fine, mut refused) = (0, 0);
    for seed in 0..400 {
        let bytes = write_midi(&score(seed, &ALL), &MidiOptions::default(), &catalog);
        match read_midi(&mutate(&bytes, &mut rng), &catalog, &limits) {
            Ok(_) => fine += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(fine > 0 && refused > 0);
}
