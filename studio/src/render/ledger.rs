//! The ledger of a rendering: every unit of work, its key, and what the key was made from.
//!
//! Comparing two ledgers tells what an edit made necessary, and why.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yuefu_audio::Frames;
use yuefu_engine::Key;

/// One unit of work, in the order in which a song is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// The sound of one phrase of a track.
    Clip {
        /// Track id.
        track: String,
        /// Phrase id.
        phrase: String,
    },
    /// A track through its channel strip, for one window of time.
    Channel {
        /// Track id.
        track: String,
        /// Number of the window.
        window: u32,
    },
    /// A shared effect, for one window.
    Return {
        /// Its name, such as `hall`.
        effect: String,
        /// Number of the window.
        window: u32,
    },
    /// The sum, for one window.
    Mix {
        /// Number of the window.
        window: u32,
    },
    /// The mastered mix, for one window.
    Master {
        /// Number of the window.
        window: u32,
    },
}

impl Unit {
    /// What it is called: `clip lead/verse-1.2`, `channel bass 3`.
    pub fn name(&self) -> String {
        match self {
            Self::Clip { track, phrase } => format!("clip {track}/{phrase}"),
            Self::Channel { track, window } => format!("channel {track} {window}"),
            Self::Return { effect, window } => format!("return {effect} {window}"),
            Self::Mix { window } => format!("mix {window}"),
            Self::Master { window } => format!("master {window}"),
        }
    }

    /// The stage it belongs to: 0 clip, 1 channel, 2 return, 3 mix, 4 master.
    pub fn stage(&self) -> usize {
        match self {
            Self::Clip { .. } => 0,
            Self::Channel { .. } => 1,
            Self::Return { .. } => 2,
            Self::Mix { .. } => 3,
            Self::Master { .. } => 4,
        }
    }
}

/// Names of the stages, English and Chinese.
pub const STAGES: [(&str, &str); 5] = [
    ("phrases played", "演奏乐句"),
    ("channel windows", "通道片段"),
    ("effect windows", "效果片段"),
    ("mix windows", "混音片段"),
    ("master windows", "母带片段"),
];

/// What a unit was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key in hexadecimal: the name of its artifact.
    pub key: String,
    /// Everything that went into the key, by name, as short hashes.
    pub inputs: BTreeMap<String, String>,
    /// For clips: the first frame relative to the phrase, and the number of frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<(i64, u64)>,
}

impl Entry {
    /// An entry of a key and its inputs.
    pub(crate) fn new(key: &Key, inputs: Inputs) -> Self {
        Self {
            key: key.hex(),
            inputs: inputs.0,
            extent: None,
        }
    }
}

/// Collects inputs by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs(BTreeMap<String, String>);

impl Inputs {
    /// Adds an input by the hash of its value.
    pub(crate) fn add<T: Serialize + ?Sized>(&mut self, name: impl Into<String>, value: &T) {
        let hash = Key::of("input", 1).value("value", value).finish();
        self.0.insert(name.into(), hash.hex()[..12].to_owned());
    }

    /// Adds an input that is an artifact.
    pub(crate) fn from(&mut self, name: impl Into<String>, key: &Key) {
        self.0.insert(name.into(), key.hex()[..12].to_owned());
    }
}

/// The ledger of one rendering.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Version of this file's format.
    pub format: u32,
    /// Frames per second.
    pub rate: u32,
    /// Frames in a window.
    pub window: u64,
    /// All units, stage by stage.
    #[serde(with = "as_rows")]
    pub units: BTreeMap<Unit, Entry>,
}

/// The version of the ledger's format.
const FORMAT: u32 = 1;

impl Ledger {
    /// An empty ledger.
    pub(crate) fn new(rate: u32, window: usize) -> Self {
        Self {
            format: FORMAT,
            rate,
            window: window as u64,
            units: BTreeMap::new(),
        }
    }

    /// Reads a ledger; anything that is none of this format counts as absent, which costs time
    /// at the next rendering and nothing else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|ledger: &Self| ledger.format == FORMAT)
    }

    /// The ledger as text.
    pub fn text(&self) -> String {
        // Plain data with text keys: cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The keys of all artifacts, sorted, each once.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.units.values().map(|e| e.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Where the sound of clips lies, by key.
    pub(crate) fn extents(&self) -> BTreeMap<&str, (Frames, usize)> {
        self.units
            .values()
            .filter_map(|entry| {
                let (start, frames) = entry.extent?;
                Some((entry.key.as_str(), (Frames(start), frames as usize)))
            })
            .collect()
    }

    /// The seconds that a window covers.
    pub fn seconds(&self, window: u32) -> (f64, f64) {
        let at = |k: u64| (k * self.window) as f64 / f64::from(self.rate.max(1));
        (at(u64::from(window)), at(u64::from(window) + 1))
    }

    /// What differs from an earlier ledger, in the order of making.
    pub fn changes<'a>(&'a self, before: Option<&'a Self>) -> Vec<Changed<'a>> {
        self.units
            .iter()
            .filter_map(|(unit, entry)| {
                let old = before.and_then(|ledger| ledger.units.get(unit));
                if old.is_some_and(|old| old.key == entry.key) {
                    return None;
                }
                let why = match old {
                    None => Vec::new(),
                    Some(old) => differing(&old.inputs, &entry.inputs),
                };
                Some(Changed {
                    unit,
                    new: old.is_none(),
                    why,
                })
            })
            .collect()
    }
}

/// A unit that an edit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<'a> {
    /// Which.
    pub unit: &'a Unit,
    /// Whether there was no such unit before.
    pub new: bool,
    /// Names of the inputs that differ.
    pub why: Vec<&'a str>,
}

fn differing<'a>(
    old: &'a BTreeMap<String, String>,
    new: &'a BTreeMap<String, String>,
) -> Vec<&'a str> {
    let changed = new
        .iter()
        .filter(|(name, hash)| old.get(*name) != Some(hash))
        .map(|(name, _)| name.as_str());
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let mut names: Vec<&str> = changed.chain(gone.map(String::as_str)).collect();
    names.sort_unstable();
    names
}

/// A map with structured keys as a list of rows, since JSON knows only text keys.
mod as_rows {
    use super::{Entry, Unit};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer>(
        units: &BTreeMap<Unit, Entry>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        units.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Unit, Entry>, D::Error> {
        Ok(Vec::<(Unit, Entry)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(notes: u8, strip: u8) -> Entry {
        let mut inputs = Inputs::default();
        inputs.add("notes", &notes);
        inputs.add("strip", &strip);
        let key = Key::of("test", 1).value("all", &(notes, strip)).finish();
        Entry::new(&key, inputs)
    }

    #[test]
    fn a_change_is_named_by_its_input() {
        let unit = |window| Unit::Mix { window };
        let mut before = Ledger::new(44_100, 1 << 19);
        before.units.insert(unit(0), entry(1, 1));
        before.units.insert(unit(1), entry(1, 1));
        let mut after = before.clone();
        after.units.insert(unit(1), entry(1, 2));
        after.units.insert(unit(2), entry(1, 1));
        let changes = after.changes(Some(&before));
        assert_eq!(changes.len(), 2);
        assert_eq!((changes[0].unit, changes[0].new), (&unit(1), false));
        assert_eq!(changes[0].why, ["strip"]);
        assert!(changes[1].new && changes[1].why.is_empty());
        assert_eq!(Ledger::parse(after.text().as_bytes()), Some(after));
        assert_eq!(Ledger::parse(b"{}"), None);
    }
}
