//! The brief: what was asked for, field by field, with the words it was read from.
//!
//! A brief holds wishes, not decisions: whatever the prompt leaves open stays open here and is
//! decided by the plan. Every field that is not at its default has at least one [`Reason`].

use crate::{
    catalog::{Family, InstrumentProfile},
    score::{Role, SectionKind},
};
use serde::{Deserialize, Serialize};
use yuefu_theory::{Key, Metre, Mode};

mod note;
mod wish;

pub use note::{Diagnostic, Reason, ReasonKind, Severity};
pub use wish::{
    BackingWish, EnergyKind, EnergyPoint, EnergyShape, LengthWish, Pace, SectionSize, SectionWish,
    TempoChange, TempoFeel, TempoWish, VoiceWish,
};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Brief {
    /// The prompt as it was typed.
    pub prompt: String,
    /// The language most of the prompt is in; messages and titles follow it.
    pub language: Lang,
    /// A title given in the prompt (`called "…"`, 《…》).
    pub title: Option<String>,
    /// Styles by id (`data/styles/<id>.toml`), best first; never empty after understanding.
    pub styles: Vec<Weighted<String>>,
    /// Styles asked not to be used.
    pub excluded_styles: Vec<String>,
    /// Moods, strongest first.
    pub moods: Vec<Weighted<Mood>>,
    /// Moods asked not to be used.
    pub excluded_moods: Vec<Mood>,
    /// Instruments asked for, and single instruments asked not to be used.
    pub instruments: Vec<InstrumentWish>,
    /// Whole groups asked not to be used, such as drums.
    pub excluded: Vec<Exclusion>,
    /// Tempo, its change and its feel.
    pub tempo: Option<TempoWish>,
    /// An explicit key.
    pub key: Option<Key>,
    /// A key to modulate to.
    pub modulate_to: Option<Key>,
    /// A scale without a tonic ("in a minor key", "五声音阶").
    pub mode: Option<ModeWish>,
    /// An explicit metre.
    pub metre: Option<Metre>,
    /// An explicit length, or the usual one of the scene.
    pub length: Option<LengthWish>,
    /// Whether the end must join the beginning without a seam.
    pub loop_seamless: bool,
    /// The order of sections.
    pub form: Option<Vec<SectionKind>>,
    /// Sections to have, to leave out, to lengthen or to shorten.
    pub sections: Vec<SectionWish>,
    /// Where the music rises, peaks and falls, in ascending time.
    pub energy: Vec<EnergyPoint>,
    /// The general course of energy, when one was asked for.
    pub shape: Option<EnergyShape>,
    /// Who sings.
    pub voice: VoiceWish,
    /// Who sings beside the lead.
    #[serde(skip_serializing_if = "BackingWish::is_unstated")]
    pub backing: BackingWish,
    /// The lyric sheet as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lyrics: Option<String>,
    /// The scene recipe, by id.
    pub scene: Option<String>,
    /// The feeling of everything read, as five numbers.
    pub affect: Affect,
    /// An explicit seed.
    pub seed: Option<u64>,
    /// What was understood from which words, in the order of the prompt.
    pub reasons: Vec<Reason>,
    /// Contradictions, impossible values and words that may be typing errors.
    pub diagnostics: Vec<Diagnostic>,
}

impl Brief {
    /// Whether an instrument is asked not to be used, by itself or with its group.
    ///
    /// An instrument that is asked for by name is never excluded by a group.
    pub fn excludes(&self, profile: &InstrumentProfile) -> bool {
        let named = |wanted| {
            self.instruments
                .iter()
                .any(|wish| wish.id == profile.id && wish.wanted == wanted)
        };
        named(false)
            || (!named(true)
                && self.excluded.iter().any(|out| {
                    out.families.contains(&profile.family) || out.ids.contains(&profile.id)
                }))
    }

