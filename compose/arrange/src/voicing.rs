//! Voicings: which tones of a chord sound where, led smoothly from one to the next.

use yuefu_song::InstrumentProfile;
use yuefu_theory::{Chord, Quality};

/// Chord tones (semitones above the root) by how much they say: third, seventh, ninth and other
/// colors, root, fifth.
fn by_weight(chord: &Chord) -> Vec<i32> {
    let rank = |semitones: i32| match semitones % 12 {
        3 | 4 => 0,
        10 | 11 => 1,
        0 => 3,
        7 => 4,
        _ => 2,
    };
    let mut tones: Vec<i32> = chord.quality.tones().iter().map(|(_, s)| *s).collect();
    tones.sort_by_key(|s| rank(*s));
    tones
}

/// How much a voicing muddies: close intervals low down (the low interval limit of arrangers).
fn mud(keys: &[i32]) -> i32 {
    keys.windows(2)
        .map(|pair| {
            let gap = pair[1] - pair[0];
            match pair[0] {
                ..=40 if gap < 7 => 14,
                41..=47 if gap < 5 => 9,
                48..=52 if gap < 3 => 7,
                _ if gap == 1 => 3,
                _ => 0,
            }
        })
        .sum()
}

/// A keyboard-like voicing of `voices` tones between `low` and `high`, near `previous`.
///
/// `rootless` leaves the root to the bass when there are enough other tones to tell the chord.
pub fn keyboard(
    chord: &Chord,
    previous: &[i32],
    low: i32,
    high: i32,
    voices: usize,
    rootless: bool,
) -> Vec<i32> {
    let mut tones = by_weight(chord);
    if rootless && tones.len() > voices && tones.len() > 3 {
        tones.retain(|s| s % 12 != 0);
    }
    tones.truncate(voices.max(2));
    if tones.len() < voices && chord.quality != Quality::Power {
        // Doubling the root, then the fifth.
        for extra in [0, 7] {
            if tones.len() < voices && (chord.quality.tones().iter().any(|(_, s)| s % 12 == extra))
            {
                tones.push(extra + 12);
            }
        }
    }
    let root = i32::from(chord.root.pc());
    let mut best: Option<(i32, Vec<i32>)> = None;
    let count = tones.len();
    let mut pcs: Vec<i32> = tones.iter().map(|s| (root + s).rem_euclid(12)).collect();
    pcs.sort_unstable();
    for inversion in 0..count {
        for drop in [0_usize, 2] {
            let mut keys = Vec::with_capacity(count);
            let mut key = low + (pcs[inversion] - low).rem_euclid(12);
            keys.push(key);
            for step in 1..count {
                let pc = pcs[(inversion + step) % count];
                let up = (pc - key).rem_euclid(12);
                key += if up == 0 { 12 } else { up };
                keys.push(key);
            }
            if drop == 2 && count >= 3 {
                // Drop 2: the second voice from the top an octave down.
                keys[count - 2] -= 12;
                keys.sort_unstable();
            }
            for octave in 0..4 {
                let moved: Vec<i32> = keys.iter().map(|k| k + 12 * octave).collect();
                let (bottom, top) = (moved[0], moved[count - 1]);
                if bottom < low - 2 || top > high + 2 {
                    continue;
                }
                let cost =
                    cost(&moved, previous, low, high) + mud(&moved) + if drop == 2 { 1 } else { 0 };
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, moved));
                }
            }
        }
    }
    best.map_or_else(
        || {
            // A narrow register: stack from its bottom and fold.
            pcs.iter()
                .map(|pc| low + (pc - low).rem_euclid(12))
                .collect()
        },
        |(_, keys)| keys,
    )
}

