//! Files of a voice as its maker published it: a folder or a ZIP archive, with names in whatever
//! encoding.

use super::disk;
use crate::StudioError;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};
use yuefu_utau::{BankFiles, decode_text};
use zip::ZipArchive;

/// Most files of a voice.
const MOST: usize = 40_000;
/// Most bytes of a voice.
const MOST_BYTES: u64 = 8 << 30;
/// Longest file of a voice.
const LONGEST: u64 = 2 << 30;
/// Longest file that is read into memory at once.
const LONGEST_READ: u64 = 512 << 20;
/// Folders within folders.
const DEEPEST: usize = 12;
/// Longest name, folders included, in bytes.
const LONGEST_NAME: usize = 800;

/// A file of a source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// Name from the voice's own folder on, `/` between folders.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    place: Place,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    Path(PathBuf),
    Entry(usize),
}

/// Where a voice comes from.
pub(super) struct Source {
    /// Its files in the order of their names.
    pub items: Vec<Item>,
    archive: Option<ZipArchive<BufReader<File>>>,
    path: PathBuf,
}

impl Source {
    /// Looks through a folder or a ZIP archive; what lies around the voice's own folder is left
    /// out.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or holds names that lead out of it.
    pub fn open(path: &Path) -> Result<Self, StudioError> {
        let (mut items, archive) = if path.is_dir() {
            let mut items = Vec::new();
            walk(path, "", 0, &mut items)?;
            (items, None)
        } else {
            let (items, archive) = entries(path)?;
            (items, Some(archive))
        };
        items.sort_by(|a, b| a.name.cmp(&b.name));
        items.dedup_by(|a, b| a.name == b.name);
        let root = root(items.iter().map(|item| item.name.as_str()));
        items.retain_mut(|item| match item.name.strip_prefix(root.as_str()) {
            Some(rest) => {
                item.name = rest.to_owned();
                true
            }
            None => false,
        });
        let total = items.iter().map(|item| item.bytes).sum::<u64>();
        let longest = items.iter().map(|item| item.bytes).max().unwrap_or(0);
        if total > MOST_BYTES || longest > LONGEST {
            return Err(too_large(path));
        }
        Ok(Self {
            items,
            archive,
            path: path.to_owned(),
        })
    }

    /// Hands a file on, piece by piece, as long as it said it was and no longer.
    ///
    /// # Errors
    /// When it cannot be read, or what takes it fails.
    pub fn read(
        &mut self,
        item: &Item,
        take: &mut dyn FnMut(&[u8]) -> Result<(), StudioError>,
    ) -> Result<(), StudioError> {
        let path = self.path.clone();
        match (&item.place, &mut self.archive) {
            (Place::Entry(index), Some(archive)) => {
                let mut file = archive.by_index(*index).map_err(|e| no_zip(&path, &e))?;
                pour(&mut file, item.bytes, &path, take)
            }
            (Place::Path(file), _) => {
                let mut open = File::open(file).map_err(|e| disk("read", file, &e))?;
                pour(&mut open, item.bytes, file, take)
            }
            (Place::Entry(_), None) => {
                Err(StudioError::Internal("an entry of no archive".to_owned()))
            }
        }
    }
}

fn pour(
    from: &mut dyn Read,
    bytes: u64,
    path: &Path,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StudioError>,
) -> Result<(), StudioError> {
    let mut buffer = vec![0; 1 << 18];
    let mut left = bytes;
    loop {
        let count = from
            .read(&mut buffer)
            .map_err(|error| disk("read", path, &error))?;
        if count == 0 {
            return match left {
                0 => Ok(()),
                _ => Err(damaged(path)),
            };
        }
        left = left
            .checked_sub(count as u64)
            .ok_or_else(|| damaged(path))?;
        take(&buffer[..count])?;
    }
}

