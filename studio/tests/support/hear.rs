//! Measures of a recording, for tests of what is sung.

use yuefu_studio::audio::{AudioBuffer, fft::Fft, math, pitch};

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
    let mut out = Vec::new();
    let mut time = from;
    let (_, longest) = pitch::lags(rate, near);
    let half = 0.02 + 0.5 * longest as f64 / rate;
    while time < to {
        let here = between(samples, rate, time - half, time + half);
        if level(here) > -50.0 {
            let heard = pitch::near(here, rate, near).filter(|heard| heard.clarity > 0.6);
            out.push(heard.map(|heard| 1200.0 * math::log2(heard.hz / near)));
        }
        time += 0.01;
    }
    out
}

/// The long-time spectrum of a voice in dB, smoothed over `width` hertz so that formants remain
/// and harmonics do not; a value every `rate / 2048` hertz.
pub fn envelope(samples: &[f32], rate: f64, width: f64) -> Vec<f64> {
    const SIZE: usize = 2048;
    let fft = Fft::new(SIZE);
    let mut power = vec![0.0_f64; SIZE / 2];
    for start in (0..samples.len().saturating_sub(SIZE)).step_by(SIZE / 2) {
        let mut data: Vec<[f32; 2]> = (0..SIZE)
            .map(|n| {
                let turn = std::f64::consts::TAU * n as f64 / SIZE as f64;
                let window = 0.5 - 0.5 * math::cos(turn);
                [samples[start + n] * window as f32, 0.0]
            })
            .collect();
        fft.forward(&mut data);
        for (sum, [re, im]) in power.iter_mut().zip(&data) {
            *sum += f64::from(re * re + im * im);
        }
    }
    let half = (width / rate * SIZE as f64 / 2.0) as usize;
    (0..power.len())
        .map(|i| {
            let near = &power[i.saturating_sub(half)..(i + half + 1).min(power.len())];
            10.0 * math::log10(near.iter().sum::<f64>() / near.len() as f64 + 1e-12)
        })
        .collect()
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
