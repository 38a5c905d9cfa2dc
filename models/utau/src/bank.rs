//! A bank: which recording to take for a syllable among its neighbors.

use crate::oto::{self, Entry};
use std::collections::{BTreeMap, BTreeSet};
use yuefu_lang::{Language as _, Part, japanese};

/// Reads the files of a bank's folder; names are relative, with `/` between folders.
pub trait BankFiles: Send + Sync {
    /// Names of all files, in ascending order.
    fn names(&self) -> Vec<String>;

    /// The content of a file; `None` when it cannot be read.
    fn read(&self, name: &str) -> Option<Vec<u8>>;
}

/// An entry with the folder of its list and the pitch that it was recorded at.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What the list says.
    pub entry: Entry,
    /// Name of the recording from the bank's folder on.
    pub file: String,
    /// Prefix and suffix of its alias: the pitch or color it belongs to.
    affix: (String, String),
}

/// What an alias is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// A syllable after silence: `- ka`.
    Start(String),
    /// A syllable anywhere: `ka`.
    Plain(String),
    /// A syllable after a rime: `a ka`.
    After(String, String),
    /// From a rime to the consonants to come: `a k`.
    Cross(String, String),
    /// From a rime to silence: `a -`, `a R`.
    End(String),
}

/// A voice bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Its name, from `character.txt` or `character.yaml`.
    pub name: Option<String>,
    /// Code of the language that most of its aliases are written in.
    pub lang: &'static str,
    /// Its sounds.
    pub samples: Vec<Sample>,
    /// What its lists hold that is no entry: file, line, and what was expected in both languages.
    pub faults: Vec<(String, usize, &'static str, &'static str)>,
    uses: BTreeMap<Use, Vec<usize>>,
    /// For each MIDI key, prefix and suffix by `prefix.map`.
    affixes: BTreeMap<u8, (String, String)>,
}

/// Where a syllable stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its phones.
    pub phones: &'a [(&'static str, Part)],
    /// The phones of the syllable that it is joined to.
    pub before: Option<&'a [(&'static str, Part)]>,
    /// MIDI key that it is sung at.
    pub key: u8,
}

impl Bank {
    /// Opens a bank. `None` when there is no list with a sound in a language that is known.
    pub fn open(files: &dyn BankFiles) -> Option<Self> {
        let names = files.names();
        let text = |wanted: &str| {
            let name = names.iter().find(|n| n.eq_ignore_ascii_case(wanted))?;
            Some(oto::decode(&files.read(name)?).into_owned())
        };
        let affixes = text("prefix.map").map_or_else(BTreeMap::new, |text| prefix_map(&text));
        let known: BTreeSet<&(String, String)> = affixes.values().collect();
        let mut samples = Vec::new();
        let mut faults = Vec::new();
        for name in names.iter().filter(|n| is_list(n)) {
            let Some(bytes) = files.read(name) else {
                continue;
            };
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            let read = oto::read(&bytes);
            faults.extend(
                read.faults
                    .into_iter()
                    .map(|(line, en, zh)| (name.clone(), line, en, zh)),
            );
            for entry in read.entries {
                let file = match folder {
                    "" => entry.file.clone(),
                    folder => format!("{folder}/{}", entry.file),
                };
                let affix = known
                    .iter()
                    .filter(|(a, b)| {
                        entry.alias.len() > a.len() + b.len()
                            && entry.alias.starts_with(a.as_str())
                            && entry.alias.ends_with(b.as_str())
                    })
                    .max_by_key(|(a, b)| a.len() + b.len())
                    .map_or_else(Default::default, |affix| (*affix).clone());
                samples.push(Sample { entry, file, affix });
            }
        }
        let lang = language(&samples)?;
        let mut uses: BTreeMap<Use, Vec<usize>> = BTreeMap::new();
        for (index, sample) in samples.iter().enumerate() {
            if let Some(what) = meaning(lang, sample.alias()) {
                uses.entry(what).or_default().push(index);
            }
        }
        (!uses.is_empty()).then_some(Self {
            name: name_of(text("character.yaml"), text("character.txt")),
            lang,
            samples,
            faults,
            uses,
            affixes,
        })
    }

