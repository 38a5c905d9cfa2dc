//! Which staves, clefs and octaves a part is written with, and which notes each staff takes.
//!
//! Practice after E. Gould, *Behind Bars* (Faber, 2011): keyboards, harps and their like on two
//! staves, guitars and basses an octave above what they sound.

use crate::model::Placed;
use yuefu_theory::{Ticks, Timeline};

/// A clef, as MusicXML names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clef {
    pub(super) sign: &'static str,
    /// Line of the staff, from below.
    pub(super) line: u8,
    /// Octaves from the plain clef to what it shows.
    pub(super) octave: i8,
}

const fn clef(sign: &'static str, line: u8, octave: i8) -> Clef {
    Clef { sign, line, octave }
}

const TREBLE: Clef = clef("G", 2, 0);
const BASS: Clef = clef("F", 4, 0);
const ALTO: Clef = clef("C", 3, 0);
const GUITAR: Clef = clef("G", 2, -1);

/// Clefs that any part may have: with the MIDI key of the middle line, and how many semitones
/// nearer an unusual one must be.
const CLEFS: [(Clef, i32, i32); 4] = [
    (TREBLE, 71, 0),
    (BASS, 50, 0),
    (clef("G", 2, 1), 83, 8),
    (clef("F", 4, -1), 38, 8),
];

/// How a part is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Staves {
    /// One clef a staff, the upper first.
    pub(super) clefs: Vec<Clef>,
    /// Octaves from sounding up to written pitch, for what the part tells readers to undo.
    pub(super) octaves: i8,
}

impl Staves {
    /// The staves of a melodic part with a General MIDI program (0..=127).
    pub(super) fn new(program: u8, notes: &[Placed]) -> Self {
        let mut keys: Vec<i32> = notes.iter().map(|n| n.note.pitch.midi()).collect();
        keys.sort_unstable();
        let (Some(low), Some(high)) = (keys.first(), keys.last()) else {
            return Self::single(TREBLE, 0);
        };
        if high - low >= two_staff_span(program) && *low < MIDDLE_C - 3 && *high > MIDDLE_C + 3 {
            return Self {
                clefs: vec![TREBLE, BASS],
                octaves: 0,
            };
        }
        // The middle half: a few high or low notes do not move the clef.
        let quarter = keys.len() / 4;
        let middle = (keys[quarter] + keys[keys.len() - 1 - quarter]) / 2;
        match program {
            24..=31 if middle < 74 => Self::single(GUITAR, 0),
            32..=39 | 43 if *high <= 108 => Self::single(nearest(middle + 12), 1),
            41 if middle < 72 => Self::single(ALTO, 0),
            _ => Self::single(nearest(middle), 0),
        }
    }

    /// The staff of drums.
    pub(super) fn percussion() -> Self {
        Self::single(clef("percussion", 2, 0), 0)
    }

    fn single(clef: Clef, octaves: i8) -> Self {
        Self {
            clefs: vec![clef],
            octaves,
        }
    }
}

fn nearest(middle: i32) -> Clef {
    CLEFS
        .iter()
        .min_by_key(|(_, line, handicap)| (middle - line).abs() + handicap)
        .map_or(TREBLE, |c| c.0)
}

const MIDDLE_C: i32 = 60;

/// From which span in semitones on a program is written on two staves.
fn two_staff_span(program: u8) -> i32 {
    match program {
        // Pianos, organs, accordions, harp.
        0..=7 | 16..=21 | 23 | 46 => 20,
        // Celesta to dulcimer (yangqin), koto (guzheng), string and choir keyboards, pads.
        8..=12 | 15 | 48..=52 | 54 | 88..=95 | 107 => 24,
        _ => i32::MAX,
    }
}

/// A hand's reach in semitones.
const REACH: i32 = 12;

/// Deals the notes of a part (in order of start, then pitch) to the upper and the lower staff:
/// for what is struck together, the split that needs the fewest ledger lines, keeps close chords
/// and equal lengths together, leaves sustained notes a staff of their own, and moves as little
/// as possible from one staff to the other.
pub(super) fn deal(notes: &[Placed]) -> [Vec<Placed>; 2] {
    let mut upper = Vec::with_capacity(notes.len());
    let mut lower = Vec::with_capacity(notes.len());
    // Ends of what sounds on the upper and the lower staff.
    let mut busy = [Ticks::ZERO; 2];
    let mut split = MIDDLE_C;
    for struck in notes.chunk_by(|a, b| a.at == b.at) {
        let best = (0..=struck.len())
            .min_by_key(|k| cost(struck, *k, split, busy))
            .unwrap_or(0);
        let (below, above) = struck.split_at(best);
        for (staff, group) in [above, below].into_iter().enumerate() {
            if let Some(end) = group.iter().map(Placed::end).max() {
                busy[staff] = busy[staff].max(end);
            }
        }
        // The boundary follows the hands, near middle C.
        let key = |n: &Placed| n.note.pitch.midi();
        if let Some(top) = below.last() {
            split = split.max(key(top) + 1);
        }
        if let Some(bottom) = above.first() {
            split = split.min(key(bottom));
        }
        split = split.clamp(MIDDLE_C - 2, MIDDLE_C + 2);
        lower.extend_from_slice(below);
        upper.extend_from_slice(above);
    }
    [upper, lower]
}

