//! Second-order filters and cascades of them, for two channels at once.
//!
//! Coefficients after R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter
//! coefficients" (W3C note, 2021); transposed direct form II in `f64`, so that a 20 Hz cut at
//! 192 kHz keeps its shape and a rounding noise below −200 dBFS.

use crate::math;

/// Normalized coefficients: `y = b0 x + b1 x' + b2 x'' − a1 y' − a2 y''`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    /// Feed-forward coefficients.
    pub b: [f64; 3],
    /// Feedback coefficients `a1`, `a2` (`a0` is 1).
    pub a: [f64; 2],
}

impl Biquad {
    /// Passes everything unchanged.
    pub const IDENTITY: Self = Self {
        b: [1.0, 0.0, 0.0],
        a: [0.0, 0.0],
    };

    fn normalized(b: [f64; 3], a: [f64; 3]) -> Self {
        let inverse = 1.0 / a[0];
        Self {
            b: b.map(|x| x * inverse),
            a: [a[1] * inverse, a[2] * inverse],
        }
    }

    /// Cosine and alpha of the cookbook; the frequency is held inside 1 Hz..0.49 of the rate.
    fn corner(rate: f64, hz: f64, q: f64) -> (f64, f64) {
        let w = std::f64::consts::TAU * hz.clamp(1.0, rate * 0.49) / rate;
        (math::cos(w), math::sin(w) / (2.0 * q.max(0.05)))
    }

