//! Width and position, with a mono-safe low end.

use crate::effect::{Clock, Effect, TICK, within};
use yuefu_audio::{Biquad, SampleRate, math};

/// Below this frequency both sides carry the same: lossless on a club's mono subwoofer and on
/// vinyl alike.
pub const MONO_BELOW_HZ: f64 = 120.0;

/// Sets width, then position.
///
/// Middle and sides are treated apart: the middle is panned with equal power (0 dB in the
/// center), the sides shrink as the position leaves it and are gone at the extremes, so a wide
/// source panned hard becomes a point rather than a hole in the middle.
#[derive(Clone, Debug)]
pub struct Stereo {
    /// Gains of the middle into left and right.
    middle: [f32; 2],
    side: f32,
    cut: Biquad,
    state: [f64; 2],
    clock: Clock,
}

impl Stereo {
    /// `width` 0..=2 (1 = as it is), `pan` −1..=1.
    pub fn new(width: f32, pan: f32, rate: SampleRate) -> Self {
        let pan = f64::from(within(pan, -1.0, 1.0));
        let angle = (pan + 1.0) * std::f64::consts::FRAC_PI_4;
        let root = std::f64::consts::SQRT_2;
        Self {
            middle: [
                (root * math::cos(angle)) as f32,
                (root * math::sin(angle)) as f32,
            ],
            side: within(width, 0.0, 2.0)
                * math::cos(pan.abs() * std::f64::consts::FRAC_PI_2).max(0.0) as f32,
            cut: Biquad::high_pass(rate.hz(), MONO_BELOW_HZ, std::f64::consts::FRAC_1_SQRT_2),
            state: [0.0; 2],
            clock: Clock::default(),
        }
    }
}

impl Stereo {
    /// The time constant of what it remembers, in frames.
    pub(crate) fn memory(rate: SampleRate) -> f64 {
        Biquad::high_pass(rate.hz(), MONO_BELOW_HZ, std::f64::consts::FRAC_1_SQRT_2).span()
    }
}

impl Effect for Stereo {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let (b, a) = (self.cut.b, self.cut.a);
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, TICK);
            let (l, r) = (&mut left[at..at + count], &mut right[at..at + count]);
            // A mono source has no sides to cut.
            if self.side == 0.0 || (self.state == [0.0; 2] && l == r) {
                for (l, r) in l.iter_mut().zip(r) {
                    let middle = (*l + *r) * 0.5;
                    *l = middle * self.middle[0];
                    *r = middle * self.middle[1];
                }
            } else {
                let [mut s1, mut s2] = self.state;
                for (l, r) in l.iter_mut().zip(r) {
                    let middle = (*l + *r) * 0.5;
                    let x = f64::from((*l - *r) * 0.5);
                    let y = b[0] * x + s1;
                    s1 = (b[1] * x + s2) - a[0] * y;
                    s2 = b[2] * x - a[1] * y;
                    let side = y as f32 * self.side;
                    *l = middle * self.middle[0] + side;
                    *r = middle * self.middle[1] - side;
                }
                self.state = [s1, s2];
            }
            if wrapped {
                for state in &mut self.state {
                    if state.abs() < 1e-12 {
                        *state = 0.0;
                    }
                }
            }
            at += count;
        }
    }

    fn reset(&mut self) {
        self.state = [0.0; 2];
        self.clock = Clock::default();
    }
}
