//! What is known of a phone by its symbol alone.
//!
//! Symbols are those of `yuefu_lang`: the International Phonetic Alphabet, one phone a symbol,
//! affricates, length and aspiration included.

use yuefu_lang::Part;

/// How a phone is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manner {
    /// A vowel, the second half of a diphthong, a syllabic consonant (`m̩`, `ɹ̩`).
    Vowel,
    /// A half-vowel: `j w ɥ ɹ ɻ`.
    Approximant,
    /// `l`, `ɾ`.
    Liquid,
    /// `m n ŋ`.
    Nasal,
    /// `f s ʂ x v z`.
    Fricative,
    /// `ts tɕʰ ʈʂ dʒ`.
    Affricate,
    /// `p t k b d ɡ`.
    Stop,
    /// A closure without release: `p̚`, `ʔ`.
    Closure,
}

/// The manner of a symbol. A symbol that no language of ours has counts as a vowel, which every
/// backend can hold.
pub fn manner(symbol: &str) -> Manner {
    if symbol.contains('\u{31A}') {
        return Manner::Closure;
    }
    // A syllabic consonant carries the tune.
    if symbol.contains(['\u{329}', '\u{30D}']) {
        return Manner::Vowel;
    }
    let mut letters = symbol
        .chars()
        .filter(|sign| !matches!(sign, 'ʰ' | 'ː' | 'ʲ'));
    let first = letters.next();
    let second = letters.next();
    match (first, second) {
        (Some('t' | 'd' | 'ʈ' | 'ɖ'), Some('s' | 'z' | 'ʃ' | 'ʒ' | 'ɕ' | 'ʑ' | 'ʂ' | 'ʐ')) => {
            Manner::Affricate
        }
        (Some('ʣ' | 'ʤ' | 'ʥ' | 'ʦ' | 'ʧ' | 'ʨ'), _) => Manner::Affricate,
        (Some('p' | 'b' | 't' | 'd' | 'k' | 'ɡ' | 'g' | 'ʈ' | 'ɖ' | 'c' | 'ɟ' | 'q'), _) => {
            Manner::Stop
        }
        (Some('ʔ'), _) => Manner::Closure,
        (Some('m' | 'n' | 'ŋ' | 'ɲ' | 'ɴ' | 'ɳ'), _) => Manner::Nasal,
        (Some('l' | 'ɾ' | 'ɽ' | 'ʎ' | 'r'), _) => Manner::Liquid,
        (Some('j' | 'w' | 'ɥ' | 'ɹ' | 'ɻ' | 'ɰ' | 'ʋ'), _) => Manner::Approximant,
        (
            Some(
                'f' | 'v' | 'θ' | 'ð' | 's' | 'z' | 'ʃ' | 'ʒ' | 'h' | 'ɦ' | 'x' | 'ɣ' | 'χ' | 'ɕ'
                | 'ʑ' | 'ʂ' | 'ʐ' | 'ɸ' | 'β' | 'ç' | 'ʝ' | 'ʁ',
            ),
            _,
        ) => Manner::Fricative,
        _ => Manner::Vowel,
    }
}

/// Whether the vocal folds sound through a phone. Backends follow this and not a predicted pitch:
/// networks let `v z ð` lose their voice, and "rivers" becomes "riffers".
pub fn is_voiced(symbol: &str) -> bool {
    match manner(symbol) {
        Manner::Vowel => !matches!(symbol.chars().next(), Some('ʃ' | 's' | 'f' | 'θ')),
        Manner::Approximant | Manner::Liquid | Manner::Nasal => true,
        Manner::Fricative => {
            symbol.starts_with(['v', 'ð', 'z', 'ʒ', 'ʑ', 'ʐ', 'β', 'ɣ', 'ʝ', 'ɦ', 'ʁ'])
        }
        Manner::Affricate => symbol.starts_with(['d', 'ɖ', 'ʣ', 'ʤ', 'ʥ']),
        Manner::Stop => symbol.starts_with(['b', 'd', 'ɡ', 'g', 'ɖ', 'ɟ']),
        Manner::Closure => false,
    }
}

/// Whether a phone lets noise through: what hisses, bursts or is breathed.
pub fn is_noisy(symbol: &str) -> bool {
    matches!(
        manner(symbol),
        Manner::Fricative | Manner::Affricate | Manner::Stop
    )
}

/// How long a phone naturally is in seconds, for a backend that does not say. Rounded means of
/// careful speech; consonant lengths within the ranges of Crystal & House, JASA 83 (1988).
pub fn usual_seconds(symbol: &str, part: Part) -> f64 {
    let aspirated = symbol.contains('ʰ');
    match (manner(symbol), part) {
        (Manner::Vowel, Part::Nucleus) => 0.12,
        (Manner::Vowel, _) => 0.08,
        (Manner::Approximant, _) => 0.06,
        (Manner::Liquid, _) => 0.06,
        (Manner::Nasal, _) => 0.07,
        (Manner::Fricative, _) => 0.095,
        (Manner::Affricate, _) => {
            if aspirated {
                0.12
            } else {
                0.09
            }
        }
        (Manner::Stop, _) => {
            if aspirated {
                0.1
            } else {
                0.07
            }
        }
        (Manner::Closure, _) => 0.06,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_of_all_languages_are_known_for_what_they_are() {
        for (symbol, expected, voiced) in [
            ("a", Manner::Vowel, true),
            ("ɪ̯", Manner::Vowel, true),
            ("ɻ̩", Manner::Vowel, true),
            ("ŋ̍", Manner::Vowel, true),
            ("ɝ", Manner::Vowel, true),
            ("j", Manner::Approximant, true),
            ("ɥ", Manner::Approximant, true),
            ("l", Manner::Liquid, true),
            ("ŋ", Manner::Nasal, true),
            ("ʂ", Manner::Fricative, false),
            ("x", Manner::Fricative, false),
            ("v", Manner::Fricative, true),
            ("ð", Manner::Fricative, true),
            ("tɕʰ", Manner::Affricate, false),
            ("ʈʂ", Manner::Affricate, false),
            ("dʒ", Manner::Affricate, true),
            ("tʰ", Manner::Stop, false),
            ("ɡ", Manner::Stop, true),
            ("k̚", Manner::Closure, false),
            ("ʔ", Manner::Closure, false),
        ] {
            assert_eq!(manner(symbol), expected, "{symbol}");
            assert_eq!(is_voiced(symbol), voiced, "{symbol}");
        }
    }

    #[test]
    fn every_mandarin_syllable_has_known_lengths() {
        for reading in ["xue2", "zhuang4", "si1", "er2", "lv4", "huar1", "ng2"] {
            let sounds = yuefu_lang::sounds("cmn", reading).unwrap();
            for phone in &sounds.phones {
                let seconds = usual_seconds(phone.symbol, phone.part);
                assert!((0.03..0.2).contains(&seconds), "{reading}");
            }
        }
    }
}
