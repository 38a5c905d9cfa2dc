//! De-esser: the treble of a voice through a compressor of its own.
//!
//! The treble is what a high-pass leaves; the rest is what it took, so that at rest both add up to
//! what came in (U. Zölzer (ed.), *DAFX*, 2nd ed., 2011, section 4.3: split-band dynamics).

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
    split: Cascade,
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
            split: Cascade::new([filter(settings, rate)]),
            treble: Dynamics::compressor(&compressor, rate),
            left: vec![0.0; CHUNK],
            right: vec![0.0; CHUNK],
        }
    }

    /// The time constants in frames of what it remembers.
    pub(crate) fn spans(settings: &DeEsser, rate: SampleRate) -> [f64; 2] {
        [
            filter(settings, rate).span(),
            Dynamics::span(RELEASE_MS, rate),
        ]
    }
}

fn filter(settings: &DeEsser, rate: SampleRate) -> Biquad {
    let top = rate.hz() * 0.45;
    Biquad::high_pass(rate.hz(), f64::from(settings.hz).clamp(500.0, top), 0.707)
}

impl Effect for Sibilants {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            let (l, r) = (&mut self.left[..left.len()], &mut self.right[..right.len()]);
            l.copy_from_slice(left);
            r.copy_from_slice(right);
            self.split.process(l, r);
            for (x, treble) in left.iter_mut().zip(&*l).chain(right.iter_mut().zip(&*r)) {
                *x -= treble;
            }
            self.treble.process(l, r);
            for (x, treble) in left.iter_mut().zip(&*l).chain(right.iter_mut().zip(&*r)) {
                *x += treble;
            }
        }
    }

    fn reset(&mut self) {
        self.split.reset();
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
