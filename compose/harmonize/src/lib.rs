//! What music that came without it means: its keys, its tune, its phrases, its chords.
//!
//! Everything here reads [`Tone`]s, sounding notes at their place in score time, and a
//! [`Timeline`](yuefu_theory::Timeline) for their bars. The same notes give the same answer; chance comes in by a
//! seed that is given.

mod form;
mod keys;
mod metre;
mod offers;
mod phrases;
mod recognize;
mod tones;
mod tune;
mod tune_chords;

pub use form::{FormPart, find_form};
pub use keys::{KeySpan, find_key, find_keys, key_spans};
pub use metre::{MetreGuess, guess_metre};
pub use offers::Palette;
pub use phrases::phrase_starts;
pub use recognize::recognize_chords;
pub use tones::{Tone, all_tones, tones};
pub use tune::{Voice, find_tune};
pub use tune_chords::{Choice, Chords, Ear, Habit, Manner, harmonize_as, harmonize_tune};
