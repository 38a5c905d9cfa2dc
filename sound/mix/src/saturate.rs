//! Soft saturation without audible aliasing.
//!
//! First-order antiderivative antialiasing (J. Parker, V. Zavalishin, E. Le Bivic, "Reducing
//! the aliasing of nonlinear waveshaping using continuous-time convolution", DAFx-16), applied
//! to what the curve adds only, so the treble of the signal itself is untouched. The curve is
//! `x − x³/3` up to |x| = 1 and flat beyond; where both samples lie inside, the divided
//! difference is a polynomial, so no division and no cancellation.

use crate::effect::{Effect, within};

/// A saturator.
#[derive(Clone, Debug)]
pub struct Saturator {
    drive: f32,
    out: f32,
    last: [f32; 2],
}

impl Saturator {
    /// `amount` 0..=1: 0 changes nothing; at 1 a signal of −12 dBFS is clearly driven.
    pub fn new(amount: f32) -> Self {
        let amount = within(amount, 0.0, 1.0);
        let drive = 0.3 + 2.7 * amount;
        Self {
            drive: if amount > 0.0 { drive } else { 0.0 },
            // Small signals pass at unity gain whatever the drive.
            out: 1.0 / drive,
            last: [0.0; 2],
        }
    }

    /// Whether it does nothing.
    pub fn is_off(&self) -> bool {
        self.drive == 0.0
    }
}

/// What the curve adds to its input, averaged over the line from `a` to `b`.
#[inline(always)]
fn residual(a: f32, b: f32) -> f32 {
    if a.abs().max(b.abs()) <= 1.0 {
        // (F(b) − F(a)) / (b − a) for F = −x⁴/12.
        -(a + b) * (a * a + b * b) * (1.0 / 12.0)
    } else if (b - a).abs() < 1e-3 {
        let x = (a + b) * 0.5;
        if x.abs() <= 1.0 {
            -x * x * x * (1.0 / 3.0)
        } else {
            (2.0_f32 / 3.0).copysign(x) - x
        }
    } else {
        let (fa, fb) = (integral(f64::from(a)), integral(f64::from(b)));
        ((fb - fa) / (f64::from(b) - f64::from(a))) as f32
    }
}

/// Antiderivative of the residual; even, continuous with its slope at ±1.
fn integral(x: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        -x * x * x * x / 12.0
    } else {
        2.0 / 3.0 * x - x * x / 2.0 - 0.25
    }
}

impl Effect for Saturator {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.is_off() {
            return;
        }
        for (channel, last) in [left, right].into_iter().zip(&mut self.last) {
            let mut a = *last;
            for x in channel.iter_mut() {
                let b = *x * self.drive;
                *x += residual(a, b) * self.out;
                a = b;
            }
            *last = a;
        }
    }

    fn reset(&mut self) {
        self.last = [0.0; 2];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_meet() {
        for (a, b) in [
            (0.999_f32, 1.001_f32),
            (-1.001, -0.999),
            (0.2, 1.0),
            (1.2, 1.2005),
        ] {
            let n = 10_000;
            let mean: f64 = (0..n)
                .map(|i| {
                    let x = f64::from(a) + f64::from(b - a) * (f64::from(i) + 0.5) / f64::from(n);
                    if x.abs() <= 1.0 {
                        -x * x * x / 3.0
                    } else {
                        x.signum() * 2.0 / 3.0 - x
                    }
                })
                .sum::<f64>()
                / f64::from(n);
            assert!((f64::from(residual(a, b)) - mean).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn whispers_pass_unchanged_and_shouts_are_bounded() {
        let mut s = Saturator::new(1.0);
        let (mut l, mut r) = (vec![1e-3_f32; 64], vec![50.0_f32; 64]);
        s.process(&mut l, &mut r);
        assert!((l[63] / 1e-3 - 1.0).abs() < 1e-4);
        assert!(r[63] <= 2.0 / 3.0 / 3.0 + 1e-4);
    }
}
