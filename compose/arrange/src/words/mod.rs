//! Words set to music: syllables become notes, in time with the metre and with the tune.
//!
//! `weigh` says of each syllable how much it weighs and which way its tone leads; `rhythm` places
//! syllables in the bars of their line; `fit` lays them under a tune that is there already;
//! `setting` makes the phrases of a section of both. Every syllable gets exactly one note, in
//! order; notes without one continue the syllable before them.

mod behind;
mod fit;
mod resing;
mod rhythm;
mod setting;
mod weigh;

pub use fit::{Clock, Fitted, Given, Misfit, fit};
pub use resing::{How, Resung, resing};
pub use rhythm::{Ask, rhythm};
pub use setting::{SungLine, make_room};
pub use weigh::{Weighed, lean, weigh};
