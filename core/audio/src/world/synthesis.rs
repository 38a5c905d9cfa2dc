//! Pulses and noise through a minimum-phase envelope.
//!
//! As in WORLD, each pulse brings its own response: the envelope at its time, made minimum-phase,
//! and a stretch of noise up to the next pulse through the same envelope. Two things are done
//! differently. The phase of a minimum-phase response is a linear function of the logarithm of its
//! magnitude, so it is found once for a frame and interpolated together with the magnitude, which
//! costs one transform for a pulse where the original needs five. And pulses stand exactly where
//! the phase of the given pitch passes a whole turn, between samples too.

use crate::fft::{Complex, Fft};
use crate::math;
use crate::noise::Noise;

/// Natural logarithm of the amplitude that counts as silence.
const SILENCE: f32 = -16.0;
/// Length of a noise response without voice, in seconds.
const UNVOICED_STEP: f64 = 0.0025;

/// A voice as frames, each with [`Synthesizer::bins`] values.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// Seconds from one frame to the next; frame `i` holds at `i` × this.
    pub hop: f64,
    /// Natural logarithm of the amplitude in each bin, of pulses and noise together: that of a
    /// pulse train whose pulses have an energy of one for each sample (as CheapTrick measures).
    pub envelope: &'a [f32],
    /// Share of noise in the amplitude of each bin, 0 to 1.
    pub noise: &'a [f32],
    /// Pitch in hertz at each sample; 0 where there is no voice.
    pub pitch: &'a [f32],
}

/// Makes sound of frames.
#[derive(Clone, Debug)]
pub struct Synthesizer {
    rate: f64,
    fft: Fft,
}

/// The memory of a rendering.
struct Work {
    data: Vec<Complex>,
    noise: Vec<Complex>,
    /// Logarithm of the magnitude and phase in turns, of pulse and of noise, at one time.
    now: Vec<[f32; 3]>,
}

impl Synthesizer {
    /// For `rate` samples a second, with responses of `size` samples (a power of two; 1024 at
    /// 24 kHz).
    pub fn new(rate: u32, size: usize) -> Self {
        Self {
            rate: f64::from(rate),
            fft: Fft::new(size),
        }
    }

    /// Values of a frame: bins from 0 Hz to half the rate.
    pub fn bins(&self) -> usize {
        self.fft.size() / 2 + 1
    }

    /// Renders as many samples as the pitch has values. The same seed gives the same noise.
    pub fn render(&self, frames: &Frames<'_>, seed: u64) -> Vec<f32> {
        let bins = self.bins();
        let count = frames.envelope.len() / bins;
        let mut out = vec![0.0; frames.pitch.len()];
        if count == 0 {
            return out;
        }
        let phases = self.phases(frames.envelope);
        let size = self.fft.size();
        let mut work = Work {
            data: vec![[0.0; 2]; size],
            noise: vec![[0.0; 2]; size],
            now: vec![[0.0; 3]; bins],
        };
        let mut random = Noise::new(seed);
        let mut marks = Marks::new(frames.pitch, self.rate);
        let mut mark = marks.next();
        while let Some(here) = mark {
            let next = marks.next();
            let until = next.map_or(frames.pitch.len(), |next| next.sample);
            self.interpolate(frames, &phases, count, here.sample, &mut work.now);
            self.response(&here, until - here.sample, &mut random, &mut work);
            let first = here.sample as i64 - (size as i64 / 8);
            for (index, value) in work.data.iter().enumerate() {
                let at = first + index as i64;
                if let Some(to) = usize::try_from(at).ok().and_then(|at| out.get_mut(at)) {
                    *to += value[0];
                }
            }
            mark = next;
        }
        out
    }

