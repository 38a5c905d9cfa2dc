//! Measures of a recording, for tests of what is sung.

use yuefu_studio::audio::{AudioBuffer, math, pitch, world::CheapTrick};

/// One channel of a recording: the middle of two.
pub fn mono(audio: &AudioBuffer) -> Vec<f32> {
    let count = audio.channels.len() as f32;
    (0..audio.frames())
        .map(|n| audio.channels.iter().map(|c| c[n]).sum::<f32>() / count)
        .collect()
}

/// Samples between two seconds.
pub fn between(samples: &[f32], rate: f64, from: f64, to: f64) -> &[f32] {
    let place = |time: f64| ((time * rate).max(0.0) as usize).min(samples.len());
    &samples[place(from)..place(to).max(place(from))]
}

/// Root mean square in dB.
pub fn level(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    10.0 * math::log10((sum / samples.len().max(1) as f64).max(1e-20))
}

/// Of the moments between two seconds that sound, every 10 ms: the cents from `near` hertz where
/// there is a pitch around it, `None` where there is none.
pub fn pitches(samples: &[f32], rate: f64, from: f64, to: f64, near: f64) -> Vec<Option<f64>> {
    moments(from, to)
        .filter_map(|time| pitch_at(samples, rate, time, near))
        .collect()
}

fn moments(from: f64, to: f64) -> impl Iterator<Item = f64> {
    let count = ((to - from) / 0.01).ceil().max(0.0) as usize;
    (0..count).map(move |index| from + 0.01 * index as f64)
}

/// `None` in silence; in sound the cents from `near` hertz, or `None` without a pitch around it.
fn pitch_at(samples: &[f32], rate: f64, time: f64, near: f64) -> Option<Option<f64>> {
    let (_, longest) = pitch::lags(rate, near);
    let half = 0.02 + 0.5 * longest as f64 / rate;
    let here = between(samples, rate, time - half, time + half);
    (level(here) > -50.0).then(|| {
        let heard = pitch::near(here, rate, near).filter(|heard| heard.clarity > 0.6);
        heard.map(|heard| 1200.0 * math::log2(heard.hz / near))
    })
}

/// The spectral envelope of a voice in dB between its harmonics, mean of all moments within `notes`
/// (seconds of their beginning and end, hertz) that have a pitch: soft vowels count as loud ones. A
/// value for equal steps from 0 Hz to half the rate.
pub fn envelope(samples: &[f32], rate: f64, notes: &[(f64, f64, f64)]) -> Vec<f64> {
    let mut trick = CheapTrick::new(rate as u32);
    let mut power = vec![0.0; trick.size() / 2 + 1];
    let (mut sums, mut count) = (vec![0.0; trick.size() / 2], 0.0);
    for (on, off, hz) in notes {
        for time in moments(on + 0.06, off - 0.06) {
            let Some(Some(cents)) = pitch_at(samples, rate, time, *hz) else {
                continue;
            };
            let heard = hz * math::exp2(cents / 1200.0);
            trick.envelope(samples, time, heard as f32, &mut power);
            for (sum, power) in sums.iter_mut().zip(&power) {
                *sum += 10.0 * math::log10(power.max(1e-12));
            }
            count += 1.0;
        }
    }
    sums.iter().map(|sum| sum / f64::max(count, 1.0)).collect()
}

/// By which factor the frequencies of an envelope must be raised to be most like another one,
/// between 300 Hz and 5 kHz, whatever their levels: 1 where both are the same body.
pub fn stretch(from: &[f64], to: &[f64], rate: f64) -> f64 {
    let place = |hz: f64| hz / rate * 2.0 * from.len() as f64;
    let likeness = |factor: f64| {
        let rows: Vec<(f64, f64)> = (place(300.0) as usize..place(5000.0) as usize)
            .map(|i| {
                let at = i as f64 / factor;
                let (low, share) = (at.floor() as usize, at.fract());
                (from[low] * (1.0 - share) + from[low + 1] * share, to[i])
            })
            .collect();
        let count = rows.len() as f64;
        let mean = rows
            .iter()
            .fold((0.0, 0.0), |m, r| (m.0 + r.0 / count, m.1 + r.1 / count));
        let (mut both, mut a, mut b) = (0.0, 0.0, 0.0);
        for (x, y) in rows {
            both += (x - mean.0) * (y - mean.1);
            a += (x - mean.0) * (x - mean.0);
            b += (y - mean.1) * (y - mean.1);
        }
        both / (a * b).sqrt()
    };
    let factors = (0..=60).map(|i| math::exp2((f64::from(i) * 0.1 - 3.0) / 12.0));
    factors
        .max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
        .unwrap_or(1.0)
}
