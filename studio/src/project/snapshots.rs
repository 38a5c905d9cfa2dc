//! Whole songs kept beside the history, so that no version is far from a known one.

use super::Project;
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
};
use yuefu_engine::WorldError;
use yuefu_song::{Edit, EditError, History, Parts, Song, VersionId};

const FOLDER: &str = "history/snapshots";

/// After how many versions a snapshot is kept.
pub(super) const EVERY: usize = 64;

fn name(id: &VersionId) -> String {
    format!("{FOLDER}/{id}.z")
}

impl Project {
    /// Keeps a song whole.
    pub(super) fn keep_snapshot(&self, id: &VersionId, song: &Song) -> Result<(), WorldError> {
        let text = serde_json::to_vec(&Edit::from_nothing(song)).unwrap_or_default();
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        // Packing into memory cannot fail.
        let packed = packer.write_all(&text).and_then(|()| packer.finish());
        self.world.write(&name(id), &packed.unwrap_or_default())
    }

    /// A song kept whole; `None` when there is none or it is damaged.
    fn snapshot(&self, id: &VersionId) -> Option<Song> {
        let packed = self.world.read(&name(id)).ok()??;
        let mut text = Vec::new();
        ZlibDecoder::new(&packed[..]).read_to_end(&mut text).ok()?;
        let edit: Edit = serde_json::from_slice(&text).ok()?;
        let mut parts = Parts::default();
        edit.apply_to(&mut parts).ok()?;
        parts.into_song().ok()
    }

    /// The song at a version; `known` is a version whose song is at hand.
    pub(super) fn song_at(
        &self,
        history: &History,
        id: &VersionId,
        known: Option<(&VersionId, &Song)>,
    ) -> Result<Song, EditError> {
        let there: BTreeSet<String> = self
            .world
            .list(FOLDER)
            .map(|files| files.into_iter().map(|(name, _)| name).collect())
            .unwrap_or_default();
        let mut give = |id: &VersionId| match known {
            Some((known, song)) if known == id => Some(song.clone()),
            _ if there.contains(&name(id)) => self.snapshot(id),
            _ => None,
        };
        // A snapshot only saves time: if one leads astray, the log alone must do.
        history
            .song(id, &mut give)
            .or_else(|_| history.song(id, &mut |_| None))
    }

    /// Removes snapshots of versions that are not in a history.
    pub(super) fn drop_snapshots(&self, history: &History) -> Result<(), WorldError> {
        for (file, _) in self.world.list(FOLDER)? {
            let id = file.rsplit('/').next().and_then(|n| n.strip_suffix(".z"));
            let kept = id
                .and_then(|id| history.resolve(id))
                .is_some_and(|id| name(id) == file);
            if !kept {
                self.world.remove(&file)?;
            }
        }
        Ok(())
    }
}
