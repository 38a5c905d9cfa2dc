//! Mandarin: words by a dictionary with frequencies, polyphones by word, then by rule, then by a
//! model of the sentence; numerals; erhua; tone sandhi.

pub mod context;
pub mod dictionary;
pub mod number;
pub mod pinyin;
mod rules;
pub mod sandhi;

use crate::language::{Given, Language, Lexicons, SpellError};
use crate::syllable::{Basis, Sounds, Syllable, Word};
use dictionary::{Dictionary, Span};
use sandhi::Spoken;

/// Code of Mandarin (ISO 639-3).
pub const CODE: &str = "cmn";

/// Characters on either side of a phrase that help to choose its readings.
const AROUND: usize = 32;
/// Nobody sings more characters without a pause; longer rows are read piece by piece.
const LONGEST_PHRASE: usize = 200;

/// The plug-in for Mandarin.
#[derive(Debug)]
pub struct Mandarin {
    dictionary: Dictionary,
}

/// A character to be read.
struct Unit {
    typed: char,
    simple: char,
    /// Bytes of the run.
    span: (usize, usize),
    /// Written in braces.
    given: Option<String>,
    /// Sounds with the character before it (erhua written in braces).
    merged: bool,
    numeral: bool,
    /// Stands for a pause or anything else that is not read.
    silent: bool,
}

impl Mandarin {
    /// Loads its dictionaries.
    ///
    /// # Errors
    /// Names the list that is missing or damaged.
    pub fn load(lexicons: &dyn Lexicons) -> Result<Self, String> {
        Ok(Self {
            dictionary: Dictionary::load(lexicons)?,
        })
    }

