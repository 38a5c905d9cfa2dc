//! The phrase as the network speaks it: what is then sung slower, higher and louder.

use crate::{
    network::{BINS, HOP, Network, Spectrum},
    tokens::{Token, tokens},
};
use yuefu_audio::math;
use yuefu_lang::Part;
use yuefu_voice::{Pause, PlanPhone, PlanSyllable, Utterance, VoiceError, VoicePlan, phones};

/// Below this the network means that nothing is voiced, in hertz.
const UNVOICED: f32 = 40.0;
/// How far the melody of speech goes over to the sung one before the network sees it: it learned
/// envelopes at the pitches of speech, yet formants follow the pitch a little.
const TOWARD_TUNE: f64 = 0.5;
/// What the network sees stays in the range that it was trained on, in hertz.
const SEEN: (f64, f64) = (120.0, 380.0);
/// Seconds that a phone takes at most to reach what is held, and to leave it again: in speech the
/// last vowel of a line fades for much longer.
const COME: f64 = 0.12;
const GO: f64 = 0.08;
/// Syllables that are spoken at a time at most.
const CHUNK: usize = 60;

/// A spoken phrase. Frames of all its chunks lie one after another.
#[derive(Default)]
pub(crate) struct Spoken {
    /// Log magnitudes and the phase of the rest.
    pub spectrum: Spectrum,
    /// The harmonics' phase as cosine and sine.
    pub turn: Vec<[f32; 2]>,
    /// How much of each frame is voiced, 0..=1.
    pub voiced: Vec<f32>,
    /// First and last moment of each phone, in frames.
    pub spans: Vec<(f64, f64)>,
    /// Where each phone is held when it is sung long, in frames: its loudest moment.
    pub held: Vec<f64>,
    /// Pitch as spoken, in hertz; 0 where unvoiced.
    pub f0: Vec<f32>,
}

/// Samples of a frame's window.
pub(crate) const SIZE: usize = 1200;
/// Hertz between bins.
pub(crate) const BIN: f64 = 20.0;
/// Harmonics reach up to here, in hertz.
pub(crate) const TOP: f64 = 11_000.0;
/// Logarithm of the largest magnitude that the network means.
pub(crate) const MOST: f32 = 7.0;

/// The exponential function within 1e-5.
pub(crate) fn exp(x: f32) -> f32 {
    math::fast_exp2(x.max(-60.0) * std::f32::consts::LOG2_E)
}

impl Spoken {
    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.voiced.len()
    }

    /// Where in it a phone is at a time of the plan, in frames: it comes and goes as in speech, but
    /// not more slowly than song does, and rests at its loudest moment in between.
    pub fn place(&self, phone: &PlanPhone, index: usize, time: f64) -> f64 {
        let ((from, to), held) = (self.spans[index], self.held[index]);
        let length = phone.length().max(1e-6);
        let come = ((held - from) * HOP).min(COME);
        let go = ((to - held) * HOP).min(GO);
        // What is shorter than its coming and going is hurried evenly.
        let scale = (length / (come + go).max(1e-6)).min(1.0);
        let (come, go) = (come * scale, go * scale);
        let since = (time - phone.start).clamp(0.0, length);
        let left = length - since;
        if since < come {
            from + since / come * (held - from)
        } else if left < go {
            to - left / go * (to - held)
        } else {
            held
        }
    }

    /// How loud the harmonics of a frame are at a pitch, in dB of full scale.
    pub fn loudness(&self, frame: usize, hz: f32) -> f32 {
        let hz = f64::from(hz).max(40.0);
        let row = &self.spectrum.harmonic[frame * BINS..(frame + 1) * BINS];
        let mut power = 0.0;
        let mut harmonic = hz;
        while harmonic < TOP {
            // A magnitude of 1 is a cosine of amplitude 4 / SIZE.
            let magnitude = exp(row[(harmonic / BIN) as usize].min(MOST)) * (4.0 / SIZE as f32);
            power += 0.5 * magnitude * magnitude;
            harmonic += hz;
        }
        0.5 * math::gain_to_db(power.max(1e-9))
    }

    /// The loudest moment of a phone within its middle.
    fn loudest(&self, (from, to): (f64, f64)) -> f64 {
        let last = self.frames().saturating_sub(1);
        let middle = 0.5 * (from + to);
        let reach = 0.3 * (to - from);
        let first = ((middle - reach).ceil().max(0.0) as usize).min(last);
        let end = ((middle + reach).floor().max(0.0) as usize).clamp(first, last);
        let mut best = (f32::MIN, (middle as usize).min(last));
        for frame in first..=end {
            let loud = self.loudness(frame, 220.0);
            if loud > best.0 {
                best = (loud, frame);
            }
        }
        (best.1 as f64).clamp(from, to)
    }
}

