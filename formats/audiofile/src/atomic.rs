//! Files that appear whole or not at all.

use crate::error::AudioFileError;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the temporary files of this process, so that two writers never share one.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A temporary file beside its target that takes the target's name only when committed.
/// Dropped without [`commit`](Self::commit), it vanishes.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: PathBuf,
    target: PathBuf,
    committed: bool,
}

impl AtomicFile {
    /// Creates the temporary file. Fails when the folder is missing or not writable, or when
    /// the target is a folder.
    pub fn create(target: &Path) -> Result<(Self, BufWriter<File>), AudioFileError> {
        let place = || target.display().to_string();
        let fail = |e: &io::Error| AudioFileError::io(place(), "a file that can be written", e);
        if target.is_dir() {
            return Err(fail(&io::ErrorKind::IsADirectory.into()));
        }
        let name = target
            .file_name()
            .ok_or_else(|| fail(&io::ErrorKind::IsADirectory.into()))?;
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{number}.part", std::process::id()));
            let temporary = target.with_file_name(hidden);
            match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => {
                    let guard = Self {
                        temporary,
                        target: target.to_owned(),
                        committed: false,
                    };
                    return Ok((guard, BufWriter::with_capacity(1 << 16, file)));
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(fail(&e)),
            }
        }
    }

    /// Flushes everything to the disk, then renames the file to its target.
    pub fn commit(mut self, writer: BufWriter<File>) -> Result<PathBuf, AudioFileError> {
        let result = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&self.temporary, &self.target));
        match result {
            Ok(()) => {
                self.committed = true;
                Ok(std::mem::take(&mut self.target))
            }
            Err(e) => Err(AudioFileError::io(
                self.target.display().to_string(),
                "room to finish the file",
                &e,
            )),
        }
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing can be done if even removing fails; the name says it is a part.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}
