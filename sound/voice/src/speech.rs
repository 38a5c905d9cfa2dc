//! Speech sung again: taken apart into envelope and noise, laid out in the time of a plan, and given
//! the plan's pitch, level and color.
//!
//! How its phones are stretched is what Yuefu's own singers do (`neural/layout.rs`): ends of phones
//! pass as spoken, vowels are held in their middle, stops keep their bursts.

use crate::align::{Heard, align, amplitude};
use crate::evening::Evening;
use crate::finish::{self, between};
use crate::height::{self, Air};
use crate::neural::layout::{FADE, progress, rest, voiced};
use crate::plan::{FRAME, VoicePlan};
use crate::resample::resample;
use yuefu_audio::world::{BANDS_APART, CheapTrick, D4c, Frames, Synthesizer};
use yuefu_audio::{Clip, SampleRate, math};

/// Seconds from one frame of speech to the next.
pub const HOP: f64 = 0.00625;
/// Root mean square of an open vowel at normal level, as a natural logarithm: −20 dB.
const NORMAL: f32 = -std::f32::consts::LN_10;
/// How much of levels is evened out. What makes close vowels softer than open ones is how they are
/// known.
const EVENED: Evening = Evening {
    line: 0.9,
    between: 0.2,
};
/// How sure speakers are of when their phones sound ([`Heard::sure`]).
const SURE: f64 = 1.6;
/// Most that is evened out, in nepers.
const MOST_EVENED: f32 = 3.0;
/// Phones longer than this, in seconds, may end in silence.
const LONG: f64 = 0.2;
/// What is so much below the loudest frame is no voice any more, in nepers: 20 dB.
const QUIET: f32 = 2.3;
/// Noise in decibels at 3, 6 and 9 kHz of a voice that must sound where the speaker had none.
const CLEAR: [f64; 3] = [-18.0, -10.0, -6.0];

/// A line as it was spoken, in frames of [`HOP`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speech {
    /// Natural logarithm of the amplitude, [`Resinger::bins`] values a frame.
    envelope: Vec<f32>,
    /// Share of noise in the amplitude, as many.
    noise: Vec<f32>,
    /// Whether the speaker's voice sounded.
    voiced: Vec<bool>,
    /// When each phone begins and ends, in seconds.
    phones: Vec<(f64, f64)>,
}

impl Speech {
    /// Sets another line behind this one.
    pub fn append(&mut self, other: &Self) {
        let by = self.voiced.len() as f64 * HOP;
        self.envelope.extend_from_slice(&other.envelope);
        self.noise.extend_from_slice(&other.noise);
        self.voiced.extend_from_slice(&other.voiced);
        let later = other.phones.iter().map(|(a, b)| (a + by, b + by));
        self.phones.extend(later);
    }

    /// When each phone begins and ends, in seconds.
    pub fn phones(&self) -> &[(f64, f64)] {
        &self.phones
    }

    /// The instant of speech that is heard at an instant of the plan.
    fn place(&self, plan: &VoicePlan, time: f64) -> f64 {
        let next = plan.phones.partition_point(|phone| phone.start <= time);
        let Some(index) = next.checked_sub(1) else {
            return self.phones.first().map_or(0.0, |phone| phone.0);
        };
        let phone = &plan.phones[index];
        let Some(&(from, to)) = self.phones.get(index) else {
            return 0.0;
        };
        if time < phone.end {
            let shown = (to - from).max(0.02);
            return from + (to - from) * progress(phone, shown, time).clamp(0.0, 1.0);
        }
        // In a rest the sound before it fades out, and that after it in.
        match (plan.phones.get(next), self.phones.get(next)) {
            (Some(after), Some(spoken)) if after.start - time < time - phone.end => spoken.0,
            _ => to,
        }
    }

    /// The frames around an instant of the plan, and how far it is from the first to the second.
    fn frames(&self, plan: &VoicePlan, time: f64) -> (usize, usize, f32) {
        let last = self.voiced.len().saturating_sub(1);
        let place = (self.place(plan, time) / HOP).clamp(0.0, last as f64);
        let low = (place as usize).min(last);
        (low, (low + 1).min(last), (place - low as f64) as f32)
    }
}

