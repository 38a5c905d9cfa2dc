//! From a spoken spectrum to a sung signal: band-limited pulses through the harmonic filter, shaped
//! noise and the rest, one inverse Fourier transform a frame.
//!
//! After `dsp.py` of hibari-tts 0.2.1 (Apache-2.0), with what singing needs: the frames are read at
//! the pace of the song, the pulses have the pitch of the tune, and loudness, breath, tension and
//! formants follow the plan.

use crate::{
    network::{BINS, HOP},
    spoken::{BIN, MOST, SIZE, Spoken, TOP, exp},
};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use std::sync::Arc;
use yuefu_audio::math;
use yuefu_engine::{Rng, SeedPath};
use yuefu_voice::{Breath, VoicePlan, finish};

/// Samples a second of the network's sound.
pub(crate) const RATE: u32 = 24_000;
/// Samples from frame to frame.
const STEP: usize = 300;
/// Root mean square of a vowel at 0 dB: −20 dB of full scale.
const NORMAL: f32 = 0.1;
/// How much of the differences in loudness between vowels is evened out.
const EVEN: f32 = 0.75;
/// Loudness of a usual vowel of the network, in dB of full scale: the mean over 400 vowels.
const USUAL: f32 = -26.0;
/// No vowel is lowered or raised by more decibels: what is very weak is no vowel any more.
const LEAST_GAIN: f32 = -6.0;
const MOST_GAIN: f32 = 16.0;
/// Log magnitude at which noise is as strong as harmonics of magnitude 0 at 220 Hz.
const NOISE_MATCH: f32 = -0.65;

/// The transforms, which are shared by all phrases.
pub(crate) struct Transforms {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
}

impl Transforms {
    pub fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let window = (0..SIZE)
            .map(|n| {
                let angle = std::f64::consts::TAU * n as f64 / SIZE as f64;
                (0.5 - 0.5 * math::cos(angle)) as f32
            })
            .collect();
        Self {
            forward: planner.plan_fft_forward(SIZE),
            inverse: planner.plan_fft_inverse(SIZE),
            window,
        }
    }
}

/// Sings a plan from `start` (seconds) on; mono at [`RATE`].
pub(crate) fn sing(
    plan: &VoicePlan,
    spoken: &Spoken,
    transforms: &Transforms,
    start: f64,
) -> Vec<f32> {
    let frames = ((plan.end - start) / HOP).ceil().max(0.0) as usize + 1;
    let mut synth = Synth::new(plan, spoken, transforms, start, frames);
    let mut voice = vec![0.0; frames * STEP + SIZE];
    let mut before = f64::NEG_INFINITY;
    for frame in 0..frames {
        let time = start + frame as f64 * HOP;
        // A window reaches over four steps, so the frames around what sounds count too.
        let near = |offset: f64| plan.curves.level.at(time + offset - plan.start) > -100.0;
        if near(0.0) || near(-2.0 * HOP) || near(2.0 * HOP) {
            before = synth.voice(frame, time, before);
            synth.overlap(frame, &mut voice);
        }
    }
    levels(&mut voice, plan, start);
    for breath in &plan.breaths {
        synth.breathe(breath, &mut voice);
    }
    // Frame 0 is centered on the first sample.
    voice.drain(..SIZE / 2);
    voice.truncate(frames * STEP);
    voice
}

/// Applies the level curve sample by sample; sample 600 is at `start`.
fn levels(voice: &mut [f32], plan: &VoicePlan, start: f64) {
    finish::ride(voice, 60, |sample| {
        let time = start + (sample as f64 - (SIZE / 2) as f64) / f64::from(RATE);
        math::db_to_gain(plan.curves.level.at(time - plan.start))
    });
}

