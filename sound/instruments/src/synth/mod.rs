//! Synthesizers: subtractive, FM and wavetable patches, by name.

pub mod parts;

use crate::Instrument;

/// The instrument of a name, such as the part after the colon of a profile's `engine`; `None`
/// when there is none of that name.
pub fn instrument(_name: &str) -> Option<Box<dyn Instrument>> {
    None
}
