//! Compressor and downward expander.
//!
//! D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range compressor design: a
//! tutorial and analysis", JAES 60 (6), 2012: feed-forward, static curve with soft knee in the
//! logarithmic domain, then smooth branching ballistics on the gain. Both channels share one
//! gain, so the picture does not move.

use crate::effect::{Clock, Effect, keep64, within};
use yuefu_audio::{SampleRate, math};
use yuefu_song::mixplan::{Compressor, Gate};

/// Frames between gain decisions; the gain runs linearly between them.
const STEP: usize = 8;

/// The level of silence in dBFS.
const SILENCE: f32 = -140.0;

/// How the gain follows from the level.
#[derive(Clone, Copy, Debug)]
enum Law {
    Compress { knee: f32, slope: f32 },
    Expand { slope: f32, range: f32 },
}

/// A compressor or expander.
#[derive(Clone, Debug)]
pub struct Dynamics {
    law: Law,
    threshold: f32,
    makeup: f32,
    /// Share kept per step while the gain falls, and while it rises.
    keep: [f64; 2],
    clock: Clock,
    peak: f32,
    /// Smoothed gain change in dB, at most 0. In f64, or it would come to rest beside where it
    /// should, on the side it came from.
    state: f64,
    /// Gain factor now, at the end of the step, and its increment per frame.
    gain: f32,
    target: f32,
    slope: f32,
    deepest: f32,
}

impl Dynamics {
    /// A compressor. Settings outside their range are held inside it.
    pub fn compressor(settings: &Compressor, rate: SampleRate) -> Self {
        Self::new(
            Law::Compress {
                knee: within(settings.knee_db, 0.0, 40.0),
                slope: 1.0 / within(settings.ratio, 1.0, 1000.0) - 1.0,
            },
            settings.threshold_db,
            settings.makeup_db,
            [settings.attack_ms, settings.release_ms],
            rate,
        )
    }

    /// A downward expander.
    pub fn expander(settings: &Gate, rate: SampleRate) -> Self {
        Self::new(
            Law::Expand {
                slope: within(settings.ratio, 1.0, 100.0) - 1.0,
                range: within(settings.range_db, 0.0, 120.0),
            },
            settings.threshold_db,
            0.0,
            // Its gain falls when it closes.
            [settings.release_ms, settings.attack_ms],
            rate,
        )
    }

    fn new(law: Law, threshold: f32, makeup: f32, ms: [f32; 2], rate: SampleRate) -> Self {
        let steps = rate.hz() / STEP as f64;
        let mut new = Self {
            law,
            threshold: within(threshold, -120.0, 24.0),
            makeup: within(makeup, -60.0, 60.0),
            keep: ms.map(|ms| keep64(f64::from(within(ms, 0.01, 10_000.0)) * 1e-3, steps)),
            clock: Clock::default(),
            peak: 0.0,
            state: 0.0,
            gain: 1.0,
            target: 1.0,
            slope: 0.0,
            deepest: 0.0,
        };
        new.reset();
        new
    }

    /// Gain change in dB (at most 0) that the static curve asks for at a level in dBFS.
    pub fn static_change(&self, level: f32) -> f32 {
        let over = level - self.threshold;
        match self.law {
            Law::Compress { knee, slope } => {
                if 2.0 * over <= -knee {
                    0.0
                } else if 2.0 * over < knee {
                    let into = over + knee * 0.5;
                    slope * into * into / (2.0 * knee)
                } else {
                    slope * over
                }
            }
            Law::Expand { slope, range } => (over.min(0.0) * slope).max(-range),
        }
    }

    /// The deepest gain reduction since the last reset, in dB (at most 0).
    pub fn deepest(&self) -> f32 {
        self.deepest
    }

    /// Takes note of two channels without processing them.
    pub(crate) fn listen(&mut self, left: &[f32], right: &[f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, STEP);
            let (l, r) = (&left[at..at + count], &right[at..at + count]);
            self.peak = self.peak.max(loudest(l, r));
            self.gain += self.slope * count as f32;
            if wrapped {
                self.decide();
            }
            at += count;
        }
    }

    /// The gain factor of the state.
    fn factor(&self) -> f32 {
        math::fast_exp2((self.state as f32 + self.makeup) * 0.166_096_4)
    }

    /// The time constant in frames of an attack or release in milliseconds.
    pub(crate) fn span(ms: f32, rate: SampleRate) -> f64 {
        f64::from(within(ms, 0.01, 10_000.0)) * 1e-3 * rate.hz() + STEP as f64
    }

    /// Decides the gain for the next step from the peak of the last.
    fn decide(&mut self) {
        // −6.0206 dB per halving: log2 is the cheapest exact logarithm there is.
        let level = if self.peak > 1e-7 {
            6.020_6 * math::log2(f64::from(self.peak)) as f32
        } else {
            SILENCE
        };
        self.peak = 0.0;
        let wanted = f64::from(self.static_change(level));
        let share = self.keep[usize::from(wanted > self.state)];
        self.state = wanted + (self.state - wanted) * share;
        if self.state > -1e-5 {
            self.state = 0.0;
        }
        self.deepest = self.deepest.min(self.state as f32);
        self.gain = self.target;
        self.target = self.factor();
        self.slope = (self.target - self.gain) * (1.0 / STEP as f32);
    }
}