/// Takes speech apart and sings it.
#[derive(Clone, Debug)]
pub struct Resinger {
    rate: u32,
    synthesizer: Synthesizer,
    /// Octaves above 500 Hz of each bin.
    octaves: Vec<f32>,
}

impl Resinger {
    /// For speech of `rate` samples a second.
    pub fn new(rate: u32) -> Self {
        let size = CheapTrick::new(rate).size();
        let synthesizer = Synthesizer::new(rate, size);
        let hertz = |bin: usize| bin as f64 * f64::from(rate) / size as f64;
        let octaves = |bin| math::log2(f64::max(hertz(bin), 1.0) / 500.0) as f32;
        Self {
            rate,
            octaves: (0..synthesizer.bins()).map(octaves).collect(),
            synthesizer,
        }
    }

    /// Values of a frame.
    pub fn bins(&self) -> usize {
        self.synthesizer.bins()
    }

    /// The frequency of a bin.
    fn hertz(&self, bin: usize) -> f32 {
        bin as f32 * self.rate as f32 / (2 * (self.bins() - 1)) as f32
    }

    /// Takes speech apart. `pitch` says the pitch in hertz at an instant, 0 without voice; `phones`
    /// the symbol of each phone and about when it begins and ends.
    pub fn take(
        &self,
        audio: &[f32],
        pitch: impl Fn(f64) -> f32,
        phones: &[(&str, f64, f64)],
    ) -> Speech {
        let (mut trick, mut d4c) = (CheapTrick::new(self.rate), D4c::new(self.rate));
        let bins = self.bins();
        let count = (audio.len() as f64 / f64::from(self.rate) / HOP) as usize + 1;
        let mut power = vec![0.0; bins];
        let mut bands = vec![0.0; d4c.bands()];
        let mut speech = Speech {
            envelope: Vec::with_capacity(count * bins),
            noise: Vec::with_capacity(count * bins),
            voiced: Vec::with_capacity(count),
            phones: Vec::new(),
        };
        for frame in 0..count {
            let time = frame as f64 * HOP;
            let hertz = pitch(time);
            let voiced = d4c.bands_at(audio, time, hertz, &mut bands);
            trick.envelope(audio, time, if voiced { hertz } else { 0.0 }, &mut power);
            let level = |value: &f64| (0.5 * math::ln(value.max(1e-16))) as f32;
            speech.envelope.extend(power.iter().map(level));
            if !voiced {
                // Heard only where the plan wants a voice all the same.
                bands.iter_mut().zip(CLEAR).for_each(|(to, db)| *to = db);
            }
            let noise = (0..bins).map(|bin| self.noise(&bands, bin));
            speech.noise.extend(noise);
            speech.voiced.push(voiced);
        }
        let ended = self.end_where_heard(&speech.envelope, phones);
        let heard = Heard {
            levels: &speech.envelope,
            width: bins,
            voiced: &speech.voiced,
            hop: HOP,
            sure: SURE,
        };
        speech.phones = align(&heard, &ended);
        speech
    }

