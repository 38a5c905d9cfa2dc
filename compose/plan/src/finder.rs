//! Engines that find progressions where the style's own rows are not asked.

use std::fmt::Debug;
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{SectionKind, Style};
use yuefu_theory::{Key, Metre, Roman};

/// An engine that finds the chords of sections. What leads from one section to the next, how the
/// song closes and where it is lifted stays with the plan.
pub trait HarmonyFinder: Debug + Send + Sync {
    /// Name, version and what else decides what it finds; kept in songs.
    fn id(&self) -> &str;

    /// The bars of a section, each with chords that share it evenly (two equal neighbors are one
    /// chord); as many bars as asked for, or fewer that are played round. `None` where it has
    /// nothing to say of the style or the metre.
    fn progression(&self, asked: &Asked<'_>, rng: &mut Rng) -> Option<Vec<Vec<Roman>>>;
}

/// The section for which chords are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The song's style.
    pub style: &'a Style,
    /// The song's key.
    pub key: Key,
    /// What the section does.
    pub kind: SectionKind,
    /// Its bars.
    pub bars: usize,
    /// Their metre.
    pub metre: &'a Metre,
    /// The sections before it.
    pub before: &'a [Sounded],
    /// The ways of the song.
    pub habits: ChordHabits,
}

/// How a song's chords differ from those of others: real songs lie further apart than what is drawn
/// chord by chord, which comes out near the mean of all each time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChordHabits {
    /// How freely chords are drawn; 1: as others.
    pub heat: f32,
    /// How much more readily they change, in nats.
    pub motion: f32,
    /// How much more readily they have colors, in nats.
    pub color: f32,
}

impl ChordHabits {
    /// The ways of a song.
    pub fn of_song(seed: &SeedPath) -> Self {
        let mut rng = seed.join("habits").rng();
        let mut about = |spread: f32| rng.normal().clamp(-2.2, 2.2) * spread;
        Self {
            heat: 1.12 + about(0.18),
            motion: about(0.5) + 0.03,
            color: about(0.8) - 0.35,
        }
    }
}

/// A section whose chords are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Sounded {
    /// What it does.
    pub kind: SectionKind,
    /// Its bars, each with chords that share it evenly.
    pub bars: Vec<Vec<Roman>>,
}
