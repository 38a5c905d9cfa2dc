//! The pitches of a line: a second-order Viterbi search over keys, with seeded noise so that
//! every seed sings another tune, and costs that say what singers and teachers say.
//!
//! Costs follow common findings on melody: small intervals prevail and large ones turn back
//! (post-skip reversal; von Hippel & Huron 2000), strong beats carry chord tones, phrases arch
//! (Huron 1996), dissonances are left by step.

use yuefu_engine::Rng;
use yuefu_theory::{Chord, Key, Ticks};

/// One note whose pitch is to be found.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Onset in song time.
    pub at: Ticks,
    /// The harmony.
    pub chord: Option<Chord>,
    /// The key.
    pub key: Key,
    /// Metric weight, 0..=1.
    pub weight: f32,
    /// Length.
    pub len: Ticks,
    /// Silence before it.
    pub gap: Ticks,
    /// Where the contour wants it (MIDI key, fractional).
    pub target: f32,
    /// A pitch to stay near, and how strongly (0 = not at all, 4 = hardly to be moved).
    pub reference: Option<(i32, f32)>,
    /// What kind of close it makes, if it ends a phrase.
    pub close: Close,
    /// Which way words want the tune to go from the note before.
    pub lean: Option<Lean>,
}

/// Which way words want a tune to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    /// How far up (positive) or down on the five levels of tones, −4..=4.
    pub rise: f32,
    /// How much it matters, 0 = not at all.
    pub strict: f32,
}

/// Less than this on the scale of tones is level.
const LEVEL: f32 = 0.6;

impl Lean {
    /// Whether an interval goes the other way.
    pub fn against(self, interval: i32) -> bool {
        self.rise.abs() >= LEVEL && (interval as f32) * self.rise < 0.0
    }

    /// What an interval costs.
    fn cost(self, interval: i32) -> f32 {
        let far = interval.abs().min(7) as f32;
        let wish = (self.rise.abs() / 2.0).min(1.0);
        self.strict
            * if self.rise.abs() < LEVEL {
                // Level tones stay near each other.
                0.05 * (far - 2.0).max(0.0)
            } else if self.against(interval) {
                (0.55 + 0.08 * far) * wish
            } else if interval == 0 {
                0.3 * wish
            } else {
                0.0
            }
    }
}

/// How a phrase ends on a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// It does not.
    None,
    /// Open: the phrase asks.
    Half,
    /// Closed: the phrase answers.
    Full,
}

/// What a line may do.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Lowest key.
    pub low: i32,
    /// Highest key.
    pub high: i32,
    /// Share of leaps wanted, 0..=0.5.
    pub leaps: f32,
    /// Keep to the melodic scale even where the chord leaves it.
    pub strict: bool,
    /// How much the noise may move things.
    pub whim: f32,
}

const NEVER: f32 = 1e6;

/// What a key costs in its slot after the two keys before it, where there are any, and before the
/// key that follows the line; `None` where it must not be.
pub fn cost(
    slots: &[Slot],
    index: usize,
    before: (Option<i32>, Option<i32>),
    key: i32,
    after: Option<i32>,
    manner: &Manner,
) -> Option<f32> {
    let slot = &slots[index];
    let mut cost = alone(key, slot, manner);
    if cost >= NEVER || !(manner.low..=manner.high.max(manner.low + 7)).contains(&key) {
        return None;
    }
    let (q, p) = before;
    if let Some(p) = p {
        cost += step_cost(p, key, slot, manner);
        let left = index.checked_sub(1).map(|i| &slots[i]);
        if left.is_some_and(|left| dissonant(p, left)) && (key - p).abs() > 2 {
            cost += 1.3;
        }
        if let Some(q) = q {
            cost += turn_cost(q, p, key);
        }
    }
    if let (Some(after), true) = (after, index + 1 == slots.len()) {
        cost += step_cost(key, after, slot, manner) * 1.4;
    }
    Some(cost)
}

