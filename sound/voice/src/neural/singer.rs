//! A singer: a plan to sound.
//!
//! The network is asked what the line looks like as it would be spoken, each phone as long as it
//! naturally is and at one pitch. Its frames are then laid out in
//! time as the plan holds its phones, brought to the plan's level, and given the plan's own pitch.

use super::layout::{Layout, Reader};
use super::network::Network;
use super::shape::{Features, NOISE, symbol_number};
use super::{bands, bands::BANDS};
use crate::evening::Evening;
use crate::finish::{self, between};
use crate::height::{self, Air};
use crate::plan::{PlanPhone, PlanSyllable, VoicePlan};
use crate::resample::resample;
use crate::singer::{Natural, Singer, SingerProfile, Utterance, VoiceError};
use crate::{FRAME, Track, phones};
use std::sync::Arc;
use yuefu_audio::world::{Frames, Synthesizer};
use yuefu_audio::{Clip, SampleRate, math};
use yuefu_lang::Part;

/// Samples a second of what the network knows.
const RATE: u32 = 24_000;
/// Length of a response, in samples.
const SIZE: usize = 1024;
/// Version of the code: changes whenever equal plans sound otherwise.
const VERSION: u32 = 4;
/// Root mean square of an open vowel at normal level, as a natural logarithm of the amplitude:
/// −20 dB.
const NORMAL: f32 = -std::f32::consts::LN_10;
/// How much of levels is evened out.
const EVENED: Evening = Evening {
    line: 0.9,
    between: 0.4,
};
/// How much longer phones want to be in song than the network would speak them: consonants are then
/// understood better, and no better still beyond (docs/RESULTS.md).
const LENGTHENED: f64 = 1.2;
/// How far the envelope is drawn away from its own average over bands, against the dullness of
/// what a network averages.
const CONTRAST: f32 = 0.25;

/// One of the network's singers.
#[derive(Clone, Debug)]
pub struct NeuralSinger {
    profile: SingerProfile,
    network: Arc<Network>,
    number: usize,
    synthesizer: Synthesizer,
    tables: Tables,
}

/// What is known of each bin of the synthesis.
#[derive(Clone, Debug)]
struct Tables {
    /// Its frequency.
    hertz: Vec<f32>,
    /// Where it lies among the bands.
    places: Vec<f32>,
    /// Octaves above 500 Hz.
    octaves: Vec<f32>,
}

impl Tables {
    fn new(bins: usize) -> Self {
        let hertz = |index: usize| index as f64 * f64::from(RATE) / SIZE as f64;
        Self {
            hertz: (0..bins).map(|index| hertz(index) as f32).collect(),
            places: (0..bins).map(|index| bands::place(hertz(index))).collect(),
            octaves: (0..bins)
                .map(|index| math::log2(hertz(index).max(1.0) / 500.0) as f32)
                .collect(),
        }
    }

    /// Where a bin lies among the bands once the formants are moved by a factor.
    fn place(&self, index: usize, factor: f32) -> f32 {
        let at = index as f32 / factor;
        let last = self.places.len() - 2;
        let low = (at as usize).min(last);
        let share = (at - low as f32).min(1.0);
        self.places[low] + (self.places[low + 1] - self.places[low]) * share
    }
}

impl NeuralSinger {
    /// A singer by its number in the network. `digest` is that of the weights.
    pub fn new(network: Arc<Network>, number: usize, profile: SingerProfile, digest: &str) -> Self {
        Self {
            profile: SingerProfile {
                digest: format!("neural-{VERSION}-{digest}-{number}"),
                ..profile
            },
            network,
            number,
            tables: Tables::new(SIZE / 2 + 1),
            synthesizer: Synthesizer::new(RATE, SIZE),
        }
    }
}

