//! A drummer that has learned from real ones: it invents grooves, plays written ones with feel, and
//! finds ways from one groove to another (after GrooVAE: Gillick et al., ICML 2019).

pub mod drummer;
pub mod features;
pub mod groove;
pub mod kit;
pub mod net;
pub mod swing;

pub use drummer::Drummer;
