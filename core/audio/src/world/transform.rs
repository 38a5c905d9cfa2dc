//! A Fourier transform of real signals in double precision: envelopes span more than 100 dB, and
//! sums over a spectrum lose what single precision keeps of its valleys.

use crate::math;

/// Transforms of one power-of-two size, with the memory they need.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    size: usize,
    /// Of the half-size complex transform, stage by stage.
    twiddles: Vec<(f64, f64)>,
    /// `e^(−2πi k / size)`.
    turns: Vec<(f64, f64)>,
    swaps: Vec<(u32, u32)>,
    work: Vec<(f64, f64)>,
}

impl Transform {
    /// `size` is a power of two, at least 4.
    pub(super) fn new(size: usize) -> Self {
        assert!(size >= 4 && size.is_power_of_two(), "a power of two");
        let half = size / 2;
        let turn = |k: usize, of: usize| {
            let angle = -std::f64::consts::TAU * k as f64 / of as f64;
            (math::cos(angle), math::sin(angle))
        };
        let mut twiddles = Vec::with_capacity(half);
        let mut span = 1;
        while span < half {
            twiddles.extend((0..span).map(|k| turn(k, span * 2)));
            span *= 2;
        }
        let bits = half.trailing_zeros();
        Self {
            size,
            twiddles,
            turns: (0..=half).map(|k| turn(k, size)).collect(),
            swaps: (0..half as u32)
                .map(|i| (i, i.reverse_bits() >> (32 - bits)))
                .filter(|(a, b)| a < b)
                .collect(),
            work: vec![(0.0, 0.0); half],
        }
    }

    /// The spectrum of `signal` (as long as the size): bins 0 to size / 2, unscaled.
    pub(super) fn forward(&mut self, signal: &[f64], out: &mut [(f64, f64)]) {
        let half = self.size / 2;
        for (z, pair) in self.work.iter_mut().zip(signal.chunks_exact(2)) {
            *z = (pair[0], pair[1]);
        }
        self.complex();
        for (k, to) in out.iter_mut().enumerate().take(half + 1) {
            let a = self.work[k % half];
            let b = self.work[(half - k) % half];
            let even = ((a.0 + b.0) * 0.5, (a.1 - b.1) * 0.5);
            let odd = ((a.1 + b.1) * 0.5, (b.0 - a.0) * 0.5);
            let w = self.turns[k];
            *to = (
                even.0 + odd.0 * w.0 - odd.1 * w.1,
                even.1 + odd.0 * w.1 + odd.1 * w.0,
            );
        }
    }

    fn complex(&mut self) {
        for &(a, b) in &self.swaps {
            self.work.swap(a as usize, b as usize);
        }
        let half = self.work.len();
        let (mut span, mut offset) = (1, 0);
        while span < half {
            let factors = &self.twiddles[offset..offset + span];
            for group in self.work.chunks_exact_mut(span * 2) {
                let (low, high) = group.split_at_mut(span);
                for ((a, b), w) in low.iter_mut().zip(high).zip(factors) {
                    let t = (b.0 * w.0 - b.1 * w.1, b.0 * w.1 + b.1 * w.0);
                    *b = (a.0 - t.0, a.1 - t.1);
                    *a = (a.0 + t.0, a.1 + t.1);
                }
            }
            offset += span;
            span *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition() {
        let signal: Vec<f64> = (0..32).map(|i| f64::from((i * 7 + 3) % 11) - 5.0).collect();
        let mut spectrum = vec![(0.0, 0.0); 17];
        Transform::new(32).forward(&signal, &mut spectrum);
        for (k, got) in spectrum.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, x) in signal.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (k * n) as f64 / 32.0;
                re += x * math::cos(angle);
                im += x * math::sin(angle);
            }
            assert!(
                (got.0 - re).abs() < 1e-10 && (got.1 - im).abs() < 1e-10,
                "{k}"
            );
        }
    }
}
