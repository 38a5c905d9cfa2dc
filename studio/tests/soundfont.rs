//! A user's own SoundFont: chosen, played, named in the document, missed when it is gone.

use std::path::PathBuf;
use yuefu_audiofile::wav16;
use yuefu_studio::{
    Overrides, Publish, ReleasePlan, Song, Studio, StudioError,
    audio::{AudioBuffer, SampleRate},
    song::brief::Lang,
};

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-font-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A sine as a 16-bit mono WAV file, and an SFZ text that plays it over all keys.
fn sfz(folder: &std::path::Path, hertz: f64) -> PathBuf {
    let saw = (0..22_050).map(|n| {
        let phase = f64::from(n) * hertz / 22_050.0;
        ((phase.fract() * 2.0 - 1.0) * 0.366) as f32
    });
    let audio = AudioBuffer {
        rate: SampleRate(22_050),
        channels: vec![saw.collect()],
    };
    let wav = wav16(&audio, 4096, |_, _, _| {}).unwrap();
    std::fs::write(folder.join("tone.wav"), wav).unwrap();
    let path = folder.join("tone.sfz");
    std::fs::write(&path, "<region> sample=tone.wav pitch_keycenter=60\n").unwrap();
    path
}

fn song(studio: &Studio) -> Song {
    let mut overrides = Overrides::default();
    for (name, value) in [
        ("style", "pop"),
        ("length", "10"),
        ("seed", "3"),
        ("instrument", "user:0:0, flute"),
        ("without", "drums"),
    ] {
        studio.set_option(&mut overrides, name, value).unwrap();
    }
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    studio.compose("short", &overrides, &release).unwrap().song
}

#[test]
fn presets_play_and_are_named() {
    let root = folder("play");
    let font = sfz(&root, 261.6);
    let studio = Studio::standard().unwrap().with_soundfont(&font).unwrap();
    assert!(studio.catalog.profile("user:0:0").is_some());
    assert!(studio.orchestra.profile("user:0:0").is_some());
    let mut song = song(&studio);
    let index = song.score.tracks.iter().position(|track| {
        track.instrument == "user:0:0" && track.phrases.iter().any(|p| !p.notes.is_empty())
    });
    let index = index.expect("the preset plays");
    assert!(song.score.tracks.iter().any(|t| t.instrument == "flute"));
    let cancel = yuefu_studio::Cancel::new();
    let solo = studio.solo(&song, index, &cancel).unwrap();
    assert!(solo.rms() > 1e-4);

    let out = root.join("out");
    let job = Publish::into_folder(&out);
    studio.publish(&song, &job).unwrap();
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap();
    let digest = &studio.soundfont.as_ref().unwrap().digest;
    assert!(manifest.contains(&format!("tone.sfz blake3:{digest}")));
    assert!(manifest.contains("A SoundFont of the user's own"));

    // The same file says nothing, another one is remarked on and named, none is an error.
    assert!(studio.check_instruments(&mut song).unwrap().is_empty());
    let other = folder("other");
    let other_font = sfz(&other, 440.0);
    let changed = Studio::standard().unwrap();
    let changed = changed.with_soundfont(&other_font).unwrap();
    let mut again = song.clone();
    let notes = changed.check_instruments(&mut again).unwrap();
    assert_eq!(notes[0].code, "soundfont-changed");
    assert!(changed.check_instruments(&mut again).unwrap().is_empty());
    let missing = Studio::standard().unwrap().check_instruments(&mut song);
    let missing = missing.unwrap_err();
    assert_eq!(missing.exit_code(), 2);
    for lang in [Lang::En, Lang::Zh] {
        let message = missing.message(lang);
        assert!(message.contains("tone.sfz") && message.contains("--soundfont"));
    }
    std::fs::remove_dir_all(root).unwrap();
    std::fs::remove_dir_all(other).unwrap();
}

#[test]
fn broken_fonts_and_unknown_presets_are_explained() {
    let root = folder("broken");
    for (name, bytes) in [("noise.sf2", &[7_u8; 4000][..]), ("empty.sfz", b"")] {
        let path = root.join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Studio::standard().unwrap().with_soundfont(&path);
        let error = error.unwrap_err();
        assert!(matches!(error, StudioError::Bank { .. }), "{error}");
        assert_eq!(error.exit_code(), 3);
        assert!(error.message(Lang::En).contains(name));
        assert!(error.message(Lang::Zh).contains("音色库"));
    }
    let gone = Studio::standard().unwrap();
    let gone = gone.with_soundfont(&root.join("gone.sf2")).unwrap_err();
    assert_eq!(gone.exit_code(), 4);
    let studio = Studio::standard().unwrap();
    let mut overrides = Overrides::default();
    let refused = studio.set_option(&mut overrides, "instrument", "user:0:0");
    assert!(refused.unwrap_err().to_string().contains("--soundfont"));
    let studio = studio.with_soundfont(&sfz(&root, 261.6)).unwrap();
    let refused = studio.set_option(&mut overrides, "instrument", "user:0:99");
    assert!(refused.unwrap_err().to_string().contains("tone.sfz"));
    std::fs::remove_dir_all(root).unwrap();
}

/// A whole SF3 bank, given as a user's file, is as good as the shipped one.
#[test]
fn sf3_presets_come_into_the_catalog() {
    let root = folder("bank");
    let path = root.join("my.sf3");
    std::fs::write(&path, yuefu_data::get("bank/general.sf3").unwrap()).unwrap();
    let before = Studio::standard().unwrap().catalog.profiles().len();
    let studio = Studio::standard().unwrap().with_soundfont(&path).unwrap();
    assert!(studio.catalog.profiles().len() >= before + 128);
    let again = studio.clone().with_soundfont(&path).unwrap();
    assert_eq!(again.catalog, studio.catalog);
    std::fs::remove_dir_all(root).unwrap();
}
