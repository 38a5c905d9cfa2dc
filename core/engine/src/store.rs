//! The artifact store: results by key.

use crate::{
    key::Key,
    world::{World, WorldError},
};

/// Results of stages by their keys. Losing an artifact only costs the time to make it again.
pub trait Store: Send + Sync {
    /// The artifact of a key; `None` when it is absent, unreadable or damaged.
    fn get(&self, key: &Key) -> Option<Vec<u8>>;

    /// Keeps an artifact.
    ///
    /// # Errors
    /// When it cannot be written; the job can go on without.
    fn put(&self, key: &Key, artifact: &[u8]) -> Result<(), WorldError>;
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Artifacts.
    pub count: u64,
    /// Bytes in files.
    pub bytes: u64,
}

/// Start of every artifact file; the last byte is the version.
const MAGIC: &[u8; 4] = b"YFA\x01";

/// A store of files `store/ab/cd….art` in a world. Each file begins with a hash of its content,
/// so that damage is noticed and treated as absence.
#[derive(Debug)]
pub struct DiskStore<W>(W);

impl<W: World> DiskStore<W> {
    /// A store in the folder `store` of a world.
    pub fn new(world: W) -> Self {
        Self(world)
    }

    fn name(key: &Key) -> String {
        Self::file(&key.hex())
    }

    fn file(hex: &str) -> String {
        format!("store/{}/{}.art", &hex[..2], &hex[2..])
    }

    /// Keys in hexadecimal and bytes in files of all artifacts, by key.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<(String, u64)>, WorldError> {
        let mut found: Vec<(String, u64)> = self
            .0
            .list("store")?
            .into_iter()
            .filter_map(|(name, bytes)| Some((Self::hex(&name)?, bytes)))
            .collect();
        found.sort();
        Ok(found)
    }

    /// The key of a file's name in hexadecimal; `None` for other files.
    fn hex(name: &str) -> Option<String> {
        let (folder, file) = name.strip_prefix("store/")?.split_once('/')?;
        let hex = format!("{folder}{}", file.strip_suffix(".art")?);
        (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
    }

    /// How much it holds.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn size(&self) -> Result<StoreSize, WorldError> {
        let files = self.list()?;
        Ok(StoreSize {
            count: files.len() as u64,
            bytes: files.iter().map(|(_, bytes)| bytes).sum(),
        })
    }

    /// Removes every artifact whose key (in hexadecimal) is not in a sorted list, and says what
    /// was freed.
    ///
    /// # Errors
    /// When the folder cannot be listed or a file not removed.
    pub fn keep_only(&self, sorted: &[&str]) -> Result<StoreSize, WorldError> {
        let mut freed = StoreSize::default();
        for (hex, bytes) in self.list()? {
            if sorted.binary_search(&hex.as_str()).is_err() {
                self.0.remove(&Self::file(&hex))?;
                freed.count += 1;
                freed.bytes += bytes;
            }
        }
        Ok(freed)
    }
}

impl<W: World> Store for DiskStore<W> {
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut bytes = self.0.read(&Self::name(key)).ok()??;
        let content = bytes.strip_prefix(MAGIC)?;
        let (hash, content) = content.split_at_checked(32)?;
        if blake3::hash(content).as_bytes() != hash {
            return None;
        }
        bytes.drain(..MAGIC.len() + 32);
        Some(bytes)
    }

    fn put(&self, key: &Key, artifact: &[u8]) -> Result<(), WorldError> {
        let mut bytes = Vec::with_capacity(artifact.len() + MAGIC.len() + 32);
        bytes.extend(MAGIC);
        bytes.extend(blake3::hash(artifact).as_bytes());
        bytes.extend(artifact);
        self.0.write(&Self::name(key), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::MemoryWorld;

    #[test]
    fn damage_counts_as_absence() {
        let store = DiskStore::new(MemoryWorld::default());
        let key = |n: u32| Key::of("test", 1).value("n", &n).finish();
        for n in 0..3 {
            store.put(&key(n), &[n as u8; 100]).unwrap();
        }
        assert_eq!(store.get(&key(1)), Some(vec![1; 100]));
        assert_eq!(store.get(&key(7)), None);
        let size = store.size().unwrap();
        assert_eq!((size.count, size.bytes), (3, 3 * 136));

        let name = DiskStore::<MemoryWorld>::name(&key(1));
        let mut bytes = store.0.read(&name).unwrap().unwrap();
        bytes[50] ^= 1;
        store.0.write(&name, &bytes).unwrap();
        assert_eq!(store.get(&key(1)), None);
        store.0.write(&name, &bytes[..10]).unwrap();
        assert_eq!(store.get(&key(1)), None);

        assert_eq!(store.keep_only(&[&key(0).hex()]).unwrap().count, 2);
        assert!(store.get(&key(0)).is_some() && store.get(&key(2)).is_none());
    }
}
