//! A voice taken apart into pitch, spectral envelope and breath, and put together again.
//!
//! The method is WORLD (M. Morise, F. Yokomori, K. Ozawa, "WORLD: a vocoder-based high-quality
//! speech synthesis system for real-time applications", IEICE Trans. 2016), after its original
//! code (modified BSD license). Pitch is always given: whoever sings knows it.
//!
//! - [`CheapTrick`]: the spectral envelope (Morise, Speech Communication 67, 2015),
//! - [`D4c`]: how much of each band is noise (Morise, Speech Communication 84, 2016),
//! - [`Synthesizer`]: pulses and noise of ours through a minimum-phase envelope.

mod cheaptrick;
mod d4c;
mod smooth;
mod synthesis;
mod transform;

pub use cheaptrick::CheapTrick;
pub use d4c::{BANDS_APART, D4c};
pub use synthesis::{Frames, Synthesizer};

/// Pitch that unvoiced frames are analyzed with, in hertz.
const UNVOICED: f64 = 500.0;
