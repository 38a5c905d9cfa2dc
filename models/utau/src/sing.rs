//! A plan sung with the sounds of a bank: which sound when, and how fast it passes.

use crate::{
    bank::{Bank, Place},
    sound::{HOP, Sound},
};
use std::sync::Arc;
use yuefu_audio::{
    math,
    world::{Frames, Synthesizer},
};
use yuefu_lang::Part;
use yuefu_voice::{
    VoicePlan, finish,
    phones::{Manner, manner},
};

/// Level of a held vowel at 0 dB, in dB of full scale.
const NORMAL: f32 = -20.0;
/// How much of the differences in level between recordings is evened out.
const EVEN: f32 = 0.8;
/// Shortest and longest crossing from sound to sound, in seconds.
const CROSSING: [f64; 2] = [0.015, 0.08];

/// A sound in its place.
pub struct Placed {
    /// When it is heard first.
    pub start: f64,
    /// Until when it crosses with the one before.
    pub crossed: f64,
    /// Corners of its time: seconds of the plan, seconds of the sound; both ascending.
    pub path: Vec<(f64, f64)>,
}

/// Lays the sounds of a plan. `sound` gives the sound of a sample; samples that have none are left
/// out.
pub fn lay(
    plan: &VoicePlan,
    bank: &Bank,
    sound: &dyn Fn(usize) -> Option<Arc<Sound>>,
) -> Vec<(Placed, Arc<Sound>)> {
    let phones = |index: usize| -> Vec<(&'static str, Part)> {
        let (from, to) = plan.syllables[index].phones;
        plan.phones[from..to]
            .iter()
            .map(|phone| (phone.symbol, phone.part))
            .collect()
    };
    let mut out = Vec::new();
    for (index, syllable) in plan.syllables.iter().enumerate() {
        let own = phones(index);
        let (from, to) = syllable.phones;
        let (start, end) = (plan.phones[from].start, plan.phones[to - 1].end);
        let joined = index
            .checked_sub(1)
            .filter(|before| start - plan.phones[plan.syllables[*before].phones.1 - 1].end < 1e-6);
        let before = joined.map(phones);
        let hz = plan.curves.tune.at(syllable.on - plan.start);
        let place = Place {
            phones: &own,
            before: before.as_deref(),
            key: (69.0 + 12.0 * math::log2(f64::from(hz) / 440.0))
                .round()
                .clamp(0.0, 127.0) as u8,
        };
        let (sample, _) = bank.syllable(&place);
        let Some(body) = sound(sample) else { continue };
        let coda = plan.phones[from..to]
            .iter()
            .find(|phone| phone.part == Part::Coda)
            .map_or(0.0, |phone| end - phone.start);
        out.push((placed(&body, start, syllable.on, end, coda), body));
        let next = (index + 1 < plan.syllables.len())
            .then(|| phones(index + 1))
            .filter(|_| plan.phones[plan.syllables[index + 1].phones.0].start - end < 1e-6);
        let way = bank.transition(&own, next.as_deref(), place.key);
        if let Some(body) = way.and_then(sound) {
            // Its mark lies where the consonant begins, or where the vowel ends.
            let first = end - body.preutterance.min(0.5 * (end - syllable.on));
            let lead = end - first;
            let rest = (body.end - body.preutterance).max(0.0);
            let placed = Placed {
                start: first,
                crossed: first + body.overlap.clamp(CROSSING[0], CROSSING[1]).min(lead),
                path: vec![
                    (first, body.preutterance - lead),
                    (end, body.preutterance),
                    (end + rest, body.end),
                ],
            };
            out.push((placed, body));
        }
    }
    out.sort_by(|a, b| a.0.start.total_cmp(&b.0.start));
    out
}

