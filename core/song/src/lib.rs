//! THE DOCUMENT: everything a song is, from what was asked to what is released.

pub mod catalog;
pub mod performance;

pub use catalog::{Catalog, Family, InstrumentProfile};
pub use performance::{Articulation, PerformedNote, PerformedPhrase};
