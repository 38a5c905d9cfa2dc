//! Loudness and true peak: ITU-R BS.1770-4, EBU R 128, EBU Tech 3341 and 3342.
//!
//! Ours instead of a crate's because the gain of a mix follows from it, and must be the same on
//! every machine; tested against the crate `ebur128` and the cases of Tech 3341.

use crate::buffer::AudioBuffer;
use crate::filter::{Biquad, Cascade};
use crate::math;
use crate::units::{Lufs, SampleRate};

/// What R 128 says of a recording. Absent values mean that nothing was loud enough to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// Gated loudness of the whole.
    pub integrated: Option<Lufs>,
    /// Loudness range in LU (Tech 3342); 0 when too short to have one.
    pub range: f32,
    /// Loudest 400 ms.
    pub momentary: Option<Lufs>,
    /// Loudest 3 s (or all of it when shorter).
    pub short_term: Option<Lufs>,
}

/// The K-weighting filters: head shelf and low cut (BS.1770-4 Annex 1), for any rate.
///
/// The standard gives coefficients at 48 kHz only; these analog prototypes reproduce them
/// there (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness
/// measurement", 2018).
pub fn k_weighting(rate: SampleRate) -> [Biquad; 2] {
    let rate = rate.hz();
    let k = math::tan(std::f64::consts::PI * 1_681.974_450_955_533 / rate);
    let (q, gain) = (0.707_175_236_955_419_6, 3.999_843_853_973_347);
    let high = math::pow(10.0, gain / 20.0);
    let band = math::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Biquad {
        b: [
            (high + band * k / q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    let k = math::tan(std::f64::consts::PI * 38.135_470_876_024_44 / rate);
    let q = 0.500_327_037_323_877_3;
    let a0 = 1.0 + k / q + k * k;
    let cut = Biquad {
        b: [1.0, -2.0, 1.0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    [shelf, cut]
}

/// K-weighted energy of every 100 ms step (the sum over channels of the mean square).
///
/// Mono counts once, as in BS.1770; a last incomplete step is left out unless it is the only
/// one.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps(pub Vec<f64>);

/// Frames in a 100 ms step.
pub fn step_frames(rate: SampleRate) -> usize {
    ((rate.hz() * 0.1).round() as usize).max(1)
}

impl Steps {
    /// Measures a recording of one or two channels (others are ignored).
    pub fn measure(audio: &AudioBuffer) -> Self {
        let step = step_frames(audio.rate);
        let mut filter = Cascade::new(k_weighting(audio.rate));
        let (mut left, mut right) = (vec![0.0; step], vec![0.0; step]);
        let mono = audio.channels.len() == 1;
        let frames = audio.frames();
        let mut energies = Vec::with_capacity(frames / step + 1);
        let mut at = 0;
        while at < frames {
            let count = step.min(frames - at);
            if count < step && !energies.is_empty() {
                break;
            }
            left[..count].copy_from_slice(&audio.channels[0][at..at + count]);
            if mono {
                right[..count].fill(0.0);
            } else {
                right[..count].copy_from_slice(&audio.channels[1][at..at + count]);
            }
            filter.process(&mut left[..count], &mut right[..count]);
            let mut sum = [0.0_f64; 4];
            for (l, r) in left[..count].chunks(4).zip(right[..count].chunks(4)) {
                for (i, (l, r)) in l.iter().zip(r).enumerate() {
                    sum[i] += f64::from(*l) * f64::from(*l) + f64::from(*r) * f64::from(*r);
                }
            }
            energies.push((sum[0] + sum[1] + sum[2] + sum[3]) / count as f64);
            at += count;
        }
        Self(energies)
    }

    /// Energies of windows of `count` steps, one per step; all of it when it is shorter.
    fn windows(&self, count: usize) -> Vec<f64> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let count = count.min(self.0.len());
        self.0
            .windows(count)
            .map(|steps| steps.iter().sum::<f64>() / count as f64)
            .collect()
    }

    /// Gated loudness (BS.1770-4: 400 ms blocks, −70 LUFS absolute, −10 LU relative).
    pub fn integrated(&self) -> Option<Lufs> {
        let blocks = self.windows(4);
        gated_mean(&blocks, 10.0).map(lufs)
    }

    /// Everything R 128 says.
    pub fn summary(&self) -> Loudness {
        let loudest = |windows: &[f64]| {
            let peak = windows.iter().fold(0.0_f64, |a, &b| a.max(b));
            (peak > 1e-10).then(|| lufs(peak))
        };
        let short = self.windows(30);
        Loudness {
            integrated: self.integrated(),
            range: if self.0.len() < 30 {
                0.0
            } else {
                range(&short)
            },
            momentary: loudest(&self.windows(4)),
            short_term: loudest(&short),
        }
    }
}

/// Mean of what passes both gates.
fn gated_mean(blocks: &[f64], relative: f64) -> Option<f64> {
    let absolute = energy(-70.0);
    let mean = |gate: f64| {
        let (sum, count) = blocks
            .iter()
            .filter(|&&b| b > gate)
            .fold((0.0, 0_usize), |(s, n), b| (s + b, n + 1));
        (count > 0).then(|| sum / count as f64)
    };
    let ungated = mean(absolute)?;
    mean(absolute.max(ungated * math::pow(10.0, -relative / 10.0)))
}

/// Loudness range of short-term energies: 10th to 95th percentile above a −20 LU gate.
fn range(short: &[f64]) -> f32 {
    let absolute = energy(-70.0);
    let loud: Vec<f64> = short.iter().copied().filter(|&e| e > absolute).collect();
    if loud.is_empty() {
        return 0.0;
    }
    let gate = loud.iter().sum::<f64>() / loud.len() as f64 * 0.01;
    let mut kept: Vec<f64> = loud.into_iter().filter(|&e| e >= gate).collect();
    kept.sort_by(f64::total_cmp);
    let at = |p: f64| kept[((kept.len() - 1) as f64 * p + 0.5) as usize];
    (10.0 * math::log10(at(0.95) / at(0.10))) as f32
}

/// Loudness of a K-weighted energy.
pub fn lufs(energy: f64) -> Lufs {
    Lufs((-0.691 + 10.0 * math::log10(energy.max(1e-30))) as f32)
}

/// K-weighted energy of a loudness.
fn energy(lufs: f64) -> f64 {
    math::pow(10.0, (lufs + 0.691) / 10.0)
}

/// Measures loudness in one go.
pub fn measure(audio: &AudioBuffer) -> Loudness {
    Steps::measure(audio).summary()
}

/// Taps of each phase of the interpolator.
const TAPS: usize = 16;

/// Finds peaks between samples by interpolating four-fold (BS.1770-4 Annex 2).
///
/// 16 taps per phase, Kaiser window: flat within 0.05 dB up to 0.4 of the rate. Four-fold
/// reading itself may miss up to 0.6 dB near the Nyquist frequency, as the standard's does.
#[derive(Clone, Debug)]
pub struct TruePeak {
    phases: [[f32; TAPS]; 3],
    /// Sum of absolute taps: no interpolated value exceeds this times the largest sample.
    pub bound: f32,
}

impl Default for TruePeak {
    fn default() -> Self {
        Self::new()
    }
}

impl TruePeak {
    /// Designs the interpolator.
    pub fn new() -> Self {
        let mut phases = [[0.0_f32; TAPS]; 3];
        let mut bound = 1.0_f32;
        for (p, taps) in phases.iter_mut().enumerate() {
            let shift = (p + 1) as f64 / 4.0;
            let mut raw = [0.0_f64; TAPS];
            for (k, tap) in raw.iter_mut().enumerate() {
                // Distance of sample k (the middle pair is 7 and 8) from the wanted instant.
                let x = k as f64 - (TAPS as f64 / 2.0 - 1.0) - shift;
                let t = x / (TAPS as f64 / 2.0);
                let window = bessel(6.0 * (1.0 - t * t).max(0.0).sqrt()) / bessel(6.0);
                let angle = std::f64::consts::PI * x;
                *tap = math::sin(angle) / angle * window;
            }
            let sum: f64 = raw.iter().sum();
            for (tap, x) in taps.iter_mut().zip(raw) {
                *tap = (x / sum) as f32;
            }
            bound = bound.max(taps.iter().map(|t| t.abs()).sum());
        }
        Self { phases, bound }
    }

    /// Frames of context needed before (7) and after (8) a stretch.
    pub const CONTEXT: (usize, usize) = (TAPS / 2 - 1, TAPS / 2);

    /// Largest absolute value of samples and of what lies between each and the next, for
    /// consecutive groups of `group` frames of one channel, from group number `first` on;
    /// merged into `peaks` by maximum.
    ///
    /// Groups whose samples cannot reach `floor` even between samples are read as they are.
    pub fn merge_groups(
        &self,
        samples: &[f32],
        first: usize,
        group: usize,
        floor: f32,
        peaks: &mut [f32],
    ) {
        let (before, after) = Self::CONTEXT;
        // On the stack for the usual sizes: this is called for single groups.
        let (mut small, mut large) = ([0.0_f32; 64], Vec::new());
        let padded = if group + TAPS <= small.len() {
            &mut small[..group + TAPS]
        } else {
            large.resize(group + TAPS, 0.0_f32);
            &mut large[..]
        };
        for (index, peak) in peaks.iter_mut().enumerate() {
            let start = (first + index) * group;
            let end = (start + group).min(samples.len());
            if start >= end {
                break;
            }
            let from = start.saturating_sub(before);
            let to = (end + after).min(samples.len());
            let window = &samples[from..to];
            let near = window.iter().fold(0.0_f32, |p, x| p.max(x.abs()));
            let own = samples[start..end]
                .iter()
                .fold(0.0_f32, |p, x| p.max(x.abs()));
            *peak = peak.max(own);
            if near * self.bound <= floor {
                continue;
            }
            padded.fill(0.0);
            let lead = before - (start - from);
            padded[lead..lead + window.len()].copy_from_slice(window);
            let mut best = 0.0_f32;
            for taps in &self.phases {
                for first in (0..end - start).step_by(8) {
                    // Eight instants at once, tap by tap, so that it runs in vectors.
                    let mut sums = [0.0_f32; 8];
                    let room = &padded[first..(first + TAPS + 7).min(padded.len())];
                    if room.len() == TAPS + 7 {
                        for (k, tap) in taps.iter().enumerate() {
                            for (s, x) in sums.iter_mut().zip(&room[k..k + 8]) {
                                *s += tap * x;
                            }
                        }
                    } else {
                        for (n, s) in sums.iter_mut().enumerate() {
                            *s = taps
                                .iter()
                                .zip(room.get(n..).unwrap_or(&[]))
                                .map(|(t, x)| t * x)
                                .sum();
                        }
                    }
                    best = sums.iter().fold(best, |b, s| b.max(s.abs()));
                }
            }
            *peak = peak.max(best);
        }
    }

    /// The true peak of a recording as an amplitude.
    pub fn of(&self, audio: &AudioBuffer) -> f32 {
        let mut floor = audio.peak();
        for channel in &audio.channels {
            let groups = channel.len().div_ceil(32);
            for first in (0..groups).step_by(128) {
                let mut peaks = [0.0_f32; 128];
                // Only groups that might beat the record so far are interpolated.
                self.merge_groups(channel, first, 32, floor, &mut peaks);
                floor = peaks.iter().fold(floor, |a, &b| a.max(b));
            }
        }
        floor
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        let factor = x / (2.0 * f64::from(k));
        term *= factor * factor;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, seconds: f64, hz: f64, dbfs: f32, phase: f64) -> AudioBuffer {
        let gain = f64::from(math::db_to_gain(dbfs));
        let samples: Vec<f32> = (0..(seconds * f64::from(rate)) as usize)
            .map(|i| {
                let turn = hz * i as f64 / f64::from(rate) + phase;
                (gain * math::sin(turn.fract() * std::f64::consts::TAU)) as f32
            })
            .collect();
        AudioBuffer {
            rate: SampleRate(rate),
            channels: vec![samples.clone(), samples],
        }
    }

    fn join(parts: &[AudioBuffer]) -> AudioBuffer {
        let mut all = parts[0].clone();
        for part in &parts[1..] {
            for (to, from) in all.channels.iter_mut().zip(&part.channels) {
                to.extend_from_slice(from);
            }
        }
        all
    }

    #[test]
    fn the_weighting_is_the_standards_at_48_khz() {
        let [shelf, cut] = k_weighting(SampleRate(48_000));
        for (got, want) in [
            (shelf.b[0], 1.535_124_859_586_97),
            (shelf.b[1], -2.691_696_189_406_38),
            (shelf.b[2], 1.198_392_810_852_85),
            (shelf.a[0], -1.690_659_293_182_41),
            (shelf.a[1], 0.732_480_774_215_85),
            (cut.a[0], -1.990_047_454_833_98),
            (cut.a[1], 0.990_072_250_366_21),
        ] {
            assert!((got - want).abs() < 1e-8, "{got} {want}");
        }
    }

    /// EBU Tech 3341, table 1, cases 1 to 5 (sines only).
    #[test]
    fn tech_3341_integrated() {
        for rate in [44_100, 48_000] {
            let t = |seconds, dbfs| tone(rate, seconds, 1000.0, dbfs, 0.0);
            for (audio, want) in [
                (t(20.0, -23.0), -23.0),
                (t(20.0, -33.0), -33.0),
                (
                    join(&[t(10.0, -36.0), t(60.0, -23.0), t(10.0, -36.0)]),
                    -23.0,
                ),
                (
                    join(&[
                        t(10.0, -72.0),
                        t(10.0, -36.0),
                        t(60.0, -23.0),
                        t(10.0, -36.0),
                        t(10.0, -72.0),
                    ]),
                    -23.0,
                ),
                (
                    join(&[t(20.0, -26.0), t(20.1, -20.0), t(20.0, -26.0)]),
                    -23.0,
                ),
            ] {
                let got = measure(&audio).integrated.expect("loud enough");
                assert!((got.0 - want).abs() <= 0.1, "{} is not {want}", got.0);
            }
        }
    }

    /// EBU Tech 3342, table 1, cases 1 to 4.
    #[test]
    fn tech_3342_range() {
        let t = |seconds, dbfs| tone(48_000, seconds, 1000.0, dbfs, 0.0);
        for (levels, want) in [
            (&[-20.0, -30.0][..], 10.0),
            (&[-20.0, -15.0], 5.0),
            (&[-40.0, -20.0], 20.0),
            (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
        ] {
            let parts: Vec<_> = levels.iter().map(|&db| t(20.0, db)).collect();
            let got = measure(&join(&parts)).range;
            assert!((got - want).abs() <= 1.0, "{got} is not {want}");
        }
    }

    /// EBU Tech 3341, table 1, cases 15 to 19: peaks between samples.
    #[test]
    fn tech_3341_true_peak() {
        let meter = TruePeak::new();
        for (fraction, degrees, dbfs, want) in [
            (4.0, 0.0, -6.0206, -6.0),
            (4.0, 45.0, -6.0206, -6.0),
            (6.0, 60.0, -6.0206, -6.0),
            (8.0, 67.5, -6.0206, -6.0),
            (4.0, 45.0, 3.0, 3.0),
        ] {
            let mut audio = tone(48_000, 0.5, 48_000.0 / fraction, dbfs, degrees / 360.0);
            // The official files fade too: a tone cut off sharply rings above its own peak.
            for channel in &mut audio.channels {
                for i in 0..2400 {
                    let end = channel.len() - 1 - i;
                    channel[i] *= i as f32 / 2400.0;
                    channel[end] *= i as f32 / 2400.0;
                }
            }
            let got = math::gain_to_db(meter.of(&audio));
            assert!(
                got - want <= 0.2 && got - want >= -0.4,
                "{got} is not {want}"
            );
        }
    }

    #[test]
    fn silence_and_short_sounds_have_no_or_a_plain_answer() {
        let silent = AudioBuffer::silent(SampleRate(48_000), 2, 96_000);
        assert_eq!(measure(&silent).integrated, None);
        let empty = AudioBuffer::silent(SampleRate(48_000), 2, 0);
        assert_eq!(measure(&empty).integrated, None);
        let short = measure(&tone(48_000, 0.2, 1000.0, -23.0, 0.0)).integrated;
        assert!((short.expect("loud").0 + 23.0).abs() < 0.3);
    }
}
