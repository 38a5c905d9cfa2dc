//! Voices of the user on the command line: installed, listed, heard, sung with, removed.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use yuefu_studio::{
    Studio, Tags,
    audio::{AudioBuffer, SampleRate, math, pitch},
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
    assert!(rows.iter().all(|row| row["source"] != "?"), "{rows:?}");
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

/// Formants of a vowel.
fn formants(vowel: char) -> [f64; 2] {
    match vowel {
        'i' => [300.0, 2300.0],
        'o' => [480.0, 850.0],
        _ => [800.0, 1250.0],
    }
}

/// A recording of 1.2 s at 196 Hz: one vowel, from 0.5 s on another, with a hiss between them where
/// there is a consonant.
fn record(folder: &Path, name: &str, from: char, to: char, hiss: bool) {
    let rate = 44_100.0;
    let loud = |vowel: char, hz: f64| -> f64 {
        let near = |formant: &f64| 1.0 / (1.0 + ((hz - formant) / 120.0).powi(2));
        formants(vowel).iter().map(near).sum::<f64>() + 0.01
    };
    let mut noise = 1_u32;
    let sound = (0..52_920).map(|n| {
        let time = f64::from(n) / rate;
        let share = ((time - 0.5) / 0.05 + 0.5).clamp(0.0, 1.0);
        if hiss && (0.44..0.5).contains(&time) {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            return (f64::from(noise >> 8) / 8_388_608.0 - 1.0) as f32 * 0.03;
        }
        let partial = |k: u32| {
            let hz = 196.0 * f64::from(k);
            let level = loud(from, hz) * (1.0 - share) + loud(to, hz) * share;
            level * math::cos(std::f64::consts::TAU * hz * time)
        };
        (0.1 * (1..24).map(partial).sum::<f64>()) as f32
    });
    let audio = AudioBuffer {
        rate: SampleRate(44_100),
        channels: vec![sound.collect()],
    };
    let format = parse_format("wav").unwrap();
    write_recording(&folder.join(name), &audio, format, &Tags::default()).unwrap();
}

/// Banks of each kind; the vowel of each syllable is told by its formants.
fn banks(root: &Path) -> [(PathBuf, &'static str); 3] {
    let folder = |name: &str, list: &str| {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("oto.ini"), list).unwrap();
        folder
    };
    // Syllables alone.
    let cv = folder(
        "cv",
        "ka.wav=か,430,200,-700,70,10\nki.wav=き,430,200,-700,70,10\n",
    );
    record(&cv, "ka.wav", 'a', 'a', true);
    record(&cv, "ki.wav", 'i', 'i', true);
    // Syllables after vowels: nothing else is there.
    let vcv = folder(
        "vcv",
        "_ka.wav=- か,400,250,-700,100,40\na_ki.wav=a き,400,250,-700,100,40\n\
         i_ka.wav=i か,400,250,-700,100,40\n",
    );
    record(&vcv, "_ka.wav", 'a', 'a', true);
    record(&vcv, "a_ki.wav", 'a', 'i', true);
    record(&vcv, "i_ka.wav", 'i', 'a', true);
    // Syllables, and ways from vowels to consonants.
    let cvvc = folder(
        "cvvc",
        "ka.wav=か,430,200,-700,70,10\nki.wav=き,430,200,-700,70,10\n\
         a_k.wav=a k,300,150,-220,120,60\ni_k.wav=i k,300,150,-220,120,60\n",
    );
    record(&cvvc, "ka.wav", 'a', 'a', true);
    record(&cvvc, "ki.wav", 'i', 'i', true);
    record(&cvvc, "a_k.wav", 'a', 'a', true);
    record(&cvvc, "i_k.wav", 'i', 'i', true);
    [(cv, "cv"), (vcv, "vcv"), (cvvc, "cvvc")]
}

#[test]
fn banks_of_every_kind_sing_from_their_folders() {
    let root = std::env::temp_dir().join(format!("yuefu-cli-banks-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    let tune = root.join("tune.abc");
    fs::write(
        &tune,
        "X:1\nL:1/4\nQ:1/4=60\nK:C\nC E G c |\nw: か き か き\n",
    )
    .unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let mut all = Vec::new();
    for (folder, kind) in banks(&root) {
        let out = root.join(format!("{kind}.wav"));
        let made = said(
            &root.join("voices"),
            &[
                "sing",
                &path(&tune),
                "--voice",
                &path(&folder),
                "-o",
                &path(&out),
                "--rate",
                "22050",
                "--json",
            ],
        );
        assert_eq!(made["syllables"], 4, "{kind}");
        let audio = Studio::shipped()
            .unwrap()
            .look_at(&out)
            .unwrap()
            .audio
            .unwrap();
        let (samples, rate) = (&audio.channels[0], audio.rate.hz());
        // Where the file begins is where the first note sounds, or a consonant before it.
        for (index, key) in [60.0_f32, 64.0, 67.0, 72.0].into_iter().enumerate() {
            let at = ((index as f64 + 0.55) * rate) as usize;
            let here = &samples[at - 1500..at + 1500];
            let near = f64::from(math::key_to_hz(key));
            let heard = pitch::near(here, rate, near).unwrap();
            let cents = 1200.0 * (heard.hz / near).log2();
            println!(
                "{kind} {key}: {cents:.1} cents, clarity {:.2}",
                heard.clarity
            );
            assert!(
                cents.abs() < 40.0 && heard.clarity > 0.85,
                "{kind} {key}: {cents}"
            );
            // か is open, き is not: the second formant is at 1250 or at 2300 Hz.
            let power = |hz: f64| {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, x) in here.iter().enumerate() {
                    let turn = std::f64::consts::TAU * hz * n as f64 / rate;
                    re += f64::from(*x) * math::cos(turn);
                    im += f64::from(*x) * math::sin(turn);
                }
                re * re + im * im
            };
            let band = |low: f64, high: f64| -> f64 {
                (1..40)
                    .map(|k| near * f64::from(k))
                    .filter(|hz| (low..high).contains(hz))
                    .map(power)
                    .sum()
            };
            let open = band(600.0, 1700.0) > 4.0 * band(1900.0, 2800.0);
            assert_eq!(open, index % 2 == 0, "{kind}: syllable {index}");
        }
        all.push(fs::read(&out).unwrap());
    }
    assert!(
        all[0] != all[1] && all[0] != all[2],
        "each kind sounds its own way"
    );
    fs::remove_dir_all(root).unwrap();
}
