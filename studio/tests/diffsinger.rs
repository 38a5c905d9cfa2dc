//! A DiffSinger bank from its folder to sound, on networks that are written here: an acoustic
//! network without any sound of its own, and a vocoder that is a sine.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use yuefu_studio::{Cancel, Studio, audio::SampleRate, packs::Install};
use yuefu_voice::contract;

/// Messages of protocol buffers.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(field: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, field << 3);
    varint(&mut out, value);
    out
}

fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, field << 3 | 2);
    varint(&mut out, content.len() as u64);
    out.extend(content);
    out
}

const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// An input or output of open shape.
fn value(name: &str, kind: u64, rank: usize) -> Vec<u8> {
    let dims: Vec<u8> = (0..rank)
        .flat_map(|n| bytes(1, &bytes(2, format!("{name}{n}").as_bytes())))
        .collect();
    let tensor = [number(1, kind), bytes(2, &dims)].concat();
    [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
}

fn constant(name: &str, kind: u64, dims: &[u64], raw: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|dim| number(1, *dim)).collect();
    let rest = [number(2, kind), bytes(8, name.as_bytes()), bytes(9, raw)].concat();
    [dims, rest].concat()
}

fn reals(name: &str, dims: &[u64], value: f32) -> Vec<u8> {
    let count: u64 = dims.iter().product();
    let raw: Vec<u8> = (0..count).flat_map(|_| value.to_le_bytes()).collect();
    constant(name, FLOAT, dims, &raw)
}

fn wholes(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    constant(name, INT64, &[values.len() as u64], &raw)
}

fn node(kind: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|i| bytes(1, i.as_bytes())).collect();
    let rest = [bytes(2, output.as_bytes()), bytes(4, kind.as_bytes())].concat();
    [inputs, rest].concat()
}

fn model(nodes: &[Vec<u8>], constants: &[Vec<u8>], inputs: &[Vec<u8>], output: Vec<u8>) -> Vec<u8> {
    let all = |field, parts: &[Vec<u8>]| -> Vec<u8> {
        parts.iter().flat_map(|part| bytes(field, part)).collect()
    };
    let graph = [
        all(1, nodes),
        bytes(2, b"test"),
        all(5, constants),
        all(11, inputs),
        bytes(12, &output),
    ]
    .concat();
    let version = [bytes(1, b""), number(2, 17)].concat();
    [number(1, 8), bytes(7, &graph), bytes(8, &version)].concat()
}

const MELS: u64 = 4;
const HOP: u64 = 128;
const RATE: f32 = 16_000.0;

/// `mel = f0 * 0`, for each of its values.
fn acoustic() -> Vec<u8> {
    model(
        &[
            node("Unsqueeze", &["f0", "last"], "column"),
            node("Mul", &["column", "zeros"], "mel"),
        ],
        &[wholes("last", &[2]), reals("zeros", &[1, 1, MELS], 0.0)],
        &[
            value("tokens", INT64, 2),
            value("durations", INT64, 2),
            value("f0", FLOAT, 2),
            value("gender", FLOAT, 2),
            value("steps", INT64, 1),
            value("depth", FLOAT, 1),
            value("spk_embed", FLOAT, 3),
        ],
        value("mel", FLOAT, 3),
    )
}

/// `waveform = sin(2 pi sum(f0 / rate)) where f0 > 0`.
fn vocoder() -> Vec<u8> {
    model(
        &[
            node("Unsqueeze", &["f0", "last"], "column"),
            node("Mul", &["column", "ones"], "spread"),
            node("Reshape", &["spread", "flat"], "hertz"),
            node("Mul", &["hertz", "turn"], "steps"),
            node("CumSum", &["steps", "axis"], "phase"),
            node("Sin", &["phase"], "sine"),
            node("Min", &["hertz", "one"], "voiced"),
            node("Mul", &["sine", "voiced"], "waveform"),
        ],
        &[
            wholes("last", &[2]),
            wholes("flat", &[1, -1]),
            constant("axis", INT64, &[], &1_i64.to_le_bytes()),
            reals("ones", &[1, 1, HOP], 1.0),
            reals("one", &[1], 1.0),
            reals("turn", &[1], std::f32::consts::TAU / RATE),
        ],
        &[value("mel", FLOAT, 3), value("f0", FLOAT, 2)],
        value("waveform", FLOAT, 2),
    )
}

fn bank() -> BTreeMap<&'static str, Vec<u8>> {
    let config = "\
phonemes: phonemes.txt
acoustic: acoustic.onnx  # the network
vocoder: sine
speakers:
- one
use_continuous_acceleration: true
max_depth: 0.6
augmentation_args:
  random_pitch_shifting:
    range: [-6.0, 6.0]
