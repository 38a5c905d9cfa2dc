//! The performance: played notes in seconds, with their curves. What instruments read.

use crate::{lyrics::Lyric, score::Role};
use serde::{Deserialize, Serialize};
use yuefu_audio::{Curve, Seconds};

/// How a note is played. What each does to timing, pitch and loudness is data per instrument
/// family (the `perform` stage); how it sounds is the instrument's business.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Articulation {
    /// Plain.
    #[default]
    Normal,
    /// Joined to the note before it.
    Legato,
    /// Short.
    Staccato,
    /// Held to its full length, slightly stressed.
    Tenuto,
    /// Stressed.
    Accent,
    /// Strongly stressed and shortened.
    Marcato,
    /// Barely sounding: drums, bass and funk guitar.
    Ghost,
    /// Damped: palm-muted guitar, muted conga, con sordino brass.
    Mute,
    /// Plucked bowed strings.
    Pizzicato,
    /// Fast repetition: bowed strings, mandolin, and 轮指 (lunzhi) on the pipa.
    Tremolo,
    /// Alternation with the upper neighbor.
    Trill,
    /// Sliding into the note from below or from the note before it (滑音).
    Slide,
    /// Bent up to pitch after the attack (guitar bend, 推弦).
    Bend,
    /// Pressed after plucking: the pitch rises and returns (按音 on guzheng and guqin).
    Press,
    /// A chord spread quickly from the bottom.
    Roll,
    /// A glissando through the open strings into the note (刮奏 on guzheng, harp).
    Glissando,
    /// A natural harmonic (泛音 on guqin).
    Harmonic,
    /// Wide, slow vibrato (吟 and 猱 on guqin, erhu).
    Vibrato,
    /// Falls off at its end (brass, sax).
    Fall,
    /// Flutter-tongued (花舌 on dizi and suona).
    Flutter,
    /// Cut off by the hand: choked cymbal, stopped bass.
    Choke,
}

impl Articulation {
    /// Every articulation with its name in files, in the order of the enum.
    pub const ALL: [(Self, &'static str); 21] = [
        (Self::Normal, "normal"),
        (Self::Legato, "legato"),
        (Self::Staccato, "staccato"),
        (Self::Tenuto, "tenuto"),
        (Self::Accent, "accent"),
        (Self::Marcato, "marcato"),
        (Self::Ghost, "ghost"),
        (Self::Mute, "mute"),
        (Self::Pizzicato, "pizzicato"),
        (Self::Tremolo, "tremolo"),
        (Self::Trill, "trill"),
        (Self::Slide, "slide"),
        (Self::Bend, "bend"),
        (Self::Press, "press"),
        (Self::Roll, "roll"),
        (Self::Glissando, "glissando"),
        (Self::Harmonic, "harmonic"),
        (Self::Vibrato, "vibrato"),
        (Self::Fall, "fall"),
        (Self::Flutter, "flutter"),
        (Self::Choke, "choke"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The articulation of a name in files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// One note as it is played. Times are relative to the start of its [`PerformedPhrase`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerformedNote {
    /// Onset. May be slightly negative (played ahead of the beat, or a grace note).
    pub on: Seconds,
    /// Release (key up; with pedal down, when the damper falls).
    pub off: Seconds,
    /// MIDI key, 0..=127 (60 = middle C). For drum kits: the General MIDI percussion key.
    pub key: u8,
    /// Effort of the attack in 0..=1 (MIDI velocity / 127, but continuous).
    pub velocity: f32,
    /// How it is played.
    pub articulation: Articulation,
    /// Deviation from `key` in cents over seconds since `on`: tuning, bends, glides, vibrato.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub pitch: Curve,
    /// Level change in decibels over seconds since `on`: swells, decays of held notes.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub level: Curve,
    /// Tone color from −1 (dark, soft) through 0 (as the velocity implies) to +1 (bright, hard),
    /// over seconds since `on`: bow pressure, breath, filter sweep.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub tone: Curve,
    /// Continues the sound of the note before it on the same string or breath: no new attack.
    #[serde(default)]
    pub legato: bool,
    /// What it sings. In a sung phrase a note without one continues the syllable before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lyric: Option<Box<Lyric>>,
}

/// The played notes of one phrase of one track: the unit that an instrument renders.
///
/// It holds everything the sound depends on, and nothing else: two equal values render to the
/// same samples wherever they lie in the song.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerformedPhrase {
    /// Catalog id of the instrument, such as `grand-piano`, `erhu`, `kit-standard`.
    pub instrument: String,
    /// The notes in order of `on`, ties by key.
    pub notes: Vec<PerformedNote>,
    /// The length of the phrase, without the tail of its last notes.
    pub length: Seconds,
    /// Seed for everything random in the sound (noise, round robin).
    pub seed: u64,
}

/// A phrase in its place in the song.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedPhrase {
    /// Id of the score's phrase that it plays.
    pub id: String,
    /// When it starts.
    pub start: Seconds,
    /// What is played.
    pub phrase: PerformedPhrase,
}

/// All that one track plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerformedTrack {
    /// Id of the score's track.
    pub id: String,
    /// What it does in the arrangement.
    pub role: Role,
    /// Catalog id of its instrument.
    pub instrument: String,
    /// Its phrases in order of start.
    pub phrases: Vec<PlacedPhrase>,
}

/// A whole song as it is played.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Tracks in score order.
    pub tracks: Vec<PerformedTrack>,
}
