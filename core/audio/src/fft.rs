//! A small complex Fourier transform with deterministic twiddle factors.
//!
//! Public FFT crates compute their twiddles with the platform's `sin`; this one goes through
//! [`crate::math`], so that what is derived from a spectrum is the same on every machine.

use crate::math;

/// A complex number: real and imaginary part.
pub type Complex = [f32; 2];

/// An in-place transform of one power-of-two size. Error grows like log2(size) · 6e-8.
#[derive(Clone, Debug)]
pub struct Fft {
    size: usize,
    twiddles: Vec<Complex>,
    swaps: Vec<(u32, u32)>,
}

impl Fft {
    /// A transform of at least `size` points, rounded up to a power of two (at least 2).
    pub fn new(size: usize) -> Self {
        let size = size.max(2).next_power_of_two();
        // One contiguous run of factors per stage, for linear reading.
        let mut twiddles = Vec::with_capacity(size);
        let mut half = 1;
        while half < size {
            for k in 0..half {
                let angle = -std::f64::consts::PI * k as f64 / half as f64;
                twiddles.push([math::cos(angle) as f32, math::sin(angle) as f32]);
            }
            half *= 2;
        }
        let bits = size.trailing_zeros();
        let swaps = (0..size as u32)
            .map(|i| (i, i.reverse_bits() >> (32 - bits)))
            .filter(|(a, b)| a < b)
            .collect();
        Self {
            size,
            twiddles,
            swaps,
        }
    }

    /// The number of points.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Forward transform (kernel `e^(−i…)`, unscaled). `data` must hold [`Self::size`] points.
    pub fn forward(&self, data: &mut [Complex]) {
        assert_eq!(data.len(), self.size, "the plan's size");
        for &(a, b) in &self.swaps {
            data.swap(a as usize, b as usize);
        }
        let mut half = 1;
        let mut offset = 0;
        while half < self.size {
            let factors = &self.twiddles[offset..offset + half];
            for group in data.chunks_exact_mut(half * 2) {
                let (low, high) = group.split_at_mut(half);
                for ((a, b), w) in low.iter_mut().zip(high).zip(factors) {
                    let t = [b[0] * w[0] - b[1] * w[1], b[0] * w[1] + b[1] * w[0]];
                    *b = [a[0] - t[0], a[1] - t[1]];
                    *a = [a[0] + t[0], a[1] + t[1]];
                }
            }
            offset += half;
            half *= 2;
        }
    }

    /// Inverse transform, scaled so that it undoes [`Self::forward`].
    pub fn inverse(&self, data: &mut [Complex]) {
        // Swapping the parts before and after turns the forward kernel into its conjugate.
        for x in data.iter_mut() {
            x.swap(0, 1);
        }
        self.forward(data);
        let scale = 1.0 / self.size as f32;
        for x in data.iter_mut() {
            *x = [x[1] * scale, x[0] * scale];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition_and_undoes_itself() {
        let fft = Fft::new(16);
        let input: Vec<Complex> = (0..16)
            .map(|i| [((i * 7) % 5) as f32 - 2.0, ((i * 3) % 7) as f32 - 3.0])
            .collect();
        let mut data = input.clone();
        fft.forward(&mut data);
        for (k, got) in data.iter().enumerate() {
            let mut sum = [0.0_f64; 2];
            for (n, x) in input.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (k * n) as f64 / 16.0;
                let (c, s) = (math::cos(angle), math::sin(angle));
                sum[0] += f64::from(x[0]) * c - f64::from(x[1]) * s;
                sum[1] += f64::from(x[0]) * s + f64::from(x[1]) * c;
            }
            assert!((f64::from(got[0]) - sum[0]).abs() < 1e-5);
            assert!((f64::from(got[1]) - sum[1]).abs() < 1e-5);
        }
        fft.inverse(&mut data);
        for (a, b) in data.iter().zip(&input) {
            assert!((a[0] - b[0]).abs() < 1e-5 && (a[1] - b[1]).abs() < 1e-5);
        }
    }
}
