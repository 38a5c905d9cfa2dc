//! Voices of the user: installed from a folder or an archive, sung with, named in the document,
//! missed when they are gone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use yuefu_audiofile::wav16;
use yuefu_studio::{
    Cancel, Overrides, ReleasePlan, SingJob, Song, Studio, StudioError,
    audio::{AudioBuffer, SampleRate, math},
    packs::{self, Install, Pack},
    song::{brief::Lang, ops::Op},
};
use yuefu_voice::contract;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-packs-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Half a second of a vowel-like sound at 220 Hz as a WAV file; `bright` moves its formant.
fn vowel(bright: u32) -> Vec<u8> {
    let frames = 44_100 * 7 / 10;
    let tone = (0..frames).map(|n| {
        let phase = f64::from(n) * 220.0 / 44_100.0;
        let partial = |k: u32| {
            let away = (f64::from(k) * 220.0 - f64::from(bright)) / 700.0;
            math::cos(std::f64::consts::TAU * phase * f64::from(k)) / (1.0 + away * away)
        };
        (0.045 * (1..30).map(partial).sum::<f64>()) as f32
    });
    let audio = AudioBuffer {
        rate: SampleRate(44_100),
        channels: vec![tone.collect()],
    };
    wav16(&audio, 4096, |_, _, _| {}).unwrap()
}

/// A CV bank with Japanese names; `encode` writes them as UTAU does.
fn bank() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut list = String::new();
    for (number, kana) in ["か", "さ", "く", "ら", "あ", "い", "う", "え", "お", "ん"]
        .iter()
        .enumerate()
    {
        files.insert(format!("{kana}.wav"), vowel(600 + 150 * number as u32));
        list.push_str(&format!("{kana}.wav={kana},20,120,-600,60,10\r\n"));
    }
    files.insert("oto.ini".to_owned(), sjis(&list));
    files.insert("character.txt".to_owned(), sjis("name=Test Teto\r\n"));
    files.insert("readme.txt".to_owned(), sjis("利用規約"));
    files
}

