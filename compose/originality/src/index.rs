//! The index: which patterns are known, and from where.

use crate::pattern::{COMMON, PATTERN, TuneNote, patterns};
use std::collections::BTreeMap;

/// Buckets by the upper 16 of a pattern's 32 bits.
pub(crate) const BUCKETS: usize = 1 << 16;

/// Hashes of known tunes. 32 bits of each pattern are kept: of patterns in no known tune, one in
/// 2^32 / [`len`](OriginalityIndex::len) is taken for known by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalityIndex {
    /// Names of the songs.
    pub(crate) songs: Vec<String>,
    /// Where each bucket's entries begin; one more at the end.
    pub(crate) starts: Vec<u32>,
    /// Lower 16 bits, ascending within a bucket; then song, then bar.
    pub(crate) entries: Vec<Entry>,
}

/// One pattern of one song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) low: u16,
    pub(crate) song: u16,
    /// Bar from 1 where it is first heard; 255 stands for that and all later ones.
    pub(crate) bar: u8,
}

/// A run of notes that equals a known tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRun<'a> {
    /// Index of its first note.
    pub first: usize,
    /// How many notes; at least [`PATTERN`].
    pub notes: usize,
    /// The song that the tune is from.
    pub song: &'a str,
    /// The bar of the song, from 1, where the run begins; 255 also for later ones.
    pub bar: u8,
}

/// How much of a tune is known from one song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known<'a> {
    /// The song.
    pub song: &'a str,
    /// Share of the tune's patterns that are in the song, 0..=1.
    pub share: f64,
}

impl OriginalityIndex {
    /// Builds an index of tunes: name, group (versions of one song share it), notes, and the bar
    /// (from 1) of a note by its index. Patterns in [`COMMON`] or more groups are left out. At
    /// most 65 536 songs are taken.
    pub fn build<'a, B: Fn(usize) -> i64 + 'a>(
        tunes: impl IntoIterator<Item = (&'a str, u64, &'a [TuneNote], B)>,
    ) -> Self {
        // Pattern to the songs that have it: group, number, bar.
        let mut known: BTreeMap<u32, Vec<(u64, Entry)>> = BTreeMap::new();
        let mut songs = Vec::new();
        for (name, group, notes, bar) in tunes.into_iter().take(usize::from(u16::MAX) + 1) {
            let song = songs.len() as u16;
            songs.push(name.to_owned());
            for (index, hash) in patterns(notes).enumerate() {
                let holders = known.entry((hash >> 32) as u32).or_default();
                let here = holders.iter().any(|(_, entry)| entry.song == song);
                if !here && holders.len() < 4 * COMMON {
                    let entry = Entry {
                        low: (hash >> 32) as u16,
                        song,
                        bar: bar(index).clamp(1, 255) as u8,
                    };
                    holders.push((group, entry));
                }
            }
        }
        let mut starts = vec![0_u32; BUCKETS + 1];
        let mut entries = Vec::new();
        for (hash, holders) in known {
            let mut groups: Vec<u64> = holders.iter().map(|holder| holder.0).collect();
            groups.sort_unstable();
            groups.dedup();
            if groups.len() >= COMMON {
                continue;
            }
            starts[(hash >> 16) as usize + 1] += holders.len() as u32;
            entries.extend(holders.into_iter().map(|holder| holder.1));
        }
        for bucket in 0..BUCKETS {
            starts[bucket + 1] += starts[bucket];
        }
        Self {
            songs,
            starts,
            entries,
        }
    }

    /// How many patterns are known, each counted once for every song that has it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many songs are known.
    pub fn songs(&self) -> usize {
        self.songs.len()
    }

    /// How likely it is that nine new notes are taken for known ones by chance.
    pub fn false_alarm(&self) -> f64 {
        self.len() as f64 / 4_294_967_296.0
    }

    /// The entries of a pattern: empty, or those of fewer than [`COMMON`] songs.
    fn holders(&self, hash: u64) -> &[Entry] {
        let (bucket, low) = ((hash >> 48) as usize, (hash >> 32) as u16);
        let bucket = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let from = bucket.partition_point(|entry| entry.low < low);
        let count = bucket[from..].partition_point(|entry| entry.low == low);
        &bucket[from..from + count]
    }

    /// Whether no run of more than [`MOST_KNOWN`](crate::MOST_KNOWN) notes is known. Notes in
    /// order of onset, one at a time. Asked of the last nine notes alone it says whether the
    /// newest completes a known run. Allocates nothing.
    pub fn is_original(&self, notes: &[TuneNote]) -> bool {
        patterns(notes).all(|hash| self.holders(hash).is_empty())
    }

    /// All runs that are known and cannot be made longer, in order of their first note. A run is
    /// from one song throughout.
    pub fn known_runs(&self, notes: &[TuneNote]) -> Vec<KnownRun<'_>> {
        // Runs that may go on, by song: first note and bar.
        let mut open: BTreeMap<u16, (usize, u8)> = BTreeMap::new();
        let mut runs = Vec::new();
        let mut close = |song: u16, (first, bar): (usize, u8), next: usize| {
            runs.push(KnownRun {
                first,
                notes: next - first + PATTERN - 1,
                song: self.songs.get(usize::from(song)).map_or("", String::as_str),
                bar,
            });
        };
        let mut count = 0;
        for (index, hash) in patterns(notes).enumerate() {
            count = index + 1;
            let holders = self.holders(hash);
            open.retain(|song, run| {
                let goes_on = holders.iter().any(|entry| entry.song == *song);
                if !goes_on {
                    close(*song, *run, index);
                }
                goes_on
            });
            for entry in holders {
                open.entry(entry.song).or_insert((index, entry.bar));
            }
        }
        for (song, run) in open {
            close(song, run, count);
        }
        runs.sort_by_key(|run| (run.first, std::cmp::Reverse(run.notes), run.song));
        runs
    }

    /// The longest run that equals a known tune, the first of equally long ones; `None` for an
    /// original tune.
    pub fn longest_known_run(&self, notes: &[TuneNote]) -> Option<KnownRun<'_>> {
        let runs = self.known_runs(notes);
        runs.into_iter()
            .max_by_key(|run| (run.notes, std::cmp::Reverse(run.first)))
    }

    /// The songs that share most with a tune, at most `most`, nearest first; only those that
    /// share anything.
    pub fn nearest(&self, notes: &[TuneNote], most: usize) -> Vec<Known<'_>> {
        let mut shared: BTreeMap<u16, usize> = BTreeMap::new();
        let mut count = 0;
        for hash in patterns(notes) {
            count += 1;
            let mut last = None;
            for entry in self.holders(hash) {
                if last != Some(entry.song) {
                    *shared.entry(entry.song).or_default() += 1;
                }
                last = Some(entry.song);
            }
        }
        let mut out: Vec<(u16, usize)> = shared.into_iter().collect();
        out.sort_by_key(|(song, shared)| (std::cmp::Reverse(*shared), *song));
        out.truncate(most);
        out.into_iter()
            .map(|(song, shared)| Known {
                song: self.songs.get(usize::from(song)).map_or("", String::as_str),
                share: shared as f64 / f64::from(count.max(1)),
            })
            .collect()
    }
}
