//! Opening a project: finding out what its files and its history say, and bringing them together.

use super::{ASIDE, LOCK, LOG, OpenProject, Project};
use crate::error::StudioError;
use std::io::ErrorKind;
use yuefu_engine::WorldError;
use yuefu_song::{
    Edit, History, Song, VersionId, Words,
    edit::{Side, merge},
    history::{self, Record},
    song::MAIN_FILE,
};

impl Project {
    /// Opens the project.
    ///
    /// What a killed process left undone is done; a project without history gets one; and if the
    /// files were edited by hand, the difference becomes a version. In a folder that cannot be
    /// written nothing of this is kept, and changes are refused.
    ///
    /// # Errors
    /// When the files cannot be read as a song; [`Project::restore`] then brings the last good
    /// version back.
    pub fn open(&self) -> Result<OpenProject, StudioError> {
        // Held to the end of opening.
        let (_lock, read_only) = match self.world.lock(LOCK) {
            Ok(lock) => (Some(lock), None),
            Err(error) if is_read_only(&error) => (None, Some(error)),
            Err(error) => return Err(error.into()),
        };
        let mut found = self.read_log(read_only)?;
        let disk = self.read_files(&mut found.files);
        let Some(head) = found.history.head().cloned() else {
            let mut open = found.with(disk?);
            open.begin(Words::new("Begin the history", "开始记录历史"))?;
            return Ok(open);
        };
        let unwritten = found.history.written() != Some(&head);
        let lost = (found.files.iter())
            .find(|(name, _)| name == MAIN_FILE)
            .is_none_or(|(_, text)| text.trim().is_empty());
        if lost {
            // Nobody empties a song by hand: the write was cut off.
            let song = self.song_at(&found.history, &head, None)?;
            let mut open = found.with(song);
            open.finish(&head)?;
            return Ok(open);
        }
        let song = match disk {
            Ok(song) => song,
            Err(error) if found.read_only.is_some() => {
                let song =
                    (self.song_at(&found.history, &head, None)).map_err(|_| error.clone())?;
                found.notices.push(kept_version(&error));
                return Ok(found.with(song));
            }
            Err(error) => return Err(restorable(error)),
        };
        let state = history::state(&song);
        let Some(commit) = found.history.version(&head) else {
            // The record of this version was damaged: the files are what is left of it.
            let mut open = found.with(song);
            open.begin(Words::new(
                "Continue after damage to the history",
                "历史受损后继续",
            ))?;
            return Ok(open);
        };
        if commit.state == state {
            let mut open = found.with(song);
            if unwritten {
                open.note_written(&head)?;
            }
            return Ok(open);
        }
        let before = found.history.written().cloned();
        let of_before = before.as_ref().and_then(|id| found.history.version(id));
        if unwritten && of_before.is_some_and(|before| before.state == state) {
            let known = before.as_ref().map(|id| (id, &song));
            let song = self.song_at(&found.history, &head, known)?;
            let mut open = found.with(song);
            open.finish(&head)?;
            return Ok(open);
        }
        let old = self.song_at(&found.history, &head, None)?;
        let mut open = found.with(old);
        open.take_in(&head, song, before.filter(|_| unwritten))?;
        Ok(open)
    }

    /// Brings the last good version back into the files. Files that cannot be read are set aside
    /// in `history/set-aside`.
    ///
    /// # Errors
    /// When there is no version, or the folder cannot be written.
    pub fn restore(&self) -> Result<OpenProject, StudioError> {
        let lock = self.world.lock(LOCK)?;
        let found = self.read_log(None)?;
        let Some(head) = found.history.head().cloned() else {
            return Err(StudioError::input(
                format!(
                    "{}: expected a version in the project's history, found none. Restore the \
                     files from a copy.",
                    self.folder().display()
                ),
                format!(
                    "{}：工程的历史里没有任何版本。请从备份恢复文件。",
                    self.folder().display()
                ),
            ));
        };
        let song = self.song_at(&found.history, &head, None)?;
        if self.load().is_err() {
            let mut names: Vec<String> =
                self.world.list("score")?.into_iter().map(|f| f.0).collect();
            names.push(MAIN_FILE.to_owned());
            for name in names {
                if let Some(bytes) = self.world.read(&name)? {
                    self.world.write(&format!("{ASIDE}/{name}"), &bytes)?;
                }
            }
        }
        let mut open = found.with(song);
        open.finish(&head)?;
        drop(lock);
        Ok(open)
    }

