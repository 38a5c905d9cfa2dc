//! Words under a tune that is there: an alignment of syllables and notes by dynamic programming.
//!
//! One syllable to a note is free; several notes on one syllable (a slur), several syllables on
//! one note (it is struck again), and notes that stay silent cost, and so do heavy syllables on
//! light notes.

use super::Weighed;
use yuefu_theory::{Metre, Ticks};

/// A note of the tune, in song time or from anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Start.
    pub at: Ticks,
    /// Length.
    pub len: Ticks,
    /// MIDI key.
    pub key: i32,
}

/// A note with its syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Start.
    pub at: Ticks,
    /// Length.
    pub len: Ticks,
    /// MIDI key.
    pub key: i32,
    /// Index of the syllable that begins on it; `None` continues the one before.
    pub syllable: Option<usize>,
}

/// Where words and tune do not suit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A note is struck again for a further syllable.
    Split {
        /// The syllable.
        syllable: usize,
    },
    /// A syllable is drawn over more than three notes.
    Drawn {
        /// The syllable.
        syllable: usize,
        /// Over how many notes.
        notes: usize,
    },
    /// A note has no syllable and is left out.
    Silent {
        /// Its start.
        at: Ticks,
    },
    /// A heavy syllable on a light note, or the other way.
    Accent {
        /// The syllable.
        syllable: usize,
    },
    /// A syllable has less time than its sounds need.
    Hurried {
        /// The syllable.
        syllable: usize,
    },
    /// The tune goes against the tones.
    Tone {
        /// The syllable that it moves to.
        syllable: usize,
    },
}

/// What an alignment needs to know of time.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// The metre.
    pub metre: &'a Metre,
    /// A barline.
    pub bar: Ticks,
    /// Quarter notes a minute.
    pub bpm: f64,
}

/// Most notes that one syllable is drawn over, and most syllables on one note.
const MOST: usize = 6;
const NEVER: f32 = 1e9;

/// Lays syllables under notes: the notes as sung, in order, and the cost for each syllable. Every
/// syllable is sung once; `None` when there are no notes, or far too few.
pub fn fit(
    syllables: &[Weighed],
    tune: &[Given],
    clock: Clock<'_>,
) -> Option<(Vec<Fitted>, f32, Vec<Misfit>)> {
    let (n, m) = (syllables.len(), tune.len());
    if n == 0 || m == 0 || n > m * MOST {
        return None;
    }
    // best[i][j]: the first i syllables under the first j notes.
    let width = m + 1;
    let mut best = vec![NEVER; (n + 1) * width];
    let mut back: Vec<(u16, u16)> = vec![(0, 0); (n + 1) * width];
    best[0] = 0.0;
    for i in 0..=n {
        for j in 0..=m {
            let here = best[i * width + j];
            if here >= NEVER {
                continue;
            }
            let mut reach = |i2: usize, j2: usize, cost: f32| {
                let slot = &mut best[i2 * width + j2];
                if here + cost < *slot {
                    *slot = here + cost;
                    back[i2 * width + j2] = ((i2 - i) as u16, (j2 - j) as u16);
                }
            };
            if j < m {
                reach(i, j + 1, silent(tune, j, i == 0 || i == n));
            }
            if i == n || j == m {
                continue;
            }
            for notes in 1..=MOST.min(m - j) {
                reach(
                    i + 1,
                    j + notes,
                    drawn(&syllables[i], &tune[j..j + notes], i + 1 == n, clock),
                );
            }
            for count in 2..=MOST.min(n - i) {
                reach(
                    i + count,
                    j + 1,
                    split(&syllables[i..i + count], &tune[j], clock),
                );
            }
        }
    }
    let cost = best[n * width + m];
    if cost >= NEVER {
        return None;
    }
    let mut steps = Vec::new();
    let (mut i, mut j) = (n, m);
    while (i, j) != (0, 0) {
        let (syllables, notes) = back[i * width + j];
        steps.push((usize::from(syllables), usize::from(notes)));
        i -= usize::from(syllables);
        j -= usize::from(notes);
    }
    steps.reverse();
    let (out, misfits) = lay(syllables, tune, &steps, clock);
    Some((out, cost / n as f32, misfits))
}

