//! A look-ahead true-peak limiter, as a function of a stretch of audio.
//!
//! Peaks between samples are found by four-fold interpolation (BS.1770-4 Annex 2) in groups of
//! eight frames; the gain is a sliding minimum over the look-ahead and a short hold (so that it
//! does not follow the single waves of a bass, which would distort them), released at two
//! speeds, and smoothed by two moving averages that together are exactly as long as the
//! look-ahead, so it never exceeds what a peak allows and never has a corner. The moving gain
//! itself can lift what lies between samples a little: where the result still exceeds the
//! ceiling, those few groups alone are turned down.

use std::collections::VecDeque;
use yuefu_audio::SampleRate;
use yuefu_audio::loudness::TruePeak;
use yuefu_audio::math;

/// Frames in a group.
pub(super) const GROUP: usize = 8;
/// Look-ahead in seconds.
const AHEAD: f64 = 0.0032;
/// Seconds for which a minimum is held: half a wave of 45 Hz, the look-ahead included.
const HOLD: f64 = 0.0085;
/// Release after a single peak, as a time constant in seconds.
const RELEASE: f64 = 0.050;
/// Release in dense music, as the length in seconds of each of two moving averages.
const DENSE: f64 = 0.400;
/// What the first pass stays below the ceiling, in dB.
const MARGIN_DB: f32 = 0.03;
/// Rounds in which what still exceeds the ceiling is turned down.
const ROUNDS: usize = 6;
/// Groups on either side that the gain of a round is held for: with them, all that the
/// interpolation of a group reads has one gain.
const REACH: usize = 2;

/// The limiter's times in groups at a rate.
#[derive(Clone, Debug)]
pub struct Limiter {
    meter: TruePeak,
    /// Amplitude that is never exceeded.
    top: f32,
    /// Half the look-ahead.
    half: usize,
    hold: usize,
    share: f64,
    dense: usize,
}

/// What a limiter did to a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Limited {
    /// The channels of the stretch that was asked for.
    pub channels: Vec<Vec<f32>>,
    /// The least gain there, at most 1.
    pub least: f32,
}

impl Limiter {
    /// A limiter that never exceeds an amplitude.
    pub fn new(top: f32, rate: SampleRate) -> Self {
        let groups = rate.hz() / GROUP as f64;
        Self {
            meter: TruePeak::new(),
            top,
            half: ((AHEAD * groups * 0.5) as usize).max(2),
            hold: (HOLD * groups) as usize,
            share: 1.0 - math::exp(-1.0 / (RELEASE * groups)),
            dense: ((DENSE * groups) as usize).max(1),
        }
    }

    /// Frames before and after a stretch that its output depends on, multiples of 8.
    ///
    /// The release is forgotten after sixteen of its time constants (−139 dB), the release in
    /// dense music exactly.
    pub fn memory(&self) -> (usize, usize) {
        let edge = Self::edge();
        let look = 2 * self.half + self.hold;
        let single = (16.0 / self.share) as usize;
        (
            (single.max(2 * self.dense) + look + 2) * GROUP + edge,
            (2 * self.half + 2) * GROUP + edge,
        )
    }

    /// Frames beside a stretch that rounds of turning down may reach over.
    const fn edge() -> usize {
        ROUNDS * (2 * REACH + 4) * GROUP
    }

    /// The highest peak of an input that a gain leaves alone.
    fn limit(&self, input: f32) -> f32 {
        self.top * math::db_to_gain(-MARGIN_DB) / input
    }

    /// The peaks of each group, between samples too, of channels that are about to be raised by
    /// at most a factor. What cannot matter is read as it is.
    pub fn peaks(&self, channels: &[Vec<f32>], input: f32) -> Vec<f32> {
        let frames = channels.first().map_or(0, Vec::len);
        let mut peaks = vec![0.0_f32; frames.div_ceil(GROUP)];
        let floor = self.limit(input) * 0.999;
        for channel in channels {
            self.meter
                .merge_groups(channel, 0, GROUP, floor, &mut peaks);
        }
        peaks
    }