    /// The sound for a syllable; where the bank lacks it, one with the same rime, or any at all: no
    /// syllable is left out. Says too whether it is the syllable that was asked for.
    pub fn syllable(&self, place: &Place<'_>) -> (usize, bool) {
        let own = key_of(place.phones);
        let before = place.before.map(rime_of);
        let mut wanted = Vec::new();
        match &before {
            Some(before) => wanted.push(Use::After(before.clone(), own.clone())),
            None => wanted.push(Use::Start(own.clone())),
        }
        wanted.push(Use::Plain(own.clone()));
        wanted.push(Use::Start(own.clone()));
        for what in wanted {
            if let Some(index) = self.pick(&what, place.key) {
                return (index, true);
            }
        }
        let same = |own: &str, what: &Use| match what {
            Use::After(_, s) | Use::Plain(s) | Use::Start(s) => s == own,
            Use::Cross(..) | Use::End(_) => false,
        };
        if let Some(what) = self.uses.keys().find(|what| same(&own, what)) {
            return (self.pick(what, place.key).unwrap_or(0), true);
        }
        let rime = rime_of(place.phones);
        let near = self.uses.keys().filter_map(|what| match what {
            Use::Plain(s) | Use::Start(s) if s == &rime => Some((0, what)),
            Use::Plain(s) | Use::Start(s) if s.ends_with(&format!(" {rime}")) => Some((1, what)),
            Use::Plain(_) => Some((2, what)),
            Use::Start(_) => Some((3, what)),
            Use::After(..) => Some((4, what)),
            Use::Cross(..) | Use::End(_) => None,
        });
        let nearest = near.min_by_key(|(rank, _)| *rank);
        let index = nearest.and_then(|(_, what)| self.pick(what, place.key));
        (index.unwrap_or(0), false)
    }

