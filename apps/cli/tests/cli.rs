//! The program as its user meets it: output, exit codes, messages, and nothing half-written.

use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Command, Output},
};

fn yuefu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yuefu"))
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-cli-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// A failure with an exit code, a message that holds a word, and nothing on standard output.
fn refused(arguments: &[&str], code: i32, word: &str) {
    let output = yuefu(arguments);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(message.contains(word), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn a_song_from_one_line() {
    let out = folder("song");
    let path = out.to_str().unwrap();
    let output = yuefu(&[
        "song",
        "quiet piano, 88 BPM, D minor",
        "--length",
        "11",
        "--seed",
        "4",
        "--rate",
        "22050",
        "--format",
        "wav16,ogg",
        "--stems",
        "--json",
        "-o",
        path,
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["ok"], true);
    assert_eq!(said["key"], "D minor");
    assert_eq!(said["bpm"], 88.0);
    assert_eq!(said["length"], 11.0);
    let loudness = said["made"]["loudness"].as_f64().unwrap();
    assert!((loudness + 14.0).abs() <= 0.3, "{loudness}");
    let files = said["made"]["files"].as_array().unwrap();
    assert!(files.len() > 6);
    for file in files {
        let path = std::path::Path::new(file.as_str().unwrap());
        assert!(std::fs::metadata(path).unwrap().len() > 0, "{file}");
    }
    let wav = std::fs::read(files[0].as_str().unwrap()).unwrap();
    assert!(wav.len() > 11 * 22_050 * 4);

    // The project opens again, is drawn, exported, and mastered from.
    let shown = yuefu(&[
        "show",
        path,
        "--png",
        out.join("pictures").to_str().unwrap(),
        "--svg",
    ]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    for name in ["notes.png", "notes.svg", "spectrum.png", "loudness.png"] {
        assert!(out.join("pictures").join(name).exists(), "{name}");
    }
    let exported = out.join("exported");
    let output = yuefu(&[
        "export",
        path,
        "--format",
        "midi,midi-score",
        "-o",
        exported.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let names: Vec<String> = std::fs::read_dir(&exported)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().any(|name| name.ends_with(".score.mid")));
    let manifest = std::fs::read_to_string(exported.join("manifest.json")).unwrap();
    assert_eq!(manifest.matches(".mid\"").count(), 2, "{manifest}");
    let mastered = out.join("loud.flac");
    let output = yuefu(&[
        "master",
        files[0].as_str().unwrap(),
        "--target",
        "-9",
        "-o",
        mastered.to_str().unwrap(),
        "--json",
    ]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        (said["loudness"].as_f64().unwrap() + 9.0).abs() <= 0.3,
        "{said}"
    );

    // Nothing hidden is left behind.
    for entry in std::fs::read_dir(&out).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with('.'), "{name}");
    }
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    refused(&["song", "pop", "--bpm", "5000"], 2, "30 to 300");
    refused(&["song", "pop", "--length", "-3"], 2, "10 seconds");
    refused(&["song", "pop", "--key", "H flat"], 2, "D minor");
    refused(&["song", "pop", "--format", "doc"], 2, "wav");
    refused(&["song", "pop", "--instruments", "violni"], 2, "violni");
    refused(&["song", "pop", "--target", "3"], 2, "LUFS");
    refused(&["styles", "jaz"], 2, "jazz");
    refused(&["instruments", "grand-pian"], 2, "grand-piano");
    refused(&["fly"], 2, "fly");
    assert_eq!(
        yuefu(&["explain", "a song at 900 BPM"]).status.code(),
        Some(2)
    );
}

#[test]
fn files_that_are_not_there_or_not_right_are_explained() {
    refused(&["render", "/no/such/place"], 2, "/no/such/place");
    refused(&["master", "/no/such/file.wav"], 4, "/no/such/file.wav");
    refused(&["show", "/no/such/file.mid"], 4, "/no/such/file.mid");
    let root = folder("bad");
    std::fs::create_dir_all(root.join("x.yuefu")).unwrap();
    std::fs::write(
        root.join("x.yuefu/song.json"),
        "{\"format\": 1,\n \"seed\": }",
    )
    .unwrap();
    refused(&["render", root.to_str().unwrap()], 3, "song.json:2");
    std::fs::write(root.join("noise.wav"), vec![7; 4000]).unwrap();
    refused(
        &["master", root.join("noise.wav").to_str().unwrap()],
        3,
        "noise.wav",
    );
    let font = root.join("noise.sf2");
    std::fs::write(&font, vec![7; 4000]).unwrap();
    let font = font.to_str().unwrap();
    refused(&["instruments", "--soundfont", font], 3, "noise.sf2");
    refused(&["song", "piano", "--soundfont", font], 3, "noise.sf2");
    let preset = ["song", "piano", "--instruments", "user:0:0"];
    refused(&preset, 2, "--soundfont");
    // A file where a folder should be.
    std::fs::write(root.join("file"), "x").unwrap();
    let below = root.join("file/out");
    refused(
        &[
            "song",
            "piano",
            "--length",
            "10",
            "-q",
            "-o",
            below.to_str().unwrap(),
        ],
        4,
        "folder",
    );
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn messages_follow_the_language() {
    let output = yuefu(&["song", "pop", "--bpm", "5000", "--lang", "zh"]);
    assert!(
        text(&output.stderr).contains("错误"),
        "{}",
        text(&output.stderr)
    );
    assert!(text(&yuefu(&["--help", "--lang", "zh"]).stdout).contains("一句话成曲"));
    assert!(text(&yuefu(&["--help"]).stdout).contains("Make a song"));
    let json = yuefu(&["song", "pop", "--bpm", "5000", "--json"]);
    let said: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&said["ok"], &said["code"]),
        (&Value::from(false), &Value::from(2))
    );
}

#[test]
fn lists_and_completions() {
    let styles = text(&yuefu(&["styles"]).stdout);
    assert!(
        styles.lines().count() >= 10 && styles.contains("jazz"),
        "{styles}"
    );
    assert!(text(&yuefu(&["styles", "jazz"]).stdout).contains("BPM"));
    assert!(text(&yuefu(&["instruments"]).stdout).contains("erhu"));
    assert!(text(&yuefu(&["instruments", "erhu", "--json"]).stdout).contains("二胡"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&yuefu(&["completions", shell]).stdout).contains("yuefu"));
    }
    let explained = text(&yuefu(&["explain", "sad jazz in 3/4, no drums"]).stdout);
    assert!(
        explained.contains("jazz") && explained.contains("3/4"),
        "{explained}"
    );
}

#[test]
fn a_song_is_edited_and_taken_back() {
    let folder = std::env::temp_dir().join(format!("yuefu-cli-edit-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let out = folder.to_string_lossy().into_owned();
    let made = [
        "song", "pop", "--length", "12", "--rate", "8000", "-o", &out, "-q",
    ];
    assert!(yuefu(&made).status.success());
    let done = text(
        &yuefu(&[
            "edit",
            &out,
            "transpose lead all +1 octaves",
            "gain bass -2",
        ])
        .stdout,
    );
    assert!(done.contains("transpose lead"), "{done}");
    let wrong = yuefu(&["edit", &out, "transpose kazoo all +1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("kazoo"));
    let explained = text(&yuefu(&["render", &out, "--explain", "--lang", "en"]).stdout);
    assert!(explained.contains("phrases played"), "{explained}");
    let again = text(&yuefu(&["render", &out, "--explain", "--lang", "en"]).stdout);
    assert!(again.contains("phrases played: 0 made"), "{again}");
    assert!(text(&yuefu(&["verify", &out, "--json"]).stdout).contains("\"ok\":true"));
    let versions = text(&yuefu(&["history", &out]).stdout);
    assert!(versions.contains("gain bass -2"), "{versions}");
    let different = text(&yuefu(&["diff", &format!("{out}@head~1"), &out]).stdout);
    assert!(different.contains("->"), "{different}");
    assert!(yuefu(&["undo", &out]).status.success());
    assert!(yuefu(&["redo", &out]).status.success());
    assert_eq!(yuefu(&["redo", &out]).status.code(), Some(2));
    std::fs::remove_dir_all(folder).unwrap();
}

/// A short song in a folder of its own.
fn made(name: &str) -> (PathBuf, String) {
    let folder = folder(name);
    let out = folder.to_string_lossy().into_owned();
    let made = [
        "song", "pop", "--length", "12", "--rate", "8000", "-o", &out, "-q",
    ];
    assert!(yuefu(&made).status.success());
    (folder, out)
}

#[test]
fn one_process_renders_while_another_collects() {
    let (folder, out) = made("shared");
    let collect = || {
        Command::new(env!("CARGO_BIN_EXE_yuefu"))
            .args(["store", &out, "--collect", "--limit", "0", "-q"])
            .env("LC_ALL", "C")
            .spawn()
            .unwrap()
    };
    for step in ["+1", "-2", "+3"] {
        let edit = format!("transpose lead all {step}");
        let mut others = [collect(), collect()];
        let done = yuefu(&["edit", &out, &edit, "--preview", "-q"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        for other in &mut others {
            assert!(other.wait().unwrap().success());
        }
    }
    let verified = yuefu(&["verify", &out, "--json"]);
    assert!(text(&verified.stdout).contains("\"ok\":true"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// A limit on the size of files stands for a full disk: a write fails in its middle.
#[cfg(unix)]
#[test]
fn a_rendering_that_finds_no_room_says_so_and_loses_nothing() {
    let (folder, out) = made("no-room");
    let before = text(&yuefu(&["history", &out, "--json"]).stdout);
    for command in ["render", "edit"] {
        let rest = if command == "edit" {
            "'transpose lead all +1' --preview"
        } else {
            ""
        };
        let script = format!(
            "trap '' XFSZ; ulimit -f 40; exec '{}' {command} '{out}' {rest}",
            env!("CARGO_BIN_EXE_yuefu")
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let message = text(&output.stderr);
        assert!(!output.status.success(), "{command}: {message}");
        assert!(message.contains("too large"), "{command}: {message}");
        assert!(!message.contains("panicked"), "{command}: {message}");
    }
    // The edit itself was kept, what could not be written is not there in part.
    let after = text(&yuefu(&["history", &out, "--json"]).stdout);
    assert!(after.len() > before.len() && after.contains("transpose lead"));
    let rendered = yuefu(&["render", &out, "-q"]);
    assert!(rendered.status.success(), "{}", text(&rendered.stderr));
    assert!(text(&yuefu(&["verify", &out, "--json"]).stdout).contains("\"ok\":true"));
    for entry in std::fs::read_dir(&out).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(".part"), "{name}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