/// A syllable's sound between its consonants and its end.
fn placed(sound: &Sound, start: f64, on: f64, end: f64, coda: f64) -> Placed {
    let (mark, overlap) = (sound.preutterance, sound.overlap.max(0.0));
    // What lies before the overlap is the end of the vowel before.
    let first = start - overlap.min(CROSSING[1]);
    let mut path = vec![
        (first, overlap - (start - first)),
        (start, overlap.min(mark)),
    ];
    path.push((on.max(start + 1e-4), mark));
    let room = (end - on).max(0.01);
    let fixed = (sound.consonant - mark).max(0.0).min(0.6 * room);
    path.push((on + fixed.max(1e-4), mark + fixed));
    // The end of a recording that closes with a consonant or a glide passes as spoken.
    let closing = coda.min(0.35 * room).min(0.3 * (sound.end - mark).max(0.0));
    if closing > 0.02 && room - fixed > closing {
        path.push((end - closing, sound.end - closing));
    }
    path.push((end, sound.end));
    // Marks may lie in any order in a careless bank.
    for index in 1..path.len() {
        path[index].0 = path[index].0.max(path[index - 1].0 + 1e-6);
        path[index].1 = path[index].1.clamp(path[index - 1].1.max(0.0), sound.end);
    }
    path[0].1 = path[0].1.max(0.0);
    Placed {
        start: first,
        crossed: first + overlap.clamp(CROSSING[0], CROSSING[1]),
        path,
    }
}

impl Placed {
    /// The time of the sound at a time of the plan.
    fn time(&self, at: f64) -> f64 {
        let after = self.path.partition_point(|(plan, _)| *plan <= at);
        match (
            after.checked_sub(1).map(|i| self.path[i]),
            self.path.get(after),
        ) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0),
            (Some(a), None) => a.1,
            (None, _) => self.path[0].1,
        }
    }
}

/// Sings what was laid; mono at the bank's rate, from `start` seconds on.
pub fn sing(plan: &VoicePlan, laid: &[(Placed, Arc<Sound>)], rate: u32, start: f64) -> Vec<f32> {
    let bins = crate::sound::bins(rate);
    let synthesizer = Synthesizer::new(rate, 2 * (bins - 1));
    let count = ((plan.end - start) / HOP).ceil().max(0.0) as usize + 1;
    let mut envelope = vec![-16.0_f32; count * bins];
    let mut noise = vec![1.0_f32; count * bins];
    let mut voiced = vec![false; count];
    for (frame, voiced) in voiced.iter_mut().enumerate() {
        let at = start + frame as f64 * HOP;
        let row = frame * bins..(frame + 1) * bins;
        let (env, air) = (&mut envelope[row.clone()], &mut noise[row]);
        let latest = laid.partition_point(|(placed, _)| placed.start <= at);
        let Some(index) = latest.checked_sub(1) else {
            continue;
        };
        let (now, sound) = &laid[index];
        let share = ((at - now.start) / (now.crossed - now.start)).clamp(0.0, 1.0) as f32;
        let before = index
            .checked_sub(1)
            .map(|i| &laid[i])
            .filter(|_| share < 1.0);
        let mut is_voiced = mix(now, sound, at, 1.0, env, air, bins);
        if let Some((placed, other)) = before {
            let was = mix(placed, other, at, 1.0 - share, env, air, bins);
            is_voiced = if share < 0.5 { was } else { is_voiced };
        }
        color(plan, at, env, air, rate);
        *voiced = is_voiced;
    }
    let pitch = pitch(plan, &voiced, rate, start, (count - 1) as f64 * HOP);
    let mut out = synthesizer.render(
        &Frames {
            hop: HOP,
            envelope: &envelope,
            noise: &noise,
            pitch: &pitch,
        },
        plan.seed,
    );
    levels(&mut out, plan, rate, start);
    out
}

/// Applies the level curve, a corner every two milliseconds.
fn levels(out: &mut [f32], plan: &VoicePlan, rate: u32, start: f64) {
    finish::ride(out, rate as usize / 500, |sample| {
        let at = start + sample as f64 / f64::from(rate);
        math::db_to_gain(plan.curves.level.at(at - plan.start))
    });
}

