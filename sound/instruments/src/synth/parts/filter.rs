//! Filters: one-pole, trapezoidal state-variable, four-pole ladder, DC blocker.

use yuefu_audio::math;

/// One-pole low-pass; `x − low` is the matching high-pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnePole {
    /// Coefficient in 0..=1 (1 = no filtering).
    pub a: f32,
    /// State.
    pub y: f32,
}

impl OnePole {
    /// A low-pass with its −3 dB point in hertz.
    pub fn new(hz: f32, rate: f32) -> Self {
        let mut filter = Self::default();
        filter.set(hz, rate);
        filter
    }

    /// Moves the corner, keeping the state.
    pub fn set(&mut self, hz: f32, rate: f32) {
        let x = (hz / rate).clamp(1e-6, 0.49);
        self.a = 1.0 - math::fast_exp2(-x * 9.064_72);
    }

    /// Low-pass output.
    #[inline]
    pub fn low(&mut self, x: f32) -> f32 {
        self.y += self.a * (x - self.y);
        self.y
    }

    /// High-pass output.
    #[inline]
    pub fn high(&mut self, x: f32) -> f32 {
        x - self.low(x)
    }
}

/// Second-order state-variable filter with trapezoidal integrators (zero-delay feedback):
/// A. Simper, "Linear Trapezoidal Integrated SVF" (2013); V. Zavalishin, "The Art of VA Filter
/// Design" (2018), ch. 4. Stable under fast modulation of its corner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Svf {
    g: f32,
    k: f32,
    a1: f32,
    a2: f32,
    a3: f32,
    s1: f32,
    s2: f32,
}

/// The three outputs of a [`Svf`].
#[derive(Clone, Copy, Debug)]
pub struct SvfOut {
    /// Low-pass, −12 dB per octave.
    pub low: f32,
    /// Band-pass, unity gain at the corner when multiplied by 1/Q.
    pub band: f32,
    /// High-pass.
    pub high: f32,
}

impl Svf {
    /// A filter with corner (hertz) and quality (0.5 = no resonance).
    pub fn new(hz: f32, q: f32, rate: f32) -> Self {
        let mut filter = Self::default();
        filter.set(hz, q, rate);
        filter
    }

    /// Moves corner and quality, keeping the state.
    pub fn set(&mut self, hz: f32, q: f32, rate: f32) {
        let x = (hz / rate).clamp(1e-5, 0.47);
        self.g = fast_tan_pi(x);
        self.k = 1.0 / q.max(0.05);
        self.a1 = 1.0 / (1.0 + self.g * (self.g + self.k));
        self.a2 = self.g * self.a1;
        self.a3 = self.g * self.a2;
    }

    /// The next sample.
    #[inline]
    pub fn step(&mut self, x: f32) -> SvfOut {
        let v3 = x - self.s2;
        let v1 = self.a1 * self.s1 + self.a2 * v3;
        let v2 = self.s2 + self.a2 * self.s1 + self.a3 * v3;
        self.s1 = 2.0 * v1 - self.s1;
        self.s2 = 2.0 * v2 - self.s2;
        SvfOut {
            low: v2,
            band: v1,
            high: x - self.k * v1 - v2,
        }
    }

    /// Band-pass with unity gain at its center.
    #[inline]
    pub fn unity_band(&mut self, x: f32) -> f32 {
        let k = self.k;
        self.step(x).band * k
    }
}

/// Four-pole transistor ladder, zero-delay feedback with one saturator in the feedback path
/// (Zavalishin 2018, ch. 5 and 6): −24 dB per octave, self-oscillates near `resonance` = 1.
///
/// Both stereo channels go through in step: their two chains of dependent operations overlap,
/// which takes little longer than one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ladder {
    g: f32,
    k: f32,
    weights: [f32; 4],
    scale: f32,
    s: [[f32; 2]; 4],
}

impl Ladder {
    /// Moves the corner (hertz) and the resonance (0..=1), keeping the state.
    pub fn set(&mut self, hz: f32, resonance: f32, rate: f32) {
        let g = fast_tan_pi((hz / rate).clamp(1e-5, 0.45));
        let g = g / (1.0 + g);
        self.g = g;
        self.k = 3.9 * resonance.clamp(0.0, 1.0);
        let one = (1.0 - g) * self.k;
        self.weights = [one * g * g * g, one * g * g, one * g, one];
        self.scale = 0.5 / (1.0 + self.k * g * g * g * g);
    }

    /// The next frame.
    #[inline]
    pub fn step(&mut self, x: [f32; 2]) -> [f32; 2] {
        // Passband loss of the feedback is half compensated, as in the hardware it imitates.
        let lift = 1.0 + 0.5 * self.k;
        let mut out = [0.0; 2];
        for side in 0..2 {
            let mut fed = 0.0;
            for (w, s) in self.weights.iter().zip(&self.s) {
                fed += w * s[side];
            }
            let mut v = math::soft_clip((x[side] * lift - fed) * self.scale) * 2.0;
            for s in &mut self.s {
                let d = (v - s[side]) * self.g;
                v = d + s[side];
                s[side] = v + d;
            }
            out[side] = v;
        }
        out
    }
}

/// Removes DC: y = x − x₁ + r·y₁ with a corner of about 12 Hz.
#[derive(Clone, Copy, Debug)]
pub struct DcBlock {
    r: f32,
    x: f32,
    y: f32,
}

impl DcBlock {
    /// A blocker for a sample rate.
    pub fn new(rate: f32) -> Self {
        Self {
            r: 1.0 - 75.0 / rate,
            x: 0.0,
            y: 0.0,
        }
    }

    /// The next sample.
    #[inline]
    pub fn step(&mut self, x: f32) -> f32 {
        self.y = x - self.x + self.r * self.y;
        self.x = x;
        self.y
    }
}

/// `tan(πx)` for 0 ≤ x < 0.48 as sine over cosine: relative error below 1e-4.
#[inline]
fn fast_tan_pi(x: f32) -> f32 {
    let half = x * 0.5;
    math::fast_sin_cycles(half) / math::fast_sin_cycles(half + 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_pass_halves_power_at_its_corner() {
        let rate = 48_000.0;
        let mut svf = Svf::new(1_000.0, std::f32::consts::FRAC_1_SQRT_2, rate);
        let mut pole = OnePole::new(1_000.0, rate);
        let (mut a, mut b) = (0.0, 0.0);
        for n in 0..48_000 {
            let x = math::fast_sin_cycles((n % 48) as f32 / 48.0);
            let (low, one) = (svf.step(x).low, pole.low(x));
            if n >= 24_000 {
                a += low * low;
                b += one * one;
            }
        }
        assert!((a / 12_000.0 - 0.5).abs() < 0.02, "{a}");
        assert!((b / 12_000.0 - 0.5).abs() < 0.06, "{b}");
    }

    #[test]
    fn ladder_stays_bounded_at_full_resonance() {
        let mut ladder = Ladder::default();
        let mut noise = super::super::noise::Noise::new(3);
        for n in 0..40_000 {
            ladder.set(40.0 + 18_000.0 * ((n / 50) % 2) as f32, 1.0, 44_100.0);
            let [y, z] = ladder.step([noise.white() * 4.0, 0.1]);
            assert!(y.is_finite() && y.abs() < 20.0 && z.abs() < 20.0);
        }
    }
}
