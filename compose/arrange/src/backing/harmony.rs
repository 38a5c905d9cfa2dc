//! A voice led beside another: thirds and sixths on the chords, by a search over the whole line.

use crate::{
    Desk,
    hall::{Hall, folded},
};
use yuefu_engine::Rng;
use yuefu_song::{Note, SectionPlan, VoicePart};
use yuefu_theory::{Chord, Ticks};

const NEVER: f32 = 1e9;

/// What a voice is led by.
struct Lead<'a> {
    /// Notes of the lead.
    notes: &'a [Note],
    /// Chord under each.
    chords: Vec<Option<Chord>>,
    /// Keys of the voice that it lies below, or above, note by note.
    beside: Vec<Option<i32>>,
    /// Keys of the lead, in the octave in which a choir sings it.
    keys: Vec<i32>,
}

/// The keys of a part under (or over) the notes of a line; `None` where it has no note in its
/// range.
pub fn line(
    desk: &Desk<'_>,
    section: &SectionPlan,
    notes: &[Note],
    number: usize,
    part: VoicePart,
) -> Vec<Option<i32>> {
    let hall = desk.hall;
    let keys: Vec<i32> = notes.iter().map(|n| n.pitch.midi()).collect();
    let keys = match part {
        VoicePart::Alto | VoicePart::Tenor | VoicePart::Bass => soprano(hall, &keys),
        _ => keys,
    };
    let beside = match part {
        VoicePart::Tenor => other(hall, section, notes, number, VoicePart::Alto),
        VoicePart::Bass => other(hall, section, notes, number, VoicePart::Tenor),
        _ => None,
    };
    let lead = Lead {
        notes,
        chords: notes
            .iter()
            .map(|n| hall.chord_at(n.at.max(section.span.start)).map(|c| c.chord))
            .collect(),
        beside: beside.unwrap_or_else(|| keys.iter().copied().map(Some).collect()),
        keys,
    };
    let mut rng = desk
        .section_seed(section)
        .join("harmony")
        .join(number)
        .rng();
    let found = search(desk, section, &lead, part, &mut rng);
    // Where the lead is too high for a voice above it, that voice goes below.
    let missing = found.iter().filter(|key| key.is_none()).count();
    if part == VoicePart::Above && missing * 4 > found.len() {
        return search(desk, section, &lead, VoicePart::Below, &mut rng);
    }
    found
}

/// Octaves, in semitones, by which a choir's soprano lies above a low lead.
pub fn soprano_shift(hall: &Hall<'_>, keys: &[i32]) -> i32 {
    let [low, high] = soprano_range(hall);
    let mean = keys.iter().sum::<i32>() / (keys.len().max(1) as i32);
    match mean {
        mean if mean < low + 3 => 12,
        mean if mean > high => -12,
        _ => 0,
    }
}

/// What a choir's soprano makes of a lead: where it cannot sing a note it takes another octave.
fn soprano(hall: &Hall<'_>, keys: &[i32]) -> Vec<i32> {
    let shift = soprano_shift(hall, keys);
    let [low, high] = soprano_range(hall);
    let keys = keys.iter().map(|key| folded(key + shift, low, high));
    keys.collect()
}

fn soprano_range(hall: &Hall<'_>) -> [i32; 2] {
    let cast = &hall.plan.cast;
    let soprano = cast
        .iter()
        .find(|m| m.sings == Some(VoicePart::Soprano))
        .and_then(|m| hall.catalog.profile(&m.instrument));
    soprano.map_or([52, 79], |p| p.range).map(i32::from)
}

/// The keys of another voice of the cast in the same line, if it is there.
fn other(
    hall: &Hall<'_>,
    section: &SectionPlan,
    notes: &[Note],
    number: usize,
    part: VoicePart,
) -> Option<Vec<Option<i32>>> {
    let member = hall.plan.cast.iter().find(|m| m.sings == Some(part))?;
    let desk = hall.desk(member)?;
    Some(line(&desk, section, notes, number, part))
}

/// The cheapest line: dynamic programming over notes and keys.
fn search(
    desk: &Desk<'_>,
    section: &SectionPlan,
    lead: &Lead<'_>,
    part: VoicePart,
    rng: &mut Rng,
) -> Vec<Option<i32>> {
    let count = lead.notes.len();
    let options: Vec<Vec<(i32, f32)>> = (0..count)
        .map(|i| options(desk, section, lead, part, i, rng))
        .collect();
    let mut out = vec![None; count];
    // Each run of notes that can be sung is a line of its own.
    let mut from = 0;
    while from < count {
        if options[from].is_empty() {
            from += 1;
            continue;
        }
        let to = (from..count)
            .find(|i| options[*i].is_empty())
            .unwrap_or(count);
        let mut best: Vec<Vec<(f32, usize)>> = Vec::with_capacity(to - from);
        best.push(options[from].iter().map(|(_, cost)| (*cost, 0)).collect());
        for i in from + 1..to {
            let before = &best[i - from - 1];
            let row = options[i]
                .iter()
                .map(|(key, cost)| {
                    let mut least = (NEVER, 0);
                    for (which, (old, _)) in options[i - 1].iter().enumerate() {
                        let sum = before[which].0 + cost + step(lead, i, *old, *key, part);
                        if sum < least.0 {
                            least = (sum, which);
                        }
                    }
                    least
                })
                .collect();
            best.push(row);
        }
        let last = &best[to - from - 1];
        let mut which = (0..last.len())
            .min_by(|a, b| last[*a].0.total_cmp(&last[*b].0))
            .unwrap_or(0);
        for i in (from..to).rev() {
            out[i] = Some(options[i][which].0);
            which = best[i - from][which].1;
        }
        from = to;
    }
    out
}

