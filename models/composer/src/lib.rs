//! Tunes and chords from networks that have learned from real songs, inside what the plan asks; and
//! tunes between tunes.

pub mod adapter;
pub mod chords;
pub mod events;
pub mod finder;
mod given_back;
pub mod ground;
pub mod hands;
pub mod net;
pub mod pages;
pub mod tell;

pub use chords::Harmonist;
pub use finder::{Composer, ComposerFault};
pub use hands::Pianist;
pub use pages::Morpher;
