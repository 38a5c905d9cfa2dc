//! What a project keeps of its renderings: artifacts by key, and the ledgers that name them.
//!
//! A version's ledger lists every artifact that hearing this version again needs. Collecting
//! removes artifacts that no kept ledger names; ledgers of the present state, of named versions
//! and of the heads of branches are always kept, those of other states as long as there is room,
//! the newest first.

use crate::{error::StudioError, render::Ledger, world::DiskWorld};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::PathBuf,
    time::SystemTime,
};
use yuefu_engine::{DiskStore, StoreSize, World, WorldError};

/// Bytes that a project's store may take unless told otherwise: several versions of a song of
/// three minutes.
pub const USUAL_LIMIT: u64 = 2 << 30;

/// Where ledgers lie in a project.
const LEDGERS: &str = "store/ledgers";

/// The artifacts and ledgers of a project folder.
#[derive(Debug)]
pub struct Keeping {
    world: DiskWorld,
    store: DiskStore<DiskWorld>,
}

/// What collecting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What was removed.
    pub freed: StoreSize,
    /// What is left.
    pub left: StoreSize,
    /// Bytes by which what versions need exceeds the limit.
    pub over: u64,
}

/// Holds off collecting by another process while a rendering uses the store.
#[derive(Debug)]
pub struct InUse {
    _lock: Option<File>,
}

impl Keeping {
    /// The keeping of a project folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let world = DiskWorld::new(folder);
        Self {
            store: DiskStore::new(world.clone()),
            world,
        }
    }

    /// The artifacts.
    pub fn store(&self) -> &DiskStore<DiskWorld> {
        &self.store
    }

    fn ledger_file(state: &str) -> String {
        let safe: String = state
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(64)
            .collect();
        format!("{LEDGERS}/{safe}.json")
    }

    /// The ledger of a state of the song.
    pub fn ledger(&self, state: &str) -> Option<Ledger> {
        let bytes = self.world.read(&Self::ledger_file(state)).ok()??;
        Ledger::parse(&bytes)
    }

    /// The ledger that was written last, whatever its state.
    pub fn newest(&self) -> Option<Ledger> {
        let (name, _) = self.by_age().into_iter().next()?;
        Ledger::parse(&self.world.read(&name).ok()??)
    }

    /// Keeps the ledger of a state.
    ///
    /// # Errors
    /// When the folder cannot be written; hearing the song is not affected.
    pub fn keep(&self, state: &str, ledger: &Ledger) -> Result<(), WorldError> {
        self.world
            .write(&Self::ledger_file(state), ledger.text().as_bytes())
    }

    /// Files of ledgers, the newest first; of equal age by name.
    fn by_age(&self) -> Vec<(String, SystemTime)> {
        let names = self.world.list(LEDGERS).unwrap_or_default();
        let mut files: Vec<(String, SystemTime)> = names
            .into_iter()
            .map(|(name, _)| {
                let path = self.world.folder().join(&name);
                let time = fs::metadata(path).and_then(|meta| meta.modified());
                (name, time.unwrap_or(SystemTime::UNIX_EPOCH))
            })
            .collect();
        files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        files
    }

    /// Tells other processes that the store is in use until the result is dropped. Where nothing
    /// can be locked (a read-only folder) nothing can be collected either.
    pub fn in_use(&self) -> InUse {
        let lock = self.lock_file().filter(|file| file.lock_shared().is_ok());
        InUse { _lock: lock }
    }

    fn lock_file(&self) -> Option<File> {
        let path = self.world.folder().join("store/lock");
        fs::create_dir_all(path.parent()?).ok()?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .ok()
    }

    /// How much the artifacts take.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn size(&self) -> Result<StoreSize, WorldError> {
        self.store.size()
    }

    /// Brings the store under a limit, keeping everything that the states in `needed` need.
    ///
    /// Does nothing while another process renders.
    ///
    /// # Errors
    /// When the folder cannot be listed, or a file not be removed.
    pub fn collect(&self, needed: &[String], limit: u64) -> Result<Collected, StudioError> {
        let sizes: Vec<(String, u64)> = self.store.list()?;
        let total = StoreSize {
            count: sizes.len() as u64,
            bytes: sizes.iter().map(|(_, bytes)| bytes).sum(),
        };
        let idle = self.lock_file().filter(|file| file.try_lock().is_ok());
        if idle.is_none() {
            return Ok(Collected {
                left: total,
                ..Collected::default()
            });
        }
        let bytes_of = |key: &str| {
            sizes
                .binary_search_by(|(have, _)| have.as_str().cmp(key))
                .map_or(0, |index| sizes[index].1)
        };
        let protected: BTreeSet<String> = needed.iter().map(|s| Self::ledger_file(s)).collect();
        let (always, sometimes): (Vec<_>, Vec<_>) = self
            .by_age()
            .into_iter()
            .partition(|(name, _)| protected.contains(name));
        let mut kept: BTreeSet<String> = BTreeSet::new();
        let mut bytes = 0;
        let mut dropped = Vec::new();
        let mut full = false;
        for (must, (name, _)) in always
            .iter()
            .map(|row| (true, row))
            .chain(sometimes.iter().map(|row| (false, row)))
        {
            let ledger = self.world.read(name)?.and_then(|b| Ledger::parse(&b));
            let Some(ledger) = ledger else {
                dropped.push(name);
                continue;
            };
            let new: Vec<&str> = ledger
                .keys()
                .into_iter()
                .filter(|key| !kept.contains(*key))
                .collect();
            let more: u64 = new.iter().map(|key| bytes_of(key)).sum();
            full |= !must && bytes + more > limit;
            if full && !must {
                dropped.push(name);
                continue;
            }
            bytes += more;
            kept.extend(new.into_iter().map(str::to_owned));
        }
        // Ledgers go first: one that names what is gone would only cost time.
        for name in dropped {
            self.world.remove(name)?;
        }
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        let freed = self.store.keep_only(&kept)?;
        Ok(Collected {
            freed,
            left: StoreSize {
                count: total.count - freed.count,
                bytes: total.bytes - freed.bytes,
            },
            over: bytes.saturating_sub(limit),
        })
    }
}