struct Synth<'a> {
    plan: &'a VoicePlan,
    spoken: &'a Spoken,
    transforms: &'a Transforms,
    start: f64,
    /// The pulses, from half a window before `start` on.
    pulses: Vec<f32>,
    /// Correction of each syllable's level, in decibels.
    gains: Vec<(f64, f32)>,
    rng: Rng,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl<'a> Synth<'a> {
    fn new(
        plan: &'a VoicePlan,
        spoken: &'a Spoken,
        transforms: &'a Transforms,
        start: f64,
        frames: usize,
    ) -> Self {
        let scratch = transforms
            .forward
            .get_scratch_len()
            .max(transforms.inverse.get_scratch_len());
        Self {
            plan,
            spoken,
            transforms,
            start,
            pulses: pulses(plan, start, frames * STEP + SIZE),
            gains: gains(plan, spoken),
            rng: SeedPath::song(plan.seed).join("hibari").rng(),
            time: vec![0.0; SIZE],
            bins: vec![Complex::default(); BINS],
            scratch: vec![Complex::default(); scratch],
        }
    }

    /// Where in the speech the voice is at a time, in frames.
    fn place(&self, time: f64) -> f64 {
        let after = self.plan.phones.partition_point(|p| p.start <= time);
        let index = after.saturating_sub(1);
        match self.plan.phones.get(index) {
            Some(phone) => self.spoken.place(phone, index, time),
            None => 0.0,
        }
    }

    /// The correction of the level at a time.
    fn gain(&self, time: f64) -> f32 {
        finish::between(&self.gains, time).unwrap_or(0.0)
    }

    /// Makes the spectrum of a frame; returns where in the speech it was.
    fn voice(&mut self, frame: usize, time: f64, before: f64) -> f64 {
        let at = frame * STEP;
        for ((out, sample), window) in self
            .time
            .iter_mut()
            .zip(&self.pulses[at..at + SIZE])
            .zip(&self.transforms.window)
        {
            // A cosine of amplitude 1 has a peak of 1.
            *out = sample * window * (4.0 / SIZE as f32);
        }
        // The lengths are those that the transform was planned for.
        let done = self.transforms.forward.process_with_scratch(
            &mut self.time,
            &mut self.bins,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok());
        let plan = self.plan;
        let offset = time - plan.start;
        let place = self.place(time);
        // At the pace of speech the network's own phases are right; held, they would buzz.
        let paced = (0.6..=1.5).contains(&(place - before));
        let color = Color {
            gain: math::db_to_gain(self.gain(time)),
            air: plan.curves.breathiness.at(offset),
            tension: plan.curves.tension.at(offset),
            voicing: plan.curves.voicing.at(offset),
            warp: math::exp2(-f64::from(plan.curves.formant.at(offset)) / 12.0) as f32,
            f0: plan.curves.f0.at(offset),
        };
        self.filter(place, paced, &color);
        place
    }

    /// Shapes pulses to a voice.
    fn filter(&mut self, place: f64, paced: bool, color: &Color) {
        let spoken = self.spoken;
        let last = spoken.frames().saturating_sub(1);
        let place = place.clamp(0.0, last as f64);
        let (a, share) = (place as usize, (place - (place as usize) as f64) as f32);
        let b = (a + 1).min(last);
        let near = if share < 0.5 { a } else { b };
        let mix = |values: &[f32], bin: usize| {
            let (from, to) = (values[a * BINS + bin], values[b * BINS + bin]);
            from + (to - from) * share
        };
        let voiced = spoken.voiced[a] + (spoken.voiced[b] - spoken.voiced[a]) * share;
        let voiced = voiced * color.voicing;
        let whisper = 1.0 - color.voicing;
        // Aspiration as strong as the harmonics less so many dB, above where breath is heard.
        let breath = color.air.max(0.0);
        let soft = color.air.min(0.0);
        let match_f0 =
            0.5 * (math::log2(f64::from(color.f0) / 220.0) as f32) / std::f32::consts::LOG2_E;
        for bin in 0..BINS {
            let source = (bin as f32 * color.warp).min((BINS - 1) as f32);
            let low = source as usize;
            let part = source - low as f32;
            let high = (low + 1).min(BINS - 1);
            let read = |values: &[f32]| {
                let from = mix(values, low);
                if part == 0.0 {
                    return from;
                }
                from + (mix(values, high) - from) * part
            };
            let octaves = OCTAVES.get_or_init(octaves)[bin];
            let harmonic = read(&spoken.spectrum.harmonic).min(MOST);
            let tilt = (color.tension * 3.0 - breath * 5.0) * octaves.clamp(-1.0, 3.0);
            let tilt = tilt.clamp(-14.0, 9.0) - breath * 2.0;
            let magnitude = exp(harmonic) * db(tilt) * voiced;
            let (from, to) = (spoken.turn[a * BINS + low], spoken.turn[b * BINS + low]);
            let turn = [
                from[0] + (to[0] - from[0]) * share,
                from[1] + (to[1] - from[1]) * share,
            ];
            let size = (turn[0] * turn[0] + turn[1] * turn[1]).sqrt().max(1e-3);
            let turn = Complex::new(turn[0] / size, turn[1] / size);
            let mut sum = self.bins[bin] * turn * magnitude;

            let mut noise = exp(read(&spoken.spectrum.noise).min(MOST));
            let mut rest = exp(read(&spoken.spectrum.rest).min(MOST)) * db(12.0 * soft * voiced);
            if !paced && voiced > 0.5 {
                let most = exp((harmonic + NOISE_MATCH + match_f0).min(MOST));
                let most = most * db(most_noise(bin, octaves, color.f0));
                noise = noise.min(most);
                rest = rest.min(most);
            }
            if breath > 0.0 || whisper > 0.0 {
                let open = octaves.clamp(-2.0, 1.5);
                let aspiration = db(-30.0 + 24.0 * breath + 5.0 * open);
                let aspiration = aspiration * breath.min(1.0) * voiced;
                let whispered = db(-9.0 + 4.0 * open) * whisper;
                noise += exp((harmonic + NOISE_MATCH + match_f0).min(MOST + NOISE_MATCH))
                    * (aspiration + whispered * spoken.voiced[near]);
            }
            let phase = self.rng.unit();
            let z = Complex::new(
                math::fast_sin_cycles(phase + 0.25),
                math::fast_sin_cycles(phase),
            );
            sum += z * (noise * std::f32::consts::SQRT_2);

            let cycles = if paced {
                spoken.spectrum.phi[near * BINS + low] * (0.5 / std::f32::consts::PI)
            } else {
                self.rng.unit()
            };
            let cycles = cycles - cycles.floor();
            sum += Complex::new(
                math::fast_sin_cycles(cycles + 0.25),
                math::fast_sin_cycles(cycles),
            ) * rest;
            self.bins[bin] = sum * color.gain;
        }
    }

    /// Adds the frame in `bins` to the signal.
    fn overlap(&mut self, frame: usize, to: &mut [f32]) {
        self.bins[0].im = 0.0;
        self.bins[BINS - 1].im = 0.0;
        let done = self.transforms.inverse.process_with_scratch(
            &mut self.bins,
            &mut self.time,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok());
        let at = frame * STEP;
        // Squared Hann windows a quarter apart sum to 3/2.
        let scale = 1.0 / (1.5 * SIZE as f32);
        for ((out, sample), window) in to[at..at + SIZE]
            .iter_mut()
            .zip(&self.time)
            .zip(&self.transforms.window)
        {
            *out += sample * window * scale;
        }
    }

    /// Adds a breath: noise with the formants of the vowel that follows.
    fn breathe(&mut self, breath: &Breath, to: &mut [f32]) {
        let Some(nucleus) = self.plan.nucleus(breath.before) else {
            return;
        };
        let at = self.spoken.held[nucleus] as usize;
        let shape: Vec<f32> = (0..BINS)
            .map(|bin| {
                let octaves = OCTAVES.get_or_init(octaves)[bin];
                // Half of the formants' height: air drawn in sounds duller than a vowel. Little
                // below 400 Hz and above 8 kHz.
                let low = (octaves + 1.3).min(0.0) * 12.0;
                let high = (2.8 - octaves).min(0.0) * 18.0;
                let harmonic = self.spoken.spectrum.harmonic[at * BINS + bin];
                exp(0.5 * harmonic.clamp(-8.0, MOST)) * db(low + high)
            })
            .collect();
        let power: f32 = shape.iter().map(|m| m * m).sum();
        // The variance of noise of magnitudes m is 4 sum m² / (1.5 SIZE²); see `overlap`.
        let rms = (4.0 * power / 1.5).sqrt() / SIZE as f32;
        let scale = NORMAL * db(breath.level) / rms.max(1e-9);
        let length = breath.end - breath.start;
        let first = ((breath.start - self.start) / HOP).ceil().max(0.0) as usize;
        let count = (length / HOP) as usize;
        for step in 0..count {
            let frame = first + step;
            if (frame + 4) * STEP > to.len() {
                break;
            }
            // Drawn in more and more quickly, and over at once.
            let share = step as f32 / count as f32;
            let rise = (share / 0.6).min(1.0);
            let fall = ((1.0 - share) / 0.25).min(1.0);
            let loud = scale * rise * rise * fall;
            for (bin, shape) in shape.iter().enumerate() {
                let phase = self.rng.unit();
                self.bins[bin] = Complex::new(
                    math::fast_sin_cycles(phase + 0.25),
                    math::fast_sin_cycles(phase),
                ) * (shape * loud * std::f32::consts::SQRT_2);
            }
            self.overlap(frame, to);
        }
    }
}

