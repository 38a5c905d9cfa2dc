//! English: a dictionary, endings, short forms, interjections, numerals, words told apart by their
//! neighbors, and a model that spells whatever is left.

pub mod arpabet;
mod heteronyms;
pub mod letters;
pub mod number;
mod tokens;

use crate::language::{Given, Language, Lexicons, SpellError};
use crate::syllable::{Basis, Sounds, Syllable, Word};
use crate::table::Table;
use letters::Letters;
use std::collections::BTreeMap;
use tokens::{Token, plain_letter, tokens};

/// Code of English (ISO 639-1).
pub const CODE: &str = "en";

/// The plug-in for English.
#[derive(Debug)]
pub struct English {
    words: Table,
    extra: BTreeMap<String, Vec<Vec<String>>>,
    letters: Letters,
}

/// Phones of a word and where they come from.
type Reading = (Vec<String>, Basis);

impl English {
    /// Loads its dictionaries.
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
            words: Table::new(bytes("english-words")?).map_err(named("english-words"))?,
            extra: extra(&bytes("english-extra")?).map_err(named("english-extra"))?,
            letters: Letters::new(&bytes("english-sounds")?).map_err(named("english-sounds"))?,
        })
    }

    /// The model for words that no dictionary has.
    pub fn letters(&self) -> &Letters {
        &self.letters
    }

    /// All readings that the dictionaries have of a word in lower case, the commonest first.
    pub fn dictionary(&self, word: &str) -> Vec<Vec<String>> {
        if let Some(found) = self.extra.get(word) {
            return found.clone();
        }
        self.words
            .get(word)
            .map(|rest| rest.split('|').map(arpabet::unpack).collect())
            .unwrap_or_default()
    }

    fn first(&self, word: &str) -> Option<Vec<String>> {
        self.dictionary(word).into_iter().next()
    }

    /// A word by itself, in lower case.
    fn word(&self, word: &str) -> Reading {
        if let Some(found) = self.first(word) {
            return (found, Basis::Dictionary);
        }
        if let Some(found) = self.derived(word) {
            return (found, Basis::Rule);
        }
        let plain: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        let found = arpabet::unpack(&self.letters.spell(&plain));
        (found, Basis::Model)
    }

    /// A word by its stem: endings, short forms, drawn-out letters, two words in one.
    fn derived(&self, word: &str) -> Option<Vec<String>> {
        self.drawn_out(word)
            .or_else(|| self.ending(word))
            .or_else(|| self.two_in_one(word))
    }

    /// `sooo`, `yeeeah`, `mmmm`, `ohhh`: letters repeated for length.
    fn drawn_out(&self, word: &str) -> Option<Vec<String>> {
        let mut groups: Vec<(char, usize)> = Vec::new();
        for letter in word.chars() {
            match groups.last_mut() {
                Some((last, count)) if *last == letter => *count += 1,
                _ => groups.push((letter, 1)),
            }
        }
        let long = groups.iter().any(|(_, count)| *count > 2)
            || groups
                .last()
                .is_some_and(|(letter, count)| *count == 2 && "hmaoueiys".contains(*letter));
        if let [('o', 2..), ('h', _)] = groups[..] {
            return self.first("ooh");
        }
        if !long {
            return None;
        }
        let with = |keep: usize| -> String {
            let letters = groups.iter().map(|(letter, count)| {
                let count = if *count > 2 { keep } else { *count };
                letter.to_string().repeat(count)
            });
            letters.collect()
        };
        let single: String = groups.iter().map(|(letter, _)| *letter).collect();
        [with(1), with(2), single]
            .iter()
            .filter(|form| form.len() < word.len())
            .find_map(|form| self.first(form))
    }

    fn ending(&self, word: &str) -> Option<Vec<String>> {
        let phones = |list: &[&str]| {
            list.iter()
                .map(|phone| (*phone).to_owned())
                .collect::<Vec<_>>()
        };
        let join = |mut stem: Vec<String>, more: Vec<String>| {
            stem.extend(more);
            stem
        };
        // Stems as they stand, with the e or the y that the ending took, or without the letter it
        // doubled.
        let stem = |bare: &str| -> Option<Vec<String>> {
            let mut forms = vec![bare.to_owned(), format!("{bare}e")];
            if let Some(front) = bare.strip_suffix('i') {
                forms.push(format!("{front}y"));
            }
            let bytes = bare.as_bytes();
            if bytes.len() > 2 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2] {
                forms.push(bare[..bare.len() - 1].to_owned());
            }
            forms
                .iter()
                .filter(|form| form.len() > 1)
                .find_map(|form| self.first(form))
        };
        if let Some(bare) = word.strip_suffix("in'")
            && let Some(mut full) = self
                .first(&format!("{bare}ing"))
                .or_else(|| Some(join(stem(bare)?, phones(&["IH0", "NG"]))))
        {
            if let Some(last) = full.last_mut() {
                *last = "N".to_owned();
            }
            return Some(full);
        }
        if let Some(bare) = word.strip_suffix("'s").or_else(|| word.strip_suffix("s'")) {
            let stem = self.word(bare).0;
            return Some(join(stem.clone(), phones(plural(&stem))));
        }
        if let Some(bare) = word.strip_suffix('\'').or_else(|| word.strip_prefix('\''))
            && let Some(found) = self.first(bare)
        {
            return Some(found);
        }
        for (ending, list) in [
            ("'ll", ["AH0", "L"].as_slice()),
            ("'d", &["D"]),
            ("'ve", &["V"]),
            ("'re", &["R"]),
            ("'m", &["M"]),
            ("n't", &["AH0", "N", "T"]),
            ("ing", &["IH0", "NG"]),
            ("ness", &["N", "AH0", "S"]),
            ("less", &["L", "AH0", "S"]),
            ("ful", &["F", "AH0", "L"]),
            ("ly", &["L", "IY0"]),
            ("est", &["AH0", "S", "T"]),
            ("er", &["ER0"]),
            ("ish", &["IH0", "SH"]),
            ("able", &["AH0", "B", "AH0", "L"]),
        ] {
            if let Some(bare) = word.strip_suffix(ending).filter(|bare| bare.len() > 1)
                && let Some(found) = if ending.contains('\'') {
                    self.first(bare)
                } else {
                    stem(bare)
                }
            {
                return Some(join(found, phones(list)));
            }
        }
        if let Some(bare) = word.strip_suffix("ed").filter(|bare| bare.len() > 1)
            && let Some(found) = stem(bare)
        {
            let last = found.last().map(String::as_str).unwrap_or_default();
            let more: &[&str] = match last {
                "T" | "D" => &["AH0", "D"],
                "P" | "K" | "F" | "S" | "SH" | "CH" | "TH" => &["T"],
                _ => &["D"],
            };
            return Some(join(found, phones(more)));
        }
        if let Some(bare) = word.strip_suffix('s').filter(|bare| bare.len() > 1) {
            let found = self.first(bare).or_else(|| {
                let bare = bare.strip_suffix('e')?;
                self.first(bare)
                    .or_else(|| stem(bare).filter(|_| bare.ends_with('i')))
            });
            if let Some(found) = found {
                let more = plural(&found);
                return Some(join(found, phones(more)));
            }
        }
        for (prefix, list) in [
            ("un", ["AH0", "N"].as_slice()),
            ("re", &["R", "IY0"]),
            ("over", &["OW2", "V", "ER0"]),
            ("under", &["AH2", "N", "D", "ER0"]),
            ("out", &["AW2", "T"]),
            ("non", &["N", "AA2", "N"]),
            ("super", &["S", "UW2", "P", "ER0"]),
            ("anti", &["AE2", "N", "T", "IY0"]),
        ] {
            if let Some(bare) = word.strip_prefix(prefix).filter(|bare| bare.len() > 2)
                && let Some(found) = self.first(bare)
            {
                return Some(join(phones(list), found));
            }
        }
        None
    }

    /// `moonbeam`, `heartbeat`: both halves known, the first one stressed.
    fn two_in_one(&self, word: &str) -> Option<Vec<String>> {
        if !word.is_ascii() {
            return None;
        }
        let cuts = 3..=word.len().checked_sub(3)?;
        let (_, cut) = cuts
            .filter(|cut| {
                let (left, right) = word.split_at(*cut);
                left.len() + right.len() >= 7
                    && self.words.get(left).is_some()
                    && self.words.get(right).is_some()
            })
            .map(|cut| (cut.abs_diff(word.len() - cut), cut))
            .min()?;
        let (left, right) = word.split_at(cut);
        let mut found = self.first(left)?;
        found.extend(
            self.first(right)?
                .into_iter()
                .map(|phone| phone.replace('1', "2")),
        );
        Some(found)
    }

    /// Letters one by one, as in `DJ`.
    fn spelled(&self, word: &str) -> Vec<(String, Vec<String>)> {
        word.chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| {
                let name = letter.to_ascii_lowercase().to_string();
                let phones = match name.as_str() {
                    "a" => vec!["EY1".to_owned()],
                    _ => self
                        .words
                        .get(&format!("{name}."))
                        .or_else(|| self.words.get(&name))
                        .map(|rest| arpabet::unpack(rest.split('|').next().unwrap_or(rest)))
                        .unwrap_or_default(),
                };
                (letter.to_string(), phones)
            })
            .collect()
    }

    /// Reads one written token into a word, its syllables placed.
    fn token(&self, tokens: &[Token<'_>], at: usize, lower: &[&str]) -> Word {
        let token = &tokens[at];
        let word = |syllables, basis| Word {
            lang: CODE,
            span: token.span,
            syllables,
            basis,
        };
        if let Some(spoken) = number::spoken(token.text) {
            let mut syllables = Vec::new();
            for part in spoken {
                let (phones, _) = self.word(&part);
                for (text, _, reading) in self.placed(&part, &phones) {
                    syllables.push(Syllable {
                        text,
                        span: token.span,
                        reading,
                        citation: None,
                    });
                }
            }
            return word(syllables, Basis::Rule);
        }
        let name = lower[at];
        let capitals = token.text.chars().all(|c| c.is_ascii_uppercase())
            && (2..=5).contains(&token.text.len());
        if capitals && self.first(name).is_none() && self.drawn_out(name).is_none() {
            let mut syllables = Vec::new();
            for (place, (letter, phones)) in self.spelled(token.text).into_iter().enumerate() {
                let start = token.span.0 + place;
                let parts = arpabet::syllables(&phones);
                for (index, part) in parts.iter().enumerate() {
                    syllables.push(Syllable {
                        text: if index == 0 {
                            letter.clone()
                        } else {
                            String::new()
                        },
                        span: (start, start + 1),
                        reading: part.join(" "),
                        citation: None,
                    });
                }
            }
            return word(syllables, Basis::Rule);
        }
        let (phones, basis) = self.in_context(tokens, at, lower);
        let syllables =
            self.placed(token.text, &phones)
                .into_iter()
                .map(|(text, span, reading)| Syllable {
                    text,
                    span: (token.span.0 + span.0, token.span.0 + span.1),
                    reading,
                    citation: None,
                });
        word(syllables.collect(), basis)
    }

    fn in_context(&self, tokens: &[Token<'_>], at: usize, lower: &[&str]) -> Reading {
        let name = lower[at];
        if let Some(reading) = heteronyms::reading(lower, at) {
            return (arpabet::parse(reading).unwrap_or_default(), Basis::Rule);
        }
        let next = lower.get(at + 1).filter(|_| !tokens[at].pause_after);
        match name {
            "the" => {
                let vowel = next.is_some_and(|next| {
                    self.word(next)
                        .0
                        .first()
                        .is_some_and(|phone| arpabet::is_vowel(phone))
                });
                let end = if vowel { "IY0" } else { "AH0" };
                return (vec!["DH".to_owned(), end.to_owned()], Basis::Rule);
            }
            "a" => return (vec!["AH0".to_owned()], Basis::Rule),
            _ => {}
        }
        // `yeah-eah`, `lo-o-ove`: vowels that draw out what stands before the hyphen.
        if tokens[at].joined
            && self.first(name).is_none()
            && name.bytes().all(|b| b"aeiouyh".contains(&b))
        {
            let before = self.in_context(tokens, at - 1, lower).0;
            if let Some(vowel) = before.iter().rev().find(|phone| arpabet::is_vowel(phone)) {
                return (vec![format!("{}0", arpabet::bare(vowel))], Basis::Rule);
            }
        }
        self.word(name)
    }

    /// Cuts a written word as its phones are cut: text, bytes of the word, reading.
    fn placed(&self, written: &str, phones: &[String]) -> Vec<(String, (usize, usize), String)> {
        let parts = arpabet::syllables(phones);
        if phones.is_empty() {
            return Vec::new();
        }
        let lower: String = written.chars().map(plain_letter).collect();
        let cuts = self.cuts(&lower, phones, &parts);
        let bytes: Vec<usize> = written
            .char_indices()
            .map(|(at, _)| at)
            .chain([written.len()])
            .collect();
        let at = |letter: usize| bytes[letter.min(bytes.len() - 1)];
        parts
            .iter()
            .zip(cuts.windows(2))
            .map(|(part, cut)| {
                let span = (at(cut[0]), at(cut[1]));
                (written[span.0..span.1].to_owned(), span, part.join(" "))
            })
            .collect()
    }

    /// Letters at which syllables begin, and the end.
    fn cuts(&self, lower: &str, phones: &[String], parts: &[Vec<String>]) -> Vec<usize> {
        let count = lower.chars().count();
        let even = || {
            (0..=parts.len())
                .map(|i| i * count / parts.len())
                .collect::<Vec<_>>()
        };
        if parts.len() == 1 || !lower.is_ascii() || count < parts.len() {
            return even();
        }
        // An apostrophe stands for no phone.
        let letters = lower.as_bytes();
        let said: Vec<usize> = (0..count).filter(|at| letters[*at] != b'\'').collect();
        let spelled: String = said.iter().map(|at| char::from(letters[*at])).collect();
        let packed = phones.iter().filter_map(|phone| arpabet::packed(phone));
        let packed: Vec<String> = packed.map(String::from).collect();
        let Some(letter_of) = self.letters.align(&spelled, &packed) else {
            return even();
        };
        let mut cuts = vec![0];
        let mut done = 0;
        for part in &parts[..parts.len() - 1] {
            done += part.len();
            let mut letter = letter_of[done];
            // A vowel may be written with a silent one before it: sing-er, not singe-r.
            while arpabet::is_vowel(&phones[done])
                && letter > 0
                && b"aeiou".contains(&letters[said[letter - 1]])
                && !letter_of.contains(&(letter - 1))
            {
                letter -= 1;
            }
            let mut cut = said[letter];
            // A doubled consonant is divided: hap-py.
            if cut > 0 && letters[cut - 1] == letters[cut] && !b"aeiou".contains(&letters[cut]) {
                // Its first letter closes the syllable before.
            } else if cut + 1 < count
                && letters[cut] == letters[cut + 1]
                && !b"aeiou".contains(&letters[cut])
            {
                cut += 1;
            }
            // Letters that are silent before this one belong to the syllable before; at least one
            // letter stays on either side.
            let least = cuts.last().copied().unwrap_or(0) + 1;
            cuts.push(cut.clamp(least, count - 1));
        }
        cuts.push(count);
        if cuts.windows(2).any(|cut| cut[0] >= cut[1]) {
            return even();
        }
        cuts
    }
}

/// The phones of a plural or possessive s after a stem.
fn plural(stem: &[String]) -> &'static [&'static str] {
    match stem.last().map(String::as_str).unwrap_or_default() {
        "S" | "Z" | "SH" | "ZH" | "CH" | "JH" => &["AH0", "Z"],
        "P" | "T" | "K" | "F" | "TH" => &["S"],
        _ => &["Z"],
    }
}

