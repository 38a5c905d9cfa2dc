//! A judge that reads the notes themselves: a small convolutional network over the events of a
//! tune, with no hand-made figure.
//!
//! Two layers of convolution (five events of six features, looked up; then three of sixteen
//! channels), the mean and the maximum over time, and one logistic unit: about 12,000 numbers,
//! trained from nothing for each fold by Adam (Kingma and Ba, ICLR 2015), in a fixed order.

use crate::{
    boost::auc,
    sheet::{BARS, FEWEST},
};
use yuefu_audio::math;
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{LineNote, Score, Track, line_of};
use yuefu_theory::Ticks;

/// Features of an event.
pub const FEATURES: usize = 6;

/// How many values each feature has: interval to the note before, distance to it and own length in
/// sixteenths, sixteenth of the bar, semitones above the tonic, semitones above the chord's root.
const SIZES: [usize; FEATURES] = [27, 33, 33, 16, 12, 13];

/// A note as the judge reads it.
pub type Event = [u8; FEATURES];

/// The notes of a tune from the bar of its first one on, as many bars as the judge of figures
/// reads; `None` where that one reads nothing either. Without `chords` they are not told.
pub fn events(score: &Score, track: &Track, chords: bool) -> Option<Vec<Event>> {
    let mut notes = line_of(track);
    let first = notes.first()?.at;
    let bar = score.timeline.metre(first).bar();
    if bar != Ticks::WHOLE {
        return None;
    }
    let start = first - score.timeline.bar_of(first).1;
    let end = start + bar * BARS;
    notes.retain(|note| note.at < end);
    if notes.len() < FEWEST || notes.last()?.at < end - bar * 12 {
        return None;
    }
    let tonic = i32::from(score.section_at(first)?.key.tonic.pc());
    let sixteenth = Ticks::of(1, 16).0;
    let step = |time: i64, most: i64| ((time + sixteenth / 2) / sixteenth).clamp(0, most) as u8;
    let key = |note: &LineNote| i32::from(note.key);
    let mut out = Vec::with_capacity(notes.len());
    for (index, note) in notes.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| notes[i]);
        let room = notes
            .get(index + 1)
            .map_or(note.len.0, |n| (n.at - note.at).0);
        // As in the figures: performances let go a little early where scores do not.
        let len = if room - note.len.0 <= Ticks::of(1, 8).0 {
            room
        } else {
            note.len.0
        };
        let interval = before.map_or(26, |b| (key(note) - key(&b)).clamp(-12, 12) + 13);
        let root = score
            .chords
            .iter()
            .find(|c| chords && c.span.contains(note.at))
            .map(|c| i32::from(c.chord.root.pc()));
        out.push([
            interval as u8,
            step(before.map_or(0, |b| (note.at - b.at).0), 32),
            step(len, 32),
            step((note.at - start).0 % bar.0, 15),
            (key(note) - tonic).rem_euclid(12) as u8,
            root.map_or(12, |root| (key(note) - root).rem_euclid(12) as u8),
        ]);
    }
    Some(out)
}

/// Area under the curve of networks that each judged songs of a fold they had not read: 0.5 where
/// nothing tells the songs with `true` from the others.
pub fn tell_apart(songs: &[Vec<Event>], real: &[bool], folds: &[usize], seed: u64) -> f64 {
    let count = folds.iter().max().map_or(0, |fold| fold + 1);
    let mut scores = Vec::with_capacity(songs.len());
    for fold in 0..count {
        let learn: Vec<usize> = (0..songs.len()).filter(|i| folds[*i] != fold).collect();
        let root = SeedPath::song(seed).join("events").join(fold);
        let net = Network::train(songs, real, &learn, &root);
        let held = (0..songs.len()).filter(|i| folds[*i] == fold);
        scores.extend(held.map(|i| (f64::from(net.score(&songs[i])), real[i])));
    }
    auc(&scores)
}

const CHANNELS: usize = 16;
/// Events that the first and the second layer see at once.
const FIRST: usize = 5;
const SECOND: usize = 3;
const EPOCHS: usize = 24;
const BATCH: usize = 8;
const RATE: f32 = 3e-3;
/// What weights lose at each step, against learning songs by heart.
const DECAY: f32 = 0.05;
/// Share of the pooled values that are left out while training.
const DROPPED: f32 = 0.25;