/// The keys that a part could sing with a note, each with its own cost.
fn options(
    desk: &Desk<'_>,
    section: &SectionPlan,
    lead: &Lead<'_>,
    part: VoicePart,
    index: usize,
    rng: &mut Rng,
) -> Vec<(i32, f32)> {
    let note = &lead.notes[index];
    let Some(beside) = lead.beside[index] else {
        return Vec::new();
    };
    let tune = lead.keys[index];
    let chord = lead.chords[index];
    let [low, high] = desk.profile.range.map(i32::from);
    let [sweet_low, sweet_high] = desk.profile.sweet.map(i32::from);
    // Whether the note is long or strong enough for its harmony to be heard.
    let metre = desk.hall.metre(section);
    let weight = metre.weight(note.at - section.span.start);
    let heard = note.len >= Ticks::of(1, 8) || weight >= 0.6;
    let (near, far) = match part {
        VoicePart::Above => (3, 9),
        VoicePart::Bass => (3, 19),
        VoicePart::Tenor | VoicePart::Alto => (3, 12),
        _ => (3, 16),
    };
    let mut out = Vec::new();
    for gap in near..=far {
        let key = match part {
            VoicePart::Above => beside + gap,
            _ => beside - gap,
        };
        if !(low..=high).contains(&key) {
            continue;
        }
        let pc = key.rem_euclid(12) as u8;
        let chordal = chord.is_none_or(|chord| chord.has(pc));
        if !chordal && !section.key.has_harmonic(pc) {
            continue;
        }
        // Nobody sings a second beside the tune, in whatever octave.
        let apart = (tune - key).rem_euclid(12);
        if matches!(apart, 1 | 11) || (matches!(apart, 2 | 10) && !chordal) {
            continue;
        }
        let mut cost = 0.25 * rng.unit();
        cost += match (chordal, heard) {
            (true, _) => 0.0,
            (false, true) => 6.0,
            (false, false) => 1.4,
        };
        // Half a tone beside a tone of the chord grates.
        let grates = chord
            .is_some_and(|chord| !chordal && [1, 11].iter().any(|by| chord.has((pc + by) % 12)));
        cost += if grates && heard { 3.0 } else { 0.0 };
        let own = (tune - key).abs();
        cost += match own % 12 {
            3 | 4 => 0.0,
            8 | 9 => 0.5,
            5 => 1.5,
            7 => 1.8,
            0 => 2.6,
            2 | 10 => 4.5,
            _ => 3.5,
        };
        // Close is what is usual; a tenth is for those who cannot be closer.
        cost += 0.12 * (gap - near) as f32;
        if part == VoicePart::Bass {
            let base = chord.map(|chord| i32::from(chord.bass_note().pc()));
            cost += match base {
                Some(base) if base == i32::from(pc) => -3.0,
                Some(_) if chordal => 1.0,
                _ => 3.0,
            };
        }
        let below = (sweet_low - key).max(0) as f32;
        let above = (key - sweet_high).max(0) as f32;
        cost += 0.25 * below + 0.3 * above;
        out.push((key, cost));
    }
    // Together with the lead rather than wrong.
    if out.is_empty() && (low..=high).contains(&beside) && part != VoicePart::Bass {
        out.push((beside, 4.0));
    }
    out
}

/// The cost of going from one note of a line to the next.
fn step(lead: &Lead<'_>, index: usize, old: i32, key: i32, part: VoicePart) -> f32 {
    let moved = (key - old).abs();
    let mut cost = match moved {
        0 => 0.0,
        1 | 2 => 0.1,
        3 | 4 => 0.5,
        5 => 0.9,
        7 if part == VoicePart::Bass => 0.9,
        12 if part == VoicePart::Bass => 1.2,
        _ => 0.9 + 0.35 * (moved - 5) as f32,
    };
    let tune = [lead.keys[index - 1], lead.keys[index]];
    // Standing still while the tune moves is no harmony; a choir's lower voices may.
    if moved == 0 && tune[0] != tune[1] && part != VoicePart::Bass {
        cost += 0.25;
    }
    // Fifths and octaves do not follow each other, against the tune or the bass.
    let perfect = |a: i32, b: i32| matches!((a - b).rem_euclid(12), 0 | 7);
    if moved > 0 {
        let same = |a: i32, b: i32| (a - old).rem_euclid(12) == (b - key).rem_euclid(12);
        if tune[0] != tune[1] && perfect(tune[1], key) && same(tune[0], tune[1]) {
            cost += 3.0;
        }
        let bass = |i: usize| lead.chords[i].map(|c| i32::from(c.bass_note().pc()));
        if let (Some(a), Some(b)) = (bass(index - 1), bass(index))
            && a != b
            && part != VoicePart::Bass
            && perfect(key, b)
            && (old - a).rem_euclid(12) == (key - b).rem_euclid(12)
        {
            cost += 1.5;
        }
    }
    // Where the tune was a moment ago, nobody crosses.
    let crosses = match part {
        VoicePart::Above => key < tune[0],
        _ => key > tune[0],
    };
    cost + if crosses { 0.6 } else { 0.0 }
}