    /// Words and readings of the dictionary.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    fn units(&self, run: &str, given: &[Given]) -> Vec<Unit> {
        let signs: Vec<(usize, char)> = run.char_indices().collect();
        let text: Vec<char> = signs.iter().map(|(_, sign)| *sign).collect();
        let byte = |index: usize| signs.get(index).map_or(run.len(), |(at, _)| *at);
        let mut units: Vec<Unit> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let span = (byte(at), byte(at + 1));
            let unit = |typed: char, simple: char, span, numeral| Unit {
                typed,
                simple,
                span,
                given: None,
                merged: false,
                numeral,
                silent: !is_read(simple),
            };
            let next = given.partition_point(|one| one.span.0 < span.0);
            if let Some(one) = given.get(next).filter(|one| one.span.0 == span.0) {
                let mut readings = one.readings.iter();
                let mut erhua = false;
                while at < text.len() && byte(at) < one.span.1 {
                    let sign = text[at];
                    let mut next = unit(
                        sign,
                        self.dictionary.simplified(sign),
                        (byte(at), byte(at + 1)),
                        false,
                    );
                    next.merged = erhua && next.simple == '儿';
                    erhua = false;
                    if !next.merged
                        && let Some(reading) = readings.next()
                    {
                        erhua = pinyin::parse(reading).is_ok_and(|pinyin| pinyin.erhua);
                        next.given = Some(reading.clone());
                    }
                    next.silent = false;
                    units.push(next);
                    at += 1;
                }
                continue;
            }
            if let Some((count, spoken)) = number::spoken(&text, at) {
                let span = (byte(at), byte(at + count));
                units.extend(spoken.chars().map(|sign| unit(sign, sign, span, true)));
                at += count;
                continue;
            }
            let sign = text[at];
            units.push(unit(sign, self.dictionary.simplified(sign), span, false));
            at += 1;
        }
        units
    }

    /// Readings of one phrase's characters, before sandhi.
    fn readings(
        &self,
        all: &[Unit],
        first: usize,
        phrase: &[Unit],
        words: &[Span],
    ) -> Vec<(String, Basis)> {
        let typed: Vec<char> = phrase.iter().map(|unit| unit.typed).collect();
        let simple: Vec<char> = phrase.iter().map(|unit| unit.simple).collect();
        let mut found: Vec<Option<(String, Basis)>> = phrase
            .iter()
            .map(|unit| Some((unit.given.clone()?, Basis::Given)))
            .collect();
        for word in words {
            let range = word.start..word.end;
            if word.end - word.start < 2 {
                continue;
            }
            let (typed, simple) = (&typed[range.clone()], &simple[range.clone()]);
            let pieces = match self.dictionary.word(typed, simple) {
                Some(readings) => vec![(
                    Span {
                        start: 0,
                        end: simple.len(),
                    },
                    readings,
                )],
                None => self.dictionary.cover(typed, simple),
            };
            for (piece, readings) in pieces {
                for (at, reading) in (piece.start..piece.end).zip(readings) {
                    found[word.start + at].get_or_insert((reading, Basis::Dictionary));
                }
            }
        }
        let mut open = Vec::new();
        for at in 0..phrase.len() {
            if found[at].is_some() {
                continue;
            }
            // What is typed says more than its simplified form: 髮 is fa4 alone, 发 is not.
            let mut readings = self.dictionary.readings(typed[at]);
            if readings.is_empty() {
                readings = self.dictionary.readings(simple[at]);
            }
            let word = words.iter().find(|word| word.start <= at && at < word.end);
            if phrase[at].numeral && !readings.is_empty() {
                found[at] = Some((readings.remove(0), Basis::Rule));
            } else if let Some(reading) = rules::reading(&simple, at, word.copied()) {
                found[at] = Some((reading.to_owned(), Basis::Rule));
            } else if readings.len() == 1 {
                found[at] = Some((readings.remove(0), Basis::Dictionary));
            } else if !readings.is_empty() {
                open.push((at, readings));
            }
        }
        if !open.is_empty() {
            // The model sees the phrase and a little around it, so that long texts stay quick.
            let from = first.saturating_sub(AROUND);
            let to = all.len().min(first + phrase.len() + AROUND);
            let text: Vec<char> = all[from..to]
                .iter()
                .map(|unit| {
                    if unit.simple == '著' {
                        '着'
                    } else {
                        unit.simple
                    }
                })
                .collect();
            let places: Vec<usize> = open.iter().map(|(at, _)| first - from + at).collect();
            let ranked = self.dictionary.context.rank(&text, &places, 4);
            for ((at, readings), ranked) in open.into_iter().zip(ranked) {
                let simple = if simple[at] == '著' {
                    '着'
                } else {
                    simple[at]
                };
                let known = self.dictionary.readings(simple);
                let chosen = ranked
                    .iter()
                    .map(|(reading, _)| *reading)
                    .find(|reading| readings.iter().chain(&known).any(|known| known == reading));
                found[at] = Some(match chosen {
                    Some(reading) => (reading.to_owned(), Basis::Model),
                    None => (readings[0].clone(), Basis::Default),
                });
            }
        }
        found
            .into_iter()
            .map(|one| one.unwrap_or((String::new(), Basis::Default)))
            .collect()
    }

    /// Reads one phrase: characters without a pause between them.
    fn phrase(&self, all: &[Unit], first: usize, last: usize, out: &mut Vec<Word>) {
        let phrase = &all[first..last];
        let typed: Vec<char> = phrase.iter().map(|unit| unit.typed).collect();
        let simple: Vec<char> = phrase.iter().map(|unit| unit.simple).collect();
        let words = self.dictionary.segment(&typed, &simple);
        let readings = self.readings(all, first, phrase, &words);
        let mut spoken: Vec<Spoken> = phrase
            .iter()
            .zip(&readings)
            .map(|(unit, (reading, _))| Spoken {
                sign: unit.simple,
                reading: reading.clone(),
                fixed: unit.given.is_some(),
            })
            .collect();
        sandhi::apply(&mut spoken, &words);
        for word in words {
            let mut syllables: Vec<Syllable> = Vec::new();
            // A reading in braces is what a reader looks for, whatever the rest of the word rests on.
            let given = phrase[word.start..word.end]
                .iter()
                .any(|u| u.given.is_some());
            let mut basis = Basis::Given;
            for at in word.start..word.end {
                let unit = &phrase[at];
                let (citation, why) = &readings[at];
                let melts = at + 1 == word.end
                    && unit.simple == '儿'
                    && unit.given.is_none()
                    && self.dictionary.is_erhua(&simple[word.start..word.end]);
                if (unit.merged || melts) && !syllables.is_empty() {
                    let before = syllables.len() - 1;
                    let before = &mut syllables[before];
                    before.text.push(unit.typed);
                    before.span.1 = unit.span.1;
                    if melts {
                        let tone = pinyin::tone(&before.reading);
                        let letters = before
                            .reading
                            .trim_end_matches(|c: char| c.is_ascii_digit());
                        before.reading = format!("{letters}r{tone}");
                    }
                    continue;
                }
                if !given {
                    basis = basis.max(*why);
                }
                if citation.is_empty() {
                    continue;
                }
                let reading = &spoken[at].reading;
                syllables.push(Syllable {
                    text: unit.typed.to_string(),
                    span: unit.span,
                    reading: reading.clone(),
                    citation: (reading != citation).then(|| citation.clone()),
                });
            }
            out.push(Word {
                lang: CODE,
                span: (phrase[word.start].span.0, phrase[word.end - 1].span.1),
                syllables,
                basis,
            });
        }
    }
}

