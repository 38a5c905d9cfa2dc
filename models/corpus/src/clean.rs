//! What is left out, which songs are versions of one another, and who belongs to which split.

use crate::{
    complete::melody_line,
    piece::{Piece, Source, Split},
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use yuefu_originality::{patterns, tune_of};

/// Why a song is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The file is damaged or of a kind that is not read.
    Unreadable,
    /// A file that belongs to the song is missing.
    Incomplete,
    /// Beats that do not ascend, or a tempo that cannot be.
    Beats,
    /// No part is a tune.
    NoMelody,
    /// Fewer bars or notes than [`Limits`] ask for.
    Short,
    /// A range no voice has, or hardly any.
    Range,
    /// More notes than anyone sings.
    Dense,
    /// Played without regard to the file's beats.
    OffGrid,
    /// Nothing that can be learned from: no chords, sections or hits.
    Empty,
}

impl Refusal {
    /// What it says in English and Chinese.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("cannot be read", "无法读取"),
            Self::Incomplete => ("a file is missing", "缺少文件"),
            Self::Beats => ("beats that cannot be", "节拍标注不可用"),
            Self::NoMelody => ("no tune", "没有旋律"),
            Self::Short => ("too short", "太短"),
            Self::Range => ("implausible range", "音域不合理"),
            Self::Dense => ("implausibly many notes", "音符过密"),
            Self::OffGrid => ("not on its beats", "不合节拍"),
            Self::Empty => ("nothing to learn from", "没有可学的内容"),
        }
    }
}

/// What a song must have to be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Fewest notes of a melody.
    pub notes: usize,
    /// Fewest bars of a song with a melody.
    pub bars: i64,
    /// Smallest and largest range of a melody in semitones.
    pub range: [u8; 2],
    /// Most notes of a melody in a quarter note, on average over the song's length.
    pub density: f64,
    /// Fewest chords of a song that has chords only.
    pub chords: usize,
    /// Fewest hits of a drum performance.
    pub hits: usize,
}

impl Default for Limits {
    /// 24 notes, 8 bars, 5 to 36 semitones, 4 notes a quarter, 8 chords, 8 hits.
    fn default() -> Self {
        Self {
            notes: 24,
            bars: 8,
            range: [5, 36],
            density: 4.0,
            chords: 8,
            hits: 8,
        }
    }
}

/// Says why a piece is left out, if it is.
pub(crate) fn refused(piece: &Piece, limits: &Limits) -> Option<Refusal> {
    if piece.drums.is_some() {
        let hits: usize = piece.score.tracks.iter().map(count).sum();
        return (hits < limits.hits).then_some(Refusal::Empty);
    }
    if piece.melody.is_none() {
        let sections = piece.score.sections.len();
        let empty = piece.score.chords.len() < limits.chords && sections < 2;
        return empty.then_some(Refusal::Empty);
    }
    let line = melody_line(piece);
    let (bars, into) = piece.score.timeline.bar_of(piece.score.end());
    if line.len() < limits.notes || bars + i64::from(into.0 > 0) < limits.bars {
        return Some(Refusal::Short);
    }
    let low = line.iter().map(|note| note.key).min().unwrap_or(0);
    let high = line.iter().map(|note| note.key).max().unwrap_or(0);
    if !(limits.range[0]..=limits.range[1]).contains(&(high - low)) {
        return Some(Refusal::Range);
    }
    let first = line.first().map_or(0.0, |note| note.at.as_quarters());
    let last = line.last().map_or(0.0, |note| note.at.as_quarters());
    (line.len() as f64 > limits.density * (last - first).max(1.0)).then_some(Refusal::Dense)
}

fn count(track: &yuefu_song::Track) -> usize {
    track.phrases.iter().map(|phrase| phrase.notes.len()).sum()
}

fn first_eight(hash: &blake3::Hash) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// A number for a name, for groups.
pub(crate) fn name_hash(name: &str) -> u64 {
    first_eight(&blake3::hash(name.as_bytes()))
}

/// Songs share a group if a third of the patterns of the one with fewer are in the other.
const SHARED: f64 = 1.0 / 3.0;

/// A pattern that occurs in more songs than this says nothing of two of them.
const COMMON: usize = 24;

/// Gives versions of one song the same group, and every song its split by group. Pieces come
/// with the group that their source states, 0 for none; drum performances keep the split that
/// their collection states. Returns how many songs are versions of another.
pub(crate) fn group(pieces: &mut [Piece]) -> usize {
    let mut parent: Vec<usize> = (0..pieces.len()).collect();
    let mut stated: HashMap<u64, usize> = HashMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        if piece.group != 0 {
            let first = *stated.entry(piece.group).or_insert(index);
            join(&mut parent, first, index);
        }
    }
    let known: Vec<Vec<u64>> = pieces
        .iter()
        .map(|piece| {
            let tune = piece
                .melody
                .map(|index| tune_of(&piece.score.tracks[index]));
            let mut hashes: Vec<u64> = patterns(&tune.unwrap_or_default()).collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes
        })
        .collect();
    let mut holders: HashMap<u64, Vec<u32>> = HashMap::new();
    for (index, hashes) in known.iter().enumerate() {
        for hash in hashes {
            holders.entry(*hash).or_default().push(index as u32);
        }
    }
    let mut shared: HashMap<(u32, u32), usize> = HashMap::new();
    for holders in holders.values().filter(|holders| holders.len() <= COMMON) {
        for (at, a) in holders.iter().enumerate() {
            for b in &holders[at + 1..] {
                *shared.entry((*a, *b)).or_default() += 1;
            }
        }
    }
    for ((a, b), count) in shared {
        let (a, b) = (a as usize, b as usize);
        let fewer = known[a].len().min(known[b].len());
        if fewer >= 8 && count as f64 >= SHARED * fewer as f64 {
            join(&mut parent, a, b);
        }
    }
    // A group is named after its first song, so that adding others does not move it.
    let mut first: BTreeMap<usize, String> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        let root = find(&mut parent, index);
        let id = piece.id();
        let name = first.entry(root).or_insert_with(|| id.clone());
        if id < *name {
            *name = id;
        }
    }
    let versions = pieces.len() - first.len();
    for (index, piece) in pieces.iter_mut().enumerate() {
        let root = find(&mut parent, index);
        piece.group = name_hash(&first[&root]);
        if piece.source != Source::Groove {
            piece.split = Split::of_group(piece.group);
        }
    }
    versions
}

fn find(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(parent, a), find(parent, b));
    // The smaller number stays: the result does not depend on the order of joining.
    parent[a.max(b)] = a.min(b);
}
