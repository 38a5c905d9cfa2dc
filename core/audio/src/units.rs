//! Units as types, so that a number always says what it measures.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// Frames per second of a stream. There is no default: every stream states its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(pub u32);

impl SampleRate {
    /// The rate as a floating-point number of frames per second.
    pub fn hz(self) -> f64 {
        f64::from(self.0)
    }

    /// The Nyquist frequency in hertz.
    pub fn nyquist(self) -> f64 {
        self.hz() * 0.5
    }

    /// The nearest whole frame at or around an instant (ties away from zero).
    pub fn frames(self, at: Seconds) -> Frames {
        Frames((at.0 * self.hz()).round() as i64)
    }

    /// The instant of a frame.
    pub fn seconds(self, at: Frames) -> Seconds {
        Seconds(at.0 as f64 / self.hz())
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
    };
}

unit! {
    /// An instant or a duration in seconds.
    Seconds(f64)
}
unit! {
    /// A position or a count in frames (one frame = one sample of every channel).
    #[derive(Eq, Ord)]
    Frames(i64)
}
unit! {
    /// A level ratio in decibels.
    Db(f32)
}
unit! {
    /// Loudness in LUFS (ITU-R BS.1770-4).
    Lufs(f32)
}
unit! {
    /// A frequency in hertz.
    Hertz(f32)
}

impl PartialOrd<i64> for Frames {
    fn partial_cmp(&self, other: &i64) -> Option<std::cmp::Ordering> {
        self.0.partial_cmp(other)
    }
}

impl PartialEq<i64> for Frames {
    fn eq(&self, other: &i64) -> bool {
        self.0 == *other
    }
}

impl Mul<f64> for Seconds {
    type Output = Self;
    fn mul(self, by: f64) -> Self {
        Self(self.0 * by)
    }
}

impl Seconds {
    /// The later of two instants.
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// The earlier of two instants.
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

impl Db {
    /// The amplitude factor: `10^(dB/20)`.
    pub fn gain(self) -> f32 {
        crate::math::db_to_gain(self.0)
    }

    /// The level of an amplitude factor; −200 dB for zero.
    pub fn from_gain(gain: f32) -> Self {
        Self(crate::math::gain_to_db(gain))
    }
}
