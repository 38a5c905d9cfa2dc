//! Spectrogram and loudness over time.

use crate::canvas::{Canvas, Rgb, heat};
use yuefu_audio::{AudioBuffer, fft::Fft, loudness::Steps, math};

const SIZE: usize = 4096;
/// Range shown below the loudest point, in dB.
const DEPTH: f32 = 84.0;

/// A spectrogram: time to the right, frequency upward (logarithmic, 30 Hz to 18 kHz), brightness
/// in dB below the loudest point.
pub fn spectrogram(audio: &AudioBuffer, width: usize, height: usize) -> Canvas {
    let (width, height) = (width.clamp(64, 8192), height.clamp(64, 4096));
    let fft = Fft::new(SIZE);
    let window: Vec<f32> = (0..SIZE)
        .map(|i| 0.5 - 0.5 * math::cos(std::f64::consts::TAU * i as f64 / SIZE as f64) as f32)
        .collect();
    let frames = audio.frames();
    let count = audio.channels.len().max(1) as f32;
    let rate = audio.rate.hz() as f32;
    let top = 18_000.0_f32.min(rate * 0.49);
    let octaves = math::log2(f64::from(top / 30.0)) as f32;
    let mut columns: Vec<Vec<f32>> = Vec::with_capacity(width);
    let mut loudest = -200.0_f32;
    let mut data = vec![[0.0; 2]; SIZE];
    for column in 0..width {
        let middle = (frames as f64 * (column as f64 + 0.5) / width as f64) as i64;
        for (i, slot) in data.iter_mut().enumerate() {
            let at = middle - SIZE as i64 / 2 + i as i64;
            let sum: f32 = usize::try_from(at).ok().map_or(0.0, |at| {
                audio.channels.iter().filter_map(|c| c.get(at)).sum::<f32>()
            });
            *slot = [sum / count * window[i], 0.0];
        }
        fft.forward(&mut data);
        let power: Vec<f32> = data[..SIZE / 2]
            .iter()
            .map(|c| c[0] * c[0] + c[1] * c[1])
            .collect();
        let rows: Vec<f32> = (0..height)
            .map(|row| {
                let hz = |r: f32| 30.0 * math::exp2(f64::from(octaves * r / height as f32)) as f32;
                let bin = |hz: f32| ((hz * SIZE as f32 / rate) as usize).clamp(1, SIZE / 2 - 1);
                let (low, high) = (bin(hz(row as f32)), bin(hz(row as f32 + 1.0)));
                let most = power[low..=high].iter().copied().fold(0.0_f32, f32::max);
                (10.0 * math::log10(f64::from(most.max(1e-20)))) as f32
            })
            .collect();
        loudest = rows.iter().copied().fold(loudest, f32::max);
        columns.push(rows);
    }
    let mut canvas = Canvas::new(width, height, [0, 0, 4]);
    for (x, rows) in columns.iter().enumerate() {
        for (row, db) in rows.iter().enumerate() {
            canvas.set(
                x as i32,
                (height - 1 - row) as i32,
                heat(1.0 + (db - loudest) / DEPTH),
            );
        }
    }
    let white: Rgb = [255, 255, 255];
    for hz in [100.0_f32, 1000.0, 10_000.0] {
        if hz < top {
            let y = height as f32 * (1.0 - math::log2(f64::from(hz / 30.0)) as f32 / octaves);
            canvas.fill(0, y as i32, 10, 1, white);
            let label = if hz >= 1000.0 {
                format!("{}k", hz / 1000.0)
            } else {
                format!("{hz}")
            };
            canvas.text(13, y as i32 - 3, &label, white);
        }
    }
    time_marks(
        &mut canvas,
        audio.rate.seconds(yuefu_audio::Frames(frames as i64)).0,
        white,
    );
    canvas
}

