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
