//! A recording taken apart: envelopes and noise in frames, by WORLD.

use crate::{
    oto::{End, Entry},
    pitch,
};
use yuefu_audio::{
    math,
    world::{BANDS_APART, CheapTrick, D4c},
};

/// Seconds from frame to frame.
pub const HOP: f64 = 0.005;
/// Longest sound of a bank, in seconds.
const LONGEST: f64 = 20.0;
/// Natural logarithm of the amplitude that counts as silence.
const SILENCE: f64 = -16.0;

/// A sound of a bank in frames; times are seconds since its offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Natural logarithm of the amplitude, `bins` values a frame.
    pub envelope: Vec<f32>,
    /// Share of noise in the amplitude, `bins` values a frame.
    pub noise: Vec<f32>,
    /// Whether each frame is voiced.
    pub voiced: Vec<bool>,
    /// Root mean square of what is held, in dB of full scale.
    pub level: f32,
    /// Where it ends.
    pub end: f64,
    /// Up to here it is not stretched.
    pub consonant: f64,
    /// Where the note begins.
    pub preutterance: f64,
    /// Up to here the sound before still sounds.
    pub overlap: f64,
}

/// Bins of a frame at a rate.
pub fn bins(rate: u32) -> usize {
    CheapTrick::new(rate).size() / 2 + 1
}

/// Takes the sound of an entry apart. `None` when the recording does not hold it.
pub fn analyze(signal: &[f32], rate: u32, entry: &Entry) -> Option<Sound> {
    let whole = signal.len() as f64 / f64::from(rate);
    let end = match entry.end {
        End::BeforeEnd(before) => whole - before - entry.offset,
        End::AfterOffset(after) => after.min(whole - entry.offset),
    };
    if !(0.02..=LONGEST).contains(&end) {
        return None;
    }
    // A little beside it, so that its first and last frames are whole.
    let margin = 0.05_f64;
    let from = (entry.offset - margin).max(0.0);
    let to = (entry.offset + end + margin).min(whole);
    let part = &signal[(from * f64::from(rate)) as usize..(to * f64::from(rate)) as usize];
    let pitch = pitch::track(part, rate, HOP);
    let mut trick = CheapTrick::new(rate);
    let mut d4c = D4c::new(rate);
    let bins = trick.size() / 2 + 1;
    let count = (end / HOP) as usize + 1;
    let mut sound = Sound {
        envelope: Vec::with_capacity(count * bins),
        noise: Vec::with_capacity(count * bins),
        voiced: Vec::with_capacity(count),
        level: 0.0,
        end,
        consonant: entry.consonant.min(end),
        preutterance: entry.preutterance.min(end),
        overlap: entry.overlap.clamp(-0.5, entry.preutterance.min(end)),
    };
    let (mut power, mut bands) = (vec![0.0; bins], vec![0.0; d4c.bands()]);
    for frame in 0..count {
        let time = entry.offset - from + frame as f64 * HOP;
        let hz = pitch
            .get((time / HOP).round() as usize)
            .copied()
            .unwrap_or(0.0);
        trick.envelope(part, time, hz, &mut power);
        let voiced = d4c.bands_at(part, time, hz, &mut bands);
        let amplitude = |p: &f64| (0.5 * math::ln(p.max(1e-30))).max(SILENCE) as f32;
        sound.envelope.extend(power.iter().map(amplitude));
        shares(&bands, voiced, rate, bins, &mut sound.noise);
        sound.voiced.push(voiced);
    }
    let held = ((entry.offset + sound.consonant) * f64::from(rate)) as usize;
    let last = ((entry.offset + end) * f64::from(rate)) as usize;
    let held = &signal[held.min(signal.len())..last.min(signal.len())];
    let sum: f64 = held.iter().map(|x| f64::from(x * x)).sum();
    sound.level = (10.0 * math::log10((sum / held.len().max(1) as f64).max(1e-9))) as f32;
    Some(sound)
}

/// Noise between bands, in dB along the frequency, as WORLD does: 60 dB down at 0 Hz, all noise at
/// half the rate.
fn shares(bands: &[f64], voiced: bool, rate: u32, bins: usize, out: &mut Vec<f32>) {
    if !voiced {
        out.extend(std::iter::repeat_n(1.0, bins));
        return;
    }
    let top = f64::from(rate) * 0.5;
    let at = |index: usize| match index {
        0 => (0.0, -60.0),
        index if index <= bands.len() => (index as f64 * BANDS_APART, bands[index - 1]),
        _ => (top, 0.0),
    };
    let mut band = 0;
    for bin in 0..bins {
        let hz = top * bin as f64 / (bins - 1) as f64;
        while band < bands.len() && hz > at(band + 1).0 {
            band += 1;
        }
        let (a, b) = (at(band), at(band + 1));
        let share = ((hz - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
        let db = a.1 + (b.1 - a.1) * share;
        out.push(math::pow(10.0, db / 20.0) as f32);
    }
}

impl Sound {
    /// The frame at a time and its successor with the share of the latter.
    pub fn frames_at(&self, time: f64) -> (usize, usize, f32) {
        let last = self.voiced.len() - 1;
        let place = (time / HOP).clamp(0.0, last as f64);
        let low = (place as usize).min(last);
        (low, (low + 1).min(last), (place - low as f64) as f32)
    }
}