/// Waveform peaks in gray and short-term loudness (3 s, LUFS) as a line.
pub fn loudness(audio: &AudioBuffer, width: usize, height: usize) -> Canvas {
    let (width, height) = (width.clamp(64, 8192), height.clamp(48, 2048));
    let mut canvas = Canvas::new(width, height, [250, 250, 248]);
    let frames = audio.frames().max(1);
    let middle = height as i32 / 2;
    for x in 0..width {
        let (from, to) = (
            frames * x / width,
            (frames * (x + 1) / width).max(frames * x / width + 1),
        );
        let peak = audio
            .channels
            .iter()
            .flat_map(|c| c.get(from..to.min(c.len())).unwrap_or(&[]))
            .fold(0.0_f32, |p, s| p.max(s.abs()));
        let half = (peak.min(1.0) * height as f32 / 2.0) as i32;
        canvas.fill(x as i32, middle - half, 1, half * 2, [196, 200, 208]);
    }
    // From 0 LUFS at the top to -50 at the bottom.
    let y_of = |lufs: f32| ((-lufs / 50.0).clamp(0.0, 1.0) * (height - 1) as f32) as i32;
    for mark in [-10, -14, -20, -30, -40] {
        let y = y_of(mark as f32);
        canvas.fill(0, y, width as i32, 1, [228, 228, 232]);
        canvas.text(2, y + 2, &mark.to_string(), [120, 120, 130]);
    }
    let steps = Steps::measure(audio).0;
    let mut last: Option<(i32, i32)> = None;
    for index in 0..steps.len() {
        let from = index.saturating_sub(29);
        let mean = steps[from..=index].iter().sum::<f64>() / (index - from + 1) as f64;
        let point = (
            (width as f64 * (index as f64 + 1.0) / steps.len() as f64) as i32,
            y_of(yuefu_audio::loudness::lufs(mean).0),
        );
        if let Some(before) = last {
            canvas.line(before, point, [200, 60, 30]);
            canvas.line(
                (before.0, before.1 + 1),
                (point.0, point.1 + 1),
                [200, 60, 30],
            );
        }
        last = Some(point);
    }
    time_marks(&mut canvas, frames as f64 / audio.rate.hz(), [90, 90, 100]);
    canvas
}

fn time_marks(canvas: &mut Canvas, seconds: f64, color: Rgb) {
    let step = if seconds > 240.0 {
        60.0
    } else if seconds > 40.0 {
        20.0
    } else {
        5.0
    };
    let mut at = step;
    while at < seconds {
        let x = (canvas.width() as f64 * at / seconds) as i32;
        let y = canvas.height() as i32;
        canvas.fill(x, y - 5, 1, 5, color);
        canvas.text(
            x + 3,
            y - 10,
            &format!("{}:{:02}", at as u64 / 60, at as u64 % 60),
            color,
        );
        at += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::SampleRate;

    #[test]
    fn a_tone_shows_where_it_sounds() {
        let rate = SampleRate(44_100);
        let mut audio = AudioBuffer::silent(rate, 1, 44_100);
        for (i, s) in audio.channels[0].iter_mut().enumerate() {
            *s = 0.5 * math::sin(std::f64::consts::TAU * 1000.0 * i as f64 / 44_100.0) as f32;
        }
        let picture = spectrogram(&audio, 100, 200);
        let octaves = math::log2(600.0) as f32;
        let y = 200 - 1 - (200.0 * math::log2(1000.0 / 30.0) as f32 / octaves) as usize;
        let bright = |y: usize| {
            picture
                .get(50, y)
                .map_or(0, |c| u32::from(c[0]) + u32::from(c[1]))
        };
        let near = (y - 2..=y + 2).map(bright).max().unwrap();
        assert!(near > 400, "{near}");
        assert!(bright(20) < 150 && bright(180) < 150);
        assert!(loudness(&audio, 100, 100).png().is_ok());
        assert!(
            loudness(&AudioBuffer::silent(rate, 2, 0), 100, 100)
                .png()
                .is_ok()
        );
        assert!(
            spectrogram(&AudioBuffer::silent(rate, 2, 0), 100, 100)
                .png()
                .is_ok()
        );
    }
}
