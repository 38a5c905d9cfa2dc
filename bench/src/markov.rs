//! Tunes from a Markov chain of order 2: what every learned composer has to beat.

use std::collections::HashMap;
use yuefu_arrange::{
    Manner, Rhythm, Slot, TuneFinder, cost,
    finder::{Ends, Place},
};
use yuefu_composer::events::{KEYS, TIMES, key_class, key_of, time_class, time_of};
use yuefu_corpus::{Piece, Split};
use yuefu_engine::Rng;
use yuefu_song::line_of;
use yuefu_theory::Ticks;

/// How much the rules' costs count, as for the networks.
const RULES: f32 = 0.2;
/// Tries to find a rhythm about as dense as was asked for.
const TRIES: usize = 4;

/// What followed which two classes, with back-off to one and to none.
#[derive(Clone, Debug, Default)]
struct Chain {
    counts: HashMap<(Option<u8>, Option<u8>), Vec<f32>>,
    classes: usize,
}

impl Chain {
    fn count(&mut self, a: Option<u8>, b: Option<u8>, next: u8) {
        for past in [(a, b), (None, b), (None, None)] {
            let row = self.counts.entry(past);
            row.or_insert_with(|| vec![0.0; self.classes])[usize::from(next)] += 1.0;
        }
    }

    /// Shares of what comes next (Witten and Bell 1991).
    fn shares(&self, a: Option<u8>, b: Option<u8>) -> Vec<f32> {
        let mut shares = vec![1.0 / self.classes as f32; self.classes];
        for past in [(None, None), (None, b), (a, b)] {
            let Some(row) = self.counts.get(&past) else {
                continue;
            };
            let kinds = row.iter().filter(|n| **n > 0.0).count() as f32;
            let total: f32 = row.iter().sum();
            for (share, seen) in shares.iter_mut().zip(row) {
                *share = (seen + kinds * *share) / (total + kinds);
            }
        }
        shares
    }
}

/// A finder that knows the last two distances and the last two keys.
#[derive(Clone, Debug)]
pub struct Markov {
    distances: Chain,
    keys: Chain,
}

/// The tonic nearest to the middle of a tune.
fn home(pc: i32, middle: i32) -> i32 {
    middle - (middle - pc + 6).rem_euclid(12) + 6
}

impl Markov {
    /// Counts the training tunes.
    pub fn count(pieces: &[Piece]) -> Self {
        let chain = |classes| Chain {
            classes,
            ..Chain::default()
        };
        let mut own = Self {
            distances: chain(TIMES.len()),
            keys: chain(KEYS),
        };
        for piece in pieces.iter().filter(|p| p.split == Split::Train) {
            let Some(track) = piece.melody.and_then(|at| piece.score.tracks.get(at)) else {
                continue;
            };
            let line = line_of(track);
            let count = line.len().max(1) as i32;
            let middle = line.iter().map(|n| i32::from(n.key)).sum::<i32>() / count;
            let (mut before, mut past) = ([None; 2], [None; 2]);
            for (index, note) in line.iter().enumerate() {
                let pc = i32::from(piece.score.key_at(note.at).tonic.pc());
                let key = key_class(i32::from(note.key), home(pc, middle));
                own.keys.count(before[0], before[1], key);
                before = [before[1], Some(key)];
                if let Some(last) = index.checked_sub(1).map(|i| line[i].at) {
                    let distance = time_class(note.at - last);
                    own.distances.count(past[0], past[1], distance);
                    past = [past[1], Some(distance)];
                }
            }
        }
        own
    }
}

impl TuneFinder for Markov {
    fn id(&self) -> &str {
        "markov 2"
    }

    fn rhythm(&self, place: &Place<'_>, rng: &mut Rng) -> Option<Rhythm> {
        let room = place.span.len() - place.breath;
        let wanted = (place.density * place.span.len().as_quarters() as f32).max(2.0);
        let mut best: Option<(f32, Rhythm)> = None;
        for _ in 0..TRIES {
            let mut at = Ticks::ZERO;
            let mut past = [None; 2];
            let mut found: Rhythm = Vec::new();
            while at < room && found.len() < 64 {
                let mut shares = self.distances.shares(past[0], past[1]);
                for (class, share) in shares.iter_mut().enumerate() {
                    // Sixteenths, as for the networks.
                    if !TIMES[class].is_multiple_of(3) {
                        *share = 0.0;
                    }
                }
                let class = rng.weighted(&shares) as u8;
                let len = time_of(class).min(Ticks::WHOLE).min(room - at);
                found.push((at, len));
                at += time_of(class);
                past = [past[1], Some(class)];
            }
            let off = found.len() as f32 / wanted;
            let off = off.max(1.0 / off.max(1e-3));
            if best.as_ref().is_none_or(|(least, _)| off < *least) {
                best = Some((off, found));
            }
        }
        best.map(|(_, rhythm)| rhythm).filter(|r| r.len() >= 2)
    }

    fn keys(
        &self,
        _: &Place<'_>,
        slots: &[Slot],
        ends: Ends,
        manner: &Manner,
        rng: &mut Rng,
    ) -> Option<Vec<i32>> {
        let middle = slots.iter().map(|s| s.target).sum::<f32>() / slots.len().max(1) as f32;
        let tonic = |slot: &Slot| home(i32::from(slot.key.tonic.pc()), middle as i32);
        let first = tonic(slots.first()?);
        let class = |key: i32| key_class(key, first);
        let (mut q, mut p) = (ends.before.map(|b| b.0), ends.before.map(|b| b.1));
        let mut keys = Vec::with_capacity(slots.len());
        for (index, slot) in slots.iter().enumerate() {
            let shares = self.keys.shares(q.map(class), p.map(class));
            let weights: Vec<f32> = shares
                .iter()
                .enumerate()
                .map(|(class, share)| {
                    let key = key_of(class as u8, tonic(slot));
                    let cost = cost(slots, index, (q, p), key, ends.after, manner);
                    cost.map_or(0.0, |cost| share * (-RULES * cost).exp())
                })
                .collect();
            if weights.iter().all(|w| *w <= 0.0) {
                return None;
            }
            let key = key_of(rng.weighted(&weights) as u8, tonic(slot));
            keys.push(key);
            (q, p) = (p, Some(key));
        }
        Some(keys)
    }
}