/// How much more a step against the tones of words weighs where taste is left to somebody else: what
/// they know of tunes with words, they know of words without tones.
const TONES: f32 = 8.0;

/// What a key costs whoever found it: what plan and words ask, and what sounds wrong. Taste (how far
/// a tune goes, where it rests, what it repeats) is left to somebody who has learned it. `None`
/// where the key must not be.
pub fn constraint(
    slots: &[Slot],
    index: usize,
    before: Option<i32>,
    key: i32,
    manner: &Manner,
) -> Option<f32> {
    let slot = &slots[index];
    let clash = clash(key, slot, manner);
    if clash >= NEVER || !(manner.low..=manner.high.max(manner.low + 7)).contains(&key) {
        return None;
    }
    let away = (key as f32 - slot.target) * 0.1;
    let step = before.map_or(0.0, |before| {
        let lean = slot
            .lean
            .map_or(0.0, |lean| TONES * lean.cost(key - before));
        let sung = match (key - before).abs() {
            0..=9 | 12 => 0.0,
            10 | 11 => 1.5,
            _ => 4.0,
        };
        lean + sung
    });
    Some(clash + away * away + step + asked(key, slot))
}

/// Finds the line of least cost. Empty slots give an empty line.
pub fn line(
    slots: &[Slot],
    before: Option<(i32, i32)>,
    manner: &Manner,
    rng: &mut Rng,
) -> Vec<i32> {
    line_to(slots, before, None, manner, rng)
}

/// Finds the line of least cost between what was sung `before` and the key sung `after`.
pub fn line_to(
    slots: &[Slot],
    before: Option<(i32, i32)>,
    after: Option<i32>,
    manner: &Manner,
    rng: &mut Rng,
) -> Vec<i32> {
    let keys: Vec<i32> = (manner.low..=manner.high.max(manner.low + 7)).collect();
    let count = keys.len();
    if slots.is_empty() {
        return Vec::new();
    }
    let unary: Vec<Vec<f32>> = slots
        .iter()
        .map(|slot| {
            keys.iter()
                .map(|key| alone(*key, slot, manner) + rng.unit() * manner.whim)
                .collect()
        })
        .collect();
    // best[(p, k)]: least cost of a line whose last two notes are keys p, k.
    let mut best = vec![NEVER * 10.0; count * count];
    let mut back: Vec<Vec<u16>> = Vec::with_capacity(slots.len());
    let first = &unary[0];
    for k in 0..count {
        let entry = before.map_or(0.0, |(q, p)| {
            step_cost(p, keys[k], &slots[0], manner) + turn_cost(q, p, keys[k])
        });
        for p in 0..count {
            best[p * count + k] = if p == 0 {
                first[k] + entry
            } else {
                NEVER * 10.0
            };
        }
    }
    for index in 1..slots.len() {
        let slot = &slots[index];
        let mut next = vec![NEVER * 10.0; count * count];
        let mut from = vec![0_u16; count * count];
        for p in 0..count {
            let left_dissonant = dissonant(keys[p], &slots[index - 1]);
            // The cheapest way into p from each k's point of view depends on q through the turn.
            let arrivals: Vec<(usize, f32)> = (0..count)
                .map(|q| (q, best[q * count + p]))
                .filter(|(_, c)| *c < NEVER)
                .collect();
            if arrivals.is_empty() {
                continue;
            }
            for k in 0..count {
                if unary[index][k] >= NEVER {
                    continue;
                }
                let leap = (keys[k] - keys[p]).abs();
                let leave = if left_dissonant && leap > 2 { 1.3 } else { 0.0 };
                let here = unary[index][k] + step_cost(keys[p], keys[k], slot, manner) + leave;
                let mut least = (0, f32::MAX);
                for (q, cost) in &arrivals {
                    let turn = if index == 1 {
                        before.map_or(0.0, |(_, b)| turn_cost(b, keys[p], keys[k]))
                    } else {
                        turn_cost(keys[*q], keys[p], keys[k])
                    };
                    let cost = cost + turn;
                    if cost < least.1 {
                        least = (*q, cost);
                    }
                }
                next[p * count + k] = least.1 + here;
                from[p * count + k] = least.0 as u16;
            }
        }
        best = next;
        back.push(from);
    }
    if let (Some(after), Some(slot)) = (after, slots.last()) {
        for (index, cost) in best.iter_mut().enumerate() {
            *cost += step_cost(keys[index % count], after, slot, manner) * 1.4;
        }
    }
    let (mut at, _) = best
        .iter()
        .enumerate()
        .fold((0, f32::MAX), |least, (i, cost)| {
            if *cost < least.1 { (i, *cost) } else { least }
        });
    let mut out = vec![keys[at % count]];
    for from in back.iter().rev() {
        let p = at / count;
        let q = usize::from(from[at]);
        out.push(keys[p]);
        at = q * count + p;
    }
    out.reverse();
    out
}

