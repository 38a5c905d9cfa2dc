//! Projects on disk: a folder `NAME.yuefu` with the document, its history and, if kept, its
//! artifacts.
//!
//! `song.json` and `score/` are the present version, to be read and edited by anyone;
//! `history/log.jsonl` is every version. A further version goes into the log first, then into the
//! files, then the log says that the files are written: whenever a process is killed, opening the
//! project finds out which of these is still to be done.

mod open;
mod opening;
mod snapshots;

pub use open::OpenProject;

use crate::{error::StudioError, world::DiskWorld};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use yuefu_engine::{DiskStore, World, WorldError};
use yuefu_song::{
    Song, Words,
    song::{MAIN_FILE, SongError, leftovers},
};

/// Ending of a project folder's name.
pub const EXTENSION: &str = "yuefu";

/// The history, relative to the project.
const LOG: &str = "history/log.jsonl";

/// What processes lock while they read or change the project.
const LOCK: &str = "history/lock";

/// Where files go that cannot be read, when the last good state is restored.
const ASIDE: &str = "history/set-aside";

/// A project folder.
#[derive(Clone)]
pub struct Project {
    folder: PathBuf,
    world: Arc<dyn World>,
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Project").field(&self.folder).finish()
    }
}

impl Project {
    /// A project at a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let world = Arc::new(DiskWorld::new(&folder));
        Self { folder, world }
    }

    /// A project whose files are in another world than the disk; `folder` is what messages say.
    pub fn in_world(folder: impl Into<PathBuf>, world: Arc<dyn World>) -> Self {
        let folder = folder.into();
        Self { folder, world }
    }

    /// The project meant by a path: a project folder, its `song.json`, or a folder that holds
    /// exactly one project.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(path: &Path) -> Result<Self, StudioError> {
        if path.join(MAIN_FILE).is_file() {
            return Ok(Self::at(path));
        }
        if path.file_name().is_some_and(|name| name == MAIN_FILE) && path.is_file() {
            return Ok(Self::at(path.parent().unwrap_or(Path::new("."))));
        }
        let inside: Vec<PathBuf> = std::fs::read_dir(path)
            .map(|entries| {
                entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.join(MAIN_FILE).is_file())
                    .collect()
            })
            .unwrap_or_default();
        match &inside[..] {
            [one] => Ok(Self::at(one)),
            [] => Err(StudioError::input(
                format!(
                    "{}: expected a project folder (NAME.yuefu), found none. Give the folder \
                     that `yuefu song` made.",
                    path.display()
                ),
                format!(
                    "{}：需要一个工程文件夹（NAME.yuefu），但这里没有。请给出 yuefu song 生成的文件夹。",
                    path.display()
                ),
            )),
            more => Err(StudioError::input(
                format!(
                    "{}: expected one project, found {}. Name one of them.",
                    path.display(),
                    more.len()
                ),
                format!(
                    "{}：需要一个工程，但这里有 {} 个。请指明其中一个。",
                    path.display(),
                    more.len()
                ),
            )),
        }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its artifact store.
    pub fn store(&self) -> DiskStore<DiskWorld> {
        DiskStore::new(DiskWorld::new(&self.folder))
    }

    /// Writes the song; a killed process leaves the old one. In a project with a history this is
    /// a further version.
    ///
    /// # Errors
    /// When the folder cannot be written, or the song in it not be read.
    pub fn save(&self, song: &Song) -> Result<(), StudioError> {
        if self.world.read(LOG)?.is_some() {
            let label = Words::new("Save the whole song", "保存整首歌");
            self.open()?.commit(label, song.clone())?;
            return Ok(());
        }
        self.write_files(&song.to_files(), &[])?;
        Ok(())
    }

    /// Reads the song as it is in the files.
    ///
    /// # Errors
    /// When it cannot be read or is not a song.
    pub fn load(&self) -> Result<Song, StudioError> {
        self.read_files(&mut Vec::new())
    }

    /// Reads the song and keeps the texts it was read from.
    fn read_files(&self, texts: &mut Vec<(String, String)>) -> Result<Song, StudioError> {
        let mut failed = None;
        let song = Song::from_files(&mut |name| {
            let bytes = self.world.read(name).unwrap_or_else(|error| {
                failed = Some(error);
                None
            });
            let Some(bytes) = bytes else { return Ok(None) };
            let text = String::from_utf8(bytes).map_err(|error| {
                let valid = error.utf8_error().valid_up_to();
                SongError::whole(
                    name,
                    ("UTF-8 text", " UTF-8 文本"),
                    (
                        format!("other bytes at {valid}"),
                        format!("第 {valid} 字节处有其他内容"),
                    ),
                    (
                        "Save the file as UTF-8, or restore it from a copy.",
                        "请以 UTF-8 保存该文件，或从备份恢复。",
                    ),
                )
            })?;
            texts.push((name.to_owned(), text.clone()));
            Ok(Some(text))
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(song.map_err(|mut error| {
                error.file = self.folder.join(&error.file).display().to_string();
                error
            })?),
        }
    }

    /// Writes files, the main one last, without those that are known to be there, and removes
    /// score files that are no longer named.
    fn write_files(
        &self,
        files: &[(String, String)],
        there: &[(String, String)],
    ) -> Result<(), WorldError> {
        for file in files.iter().filter(|file| !there.contains(file)) {
            self.world.write_through(&file.0, file.1.as_bytes())?;
        }
        let present = self.world.list("score")?;
        for name in leftovers(present.iter().map(|(name, _)| name.as_str()), files) {
            self.world.remove(&name)?;
        }
        Ok(())
    }
}
