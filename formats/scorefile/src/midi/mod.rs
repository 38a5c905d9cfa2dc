//! Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001).

mod events;
mod read;
mod write;

pub use read::read_midi;
pub use write::{MidiOptions, write_midi};
