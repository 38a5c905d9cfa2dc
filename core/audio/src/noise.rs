//! Noise that is the same on every machine.

/// A row of random numbers from a seed: xorshift64* (Vigna 2016, "An experimental exploration of
/// Marsaglia's xorshift generators, scrambled").
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// The row of a seed. Of two seeds that differ in the last bit alone both have the same.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Normally distributed (nearly: the sum of four even numbers), mean 0, variance 1.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        // Four 16-bit pieces of one draw.
        let sum: f32 = (0..4).map(|i| (bits >> (16 * i) & 0xFFFF) as f32).sum();
        // Four even distributions over 0..65536 have a deviation of 65536 / sqrt(3).
        (sum - 131_070.0) * (1.732_050_8 / 65_536.0)
    }

    /// Evenly distributed, mean 0, variance 1.
    pub fn even(&mut self) -> f32 {
        let bits = self.bits() >> 40;
        (bits as f32 / (1_u64 << 23) as f32 - 1.0) * 3.0_f32.sqrt()
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_mean_0_and_variance_1() {
        for draw in [Noise::normal, Noise::even] {
            let mut noise = Noise::new(7);
            let values: Vec<f32> = (0..20_000).map(|_| draw(&mut noise)).collect();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let variance = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
            assert!(
                mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03,
                "{mean} {variance}"
            );
        }
    }
}
