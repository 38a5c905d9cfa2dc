//! The dictionaries that ship with Yuefu, unpacked when they are first asked for.

use flate2::read::ZlibDecoder;
use std::io::Read;
use std::sync::OnceLock;
use yuefu_lang::{Languages, Lexicons};

/// The dictionaries of `data/lang`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shipped;

impl Lexicons for Shipped {
    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(plain) = yuefu_data::get(&format!("lang/{name}.txt")) {
            return Some(plain.to_vec());
        }
        let packed = yuefu_data::get(&format!("lang/{name}.zz"))?;
        let mut bytes = Vec::with_capacity(packed.len() * 4);
        ZlibDecoder::new(packed).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// The languages with the shipped dictionaries, loaded once for the whole process.
pub fn languages() -> &'static Languages {
    static LANGUAGES: OnceLock<Languages> = OnceLock::new();
    LANGUAGES.get_or_init(|| {
        Languages::load(&Shipped)
            .expect("the dictionaries of the build are whole, as its tests prove")
    })
}
