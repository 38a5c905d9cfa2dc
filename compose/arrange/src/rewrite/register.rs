//! Higher or lower: the tune keeps its contour, chords are inverted, basses change strings, drums
//! move to brighter or darker sounds.

use super::{Job, is_lead, tune};
use crate::hall::Desk;
use yuefu_song::{Note, Role};
use yuefu_theory::Pitch;

/// The notes higher or lower, as the wish says.
pub fn change(job: &Job<'_>, desk: &Desk<'_>, notes: Vec<Note>) -> Vec<Note> {
    let amount = job.wish.register;
    let up = amount > 0.0;
    match job.track.role {
        Role::Drums | Role::Percussion => percussion(&notes, amount),
        Role::Fx => notes,
        // A lead in chords is a chord part: stabs and block chords turn as chords do.
        role if is_lead(role) && chordal(&notes) => inversions(desk, &notes, amount),
        role if is_lead(role) || matches!(role, Role::Counter | Role::Harmony | Role::Backing) => {
            let shift = amount * 7.0;
            // Never less than a whole tone: the least that is heard as another place.
            let shift = if up { shift.max(2.0) } else { shift.min(-2.0) };
            let made = tune::moved(job, desk, &notes, shift);
            if beyond(&notes, &made, up) {
                made
            } else {
                // No room for that: the whole by an octave, or what can change octaves.
                let [low, high] = desk.profile.range.map(i32::from);
                let step = if up { 12 } else { -12 };
                let fits = |n: &Note| (low..=high).contains(&(n.pitch.midi() + step));
                let all = notes.iter().all(fits);
                octaves(desk, &notes, if all { amount.signum() } else { amount })
            }
        }
        Role::Bass => octaves(desk, &notes, amount),
        _ => inversions(desk, &notes, amount),
    }
}

/// Whether most of it is chords.
fn chordal(notes: &[Note]) -> bool {
    let strikes = crate::tune::skyline(notes.iter().cloned()).len();
    notes.len() * 2 > strikes * 3
}

fn sum(notes: &[Note]) -> f32 {
    let keys: Vec<i32> = notes.iter().map(|n| n.pitch.midi()).collect();
    tune::mean(&keys).unwrap_or(0.0)
}

fn beyond(old: &[Note], new: &[Note], up: bool) -> bool {
    let change = sum(new) - sum(old);
    if up { change >= 0.5 } else { change <= -0.5 }
}

/// Whole runs change octave, as many as the amount says: between two of them lies a change of bar
/// or a leap, so the line stays a line.
fn octaves(desk: &Desk<'_>, notes: &[Note], amount: f32) -> Vec<Note> {
    let [low, high] = desk.profile.range.map(i32::from);
    let step = if amount > 0.0 { 1 } else { -1 };
    let fits = |note: &Note| {
        let key = note.pitch.midi() + 12 * step;
        (low..=high).contains(&key)
    };
    // From the far end of the register: the lowest go up first, the highest down.
    let mut order: Vec<usize> = (0..notes.len()).filter(|i| fits(&notes[*i])).collect();
    order.sort_by_key(|i| (notes[*i].pitch.midi() * step, notes[*i].at));
    let count = ((notes.len() as f32 * amount.abs()).ceil() as usize).max(1);
    let mut out = notes.to_vec();
    // All notes of one key move together.
    let limit = order
        .get(count.min(order.len()).saturating_sub(1))
        .map(|i| notes[*i].pitch.midi() * step);
    for index in order {
        if limit.is_some_and(|limit| notes[index].pitch.midi() * step <= limit) {
            out[index].pitch.octave += step as i8;
        }
    }
    out
}

/// Chords turn: their lowest notes go above the top, or their highest below the bottom.
fn inversions(desk: &Desk<'_>, notes: &[Note], amount: f32) -> Vec<Note> {
    let [low, high] = desk.profile.range.map(i32::from);
    let up = amount > 0.0;
    // The set of keys that are in use, and where each of them goes: the same wherever it occurs,
    // so that broken chords stay whole.
    let mut keys: Vec<i32> = notes.iter().map(|n| n.pitch.midi()).collect();
    keys.sort_unstable();
    if !up {
        keys.reverse();
    }
    let step = if up { 12 } else { -12 };
    let count = ((keys.len() as f32 * amount.abs() * 0.75).ceil() as usize).max(1);
    let movable: Vec<i32> = keys
        .into_iter()
        .filter(|k| (low..=high).contains(&(k + step)))
        .collect();
    let Some(limit) = movable.get(count.min(movable.len()).saturating_sub(1)) else {
        return notes.to_vec();
    };
    let mut out = notes.to_vec();
    for note in &mut out {
        let key = note.pitch.midi();
        let inside = if up { key <= *limit } else { key >= *limit };
        if inside && (low..=high).contains(&(key + step)) {
            note.pitch.octave += if up { 1 } else { -1 };
        }
    }
    // Two that met on one key are one.
    out.sort_by_key(|n| (n.at, n.pitch, n.len));
    out.dedup_by(|b, a| a.at == b.at && a.key() == b.key());
    out
}

/// Sounds in pairs, darker and brighter.
const BRIGHTER: [(u8, u8); 17] = [
    (42, 51),
    (44, 46),
    (46, 59),
    (41, 45),
    (43, 47),
    (45, 48),
    (47, 50),
    (36, 37),
    (38, 40),
    (64, 63),
    (62, 63),
    (61, 60),
    (66, 65),
    (68, 67),
    (77, 76),
    (70, 82),
    (80, 81),
];

/// The hand that keeps time goes to brighter or darker sounds; kick and snare stay unless there is
/// nothing else.
fn percussion(notes: &[Note], amount: f32) -> Vec<Note> {
    let up = amount > 0.0;
    let other = |key: u8| {
        let row = BRIGHTER
            .iter()
            .find(|(dark, bright)| if up { *dark == key } else { *bright == key })?;
        Some(if up { row.1 } else { row.0 })
    };
    let darker_hat = |key: u8| (!up && key == 42).then_some(41);
    let body = |key: u8| matches!(key, 36 | 37 | 38 | 40);
    let map = |note: &Note, all: bool| -> Note {
        let key = note.key();
        let to = (all || !body(key))
            .then(|| other(key).or(darker_hat(key)))
            .flatten();
        Note {
            pitch: to.map_or(note.pitch, |k| Pitch::from_midi(i32::from(k))),
            ..note.clone()
        }
    };
    let made: Vec<Note> = notes.iter().map(|n| map(n, false)).collect();
    if made != notes {
        return made;
    }
    notes.iter().map(|n| map(n, true)).collect()
}