fn cost(keys: &[i32], previous: &[i32], low: i32, high: i32) -> i32 {
    let middle = (low + high) / 2;
    let center: i32 = keys.iter().sum::<i32>() / keys.len() as i32;
    let drift = (center - middle).abs() / 2;
    if previous.is_empty() {
        return drift * 3;
    }
    // Each voice moves to the nearest; the top voice counts double.
    let mut moved = 0;
    for key in keys {
        moved += previous.iter().map(|p| (p - key).abs()).min().unwrap_or(0);
    }
    let top = (keys[keys.len() - 1] - previous[previous.len() - 1]).abs();
    moved + top + drift
}

/// A playable guitar voicing on the instrument's strings: at most four frets wide, root (or given
/// bass) lowest, as many strings as possible, near `position`. Returns keys from the lowest
/// string up, and the position played at.
pub fn guitar(chord: &Chord, profile: &InstrumentProfile, position: i32) -> (Vec<i32>, i32) {
    let strings: Vec<i32> = profile.strings.iter().map(|s| i32::from(*s)).collect();
    let bass = i32::from(chord.bass_note().pc());
    let has = |key: i32| chord.has(key.rem_euclid(12) as u8) || key.rem_euclid(12) == bass;
    let third = chord
        .third()
        .map(|s| (i32::from(chord.root.pc()) + s).rem_euclid(12));
    let mut best: Option<(i32, Vec<i32>, i32)> = None;
    for fret in 0..=9 {
        for root_string in 0..strings.len().saturating_sub(2).min(3) {
            let reach = |string: i32| {
                let open = (fret <= 2).then_some(0);
                let frets = if fret == 0 { 0..=3 } else { fret..=fret + 3 };
                open.into_iter()
                    .chain(frets)
                    .map(|f| (f, string + f))
                    .collect::<Vec<_>>()
            };
            let Some((_, root)) = reach(strings[root_string])
                .into_iter()
                .find(|(_, key)| key.rem_euclid(12) == bass)
            else {
                continue;
            };
            let mut keys = vec![root];
            let mut fingers = 0;
            for string in &strings[root_string + 1..] {
                // Prefer a tone not yet sounding.
                let options: Vec<(i32, i32)> = reach(*string)
                    .into_iter()
                    .filter(|(_, key)| has(*key))
                    .collect();
                let fresh = options
                    .iter()
                    .find(|(_, key)| !keys.iter().any(|k| k.rem_euclid(12) == key.rem_euclid(12)));
                if let Some((f, key)) = fresh.or(options.first())
                    && keys.last().is_none_or(|last| key > last)
                {
                    fingers += i32::from(*f > fret.max(1));
                    keys.push(*key);
                }
            }
            let told = third.is_none_or(|pc| keys.iter().any(|k| k.rem_euclid(12) == pc));
            let distinct = chord
                .pcs()
                .iter()
                .filter(|pc| keys.iter().any(|k| k.rem_euclid(12) == i32::from(**pc)))
                .count() as i32;
            let cost = (fret - position).abs() * 2 + fret / 2 + fingers.max(3) * 4
                - keys.len() as i32 * 3
                - distinct * 5
                + if told { 0 } else { 30 }
                + mud(&keys) / 3;
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, keys, fret));
            }
        }
    }
    match best {
        Some((_, keys, fret)) => (keys, fret),
        None => (keyboard(chord, &[], 48, 72, 4, false), position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_move_little() {
        let mut previous = Vec::new();
        for name in [
            "Cmaj7", "Am7", "Dm9", "G13", "Cmaj9", "F#m7b5", "B7b9", "Em7",
        ] {
            let chord: Chord = name.parse().unwrap();
            let keys = keyboard(&chord, &previous, 52, 74, 4, true);
            assert!(keys.windows(2).all(|w| w[0] < w[1]), "{name} {keys:?}");
            assert!(keys[0] >= 50 && keys[3] <= 76, "{name} {keys:?}");
            assert!(
                keys.iter().all(|k| chord.has(k.rem_euclid(12) as u8)),
                "{name} {keys:?}"
            );
            if !previous.is_empty() {
                let top: i32 = keys[3] - previous[3];
                assert!(top.abs() <= 5, "{name} {previous:?} {keys:?}");
            }
            previous = keys;
        }
    }
}
