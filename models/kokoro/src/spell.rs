//! Phones of `yuefu-lang` in Kokoro's alphabet (that of its text front end, misaki; MIT).
//!
//! Mandarin: affricates are single letters, aspiration and tone letters of their own, the tone
//! after the vowel; the vowels after `z c s` and `zh ch sh r` are both `ɨ`. English: diphthongs and
//! affricates are capitals and single letters, stress stands before the vowel.

use yuefu_lang::{Part, Sounds};

/// Which phones of a syllable a token speaks, as indices: first and one past the last. A token of
/// several phones is a diphthong's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The model's number of the letter.
    pub token: u32,
    /// First phone.
    pub first: usize,
    /// One past the last phone.
    pub end: usize,
}

/// Why a syllable cannot be spelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Kokoro cannot speak `{symbol}` of `{lang}` · Kokoro 不会读 {lang} 的“{symbol}”")]
pub struct SpellFault {
    /// Code of the language.
    pub lang: String,
    /// The phone.
    pub symbol: String,
}

/// The number of a letter of the alphabet.
pub fn token(letter: char) -> Option<u32> {
    ALPHABET
        .iter()
        .find(|(known, _)| *known == letter)
        .map(|(_, number)| *number)
}

/// Letters that are used here, with their numbers in the model's table.
const ALPHABET: &[(char, u32)] = &[
    (';', 1),
    (':', 2),
    (',', 3),
    ('.', 4),
    ('!', 5),
    ('?', 6),
    ('—', 9),
    ('…', 10),
    (' ', 16),
    ('ʦ', 20),
    ('ʨ', 21),
    ('ꭧ', 23),
    ('A', 24),
    ('I', 25),
    ('O', 31),
    ('W', 39),
    ('Y', 41),
    ('a', 43),
    ('b', 44),
    ('d', 46),
    ('e', 47),
    ('f', 48),
    ('h', 50),
    ('i', 51),
    ('j', 52),
    ('k', 53),
    ('l', 54),
    ('m', 55),
    ('n', 56),
    ('o', 57),
    ('p', 58),
    ('s', 61),
    ('t', 62),
    ('u', 63),
    ('v', 64),
    ('w', 65),
    ('x', 66),
    ('y', 67),
    ('z', 68),
    ('ɑ', 69),
    ('æ', 72),
    ('ɔ', 76),
    ('ɕ', 77),
    ('ð', 81),
    ('ʤ', 82),
    ('ə', 83),
    ('ɚ', 85),
    ('ɛ', 86),
    ('ɜ', 87),
    ('ɡ', 92),
    ('ɥ', 99),
    ('ɨ', 101),
    ('ɪ', 102),
    ('ŋ', 112),
    ('θ', 119),
    ('ɹ', 123),
    ('ɻ', 126),
    ('ʂ', 130),
    ('ʃ', 131),
    ('ʧ', 133),
    ('ʊ', 135),
    ('ʌ', 138),
    ('ɤ', 140),
    ('ʒ', 147),
    ('ˈ', 156),
    ('ˌ', 157),
    ('ʰ', 162),
    ('↓', 169),
    ('→', 171),
    ('↗', 172),
    ('↘', 173),
];

/// The tokens of a syllable.
///
/// # Errors
/// Names the first phone the model has no letters for.
pub fn spell(lang: &str, sounds: &Sounds) -> Result<Vec<Spelled>, SpellFault> {
    let mandarin = lang == "cmn";
    let phones = &sounds.phones;
    let mut out = Vec::new();
    let mut push = |letters: &str, first: usize, end: usize| {
        for letter in letters.chars() {
            // Every letter below is in the table (tested).
            if let Some(token) = token(letter) {
                out.push(Spelled { token, first, end });
            }
        }
    };
    let mut index = 0;
    while index < phones.len() {
        let phone = phones[index];
        let next = phones.get(index + 1).map_or("", |next| next.symbol);
        let nucleus = phone.part == Part::Nucleus;
        if nucleus
            && !mandarin
            && let Some(mark) =
                [None, Some("ˈ"), Some("ˌ")][usize::from(sounds.stress.unwrap_or(0).min(2))]
        {
            push(mark, index, index + 1);
        }
        if nucleus
            && !mandarin
            && let Some(letter) = diphthong(phone.symbol, next)
        {
            push(letter, index, index + 2);
            index += 2;
            continue;
        }
        let letters = if mandarin {
            mandarin_letters(phone.symbol, nucleus, phones, index)
        } else {
            english_letters(phone.symbol)
        };
        let letters = letters.ok_or_else(|| SpellFault {
            lang: lang.to_owned(),
            symbol: phone.symbol.to_owned(),
        })?;
        push(letters, index, index + 1);
        if mandarin {
            let glides = matches!(next, "ɪ̯" | "ʊ̯");
            let ends =
                nucleus && !glides || phone.part == Part::Coda && matches!(phone.symbol, "ɪ̯" | "ʊ̯");
            if ends {
                push(tone(sounds.tone.unwrap_or(5)), index, index + 1);
            }
        }
        index += 1;
    }
    Ok(out)
}

fn tone(tone: u8) -> &'static str {
    match tone {
        1 => "→",
        2 => "↗",
        3 => "↓",
        4 => "↘",
        _ => "",
    }
}

fn diphthong(nucleus: &str, coda: &str) -> Option<&'static str> {
    Some(match (nucleus, coda) {
        ("e", "ɪ̯") => "A",
        ("a", "ɪ̯") => "I",
        ("o", "ʊ̯") => "O",
        ("a", "ʊ̯") => "W",
        ("ɔ", "ɪ̯") => "Y",
        _ => return None,
    })
}

