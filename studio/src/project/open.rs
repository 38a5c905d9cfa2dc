//! An open project: its song, its versions, and everything that changes them.

use super::{LOCK, LOG, Project, opening::now, snapshots::EVERY};
use crate::error::StudioError;
use yuefu_engine::WorldError;
use yuefu_song::{
    Edit, History, Song, VersionId, Words,
    edit::{Conflict, Merged, Side, merge},
    history::{Commit, MAIN_BRANCH, Move, Record},
};

/// An open project.
///
/// Several processes may have one project open: each change waits for its turn, and is refused if
/// the project is no longer as this process knows it.
#[derive(Debug)]
pub struct OpenProject {
    pub(super) project: Project,
    pub(super) history: History,
    /// Bytes of the log as far as they are known.
    pub(super) log: u64,
    pub(super) song: Song,
    /// The files as they are known to be.
    pub(super) files: Vec<(String, String)>,
    pub(super) notices: Vec<Words>,
    pub(super) read_only: Option<WorldError>,
}

impl OpenProject {
    /// The song at the head of the current branch.
    pub fn song(&self) -> &Song {
        &self.song
    }

    /// All versions, branches and names.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The folder it is in.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// What opening found and did: edits by hand that became a version, damage that was cut out.
    pub fn notices(&self) -> &[Words] {
        &self.notices
    }

    /// Why nothing can be changed, if the folder can only be read.
    pub fn read_only(&self) -> Option<&WorldError> {
        self.read_only.as_ref()
    }

    /// The version at the head of the current branch.
    pub fn head(&self) -> Option<&VersionId> {
        self.history.head()
    }

    /// Versions of the current branch, the latest first.
    pub fn log(&self) -> Vec<&Commit> {
        self.history.log()
    }

    /// Makes a changed song the next version. One that is the same is no version.
    ///
    /// When this returns, the version is kept whatever happens next. On an error after that point
    /// (a full disk, say) it is kept too, and its files are written when the project is opened
    /// next.
    ///
    /// # Errors
    /// When the song is not whole, when the project was changed by another process or by hand
    /// since it was opened, or when it cannot be written.
    pub fn commit(&mut self, label: Words, song: Song) -> Result<VersionId, StudioError> {
        self.commit_with(label, song, None)
    }

    fn commit_with(
        &mut self,
        label: Words,
        mut song: Song,
        other: Option<VersionId>,
    ) -> Result<VersionId, StudioError> {
        let _lock = self.turn()?;
        song.format = yuefu_song::song::FORMAT;
        song.check()?;
        let edit = Edit::between(&self.song, &song);
        if let (true, None, Some(head)) = (edit.is_empty(), &other, self.head()) {
            return Ok(head.clone());
        }
        let record = self.history.commit(label, &edit, &song, other, now());
        self.take(record, song)?;
        let head = (self.head().cloned())
            .ok_or_else(|| StudioError::Internal("a commit without a version".into()))?;
        if self.history.len().is_multiple_of(EVERY) {
            // Only saves time later: the version is in the log.
            let _ = self.project.keep_snapshot(&head, &self.song);
        }
        Ok(head)
    }

    /// Takes the last step back; says which, or `None` when there is none.
    ///
    /// # Errors
    /// As [`OpenProject::commit`].
    pub fn undo(&mut self) -> Result<Option<Words>, StudioError> {
        let (Some(record), Some(head)) = (self.history.undo(), self.head().cloned()) else {
            return Ok(None);
        };
        let label = self.history.version(&head).map(|c| c.label.clone());
        self.go(record)?;
        Ok(label)
    }

    /// Brings back what was undone last; says what, or `None` when there is nothing.
    ///
    /// # Errors
    /// As [`OpenProject::commit`].
    pub fn redo(&mut self) -> Result<Option<Words>, StudioError> {
        let Some(record) = self.history.redo() else {
            return Ok(None);
        };
        self.go(record)?;
        let head = self.head().and_then(|id| self.history.version(id));
        Ok(head.map(|commit| commit.label.clone()))
    }

    /// Puts the current branch at any version; see [`History::resolve`] for what `version` may be.
    ///
    /// # Errors
    /// As [`OpenProject::commit`], and when there is no such version.
    pub fn jump(&mut self, version: &str) -> Result<(), StudioError> {
        let to = self.resolve(version)?;
        self.go(Record::Move {
            branch: self.history.current().to_owned(),
            to,
            how: Move::Jump,
        })
    }

