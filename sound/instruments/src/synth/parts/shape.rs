//! Envelopes and the mapping from effort to gain.

use serde::Deserialize;
use yuefu_audio::math;

/// Gain of a velocity in 0..=1: a range of about 40 dB, as the General MIDI level 2 guideline
/// (`40·log10(v)` dB) has it, slightly compressed so that quiet notes still carry.
pub fn velocity_gain(velocity: f32) -> f32 {
    math::pow(f64::from(velocity.clamp(0.0, 1.0).max(0.02)), 1.7) as f32
}

/// Fast base-2 logarithm of a positive normal number: absolute error below 1e-4, from the
/// exponent and the series of 2·artanh((m−√½)/(m+√½)) on the mantissa.
#[inline]
pub fn fast_log2(x: f32) -> f32 {
    let bits = x.max(1e-30).to_bits();
    let exponent = ((bits >> 23) as i32 - 127) as f32;
    let m = f32::from_bits((bits & 0x007F_FFFF) | 0x3F80_0000);
    let t = (m - std::f32::consts::SQRT_2) / (m + std::f32::consts::SQRT_2);
    let t2 = t * t;
    exponent + 0.5 + 2.885_39 * t * (1.0 + t2 * (1.0 / 3.0 + t2 * 0.2))
}

/// Attack, decay, sustain, release.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adsr {
    /// Rise time in seconds.
    pub a: f32,
    /// Time constant of the fall to the sustain level, in seconds.
    pub d: f32,
    /// Sustained level in 0..=1.
    pub s: f32,
    /// Time to fall by about 40 dB after the release, in seconds.
    pub r: f32,
}

impl Default for Adsr {
    fn default() -> Self {
        Self {
            a: 0.003,
            d: 0.3,
            s: 0.7,
            r: 0.15,
        }
    }
}

/// A running envelope, stepped once per control tick.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    shape: Adsr,
    step: f32,
    value: f32,
    rising: bool,
}

impl Envelope {
    /// An envelope that starts at zero, stepped every `step` seconds.
    pub fn new(shape: Adsr, step: f32) -> Self {
        Self {
            shape,
            step,
            value: 0.0,
            rising: true,
        }
    }

    /// Starts the attack again from the present level.
    pub fn restart(&mut self) {
        self.rising = true;
    }

    /// The value after the next step.
    pub fn next(&mut self, held: bool) -> f32 {
        let approach = |time: f32| {
            1.0 - math::fast_exp2(-self.step / time.max(1e-4) * std::f32::consts::LOG2_E)
        };
        if !held {
            self.value -= self.value * approach(self.shape.r / 4.6);
        } else if self.rising {
            // Aims above one, as a capacitor charged through a resistor does: convex attack.
            self.value += (1.25 - self.value) * approach(self.shape.a / 1.609);
            if self.value >= 1.0 {
                self.value = 1.0;
                self.rising = false;
            }
        } else {
            self.value += (self.shape.s - self.value) * approach(self.shape.d);
        }
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_keeps_its_bound() {
        for i in 1..20_000 {
            let x = i as f32 * 0.37;
            let exact = math::log2(f64::from(x)) as f32;
            assert!((fast_log2(x) - exact).abs() < 1e-4, "{x}");
        }
    }

    #[test]
    fn envelope_reaches_its_levels() {
        let shape = Adsr {
            a: 0.1,
            d: 0.05,
            s: 0.5,
            r: 0.2,
        };
        let mut envelope = Envelope::new(shape, 0.001);
        let rise: Vec<f32> = (0..105).map(|_| envelope.next(true)).collect();
        assert!(rise.contains(&1.0) && rise[50] < 0.9);
        for _ in 0..500 {
            envelope.next(true);
        }
        assert!((envelope.next(true) - 0.5).abs() < 1e-3);
        let mut last = 1.0;
        for _ in 0..200 {
            last = envelope.next(false);
        }
        assert!(last < 0.5 * 0.012, "{last}");
    }
}
