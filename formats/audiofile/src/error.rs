//! What went wrong with an audio file, where, and what to do about it.

use std::io;
use std::path::Path;

/// The class of a failure, for translated messages and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The file or its folder does not exist.
    NotFound,
    /// Reading or writing is not allowed there.
    PermissionDenied,
    /// The disk is full.
    DiskFull,
    /// Another failure of the operating system.
    Io,
    /// The content is not audio that any known reader recognizes.
    Unrecognized,
    /// Recognized, but this codec or variant is not supported.
    Unsupported,
    /// The file is damaged.
    Corrupt,
    /// Longer or larger than the limits allow.
    TooLarge,
    /// This build lacks the encoder.
    FeatureOff,
    /// The caller's audio or settings cannot be written in this format.
    InvalidInput,
}

/// A failure while reading or writing an audio file: what was expected, what was found, where,
/// and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: expected {expected}, found {found}. {remedy}")]
pub struct AudioFileError {
    /// The class of failure.
    pub kind: ErrorKind,
    /// The file, or a description of the place, with a time or byte offset where known.
    pub place: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// What the user can do; a full sentence.
    pub remedy: String,
}

impl AudioFileError {
    pub(crate) fn new(
        kind: ErrorKind,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn io(place: impl Into<String>, doing: &str, error: &io::Error) -> Self {
        let (kind, remedy) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, "Check the path and its folder."),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
                ErrorKind::PermissionDenied,
                "Choose another folder or change its permissions.",
            ),
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::WriteZero => (
                ErrorKind::DiskFull,
                "Free some space or choose another disk.",
            ),
            io::ErrorKind::IsADirectory => (ErrorKind::InvalidInput, "Give the path of a file."),
            _ => (ErrorKind::Io, "Check the disk and try again."),
        };
        Self::new(kind, place, doing, error.to_string(), remedy)
    }

    /// The same error with its place replaced by a path.
    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.place = path.display().to_string();
        self
    }
}
