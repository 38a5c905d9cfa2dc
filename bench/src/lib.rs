//! Benchmarks and statistics: every figure of docs/RESULTS.md comes from a program of this crate.

pub mod archive;
pub mod args;
pub mod chord_truth;
pub mod composer;
pub mod counting;
pub mod groove;
pub mod markov;
pub mod pop909;
pub mod round_trip;
pub mod songs;

pub use yuefu_evaluate::{boost, lines, sheet};

/// Mean of some values, and where the middle eight of ten lie.
pub fn shown(values: &[f64]) -> String {
    let (mean, low, high) = lines::spread(values);
    format!("{mean:7.3} ({low:.3} - {high:.3})")
}