/// Speaks an utterance: durations and melody, and with a plan its spectrum as well.
pub(crate) fn speak(
    network: &Network,
    utterance: &Utterance<'_>,
    plan: Option<&VoicePlan>,
) -> Result<Spoken, VoiceError> {
    let mut spoken = Spoken::default();
    for (from, to) in chunks(utterance.syllables) {
        let first = utterance.syllables[from].phones.0;
        let last = utterance.syllables[to - 1].phones.1;
        let syllables: Vec<PlanSyllable> = utterance.syllables[from..to]
            .iter()
            .map(|syllable| PlanSyllable {
                phones: (syllable.phones.0 - first, syllable.phones.1 - first),
                ..syllable.clone()
            })
            .collect();
        let part = Utterance {
            syllables: &syllables,
            phones: &utterance.phones[first..last],
        };
        add(network, &part, plan.map(|plan| (plan, first)), &mut spoken)?;
    }
    Ok(spoken)
}

fn add(
    network: &Network,
    part: &Utterance<'_>,
    plan: Option<(&VoicePlan, usize)>,
    spoken: &mut Spoken,
) -> Result<(), VoiceError> {
    let tokens: Vec<Token> = tokens(part);
    let vowel = |phone: usize| {
        part.phones
            .get(phone)
            .is_some_and(|phone| phone.part == Part::Nucleus)
    };
    let speech = network.speak(&tokens, &vowel, part.phones.len())?;
    let frames = speech.frames();
    let owner = owners(&speech.spans, frames);
    let voiced = voicing(part.phones, &owner, &speech.f0);
    let offset = spoken.frames() as f64;
    if let Some((plan, first)) = plan {
        let f0 = shown(plan, first, &speech.spans, &owner, &voiced, &speech.f0);
        let energy = held(part.phones, &speech.spans, &owner, &speech.energy);
        let spectrum = network.spectrum(&speech, f0, energy)?;
        spoken.turn.extend(spectrum.theta.iter().map(|theta| {
            let cycles = 0.5 * tanh(*theta);
            [
                math::fast_sin_cycles(cycles + 0.25),
                math::fast_sin_cycles(cycles),
            ]
        }));
        spoken.spectrum.harmonic.extend(spectrum.harmonic);
        spoken.spectrum.noise.extend(spectrum.noise);
        spoken.spectrum.rest.extend(spectrum.rest);
        spoken.spectrum.phi.extend(spectrum.phi);
    }
    spoken.voiced.extend(voiced);
    spoken.f0.extend(&speech.f0);
    spoken
        .spans
        .extend(speech.spans.iter().map(|(a, b)| (a + offset, b + offset)));
    for phone in spoken.held.len()..spoken.spans.len() {
        let span = spoken.spans[phone];
        let held = if plan.is_some() {
            spoken.loudest(span)
        } else {
            0.5 * (span.0 + span.1)
        };
        spoken.held.push(held);
    }
    Ok(())
}

/// The hyperbolic tangent within 2e-4, which is beyond hearing in a phase.
fn tanh(x: f32) -> f32 {
    let e = math::fast_exp2(2.0 * std::f32::consts::LOG2_E * x.clamp(-9.0, 9.0));
    (e - 1.0) / (e + 1.0)
}

/// Ranges of syllables that are spoken at once, parted at rests, failing these at words.
fn chunks(syllables: &[PlanSyllable]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut from = 0;
    while from < syllables.len() {
        let most = (from + CHUNK).min(syllables.len());
        let rest = |index: &usize| syllables[index - 1].pause != Pause::None;
        let word = |index: &usize| syllables[*index].starts_word;
        let to = if most == syllables.len() {
            most
        } else {
            let late = from + CHUNK / 2..=most;
            let cut = late.clone().rev().find(rest);
            cut.or_else(|| late.rev().find(word)).unwrap_or(most)
        };
        out.push((from, to));
        from = to;
    }
    out
}

/// The phone of each frame.
fn owners(spans: &[(f64, f64)], frames: usize) -> Vec<Option<usize>> {
    let mut owner = vec![None; frames];
    for (index, (from, to)) in spans.iter().enumerate() {
        let range = from.round().max(0.0) as usize..(to.round().max(0.0) as usize).min(frames);
        if let Some(owner) = owner.get_mut(range) {
            owner.fill(Some(index));
        }
    }
    owner
}

