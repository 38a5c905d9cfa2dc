//! From exact ticks to written notes: bars, voices, note values, ties and tuplets. What MusicXML
//! and ABC both need.

use crate::model::Placed;
use yuefu_song::Articulation;
use yuefu_theory::{Metre, Pitch, Ticks, Timeline};

/// Voices per part: what notation programs take. Notes beyond shorten their neighbors.
const MOST_VOICES: usize = 4;

/// One bar of a part.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) start: Ticks,
    pub(crate) len: Ticks,
    pub(crate) metre: Metre,
    /// Each voice fills the bar; the first is always there.
    pub(crate) voices: Vec<Vec<Atom>>,
}

/// One written symbol: a rest, a note or a chord.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) start: Ticks,
    pub(crate) len: Ticks,
    /// Empty for rests.
    pub(crate) pitches: Vec<Head>,
    /// Note value as a power of two: 0 = whole, 2 = quarter, 6 = 64th.
    pub(crate) value: u32,
    pub(crate) dots: u32,
    pub(crate) tuplet: Option<Tuplet>,
    /// Tied to the symbol before or after it: the same sound goes on.
    pub(crate) tied_from: bool,
    pub(crate) tied_to: bool,
}

/// One note head of a chord.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) pitch: Pitch,
    pub(crate) velocity: u8,
    pub(crate) articulation: Articulation,
    /// What it sounds beyond its written end.
    pub(crate) ring: Ticks,
}

/// Membership in a tuplet: `actual` in the time of `normal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuplet {
    pub(crate) actual: u32,
    pub(crate) normal: u32,
    pub(crate) first: bool,
    pub(crate) last: bool,
    /// Symbols in the tuplet.
    pub(crate) count: u32,
}

/// Notes struck and released together.
#[derive(Clone, Debug)]
struct Strike {
    start: Ticks,
    end: Ticks,
    heads: Vec<Head>,
}

/// Lays out the notes of a part (in order, none before 0) in bars from 0 to `end`, which is a
/// barline. Times off the notation grid are moved to it (at most by half a 32nd note).
pub(crate) fn lay_out(notes: &[Placed], line: &Timeline, end: Ticks) -> Vec<Bar> {
    let voices = voices(notes, line);
    let mut cursors = vec![0_usize; voices.len()];
    let mut bars = Vec::new();
    let mut number = 0;
    loop {
        let start = line.bar_start(number);
        if start >= end {
            break;
        }
        number += 1;
        let stop = line.bar_start(number);
        let metre = line.metre(start).clone();
        let mut bar = Bar {
            start,
            len: stop - start,
            metre,
            voices: Vec::new(),
        };
        for (index, voice) in voices.iter().enumerate() {
            let cursor = &mut cursors[index];
            while voice.get(*cursor).is_some_and(|s| s.end <= start) {
                *cursor += 1;
            }
            let inside = voice[*cursor..].iter().take_while(|s| s.start < stop);
            let strikes: Vec<&Strike> = inside.collect();
            if index == 0 || !strikes.is_empty() {
                let atoms = fill(&bar, &strikes);
                bar.voices.push(atoms);
            }
        }
        if bar.voices.is_empty() {
            let atoms = fill(&bar, &[]);
            bar.voices.push(atoms);
        }
        bars.push(bar);
    }
    bars
}

/// The span in which the grid is chosen: a unit of the metre, at most a quarter note.
fn cell_len(metre: &Metre) -> Ticks {
    metre.unit_len().min(Ticks::QUARTER)
}

/// The cell that holds a position: its start and length.
fn cell_of(line: &Timeline, at: Ticks) -> (Ticks, Ticks) {
    let (bar, into) = line.bar_of(at);
    let len = cell_len(line.metre(at));
    (line.bar_start(bar) + Ticks(into.0 / len.0 * len.0), len)
}

/// Divisors of a cell, simplest first. All give whole numbers of 1/840 quarter notes.
fn divisors(len: Ticks) -> impl Iterator<Item = i64> {
    [1, 2, 4, 8, 3, 6, 12, 5, 7, 24]
        .into_iter()
        .filter(move |d| len.0 % (d * 48) == 0)
}

/// Distances of offsets from the grid of a divisor.
fn misses(offsets: &[i64], len: Ticks, divisor: i64) -> impl Iterator<Item = i64> {
    let step = len.0 / divisor;
    offsets.iter().map(move |o| {
        let off = o.rem_euclid(step);
        off.min(step - off)
    })
}

fn fits(offsets: &[i64], len: Ticks, divisor: i64) -> i64 {
    misses(offsets, len, divisor).sum()
}

fn worst(offsets: &[i64], len: Ticks, divisor: i64) -> i64 {
    misses(offsets, len, divisor).max().unwrap_or(0)
}

/// Where a note ends on paper: nothing shorter than a 32nd note is printed.
fn printed_end(note: &Placed) -> Ticks {
    note.end().max(note.at + Ticks::QUARTER / 8)
}

