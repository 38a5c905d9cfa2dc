//! Tonal balance: third-octave profiles, target curves, and a minimum-phase correction.
//!
//! The base curve is that of commercial recordings: rising to 100 Hz, then falling by about
//! 5 dB per octave of spectral density to 4 kHz and faster above (P. D. Pestana et al.,
//! "Spectral characteristics of popular commercial recordings 1950-2010", AES 135, 2013).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use yuefu_audio::fft::{Complex, Fft};
use yuefu_audio::{AudioBuffer, math};

/// Number of third-octave bands.
pub const COUNT: usize = 31;

/// Nominal band centers in hertz (IEC 61260-1, base-two).
pub const CENTERS: [f32; COUNT] = [
    20.0, 25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0,
    500.0, 630.0, 800.0, 1000.0, 1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 4000.0, 5000.0, 6300.0,
    8000.0, 10_000.0, 12_500.0, 16_000.0, 20_000.0,
];

/// The largest correction in dB, either way.
pub const LARGEST_DB: f32 = 4.0;

/// What a style wants of its master.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Tone {
    /// Added to the base curve, in dB per octave around 1 kHz (negative = darker).
    pub tilt: f32,
    /// Added below 100 Hz, in dB.
    pub low: f32,
    /// Added above 9 kHz, in dB.
    pub air: f32,
    /// Reduction by the glue compressor in dB.
    pub glue: f32,
    /// How much of the way to the target is gone, 0..=1.
    pub strength: f32,
}

impl Default for Tone {
    fn default() -> Self {
        Self {
            tilt: 0.0,
            low: 0.0,
            air: 0.0,
            glue: 1.0,
            strength: 0.3,
        }
    }
}

impl Tone {
    /// The tone of a shipped mix character (`[master]` of `data/mix/<id>.toml`), for what it
    /// does not state that of `neutral`; the default where there is no such file.
    pub fn of_character(id: &str) -> Self {
        let mut merged = toml::Table::new();
        for name in ["neutral", id] {
            let table = yuefu_data::text(&format!("mix/{name}.toml"))
                .and_then(|text| text.parse::<toml::Table>().ok());
            if let Some(toml::Value::Table(tone)) = table.and_then(|mut t| t.remove("master")) {
                merged.extend(tone);
            }
        }
        merged.try_into().unwrap_or_default()
    }

    fn target(&self) -> [f32; COUNT] {
        CENTERS.map(|hz| {
            let hz = f64::from(hz);
            let octaves = |from: f64| math::log2(hz / from);
            // Third-octave levels: 3 dB per octave above the density's slope.
            let base = if hz < 63.0 {
                9.0 * octaves(63.0)
            } else if hz < 100.0 {
                0.0
            } else if hz < 4000.0 {
                -2.0 * octaves(100.0)
            } else {
                -2.0 * math::log2(40.0) - 3.8 * octaves(4000.0)
            };
            let low = 1.0 / (1.0 + (hz / 110.0) * (hz / 110.0));
            let high = 1.0 / (1.0 + (9000.0 / hz) * (9000.0 / hz));
            (base
                + f64::from(self.tilt) * octaves(1000.0)
                + f64::from(self.low) * low
                + f64::from(self.air) * high) as f32
        })
    }
}

/// The long-term spectrum of a recording in third-octave bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToneProfile(
    /// Level of each band of [`CENTERS`] in dB relative to the mean from 100 Hz to 8 kHz;
    /// −200 where there is nothing.
    pub Vec<f32>,
);

