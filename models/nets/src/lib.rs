//! What the networks that steer what is written share where they run: arithmetic that gives the
//! same bits on every machine, layers made of it, weights as files, summaries, and
//! draws.

pub mod draw;
pub mod kernel;
pub mod layers;
pub mod summary;
pub mod weights;
