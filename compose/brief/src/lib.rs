//! From a prompt to a brief, in Chinese, English and mixtures of both.
//!
//! The vocabulary is data (`data/brief`); this crate cuts a prompt into values and words, works out
//! what modifies, negates or contradicts what, and fills in what scenes and images suggest. Every
//! field of the result says which words it came from.
//!
//! ```
//! use yuefu_brief::{Overrides, understand};
//! let brief = understand("温柔的 jazz，92 BPM，不要鼓，两分半", &Overrides::default());
//! assert_eq!(brief.styles[0].value, "jazz");
//! assert_eq!(brief.tempo.as_ref().and_then(|tempo| tempo.bpm), Some(92.0));
//! assert!(brief.excludes_group("drums"));
//! ```

mod energy;
mod explain;
mod infer;
mod key;
mod lexicon;
mod notes;
mod number;
mod overrides;
mod read;
mod scan;
mod sheet;
mod style;
mod text;
mod typo;
mod value;
mod values;
mod vocabulary;
mod wishes;

pub use explain::explain;
pub use overrides::{BriefError, OPTIONS, Overrides};
use yuefu_song::Brief;

/// Reads a prompt, with explicit options that win over it.
///
/// Never fails: what cannot be done is a diagnostic of severity `Error` in the brief
/// ([`Brief::is_refused`]); contradictions are warnings, and the first statement counts. The same
/// arguments give the same brief.
pub fn understand(prompt: &str, overrides: &Overrides) -> Brief {
    let (wish, words) = sheet::split(prompt);
    let mut reading = read::read(wish);
    if let Some(words) = words {
        reading.lyrics(words);
    }
    overrides.apply(&mut reading);
    infer::complete(reading)
}
