//! Syllables in the bars of their line: the cheapest placing on a grid of sixteenths, found by
//! dynamic programming over (syllable, place).
//!
//! What it costs: heavy syllables off the beat and light ones on it; lengths far from the line's
//! own pace; syllables of one word torn apart; no room to breathe at the end; places that the
//! style does not use, or that the line before did not.

use super::Weighed;
use yuefu_engine::Rng;
use yuefu_theory::{Metre, Ticks};

/// The grid.
const GRID: Ticks = Ticks::of(1, 16);
const NEVER: f32 = 1e9;

/// What is to be placed, and where.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The syllables of the line.
    pub syllables: &'a [Weighed],
    /// Room of the line.
    pub len: Ticks,
    /// Its start, from a barline.
    pub offset: Ticks,
    /// How much earlier than its start it may begin.
    pub pickup: Ticks,
    /// The metre.
    pub metre: &'a Metre,
    /// Quarter notes a minute.
    pub bpm: f64,
    /// How usual an onset is at each sixteenth of a bar, 0..=1; empty = all alike.
    pub usual: &'a [f32],
    /// Onsets of a line that this one answers.
    pub model: &'a [Ticks],
    /// How much of the room the syllables take before the last one rests, 0.3..=0.95.
    pub share: f32,
    /// Where the line would begin, in quarter notes from its start; negative with a pickup.
    pub lead: f32,
    /// How much chance may move, 0..=1.
    pub whim: f32,
}

impl Ask<'_> {
    /// What it costs to begin a syllable at a time of the line, after the one before began; `None`
    /// where it cannot be. Only words and metre speak here: what is usual, and how a line flows, is
    /// left to somebody who has learned it.
    pub fn cost(&self, index: usize, before: Option<Ticks>, at: Ticks) -> Option<f32> {
        let floor = match before {
            Some(before) => before + self.least(index - 1),
            None => Ticks::ZERO - self.pickup,
        };
        if at < floor || at > self.latest(index) {
            return None;
        }
        let weight = felt(self.metre.weight(at + self.offset));
        let torn = match (before, self.syllables[index].lyric.continues) {
            (Some(before), true) => ((at - before).as_quarters() as f32 - 1.0).max(0.0),
            _ => 0.0,
        };
        // Where stress does not make the verse, tunes go their own way.
        let stressed = self.syllables[index].stressed();
        let free = if stressed { 1.0 } else { 0.25 };
        let early = before.is_none() && at < Ticks::ZERO;
        let heavy = early && stressed && self.syllables[0].strength > 0.5;
        Some(self.stress(index, weight) * free + torn + if heavy { 0.6 } else { 0.0 })
    }

    /// The shortest time from a syllable's beginning to the next one's.
    pub fn least(&self, index: usize) -> Ticks {
        let syllable = &self.syllables[index];
        let quarters = f64::from(syllable.seconds) * self.bpm / 60.0;
        let steps = ((quarters * 4.0).ceil() as i64).max(1);
        // A breath is an eighth at least.
        GRID * (steps + if syllable.rests() { 2 } else { 0 })
    }

    /// The latest time at which a syllable may begin, so that all the others find room.
    fn latest(&self, index: usize) -> Ticks {
        let rest = (index..self.syllables.len()).map(|i| self.least(i).0).sum();
        self.len - Ticks(rest)
    }

    /// The longest that a syllable may sound which begins at a time of the line.
    pub fn longest(&self, index: usize, at: Ticks) -> Ticks {
        let next = match index + 1 < self.syllables.len() {
            true => self.latest(index + 1) - at,
            false => self.len - at,
        };
        match self.syllables[index].rests() {
            true => (next - GRID).max(GRID),
            false => next.max(GRID),
        }
    }

    /// How badly a syllable stands at a place of this weight.
    fn stress(&self, index: usize, weight: f32) -> f32 {
        let syllable = &self.syllables[index];
        // The last syllable of a line carries its rhyme.
        let strength = match index + 1 == self.syllables.len() {
            true => syllable.strength.max(0.85),
            false => syllable.strength,
        };
        let away = strength - weight;
        let stressed = syllable.stressed();
        away * away
            * match (away > 0.0, stressed) {
                (true, true) => 2.2,
                (true, false) => 1.1,
                (false, true) => 0.8,
                (false, false) => 0.35,
            }
    }
}

