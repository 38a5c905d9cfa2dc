//! Backing voices: what they sing beside the lead, and which style has which, as data
//! (`data/backing/*.toml`).

use crate::VoiceSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a voice beside the lead sings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoicePart {
    /// The lead's own notes again, by others a little beside it.
    Double,
    /// A third or a sixth above the lead.
    Above,
    /// A third, a sixth or a tenth below the lead.
    Below,
    /// Ad-libs: what stands in brackets in the sheet, in the gaps of the lead.
    Answer,
    /// Chords on one vowel.
    Ooh,
    /// The tune within a choir.
    Soprano,
    /// The second voice of a choir.
    Alto,
    /// The third voice of a choir.
    Tenor,
    /// The lowest voice of a choir.
    Bass,
}

impl VoicePart {
    /// Every part with its name in files, in the order of the enum.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Double, "double"),
        (Self::Above, "above"),
        (Self::Below, "below"),
        (Self::Answer, "answer"),
        (Self::Ooh, "ooh"),
        (Self::Soprano, "soprano"),
        (Self::Alto, "alto"),
        (Self::Tenor, "tenor"),
        (Self::Bass, "bass"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Whose voice a backing part has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The lead's, as in most records.
    #[default]
    Same,
    /// Somebody else's at about the lead's height.
    Other,
    /// A woman's.
    Female,
    /// A man's.
    Male,
    /// That of the other sex than the lead's.
    Opposite,
    /// A child's.
    Child,
}

/// Where in a section a backing voice comes in: relative frequencies.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Enter {
    /// With its first line.
    pub whole: f32,
    /// With its second half.
    pub half: f32,
    /// On the hook alone: the line that has the title or comes back, else the last.
    pub hook: f32,
}

impl Default for Enter {
    fn default() -> Self {
        Self {
            whole: 1.0,
            half: 0.0,
            hook: 0.0,
        }
    }
}

/// A backing voice as a style has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BackingVoice {
    /// Id of its track.
    pub id: String,
    /// What it sings.
    pub sings: VoicePart,
    /// Whose voice it is.
    #[serde(default)]
    pub who: Who,
    /// Chance that it is there at all.
    #[serde(default = "one")]
    pub chance: f32,
    /// Kinds of sections that it sings in; empty = all with words.
    #[serde(default)]
    pub only: Vec<String>,
    /// The how manyth section of its kind it comes in with, from 1; the last of a kind counts as
    /// late enough.
    #[serde(default = "first")]
    pub nth: u32,
    /// Whether it sings in the last section of each kind only.
    #[serde(default)]
    pub last: bool,
    /// Where in a section it comes in. The last section of a kind is sung whole.
    #[serde(default)]
    pub enter: Enter,
    /// Chance for each line that its last word is left to the lead.
    #[serde(default)]
    pub leave: f32,
    /// How it sings.
    #[serde(default)]
    pub settings: VoiceSettings,
}

fn one() -> f32 {
    1.0
}

fn first() -> u32 {
    1
}

/// A manner of backing: which voices sing beside the lead.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manner {
    /// Its id. `choir`, `duet`, `children` and `harmonies` answer wishes of those names.
    pub id: String,
    /// Styles that sing in this manner.
    #[serde(default)]
    pub styles: Vec<String>,
    /// How the lead sings in this manner.
    #[serde(default)]
    pub lead: VoiceSettings,
    /// The voices, the most usual first.
    #[serde(default)]
    pub voice: Vec<BackingVoice>,
}

/// A file of manners.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackingFile {
    /// Manners.
    #[serde(default)]
    pub manner: Vec<Manner>,
}

/// All manners of backing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackingBook(pub Vec<Manner>);

impl BackingBook {
    /// The manner of an id.
    pub fn get(&self, id: &str) -> Option<&Manner> {
        self.0.iter().find(|manner| manner.id == id)
    }

    /// The manner of a style; `None` where one voice sings alone.
    pub fn of_style(&self, style: &str) -> Option<&Manner> {
        let has = |manner: &&Manner| manner.styles.iter().any(|id| id == style);
        self.0.iter().find(has)
    }

    /// How a member of a cast sings: as its id says in the manner of the style, else as that id or
    /// that part says anywhere.
    pub fn voice(&self, style: &str, id: &str, sings: VoicePart) -> Option<&BackingVoice> {
        let own = self.of_style(style).into_iter().flat_map(|m| &m.voice);
        let all = || self.0.iter().flat_map(|manner| &manner.voice);
        own.chain(all())
            .find(|voice| voice.sings == sings && voice.id == id)
            .or_else(|| all().find(|voice| voice.sings == sings))
    }

    /// Every style named, with the number of manners that name it.
    pub fn styles(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for style in self.0.iter().flat_map(|manner| &manner.styles) {
            *counts.entry(style.as_str()).or_default() += 1;
        }
        counts
    }
}
