//! From the phones of a syllable to the phonemes of a bank, by its dictionaries.

use crate::node::Node;
use std::collections::BTreeMap;
use yuefu_lang::Part;

/// Most entries of a dictionary that are read.
const MOST: usize = 200_000;

/// Languages: our code, and the banks' codes in names of files and of phonemes.
pub(crate) const LANGUAGES: [(&str, &[&str]); 4] = [
    ("cmn", &["zh", "cmn"]),
    ("ja", &["ja", "jp"]),
    ("yue", &["yue"]),
    ("en", &["en"]),
];

/// English phones and the ARPAbet names that banks use.
const ARPABET: &[(&str, &str)] = &[
    ("a ɪ̯", "ay"),
    ("a ʊ̯", "aw"),
    ("e ɪ̯", "ey"),
    ("o ʊ̯", "ow"),
    ("ɔ ɪ̯", "oy"),
    ("ɑ", "aa"),
    ("æ", "ae"),
    ("ʌ", "ah"),
    ("ə", "ah"),
    ("ɔ", "ao"),
    ("ɛ", "eh"),
    ("ɝ", "er"),
    ("ɚ", "er"),
    ("ɪ", "ih"),
    ("i", "iy"),
    ("ʊ", "uh"),
    ("u", "uw"),
    ("b", "b"),
    ("tʃ", "ch"),
    ("d", "d"),
    ("ð", "dh"),
    ("f", "f"),
    ("ɡ", "g"),
    ("h", "hh"),
    ("dʒ", "jh"),
    ("k", "k"),
    ("l", "l"),
    ("m", "m"),
    ("n", "n"),
    ("ŋ", "ng"),
    ("p", "p"),
    ("ɹ", "r"),
    ("s", "s"),
    ("ʃ", "sh"),
    ("t", "t"),
    ("θ", "th"),
    ("v", "v"),
    ("w", "w"),
    ("j", "y"),
    ("z", "z"),
    ("ʒ", "zh"),
    ("l̩", "l"),
    ("m̩", "m"),
    ("n̩", "n"),
];

/// A syllable in a bank's phonemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    /// Numbers of its phonemes.
    pub tokens: Vec<i32>,
    /// How many of them sound before the vowel.
    pub before: usize,
}

