//! The files of a collection: an archive or a folder, and which collection it is.

use crate::{CorpusError, piece::Source};
use std::{
    borrow::Cow,
    fs,
    io::Read,
    path::{Path, PathBuf},
};
use yuefu_engine::Cancel;

/// Largest file that is read, in bytes.
const FILE_BYTES: u64 = 64 << 20;
/// Most bytes that an archive may unpack to.
const ARCHIVE_BYTES: u64 = 2 << 30;
/// Most files.
const FILES: usize = 500_000;
/// Deepest folder.
const DEPTH: usize = 32;

/// One file of a collection.
pub(crate) struct Entry {
    /// Path inside the collection, without its first folder in archives, with `/`.
    pub(crate) path: String,
    body: Body,
}

enum Body {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Entry {
    /// An entry of bytes at hand.
    #[cfg(test)]
    pub(crate) fn of(path: &str, bytes: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            body: Body::Bytes(bytes.to_vec()),
        }
    }

    /// The file's bytes; a file beyond the limit is refused.
    pub(crate) fn read(&self) -> Result<Cow<'_, [u8]>, std::io::Error> {
        match &self.body {
            Body::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Body::File(path) => {
                let size = fs::metadata(path)?.len();
                if size > FILE_BYTES {
                    return Err(std::io::Error::other(format!(
                        "more than {FILE_BYTES} bytes"
                    )));
                }
                fs::read(path).map(Cow::Owned)
            }
        }
    }

    /// The file's text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self) -> Result<String, std::io::Error> {
        Ok(String::from_utf8_lossy(&self.read()?).into_owned())
    }

    /// Name without folders.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Path of its folder; empty at the top.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// The files of a folder, of a `.tar.gz` archive, or a single file, in order of path.
pub(crate) fn open(path: &Path, cancel: &Cancel) -> Result<Vec<Entry>, CorpusError> {
    let mut out = Vec::new();
    let name = path.to_string_lossy();
    if path.is_dir() {
        walk(path, path, 0, &mut out, cancel)?;
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        unpack(path, &mut out, cancel)?;
    } else {
        fs::metadata(path).map_err(CorpusError::io(path))?;
        out.push(Entry {
            path: path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            body: Body::File(path.to_owned()),
        });
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    out: &mut Vec<Entry>,
    cancel: &Cancel,
) -> Result<(), CorpusError> {
    cancel.check()?;
    if depth > DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(CorpusError::io(folder))? {
        let entry = entry.map_err(CorpusError::io(folder))?;
        // Links are not followed: they may lead in circles.
        let kind = entry.file_type().map_err(CorpusError::io(folder))?;
        let path = entry.path();
        if kind.is_dir() {
            walk(root, &path, depth + 1, out, cancel)?;
        } else if kind.is_file() {
            if out.len() >= FILES {
                return Err(CorpusError::TooLarge {
                    path: root.to_owned(),
                    what: "files",
                    most: FILES as u64,
                });
            }
            let inner = path.strip_prefix(root).unwrap_or(&path);
            out.push(Entry {
                path: inner.to_string_lossy().replace('\\', "/"),
                body: Body::File(path),
            });
        }
    }
    Ok(())
}

fn unpack(path: &Path, out: &mut Vec<Entry>, cancel: &Cancel) -> Result<(), CorpusError> {
    let file = fs::File::open(path).map_err(CorpusError::io(path))?;
    let reader = flate2::read::GzDecoder::new(std::io::BufReader::new(file));
    let mut tar = tar::Archive::new(reader);
    let mut total = 0;
    for entry in tar.entries().map_err(CorpusError::io(path))? {
        cancel.check()?;
        let mut entry = entry.map_err(CorpusError::io(path))?;
        if !entry.header().entry_type().is_file() || entry.size() > FILE_BYTES {
            continue;
        }
        total += entry.size();
        for (what, most, now) in [
            ("bytes", ARCHIVE_BYTES, total),
            ("files", FILES as u64, out.len() as u64),
        ] {
            if now > most {
                return Err(CorpusError::TooLarge {
                    path: path.to_owned(),
                    what,
                    most,
                });
            }
        }
        let name = entry.path().map_err(CorpusError::io(path))?;
        let name = name.to_string_lossy().replace('\\', "/");
        // Archives unpack to a folder of their name.
        let inner = name
            .split_once('/')
            .map_or(name.as_str(), |(_, inner)| inner);
        let mut bytes = Vec::with_capacity(entry.size() as usize);
        entry
            .read_to_end(&mut bytes)
            .map_err(CorpusError::io(path))?;
        out.push(Entry {
            path: inner.to_owned(),
            body: Body::Bytes(bytes),
        });
    }
    Ok(())
}

/// Which collection a set of files is, by the files that only it has; a user's own otherwise.
pub(crate) fn source_of(entries: &[Entry]) -> Source {
    let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
    let at_top = |name: &str, word: &str| {
        let entry = entries.iter().find(|entry| entry.path == name);
        entry.is_some_and(|entry| {
            entry
                .text()
                .is_ok_and(|text| text.lines().next().is_some_and(|line| line.contains(word)))
        })
    };
    if has("chord_midi.txt") && has("beat_midi.txt") {
        Source::Pop909
    } else if has("salami_chords.txt") {
        Source::Billboard
    } else if has("textfile1_functions.txt") || has("textfile2_functions.txt") {
        Source::Salami
    } else if at_top("info.csv", "drummer") {
        Source::Groove
    } else if at_top("metadata.csv", "Ratio Bars in 4") {
        Source::Harmonix
    } else if at_top("index.csv", "first_performance") {
        Source::Openewld
    } else if has("analysis_automatic.rntxt") {
        Source::Lieder
    } else {
        Source::Own
    }
}

/// Fields of a line of comma-separated values, with quotes (RFC 4180).
pub(crate) fn csv(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut signs = line.trim_end_matches('\r').chars().peekable();
    while let Some(sign) = signs.next() {
        let field = out.len() - 1;
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                out[field].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            _ => out[field].push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_are_known_by_their_files() {
        let of = |files: &[(&str, &str)]| {
            let entries: Vec<Entry> = files
                .iter()
                .map(|(path, text)| Entry::of(path, text.as_bytes()))
                .collect();
            source_of(&entries)
        };
        assert_eq!(
            of(&[("001/chord_midi.txt", ""), ("001/beat_midi.txt", "")]),
            Source::Pop909
        );
        assert_eq!(of(&[("info.csv", "drummer,session\n")]), Source::Groove);
        assert_eq!(of(&[("info.csv", "title\n")]), Source::Own);
        assert_eq!(of(&[("3/salami_chords.txt", "")]), Source::Billboard);
    }

    #[test]
    fn quoted_commas_stay() {
        assert_eq!(
            csv("1,\"2, 3\",\"a \"\"b\"\"\",\r"),
            ["1", "2, 3", "a \"b\"", ""]
        );
    }
}
