//! The parts of a brief that have numbers: tempo, length, form, energy and voice.

use crate::score::SectionKind;
use serde::{Deserialize, Serialize};
use yuefu_audio::Seconds;

/// What was asked of the tempo. An explicit `bpm` is obeyed exactly; otherwise `range` limits the
/// choice; otherwise `pace` scales the style's own tempo.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct TempoWish {
    /// Quarter notes (felt beats in compound metres) per minute, 30..=300.
    pub bpm: Option<f64>,
    /// The tempo to arrive at, for "from 90 to 120 BPM".
    pub bpm_end: Option<f64>,
    /// Lowest and highest tempo, for "90-100 BPM", "andante".
    pub range: Option<[f64; 2]>,
    /// Slow, medium or fast, relative to the style.
    pub pace: Option<Pace>,
    /// How it changes in the course of the piece; `None` leaves it to the style.
    pub change: Option<TempoChange>,
    /// How it feels from beat to beat.
    pub feel: Vec<TempoFeel>,
    /// Swing, 0 (straight) ..= 1 (triplets: the first of two eighths lasts 2/3 of the beat).
    pub swing: Option<f32>,
}

impl TempoWish {
    /// The tempo to start from in a style whose natural tempo is `natural`, in beats per minute.
    pub fn choose(&self, natural: f64) -> f64 {
        if let Some(bpm) = self.bpm {
            return bpm;
        }
        let paced = self.pace.map_or(natural, |pace| {
            natural * f64::from(pace.low + pace.high) * 0.5
        });
        self.range
            .map_or(paced, |[low, high]| paced.clamp(low, high.max(low)))
    }
}

/// A relative tempo: factors on the style's own tempo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pace {
    /// Lowest factor.
    pub low: f32,
    /// Highest factor.
    pub high: f32,
}

impl Pace {
    /// Plainly slow.
    pub const SLOW: Self = Self {
        low: 0.72,
        high: 0.86,
    };
    /// Medium: the style's own tempo.
    pub const MEDIUM: Self = Self {
        low: 0.95,
        high: 1.05,
    };
    /// Plainly fast.
    pub const FAST: Self = Self {
        low: 1.15,
        high: 1.32,
    };

    /// The pace with its distance from medium scaled by a degree ("a little slow", "very slow").
    pub fn scaled(self, degree: f32) -> Self {
        let scale = |factor: f32| (1.0 + (factor - 1.0) * degree).clamp(0.5, 1.7);
        Self {
            low: scale(self.low),
            high: scale(self.high),
        }
    }

    /// -1 for slow, 0 for medium, 1 for fast.
    pub fn direction(self) -> i32 {
        if self.high < 1.0 {
            -1
        } else if self.low > 1.0 {
            1
        } else {
            0
        }
    }
}

/// How the tempo changes in the course of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TempoChange {
    /// One tempo throughout.
    Steady,
    /// Gradually faster.
    Accelerating,
    /// Gradually slower.
    Decelerating,
    /// Free, as a soloist would breathe.
    Rubato,
}

/// How the tempo feels from beat to beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TempoFeel {
    /// Bouncing: short notes, off-beats.
    Jumpy,
    /// Behind the beat.
    Dragging,
    /// With small stops before important notes.
    Hesitant,
    /// Ahead of the beat.
    Driving,
}

/// How long the piece should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LengthWish {
    /// In seconds, 10..=480, obeyed to the sample.
    Seconds(f64),
    /// In bars.
    Bars(u32),
}

/// A wish about one kind of section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SectionWish {
    /// Which kind.
    pub section: SectionKind,
    /// `false`: there must be none.
    pub wanted: bool,
    /// Longer or shorter than usual.
    pub size: Option<SectionSize>,
    /// An explicit length in bars.
    pub bars: Option<u32>,
}

/// Longer or shorter than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionSize {
    /// About half the usual length.
    Short,
    /// About twice the usual length.
    Long,
}

/// A point of the energy curve that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnergyPoint {
    /// When, from the beginning.
    pub at: Seconds,
    /// How much, 0..=1.
    pub level: f32,
    /// What happens there.
    pub kind: EnergyKind,
}

/// What happens at an energy point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyKind {
    /// A rise begins here.
    Rise,
    /// A rise arrives here.
    Build,
    /// Everything enters at once.
    Drop,
    /// The high point.
    Peak,
    /// Little happens here.
    Calm,
}

/// The general course of energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyShape {
    /// From little to much.
    Building,
    /// From much to little.
    Fading,
    /// Rise and fall.
    Arc,
    /// The same throughout.
    Level,
}

/// Who sings beside the lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackingWish {
    /// Nothing was said: what the style has.
    #[default]
    Unstated,
    /// Nobody.
    Solo,
    /// Harmony voices.
    Harmonies,
    /// A choir.
    Choir,
}

/// Who sings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoiceWish {
    /// Nothing was said: the user's default.
    #[default]
    Unstated,
    /// Nobody.
    Instrumental,
    /// Somebody.
    Any,
    /// A man.
    Male,
    /// A woman.
    Female,
    /// A child.
    Child,
    /// A choir.
    Choir,
    /// A man and a woman.
    Duet,
}

impl BackingWish {
    /// Whether nothing was said.
    pub fn is_unstated(&self) -> bool {
        *self == Self::Unstated
    }
}