    /// Follows a record that moves the head.
    fn go(&mut self, record: Record) -> Result<(), StudioError> {
        let _lock = self.turn()?;
        let mut after = self.history.clone();
        after.apply(record.clone());
        let song = match after.head() {
            Some(to) => self.at(to)?,
            None => return Err(StudioError::Internal("a branch without a version".into())),
        };
        self.take(record, song)
    }

    /// The song at a version; see [`History::resolve`] for what `version` may be.
    ///
    /// # Errors
    /// When there is no such version or it is damaged.
    pub fn version(&self, version: &str) -> Result<Song, StudioError> {
        self.at(&self.resolve(version)?)
    }

    fn at(&self, id: &VersionId) -> Result<Song, StudioError> {
        let known = self.head().map(|head| (head, &self.song));
        Ok(self.project.song_at(&self.history, id, known)?)
    }

    /// What differs from one version to another.
    ///
    /// # Errors
    /// When there is no such version or it is damaged.
    pub fn compare(&self, from: &str, to: &str) -> Result<Edit, StudioError> {
        Ok(Edit::between(&self.version(from)?, &self.version(to)?))
    }

    /// Names the present version.
    ///
    /// # Errors
    /// When the name is taken or cannot be one, or as [`OpenProject::commit`].
    pub fn name(&mut self, name: &str) -> Result<(), StudioError> {
        let name = self.free(name)?;
        let _lock = self.turn()?;
        let to = self.head().cloned();
        self.append(Record::Name { name, to })
    }

    /// Takes a name away; the version stays.
    ///
    /// # Errors
    /// When there is no such name, or as [`OpenProject::commit`].
    pub fn unname(&mut self, name: &str) -> Result<(), StudioError> {
        if !self.history.names().contains_key(name) {
            return Err(self.unknown(name));
        }
        let _lock = self.turn()?;
        let name = name.to_owned();
        self.append(Record::Name { name, to: None })
    }

    /// Begins a branch at the present version and goes to it.
    ///
    /// # Errors
    /// When the name is taken or cannot be one, or as [`OpenProject::commit`].
    pub fn branch(&mut self, name: &str) -> Result<(), StudioError> {
        let branch = self.free(name)?;
        let _lock = self.turn()?;
        let to = self.head().cloned();
        self.append(Record::Branch {
            branch: branch.clone(),
            to,
        })?;
        self.append(Record::Switch { branch })
    }

    /// Goes to a branch.
    ///
    /// # Errors
    /// When there is no such branch, or as [`OpenProject::commit`].
    pub fn switch(&mut self, branch: &str) -> Result<(), StudioError> {
        if !self.history.branches().contains_key(branch) {
            return Err(self.unknown(branch));
        }
        self.go(Record::Switch {
            branch: branch.to_owned(),
        })
    }

    /// Removes a branch. Its versions stay until the history is compacted.
    ///
    /// # Errors
    /// When there is no such branch, when it is the current one, or as [`OpenProject::commit`].
    pub fn delete_branch(&mut self, branch: &str) -> Result<(), StudioError> {
        if !self.history.branches().contains_key(branch) {
            return Err(self.unknown(branch));
        }
        if branch == self.history.current() {
            return Err(StudioError::input(
                format!("Branch `{branch}` is the current one. Switch to another one first."),
                format!("分支“{branch}”是当前分支。请先切换到别的分支。"),
            ));
        }
        let _lock = self.turn()?;
        let branch = branch.to_owned();
        self.append(Record::Branch { branch, to: None })
    }

    /// What merging a version into the present one would give, with its conflicts; `None` when
    /// there is nothing to merge.
    ///
    /// # Errors
    /// When there is no such version, or the two have nothing in common.
    pub fn preview(&self, other: &str) -> Result<Option<Merged>, StudioError> {
        let other = self.resolve(other)?;
        let Some(head) = self.head() else {
            return Ok(None);
        };
        let Some(base) = self.history.ancestor(head, &other) else {
            return Err(StudioError::input(
                format!("Versions {head} and {other} have no version in common. Name others."),
                format!("版本 {head} 和 {other} 没有共同的来源。请指明其他版本。"),
            ));
        };
        if *base == other {
            return Ok(None);
        }
        Ok(Some(merge(&self.at(base)?, &self.song, &self.at(&other)?)))
    }

