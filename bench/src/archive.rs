//! Reading the collections that measurements are made on.

use std::{io::Read, path::Path};

/// Files of a `.tar.gz` whose names end in one of `ends`, in order of name, at most `most`.
///
/// # Errors
/// When the archive cannot be read.
pub fn read(archive: &Path, ends: &[&str], most: usize) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let file = std::fs::File::open(archive)?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut out = Vec::new();
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !ends.iter().any(|end| path.ends_with(end)) || entry.size() > 16_000_000 {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        out.push((path, bytes));
    }
    out.sort();
    out.truncate(most);
    Ok(out)
}
