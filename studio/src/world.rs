//! The real disk as a [`World`].

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use yuefu_engine::{World, WorldError};

/// A folder of the disk. Files are written beside their name and then moved onto it.
#[derive(Clone, Debug)]
pub struct DiskWorld(PathBuf);

impl DiskWorld {
    /// The world inside a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file beside its name and moves it there.
    fn replace(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), WorldError> {
        let path = self.path(name);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let part = path.with_file_name(format!(".part-{}-{number}", std::process::id()));
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| write(&part))
            .and_then(|()| fs::rename(&part, &path));
        written.map_err(|error| {
            // What could not be finished is of no use; if removing fails too, its name says so.
            let _ = fs::remove_file(&part);
            WorldError::new("write", path.display().to_string(), &error)
        })
    }
}

/// Numbers the temporary files of this process, so that threads do not share one.
static COUNT: AtomicU64 = AtomicU64::new(0);

impl World for DiskWorld {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(WorldError::new("read", path.display().to_string(), &error)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.replace(name, |part| fs::write(part, bytes))
    }

    fn write_through(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.replace(name, |part| {
            let mut file = fs::File::create(part)?;
            file.write_all(bytes)?;
            file.sync_all()
        })
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        let path = self.path(name);
        let add = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            let mut file = fs::File::options().create(true).append(true).open(&path)?;
            let before = file.metadata()?.len();
            let added = file.write_all(bytes).and_then(|()| file.sync_data());
            if added.is_err() {
                // If cutting fails too, the reader finds the torn end by its hash.
                let _ = file.set_len(before);
            }
            added
        };
        add().map_err(|error| WorldError::new("write", path.display().to_string(), &error))
    }

    fn lock(&self, name: &str) -> Result<Box<dyn Send>, WorldError> {
        let path = self.path(name);
        let lock = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            let file = fs::File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.lock()?;
            Ok(Box::new(file) as Box<dyn Send>)
        };
        lock().map_err(|error| WorldError::new("lock", path.display().to_string(), &error))
    }

    fn remove(&self, name: &str) -> Result<(), WorldError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WorldError::new(
                "remove",
                path.display().to_string(),
                &error,
            )),
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>, WorldError> {
        let mut found = Vec::new();
        let root = self.path(folder);
        walk(&root, folder, &mut found)
            .map_err(|error| WorldError::new("list", root.display().to_string(), &error))?;
        found.sort();
        Ok(found)
    }
}

fn walk(folder: &Path, name: &str, found: &mut Vec<(String, u64)>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(part) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{name}/{part}");
        let kind = entry.metadata()?;
        if kind.is_dir() {
            walk(&entry.path(), &name, found)?;
        } else if !part.starts_with(".part-") {
            found.push((name, kind.len()));
        }
    }
    Ok(())
}