    /// Low-pass, 12 dB per octave.
    pub fn low_pass(rate: f64, hz: f64, q: f64) -> Self {
        let (c, alpha) = Self::corner(rate, hz, q);
        let b = (1.0 - c) * 0.5;
        Self::normalized([b, 1.0 - c, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// High-pass, 12 dB per octave.
    pub fn high_pass(rate: f64, hz: f64, q: f64) -> Self {
        let (c, alpha) = Self::corner(rate, hz, q);
        let b = (1.0 + c) * 0.5;
        Self::normalized([b, -1.0 - c, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// Bell of a gain in dB.
    pub fn peak(rate: f64, hz: f64, q: f64, db: f64) -> Self {
        let (c, alpha) = Self::corner(rate, hz, q);
        let a = math::pow(10.0, db / 40.0);
        Self::normalized(
            [1.0 + alpha * a, -2.0 * c, 1.0 - alpha * a],
            [1.0 + alpha / a, -2.0 * c, 1.0 - alpha / a],
        )
    }

    /// Low shelf of a gain in dB; half of it (in dB) at `hz`.
    pub fn low_shelf(rate: f64, hz: f64, q: f64, db: f64) -> Self {
        let (c, alpha) = Self::corner(rate, hz, q);
        let a = math::pow(10.0, db / 40.0);
        let s = 2.0 * a.sqrt() * alpha;
        let (up, down) = (a + 1.0, a - 1.0);
        Self::normalized(
            [
                a * (up - down * c + s),
                2.0 * a * (down - up * c),
                a * (up - down * c - s),
            ],
            [up + down * c + s, -2.0 * (down + up * c), up + down * c - s],
        )
    }

    /// High shelf of a gain in dB; half of it (in dB) at `hz`.
    pub fn high_shelf(rate: f64, hz: f64, q: f64, db: f64) -> Self {
        let (c, alpha) = Self::corner(rate, hz, q);
        let a = math::pow(10.0, db / 40.0);
        let s = 2.0 * a.sqrt() * alpha;
        let (up, down) = (a + 1.0, a - 1.0);
        Self::normalized(
            [
                a * (up + down * c + s),
                -2.0 * a * (down + up * c),
                a * (up + down * c - s),
            ],
            [up - down * c + s, 2.0 * (down - up * c), up - down * c - s],
        )
    }

    /// Time constant in frames of the slowest pole: what was is down to 1/e after so many.
    ///
    /// Infinite for a filter that is not stable.
    pub fn span(&self) -> f64 {
        let [a1, a2] = self.a;
        let spread = a1 * a1 - 4.0 * a2;
        // Complex poles have the radius √a2; real ones differ.
        let radius = if spread < 0.0 {
            a2.sqrt()
        } else {
            (a1.abs() + spread.sqrt()) * 0.5
        };
        if radius <= 0.0 {
            0.0
        } else if radius < 1.0 {
            -1.0 / math::ln(radius)
        } else {
            f64::INFINITY
        }
    }

    /// Power gain (squared magnitude) at a frequency in hertz.
    pub fn power_at(&self, rate: f64, hz: f64) -> f64 {
        let w = std::f64::consts::TAU * hz / rate;
        let (c1, s1) = (math::cos(w), math::sin(w));
        let (c2, s2) = (math::cos(2.0 * w), math::sin(2.0 * w));
        let (b, a) = (self.b, self.a);
        let top = (b[0] + b[1] * c1 + b[2] * c2, b[1] * s1 + b[2] * s2);
        let bottom = (1.0 + a[0] * c1 + a[1] * c2, a[0] * s1 + a[1] * s2);
        (top.0 * top.0 + top.1 * top.1) / (bottom.0 * bottom.0 + bottom.1 * bottom.1)
    }
}

/// A cascade of biquads over two channels, with its state.
///
/// State smaller than 1e-30 is set to zero at every 32nd frame since the last reset, so silence
/// ends as true silence and never costs time in denormal numbers, whatever the block size.
#[derive(Clone, Debug)]
pub struct Cascade {
    sections: Vec<Section>,
    clock: u32,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    filter: Biquad,
    s1: [f64; 2],
    s2: [f64; 2],
}

impl Section {
    #[inline(always)]
    fn tick(&mut self, x: [f64; 2]) -> [f64; 2] {
        let (b, a) = (self.filter.b, self.filter.a);
        let mut y = [0.0; 2];
        for c in 0..2 {
            y[c] = b[0] * x[c] + self.s1[c];
            self.s1[c] = (b[1] * x[c] + self.s2[c]) - a[0] * y[c];
            self.s2[c] = b[2] * x[c] - a[1] * y[c];
        }
        y
    }

    fn flush(&mut self) {
        for state in self.s1.iter_mut().chain(&mut self.s2) {
            if state.abs() < 1e-30 {
                *state = 0.0;
            }
        }
    }
}

impl Cascade {
    /// A cascade in the order given.
    pub fn new(filters: impl IntoIterator<Item = Biquad>) -> Self {
        let sections = filters
            .into_iter()
            .map(|filter| Section {
                filter,
                s1: [0.0; 2],
                s2: [0.0; 2],
            })
            .collect();
        Self { sections, clock: 0 }
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The filters, in order.
    pub fn filters(&self) -> impl Iterator<Item = &Biquad> {
        self.sections.iter().map(|section| &section.filter)
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.clock = 0;
        for section in &mut self.sections {
            section.s1 = [0.0; 2];
            section.s2 = [0.0; 2];
        }
    }

    /// Filters two channels of equal length in place.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let until = (at + 32 - self.clock as usize).min(frames);
            let (l, r) = (&mut left[at..until], &mut right[at..until]);
            let mut rest = &mut self.sections[..];
            // Several sections per pass keep the arithmetic units busy: one alone waits for
            // its own feedback.
            while !rest.is_empty() {
                let taken;
                (taken, rest) = match rest.len() {
                    1 => (pass::<1>(rest, l, r), Default::default()),
                    2 => (pass::<2>(rest, l, r), Default::default()),
                    3 => (pass::<3>(rest, l, r), Default::default()),
                    _ => {
                        let (four, others) = rest.split_at_mut(4);
                        (pass::<4>(four, l, r), others)
                    }
                };
                debug_assert!(taken > 0);
            }
            self.clock += (until - at) as u32;
            if self.clock == 32 {
                self.clock = 0;
                self.sections.iter_mut().for_each(Section::flush);
            }
            at = until;
        }
    }
}

/// Runs exactly `N` sections over a stretch; returns `N`.
fn pass<const N: usize>(sections: &mut [Section], left: &mut [f32], right: &mut [f32]) -> usize {
    let mut local: [Section; N] = std::array::from_fn(|i| sections[i]);
    for (l, r) in left.iter_mut().zip(right.iter_mut()) {
        let mut x = [f64::from(*l), f64::from(*r)];
        for section in &mut local {
            x = section.tick(x);
        }
        *l = x[0] as f32;
        *r = x[1] as f32;
    }
    sections.copy_from_slice(&local);
    N
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(filter: Biquad, hz: f64) -> f64 {
        10.0 * math::log10(filter.power_at(48_000.0, hz))
    }

    #[test]
    fn responses_are_what_their_names_say() {
        let rate = 48_000.0;
        let flat = std::f64::consts::FRAC_1_SQRT_2;
        assert!((db(Biquad::low_pass(rate, 1000.0, flat), 1000.0) + 3.01).abs() < 0.01);
        assert!((db(Biquad::high_pass(rate, 100.0, flat), 100.0) + 3.01).abs() < 0.01);
        assert!((db(Biquad::high_pass(rate, 100.0, flat), 25.0) + 24.1).abs() < 0.1);
        assert!((db(Biquad::peak(rate, 3000.0, 1.0, 4.0), 3000.0) - 4.0).abs() < 1e-6);
        assert!(db(Biquad::peak(rate, 3000.0, 1.0, 4.0), 50.0).abs() < 0.01);
        let shelf = Biquad::low_shelf(rate, 200.0, flat, -6.0);
        assert!((db(shelf, 10.0) + 6.0).abs() < 0.01);
        assert!((db(shelf, 200.0) + 3.0).abs() < 0.01);
        let shelf = Biquad::high_shelf(rate, 5000.0, flat, 3.0);
        assert!((db(shelf, 22_000.0) - 3.0).abs() < 0.05 && db(shelf, 100.0).abs() < 0.01);
    }

    #[test]
    fn a_cascade_measures_as_computed_and_ignores_blocks() {
        let filters = [
            Biquad::high_pass(48_000.0, 80.0, 0.7),
            Biquad::peak(48_000.0, 1000.0, 1.0, 6.0),
            Biquad::high_shelf(48_000.0, 6000.0, 0.7, -3.0),
            Biquad::peak(48_000.0, 400.0, 2.0, -4.0),
            Biquad::low_pass(48_000.0, 15_000.0, 0.7),
        ];
        let tone: Vec<f32> = (0..48_000)
            .map(|i| math::sin(f64::from(i) * std::f64::consts::TAU * 1000.0 / 48_000.0) as f32)
            .collect();
        let (mut l, mut r) = (tone.clone(), tone.clone());
        Cascade::new(filters).process(&mut l, &mut r);
        let peak = l[24_000..].iter().fold(0.0_f32, |p, x| p.max(x.abs()));
        let power: f64 = filters
            .iter()
            .map(|f| f.power_at(48_000.0, 1000.0))
            .product();
        assert!((f64::from(peak) / power.sqrt() - 1.0).abs() < 2e-3);
        let (mut l2, mut r2) = (tone.clone(), tone);
        let mut cascade = Cascade::new(filters);
        for (a, b) in l2.chunks_mut(37).zip(r2.chunks_mut(37)) {
            cascade.process(a, b);
        }
        assert_eq!(l, l2);
        assert_eq!(r, r2);
    }
}
