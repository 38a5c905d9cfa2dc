//! Lyric sheets: pasted words become sections, lines and syllables of the document; and words are
//! written ([`write`](mod@write)).
//!
//! ```
//! let parsed = yuefu_lyrics::read("[Chorus x2]\n还珠格格 (oh-oh)", yuefu_lyrics::languages());
//! assert_eq!(parsed.sheet.sections[0].repeats, 2);
//! assert_eq!(parsed.sheet.lines[0].syllables.len(), 6);
//! ```

pub mod lexicons;
pub mod note;
pub mod sheet;
pub mod tags;
pub mod write;

pub use lexicons::{Shipped, languages};
pub use note::Note;
pub use sheet::{Parsed, read, reread};
pub use write::{Wish, Written, write};
