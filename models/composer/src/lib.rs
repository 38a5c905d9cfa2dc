//! Tunes from networks that have learned from real songs, inside what the plan asks.

pub mod events;
pub mod finder;
pub mod ground;
pub mod kernel;
pub mod net;
pub mod tell;
pub mod weights;

pub use finder::{Composer, ComposerFault};
