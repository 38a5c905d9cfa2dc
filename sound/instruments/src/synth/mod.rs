//! Synthesizers: subtractive, wavetable and FM patches as data, and textures of noise.
//!
//! A patch is an entry of `patches.toml` ([`patch`]); [`voice`] plays it. [`texture`] makes the
//! sounds without pitch: risers, impacts, rain, wind, sea, crackle.

pub mod parts;
pub mod patch;
pub mod texture;
pub mod voice;

#[cfg(test)]
mod checks;

use crate::Instrument;

/// The synthesizer patch or texture of a name, such as `supersaw` or `rain` (what follows
/// `synth:` in the catalog); `None` when there is none.
pub fn instrument(name: &str) -> Option<Box<dyn Instrument>> {
    if let Some(kind) = texture::Texture::named(name) {
        return Some(Box::new(kind));
    }
    patch::patches()
        .get(name)
        .map(|patch| Box::new(voice::Synth { patch }) as Box<dyn Instrument>)
}
