//! Measures sets of songs: how far they are from real music and from each other, and whether a
//! judge can tell which is which.
//!
//! [`Portrait`] counts what a set does and [`Portrait::distances`] compares two; [`sheet`] and
//! [`boost`] tell real lead sheets from others by hand-made figures, [`events`] by the notes
//! themselves; [`styles`] asks whether styles can be told apart, [`likeness`] how much songs repeat
//! themselves and each other. Everything reads scores; the same scores give the same figures.

pub mod boost;
pub mod drafts;
pub mod events;
pub mod likeness;
pub mod lines;
pub mod opinion;
mod portrait;
pub mod reference;
pub mod sheet;
pub mod styles;

pub use portrait::{Distance, Family, Portrait, Spread};
