//! Verse: syllable counts, stress, tone classes (平仄) and rhyme.

use crate::english::arpabet;
use crate::mandarin::pinyin;
use crate::syllable::{Syllable, Word};
use crate::{cantonese, english, japanese, mandarin, sounds};

/// The tone class of classical verse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToneClass {
    /// 平: Mandarin tones 1 and 2, Cantonese 1 and 4 without a stop.
    Level,
    /// 仄: all others.
    Oblique,
}

/// The sound that a line ends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhyme {
    /// Code of the language.
    pub lang: &'static str,
    /// What has to agree: Mandarin the final (`uan`), English the phones from the last stressed
    /// vowel on, Cantonese the final, Japanese the last vowel.
    pub key: String,
    /// What stands before it: an identical one makes a repetition rather than a rhyme.
    pub onset: String,
    /// Mandarin: the rhyme of the eighteen (十八韵) and of the thirteen (十三辙).
    pub group: Option<(&'static str, &'static str)>,
}

/// The eighteen rhymes, the thirteen tracks, and their finals.
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("麻", "发花", &["a", "ia", "ua"]),
    ("波", "梭坡", &["o", "uo", "io"]),
    ("歌", "梭坡", &["e"]),
    ("皆", "乜斜", &["ie", "ve", "ê"]),
    ("支", "一七", &["-i"]),
    ("儿", "一七", &["er"]),
    ("齐", "一七", &["i"]),
    ("微", "灰堆", &["ei", "uei"]),
    ("开", "怀来", &["ai", "uai", "iai"]),
    ("姑", "姑苏", &["u"]),
    ("鱼", "一七", &["v"]),
    ("侯", "油求", &["ou", "iou"]),
    ("豪", "遥条", &["ao", "iao"]),
    ("寒", "言前", &["an", "ian", "uan", "van"]),
    ("痕", "人辰", &["en", "in", "uen", "vn"]),
    ("唐", "江阳", &["ang", "iang", "uang"]),
    ("庚", "中东", &["eng", "ing", "ueng"]),
    ("东", "中东", &["ong", "iong"]),
];

/// Finals whose endings differ by n and ng, which many singers join.
const NASALS: &[(&str, &str, f32)] = &[("人辰", "中东", 0.5), ("言前", "江阳", 0.4)];

/// Words of one syllable that bear no stress in verse unless the metre puts it there.
const LIGHT: &[&str] = &[
    "a", "an", "the", "and", "or", "but", "nor", "of", "to", "in", "on", "at", "by", "for", "from",
    "with", "as", "if", "than", "that", "is", "are", "was", "were", "be", "been", "am", "do",
    "does", "did", "has", "have", "had", "will", "would", "can", "could", "shall", "should", "may",
    "might", "must", "i", "me", "my", "you", "your", "he", "him", "his", "she", "her", "it", "its",
    "we", "us", "our", "they", "them", "their", "i'm", "i'll", "i've", "you're", "it's", "so",
];

/// Number of syllables.
pub fn count(words: &[Word]) -> usize {
    words.iter().map(|word| word.syllables.len()).sum()
}

/// The tone class of a syllable; `None` for a neutral tone or a language without tones.
pub fn tone_class(lang: &str, syllable: &Syllable) -> Option<ToneClass> {
    let reading = syllable.reading.as_str();
    match lang {
        // The dictionary's tone counts in verse, not the one that sandhi makes of it.
        mandarin::CODE => match pinyin::tone(syllable.citation.as_deref().unwrap_or(reading)) {
            1 | 2 => Some(ToneClass::Level),
            3 | 4 => Some(ToneClass::Oblique),
            _ => None,
        },
        cantonese::CODE => {
            let stopped = reading
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .ends_with(['p', 't', 'k']);
            match (reading.bytes().last(), stopped) {
                (Some(b'1' | b'4'), false) => Some(ToneClass::Level),
                (Some(b'1'..=b'6'), _) => Some(ToneClass::Oblique),
                _ => None,
            }
        }
        _ => None,
    }
}

/// How heavy each syllable of a word is in verse: 0 light, 1 half, 2 full. `text` is the line.
pub fn weights(word: &Word, text: &str) -> Vec<u8> {
    match word.lang {
        english::CODE => {
            let written = text
                .get(word.span.0..word.span.1)
                .unwrap_or_default()
                .to_lowercase();
            let light = word.syllables.len() == 1 && LIGHT.contains(&written.as_str());
            let weight = |syllable: &Syllable| match sounds(word.lang, &syllable.reading) {
                Ok(found) => match found.stress {
                    Some(1) if !light => 2,
                    Some(2) => 1,
                    _ => 0,
                },
                Err(_) => 0,
            };
            word.syllables.iter().map(weight).collect()
        }
        mandarin::CODE => {
            // Neutral tones and particles are light; the last full syllable of a word is heaviest.
            let neutral = |s: &Syllable| pinyin::tone(&s.reading) == 5;
            let last = word.syllables.iter().rposition(|s| !neutral(s));
            let weight = |(at, s): (usize, &Syllable)| match (neutral(s), Some(at) == last) {
                (true, _) => 0,
                (false, true) => 2,
                (false, false) => 1,
            };
            word.syllables.iter().enumerate().map(weight).collect()
        }
        _ => vec![1; word.syllables.len()],
    }
}

