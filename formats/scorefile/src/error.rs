//! What went wrong with a score file, where, and what to do about it.

use std::fmt;

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A byte offset from the start.
    Byte(usize),
    /// A line and a column, both from 1.
    Line(usize, usize),
    /// A bar (from 1) of a part (from 1).
    Bar(usize, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Byte(at) => write!(f, "byte {at}"),
            Self::Line(line, column) => write!(f, "line {line}, column {column}"),
            Self::Bar(bar, part) => write!(f, "bar {bar} of part {part}"),
        }
    }
}

/// The class of a failure, for translated messages and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreErrorKind {
    /// Not a file of this format at all.
    Unrecognized,
    /// Recognized, but this version or variant is not supported.
    Unsupported,
    /// The file is damaged.
    Corrupt,
    /// More notes, tracks or time than the limits allow.
    TooLarge,
}

/// A failure while reading a score file: what was expected, what was found, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: expected {expected}, found {found}. {remedy}")]
pub struct ScoreFileError {
    /// The class of failure.
    pub kind: ScoreErrorKind,
    /// Where.
    pub place: Place,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// What the user can do; a full sentence.
    pub remedy: String,
}

impl ScoreFileError {
    pub(crate) fn new(
        kind: ScoreErrorKind,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            place,
            expected: expected.into(),
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn too_large(place: Place, expected: impl Into<String>) -> Self {
        Self::new(
            ScoreErrorKind::TooLarge,
            place,
            expected,
            "more",
            "Split the file into smaller pieces.",
        )
    }
}

/// Something in a file that was left out or repaired; the rest was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What was found and what was done about it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