impl ToneProfile {
    /// Measures the parts of a recording that are not pauses.
    pub fn measure(audio: &AudioBuffer) -> Self {
        const SIZE: usize = 8192;
        const HOP: usize = 24_576;
        let fft = Fft::new(SIZE);
        let window: Vec<f32> = (0..SIZE)
            .map(|i| {
                let turn = (i as f64 + 0.5) / SIZE as f64;
                (0.5 - 0.5 * math::cos(std::f64::consts::TAU * turn)) as f32
            })
            .collect();
        let rate = audio.rate.hz();
        let edge = math::exp2(1.0 / 6.0);
        let ranges: Vec<(usize, usize)> = (0..COUNT)
            .map(|i| {
                let hz = 1000.0 * math::exp2((i as f64 - 17.0) / 3.0);
                let bin = |hz: f64| ((hz * SIZE as f64 / rate).round() as usize).min(SIZE / 2);
                let low = bin(hz / edge).max(1);
                (low, bin(hz * edge).max(low + 1).min(SIZE / 2))
            })
            .collect();
        let mono = audio.channels.len() < 2;
        let starts: Vec<usize> = (0..audio.frames()).step_by(HOP).collect();
        let spectra: Vec<[f64; COUNT]> = starts
            .par_iter()
            .map_init(
                || vec![[0.0_f32; 2]; SIZE],
                |data, &start| {
                    let end = (start + SIZE).min(audio.frames());
                    data.fill([0.0; 2]);
                    for (i, at) in (start..end).enumerate() {
                        let l = audio.channels[0][at];
                        let r = if mono { l } else { audio.channels[1][at] };
                        data[i] = [l * window[i], r * window[i]];
                    }
                    fft.forward(data);
                    let power = |x: Complex| f64::from(x[0] * x[0] + x[1] * x[1]);
                    let mut bands = [0.0; COUNT];
                    for (band, &(low, high)) in bands.iter_mut().zip(&ranges) {
                        *band = (low..high)
                            .map(|k| power(data[k]) + power(data[SIZE - k]))
                            .sum();
                    }
                    bands
                },
            )
            .collect();
        let totals: Vec<f64> = spectra.iter().map(|bands| bands.iter().sum()).collect();
        let mean = totals.iter().sum::<f64>() / totals.len().max(1) as f64;
        let mut sum = [0.0_f64; COUNT];
        for (bands, _) in spectra
            .iter()
            .zip(&totals)
            .filter(|(_, t)| **t > mean * 0.03)
        {
            for (sum, x) in sum.iter_mut().zip(bands) {
                *sum += x;
            }
        }
        let mut db = sum.map(|x| {
            if x > 1e-12 {
                (10.0 * math::log10(x)) as f32
            } else {
                -200.0
            }
        });
        center(&mut db);
        Self(db.to_vec())
    }
}

/// Sets the mean from 100 Hz to 8 kHz to 0 dB (of what is there at all).
fn center(db: &mut [f32; COUNT]) {
    let there: Vec<f32> = db[7..27].iter().copied().filter(|&x| x > -150.0).collect();
    if there.is_empty() {
        return;
    }
    let mean = there.iter().sum::<f32>() / there.len() as f32;
    for x in db.iter_mut().filter(|x| **x > -150.0) {
        *x -= mean;
    }
}

/// The correction in dB per band: towards the reference, or part of the way to the style.
pub fn correction(
    profile: &ToneProfile,
    reference: Option<&ToneProfile>,
    tone: &Tone,
) -> [f32; COUNT] {
    let Ok(own) = <[f32; COUNT]>::try_from(&profile.0[..]) else {
        return [0.0; COUNT];
    };
    let reference = reference.and_then(|r| <[f32; COUNT]>::try_from(&r.0[..]).ok());
    let (mut target, strength) = match reference {
        Some(reference) => (reference, 1.0),
        None => (tone.target(), tone.strength.clamp(0.0, 1.0)),
    };
    center(&mut target);
    let loudest = own.iter().fold(-200.0_f32, |a, &b| a.max(b));
    let mut raw = [0.0_f32; COUNT];
    for (i, raw) in raw.iter_mut().enumerate() {
        let there = own[i] > loudest - 50.0 && target[i] > -150.0;
        let wanted = if there { target[i] - own[i] } else { 0.0 };
        // Below 30 Hz and above 16 kHz there is nothing to gain.
        let trust = if (2..=29).contains(&i) { 1.0 } else { 0.0 };
        *raw = (wanted * strength).clamp(-8.0, 8.0) * trust;
    }
    // Over an octave either way (weights 1 2 3 2 1 in thirds): the balance is corrected, not
    // the music's own formants.
    let mut smooth: [f32; COUNT] = std::array::from_fn(|i| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (d, w) in [(-2_i32, 1.0), (-1, 2.0), (0, 3.0), (1, 2.0), (2, 1.0)] {
            let at = (i as i32 + d).clamp(0, COUNT as i32 - 1) as usize;
            sum += raw[at] * w;
            weight += w;
        }
        sum / weight
    });
    let mean = smooth[7..27].iter().sum::<f32>() / 20.0;
    let most = if reference.is_some() { LARGEST_DB } else { 3.0 };
    for x in &mut smooth {
        *x = (*x - mean).clamp(-most, most);
    }
    smooth
}

/// Taps of the correction filter.
const TAPS: usize = 2048;