/// The rhyme that words end on; `None` where nothing is read.
pub fn rhyme(words: &[Word]) -> Option<Rhyme> {
    let word = words.iter().rev().find(|word| !word.syllables.is_empty())?;
    let last = word.syllables.last()?;
    let lang = word.lang;
    let rhyme = |key: String, onset: String, group| {
        Some(Rhyme {
            lang,
            key,
            onset,
            group,
        })
    };
    match lang {
        mandarin::CODE => {
            let found = pinyin::parse(&last.reading).ok()?;
            let apical = ["z", "c", "s", "zh", "ch", "sh", "r"].contains(&found.initial);
            let key = match found.rime {
                "i" if apical => "-i",
                "o" => "uo",
                rime => rime,
            };
            let group = GROUPS
                .iter()
                .find(|(.., finals)| finals.contains(&key))
                .map(|(eighteen, thirteen, _)| (*eighteen, *thirteen));
            rhyme(key.to_owned(), found.initial.to_owned(), group)
        }
        english::CODE => {
            let phones: Vec<String> = word
                .syllables
                .iter()
                .flat_map(|syllable| syllable.reading.split(' '))
                .map(str::to_owned)
                .collect();
            let vowel = |digits: &[char]| {
                phones
                    .iter()
                    .rposition(|phone| arpabet::is_vowel(phone) && phone.ends_with(digits))
            };
            let from = vowel(&['1', '2']).or_else(|| vowel(&['0']))?;
            let onset = phones[..from]
                .iter()
                .rev()
                .take_while(|phone| !arpabet::is_vowel(phone))
                .cloned()
                .collect::<Vec<_>>();
            let key: Vec<&str> = phones[from..]
                .iter()
                .map(|phone| arpabet::bare(phone))
                .collect();
            rhyme(
                key.join(" "),
                onset.into_iter().rev().collect::<Vec<_>>().join(" "),
                None,
            )
        }
        japanese::CODE => {
            let split = last.reading.rfind(['a', 'i', 'u', 'e', 'o']).unwrap_or(0);
            rhyme(
                last.reading[split..].to_owned(),
                last.reading[..split].to_owned(),
                None,
            )
        }
        _ => {
            let letters = last.reading.trim_end_matches(|c: char| c.is_ascii_digit());
            let split = letters.find(['a', 'e', 'i', 'o', 'u', 'y']).unwrap_or(0);
            rhyme(
                letters[split..].to_owned(),
                letters[..split].to_owned(),
                None,
            )
        }
    }
}

/// How well two line ends rhyme: 1 a full rhyme, 0.7 the same syllable again, lower values near
/// rhymes, 0 none.
pub fn score(a: &Rhyme, b: &Rhyme) -> f32 {
    if a.lang != b.lang {
        return 0.0;
    }
    let same = if a.onset == b.onset { 0.7 } else { 1.0 };
    if a.key == b.key {
        return same;
    }
    match (a.group, b.group) {
        (Some(a), Some(b)) if a.0 == b.0 => 1.0,
        (Some(a), Some(b)) if a.1 == b.1 => 0.8,
        (Some(a), Some(b)) => NASALS
            .iter()
            .find(|(n, ng, _)| (a.1, b.1) == (*n, *ng) || (b.1, a.1) == (*n, *ng))
            .map_or(0.0, |(.., score)| *score),
        _ if a.lang == english::CODE => near(&a.key, &b.key),
        _ => 0.0,
    }
}

/// English near rhymes: the same vowels, consonants of the same kind.
fn near(a: &str, b: &str) -> f32 {
    let kind = |phone: &str| match phone {
        "P" | "T" | "K" => 1,
        "B" | "D" | "G" => 2,
        "F" | "TH" | "S" | "SH" => 3,
        "V" | "DH" | "Z" | "ZH" => 4,
        "M" | "N" | "NG" => 5,
        "L" | "R" => 6,
        _ => 0,
    };
    let split = |key: &str| -> (Vec<String>, Vec<String>) {
        key.split(' ')
            .map(str::to_owned)
            .partition(|phone| arpabet::is_vowel(phone))
    };
    let ((vowels_a, a), (vowels_b, b)) = (split(a), split(b));
    if vowels_a != vowels_b {
        return 0.0;
    }
    if a.len() == b.len() {
        let alike = a
            .iter()
            .zip(&b)
            .filter(|(a, b)| a == b || kind(a) == kind(b) && kind(a) > 0);
        return 0.5 + 0.3 * alike.count() as f32 / a.len().max(1) as f32;
    }
    // A consonant more at the end: time, times.
    let (short, long) = if a.len() < b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if long.len() == short.len() + 1 && long.starts_with(short) {
        0.6
    } else {
        0.4
    }
}
