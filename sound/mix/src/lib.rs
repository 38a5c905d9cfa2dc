//! From stems to the mix: channel strips, shared effects, and a balance made by measurement.

pub mod balance;
pub mod character;
pub mod delay;
pub mod duck;
pub mod dynamics;
pub mod effect;
pub mod measure;
pub mod mixer;
pub mod reverb;
pub mod saturate;
pub mod stereo;
pub mod strip;

pub use balance::{Shape, TrackInput, plan_mix};
pub use character::MixCharacter;
pub use duck::KeyEnvelope;
pub use effect::Effect;
pub use measure::TrackMeasure;
pub use mixer::{Mixdown, Mixer, Return};
pub use strip::process_track;
