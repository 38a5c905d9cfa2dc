//! Cantonese in Jyutping: longest words of the dictionary first, then single characters.

use crate::language::{Given, Language, Lexicons, SpellError};
use crate::mandarin::number;
use crate::syllable::{Basis, Part, Phone, Sounds, Syllable, Word};
use crate::table::Table;

/// Code of Cantonese (ISO 639-3).
pub const CODE: &str = "yue";

/// Initials with their phone, longest first.
const INITIALS: &[(&str, &[&str])] = &[
    ("ng", &["ŋ"]),
    ("gw", &["k", "w"]),
    ("kw", &["kʰ", "w"]),
    ("b", &["p"]),
    ("p", &["pʰ"]),
    ("m", &["m"]),
    ("f", &["f"]),
    ("d", &["t"]),
    ("t", &["tʰ"]),
    ("n", &["n"]),
    ("l", &["l"]),
    ("g", &["k"]),
    ("k", &["kʰ"]),
    ("h", &["h"]),
    ("w", &["w"]),
    ("z", &["ts"]),
    ("c", &["tsʰ"]),
    ("s", &["s"]),
    ("j", &["j"]),
];

/// Vowels, longest first.
const VOWELS: &[(&str, &str)] = &[
    ("aa", "aː"),
    ("oe", "œː"),
    ("eo", "ɵ"),
    ("yu", "yː"),
    ("a", "ɐ"),
    ("e", "ɛː"),
    ("i", "iː"),
    ("o", "ɔː"),
    ("u", "uː"),
];

/// Endings.
const CODAS: &[(&str, &str)] = &[
    ("", ""),
    ("i", "ɪ̯"),
    ("u", "ʊ̯"),
    ("m", "m"),
    ("n", "n"),
    ("ng", "ŋ"),
    ("p", "p̚"),
    ("t", "t̚"),
    ("k", "k̚"),
];

/// The plug-in for Cantonese.
#[derive(Debug)]
pub struct Cantonese {
    words: Table,
}

impl Cantonese {
    /// Loads its dictionary.
    ///
    /// # Errors
    /// Says that the list is missing or damaged.
    pub fn load(lexicons: &dyn Lexicons) -> Result<Self, String> {
        let bytes = lexicons
            .bytes("cantonese-words")
            .ok_or("expected the list `cantonese-words`, found none")?;
        let words = Table::new(bytes).map_err(|error| format!("cantonese-words: {error}"))?;
        Ok(Self { words })
    }

    /// The longest word that a text begins with: bytes and readings, one for each character.
    fn longest(&self, text: &str) -> Option<(usize, Vec<String>)> {
        let (bytes, rest) = self.words.prefixes(text).pop()?;
        let first = rest.split(',').next()?;
        Some((bytes, first.split(' ').map(str::to_owned).collect()))
    }

    fn one(&self, sign: char) -> Option<String> {
        let (_, readings) = self.longest(&sign.to_string())?;
        readings.into_iter().next()
    }
}