/// What the plan asks of a frame.
struct Color {
    gain: f32,
    air: f32,
    tension: f32,
    voicing: f32,
    warp: f32,
    f0: f32,
}

static OCTAVES: std::sync::OnceLock<Vec<f32>> = std::sync::OnceLock::new();

/// Octaves of each bin above 1 kHz.
fn octaves() -> Vec<f32> {
    (0..BINS)
        .map(|bin| math::log2(bin.max(1) as f64 * BIN / 1000.0) as f32)
        .collect()
}

fn db(x: f32) -> f32 {
    math::fast_exp2(x * (std::f32::consts::LOG2_10 / 20.0))
}

/// A train of band-limited pulses: every harmonic below [`TOP`] at amplitude 1, from half a window
/// before `start` on. `sum cos(h t) = sin((H + 1/2) t) / (2 sin(t / 2)) - 1/2`.
fn pulses(plan: &VoicePlan, start: f64, samples: usize) -> Vec<f32> {
    let mut phase = 0.0_f64;
    (0..samples)
        .map(|n| {
            let time = start + (n as f64 - (SIZE / 2) as f64) / f64::from(RATE);
            let hz = f64::from(plan.curves.f0.at(time - plan.start)).max(20.0);
            phase += hz / f64::from(RATE);
            phase -= phase.floor();
            let count = (TOP / hz).floor() + 0.5;
            let half = std::f64::consts::PI * phase;
            let below = 2.0 * math::sin(half);
            let sum = if below.abs() < 1e-3 {
                count
            } else {
                math::sin(2.0 * count * half) / below
            };
            (sum - 0.5) as f32
        })
        .collect()
}

