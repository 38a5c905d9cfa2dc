//! A look-ahead true-peak limiter.
//!
//! Peaks between samples are found by four-fold interpolation (BS.1770-4 Annex 2) in groups of
//! eight frames; the gain is a sliding minimum over the look-ahead and a short hold (so that it
//! does not follow the single waves of a bass, which would distort them), released at two speeds, and
//! smoothed by two moving averages that together are exactly as long as the look-ahead, so it
//! never exceeds what a peak allows and never has a corner.

use rayon::prelude::*;
use std::collections::VecDeque;
use yuefu_audio::AudioBuffer;
use yuefu_audio::loudness::{Steps, TruePeak, step_frames};
use yuefu_audio::math;

/// Frames in a group.
const GROUP: usize = 8;
/// Look-ahead in seconds.
const AHEAD: f64 = 0.0032;
/// Seconds for which a minimum is held: half a wave of 45 Hz, the look-ahead included.
const HOLD: f64 = 0.0085;
/// Release time constants in seconds: after a single peak, and of the average in dense music.
const RELEASE: [f64; 2] = [0.050, 0.400];

/// The peaks of a recording, and the gain that keeps them under a ceiling.
#[derive(Clone, Debug)]
pub struct Limiter {
    peaks: Vec<f32>,
    gains: Vec<f32>,
    ceiling: f32,
    rate: f64,
    frames: usize,
}

impl Limiter {
    /// Finds the peaks of a recording that is about to be raised by about `wanted_db`.
    pub fn new(audio: &AudioBuffer, meter: &TruePeak, ceiling: f32, wanted_db: f32) -> Self {
        let frames = audio.frames();
        let groups = frames.div_ceil(GROUP);
        let mut peaks = vec![0.0_f32; groups];
        // With up to 9 dB more gain than expected, what is below this stays below the ceiling.
        let floor = ceiling * math::db_to_gain(-wanted_db - 9.0);
        const RUN: usize = 4096;
        peaks.par_chunks_mut(RUN).enumerate().for_each(|(i, run)| {
            for channel in &audio.channels {
                meter.merge_groups(channel, i * RUN, GROUP, floor, run);
            }
        });
        Self {
            gains: vec![1.0; groups],
            peaks,
            ceiling,
            rate: audio.rate.hz(),
            frames,
        }
    }

    /// Computes the gain of every group for an input gain; the limiter's alone, at most 1.
    fn shape(&mut self, input: f32) {
        let groups_per_second = self.rate / GROUP as f64;
        let half = ((AHEAD * groups_per_second * 0.5) as usize).max(2);
        let window = 2 * half;
        let hold = (HOLD * groups_per_second) as usize;
        let share = RELEASE.map(|s| (1.0 - math::exp(-1.0 / (s * groups_per_second))) as f32);
        let limit = self.ceiling / input;
        let groups = self.peaks.len();
        // Sliding minimum over the groups k − hold..k + window − 1, by a queue of candidates.
        let mut queue: VecDeque<(usize, f32)> = VecDeque::with_capacity(window + hold + 1);
        let need = |peak: f32| if peak > limit { limit / peak } else { 1.0 };
        let (mut fast, mut slow) = (1.0_f32, 1.0_f32);
        let mut next = 0;
        for k in 0..groups {
            while next < (k + window - 1).min(groups) {
                let value = need(self.peaks[next]);
                while queue.back().is_some_and(|&(_, v)| v >= value) {
                    queue.pop_back();
                }
                queue.push_back((next, value));
                next += 1;
            }
            while queue.front().is_some_and(|&(i, _)| i + hold < k) {
                queue.pop_front();
            }
            let least = queue.front().map_or(1.0, |&(_, v)| v);
            fast = least.min(fast + (1.0 - fast) * share[0]);
            slow += (least - slow) * share[1];
            self.gains[k] = fast.min(slow.max(least * 0.5)).min(least);
        }
        average(&mut self.gains, half);
        average(&mut self.gains, half);
    }

    /// The gain in dB before the limiter that makes the result as loud as asked.
    ///
    /// Uses the energy of each 100 ms step times the limiter's mean square gain there, which
    /// predicts the loudness of the result within some hundredths of an LU.
    pub fn find_gain(&mut self, steps: &Steps, target: f32) -> f32 {
        let Some(now) = steps.integrated() else {
            return 0.0;
        };
        let mut gain = target - now.0;
        for _ in 0..5 {
            self.shape(math::db_to_gain(gain));
            let got = self.predicted(steps, gain);
            let miss = target - got;
            if miss.abs() < 0.03 {
                break;
            }
            // The deeper the limiting, the less of each dB arrives.
            let reduction = (now.0 + gain - got).max(0.0);
            gain += miss * (1.0 + reduction * 0.25).min(3.0);
            gain = gain.min(target - now.0 + 30.0);
        }
        gain
    }

    /// Loudness after `gain` and the gains shaped for it.
    fn predicted(&self, steps: &Steps, gain: f32) -> f32 {
        let groups = step_frames(yuefu_audio::SampleRate(self.rate as u32)) / GROUP;
        let power = math::pow(10.0, f64::from(gain) / 10.0);
        let energies = steps
            .0
            .iter()
            .zip(self.gains.chunks(groups.max(1)))
            .map(|(energy, gains)| {
                let sum: f32 = gains.iter().map(|g| g * g).sum();
                energy * power * f64::from(sum) / gains.len() as f64
            })
            .collect();
        Steps(energies).integrated().map_or(-70.0, |l| l.0)
    }

    /// Applies a gain in dB and the limiter; returns its deepest reduction in dB.
    pub fn apply(&mut self, audio: &mut AudioBuffer, gain: f32) -> f32 {
        let input = math::db_to_gain(gain);
        self.shape(input);
        let gains = &self.gains;
        // A node between two groups takes the lesser of their gains, so that the line between
        // nodes stays below what either allows.
        let node = |k: usize| {
            let before = gains[k.saturating_sub(1).min(gains.len() - 1)];
            before.min(gains[k.min(gains.len() - 1)])
        };
        let frames = self.frames;
        if frames == 0 {
            return 0.0;
        }
        const RUN: usize = 512;
        for channel in &mut audio.channels {
            channel
                .par_chunks_mut(RUN * GROUP)
                .enumerate()
                .for_each(|(i, run)| {
                    for (j, group) in run.chunks_mut(GROUP).enumerate() {
                        let (a, b) = (node(i * RUN + j), node(i * RUN + j + 1));
                        let slope = (b - a) * (1.0 / GROUP as f32);
                        for (n, x) in group.iter_mut().enumerate() {
                            *x *= input * (a + slope * n as f32);
                        }
                    }
                });
        }
        let least = gains.iter().fold(1.0_f32, |a, &b| a.min(b));
        math::gain_to_db(least)
    }
}

/// Moving average over a value and the `length − 1` before it; the beginning repeats.
fn average(values: &mut [f32], length: usize) {
    let Some(&first) = values.first() else { return };
    let mut ring = vec![first; length];
    // Summed in f64: after millions of additions the sum is still exact enough.
    let mut sum = f64::from(first) * length as f64;
    let scale = 1.0 / length as f64;
    let mut at = 0;
    for value in values {
        sum += f64::from(*value) - f64::from(ring[at]);
        ring[at] = *value;
        at += 1;
        if at == length {
            at = 0;
        }
        *value = (sum * scale) as f32;
    }
}
