//! Real songs to learn from, as the document that Yuefu itself writes: one [`Piece`] is one song
//! with its [`Score`](yuefu_song::Score), so that real and generated songs are measured and
//! encoded by the same code.
//!
//! [`gather`] reads whole collections (POP909, OpenScore Lieder, OpenEWLD, McGill Billboard,
//! Harmonix, SALAMI, Groove MIDI) or any folder of MIDI, MusicXML and ABC files, cleans what it
//! read, finds versions of one song, and splits songs into training, validation and test.
//! [`pack::write`] and [`pack::Reader`] keep the result in one checked file.
//!
//! What a source does not state (tune, chords, key, sections, phrases) is found by
//! `yuefu-harmonize`; [`Piece::stated`] says which is which. Nothing here is random: the same
//! sources give the same bytes, with any number of threads.

mod beats;
mod billboard;
mod clean;
mod complete;
mod error;
mod gather;
mod groove;
mod harmonix;
mod harte;
mod known;
mod labels;
mod lines;
mod openscore;
pub mod pack;
mod piece;
mod pop909;
mod salami;
mod sources;
mod stats;

pub use clean::{Limits, Refusal};
pub use error::CorpusError;
pub use gather::{Gathered, gather};
pub use harte::harte_chord;
pub use known::index_tunes;
pub use labels::section_kind;
pub use piece::{DrumTake, Piece, Source, Split, Stated, Sung};
pub use stats::{Report, Spread};
