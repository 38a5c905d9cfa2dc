//! The document in files: round trip, atomicity of the layout, old formats, clear errors.

mod common;

use common::{rich, song};
use std::collections::BTreeMap;
use yuefu_engine::Rng;
use yuefu_song::brief::Lang;
use yuefu_song::song::{FORMAT, MAIN_FILE, Song, SongError, leftovers};

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
fn every_fact_is_written_once_and_reads_back() {
    let song = rich();
    let files = saved(&song);
    assert_eq!(load(&files).unwrap(), song);
    let main = &files[MAIN_FILE];
    for line in [
        "\"chords\": [\"0 6 Dm\", \"6 6 Bb/D\"]",
        "{ \"at\": \"5:2.5\", \"bpm\": 61.5 }",
        "{ \"at\": \"5\", \"metre\": \"7/8\" }",
        "\"len\": \"22/3\"",
    ] {
        assert!(main.contains(line), "{line} in {main}");
    }
    assert_eq!(main.matches("\"verse-1\"").count(), 1);
    assert_eq!(main.matches("grand-piano").count(), 0, "its track says it");
}

/// Slips of the hand: the file, the line of the slip, and both languages.
#[test]
fn slips_are_found_where_they_are() {
    let files = saved(&rich());
    let score = files
        .keys()
        .find(|name| name.starts_with("score/"))
        .unwrap();
    for (in_main, from, to, expected) in [
        (
            true,
            "\"6 6 Bb/D\"",
            "\"6 9 Bb/D\"",
            "within section verse-1",
        ),
        (true, "\"6 6 Bb/D\"", "\"6 6 H/D\"", "a chord line such as"),
        (true, "\"5:2.5\"", "\"5:x\"", "a position such as"),
        (true, "\"5:2.5\"", "\"1\"", "ascends"),
        (true, "\"bpm\": 61.5", "\"bpm\": 1e9", "5 to 1000"),
        (
            true,
            "\"metre\": \"3/4\"",
            "\"metre\": \"3/5\"",
            "a metre such as",
        ),
        (
            true,
            "\"id\": \"outro\"",
            "\"id\": \"verse-1\"",
            "nothing else has",
        ),
        (true, "\"bars\": 4", "\"bars\": 0", "at least a moment"),
        (true, "\"bars\": 4", "\"barss\": 4", "one of"),
        (
            true,
            "\"energy\": [0.25, 0.5]",
            "\"energy\": [0.25, 1.5]",
            "0 to 1",
        ),
        (
            true,
            "\"track\": \"piano\"",
            "\"track\": \"pino\"",
            "id of a track (piano)",
        ),
        (true, "\"role\": \"backing\"", "\"part\": 1", "one field"),
        (true, "\"length\": 12.5", "\"length\": -1", "seconds"),
        (
            false,
            "\"section\": \"outro\"",
            "\"section\": \"coda\"",
            "(verse-1, outro)",
        ),
        (false, "\"at\": \"1\"", "\"at\": \"-2\"", "do not overlap"),
        (
            false,
            "\"1/3 2/3 G#4 99 accent\"",
            "\"1/3 2/3 G#44 99\"",
            "a note such as",
        ),
        (
            false,
            "\"1/3 2/3 G#4 99 accent\"",
            "\"1/3 2/3 G#10 99\"",
            "MIDI keys 0 to 127",
        ),
        (
            false,
            "\"role\": \"lead\"",
            "\"role\": \"leader\"",
            "one of",
        ),
        (
            false,
            "\"id\": \"outro.1\"",
            "\"id\": \"verse-1.1\"",
            "nothing else has",
        ),
    ] {
        let name = if in_main { MAIN_FILE } else { score.as_str() };
        let mut bad = files.clone();
        let text = files[name].replacen(from, to, 1);
        assert_ne!(text, files[name], "{from} is in the file");
        let at = files[name].find(from).unwrap();
        let line = 1 + text[..at].matches('\n').count();
        bad.insert(name.to_owned(), text);
        let error = load(&bad).expect_err(to);
        assert_eq!(
            (error.file.as_str(), error.line),
            (name, line),
            "{to}: {error}"
        );
        assert!(error.said.expected.en.contains(expected), "{to}: {error}");
        assert!(error.column > 0 && !error.message(Lang::Zh).is_ascii());
    }
    // Order does not matter to a reader.
    let mut turned = files.clone();
    let text = files[score].replace(
        "\"notes\": [\"1/3 2/3 G#4 99 accent\"]",
        "\"notes\": [\"2 1 C4 80\", \"1/3 2/3 G#4 99 accent\"]",
    );
    assert_ne!(text, files[score]);
    turned.insert(score.clone(), text);
    let song = load(&turned).unwrap();
    assert_eq!(
        song.score.tracks[0].phrases[0].notes[1].to_string(),
        "2 1 C4 80"
    );
}

/// No byte that is changed or cut makes the reader panic.
#[test]
fn damaged_files_are_refused_or_read() {
    let files = saved(&rich());
    let mut rng = Rng::new(7);
    let names: Vec<&String> = files.keys().collect();
    for round in 0..3000 {
        let mut bad = files.clone();
        let name = names[rng.below(names.len())];
        let mut bytes = files[name].clone().into_bytes();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len());
            match rng.below(3) {
                0 => bytes[at] = b"0129-:/\"[]{},.eE"[rng.below(16)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b'0' + rng.below(10) as u8),
            }
        }
        if round % 10 == 0 {
            bytes.truncate(rng.below(bytes.len()));
        }
        bad.insert(name.clone(), String::from_utf8_lossy(&bytes).into_owned());
        if let Ok(song) = load(&bad) {
            song.check().unwrap();
            assert_eq!(load(&saved(&song)).unwrap(), song);
        }
    }
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
        let main = files[MAIN_FILE].replacen(
            &format!("\"format\": {FORMAT}"),
            &format!("\"format\": {format}"),
            1,
        );
        other.insert(MAIN_FILE.into(), main);
        let error = load(&other).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
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
        let expected = if format == 1 { song() } else { rich() };
        assert_eq!(read.unwrap_or_else(|e| panic!("{folder}: {e}")), expected);
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
    for (name, text) in rich().to_files() {
        std::fs::write(format!("{folder}/{name}"), text).unwrap();
    }
}
