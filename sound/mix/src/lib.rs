//! From stems to the mix: channel strips, shared effects, and a balance made by measurement.

pub mod balance;
pub mod character;
mod deess;
pub mod delay;
pub mod duck;
pub mod dynamics;
pub mod effect;
pub mod measure;
pub mod mixer;
pub mod returns;
pub mod reverb;
pub mod saturate;
pub mod stereo;
pub mod strip;
pub mod sum;
mod throws;
pub mod window;

pub use balance::{Shape, TrackInput, plan_mix};
pub use character::MixCharacter;
pub use duck::KeyWindow;
pub use effect::Effect;
pub use measure::{Measurer, TrackMeasure};
pub use mixer::{Mixdown, Mixer, audible, strip_of};
pub use returns::{Return, process_return, return_memory, return_window};
pub use strip::{channel_window, process_track, strip_memory};
pub use sum::Sum;
pub use throws::{movement, moving_gains};
pub use window::{WINDOW, input_of, windows};