/// Puts every start and end on the grid of its cell, groups what sounds together, and deals the
/// groups to voices.
fn voices(notes: &[Placed], line: &Timeline) -> Vec<Vec<Strike>> {
    // All positions by cell.
    let mut points: Vec<Ticks> = notes.iter().flat_map(|n| [n.at, printed_end(n)]).collect();
    points.sort();
    points.dedup();
    let mut snapped: Vec<(Ticks, Ticks)> = Vec::with_capacity(points.len());
    let mut from = 0;
    while from < points.len() {
        let (start, len) = cell_of(line, points[from]);
        let to = from + points[from..].partition_point(|p| *p < start + len);
        let to = to.max(from + 1);
        let offsets: Vec<i64> = points[from..to].iter().map(|p| (*p - start).0).collect();
        // The simplest grid that is exact, or close enough for the ear, or else the nearest.
        let close = |d: &i64| worst(&offsets, len, *d) < len.0 / 16;
        let best = divisors(len)
            .find(|d| fits(&offsets, len, *d) == 0)
            .or_else(|| {
                [1, 2, 4, 3, 6, 8]
                    .into_iter()
                    .find(|d| len.0 % (d * 48) == 0 && close(d))
            })
            .or_else(|| divisors(len).min_by_key(|d| fits(&offsets, len, *d)))
            .unwrap_or(1);
        let step = len.0 / best;
        for (point, offset) in points[from..to].iter().zip(&offsets) {
            snapped.push((
                *point,
                start + Ticks((offset + step / 2).div_euclid(step) * step),
            ));
        }
        from = to;
    }
    let snap = |at: Ticks| {
        let index = snapped.partition_point(|(p, _)| *p < at);
        snapped.get(index).map_or(at, |(_, to)| *to)
    };
    let mut strikes: Vec<Strike> = Vec::new();
    for note in notes {
        let start = snap(note.at);
        let mut end = snap(printed_end(note));
        if end <= start {
            // The end of its cell is on every grid.
            let (cell, len) = cell_of(line, start);
            end = cell + len;
        }
        let head = Head {
            pitch: note.note.pitch,
            velocity: note.note.velocity,
            articulation: note.note.articulation,
            ring: note.ring,
        };
        // A unison is written in two voices.
        let single = |s: &&mut Strike| s.heads.iter().all(|h| h.pitch != head.pitch);
        match strikes
            .iter_mut()
            .rev()
            .take(8)
            .find(|s| s.start == start && s.end == end && single(s))
        {
            Some(same) => same.heads.push(head),
            None => strikes.push(Strike {
                start,
                end,
                heads: vec![head],
            }),
        }
    }
    // Upper notes first, so that the first voice is the tune.
    let top = |s: &Strike| s.heads.iter().map(|h| h.pitch).max();
    strikes.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| top(b).cmp(&top(a))));
    let mut voices: Vec<Vec<Strike>> = Vec::new();
    for strike in strikes {
        let free = |v: &Vec<Strike>| v.last().is_none_or(|last| last.end <= strike.start);
        if let Some(voice) = voices.iter_mut().find(|v| free(v)) {
            voice.push(strike);
        } else if voices.len() < MOST_VOICES {
            voices.push(vec![strike]);
        } else if let Some(voice) = voices
            .iter_mut()
            .filter(|v| v.last().is_some_and(|last| last.start < strike.start))
            .min_by_key(|v| v.last().map(|last| last.end))
        {
            if let Some(last) = voice.last_mut() {
                last.end = strike.start;
            }
            voice.push(strike);
        } else if let Some(last) = voices.last_mut().and_then(|v| v.last_mut()) {
            // Five different lengths struck at once: the last takes the length of the fourth.
            last.heads.extend(strike.heads);
        }
    }
    voices
}

/// Fills a bar with one voice: its strikes and the rests between them, as written symbols.
fn fill(bar: &Bar, strikes: &[&Strike]) -> Vec<Atom> {
    let stop = bar.start + bar.len;
    let mut out = Vec::new();
    let mut at = bar.start;
    let tuplets = tuplet_cells(bar, strikes);
    for strike in strikes {
        let start = strike.start.max(bar.start);
        let end = strike.end.min(stop);
        if start > at {
            split(bar, &tuplets, at, start, None, &mut out);
        }
        split(bar, &tuplets, start, end, Some(strike), &mut out);
        at = end;
    }
    if at < stop {
        split(bar, &tuplets, at, stop, None, &mut out);
    }
    mark_tuplets(&tuplets, &mut out);
    out
}

/// A cell written as a tuplet: its start, its end, and the numbers.
type TupletCell = (Ticks, Ticks, u32, u32);