/// Characters that are read: anything else makes a pause.
fn is_read(sign: char) -> bool {
    sign == '〇' || crate::line::is_han(sign)
}

impl Language for Mandarin {
    fn code(&self) -> &'static str {
        CODE
    }

    fn name(&self) -> (&'static str, &'static str) {
        ("Mandarin", "普通话")
    }

    fn read(&self, run: &str, given: &[Given]) -> Vec<Word> {
        let units = self.units(run, given);
        let mut words = Vec::new();
        let mut first = 0;
        while first < units.len() {
            if units[first].silent {
                first += 1;
                continue;
            }
            let last = units[first..]
                .iter()
                .position(|unit| unit.silent)
                .map_or(units.len(), |count| first + count)
                .min(first + LONGEST_PHRASE);
            self.phrase(&units, first, last, &mut words);
            first = last;
        }
        words
    }

    fn given(&self, before: &str, reading: &str) -> Result<Given, SpellError> {
        let readings: Vec<String> = reading
            .split([' ', '\u{3000}', '\'', '-', ','])
            .filter(|part| !part.is_empty())
            .map(|part| {
                pinyin::parse(part)?;
                Ok(pinyin::spell(part).unwrap_or_default())
            })
            .collect::<Result<_, SpellError>>()?;
        let mut start = before.len();
        let mut signs = before.char_indices().rev().peekable();
        for reading in readings.iter().rev() {
            let Some((at, sign)) = signs.next().filter(|(_, sign)| is_read(*sign)) else {
                return Err(SpellError::new(
                    format!(
                        "expected {} characters before the braces, one for each syllable",
                        readings.len()
                    ),
                    format!("大括号前应有 {} 个汉字，每个音节一个", readings.len()),
                ));
            };
            start = at;
            // 花儿{huar1}: the syllable belongs to both characters.
            let erhua = pinyin::parse(reading).is_ok_and(|pinyin| pinyin.erhua);
            if erhua
                && matches!(sign, '儿' | '兒')
                && let Some((at, _)) = signs.next_if(|(_, sign)| is_read(*sign))
            {
                start = at;
            }
        }
        if readings.is_empty() {
            return Err(SpellError::new(
                "expected a reading between the braces, such as `huan2`".to_owned(),
                "大括号里应有读音，如 huan2".to_owned(),
            ));
        }
        Ok(Given {
            span: (start, before.len()),
            readings,
        })
    }

    fn sounds(&self, reading: &str) -> Result<Sounds, SpellError> {
        pinyin::sounds(reading)
    }
}
