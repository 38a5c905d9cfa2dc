//! Hanyu Pinyin: spelling, decomposition, phones.
//!
//! Initials: `b p m f d t n l g k h j q x zh ch sh r z c s`. A final is a medial (`j w ɥ`), a
//! nucleus and an ending; `i` after `z c s` is `ɹ̩`, after `zh ch sh r` it is `ɻ̩`. An `r` that
//! follows a final is erhua and closes the syllable with `ɻ`.

use crate::language::SpellError;
use crate::syllable::{Part, Phone, Sounds};

/// Initials with their phone, longest first.
const INITIALS: &[(&str, &str)] = &[
    ("zh", "ʈʂ"),
    ("ch", "ʈʂʰ"),
    ("sh", "ʂ"),
    ("b", "p"),
    ("p", "pʰ"),
    ("m", "m"),
    ("f", "f"),
    ("d", "t"),
    ("t", "tʰ"),
    ("n", "n"),
    ("l", "l"),
    ("g", "k"),
    ("k", "kʰ"),
    ("h", "x"),
    ("j", "tɕ"),
    ("q", "tɕʰ"),
    ("x", "ɕ"),
    ("r", "ɻ"),
    ("z", "ts"),
    ("c", "tsʰ"),
    ("s", "s"),
];

/// Finals: medial, nucleus, ending.
const FINALS: &[(&str, [&str; 3])] = &[
    ("a", ["", "a", ""]),
    ("o", ["", "o", ""]),
    ("e", ["", "ɤ", ""]),
    ("ê", ["", "ɛ", ""]),
    ("i", ["", "i", ""]),
    ("u", ["", "u", ""]),
    ("v", ["", "y", ""]),
    ("ai", ["", "a", "ɪ̯"]),
    ("ei", ["", "e", "ɪ̯"]),
    ("ao", ["", "ɑ", "ʊ̯"]),
    ("ou", ["", "o", "ʊ̯"]),
    ("an", ["", "a", "n"]),
    ("en", ["", "ə", "n"]),
    ("ang", ["", "ɑ", "ŋ"]),
    ("eng", ["", "ə", "ŋ"]),
    ("ong", ["", "ʊ", "ŋ"]),
    ("er", ["", "ɚ", ""]),
    ("ia", ["j", "a", ""]),
    ("io", ["j", "o", ""]),
    ("ie", ["j", "ɛ", ""]),
    ("iai", ["j", "a", "ɪ̯"]),
    ("iao", ["j", "ɑ", "ʊ̯"]),
    ("iou", ["j", "o", "ʊ̯"]),
    ("ian", ["j", "ɛ", "n"]),
    ("in", ["", "i", "n"]),
    ("iang", ["j", "ɑ", "ŋ"]),
    ("ing", ["", "i", "ŋ"]),
    ("iong", ["j", "ʊ", "ŋ"]),
    ("ua", ["w", "a", ""]),
    ("uo", ["w", "o", ""]),
    ("uai", ["w", "a", "ɪ̯"]),
    ("uei", ["w", "e", "ɪ̯"]),
    ("uan", ["w", "a", "n"]),
    ("uen", ["w", "ə", "n"]),
    ("uang", ["w", "ɑ", "ŋ"]),
    ("ueng", ["w", "ə", "ŋ"]),
    ("ve", ["ɥ", "ɛ", ""]),
    ("van", ["ɥ", "ɛ", "n"]),
    ("vn", ["", "y", "n"]),
];

/// A syllable taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinyin {
    /// Initial as spelled; empty for none.
    pub initial: &'static str,
    /// Final in full spelling, `ü` as `v`: `iou` for `liu`, `ve` for `xue`.
    pub rime: &'static str,
    /// Whether an erhua `r` follows.
    pub erhua: bool,
    /// 1 to 4, 5 for neutral.
    pub tone: u8,
}