/// Where each group of weights begins.
struct Layout {
    tables: [usize; FEATURES],
    second: usize,
    bias: usize,
    out: usize,
    all: usize,
}

const fn layout() -> Layout {
    let mut tables = [0; FEATURES];
    let mut at = 0;
    let mut feature = 0;
    while feature < FEATURES {
        tables[feature] = at;
        at += SIZES[feature] * FIRST * CHANNELS;
        feature += 1;
    }
    let second = at;
    let bias = second + SECOND * CHANNELS * CHANNELS;
    let out = bias + 2 * CHANNELS;
    Layout {
        tables,
        second,
        bias,
        out,
        all: out + 2 * CHANNELS + 1,
    }
}

const LAYOUT: Layout = layout();

/// A trained judge of events.
pub struct Network {
    weights: Vec<f32>,
}

/// What a reading leaves behind for learning.
#[derive(Default)]
struct Trace {
    first: Vec<[f32; CHANNELS]>,
    second: Vec<[f32; CHANNELS]>,
    highest: [usize; CHANNELS],
    pooled: [f32; 2 * CHANNELS],
}

impl Network {
    /// Learns to tell the songs of `learn` with `true` from others.
    pub fn train(songs: &[Vec<Event>], real: &[bool], learn: &[usize], seed: &SeedPath) -> Self {
        let mut rng = seed.rng();
        let mut net = Self {
            weights: vec![0.0; LAYOUT.all],
        };
        for (at, weight) in net.weights.iter_mut().enumerate() {
            let size = match at {
                _ if at < LAYOUT.second => 0.15,
                _ if at < LAYOUT.bias => 0.14,
                _ if at < LAYOUT.out => 0.0,
                _ => 0.1,
            };
            *weight = size * rng.normal();
        }
        let share = learn.iter().filter(|i| real[**i]).count() as f32 / learn.len().max(1) as f32;
        // Both kinds weigh the same, however many there are.
        let weigh = |real: bool| 0.5 / if real { share } else { 1.0 - share }.max(0.05);
        let mut gradient = vec![0.0_f32; LAYOUT.all];
        let mut moments = (vec![0.0_f32; LAYOUT.all], vec![0.0_f32; LAYOUT.all]);
        let mut trace = Trace::default();
        let mut order = learn.to_vec();
        let mut steps = 0;
        let total = EPOCHS * learn.len().div_ceil(BATCH);
        for _ in 0..EPOCHS {
            rng.shuffle(&mut order);
            for batch in order.chunks(BATCH) {
                gradient.fill(0.0);
                for song in batch.iter().filter(|song| !songs[**song].is_empty()) {
                    let keep = mask(&mut rng);
                    let score = net.read(&songs[*song], &keep, &mut trace);
                    let chance = 1.0 / (1.0 + math::exp(f64::from(-score)) as f32);
                    let wrong = chance - f32::from(u8::from(real[*song]));
                    let slope = wrong * weigh(real[*song]) / batch.len() as f32;
                    net.learn(&songs[*song], &keep, &trace, slope, &mut gradient);
                }
                steps += 1;
                let rate = RATE * (1.0 - 0.9 * steps as f32 / total as f32);
                step(&mut net.weights, &gradient, &mut moments, steps, rate);
            }
        }
        net
    }

    /// How real a song looks: above 0 it looks real.
    pub fn score(&self, song: &[Event]) -> f32 {
        self.read(song, &[1.0; 2 * CHANNELS], &mut Trace::default())
    }