fn tuplet_cells(bar: &Bar, strikes: &[&Strike]) -> Vec<TupletCell> {
    let len = cell_len(&bar.metre);
    let mut out = Vec::new();
    let mut start = bar.start;
    while start + len <= bar.start + bar.len {
        let end = start + len;
        let offsets: Vec<i64> = strikes
            .iter()
            .flat_map(|s| [s.start, s.end])
            .filter(|p| *p > start && *p < end)
            .map(|p| (p - start).0)
            .collect();
        let exact = |d: &i64| fits(&offsets, len, *d) == 0;
        let (actual, normal) = match divisors(len).find(exact) {
            Some(3 | 6 | 12 | 24) => (3, 2),
            Some(5) => (5, 4),
            Some(7) => (7, 4),
            _ => (1, 1),
        };
        if actual > 1 {
            out.push((start, end, actual, normal));
        }
        start = end;
    }
    out
}

/// Writes one stretch of sound or silence as symbols that notation has.
fn split(
    bar: &Bar,
    tuplets: &[TupletCell],
    mut at: Ticks,
    end: Ticks,
    strike: Option<&&Strike>,
    out: &mut Vec<Atom>,
) {
    while at < end {
        let cell = tuplets.iter().find(|c| c.0 <= at && at < c.1);
        let next = tuplets.iter().map(|c| c.0).filter(|s| *s > at).min();
        let limit = match (cell, next) {
            (Some(cell), _) => cell.1.min(end),
            (None, Some(next)) => next.min(end),
            (None, None) => end,
        };
        let (num, den) = cell.map_or((1, 1), |c| (i64::from(c.2), i64::from(c.3)));
        let room = match cell {
            Some(_) => limit - at,
            None => plain_room(bar, at, limit, strike.is_none()),
        };
        let written = Ticks(room.0 * num / den);
        let (value, dots, took) = largest_value(written);
        let len = Ticks((took.0 * den / num).max(1)).min(room);
        out.push(Atom {
            start: at,
            len,
            pitches: strike.map(|s| s.heads.clone()).unwrap_or_default(),
            value,
            dots,
            tuplet: None,
            tied_from: strike.is_some_and(|s| s.start < at),
            tied_to: strike.is_some_and(|s| s.end > at + len),
        });
        at += len;
    }
}

/// How far a symbol may reach from `at` so that the beats stay visible.
fn plain_room(bar: &Bar, at: Ticks, limit: Ticks, rest: bool) -> Ticks {
    let offset = at - bar.start;
    if offset == Ticks::ZERO && limit - at == bar.len {
        return bar.len;
    }
    let beats = bar.metre.beat_offsets();
    let next_beat = beats
        .iter()
        .copied()
        .find(|b| *b > offset)
        .unwrap_or(bar.len);
    let half = bar.len / 2;
    let even = beats.len().is_multiple_of(2) && beats.len() >= 4 && beats.contains(&half);
    let half_unit = bar.metre.unit_len() / 2;
    let mut room = limit - at;
    let on_beat = beats.contains(&offset);
    // Usual syncopations need no tie: one plain or dotted value from a beat or half way into
    // one, which there does not hide the middle of the bar.
    if !rest
        && !bar.metre.is_compound()
        && offset.0 % half_unit.0 == 0
        && (offset + room).0 % half_unit.0 == 0
        && largest_value(room).2 == room
        && (on_beat || !(even && offset < half && offset + room > half))
    {
        return room;
    }
    if !on_beat {
        // Off the beat: only to the next beat.
        return room.min(next_beat - offset);
    }
    if even && offset < half && (rest || offset > Ticks::ZERO) && offset + room > half {
        room = half - offset;
    }
    // On a beat: to the end if that is soon, or to the last beat before it.
    let end = offset + room;
    if end <= next_beat || end == bar.len || beats.contains(&end) {
        return room;
    }
    let last = beats.iter().copied().rfind(|b| *b < end && *b > offset);
    last.unwrap_or(next_beat) - offset
}

/// The largest plain or dotted value that fits: power of two, dots, length.
fn largest_value(room: Ticks) -> (u32, u32, Ticks) {
    for value in 0..=8_u32 {
        let plain = Ticks(Ticks::WHOLE.0 >> value);
        if value > 0 && plain.0 + plain.0 / 2 <= room.0 {
            return (value, 1, plain + plain / 2);
        }
        if plain <= room {
            // A dotted whole fills bars such as 3/2.
            if value == 0 && plain.0 + plain.0 / 2 <= room.0 {
                return (0, 1, plain + plain / 2);
            }
            return (value, 0, plain);
        }
    }
    (8, 0, room)
}

fn mark_tuplets(tuplets: &[TupletCell], atoms: &mut [Atom]) {
    for &(start, end, actual, normal) in tuplets {
        let inside = |a: &Atom| a.start >= start && a.start < end;
        let Some(first) = atoms.iter().position(inside) else {
            continue;
        };
        let count = atoms[first..].iter().take_while(|a| inside(a)).count();
        for (index, atom) in atoms[first..first + count].iter_mut().enumerate() {
            atom.tuplet = Some(Tuplet {
                actual,
                normal,
                first: index == 0,
                last: index + 1 == count,
                count: count as u32,
            });
        }
    }
}