/// A minimum-phase filter with this response: no ringing ahead of attacks, no delay.
///
/// By the folded real cepstrum (A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal
/// Processing", ch. 13).
pub fn minimum_phase(curve: &[f32; COUNT], rate: f64) -> Vec<f32> {
    let size = TAPS * 4;
    let fft = Fft::new(size);
    let mut data: Vec<Complex> = (0..size)
        .map(|k| {
            let bin = k.min(size - k);
            let hz = (bin as f64 * rate / size as f64).max(1.0);
            let place = (math::log2(hz / 1000.0) * 3.0 + 17.0).clamp(0.0, COUNT as f64 - 1.0);
            let low = (place.floor() as usize).min(COUNT - 2);
            let f = (place - low as f64) as f32;
            let db = curve[low] + (curve[low + 1] - curve[low]) * f;
            // Natural logarithm of the magnitude.
            [db * 0.115_129_25, 0.0]
        })
        .collect();
    fft.inverse(&mut data);
    for (k, x) in data.iter_mut().enumerate() {
        let fold = if k == 0 || k == size / 2 {
            1.0
        } else if k < size / 2 {
            2.0
        } else {
            0.0
        };
        *x = [x[0] * fold, 0.0];
    }
    fft.forward(&mut data);
    for x in &mut data {
        let gain = math::exp(f64::from(x[0]));
        let angle = f64::from(x[1]);
        *x = [
            (gain * math::cos(angle)) as f32,
            (gain * math::sin(angle)) as f32,
        ];
    }
    fft.inverse(&mut data);
    (0..TAPS)
        .map(|i| {
            // The last quarter fades out.
            let rest = (TAPS - i) as f32 / (TAPS / 4) as f32;
            data[i][0] * rest.min(1.0)
        })
        .collect()
}

/// Points of a block of the convolution, and frames that come out of one.
const SIZE: usize = 8192;
const HOP: usize = SIZE - TAPS;

/// A tonal correction as a filter: overlap-save convolution in blocks that lie on absolute
/// multiples of their length.
#[derive(Clone, Debug)]
pub struct Correction {
    fft: Fft,
    spectrum: Vec<Complex>,
}

impl Correction {
    /// Frames of the past that the output from a frame on depends on, at most.
    pub const MEMORY: usize = TAPS + HOP;

    /// Frames that are computed together: each depends on all of them by its rounding.
    pub const BLOCK: usize = HOP;

    /// A filter with this response in dB per band.
    pub fn new(curve: &[f32; COUNT], rate: f64) -> Self {
        let fft = Fft::new(SIZE);
        let mut spectrum = vec![[0.0_f32; 2]; SIZE];
        for (to, tap) in spectrum.iter_mut().zip(minimum_phase(curve, rate)) {
            *to = [tap, 0.0];
        }
        fft.forward(&mut spectrum);
        Self { fft, spectrum }
    }

    /// The first frame of the input that the output from `frame` on depends on.
    pub fn begin(frame: usize) -> usize {
        (frame / HOP * HOP).saturating_sub(TAPS)
    }

    /// Filters two channels that begin at frame `first` of the song, silence before; returns
    /// their output from frame `from` on. [`Correction::begin`] of it must not be before `first`
    /// unless all before `first` is silence.
    pub fn run(&self, input: [&[f32]; 2], first: usize, from: usize) -> [Vec<f32>; 2] {
        let end = first + input[0].len();
        let mut out = [(); 2].map(|()| Vec::with_capacity(end.saturating_sub(from)));
        let mut data = vec![[0.0_f32; 2]; SIZE];
        // The filter is real, so left and right pass through one transform as real and imaginary
        // part without touching each other.
        for start in (from / HOP * HOP..end).step_by(HOP) {
            data.fill([0.0; 2]);
            // The block's input: TAPS frames before its output, and the output's own.
            let begin = start.saturating_sub(TAPS).max(first);
            let lead = begin + TAPS - start;
            let (a, b) = (begin - first, (start + HOP).min(end) - first);
            for ((x, l), r) in data[lead..]
                .iter_mut()
                .zip(&input[0][a..b])
                .zip(&input[1][a..b])
            {
                *x = [*l, *r];
            }
            self.fft.forward(&mut data);
            for (x, h) in data.iter_mut().zip(&self.spectrum) {
                *x = [x[0] * h[0] - x[1] * h[1], x[0] * h[1] + x[1] * h[0]];
            }
            self.fft.inverse(&mut data);
            let skip = from.saturating_sub(start);
            let wet = &data[TAPS + skip..TAPS + HOP.min(end - start)];
            out[0].extend(wet.iter().map(|x| x[0]));
            out[1].extend(wet.iter().map(|x| x[1]));
        }
        out
    }
}
