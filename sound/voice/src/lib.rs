//! Sung phrases: from syllables on notes to a voice.
//!
//! ```text
//! played notes with lyrics ──> syllables ──> timing ──> curves ──> VoicePlan ──> Singer ──> clip
//!                              sung          timing     pitch, color
//! ```
//!
//! Everything up to the [`VoicePlan`] is pure and shared by all voices: which phone sounds when,
//! the pitch at every instant, loudness, breath and color ([`plan`](score::plan)). A [`Singer`]
//! turns a plan into sound; it says beforehand how long it would naturally hold each phone
//! ([`Singer::speak`]), which the timing needs.

pub mod align;
mod apart;
mod color;
pub mod contract;
pub mod ensemble;
mod evening;
pub mod finish;
mod height;
pub mod measure;
pub mod neural;
pub mod phones;
mod pitch;
pub mod plan;
pub mod resample;
pub mod score;
pub mod singer;
pub mod speech;
pub mod sung;
pub mod testing;
pub mod timing;

pub use apart::apart;
pub use plan::{Breath, Curves, FRAME, Pause, PlanPhone, PlanSyllable, Track, VoicePlan};
pub use score::{Expression, Planned};
pub use singer::{Natural, Singer, SingerProfile, Utterance, VoiceError};
pub use sung::Sung;
