//! Words become syllables: text, words, syllables, phones, with tone and stress, for each language.
//!
//! [`Languages::read`] reads a line. A language is a plug-in behind [`Language`]; its dictionaries
//! are handed in through [`Lexicons`], so nothing here touches a file. What is stored in a document
//! is the **reading** of a syllable in the language's own notation (`huan2`, `L OW1`, `nei5`,
//! `ka`): it is what a person types in braces to override it, and [`sounds`] turns it into phones
//! without any dictionary.
//!
//! Phones are written in the International Phonetic Alphabet for every language.

pub mod cantonese;
pub mod describe;
pub mod english;
pub mod japanese;
pub mod language;
pub mod line;
pub mod mandarin;
pub mod syllable;
pub mod table;
pub mod verse;

pub use describe::describe;
pub use language::{Given, Language, Languages, Lexicons, SpellError, sounds};
pub use line::{Fault, LineReading, ReadOptions, Severity};
pub use syllable::{Basis, Part, Phone, Sounds, Syllable, Word};
pub use verse::{Rhyme, ToneClass};
