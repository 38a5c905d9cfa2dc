//! Projects of singing programs: OpenUtau (`.ustx`) and DiffSinger (`.ds`), both ways.

mod drawn;
mod ds;
mod part;
mod phones;
mod ustx;
mod yaml;

pub use ds::{read_ds, write_ds};
pub use ustx::{read_ustx, write_ustx};
pub use yaml::{Yaml, read as read_yaml};
