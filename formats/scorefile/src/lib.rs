//! Score files: Standard MIDI Files, MusicXML 4.0 and ABC 2.1, read and written.
//!
//! Every reader is safe against hostile input: it returns a [`ScoreFileError`] that says what was
//! expected, what was found, where, and what to do, or a [`ScoreFile`] with warnings of whatever
//! it had to leave out.

mod abc;
mod draft;
mod error;
mod flow;
mod karaoke;
mod midi;
mod model;
mod musicxml;
mod notation;
mod singer;

pub use abc::{read_abc, write_abc};
pub use error::{Place, ScoreErrorKind, ScoreFileError, Warning};
pub use karaoke::{SungLine, SungWord, read_lrc, sung_lines, write_lrc, write_srt};
pub use midi::{MidiOptions, read_midi, write_midi};
pub use model::{Drawn, ScoreFile, ScoreLimits, Stated, Syllable};
pub use musicxml::{read_musicxml, write_musicxml};
pub use singer::{Yaml, read_ds, read_ustx, read_yaml, write_ds, write_ustx};
