//! The machinery around the document: seeds, stable hashes and keys, the artifact store,
//! progress and cancellation.
//!
//! Nothing here opens a file or reads a clock: whoever embeds it hands in a [`World`].

mod canonical;
pub mod key;
pub mod progress;
pub mod registry;
pub mod rng;
pub mod store;
pub mod world;

pub use key::{Key, KeyBuilder};
pub use progress::{Cancel, Cancelled, Progress, Silent, Stage, Step, TimeLeft};
pub use registry::{Registry, Tier};
pub use rng::{Rng, SeedPath};
pub use store::{DiskStore, Store, StoreSize};
pub use world::{MemoryWorld, World, WorldError};