    /// Whether a group (`drums`, `bass`, `vocals`, `guitar`, `strings`, ...) is asked not to be used.
    pub fn excludes_group(&self, group: &str) -> bool {
        self.excluded.iter().any(|out| out.group == group)
    }

    /// Whether something asked for cannot be done at all; the song must then be refused.
    pub fn is_refused(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The diagnostics that refuse the song.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|note| note.severity == Severity::Error)
    }

    /// The weight of a mood, 0 when it was not asked for.
    pub fn mood(&self, mood: Mood) -> f32 {
        self.moods
            .iter()
            .find(|held| held.value == mood)
            .map_or(0.0, |held| held.weight)
    }
}

/// A language Yuefu reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

/// A value with a weight: 1 is plainly stated, more is stressed, less is a touch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Weighted<T> {
    /// The value.
    pub value: T,
    /// The weight, 0..=2.
    pub weight: f32,
}

impl<T> Weighted<T> {
    /// A value with a weight, clamped to 0..=2.
    pub fn new(value: T, weight: f32) -> Self {
        Self {
            value,
            weight: weight.clamp(0.0, 2.0),
        }
    }
}

/// A mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each mood is its own name")]
pub enum Mood {
    Cheerful,
    Sad,
    Romantic,
    Passionate,
    Gentle,
    Melancholic,
    Mysterious,
    Tense,
    Horrifying,
    Peaceful,
    Epic,
    Nostalgic,
    Dreamy,
    Warm,
    Dark,
    Playful,
    Heroic,
    Sentimental,
    Hopeful,
    Lonely,
    Angry,
    Energetic,
    Festive,
    Solemn,
    Cool,
}

impl Mood {
    /// Every mood with its English and Chinese name.
    pub const ALL: [(Self, &'static str, &'static str); 25] = [
        (Self::Cheerful, "cheerful", "欢快"),
        (Self::Sad, "sad", "悲伤"),
        (Self::Romantic, "romantic", "浪漫"),
        (Self::Passionate, "passionate", "激昂"),
        (Self::Gentle, "gentle", "温柔"),
        (Self::Melancholic, "melancholic", "忧郁"),
        (Self::Mysterious, "mysterious", "神秘"),
        (Self::Tense, "tense", "紧张"),
        (Self::Horrifying, "horrifying", "恐怖"),
        (Self::Peaceful, "peaceful", "宁静"),
        (Self::Epic, "epic", "史诗"),
        (Self::Nostalgic, "nostalgic", "怀旧"),
        (Self::Dreamy, "dreamy", "梦幻"),
        (Self::Warm, "warm", "温暖"),
        (Self::Dark, "dark", "黑暗"),
        (Self::Playful, "playful", "俏皮"),
        (Self::Heroic, "heroic", "英雄"),
        (Self::Sentimental, "sentimental", "感伤"),
        (Self::Hopeful, "hopeful", "希望"),
        (Self::Lonely, "lonely", "孤独"),
        (Self::Angry, "angry", "愤怒"),
        (Self::Energetic, "energetic", "活力"),
        (Self::Festive, "festive", "喜庆"),
        (Self::Solemn, "solemn", "庄严"),
        (Self::Cool, "cool", "时髦"),
    ];

    /// The name in files and in English.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The name in a language.
    pub fn title(self, lang: Lang) -> &'static str {
        let (_, en, zh) = Self::ALL[self as usize];
        if lang == Lang::Zh { zh } else { en }
    }

    /// The mood of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, en, zh)| *en == name || *zh == name)
            .map(|(mood, ..)| *mood)
    }
}

/// An instrument asked for or refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InstrumentWish {
    /// Catalog id.
    pub id: String,
    /// `false`: must not be used.
    pub wanted: bool,
    /// What it should do, when stated; a solo is a lead with a `solo` section wish.
    pub role: Option<Role>,
    /// Whether the prompt names it; otherwise a scene or an image suggests it and the plan may
    /// leave it out.
    pub explicit: bool,
    /// Whether a general word was used ("guitar", "drums"), so that another instrument of the
    /// same family also fulfills it where the style prefers one.
    pub generic: bool,
    /// How prominent it should be, 1 by default, 0..=2.
    pub weight: f32,
}

