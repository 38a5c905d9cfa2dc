//! Japanese by its kana: one syllable for each mora. Kanji are asked for in kana (`夢{ゆめ}`).

use crate::language::{Given, Language, SpellError};
use crate::line::{is_han, is_kana};
use crate::syllable::{Basis, Part, Phone, Sounds, Syllable, Word};

/// Code of Japanese (ISO 639-1).
pub const CODE: &str = "ja";

/// Rows of kana with their consonant; vowels in the order a i u e o, `-` where there is no kana.
const ROWS: &[(&str, &str)] = &[
    ("", "あいうえお"),
    ("k", "かきくけこ"),
    ("g", "がぎぐげご"),
    ("s", "さしすせそ"),
    ("z", "ざじずぜぞ"),
    ("t", "たちつてと"),
    ("d", "だぢづでど"),
    ("n", "なにぬねの"),
    ("h", "はひふへほ"),
    ("b", "ばびぶべぼ"),
    ("p", "ぱぴぷぺぽ"),
    ("m", "まみむめも"),
    ("y", "や-ゆ-よ"),
    ("r", "らりるれろ"),
    ("w", "わゐ-ゑを"),
];

/// Consonants of romaji with their phones (onset, glide), longest first.
const CONSONANTS: &[(&str, &str, &str)] = &[
    ("sh", "ɕ", ""),
    ("ch", "tɕ", ""),
    ("ts", "ts", ""),
    ("ky", "k", "j"),
    ("gy", "ɡ", "j"),
    ("ny", "ɲ", ""),
    ("hy", "ç", ""),
    ("by", "b", "j"),
    ("py", "p", "j"),
    ("my", "m", "j"),
    ("ry", "ɾ", "j"),
    ("ty", "t", "j"),
    ("dy", "d", "j"),
    ("k", "k", ""),
    ("g", "ɡ", ""),
    ("s", "s", ""),
    ("z", "dz", ""),
    ("j", "dʑ", ""),
    ("t", "t", ""),
    ("d", "d", ""),
    ("n", "n", ""),
    ("h", "h", ""),
    ("f", "ɸ", ""),
    ("b", "b", ""),
    ("p", "p", ""),
    ("m", "m", ""),
    ("y", "j", ""),
    ("r", "ɾ", ""),
    ("w", "w", ""),
    ("v", "v", ""),
];

const VOWELS: [(char, &str); 5] = [('a', "a"), ('i', "i"), ('u', "ɯ"), ('e', "e"), ('o', "o")];

/// The plug-in for Japanese.
#[derive(Debug)]
pub struct Japanese;

