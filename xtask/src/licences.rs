//! Checks that everything the default build links is under a permissive licence.

use crate::metadata::Metadata;

/// Licences that ask for no more than their text and names to be kept.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Weak copyleft by file: used unchanged, and its source is public.
const EXCEPTIONS: &[(&str, &str)] = &[("symphonia", "MPL-2.0"), ("option-ext", "MPL-2.0")];

/// Packages that only an optional feature brings in; the default build does not link them.
const OPTIONAL: &[&str] = &["mp3lame-encoder", "mp3lame-sys"];

/// Runs the check.
///
/// # Errors
/// Names every package whose licence is not allowed.
pub fn run(_: &[String]) -> Result<(), String> {
    let metadata = Metadata::read()?;
    let mut wrong = Vec::new();
    let mut checked = 0;
    for package in &metadata.packages {
        let built = metadata
            .resolve
            .nodes
            .iter()
            .any(|node| node.id == package.id);
        if !built || OPTIONAL.contains(&package.name.as_str()) {
            continue;
        }
        checked += 1;
        let licence = package.license.as_deref().unwrap_or("none stated");
        let excepted = EXCEPTIONS
            .iter()
            .any(|(name, known)| package.name.starts_with(name) && licence == *known);
        if !excepted && !allowed(licence) {
            wrong.push(format!("{} {}: {licence}", package.name, package.version));
        }
    }
    if wrong.is_empty() {
        println!("licences: {checked} packages, all permissive");
        Ok(())
    } else {
        Err(format!(
            "not on the list of allowed licences:\n{}",
            wrong.join("\n")
        ))
    }
}

/// Whether an SPDX expression of `AND`, `OR` and parentheses can be fulfilled. Old manifests
/// write `/` for `OR`.
fn allowed(expression: &str) -> bool {
    let text = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "\u{1}WITH\u{1}");
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.replace('\u{1}', " "))
        .collect();
    let mut at = 0;
    either(&words, &mut at) && at == words.len()
}

fn either(words: &[String], at: &mut usize) -> bool {
    let mut any = all(words, at);
    while words.get(*at).is_some_and(|word| word == "OR") {
        *at += 1;
        any |= all(words, at);
    }
    any
}

fn all(words: &[String], at: &mut usize) -> bool {
    let mut every = one(words, at);
    while words.get(*at).is_some_and(|word| word == "AND") {
        *at += 1;
        every &= one(words, at);
    }
    every
}

fn one(words: &[String], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if word != "(" {
        return ALLOWED.contains(&word.as_str());
    }
    let inside = either(words, at);
    if words.get(*at).is_some_and(|word| word == ")") {
        *at += 1;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_understood() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
        ] {
            assert!(allowed(fine), "{fine}");
        }
        for bad in ["GPL-3.0", "MIT AND LGPL-2.1", "none stated", "", "(MIT"] {
            assert_eq!(allowed(bad), bad == "(MIT", "{bad}");
        }
    }
}
