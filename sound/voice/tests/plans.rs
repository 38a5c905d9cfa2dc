//! Plans of random phrases: every syllable once and in order, every curve sane.

use proptest::prelude::*;
use yuefu_audio::{Clip, SampleRate, math};
use yuefu_engine::Rng;
use yuefu_song::{Lyric, PerformedPhrase, lyrics::Delivery};
use yuefu_voice::{
    Expression, Natural, Singer, SingerProfile, Utterance, VoiceError, VoicePlan, score, testing,
};

/// A singer that only knows how long phones usually are.
struct Reader(SingerProfile);

impl Reader {
    fn new() -> Self {
        Self(SingerProfile {
            id: "reader".to_owned(),
            en: String::new(),
            zh: String::new(),
            languages: vec!["en", "cmn"],
            range: [48, 84],
            sweet: [57, 76],
            digest: String::new(),
        })
    }
}

impl Singer for Reader {
    fn profile(&self) -> &SingerProfile {
        &self.0
    }

    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        Ok(Natural::usual(utterance))
    }

    fn sing(&self, _: &VoicePlan, _: SampleRate) -> Result<Clip, VoiceError> {
        Err(VoiceError::new("reads only", "只读"))
    }
}

const READINGS: &[(&str, &str)] = &[
    ("en", "S T R EH1 NG K TH S"),
    ("en", "AH0"),
    ("en", "L AY1 T S"),
    ("en", "HH M"),
    ("en", "R OW1"),
    ("en", "S P L IH1 T"),
    ("en", "Y UW1"),
    ("en", "SH"),
    ("cmn", "zhuang4"),
    ("cmn", "xiao3"),
    ("cmn", "si1"),
    ("cmn", "er2"),
    ("cmn", "lv4"),
    ("cmn", "a5"),
    ("cmn", "huar1"),
    ("cmn", "ng2"),
    ("yue", "gwok3"),
    ("yue", "ng5"),
    ("ja", "kyo"),
    ("ja", "q"),
];

/// A phrase of so many syllables, with melismas, rests, overlaps and every delivery.
fn random(rng: &mut Rng, syllables: usize) -> PerformedPhrase {
    let mut notes = Vec::new();
    let mut at = 0.0;
    for _ in 0..syllables {
        let (lang, reading) = READINGS[rng.bits() as usize % READINGS.len()];
        let mut lyric: Lyric = format!("{lang} -{{{reading}}}").parse().unwrap();
        lyric.delivery = Delivery::ALL[rng.bits() as usize % Delivery::ALL.len()].0;
        let mut lyric = Some(Box::new(lyric));
        let count = 1 + usize::from(rng.chance(0.2)) * (rng.bits() as usize % 4);
        for _ in 0..count {
            let length = f64::from(rng.range(0.05, 0.6) * if rng.chance(0.1) { 4.0 } else { 1.0 });
            let key = 48 + (rng.bits() % 36) as u8;
            let mut note = testing::note(at, length * f64::from(rng.range(0.3, 1.2)), key, None);
            note.velocity = rng.unit();
            note.lyric = lyric.take();
            notes.push(note);
            at += length;
        }
        if rng.chance(0.15) {
            at += f64::from(rng.range(0.02, 1.5));
        }
    }
    testing::phrase(notes, at)
}

/// Everything that must hold of the plan of a phrase.
fn check(phrase: &PerformedPhrase) -> VoicePlan {
    let plan = score::plan(phrase, &Expression::default(), &Reader::new())
        .unwrap()
        .plan;
    assert_eq!(plan.faults(), Vec::<String>::new());
    let sung: Vec<(&Lyric, f64)> = phrase
        .notes
        .iter()
        .filter_map(|note| Some((note.lyric.as_deref()?, note.on.0)))
        .collect();
    assert_eq!(
        plan.syllables.len(),
        sung.len(),
        "none skipped, none doubled"
    );
    for (syllable, (lyric, on)) in plan.syllables.iter().zip(&sung) {
        let (from, to) = syllable.phones;
        let planned: Vec<&str> = plan.phones[from..to].iter().map(|p| p.symbol).collect();
        let sounds = yuefu_lang::sounds(&lyric.lang, &lyric.reading).unwrap();
        let meant: Vec<&str> = sounds.phones.iter().map(|p| p.symbol).collect();
        assert_eq!(planned, meant);
        assert_eq!(syllable.on, *on);
        let all = plan.phones[from..to].iter();
        assert!(all.map(|phone| phone.length()).sum::<f64>() > 0.0);
    }
    plan
}

