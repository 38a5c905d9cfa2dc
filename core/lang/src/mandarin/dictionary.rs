//! Words and characters with their readings, and where words begin and end.

use super::context::Context;
use super::pinyin;
use crate::language::Lexicons;
use crate::table::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Natural logarithm of the number of words that the frequencies were counted over.
const LOG_TOTAL: f32 = 17.9;
/// Level of a word that only the list written for Yuefu has.
const EXTRA_LEVEL: f32 = 7.0;
/// No word is longer.
const LONGEST: usize = 10;

/// The dictionaries.
#[derive(Debug)]
pub struct Dictionary {
    words: Table,
    characters: Table,
    extra: Extra,
    /// The model that chooses among readings.
    pub context: Context,
}

/// The list written for Yuefu.
#[derive(Debug, Default)]
struct Extra {
    readings: BTreeMap<String, Vec<String>>,
    first: BTreeMap<char, String>,
    neutral: BTreeSet<String>,
    erhua: BTreeSet<String>,
}

/// A word in a row of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first character.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
}

impl Dictionary {
    /// Loads `mandarin-words`, `mandarin-characters`, `mandarin-context` and `mandarin-extra`.
    ///
    /// # Errors
    /// Names the list that is missing or damaged.
    pub fn load(lexicons: &dyn Lexicons) -> Result<Self, String> {
        let bytes = |name: &str| {
            lexicons
                .bytes(name)
                .ok_or_else(|| format!("expected the list `{name}`, found none"))
        };
        let named = |name: &'static str| move |error| format!("{name}: {error}");
        Ok(Self {
            words: Table::new(bytes("mandarin-words")?).map_err(named("mandarin-words"))?,
            characters: Table::new(bytes("mandarin-characters")?)
                .map_err(named("mandarin-characters"))?,
            extra: Extra::parse(&bytes("mandarin-extra")?).map_err(named("mandarin-extra"))?,
            context: Context::new(&bytes("mandarin-context")?)
                .map_err(named("mandarin-context"))?,
        })
    }

    /// The simplified form of a character; the character itself where it has none.
    pub fn simplified(&self, sign: char) -> char {
        match sign {
            '妳' => return '你',
            '祂' | '牠' => return '它',
            '裡' => return '里',
            _ => {}
        }
        let mut buffer = [0; 4];
        self.characters
            .get(sign.encode_utf8(&mut buffer))
            .and_then(|rest| rest.split('\t').nth(1)?.chars().next())
            .unwrap_or(sign)
    }

    /// All readings of a character, the commonest first; empty for one that is not listed.
    pub fn readings(&self, sign: char) -> Vec<String> {
        let mut buffer = [0; 4];
        let mut found: Vec<String> = self
            .characters
            .get(sign.encode_utf8(&mut buffer))
            .and_then(|rest| rest.split('\t').next())
            .filter(|list| !list.is_empty())
            .map(|list| list.split(',').map(str::to_owned).collect())
            .unwrap_or_default();
        if let Some(first) = self.extra.first.get(&sign) {
            found.retain(|reading| reading != first);
            found.insert(0, first.clone());
        }
        found
    }

    /// The readings of a whole word, where a list has them. 一 and 不 keep their own tone.
    pub fn word(&self, typed: &[char], simple: &[char]) -> Option<Vec<String>> {
        for form in [typed, simple] {
            let text: String = form.iter().collect();
            if let Some(found) = self.extra.readings.get(&text) {
                return Some(base(form, found.clone()));
            }
        }
        let mut found = [typed, simple].into_iter().find_map(|form| {
            let text: String = form.iter().collect();
            let list = self.words.get(&text)?.split('\t').nth(1)?;
            Some(match list {
                "" => form
                    .iter()
                    .map(|sign| self.plain_first(*sign))
                    .collect::<Option<Vec<String>>>()?,
                list => list.split(' ').map(str::to_owned).collect(),
            })
        });
        let text: String = simple.iter().collect();
        if self.extra.neutral.contains(&text) {
            let mut readings = match found.take() {
                Some(readings) => readings,
                None => self.compound(typed, simple),
            };
            if let Some(last) = readings.last_mut() {
                *last = pinyin::with_tone(last, 5);
            }
            found = Some(readings);
        }
        found.map(|readings| base(simple, readings))
    }

    /// Readings of a word by its characters' commonest ones.
    fn compound(&self, typed: &[char], simple: &[char]) -> Vec<String> {
        typed
            .iter()
            .zip(simple)
            .map(|(typed, simple)| {
                let found = self.readings(*simple);
                let found = if found.is_empty() {
                    self.readings(*typed)
                } else {
                    found
                };
                found.into_iter().next().unwrap_or_default()
            })
            .collect()
    }

    /// The first reading of the shipped list: what an empty entry of the word list means.
    fn plain_first(&self, sign: char) -> Option<String> {
        let mut buffer = [0; 4];
        let rest = self.characters.get(sign.encode_utf8(&mut buffer))?;
        let first = rest.split(['\t', ',']).next()?;
        (!first.is_empty()).then(|| first.to_owned())
    }

