//! ARPABET with stress digits: spelling, syllables, phones.

use crate::language::SpellError;
use crate::syllable::{Part, Phone, Sounds};

/// Phones: ARPABET, the letter that the dictionary packs it as, IPA of the (nucleus or consonant)
/// and of the second half of a diphthong.
const PHONES: &[(&str, char, &str, &str)] = &[
    ("P", 'p', "p", ""),
    ("B", 'b', "b", ""),
    ("T", 't', "t", ""),
    ("D", 'd', "d", ""),
    ("K", 'k', "k", ""),
    ("G", 'g', "ɡ", ""),
    ("CH", 'C', "tʃ", ""),
    ("JH", 'J', "dʒ", ""),
    ("F", 'f', "f", ""),
    ("V", 'v', "v", ""),
    ("TH", 'T', "θ", ""),
    ("DH", 'D', "ð", ""),
    ("S", 's', "s", ""),
    ("Z", 'z', "z", ""),
    ("SH", 'S', "ʃ", ""),
    ("ZH", 'Z', "ʒ", ""),
    ("HH", 'h', "h", ""),
    ("M", 'm', "m", ""),
    ("N", 'n', "n", ""),
    ("NG", 'N', "ŋ", ""),
    ("L", 'l', "l", ""),
    ("R", 'r', "ɹ", ""),
    ("W", 'w', "w", ""),
    ("Y", 'y', "j", ""),
    ("AA", 'a', "ɑ", ""),
    ("AE", 'A', "æ", ""),
    ("AH", 'u', "ʌ", ""),
    ("AO", 'o', "ɔ", ""),
    ("AW", 'W', "a", "ʊ̯"),
    ("AY", 'I', "a", "ɪ̯"),
    ("EH", 'e', "ɛ", ""),
    ("ER", 'R', "ɝ", ""),
    ("EY", 'E', "e", "ɪ̯"),
    ("IH", 'i', "ɪ", ""),
    ("IY", 'Y', "i", ""),
    ("OW", 'O', "o", "ʊ̯"),
    ("OY", 'q', "ɔ", "ɪ̯"),
    ("UH", 'U', "ʊ", ""),
    ("UW", 'x', "u", ""),
];

/// Where vowels begin in [`PHONES`].
const VOWELS: usize = 24;

/// Consonants that may begin a syllable together.
const ONSETS: &[&str] = &[
    "P L", "P R", "P Y", "B L", "B R", "B Y", "T R", "T W", "D R", "D W", "K L", "K R", "K W",
    "K Y", "G L", "G R", "G W", "F L", "F R", "F Y", "V Y", "TH R", "TH W", "SH R", "S P", "S T",
    "S K", "S F", "S M", "S N", "S L", "S W", "HH Y", "HH W", "M Y", "N Y", "S P L", "S P R",
    "S P Y", "S T R", "S K R", "S K W", "S K Y", "S K L",
];

/// Whether a phone (with or without stress digit) is a vowel.
pub fn is_vowel(phone: &str) -> bool {
    let bare = bare(phone);
    PHONES[VOWELS..].iter().any(|(name, ..)| *name == bare)
}

