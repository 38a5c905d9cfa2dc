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

/// A resonant two-pole low-pass whose coefficients glide over each block; its channels share
/// them.
#[derive(Clone, Debug, PartialEq)]
pub struct LowPass<const N: usize> {
    now: Option<Coefficients>,
    s1: [f32; N],
    s2: [f32; N],
}

impl<const N: usize> LowPass<N> {
    /// At rest.
    pub fn new() -> Self {
        Self {
            now: None,
            s1: [0.0; N],
            s2: [0.0; N],
        }
    }

    /// Filters a block of each channel in place, reaching `target` at its end.
    pub fn run(&mut self, mut blocks: [&mut [f32]; N], target: Coefficients) {
        let length = blocks.iter().map(|block| block.len()).min().unwrap_or(0);
        let mut c = self.now.unwrap_or(target);
        let by = 1.0 / length.max(1) as f32;
        let (d1, d2, d3) = (
            (target.a1 - c.a1) * by,
            (target.a2 - c.a2) * by,
            (target.a3 - c.a3) * by,
        );
        let (mut s1, mut s2) = (self.s1, self.s2);
        // The filter as a plain linear step of its two states: half the chain of dependent
        // operations of the usual form, and the same numbers.
        for frame in 0..length {
            let (b1, b2) = (2.0 * c.a2, 2.0 * c.a3);
            for (channel, block) in blocks.iter_mut().enumerate() {
                let (x, l1, l2) = (block[frame], s1[channel], s2[channel]);
                block[frame] = c.a2 * l1 + (l2 + c.a3 * (x - l2));
                s1[channel] = (2.0 * c.a1 - 1.0) * l1 + (b1 * x - b1 * l2);
                s2[channel] = b1 * l1 + ((1.0 - b2) * l2 + b2 * x);
            }
            c.a1 += d1;
            c.a2 += d2;
            c.a3 += d3;
        }
        (self.s1, self.s2) = (s1, s2);
        self.now = Some(target);
    }
}

/// A first-order high shelf: darker or brighter than recorded; its channels share the amount.
#[derive(Clone, Debug, PartialEq)]
pub struct Tilt<const N: usize> {
    pole: f32,
    low: [f32; N],
    amount: f32,
}

impl<const N: usize> Tilt<N> {
    /// With its corner at `corner` hertz.
    pub fn new(corner: f32, rate: f32) -> Self {
        Self {
            pole: 1.0 - math::exp(-std::f64::consts::TAU * f64::from(corner / rate)) as f32,
            low: [0.0; N],
            amount: 0.0,
        }
    }

    /// Filters a block of each channel in place; `tone` in −1..=1 gives −14 to +7 dB above the
    /// corner and is reached at the block's end.
    pub fn run(&mut self, mut blocks: [&mut [f32]; N], tone: f32, first: bool) {
        let length = blocks.iter().map(|block| block.len()).min().unwrap_or(0);
        let tone = tone.clamp(-1.0, 1.0);
        let target = if tone < 0.0 { tone * 0.8 } else { tone * 1.2 };
        if first {
            self.amount = target;
        }
        let step = (target - self.amount) / length.max(1) as f32;
        for frame in 0..length {
            for (block, low) in blocks.iter_mut().zip(&mut self.low) {
                let x = block[frame];
                *low += self.pole * (x - *low);
                block[frame] = x + self.amount * (x - *low);
            }
            self.amount += step;
        }
        self.amount = target;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(cutoff: f32, k: f32, hertz: f64) -> f32 {
        let mut filter = LowPass::new();
        let mut block: Vec<f32> = (0..44_100)
            .map(|i| math::sin(std::f64::consts::TAU * hertz * f64::from(i) / 44_100.0) as f32)
            .collect();
        filter.run([&mut block], Coefficients::new(cutoff, k, 44_100.0));
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
