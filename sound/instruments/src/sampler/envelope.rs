//! Envelopes and low-frequency oscillators, as closed functions of time.
//!
//! Since a phrase is known whole, no state is carried: the value at any instant is computed
//! from the instant, so results cannot depend on block size.

use super::modulate::convex;
use yuefu_audio::math::{self, fast_exp2};

/// Decibels over which a full decay or release runs (SoundFont 2.04, 8.1.2: 100 %).
const FULL: f32 = 100.0;
/// Shortest release: what is shorter clicks.
const SHORTEST_RELEASE: f32 = 0.012;

/// Seconds of a time in timecents; what is at or below −12000 is no time at all.
pub fn seconds(timecents: f32) -> f32 {
    if timecents <= -11_999.0 {
        0.0
    } else {
        math::exp2(f64::from(timecents.min(8_000.0)) / 1_200.0) as f32
    }
}

/// An amplitude factor for decibels at or below zero, fast; −120 dB and less are silence.
#[inline]
fn gain(decibels: f32) -> f32 {
    if decibels <= -120.0 {
        0.0
    } else {
        fast_exp2(decibels * 0.166_096_4)
    }
}

/// Delay, attack, hold, decay, sustain, release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    delay: f32,
    attack: f32,
    hold: f32,
    decay: f32,
    sustain: f32,
    release: f32,
}

impl Envelope {
    /// From six generators (delay, attack, hold, decay, sustain, release), the key that scales
    /// hold and decay, and those two scales in timecents per key.
    pub fn new(generators: &[f32], key: f32, hold_scale: f32, decay_scale: f32) -> Self {
        let scaled = |value: f32, scale: f32| {
            if value <= -11_999.0 {
                0.0
            } else {
                seconds(value + scale * (60.0 - key))
            }
        };
        Self {
            delay: seconds(generators[0]),
            attack: seconds(generators[1]),
            hold: scaled(generators[2], hold_scale),
            decay: scaled(generators[3], decay_scale),
            sustain: generators[4].max(0.0) * 0.1,
            release: seconds(generators[5]).max(SHORTEST_RELEASE),
        }
    }

    /// The same, already sounding: no delay, no attack (legato).
    pub fn joined(self) -> Self {
        Self {
            delay: 0.0,
            attack: 0.0,
            ..self
        }
    }

    /// The same with another release in seconds.
    pub fn released_in(self, release: f32) -> Self {
        Self {
            release: release.max(SHORTEST_RELEASE),
            ..self
        }
    }

    /// Seconds until the attack is over.
    pub fn attacked(&self) -> f32 {
        self.delay + self.attack
    }

    /// Decibels (or thousandths, for the modulation envelope) fallen after the attack.
    #[inline]
    fn fallen(&self, time: f32) -> f32 {
        let into = time - self.delay - self.attack - self.hold;
        if into <= 0.0 {
            0.0
        } else if self.decay <= 0.0 {
            self.sustain
        } else {
            (FULL * into / self.decay).min(self.sustain)
        }
    }

    /// The volume envelope, an amplitude factor 0..=1, `time` seconds after the onset with the
    /// release at `off`.
    #[inline]
    pub fn volume(&self, time: f32, off: f32) -> f32 {
        let held = time.min(off);
        let level = if held < self.delay {
            0.0
        } else if held < self.delay + self.attack {
            (held - self.delay) / self.attack
        } else {
            gain(-self.fallen(held))
        };
        if time <= off {
            level
        } else {
            level * gain(-FULL * (time - off) / self.release)
        }
    }

    /// The modulation envelope 0..=1: convex attack, straight decay and release.
    #[inline]
    pub fn modulation(&self, time: f32, off: f32) -> f32 {
        let held = time.min(off);
        let level = if held < self.delay {
            0.0
        } else if held < self.delay + self.attack {
            convex((held - self.delay) / self.attack)
        } else {
            1.0 - (self.fallen(held) / FULL).min(1.0)
        };
        if time <= off {
            level
        } else {
            (level - (time - off) / self.release).max(0.0)
        }
    }
}

/// A triangle that starts at zero and rises first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lfo {
    delay: f32,
    hertz: f32,
}

impl Lfo {
    /// From a delay in timecents and a frequency in cents of 8.176 Hz.
    pub fn new(delay: f32, frequency: f32) -> Self {
        Self {
            delay: seconds(delay),
            hertz: 8.176 * math::cents_to_ratio(frequency.clamp(-16_000.0, 4_500.0)),
        }
    }

    /// The value −1..=1 at a time.
    #[inline]
    pub fn at(&self, time: f32) -> f32 {
        let cycles = (time - self.delay).max(0.0) * self.hertz + 0.25;
        let place = cycles - cycles.floor();
        1.0 - 4.0 * (place - 0.5).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_follows_the_specification() {
        // 0.5 s delay, 1 s attack, 0.25 s hold, 2 s for 100 dB, sustain -20 dB, 1 s release.
        let tc = |s: f64| (1_200.0 * math::log2(s)) as f32;
        let envelope = Envelope::new(
            &[tc(0.5), 0.0, tc(0.25), tc(2.0), 200.0, 0.0],
            60.0,
            0.0,
            0.0,
        );
        let off = 4.0;
        assert_eq!(envelope.volume(0.4, off), 0.0);
        assert!((envelope.volume(1.0, off) - 0.5).abs() < 1e-3);
        assert!((envelope.volume(1.7, off) - 1.0).abs() < 1e-3);
        // 0.2 s into the decay: 10 dB down.
        assert!((envelope.volume(1.95, off) - 0.3162).abs() < 1e-3);
        assert!((envelope.volume(3.9, off) - 0.1).abs() < 1e-3);
        assert!((envelope.volume(4.2, off) - 0.01).abs() < 1e-3);
        assert!(envelope.volume(5.1, off) < 1e-5);
    }

    #[test]
    fn keys_scale_times() {
        let long = Envelope::new(
            &[-12_000.0, -12_000.0, 0.0, -12_000.0, 1_000.0, 0.0],
            48.0,
            100.0,
            0.0,
        );
        assert!(long.volume(1.9, 9.0) > 0.99);
        assert!(long.volume(2.1, 9.0) < 0.01);
    }

    #[test]
    fn the_triangle_starts_at_zero() {
        let lfo = Lfo::new(-12_000.0, 0.0);
        assert_eq!(lfo.at(0.0), 0.0);
        assert!((lfo.at(0.25 / 8.176) - 1.0).abs() < 1e-3);
        assert!((lfo.at(0.75 / 8.176) + 1.0).abs() < 1e-3);
    }
}
