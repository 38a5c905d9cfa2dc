//! The voice's resonant low-pass and its tone tilt.

use yuefu_audio::math;

/// Coefficients of a low-pass state-variable filter (Simper 2013, trapezoidal).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coefficients {
    a1: f32,
    a2: f32,
    a3: f32,
}

impl Coefficients {
    /// From a cutoff in hertz, the damping `k` (1/Q), and the sample rate in hertz.
    pub fn new(cutoff: f32, k: f32, rate: f32) -> Self {
        let w = (cutoff / rate).clamp(1e-4, 0.45);
        let g = math::tan(std::f64::consts::PI * f64::from(w)) as f32;
        let a1 = 1.0 / (1.0 + g * (g + k));
        Self {
            a1,
            a2: g * a1,
            a3: g * g * a1,
        }
    }
}

/// A resonant two-pole low-pass whose coefficients glide over each block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LowPass {
    now: Option<Coefficients>,
    s1: f32,
    s2: f32,
}

impl LowPass {
    /// Filters a block in place, reaching `target` at its end.
    pub fn run(&mut self, block: &mut [f32], target: Coefficients) {
        let mut c = self.now.unwrap_or(target);
        let by = 1.0 / block.len().max(1) as f32;
        let (d1, d2, d3) = (
            (target.a1 - c.a1) * by,
            (target.a2 - c.a2) * by,
            (target.a3 - c.a3) * by,
        );
        let (mut s1, mut s2) = (self.s1, self.s2);
        // The filter as a plain linear step of its two states: half the chain of dependent
        // operations of the usual form, and the same numbers.
        for sample in block {
            let x = *sample;
            let (b1, b2) = (2.0 * c.a2, 2.0 * c.a3);
            *sample = c.a2 * s1 + (s2 + c.a3 * (x - s2));
            let n1 = (2.0 * c.a1 - 1.0) * s1 + (b1 * x - b1 * s2);
            s2 = b1 * s1 + ((1.0 - b2) * s2 + b2 * x);
            s1 = n1;
            c.a1 += d1;
            c.a2 += d2;
            c.a3 += d3;
        }
        (self.s1, self.s2) = (s1, s2);
        self.now = Some(target);
    }
}

/// A first-order high shelf: darker or brighter than recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Tilt {
    pole: f32,
    low: f32,
    amount: f32,
}

impl Tilt {
    /// With its corner at `corner` hertz.
    pub fn new(corner: f32, rate: f32) -> Self {
        Self {
            pole: 1.0 - math::exp(-std::f64::consts::TAU * f64::from(corner / rate)) as f32,
            low: 0.0,
            amount: 0.0,
        }
    }

    /// Filters a block in place; `tone` in −1..=1 gives −14 to +7 dB above the corner and is
    /// reached at the block's end.
    pub fn run(&mut self, block: &mut [f32], tone: f32, first: bool) {
        let tone = tone.clamp(-1.0, 1.0);
        let target = if tone < 0.0 { tone * 0.8 } else { tone * 1.2 };
        if first {
            self.amount = target;
        }
        let step = (target - self.amount) / block.len().max(1) as f32;
        for sample in block {
            self.low += self.pole * (*sample - self.low);
            *sample += self.amount * (*sample - self.low);
            self.amount += step;
        }
        self.amount = target;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(cutoff: f32, k: f32, hertz: f64) -> f32 {
        let mut filter = LowPass::default();
        let mut block: Vec<f32> = (0..44_100)
            .map(|i| math::sin(std::f64::consts::TAU * hertz * f64::from(i) / 44_100.0) as f32)
            .collect();
        filter.run(&mut block, Coefficients::new(cutoff, k, 44_100.0));
        let tail = &block[22_050..];
        (2.0 * tail.iter().map(|x| x * x).sum::<f32>() / tail.len() as f32).sqrt()
    }

    #[test]
    fn the_low_pass_passes_lows_and_resonates() {
        assert!((response(1_000.0, 1.414, 50.0) - 1.0).abs() < 0.01);
        assert!((response(1_000.0, 1.414, 1_000.0) - 0.707).abs() < 0.01);
        assert!(response(1_000.0, 1.414, 8_000.0) < 0.02);
        assert!((response(1_000.0, 0.1, 1_000.0) - 10.0).abs() < 0.3);
    }
}
