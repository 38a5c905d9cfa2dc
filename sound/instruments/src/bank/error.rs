//! What went wrong with a bank, in words that help.

use thiserror::Error;

/// Why a SoundFont or SFZ file could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: expected {expected}, found {found}; {remedy}")]
pub struct BankError {
    /// Where in the file: a chunk, a record, a line.
    pub place: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// What the user can do about it.
    pub remedy: String,
}

impl BankError {
    /// An error of a file that is damaged or not what its name says.
    pub(crate) fn damaged(
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
            remedy: "the file is damaged or of another kind: fetch it again, or open and save it \
                     in a SoundFont editor"
                .into(),
        }
    }

    /// An error of a file beyond what this reader allows.
    pub(crate) fn beyond(
        place: impl Into<String>,
        limit: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            expected: limit.into(),
            found: found.into(),
            remedy: "use a smaller bank, or remove what is not needed in a SoundFont editor".into(),
        }
    }
}
