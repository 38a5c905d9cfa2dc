//! The plan of a song: form, key, tempo, energy, cast and harmony.

use crate::{
    backing::VoicePart,
    score::{ChordSpan, Role, Score, Section, SectionKind},
};
use serde::{Deserialize, Serialize};
use yuefu_audio::Seconds;
use yuefu_theory::{Key, TickSpan, Timeline};

/// Everything decided before a note is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SongPlan {
    /// Style id (`data/styles/<id>.toml`).
    pub style: String,
    /// Title in the brief's language.
    pub title: String,
    /// Main key.
    pub key: Key,
    /// Tempo curve and metre map.
    pub timeline: Timeline,
    /// Sections in order, without gaps.
    pub sections: Vec<SectionPlan>,
    /// Who plays, in score order.
    pub cast: Vec<CastMember>,
    /// Swing and the like.
    pub feel: Feel,
    /// How the piece ends.
    pub ending: Ending,
    /// The exact length of the finished audio, tail included.
    pub length: Seconds,
}

impl SongPlan {
    /// The score that this plan implies, without tracks: the same timeline, sections whose energy
    /// is the mean of the planned two, and all their chords.
    pub fn score_frame(&self) -> Score {
        let section = |plan: &SectionPlan| Section {
            id: plan.id.clone(),
            kind: plan.kind,
            span: plan.span,
            key: plan.key,
            energy: (plan.energy[0] + plan.energy[1]) / 2.0,
        };
        let chords = self.sections.iter().flat_map(|s| s.chords.clone());
        Score {
            timeline: self.timeline.clone(),
            sections: self.sections.iter().map(section).collect(),
            chords: chords.collect(),
            tracks: Vec::new(),
        }
    }
}

/// One planned section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SectionPlan {
    /// Stable id, such as `verse-1`.
    pub id: String,
    /// What it does.
    pub kind: SectionKind,
    /// Sections that share this letter share their tune and chords.
    pub material: String,
    /// Where it lies.
    pub span: TickSpan,
    /// Bars in it.
    pub bars: u32,
    /// Its key.
    pub key: Key,
    /// Energy at its start and end, 0..=1.
    pub energy: [f32; 2],
    /// Chords, covering the span.
    pub chords: Vec<ChordSpan>,
    /// Track ids that play in it.
    pub playing: Vec<String>,
    /// Whether a fill leads out of it.
    pub fill: bool,
    /// Seed path number of takes asked for since (0 = the first).
    #[serde(default)]
    pub take: u32,
}

/// One member of the cast: becomes a track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CastMember {
    /// Track id, unique, such as `piano`.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// Catalog id of the instrument.
    pub instrument: String,
    /// Index of the part in the style's cast that it plays.
    pub part: usize,
    /// The style whose cast that is, where it is not the song's: one section may be in another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// What a backing voice sings beside the lead; absent for everybody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sings: Option<VoicePart>,
}

/// How time is felt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Feel {
    /// 0 = straight, 1 = full triplet swing.
    pub swing: f32,
    /// Note value that swings: 8 or 16.
    pub swing_unit: u8,
    /// Milliseconds the rhythm section plays ahead (negative) of or behind (positive) the beat.
    pub lay_back: f32,
    /// Freedom of tempo, 0 (strict) to 1 (rubato).
    pub rubato: f32,
}

/// How the piece ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A held final chord that rings out.
    #[default]
    Ring,
    /// A short final hit.
    Cold,
    /// Slows into the final chord.
    Ritard,
    /// Fades out.
    Fade,
    /// Runs into its own beginning without a seam.
    Loop,
}
