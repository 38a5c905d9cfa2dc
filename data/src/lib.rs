//! What ships inside the program: raw bytes by name.
//!
//! Every folder of `data/` is embedded; each has a `SOURCE.md` with source, version, licence,
//! checksum and recipe of what it holds.
//!
//! Programs built for development read the files from the folder they were built from instead: 75
//! MB in each of a hundred test programs would fill a disk.

#[cfg(debug_assertions)]
mod read;

#[cfg(debug_assertions)]
use read::{Bytes, bytes};

#[cfg(not(debug_assertions))]
type Bytes = &'static [u8];

#[cfg(not(debug_assertions))]
use include_bytes as bytes;

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The bytes of a shipped file by its name relative to `data/`, such as `styles/pop.toml`.
///
/// # Panics
///
/// Panics in programs built for development when their data folder is no longer where it was.
pub fn get(name: &str) -> Option<&'static [u8]> {
    let index = FILES.binary_search_by_key(&name, |(file, _)| file).ok()?;
    let (_, bytes) = &FILES[index];
    Some(bytes)
}

/// The text of a shipped file.
///
/// Returns `None` when there is no such file or it is not UTF-8.
pub fn text(name: &str) -> Option<&'static str> {
    get(name).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

/// Names of all shipped files below a folder, in ascending order.
pub fn names(folder: &str) -> impl Iterator<Item = &'static str> {
    let prefix = format!("{}/", folder.trim_end_matches('/'));
    FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(move |name| name.starts_with(&prefix))
}

/// Names and texts of all TOML files below a folder, in ascending order of name.
pub fn tables(folder: &str) -> Vec<(&'static str, &'static str)> {
    names(folder)
        .filter(|name| name.ends_with(".toml"))
        .filter_map(|name| Some((name, text(name)?)))
        .collect()
}