/// Decibels by which the noise of a held vowel is at least below its harmonics: where a line fades
/// out in speech, and in weak syllables, noise is most of what is left. Below the pitch there is next
/// to none: a formant there has no harmonic, and its hiss alone would sound.
fn most_noise(bin: usize, octaves: f32, pitch: f32) -> f32 {
    let under = -16.0 + 5.0 * octaves.clamp(0.0, 2.4);
    if bin as f32 * (BIN as f32) < 0.8 * pitch {
        under - 24.0
    } else {
        under
    }
}

/// How much each syllable's vowel is raised or lowered so that all are about equally loud at the
/// pitch they are sung at: time and decibels.
fn gains(plan: &VoicePlan, spoken: &Spoken) -> Vec<(f64, f32)> {
    let mut out = Vec::new();
    for syllable in 0..plan.syllables.len() {
        let Some(nucleus) = plan.nucleus(syllable) else {
            continue;
        };
        let phone = &plan.phones[nucleus];
        let middle = 0.5 * (phone.start + phone.end);
        let hz = plan.curves.tune.at(middle - plan.start);
        let loud = spoken.loudness(spoken.held[nucleus] as usize, hz);
        let wanted = -20.0 + (1.0 - EVEN) * (loud - USUAL).clamp(-12.0, 6.0);
        let gain = (wanted - loud).clamp(LEAST_GAIN, MOST_GAIN);
        // The whole vowel has it; the way to the next lies between the two.
        out.push((phone.start, gain));
        out.push((phone.end.max(phone.start), gain));
    }
    out
}
