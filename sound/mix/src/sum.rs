//! Sums of stems, exact in any order.

use std::ops::Range;
use yuefu_audio::{AudioBuffer, SampleRate};

/// Steps of 24-bit audio in a full-scale sample.
const STEPS: f32 = 8_388_608.0;

/// A sum of stems that lie on the 24-bit grid, counted in its steps.
///
/// Whole numbers add up exactly, so neither the order of stems nor what was added and taken
/// away in between matters: after an edit, the old stem is subtracted and the new one added.
/// Exact up to an amplitude of 256 (+48 dBFS), where it stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    rate: SampleRate,
    channels: [Vec<i32>; 2],
}

impl Sum {
    /// Nothing yet, of so many frames.
    pub fn new(rate: SampleRate, frames: usize) -> Self {
        Self {
            rate,
            channels: [vec![0; frames], vec![0; frames]],
        }
    }

    /// The length in frames.
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// Adds a stereo stem; what is longer than the sum is cut.
    pub fn add(&mut self, stem: &AudioBuffer) {
        self.each(stem, |to, x| to.saturating_add(steps(x)));
    }

    /// Takes a stem away that was added before.
    pub fn subtract(&mut self, stem: &AudioBuffer) {
        self.each(stem, |to, x| to.saturating_sub(steps(x)));
    }

    /// Adds a stem times a gain, rounded to the grid: what goes to a shared effect.
    pub fn send(&mut self, stem: &AudioBuffer, gain: f32) {
        self.each(stem, |to, x| to.saturating_add(steps(x * gain)));
    }

    /// Takes away what [`Sum::send`] added.
    pub fn unsend(&mut self, stem: &AudioBuffer, gain: f32) {
        self.each(stem, |to, x| to.saturating_sub(steps(x * gain)));
    }

    /// Adds a part of a stereo stem, from a frame of the sum on; what is beyond it is cut.
    pub fn add_part(&mut self, at: usize, stem: &AudioBuffer, part: Range<usize>) {
        self.part(at, stem, part, |to, x| to.saturating_add(steps(x)));
    }

    /// Adds a part of a stem times a gain, as [`Sum::send`] does.
    pub fn send_part(&mut self, at: usize, stem: &AudioBuffer, part: Range<usize>, gain: f32) {
        self.part(at, stem, part, |to, x| to.saturating_add(steps(x * gain)));
    }

    /// Adds a part of a stem times a gain for each of its frames.
    pub fn send_moving(
        &mut self,
        at: usize,
        stem: &AudioBuffer,
        part: Range<usize>,
        gains: &[f32],
    ) {
        let at = at.min(self.frames());
        for (channel, stem) in self.channels.iter_mut().zip(&stem.channels) {
            let part = part.start.min(stem.len())..part.end.min(stem.len());
            for ((to, x), gain) in channel[at..].iter_mut().zip(&stem[part]).zip(gains) {
                *to = to.saturating_add(steps(x * gain));
            }
        }
    }

    /// The sum as audio: exact while below 2 (+6 dBFS), beyond that the nearest `f32`.
    pub fn audio(&self) -> AudioBuffer {
        AudioBuffer {
            rate: self.rate,
            channels: self
                .channels
                .iter()
                .map(|channel| channel.iter().map(|&x| x as f32 * (1.0 / STEPS)).collect())
                .collect(),
        }
    }

    fn each(&mut self, stem: &AudioBuffer, merge: impl Fn(i32, f32) -> i32) {
        self.part(0, stem, 0..stem.frames(), merge);
    }

    fn part(
        &mut self,
        at: usize,
        stem: &AudioBuffer,
        part: Range<usize>,
        merge: impl Fn(i32, f32) -> i32,
    ) {
        let at = at.min(self.frames());
        for (channel, stem) in self.channels.iter_mut().zip(&stem.channels) {
            let part = part.start.min(stem.len())..part.end.min(stem.len());
            // Piece by piece, because stems rest often.
            for (to, from) in channel[at..].chunks_mut(2048).zip(stem[part].chunks(2048)) {
                if from.iter().all(|&x| x == 0.0) {
                    continue;
                }
                for (to, from) in to.iter_mut().zip(from) {
                    *to = merge(*to, *from);
                }
            }
        }
    }
}

/// A value in whole steps, to the nearest, held within ±256.
#[inline(always)]
fn steps(x: f32) -> i32 {
    // The largest f32 below 2^31.
    const MOST: f32 = 2_147_483_520.0;
    // Adding 1.5 · 2^52 leaves the nearest whole number in the low bits of an f64.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    let held = (x * STEPS).clamp(-MOST, MOST);
    (f64::from(held) + MAGIC).to_bits() as i32
}