sample_rate: 16000
hop_size: 128
num_mel_bins: 4
mel_base: e
";
    let dictionary = "\
symbols:
- {symbol: a, type: vowel}
- {symbol: m, type: consonant}
entries:
- grapheme: ma
  phonemes: [m, a]
- grapheme: a
  phonemes:
  - a
";
    let settings = "name: sine\nmodel: sine.onnx\nsample_rate: 16000\nhop_size: 128\nnum_mel_bins: 4\nmel_base: e\n";
    BTreeMap::from([
        ("dsconfig.yaml", config.into()),
        ("dsdict.yaml", dictionary.into()),
        ("phonemes.txt", b"<PAD>\nAP\nSP\na\nm\n".to_vec()),
        ("one.emb", [0.25_f32.to_le_bytes(); 16].concat()),
        ("acoustic.onnx", acoustic()),
        ("character.txt", b"name=Test Sine\n".to_vec()),
        ("dsvocoder/vocoder.yaml", settings.into()),
        ("dsvocoder/sine.onnx", vocoder()),
    ])
}

fn write(files: &BTreeMap<&'static str, Vec<u8>>, name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("yuefu-ds-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("dsvocoder")).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

fn install(source: &Path, to: &Path) -> Result<(), yuefu_studio::StudioError> {
    Install {
        source,
        id: None,
        folder: to,
        progress: &|_, _| {},
        cancel: &Cancel::new(),
    }
    .run()
    .map(|_| ())
}

#[test]
fn a_bank_keeps_what_it_can_of_the_contract() {
    let folder = write(&bank(), "bank");
    let voices = folder.join("voices");
    install(&folder, &voices).unwrap();
    let studio = Studio::shipped().unwrap().with_voices(&voices);
    let singer = studio.choir.singer("voice-test-sine").unwrap();
    assert_eq!(singer.profile().languages, ["cmn"]);
    // A sine has no breath, no tension and no formants; whispered there is nothing of it.
    let left = contract::check(&*singer);
    let excused = [
        "a whisper is silent",
        "breathy sounds as before",
        "pressed sounds as before",
        "small sounds as before",
        "large sounds as before",
    ];
    let wrong: Vec<&String> = left
        .iter()
        .filter(|w| !excused.contains(&w.as_str()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let audio = studio
        .preview_voice("voice-test-sine", None, SampleRate(44_100))
        .unwrap();
    assert!(audio.rms() > 0.05);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn damaged_banks_are_refused_in_both_languages() {
    for (name, content, word) in [
        ("acoustic.onnx", &b"no network"[..], "acoustic.onnx"),
        ("acoustic.onnx", &vocoder()[..200], "acoustic.onnx"),
        ("phonemes.txt", b"", "phonemes"),
        ("dsdict.yaml", b"entries: []", "dsdict.yaml"),
        ("dsdict.yaml", b"- [", "dsdict.yaml"),
        ("one.emb", b"odd", "one.emb"),
        (
            "dsvocoder/vocoder.yaml",
            b"model: sine.onnx\nsample_rate: 22050",
            "sample_rate",
        ),
        (
            "dsvocoder/vocoder.yaml",
            b"model: ../../../x.onnx",
            "x.onnx",
        ),
        ("dsconfig.yaml", b"acoustic: acoustic.onnx", "phonemes"),
    ] {
        let mut files = bank();
        files.insert(name, content.to_vec());
        let folder = write(&files, "damaged");
        let voices = folder.join("voices");
        let refused = install(&folder, &voices).unwrap_err();
        let chinese = refused.message(yuefu_studio::song::brief::Lang::Zh);
        assert!(refused.to_string().contains(word), "{name}: {refused}");
        assert!(!chinese.is_ascii(), "{name}: {chinese}");
        fs::remove_dir_all(folder).unwrap();
    }
    // An acoustic network of another size is found when it sings.
    let mut files = bank();
    let config = String::from_utf8(files["dsconfig.yaml"].clone()).unwrap();
    files.insert("dsconfig.yaml", config.replace("bins: 4", "bins: 8").into());
    let settings = String::from_utf8(files["dsvocoder/vocoder.yaml"].clone()).unwrap();
    files.insert(
        "dsvocoder/vocoder.yaml",
        settings.replace("bins: 4", "bins: 8").into(),
    );
    let folder = write(&files, "sizes");
    let (studio, id) = Studio::shipped().unwrap().with_voice(&folder).unwrap();
    let refused = studio
        .preview_voice(&id, None, SampleRate(44_100))
        .unwrap_err();
    assert!(refused.to_string().contains("x 8 values"), "{refused}");
    fs::remove_dir_all(folder).unwrap();
}
