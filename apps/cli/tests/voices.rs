//! Voices of the user on the command line: installed, listed, heard, sung with, removed.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use yuefu_studio::{
    Tags,
    audio::{AudioBuffer, SampleRate},
    mastering::write_recording,
    publish::parse_format,
};

fn yuefu(voices: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yuefu"))
        .args(arguments)
        .env("LC_ALL", "C")
        .env("YUEFU_VOICES", voices)
        .output()
        .unwrap()
}

fn said(voices: &Path, arguments: &[&str]) -> Value {
    let output = yuefu(voices, arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {message}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A bank of one sound: a buzz at 200 Hz.
fn bank(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let buzz = (0..30_000).map(|n| {
        let phase = (f64::from(n) * 200.0 / 44_100.0).fract();
        (((1.0 - phase).powi(6) - 0.14) * 0.61) as f32
    });
    let audio = AudioBuffer {
        rate: SampleRate(44_100),
        channels: vec![buzz.collect()],
    };
    let path = folder.join("a.wav");
    write_recording(
        &path,
        &audio,
        parse_format("wav").unwrap(),
        &Tags::default(),
    )
    .unwrap();
    fs::write(folder.join("oto.ini"), "a.wav=あ,20,120,-600,30,10\n").unwrap();
    fs::write(folder.join("terms.txt"), "for tests").unwrap();
}

#[test]
fn a_voice_comes_sings_and_goes() {
    let root = std::env::temp_dir().join(format!("yuefu-cli-voices-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let (voices, source) = (root.join("voices"), root.join("Buzz"));
    bank(&source);
    fs::create_dir_all(voices.join("odd")).unwrap();
    let path = |name: &str| -> PathBuf { root.join(name) };
    let text = |path: &Path| path.to_str().unwrap().to_owned();

    let installed = said(
        &voices,
        &[
            "voices",
            "install",
            &text(&source),
            "--as",
            "buzz",
            "--json",
        ],
    );
    assert_eq!(installed["installed"][0], "voice-buzz");
    let list = said(&voices, &["voices", "list", "--json"]);
    let rows = list.as_array().unwrap();
    let buzz = rows.iter().find(|row| row["id"] == "voice-buzz").unwrap();
    assert_eq!(buzz["licence"], "terms.txt");
    assert!(buzz["source"].as_str().unwrap().starts_with("UTAU, "));
    let broken = rows.iter().find(|row| row.get("broken").is_some()).unwrap();
    assert!(broken["folder"].as_str().unwrap().ends_with("odd"));

    let wav = text(&path("buzz.wav"));
    said(
        &voices,
        &["voices", "preview", "voice-buzz", "-o", &wav, "--json"],
    );
    assert!(fs::metadata(&wav).unwrap().len() > 50_000);

    // Installed and straight from its folder it sounds alike.
    let tune = text(&path("tune.abc"));
    fs::write(&tune, "X:1\nL:1/4\nK:C\nC D E F |\nw: あ あ あ あ\n").unwrap();
    let mut sung = Vec::new();
    for (name, voice) in [
        ("one.wav", "voice-buzz"),
        ("two.wav", source.to_str().unwrap()),
    ] {
        let out = text(&path(name));
        let made = said(
            &voices,
            &["sing", &tune, "--voice", voice, "-o", &out, "--json"],
        );
        assert_eq!(made["syllables"], 4);
        sung.push(fs::read(&out).unwrap());
    }
    assert!(sung[0] == sung[1], "the same bank sounds otherwise");

    said(&voices, &["voices", "remove", "voice-buzz", "--json"]);
    let gone = yuefu(
        &voices,
        &["sing", &tune, "--voice", "voice-buzz", "--lang", "zh"],
    );
    assert_eq!(gone.status.code(), Some(2));
    let message = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(message.contains("没有叫“voice-buzz”的声音"), "{message}");
    fs::remove_dir_all(root).unwrap();
}