    /// The minimum phase of each frame in turns.
    fn phases(&self, envelope: &[f32]) -> Vec<f32> {
        let bins = self.bins();
        let size = self.fft.size();
        let mut data = vec![[0.0; 2]; size];
        let mut out = Vec::with_capacity(envelope.len());
        for frame in envelope.chunks_exact(bins) {
            for (index, value) in frame.iter().enumerate() {
                let value = value.max(SILENCE);
                data[index] = [value, 0.0];
                if index > 0 && index + 1 < bins {
                    data[size - index] = [value, 0.0];
                }
            }
            self.fft.inverse(&mut data);
            // The cepstrum folded onto positive times is that of the minimum-phase response.
            for (index, value) in data.iter_mut().enumerate() {
                let fold = match index {
                    0 => 1.0,
                    index if index < size / 2 => 2.0,
                    index if index == size / 2 => 1.0,
                    _ => 0.0,
                };
                *value = [value[0] * fold, 0.0];
            }
            self.fft.forward(&mut data);
            let turns = data[..bins].iter().map(|value| value[1] / math::TAU);
            out.extend(turns);
        }
        out
    }

    /// Envelope, phase and noise at a sample.
    fn interpolate(
        &self,
        frames: &Frames<'_>,
        phases: &[f32],
        count: usize,
        sample: usize,
        now: &mut [[f32; 3]],
    ) {
        let bins = self.bins();
        let place = (sample as f64 / self.rate / frames.hop).min((count - 1) as f64);
        let low = place as usize;
        let high = (low + 1).min(count - 1);
        let share = (place - low as f64) as f32;
        let mix = |values: &[f32], bin: usize| {
            let (a, b) = (values[low * bins + bin], values[high * bins + bin]);
            a + (b - a) * share
        };
        for (bin, to) in now.iter_mut().enumerate() {
            *to = [
                mix(frames.envelope, bin).max(SILENCE),
                mix(phases, bin),
                mix(frames.noise, bin).clamp(0.0, 1.0),
            ];
        }
    }

    /// The sound of one pulse and of the noise of `length` samples from it on, into `work.data`;
    /// it begins an eighth of the size before the pulse.
    fn response(&self, mark: &Mark, length: usize, random: &mut Noise, work: &mut Work) {
        let size = self.fft.size();
        let bins = self.bins();
        let length = length.clamp(1, size / 2);
        let mut mean = 0.0;
        work.noise.fill([0.0; 2]);
        for value in &mut work.noise[..length] {
            value[0] = random.normal();
            mean += value[0] / length as f32;
        }
        if length > 1 {
            for value in &mut work.noise[..length] {
                value[0] -= mean;
            }
        }
        self.fft.forward(&mut work.noise);
        // A pulse carries the energy of the samples up to the next one.
        let pulse = if mark.voiced {
            (length as f64).sqrt() as f32
        } else {
            0.0
        };
        let lead = size as f32 / 8.0 + mark.fraction;
        for bin in 0..bins {
            let [level, phase, noise] = work.now[bin];
            let noise = if mark.voiced { noise } else { 1.0 };
            let magnitude = math::fast_exp2(level * std::f32::consts::LOG2_E);
            // Nothing below 40 Hz or so: a voice has no direct current.
            let rumble = (bin as f32 * self.rate as f32 / size as f32 / 60.0).min(1.0);
            let magnitude = magnitude * rumble * rumble;
            let steady = (1.0 - noise * noise).max(0.0).sqrt() * pulse;
            let shift = |lead: f32| {
                let turns = phase - bin as f32 * lead / size as f32;
                let turns = turns - turns.floor();
                let cosine = math::fast_sin_cycles(turns + 0.25);
                [cosine * magnitude, math::fast_sin_cycles(turns) * magnitude]
            };
            let exact = shift(lead);
            // The noise need not stand between samples, but its delay must be the same.
            let breath = work.noise[bin];
            let value = [
                exact[0] * (steady + noise * breath[0]) - exact[1] * noise * breath[1],
                exact[1] * (steady + noise * breath[0]) + exact[0] * noise * breath[1],
            ];
            work.data[bin] = value;
            if bin > 0 && bin + 1 < bins {
                work.data[size - bin] = [value[0], -value[1]];
            }
        }
        work.data[0][1] = 0.0;
        work.data[bins - 1][1] = 0.0;
        self.fft.inverse(&mut work.data);
    }
}

