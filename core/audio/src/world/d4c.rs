//! D4C: which share of a voice is noise, in bands, from group delays.

use super::smooth::{self, Shape};
use super::transform::Transform;
use crate::math;

/// Hertz from one band's middle to the next, and from 0 Hz to the first.
pub const BANDS_APART: f64 = 3000.0;
/// Highest middle of a band in hertz.
const HIGHEST: f64 = 15_000.0;
/// Lowest pitch that can be analyzed, in hertz.
const FLOOR: f64 = 47.0;
/// Lowest pitch of the test for voice ("love train"), in hertz.
const VOICE_FLOOR: f64 = 40.0;
/// Share of the power below 7.9 kHz that lies below 4 kHz, above which a frame has voice.
const VOICED: f64 = 0.85;

/// The analysis for one sample rate, with the memory it needs.
#[derive(Clone, Debug)]
pub struct D4c {
    rate: f64,
    size: usize,
    bands: usize,
    transform: Transform,
    voice: Transform,
    window: Vec<f64>,
    signal: Vec<f64>,
    first: Vec<(f64, f64)>,
    second: Vec<(f64, f64)>,
    centroid: Vec<f64>,
    part: Vec<f64>,
    power: Vec<f64>,
    delay: Vec<f64>,
    work: Vec<f64>,
}

