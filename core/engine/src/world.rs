//! The only door to files.

use std::{collections::BTreeMap, sync::Mutex};

/// A folder of files as the engine sees it. Names are relative, with `/` between parts.
pub trait World: Send + Sync {
    /// The whole content of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// When it is there but cannot be read.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError>;

    /// Writes a file so that a killed process leaves either the old content or the new.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError>;

    /// Like [`World::write`], and returns only when the content would survive a power failure.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn write_through(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.write(name, bytes)
    }

    /// Adds bytes at the end of a file, which is made if it is not there, and returns only when
    /// they would survive a power failure. A killed process may leave a part of them; a failure
    /// that is reported leaves none where that is possible.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        let mut all = self.read(name)?.unwrap_or_default();
        all.extend_from_slice(bytes);
        self.write_through(name, &all)
    }

    /// Waits until no other process holds the lock of this name, and holds it until the value
    /// that is returned is dropped. A world that only one process can see needs none.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn lock(&self, _name: &str) -> Result<Box<dyn Send>, WorldError> {
        Ok(Box::new(()))
    }

    /// Removes a file if it is there.
    ///
    /// # Errors
    /// When it is there but cannot be removed.
    fn remove(&self, name: &str) -> Result<(), WorldError>;

    /// Names and sizes in bytes of all files below a folder, in ascending order.
    ///
    /// # Errors
    /// When the folder is there but cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>, WorldError>;
}

/// A failure of the outside world: what was tried, what happened, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} {place}: {found}. {remedy}")]
pub struct WorldError {
    /// What was tried, such as `write`.
    pub doing: &'static str,
    /// The file.
    pub place: String,
    /// What the operating system said.
    pub found: String,
    /// What to do; a full sentence.
    pub remedy: &'static str,
    /// Its class.
    pub kind: std::io::ErrorKind,
}

impl WorldError {
    /// A failure of the operating system at a place.
    pub fn new(doing: &'static str, place: impl Into<String>, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let remedy = match error.kind() {
            Kind::NotFound => "Check the path and its folder.",
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                "Choose another folder or change its permissions."
            }
            Kind::StorageFull | Kind::QuotaExceeded | Kind::WriteZero => {
                "Free some space or choose another disk."
            }
            Kind::NotADirectory | Kind::AlreadyExists => {
                "A file is in the way; choose another folder."
            }
            _ => "Check the disk and try again.",
        };
        Self {
            doing,
            place: place.into(),
            found: error.to_string(),
            remedy,
            kind: error.kind(),
        }
    }
}

/// A world in memory, for tests and servers.
#[derive(Debug, Default)]
pub struct MemoryWorld(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryWorld {
    fn files(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        // A panic elsewhere cannot leave the map half-changed.
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl World for MemoryWorld {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError> {
        Ok(self.files().get(name).cloned())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.files().insert(name.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), WorldError> {
        self.files().remove(name);
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>, WorldError> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        Ok(self
            .files()
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix))
            .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
            .collect())
    }
}