/// Start and length of each syllable's note, from the start of the line; one for each syllable, in
/// order, none overlapping.
pub fn rhythm(ask: &Ask<'_>, rng: &mut Rng) -> Vec<(Ticks, Ticks)> {
    if ask.syllables.is_empty() {
        return Vec::new();
    }
    match Search::new(ask, rng).and_then(|search| search.run()) {
        Some(onsets) => lengths(ask, &onsets),
        None => crowded(ask),
    }
}

/// The costs of one line.
struct Search<'a> {
    ask: &'a Ask<'a>,
    /// Sixteenths before the start, and in all.
    early: i64,
    count: i64,
    /// Cost of an onset at each place, whatever the syllable.
    place: Vec<f32>,
    /// Metric weight of each place.
    weight: Vec<f32>,
    /// The usual distance of two syllables, in sixteenths.
    pace: f32,
    spoken: bool,
}

impl<'a> Search<'a> {
    /// `None` where the line has more syllables than places.
    fn new(ask: &'a Ask<'a>, rng: &mut Rng) -> Option<Self> {
        let early = (ask.pickup.0 / GRID.0).max(0);
        let inside = ask.len.0 / GRID.0;
        let n = ask.syllables.len() as i64;
        if n >= inside {
            return None;
        }
        let spoken = ask.syllables.iter().filter(|s| s.spoken()).count() * 2 > n as usize;
        let bar = (ask.metre.bar().0 / GRID.0).max(1);
        let shift = ask.offset.0 / GRID.0;
        let count = early + inside;
        let mut place = Vec::with_capacity(count as usize);
        let mut weight = Vec::with_capacity(count as usize);
        for index in 0..count {
            let at = index - early;
            let in_bar = (at + shift).rem_euclid(bar);
            let metric = felt(ask.metre.weight(GRID * in_bar));
            let usual = ask.usual.get(in_bar as usize).copied().unwrap_or(0.5);
            let odd = if in_bar % 2 == 1 { 0.35 } else { 0.0 };
            let model = match ask.model {
                [] => 0.0,
                model if model.contains(&(GRID * at)) => -0.55,
                _ => 0.3,
            };
            let whim = rng.unit() * ask.whim * 0.7;
            place
                .push((0.65 * (1.0 - usual) + odd) * if spoken { 0.4 } else { 1.0 } + model + whim);
            weight.push(metric);
        }
        let share = if spoken { 0.88 } else { ask.share };
        let pace = (inside as f32 * share / n as f32).clamp(1.0, if spoken { 3.0 } else { 5.0 });
        Some(Self {
            ask,
            early,
            count,
            place,
            weight,
            pace,
            spoken,
        })
    }

    /// Places of all onsets, in sixteenths from the start of the line.
    fn run(&self) -> Option<Vec<i64>> {
        let syllables = self.ask.syllables;
        let n = syllables.len();
        let count = self.count as usize;
        let mut best = vec![NEVER; count];
        for (at, cost) in best.iter_mut().enumerate() {
            *cost = self.begin(at as i64 - self.early) + self.alone(0, at);
        }
        let mut back: Vec<Vec<u16>> = Vec::with_capacity(n);
        for index in 1..n {
            let mut next = vec![NEVER; count];
            let mut from = vec![0_u16; count];
            for at in 0..count {
                let here = self.alone(index, at);
                for (before, cost) in best.iter().enumerate().take(at) {
                    if *cost >= NEVER {
                        continue;
                    }
                    let cost = cost + here + self.step(index - 1, (at - before) as i64);
                    if cost < next[at] {
                        next[at] = cost;
                        from[at] = before as u16;
                    }
                }
            }
            best = next;
            back.push(from);
        }
        let (mut at, mut least) = (0, NEVER);
        for (place, cost) in best.iter().enumerate() {
            let cost = cost + self.end(place as i64 - self.early);
            if cost < least {
                (at, least) = (place, cost);
            }
        }
        if least >= NEVER {
            return None;
        }
        let mut out = vec![at as i64 - self.early];
        for from in back.iter().rev() {
            at = usize::from(from[at]);
            out.push(at as i64 - self.early);
        }
        out.reverse();
        Some(out)
    }

    /// A syllable at a place.
    fn alone(&self, index: usize, at: usize) -> f32 {
        self.ask.stress(index, self.weight[at]) + self.place[at]
    }