fn lay(
    syllables: &[Weighed],
    tune: &[Given],
    steps: &[(usize, usize)],
    clock: Clock<'_>,
) -> (Vec<Fitted>, Vec<Misfit>) {
    let mut out: Vec<Fitted> = Vec::with_capacity(tune.len());
    let mut misfits = Vec::new();
    let (mut i, mut j) = (0, 0);
    let mut previous: Option<(usize, i32)> = None;
    for (count, notes) in steps.iter().copied() {
        let here = &tune[j..j + notes];
        match count {
            0 => misfits.extend(here.iter().map(|note| Misfit::Silent { at: note.at })),
            1 => {
                for (number, note) in here.iter().enumerate() {
                    out.push(Fitted {
                        at: note.at,
                        len: note.len,
                        key: note.key,
                        syllable: (number == 0).then_some(i),
                    });
                }
                if notes > 3 {
                    misfits.push(Misfit::Drawn { syllable: i, notes });
                }
            }
            _ => {
                for number in 0..count {
                    let note = &here[0];
                    let at = Ticks(note.len.0 * number as i64 / count as i64);
                    let end = Ticks(note.len.0 * (number as i64 + 1) / count as i64);
                    out.push(Fitted {
                        at: note.at + at,
                        len: end - at,
                        key: note.key,
                        syllable: Some(i + number),
                    });
                    if number > 0 {
                        misfits.push(Misfit::Split {
                            syllable: i + number,
                        });
                    }
                }
            }
        }
        for syllable in i..i + count {
            let Some(note) = out.iter().find(|f| f.syllable == Some(syllable)) else {
                continue;
            };
            let weighed = &syllables[syllable];
            let weight = clock.weight(note.at);
            if weighed.stressed()
                && (weighed.strength > 0.8 && weight < 0.2
                    || weighed.strength < 0.2 && weight > 0.9)
            {
                misfits.push(Misfit::Accent { syllable });
            }
            if clock.seconds(note.len) < weighed.seconds {
                misfits.push(Misfit::Hurried { syllable });
            }
            if let Some((before, key)) = previous
                && let Some(lean) = super::lean(&syllables[before], weighed)
                && weighed.height.is_some()
                && lean.against(note.key - key)
            {
                misfits.push(Misfit::Tone { syllable });
            }
            let last = out.last().map_or(note.key, |f| f.key);
            previous = Some((syllable, last));
        }
        i += count;
        j += notes;
    }
    (out, misfits)
}

impl Clock<'_> {
    fn weight(&self, at: Ticks) -> f32 {
        self.metre.weight(at - self.bar)
    }

    fn seconds(&self, len: Ticks) -> f32 {
        (len.as_quarters() * 60.0 / self.bpm.max(1.0)) as f32
    }
}

/// A note that nobody sings.
fn silent(tune: &[Given], index: usize, edge: bool) -> f32 {
    let short = tune[index].len <= Ticks::of(1, 8);
    match (edge, short) {
        (true, true) => 0.9,
        (true, false) => 1.6,
        (false, true) => 1.8,
        (false, false) => 2.6,
    }
}

/// One syllable on some notes.
fn drawn(syllable: &Weighed, notes: &[Given], last: bool, clock: Clock<'_>) -> f32 {
    let mut cost = accent(syllable, &notes[0], clock);
    let whole: i64 = notes.iter().map(|n| n.len.0).sum();
    if clock.seconds(Ticks(whole)) < syllable.seconds {
        cost += 2.5;
    }
    for pair in notes.windows(2) {
        // A slur does not cross a rest, and is easiest by step.
        let gap = pair[1].at - (pair[0].at + pair[0].len);
        let leap = (pair[1].key - pair[0].key).abs();
        cost += if gap > Ticks::of(1, 8) { 3.0 } else { 0.0 };
        cost += 0.75 + if leap > 4 { 0.4 } else { 0.0 } + if leap == 0 { 0.25 } else { 0.0 };
        cost -= if last { 0.3 } else { 0.0 };
        // A light syllable is not drawn out.
        cost += 0.5 * (0.5 - syllable.strength).max(0.0);
    }
    cost
}

/// Some syllables on one note.
fn split(syllables: &[Weighed], note: &Given, clock: Clock<'_>) -> f32 {
    let each = Ticks(note.len.0 / syllables.len() as i64);
    let mut cost = accent(&syllables[0], note, clock);
    for syllable in syllables {
        if clock.seconds(each) < syllable.seconds {
            cost += 2.5;
        }
    }
    for syllable in &syllables[1..] {
        cost += 0.7 + 0.5 * syllable.strength;
    }
    // Two on one note is a habit, three a tongue twister.
    cost += 0.9 * (syllables.len() - 2) as f32;
    // Nobody tears a short note apart.
    cost + if each < Ticks::of(1, 16) { 4.0 } else { 0.0 }
}

fn accent(syllable: &Weighed, note: &Given, clock: Clock<'_>) -> f32 {
    let away = syllable.strength - clock.weight(note.at);
    if away > 0.0 {
        0.9 * away * away
    } else {
        0.5 * away * away
    }
}
