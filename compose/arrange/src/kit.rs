//! Who plays kits. Rules lay the style's patterns, turn and fill; somebody who has learned from real
//! drummers may turn and fill instead, and gives every hit its force and its time.

use std::fmt::Debug;
use yuefu_engine::Rng;
use yuefu_song::{DrumSchool, Feel, Note};
use yuefu_theory::{TickSpan, Ticks};

/// Plays kits in 4/4. The same place and generator give the same hits, on every machine.
pub trait KitPlayer: Debug + Send + Sync {
    /// Name and version, written into the songs that it plays in.
    fn id(&self) -> &str;

    /// Plays a bar a little otherwise than its pattern, and near it. Notes are in song time; those of
    /// other bars stay.
    fn turn(&self, place: &KitPlace, bar: Ticks, notes: &mut Vec<Note>, rng: &mut Rng);

    /// A fill of one bar, from the bar's start; what comes before `from` is not asked for. `None` where
    /// it has none to propose.
    fn fill(&self, place: &KitPlace, from: Ticks, rng: &mut Rng) -> Option<Vec<Note>>;

    /// Gives each note its force and its time, shaped within what is written: kinds of hits stay as
    /// loud as they are on average, and ghosts stay ghosts.
    fn play(&self, place: &KitPlace, notes: &mut [Note], rng: &mut Rng);
}

/// A section to be played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KitPlace {
    /// Whom to play like.
    pub school: DrumSchool,
    /// Quarters a minute where it begins.
    pub tempo: f64,
    /// How time is felt.
    pub feel: Feel,
    /// Where it lies; it begins with a bar.
    pub span: TickSpan,
}