/// What is voiced: by what the phones are, and beside voiceless ones by what the network heard, for
/// it knows how long a breath follows `p`.
fn voicing(phones: &[PlanPhone], owner: &[Option<usize>], f0: &[f32]) -> Vec<f32> {
    const NEAR: usize = 3;
    let by_kind: Vec<bool> = owner
        .iter()
        .map(|phone| phone.is_some_and(|index| phones[index].voiced()))
        .collect();
    let heard = |frame: usize| f0[frame] > UNVOICED;
    let mixed = |frame: usize| {
        let from = frame.saturating_sub(NEAR);
        let to = (frame + NEAR).min(owner.len() - 1);
        let voiceless = |index: usize| {
            owner[index].is_some_and(|phone| {
                !phones[phone].voiced() && phones::is_noisy(phones[phone].symbol)
            })
        };
        (from..=to).any(voiceless) && (from..=to).any(|index| by_kind[index])
    };
    (0..owner.len())
        .map(|frame| {
            let voiced = if mixed(frame) {
                heard(frame)
            } else {
                by_kind[frame]
            };
            f32::from(u8::from(voiced))
        })
        .collect()
}

/// The melody that the network sees.
fn shown(
    plan: &VoicePlan,
    first: usize,
    spans: &[(f64, f64)],
    owner: &[Option<usize>],
    voiced: &[f32],
    f0: &[f32],
) -> Vec<f32> {
    let mut seen: Vec<f32> = Vec::with_capacity(f0.len());
    // Frames that are voiced by kind but not by the network take the pitch of the last that is.
    let mut last = f0
        .iter()
        .copied()
        .find(|hz| *hz > UNVOICED)
        .unwrap_or(190.0);
    for (frame, hz) in f0.iter().enumerate() {
        if *hz > UNVOICED {
            last = *hz;
        }
        let Some(index) = owner[frame].filter(|_| voiced[frame] > 0.5) else {
            seen.push(if voiced[frame] > 0.5 {
                last
            } else {
                hz.min(0.0)
            });
            continue;
        };
        let phone = &plan.phones[first + index];
        let (from, to) = spans[index];
        let share = ((frame as f64 - from) / (to - from).max(1e-6)).clamp(0.0, 1.0);
        let time = phone.start + share * phone.length();
        let tune = f64::from(plan.curves.tune.at(time - plan.start)).clamp(SEEN.0, SEEN.1);
        let spoken = f64::from(last);
        let mixed =
            math::exp(math::ln(spoken) * (1.0 - TOWARD_TUNE) + math::ln(tune) * TOWARD_TUNE);
        seen.push(mixed as f32);
    }
    seen
}

/// The energy that the network sees: no vowel weaker than most are, for in song every syllable is
/// sung out, the last one too.
fn held(
    phones: &[PlanPhone],
    spans: &[(f64, f64)],
    owner: &[Option<usize>],
    energy: &[f32],
) -> Vec<f32> {
    let middle = |span: &(f64, f64)| {
        let at = (0.5 * (span.0 + span.1)) as usize;
        energy[at.min(energy.len() - 1)]
    };
    let mut vowels: Vec<f32> = phones
        .iter()
        .zip(spans)
        .filter(|(phone, _)| phone.part == Part::Nucleus)
        .map(|(_, span)| middle(span))
        .collect();
    if vowels.is_empty() {
        return energy.to_vec();
    }
    vowels.sort_by(f32::total_cmp);
    let usual = vowels[(vowels.len() - 1) * 7 / 10];
    energy
        .iter()
        .zip(owner)
        .map(|(energy, owner)| match owner {
            Some(index) if phones[*index].part == Part::Nucleus => energy.max(0.9 * usual),
            _ => *energy,
        })
        .collect()
}

/// Natural lengths in seconds and the melody of speech.
pub(crate) fn natural(spoken: &Spoken) -> yuefu_voice::Natural {
    let seconds: Vec<f64> = spoken
        .spans
        .iter()
        .map(|(from, to)| ((to - from) * HOP).max(0.02))
        .collect();
    // Phones one after another: where each begins in the result, and where it lies in the speech.
    let mut pitch = Vec::new();
    let mut at = 0.0;
    for ((from, to), length) in spoken.spans.iter().zip(&seconds) {
        let end = at + length;
        while (pitch.len() as f64) * yuefu_voice::FRAME < end {
            let time = pitch.len() as f64 * yuefu_voice::FRAME;
            let place = from + (time - at) / length * (to - from);
            let frame = (place.max(0.0) as usize).min(spoken.f0.len().saturating_sub(1));
            pitch.push(spoken.f0.get(frame).copied().unwrap_or(0.0).max(0.0));
        }
        at = end;
    }
    yuefu_voice::Natural {
        seconds,
        pitch: yuefu_voice::Track(pitch),
    }
}
