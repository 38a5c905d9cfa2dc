//! Tiny banks, made here: vowels of two formants and bursts of noise.

use std::collections::BTreeMap;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, Clip, SampleRate, math};
use yuefu_engine::Rng;
use yuefu_song::PerformedPhrase;
use yuefu_utau::{BankFiles, Utau};
use yuefu_voice::{Expression, VoicePlan, contract, measure::Sound, score, testing};

const RATE: u32 = 44_100;

/// A bank in memory: recordings are raw samples behind the name of a WAV file.
#[derive(Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl BankFiles for Files {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name).cloned()
    }
}

fn decode(bytes: &[u8]) -> Option<AudioBuffer> {
    let samples = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    Some(AudioBuffer {
        rate: SampleRate(RATE),
        channels: vec![samples],
    })
}

/// Two formants of a vowel by the letter it ends with.
fn formants(text: &str) -> [f64; 2] {
    match text.chars().rev().find(|c| "aiueo".contains(*c)) {
        Some('i') => [300.0, 2300.0],
        Some('u') => [350.0, 1000.0],
        Some('e') => [480.0, 1900.0],
        Some('o') => [480.0, 850.0],
        _ => [800.0, 1250.0],
    }
}

/// `seconds` of a voice at 196 Hz in which the vowel moves from one to the next at `change`.
fn voice(from: &str, to: &str, change: f64, seconds: f64) -> Vec<f32> {
    let count = (seconds * f64::from(RATE)) as usize;
    let mut out = vec![0.0_f32; count];
    for (number, vowel) in [from, to].into_iter().enumerate() {
        let mut wave: Vec<f32> = (0..count)
            .map(|n| {
                let time = n as f64 / f64::from(RATE);
                let sum: f64 = (1..40)
                    .map(|k| math::cos(std::f64::consts::TAU * 196.0 * f64::from(k) * time))
                    .sum();
                (0.02 * sum) as f32
            })
            .collect();
        let filters = formants(vowel).map(|hz| Biquad::peak(f64::from(RATE), hz, 2.5, 15.0));
        let low = Biquad::low_pass(f64::from(RATE), 3500.0, 0.7);
        Cascade::new([filters[0], filters[1], low]).process(&mut wave, &mut vec![0.0; count]);
        for (n, x) in wave.iter().enumerate() {
            let time = n as f64 / f64::from(RATE);
            let share = ((time - change) / 0.06 + 0.5).clamp(0.0, 1.0) as f32;
            out[n] += x * if number == 0 { 1.0 - share } else { share };
        }
    }
    out
}

/// Puts a burst of noise over a stretch.
fn burst(samples: &mut [f32], from: f64, to: f64) {
    let mut rng = Rng::new(5);
    let range = (from * f64::from(RATE)) as usize..(to * f64::from(RATE)) as usize;
    for sample in &mut samples[range] {
        *sample = 0.05 * rng.range(-1.0, 1.0);
    }
}

fn add(files: &mut Files, list: &mut String, name: &str, samples: &[f32], line: &str) {
    let bytes = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    files.0.insert(format!("{name}.wav"), bytes);
    list.push_str(&format!("{name}.wav={line}\n"));
}

/// A CV bank: each syllable alone, its consonant 80 ms before the vowel.
fn cv(syllables: &[&str]) -> Files {
    let (mut files, mut list) = (Files::default(), String::new());
    for (index, name) in syllables.iter().enumerate() {
        let mut samples = voice(name, name, 0.0, 0.8);
        if name.chars().count() > 1 {
            burst(&mut samples, 0.05, 0.13);
        }
        let file = format!("s{index}");
        add(
            &mut files,
            &mut list,
            &file,
            &samples,
            &format!("{name},50,140,-700,80,10"),
        );
    }
    files.0.insert("oto.ini".into(), list.into_bytes());
    files
}

fn open(files: &Files) -> Utau {
    Utau::open("voice-test", Box::new(files.clone()), Box::new(decode)).unwrap()
}

fn sing(singer: &Utau, phrase: &PerformedPhrase) -> (VoicePlan, Clip) {
    let mut expression = Expression::default();
    expression.settings.vibrato_depth = 0.0;
    expression.settings.drift = 0.0;
    let plan = score::plan(phrase, &expression, singer).unwrap().plan;
    let clip = yuefu_voice::Singer::sing(singer, &plan, SampleRate(RATE)).unwrap();
    (plan, clip)
}

