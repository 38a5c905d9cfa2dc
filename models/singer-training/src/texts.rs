//! Lines of words drawn from the dictionaries so that every sound is met in many surroundings.

use std::collections::HashMap;
use yuefu_engine::rng::Rng;
use yuefu_kokoro::LineSyllable;
use yuefu_lang::{Lexicons, ReadOptions};
use yuefu_lyrics::lexicons::{Shipped, languages};

/// Words tried for each place in a line; the one whose sounds were met least is taken.
const TRIED: usize = 12;
/// Words that join others in English, one of which stands before every third word or so.
const JOINING: &[&str] = &[
    "the", "a", "and", "of", "to", "in", "I", "you", "we", "they", "is", "was", "are", "my",
    "your", "with", "for", "on", "at", "from", "that", "this", "it", "but", "when", "never", "all",
    "will", "would", "could", "have", "had", "been", "not", "no", "so", "she", "he", "her", "his",
    "me", "us", "our", "into", "over", "through", "where", "who", "what", "there", "if", "or",
];

/// An endless, seeded source of lines in one language.
pub struct Texts {
    lang: &'static str,
    words: Vec<String>,
    met: HashMap<String, f32>,
    rng: Rng,
}

impl Texts {
    /// Lines in `cmn` or `en`; the same seed gives the same lines.
    pub fn new(lang: &'static str, seed: u64) -> Self {
        let mut words = Vec::new();
        if lang == "cmn" {
            let list = Shipped.bytes("mandarin-words").unwrap_or_default();
            for line in String::from_utf8_lossy(&list).lines() {
                let mut parts = line.split('\t');
                let (Some(word), Some(kind)) = (parts.next(), parts.next()) else {
                    continue;
                };
                let count = word.chars().count();
                // The first letter is the logarithm of how often the word occurs.
                let often = kind.bytes().next().unwrap_or(0) >= b'=';
                if (1..=4).contains(&count)
                    && (often || count == 1 && kind.bytes().next() > Some(b'8'))
                {
                    words.push(word.to_owned());
                }
            }
        } else {
            let list = Shipped.bytes("english-words").unwrap_or_default();
            for line in String::from_utf8_lossy(&list).lines() {
                let word = line.split('\t').next().unwrap_or("");
                if (2..=9).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()) {
                    words.push(word.to_owned());
                }
            }
        }
        Self {
            lang,
            words,
            met: HashMap::new(),
            rng: Rng::new(seed),
        }
    }

    /// The next line, of 7 to 13 syllables.
    pub fn line(&mut self) -> Vec<LineSyllable> {
        let most = 7 + self.rng.below(6);
        let mut text = Vec::new();
        let mut line: Vec<LineSyllable> = Vec::new();
        while line.len() < most {
            let mut best: Option<(f32, String, Vec<LineSyllable>)> = None;
            if self.lang == "en" && self.rng.chance(0.35) {
                let word = JOINING[self.rng.below(JOINING.len())];
                best = Some((0.0, word.to_owned(), self.read(word)));
            } else {
                for _ in 0..TRIED {
                    let word = self.words[self.rng.below(self.words.len())].clone();
                    let read = self.read(&word);
                    if read.is_empty() || read.len() > 4 || line.len() + read.len() > most + 2 {
                        continue;
                    }
                    let sounds = self.marks(&read);
                    let worth = sounds
                        .iter()
                        .map(|mark| 1.0 / (1.0 + self.met.get(mark).copied().unwrap_or(0.0)))
                        .sum::<f32>()
                        / sounds.len().max(1) as f32;
                    if best.as_ref().is_none_or(|(most, ..)| worth > *most) {
                        best = Some((worth, word, read));
                    }
                }
            }
            let Some((_, word, read)) = best else { break };
            for mark in self.marks(&read) {
                *self.met.entry(mark).or_default() += 1.0;
            }
            text.push(word);
            line.extend(read);
        }
        // Read as a whole once more, for what neighbors change (third tones, the).
        let joined = text.join(if self.lang == "cmn" { "" } else { " " });
        let whole = self.read(&joined);
        let mut line = if whole.len() == line.len() {
            whole
        } else {
            line
        };
        // A pause within every other line, so that the network knows them.
        if line.len() > 8 && self.rng.chance(0.4) {
            let places: Vec<usize> = (3..line.len() - 3)
                .filter(|i| line[*i].word_start)
                .collect();
            if let Some(at) = self.rng.pick(&places) {
                line[at - 1].pause_after = true;
            }
        }
        line
    }

    /// How many different things were met, and how often the rarest tenth at most.
    pub fn coverage(&self) -> (usize, f32) {
        let mut counts: Vec<f32> = self.met.values().copied().collect();
        counts.sort_by(f32::total_cmp);
        (
            counts.len(),
            counts.get(counts.len() / 10).copied().unwrap_or(0.0),
        )
    }

    fn read(&self, text: &str) -> Vec<LineSyllable> {
        let options = ReadOptions {
            lang: Some(self.lang),
        };
        let reading = languages().read(text, &options);
        let mut out = Vec::new();
        for word in &reading.words {
            for (index, syllable) in word.syllables.iter().enumerate() {
                let Ok(sounds) = yuefu_lang::sounds(word.lang, &syllable.reading) else {
                    return Vec::new();
                };
                if word.lang != self.lang {
                    return Vec::new();
                }
                out.push(LineSyllable {
                    lang: word.lang.to_owned(),
                    sounds,
                    word_start: index == 0,
                    pause_after: false,
                });
            }
        }
        out
    }

    /// What a word adds to the coverage: syllables with tone, or pairs of phones.
    fn marks(&self, read: &[LineSyllable]) -> Vec<String> {
        if self.lang == "cmn" {
            return read
                .iter()
                .map(|syllable| {
                    format!(
                        "{}{}",
                        syllable.sounds.ipa(),
                        syllable.sounds.tone.unwrap_or(5)
                    )
                })
                .collect();
        }
        let phones: Vec<&str> = read
            .iter()
            .flat_map(|syllable| syllable.sounds.phones.iter().map(|phone| phone.symbol))
            .collect();
        phones.windows(2).map(|pair| pair.concat()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_seeded_and_cover_much() {
        let mut first = Texts::new("cmn", 1);
        let mut again = Texts::new("cmn", 1);
        for _ in 0..60 {
            let line = first.line();
            assert_eq!(line, again.line());
            assert!((5..=16).contains(&line.len()), "{}", line.len());
        }
        // 60 lines of ten syllables: hardly one twice.
        assert!(first.coverage().0 > 400, "{:?}", first.coverage());
        let mut english = Texts::new("en", 1);
        for _ in 0..60 {
            assert!(english.line().len() >= 5);
        }
        assert!(english.coverage().0 > 350, "{:?}", english.coverage());
    }
}