/// Reads a syllable of Pinyin: `huan2`, `huán`, `lv4`, `lü4`, `lǜ`, `ge5`, `ge`, `huar1`.
///
/// # Errors
/// Says what is no initial, final or tone.
pub fn parse(text: &str) -> Result<Pinyin, SpellError> {
    let fault = || {
        SpellError::new(
            format!("expected a syllable of Pinyin such as `huan2` or `huán`, found `{text}`"),
            format!("应为一个拼音音节，如 huan2 或 huán，却是“{text}”"),
        )
    };
    let (letters, tone) = plain(text).ok_or_else(fault)?;
    let erhua_of = |letters: &str| -> Option<Pinyin> {
        let base = letters.strip_suffix('r')?;
        let (initial, rime) = split(base)?;
        Some(Pinyin {
            initial,
            rime,
            erhua: true,
            tone,
        })
    };
    match split(&letters) {
        Some((initial, rime)) => Ok(Pinyin {
            initial,
            rime,
            erhua: false,
            tone,
        }),
        None => erhua_of(&letters).ok_or_else(fault),
    }
}

/// The usual spelling with the tone as a number: `lv4`.
pub fn spell(text: &str) -> Option<String> {
    let (letters, tone) = plain(text)?;
    Some(format!("{letters}{tone}"))
}

/// The tone of a reading such as `huan2`; 5 where it states none.
pub fn tone(reading: &str) -> u8 {
    match reading.as_bytes().last() {
        Some(digit @ b'1'..=b'5') => digit - b'0',
        _ => 5,
    }
}

/// The reading with another tone.
pub fn with_tone(reading: &str, tone: u8) -> String {
    format!(
        "{}{tone}",
        reading.trim_end_matches(|c: char| c.is_ascii_digit())
    )
}

/// The reading with the mark over its vowel: `huán`, `lǜ`, `ge`.
pub fn marked(reading: &str) -> String {
    let tone = tone(reading);
    let letters = reading.trim_end_matches(|c: char| c.is_ascii_digit());
    let at = ["a", "e", "ou"]
        .iter()
        .find_map(|vowel| letters.find(vowel))
        .or_else(|| letters.rfind(['i', 'o', 'u', 'v']));
    let mut out = String::new();
    for (index, letter) in letters.char_indices() {
        let row = match letter {
            'a' => "āáǎà",
            'e' => "ēéěè",
            'i' => "īíǐì",
            'o' => "ōóǒò",
            'u' => "ūúǔù",
            'v' => "ǖǘǚǜ",
            _ => "",
        };
        let mark = (Some(index) == at && (1..=4).contains(&tone))
            .then(|| row.chars().nth(usize::from(tone) - 1))
            .flatten();
        out.push(mark.unwrap_or(if letter == 'v' { 'ü' } else { letter }));
    }
    out
}

/// The phones of a reading.
///
/// # Errors
/// As [`parse`].
pub fn sounds(reading: &str) -> Result<Sounds, SpellError> {
    let pinyin = parse(reading)?;
    let mut phones = Vec::new();
    let mut push = |symbol: &'static str, part| {
        if !symbol.is_empty() {
            phones.push(Phone { symbol, part });
        }
    };
    if let Some((_, phone)) = INITIALS.iter().find(|(name, _)| *name == pinyin.initial) {
        push(phone, Part::Onset);
    }
    let [medial, nucleus, ending] = match (pinyin.initial, pinyin.rime) {
        (_, "m") => ["", "m̩", ""],
        (_, "n") => ["", "n̩", ""],
        (_, "ng") => ["", "ŋ̍", ""],
        ("z" | "c" | "s", "i") => ["", "ɹ̩", ""],
        ("zh" | "ch" | "sh" | "r", "i") => ["", "ɻ̩", ""],
        // Written `bo`, spoken `buo`.
        ("b" | "p" | "m" | "f", "o") => ["w", "o", ""],
        (_, rime) => FINALS
            .iter()
            .find(|(name, _)| *name == rime)
            .map_or(["", "ɤ", ""], |(_, parts)| *parts),
    };
    push(medial, Part::Glide);
    if pinyin.erhua {
        // Endings in n and i give way to the r.
        push(nucleus, Part::Nucleus);
        if ending == "ŋ" || ending == "ʊ̯" {
            push(ending, Part::Coda);
        }
        push("ɻ", Part::Coda);
    } else {
        push(nucleus, Part::Nucleus);
        push(ending, Part::Coda);
    }
    Ok(Sounds {
        phones,
        tone: Some(pinyin.tone),
        stress: None,
    })
}

