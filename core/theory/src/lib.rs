//! Pitch, interval, scale, key, chord, metre and musical time.
//!
//! Pure values: nothing here reads a file, a clock or a global.

pub mod chord;
pub mod key;
pub mod metre;
pub mod pitch;
pub mod roman;
pub mod time;
pub mod timeline;

pub use chord::{Chord, Quality};
pub use key::{Key, Mode};
pub use metre::Metre;
pub use pitch::{Pitch, SpelledPc, Step};
pub use roman::Roman;
pub use time::{TickSpan, Ticks};
pub use timeline::{MetreChange, TempoPoint, Timeline};