impl D4c {
    /// For signals of `rate` samples a second.
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let size = 1 << (1 + math::log2(4.0 * rate / FLOOR + 1.0) as u32);
        let voice = 1 << (1 + math::log2(3.0 * rate / VOICE_FLOOR + 1.0) as u32);
        let bands = (HIGHEST.min(rate / 2.0 - BANDS_APART) / BANDS_APART).max(0.0) as usize;
        let length = (BANDS_APART * size as f64 / rate) as usize * 2 + 1;
        let bins = size / 2 + 1;
        Self {
            rate,
            size,
            bands,
            transform: Transform::new(size),
            voice: Transform::new(voice),
            window: (0..length).map(|i| nuttall(i, length)).collect(),
            signal: vec![0.0; size.max(voice)],
            first: vec![(0.0, 0.0); size.max(voice) / 2 + 1],
            second: vec![(0.0, 0.0); bins],
            centroid: vec![0.0; bins],
            part: vec![0.0; bins],
            power: vec![0.0; bins],
            delay: vec![0.0; bins],
            work: Vec::new(),
        }
    }

    /// How many bands there are: 3 at 24 kHz, 5 from 36 kHz on.
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// Noise in each band in dB below the whole (0 is all noise), at a time of a signal with the
    /// `pitch` in hertz. False where there is no voice, and then all is noise.
    pub fn bands_at(&mut self, signal: &[f32], time: f64, pitch: f32, out: &mut [f64]) -> bool {
        out.fill(0.0);
        let pitch = f64::from(pitch);
        if pitch <= 0.0 || self.lowness(signal, time, pitch.max(VOICE_FLOOR)) <= VOICED {
            return false;
        }
        let pitch = pitch.max(FLOOR);
        self.group_delay(signal, time, pitch);
        self.coarse(pitch, out);
        true
    }

    /// The share of the power from 100 Hz to 7.9 kHz that lies below 4 kHz.
    fn lowness(&mut self, signal: &[f32], time: f64, pitch: f64) -> f64 {
        let size = (self.signal.len().max(1)).min(self.voice_size());
        smooth::cut(
            signal,
            self.rate,
            pitch,
            time,
            (Shape::Blackman, 3.0),
            &mut self.signal[..size],
        );
        self.voice.forward(&self.signal[..size], &mut self.first);
        let bound = |hertz: f64| (hertz * size as f64 / self.rate).ceil() as usize;
        let power = |(re, im): &(f64, f64)| re * re + im * im;
        let low: f64 = self.first[bound(100.0) + 1..=bound(4000.0)]
            .iter()
            .map(power)
            .sum();
        let high: f64 = self.first[bound(4000.0) + 1..=bound(7900.0)]
            .iter()
            .map(power)
            .sum();
        if low + high > 0.0 {
            low / (low + high)
        } else {
            0.0
        }
    }

    fn voice_size(&self) -> usize {
        1 << (1 + math::log2(3.0 * self.rate / VOICE_FLOOR + 1.0) as u32)
    }

    /// The part of the group delay that changes faster than the pitch.
    fn group_delay(&mut self, signal: &[f32], time: f64, pitch: f64) {
        let bin = self.rate / self.size as f64;
        self.centroid.fill(0.0);
        for side in [-0.25, 0.25] {
            self.energy_centroid(signal, time + side / pitch, pitch);
            for (sum, part) in self.centroid.iter_mut().zip(&self.part) {
                *sum += part;
            }
        }
        smooth::fill_below_pitch(&mut self.centroid, pitch, bin, &mut self.work);
        let size = self.size;
        smooth::cut(
            signal,
            self.rate,
            pitch,
            time,
            (Shape::Hann, 4.0),
            &mut self.signal[..size],
        );
        self.transform
            .forward(&self.signal[..size], &mut self.second);
        for (to, z) in self.power.iter_mut().zip(&self.second) {
            *to = z.0 * z.0 + z.1 * z.1 + 1e-12;
        }
        smooth::fill_below_pitch(&mut self.power, pitch, bin, &mut self.work);
        smooth::average(&mut self.power, pitch, bin, &mut self.work);
        for ((to, centroid), power) in self.delay.iter_mut().zip(&self.centroid).zip(&self.power) {
            *to = centroid / power.max(1e-300);
        }
        smooth::average(&mut self.delay, pitch / 2.0, bin, &mut self.work);
        self.part.copy_from_slice(&self.delay);
        smooth::average(&mut self.part, pitch, bin, &mut self.work);
        for (to, slow) in self.delay.iter_mut().zip(&self.part) {
            *to -= slow;
        }
    }

    fn energy_centroid(&mut self, signal: &[f32], time: f64, pitch: f64) {
        let size = self.size;
        let cut = &mut self.signal[..size];
        smooth::cut(signal, self.rate, pitch, time, (Shape::Blackman, 4.0), cut);
        let energy: f64 = cut.iter().map(|x| x * x).sum();
        let scale = 1.0 / libm::sqrt(energy.max(1e-300));
        cut.iter_mut().for_each(|x| *x *= scale);
        self.transform.forward(cut, &mut self.second);
        for (i, x) in cut.iter_mut().enumerate() {
            *x *= i as f64 + 1.0;
        }
        self.transform
            .forward(&self.signal[..size], &mut self.first);
        for ((to, a), b) in self.part.iter_mut().zip(&self.first).zip(&self.second) {
            *to = a.0 * b.0 + a.1 * b.1;
        }
    }

    /// Bands from the group delay: how much of its spectrum is not in its strongest lines.
    fn coarse(&mut self, pitch: f64, out: &mut [f64]) {
        let size = self.size;
        let half = self.window.len() / 2;
        let boundary = (size as f64 * 8.0 / self.window.len() as f64).round() as usize;
        for (band, to) in out.iter_mut().enumerate().take(self.bands) {
            let center = (BANDS_APART * (band as f64 + 1.0) * size as f64 / self.rate) as usize;
            self.signal[..size].fill(0.0);
            for (j, window) in self.window.iter().enumerate() {
                self.signal[j] = self.delay[(center + j - half).min(size / 2)] * window;
            }
            self.transform
                .forward(&self.signal[..size], &mut self.second);
            for (power, z) in self.power.iter_mut().zip(&self.second) {
                *power = z.0 * z.0 + z.1 * z.1;
            }
            self.power.sort_unstable_by(f64::total_cmp);
            let total: f64 = self.power.iter().sum();
            let weak: f64 = self.power[..size / 2 - boundary].iter().sum();
            let level = 10.0 * math::log10((weak / total.max(1e-300)).max(1e-12));
            *to = (level + (pitch - 100.0) / 50.0).min(0.0);
        }
    }
}

fn nuttall(i: usize, length: usize) -> f64 {
    let phase = std::f64::consts::TAU * i as f64 / (length as f64 - 1.0);
    0.355_768 - 0.487_396 * math::cos(phase) + 0.144_232 * math::cos(2.0 * phase)
        - 0.012_604 * math::cos(3.0 * phase)
}