/// The largest magnitude of two short stretches; for whole steps in vectors.
#[inline(always)]
fn loudest(left: &[f32], right: &[f32]) -> f32 {
    if let (Ok(l), Ok(r)) = (
        <&[f32; STEP]>::try_from(left),
        <&[f32; STEP]>::try_from(right),
    ) {
        let mut most = [0.0_f32; STEP];
        for i in 0..STEP {
            let (a, b) = (l[i].abs(), r[i].abs());
            most[i] = if a > b { a } else { b };
        }
        most.iter().fold(0.0, |p, &x| if x > p { x } else { p })
    } else {
        left.iter()
            .chain(right)
            .fold(0.0_f32, |p, x| p.max(x.abs()))
    }
}

impl Effect for Dynamics {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, STEP);
            let (l, r) = (&mut left[at..at + count], &mut right[at..at + count]);
            self.peak = self.peak.max(loudest(l, r));
            let mut gain = self.gain;
            for (l, r) in l.iter_mut().zip(r.iter_mut()) {
                *l *= gain;
                *r *= gain;
                gain += self.slope;
            }
            self.gain = gain;
            if wrapped {
                self.decide();
            }
            at += count;
        }
    }

    fn reset(&mut self) {
        self.clock = Clock::default();
        self.peak = 0.0;
        // As after long silence: a gate is closed.
        self.state = f64::from(self.static_change(SILENCE));
        self.slope = 0.0;
        self.deepest = 0.0;
        self.gain = self.factor();
        self.target = self.gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressor() -> Dynamics {
        Dynamics::compressor(
            &Compressor {
                threshold_db: -20.0,
                ratio: 4.0,
                attack_ms: 5.0,
                release_ms: 80.0,
                knee_db: 6.0,
                makeup_db: 3.0,
            },
            SampleRate(48_000),
        )
    }

    #[test]
    fn the_static_curve_is_the_papers() {
        let c = compressor();
        for (level, change) in [
            (-40.0, 0.0),
            (-23.0, 0.0),
            (-20.0, -0.5625),
            (-17.0, -2.25),
            (-8.0, -9.0),
            (0.0, -15.0),
        ] {
            assert!((c.static_change(level) - change).abs() < 1e-5, "{level}");
        }
    }

    #[test]
    fn a_steady_square_settles_on_the_curve() {
        for level in [-30.0, -20.0, -10.0, -3.0] {
            let mut c = compressor();
            let x = math::db_to_gain(level);
            let mut l: Vec<f32> = (0..48_000)
                .map(|i| if i % 96 < 48 { x } else { -x })
                .collect();
            let mut r = l.clone();
            c.process(&mut l, &mut r);
            let got = math::gain_to_db(l[47_999].abs());
            let want = level + c.static_change(level) + 3.0;
            assert!((got - want).abs() < 0.02, "{level}: {got} is not {want}");
        }
    }

    #[test]
    fn attack_and_release_take_their_time() {
        let mut c = compressor();
        let mut l = vec![1.0_f32; 48_000];
        let mut r = l.clone();
        c.process(&mut l, &mut r);
        // After one time constant the gain has made 63 % of its way in dB.
        let after = math::gain_to_db(l[240 + STEP]) - 3.0;
        assert!((after / -15.0 - 0.632).abs() < 0.03, "{after}");
        let (mut l, mut r) = (vec![1e-4_f32; 9600], vec![1e-4_f32; 9600]);
        c.process(&mut l, &mut r);
        let after = math::gain_to_db(l[3840 + STEP] * 1e4) - 3.0;
        assert!((after / -15.0 - 0.368).abs() < 0.03, "{after}");
    }

    #[test]
    fn an_expander_closes_under_its_threshold() {
        let e = Dynamics::expander(
            &Gate {
                threshold_db: -50.0,
                ratio: 3.0,
                range_db: 20.0,
                attack_ms: 1.0,
                release_ms: 100.0,
            },
            SampleRate(48_000),
        );
        for (level, change) in [(-40.0, 0.0), (-55.0, -10.0), (-90.0, -20.0)] {
            assert!((e.static_change(level) - change).abs() < 1e-5);
        }
    }
}
