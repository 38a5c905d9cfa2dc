//! Side-chain: one track makes room whenever the low strokes of another sound.

use crate::effect::{Clock, Effect, keep, within};
use std::sync::Arc;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, math};
use yuefu_song::mixplan::Sidechain;

/// Frames between values of a key envelope.
pub const KEY_STEP: usize = 64;

/// How strongly a track strikes below 120 Hz over time, 0..=1 (1 = its strongest stroke).
#[derive(Clone, Debug, PartialEq)]
pub struct KeyEnvelope(Arc<[f32]>);

impl KeyEnvelope {
    /// Listens to a track: usually the drums, of which the low cut keeps the kick.
    pub fn of(audio: &AudioBuffer) -> Self {
        let rate = audio.rate.hz();
        let low = Biquad::low_pass(rate, 120.0, 0.707);
        let mut filter = Cascade::new([low, low]);
        let (mut left, mut right) = ([0.0_f32; KEY_STEP], [0.0_f32; KEY_STEP]);
        let frames = audio.frames();
        let mut values = Vec::with_capacity(frames / KEY_STEP + 1);
        for at in (0..frames).step_by(KEY_STEP) {
            let count = KEY_STEP.min(frames - at);
            left[..count].copy_from_slice(&audio.channels[0][at..at + count]);
            let second = audio.channels.get(1).unwrap_or(&audio.channels[0]);
            right[..count].copy_from_slice(&second[at..at + count]);
            filter.process(&mut left[..count], &mut right[..count]);
            let peak = left[..count]
                .iter()
                .zip(&right[..count])
                .fold(0.0_f32, |p, (l, r)| p.max((l + r).abs()));
            values.push(peak);
        }
        let top = values.iter().fold(0.0_f32, |a, &b| a.max(b));
        if top > 1e-5 {
            for value in &mut values {
                // Strokes 12 dB below the strongest still duck, at half depth; quiet rumble
                // does not.
                let db = math::gain_to_db(*value / top);
                *value = ((db + 24.0) / 24.0).clamp(0.0, 1.0);
            }
        } else {
            values.fill(0.0);
        }
        Self(values.into())
    }

    /// The values, one per [`KEY_STEP`] frames.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// Ducks what it processes by a key envelope, both counted from the same first frame.
#[derive(Clone, Debug)]
pub struct Ducker {
    key: KeyEnvelope,
    amount: f32,
    keep: f32,
    clock: Clock,
    step: usize,
    state: f32,
    gain: f32,
    slope: f32,
}

impl Ducker {
    /// A ducker that follows a key.
    pub fn new(settings: &Sidechain, key: KeyEnvelope, rate: SampleRate) -> Self {
        let mut new = Self {
            key,
            amount: within(settings.amount_db, 0.0, 60.0),
            keep: keep(
                f64::from(within(settings.release_ms, 1.0, 5000.0)) * 1e-3,
                rate.hz() / KEY_STEP as f64,
            ),
            clock: Clock::default(),
            step: 0,
            state: 0.0,
            gain: 1.0,
            slope: 0.0,
        };
        new.reset();
        new
    }

    fn decide(&mut self) {
        // Looks at the step that is about to sound: the whole key is known.
        let key = self.key.0.get(self.step).copied().unwrap_or(0.0);
        self.step += 1;
        self.state = key.max(self.state * self.keep);
        if self.state < 1e-4 {
            self.state = 0.0;
        }
        let target = math::fast_exp2(-self.amount * self.state * 0.166_096_4);
        self.slope = (target - self.gain) / KEY_STEP as f32;
    }
}

impl Effect for Ducker {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, KEY_STEP);
            for (l, r) in left[at..at + count]
                .iter_mut()
                .zip(&mut right[at..at + count])
            {
                *l *= self.gain;
                *r *= self.gain;
                self.gain += self.slope;
            }
            if wrapped {
                self.decide();
            }
            at += count;
        }
    }

    fn reset(&mut self) {
        self.clock = Clock::default();
        self.step = 0;
        self.state = 0.0;
        self.gain = 1.0;
        self.decide();
    }
}
