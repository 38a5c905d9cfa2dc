//! The clip under construction, and what every engine does to it at the end.

use super::BLOCK;
use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate, Seconds};

/// Frames −80 dB below full scale count as silence.
const SILENCE: f32 = 1.0e-4;

/// A stereo (or, in `left` only, mono) sum of voices, longer than needed; trimmed at the end.
#[derive(Clone, Debug)]
pub struct Bus {
    /// The frame at which the buffers start, relative to the phrase (0 or negative).
    pub start: i64,
    /// Left, or the mono sum that a body will spread.
    pub left: Vec<f32>,
    /// Right; empty in a mono bus.
    pub right: Vec<f32>,
    rate: SampleRate,
}

impl Bus {
    /// A bus from the earliest onset (or 0) to `end` seconds after the start of the phrase.
    pub fn new(first: Seconds, end: Seconds, stereo: bool, rate: SampleRate) -> Self {
        let start = rate.frames(first).0.min(0);
        let frames = usize::try_from(rate.frames(end).0 - start).unwrap_or(0) + 2 * BLOCK;
        Self {
            start,
            left: vec![0.0; frames],
            right: vec![0.0; if stereo { frames } else { 0 }],
            rate,
        }
    }

    /// The index in the buffers of an instant of the phrase.
    pub fn index(&self, at: Seconds) -> usize {
        usize::try_from(self.rate.frames(at).0 - self.start).unwrap_or(0)
    }

    /// Adds a block to a mono bus; `false` when its end is reached.
    pub fn add_mono(&mut self, at: usize, block: &[f32; BLOCK]) -> bool {
        let Some(target) = self.left.get_mut(at..at + BLOCK) else {
            return false;
        };
        for (t, x) in target.iter_mut().zip(block) {
            *t += x;
        }
        true
    }

    /// Adds a block to a stereo bus; `false` when its end is reached.
    pub fn add(&mut self, at: usize, left: &[f32; BLOCK], right: &[f32; BLOCK]) -> bool {
        if at + BLOCK > self.right.len() {
            return false;
        }
        for (t, x) in self.left[at..at + BLOCK].iter_mut().zip(left) {
            *t += x;
        }
        for (t, x) in self.right[at..at + BLOCK].iter_mut().zip(right) {
            *t += x;
        }
        true
    }

    /// The finished clip: silence at the end dropped, the last 10 ms faded, never shorter than
    /// the end of the last sound.
    pub fn finish(mut self) -> Clip {
        if self.right.is_empty() {
            self.right = self.left.clone();
        }
        let loud = |x: &f32| x.abs() > SILENCE;
        let end = self
            .left
            .iter()
            .rposition(loud)
            .max(self.right.iter().rposition(loud))
            .map_or(0, |last| last + 1);
        let fade = (self.rate.0 / 100) as usize;
        let end = (end + fade).min(self.left.len());
        for channel in [&mut self.left, &mut self.right] {
            channel.truncate(end);
            let from = end.saturating_sub(fade);
            let count = (end - from).max(1) as f32;
            for (n, x) in channel[from..].iter_mut().enumerate() {
                *x *= 1.0 - (n + 1) as f32 / count;
            }
        }
        Clip {
            start: Frames(self.start),
            audio: AudioBuffer {
                rate: self.rate,
                channels: vec![self.left, self.right],
            },
        }
    }
}

/// Equal-power gains of a position from −1 (left) to 1 (right), 1 in the middle.
pub fn pan_gains(pan: f32) -> (f32, f32) {
    let pan = pan.clamp(-1.0, 1.0);
    ((1.0 - pan).sqrt(), (1.0 + pan).sqrt())
}

/// Writes −0.0, NaN and infinities out of a finished buffer. Engines are stable; this is the
/// last guard for absurd curves (a pitch curve of millions of cents, say).
pub fn sanitize(channel: &mut [f32]) {
    for x in channel {
        if !x.is_finite() {
            *x = 0.0;
        }
        *x = x.clamp(-8.0, 8.0);
    }
}
