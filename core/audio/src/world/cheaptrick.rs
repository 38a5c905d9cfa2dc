//! CheapTrick: a spectral envelope without the traces of the pulses that excite it.

use super::smooth::{self, Shape};
use super::{UNVOICED, transform::Transform};
use crate::math;

/// Lowest pitch that can be analyzed, in hertz.
const FLOOR: f64 = 71.0;
/// How much the last step sharpens what the first ones blurred (the paper's q1).
const RECOVERY: f64 = -0.15;

/// The analysis for one sample rate, with the memory it needs.
#[derive(Clone, Debug)]
pub struct CheapTrick {
    rate: f64,
    size: usize,
    transform: Transform,
    signal: Vec<f64>,
    spectrum: Vec<(f64, f64)>,
    power: Vec<f64>,
    work: Vec<f64>,
}

impl CheapTrick {
    /// For signals of `rate` samples a second.
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let size = 1 << (1 + math::log2(3.0 * rate / FLOOR + 1.0) as u32);
        Self {
            rate,
            size,
            transform: Transform::new(size),
            signal: vec![0.0; size],
            spectrum: vec![(0.0, 0.0); size / 2 + 1],
            power: vec![0.0; size / 2 + 1],
            work: Vec::new(),
        }
    }

    /// Length of the transform; an envelope has half as many bins and one more, from 0 Hz to half
    /// the rate.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The envelope at a time: power in each bin, of a signal around which `pitch` is given in
    /// hertz, 0 where there is no voice. `out` holds [`Self::size`] / 2 + 1 values.
    pub fn envelope(&mut self, signal: &[f32], time: f64, pitch: f32, out: &mut [f64]) {
        let pitch = f64::from(pitch);
        let floor = 3.0 * self.rate / (self.size as f64 - 3.0);
        let pitch = if pitch <= floor { UNVOICED } else { pitch };
        let bin = self.rate / self.size as f64;
        smooth::cut(
            signal,
            self.rate,
            pitch,
            time,
            (Shape::Hann, 3.0),
            &mut self.signal,
        );
        // The window is scaled to an energy of one: 3 periods of a Hann window hold 9/8 periods.
        let energy = self.window_energy(pitch);
        self.transform.forward(&self.signal, &mut self.spectrum);
        for (to, z) in self.power.iter_mut().zip(&self.spectrum) {
            *to = (z.0 * z.0 + z.1 * z.1) / energy;
        }
        smooth::fill_below_pitch(&mut self.power, pitch, bin, &mut self.work);
        smooth::average(&mut self.power, pitch * 2.0 / 3.0, bin, &mut self.work);
        self.lifter(pitch, out);
    }

    fn window_energy(&self, pitch: f64) -> f64 {
        let half = (1.5 * self.rate / pitch).round() as i64;
        (-half..=half)
            .map(|i| {
                let w = 0.5 * math::cos(std::f64::consts::PI * i as f64 / 1.5 / self.rate * pitch)
                    + 0.5;
                w * w
            })
            .sum()
    }

    /// Smoothing and recovery on the cepstrum.
    fn lifter(&mut self, pitch: f64, out: &mut [f64]) {
        let half = self.size / 2;
        for (i, power) in self.power.iter().enumerate() {
            let level = math::ln(power.max(0.0) + 1e-16);
            self.signal[i] = level;
            if i > 0 && i < half {
                self.signal[self.size - i] = level;
            }
        }
        self.transform.forward(&self.signal, &mut self.spectrum);
        for i in 0..=half {
            let angle = std::f64::consts::PI * pitch * i as f64 / self.rate;
            let smoothing = if i == 0 {
                1.0
            } else {
                math::sin(angle) / angle
            };
            let recovery = (1.0 - 2.0 * RECOVERY) + 2.0 * RECOVERY * math::cos(2.0 * angle);
            let value = self.spectrum[i].0 * smoothing * recovery / self.size as f64;
            self.signal[i] = value;
            if i > 0 && i < half {
                self.signal[self.size - i] = value;
            }
        }
        self.transform.forward(&self.signal, &mut self.spectrum);
        for (to, z) in out.iter_mut().zip(&self.spectrum) {
            *to = math::exp(z.0);
        }
    }
}
