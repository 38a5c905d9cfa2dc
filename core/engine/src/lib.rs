//! The machinery around the document: seeds, stable hashes and keys, the artifact store,
//! progress and cancellation.

pub mod rng;

pub use rng::{Rng, SeedPath};
