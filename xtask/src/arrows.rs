//! Checks that crates use only what docs/ARCHITECTURE.md lets them use.

use crate::metadata::Metadata;
use std::collections::BTreeMap;

/// Which folders a folder may use, beside itself where the last value says so. A name ending in
/// `/` means everything below.
const ARROWS: &[(&str, &[&str])] = &[
    ("core/theory", &[]),
    ("core/audio", &[]),
    ("core/song", &["core/theory", "core/audio", "core/lang"]),
    ("core/engine", &["core/song", "core/theory", "core/audio"]),
    ("compose/", &["core/", "data"]),
    ("perform/", &["core/", "data"]),
    ("sound/", &["core/", "data"]),
    ("release/", &["core/", "data", "formats/"]),
    ("formats/", &["core/", "data"]),
    ("listen/features", &["core/", "data"]),
    ("listen/", &["core/", "data", "listen/features"]),
    ("data", &[]),
    (
        "studio",
        &[
            "core/", "compose/", "perform/", "sound/", "release/", "formats/", "listen/",
            "models/", "data",
        ],
    ),
    ("apps/", &["studio"]),
];

/// Runs the check.
///
/// # Errors
/// Names every arrow that is not allowed.
pub fn run(_: &[String]) -> Result<(), String> {
    let metadata = Metadata::read()?;
    let folders: BTreeMap<&str, String> = metadata
        .ours()
        .map(|package| (package.name.as_str(), package.folder()))
        .collect();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for package in metadata.ours() {
        let from = package.folder();
        // Tools may use everything.
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| covers(name, &from)) else {
            if !["bench", "xtask"].contains(&from.as_str()) && !from.starts_with("tests/") {
                wrong.push(format!("{from} has no row in xtask/src/arrows.rs"));
            }
            continue;
        };
        // Tests may look at neighbors.
        let used = package
            .dependencies
            .iter()
            .filter(|d| d.kind.as_deref() != Some("dev"));
        for dependency in used {
            let Some(to) = folders.get(dependency.name.as_str()) else {
                continue;
            };
            checked += 1;
            if !allowed.iter().any(|name| covers(name, to)) {
                wrong.push(format!("{from} must not use {to}"));
            }
        }
    }
    if wrong.is_empty() {
        println!("arrows: {checked} dependencies between our crates, all allowed");
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn covers(name: &str, folder: &str) -> bool {
    if name.ends_with('/') {
        folder.starts_with(name)
    } else {
        folder == name
    }
}
