//! Checks that everything in `data/` says where it comes from, and stays small enough to ship.

use crate::metadata;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The largest single file, in bytes.
const MAX_FILE: u64 = 40_000_000;
/// All of `data/` together, in bytes.
const MAX_ALL: u64 = 150_000_000;
/// Names of licences under which data may ship; a `SOURCE.md` must state one of them.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC0",
    "MIT",
    "ODC-By-1.0",
    "public domain",
    "Unicode-3.0",
];

/// Runs the check.
///
/// # Errors
/// Names every folder without a stated origin and licence, and every file that is too large.
pub fn run(_: &[String]) -> Result<(), String> {
    let folder = metadata::root().join("data");
    let found =
        read(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let wrong = faults(&found);
    if !wrong.is_empty() {
        return Err(format!("faults in data/:\n{}", wrong.join("\n")));
    }
    let all: u64 = found.iter().map(|file| file.bytes).sum();
    println!(
        "data-sources: {} files, {:.1} MB, all with source and licence",
        found.len(),
        all as f64 / 1e6
    );
    Ok(())
}

/// A file below `data/`.
struct File {
    /// Path below `data/`, with `/`.
    path: String,
    bytes: u64,
    /// The text of a `SOURCE.md`.
    text: Option<String>,
}

fn faults(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    let sources: BTreeMap<&str, &str> = files
        .iter()
        .filter_map(|file| {
            let folder = file.path.strip_suffix("/SOURCE.md")?;
            Some((folder, file.text.as_deref()?))
        })
        .collect();
    let mut folders: Vec<&str> = files
        .iter()
        // What the program is built from is no shipped data.
        .filter(|file| !file.path.ends_with(".rs"))
        .filter_map(|file| file.path.rsplit_once('/').map(|(folder, _)| folder))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        match sources.get(folder) {
            None => wrong.push(format!(
                "  data/{folder} has no SOURCE.md; write down origin, licence and recipe"
            )),
            Some(text) if !LICENCES.iter().any(|name| states(text, name)) => wrong.push(format!(
                "  data/{folder}/SOURCE.md names none of the licences {}",
                LICENCES.join(", ")
            )),
            Some(_) => {}
        }
    }
    for file in files.iter().filter(|file| file.bytes > MAX_FILE) {
        wrong.push(format!(
            "  data/{} has {} bytes; a file may have {MAX_FILE}",
            file.path, file.bytes
        ));
    }
    let all: u64 = files.iter().map(|file| file.bytes).sum();
    if all > MAX_ALL {
        wrong.push(format!("  data/ has {all} bytes; it may have {MAX_ALL}"));
    }
    wrong
}

/// Whether a text has a name as a word of its own: `MIT` is not in `LIMIT`.
fn states(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let part = |sign: char| sign.is_alphanumeric();
        !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part)
    })
}

/// All files below a folder, in the order of their paths.
fn read(root: &Path) -> std::io::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path);
            files.push(File {
                bytes: entry.metadata()?.len(),
                text: match path.ends_with("SOURCE.md") {
                    true => Some(fs::read_to_string(&path)?),
                    false => None,
                },
                path: name.to_string_lossy().replace('\\', "/"),
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: u64, text: Option<&str>) -> File {
        File {
            path: path.to_owned(),
            bytes,
            text: text.map(str::to_owned),
        }
    }

    #[test]
    fn described_data_and_code_pass() {
        let files = [
            file("Cargo.toml", 300, None),
            file("src/lib.rs", 900, None),
            file("bank/general.sf3", 39_000_000, None),
            file(
                "bank/SOURCE.md",
                40,
                Some("Licence: MIT, parts public domain."),
            ),
        ];
        assert_eq!(faults(&files), Vec::<String>::new());
    }

    #[test]
    fn undescribed_and_oversized_data_are_named() {
        let files = [
            file("bank/general.sf3", 41_000_000, None),
            file("words/SOURCE.md", 0, Some("")),
            file("loops/SOURCE.md", 20, Some("No LIMIT; from the web.")),
            file("loops/deep/a.wav", 110_000_000, None),
        ];
        let wrong = faults(&files).join("\n");
        for part in [
            "data/bank has no SOURCE.md",
            "data/words/SOURCE.md names none",
            "data/loops/SOURCE.md names none",
            "data/loops/deep has no SOURCE.md",
            "data/bank/general.sf3 has 41000000 bytes",
            "data/loops/deep/a.wav has 110000000 bytes",
            "data/ has 151000020 bytes",
        ] {
            assert!(wrong.contains(part), "`{part}` is not in:\n{wrong}");
        }
        assert_eq!(wrong.lines().count(), 7);
    }
}
