//! The index as bytes.
//!
//! ```text
//! "YFO1"  songs u32  entries u32
//! names   length u8 and UTF-8 each
//! counts  65 536 bytes: entries in each bucket; 255 is followed in order by u32 at the end
//! low     u16 each        song   u16 each        bar    u8 each
//! large   u32 for each bucket of 255 or more
//! ```

use crate::index::{BUCKETS, Entry, OriginalityIndex};
use std::sync::OnceLock;

const MAGIC: &[u8; 4] = b"YFO1";

/// An index that is none, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an index of known tunes (YFO1), found other bytes. Build it again.")]
pub struct IndexError;

/// The name of the shipped index in `data`.
const SHIPPED: &str = "composer/known-tunes.yfo";

impl OriginalityIndex {
    /// The index that ships: every tune that the shipped models learned from. Read once.
    ///
    /// # Errors
    /// When the shipped data was edited and is no index any more.
    pub fn shipped() -> Result<&'static Self, IndexError> {
        static INDEX: OnceLock<Result<OriginalityIndex, IndexError>> = OnceLock::new();
        INDEX
            .get_or_init(|| Self::from_bytes(yuefu_data::get(SHIPPED).ok_or(IndexError)?))
            .as_ref()
            .map_err(|error| *error)
    }

    /// The index as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.entries.len() * 5 + BUCKETS + 64 * self.songs.len());
        out.extend(MAGIC);
        out.extend((self.songs.len() as u32).to_le_bytes());
        out.extend((self.entries.len() as u32).to_le_bytes());
        for name in &self.songs {
            let mut end = name.len().min(255);
            while !name.is_char_boundary(end) {
                end -= 1;
            }
            out.push(end as u8);
            out.extend(&name.as_bytes()[..end]);
        }
        let mut large = Vec::new();
        for pair in self.starts.windows(2) {
            let count = pair[1] - pair[0];
            out.push(count.min(255) as u8);
            if count >= 255 {
                large.extend(count.to_le_bytes());
            }
        }
        for entry in &self.entries {
            out.extend(entry.low.to_le_bytes());
        }
        for entry in &self.entries {
            out.extend(entry.song.to_le_bytes());
        }
        out.extend(self.entries.iter().map(|entry| entry.bar));
        out.extend(large);
        out
    }

    /// The index of bytes.
    ///
    /// # Errors
    /// For bytes that are no index. Never panics, never reserves more than the bytes warrant.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        read(bytes).ok_or(IndexError)
    }
}

fn read(bytes: &[u8]) -> Option<OriginalityIndex> {
    let mut left = bytes.strip_prefix(MAGIC)?;
    let mut take = |count: usize| -> Option<&[u8]> {
        let (head, tail) = left.split_at_checked(count)?;
        left = tail;
        Some(head)
    };
    let word = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?));
    let songs = word(take(4)?)? as usize;
    let count = word(take(4)?)? as usize;
    let mut names = Vec::new();
    for _ in 0..songs {
        let len = usize::from(take(1)?[0]);
        names.push(String::from_utf8(take(len)?.to_vec()).ok()?);
    }
    let counts = take(BUCKETS)?;
    let low = take(count.checked_mul(2)?)?;
    let song = take(count.checked_mul(2)?)?;
    let bar = take(count)?;
    let mut starts = Vec::with_capacity(BUCKETS + 1);
    starts.push(0_u32);
    let mut at = 0_u32;
    for few in counts {
        let here = match few {
            255 => word(take(4)?)?,
            few => u32::from(*few),
        };
        at = at.checked_add(here)?;
        starts.push(at);
    }
    if at as usize != count || !left.is_empty() {
        return None;
    }
    let pair = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]);
    let entries: Vec<Entry> = (0..count)
        .map(|at| Entry {
            low: pair(low, at),
            song: pair(song, at),
            bar: bar[at],
        })
        .collect();
    let sorted = starts.windows(2).all(|pair| {
        let bucket = &entries[pair[0] as usize..pair[1] as usize];
        bucket.windows(2).all(|pair| pair[0].low <= pair[1].low)
    });
    let named = entries.iter().all(|entry| usize::from(entry.song) < songs);
    (sorted && named).then_some(OriginalityIndex {
        songs: names,
        starts,
        entries,
    })
}
