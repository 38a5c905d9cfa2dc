//! Writing a set of files into a folder, all or nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use yuefu_engine::WorldError;

/// Files being made for a folder.
///
/// They grow in a hidden folder inside the target. [`Bundle::commit`] moves them to their names
/// one by one, each replacing an older one at once; until then nothing in the target changes,
/// and a bundle that is dropped leaves nothing behind.
#[derive(Debug)]
pub struct Bundle {
    target: PathBuf,
    staging: PathBuf,
    names: Vec<String>,
    /// Outermost folder that did not exist before.
    made: Option<PathBuf>,
    done: bool,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileRecord {
    /// Name relative to the folder, with `/` between parts.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
}

impl Bundle {
    /// Starts a bundle for a folder, which is made if it does not exist.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn create(target: &Path) -> Result<Self, WorldError> {
        let fail = |error: io::Error| WorldError::new("make the folder", show(target), &error);
        let made = target
            .ancestors()
            .filter(|folder| !folder.as_os_str().is_empty())
            .take_while(|folder| !folder.exists())
            .last()
            .map(Path::to_owned);
        let staging = target.join(format!(".yuefu-part-{}", std::process::id()));
        let bundle = Self {
            target: target.to_owned(),
            staging,
            names: Vec::new(),
            made,
            done: false,
        };
        // From here on `Drop` takes back what was made.
        fs::create_dir_all(target).map_err(fail)?;
        if bundle.staging.exists() {
            fs::remove_dir_all(&bundle.staging).map_err(fail)?;
        }
        fs::create_dir(&bundle.staging).map_err(fail)?;
        Ok(bundle)
    }

    /// Where to write a file of this name, relative with `/` between parts.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn place(&mut self, name: &str) -> Result<PathBuf, WorldError> {
        let path = self.staging.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| WorldError::new("make the folder", show(folder), &error))?;
        }
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        Ok(path)
    }

    /// Takes a name back: what lies there is not part of the bundle.
    pub fn forget(&mut self, name: &str) {
        self.names.retain(|known| known != name);
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        let path = self.place(name)?;
        fs::write(&path, bytes)
            .map_err(|error| WorldError::new("write", show(&self.target.join(name)), &error))
    }

    /// Sizes and hashes of all files so far, in the order they were begun.
    ///
    /// # Errors
    /// When one cannot be read back.
    pub fn records(&self) -> Result<Vec<FileRecord>, WorldError> {
        let record = |name: &String| {
            let fail = |error: io::Error| {
                WorldError::new("read back", show(&self.target.join(name)), &error)
            };
            let mut file = fs::File::open(self.staging.join(name)).map_err(fail)?;
            let mut hasher = blake3::Hasher::new();
            let mut block = vec![0; 1 << 18];
            let mut bytes = 0;
            loop {
                let count = io::Read::read(&mut file, &mut block).map_err(fail)?;
                if count == 0 {
                    break;
                }
                hasher.update(&block[..count]);
                bytes += count as u64;
            }
            Ok(FileRecord {
                file: name.clone(),
                bytes,
                blake3: hasher.finalize().to_hex().to_string(),
            })
        };
        self.names.iter().map(record).collect()
    }

    /// Gives all files their names and returns them.
    ///
    /// # Errors
    /// When one cannot be moved; files before it are already in place, complete.
    pub fn commit(mut self) -> Result<Vec<PathBuf>, WorldError> {
        let mut paths = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let to = self.target.join(name);
            let fail = |error: io::Error| WorldError::new("write", show(&to), &error);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(fail)?;
            }
            fs::rename(self.staging.join(name), &to).map_err(fail)?;
            paths.push(to);
        }
        self.done = true;
        Ok(paths)
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        // Nothing can be done if even removing fails; the name says what it is.
        let _ = fs::remove_dir_all(&self.staging);
        if !self.done && self.made.is_some() {
            // Only empty folders go, innermost first, up to the outermost that we made.
            for folder in self.target.ancestors() {
                if fs::remove_dir(folder).is_err() || Some(folder) == self.made.as_deref() {
                    break;
                }
            }
        }
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("yuefu-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn all_or_nothing() {
        let root = folder("bundle");
        let target = root.join("a/b");
        let mut bundle = Bundle::create(&target).unwrap();
        bundle.write("x.txt", b"new").unwrap();
        drop(bundle);
        assert!(!root.exists(), "an unfinished bundle leaves nothing");

        fs::create_dir_all(&target).unwrap();
        fs::write(target.join("x.txt"), "old").unwrap();
        let mut bundle = Bundle::create(&target).unwrap();
        bundle.write("x.txt", b"new").unwrap();
        bundle.write("stems/y.txt", b"y").unwrap();
        assert_eq!(fs::read(target.join("x.txt")).unwrap(), b"old");
        let records = bundle.records().unwrap();
        assert_eq!((records.len(), records[0].bytes), (2, 3));
        assert_eq!(records[0].blake3, blake3::hash(b"new").to_hex().to_string());
        bundle.commit().unwrap();
        assert_eq!(fs::read(target.join("x.txt")).unwrap(), b"new");
        assert_eq!(fs::read(target.join("stems/y.txt")).unwrap(), b"y");
        assert_eq!(fs::read_dir(&target).unwrap().count(), 2, "no leftovers");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_explained() {
        let root = folder("in-the-way");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("f"), "x").unwrap();
        let error = Bundle::create(&root.join("f/g")).unwrap_err();
        assert!(error.to_string().contains("another folder"), "{error}");
        fs::remove_dir_all(root).unwrap();
    }
}