fn mandarin_letters(
    symbol: &str,
    nucleus: bool,
    phones: &[yuefu_lang::Phone],
    index: usize,
) -> Option<&'static str> {
    let before = index
        .checked_sub(1)
        .map_or("", |index| phones[index].symbol);
    let last = index + 1 == phones.len();
    Some(match symbol {
        "p" => "p",
        "pʰ" => "pʰ",
        "m" | "m̩" => "m",
        "f" => "f",
        "t" => "t",
        "tʰ" => "tʰ",
        "n" | "n̩" => "n",
        "l" => "l",
        "k" => "k",
        "kʰ" => "kʰ",
        "x" => "x",
        "tɕ" => "ʨ",
        "tɕʰ" => "ʨʰ",
        "ɕ" => "ɕ",
        "ʈʂ" => "ꭧ",
        "ʈʂʰ" => "ꭧʰ",
        "ʂ" => "ʂ",
        // An erhua r is written like the syllable 儿.
        "ɻ" => {
            if index == 0 {
                "ɻ"
            } else {
                "ɚ"
            }
        }
        "ts" => "ʦ",
        "tsʰ" => "ʦʰ",
        "s" => "s",
        "j" => "j",
        "w" => "w",
        "ɥ" => "ɥ",
        "a" | "ɑ" => "a",
        // `o` by itself and `yo` are open; `uo` and `ou` close.
        "o" if last && before != "w" => "ɔ",
        "o" => "o",
        "ɤ" => "ɤ",
        // `ie` and `üe` are spelled close, `ian` and `üan` open.
        "ɛ" if last && nucleus && !before.is_empty() => "e",
        "ɛ" => "ɛ",
        "e" => "e",
        "i" => "i",
        "u" => "u",
        "y" => "y",
        "ə" => "ə",
        "ɚ" => "ɚ",
        "ʊ" => "ʊ",
        "ɹ̩" | "ɻ̩" => "ɨ",
        "ŋ" | "ŋ̍" => "ŋ",
        "ɪ̯" => "i",
        "ʊ̯" => "u",
        _ => return None,
    })
}

fn english_letters(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "p" => "p",
        "b" => "b",
        "t" => "t",
        "d" => "d",
        "k" => "k",
        "ɡ" => "ɡ",
        "tʃ" => "ʧ",
        "dʒ" => "ʤ",
        "f" => "f",
        "v" => "v",
        "θ" => "θ",
        "ð" => "ð",
        "s" => "s",
        "z" => "z",
        "ʃ" => "ʃ",
        "ʒ" => "ʒ",
        "h" => "h",
        "m" | "m̩" => "m",
        "n" | "n̩" => "n",
        "ŋ" => "ŋ",
        "l" => "l",
        "l̩" => "əl",
        "ɹ" => "ɹ",
        "w" => "w",
        "j" => "j",
        "ɑ" => "ɑ",
        "æ" => "æ",
        "ʌ" => "ʌ",
        "ə" => "ə",
        "ɔ" => "ɔ",
        "ɛ" => "ɛ",
        "ɝ" => "ɜɹ",
        "ɚ" => "əɹ",
        "ɪ" => "ɪ",
        "i" => "i",
        "ʊ" => "ʊ",
        "u" => "u",
        "ɪ̯" => "ɪ",
        "ʊ̯" => "ʊ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lang: &str, reading: &str) -> String {
        let sounds = yuefu_lang::sounds(lang, reading).unwrap();
        spell(lang, &sounds)
            .unwrap()
            .iter()
            .map(|spelled| {
                ALPHABET
                    .iter()
                    .find(|(_, number)| *number == spelled.token)
                    .unwrap()
                    .0
            })
            .collect()
    }

    #[test]
    fn mandarin_is_spelled_as_the_model_learned_it() {
        // From misaki's pinyin-to-IPA table.
        for (reading, expected) in [
            ("ni3", "ni↓"),
            ("hao3", "xau↓"),
            ("zhong1", "ꭧʊ→ŋ"),
            ("guo2", "kwo↗"),
            ("xian4", "ɕjɛ↘n"),
            ("xie4", "ɕje↘"),
            ("yue4", "ɥe↘"),
            ("chi1", "ꭧʰɨ→"),
            ("si4", "sɨ↘"),
            ("er2", "ɚ↗"),
            ("shei2", "ʂei↗"),
            ("de5", "tɤ"),
            ("liu2", "ljou↗"),
            ("bo1", "pwo→"),
            ("o2", "ɔ↗"),
        ] {
            assert_eq!(written("cmn", reading), expected, "{reading}");
        }
    }

    #[test]
    fn english_is_spelled_as_the_model_learned_it() {
        for (reading, expected) in [
            ("L OW1", "lˈO"),
            ("HH AH0", "hə"),
            ("W ER1 L D", "wˈɜɹld"),
            ("CH AO2 R", "ʧˌɔɹ"),
            ("JH OY1", "ʤˈY"),
            ("G AW1", "ɡˈW"),
        ] {
            assert_eq!(written("en", reading), expected, "{reading}");
        }
    }

    #[test]
    fn a_diphthong_owns_both_phones() {
        let sounds = yuefu_lang::sounds("en", "L OW1").unwrap();
        let spelled = spell("en", &sounds).unwrap();
        let last = spelled.last().unwrap();
        assert_eq!((last.first, last.end), (1, 3));
    }
}