    /// Ends long phones where they are heard last: speakers count the silence behind a line among
    /// its last phone, and a held note must not be held there.
    fn end_where_heard<'a>(
        &self,
        envelope: &[f32],
        phones: &[(&'a str, f64, f64)],
    ) -> Vec<(&'a str, f64, f64)> {
        let loud: Vec<f32> = envelope.chunks(self.bins()).map(amplitude).collect();
        let floor = loud.iter().copied().fold(f32::MIN, f32::max) - QUIET;
        let ended = |&(symbol, from, to): &(&'a str, f64, f64)| {
            if to - from <= LONG {
                return (symbol, from, to);
            }
            let frames = (from / HOP) as usize..((to / HOP) as usize).min(loud.len());
            let last = frames.rev().find(|frame| loud[*frame] > floor);
            let end = last.map_or(from, |frame| (frame + 1) as f64 * HOP);
            (symbol, from, to.min(end.max(from + 0.05)))
        };
        phones.iter().map(ended).collect()
    }

    /// Share of noise in a bin: from nothing at 0 Hz over the bands to all at half the rate.
    fn noise(&self, bands: &[f64], bin: usize) -> f32 {
        let top = f64::from(self.rate) / 2.0;
        let hertz = bin as f64 * top / (self.bins() - 1) as f64;
        let place = hertz / BANDS_APART;
        let low = (place as usize).min(bands.len());
        let value = |index: usize| match index.checked_sub(1) {
            None => -60.0,
            Some(index) => bands.get(index).copied().unwrap_or(0.0),
        };
        let end = if low == bands.len() {
            top / BANDS_APART
        } else {
            (low + 1) as f64
        };
        let share = ((place - low as f64) / (end - low as f64).max(1e-6)).clamp(0.0, 1.0);
        let decibels = value(low) + (value(low + 1) - value(low)) * share;
        math::db_to_gain(decibels.min(0.0) as f32)
    }

    /// Sings a plan whose phones are those of the speech, one by one.
    pub fn sing(&self, plan: &VoicePlan, speech: &Speech, rate: SampleRate) -> Clip {
        let samples = ((plan.end - plan.start) * f64::from(self.rate))
            .ceil()
            .max(0.0) as usize;
        let sound = if plan.phones.is_empty() || speech.voiced.is_empty() {
            vec![0.0; samples]
        } else {
            self.render(plan, speech, samples)
        };
        let mut sound = resample(&sound, SampleRate(self.rate), rate);
        finish::soften(&mut sound, rate);
        finish::clip((plan.start * rate.hz()).round(), sound, rate)
    }

    fn render(&self, plan: &VoicePlan, speech: &Speech, samples: usize) -> Vec<f32> {
        let bins = self.bins();
        let gains = self.gains(plan, speech);
        let count = plan.frames();
        let mut envelope = vec![0.0; count * bins];
        let mut noise = vec![1.0; count * bins];
        let mut sings = vec![false; count];
        for (index, sings) in sings.iter_mut().enumerate() {
            let row = index * bins..(index + 1) * bins;
            *sings = self.frame(
                plan,
                speech,
                index as f64 * FRAME,
                &gains,
                &mut envelope[row.clone()],
                &mut noise[row],
            );
        }
        let per = FRAME * f64::from(self.rate);
        let pitch: Vec<f32> = (0..samples)
            .map(|sample| {
                let frame = (sample as f64 / per + 0.5) as usize;
                match sings[frame.min(count - 1)] {
                    true => plan.curves.f0.at(sample as f64 / f64::from(self.rate)),
                    false => 0.0,
                }
            })
            .collect();
        let frames = Frames {
            hop: FRAME,
            envelope: &envelope,
            noise: &noise,
            pitch: &pitch,
        };
        self.synthesizer.render(&frames, plan.seed)
    }

    /// One frame of song; whether the voice sounds in it.
    fn frame(
        &self,
        plan: &VoicePlan,
        speech: &Speech,
        offset: f64,
        gains: &[(f64, f32)],
        envelope: &mut [f32],
        noise: &mut [f32],
    ) -> bool {
        let bins = self.bins();
        let (time, curves) = (plan.start + offset, &plan.curves);
        let (low, high, share) = speech.frames(plan, time);
        let fade = (FADE * rest(plan, time)).min(14.0) as f32;
        let level = curves.level.at(offset) / 8.685_89;
        let add = level + between(gains, time).unwrap_or(0.0) - fade;
        let (tension, breath) = (curves.tension.at(offset), curves.breathiness.at(offset));
        let (pitch, formant) = (curves.f0.at(offset), curves.formant.at(offset));
        let recorded = speech.voiced[if share < 0.5 { low } else { high }];
        let sounds = voiced(plan, time, if recorded { 4.0 } else { -4.0 });
        let sings = sounds && curves.voicing.at(offset) > 0.5;
        let larynx = if sings { height::larynx(pitch) } else { 1.0 };
        let factor = larynx * math::exp2(f64::from(formant) / 12.0) as f32;
        let least = Air::new(pitch);
        let (a, b) = (low * bins, high * bins);
        let mix = |values: &[f32], bin: usize| {
            values[a + bin] + (values[b + bin] - values[a + bin]) * share
        };
        for bin in 0..bins {
            let at = bin as f32 / factor;
            let lower = (at as usize).min(bins - 2);
            let part = (at - lower as f32).min(1.0);
            let (x, y) = (
                mix(&speech.envelope, lower),
                mix(&speech.envelope, lower + 1),
            );
            // A pressed voice has stronger overtones: 3 dB an octave from 500 Hz to 4 kHz.
            let octaves = self.octaves[bin];
            let pressed = tension * octaves.clamp(0.0, 3.0) * 0.32;
            envelope[bin] = x + (y - x) * part + pressed + add;
            if sings {
                // Air is heard above the first formant.
                let air = breath.max(0.0) * (0.25 + 0.6 * (octaves / 2.0).clamp(0.0, 1.0));
                let own = mix(&speech.noise, bin).max(least.at(self.hertz(bin)));
                let own = own * (1.0 + breath.min(0.0));
                noise[bin] = (own + air).min(1.0);
            }
        }
        self.breathe(plan, speech, time, level, envelope);
        sings
    }

    /// Puts a breath into a frame where the plan has one.
    fn breathe(
        &self,
        plan: &VoicePlan,
        speech: &Speech,
        time: f64,
        level: f32,
        envelope: &mut [f32],
    ) {
        let here = |breath: &&crate::Breath| (breath.start..breath.end).contains(&time);
        let breath = plan.breaths.iter().find(here);
        let vowel = breath.and_then(|b| Some((b, &plan.phones[plan.nucleus(b.before)?])));
        let Some((breath, phone)) = vowel else {
            return;
        };
        let (low, ..) = speech.frames(plan, phone.start + 0.5 * phone.length());
        let bins = self.bins();
        let vowel = &speech.envelope[low * bins..(low + 1) * bins];
        let loud = amplitude(vowel);
        let share = ((time - breath.start) / (breath.end - breath.start).max(1e-6)) as f32;
        // In with a slow swell, out quickly before the voice.
        let swell = (share * 1.6).min(1.0).min((1.0 - share) * 6.0).max(1e-3);
        let target = NORMAL + breath.level / 8.685_89 + math::ln(f64::from(swell)) as f32 + level;
        for (bin, to) in envelope.iter_mut().enumerate() {
            // Air is brighter than a voice.
            let air = vowel[bin] * 0.6 + loud * 0.4 + self.octaves[bin].max(0.0) * 0.35 - 0.8;
            *to = to.max(air - loud + target);
        }
    }

    /// Natural logarithm of the root mean square that an envelope has when sung at a pitch in hertz: of
    /// high notes only what lies at the few harmonics is heard.
    fn loudness(&self, envelope: &[f32], pitch: f32) -> f32 {
        let apart = pitch / (self.rate as f32 / 2.0) * (self.bins() - 1) as f32;
        if apart < 1.0 {
            return amplitude(envelope);
        }
        let harmonics: Vec<f32> = (1..)
            .map(|number| (number as f32 * apart + 0.5) as usize)
            .map_while(|bin| envelope.get(bin).copied())
            .collect();
        amplitude(&harmonics)
    }

    /// Where each vowel's level is evened, and by how much.
    fn gains(&self, plan: &VoicePlan, speech: &Speech) -> Vec<(f64, f32)> {
        let bins = self.bins();
        let loud = |time| {
            let (low, ..) = speech.frames(plan, time);
            let envelope = &speech.envelope[low * bins..(low + 1) * bins];
            self.loudness(envelope, plan.curves.f0.at(time - plan.start))
        };
        let gains = EVENED.gains(plan, NORMAL, loud).into_iter();
        gains
            .map(|(time, gain)| (time, gain.clamp(-MOST_EVENED, MOST_EVENED)))
            .collect()
    }
}
