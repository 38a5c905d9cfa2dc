//! What every effect is: a stereo processor whose output does not depend on how it is fed.

use yuefu_audio::math;

/// A stereo effect with state.
///
/// Contract, tested for every effect in `tests/contract.rs`: the output depends on the input
/// since the last reset only, not on how it was cut into blocks; after silence has gone in long
/// enough, exact silence comes out; nothing is allocated; nothing but finite numbers comes out
/// of finite input. An effect adds no latency.
pub trait Effect {
    /// Processes two channels of equal length in place.
    fn process(&mut self, left: &mut [f32], right: &mut [f32]);

    /// Forgets the past.
    fn reset(&mut self);
}

/// Frames between updates of slow things (filters' denormal flush, modulation), counted from
/// the last reset so that block size cannot matter.
pub const TICK: usize = 32;

/// Cuts a block where absolute multiples of a period lie.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock(usize);

impl Clock {
    /// How many of `left` frames remain before the next multiple of `period`, and whether they
    /// reach it.
    pub(crate) fn advance(&mut self, left: usize, period: usize) -> (usize, bool) {
        let count = (period - self.0).min(left);
        self.0 += count;
        let wrapped = self.0 == period;
        if wrapped {
            self.0 = 0;
        }
        (count, wrapped)
    }
}

/// Coefficient of a one-pole smoother: the share of the old value kept per step.
pub(crate) fn keep(seconds: f64, steps_per_second: f64) -> f32 {
    keep64(seconds, steps_per_second) as f32
}

/// [`keep`] for what is smoothed in `f64`.
pub(crate) fn keep64(seconds: f64, steps_per_second: f64) -> f64 {
    if seconds <= 0.0 {
        0.0
    } else {
        math::exp(-1.0 / (seconds * steps_per_second))
    }
}

/// `x` held in `low..=high`; `low` for NaN.
pub(crate) fn within(x: f32, low: f32, high: f32) -> f32 {
    if x >= low { x.min(high) } else { low }
}
