//! Projects on disk: a folder `NAME.yuefu` with the document and, if kept, its artifacts.

use crate::{error::StudioError, world::DiskWorld};
use std::path::{Path, PathBuf};
use yuefu_engine::{DiskStore, World, WorldError};
use yuefu_song::{
    Song,
    song::{MAIN_FILE, SongError, leftovers},
};

/// Ending of a project folder's name.
pub const EXTENSION: &str = "yuefu";

/// A project folder.
#[derive(Clone, Debug)]
pub struct Project {
    world: DiskWorld,
}

impl Project {
    /// A project at a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            world: DiskWorld::new(folder),
        }
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
        self.world.folder()
    }

    /// Its artifact store.
    pub fn store(&self) -> DiskStore<DiskWorld> {
        DiskStore::new(self.world.clone())
    }

    /// Writes the song; a killed process leaves the old one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, song: &Song) -> Result<(), WorldError> {
        let files = song.to_files();
        for (name, text) in &files {
            self.world.write(name, text.as_bytes())?;
        }
        let present = self.world.list("score")?;
        for name in leftovers(present.iter().map(|(name, _)| name.as_str()), &files) {
            self.world.remove(&name)?;
        }
        Ok(())
    }

    /// Reads the song.
    ///
    /// # Errors
    /// When it cannot be read or is not a song.
    pub fn load(&self) -> Result<Song, StudioError> {
        let mut failed = None;
        let song = Song::from_files(&mut |name| {
            let bytes = self.world.read(name).unwrap_or_else(|error| {
                failed = Some(error);
                None
            });
            let Some(bytes) = bytes else { return Ok(None) };
            String::from_utf8(bytes).map(Some).map_err(|error| {
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
            })
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(song.map_err(|mut error| {
                error.file = self.folder().join(&error.file).display().to_string();
                error
            })?),
        }
    }
}
