//! What a reading consists of: words of syllables, syllables of phones.

use serde::{Deserialize, Serialize};

/// A word as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Code of the language it is read in, such as `cmn`.
    pub lang: &'static str,
    /// The bytes of the line it is written with.
    pub span: (usize, usize),
    /// Its syllables in order; empty where the word cannot be read.
    pub syllables: Vec<Syllable>,
    /// Where the reading comes from.
    pub basis: Basis,
}

/// A syllable as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syllable {
    /// The letters or the character it is shown with; of a number, the character as spoken (`二`).
    pub text: String,
    /// The bytes of the line it is written with. Syllables of a numeral share the numeral's.
    pub span: (usize, usize),
    /// How it sounds here, in the language's own notation: `huan2`, `L OW1`, `nei5`, `ka`.
    pub reading: String,
    /// The dictionary's reading where the context changed it (`ni3` of `ni2 hao3`).
    pub citation: Option<String>,
}

/// Where a reading comes from, from the surest to the least sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Written beside the word in braces.
    Given,
    /// The dictionary has this word with one reading.
    Dictionary,
    /// A rule: a numeral, an ending, an interjection, a neighbor that decides between readings.
    Rule,
    /// A trained model chose among the readings of a character or spelled an unknown word.
    Model,
    /// Nothing decided: the commonest reading.
    Default,
}

/// What a syllable consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sounds {
    /// Phones in order; exactly one is the nucleus.
    pub phones: Vec<Phone>,
    /// Tone: Mandarin 1 to 4 and 5 for neutral, Cantonese 1 to 6.
    pub tone: Option<u8>,
    /// Stress: 0 none, 1 primary, 2 secondary; only where the language has stress.
    pub stress: Option<u8>,
}

impl Sounds {
    /// The phones in one string, as in `xwan`.
    pub fn ipa(&self) -> String {
        self.phones.iter().map(|phone| phone.symbol).collect()
    }

    /// The phone that is held when the syllable is sung long.
    pub fn nucleus(&self) -> Option<&Phone> {
        self.phones.iter().find(|phone| phone.part == Part::Nucleus)
    }

    /// Phones of a part, in order.
    pub fn of(&self, part: Part) -> impl Iterator<Item = &'static str> + '_ {
        self.phones
            .iter()
            .filter(move |phone| phone.part == part)
            .map(|phone| phone.symbol)
    }
}

/// A phone and its place in the syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Phone {
    /// In the International Phonetic Alphabet.
    pub symbol: &'static str,
    /// Its place.
    pub part: Part,
}

/// The place of a phone in its syllable. Consonants of the onset sound before the beat, the
/// nucleus begins on it and is what is held, the rest closes the syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Consonants before the vowel.
    Onset,
    /// A medial: the `w` of `xwan`.
    Glide,
    /// The vowel or syllabic consonant that carries the tune.
    Nucleus,
    /// What follows: the second half of a diphthong, final consonants.
    Coda,
}
