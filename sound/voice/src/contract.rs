//! The one suite that every singer passes.
//!
//! [`check`] has a singer sing short phrases and returns what it finds wrong, each as a sentence;
//! tests assert that there is nothing.

use crate::{
    measure::Sound,
    plan::VoicePlan,
    score::{self, Expression},
    singer::Singer,
    testing,
};
use yuefu_audio::{Clip, SampleRate, math};
use yuefu_song::{PerformedPhrase, lyrics::Delivery};

const RATE: SampleRate = SampleRate(44_100);
/// Seconds that a clip may go on after its plan.
const TAIL: f64 = 0.5;

/// Syllables of a language that between them have every kind of sound.
fn syllables(lang: &str) -> &'static [&'static str] {
    match lang {
        "cmn" => &[
            "zhuang4", "xue2", "si1", "shi4", "er2", "lv4", "qiong2", "ping2", "fou3", "hui4",
            "ma5", "rang4", "cai2", "nen4", "jia1", "guo2", "ba1", "dian4", "tu3", "ke4",
        ],
        "yue" => &["nei5", "hou2", "sik6", "ng4", "jyun4", "gwong2", "cam1"],
        "ja" => &["ka", "kyo", "n", "tsu", "fu", "ra", "ji", "wo"],
        _ => &[
            "S T R EH1 NG K TH S",
            "Y UW1",
            "TH IH1 NG",
            "DH OW0",
            "JH OY1",
            "CH ER1 CH",
            "V AW1",
            "ZH AH0",
            "P L EY1",
            "HH AY1",
            "W UH1 D",
            "B AE1 G Z",
            "F AO1 R",
            "M AA1",
            "SH IY1",
        ],
    }
}

/// Everything wrong with a singer; empty when it keeps the contract.
pub fn check(singer: &dyn Singer) -> Vec<String> {
    let mut wrong = Vec::new();
    let profile = singer.profile();
    let key = ((u16::from(profile.sweet[0]) + u16::from(profile.sweet[1])) / 2) as u8;
    let mut sing = |what: &str, phrase: &PerformedPhrase, expression: &Expression| {
        let sung = sing(singer, phrase, expression);
        match sung {
            Ok((plan, clip)) => {
                wrong.extend(plan.faults().into_iter().map(|f| format!("{what}: {f}")));
                wrong.extend(
                    sane(&plan, &clip)
                        .into_iter()
                        .map(|f| format!("{what}: {f}")),
                );
                Some((plan, clip))
            }
            Err(error) => {
                wrong.push(format!("{what}: {error}"));
                None
            }
        }
    };
    let plain = Expression::default();
    let mut bare = Expression::default();
    bare.settings.vibrato_depth = 0.0;
    bare.settings.drift = 0.0;
    let mut found = Vec::new();

    if let Some((_, clip)) = sing("nothing", &testing::phrase(Vec::new(), 1.0), &plain)
        && clip.audio.peak() > 0.0
    {
        found.push("a phrase without notes sounds".to_owned());
    }
    for lang in &profile.languages {
        let words: Vec<(&str, u8)> = syllables(lang).iter().map(|word| (*word, key)).collect();
        for seconds in [0.12, 0.45] {
            sing(
                &format!("{lang} at {seconds} s"),
                &testing::line(lang, &words, seconds),
                &plain,
            );
        }
    }
    let lang = profile.languages.first().copied().unwrap_or("en");
    let open = if lang == "cmn" { "ma1" } else { "M AA1" };
    for (name, key) in [
        ("low", profile.sweet[0]),
        ("middle", key),
        ("high", profile.sweet[1]),
    ] {
        let phrase = testing::line(lang, &[(open, key)], 3.2);
        let Some((plan, clip)) = sing(name, &phrase, &bare) else {
            continue;
        };
        let sound = Sound {
            plan: &plan,
            clip: &clip,
        };
        found.extend(held(&sound, name, key));
        if name == "middle" {
            let level = sound.level(0.5, 2.5);
            if (level + 20.0).abs() > 4.0 {
                found.push(format!("an open vowel is at {level:.1} dB, expected -20"));
            }
        }
    }
    let phrase = testing::line(lang, &[(open, key), (open, key + 2)], 0.5);
    let mut soft = plain.clone();
    soft.settings.level = -12.0;
    let all = [
        sing("once", &phrase, &plain),
        sing("again", &phrase, &plain),
        sing("softly", &phrase, &soft),
    ];
    if let [Some((_, once)), Some((_, again)), Some((_, soft))] = &all {
        if once != again {
            found.push("the same phrase gives other samples the second time".to_owned());
        }
        let ratio = math::gain_to_db(soft.audio.rms() / once.audio.rms().max(1e-9));
        if !(-13.5..=-10.5).contains(&ratio) {
            found.push(format!("12 dB softer is {ratio:.1} dB"));
        }
    }
    let mut whispered = phrase.clone();
    for lyric in whispered
        .notes
        .iter_mut()
        .filter_map(|note| note.lyric.as_mut())
    {
        lyric.delivery = Delivery::Whisper;
    }
    if let Some((plan, clip)) = sing("whispered", &whispered, &plain) {
        let sound = Sound {
            plan: &plan,
            clip: &clip,
        };
        let periodic = sound.deviations().iter().flatten().count();
        if periodic * 4 > sound.deviations().len() {
            found.push("a whisper has a pitch".to_owned());
        }
        if clip.audio.peak() < 1e-3 {
            found.push("a whisper is silent".to_owned());
        }
    }
    for (name, set) in [
        ("breathy", [0.9, 0.0, 0.0]),
        ("pressed", [0.0, 1.0, 0.0]),
        ("small", [0.0, 0.0, 6.0]),
        ("large", [0.0, 0.0, -6.0]),
    ] {
        let mut expression = bare.clone();
        [
            expression.settings.breathiness,
            expression.settings.tension,
            expression.settings.formant,
        ] = set;
        let changed = sing(name, &phrase, &expression);
        if let (Some((_, plain)), Some((_, changed))) = (&all[0], changed)
            && plain.audio == changed.audio
        {
            found.push(format!("{name} sounds as before"));
        }
    }
    wrong.extend(found);
    wrong
}