/// Files of a folder. Links are not followed: they may lead anywhere.
fn walk(folder: &Path, name: &str, depth: usize, items: &mut Vec<Item>) -> Result<(), StudioError> {
    let fail = |error: std::io::Error| disk("list", folder, &error);
    if depth > DEEPEST {
        return Err(too_large(folder));
    }
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let file = entry.file_name();
        let part = decode_text(file.as_encoded_bytes());
        if part.starts_with('.') || part.len() + name.len() > LONGEST_NAME {
            continue;
        }
        let full = match name {
            "" => part.into_owned(),
            name => format!("{name}/{part}"),
        };
        if kind.is_dir() {
            walk(&entry.path(), &full, depth + 1, items)?;
        } else if kind.is_file() {
            items.push(Item {
                name: full,
                bytes: entry.metadata().map_err(fail)?.len(),
                place: Place::Path(entry.path()),
            });
            if items.len() > MOST {
                return Err(too_large(folder));
            }
        }
    }
    Ok(())
}

type Archive = ZipArchive<BufReader<File>>;

fn entries(path: &Path) -> Result<(Vec<Item>, Archive), StudioError> {
    let file = File::open(path).map_err(|error| disk("read", path, &error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| no_zip(path, &e))?;
    if archive.len() > 2 * MOST {
        return Err(too_large(path));
    }
    let mut found = Vec::new();
    let mut raw = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|e| no_zip(path, &e))?;
        if entry.encrypted() {
            return Err(StudioError::input(
                format!(
                    "{}: the archive is locked by a password. Unpack it and install the folder.",
                    path.display()
                ),
                format!("{}：压缩包有密码。请先解压，再安装文件夹。", path.display()),
            ));
        }
        if entry.is_file() {
            raw.extend_from_slice(entry.name_raw());
            raw.push(b'\n');
            found.push((index, entry.size()));
        }
    }
    // All names together tell their encoding better than each alone.
    let names = decode_text(&raw);
    let names: Vec<&str> = names.lines().collect();
    if names.len() != found.len() || found.len() > MOST {
        return Err(damaged(path));
    }
    let mut items = Vec::with_capacity(found.len());
    for ((index, bytes), name) in found.into_iter().zip(names) {
        let name = name.replace('\\', "/");
        if name
            .split('/')
            .any(|part| part.starts_with('.') && part != ".." && part != ".")
            || name.starts_with("__MACOSX/")
        {
            continue;
        }
        if !stays_inside(&name) {
            return Err(StudioError::input(
                format!(
                    "{}: the archive holds a file that would lie outside it ({name:?}). Do not \
                     trust it.",
                    path.display()
                ),
                format!(
                    "{}：压缩包内有越出自身的文件（{name:?}），不可信任。",
                    path.display()
                ),
            ));
        }
        items.push(Item {
            name,
            bytes,
            place: Place::Entry(index),
        });
    }
    Ok((items, archive))
}

/// Whether a name leads to a place below where it begins, on every platform.
fn stays_inside(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.trim_end_matches(['.', ' ']).len() == part.len()
            && !part.contains(|sign: char| sign.is_control() || sign == ':')
    };
    name.len() <= LONGEST_NAME && name.split('/').count() <= DEEPEST && name.split('/').all(plain)
}

/// The voice's own folder among files: the uppermost that holds what only a voice's folder holds;
/// empty or ending in `/`.
fn root<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MARKS: [&str; 5] = [
        "dsconfig.yaml",
        "character.txt",
        "character.yaml",
        "prefix.map",
        "oto.ini",
    ];
    let marked = names.filter_map(|name| {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let rank = MARKS.iter().position(|m| file.eq_ignore_ascii_case(m))?;
        // Lists may lie in folders of their own; then what is above them is the voice.
        let depth = if folder.is_empty() {
            0
        } else {
            1 + folder.matches('/').count()
        };
        Some((depth, rank, folder))
    });
    let found: Vec<_> = marked.collect();
    let Some((depth, _, folder)) = found.iter().min() else {
        return String::new();
    };
    let mut folder = (*folder).to_owned();
    let same: Vec<&str> = found
        .iter()
        .filter(|(own, ..)| own == depth)
        .map(|(.., folder)| *folder)
        .collect();
    if same.iter().any(|other| *other != folder) {
        folder = folder.rsplit_once('/').map_or("", |(up, _)| up).to_owned();
    }
    if folder.is_empty() {
        folder
    } else {
        format!("{folder}/")
    }
}

