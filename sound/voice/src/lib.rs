//! Sung phrases: from syllables on notes to a voice.
//!
//! ```text
//! played notes with lyrics ──> syllables ──> timing ──> curves ──> VoicePlan ──> Singer ──> clip
//! ```
//!
//! Everything up to the [`VoicePlan`] is pure and shared by all voices: which phone sounds when,
//! the pitch at every instant, loudness, breath and color. A [`Singer`] turns a plan into sound;
//! it says beforehand how long it would naturally hold each phone ([`Singer::speak`]), which the
//! timing needs.

pub mod phones;
pub mod plan;
pub mod singer;

pub use plan::{Breath, Curves, FRAME, PlanPhone, PlanSyllable, VoicePlan};
pub use singer::{Natural, Singer, SingerProfile, Utterance, VoiceError};
