//! Whether a tune is one that is already known.
//!
//! What ships is no tune but an index of hashes: for every nine notes in a row of every tune that
//! a model learned from, 32 bits of a hash of their intervals and rhythm, the number of the song,
//! and the bar. From these no tune can be read back. The rule: no more than [`MOST_KNOWN`] notes
//! in a row may equal a known tune in intervals and rhythm, in any key and at any tempo, unless
//! the pattern occurs in [`COMMON`] or more different songs and so belongs to nobody.
//!
//! ```
//! use yuefu_originality::{OriginalityIndex, TuneNote};
//! use yuefu_theory::Ticks;
//! let tune: Vec<TuneNote> = [60, 62, 64, 65, 64, 62, 60, 59, 60, 67]
//!     .into_iter()
//!     .enumerate()
//!     .map(|(beat, key)| TuneNote { at: Ticks::quarters(beat as i64), key })
//!     .collect();
//! let index = OriginalityIndex::build([("a tune", 1, tune.as_slice(), &|_: usize| 1)]);
//! let higher: Vec<TuneNote> = tune.iter().map(|n| TuneNote { key: n.key + 5, ..*n }).collect();
//! assert_eq!(index.longest_known_run(&higher).unwrap().notes, 10);
//! assert!(index.is_original(&higher[..8]));
//! ```

mod file;
mod index;
mod pattern;

pub use file::IndexError;
pub use index::{Known, KnownRun, OriginalityIndex};
pub use pattern::{COMMON, MOST_KNOWN, PATTERN, TuneNote, patterns, tune_of};
