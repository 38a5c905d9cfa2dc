//! Files that are read when they are first asked for.

use std::{fs, ops::Deref, sync::OnceLock};

/// The bytes of one file.
pub(crate) struct Bytes {
    path: &'static str,
    read: OnceLock<Vec<u8>>,
}

impl Bytes {
    /// The bytes of the file at `path`, not read yet.
    pub(crate) const fn of(path: &'static str) -> Self {
        Self {
            path,
            read: OnceLock::new(),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Self { path, read } = self;
        read.get_or_init(|| {
            fs::read(path).unwrap_or_else(|fault| {
                panic!("{path}: {fault}. Build again where the data folder is, or with --release")
            })
        })
    }
}

/// The bytes of the file at a path, as `include_bytes!` would give them.
macro_rules! bytes {
    ($path:literal) => {
        $crate::read::Bytes::of($path)
    };
}
pub(crate) use bytes;
