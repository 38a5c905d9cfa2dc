//! From the mix to finished files.

pub mod bundle;
pub mod manifest;
pub mod master;
pub mod tagging;

pub use bundle::{Bundle, FileRecord};
pub use manifest::{AiLabel, MANIFEST_FILE, Manifest, document_key};
pub use tagging::tags;