/// How strongly a note that must not move is held to its [`Slot::reference`].
pub const PINNED: f32 = 100.0;

/// Whether a key is no chord tone.
pub fn dissonant(key: i32, slot: &Slot) -> bool {
    slot.chord
        .is_some_and(|chord| !chord.has(key.rem_euclid(12) as u8))
}

/// The cost of a key by itself.
fn alone(key: i32, slot: &Slot, manner: &Manner) -> f32 {
    let pc = key.rem_euclid(12) as u8;
    let chordal = slot.chord.is_none_or(|chord| chord.has(pc));
    let quarters = slot.len.as_quarters() as f32;
    let stress = slot.weight * 0.6 + (quarters * 0.4).min(0.8);
    let mut cost = clash(key, slot, manner);
    if cost >= NEVER {
        return NEVER;
    }
    if let (false, Some(chord)) = (chordal, slot.chord) {
        cost += 0.08 + 0.85 * stress + bare(pc, slot) * (0.3 + 1.1 * stress);
        // A half tone above a chord tone is the avoid note of the theorists.
        if chord.has((pc + 11) % 12) && !altered(pc, slot) {
            cost += 0.9 * stress;
        }
    }
    let away = key as f32 - slot.target;
    cost + 0.014 * away * away + asked(key, slot)
}

/// Whether a key stands against an altered tone of its chord, which it would belie.
fn altered(pc: u8, slot: &Slot) -> bool {
    let beside = |pc: u8| slot.chord.is_some_and(|c| c.has(pc)) && !slot.key.has(pc);
    beside((pc + 11) % 12) || beside((pc + 1) % 12)
}

/// What sounds wrong in any style: tones of neither scale nor chord, and plain ones against
/// altered ones.
fn clash(key: i32, slot: &Slot, manner: &Manner) -> f32 {
    let pc = key.rem_euclid(12) as u8;
    let chordal = slot.chord.is_none_or(|chord| chord.has(pc));
    match (chordal, slot.key.has(pc)) {
        (true, true) => 0.0,
        // A chromatic chord tone: welcome where the harmony leaves the key, not in strict scales.
        (true, false) if manner.strict => 3.0,
        (true, false) if slot.key.has_harmonic(pc) => 0.35,
        (true, false) => 0.7,
        (false, true) if altered(pc, slot) => 2.4,
        (false, true) => 0.0,
        (false, false) => NEVER,
    }
}

/// What the plan asks of a note: to be near another one, to close a phrase.
fn asked(key: i32, slot: &Slot) -> f32 {
    let mut cost = 0.0;
    if let Some((wanted, strength)) = slot.reference {
        cost += strength * ((key - wanted).abs().min(6) as f32) * 0.4;
    }
    let tonic = (key - i32::from(slot.key.tonic.pc())).rem_euclid(12);
    cost += match slot.close {
        Close::None => 0.0,
        Close::Full => match tonic {
            0 => -1.4,
            3 | 4 | 7 => -0.3,
            _ => 0.6,
        },
        Close::Half => match tonic {
            0 => 0.7,
            2 | 7 => -0.5,
            _ => 0.0,
        },
    };
    if slot.close != Close::None && dissonant(key, slot) {
        cost += 2.0;
    }
    cost
}

