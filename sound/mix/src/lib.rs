//! From stems to the mix: channel strips, shared effects, and a balance made by measurement.

pub mod delay;
pub mod duck;
pub mod dynamics;
pub mod effect;
pub mod mixer;
pub mod reverb;
pub mod saturate;
pub mod stereo;
pub mod strip;

pub use duck::KeyEnvelope;
pub use effect::Effect;
pub use mixer::{Mixdown, Mixer, Return};
pub use strip::process_track;
