//! Makes the embedded singers: their training data, and the training itself.
//!
//! The teacher is Kokoro-82M (Apache-2.0), whose lines come with exact labels, because the lengths
//! of its tokens and its pitch are values in its graph. [`texts`] writes lines that cover the
//! sounds of a language, [`record`] has them spoken and takes the sound apart into what a singer
//! has to know. `docs/singers.md` is the recipe.

pub mod adam;
pub mod cast;
pub mod checkpoint;
pub mod data;
mod gemm;
pub mod net;
pub mod record;
pub mod store;
pub mod texts;
