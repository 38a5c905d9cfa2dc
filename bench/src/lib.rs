//! Benchmarks and statistics: every figure of docs/RESULTS.md comes from a program of this crate.

pub mod groove;
pub mod lines;
pub mod pop909;