/// How badly the lowest `k` of the notes struck together go to the lower staff.
fn cost(struck: &[Placed], k: usize, split: i32, busy: [Ticks; 2]) -> i32 {
    let key = |n: &Placed| n.note.pitch.midi();
    let (below, above) = struck.split_at(k);
    let mut cost = 0;
    for note in below {
        // A ledger line above the bass staff is worth little, more of them are worth much.
        cost += (key(note) - split + 1).max(0) * 2 + (key(note) - 64).max(0) * 4;
    }
    for note in above {
        cost += (split - key(note)).max(0) * 2 + (57 - key(note)).max(0) * 4;
    }
    for (staff, hand) in [above, below].into_iter().enumerate() {
        let (Some(first), Some(last)) = (hand.first(), hand.last()) else {
            continue;
        };
        cost += (key(last) - key(first) - REACH).max(0) * 3;
        // Different lengths, or something held, would need another voice.
        if hand.iter().any(|n| n.note.len != first.note.len) {
            cost += 6;
        }
        if busy[staff] > first.at {
            cost += 8;
        }
    }
    if let (Some(first), Some(last)) = (struck.first(), struck.last())
        && !below.is_empty()
        && !above.is_empty()
    {
        // Close chords stay in one hand.
        cost += (REACH - (key(last) - key(first))).max(0) * 3;
        if above.len() == 1 && above[0].note.pitch == below[below.len() - 1].note.pitch {
            cost += 12;
        }
    }
    cost
}

/// Whether the sound of a General MIDI program dies away by itself: held notes of broken chords
/// are then written as if released by the next one.
pub(super) fn decays(program: u8) -> bool {
    matches!(program, 0..=15 | 24..=31 | 45 | 46 | 104..=108)
}

/// Writes the notes of broken chords, which ring on together, one after another: what they sound
/// longer goes to `ring`. Notes in order of start.
pub(super) fn let_ring(notes: &mut [Placed]) {
    let mut open: Vec<usize> = Vec::new();
    let mut from = 0;
    while from < notes.len() {
        let at = notes[from].at;
        let to = from + notes[from..].partition_point(|n| n.at == at);
        open.retain(|i| notes[*i].end() > at);
        let mut lines: Vec<(Ticks, Ticks)> = open
            .iter()
            .map(|i| (notes[*i].at, notes[*i].end()))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let end = notes[from..to].iter().map(Placed::end).max();
        for index in std::mem::take(&mut open) {
            let note = &mut notes[index];
            // What goes on beyond the new notes is a voice of its own, and so is a long note
            // met by one other line.
            let close = at - note.at < Ticks::QUARTER || lines.len() > 1;
            if close && end.is_some_and(|end| note.end() <= end) {
                note.ring = note.end() - at;
                note.note.len = at - note.at;
            } else {
                open.push(index);
            }
        }
        open.extend(from..to);
        from = to;
    }
}

/// Writes strokes, which have no length to speak of, up to the next one or the next beat: fewer
/// rests to read. Notes in order of start.
pub(super) fn fill_beats(notes: &mut [Placed], line: &Timeline) {
    let mut next = None;
    let mut later = None;
    for index in (0..notes.len()).rev() {
        let at = notes[index].at;
        if later != Some(at) {
            next = later;
            later = Some(at);
        }
        let (bar, into) = line.bar_of(at);
        let unit = line.metre(at).unit_len().min(Ticks::QUARTER);
        let beat = line.bar_start(bar) + Ticks(into.0 / unit.0 * unit.0) + unit;
        let end = next.map_or(beat, |next: Ticks| next.min(beat));
        let note = &mut notes[index];
        // Rolls and the like are longer than that, and keep their length.
        if note.note.len <= Ticks::QUARTER {
            note.ring = note.end() - end;
            note.note.len = end - at;
        }
    }
}