impl Singer for NeuralSinger {
    fn profile(&self) -> &SingerProfile {
        &self.profile
    }

    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        // Silence around the line and where it pauses.
        let mut names = vec![Features::SILENCE];
        let mut places = Vec::new();
        for (index, syllable) in utterance.syllables.iter().enumerate() {
            for phone in &utterance.phones[syllable.phones.0..syllable.phones.1] {
                places.push(names.len());
                names.push(features(phone, syllable));
            }
            let last = index + 1 == utterance.syllables.len();
            if last || syllable.pause != crate::Pause::None {
                names.push(Features::SILENCE);
            }
        }
        let spoken = self.network.speak(self.number, &names);
        let mut natural = Natural::default();
        let mut points = Vec::new();
        let mut at = 0.0;
        for place in places {
            let phone = spoken[place];
            let seconds = LENGTHENED * phone.seconds;
            natural.seconds.push(seconds);
            for (share, pitch) in [0.0, 0.5, 0.95].iter().zip(phone.pitch) {
                points.push((at + share * seconds, pitch));
            }
            at += seconds;
        }
        natural.pitch = melody(&points, at);
        Ok(natural)
    }

    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError> {
        let samples = (((plan.end - plan.start) * f64::from(RATE)).ceil().max(0.0)) as usize;
        let sound = if plan.phones.is_empty() && plan.breaths.is_empty() {
            vec![0.0; samples]
        } else {
            self.render(plan, samples)
        };
        let mut sound = resample(&sound, SampleRate(RATE), rate);
        finish::soften(&mut sound, rate);
        Ok(finish::clip((plan.start * rate.hz()).round(), sound, rate))
    }
}

impl NeuralSinger {
    fn render(&self, plan: &VoicePlan, samples: usize) -> Vec<f32> {
        let mut layout = Layout::new(plan, features);
        // The network is shown one pitch, where it has heard most. Shown a tune, even a flattened one, it
        // sings with what goes with high and low speech, and is understood less.
        let pitch = vec![self.network.median_pitch(self.number); layout.frames()];
        let spoken = self.network.frames(self.number, &layout.phones, &pitch);
        layout.settle(&spoken);
        let reader = Reader::new(&layout, &spoken);
        let gains = gains(plan, &reader);
        let bins = self.synthesizer.bins();
        let count = plan.frames();
        let mut envelope = Vec::with_capacity(count * bins);
        let mut noise = Vec::with_capacity(count * bins);
        let mut voiced = Vec::with_capacity(count);
        for index in 0..count {
            let offset = index as f64 * FRAME;
            let mut frame = reader.at(plan, plan.start + offset);
            contrast(&mut frame.bands);
            let curves = &plan.curves;
            let level = curves.level.at(offset) / 8.685_89
                + between(&gains, plan.start + offset).unwrap_or(0.0);
            let color = Color {
                level,
                breath: curves.breathiness.at(offset),
                tension: curves.tension.at(offset),
                formant: math::exp2(f64::from(curves.formant.at(offset)) / 12.0) as f32,
                pitch: curves.f0.at(offset),
            };
            let sings = frame.voiced && curves.voicing.at(offset) > 0.5;
            voiced.push(sings);
            breathe(plan, &reader, plan.start + offset, &mut frame, color.level);
            color.paint(&frame, sings, &self.tables, &mut envelope, &mut noise);
        }
        let per = (FRAME * f64::from(RATE)) as usize;
        let pitch: Vec<f32> = (0..samples)
            .map(|sample| {
                if voiced[((sample + per / 2) / per).min(count - 1)] {
                    plan.curves.f0.at(sample as f64 / f64::from(RATE))
                } else {
                    0.0
                }
            })
            .collect();
        self.synthesizer.render(
            &Frames {
                hop: FRAME,
                envelope: &envelope,
                noise: &noise,
                pitch: &pitch,
            },
            plan.seed,
        )
    }
}

/// Loudness and color at one instant.
#[derive(Clone, Copy, Debug)]
struct Color {
    /// Added to the logarithm of the amplitude.
    level: f32,
    breath: f32,
    tension: f32,
    /// Factor of the formants' frequencies.
    formant: f32,
    /// Hertz.
    pitch: f32,
}

