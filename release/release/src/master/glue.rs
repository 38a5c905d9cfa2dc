//! A slow, gentle compressor over the whole mix.

use yuefu_audio::{Lufs, SampleRate, math};

/// Frames between gain decisions.
pub(super) const STEP: usize = 64;

/// Release time constant in seconds.
const RELEASE: f64 = 0.220;

/// Bus compression at 2:1 with a 6 dB knee, 30 ms attack and 220 ms release, keyed by what lies
/// above 100 Hz so that the bass does not pump the rest.
#[derive(Clone, Debug)]
pub struct Glue {
    threshold: f32,
    off: bool,
    keep: [f64; 2],
    pole: f32,
    low: [f32; 2],
    energy: f32,
    phase: usize,
    /// Reduction now in dB. In f64, or it would come to rest beside where it should, on the
    /// side it came from.
    state: f64,
    gain: f32,
    target: f32,
    slope: f32,
    deepest: f32,
}

impl Glue {
    /// `amount` is the reduction in dB, 0..=4, where the music is as loud as on average.
    pub fn new(loudness: Lufs, amount: f32, rate: SampleRate) -> Self {
        let amount = if amount > 0.0 { amount.min(4.0) } else { 0.0 };
        let steps = rate.hz() / STEP as f64;
        let keep = |seconds: f64| math::exp(-1.0 / (seconds * steps));
        Self {
            // The law takes half of what exceeds the threshold.
            threshold: loudness.0 + 1.0 - 2.0 * amount,
            off: amount == 0.0,
            keep: [keep(0.030), keep(RELEASE)],
            pole: (1.0 - math::exp(-std::f64::consts::TAU * 100.0 / rate.hz())) as f32,
            low: [0.0; 2],
            energy: 0.0,
            phase: 0,
            state: 0.0,
            gain: 1.0,
            target: 1.0,
            slope: 0.0,
            deepest: 0.0,
        }
    }

    /// Frames of the past that its gain depends on, a multiple of its step: sixteen release
    /// times; 0 when it does nothing.
    pub fn memory(amount: f32, rate: SampleRate) -> usize {
        if amount > 0.0 {
            ((RELEASE * 16.0 * rate.hz()) as usize).div_ceil(STEP) * STEP
        } else {
            0
        }
    }

    /// Processes two channels in place.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.off {
            return;
        }
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let count = (STEP - self.phase).min(frames - at);
            let (mut energy, mut gain, [mut a, mut b]) = (self.energy, self.gain, self.low);
            for (l, r) in left[at..at + count]
                .iter_mut()
                .zip(&mut right[at..at + count])
            {
                a += self.pole * (*l - a);
                b += self.pole * (*r - b);
                energy += (*l - a) * (*l - a) + (*r - b) * (*r - b);
                *l *= gain;
                *r *= gain;
                gain += self.slope;
            }
            (self.energy, self.gain, self.low) = (energy, gain, [a, b]);
            self.phase += count;
            at += count;
            if self.phase == STEP {
                self.decide();
            }
        }
    }

    /// Takes note of two channels without processing them.
    pub fn listen(&mut self, left: &[f32], right: &[f32]) {
        if self.off {
            return;
        }
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let count = (STEP - self.phase).min(frames - at);
            let (mut energy, [mut a, mut b]) = (self.energy, self.low);
            for (l, r) in left[at..at + count].iter().zip(&right[at..at + count]) {
                a += self.pole * (*l - a);
                b += self.pole * (*r - b);
                energy += (*l - a) * (*l - a) + (*r - b) * (*r - b);
            }
            (self.energy, self.low) = (energy, [a, b]);
            self.phase += count;
            at += count;
            if self.phase == STEP {
                self.decide();
            }
        }
    }

    fn decide(&mut self) {
        let mean = self.energy * (1.0 / STEP as f32);
        self.energy = 0.0;
        self.phase = 0;
        for low in &mut self.low {
            if low.abs() < 1e-20 {
                *low = 0.0;
            }
        }
        let level = if mean > 1e-12 {
            10.0 * math::log10(f64::from(mean)) as f32 - 0.691
        } else {
            -120.0
        };
        let over = level - self.threshold;
        let wanted = if over <= -3.0 {
            0.0
        } else if over < 3.0 {
            -(over + 3.0) * (over + 3.0) / 24.0
        } else {
            -0.5 * over
        };
        let wanted = f64::from(wanted);
        let keep = self.keep[usize::from(wanted > self.state)];
        self.state = wanted + (self.state - wanted) * keep;
        self.deepest = self.deepest.min(self.state as f32);
        self.gain = self.target;
        self.target = math::db_to_gain(self.state as f32);
        self.slope = (self.target - self.gain) * (1.0 / STEP as f32);
    }

    /// The deepest reduction so far in dB (at most 0).
    pub fn deepest(&self) -> f32 {
        self.deepest
    }
}
