//! Who plays keyboards with two hands. Rules lay the style's patterns; somebody who has learned from
//! real accompanists may play instead, over the same chords and below the same tune.

use std::fmt::Debug;
use yuefu_engine::Rng;
use yuefu_song::{ChordSpan, Note, PianoSchool};
use yuefu_theory::{Metre, TickSpan, Ticks};

/// Accompanies on keyboards. The same place and generator give the same strokes, on every machine.
pub trait Accompanist: Debug + Send + Sync {
    /// Name and version, written into the songs that it plays in.
    fn id(&self) -> &str;

    /// Whether it knows a metre.
    fn knows(&self, metre: &Metre) -> bool;

    /// The strokes of a section, in order; which keys they strike is left to the voicing.
    fn play(&self, place: &HandsPlace<'_>, rng: &mut Rng) -> Vec<Stroke>;
}

/// A section to be accompanied.
#[derive(Clone, Copy, Debug)]
pub struct HandsPlace<'a> {
    /// Whom to play like.
    pub school: PianoSchool,
    /// Its metre.
    pub metre: &'a Metre,
    /// Where it lies; it begins with a bar.
    pub span: TickSpan,
    /// Its chords, in song time.
    pub chords: &'a [ChordSpan],
    /// What is sung in it, in song time.
    pub tune: &'a [Note],
    /// How much is wanted of the hands.
    pub wanted: Wanted,
}

/// How much is wanted of two hands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Onsets of the left hand in a quarter note.
    pub low: f32,
    /// Onsets of the right hand in a quarter note.
    pub high: f32,
    /// Keys that the right hand strikes at once.
    pub thick: f32,
}

/// What both hands do at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// When.
    pub at: Ticks,
    /// What the left hand strikes, and how long it holds it.
    pub low: Option<(Low, Ticks)>,
    /// Which voices the right hand strikes, the lowest in bit 0, and how long it holds them.
    pub high: Option<(u8, Ticks)>,
    /// How loud beside the others: about -1 to 1.
    pub accent: f32,
}

/// What a left hand strikes, by its place over the bass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Low {
    /// The bass.
    Bass,
    /// Its octave.
    Octave,
    /// The fifth of the chord.
    Fifth,
    /// The third of the chord, a tenth above the bass.
    Tenth,
    /// Another tone of the chord.
    Other,
    /// The bass and its octave.
    Octaves,
    /// The bass and the fifth.
    Fifths,
    /// The bass and what is above it.
    Chord,
}

impl Low {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Bass,
        Self::Octave,
        Self::Fifth,
        Self::Tenth,
        Self::Other,
        Self::Octaves,
        Self::Fifths,
        Self::Chord,
    ];
}
