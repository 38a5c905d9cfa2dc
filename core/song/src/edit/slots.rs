//! Addresses of the document's slots, and what lies in them.

use crate::{
    backing::VoicePart,
    score::{Origin, Role, SectionKind, read_quarters, write_quarters},
};
use serde::{Deserialize, Serialize};
use yuefu_theory::{Chord, Key, Metre, Ticks};

/// The address of what the document has exactly one of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Whole {}

/// A position that moves with its section.
///
/// Everything in the score is placed like this, so that inserting bars in one section is no change
/// of what lies behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Id of the section that it lies in; empty in a song without sections.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// Distance from the start of the section; negative before the first one, and longer than the
    /// section after the last one.
    #[serde(with = "quarters")]
    pub at: Ticks,
}

/// The address of a track, or of what belongs to one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackAt {
    /// Id of the track.
    pub track: String,
}

/// The address of a section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SectionAt {
    /// Id of the section.
    pub section: String,
}

/// The address of a phrase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PhraseAt {
    /// Id of the track.
    pub track: String,
    /// Id of the phrase.
    pub phrase: String,
}

/// The address of a take that is put aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TakeAt {
    /// Id of the track.
    pub track: String,
    /// Id of the phrase.
    pub phrase: String,
    /// Number of the take.
    pub take: u32,
}

/// The address of a line of the words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineAt {
    /// Id of the section that sings it.
    pub section: String,
    /// Its number among the lines of the section, from 1.
    pub line: u32,
}

/// The address of a note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoteAt {
    /// Id of the track.
    pub track: String,
    /// Id of the phrase.
    pub phrase: String,
    /// Start, relative to the phrase.
    #[serde(with = "quarters")]
    pub at: Ticks,
    /// MIDI key.
    pub key: i32,
    /// 0, or more where a phrase has the same key at the same moment more than once.
    pub nth: u32,
}

/// The address of a chord.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChordAt {
    /// Id of the section.
    pub section: String,
    /// Start, relative to the section.
    #[serde(with = "quarters")]
    pub at: Ticks,
}

/// The address of what is known by its name: a tag, or a shared reverb (`room`, `hall`, `plate`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NameAt {
    /// The name.
    pub name: String,
}

/// A track without its phrases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackPart {
    /// What it does.
    pub role: Role,
    /// Catalog id of its instrument.
    pub instrument: String,
}

/// A phrase without its notes and takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Where it begins.
    pub place: Place,
    /// Its length.
    #[serde(with = "quarters")]
    pub len: Ticks,
    /// Where its notes come from.
    pub origin: Origin,
    /// Whether regeneration leaves it alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Number of the take that its notes are.
    #[serde(default)]
    pub take: u32,
}

/// A section without its place in the form and without its chords.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionPart {
    /// What it does.
    pub kind: SectionKind,
    /// Sections that share this share their tune and chords.
    pub material: String,
    /// Its length.
    #[serde(with = "quarters")]
    pub len: Ticks,
    /// Bars in it.
    pub bars: u32,
    /// Its key.
    pub key: Key,
    /// Energy at its start and end, 0..=1.
    pub energy: [f32; 2],
    /// Ids of the tracks that play in it.
    pub playing: Vec<String>,
    /// Whether a fill leads out of it.
    #[serde(default)]
    pub fill: bool,
    /// Number of its take.
    #[serde(default)]
    pub take: u32,
}

/// A chord without its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChordPart {
    /// How long it holds.
    #[serde(with = "quarters")]
    pub len: Ticks,
    /// The chord.
    pub chord: Chord,
}

/// A member of the cast. Role and instrument are absent where its track states the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastPart {
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Catalog id of its instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Index of the part in the style's cast that it plays.
    pub part: usize,
    /// The style whose cast that is, where it is not the song's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// What a backing voice sings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sings: Option<VoicePart>,
}

/// A point of the tempo curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TempoPart {
    /// Where it holds from.
    pub place: Place,
    /// Quarter notes per minute.
    pub bpm: f64,
    /// Whether the tempo glides from here to the next point.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ramp: bool,
}

/// A change of metre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetrePart {
    /// The barline.
    pub place: Place,
    /// The metre.
    pub metre: Metre,
}

/// Ticks as quarter notes in text, as notes have them: `3/2`.
pub mod quarters {
    use super::{Ticks, read_quarters, write_quarters};
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes `3/2`.
    ///
    /// # Errors
    /// When the serializer fails.
    pub fn serialize<S: Serializer>(ticks: &Ticks, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = write_quarters(&mut text, *ticks);
        serializer.serialize_str(&text)
    }

    /// Reads `3/2`.
    ///
    /// # Errors
    /// When the text is no number of quarter notes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ticks, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_quarters(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "expected quarter notes such as \"4\" or \"3/2\", found `{text}`"
            ))
        })
    }
}