/// Letters with `ü` as `v`, and the tone.
fn plain(text: &str) -> Option<(String, u8)> {
    let mut letters = String::new();
    let mut tone = None;
    let text = text.trim();
    // A tone as a number closes the syllable.
    if text
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    for sign in text.chars() {
        for sign in sign.to_lowercase() {
            let (letter, mark) = unmark(sign);
            match letter {
                // A combining diaeresis or tone mark follows its letter.
                '\u{308}' if letters.ends_with('u') => {
                    letters.pop();
                    letters.push('v');
                }
                '\u{304}' | '\u{301}' | '\u{30c}' | '\u{300}' if tone.is_none() => {
                    tone = Some(match letter {
                        '\u{304}' => 1,
                        '\u{301}' => 2,
                        '\u{30c}' => 3,
                        _ => 4,
                    });
                }
                '0'..='5' if tone.is_none() => tone = Some(letter as u8 - b'0'),
                'a'..='z' | 'ê' if !letters.is_empty() || tone.is_none() => letters.push(letter),
                _ => return None,
            }
            if let Some(mark) = mark {
                if tone.is_some() {
                    return None;
                }
                tone = Some(mark);
            }
        }
    }
    let letters = letters.replace("u:", "v");
    (!letters.is_empty()).then(|| (letters, tone.filter(|tone| *tone > 0).unwrap_or(5)))
}

fn unmark(sign: char) -> (char, Option<u8>) {
    const ROWS: [(char, &str); 8] = [
        ('a', "āáǎà"),
        ('e', "ēéěè"),
        ('i', "īíǐì"),
        ('o', "ōóǒò"),
        ('u', "ūúǔù"),
        ('v', "ǖǘǚǜ"),
        ('n', "\0ńňǹ"),
        ('m', "\0ḿ\0\0"),
    ];
    if sign == 'ü' {
        return ('v', None);
    }
    for (letter, row) in ROWS {
        if let Some(at) = row
            .chars()
            .position(|marked| marked == sign && sign != '\0')
        {
            return (letter, Some(at as u8 + 1));
        }
    }
    (sign, None)
}