    /// The way from a syllable to the consonants of the next one, or to silence; most banks have
    /// none.
    pub fn transition(
        &self,
        from: &[(&'static str, Part)],
        to: Option<&[(&'static str, Part)]>,
        key: u8,
    ) -> Option<usize> {
        let rime = rime_of(from);
        let what = match to {
            Some(to) => {
                let onset: Vec<&str> = to
                    .iter()
                    .filter(|(_, part)| *part == Part::Onset)
                    .map(|(symbol, _)| *symbol)
                    .collect();
                if onset.is_empty() {
                    return None;
                }
                Use::Cross(rime, onset.join(" "))
            }
            None => Use::End(rime),
        };
        self.pick(&what, key)
    }

    /// Of several recordings the one of the key's pitch; of those the first.
    fn pick(&self, what: &Use, key: u8) -> Option<usize> {
        let all = self.uses.get(what)?;
        let affix = self.affixes.get(&key);
        let own = all
            .iter()
            .find(|index| affix.is_some_and(|affix| &self.samples[**index].affix == affix));
        own.or(all.first()).copied()
    }
}

impl Sample {
    /// The alias without its prefix and suffix.
    fn alias(&self) -> &str {
        let (a, b) = (self.affix.0.len(), self.affix.1.len());
        self.entry.alias[a..self.entry.alias.len() - b].trim()
    }
}

fn is_list(name: &str) -> bool {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    file.eq_ignore_ascii_case("oto.ini")
}

/// `C4<tab>PREFIX<tab>SUFFIX` for each key.
fn prefix_map(text: &str) -> BTreeMap<u8, (String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let pitch: keys::Name = fields.next()?.trim().parse().ok()?;
            let prefix = fields.next().unwrap_or("").trim().to_owned();
            let suffix = fields.next().unwrap_or("").trim().to_owned();
            Some((pitch.0, (prefix, suffix)))
        })
        .collect()
}

/// Names of keys as UTAU writes them.
mod keys {
    use std::str::FromStr;

    /// A MIDI key: `C4` is 60.
    pub struct Name(pub u8);

    impl FromStr for Name {
        type Err = ();
        fn from_str(text: &str) -> Result<Self, ()> {
            let mut signs = text.chars();
            let step = match signs.next().ok_or(())?.to_ascii_uppercase() {
                'C' => 0,
                'D' => 2,
                'E' => 4,
                'F' => 5,
                'G' => 7,
                'A' => 9,
                'B' => 11,
                _ => return Err(()),
            };
            let rest = signs.as_str();
            let (step, rest) = match rest.strip_prefix('#') {
                Some(rest) => (step + 1, rest),
                None => (step, rest),
            };
            let octave: i32 = rest.parse().map_err(|_| ())?;
            u8::try_from(12 * (octave.clamp(-2, 12) + 1) + step)
                .ok()
                .filter(|key| *key < 128)
                .map(Self)
                .ok_or(())
        }
    }
}

/// The name that a bank states.
fn name_of(yaml: Option<String>, text: Option<String>) -> Option<String> {
    let value = |text: String, mark: char| {
        let line = text.lines().find_map(|line| {
            let (key, value) = line.split_once(mark)?;
            (key.trim().eq_ignore_ascii_case("name")).then(|| value.trim().to_owned())
        })?;
        let name: String = line
            .trim_matches(['"', '\''])
            .chars()
            .filter(|sign| !sign.is_control())
            .take(60)
            .collect();
        (!name.is_empty()).then_some(name)
    };
    yaml.and_then(|text| value(text, ':'))
        .or_else(|| text.and_then(|text| value(text, '=')))
}

/// Phones in one string.
fn key_of(phones: &[(&'static str, Part)]) -> String {
    let symbols: Vec<&str> = phones.iter().map(|(symbol, _)| *symbol).collect();
    symbols.join(" ")
}

/// The vowel and what closes the syllable.
fn rime_of(phones: &[(&'static str, Part)]) -> String {
    let rime: Vec<&str> = phones
        .iter()
        .filter(|(_, part)| matches!(part, Part::Nucleus | Part::Coda))
        .map(|(symbol, _)| *symbol)
        .collect();
    rime.join(" ")
}

/// The phones of a syllable as banks write it: kana, romaji, Pinyin or Jyutping without tones.
pub fn phones_of(lang: &str, text: &str) -> Option<Vec<(&'static str, Part)>> {
    let sounds = match lang {
        "ja" if text.chars().any(is_kana) => {
            let words = japanese::Japanese.read(text, &[]);
            let mut syllables = words.iter().flat_map(|word| &word.syllables);
            let only = syllables.next()?;
            if syllables.next().is_some() {
                return None;
            }
            yuefu_lang::sounds(lang, &only.reading).ok()?
        }
        "yue" => yuefu_lang::sounds(lang, &format!("{text}1")).ok()?,
        _ => yuefu_lang::sounds(lang, text).ok()?,
    };
    Some(sounds.phones.iter().map(|p| (p.symbol, p.part)).collect())
}

fn is_kana(sign: char) -> bool {
    matches!(sign, '\u{3041}'..='\u{30ff}')
}

/// What an alias is in a language.
fn meaning(lang: &str, alias: &str) -> Option<Use> {
    let words: Vec<&str> = alias.split_whitespace().collect();
    let syllable = |text: &str| phones_of(lang, text).map(|phones| key_of(&phones));
    // Pinyin spells some finals only after a consonant.
    let rime = |text: &str| {
        let found = ["", "l", "d", "h"]
            .iter()
            .find_map(|onset| phones_of(lang, &format!("{onset}{text}")));
        found.map(|phones| rime_of(&phones))
    };
    match words[..] {
        [only] => match only.strip_prefix('-') {
            Some(rest) => syllable(rest).map(Use::Start),
            None => syllable(only).map(Use::Plain),
        },
        ["-", right] => syllable(right).map(Use::Start),
        [left, "-" | "R" | "r"] => rime(left).map(Use::End),
        [left, right] => {
            // A lone consonant letter is the way to it, also where it could be a syllable (`n`).
            let onset = consonants(lang, right);
            match (onset, syllable(right)) {
                (Some(onset), _) => Some(Use::Cross(rime(left)?, onset)),
                (None, Some(syllable)) => Some(Use::After(rime(left)?, syllable)),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// The consonants that a spelling without a vowel stands for.
fn consonants(lang: &str, text: &str) -> Option<String> {
    let vowel = |sign: char| "aeiouvüêAEIOU".contains(sign) || is_kana(sign);
    if text.is_empty() || text.len() > 3 || text.contains(vowel) {
        return None;
    }
    let phones = ["a", "i", "u", "e", "o"]
        .iter()
        .find_map(|vowel| phones_of(lang, &format!("{text}{vowel}")))?;
    let onset: Vec<&str> = phones
        .iter()
        .filter(|(_, part)| *part == Part::Onset)
        .map(|(symbol, _)| *symbol)
        .collect();
    (!onset.is_empty()).then(|| onset.join(" "))
}

/// The language in which most aliases mean something; Japanese where they are kana.
fn language(samples: &[Sample]) -> Option<&'static str> {
    let kana = samples
        .iter()
        .filter(|s| s.entry.alias.chars().any(is_kana))
        .count();
    if 2 * kana > samples.len() {
        return Some("ja");
    }
    // Of equal counts the first: romaji of open syllables is Pinyin too, but not the reverse.
    ["ja", "cmn", "yue"]
        .into_iter()
        .map(|lang| {
            let fits = |sample: &&Sample| meaning(lang, sample.alias()).is_some();
            (lang, samples.iter().filter(fits).count())
        })
        .filter(|(_, count)| *count > 0)
        .rev()
        .max_by_key(|(_, count)| *count)
        .map(|(lang, _)| lang)
}
