//! From a performance to stems: everything that sounds.
//!
//! An [`Instrument`] turns one performed phrase into a stereo clip; it reads nothing but the
//! phrase, so equal phrases render to equal samples wherever they lie in a song. The
//! [`Orchestra`] holds the catalog and hands a phrase to the engine its profile names:
//! `sampler:` plays the shipped SoundFont ([`bank`], [`sampler`]), `model:` the
//! physical models ([`model`]), `synth:` the synthesizers ([`synth`]), `kit:` the drum machine
//! ([`drum`]).

pub mod bank;
pub mod catalog;
pub mod contract;
pub mod drum;
pub mod model;
pub mod sampler;
pub mod synth;

pub use catalog::Orchestra;

use yuefu_audio::{Clip, SampleRate};
use yuefu_song::PerformedPhrase;

/// Anything that turns a performed phrase into audio.
pub trait Instrument: Send + Sync {
    /// Renders one phrase.
    ///
    /// The clip is stereo. Its `start` is the frame offset relative to the start of the phrase
    /// (0, or negative where a note is played ahead); it holds the phrase and its natural tail,
    /// cut where the sound stays below −80 dB of full scale.
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip;
}
