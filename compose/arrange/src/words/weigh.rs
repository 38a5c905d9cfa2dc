//! What a syllable asks of its note: weight, time, direction.

use crate::melody_line::Lean;
use yuefu_lang::{Basis, Part, Syllable, Word, sounds, verse};
use yuefu_song::lyrics::{Delivery, Lyric, Rest};

/// A syllable and what it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The syllable.
    pub lyric: Lyric,
    /// How much it weighs in its line, 0 (light) to 1 (full).
    pub strength: f32,
    /// How high its tone lies, 1 (low) to 5 (high), in languages with tones.
    pub height: Option<f32>,
    /// Where its tone moves while it lasts: −1 falls, 1 rises.
    pub glide: f32,
    /// Seconds that its sounds need at least.
    pub seconds: f32,
}

impl Weighed {
    /// Whether it is spoken rather than sung.
    pub fn spoken(&self) -> bool {
        matches!(self.lyric.delivery, Delivery::Rap | Delivery::Spoken)
    }

    /// Whether its language makes verse by stress.
    pub fn stressed(&self) -> bool {
        self.lyric.lang == "en"
    }

    /// Whether the voice rests after it.
    pub fn rests(&self) -> bool {
        self.lyric.rest != Rest::None
    }
}

/// Weighs the syllables of a line.
pub fn weigh(line: &[Lyric]) -> Vec<Weighed> {
    let mut out = Vec::with_capacity(line.len());
    let mut from = 0;
    while from < line.len() {
        let to = line[from + 1..]
            .iter()
            .position(|next| !next.continues)
            .map_or(line.len(), |count| from + 1 + count);
        let word = &line[from..to];
        let strengths = strengths(word);
        for (lyric, strength) in word.iter().zip(strengths) {
            out.push(one(lyric, strength));
        }
        from = to;
    }
    out
}

/// Strength of each syllable of a word.
fn strengths(word: &[Lyric]) -> Vec<f32> {
    let lang = match word[0].lang.as_str() {
        "cmn" => "cmn",
        "yue" => "yue",
        "en" => "en",
        _ => "ja",
    };
    let text: String = word.iter().map(|s| s.text.as_str()).collect();
    let read = Word {
        lang,
        span: (0, text.len()),
        syllables: word
            .iter()
            .map(|s| Syllable {
                text: s.text.clone(),
                span: (0, 0),
                reading: s.reading.clone(),
                citation: None,
            })
            .collect(),
        basis: Basis::Given,
    };
    verse::weights(&read, &text)
        .into_iter()
        .map(|weight| match (lang, weight) {
            // Stress makes English verse; in Chinese and Japanese it is a shade.
            ("en", 0) => 0.12,
            ("en", 1) => 0.55,
            ("en", _) => 0.95,
            (_, 0) => 0.15,
            (_, 1) => 0.5,
            _ => 0.62,
        })
        .collect()
}

fn one(lyric: &Lyric, strength: f32) -> Weighed {
    let found = sounds(&lyric.lang, &lyric.reading).ok();
    let tone = found.as_ref().and_then(|s| s.tone);
    // Heights on Chao's five levels: where a tone is heard to lie when it is sung.
    let (height, glide) = match (lyric.lang.as_str(), tone) {
        ("cmn", Some(1)) => (Some(5.0), 0.0),
        ("cmn", Some(2)) => (Some(3.6), 1.0),
        ("cmn", Some(3)) => (Some(1.6), 0.0),
        ("cmn", Some(4)) => (Some(4.0), -1.0),
        ("cmn", _) => (Some(2.6), 0.0),
        ("yue", Some(1)) => (Some(5.0), 0.0),
        ("yue", Some(2)) => (Some(4.6), 1.0),
        ("yue", Some(3)) => (Some(3.2), 0.0),
        ("yue", Some(4)) => (Some(1.0), 0.0),
        ("yue", Some(5)) => (Some(2.8), 0.5),
        ("yue", Some(6)) => (Some(2.2), 0.0),
        _ => (None, 0.0),
    };
    let consonants = found.as_ref().map_or(1, |s| {
        s.phones
            .iter()
            .filter(|p| matches!(p.part, Part::Onset | Part::Coda))
            .count()
    });
    Weighed {
        lyric: lyric.clone(),
        strength,
        height,
        glide,
        seconds: 0.085 + 0.03 * consonants as f32,
    }
}

/// Which way the tune should go from one syllable to the next, and how strictly.
///
/// Mandarin songs follow tones in part, Cantonese ones almost always (Wong & Diehl 2002 found
/// contrary motion in less than a tenth of Cantonese pop); English stress likes to be higher.
pub fn lean(from: &Weighed, to: &Weighed) -> Option<Lean> {
    // After a phrase the tune starts anew.
    let fresh = match from.lyric.rest {
        Rest::None => 1.0,
        Rest::Breath => 0.5,
        Rest::Phrase => 0.2,
    };
    match (from.height, to.height) {
        (Some(a), Some(b)) => {
            let strict = if to.lyric.lang == "yue" { 5.0 } else { 0.85 };
            Some(Lean {
                rise: b - a,
                strict: strict * fresh,
            })
        }
        _ if to.stressed() => Some(Lean {
            rise: (to.strength - from.strength) * 2.0,
            strict: 0.25 * fresh,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lyric(text: &str, lang: &str, reading: &str, continues: bool) -> Lyric {
        Lyric {
            text: text.into(),
            lang: lang.into(),
            reading: reading.into(),
            continues,
            ..Lyric::default()
        }
    }

    #[test]
    fn stress_and_tones_are_felt() {
        let line = [
            lyric("the", "en", "DH AH0", false),
            lyric("ri", "en", "R IH1", false),
            lyric("ver", "en", "V ER0", true),
        ];
        let weighed = weigh(&line);
        assert!(weighed[1].strength > 0.9 && weighed[0].strength < 0.2);
        assert!(weighed[2].strength < 0.2);
        let up = lean(&weighed[0], &weighed[1]).unwrap();
        assert!(up.rise > 1.0);
        let line = [
            lyric("我", "cmn", "wo3", false),
            lyric("心", "cmn", "xin1", false),
        ];
        let weighed = weigh(&line);
        let up = lean(&weighed[0], &weighed[1]).unwrap();
        assert!(up.rise > 2.0 && up.strict > 0.4);
    }

    #[test]
    fn clusters_take_time() {
        let short = weigh(&[lyric("a", "en", "AH0", false)]);
        let long = weigh(&[lyric("strengths", "en", "S T R EH1 NG K TH S", false)]);
        assert!(long[0].seconds > short[0].seconds + 0.15);
    }
}