    fn read(&self, song: &[Event], keep: &[f32; 2 * CHANNELS], trace: &mut Trace) -> f32 {
        let weights = &self.weights;
        trace.first.clear();
        trace.second.clear();
        for at in 0..song.len() {
            let mut sum: [f32; CHANNELS] = slice(&weights[LAYOUT.bias..]);
            for tap in 0..FIRST {
                let Some(event) = (at + tap).checked_sub(FIRST / 2).and_then(|i| song.get(i))
                else {
                    continue;
                };
                for (feature, value) in event.iter().enumerate() {
                    let row = row(feature, *value, tap);
                    add(&mut sum, &weights[row..row + CHANNELS], 1.0);
                }
            }
            trace.first.push(sum.map(|x| x.max(0.0)));
        }
        let mut mean = [0.0; CHANNELS];
        let mut most = [f32::MIN; CHANNELS];
        for at in 0..song.len() {
            let mut sum: [f32; CHANNELS] = slice(&weights[LAYOUT.bias + CHANNELS..]);
            for tap in 0..SECOND {
                let Some(below) = (at + tap)
                    .checked_sub(SECOND / 2)
                    .and_then(|i| trace.first.get(i))
                else {
                    continue;
                };
                for (channel, value) in below.iter().enumerate().filter(|x| *x.1 > 0.0) {
                    let row = LAYOUT.second + (tap * CHANNELS + channel) * CHANNELS;
                    add(&mut sum, &weights[row..row + CHANNELS], *value);
                }
            }
            let own = sum.map(|x| x.max(0.0));
            for (channel, value) in own.into_iter().enumerate() {
                mean[channel] += value;
                if value > most[channel] {
                    most[channel] = value;
                    trace.highest[channel] = at;
                }
            }
            trace.second.push(own);
        }
        let count = song.len().max(1) as f32;
        let mut score = weights[LAYOUT.all - 1];
        for (channel, (mean, most)) in mean.into_iter().zip(most).enumerate() {
            trace.pooled[channel] = mean / count;
            trace.pooled[CHANNELS + channel] = most.max(0.0);
        }
        for (at, value) in trace.pooled.iter().enumerate() {
            score += weights[LAYOUT.out + at] * value * keep[at];
        }
        score
    }

    /// Adds how the weights should change for a song that was just read.
    fn learn(
        &self,
        song: &[Event],
        keep: &[f32; 2 * CHANNELS],
        trace: &Trace,
        slope: f32,
        gradient: &mut [f32],
    ) {
        let weights = &self.weights;
        let count = song.len() as f32;
        gradient[LAYOUT.all - 1] += slope;
        let mut through = [0.0; 2 * CHANNELS];
        for (at, through) in through.iter_mut().enumerate() {
            gradient[LAYOUT.out + at] += slope * trace.pooled[at] * keep[at];
            *through = slope * weights[LAYOUT.out + at] * keep[at];
        }
        let mut below = vec![[0.0_f32; CHANNELS]; song.len()];
        for at in 0..song.len() {
            let mut own = [0.0; CHANNELS];
            for (channel, own) in own.iter_mut().enumerate() {
                if trace.second[at][channel] > 0.0 {
                    *own = through[channel] / count;
                    if trace.highest[channel] == at {
                        *own += through[CHANNELS + channel];
                    }
                }
            }
            add(
                &mut gradient[LAYOUT.bias + CHANNELS..LAYOUT.bias + 2 * CHANNELS],
                &own,
                1.0,
            );
            for tap in 0..SECOND {
                let Some(from) = (at + tap)
                    .checked_sub(SECOND / 2)
                    .filter(|i| *i < song.len())
                else {
                    continue;
                };
                for (channel, value) in trace.first[from].iter().enumerate() {
                    if *value > 0.0 {
                        let row = LAYOUT.second + (tap * CHANNELS + channel) * CHANNELS;
                        add(&mut gradient[row..row + CHANNELS], &own, *value);
                        below[from][channel] += dot(&weights[row..row + CHANNELS], &own);
                    }
                }
            }
        }
        for (at, own) in below.iter().enumerate() {
            add(&mut gradient[LAYOUT.bias..LAYOUT.bias + CHANNELS], own, 1.0);
            for tap in 0..FIRST {
                let Some(event) = (at + tap).checked_sub(FIRST / 2).and_then(|i| song.get(i))
                else {
                    continue;
                };
                for (feature, value) in event.iter().enumerate() {
                    let row = row(feature, *value, tap);
                    add(&mut gradient[row..row + CHANNELS], own, 1.0);
                }
            }
        }
    }
}

