//! Building blocks shared by the physical models, the synthesizers and the drums.

pub mod chain;
pub mod chorus;
pub mod filter;
pub mod modal;
pub mod noise;
pub mod output;
pub mod shape;
pub mod table;

#[cfg(test)]
pub mod testing;

/// Frames between two readings of the control curves. Blocks are counted from a note's own
/// onset, so the samples never depend on how a host slices time.
pub const BLOCK: usize = 32;
