//! What becomes of other people's files: `import [FOLDER WITH suites AND data]`, by default
//! `../shared`. Prints how many files of each collection become a song, are played whole, and
//! leave again with the same notes, with every failure by class; then how well keys and chords
//! are found, against the annotations of three collections.

use std::{collections::BTreeMap, path::Path, path::PathBuf, process::ExitCode};
use yuefu_bench::{archive, chord_truth};
use yuefu_studio::Studio;

fn main() -> ExitCode {
    let root = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let only = std::env::args().nth(2).unwrap_or_default();
    let studio = match Studio::standard() {
        Ok(studio) => studio,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let wanted = |name: &str| only.is_empty() || only == name;
    let mut found = false;
    for (name, path, ends, most) in [
        (
            "midi",
            "suites/midi-suite.tar.gz",
            &[".mid", ".midi2"][..],
            1000,
        ),
        (
            "musicxml",
            "suites/musicxml-suite.tar.gz",
            &[".xml", ".musicxml", ".mxl"][..],
            1000,
        ),
        ("openewld", "data/openewld-pd.tar.gz", &[".mxl"][..], 1000),
        ("lieder", "data/lieder.tar.gz", &[".mxl"][..], 100),
    ] {
        if wanted(name)
            && let Some(files) = open(&root.join(path), ends, most)
        {
            found = true;
            println!("{name}: {} files", files.len());
            for line in round_trips(&studio, &files) {
                println!("  {line}");
            }
        }
    }
    for (name, path, ends, most) in [
        (
            "tune-chords",
            "data/openewld-pd.tar.gz",
            &[".mxl"][..],
            1000,
        ),
        ("keys", "data/lieder.tar.gz", &[".mxl", ".rntxt"][..], 260),
        (
            "all-chords",
            "data/pop909.tar.gz",
            &[".mid", "beat_midi.txt", "chord_midi.txt", "key_audio.txt"][..],
            // Songs have several versions, which are left out.
            usize::MAX,
        ),
    ] {
        if wanted(name)
            && let Some(files) = open(&root.join(path), ends, most)
        {
            found = true;
            let lines = match name {
                "tune-chords" => chord_truth::tunes(&studio, &files),
                "keys" => chord_truth::keys(&studio, &files),
                _ => chord_truth::accompaniments(&files, 60),
            };
            println!("{name}");
            for line in lines {
                println!("  {line}");
            }
        }
    }
    if found {
        ExitCode::SUCCESS
    } else {
        eprintln!("nothing found below {}", root.display());
        ExitCode::FAILURE
    }
}

fn open(path: &Path, ends: &[&str], most: usize) -> Option<Vec<(String, Vec<u8>)>> {
    match archive::read(path, ends, most) {
        Ok(files) => Some(files),
        Err(error) => {
            println!("{}: skipped ({error})", path.display());
            None
        }
    }
}

/// Imports every file, plays it, writes it in two formats and reads it again.
fn round_trips(studio: &Studio, files: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut songs, mut same, mut notes) = (0, [0_usize; 2], 0);
    for (name, bytes) in files {
        match yuefu_bench::round_trip::check(studio, name, bytes) {
            Err(class) => classes.entry(class).or_default().push(name.clone()),
            Ok(report) => {
                songs += 1;
                notes += report.notes;
                for (count, fault) in same.iter_mut().zip(report.faults) {
                    match fault {
                        None => *count += 1,
                        Some(fault) => classes.entry(fault).or_default().push(name.clone()),
                    }
                }
            }
        }
    }
    let mut out = vec![format!(
        "{songs} of {} become songs ({notes} notes); same notes again from MIDI: {}, from MusicXML: {}",
        files.len(),
        same[0],
        same[1]
    )];
    for (class, names) in classes {
        let shown: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
        let more = if names.len() > 6 { ", ..." } else { "" };
        out.push(format!(
            "{} x {class}: {}{more}",
            names.len(),
            shown.join(", ")
        ));
    }
    out
}