/// Reads `english-extra`.
fn extra(bytes: &[u8]) -> Result<BTreeMap<String, Vec<Vec<String>>>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut out = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, readings) = line
            .split_once(' ')
            .ok_or_else(|| format!("line {}: expected a word and its phones", number + 1))?;
        let word: String = word.chars().map(plain_letter).collect();
        let readings = readings
            .split('|')
            .map(|reading| {
                arpabet::parse(reading).map_err(|error| format!("line {}: {error}", number + 1))
            })
            .collect::<Result<Vec<_>, _>>()?;
        out.insert(word, readings);
    }
    Ok(out)
}

impl Language for English {
    fn code(&self) -> &'static str {
        CODE
    }

    fn name(&self) -> (&'static str, &'static str) {
        ("English", "英语")
    }

    fn claims(&self, sign: char) -> bool {
        sign.is_ascii_alphabetic()
            || matches!(sign, 'À'..='ɏ' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ') && sign.is_alphabetic()
    }

    fn read(&self, run: &str, given: &[Given]) -> Vec<Word> {
        let tokens = tokens(run);
        let names: Vec<String> = tokens
            .iter()
            .map(|token| match token.text {
                "&" => "and".to_owned(),
                text => text.chars().map(plain_letter).collect(),
            })
            .collect();
        let lower: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut words = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let next = given.partition_point(|one| one.span.0 < token.span.0);
            let Some(one) = given.get(next).filter(|one| one.span == token.span) else {
                words.push(self.token(&tokens, at, &lower));
                continue;
            };
            let phones: Vec<String> = one
                .readings
                .iter()
                .flat_map(|r| r.split(' '))
                .map(str::to_owned)
                .collect();
            let placed = self.placed(token.text, &phones);
            let syllables = placed.into_iter().map(|(text, span, reading)| Syllable {
                text,
                span: (token.span.0 + span.0, token.span.0 + span.1),
                reading,
                citation: None,
            });
            words.push(Word {
                lang: CODE,
                span: token.span,
                syllables: syllables.collect(),
                basis: Basis::Given,
            });
        }
        words
    }

    fn given(&self, before: &str, reading: &str) -> Result<Given, SpellError> {
        let phones = arpabet::parse(reading)?;
        let tail = before.rfind(char::is_whitespace).unwrap_or(0);
        let last = tokens(&before[tail..])
            .pop()
            .map(|token| (tail + token.span.0, tail + token.span.1))
            .filter(|span| span.1 == before.len());
        let Some(span) = last else {
            return Err(SpellError::new(
                "expected a word right before the braces".to_owned(),
                "大括号前应紧跟一个单词".to_owned(),
            ));
        };
        Ok(Given {
            span,
            readings: arpabet::syllables(&phones)
                .into_iter()
                .map(|syllable| syllable.join(" "))
                .collect(),
        })
    }

    fn sounds(&self, reading: &str) -> Result<Sounds, SpellError> {
        arpabet::sounds(reading)
    }
}