    /// Merges a version into the present one, with a side chosen for each conflict; `None` when
    /// there is nothing to merge. Both lines stay in the history.
    ///
    /// # Errors
    /// As [`OpenProject::preview`] and [`OpenProject::commit`].
    pub fn merge(
        &mut self,
        other: &str,
        choose: impl FnMut(&Conflict) -> Side,
    ) -> Result<Option<VersionId>, StudioError> {
        let Some(merged) = self.preview(other)? else {
            return Ok(None);
        };
        let song = merged.song(choose)?;
        let id = self.resolve(other)?;
        let label = Words::new(format!("Merge {other}"), format!("合并 {other}"));
        self.commit_with(label, song, Some(id)).map(Some)
    }

    /// Drops versions that no branch, name or redo needs, nor the last `undo` steps of a branch,
    /// and says how many.
    ///
    /// # Errors
    /// As [`OpenProject::commit`].
    pub fn compact(&mut self, undo: usize) -> Result<usize, StudioError> {
        let _lock = self.turn()?;
        let head = self.head().cloned();
        let text = {
            let (project, history, song) = (&self.project, &self.history, &self.song);
            history.compacted(undo, &mut |id| {
                (Some(id) == head.as_ref())
                    .then(|| song.clone())
                    .or_else(|| {
                        let known = head.as_ref().map(|head| (head, song));
                        project.song_at(history, id, known).ok()
                    })
            })?
        };
        let (history, _) = History::read(text.as_bytes());
        self.project.world.write_through(LOG, text.as_bytes())?;
        let dropped = self.history.len() - history.len();
        self.log = text.len() as u64;
        self.history = history;
        self.project.drop_snapshots(&self.history)?;
        Ok(dropped)
    }

    /// Waits for this process's turn, and makes sure that the project is as it is known.
    fn turn(&self) -> Result<Box<dyn Send>, StudioError> {
        if let Some(error) = &self.read_only {
            return Err(StudioError::World(error.clone()));
        }
        let world = &self.project.world;
        let lock = world.lock(LOCK)?;
        let log = world.list("history")?;
        let log = log.iter().find(|(name, _)| name == LOG);
        let mut same = log.is_some_and(|(_, bytes)| *bytes == self.log);
        for (name, text) in &self.files {
            let bytes = world.read(name)?;
            same &= bytes.as_deref() == Some(text.as_bytes());
        }
        if same {
            return Ok(lock);
        }
        let place = self.project.folder().display();
        Err(StudioError::input(
            format!(
                "{place}: the project was changed by another program or by hand since it was \
                 opened. Open it again and repeat the step."
            ),
            format!("{place}：工程在打开之后被其他程序或手工修改过。请重新打开，再做这一步。"),
        ))
    }

    fn resolve(&self, text: &str) -> Result<VersionId, StudioError> {
        let found = self.history.resolve(text).cloned();
        found.ok_or_else(|| self.unknown(text))
    }

    /// A name for a branch or a version that nothing else has.
    fn free(&self, name: &str) -> Result<String, StudioError> {
        let name = name.trim();
        let odd = name.is_empty() || name == "head" || name.contains(['~', '\n', '\t']);
        let taken = self.history.names().contains_key(name)
            || self.history.branches().contains_key(name)
            || (name == MAIN_BRANCH);
        if !odd && !taken {
            return Ok(name.to_owned());
        }
        Err(StudioError::input(
            format!(
                "Expected a new name for a branch or a version, without `~`; found `{name}`. \
                 Choose another name."
            ),
            format!("需要一个新的分支名或版本名，不含“~”，却是“{name}”。请换一个名字。"),
        ))
    }

    fn unknown(&self, found: &str) -> StudioError {
        let names = self.history.branches().keys();
        let names: Vec<&str> = (names.chain(self.history.names().keys()))
            .map(String::as_str)
            .collect();
        let names = names.join(", ");
        StudioError::input(
            format!(
                "Expected a branch, a named version or the first digits of a version, found \
                 `{found}`. There are: {names}."
            ),
            format!("需要分支名、版本名或版本号的开头，却是“{found}”。现有：{names}。"),
        )
    }
}