/// The phone without its stress digit.
pub fn bare(phone: &str) -> &str {
    phone.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Phones of a packed reading (`ru0SY1n`).
pub fn unpack(packed: &str) -> Vec<String> {
    let mut phones: Vec<String> = Vec::new();
    for sign in packed.chars() {
        if let Some((name, ..)) = PHONES.iter().find(|(_, code, ..)| *code == sign) {
            phones.push((*name).to_owned());
        } else if sign.is_ascii_digit()
            && let Some(last) = phones.last_mut()
        {
            last.push(sign);
        }
    }
    phones
}

/// The packed sign of a phone, without stress; `None` for what is no phone.
pub fn packed(phone: &str) -> Option<char> {
    let bare = bare(phone);
    let found = PHONES.iter().find(|(name, ..)| *name == bare);
    found.map(|(_, code, ..)| *code)
}

/// Phones of a reading as people write it: `HH AH0 L OW1`, lower case too. A vowel without digit
/// has no stress but in a word's only syllable.
///
/// # Errors
/// Names the phone that does not exist.
pub fn parse(text: &str) -> Result<Vec<String>, SpellError> {
    let mut phones = Vec::new();
    for part in text
        .split([' ', ',', '-', '.'])
        .filter(|part| !part.is_empty())
    {
        let upper = part.to_ascii_uppercase();
        let name = bare(&upper);
        let digits = &upper[name.len()..];
        let known = PHONES.iter().any(|(known, ..)| *known == name);
        let vowel = known && is_vowel(name);
        let fine = known && (digits.is_empty() || vowel && matches!(digits, "0" | "1" | "2"));
        if !fine {
            return Err(SpellError::new(
                format!("expected ARPABET phones such as `HH AH0 L OW1`, found `{part}`"),
                format!("应为 ARPABET 音素，如 HH AH0 L OW1，却有“{part}”"),
            ));
        }
        phones.push(if vowel && digits.is_empty() {
            format!("{name}?")
        } else {
            upper
        });
    }
    if phones.is_empty() {
        return Err(SpellError::new(
            "expected phones between the braces, such as `HH AH0 L OW1`".to_owned(),
            "大括号里应有音素，如 HH AH0 L OW1".to_owned(),
        ));
    }
    let vowels = phones
        .iter()
        .filter(|phone| is_vowel(phone.trim_end_matches('?')))
        .count();
    for phone in &mut phones {
        if phone.ends_with('?') {
            phone.pop();
            phone.push(if vowels == 1 { '1' } else { '0' });
        }
    }
    Ok(phones)
}

/// Cuts a word's phones into syllables: as many consonants as English allows begin the next one.
/// A word without a vowel is one syllable.
pub fn syllables(phones: &[String]) -> Vec<Vec<String>> {
    let vowels: Vec<usize> = (0..phones.len())
        .filter(|i| is_vowel(&phones[*i]))
        .collect();
    if vowels.len() < 2 {
        return vec![phones.to_vec()];
    }
    let mut cuts = vec![0];
    for pair in vowels.windows(2) {
        let between = &phones[pair[0] + 1..pair[1]];
        let mut start = between.len();
        while start > 0 && may_begin(&between[start - 1..]) {
            start -= 1;
        }
        // A stressed lax vowel keeps a single s before a stop: mis-ter, not mi-ster.
        if between.len() - start >= 2
            && between[start] == "S"
            && start == 0
            && ["AE", "EH", "IH", "AH", "UH"].contains(&bare(&phones[pair[0]]))
        {
            start += 1;
        }
        cuts.push(pair[0] + 1 + start);
    }
    cuts.push(phones.len());
    cuts.windows(2)
        .map(|cut| phones[cut[0]..cut[1]].to_vec())
        .collect()
}

fn may_begin(consonants: &[String]) -> bool {
    match consonants {
        [one] => one != "NG",
        more => ONSETS.contains(&more.join(" ").as_str()),
    }
}

/// The phones of one syllable's reading, such as `L OW1`.
///
/// # Errors
/// As [`parse`]; also where a syllable has more than one vowel.
pub fn sounds(reading: &str) -> Result<Sounds, SpellError> {
    let written = parse(reading)?;
    let vowels = written.iter().filter(|phone| is_vowel(phone)).count();
    if vowels > 1 {
        return Err(SpellError::new(
            format!("expected one syllable, found {vowels} vowels in `{reading}`"),
            format!("应为一个音节，却在“{reading}”中有 {vowels} 个元音"),
        ));
    }
    // Without a vowel a sonorant carries the tune, failing that whatever hisses.
    let nucleus = written
        .iter()
        .position(|phone| is_vowel(phone))
        .or_else(|| {
            let rank = |phone: &String| match phone.as_str() {
                "M" | "N" | "NG" | "L" | "R" => 0,
                "Z" | "ZH" | "V" | "DH" => 1,
                "S" | "SH" | "F" | "TH" => 2,
                _ => 3,
            };
            (0..written.len()).min_by_key(|index| (rank(&written[*index]), *index))
        })
        .unwrap_or(0);
    let mut phones = Vec::new();
    let mut stress = Some(0);
    for (index, phone) in written.iter().enumerate() {
        let Some((name, _, symbol, glide)) = PHONES.iter().find(|(name, ..)| *name == bare(phone))
        else {
            continue;
        };
        let part = match index.cmp(&nucleus) {
            std::cmp::Ordering::Less => Part::Onset,
            std::cmp::Ordering::Equal => Part::Nucleus,
            std::cmp::Ordering::Greater => Part::Coda,
        };
        let mut symbol = *symbol;
        if part == Part::Nucleus {
            let digit = phone
                .bytes()
                .last()
                .filter(u8::is_ascii_digit)
                .map(|b| b - b'0');
            stress = digit.or(Some(1));
            symbol = match (*name, digit) {
                ("AH", Some(0)) => "ə",
                ("ER", Some(0)) => "ɚ",
                ("M", _) => "m̩",
                ("N", _) => "n̩",
                ("L", _) => "l̩",
                _ => symbol,
            };
        }
        phones.push(Phone { symbol, part });
        if !glide.is_empty() {
            phones.push(Phone {
                symbol: glide,
                part: Part::Coda,
            });
        }
    }
    Ok(Sounds {
        phones,
        tone: None,
        stress,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> String {
        let parts: Vec<String> = syllables(&parse(text).unwrap())
            .into_iter()
            .map(|syllable| syllable.join(" "))
            .collect();
        parts.join(" . ")
    }

    #[test]
    fn syllables_begin_with_what_may_begin_a_word() {
        for (text, expected) in [
            ("HH AH0 L OW1", "HH AH0 . L OW1"),
            ("M IH1 S T ER0", "M IH1 S . T ER0"),
            ("S T R EH1 NG K TH", "S T R EH1 NG K TH"),
            ("W IH1 N T ER0", "W IH1 N . T ER0"),
            ("S IH1 NG IH0 NG", "S IH1 NG . IH0 NG"),
            ("AH0 P L AY1", "AH0 . P L AY1"),
            ("K R IY0 EY1 SH AH0 N", "K R IY0 . EY1 . SH AH0 N"),
            ("EH1 K S T R AH0", "EH1 K . S T R AH0"),
            ("M", "M"),
        ] {
            assert_eq!(cut(text), expected);
        }
    }

    #[test]
    fn phones_are_placed_and_faults_named() {
        let loud = sounds("L AW1 D").unwrap();
        assert_eq!(loud.ipa(), "laʊ̯d");
        assert_eq!(loud.nucleus().unwrap().symbol, "a");
        assert_eq!(loud.stress, Some(1));
        assert_eq!(sounds("HH M").unwrap().nucleus().unwrap().symbol, "m̩");
        assert_eq!(sounds("SH").unwrap().nucleus().unwrap().symbol, "ʃ");
        assert_eq!(parse("l ow").unwrap(), ["L", "OW1"]);
        assert_eq!(unpack("hu0lO1"), ["HH", "AH0", "L", "OW1"]);
        for bad in ["", "X", "HH1", "AH7", "huan2"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(sounds("AH0 L OW1").is_err());
    }
}
