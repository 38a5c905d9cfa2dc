//! What the balance needs to know of a raw stem.

use crate::duck::KeyWindow;
use serde::{Deserialize, Serialize};
use yuefu_audio::fft::Fft;
use yuefu_audio::loudness::k_weighting;
use yuefu_audio::{AudioBuffer, math};

/// Centers of the octave bands in hertz.
pub const BANDS: [f32; 10] = [
    31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0,
];

/// Points of a window, and frames from one to the next.
const WINDOW: usize = 2048;
const HOP: usize = 4096;

/// Measured facts of a raw stem.
///
/// Estimated from every second window of 43 ms rather than from every sample: within 1 LU of
/// BS.1770 on music (tested), at a fraction of its cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrackMeasure {
    /// Gated loudness in LUFS; absent when the stem is silent.
    pub loudness: Option<f32>,
    /// Largest sample in dBFS.
    pub peak_db: f32,
    /// K-weighted energy share of each octave of [`BANDS`] while it plays; sums to 1.
    pub bands: [f32; 10],
    /// Power-weighted mean frequency in hertz while it plays.
    pub centroid_hz: f32,
    /// Share of the song during which it plays.
    pub activity: f32,
    /// Level of its strongest stroke below 120 Hz in dBFS, which ducking refers to; absent when
    /// it has nothing there.
    #[serde(default)]
    pub stroke_db: Option<f32>,
}

impl TrackMeasure {
    /// Measures a raw stem.
    pub fn of(audio: &AudioBuffer) -> Self {
        let frames = audio.frames();
        let rate = audio.rate.hz();
        let fft = Fft::new(WINDOW);
        let window: Vec<f32> = (0..WINDOW)
            .map(|i| {
                let turn = (i as f64 + 0.5) / WINDOW as f64;
                (0.5 - 0.5 * math::cos(std::f64::consts::TAU * turn)) as f32
            })
            .collect();
        // Hann's mean square is 3/8; both halves of the spectrum carry half each.
        let norm = 1.0 / (0.375 * (WINDOW as f64) * (WINDOW as f64));
        let weights = k_weighting(audio.rate);
        // The band of each bin, and its weight.
        let bins: Vec<(usize, f32)> = (0..WINDOW / 2)
            .map(|k| {
                let hz = (k as f64).max(0.5) * rate / WINDOW as f64;
                let octave = (math::log2(hz / 31.5) + 0.5).floor().clamp(0.0, 9.0);
                let power: f64 = weights.iter().map(|w| w.power_at(rate, hz)).product();
                (octave as usize, (power * norm) as f32)
            })
            .collect();
        let mono = audio.channels.len() < 2;
        let mut data = vec![[0.0_f32; 2]; WINDOW];
        let mut spectra: Vec<([f32; 10], f32)> = Vec::with_capacity(frames / HOP + 1);
        for (index, start) in (0..frames).step_by(HOP).enumerate() {
            // Windows lie irregularly within their hop, or they would fall into step with the
            // beat and see only its strokes, or none.
            let start = (start + index * 1597 % (HOP - WINDOW)).min(frames);
            let end = (start + WINDOW).min(frames);
            let left = &audio.channels[0][start..end];
            let right = if mono {
                left
            } else {
                &audio.channels[1][start..end]
            };
            if left.iter().chain(right).all(|&x| x == 0.0) {
                spectra.push(([0.0; 10], 0.0));
                continue;
            }
            data.fill([0.0; 2]);
            for (((to, l), r), w) in data.iter_mut().zip(left).zip(right).zip(&window) {
                *to = [l * w, r * w];
            }
            fft.forward(&mut data);
            let (mut bands, mut moment) = ([0.0_f32; 10], 0.0_f32);
            for (k, (band, weight)) in bins.iter().enumerate().skip(1) {
                // Left and right went in as real and imaginary part; their powers add up over
                // the two mirrored bins.
                let (a, b) = (data[k], data[WINDOW - k]);
                let power = (a[0] * a[0] + a[1] * a[1] + b[0] * b[0] + b[1] * b[1]) * weight;
                bands[*band] += power;
                moment += power * k as f32;
            }
            spectra.push((bands, moment));
        }
        Self::summary(audio, &spectra, rate / WINDOW as f64)
    }

    fn summary(audio: &AudioBuffer, spectra: &[([f32; 10], f32)], bin_hz: f64) -> Self {
        // Gated like the standard's 400 ms blocks.
        let count = ((0.4 * audio.rate.hz() / HOP as f64).round() as usize).max(1);
        let blocks: Vec<[f64; 11]> = spectra
            .chunks(count)
            .map(|windows| {
                let mut sum = [0.0_f64; 11];
                for (bands, moment) in windows {
                    for (sum, x) in sum.iter_mut().zip(bands.iter().chain([moment])) {
                        *sum += f64::from(*x) / windows.len() as f64;
                    }
                }
                sum
            })
            .collect();
        let total = |block: &[f64; 11]| block[..10].iter().sum::<f64>();
        let mean = |gate: f64| {
            let (sum, count) = blocks
                .iter()
                .map(total)
                .filter(|&e| e > gate)
                .fold((0.0, 0_usize), |(s, n), e| (s + e, n + 1));
            (sum / count.max(1) as f64, count)
        };
        let absolute = math::pow(10.0, (-70.0 + 0.691) / 10.0);
        let (ungated, any) = mean(absolute);
        let peak_db = math::gain_to_db(audio.peak());
        let stroke_db = KeyWindow::whole(audio).strongest_db();
        if any == 0 {
            return Self {
                peak_db,
                stroke_db,
                ..Self::default()
            };
        }
        let gate = absolute.max(ungated * 0.1);
        let (energy, active) = mean(gate);
        let (mut bands, mut moment) = ([0.0_f64; 10], 0.0);
        for block in blocks.iter().filter(|block| total(block) > gate) {
            for (sum, x) in bands.iter_mut().zip(block) {
                *sum += x;
            }
            moment += block[10];
        }
        let all: f64 = bands.iter().sum();
        Self {
            loudness: Some((-0.691 + 10.0 * math::log10(energy)) as f32),
            peak_db,
            bands: bands.map(|x| (x / all) as f32),
            centroid_hz: (moment / all * bin_hz) as f32,
            activity: active as f32 / blocks.len() as f32,
            stroke_db,
        }
    }
}