impl Color {
    /// Spreads a frame's bands over bins.
    fn paint(
        self,
        frame: &SungFrame,
        sings: bool,
        tables: &Tables,
        envelope: &mut Vec<f32>,
        noise: &mut Vec<f32>,
    ) {
        let air = Air::new(self.pitch);
        let formant = match sings {
            true => self.formant * height::larynx(self.pitch),
            false => self.formant,
        };
        for (index, hertz) in tables.hertz.iter().enumerate() {
            let mut level = bands::level(&frame.bands, tables.place(index, formant));
            // A pressed voice has stronger overtones: up to 4 dB an octave from 500 Hz to 4 kHz.
            let octaves = tables.octaves[index];
            level += self.tension * octaves.clamp(0.0, 3.0) * 0.46 * 0.7;
            envelope.push(level + self.level);
            let decibels = noise_at(&frame.noise, *hertz);
            let share = math::fast_exp2(decibels / 6.020_6).max(air.at(*hertz));
            noise.push(if sings {
                let more = self.breath.max(0.0);
                let less = 1.0 + self.breath.min(0.0);
                // Air is heard above the first formant.
                let high = (octaves / 2.0).clamp(0.0, 1.0);
                (share * less + more * (0.25 + 0.6 * high)).min(1.0)
            } else {
                1.0
            });
        }
    }
}

/// What a voice sounds like at an instant.
#[derive(Clone, Debug)]
pub(super) struct SungFrame {
    /// Natural logarithm of the amplitude in each band.
    pub bands: [f32; BANDS],
    /// Decibels of noise in each band of noise.
    pub noise: [f32; NOISE],
    /// Whether the vocal folds sound.
    pub voiced: bool,
}

/// Noise in decibels at a frequency: −60 at 0 Hz, 0 at 12 kHz, the bands in between.
fn noise_at(noise: &[f32; NOISE], hertz: f32) -> f32 {
    let points = [-60.0, noise[0], noise[1], noise[2], 0.0];
    let place = (hertz / 3000.0).clamp(0.0, 3.999);
    let low = place as usize;
    (points[low] + (points[low + 1] - points[low]) * (place - low as f32)).min(0.0)
}

/// Draws an envelope away from its average over nine bands.
fn contrast(bands: &mut [f32; BANDS]) {
    let before = *bands;
    for (band, to) in bands.iter_mut().enumerate() {
        let low = band.saturating_sub(6);
        let high = (band + 7).min(BANDS);
        let mean = before[low..high].iter().sum::<f32>() / (high - low) as f32;
        *to += CONTRAST * (before[band] - mean);
    }
}

/// Where each vowel's level is evened, and by how much.
fn gains(plan: &VoicePlan, reader: &Reader<'_>) -> Vec<(f64, f32)> {
    let loud = |time| amplitude(&reader.at(plan, time).bands);
    let natural = (1.0 - EVENED.line) * (NORMAL - AVERAGE);
    let gains = EVENED.gains(plan, NORMAL, loud).into_iter();
    gains
        .map(|(time, gain)| (time, gain.clamp(-2.5, 2.5) + natural))
        .collect()
}

/// Usual logarithm of a vowel's amplitude in the teacher's speech.
const AVERAGE: f32 = -2.6;

/// Natural logarithm of the root mean square that an envelope has as sound.
fn amplitude(bands: &[f32; BANDS]) -> f32 {
    let mut power = 0.0;
    for (band, level) in bands.iter().enumerate() {
        power += bands::width(band) * math::fast_exp2(2.0 * level * std::f32::consts::LOG2_E);
    }
    0.5 * math::ln(f64::from(power).max(1e-12)) as f32
}