fn row(feature: usize, value: u8, tap: usize) -> usize {
    let value = usize::from(value).min(SIZES[feature] - 1);
    LAYOUT.tables[feature] + (value * FIRST + tap) * CHANNELS
}

fn slice(from: &[f32]) -> [f32; CHANNELS] {
    std::array::from_fn(|i| from[i])
}

fn add(sum: &mut [f32], row: &[f32], times: f32) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += times * value;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Which pooled values count, those that do for the others too.
fn mask(rng: &mut Rng) -> [f32; 2 * CHANNELS] {
    std::array::from_fn(|_| {
        if rng.chance(DROPPED) {
            0.0
        } else {
            1.0 / (1.0 - DROPPED)
        }
    })
}

fn step(
    weights: &mut [f32],
    gradient: &[f32],
    moments: &mut (Vec<f32>, Vec<f32>),
    steps: usize,
    rate: f32,
) {
    let fade = |of: f64| 1.0 - math::pow(of, steps as f64) as f32;
    let (fade_first, fade_second) = (fade(0.9), fade(0.999));
    for (at, weight) in weights.iter_mut().enumerate() {
        let slope = gradient[at];
        let first = &mut moments.0[at];
        *first += 0.1 * (slope - *first);
        let second = &mut moments.1[at];
        *second += 0.001 * (slope * slope - *second);
        let far = (*first / fade_first) / ((*second / fade_second).sqrt() + 1e-8);
        *weight -= rate * (far + DECAY * *weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random walks; the ones with `true` take back every second interval.
    fn songs(count: usize, differ: bool) -> (Vec<Vec<Event>>, Vec<bool>) {
        let mut rng = SeedPath::song(7).rng();
        let mut all = Vec::new();
        let mut real = Vec::new();
        for index in 0..count {
            let yes = index % 2 == 0;
            let mut song: Vec<Event> = Vec::new();
            for at in 0..48_usize {
                let mut interval = 9 + rng.below(9) as u8;
                if yes && differ && at % 2 == 1 {
                    interval = 26 - song[at - 1][0];
                }
                song.push([interval, 2, 2, (at * 2 % 16) as u8, rng.below(12) as u8, 12]);
            }
            all.push(song);
            real.push(yes);
        }
        (all, real)
    }

    #[test]
    fn what_follows_what_is_told_apart_and_chance_is_not() {
        let folds: Vec<usize> = (0..120).map(|i| i / 2 % 3).collect();
        let (all, real) = songs(120, true);
        let told = tell_apart(&all, &real, &folds, 1);
        assert!(told > 0.8, "{told}");
        assert_eq!(told, tell_apart(&all, &real, &folds, 1));
        let (all, real) = songs(120, false);
        let told = tell_apart(&all, &real, &folds, 1);
        assert!((0.3..0.7).contains(&told), "{told}");
    }

    #[test]
    fn slopes_are_those_of_the_score() {
        let (all, real) = songs(4, true);
        let net = Network::train(&all, &real, &[0, 1], &SeedPath::song(2));
        let keep = [1.0; 2 * CHANNELS];
        let mut trace = Trace::default();
        net.read(&all[2], &keep, &mut trace);
        let mut gradient = vec![0.0; LAYOUT.all];
        net.learn(&all[2], &keep, &trace, 1.0, &mut gradient);
        let mut rng = SeedPath::song(3).rng();
        let mut checked = 0;
        while checked < 200 {
            let at = rng.below(LAYOUT.all);
            let score = |by: f32| {
                let mut weights = net.weights.clone();
                weights[at] += by;
                f64::from(Network { weights }.score(&all[2]))
            };
            let (up, down) = (score(1e-3), score(-1e-3));
            let slope = (up - down) / 2e-3;
            // Where a kink lies between, there is no slope to compare with.
            let middle = f64::from(net.score(&all[2]));
            if (up + down - 2.0 * middle).abs() > 2e-5 {
                checked += 1;
                continue;
            }
            let own = f64::from(gradient[at]);
            assert!(
                (slope - own).abs() < 0.02 + 0.05 * own.abs(),
                "{at}: {slope} {own}"
            );
            checked += 1;
        }
    }
}