/// Blends a sound into a frame; says whether it is voiced there.
fn mix(
    placed: &Placed,
    sound: &Sound,
    at: f64,
    weight: f32,
    envelope: &mut [f32],
    noise: &mut [f32],
    bins: usize,
) -> bool {
    let (low, high, share) = sound.frames_at(placed.time(at));
    let gain =
        (EVEN * (NORMAL - sound.level)).clamp(-24.0, 24.0) * (std::f32::consts::LN_10 / 20.0);
    let (a, b) = (low * bins, high * bins);
    for bin in 0..bins {
        let (x, y) = (sound.envelope[a + bin], sound.envelope[b + bin]);
        let value = x + (y - x) * share + gain;
        let (x, y) = (sound.noise[a + bin], sound.noise[b + bin]);
        let air = x + (y - x) * share;
        if weight >= 1.0 {
            envelope[bin] = value;
            noise[bin] = air;
        } else {
            envelope[bin] += (value - envelope[bin]) * weight;
            noise[bin] += (air - noise[bin]) * weight;
        }
    }
    sound.voiced[if share < 0.5 { low } else { high }]
}

/// Breath, tension and formants of a frame.
fn color(plan: &VoicePlan, at: f64, envelope: &mut [f32], noise: &mut [f32], rate: u32) {
    let at = at - plan.start;
    let curves = &plan.curves;
    let shift = curves.formant.at(at);
    if shift.abs() > 0.01 {
        let factor = math::pow(2.0, -f64::from(shift) / 12.0) as f32;
        let from = envelope.to_vec();
        for (bin, value) in envelope.iter_mut().enumerate() {
            let place = (bin as f32 * factor).min((from.len() - 1) as f32);
            let low = place as usize;
            let high = (low + 1).min(from.len() - 1);
            *value = from[low] + (from[high] - from[low]) * (place - low as f32);
        }
    }
    let (tension, breath) = (curves.tension.at(at), curves.breathiness.at(at));
    if tension.abs() < 0.01 && breath.abs() < 0.01 {
        return;
    }
    let top = rate as f32 * 0.5;
    let bins = envelope.len();
    for bin in 1..bins {
        let hz = top * bin as f32 / (bins - 1) as f32;
        // Three decibels an octave beside 1 kHz at full tension, over three octaves.
        let octaves = (math::log2(f64::from(hz) / 1000.0) as f32).clamp(-3.0, 3.0);
        envelope[bin] += 3.0 * tension * octaves * (std::f32::consts::LN_10 / 20.0);
        let air = if breath >= 0.0 {
            noise[bin] + (1.0 - noise[bin]) * 0.8 * breath * (hz / 3000.0).min(1.0)
        } else {
            noise[bin] * (1.0 + 0.8 * breath)
        };
        noise[bin] = air.clamp(0.0, 1.0);
    }
}

/// Pitch at each sample, 0 without voice. What is sung on a vowel or a sonorant is voiced; of
/// other consonants the recording decides.
fn pitch(plan: &VoicePlan, voiced: &[bool], rate: u32, start: f64, seconds: f64) -> Vec<f32> {
    let count = (seconds * f64::from(rate)) as usize;
    let mut phone = 0;
    (0..count)
        .map(|sample| {
            let at = start + sample as f64 / f64::from(rate);
            while phone + 1 < plan.phones.len() && plan.phones[phone].end <= at {
                phone += 1;
            }
            let here = plan
                .phones
                .get(phone)
                .filter(|p| p.start <= at && at < p.end);
            let recorded = voiced[((at - start) / HOP) as usize];
            let sounds = here.map_or(recorded, |here| match manner(here.symbol) {
                Manner::Vowel | Manner::Approximant | Manner::Liquid | Manner::Nasal => true,
                _ => recorded && here.voiced(),
            });
            if sounds && plan.curves.voicing.at(at - plan.start) > 0.5 {
                plan.curves.f0.at(at - plan.start)
            } else {
                0.0
            }
        })
        .collect()
}
