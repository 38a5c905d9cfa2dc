//! Phones as the network's letters: misaki's English alphabet, the vocabulary of Kokoro.

use yuefu_lang::Part;
use yuefu_voice::{Pause, Utterance};

/// Letters with their numbers (`vocab.json` of hibari-tts 0.2.1), those that English uses.
const VOCABULARY: &[(char, i32)] = &[
    (',', 3),
    ('.', 4),
    (' ', 16),
    ('A', 24),
    ('I', 25),
    ('O', 31),
    ('W', 39),
    ('Y', 41),
    ('b', 44),
    ('d', 46),
    ('f', 48),
    ('h', 50),
    ('i', 51),
    ('j', 52),
    ('k', 53),
    ('l', 54),
    ('m', 55),
    ('n', 56),
    ('p', 58),
    ('s', 61),
    ('t', 62),
    ('u', 63),
    ('v', 64),
    ('w', 65),
    ('z', 68),
    ('ɑ', 69),
    ('æ', 72),
    ('ɔ', 76),
    ('ð', 81),
    ('ʤ', 82),
    ('ə', 83),
    ('ɛ', 86),
    ('ɜ', 87),
    ('ɡ', 92),
    ('ɪ', 102),
    ('ŋ', 112),
    ('θ', 119),
    ('ɹ', 123),
    ('ʃ', 131),
    ('ʧ', 133),
    ('ʊ', 135),
    ('ʌ', 138),
    ('ʒ', 147),
    ('ˈ', 156),
    ('ˌ', 157),
];

/// A letter of the network's input and the phones it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Its number.
    pub id: i32,
    /// The phone that it belongs to; none for spaces and stops.
    pub phone: Option<usize>,
    /// Whether it is the vowel of a diphthong whose second half is the phone after.
    pub glides: bool,
}

/// The letters of an utterance, with the silent one at either end.
pub(crate) fn tokens(utterance: &Utterance<'_>) -> Vec<Token> {
    let mut out = vec![silent()];
    let mut push = |letter: char, phone: Option<usize>, glides: bool| {
        if let Some((_, id)) = VOCABULARY.iter().find(|(known, _)| *known == letter) {
            out.push(Token {
                id: *id,
                phone,
                glides,
            });
        }
    };
    let mut after: Option<Pause> = None;
    for syllable in utterance.syllables {
        match after {
            Some(Pause::Breath) => {
                push(',', None, false);
                push(' ', None, false);
            }
            Some(Pause::End) => {
                push('.', None, false);
                push(' ', None, false);
            }
            Some(Pause::None) if syllable.starts_word => push(' ', None, false),
            _ => {}
        }
        after = Some(syllable.pause);
        let (from, to) = syllable.phones;
        let mut index = from;
        while index < to {
            let phone = &utterance.phones[index];
            let next = utterance.phones[index + 1..to].first();
            let vowel = phone.part == Part::Nucleus;
            if vowel {
                match syllable.stress {
                    Some(1) => push('ˈ', Some(index), false),
                    Some(2) => push('ˌ', Some(index), false),
                    _ => {}
                }
            }
            if let Some(letter) = next.and_then(|next| diphthong(phone.symbol, next.symbol)) {
                push(letter, Some(index), true);
                index += 2;
                continue;
            }
            for letter in letters(phone.symbol).chars() {
                push(letter, Some(index), false);
            }
            index += 1;
        }
    }
    push('.', None, false);
    out.push(silent());
    out
}

fn silent() -> Token {
    Token {
        id: 0,
        phone: None,
        glides: false,
    }
}

/// The one letter of a diphthong.
fn diphthong(nucleus: &str, glide: &str) -> Option<char> {
    Some(match (nucleus, glide) {
        ("a" | "ɑ" | "ɐ" | "aː", "ɪ̯") => 'I',
        ("a" | "ɑ" | "ɐ" | "aː", "ʊ̯") => 'W',
        ("e" | "ɛ" | "ɛː", "ɪ̯") => 'A',
        ("o" | "ɵ", "ʊ̯") => 'O',
        ("ɔ" | "ɔː" | "o", "ɪ̯") => 'Y',
        _ => return None,
    })
}

