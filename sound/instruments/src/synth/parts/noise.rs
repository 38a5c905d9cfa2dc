//! Cheap seeded noise for inner loops.

/// White noise, uniform in −1..1: Marsaglia's xorshift32 ("Xorshift RNGs", 2003).
#[derive(Clone, Debug)]
pub struct Noise(u32);

impl Noise {
    /// A stream of its own for each seed.
    pub fn new(seed: u64) -> Self {
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(((mixed >> 32) as u32) | 1)
    }

    /// The next sample, uniform in −1..1.
    #[inline]
    pub fn white(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 as i32) as f32 * (1.0 / 2_147_483_648.0)
    }
}

/// Slow random wander with unit deviation: white noise drawn at control rate and smoothed by
/// two one-pole filters, the shape of human micro-jitter (1/f-like above its corner).
#[derive(Clone, Debug)]
pub struct Wander {
    noise: Noise,
    a: f32,
    first: f32,
    second: f32,
    gain: f32,
}

impl Wander {
    /// A wander with a corner in hertz, stepped `steps_per_second` times each second.
    pub fn new(seed: u64, corner: f32, steps_per_second: f32) -> Self {
        let a = (std::f32::consts::TAU * corner / steps_per_second).min(1.0);
        // Deviation of two cascaded one-pole filters driven by uniform noise (variance 1/3).
        let q = 1.0 - a;
        let r = 1.0 - q * q;
        let variance = a * a * a * a * (1.0 + q * q) / (r * r * r).max(1e-12) / 3.0;
        let mut wander = Self {
            noise: Noise::new(seed),
            a,
            first: 0.0,
            second: 0.0,
            gain: 1.0 / variance.sqrt().max(1e-6),
        };
        // Start inside the distribution rather than always at zero.
        for _ in 0..((2.0 / a) as usize).min(400) {
            wander.step();
        }
        wander
    }

    /// The next value: mean 0, deviation about 1.
    #[inline]
    pub fn step(&mut self) -> f32 {
        self.first += self.a * (self.noise.white() - self.first);
        self.second += self.a * (self.first - self.second);
        self.second * self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wander_has_unit_deviation() {
        let mut wander = Wander::new(5, 4.0, 1_378.0);
        let values: Vec<f32> = (0..200_000).map(|_| wander.step()).collect();
        let power = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
        assert!((0.7..1.4).contains(&power), "{power}");
    }
}