#[test]
fn ten_thousand_syllables_are_each_sung_once_and_in_order() {
    let mut rng = Rng::new(1);
    for _ in 0..400 {
        check(&random(&mut rng, 25));
    }
}

#[test]
fn long_notes_are_in_tune() {
    let words = [
        ("L AA1", 57),
        ("S IH1 NG", 64),
        ("B AY1", 76),
        ("T UW1", 60),
    ];
    let plan = check(&testing::line("en", &words, 1.5));
    for (number, (_, key)) in words.iter().enumerate() {
        let wanted = math::key_to_hz(f32::from(*key));
        // Over whole cycles of vibrato the mean is the note.
        let times = (0..200).map(|i| number as f64 * 1.5 + 0.7 + 0.5454 * f64::from(i) / 200.0);
        let cents: Vec<f64> = times
            .map(|time| plan.curves.f0.at(time - plan.start))
            .map(|hz| 1200.0 * math::log2(f64::from(hz / wanted)))
            .collect();
        let mean = cents.iter().sum::<f64>() / cents.len() as f64;
        assert!(mean.abs() < 10.0, "{key}: {mean} cents");
        assert!(
            cents.iter().any(|c| (c - mean).abs() > 20.0),
            "{key} has no vibrato"
        );
    }
}

#[test]
fn settings_do_what_they_say() {
    let phrase = testing::line("en", &[("L AA1", 60), ("L AA1", 62)], 1.5);
    let with = |name: &str, value: f32| {
        let mut expression = Expression::default();
        assert!(expression.settings.set(name, value));
        score::plan(&phrase, &expression, &Reader::new())
            .unwrap()
            .plan
    };
    let plain = with("level", 0.0);
    let at = |plan: &VoicePlan, track: &yuefu_voice::Track| track.at(0.75 - plan.start);
    let soft = with("level", -6.0);
    assert!((at(&plain, &plain.curves.level) - at(&soft, &soft.curves.level) - 6.0).abs() < 1e-3);
    let small = with("formant", 3.0);
    assert_eq!(at(&small, &small.curves.formant), 3.0);
    let airy = with("breathiness", 0.7);
    assert!((at(&airy, &airy.curves.breathiness) - 0.7).abs() < 1e-6);
    assert!(with("breaths", -80.0).breaths.is_empty() && !plain.breaths.is_empty());
    let slow = with("consonants", 2.0);
    assert!(slow.phones[0].length() > 1.3 * plain.phones[0].length());
    let mut curved = Expression::default();
    curved.curves.pitch.push(0.0, 100.0);
    let higher = score::plan(&phrase, &curved, &Reader::new()).unwrap().plan;
    let ratio = at(&higher, &higher.curves.f0) / at(&plain, &plain.curves.f0);
    assert!((1200.0 * math::log2(f64::from(ratio)) - 100.0).abs() < 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a performance holds, the plan can be sung.
    #[test]
    fn odd_performances_have_sane_plans(
        notes in prop::collection::vec((-1.0..20.0_f64, -0.5..3.0_f64, 0..128_u8, any::<bool>(), 0..20_usize), 0..24),
        length in 0.0..20.0_f64,
    ) {
        let mut notes: Vec<_> = notes
            .into_iter()
            .map(|(on, length, key, worded, reading)| {
                let (lang, reading) = READINGS[reading];
                let lyric = format!("{lang} -{{{reading}}}");
                testing::note(on, length, key, worded.then_some(lyric.as_str()))
            })
            .collect();
        notes.sort_by(|a, b| a.on.0.total_cmp(&b.on.0));
        let plan = score::plan(&testing::phrase(notes, length), &Expression::default(), &Reader::new());
        prop_assert_eq!(plan.unwrap().plan.faults(), Vec::<String>::new());
    }
}
