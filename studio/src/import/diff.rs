//! Which notes of two readings of a part are the same, changed, gone, or new.

use yuefu_song::Articulation;
use yuefu_theory::{Pitch, Ticks};

/// A note at its absolute place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) at: Ticks,
    pub(super) len: Ticks,
    pub(super) pitch: Pitch,
    pub(super) velocity: u8,
    pub(super) articulation: Articulation,
}

/// What became of the notes of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Index in the old reading and the changed note.
    pub(super) changed: Vec<(usize, Placed)>,
    /// Indexes in the old reading.
    pub(super) removed: Vec<usize>,
    /// New notes.
    pub(super) added: Vec<Placed>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty() && self.added.is_empty()
    }
}

/// Programs that keep coarser time than we do move notes by this much at most (half a pulse of
/// 96 to the quarter note): that is no edit.
const ROUNDING: i64 = Ticks::QUARTER.0 / 192;

/// A note that was moved in time by more than this is another note.
const FAR: i64 = Ticks::QUARTER.0 * 2;

/// Compares two readings of a part. `spelled` says whether the format tells C♯ from D♭.
pub(super) fn compare(old: &[Placed], new: &[Placed], spelled: bool) -> Changes {
    let pitch = |a: &Placed, b: &Placed| {
        if spelled {
            a.pitch == b.pitch
        } else {
            a.pitch.midi() == b.pitch.midi()
        }
    };
    let near = |a: Ticks, b: Ticks, by: i64| (a - b).0.abs() <= by;
    let manner = |a: &Placed, b: &Placed| {
        a.velocity == b.velocity && a.articulation == b.articulation && pitch(a, b)
    };
    let mut left: Vec<usize> = (0..old.len()).collect();
    let mut fresh: Vec<usize> = (0..new.len()).collect();
    for by in [0, ROUNDING] {
        pair(&mut left, &mut fresh, |i, j| {
            let (a, b) = (&old[i], &new[j]);
            let same = manner(a, b) && near(a.at, b.at, by) && near(a.len, b.len, by);
            same.then_some((a.at - b.at).0.abs() + (a.len - b.len).0.abs())
        });
    }
    let mut changed = Vec::new();
    // The same key at the same time; then the same key elsewhere, or another key at the time.
    let stages: [fn(&Placed, &Placed) -> Option<i64>; 3] = [
        |a, b| {
            let same = a.pitch.midi() == b.pitch.midi() && (a.at - b.at).0.abs() <= ROUNDING;
            same.then_some((a.len - b.len).0.abs())
        },
        |a, b| {
            let same = (a.at - b.at).0.abs() <= ROUNDING
                && (a.len - b.len).0.abs() <= ROUNDING
                && a.pitch.midi().abs_diff(b.pitch.midi()) <= 24;
            same.then_some(i64::from(a.pitch.midi().abs_diff(b.pitch.midi())))
        },
        |a, b| {
            let off = (a.at - b.at).0.abs();
            (a.pitch.midi() == b.pitch.midi() && off <= FAR)
                .then_some(off + (a.len - b.len).0.abs() / 4)
        },
    ];
    for stage in stages {
        let pairs = pair(&mut left, &mut fresh, |i, j| stage(&old[i], &new[j]));
        changed.extend(pairs.into_iter().map(|(i, j)| (i, new[j].clone())));
    }
    changed.sort_by_key(|c| c.0);
    Changes {
        changed,
        removed: left,
        added: fresh.into_iter().map(|j| new[j].clone()).collect(),
    }
}

/// Pairs what is left, the least cost first, among notes close in order; both lists are in order
/// of time.
fn pair(
    left: &mut Vec<usize>,
    fresh: &mut Vec<usize>,
    cost: impl Fn(usize, usize) -> Option<i64>,
) -> Vec<(usize, usize)> {
    let mut found: Vec<(i64, usize, usize)> = Vec::new();
    // Candidates lie near each other in the lists of what is left: a window bounds the work.
    const WINDOW: usize = 48;
    let ratio = fresh.len() as f64 / left.len().max(1) as f64;
    for (place, i) in left.iter().enumerate() {
        let middle = (place as f64 * ratio) as usize;
        let drift = left.len().abs_diff(fresh.len());
        let from = middle.saturating_sub(WINDOW + drift);
        let to = (middle + WINDOW + drift).min(fresh.len());
        for j in &fresh[from.min(to)..to] {
            if let Some(cost) = cost(*i, *j) {
                found.push((cost, *i, *j));
            }
        }
    }
    found.sort_unstable();
    let mut pairs = Vec::new();
    let (mut used, mut met) = (
        std::collections::BTreeSet::new(),
        std::collections::BTreeSet::new(),
    );
    for (_, i, j) in found {
        if !used.contains(&i) && !met.contains(&j) {
            used.insert(i);
            met.insert(j);
            pairs.push((i, j));
        }
    }
    left.retain(|i| !used.contains(i));
    fresh.retain(|j| !met.contains(j));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Vec<Placed> {
        text.split(',')
            .map(|line| {
                let note: yuefu_song::Note = line.trim().parse().unwrap();
                Placed {
                    at: note.at,
                    len: note.len,
                    pitch: note.pitch,
                    velocity: note.velocity,
                    articulation: note.articulation,
                }
            })
            .collect()
    }

    #[test]
    fn only_what_differs_changes() {
        let old = notes("0 1 C4 80, 1 1 D4 80, 2 1 E4 80, 3 1 F4 80");
        assert!(compare(&old, &old, true).is_empty());
        let new = notes("0 1 C4 80, 1 1/2 D4 80, 2 1 F#4 80, 4 1 G4 90");
        let changes = compare(&old, &new, true);
        let which: Vec<usize> = changes.changed.iter().map(|c| c.0).collect();
        assert_eq!(which, [1, 2]);
        assert_eq!(
            (changes.removed, changes.added),
            (vec![3], new[3..].to_vec())
        );
        let sharp = notes("0 1 C#4 80");
        let flat = notes("0 1 Db4 80");
        assert!(compare(&sharp, &flat, false).is_empty());
        assert_eq!(compare(&sharp, &flat, true).changed.len(), 1);
    }
}