/// What a bank can say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    tokens: BTreeMap<String, i32>,
    /// By language and phones.
    syllables: BTreeMap<(&'static str, String), Spelled>,
    english: Vec<(&'static str, i32)>,
}

impl Words {
    /// `phonemes` are the names of a bank's phonemes in the order of their numbers, or with them.
    pub fn new(tokens: BTreeMap<String, i32>) -> Self {
        let mut words = Self {
            tokens,
            ..Self::default()
        };
        let english: Vec<_> = ARPABET
            .iter()
            .filter_map(|(phone, name)| Some((*phone, words.token("en", name)?)))
            .collect();
        // Letters alone are found in any bank; a whole alphabet is English.
        if english.len() + 4 > ARPABET.len() {
            words.english = english;
        }
        words
    }

    /// The number of a phoneme, with or without the language before its name.
    pub fn token(&self, lang: &str, name: &str) -> Option<i32> {
        let codes = LANGUAGES
            .iter()
            .find(|row| row.0 == lang)
            .map_or(&[][..], |row| row.1);
        self.tokens.get(name).copied().or_else(|| {
            let mut prefixed = codes.iter().map(|code| format!("{code}/{name}"));
            prefixed.find_map(|name| self.tokens.get(&name).copied())
        })
    }

    /// Adds the entries of a dictionary whose graphemes are syllables of a language; gives how many
    /// there are.
    pub fn add(&mut self, lang: &'static str, dictionary: &Node) -> usize {
        let mut kinds = BTreeMap::new();
        for symbol in dictionary.items("symbols") {
            if let (Some(name), Some(kind)) = (symbol.text("symbol"), symbol.text("type")) {
                kinds.insert(name, kind);
            }
        }
        let vowel = |name: &str| {
            let bare = name.rsplit('/').next().unwrap_or(name);
            kinds
                .get(name)
                .or_else(|| kinds.get(bare))
                .map(|kind| *kind == "vowel")
        };
        let mut count = 0;
        for entry in dictionary.items("entries").iter().take(MOST) {
            let Some(phones) = entry
                .text("grapheme")
                .and_then(|text| phones_of(lang, text))
            else {
                continue;
            };
            let names: Vec<&str> = entry
                .items("phonemes")
                .iter()
                .filter_map(Node::plain)
                .collect();
            let tokens: Option<Vec<i32>> =
                names.iter().map(|name| self.token(lang, name)).collect();
            let Some(tokens) = tokens.filter(|tokens| (1..=8).contains(&tokens.len())) else {
                continue;
            };
            let onset = phones.iter().any(|(_, part)| *part == Part::Onset);
            let before = names
                .iter()
                .position(|name| vowel(name) == Some(true))
                // Where the dictionary does not say, consonants come first.
                .unwrap_or(usize::from(onset && tokens.len() > 1));
            count += 1;
            self.syllables
                .entry((lang, key(&phones)))
                .or_insert(Spelled { tokens, before });
        }
        count
    }

    /// Languages that can be sung, the one with most syllables first.
    pub fn languages(&self) -> Vec<&'static str> {
        let mut counts: Vec<(usize, &'static str)> = LANGUAGES
            .iter()
            .map(|(lang, _)| {
                let own = self.syllables.keys().filter(|key| key.0 == *lang);
                let english = if *lang == "en" {
                    100 * self.english.len()
                } else {
                    0
                };
                (own.count() + english, *lang)
            })
            .filter(|(count, _)| *count > 0)
            .collect();
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        counts.into_iter().map(|(_, lang)| lang).collect()
    }

    /// A syllable in the bank's phonemes; where the bank lacks it, the one that ends most like it:
    /// no syllable is left out.
    pub fn spell(&self, lang: &str, phones: &[(&'static str, Part)]) -> Option<Spelled> {
        let wanted = key(phones);
        let own = self
            .syllables
            .iter()
            .find(|((l, k), _)| *l == lang && *k == wanted);
        if let Some((_, found)) = own {
            return Some(found.clone());
        }
        if let Some(found) = (lang == "en").then(|| self.arpabet(phones)).flatten() {
            return Some(found);
        }
        let alike = |key: &str| {
            let (a, b) = (key.split(' ').rev(), wanted.split(' ').rev());
            a.zip(b).take_while(|(a, b)| a == b).count()
        };
        self.syllables
            .iter()
            .map(|((l, k), found)| ((alike(k), *l == lang, std::cmp::Reverse(k.len())), found))
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, found)| found.clone())
            .or_else(|| self.arpabet(phones))
    }

    fn arpabet(&self, phones: &[(&'static str, Part)]) -> Option<Spelled> {
        let known = |symbol: &str| {
            let found = self.english.iter().find(|row| row.0 == symbol);
            found.map(|row| row.1)
        };
        let mut spelled = Spelled {
            tokens: Vec::new(),
            before: 0,
        };
        let mut index = 0;
        while index < phones.len() {
            let (symbol, part) = phones[index];
            if part == Part::Nucleus {
                spelled.before = spelled.tokens.len();
            }
            let pair = phones
                .get(index + 1)
                .map(|next| format!("{symbol} {}", next.0));
            if let Some(token) = pair.and_then(|pair| known(&pair)) {
                spelled.tokens.push(token);
                index += 2;
                continue;
            }
            spelled.tokens.push(known(symbol)?);
            index += 1;
        }
        (spelled.before < spelled.tokens.len()).then_some(spelled)
    }
}

fn key(phones: &[(&'static str, Part)]) -> String {
    let symbols: Vec<&str> = phones.iter().map(|phone| phone.0).collect();
    symbols.join(" ")
}

/// The phones of a syllable as dictionaries write it.
fn phones_of(lang: &str, text: &str) -> Option<Vec<(&'static str, Part)>> {
    if text.len() > 24 {
        return None;
    }
    let toned = |text: &str| yuefu_lang::sounds(lang, &format!("{text}1")).ok();
    let sounds = match lang {
        // English is spelled by phones: its dictionaries hold words, not syllables.
        "en" => return None,
        "cmn" | "yue" => toned(text)?,
        _ => return yuefu_utau::phones_of(lang, text),
    };
    Some(sounds.phones.iter().map(|p| (p.symbol, p.part)).collect())
}
