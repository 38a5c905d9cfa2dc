//! Planar 32-bit float audio and its placement in time.

use crate::units::{Frames, SampleRate};

/// Planar audio: one equally long vector of samples per channel, nominally in −1..=1.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBuffer {
    /// Frames per second.
    pub rate: SampleRate,
    /// One vector per channel (1 = mono, 2 = left, right).
    pub channels: Vec<Vec<f32>>,
}

impl AudioBuffer {
    /// Silence of a given size.
    pub fn silent(rate: SampleRate, channels: usize, frames: usize) -> Self {
        Self {
            rate,
            channels: vec![vec![0.0; frames]; channels],
        }
    }

    /// The length in frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// The largest absolute sample of any channel.
    pub fn peak(&self) -> f32 {
        self.channels
            .iter()
            .flatten()
            .fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// Root mean square over all channels; 0 for an empty buffer.
    pub fn rms(&self) -> f32 {
        let count = self.frames() * self.channels.len();
        if count == 0 {
            return 0.0;
        }
        let sum: f64 = self
            .channels
            .iter()
            .flatten()
            .map(|&sample| f64::from(sample) * f64::from(sample))
            .sum();
        (sum / count as f64).sqrt() as f32
    }

    /// Multiplies every sample by a factor.
    pub fn scale(&mut self, gain: f32) {
        for sample in self.channels.iter_mut().flatten() {
            *sample *= gain;
        }
    }

    /// Adds a clip where it lies; what falls outside this buffer is dropped.
    ///
    /// A mono clip is added to every channel.
    pub fn add(&mut self, clip: &Clip) {
        for (index, target) in self.channels.iter_mut().enumerate() {
            let source = &clip.audio.channels[index.min(clip.audio.channels.len() - 1)];
            let skip = usize::try_from(-clip.start.0)
                .unwrap_or(0)
                .min(source.len());
            let at = usize::try_from(clip.start.0).unwrap_or(0).min(target.len());
            for (out, sample) in target[at..].iter_mut().zip(&source[skip..]) {
                *out += sample;
            }
        }
    }
}

/// Audio placed on the song's time line, with its own lead-in and tail.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The frame of the song at which the first sample sounds; may be negative.
    pub start: Frames,
    /// The audio.
    pub audio: AudioBuffer,
}
