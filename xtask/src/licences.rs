//! Checks that everything the default build links is under a permissive licence.

use crate::metadata;
use std::collections::BTreeSet;

/// Licences that ask for no more than that their text and names are kept, and the MPL-2.0, which
/// asks that changes to its own files stay public (Symphonia's are used unchanged).
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Runs the check.
///
/// # Errors
/// Names every package whose licence is not allowed.
pub fn run(_: &[String]) -> Result<(), String> {
    // The tree, not the metadata: it resolves features as the default build does, so that what
    // only `--features mp3` links (LGPL) does not count; tests' packages are never shipped.
    let tree = metadata::cargo(&[
        "tree",
        "--workspace",
        "--edges=normal,build",
        "--target=all",
        "--prefix=none",
        "--format={p}\t{l}",
    ])?;
    let packages = packages(&tree);
    let wrong: Vec<String> = packages
        .iter()
        .filter_map(|(name, licence)| {
            if licence.is_empty() {
                return Some(format!("  {name}: states no licence"));
            }
            match allowed(licence) {
                Ok(true) => None,
                Ok(false) => Some(format!("  {name}: {licence}")),
                Err(fault) => Some(format!("  {name}: {licence} ({fault})")),
            }
        })
        .collect();
    if !wrong.is_empty() {
        return Err(format!(
            "not under a licence of the list in xtask/src/licences.rs:\n{}",
            wrong.join("\n")
        ));
    }
    println!("licences: {} packages, all permissive", packages.len());
    Ok(())
}

/// Name with version, and licence, of each line of `cargo tree` written as `{p}\t{l}`.
fn packages(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, licence)| {
            // `(*)` marks what was listed before; our own packages carry their path.
            let licence = licence.strip_suffix("(*)").unwrap_or(licence);
            let name = name.split(" (").next().unwrap_or(name);
            (name.trim(), licence.trim())
        })
        .collect()
}

/// Whether an SPDX expression (`AND`, `OR`, `WITH`, parentheses; `AND` binds tighter) can be
/// fulfilled with allowed licences. Old manifests write `/` for `OR`.
///
/// # Errors
/// Says what is wrong with an expression that cannot be read.
fn allowed(expression: &str) -> Result<bool, String> {
    let text = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        at: 0,
    };
    let fine = reader.any()?;
    match reader.peek() {
        None => Ok(fine),
        Some(word) => Err(format!("`{word}` is not expected")),
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut fine = self.all()?;
        while self.take("OR") {
            fine |= self.all()?;
        }
        Ok(fine)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut fine = self.one()?;
        while self.take("AND") {
            fine &= self.one()?;
        }
        Ok(fine)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let fine = self.any()?;
            return if self.take(")") {
                Ok(fine)
            } else {
                Err("a parenthesis is not closed".to_owned())
            };
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()));
        }
        Ok(ALLOWED.contains(&name))
    }

    fn name(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            Some(word) if !["AND", "OR", "WITH", "(", ")"].contains(&word) => {
                self.at += 1;
                Ok(word)
            }
            Some(word) => Err(format!("`{word}` stands where a licence should")),
            None => Err("the expression ends where a licence should stand".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_can_be_fulfilled_are_allowed() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT / Apache-2.0",
            "GPL-3.0-only OR MIT",
            "MIT OR GPL-3.0-only AND LGPL-2.1-only",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "CC0-1.0 OR Apache-2.0 OR Apache-2.0 WITH LLVM-exception",
            "((Zlib))",
        ] {
            assert_eq!(allowed(fine), Ok(true), "{fine}");
        }
    }

    #[test]
    fn others_are_refused() {
        for bad in [
            "GPL-3.0-only",
            "LGPL-3.0",
            "MIT AND LGPL-2.1-only",
            "(MIT OR GPL-3.0-only) AND AGPL-3.0-only",
            "MIT WITH Classpath-exception-2.0",
            "GPL-2.0-only WITH LLVM-exception",
            "mit",
        ] {
            assert_eq!(allowed(bad), Ok(false), "{bad}");
        }
    }

    #[test]
    fn broken_expressions_are_named() {
        for broken in [
            "", "(MIT", "MIT)", "MIT OR", "AND MIT", "MIT MIT", "MIT WITH",
        ] {
            assert!(allowed(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn the_tree_is_read_without_its_marks() {
        let tree = "yuefu v0.1.0 (/w/apps/cli)\tApache-2.0 OR MIT\nlibm v0.2.15\tMIT (*)\n\
                    libm v0.2.15\tMIT\n\nring v1.0.0\t\nproc v1.0.0 (proc-macro)\tMIT\n";
        let expected = [
            ("libm v0.2.15", "MIT"),
            ("proc v1.0.0", "MIT"),
            ("ring v1.0.0", ""),
            ("yuefu v0.1.0", "Apache-2.0 OR MIT"),
        ];
        assert_eq!(packages(tree).into_iter().collect::<Vec<_>>(), expected);
    }
}
