//! Musical time in exact ticks.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// Score time: 40 320 per quarter note (8!), exact for every usual tuplet and for MIDI files of
/// 96, 192, 384, 480 and 960 pulses per quarter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(pub i64);

impl Ticks {
    /// A quarter note.
    pub const QUARTER: Self = Self(40_320);
    /// A whole note.
    pub const WHOLE: Self = Self(40_320 * 4);
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of `n` quarter notes.
    pub const fn quarters(n: i64) -> Self {
        Self(n * 40_320)
    }

    /// A fraction of a whole note, such as `Ticks::of(3, 8)`; `den` must divide 161 280 for the
    /// result to be exact.
    pub const fn of(num: i64, den: i64) -> Self {
        Self(num * 161_280 / den)
    }

    /// The duration in quarter notes.
    pub fn as_quarters(self) -> f64 {
        self.0 as f64 / 40_320.0
    }

    /// The nearest tick to a number of quarter notes.
    pub fn from_quarters(quarters: f64) -> Self {
        Self((quarters * 40_320.0).round() as i64)
    }

    /// The smaller of two.
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// The larger of two.
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }
}

impl Add for Ticks {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Ticks {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Ticks {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Ticks {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Neg for Ticks {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<i64> for Ticks {
    type Output = Self;
    fn mul(self, by: i64) -> Self {
        Self(self.0 * by)
    }
}

impl Div<i64> for Ticks {
    type Output = Self;
    fn div(self, by: i64) -> Self {
        Self(self.0 / by)
    }
}

/// A half-open span of score time: `start <= t < end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TickSpan {
    /// First tick inside.
    pub start: Ticks,
    /// First tick after.
    pub end: Ticks,
}

impl TickSpan {
    /// A span from start to end.
    pub const fn new(start: Ticks, end: Ticks) -> Self {
        Self { start, end }
    }

    /// Its length.
    pub fn len(self) -> Ticks {
        self.end - self.start
    }

    /// Whether it holds no tick.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether a tick lies inside.
    pub fn contains(self, at: Ticks) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether two spans share a tick.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}