    /// The gain of every group for a factor before the limiter; at most 1.
    pub fn gains(&self, peaks: &[f32], input: f32) -> Vec<f32> {
        let window = 2 * self.half;
        let limit = self.limit(input);
        let groups = peaks.len();
        let need = |peak: f32| if peak > limit { limit / peak } else { 1.0 };
        // What lies before the first group is silence, but looks ahead.
        let lead = window;
        let mut gains = Vec::with_capacity(lead + groups);
        // Sliding minimum over the groups k − hold..k + window − 1, by a queue of candidates.
        let mut queue: VecDeque<(usize, f32)> = VecDeque::with_capacity(window + self.hold + 1);
        let (mut first, mut second) = (Average::new(self.dense), Average::new(self.dense));
        // In f64, or it would come to rest just below 1 after a peak.
        let mut fast = 1.0_f64;
        let mut next = 0;
        for k in 0..lead + groups {
            while next < (k + window).saturating_sub(lead).min(groups) {
                let value = need(peaks[next]);
                while queue.back().is_some_and(|&(_, v)| v >= value) {
                    queue.pop_back();
                }
                queue.push_back((next, value));
                next += 1;
            }
            while queue
                .front()
                .is_some_and(|&(i, _)| i + self.hold + lead < k)
            {
                queue.pop_front();
            }
            let least = queue.front().map_or(1.0, |&(_, v)| v);
            fast = f64::from(least).min(fast + (1.0 - fast) * self.share);
            let slow = second.next(first.next(least));
            gains.push((fast as f32).min(slow.max(least * 0.5)).min(least));
        }
        for _ in 0..2 {
            let mut average = Average::new(self.half);
            for gain in &mut gains {
                *gain = average.next(*gain);
            }
        }
        gains.drain(..lead);
        gains
    }

    /// Applies a factor and gains to a stretch of channels, `from..to` in frames of them, both
    /// multiples of 8 or the end.
    ///
    /// `peaks` and `gains` are those of all groups of `channels`.
    pub fn apply(
        &self,
        channels: &[Vec<f32>],
        peaks: &[f32],
        gains: &[f32],
        input: f32,
        (from, to): (usize, usize),
    ) -> Limited {
        let frames = channels.first().map_or(0, Vec::len);
        let to = to.min(frames);
        let from = from.min(to);
        // Wider by what the rounds may reach.
        let begin = from.saturating_sub(Self::edge()) / GROUP * GROUP;
        let end = (to + Self::edge()).min(frames);
        let first = begin / GROUP;
        let count = (end - begin).div_ceil(GROUP);
        let node = |k: usize| node(gains, k);
        let mut out: Vec<Vec<f32>> = channels
            .iter()
            .map(|channel| {
                let mut out = channel[begin..end].to_vec();
                for (j, group) in out.chunks_mut(GROUP).enumerate() {
                    let (a, b) = (node(first + j), node(first + j + 1));
                    let slope = (b - a) * (1.0 / GROUP as f32);
                    for (n, x) in group.iter_mut().enumerate() {
                        *x *= input * (a + slope * n as f32);
                    }
                }
                out
            })
            .collect();
        let peak = |k: usize| peaks.get(k).copied().unwrap_or(0.0);
        // Where the gain hardly moves, the first pass holds what it promises.
        let mut doubtful: Vec<usize> = (0..count)
            .filter(|&j| {
                let k = first + j;
                let nodes = [node(k.saturating_sub(1)), node(k), node(k + 1), node(k + 2)];
                let high = nodes.iter().fold(0.0_f32, |a, &b| a.max(b));
                let low = nodes.iter().fold(1.0_f32, |a, &b| a.min(b));
                let near = peak(k.saturating_sub(1)).max(peak(k)).max(peak(k + 1));
                let most = high * peak(k) + (high - low) * near * self.meter.bound;
                most * input > self.top * 0.9995
            })
            .collect();
        for round in 0..ROUNDS {
            let target = self.top * (1.0 - 2e-4 * (round + 1) as f32);
            let dips = self.dips(&out, &doubtful, target);
            if dips.is_empty() {
                break;
            }
            doubtful = turn_down(&mut out, &dips, count);
        }
        let (skip, length) = (from - begin, to - from);
        for channel in &mut out {
            channel.truncate(skip + length);
            channel.drain(..skip);
        }
        let span = from / GROUP..to.div_ceil(GROUP).min(gains.len());
        Limited {
            channels: out,
            least: gains[span].iter().fold(1.0, |a, &b| a.min(b)),
        }
    }

