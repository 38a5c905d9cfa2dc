//! A plan as the networks want it: phonemes with lengths in frames, values at each frame.

use crate::words::Words;
use yuefu_lang::Part;
use yuefu_voice::VoicePlan;

/// Frames of silence around a line.
pub(crate) const AROUND: usize = 8;
/// Rests shorter than this belong to what is sung before them, in seconds.
const SHORT: f64 = 0.02;
/// Longest closing phoneme, in seconds, and the most of what a vowel leaves to them.
const CODA: (f64, f64) = (0.12, 0.4);

/// A line for the networks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Laid {
    /// Numbers of phonemes.
    pub tokens: Vec<i32>,
    /// Their lengths in frames, one at least.
    pub frames: Vec<i32>,
    /// When the first frame is, in seconds of the plan.
    pub start: f64,
}

impl Laid {
    /// Frames in all.
    pub fn count(&self) -> usize {
        self.frames.iter().map(|frames| *frames as usize).sum()
    }
}

/// Lays a plan out in frames of `hop` seconds. `None` where the bank can say nothing of it.
pub(crate) fn lay(plan: &VoicePlan, words: &Words, hop: f64) -> Option<Laid> {
    let silence = words.token("", "SP")?;
    let breath = words.token("", "AP").unwrap_or(silence);
    let start = plan.start - AROUND as f64 * hop;
    let mut marks = vec![(silence, start)];
    let mut before = start;
    for (index, syllable) in plan.syllables.iter().enumerate() {
        let (from, to) = syllable.phones;
        let own: Vec<(&'static str, Part)> = plan.phones[from..to]
            .iter()
            .map(|phone| (phone.symbol, phone.part))
            .collect();
        let (begin, end) = (plan.phones[from].start, plan.phones[to - 1].end);
        let on = syllable.on.clamp(begin, end);
        if index > 0 && begin - before > SHORT {
            marks.push((silence, before));
        }
        if let Some(taken) = plan.breaths.iter().find(|breath| breath.before == index) {
            marks.push((breath, taken.start.max(before)));
            marks.push((silence, taken.end.min(begin)));
        }
        let spelled = words.spell(syllable.lang, &own)?;
        let lead = spelled.before.min(spelled.tokens.len() - 1);
        let after = spelled.tokens.len() - lead;
        // What follows the vowel takes what such phonemes take; the vowel holds the rest.
        let tail = (CODA.0 * (after - 1) as f64).min(CODA.1 * (end - on));
        for (number, token) in spelled.tokens.iter().enumerate() {
            let at = if number < lead {
                begin + (on - begin) * number as f64 / lead as f64
            } else if number == lead {
                on
            } else {
                end - tail + tail * (number - lead - 1) as f64 / (after - 1) as f64
            };
            marks.push((*token, at));
        }
        before = end;
    }
    marks.push((silence, before));
    let mut laid = Laid {
        tokens: Vec::with_capacity(marks.len()),
        frames: Vec::with_capacity(marks.len()),
        start,
    };
    let last = plan.end + AROUND as f64 * hop;
    let mut at = 0_i64;
    for (index, (token, _)) in marks.iter().enumerate() {
        let until = marks.get(index + 1).map_or(last, |next| next.1);
        // Nothing is left out: each phoneme has a frame at least.
        let next = (((until - start) / hop).round() as i64).max(at + 1);
        laid.tokens.push(*token);
        laid.frames.push((next - at) as i32);
        at = next;
    }
    Some(laid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use yuefu_voice::{Expression, Natural, Singer, SingerProfile, Utterance, VoiceError};

    struct Mute(SingerProfile);

    impl Singer for Mute {
        fn profile(&self) -> &SingerProfile {
            &self.0
        }
        fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
            Ok(Natural::usual(utterance))
        }
        fn sing(
            &self,
            _: &VoicePlan,
            _: yuefu_audio::SampleRate,
        ) -> Result<yuefu_audio::Clip, VoiceError> {
            Err(VoiceError::new("mute", "哑"))
        }
    }

    fn words() -> Words {
        let names = ["<PAD>", "SP", "AP", "a", "m", "ang", "zh"];
        let tokens = names
            .iter()
            .zip(0..)
            .map(|(name, n)| ((*name).to_owned(), n));
        let mut words = Words::new(tokens.collect());
        let text = |text: &str| Node::Text(text.to_owned());
        let entry = |grapheme: &str, phonemes: &[&str]| {
            Node::Map(vec![
                ("grapheme".to_owned(), text(grapheme)),
                (
                    "phonemes".to_owned(),
                    Node::List(phonemes.iter().map(|p| text(p)).collect()),
                ),
            ])
        };
        let entries = vec![
            entry("ma", &["m", "a"]),
            entry("a", &["a"]),
            entry("zhang", &["zh", "ang"]),
            entry("nonsense", &["zh"]),
            entry("mang", &["m", "unknown"]),
        ];
        let dictionary = Node::Map(vec![("entries".to_owned(), Node::List(entries))]);
        assert_eq!(words.add("cmn", &dictionary), 3);
        words
    }

    #[test]
    fn vowels_begin_on_the_beat_and_nothing_is_left_out() {
        let words = words();
        assert_eq!(words.languages(), ["cmn"]);
        let singer = Mute(SingerProfile {
            id: "voice-test".to_owned(),
            en: String::new(),
            zh: String::new(),
            languages: vec!["cmn"],
            range: [48, 84],
            sweet: [57, 74],
            digest: String::new(),
        });
        let line = [("ma1", 60), ("zhang1", 62), ("bang4", 64), ("a1", 65)];
        let phrase = yuefu_voice::testing::line("cmn", &line, 0.5);
        let plan = yuefu_voice::score::plan(&phrase, &Expression::default(), &singer)
            .unwrap()
            .plan;
        let hop = 512.0 / 44_100.0;
        let laid = lay(&plan, &words, hop).unwrap();
        // `bang` is not there: the nearest that ends as it does.
        let sung: Vec<i32> = laid.tokens.iter().copied().filter(|t| *t > 2).collect();
        assert_eq!(sung, [4, 3, 6, 5, 6, 5, 3]);
        assert!(laid.frames.iter().all(|frames| *frames >= 1));
        let mut at = laid.start;
        let mut vowels = Vec::new();
        for (token, frames) in laid.tokens.iter().zip(&laid.frames) {
            if matches!(token, 3 | 5) {
                vowels.push(at);
            }
            at += f64::from(*frames) * hop;
        }
        for (vowel, syllable) in vowels.iter().zip(&plan.syllables) {
            assert!(
                (vowel - syllable.on).abs() <= hop,
                "{vowel} {}",
                syllable.on
            );
        }
        assert!(at >= plan.end);
    }
}
