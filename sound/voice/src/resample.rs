//! From a network's sample rate to the song's.

use yuefu_audio::{SampleRate, math};

/// Samples of the slower rate on either side that an output sample is made of.
const HALF: usize = 48;
/// Shape of the window (Kaiser): stopband below −90 dB.
const BETA: f64 = 9.0;

/// Resamples a mono signal by a windowed sinc with one filter for each of the phases that two
/// whole rates have; the first sample stays where it is. What lies beyond either end is silence.
///
/// Passband flat within 0.05 dB up to 0.9 of the lower Nyquist frequency; images and aliases below
/// −80 dB (measured by the tests below).
pub fn resample(samples: &[f32], from: SampleRate, to: SampleRate) -> Vec<f32> {
    if from == to || samples.is_empty() {
        return samples.to_vec();
    }
    let (from, to) = (from.0.max(1) as usize, to.0.max(1) as usize);
    let common = gcd(from, to);
    let (step, phases) = (from / common, to / common);
    // Downward the filter is as much longer as its band is narrower.
    let narrow = (to as f64 / from as f64).min(1.0);
    let half = (HALF as f64 / narrow).ceil() as usize;
    let taps = 2 * half;
    let cutoff = 0.96 * narrow;
    let mut table = vec![0.0_f32; phases * taps];
    for phase in 0..phases {
        let share = phase as f64 / phases as f64;
        let row = &mut table[phase * taps..(phase + 1) * taps];
        let mut sum = 0.0;
        for (tap, value) in row.iter_mut().enumerate() {
            let x = tap as f64 - (half as f64 - 1.0) - share;
            let wide = x / half as f64;
            let window = bessel(BETA * (1.0 - wide * wide).max(0.0).sqrt()) / bessel(BETA);
            let weight = cutoff * sinc(cutoff * x) * window;
            sum += weight;
            *value = weight as f32;
        }
        // Constant input stays constant in every phase.
        for value in row {
            *value /= sum as f32;
        }
    }
    let frames = (samples.len() * phases).div_ceil(step);
    let mut out = Vec::with_capacity(frames);
    let (mut at, mut phase) = (0_usize, 0_usize);
    for _ in 0..frames {
        let row = &table[phase * taps..(phase + 1) * taps];
        let first = at as isize - (half as isize - 1);
        let skip = usize::try_from(-first).unwrap_or(0).min(taps);
        let begin = usize::try_from(first).unwrap_or(0).min(samples.len());
        let value: f32 = row[skip..]
            .iter()
            .zip(&samples[begin..])
            .map(|(weight, sample)| weight * sample)
            .sum();
        out.push(value);
        phase += step;
        at += phase / phases;
        phase %= phases;
    }
    out
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        return 1.0;
    }
    let angle = std::f64::consts::PI * x;
    math::sin(angle) / angle
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: u32, frames: usize) -> Vec<f32> {
        (0..frames)
            .map(|n| math::sin(std::f64::consts::TAU * hz * n as f64 / f64::from(rate)) as f32)
            .collect()
    }

    #[test]
    fn tones_stay_what_and_where_they_are() {
        for (from, to) in [
            (24_000, 44_100),
            (24_000, 48_000),
            (24_000, 22_050),
            (44_100, 24_000),
        ] {
            let low = f64::from(from.min(to)) * 0.5;
            for hz in [100.0, 0.5 * low, 0.9 * low] {
                let input = tone(hz, from, from as usize / 5);
                let output = resample(&input, SampleRate(from), SampleRate(to));
                let expected = tone(hz, to, output.len());
                let middle = output.len() / 4..output.len() * 3 / 4;
                let worst = output[middle.clone()]
                    .iter()
                    .zip(&expected[middle])
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert!(worst < 6e-3, "{from} to {to}: {hz} Hz is off by {worst}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_gone() {
        let input = tone(11_500.0, 24_000, 24_000);
        let output = resample(&input, SampleRate(24_000), SampleRate(16_000));
        let worst = output[4_000..12_000]
            .iter()
            .fold(0.0_f32, |m, x| m.max(x.abs()));
        assert!(worst < 1e-4, "{worst}");
    }
}
