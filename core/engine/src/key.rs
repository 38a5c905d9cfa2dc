//! Keys of artifacts: a hash of everything a stage read.

use crate::{canonical, rng::SeedPath};
use serde::Serialize;
use std::fmt;

/// The name of an artifact: BLAKE3 of the stage, its version and the values it read.
///
/// Two equal keys mean equal results; so a key never holds a clock, a pointer, a path of the
/// file system or the iteration order of a hash map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Starts the key of a stage. `version` is raised whenever the same input gives another
    /// result.
    pub fn of(stage: &str, version: u32) -> KeyBuilder {
        KeyBuilder(blake3::Hasher::new()).value("stage", &(stage, version))
    }

    /// The hash.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash in 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", &self.hex()[..12])
    }
}

/// Collects what a stage read. The order of calls matters.
#[derive(Clone, Debug)]
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// Adds a value under a name.
    #[must_use]
    pub fn value<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        let bytes = canonical::bytes(value);
        self.0.update(&(name.len() as u64).to_le_bytes());
        self.0.update(name.as_bytes());
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(&bytes);
        self
    }

    /// Adds the place in the tree of seeds.
    #[must_use]
    pub fn seed(self, path: &SeedPath) -> Self {
        self.value("seed", path.as_str())
    }

    /// Adds the digest of the weights or samples that were used.
    #[must_use]
    pub fn model(self, digest: &str) -> Self {
        self.value("model", digest)
    }

    /// The key.
    pub fn finish(&self) -> Key {
        Key(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn keys_follow_values_only() {
        let of = |v: f32| Key::of("stem", 1).value("gain", &v).finish();
        assert_eq!(of(0.0), of(-0.0));
        assert_ne!(of(0.1), of(0.2));
        let mut a: HashMap<String, u8> = HashMap::new();
        let mut b = HashMap::new();
        for i in 0..100u8 {
            a.insert(format!("k{i}"), i);
            b.insert(format!("k{}", 99 - i), 99 - i);
        }
        let key = |map: &HashMap<String, u8>| Key::of("s", 1).value("map", map).finish();
        assert_eq!(key(&a), key(&b));
        let joined = |x: &str, y: &str| Key::of("s", 1).value(x, y).finish();
        assert_ne!(joined("ab", "c"), joined("a", "bc"));
        assert_ne!(Key::of("s", 1).finish(), Key::of("s", 2).finish());
    }

    #[test]
    fn the_spelling_is_pinned() {
        // A change of this value would silently orphan every stored artifact.
        let key = Key::of("pin", 1)
            .value("x", &(1u8, -2i64, "three", [Some(0.5f32), None]))
            .seed(&SeedPath::song(7).join("melody"))
            .finish();
        assert_eq!(
            &key.hex()[..16],
            PIN,
            "the canonical spelling of values changed"
        );
    }

    const PIN: &str = "bd149832b046236e";
}
