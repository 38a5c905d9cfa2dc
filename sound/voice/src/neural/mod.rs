//! Yuefu's own singers: a small network says what a voice sounds like at each instant, pulses and
//! noise of ours give it the exact pitch.
//!
//! ```text
//! phones ──> encoder ──> lengths, melody of speech
//!               └─ spread over frames of 12.5 ms, with place in the phone, pitch, singer
//!                     └─ dilated convolutions ──> 80 bands of envelope, 3 of noise, voice
//! ```
//!
//! The network is distilled from Kokoro-82M (Apache-2.0) by `models/singer-training`;
//! `docs/singers.md` is its recipe. It sees every line as it would be spoken; what the plan holds
//! longer or hurries is warped afterwards, so that it never meets what it was not trained on.

pub mod bands;
mod choir;
mod kernels;
pub(crate) mod layout;
mod network;
mod shape;
mod singer;
mod weights;

pub use choir::choir;
pub use network::{Network, Spoken, Timed};
pub use shape::{
    Block, FRAME, Features, NOISE, OUTPUTS, PITCH_PLACE, PLACE, ROWS, SPOKEN, SYMBOLS, Shape,
    Tensor, phone_features, pitch_features, place_features, symbol_number,
};
pub use singer::NeuralSinger;
pub use weights::{Weights, WeightsFault};
