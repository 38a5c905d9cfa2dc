//! History: every version of a song, as an append-only text of records.
//!
//! Nothing here touches a disk. A record is one line; [`History::read`] reads a text of them and
//! says what is damaged, [`History::apply`] takes a further record in, and [`Record::line`] is
//! what its keeper appends to the text before that. Undo and redo move the head of a branch;
//! no version is ever removed but by [`History::compacted`].

mod graph;
mod record;

pub use record::{Commit, Damage, Move, Record, VersionId};

use crate::{Edit, EditError, Parts, Song, words::Words};
use std::collections::BTreeMap;

/// The branch that every song begins with.
pub const MAIN_BRANCH: &str = "main";

/// Every version of a song, its branches and its names.
#[derive(Clone, Debug)]
pub struct History {
    commits: BTreeMap<VersionId, Entry>,
    branches: BTreeMap<String, Branch>,
    names: BTreeMap<String, VersionId>,
    current: String,
    written: Option<VersionId>,
    /// Number of commits there ever were in this text.
    count: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            names: BTreeMap::new(),
            current: MAIN_BRANCH.to_owned(),
            written: None,
            count: 0,
        }
    }
}

/// A commit in memory. Its edit stays text until somebody asks for it.
#[derive(Clone, Debug)]
struct Entry {
    commit: Commit,
    edit: String,
    /// Its place in the order of commits.
    number: usize,
}

/// A line of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its present version.
    pub head: VersionId,
    /// Versions that redo brings back, the next one last.
    pub redo: Vec<VersionId>,
}