fn sing(
    singer: &dyn Singer,
    phrase: &PerformedPhrase,
    expression: &Expression,
) -> Result<(VoicePlan, Clip), crate::VoiceError> {
    let plan = score::plan(phrase, expression, singer)?.plan;
    let clip = singer.sing(&plan, RATE)?;
    Ok((plan, clip))
}

/// Faults of a held note without vibrato.
fn held(sound: &Sound<'_>, name: &str, key: u8) -> Vec<String> {
    let mut wrong = Vec::new();
    let notes = sound.notes(&|_| Some(f64::from(key)));
    match notes.first() {
        Some(cents) if cents.abs() <= 5.0 => {}
        Some(cents) => wrong.push(format!("{name}: key {key} is {cents:+.1} cents off")),
        None => wrong.push(format!("{name}: key {key} has no pitch")),
    }
    let all = sound.deviations();
    let voiced = all.iter().flatten().count() as f64 / all.len().max(1) as f64;
    if voiced < 0.97 {
        wrong.push(format!(
            "{name}: {:.0} % of a held vowel is voiced",
            100.0 * voiced
        ));
    }
    let drop = sound.level(0.25, 0.4) - sound.level(2.6, 2.75);
    if drop.abs() > 3.0 {
        wrong.push(format!(
            "{name}: the level falls by {drop:.1} dB while held"
        ));
    }
    wrong
}

/// Faults that any clip may have.
fn sane(plan: &VoicePlan, clip: &Clip) -> Vec<String> {
    let mut wrong = Vec::new();
    let [samples] = &clip.audio.channels[..] else {
        return vec![format!(
            "{} channels, expected one",
            clip.audio.channels.len()
        )];
    };
    if samples.iter().any(|sample| !sample.is_finite()) {
        return vec!["a sample is no number".to_owned()];
    }
    let first = clip.start.0 as f64 / RATE.hz();
    let end = first + samples.len() as f64 / RATE.hz();
    if !samples.is_empty() && (first > plan.start + 0.001 || first < plan.start - 0.1) {
        wrong.push(format!("begins at {first:.3}, planned {:.3}", plan.start));
    }
    if end > plan.end + TAIL {
        wrong.push(format!("ends at {end:.3}, planned {:.3}", plan.end));
    }
    let edge = |range: &[f32]| range.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    if edge(&samples[..samples.len().min(4)]) > 1e-3 {
        wrong.push("begins with a click".to_owned());
    }
    if edge(&samples[samples.len().saturating_sub(4)..]) > 1e-3 {
        wrong.push("ends with a click".to_owned());
    }
    let peak = clip.audio.peak();
    if peak > 4.0 {
        wrong.push(format!("peaks at {peak:.2}"));
    }
    wrong
}
