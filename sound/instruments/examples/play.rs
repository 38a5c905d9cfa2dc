//! Writes a phrase of an instrument as raw 32-bit float stereo, for looking and listening:
//! `cargo run --release -p yuefu-instruments --example play -- ID OUT.f32 [KEY...]`.

use std::{io::Write, process::ExitCode};
use yuefu_audio::{Curve, SampleRate, Seconds};
use yuefu_instruments::Orchestra;
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, path, keys @ ..] = arguments.as_slice() else {
        eprintln!("give an instrument id, an output file, and keys");
        return ExitCode::from(2);
    };
    let keys: Vec<u8> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    let notes = keys
        .iter()
        .enumerate()
        .map(|(index, &key)| PerformedNote {
            on: Seconds(index as f64 * 0.5),
            off: Seconds(index as f64 * 0.5 + 0.48),
            key,
            velocity: 0.65,
            articulation: Articulation::Normal,
            pitch: Curve::default(),
            level: Curve::default(),
            tone: Curve::default(),
            legato: false,
            lyric: None,
        })
        .collect();
    let phrase = PerformedPhrase {
        instrument: id.clone(),
        notes,
        length: Seconds(keys.len() as f64 * 0.5),
        seed: 1,
    };
    let clip = Orchestra::standard().render(&phrase, SampleRate(44_100));
    let mut bytes = Vec::new();
    for (left, right) in clip.audio.channels[0].iter().zip(&clip.audio.channels[1]) {
        bytes.extend(left.to_le_bytes());
        bytes.extend(right.to_le_bytes());
    }
    println!("{} frames, peak {}", clip.audio.frames(), clip.audio.peak());
    match std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {path}: {error}");
            ExitCode::FAILURE
        }
    }
}