    /// Of some groups those that exceed the ceiling, and the gain that brings each to `target`.
    fn dips(&self, channels: &[Vec<f32>], groups: &[usize], target: f32) -> Vec<(usize, f32)> {
        let mut dips = Vec::new();
        for &k in groups {
            let mut peak = [0.0_f32];
            for channel in channels {
                self.meter
                    .merge_groups(channel, k, GROUP, self.top * 0.99, &mut peak);
            }
            if peak[0] > self.top * 0.999_99 {
                dips.push((k, target / peak[0]));
            }
        }
        dips
    }
}

/// The gain at the beginning of a group: the lesser of the two that meet there, so that the
/// line between nodes stays below what either allows.
fn node(gains: &[f32], k: usize) -> f32 {
    let Some(last) = gains.len().checked_sub(1) else {
        return 1.0;
    };
    gains[k.saturating_sub(1).min(last)].min(gains[k.min(last)])
}

/// Turns groups down, with their surroundings; returns the groups to look at again.
fn turn_down(channels: &mut [Vec<f32>], dips: &[(usize, f32)], count: usize) -> Vec<usize> {
    let (Some(first), Some(last)) = (dips.first(), dips.last()) else {
        return Vec::new();
    };
    let begin = first.0.saturating_sub(REACH + 2);
    let end = (last.0 + REACH + 3).min(count);
    let mut gains = vec![1.0_f32; end - begin];
    for &(k, gain) in dips {
        let around = k.saturating_sub(REACH).max(begin)..(k + REACH + 1).min(end);
        for g in &mut gains[around.start - begin..around.end - begin] {
            *g = g.min(gain);
        }
    }
    let mut again = Vec::new();
    for k in begin..end {
        let (a, b) = (node(&gains, k - begin), node(&gains, k - begin + 1));
        if a < 1.0 || b < 1.0 {
            let slope = (b - a) * (1.0 / GROUP as f32);
            for channel in channels.iter_mut() {
                let group = k * GROUP..((k + 1) * GROUP).min(channel.len());
                for (n, x) in channel[group].iter_mut().enumerate() {
                    *x *= a + slope * n as f32;
                }
            }
        }
        let near = k.saturating_sub(2).max(begin) - begin..(k + 3).min(end) - begin;
        if gains[near].iter().any(|&g| g < 1.0) {
            again.push(k);
        }
    }
    again
}

/// Moving average over a value and the `length − 1` before it; ones before the first.
#[derive(Clone, Debug)]
struct Average {
    ring: Vec<f32>,
    at: usize,
    /// In f64: after millions of additions the sum is still exact enough.
    sum: f64,
    scale: f64,
}

impl Average {
    fn new(length: usize) -> Self {
        Self {
            ring: vec![1.0; length],
            at: 0,
            sum: length as f64,
            scale: 1.0 / length as f64,
        }
    }

    fn next(&mut self, value: f32) -> f32 {
        let old = std::mem::replace(&mut self.ring[self.at], value);
        self.sum += f64::from(value) - f64::from(old);
        self.at += 1;
        if self.at == self.ring.len() {
            self.at = 0;
        }
        ((self.sum * self.scale) as f32).min(1.0)
    }
}