/// How much a note must answer for leaving a chord of two tones: such chords leave little else to
/// hold on to, but the third that they imply is welcome.
fn bare(pc: u8, slot: &Slot) -> f32 {
    match slot.chord {
        Some(chord) if chord.quality.tones().len() <= 2 => {
            let above = (i32::from(pc) - i32::from(chord.root.pc())).rem_euclid(12);
            if above == 3 || above == 4 { 0.15 } else { 1.0 }
        }
        _ => 0.0,
    }
}

/// The cost of an interval.
fn step_cost(from: i32, to: i32, slot: &Slot, manner: &Manner) -> f32 {
    let five = slot.key.mode.melody().len() == 5;
    let lean = slot.lean.map_or(0.0, |lean| lean.cost(to - from));
    let base = match (to - from).abs() {
        0 => 0.3,
        1 => 0.12,
        2 => 0.0,
        3 => {
            if five {
                0.1
            } else {
                0.42
            }
        }
        4 => 0.48,
        5 => 0.72,
        7 => 0.85,
        6 => 2.4,
        8 | 9 => 1.7,
        12 => 1.7,
        10 | 11 => 3.2,
        _ => 6.0,
    };
    let bold = (1.5 - manner.leaps * 2.4).max(0.35);
    // After a rest the voice starts anew.
    let fresh = if slot.gap >= Ticks::of(1, 4) {
        0.55
    } else {
        1.0
    };
    lean + if (to - from).abs() >= 3 {
        base * bold * fresh
    } else {
        base
    }
}

/// The cost of a turn over three notes.
fn turn_cost(q: i32, p: i32, k: i32) -> f32 {
    let (first, second) = (p - q, k - p);
    let mut cost = 0.0;
    if first.abs() >= 5 {
        if first.signum() == second.signum() && second.abs() > 2 {
            cost += 1.4;
        } else if first.signum() == -second.signum() && second.abs() <= 3 {
            cost -= 0.35;
        }
    }
    if first == 0 && second == 0 {
        cost += 0.9;
    }
    // Going back and forth between two notes is dull.
    if first != 0 && second == -first {
        cost += 0.28;
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_engine::SeedPath;

    #[test]
    fn lines_close_and_keep_their_range() {
        let key = Key::parse("C major").unwrap();
        let chords: Vec<Chord> = ["C", "C", "F", "F", "G7", "G7", "C", "C"]
            .iter()
            .map(|c| c.parse().unwrap())
            .collect();
        let slots: Vec<Slot> = chords
            .iter()
            .enumerate()
            .map(|(i, chord)| Slot {
                at: Ticks::QUARTER * i as i64,
                chord: Some(*chord),
                key,
                weight: if i % 2 == 0 { 1.0 } else { 0.4 },
                len: Ticks::QUARTER,
                gap: Ticks::ZERO,
                target: 67.0,
                reference: None,
                close: if i == 7 { Close::Full } else { Close::None },
                lean: None,
            })
            .collect();
        let manner = Manner {
            low: 60,
            high: 76,
            leaps: 0.15,
            strict: false,
            whim: 1.2,
        };
        let mut distinct = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let keys = line(&slots, None, &manner, &mut SeedPath::song(seed).rng());
            assert_eq!(keys.len(), 8);
            assert!(keys.iter().all(|k| (60..=76).contains(k)));
            assert!([0, 4, 7].contains(&(keys[7] % 12)), "{keys:?}");
            assert!(keys.windows(2).all(|w| (w[1] - w[0]).abs() <= 12));
            distinct.insert(keys);
        }
        assert!(distinct.len() > 20, "only {} tunes", distinct.len());
    }
}