fn sjis(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

fn write(files: &BTreeMap<String, Vec<u8>>, folder: &Path) {
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// A ZIP archive of stored files with names as bytes.
fn zip(files: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.extend(crc.sum().to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        let at = out.len() as u32;
        list.extend(b"PK\x01\x02\x14\0");
        list.extend(&head);
        list.extend([0; 10]);
        list.extend(at.to_le_bytes());
        list.extend(name);
        out.extend(b"PK\x03\x04");
        out.extend(head);
        out.extend(name);
        out.extend(bytes);
    }
    let at = out.len() as u32;
    let count = (files.len() as u16).to_le_bytes();
    out.extend(&list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend((list.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn install(source: &Path, id: Option<&str>, to: &Path) -> Result<Pack, StudioError> {
    Install {
        source,
        id,
        folder: to,
        progress: &|done, total| assert!(done <= total),
        cancel: &Cancel::new(),
    }
    .run()
}

fn studio(voices: &Path) -> Studio {
    Studio::shipped().unwrap().with_voices(voices)
}

/// A song whose tune is sung by a voice.
fn sung(studio: &Studio, voice: &str) -> Song {
    let mut overrides = Overrides::default();
    for (name, value) in [("style", "pop"), ("length", "10"), ("seed", "3")] {
        studio.set_option(&mut overrides, name, value).unwrap();
    }
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    let song = studio.compose("short", &overrides, &release).unwrap().song;
    let job = SingJob {
        voice: Some(voice),
        track: None,
        lyrics: Some("さくらさくら\nさくらさくら"),
    };
    studio.cast_singer(&song, &job).unwrap().song
}

#[test]
fn an_archive_with_japanese_names_sings() {
    let root = folder("zip");
    let archive = root.join("teto.zip");
    let files: Vec<_> = bank()
        .into_iter()
        .map(|(name, bytes)| (sjis(&format!("重音/{name}")), bytes))
        .collect();
    fs::write(&archive, zip(&files)).unwrap();
    let voices = root.join("voices");
    let pack = install(&archive, None, &voices).unwrap();
    assert_eq!(pack.card.singers[0].id, "voice-test-teto");
    assert_eq!(pack.card.singers[0].languages, ["ja"]);
    assert_eq!(pack.card.licence, "readme.txt");
    assert!(pack.files.join("さ.wav").is_file());

    let studio = studio(&voices);
    assert!(studio.shelf.broken.is_empty());
    let profile = studio.catalog.profile("voice-test-teto").unwrap();
    assert_eq!(profile.engine, "voice:voice-test-teto");
    let mut song = sung(&studio, "voice-test-teto");
    let track = song
        .score
        .tracks
        .iter()
        .position(|track| track.instrument == "voice-test-teto")
        .unwrap();
    let audio = studio.solo(&song, track, &Cancel::new()).unwrap();
    assert!(audio.rms() > 0.005, "{}", audio.rms());

    // The document names the voice with its digest, and misses it where it is not.
    assert!(studio.check_instruments(&mut song).unwrap().is_empty());
    let named = |song: &Song| {
        let used = song.engines.iter().find(|used| used.stage == "voice");
        used.map(|used| used.engine.clone())
    };
    let digest = &pack.card.digest;
    assert_eq!(
        named(&song).unwrap(),
        format!("voice-test-teto UTAU blake3:{digest}")
    );
    let bare = Studio::shipped().unwrap();
    let missing = bare.check_instruments(&mut song).unwrap_err();
    for (lang, word) in [(Lang::En, "not installed"), (Lang::Zh, "没有安装")] {
        let message = missing.message(lang);
        assert!(message.contains(word), "{message}");
        assert!(message.contains("--as voice-test-teto"), "{message}");
        assert!(message.contains(&digest[..12]), "{message}");
    }

    // Another voice of the same id is remarked on.
    packs::remove(&voices, "voice-test-teto").unwrap();
    let mut other = bank();
    other.insert("あ.wav".to_owned(), vowel(2500));
    let changed = folder("zip-changed");
    write(&other, &changed);
    install(&changed, Some("test-teto"), &voices).unwrap();
    let notes = self::studio(&voices).check_instruments(&mut song).unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].code, "voice-changed");
    assert_ne!(
        named(&song).unwrap().split(':').next_back(),
        Some(&digest[..])
    );
    fs::remove_dir_all(root).unwrap();
    fs::remove_dir_all(changed).unwrap();
}

#[test]
fn a_folder_sings_without_being_installed() {
    let root = folder("folder");
    write(&bank(), &root);
    let (studio, id) = Studio::shipped().unwrap().with_voice(&root).unwrap();
    assert_eq!(id, "voice-test-teto");
    let audio = studio.preview_voice(&id, None, SampleRate(22_050)).unwrap();
    assert!(audio.rms() > 0.005);
    // It is an instrument like others: an edit may name it, and a wish.
    let song = sung(&studio, "voice-hibari");
    let track = &song.score.tracks[0].id;
    let op: Op = format!("instrument {track} to {id}").parse().unwrap();
    let (edited, _) = op.apply(&song, &studio.catalog).unwrap();
    assert_eq!(edited.score.tracks[0].instrument, id);
    let mut overrides = Overrides::default();
    studio
        .set_option(&mut overrides, "instrument", &format!("{id}, flute"))
        .unwrap();
    overrides.lyrics = Some("さくらさくら\nさくらさくら\n".to_owned());
    let mut wish = |name: &str, value: &str| studio.set_option(&mut overrides, name, value);
    wish("length", "20").unwrap();
    let unknown = wish("instrument", "voice-nobody").unwrap_err();
    assert!(unknown.to_string().contains("voice-nobody"), "{unknown}");
    let song = studio
        .compose("pop", &overrides, &ReleasePlan::streaming())
        .unwrap()
        .song;
    assert!(song.score.tracks.iter().any(|track| track.instrument == id));
    assert!(song.engines.iter().any(|used| used.engine.starts_with(&id)));
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn installations_are_whole_or_not_at_all() {
    let root = folder("whole");
    let (voices, source) = (root.join("voices"), root.join("Teto"));
    fs::create_dir_all(&source).unwrap();
    write(&bank(), &source);
    let left = |voices: &Path| -> Vec<String> {
        let entries = fs::read_dir(voices).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != ".lock")
            .collect();
        names.sort();
        names
    };
    // Stopped in the middle.
    let cancel = Cancel::new();
    let stopped = Install {
        source: &source,
        id: None,
        folder: &voices,
        progress: &|done, total| {
            if 2 * done > total {
                cancel.cancel();
            }
        },
        cancel: &cancel,
    }
    .run();
    assert!(matches!(stopped, Err(StudioError::Cancelled(_))));
    assert!(left(&voices).is_empty());
    // What a killed one left goes.
    fs::create_dir_all(voices.join(".part/files")).unwrap();
    install(&source, Some("one"), &voices).unwrap();
    assert_eq!(left(&voices), ["voice-one"]);
    // Taken ids, of installed and of shipped voices.
    for id in ["one", "hibari"] {
        let taken = install(&source, Some(id), &voices).unwrap_err();
        assert!(taken.to_string().contains("--as"), "{taken}");
    }
    assert_eq!(left(&voices), ["voice-one"]);
    // No voice at all.
    fs::create_dir_all(root.join("empty")).unwrap();
    let none = install(&root.join("empty"), None, &voices).unwrap_err();
    assert!(none.message(Lang::Zh).contains("oto.ini"), "{none}");
    packs::remove(&voices, "voice-one").unwrap();
    assert!(left(&voices).is_empty());
    assert!(packs::remove(&voices, "voice-one").is_err());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn archives_that_reach_out_are_refused() {
    let root = folder("slip");
    let voices = root.join("voices");
    for name in [
        "../evil.wav",
        "/evil.wav",
        "a/../../evil.wav",
        "C:\\evil.wav",
    ] {
        let archive = root.join("bad.zip");
        let files = [
            (b"oto.ini".to_vec(), b"a.wav=a,0,0,0,0,0".to_vec()),
            (name.as_bytes().to_vec(), b"x".to_vec()),
        ];
        fs::write(&archive, zip(&files)).unwrap();
        let refused = install(&archive, None, &voices).unwrap_err();
        assert!(refused.to_string().contains("outside"), "{name}: {refused}");
    }
    assert!(!root.join("evil.wav").exists());
    fs::write(root.join("no.zip"), b"PK nothing").unwrap();
    assert!(install(&root.join("no.zip"), None, &voices).is_err());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn broken_voices_disturb_nobody() {
    let root = folder("broken");
    for (name, card) in [("a", None), ("b", Some("format = 1")), ("c", Some("\0"))] {
        fs::create_dir_all(root.join(name)).unwrap();
        if let Some(card) = card {
            fs::write(root.join(name).join("voice.toml"), card).unwrap();
        }
    }
    let source = folder("broken-source");
    write(&bank(), &source);
    install(&source, Some("whole"), &root).unwrap();
    // Its card is whole, its files are gone: found when it is to sing.
    fs::remove_dir_all(root.join("voice-whole/files")).unwrap();
    let studio = studio(&root);
    assert_eq!(studio.shelf.broken.len(), 3);
    assert!(studio.shelf.broken[0].reason.zh.contains("voice.toml"));
    assert!(studio.catalog.profile("voice-whole").is_some());
    assert!(studio.choir.singer("voice-whole").is_err());
    assert!(studio.choir.singer("voice-hibari").is_ok());
    fs::remove_dir_all(root).unwrap();
    fs::remove_dir_all(source).unwrap();
}

/// Needs the model and the voices, which no repository holds: `YUEFU_KOKORO=FOLDER`.
#[test]
fn the_kokoro_pack_sings() {
    let Some(from) = std::env::var_os("YUEFU_KOKORO") else {
        println!("skipped: YUEFU_KOKORO names no folder with Kokoro's files");
        return;
    };
    let root = folder("kokoro");
    let pack = install(Path::new(&from), None, &root).unwrap();
    assert_eq!(pack.card.singers.len(), 54);
    assert!(install(Path::new(&from), Some("mine"), &root).is_err());
    let studio = studio(&root);
    for id in ["voice-kokoro-zf-xiaobei", "voice-kokoro-am-michael"] {
        let audio = studio.preview_voice(id, None, SampleRate(24_000)).unwrap();
        let again = studio.preview_voice(id, None, SampleRate(24_000)).unwrap();
        assert!(audio.rms() > 0.02, "{id}: {}", audio.rms());
        assert!(audio == again, "{id}");
    }
    packs::remove(&root, "kokoro").unwrap();
    fs::remove_dir_all(root).unwrap();
}

/// Needs the model and the voices too. Voices of both ranges and languages, each at home in one.
#[test]
fn kokoro_keeps_the_contract_of_singers() {
    let Some(from) = std::env::var_os("YUEFU_KOKORO") else {
        println!("skipped: YUEFU_KOKORO names no folder with Kokoro's files");
        return;
    };
    let root = folder("kokoro-contract");
    install(Path::new(&from), None, &root).unwrap();
    let studio = studio(&root);
    let mut wrong = Vec::new();
    for voice in ["zf-xiaobei", "zm-yunjian", "af-heart", "am-michael"] {
        let singer = studio.choir.singer(&format!("voice-kokoro-{voice}"));
        let faults = contract::check(singer.unwrap().as_ref());
        wrong.extend(faults.into_iter().map(|fault| format!("{voice}: {fault}")));
    }
    fs::remove_dir_all(root).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_kokoro_pack_of_another_export_is_refused() {
    let root = folder("other");
    let source = root.join("source");
    fs::create_dir_all(&source).unwrap();
    // As long as the model and a voice, and neither.
    for (name, bytes) in [("model.onnx", 92_361_271), ("af_test.bin", 522_240)] {
        fs::File::create(source.join(name))
            .unwrap()
            .set_len(bytes)
            .unwrap();
    }
    let refused = install(&source, None, &root.join("voices")).unwrap_err();
    assert!(refused.to_string().contains("SHA-256"), "{refused}");
    assert!(!root.join("voices/kokoro").exists());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn voices_answer_to_short_names() {
    let studio = Studio::shipped().unwrap();
    for name in ["voice-hibari", "hibari", "Hibari", "云雀"] {
        assert_eq!(
            studio.voice_named(name).unwrap().id,
            "voice-hibari",
            "{name}"
        );
    }
    assert_eq!(studio.voice_named("child").unwrap().id, "voice-child");
    let fault = studio.voice_named("hibary").unwrap_err();
    for (lang, near) in [
        (Lang::En, "did you mean `hibari`?"),
        (Lang::Zh, "是否指“hibari”？"),
    ] {
        let said = fault.message(lang);
        assert!(said.contains(near), "{said}");
        assert_eq!(said.matches("voice-xiaohe").count(), 1, "{said}");
        assert!(said.contains("voice-child"), "{said}");
    }
    let far = studio.voice_named("voice-zzzzzzzzzz").unwrap_err();
    assert!(!far.message(Lang::En).contains("did you mean"));
    // In options and operations too.
    let mut overrides = Overrides::default();
    studio
        .set_option(&mut overrides, "instrument", "songye, grand-piano")
        .unwrap();
    assert_eq!(overrides.instruments, ["voice-songye", "grand-piano"]);
    let wrong = studio.set_option(&mut overrides, "instrument", "voice-songe");
    assert!(
        wrong
            .unwrap_err()
            .message(Lang::En)
            .contains("did you mean `songye`?")
    );
    let song = sung(&studio, "wren");
    let lead = song
        .score
        .tracks
        .iter()
        .find(|t| t.role.name() == "vocal")
        .unwrap();
    assert_eq!(lead.instrument, "voice-wren");
    let op: Op = format!("instrument {} to alder", lead.id).parse().unwrap();
    let (other, _) = op.apply(&song, &studio.catalog).unwrap();
    assert!(
        other
            .score
            .tracks
            .iter()
            .any(|t| t.instrument == "voice-alder")
    );
    // A child is a singer with another body, not just another name for one.
    let rate = SampleRate(22_050);
    let child = studio.preview_voice("child", None, rate).unwrap();
    let own = studio.preview_voice("xiaohe", None, rate).unwrap();
    assert_ne!(child, own);
}
