//! The course of a song's chords, beat by beat, and what the network sees of it before a beat.

use super::Told;
use yuefu_plan::learned::REPERTOIRES;
use yuefu_song::{LineNote, SectionKind};
use yuefu_theory::TickSpan;

/// One felt beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// What sounds.
    pub chord: Told,
    /// Whether it begins here.
    pub change: bool,
    /// How long each pitch class of the tune above the tonic sounds in it, as shares of the beat;
    /// `None` where nobody knows the tune.
    pub tune: Option<[f32; 12]>,
}

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its first beat and the one behind its last.
    pub beats: (usize, usize),
    /// What it does; `None` where nobody says.
    pub kind: Option<SectionKind>,
    /// Whether its key is minor.
    pub minor: bool,
}

/// A song in one metre, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Repertoire, by its place in [`REPERTOIRES`].
    pub repertoire: Option<u8>,
    /// Felt beats of a bar.
    pub per_bar: usize,
    /// Sections in order, without gaps.
    pub passages: Vec<Passage>,
    /// All beats that are known.
    pub beats: Vec<Beat>,
}

/// What is seen before a beat: classes, numbered through, and [`DENSE`] numbers of the tune.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Numbers below [`SIZE`] less [`DENSE`].
    pub classes: Vec<usize>,
    /// Pitch classes in this beat and the next, and in the four from here on.
    pub tune: [f32; DENSE],
}

impl Seen {
    /// Hides what need not be known: the repertoire, what the section does (and where the last one
    /// of its kind was), the tune.
    pub fn hide(&mut self, [repertoire, kind, tune]: [bool; 3]) {
        let start = |feature: usize| FEATURES[..feature].iter().sum::<usize>();
        if repertoire {
            self.classes[0] = 0;
        }
        if kind {
            for feature in [KIND, TWIN] {
                self.classes[feature] = start(feature);
            }
        }
        if tune {
            self.classes.truncate(FEATURES.len());
            self.tune = [0.0; DENSE];
        }
    }
}

/// Numbers of the tune.
pub const DENSE: usize = 24;
const SYMBOLS: usize = Told::NONE as usize + 1;
/// An older chord: its symbol and whether it began there, or nothing.
const OLDER: usize = 2 * SYMBOLS + 1;
const KINDS: usize = SectionKind::ALL.len() + 1;
/// Beats of a bar, beats since the change, bars left: more count as this many.
const MOST: usize = 8;
/// Classes of each feature.
const FEATURES: [usize; 16] = [
    REPERTOIRES.len() + 1,
    MOST + 1,
    2,
    KINDS,
    8,
    MOST + 1,
    MOST,
    MOST + 1,
    SYMBOLS,
    4,
    SYMBOLS,
    SYMBOLS,
    OLDER,
    OLDER,
    OLDER,
    OLDER,
];
/// The features that say what a section does and what sounded in the last one of its kind.
const KIND: usize = 3;
const TWIN: usize = FEATURES.len() - 1;
/// Inputs in all: every class, whether the tune is known, and the tune.
pub const SIZE: usize = {
    let mut sum = 1 + DENSE;
    let mut at = 0;
    while at < FEATURES.len() {
        sum += FEATURES[at];
        at += 1;
    }
    sum
};

/// What the network sees before beat `at` of a passage. Beats from `at` on are not looked at but
/// for their tune.
pub fn see(course: &Course, passage: usize, at: usize, seen: &mut Seen) {
    let own = &course.passages[passage];
    let per_bar = course.per_bar.max(1);
    let (from, to) = own.beats;
    let (bar, beat) = ((at - from) / per_bar, (at - from) % per_bar);
    let left = (to - at).div_ceil(per_bar);
    let past = &course.beats[..at];
    let since = past.iter().rev().take_while(|b| !b.change).count();
    let now = past.last().map_or(Told::SILENT, |b| b.chord);
    let mut others = past.iter().rev().map(|b| b.chord.symbol);
    let mut other = |than: u8| others.find(|s| *s != than).unwrap_or(Told::NONE);
    let before = other(now.symbol);
    let behind = other(before);
    let older = |bars: usize| {
        let there = at.checked_sub(bars * per_bar);
        older(there.and_then(|there| past.get(there)))
    };
    // The same place of the last section of the kind.
    let twin = course.passages[..passage].iter().rev().find_map(|other| {
        let there = other.beats.0 + (at - from);
        (own.kind.is_some() && other.kind == own.kind && there < other.beats.1).then_some(there)
    });
    let values = [
        course.repertoire.map_or(0, |r| usize::from(r) + 1),
        per_bar.min(MOST),
        usize::from(own.minor),
        own.kind.map_or(0, |kind| kind as usize + 1),
        bar % 8,
        left.min(MOST),
        beat.min(MOST - 1),
        since.min(MOST),
        usize::from(now.symbol),
        usize::from(now.bass),
        usize::from(before),
        usize::from(behind),
        older(2),
        older(4),
        older(8),
        self::older(twin.and_then(|there| past.get(there))),
    ];
    seen.classes.clear();
    let mut base = 0;
    for (value, size) in values.into_iter().zip(FEATURES) {
        debug_assert!(value < size);
        seen.classes.push(base + value);
        base += size;
    }
    seen.tune = [0.0; DENSE];
    let ahead = &course.beats[at.min(course.beats.len())..to.min(course.beats.len()).max(at)];
    if ahead.first().is_some_and(|b| b.tune.is_some()) {
        seen.classes.push(base);
        for (index, tune) in ahead.iter().take(4).filter_map(|b| b.tune).enumerate() {
            for (pc, share) in tune.into_iter().enumerate() {
                if index < 2 {
                    seen.tune[pc] += share;
                }
                seen.tune[12 + pc] += share;
            }
        }
    }
}

fn older(beat: Option<&Beat>) -> usize {
    beat.map_or(0, |beat| {
        1 + usize::from(beat.chord.symbol) * 2 + usize::from(beat.change)
    })
}

/// How long each pitch class above the tonic is sung in a beat, as shares of it; notes in order.
pub fn sung(line: &[LineNote], tonic: u8, beat: TickSpan) -> [f32; 12] {
    let mut shares = [0.0; 12];
    let from = line.partition_point(|note| note.at + note.len <= beat.start);
    for note in line[from..].iter().take_while(|note| note.at < beat.end) {
        let end = (note.at + note.len).min(beat.end);
        let long = (end - note.at.max(beat.start)).0 as f32 / beat.len().0.max(1) as f32;
        shares[usize::from((12 + note.key % 12 - tonic) % 12)] += long;
    }
    shares
}
