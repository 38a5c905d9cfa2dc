//! What cargo says of the workspace, as far as the checks need it.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate of the workspace: where it lies and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Folder inside the workspace, such as `core/audio`.
    pub folder: String,
    /// Folders of the workspace's crates it uses to build; those only its tests use are left
    /// out, as are crates of others.
    pub uses: Vec<String>,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// The crates of the workspace, by `cargo metadata --no-deps`.
///
/// # Errors
/// When cargo fails or answers in another shape.
pub fn members() -> Result<Vec<Member>, String> {
    let text = cargo(&["metadata", "--format-version", "1", "--no-deps"])?;
    read_members(&text, &root())
}

/// Runs cargo in the root of the workspace and returns what it prints.
///
/// # Errors
/// When cargo cannot be run, or with what it says when it fails.
pub fn cargo(arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(&cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .map_err(|error| format!("cannot run {cargo}: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "`cargo {}` failed:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("cargo printed no UTF-8: {error}"))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    /// `dev`, `build`, or none for a usual one.
    kind: Option<String>,
    /// The folder of a dependency of the workspace.
    path: Option<PathBuf>,
}

fn read_members(text: &str, root: &Path) -> Result<Vec<Member>, String> {
    let metadata: Metadata = serde_json::from_str(text)
        .map_err(|error| format!("cargo metadata answered in another shape: {error}"))?;
    let folder = |path: &Path| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.to_string_lossy().replace('\\', "/")
    };
    Ok(metadata
        .packages
        .iter()
        .map(|package| Member {
            folder: folder(package.manifest_path.parent().unwrap_or(root)),
            uses: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
                .filter_map(|dependency| dependency.path.as_deref().map(folder))
                .collect(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_folders_without_those_of_tests() {
        let text = r#"{"packages": [{
            "manifest_path": "/w/core/song/Cargo.toml",
            "dependencies": [
                {"kind": null, "path": "/w/core/theory"},
                {"kind": "build", "path": "/w/data"},
                {"kind": "dev", "path": "/w/core/engine"},
                {"kind": null, "path": null}
            ]
        }]}"#;
        let members = read_members(text, Path::new("/w")).unwrap();
        assert_eq!(
            members,
            [Member {
                folder: "core/song".to_owned(),
                uses: vec!["core/theory".to_owned(), "data".to_owned()],
            }]
        );
        assert!(read_members("[]", Path::new("/w")).is_err());
    }
}
