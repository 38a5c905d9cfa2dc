//! De-esser: the treble of a voice through a compressor of its own.
//!
//! The bands are split by a fourth-order crossover (S. Linkwitz, "Active Crossover Networks for
//! Noncoincident Drivers", JAES 24(1), 1976): both stay in phase everywhere, so that turning one
//! down turns their sum down, and at rest their sum has the level of what came in.

use crate::{dynamics::Dynamics, effect::Effect, window::CHUNK};
use yuefu_audio::{Biquad, Cascade, SampleRate};
use yuefu_song::mixplan::{Compressor, DeEsser};

/// Sibilants begin and end within milliseconds.
const ATTACK_MS: f32 = 0.5;
/// Long enough that the gain does not follow the waveform of a voiced consonant.
const RELEASE_MS: f32 = 40.0;

/// Turns down sibilants.
#[derive(Clone, Debug)]
pub(crate) struct Sibilants {
    low: Cascade,
    high: Cascade,
    treble: Dynamics,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Sibilants {
    pub(crate) fn new(settings: &DeEsser, rate: SampleRate) -> Self {
        let compressor = Compressor {
            threshold_db: settings.threshold_db,
            ratio: settings.ratio,
            attack_ms: ATTACK_MS,
            release_ms: RELEASE_MS,
            knee_db: 4.0,
            makeup_db: 0.0,
        };
        Self {
            low: Cascade::new([low(settings, rate); 2]),
            high: Cascade::new([high(settings, rate); 2]),
            treble: Dynamics::compressor(&compressor, rate),
            left: vec![0.0; CHUNK],
            right: vec![0.0; CHUNK],
        }
    }

    /// The time constants in frames of what it remembers.
    pub(crate) fn spans(settings: &DeEsser, rate: SampleRate) -> [f64; 2] {
        [
            // Two in a row take longer to forget than one, but not twice as long.
            2.0 * high(settings, rate).span(),
            Dynamics::span(RELEASE_MS, rate),
        ]
    }
}

fn high(settings: &DeEsser, rate: SampleRate) -> Biquad {
    Biquad::high_pass(
        rate.hz(),
        edge(settings, rate),
        std::f64::consts::FRAC_1_SQRT_2,
    )
}

fn low(settings: &DeEsser, rate: SampleRate) -> Biquad {
    Biquad::low_pass(
        rate.hz(),
        edge(settings, rate),
        std::f64::consts::FRAC_1_SQRT_2,
    )
}

fn edge(settings: &DeEsser, rate: SampleRate) -> f64 {
    f64::from(settings.hz).clamp(500.0, rate.hz() * 0.45)
}

impl Effect for Sibilants {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            let (l, r) = (&mut self.left[..left.len()], &mut self.right[..right.len()]);
            l.copy_from_slice(left);
            r.copy_from_slice(right);
            self.low.process(left, right);
            self.high.process(l, r);
            self.treble.process(l, r);
            for (x, treble) in left.iter_mut().zip(&*l).chain(right.iter_mut().zip(&*r)) {
                *x += treble;
            }
        }
    }

    fn reset(&mut self) {
        self.low.reset();
        self.high.reset();
        self.treble.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(44_100);

    fn level(hz: f64, db: f32) -> (f32, f32) {
        let settings = DeEsser {
            hz: 6000.0,
            threshold_db: -26.0,
            ratio: 3.0,
        };
        let gain = yuefu_audio::math::db_to_gain(db);
        let wave = |i: usize| {
            gain * yuefu_audio::math::sin(std::f64::consts::TAU * hz * i as f64 / 44_100.0) as f32
        };
        let mut left: Vec<f32> = (0..22_050).map(wave).collect();
        let mut right = left.clone();
        let top = |samples: &[f32]| {
            samples[11_025..]
                .iter()
                .fold(0.0_f32, |a, x| a.max(x.abs()))
        };
        let before = top(&left);
        Sibilants::new(&settings, RATE).process(&mut left, &mut right);
        (before, top(&left))
    }

    #[test]
    fn loud_treble_is_turned_down_and_nothing_else() {
        let change = |(before, after): (f32, f32)| 20.0 * (after / before).log10();
        assert!(change(level(9000.0, -10.0)) < -6.0);
        assert!(change(level(9000.0, -40.0)).abs() < 0.05);
        assert!(change(level(500.0, -6.0)).abs() < 0.2);
    }
}