/// Initial and full final of a spelling without tone.
fn split(letters: &str) -> Option<(&'static str, &'static str)> {
    for whole in ["m", "n", "ng", "hm", "hng"] {
        if letters == whole {
            return match whole {
                "hm" => Some(("h", "m")),
                "hng" => Some(("h", "ng")),
                "m" => Some(("", "m")),
                "n" => Some(("", "n")),
                _ => Some(("", "ng")),
            };
        }
    }
    let rime = |name: &str| {
        FINALS
            .iter()
            .map(|(known, _)| *known)
            .find(|known| *known == name)
    };
    if let Some(rest) = letters.strip_prefix('y') {
        // yu, yue, yuan, yun are rounded; yi, yin, ying are plain; the rest has a medial.
        let full = match rest {
            "u" | "ue" | "uan" | "un" => rest.replacen('u', "v", 1),
            "v" | "ve" | "van" | "vn" => rest.to_owned(),
            "i" | "in" | "ing" => rest.to_owned(),
            "ou" => "iou".to_owned(),
            "e" => "ie".to_owned(),
            _ => format!("i{rest}"),
        };
        return rime(&full).map(|rime| ("", rime));
    }
    if let Some(rest) = letters.strip_prefix('w') {
        let full = match rest {
            "u" => "u".to_owned(),
            "o" => "uo".to_owned(),
            "ei" => "uei".to_owned(),
            "en" => "uen".to_owned(),
            _ => format!("u{rest}"),
        };
        return rime(&full).map(|rime| ("", rime));
    }
    let (initial, rest) = INITIALS
        .iter()
        .find_map(|(name, _)| Some((*name, letters.strip_prefix(name)?)))
        .unwrap_or(("", letters));
    if initial.is_empty() {
        // Alone they are spelled with y and w.
        let bare = [
            "a", "o", "e", "ê", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er",
        ];
        return bare
            .contains(&rest)
            .then(|| rime(rest))
            .flatten()
            .map(|rime| ("", rime));
    }
    let full = match (initial, rest) {
        ("j" | "q" | "x", "u" | "ue" | "uan" | "un") => rest.replacen('u', "v", 1),
        ("j" | "q" | "x", "v" | "ve" | "van" | "vn") => rest.to_owned(),
        ("l" | "n", "ue") => "ve".to_owned(),
        (_, "iu") => "iou".to_owned(),
        (_, "ui") => "uei".to_owned(),
        (_, "un") => "uen".to_owned(),
        (_, "er" | "ê") => return None,
        _ => rest.to_owned(),
    };
    // What the sounds of Mandarin do not join.
    let high = full.starts_with(['i', 'v']);
    let fits = match initial {
        "j" | "q" | "x" => high,
        "l" | "n" => true,
        "b" | "p" | "m" | "f" | "d" | "t" => !full.starts_with('v'),
        "g" | "k" | "h" => !high,
        _ => !high || full == "i",
    };
    rime(&full).filter(|_| fits).map(|rime| (initial, rime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_taken_apart() {
        let cases = [
            ("huan2", "h", "uan", 2),
            ("huán", "h", "uan", 2),
            ("lv4", "l", "v", 4),
            ("lǜ", "l", "v", 4),
            ("lüe4", "l", "ve", 4),
            ("liu2", "l", "iou", 2),
            ("yuan2", "", "van", 2),
            ("you3", "", "iou", 3),
            ("yi1", "", "i", 1),
            ("yong3", "", "iong", 3),
            ("wen2", "", "uen", 2),
            ("weng1", "", "ueng", 1),
            ("xue2", "x", "ve", 2),
            ("jun1", "j", "vn", 1),
            ("zhi1", "zh", "i", 1),
            ("ge", "g", "e", 5),
            ("er2", "", "er", 2),
            ("ng4", "", "ng", 4),
        ];
        for (text, initial, rime, tone) in cases {
            let found = parse(text).unwrap();
            assert_eq!(
                (found.initial, found.rime, found.tone, found.erhua),
                (initial, rime, tone, false),
                "{text}"
            );
        }
        let found = parse("huar1").unwrap();
        assert_eq!((found.rime, found.erhua), ("ua", true));
        assert_eq!(parse("dianr3").unwrap().rime, "ian");
        for bad in ["", "x", "huan7", "hu4an", "hello", "bver", "1", "还"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn marks_stand_where_they_belong() {
        for (reading, shown) in [
            ("huan2", "huán"),
            ("gui4", "guì"),
            ("liu2", "liú"),
            ("lv4", "lǜ"),
            ("xue2", "xué"),
            ("ge5", "ge"),
            ("hao3", "hǎo"),
            ("dou1", "dōu"),
        ] {
            assert_eq!(marked(reading), shown);
            if tone(reading) != 5 {
                assert_eq!(spell(shown).as_deref(), Some(reading));
            }
        }
    }

    #[test]
    fn phones_have_one_nucleus() {
        for reading in [
            "huan2", "shi4", "si1", "wo3", "yue4", "er2", "huar1", "ng2", "bo1",
        ] {
            let sounds = sounds(reading).unwrap();
            assert_eq!(sounds.of(Part::Nucleus).count(), 1, "{reading}");
        }
        assert_eq!(sounds("huan2").unwrap().ipa(), "xwan");
        assert_eq!(sounds("zhuang4").unwrap().ipa(), "ʈʂwɑŋ");
        assert_eq!(sounds("wanr2").unwrap().ipa(), "waɻ");
    }
}
