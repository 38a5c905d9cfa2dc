//! Records of a history and their spelling: one line each, with a hash at its end.

use crate::words::Words;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Stands for a version: a hash of its parents, its edit and its label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(String);

impl VersionId {
    pub(super) fn of(parents: &[Self], edit: &str, label: &Words) -> Self {
        let mut hash = blake3::Hasher::new();
        for parent in parents {
            hash.update(parent.0.as_bytes());
            hash.update(b" ");
        }
        for text in [edit, &label.en, &label.zh] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        Self(hash.finalize().to_hex()[..12].to_owned())
    }

    /// The id in writing: twelve hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version without its edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub id: VersionId,
    /// The version that its edit refers to and, for a merge, the one merged in. Empty: the edit
    /// begins with nothing.
    pub parents: Vec<VersionId>,
    /// The branch that it was made on.
    pub branch: String,
    /// What was done, as a sentence.
    pub label: Words,
    /// Short hash of the song; see [`super::state`].
    pub state: String,
    /// When, in seconds since 1970, for display only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// Whether steps between it and its parent were dropped by compaction.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub squashed: bool,
}

/// How the head of a branch moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Move {
    /// One step back.
    Undo,
    /// One undone step forward.
    Redo,
    /// To any version.
    Jump,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A new version on a branch, with its edit as text. The branch becomes the current one.
    Commit(Commit, #[serde(skip)] String),
    /// The head of a branch moved.
    Move {
        /// The branch.
        branch: String,
        /// Its new head.
        to: VersionId,
        /// How.
        how: Move,
    },
    /// A version got a name, or a name was taken away.
    Name {
        /// The name.
        name: String,
        /// The version; `None` takes the name away.
        to: Option<VersionId>,
    },
    /// A branch was made, or removed.
    Branch {
        /// Its name.
        branch: String,
        /// Its head; `None` removes it.
        to: Option<VersionId>,
    },
    /// Another branch became the current one.
    Switch {
        /// The branch.
        branch: String,
    },
    /// The files of the project were written with a version.
    Written {
        /// The version.
        version: VersionId,
    },
}

/// What is damaged in a text of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the first damaged line begins, in bytes.
    pub at: usize,
    /// Damaged lines.
    pub lines: usize,
    /// Whether nothing but the end is damaged, as when a process was killed while it wrote.
    pub tail: bool,
}

/// Characters of the hash at the end of a line.
const HASH: usize = 16;

impl Record {
    /// The record as a line: its fields in JSON, for a commit a tab and its edit in JSON, a tab
    /// and a hash of all that.
    pub fn line(&self) -> String {
        let mut line = match self {
            // Records are plain data, which can always be written.
            Self::Commit(commit, edit) => {
                let head = serde_json::to_string(commit).expect("plain data");
                format!("{{\"commit\":{head}}}\t{edit}")
            }
            other => serde_json::to_string(other).expect("plain data"),
        };
        let hash = blake3::hash(line.as_bytes()).to_hex();
        line.push('\t');
        line.push_str(&hash[..HASH]);
        line.push('\n');
        line
    }

    /// Reads a line; `None` when it is damaged.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Head {
            commit: Commit,
        }
        let line = line.strip_suffix(b"\n")?;
        let at = line.len().checked_sub(HASH + 1)?;
        let (body, hash) = line.split_at(at);
        let expected = blake3::hash(body).to_hex();
        if hash.strip_prefix(b"\t")? != &expected.as_bytes()[..HASH] {
            return None;
        }
        let body = std::str::from_utf8(body).ok()?;
        match body.split_once('\t') {
            Some((head, edit)) => {
                let head: Head = serde_json::from_str(head).ok()?;
                Some(Self::Commit(head.commit, edit.to_owned()))
            }
            None => serde_json::from_str(body).ok(),
        }
    }
}