/// A group of instruments that must not be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exclusion {
    /// Name of the group: `drums`, `percussion`, `bass`, `vocals`, `guitar`, `piano`, `strings`,
    /// `brass`, `woodwinds`, `synth`, `organ`.
    pub group: String,
    /// Families that belong to it.
    pub families: Vec<Family>,
    /// Single instruments of other families that belong to it.
    pub ids: Vec<String>,
}

/// A scale asked for without a tonic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeWish {
    /// Any mode with a major third.
    Major,
    /// Any mode with a minor third.
    Minor,
    /// Five notes: the Chinese modes.
    Pentatonic,
    /// One mode by the name [`Mode::name`] gives.
    Named(String),
}

impl ModeWish {
    /// The mode to use when the style prefers another one.
    pub fn mode(&self) -> Mode {
        match self {
            Self::Major => Mode::Major,
            Self::Minor => Mode::Minor,
            Self::Pentatonic => Mode::Gong,
            Self::Named(name) => Mode::ALL
                .iter()
                .find(|(_, en, _)| en == name)
                .map_or(Mode::Major, |(mode, ..)| *mode),
        }
    }

    /// Whether a mode fulfills the wish.
    pub fn admits(&self, mode: Mode) -> bool {
        match self {
            Self::Major => !mode.is_minor(),
            Self::Minor => mode.is_minor(),
            Self::Pentatonic => mode.melody().len() == 5,
            Self::Named(name) => mode.name() == name,
        }
    }
}

/// The feeling of a piece as five numbers.
///
/// Valence and arousal are the axes of Russell's circumplex (J. A. Russell, "A circumplex model
/// of affect", 1980); tension, warmth and space are what arranging and mixing ask for besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Affect {
    /// Unpleasant to pleasant, -1..=1.
    pub valence: f32,
    /// Calm to excited, -1..=1.
    pub arousal: f32,
    /// Resolved to tense, 0..=1.
    pub tension: f32,
    /// Cold to warm, 0..=1.
    pub warmth: f32,
    /// Intimate to vast, 0..=1.
    pub space: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moods_are_listed_in_order() {
        for (index, (mood, name, zh)) in Mood::ALL.into_iter().enumerate() {
            assert_eq!(mood as usize, index);
            assert_eq!(Mood::by_name(name), Some(mood));
            assert_eq!(mood.title(Lang::Zh), zh);
        }
    }

    #[test]
    fn a_brief_survives_its_file_format() {
        let brief = Brief {
            prompt: "D minor, 92 BPM".into(),
            key: Key::parse("D minor"),
            metre: Some(Metre::new(3, 4)),
            mode: Some(ModeWish::Named("dorian".into())),
            length: Some(LengthWish::Seconds(150.0)),
            tempo: Some(TempoWish {
                bpm: Some(92.0),
                ..TempoWish::default()
            }),
            ..Brief::default()
        };
        let text = serde_json::to_string(&brief).unwrap();
        assert_eq!(serde_json::from_str::<Brief>(&text).unwrap(), brief);
    }

    #[test]
    fn tempo_wishes_resolve() {
        let wish = |pace: Option<Pace>, bpm| TempoWish {
            pace,
            bpm,
            ..TempoWish::default()
        };
        assert_eq!(wish(None, Some(97.5)).choose(120.0), 97.5);
        assert!(wish(Some(Pace::SLOW), None).choose(100.0) < 90.0);
        assert!(wish(Some(Pace::FAST), None).choose(100.0) > 110.0);
        assert_eq!(wish(None, None).choose(100.0), 100.0);
    }
}
