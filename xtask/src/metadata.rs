//! What `cargo metadata` says of the workspace, as far as the checks need it.

use serde::Deserialize;
use std::process::Command;

/// The resolved graph.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// All packages, ours and others'.
    pub packages: Vec<Package>,
    /// Ids of ours.
    pub workspace_members: Vec<String>,
    /// The graph after feature resolution.
    pub resolve: Resolve,
}

/// The graph after feature resolution.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// Ids of the packages that are built.
    pub nodes: Vec<Node>,
}

/// A package that is built.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: String,
}

/// A package.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX expression.
    pub license: Option<String>,
    /// Path of its manifest.
    pub manifest_path: String,
    /// What it asks for.
    pub dependencies: Vec<Dependency>,
}

/// A dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `dev`, `build`, or none for a usual one.
    pub kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo fails or answers in another shape.
    pub fn read() -> Result<Self, String> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .output()
            .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("cargo metadata answered in another shape: {error}"))
    }

    /// The packages of the workspace.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}

impl Package {
    /// Folder of the package inside the workspace, such as `core/audio`.
    pub fn folder(&self) -> String {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
        let root = std::path::Path::new(root);
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let path = std::path::Path::new(&self.manifest_path);
        let folder = path.parent().unwrap_or(path);
        folder
            .strip_prefix(root)
            .unwrap_or(folder)
            .to_string_lossy()
            .replace('\\', "/")
    }
}