    /// The distance from a syllable to the next.
    fn step(&self, index: usize, distance: i64) -> f32 {
        let syllable = &self.ask.syllables[index];
        let seconds = distance as f64 * 0.25 * 60.0 / self.ask.bpm.max(1.0);
        let mut cost = 0.0;
        if seconds < f64::from(syllable.seconds) {
            cost += 6.0 + 40.0 * (f64::from(syllable.seconds) - seconds) as f32;
        }
        let distance = distance as f32;
        let mut pace = self.pace * (0.85 + 0.3 * syllable.strength);
        if syllable.rests() {
            // A breath, then on.
            pace += if syllable.lyric.rest == yuefu_song::lyrics::Rest::Phrase {
                4.0
            } else {
                2.0
            };
            if distance < pace * 0.75 {
                cost += 0.8;
            }
        }
        let far = distance.max(pace) / distance.min(pace) - 1.0;
        cost += 0.5 * far.min(4.0);
        let joined = self
            .ask
            .syllables
            .get(index + 1)
            .is_some_and(|next| next.lyric.continues);
        if joined && distance > pace * 1.5 {
            cost += 0.35 * (distance / pace - 1.5);
        }
        if !self.spoken && !syllable.rests() && distance > 8.0 {
            cost += 0.25 * (distance - 8.0);
        }
        cost
    }

    /// The first syllable at a place.
    fn begin(&self, at: i64) -> f32 {
        let quarters = at as f32 / 4.0;
        let lead = if self.spoken { 0.0 } else { self.ask.lead };
        let heavy = at < 0 && self.ask.syllables[0].strength > 0.5;
        0.4 * (quarters - lead).abs() + if heavy { 0.6 } else { 0.0 }
    }

    /// The last syllable at a place: it is held, and then the voice breathes.
    fn end(&self, at: i64) -> f32 {
        let total = self.ask.len.as_quarters() as f32;
        let left = total - at as f32 / 4.0;
        let ideal = if self.spoken {
            1.0
        } else {
            let n = self.ask.syllables.len() as f32;
            let end = self.ask.lead + self.pace * (n - 1.0) / 4.0;
            (total - end).clamp(1.25_f32.min(total), (total * 0.5).max(1.25))
        };
        let short = if left < ideal * 0.5 { 2.0 } else { 0.0 };
        0.45 * (left - ideal).max(ideal - left) + short
    }
}

/// Metric weights as singers feel them: the off-beat eighth is no abyss.
fn felt(weight: f32) -> f32 {
    match weight {
        w if w >= 1.0 => 1.0,
        w if w >= 0.8 => 0.9,
        w if w >= 0.6 => 0.76,
        w if w >= 0.4 => 0.5,
        w if w >= 0.25 => 0.38,
        w if w >= 0.12 => 0.12,
        _ => 0.05,
    }
}

/// Lengths for onsets: each to the next, less a breath where the words have one.
fn lengths(ask: &Ask<'_>, onsets: &[i64]) -> Vec<(Ticks, Ticks)> {
    let end = ask.len;
    let quarter = Ticks::QUARTER;
    onsets
        .iter()
        .enumerate()
        .map(|(index, at)| {
            let at = GRID * *at;
            let syllable = &ask.syllables[index];
            let len = match onsets.get(index + 1) {
                Some(next) => {
                    let room = GRID * *next - at;
                    let eighth = Ticks::of(1, 8);
                    if syllable.rests() && room >= eighth * 2 {
                        (room - eighth).min(quarter * 2)
                    } else if syllable.rests() && room > GRID {
                        room - GRID
                    } else if syllable.spoken() {
                        room.min(quarter)
                    } else {
                        room.min(quarter * 3)
                    }
                }
                None => {
                    let room = end - at;
                    let breath = quarter.min(Ticks(room.0 / 3));
                    let most = if syllable.spoken() {
                        quarter
                    } else {
                        quarter * 4
                    };
                    (room - breath).min(most).max(Ticks(GRID.0 / 2))
                }
            };
            (at, len)
        })
        .collect()
}

/// More syllables than sixteenths: evenly, with a little room at the end.
fn crowded(ask: &Ask<'_>) -> Vec<(Ticks, Ticks)> {
    let n = ask.syllables.len() as i64;
    let place = |index: i64| Ticks(ask.len.0 * index / (n + 1));
    (0..n)
        .map(|index| {
            let at = place(index);
            (at, (place(index + 1) - at).max(Ticks(1)))
        })
        .collect()
}
