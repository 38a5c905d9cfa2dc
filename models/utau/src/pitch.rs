//! The pitch of a recording of a bank: one sung syllable at a steady height.

use yuefu_audio::{math, pitch::vertex};

/// Lowest and highest pitch looked for, in hertz.
const RANGE: [f64; 2] = [60.0, 1000.0];
/// Periodicity (normalized autocorrelation) from which on a moment counts as voiced.
const CLEAR: f64 = 0.65;
/// How far beside the middle of the recording its pitch may lie, in octaves.
const NEAR: f64 = 0.4;

/// Pitch in hertz every `hop` seconds, 0 where there is no voice.
///
/// Normalized autocorrelation of 40 ms (McLeod & Wyvill, *A smarter way to find pitch*, ICMC 2005)
/// at about 11 kHz, first anywhere, then near the median of what was clear.
pub fn track(signal: &[f32], rate: u32, hop: f64) -> Vec<f32> {
    let step = (rate / 11_025).max(1) as usize;
    let slow: Vec<f32> = signal
        .chunks(step)
        .map(|chunk| chunk.iter().sum::<f32>() / chunk.len() as f32)
        .collect();
    let rate = f64::from(rate) / step as f64;
    let count = (slow.len() as f64 / rate / hop) as usize + 1;
    let loudest = (0..count)
        .map(|frame| power(&slow, rate, frame as f64 * hop))
        .fold(0.0, f64::max);
    let heard = |frame: usize, range: [f64; 2]| {
        let time = frame as f64 * hop;
        // 40 dB below the loudest there is only the room.
        if power(&slow, rate, time) < 1e-4 * loudest {
            return None;
        }
        period(&slow, rate, time, range)
    };
    let mut clear: Vec<f64> = (0..count)
        .filter_map(|frame| heard(frame, RANGE))
        .filter(|(_, clarity)| *clarity > 0.85)
        .map(|(hz, _)| hz)
        .collect();
    if clear.is_empty() {
        return vec![0.0; count];
    }
    clear.sort_by(f64::total_cmp);
    let middle = clear[clear.len() / 2];
    let wide = math::pow(2.0, NEAR);
    let range = [(middle / wide).max(RANGE[0]), (middle * wide).min(RANGE[1])];
    (0..count)
        .map(|frame| match heard(frame, range) {
            Some((hz, clarity)) if clarity > CLEAR => hz as f32,
            _ => 0.0,
        })
        .collect()
}

/// Samples around a time.
fn around(signal: &[f32], rate: f64, time: f64, seconds: f64) -> &[f32] {
    let from = ((time - 0.5 * seconds) * rate).max(0.0) as usize;
    let to = ((time + 0.5 * seconds) * rate).max(0.0) as usize;
    &signal[from.min(signal.len())..to.min(signal.len())]
}

fn power(signal: &[f32], rate: f64, time: f64) -> f64 {
    let here = around(signal, rate, time, 0.02);
    let sum: f64 = here.iter().map(|x| f64::from(x * x)).sum();
    sum / here.len().max(1) as f64
}

/// The pitch at a time in a range, and how clear it is.
fn period(signal: &[f32], rate: f64, time: f64, range: [f64; 2]) -> Option<(f64, f64)> {
    let here = around(signal, rate, time, 0.04 + 1.0 / range[0]);
    let shortest = ((rate / range[1]) as usize).max(2);
    let longest = (rate / range[0]) as usize + 1;
    if here.len() < longest + shortest + 2 {
        return None;
    }
    let at = |lag: usize| {
        let (a, b) = (&here[..here.len() - lag], &here[lag..]);
        let (mut product, mut energy) = (0.0_f32, 0.0_f32);
        for (x, y) in a.iter().zip(b) {
            product += x * y;
            energy += x * x + y * y;
        }
        f64::from(2.0 * product / energy.max(1e-12))
    };
    let values: Vec<f64> = (shortest - 1..=longest + 1).map(at).collect();
    let peaks =
        (1..values.len() - 1).filter(|i| values[*i] >= values[i - 1] && values[*i] > values[i + 1]);
    let best = values[1..values.len() - 1]
        .iter()
        .fold(f64::MIN, |a, b| a.max(*b));
    // The shortest period that is nearly as good as the best one: others are its multiples.
    let chosen = peaks.clone().find(|i| values[*i] > 0.93 * best)?;
    let (a, b, c) = (values[chosen - 1], values[chosen], values[chosen + 1]);
    let shift = vertex([a, b, c]);
    Some((rate / ((chosen + shortest - 1) as f64 + shift), b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_voices_are_measured_within_a_third_of_a_semitone() {
        for hz in [98.0, 220.0, 440.0, 700.0] {
            let tone: Vec<f32> = (0..22_050)
                .map(|n| {
                    let time = f64::from(n) / 44_100.0;
                    let wave = |k: f64| math::sin(std::f64::consts::TAU * hz * k * time) / k;
                    (if time < 0.2 {
                        0.0
                    } else {
                        0.2 * (1..6).map(|k| wave(f64::from(k))).sum::<f64>()
                    }) as f32
                })
                .collect();
            let found = track(&tone, 44_100, 0.005);
            assert_eq!(found[10], 0.0);
            let there = f64::from(found[70]);
            assert!((there / hz - 1.0).abs() < 0.02, "{hz}: {there}");
        }
    }

    #[test]
    fn noise_and_silence_have_no_pitch() {
        assert!(track(&[], 44_100, 0.005).iter().all(|hz| *hz == 0.0));
        assert!(
            track(&[0.0; 9000], 44_100, 0.005)
                .iter()
                .all(|hz| *hz == 0.0)
        );
    }
}
