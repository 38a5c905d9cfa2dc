//! Pictures of scores and of sound: piano roll with form and chords, sung parts
//! with their words, spectrogram, loudness.
//!
//! Pure: a picture is made from values and given back as bytes of PNG or text of SVG.

pub mod canvas;
mod font;
pub mod roll;
pub mod sound;
pub mod words;

pub use canvas::{Canvas, Rgb};
