//! Tunes from networks that have learned from real songs, inside what the plan asks.

pub mod events;
pub mod finder;
pub mod ground;
pub mod net;
pub mod tell;

pub use finder::{Composer, ComposerFault};