/// The letters of a phone. Phones that English lacks become the nearest it has: the voice sings
/// every language, other ones with an accent.
fn letters(symbol: &str) -> &'static str {
    match symbol {
        "p" | "b" | "t" | "d" | "k" | "ɡ" | "f" | "v" | "θ" | "ð" | "s" | "z" | "ʃ" | "ʒ" | "h"
        | "m" | "n" | "ŋ" | "l" | "ɹ" | "w" | "j" | "ɑ" | "æ" | "ʌ" | "ɔ" | "ɛ" | "ɪ" | "i"
        | "ʊ" | "u" | "ə" => {
            // The letter itself, from the table so that it lives long enough.
            LETTERS
                .iter()
                .find(|letter| **letter == symbol)
                .copied()
                .unwrap_or("")
        }
        "tʃ" | "ʈʂʰ" | "tɕʰ" => "ʧ",
        "dʒ" | "ʈʂ" | "tɕ" | "dʑ" => "ʤ",
        "ɝ" | "œː" | "ø" => "ɜɹ",
        "ɚ" => "əɹ",
        "m̩" => "əm",
        "n̩" | "ɴ" => "ən",
        "l̩" => "əl",
        "ŋ̍" => "ʌŋ",
        "ɻ̩" => "ɜɹ",
        "ɹ̩" => "ɪ",
        "a" | "aː" => "ɑ",
        "ɐ" => "ʌ",
        "e" => "A",
        "ɛː" => "ɛ",
        "o" => "O",
        "ɔː" => "ɔ",
        "iː" => "i",
        "uː" | "ɯ" => "u",
        "y" | "yː" => "i",
        "ɤ" => "ʌ",
        "ɵ" => "ʊ",
        "ɪ̯" => "ɪ",
        "ʊ̯" => "ʊ",
        "ɥ" => "j",
        "ɻ" => "ɹ",
        "ɾ" | "r" => "ɹ",
        "ɰ" => "w",
        "x" | "ç" => "h",
        "ɸ" => "f",
        "ɕ" | "ʂ" => "ʃ",
        "ʑ" | "ʐ" => "ʒ",
        "ɲ" => "n",
        "pʰ" | "p̚" => "p",
        "tʰ" | "t̚" => "t",
        "kʰ" | "k̚" => "k",
        "ts" | "tsʰ" => "ts",
        "dz" => "dz",
        "ʔ" => "",
        _ => "ə",
    }
}

const LETTERS: &[&str] = &[
    "p", "b", "t", "d", "k", "ɡ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "h", "m", "n", "ŋ", "l",
    "ɹ", "w", "j", "ɑ", "æ", "ʌ", "ɔ", "ɛ", "ɪ", "i", "ʊ", "u", "ə",
];

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_voice::{sung, testing, timing};

    fn spelled(lang: &str, readings: &[&str]) -> String {
        let words: Vec<(&str, u8)> = readings.iter().map(|reading| (*reading, 60)).collect();
        let sung = sung::read(&testing::line(lang, &words, 0.5), 0);
        let outline = timing::outline(&sung);
        tokens(&timing::utterance(&outline))
            .iter()
            .map(|token| {
                let known = VOCABULARY.iter().find(|(_, id)| *id == token.id);
                known.map_or('_', |(letter, _)| *letter)
            })
            .collect()
    }

    #[test]
    fn words_are_spelled_as_the_network_learned_them() {
        assert_eq!(spelled("en", &["K AE1 T"]), "_kˈæt._");
        assert_eq!(spelled("en", &["N AY1 T", "S K AH0 Z"]), "_nˈIt skəz._");
        assert_eq!(spelled("en", &["W ER1 D", "CH OY2"]), "_wˈɜɹd ʧˌY._");
    }

    #[test]
    fn every_phone_of_every_language_has_letters() {
        for (lang, readings) in [
            (
                "cmn",
                &[
                    "zhuang4", "xue2", "si1", "shi4", "er2", "lv4", "ng2", "huar1",
                ][..],
            ),
            ("yue", &["nei5", "hoe1", "sik6", "ng5", "jyun4"]),
            ("ja", &["ka", "kyo", "n", "q", "tsu", "fu"]),
        ] {
            for reading in readings {
                let spelled = spelled(lang, &[reading]);
                assert!(
                    spelled.chars().count() > 3 || *reading == "q",
                    "{reading}: {spelled}"
                );
            }
        }
    }
}