impl History {
    /// Reads records. Damaged lines are left out and reported; all whole records are kept.
    pub fn read(text: &[u8]) -> (Self, Option<Damage>) {
        let mut history = Self::default();
        let mut damage: Option<Damage> = None;
        let mut start = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match (Record::parse(line), &mut damage) {
                (Some(record), damage) => {
                    history.apply(record);
                    if let Some(found) = damage {
                        found.tail = false;
                    }
                }
                (None, Some(found)) => found.lines += 1,
                (None, damage) => {
                    *damage = Some(Damage {
                        at: start,
                        lines: 1,
                        tail: true,
                    });
                }
            }
            start += line.len();
        }
        (history, damage)
    }

    /// The whole records of a text, as they are: what stays when damage is cut out.
    pub fn whole_lines(text: &[u8]) -> Vec<u8> {
        text.split_inclusive(|byte| *byte == b'\n')
            .filter(|line| Record::parse(line).is_some())
            .flatten()
            .copied()
            .collect()
    }

    /// Takes a record in.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Commit(commit, edit) => {
                let id = commit.id.clone();
                self.advance(&commit.branch, &id);
                self.current.clone_from(&commit.branch);
                let number = self.count;
                self.count += 1;
                let entry = Entry {
                    commit,
                    edit,
                    number,
                };
                self.commits.entry(id).or_insert(entry);
            }
            Record::Move { branch, to, how } => {
                let Some(found) = self.branches.get_mut(&branch) else {
                    self.advance(&branch, &to);
                    return;
                };
                let from = std::mem::replace(&mut found.head, to);
                match how {
                    Move::Undo => found.redo.push(from),
                    Move::Redo => drop(found.redo.pop()),
                    Move::Jump => found.redo.clear(),
                }
            }
            Record::Name { name, to } => match to {
                Some(to) => drop(self.names.insert(name, to)),
                None => drop(self.names.remove(&name)),
            },
            Record::Branch { branch, to } => match to {
                Some(to) => self.advance(&branch, &to),
                None => drop(self.branches.remove(&branch)),
            },
            Record::Switch { branch } => self.current = branch,
            Record::Written { version } => self.written = Some(version),
        }
    }

    fn advance(&mut self, branch: &str, to: &VersionId) {
        let branch = self.branches.entry(branch.to_owned()).or_insert(Branch {
            head: to.clone(),
            redo: Vec::new(),
        });
        branch.head = to.clone();
        branch.redo.clear();
    }

    /// The record of a further version: `edit` leads from the head of the current branch to
    /// `song`. `other` is the second parent of a merge. `time` (seconds since 1970) is for
    /// display only.
    pub fn commit(
        &self,
        label: Words,
        edit: &Edit,
        song: &Song,
        other: Option<VersionId>,
        time: Option<u64>,
    ) -> Record {
        let parents = self.head().cloned().into_iter().chain(other).collect();
        self.record(parents, label, edit, song, time)
    }

    /// The record of a version that comes from no other: `edit` makes `song` out of nothing.
    pub fn first(&self, label: Words, edit: &Edit, song: &Song, time: Option<u64>) -> Record {
        self.record(Vec::new(), label, edit, song, time)
    }

    fn record(
        &self,
        parents: Vec<VersionId>,
        label: Words,
        edit: &Edit,
        song: &Song,
        time: Option<u64>,
    ) -> Record {
        // Edits are plain data, which can always be written.
        let edit = serde_json::to_string(edit).expect("plain data");
        Record::Commit(
            Commit {
                id: VersionId::of(&parents, &edit, &label),
                parents,
                branch: self.current.clone(),
                label,
                state: state(song),
                time,
                squashed: false,
            },
            edit,
        )
    }

    /// The version that the current branch is at; `None` before the first commit.
    pub fn head(&self) -> Option<&VersionId> {
        self.branches.get(&self.current).map(|branch| &branch.head)
    }

    /// Name of the current branch.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// All branches by name.
    pub fn branches(&self) -> &BTreeMap<String, Branch> {
        &self.branches
    }

    /// Named versions.
    pub fn names(&self) -> &BTreeMap<String, VersionId> {
        &self.names
    }

    /// The version that the project's files were last written with.
    pub fn written(&self) -> Option<&VersionId> {
        self.written.as_ref()
    }

    /// A version's commit.
    pub fn version(&self, id: &VersionId) -> Option<&Commit> {
        self.commits.get(id).map(|entry| &entry.commit)
    }

    /// Number of versions.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// Whether there is no version.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// The record that takes the last step of the current branch back.
    pub fn undo(&self) -> Option<Record> {
        let head = self.version(self.head()?)?;
        let to = head.parents.first().filter(|_| !head.squashed)?;
        Some(Record::Move {
            branch: self.current.clone(),
            to: to.clone(),
            how: Move::Undo,
        })
    }

    /// The record that brings back what was undone last.
    pub fn redo(&self) -> Option<Record> {
        let to = self.branches.get(&self.current)?.redo.last()?;
        Some(Record::Move {
            branch: self.current.clone(),
            to: to.clone(),
            how: Move::Redo,
        })
    }

    /// What a version changed in its first parent.
    ///
    /// # Errors
    /// When the version is not there or its edit cannot be read.
    pub fn edit(&self, id: &VersionId) -> Result<Edit, EditError> {
        let entry = (self.commits.get(id))
            .ok_or_else(|| EditError::missing("version", "版本", id.as_str()))?;
        serde_json::from_str(&entry.edit).map_err(|error| {
            EditError::missing("edit of version", "版本的编辑", &format!("{id} ({error})"))
        })
    }

    /// The song at a version, from the nearest version whose song is known (or from nothing) by
    /// applying and inverting edits.
    ///
    /// # Errors
    /// When no way leads there, or when an edit or the result is not what it was.
    pub fn song(
        &self,
        id: &VersionId,
        known: &mut dyn FnMut(&VersionId) -> Option<Song>,
    ) -> Result<Song, EditError> {
        let commit =
            (self.version(id)).ok_or_else(|| EditError::missing("version", "版本", id.as_str()))?;
        let (start, steps) = self
            .way(id, known)
            .ok_or_else(|| EditError::missing("way to version", "通向版本的路径", id.as_str()))?;
        let mut parts = start.map_or_else(Parts::default, |song| Parts::of(&song));
        for (version, forward) in steps {
            let edit = self.edit(&version)?;
            let edit = if forward { edit } else { edit.inverse() };
            edit.apply_to(&mut parts)?;
        }
        let song = parts.into_song()?;
        let found = state(&song);
        if commit.state != found && same_format(&commit.state, &found) {
            return Err(EditError::missing(
                "state of version",
                "版本的状态",
                &format!("{id} ({})", commit.state),
            ));
        }
        Ok(song)
    }
}

/// A short hash of a song as it is in files, with the format it was computed in.
pub fn state(song: &Song) -> String {
    let files = song.to_files();
    let main = files.last().map_or("", |(_, text)| text.as_str());
    // The main file names the score files by their content, so it stands for all of them.
    let hash = blake3::hash(main.as_bytes()).to_hex();
    format!("{}:{}", song.format, &hash[..16])
}

/// Whether two states can be compared.
pub fn same_format(a: &str, b: &str) -> bool {
    a.split(':').next() == b.split(':').next()
}