/// A place where a response begins.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    sample: usize,
    /// How far behind the sample the pulse stands, in samples.
    fraction: f32,
    voiced: bool,
}

/// Pulses where the phase of the pitch passes a whole turn, and steps where there is no voice.
struct Marks<'a> {
    pitch: &'a [f32],
    rate: f64,
    at: usize,
    phase: f64,
    quiet: usize,
}

impl<'a> Marks<'a> {
    fn new(pitch: &'a [f32], rate: f64) -> Self {
        Self {
            pitch,
            rate,
            at: 0,
            phase: 1.0,
            quiet: 0,
        }
    }

    fn next(&mut self) -> Option<Mark> {
        let step = ((UNVOICED_STEP * self.rate) as usize).max(1);
        while self.at < self.pitch.len() {
            let sample = self.at;
            let pitch = f64::from(self.pitch[sample]);
            self.at += 1;
            if pitch > 0.0 {
                let advance = pitch / self.rate;
                let before = self.phase;
                self.phase += advance;
                self.quiet = 0;
                if self.phase >= 1.0 {
                    self.phase -= self.phase.floor();
                    let fraction = if before >= 1.0 {
                        0.0
                    } else {
                        (1.0 - before) / advance
                    };
                    return Some(Mark {
                        sample,
                        fraction: fraction as f32,
                        voiced: true,
                    });
                }
            } else {
                // A voice that begins anew begins with a pulse.
                self.phase = 1.0;
                self.quiet += 1;
                if self.quiet % step == 1 || step == 1 {
                    return Some(Mark {
                        sample,
                        fraction: 0.0,
                        voiced: false,
                    });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(synthesizer: &Synthesizer, noise: f32, pitch: f32) -> Vec<f32> {
        let bins = synthesizer.bins();
        let (envelope, noise) = (vec![-2.0; bins * 3], vec![noise; bins * 3]);
        synthesizer.render(
            &Frames {
                hop: 0.0125,
                envelope: &envelope,
                noise: &noise,
                pitch: &vec![pitch; 24_000],
            },
            7,
        )
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn pulses_and_noise_have_the_power_of_the_envelope() {
        let synthesizer = Synthesizer::new(24_000, 1024);
        let expected = (-4.0_f32).exp();
        for (noise, pitch) in [
            (0.0, 110.0),
            (0.0, 437.0),
            (1.0, 0.0),
            (0.5, 220.0),
            (1.0, 220.0),
        ] {
            let found = power(&flat(&synthesizer, noise, pitch)[2000..22_000]);
            let away = 10.0 * (found / expected).log10();
            assert!(away.abs() < 0.8, "{noise} {pitch}: {away} dB");
        }
    }

    #[test]
    fn the_pitch_is_exact() {
        let synthesizer = Synthesizer::new(24_000, 1024);
        let sound = flat(&synthesizer, 0.0, 233.3);
        // Correlation with the sound 100 periods later, at the nearest whole sample; 99 or 101
        // periods may come closer to whole samples and are not looked at.
        let period = 24_000.0 / 233.3 * 100.0_f64;
        let score = |lag: usize| -> f32 { (2000..9000).map(|i| sound[i] * sound[i + lag]).sum() };
        let best = (10_240..10_335)
            .max_by(|a, b| score(*a).total_cmp(&score(*b)))
            .unwrap();
        assert!((best as f64 - period).abs() <= 1.0, "{best} {period}");
    }

    #[test]
    fn equal_seeds_give_equal_samples() {
        let synthesizer = Synthesizer::new(24_000, 1024);
        let (a, b) = (
            flat(&synthesizer, 0.3, 300.0),
            flat(&synthesizer, 0.3, 300.0),
        );
        assert_eq!(a, b);
        assert!(a.iter().all(|x| x.is_finite()));
    }
}
