//! The harmonic source of bowed and blown tones: a sum of harmonics whose spectrum follows effort.
//!
//! All harmonics of one sample come from one sine and one cosine by Chebyshev's recurrence
//! sin((k+1)φ) = 2·cos φ·sin kφ − sin((k−1)φ), a block at a time, so thirty partials cost about
//! as much as one filter. Harmonics fade out below the Nyquist frequency: no alias.

use crate::synth::parts::BLOCK;
use crate::synth::parts::shape::fast_log2;
use yuefu_audio::math;

/// Most harmonics that a tone has.
pub const MOST: usize = 48;

/// A resonance of the source: center in hertz, width in hertz, gain in decibels.
pub type Formant = (f32, f32, f32);

/// The spectrum of a source by effort.
#[derive(Clone, Copy, Debug)]
pub struct Spectrum {
    /// Slope in dB per octave at no effort and at full effort.
    pub slope: (f32, f32),
    /// Corner in hertz above which harmonics fall a further 12 dB per octave, soft and hard.
    pub corner: (f32, f32),
    /// Level of even harmonics in dB (a stopped pipe has few).
    pub even: f32,
    /// Level of the fundamental in dB relative to the slope.
    pub first: f32,
    /// Fixed resonances in the source itself (reed, embouchure, membrane).
    pub formants: &'static [Formant],
}

/// A running source.
#[derive(Clone, Debug)]
pub struct Source {
    phase: f32,
    amps: [f32; MOST],
    ready: bool,
    rate: f32,
}

impl Source {
    /// A source at rest, starting at a phase in 0..1.
    pub fn new(phase: f32, rate: f32) -> Self {
        Self {
            phase,
            amps: [0.0; MOST],
            ready: false,
            rate,
        }
    }

    /// The phase in 0..1 at the start of the next block.
    pub fn phase(&self) -> f32 {
        self.phase
    }

    /// Renders one block: pitch from `from` to `to` in hertz, effort in 0..=1, each harmonic's
    /// level wandering by `shimmer` decibels (`drift` gives unit random values).
    /// The result has about the same power at every pitch.
    pub fn block(
        &mut self,
        spectrum: &Spectrum,
        hz: (f32, f32),
        effort: f32,
        drift: &[f32; 8],
        shimmer: f32,
        out: &mut [f32; BLOCK],
    ) {
        let mut target = [0.0_f32; MOST];
        let count = spectrum.amplitudes(hz.1, effort, self.rate, &mut target);
        if shimmer > 0.0 {
            for (k, a) in target.iter_mut().enumerate().take(count) {
                let octave = shimmer * drift[k % 8] * if k == 0 { 0.4 } else { 1.0 };
                *a *= math::fast_exp2(octave * 0.166);
            }
        }
        if !self.ready {
            self.amps = target;
            self.ready = true;
        }
        let mut current = [0.0_f32; BLOCK];
        let mut before = [0.0_f32; BLOCK];
        let mut twice = [0.0_f32; BLOCK];
        let (mut step, last) = (hz.0 / self.rate, hz.1 / self.rate);
        let slope = (last - step) / BLOCK as f32;
        let mut phase = self.phase;
        for n in 0..BLOCK {
            current[n] = math::fast_sin_cycles(phase);
            twice[n] = 2.0 * math::fast_sin_cycles(phase + 0.25);
            step += slope;
            phase += step;
            phase -= phase.floor();
        }
        self.phase = phase;
        *out = [0.0; BLOCK];
        for (k, (&from, &b)) in self.amps.iter().zip(&target).enumerate() {
            let mut a = from;
            if k >= count && a == 0.0 && b == 0.0 {
                break;
            }
            let da = (b - a) / BLOCK as f32;
            for n in 0..BLOCK {
                a += da;
                out[n] += a * current[n];
                let next = twice[n] * current[n] - before[n];
                before[n] = current[n];
                current[n] = next;
            }
        }
        self.amps = target;
    }
}

impl Spectrum {
    /// The amplitudes of the harmonics of a tone at `hz`, to a total power of 0.5·0.35²;
    /// returns how many there are.
    pub fn amplitudes(&self, hz: f32, effort: f32, rate: f32, out: &mut [f32; MOST]) -> usize {
        let e = effort.clamp(0.0, 1.2);
        let slope = self.slope.0 + (self.slope.1 - self.slope.0) * e;
        let corner = self.corner.0 * math::fast_exp2(e * fast_log2(self.corner.1 / self.corner.0));
        let top = rate * 0.45;
        let mut power = 0.0;
        let mut count = 0;
        for (k, a) in out.iter_mut().enumerate() {
            let n = (k + 1) as f32;
            let f = hz * n;
            if f >= top {
                *a = 0.0;
                continue;
            }
            let mut db = slope * fast_log2(n);
            let above = f / corner;
            db -= 3.01 * fast_log2(1.0 + above * above * above * above);
            if k == 0 {
                db += self.first;
            } else if k % 2 == 1 {
                db += self.even;
            }
            for &(center, width, gain) in self.formants {
                let x = (f - center) / width;
                db += gain / (1.0 + x * x);
            }
            // Harmonics enter and leave over the last octave-third before the limit.
            let edge = ((top - f) / (0.2 * top)).min(1.0);
            *a = edge * math::fast_exp2(db.max(-120.0) * 0.166_096_4);
            power += *a * *a;
            count = k + 1;
        }
        let scale = 0.35 / power.sqrt().max(1e-6);
        for a in out.iter_mut().take(count) {
            *a *= scale;
        }
        count
    }
}