/// Puts a breath into a frame where the plan has one.
fn breathe(plan: &VoicePlan, reader: &Reader<'_>, time: f64, frame: &mut SungFrame, level: f32) {
    let Some(breath) = plan
        .breaths
        .iter()
        .find(|breath| (breath.start..breath.end).contains(&time))
    else {
        return;
    };
    let Some(phone) = plan.nucleus(breath.before).map(|index| &plan.phones[index]) else {
        return;
    };
    let vowel = reader.at(plan, phone.start + 0.5 * phone.length());
    let share = ((time - breath.start) / (breath.end - breath.start).max(1e-6)) as f32;
    // In with a slow swell, out quickly before the voice.
    let swell = (share * 1.6).min(1.0).min((1.0 - share) * 6.0).max(1e-3);
    let loud = amplitude(&vowel.bands);
    let target = NORMAL + breath.level / 8.685_89 + math::ln(f64::from(swell)) as f32 - level;
    for (band, to) in frame.bands.iter_mut().enumerate() {
        // Air is brighter than a voice: 1 dB every three bands.
        let air = vowel.bands[band] * 0.6 + loud * 0.4 + band as f32 * 0.038 - 1.5;
        *to = to.max(air + target - loud);
    }
    frame.voiced = false;
}

/// What the network is told of a phone. Symbols that it has not met become the nearest it has.
fn features(phone: &PlanPhone, syllable: &PlanSyllable) -> Features {
    let english = syllable.lang == "en";
    let nearest = nearest(phone.symbol);
    let number = symbol_number(nearest).unwrap_or(34);
    // Sounds that only the other language has are asked for in that language.
    let lang = match (english, is_mandarin(nearest), is_english(nearest)) {
        (true, _, true) | (false, false, true) => 1,
        _ => 0,
    };
    Features {
        symbol: number,
        lang,
        part: match phone.part {
            Part::Onset => 0,
            Part::Glide => 1,
            Part::Nucleus => 2,
            Part::Coda => 3,
        },
        tone: if lang == 0 {
            syllable
                .tone
                .filter(|_| syllable.lang == "cmn")
                .unwrap_or(1)
        } else {
            0
        },
        stress: if lang == 1 {
            syllable.stress.unwrap_or(1).min(2)
        } else {
            3
        },
    }
}

fn is_mandarin(symbol: &str) -> bool {
    symbol_number(symbol).is_some_and(|number| (1..=44).contains(&number))
}

fn is_english(symbol: &str) -> bool {
    const ENGLISH: &[&str] = &[
        "p", "b", "t", "d", "k", "ɡ", "tʃ", "dʒ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "h", "m",
        "n", "ŋ", "l", "ɹ", "w", "j", "ɑ", "æ", "ʌ", "ɔ", "a", "ɛ", "ɝ", "e", "ɪ", "i", "o", "ʊ",
        "u", "ə", "ɚ", "m̩", "n̩", "l̩", "ɪ̯", "ʊ̯",
    ];
    ENGLISH.contains(&symbol)
}

/// The nearest symbol the network has met.
fn nearest(symbol: &'static str) -> &'static str {
    if symbol_number(symbol).is_some() {
        return symbol;
    }
    match symbol {
        "ɐ" => "a",
        "aː" => "a",
        "ɛː" | "eː" => "ɛ",
        "iː" => "i",
        "uː" | "ɯ" | "ɯː" => "u",
        "ɔː" | "oː" => "ɔ",
        "œ" | "œː" | "ɵ" | "ø" => "ə",
        "yː" => "y",
        "kʷ" => "k",
        "kʷʰ" => "kʰ",
        "ɾ" => "l",
        "ɸ" => "f",
        "ç" => "ɕ",
        "dʑ" | "dz" | "ʑ" => "dʒ",
        "g" => "ɡ",
        "ɴ" => "ŋ",
        "ɲ" => "n",
        _ => match phones::manner(symbol) {
            phones::Manner::Stop | phones::Manner::Closure => "t",
            phones::Manner::Fricative => "s",
            phones::Manner::Affricate => "ts",
            phones::Manner::Nasal => "n",
            phones::Manner::Liquid => "l",
            phones::Manner::Approximant => "j",
            phones::Manner::Vowel => "ə",
        },
    }
}

/// A track through points of time and pitch.
fn melody(points: &[(f64, f32)], length: f64) -> Track {
    let count = (length / FRAME).ceil() as usize + 1;
    let values = (0..count).map(|index| between(points, index as f64 * FRAME).unwrap_or(200.0));
    Track(values.collect())
}
