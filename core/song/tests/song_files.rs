//! The document in files: round trip, atomicity of the layout, old formats, clear errors.

mod common;

use common::song;
use std::collections::BTreeMap;
use yuefu_song::song::{FORMAT, MAIN_FILE, Song, SongError, leftovers, migrate};

fn load(files: &BTreeMap<String, String>) -> Result<Song, SongError> {
    Song::from_files(&mut |name| Ok(files.get(name).cloned()))
}

fn saved(song: &Song) -> BTreeMap<String, String> {
    song.to_files().into_iter().collect()
}

#[test]
fn a_song_survives_its_files() {
    let song = song();
    let files = song.to_files();
    assert_eq!(files.last().unwrap().0, MAIN_FILE);
    assert_eq!(load(&files.iter().cloned().collect()).unwrap(), song);
    assert_eq!(song.to_files(), files, "saving is a pure function");
}

#[test]
fn a_save_that_stops_before_its_last_file_changes_nothing() {
    let old = song();
    let mut new = old.clone();
    new.score.tracks[0].phrases[0].notes.pop();
    new.seed = 8;
    let mut disk = saved(&old);
    let files = new.to_files();
    for (name, text) in &files[..files.len() - 1] {
        disk.insert(name.clone(), text.clone());
        assert_eq!(load(&disk).unwrap(), old);
    }
    let (name, text) = files.last().unwrap().clone();
    disk.insert(name, text);
    assert_eq!(load(&disk).unwrap(), new);
    let extra = leftovers(disk.keys().map(String::as_str), &files);
    assert_eq!(extra.len(), 1);
    assert!(extra[0].starts_with("score/piano."));
}

#[test]
fn errors_name_the_file_the_line_and_the_remedy() {
    let files = saved(&song());
    let mut broken = files.clone();
    let track = files
        .keys()
        .find(|name| name.starts_with("score/"))
        .unwrap();
    let text = files[track].replace("0 3/2 D4 80", "0 3/2 X4 80");
    let line = 1 + text.lines().position(|line| line.contains("X4")).unwrap();
    broken.insert(track.clone(), text);
    let error = load(&broken).unwrap_err();
    assert_eq!((&error.file, error.line), (track, line));
    assert!(error.said.found.en.contains("X4"), "{error}");

    let mut missing = files.clone();
    missing.remove(track);
    assert_eq!(&load(&missing).unwrap_err().file, track);
    assert_eq!(load(&BTreeMap::new()).unwrap_err().file, MAIN_FILE);

    for (from, to) in [
        ("score/piano", "score/../../piano"),
        ("\"bpm\": 92.0", "\"bpm\": 0.0"),
        ("\"length\": 12.5", "\"length\": -1.0"),
        ("\"rate\": 44100", "\"rate\": 1"),
    ] {
        let mut bad = files.clone();
        let main = files[MAIN_FILE].replace(from, to);
        assert_ne!(main, files[MAIN_FILE], "{from} is in the file");
        bad.insert(MAIN_FILE.into(), main);
        assert_eq!(load(&bad).unwrap_err().file, MAIN_FILE, "{to}");
    }
}

#[test]
fn formats_are_checked() {
    let files = saved(&song());
    for (format, word) in [("99", "newer"), ("0", "format"), ("null", "format")] {
        let mut other = files.clone();
        let main = files[MAIN_FILE].replacen("\"format\": 1", &format!("\"format\": {format}"), 1);
        other.insert(MAIN_FILE.into(), main);
        let error = load(&other).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let mut document = serde_json::json!({ "format": FORMAT });
    assert!(migrate(&mut document).is_ok());
}

/// A project of every format ever written must open for ever.
#[test]
fn fixtures_of_every_format_open() {
    for format in 1..=FORMAT {
        let folder = format!(
            "{}/tests/fixtures/format-{format}",
            env!("CARGO_MANIFEST_DIR")
        );
        let read = Song::from_files(&mut |name| {
            Ok(std::fs::read_to_string(format!("{folder}/{name}")).ok())
        });
        assert_eq!(read.unwrap_or_else(|e| panic!("{folder}: {e}")), song());
    }
}

/// Writes the fixture of the present format: `cargo test -p yuefu-song -- --ignored write`.
#[test]
#[ignore = "run once when a format is new"]
fn write_the_fixture_of_this_format() {
    let folder = format!(
        "{}/tests/fixtures/format-{FORMAT}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::create_dir_all(format!("{folder}/score")).unwrap();
    for (name, text) in song().to_files() {
        std::fs::write(format!("{folder}/{name}"), text).unwrap();
    }
}
