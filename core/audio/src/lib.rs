//! Audio buffers, units and deterministic maths.
//!
//! Everything here is pure: no file, clock, environment or global is read.

pub mod buffer;
pub mod curve;
pub mod fft;
pub mod filter;
pub mod loudness;
pub mod math;
pub mod noise;
pub mod pitch;
pub mod units;
pub mod world;

pub use buffer::{AudioBuffer, Clip};
pub use curve::{Curve, CurvePoint};
pub use filter::{Biquad, Cascade};
pub use units::{Db, Frames, Hertz, Lufs, SampleRate, Seconds};