impl Language for Japanese {
    fn code(&self) -> &'static str {
        CODE
    }

    fn name(&self) -> (&'static str, &'static str) {
        ("Japanese", "日语")
    }

    fn claims(&self, sign: char) -> bool {
        is_kana(sign) || is_han(sign)
    }

    fn read(&self, run: &str, given: &[Given]) -> Vec<Word> {
        let signs: Vec<(usize, char)> = run.char_indices().collect();
        let byte = |index: usize| signs.get(index).map_or(run.len(), |(at, _)| *at);
        let mut words = Vec::new();
        let mut at = 0;
        while at < signs.len() {
            let (start, sign) = signs[at];
            let next = given.partition_point(|one| one.span.0 < start);
            if let Some(one) = given.get(next).filter(|one| one.span.0 == start) {
                let shown = &run[one.span.0..one.span.1];
                let syllables = one
                    .readings
                    .iter()
                    .enumerate()
                    .map(|(index, reading)| Syllable {
                        // The kanji stand under the first of their morae.
                        text: if index == 0 {
                            shown.to_owned()
                        } else {
                            "ー".to_owned()
                        },
                        span: one.span,
                        reading: reading.clone(),
                        citation: None,
                    });
                words.push(Word {
                    lang: CODE,
                    span: one.span,
                    syllables: syllables.collect(),
                    basis: Basis::Given,
                });
                at += shown.chars().count();
                continue;
            }
            let kind = (is_kana(sign), is_han(sign));
            if kind == (false, false) {
                at += 1;
                continue;
            }
            let mut end = at + 1;
            while end < signs.len()
                && (is_kana(signs[end].1), is_han(signs[end].1)) == kind
                && given.get(next).is_none_or(|one| one.span.0 != byte(end))
            {
                end += 1;
            }
            let kana: Vec<char> = signs[at..end].iter().map(|(_, sign)| *sign).collect();
            let syllables = if kind.0 { morae(&kana) } else { Vec::new() };
            words.push(Word {
                lang: CODE,
                span: (start, byte(end)),
                syllables: syllables
                    .into_iter()
                    .map(|(from, to, reading)| Syllable {
                        text: kana[from..to].iter().collect(),
                        span: (byte(at + from), byte(at + to)),
                        reading,
                        citation: None,
                    })
                    .collect(),
                basis: Basis::Rule,
            });
            at = end;
        }
        words
    }

    fn given(&self, before: &str, reading: &str) -> Result<Given, SpellError> {
        let kana: Vec<char> = reading
            .chars()
            .filter(|sign| !sign.is_whitespace())
            .collect();
        let readings: Vec<String> = if kana.iter().all(|sign| is_kana(*sign)) {
            morae(&kana)
                .into_iter()
                .map(|(_, _, reading)| reading)
                .collect()
        } else {
            let parts: Vec<String> = reading.split_whitespace().map(str::to_lowercase).collect();
            for part in &parts {
                sounds(part)?;
            }
            parts
        };
        let han = |sign: &char| is_han(*sign);
        let length: usize = before
            .chars()
            .rev()
            .take_while(han)
            .map(char::len_utf8)
            .sum();
        let length = if length > 0 {
            length
        } else {
            before
                .chars()
                .next_back()
                .filter(|sign| is_kana(*sign))
                .map_or(0, char::len_utf8)
        };
        if readings.is_empty() || length == 0 {
            return Err(SpellError::new(
                "expected a reading in kana or romaji right after its word: 夢{ゆめ}".to_owned(),
                "应在字词后写假名或罗马字读音：夢{ゆめ}".to_owned(),
            ));
        }
        Ok(Given {
            span: (before.len() - length, before.len()),
            readings,
        })
    }

    fn sounds(&self, reading: &str) -> Result<Sounds, SpellError> {
        sounds(reading)
    }
}

/// Katakana as hiragana.
fn hiragana(sign: char) -> char {
    match sign {
        '\u{30A1}'..='\u{30F6}' => char::from_u32(sign as u32 - 0x60).unwrap_or(sign),
        _ => sign,
    }
}

fn plain(sign: char) -> Option<(&'static str, char)> {
    if sign == 'ゔ' {
        return Some(("v", 'u'));
    }
    ROWS.iter().find_map(|(consonant, row)| {
        let at = row.chars().position(|kana| kana == sign && sign != '-')?;
        Some((*consonant, ['a', 'i', 'u', 'e', 'o'][at]))
    })
}

/// Romaji in Hepburn's spelling.
fn spell(consonant: &str, vowel: char) -> String {
    match (consonant, vowel) {
        ("s", 'i') => "shi".to_owned(),
        ("z", 'i') | ("d", 'i') => "ji".to_owned(),
        ("t", 'i') => "chi".to_owned(),
        ("t", 'u') => "tsu".to_owned(),
        ("d", 'u') => "zu".to_owned(),
        ("h", 'u') => "fu".to_owned(),
        ("w", 'i' | 'e' | 'o') => vowel.to_string(),
        _ => format!("{consonant}{vowel}"),
    }
}