    /// The project with its history, as yet without its song.
    fn read_log(&self, read_only: Option<WorldError>) -> Result<Found, StudioError> {
        let mut log = self.world.read(LOG)?.unwrap_or_default();
        let (history, damage) = History::read(&log);
        let mut notices = Vec::new();
        if let Some(damage) = damage {
            let whole = History::whole_lines(&log);
            if !damage.tail {
                notices.push(Words::new(
                    format!(
                        "{} lines of the history were damaged and are left out; what was there \
                         is kept in {LOG}.damaged.",
                        damage.lines
                    ),
                    format!(
                        "历史中有 {} 行受损，已略去；原文件保存在 {LOG}.damaged。",
                        damage.lines
                    ),
                ));
            }
            if read_only.is_none() {
                if !damage.tail {
                    self.world.write(&format!("{LOG}.damaged"), &log)?;
                }
                self.world.write_through(LOG, &whole)?;
                log = whole;
            }
        }
        Ok(Found {
            project: self.clone(),
            history,
            log: log.len() as u64,
            files: Vec::new(),
            notices,
            read_only,
        })
    }
}

/// A project of which the song is not known yet.
struct Found {
    project: Project,
    history: History,
    log: u64,
    files: Vec<(String, String)>,
    notices: Vec<Words>,
    read_only: Option<WorldError>,
}

impl Found {
    fn with(self, song: Song) -> OpenProject {
        OpenProject {
            project: self.project,
            history: self.history,
            log: self.log,
            song,
            files: self.files,
            notices: self.notices,
            read_only: self.read_only,
        }
    }
}

impl OpenProject {
    /// Makes the song the first version, or the first after one that is lost.
    fn begin(&mut self, label: Words) -> Result<(), StudioError> {
        if self.read_only.is_some() {
            return Ok(());
        }
        let edit = Edit::from_nothing(&self.song);
        // Begins with nothing, so it has no parent even where the branch has a head.
        let record = self.history.first(label, &edit, &self.song, now());
        self.take(record, self.song.clone())
    }

    /// Takes in what was changed by hand. `from` is the version that the files had before, if it
    /// is not the head.
    fn take_in(
        &mut self,
        head: &VersionId,
        song: Song,
        from: Option<VersionId>,
    ) -> Result<(), StudioError> {
        let new = match from {
            None => song,
            Some(from) => {
                let base = self.project.song_at(&self.history, &from, None)?;
                if base == song {
                    self.song.clone()
                } else {
                    merge(&base, &self.song, &song).song(|_| Side::Theirs)?
                }
            }
        };
        let edit = Edit::between(&self.song, &new);
        if edit.is_empty() {
            // Spelled in another way only, or by an older format.
            return self.finish(head);
        }
        let label = Words::new("Edited by hand", "手工编辑");
        let record = self.history.commit(label.clone(), &edit, &new, None, now());
        self.notices.push(label);
        self.take(record, new)
    }

    /// Writes the files of the head, if they can be written.
    fn finish(&mut self, head: &VersionId) -> Result<(), StudioError> {
        if self.read_only.is_some() {
            return Ok(());
        }
        let files = self.song.to_files();
        self.project.write_files(&files, &self.files)?;
        self.files = files;
        self.note_written(head)
    }

    /// Notes in the log that the files are those of a version.
    pub(super) fn note_written(&mut self, version: &VersionId) -> Result<(), StudioError> {
        if self.read_only.is_some() {
            return Ok(());
        }
        let version = version.clone();
        self.append(Record::Written { version })
    }

    /// Adds a record to the log and to memory.
    pub(super) fn append(&mut self, record: Record) -> Result<(), StudioError> {
        let line = record.line();
        self.project.world.append(LOG, line.as_bytes())?;
        self.log += line.len() as u64;
        self.history.apply(record);
        Ok(())
    }

    /// Adds a record that leads to a song, and writes its files.
    pub(super) fn take(&mut self, record: Record, song: Song) -> Result<(), StudioError> {
        if self.read_only.is_some() {
            self.song = song;
            return Ok(());
        }
        self.append(record)?;
        self.song = song;
        match self.history.head().cloned() {
            Some(head) => self.finish(&head),
            None => Ok(()),
        }
    }
}

/// Seconds since 1970, for display.
pub(super) fn now() -> Option<u64> {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.ok().map(|time| time.as_secs())
}

/// Whether an error says that a folder is for reading only.
fn is_read_only(error: &WorldError) -> bool {
    matches!(
        error.kind,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// The error with the hint that the last good version can be had.
fn restorable(error: StudioError) -> StudioError {
    match error {
        StudioError::Song(mut error) => {
            error.said.remedy.en += " The last good version is kept and can be restored.";
            error.said.remedy.zh += "最后的完好版本仍在，可以恢复。";
            StudioError::Song(error)
        }
        other => other,
    }
}

fn kept_version(error: &StudioError) -> Words {
    use yuefu_song::brief::Lang;
    Words::new(
        format!(
            "{} Shown is the last good version.",
            error.message(Lang::En)
        ),
        format!("{}现在显示的是最后的完好版本。", error.message(Lang::Zh)),
    )
}
