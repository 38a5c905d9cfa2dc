//! What voices do alike with their sound in the end: gains that move, soft edges, the clip.

use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate};

/// Length of an edge in seconds.
const EDGE: f64 = 0.005;

/// The value at a time on the line through points in the order of their times; the first and the
/// last hold outside. `None` where there is no point.
pub fn between(points: &[(f64, f32)], time: f64) -> Option<f32> {
    let after = points.partition_point(|(at, _)| *at <= time);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (Some((low, a)), Some((high, b))) => {
            Some(a + (b - a) * ((time - low) / (high - low).max(1e-6)) as f32)
        }
        (Some((_, value)), None) => Some(value),
        (None, first) => first.map(|(_, value)| *value),
    }
}

/// Multiplies samples by a gain that moves: `gain` at every `block`-th sample, a line between.
pub fn ride(samples: &mut [f32], block: usize, gain: impl Fn(usize) -> f32) {
    let block = block.max(1);
    let mut a = gain(0);
    for (number, samples) in samples.chunks_mut(block).enumerate() {
        let b = gain((number + 1) * block);
        for (index, sample) in samples.iter_mut().enumerate() {
            *sample *= a + (b - a) * index as f32 / block as f32;
        }
        a = b;
    }
}

/// Takes 5 ms to begin and to end: noise has no edges.
pub fn soften(samples: &mut [f32], rate: SampleRate) {
    let count = samples.len();
    let length = ((EDGE * rate.hz()) as usize).min(count / 2);
    for index in 0..length {
        let gain = index as f32 / length as f32;
        samples[index] *= gain;
        samples[count - 1 - index] *= gain;
    }
}

/// The clip of a phrase: one channel, whose first sample is `start` frames from the phrase's
/// beginning.
pub fn clip(start: f64, samples: Vec<f32>, rate: SampleRate) -> Clip {
    Clip {
        start: Frames(start as i64),
        audio: AudioBuffer {
            rate,
            channels: vec![samples],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_through_their_points_and_hold_outside() {
        assert_eq!(between(&[], 1.0), None);
        let points = [(1.0, 2.0), (3.0, 6.0)];
        for (time, value) in [(0.0, 2.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (9.0, 6.0)] {
            assert_eq!(between(&points, time), Some(value), "{time}");
        }
    }

    #[test]
    fn gains_move_without_steps_and_edges_are_silent() {
        let mut samples = vec![1.0; 100];
        ride(&mut samples, 10, |sample| sample as f32);
        assert!((0..100).all(|at| (samples[at] - at as f32).abs() < 1e-3));
        let mut samples = vec![1.0; 100];
        soften(&mut samples, SampleRate(8000));
        assert_eq!((samples[0], samples[99], samples[50]), (0.0, 0.0, 1.0));
        soften(&mut [], SampleRate(8000));
    }
}
