//! Kokoro-82M, a small text-to-speech model for nine languages, opened up for singing.
//!
//! [`Kokoro`] runs the published ONNX graph (int8, Apache-2.0; hexgrad, after StyleTTS 2 by Li et
//! al. 2023) in three steps, each of whose results may be replaced before the next:
//!
//! 1. [`Kokoro::read`]: tokens and a voice to features and natural durations,
//! 2. [`Kokoro::intone`]: an [`Alignment`] of tokens to frames to pitch and energy,
//! 3. [`Kokoro::sound`]: the same alignment, pitch and energy to samples at [`RATE`].
//!
//! The graph is not cut in files: the runtime takes values in the middle of it as inputs.
//! [`KokoroSinger`] has a voice speak a line and sings that again in the plan's time and pitch.
//!
//! [`Line`] spells what `yuefu-lang` reads in the model's alphabet and knows which phone each token
//! belongs to. Weights come as bytes from the caller; nothing here touches a file.

mod graph;
mod line;
mod model;
mod singer;
mod source;
mod spell;
mod timing;
mod voice;

pub use line::{Line, LineSyllable, Owner};
pub use model::{Alignment, Error, FRAME, Kokoro, LATENESS, PITCH_HOP, Prosody, RATE, Reading};
pub use singer::{KokoroSinger, Studied, in_both, languages};
pub use spell::{SpellFault, token};
pub use timing::{phone_times, trim};
pub use voice::{Voice, VoiceFault};