/// Morae of a row of kana: first and last character, and romaji. ん is `n`, っ is `q` (the hold
/// before the next consonant), ー repeats the vowel.
fn morae(kana: &[char]) -> Vec<(usize, usize, String)> {
    let signs: Vec<char> = kana.iter().map(|sign| hiragana(*sign)).collect();
    let mut out: Vec<(usize, usize, String)> = Vec::new();
    for (at, sign) in signs.iter().enumerate() {
        if *sign == 'ん' {
            out.push((at, at + 1, "n".to_owned()));
        } else if *sign == 'っ' {
            out.push((at, at + 1, "q".to_owned()));
        } else if *sign == 'ー' {
            let vowel = out
                .last()
                .and_then(|(_, _, reading)| reading.chars().last());
            let vowel = vowel.filter(|vowel| VOWELS.iter().any(|(known, _)| known == vowel));
            out.push((at, at + 1, vowel.unwrap_or('n').to_string()));
        } else if let Some(joined) = out.last().and_then(|last| join(&last.2, *sign)) {
            if let Some(last) = out.last_mut() {
                last.2 = joined;
                last.1 = at + 1;
            }
        } else if let Some((consonant, vowel)) = plain(*sign) {
            out.push((at, at + 1, spell(consonant, vowel)));
        } else if let Some((_, alone)) = SMALL.iter().find(|(small, _)| small == sign) {
            // A small kana that joins nothing stands for itself.
            out.push((at, at + 1, (*alone).to_owned()));
        }
    }
    out
}

/// Small kana and what they are alone.
const SMALL: [(char, &str); 9] = [
    ('ゃ', "ya"),
    ('ゅ', "yu"),
    ('ょ', "yo"),
    ('ぁ', "a"),
    ('ぃ', "i"),
    ('ぅ', "u"),
    ('ぇ', "e"),
    ('ぉ', "o"),
    ('ゎ', "wa"),
];

/// A mora and a small kana in one: `ki` and ゃ are `kya`, `fu` and ぁ are `fa`.
fn join(mora: &str, small: char) -> Option<String> {
    let (_, alone) = SMALL.iter().find(|(known, _)| *known == small)?;
    let vowel = alone.chars().last()?;
    let stem = mora.trim_end_matches(['a', 'i', 'u', 'e', 'o']);
    let joined = match (alone.len(), stem) {
        (_, "n" | "q") if stem == mora => return None,
        (2, "sh" | "ch" | "j") => format!("{stem}{vowel}"),
        (2, "") | (2, "y" | "w") => return None,
        (2, _) => format!("{stem}y{vowel}"),
        (_, "") => format!("w{vowel}"),
        _ => format!("{stem}{vowel}"),
    };
    sounds(&joined).is_ok().then_some(joined)
}

/// The phones of a mora in romaji, such as `kya`.
///
/// # Errors
/// Says what was expected.
pub fn sounds(reading: &str) -> Result<Sounds, SpellError> {
    let phone = |symbol, part| Phone { symbol, part };
    let mut phones = Vec::new();
    match reading {
        "n" => phones.push(phone("ɴ", Part::Nucleus)),
        "q" => phones.push(phone("ʔ", Part::Nucleus)),
        _ => {
            let (consonant, rest) = CONSONANTS
                .iter()
                .find_map(|row| Some((Some(row), reading.strip_prefix(row.0)?)))
                .unwrap_or((None, reading));
            let mut letters = rest.chars();
            let vowel = letters
                .next()
                .and_then(|letter| VOWELS.iter().find(|(known, _)| *known == letter))
                .filter(|_| letters.next().is_none())
                .ok_or_else(|| {
                    SpellError::new(
                        format!("expected one mora in romaji such as `kya`, found `{reading}`"),
                        format!("应为一个罗马字音拍，如 kya，却是“{reading}”"),
                    )
                })?;
            if let Some((_, onset, glide)) = consonant {
                phones.push(phone(onset, Part::Onset));
                if !glide.is_empty() {
                    phones.push(phone(glide, Part::Glide));
                }
            }
            phones.push(phone(vowel.1, Part::Nucleus));
        }
    }
    Ok(Sounds {
        phones,
        tone: None,
        stress: None,
    })
}
