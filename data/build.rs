//! Lists every file that ships in `data/` in one sorted table, by name and path.

use std::{env, fs, io::Write, path::Path};

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).expect("data folder is readable") {
        let path = entry.expect("data folder is readable").path();
        if path.is_dir() {
            walk(root, &path, found);
        } else if let Some(extension) = path.extension().and_then(|e| e.to_str())
            && (!["md", "rs"].contains(&extension) || path.ends_with("SOURCE.md"))
        {
            let name = path.strip_prefix(root).expect("inside the root");
            found.push(
                name.to_str()
                    .expect("names in data are UTF-8")
                    .replace('\\', "/"),
            );
        }
    }
}

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    let root = Path::new(&root);
    let mut found = Vec::new();
    for entry in fs::read_dir(root).expect("data folder is readable") {
        let path = entry.expect("data folder is readable").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "src") {
            walk(root, &path, &mut found);
        }
    }
    println!("cargo:rerun-if-changed={}", root.display());
    found.sort();
    let out = Path::new(&env::var("OUT_DIR").expect("set by cargo")).join("table.rs");
    let mut file = fs::File::create(out).expect("OUT_DIR is writable");
    writeln!(file, "static FILES: [(&str, Bytes); {}] = [", found.len())
        .expect("OUT_DIR is writable");
    for name in &found {
        writeln!(file, "    ({name:?}, bytes!({:?})),", root.join(name))
            .expect("OUT_DIR is writable");
    }
    writeln!(file, "];").expect("OUT_DIR is writable");
}
