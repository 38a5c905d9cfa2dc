//! The shapes of the vocabulary's data files and of what its words mean.

use serde::Deserialize;
use std::collections::BTreeMap;
use yuefu_song::brief::{
    Affect, BackingWish, EnergyKind, EnergyShape, ModeWish, Mood, SectionSize, TempoChange,
    TempoFeel, VoiceWish,
};
use yuefu_song::catalog::Family;
use yuefu_song::score::{Role, SectionKind};

/// What a word can mean; several at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sense {
    Style(usize),
    Mood(Mood),
    Instrument(String),
    /// A family of instruments with several members, resolved by style (`saxophone`).
    Several(String),
    /// An instrument the catalog lacks, and the nearest one it has.
    Instead(String),
    Group(usize),
    Pace(f32),
    Change(TempoChange),
    Feel(TempoFeel),
    Swing(f32),
    Voice(VoiceWish),
    Backing(BackingWish),
    Mode(ModeWish),
    Metre(String),
    Energy(EnergyKind),
    Shape(EnergyShape),
    Section(SectionKind),
    Size(SectionSize),
    Role(Role),
    Loop,
    Scene(usize),
    Image(usize),
    Degree(f32),
    NotNoun,
    NotNext,
    And,
    Or,
    But,
    With,
    Then,
    At,
    Modulate,
    Filler,
    Neutral,
}

/// A style's words, affect and quiet counterpart.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct StyleWords {
    pub id: String,
    #[serde(default)]
    pub calm: Option<String>,
    pub affect: [f32; 5],
    pub words: Vec<String>,
}

/// A mood's words, affect and the styles it suggests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoodWords {
    pub id: Mood,
    #[serde(default)]
    pub styles: Vec<String>,
    pub affect: [f32; 5],
    pub words: Vec<String>,
}

/// A group of instruments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub id: String,
    pub families: Vec<Family>,
    pub ids: Vec<String>,
    pub words: Vec<String>,
}

/// Imagery: words that suggest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// Its say in the choice of a style.
    #[serde(default = "one")]
    pub weight: f32,
    pub words: Vec<String>,
    pub affect: [f32; 5],
    pub moods: Vec<Mood>,
    pub styles: Vec<String>,
    pub instruments: Vec<String>,
}

/// A scene recipe.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scene {
    pub id: String,
    pub words: Vec<String>,
    pub styles: Vec<String>,
    pub moods: Vec<Mood>,
    pub instruments: Vec<String>,
    pub affect: [f32; 5],
    #[serde(default)]
    pub length: Option<f64>,
    #[serde(default)]
    pub voice: Option<VoiceWish>,
    #[serde(default)]
    pub r#loop: bool,
    #[serde(default)]
    pub shape: Option<EnergyShape>,
}

macro_rules! affect {
    ($($name:ty),*) => {$(
        impl $name {
            /// What it feels like.
            pub fn affect(&self) -> Affect {
                let [valence, arousal, tension, warmth, space] = self.affect;
                Affect { valence, arousal, tension, warmth, space }
            }
        }
    )*};
}
affect!(StyleWords, MoodWords, Image, Scene);

pub(crate) type Table = BTreeMap<String, Vec<String>>;

#[derive(Deserialize)]
pub(crate) struct StylesFile {
    pub style: Vec<StyleWords>,
}
#[derive(Deserialize)]
pub(crate) struct MoodsFile {
    pub mood: Vec<MoodWords>,
}
#[derive(Deserialize)]
pub(crate) struct ImagesFile {
    pub image: Vec<Image>,
}
#[derive(Deserialize)]
pub(crate) struct ScenesFile {
    pub scene: Vec<Scene>,
}
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct InstrumentsFile {
    pub group: Vec<Group>,
    pub by_style: BTreeMap<String, BTreeMap<String, String>>,
    pub instruments: Table,
    pub families: Table,
    pub instead: Table,
    pub members: Table,
    pub suggests: BTreeMap<String, String>,
}
#[derive(Deserialize)]
pub(crate) struct MusicFile {
    pub pace: Table,
    pub change: Table,
    pub feel: Table,
    pub swing: Table,
    pub voice: Table,
    pub backing: Table,
    pub mode: Table,
    pub metre: Table,
    pub energy: Table,
    pub shape: Table,
    pub section: Table,
    pub size: Table,
    pub role: Table,
    pub r#loop: Table,
}
#[derive(Deserialize)]
pub(crate) struct GrammarFile {
    pub not: Table,
    pub degree: Table,
    pub link: Table,
    pub filler: Table,
    pub neutral: Table,
    pub modulate: Table,
}

fn one() -> f32 {
    1.0
}
