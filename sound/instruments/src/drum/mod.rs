//! Synthesized drums: drum machines and the percussion of several traditions.
//!
//! A kit is a table of pieces by General MIDI percussion key (`machines.toml` and `world.toml`, [`kit`]); [`voice`]
//! plays one stroke. Keys 35 to 81 always sound: a piece that a kit lacks is replaced by its
//! nearest relative in the kit.

pub mod kit;
pub mod voice;

#[cfg(test)]
mod checks;

use crate::Instrument;

/// The kit of a name, such as `drum-machine-808` or `kit-luogu` (what follows `kit:` in the
/// catalog); `None` when there is none.
pub fn instrument(name: &str) -> Option<Box<dyn Instrument>> {
    kit::kits()
        .get(name)
        .map(|kit| Box::new(voice::Drums { kit }) as Box<dyn Instrument>)
}