    /// Whether 儿 at the end of this word melts into the syllable before it.
    pub fn is_erhua(&self, simple: &[char]) -> bool {
        self.extra
            .erhua
            .contains(&simple.iter().collect::<String>())
    }

    /// Cuts a phrase into its likeliest words.
    pub fn segment(&self, typed: &[char], simple: &[char]) -> Vec<Span> {
        let count = simple.len();
        // From the right: the best score from each place on, and where its first word ends.
        let mut best: Vec<(f32, usize)> = vec![(0.0, count); count + 1];
        for start in (0..count).rev() {
            let mut choice = (f32::MIN, start + 1);
            for (end, level) in self.candidates(typed, simple, start) {
                let score = level - LOG_TOTAL + best[end].0;
                if score > choice.0 {
                    choice = (score, end);
                }
            }
            best[start] = choice;
        }
        let mut spans = Vec::new();
        let mut start = 0;
        while start < count {
            let end = best[start].1;
            spans.push(Span { start, end });
            start = end;
        }
        spans
    }

    /// Words that begin at a place: where they end, and the logarithm of their frequency.
    fn candidates(&self, typed: &[char], simple: &[char], start: usize) -> Vec<(usize, f32)> {
        let stop = simple.len().min(start + LONGEST);
        let mut found = vec![(start + 1, 0.0)];
        let mut add = |form: &[char]| {
            let text: String = form[start..stop].iter().collect();
            for (bytes, rest) in self.words.prefixes(&text) {
                let end = start + text[..bytes].chars().count();
                let level = rest
                    .bytes()
                    .next()
                    .map_or(0.0, |b| (f32::from(b) - 48.0) / 4.0);
                found.push((end, level));
            }
            let mut prefix = String::new();
            for (end, sign) in form.iter().enumerate().take(stop).skip(start) {
                prefix.push(*sign);
                if end > start
                    && (self.extra.readings.contains_key(&prefix)
                        || self.extra.neutral.contains(&prefix)
                        || self.extra.erhua.contains(&prefix))
                {
                    found.push((end + 1, EXTRA_LEVEL));
                }
            }
        };
        add(simple);
        if typed[start..stop] != simple[start..stop] {
            add(typed);
        }
        found
    }

    /// Covers a word that has no reading of its own with shorter ones that have: as many
    /// characters as possible, by as few words as possible.
    pub fn cover(&self, typed: &[char], simple: &[char]) -> Vec<(Span, Vec<String>)> {
        let count = simple.len();
        type Best = (usize, usize, Option<Vec<String>>, usize);
        let mut best: Vec<Best> = vec![(0, 0, None, count); count + 1];
        for start in (0..count).rev() {
            let (covered, pieces) = (best[start + 1].0, best[start + 1].1);
            let mut choice: Best = (covered, pieces, None, start + 1);
            for end in start + 2..=count {
                if end - start == count {
                    continue;
                }
                let Some(readings) = self.word(&typed[start..end], &simple[start..end]) else {
                    continue;
                };
                let (covered, pieces) = (best[end].0 + end - start, best[end].1 + 1);
                if covered > choice.0 || (covered == choice.0 && pieces < choice.1) {
                    choice = (covered, pieces, Some(readings), end);
                }
            }
            best[start] = choice;
        }
        let mut found = Vec::new();
        let mut start = 0;
        while start < count {
            let end = best[start].3;
            if let Some(readings) = best[start].2.take() {
                found.push((Span { start, end }, readings));
            }
            start = end;
        }
        found
    }
}

/// 一 and 不 in their own tone: lists write them as spoken in the word, which is the business of
/// tone sandhi.
fn base(signs: &[char], mut readings: Vec<String>) -> Vec<String> {
    for (sign, reading) in signs.iter().zip(&mut readings) {
        match (sign, reading.as_str()) {
            ('一', "yi2" | "yi4") => *reading = "yi1".to_owned(),
            ('不', "bu2") => *reading = "bu4".to_owned(),
            _ => {}
        }
    }
    readings
}

impl Extra {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut extra = Self::default();
        let mut section = "";
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let mut parts = line.split_whitespace();
            match section {
                "[first]" | "[readings]" => {
                    let word = parts.next().unwrap_or_default();
                    let readings: Vec<String> = parts.map(str::to_owned).collect();
                    let fine = readings.len() == word.chars().count()
                        && readings.iter().all(|r| pinyin::parse(r).is_ok());
                    if !fine {
                        return Err(format!(
                            "line {}: expected a word and a syllable for each character, found `{line}`",
                            number + 1
                        ));
                    }
                    if let ("[first]", Some(sign)) = (section, word.chars().next()) {
                        extra.first.insert(sign, readings[0].clone());
                    } else {
                        extra.readings.insert(word.to_owned(), readings);
                    }
                }
                "[neutral]" => extra.neutral.extend(parts.map(str::to_owned)),
                "[erhua]" => extra.erhua.extend(parts.map(str::to_owned)),
                _ => {
                    return Err(format!(
                        "line {}: expected [first], [readings], [neutral] or [erhua] before it",
                        number + 1
                    ));
                }
            }
        }
        Ok(extra)
    }
}
