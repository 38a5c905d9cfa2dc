//! What a network has to beat: tables that count.

use std::collections::HashMap;
use yuefu_composer::{
    events::{KEYS, TIMES},
    tell::Event,
};

/// Sizes of the three answers: distance, length, key.
pub const ANSWERS: [usize; 3] = [TIMES.len(), TIMES.len(), KEYS];

/// The three answers of an event.
pub fn answers(event: &Event) -> [u8; 3] {
    [event.distance, event.length, event.key]
}

/// Markov chains of an order, each answer by its own past, with Witten-Bell back-off down to equal
/// shares (Witten & Bell 1991).
#[derive(Debug, Default)]
pub struct Markov {
    order: usize,
    /// For each answer: counts by what came before, shortest last.
    counts: [HashMap<Vec<u8>, HashMap<u8, u32>>; 3],
}

impl Markov {
    /// Counts tunes. Order 0 knows how common each answer is.
    pub fn count(order: usize, tunes: &[Vec<Event>]) -> Self {
        let mut own = Self {
            order,
            ..Self::default()
        };
        for tune in tunes {
            for (index, event) in tune.iter().enumerate() {
                for (which, answer) in answers(event).into_iter().enumerate() {
                    for length in 0..=order.min(index) {
                        let past = past(&tune[index - length..index], which);
                        let row = own.counts[which].entry(past).or_default();
                        *row.entry(answer).or_default() += 1;
                    }
                }
            }
        }
        own
    }

    /// Mean surprise at each answer over tunes, in nats.
    pub fn surprise(&self, tunes: &[Vec<Event>]) -> [f64; 3] {
        let mut sums = [0.0; 3];
        let mut counts = [0_usize; 3];
        for tune in tunes {
            for (index, event) in tune.iter().enumerate() {
                for (which, answer) in answers(event).into_iter().enumerate() {
                    if usize::from(answer) >= ANSWERS[which] {
                        continue;
                    }
                    let from = index.saturating_sub(self.order);
                    let past = past(&tune[from..index], which);
                    sums[which] -= self.chance(which, &past, answer).ln();
                    counts[which] += 1;
                }
            }
        }
        [0, 1, 2].map(|which| sums[which] / counts[which].max(1) as f64)
    }

    fn chance(&self, which: usize, past: &[u8], answer: u8) -> f64 {
        let rows = (0..=past.len()).map_while(|length| {
            let shortest = past.len() - length;
            self.counts[which].get(&past[shortest..])
        });
        witten_bell(rows, answer, ANSWERS[which])
    }
}

/// The chance of an answer by tables that counted it, from the one that knows least to the one that
/// knows most, mixed from equal shares up (Witten & Bell 1991).
pub fn witten_bell<'r, A: std::hash::Hash + Eq + 'r>(
    rows: impl Iterator<Item = &'r HashMap<A, u32>>,
    answer: A,
    classes: usize,
) -> f64 {
    rows.fold(1.0 / classes as f64, |chance, row| {
        let total: u32 = row.values().sum();
        let kinds = row.len() as f64;
        let own = f64::from(row.get(&answer).copied().unwrap_or(0));
        (own + kinds * chance) / (f64::from(total) + kinds)
    })
}

fn past(events: &[Event], which: usize) -> Vec<u8> {
    events.iter().map(|event| answers(event)[which]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tune(keys: &[u8]) -> Vec<Event> {
        let event = |key: &u8| Event {
            before: Default::default(),
            at: Default::default(),
            distance: 3,
            length: 3,
            key: *key,
        };
        keys.iter().map(event).collect()
    }

    #[test]
    fn chances_sum_to_one_and_what_was_seen_surprises_less() {
        let tunes = [tune(&[1, 2, 3, 1, 2, 3, 1, 2, 4])];
        let chain = Markov::count(2, &tunes);
        let sum: f64 = (0..KEYS as u8).map(|k| chain.chance(2, &[1, 2], k)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        let [_, _, known] = chain.surprise(&[tune(&[1, 2, 3, 1, 2, 3])]);
        let [_, _, strange] = chain.surprise(&[tune(&[9, 4, 7, 30, 2, 11])]);
        assert!(known < strange);
    }
}