#[test]
fn a_simple_bank_keeps_the_contract_of_singers() {
    let names = [
        "ka", "kyo", "n", "tsu", "fu", "ra", "ji", "wo", "a", "i", "u", "e", "o", "ha", "ki",
    ];
    let singer = open(&cv(&names));
    assert_eq!(singer.bank().lang, "ja");
    let wrong = contract::check(&singer);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn notes_are_in_tune_from_low_to_high() {
    let singer = open(&cv(&[
        "ka", "ki", "ku", "ke", "ko", "a", "i", "u", "e", "o",
    ]));
    let words: Vec<(&str, u8)> = ["ka", "ki", "ku", "ke", "ko"]
        .into_iter()
        .zip([55, 60, 64, 69, 74])
        .collect();
    let (plan, clip) = sing(&singer, &testing::line("ja", &words, 0.6));
    let sound = Sound {
        plan: &plan,
        clip: &clip,
    };
    for (index, (_, key)) in words.iter().enumerate() {
        let wanted = f64::from(math::key_to_hz(f32::from(*key)));
        let at = plan.syllables[index].on + 0.25;
        let heard = sound.pitch(at, wanted).expect("a voice");
        let cents = 1200.0 * math::log2(heard.hz / wanted);
        assert!(cents.abs() < 12.0, "{key}: {cents:.1} cents");
        assert!(heard.clarity > 0.9, "{key}: {}", heard.clarity);
    }
}

#[test]
fn banks_of_syllables_in_context_are_understood() {
    let mut list = String::new();
    let mut files = Files::default();
    for (index, (before, own)) in [("-", "か"), ("a", "か"), ("a", "き"), ("i", "か")]
        .into_iter()
        .enumerate()
    {
        let to = if own == "か" { "a" } else { "i" };
        let mut samples = voice(if before == "-" { to } else { before }, to, 0.4, 1.0);
        burst(&mut samples, 0.36, 0.44);
        let line = format!("{before} {own},300,150,-600,130,60");
        add(&mut files, &mut list, &format!("v{index}"), &samples, &line);
    }
    files.0.insert("sub/oto.ini".into(), list.into_bytes());
    let moved: Vec<_> = files
        .0
        .keys()
        .filter(|n| n.starts_with('v'))
        .cloned()
        .collect();
    for name in moved {
        let bytes = files.0.remove(&name).unwrap();
        files.0.insert(format!("sub/{name}"), bytes);
    }
    let singer = open(&files);
    let bank = singer.bank();
    let ka: Vec<_> = yuefu_lang::sounds("ja", "ka").unwrap().phones;
    let ki: Vec<_> = yuefu_lang::sounds("ja", "ki").unwrap().phones;
    let pairs = |phones: &[yuefu_lang::Phone]| -> Vec<_> {
        phones.iter().map(|p| (p.symbol, p.part)).collect()
    };
    let (ka, ki) = (pairs(&ka), pairs(&ki));
    for (before, phones, wanted) in [
        (None, &ka, "- か"),
        (Some(&ka), &ka, "a か"),
        (Some(&ka), &ki, "a き"),
        (Some(&ki), &ka, "i か"),
        // The bank has no き after き: any き serves.
        (Some(&ki), &ki, "a き"),
    ] {
        let place = yuefu_utau::Place {
            phones,
            before: before.map(|b| &b[..]),
            key: 60,
        };
        let (sample, found) = bank.syllable(&place);
        assert!(found);
        assert_eq!(bank.samples[sample].entry.alias, wanted);
    }
    let words = [("ka", 60), ("ki", 62), ("ka", 64)];
    let (_, clip) = sing(&singer, &testing::line("ja", &words, 0.5));
    assert!(clip.audio.peak() > 0.02);
}

#[test]
fn pinyin_banks_cross_from_vowels_to_consonants() {
    let (mut files, mut list) = (Files::default(), String::new());
    for (name, line) in [
        ("ni", "ni,50,140,-700,80,10"),
        ("hao", "hao,50,140,-700,80,10"),
        ("i h", "i h,300,120,-200,80,40"),
        ("ao R", "ao R,300,120,-200,80,40"),
    ] {
        let samples = voice(name, name, 0.0, 0.9);
        add(
            &mut files,
            &mut list,
            &name.replace(' ', "_"),
            &samples,
            line,
        );
    }
    list.push_str("not a line\n");
    files.0.insert("oto.ini".into(), list.into_bytes());
    files.0.insert("character.txt".into(), "name=小测\n".into());
    let singer = open(&files);
    assert_eq!(singer.bank().lang, "cmn");
    assert_eq!(singer.bank().name.as_deref(), Some("小测"));
    assert_eq!(singer.bank().faults.len(), 1);
    let phones = |reading: &str| -> Vec<_> {
        let sounds = yuefu_lang::sounds("cmn", reading).unwrap();
        sounds.phones.iter().map(|p| (p.symbol, p.part)).collect()
    };
    let (ni, hao) = (phones("ni3"), phones("hao3"));
    let bank = singer.bank();
    let alias = |sample: usize| bank.samples[sample].entry.alias.as_str();
    assert_eq!(bank.transition(&ni, Some(&hao), 60).map(alias), Some("i h"));
    assert_eq!(bank.transition(&hao, None, 60).map(alias), Some("ao R"));
    assert_eq!(bank.transition(&hao, Some(&ni), 60), None);
    let words = [("ni3", 60), ("hao3", 64)];
    let (_, clip) = sing(&singer, &testing::line("cmn", &words, 0.6));
    let (_, again) = sing(&open(&files), &testing::line("cmn", &words, 0.6));
    assert_eq!(clip, again);
    assert!(clip.audio.peak() > 0.02);
}

#[test]
fn a_folder_without_a_bank_is_refused_in_both_languages() {
    let error = Utau::open("voice-x", Box::<Files>::default(), Box::new(decode))
        .err()
        .unwrap();
    assert!(error.en.contains("oto.ini") && error.zh.contains("oto.ini"));
}