/// A voice's files in a folder of the disk.
pub(super) struct Folder(BTreeMap<String, PathBuf>);

impl Folder {
    /// # Errors
    /// When the folder cannot be read or is too large.
    pub fn open(path: &Path) -> Result<Self, StudioError> {
        let source = Source::open(path)?;
        let file = |item: Item| match item.place {
            Place::Path(path) => Some((item.name, path)),
            Place::Entry(_) => None,
        };
        Ok(Self(source.items.into_iter().filter_map(file).collect()))
    }
}

impl BankFiles for Folder {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        // Windows, where banks come from, does not tell small from large letters.
        let path = self.0.get(name).or_else(|| {
            let same = |(own, _): &(&String, &PathBuf)| own.to_lowercase() == name.to_lowercase();
            self.0.iter().find(same).map(|(_, path)| path)
        })?;
        let mut bytes = Vec::new();
        let file = File::open(path).ok()?;
        file.take(LONGEST_READ + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= LONGEST_READ).then_some(bytes)
    }
}

fn too_large(path: &Path) -> StudioError {
    StudioError::input(
        format!(
            "{}: expected a voice of at most {MOST} files, 8 GiB, 2 GiB a file and {DEEPEST} \
             folders within each other. Choose the folder of one voice.",
            path.display()
        ),
        format!(
            "{}：声音最多 {MOST} 个文件、8 GiB，单个文件 2 GiB，{DEEPEST} 层文件夹。请选择单个声音的文件夹。",
            path.display()
        ),
    )
}

fn damaged(path: &Path) -> StudioError {
    StudioError::input(
        format!("{}: it is damaged. Get it again.", path.display()),
        format!("{}：已损坏。请重新获取。", path.display()),
    )
}

fn no_zip(path: &Path, error: &zip::result::ZipError) -> StudioError {
    StudioError::input(
        format!(
            "{}: expected a folder or a ZIP archive ({error}). Unpack other archives first.",
            path.display()
        ),
        format!(
            "{}：需要文件夹或 ZIP 压缩包（{error}）。其他压缩格式请先解压。",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        for good in ["a.wav", "oto.ini", "音源/あ.wav", "a/b c/_.wav"] {
            assert!(stays_inside(good), "{good}");
        }
        for bad in [
            "", "/a", "../a", "a/../b", "a/./b", "C:/a", "a//b", "a/", "nul\0", "a. /b", "x:y",
        ] {
            assert!(!stays_inside(bad), "{bad}");
        }
    }

    #[test]
    fn the_folder_of_the_voice_is_found() {
        let found = |names: &[&str]| root(names.iter().copied());
        assert_eq!(found(&["a.wav", "oto.ini"]), "");
        assert_eq!(found(&["readme.txt", "X/oto.ini", "X/a.wav"]), "X/");
        assert_eq!(found(&["X/C4/oto.ini", "X/F4/oto.ini"]), "X/");
        assert_eq!(found(&["X/character.txt", "X/C4/oto.ini"]), "X/");
        assert_eq!(found(&["X/C4/oto.ini", "Y/C4/oto.ini"]), "X/");
        assert_eq!(found(&["a/dsconfig.yaml", "a/dsdur/dsconfig.yaml"]), "a/");
    }

    proptest! {
        #[test]
        fn any_name_that_passes_stays_below(name in ".{0,40}") {
            if stays_inside(&name) {
                let path = Path::new("root").join(&name);
                prop_assert!(path.starts_with("root"));
                prop_assert!(!path.components().any(|c| c == std::path::Component::ParentDir));
            }
        }
    }
}