impl Language for Cantonese {
    fn code(&self) -> &'static str {
        CODE
    }

    fn name(&self) -> (&'static str, &'static str) {
        ("Cantonese", "粤语")
    }

    fn read(&self, run: &str, given: &[Given]) -> Vec<Word> {
        let signs: Vec<(usize, char)> = run.char_indices().collect();
        let text: Vec<char> = signs.iter().map(|(_, sign)| *sign).collect();
        let byte = |index: usize| signs.get(index).map_or(run.len(), |(at, _)| *at);
        let mut words = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let start = byte(at);
            let next = given.partition_point(|one| one.span.0 < start);
            if let Some(one) = given.get(next).filter(|one| one.span.0 == start) {
                let count = run[one.span.0..one.span.1].chars().count();
                let syllables = one
                    .readings
                    .iter()
                    .enumerate()
                    .map(|(index, reading)| Syllable {
                        text: text[at + index].to_string(),
                        span: (byte(at + index), byte(at + index + 1)),
                        reading: reading.clone(),
                        citation: None,
                    });
                words.push(Word {
                    lang: CODE,
                    span: one.span,
                    syllables: syllables.collect(),
                    basis: Basis::Given,
                });
                at += count;
                continue;
            }
            if let Some((count, spoken)) = number::spoken(&text, at) {
                let span = (start, byte(at + count));
                let syllables = spoken.chars().filter_map(|sign| {
                    Some(Syllable {
                        text: sign.to_string(),
                        span,
                        reading: self.one(sign)?,
                        citation: None,
                    })
                });
                words.push(Word {
                    lang: CODE,
                    span,
                    syllables: syllables.collect(),
                    basis: Basis::Rule,
                });
                at += count;
                continue;
            }
            if !crate::line::is_han(text[at]) {
                at += 1;
                continue;
            }
            // No word reaches into what is read by braces.
            let stop = given.get(next).map_or(run.len(), |one| one.span.0);
            let (bytes, readings) = self
                .longest(&run[start..stop])
                .unwrap_or((text[at].len_utf8(), Vec::new()));
            let mut syllables = Vec::new();
            for (place, reading) in (at..).zip(readings) {
                // A character of two syllables (卅, 浬) is written `a+b`.
                for part in reading.split('+') {
                    syllables.push(Syllable {
                        text: text[place].to_string(),
                        span: (byte(place), byte(place + 1)),
                        reading: part.to_owned(),
                        citation: None,
                    });
                }
            }
            let count = run[start..start + bytes].chars().count();
            words.push(Word {
                lang: CODE,
                span: (start, start + bytes),
                basis: if count > 1 {
                    Basis::Dictionary
                } else {
                    Basis::Default
                },
                syllables,
            });
            at += count;
        }
        words
    }

    fn given(&self, before: &str, reading: &str) -> Result<Given, SpellError> {
        let readings: Vec<String> = reading.split_whitespace().map(str::to_lowercase).collect();
        for reading in &readings {
            sounds(reading)?;
        }
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, sign)| crate::line::is_han(*sign))
            .take(readings.len())
            .collect::<Vec<_>>();
        match start.last() {
            Some((at, _)) if start.len() == readings.len() => Ok(Given {
                span: (*at, before.len()),
                readings,
            }),
            _ => Err(SpellError::new(
                format!(
                    "expected {} characters before the braces, one for each syllable",
                    readings.len().max(1)
                ),
                format!(
                    "大括号前应有 {} 个汉字，每个音节一个",
                    readings.len().max(1)
                ),
            )),
        }
    }

    fn sounds(&self, reading: &str) -> Result<Sounds, SpellError> {
        sounds(reading)
    }
}

/// The phones of a syllable of Jyutping, such as `nei5`.
///
/// # Errors
/// Says what was expected.
pub fn sounds(reading: &str) -> Result<Sounds, SpellError> {
    let fault = || {
        SpellError::new(
            format!(
                "expected a syllable of Jyutping with its tone, such as `nei5`, found `{reading}`"
            ),
            format!("应为一个带声调的粤拼音节，如 nei5，却是“{reading}”"),
        )
    };
    let tone = match reading.bytes().last() {
        Some(digit @ b'1'..=b'6') => digit - b'0',
        _ => return Err(fault()),
    };
    let letters = &reading[..reading.len() - 1];
    let phone = |symbol, part| Phone { symbol, part };
    let syllabic = |letters: &str| match letters {
        "m" => Some("m̩"),
        "ng" => Some("ŋ̍"),
        _ => None,
    };
    let mut phones = Vec::new();
    if let Some(symbol) = syllabic(letters) {
        phones.push(phone(symbol, Part::Nucleus));
    } else if let Some(symbol) = letters.strip_prefix('h').and_then(syllabic) {
        phones.push(phone("h", Part::Onset));
        phones.push(phone(symbol, Part::Nucleus));
    } else {
        let (onset, rest) = INITIALS
            .iter()
            .find_map(|(name, phones)| Some((*phones, letters.strip_prefix(name)?)))
            .unwrap_or((&[], letters));
        for (index, symbol) in onset.iter().enumerate() {
            let part = if index == 0 { Part::Onset } else { Part::Glide };
            phones.push(phone(symbol, part));
        }
        let (vowel, rest) = VOWELS
            .iter()
            .find_map(|(name, phone)| Some((*phone, rest.strip_prefix(name)?)))
            .ok_or_else(fault)?;
        let (_, coda) = CODAS
            .iter()
            .find(|(name, _)| *name == rest)
            .ok_or_else(fault)?;
        phones.push(phone(vowel, Part::Nucleus));
        if !coda.is_empty() {
            phones.push(phone(coda, Part::Coda));
        }
    }
    Ok(Sounds {
        phones,
        tone: Some(tone),
        stress: None,
    })
}
