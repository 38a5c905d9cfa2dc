//! Chords from a network that has learned from real songs: when they change, to what, over which
//! bass, with how much color. It sees where in the section a beat lies, what the section does,
//! what sounded two, four and eight bars ago and at the same place of the last section of the
//! kind, and the tune where there is one already.

mod course;
mod ear;
mod finder;
mod net;

pub use course::{Beat, Course, DENSE, Passage, SIZE, Seen, see, sung};
pub use ear::Over;
pub use finder::Harmonist;
pub use net::{ChordNet, SYMBOLS, WIDTHS};

use yuefu_plan::learned::Symbol;
use yuefu_theory::{Chord, Key, Quality};

/// Chords of one kind as the network tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Told {
    /// Root above the tonic and triad: a [`Symbol`]'s number, or [`Told::NONE`].
    pub symbol: u8,
    /// Root, third, fifth or something else in the bass: 0 to 3.
    pub bass: u8,
    /// Nothing, a minor seventh, a major seventh or something else on top: 0 to 3. Of suspended
    /// triads 2 is the one with a second.
    pub color: u8,
}

/// Basses times colors.
pub const DETAILS: usize = 16;

impl Told {
    /// The number where no chord sounds.
    pub const NONE: u8 = Symbol::COUNT;

    /// No chord.
    pub const SILENT: Self = Self {
        symbol: Self::NONE,
        bass: 0,
        color: 0,
    };

    /// A chord in a key.
    pub fn of(chord: &Chord, key: &Key) -> Self {
        let bass = chord
            .bass
            .map_or(0, |bass| match (12 + bass.pc() - chord.root.pc()) % 12 {
                0 => 0,
                3 | 4 => 1,
                6..=8 => 2,
                _ => 3,
            });
        Self {
            symbol: Symbol::of(chord, key).number(),
            bass,
            color: color(chord.quality),
        }
    }

    /// Bass and color in one number below [`DETAILS`].
    pub fn detail(self) -> usize {
        usize::from(self.bass) * 4 + usize::from(self.color)
    }
}

fn color(quality: Quality) -> u8 {
    use Quality as Q;
    match quality {
        Q::Major | Q::Minor | Q::Diminished | Q::Augmented | Q::Sus4 | Q::Power => 0,
        Q::Dominant
        | Q::MinorSeven
        | Q::HalfDiminished
        | Q::DominantSus
        | Q::Nine
        | Q::MinorNine
        | Q::MinorEleven
        | Q::Thirteen
        | Q::SevenFlatNine
        | Q::SevenSharpNine
        | Q::SevenSharpFive => 1,
        Q::MajorSeven | Q::DiminishedSeven | Q::MajorNine | Q::MajorSevenSharpEleven | Q::Sus2 => 2,
        Q::Add9
        | Q::MinorAdd9
        | Q::Six
        | Q::MinorSix
        | Q::SixNine
        | Q::NineSus
        | Q::MinorMajorSeven
        | Q::Quartal => 3,
    }
}
