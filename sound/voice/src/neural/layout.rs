//! From the plan's time to that of natural speech.

use super::bands::{self, BANDS};
use super::network::Timed;
use super::shape::{FRAME, Features, NOISE, OUTPUTS, symbol};
use super::singer::SungFrame;
use crate::align::{Heard, align};
use crate::phones::{Manner, manner};
use crate::plan::{PlanPhone, PlanSyllable, VoicePlan};
use yuefu_lang::Part;

/// What is shown in place of rests: a murmur that goes on, `ləmə`. Before a silence, and near the
/// end of what it sees, the network lets a voice die away as its teacher does, which a held note
/// must not.
const MURMUR: [Features; 4] = [murmur(7, 0), murmur(34, 2), murmur(3, 0), murmur(34, 2)];
/// Frames of each of its phones.
const LENGTHS: [f32; 4] = [5.0, 7.0, 5.0, 7.0];
/// How often it is said at either end: as far as the network sees.
const ENDS: usize = 2;
/// How fast a sound fades in a rest, in nepers a second: 50 dB in 50 ms.
pub(crate) const FADE: f64 = 115.0;
/// How much longer than usual a vowel is shown when there is time.
const SLOW: f64 = 1.5;
/// Longest phone that is shown, in seconds.
const LONGEST: f64 = 0.18;
/// How sure the network's phones sound when it was told to ([`Heard::sure`]): it was trained on the
/// very times that its teacher spoke by.
const SURE: f64 = 6.0;
/// Levels of a frame in which phones' boundaries are looked for, evenly from 0 Hz to half the rate.
const LEVELS: usize = 240;

const fn murmur(symbol: u8, part: u8) -> Features {
    Features {
        symbol,
        lang: 1,
        part,
        tone: 0,
        stress: 0,
    }
}

/// A plan as natural speech.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Phones and silences with their natural times in frames: those that the network is told, and
    /// after [`Layout::settle`] those at which they are heard.
    pub phones: Vec<Timed>,
    /// For each phone of the plan, its place in `phones`.
    places: Vec<usize>,
}

impl Layout {
    pub(super) fn new(
        plan: &VoicePlan,
        features: impl Fn(&PlanPhone, &PlanSyllable) -> Features,
    ) -> Self {
        let mut out = Self {
            phones: Vec::new(),
            places: Vec::new(),
        };
        let mut at = 0.0_f32;
        let mut push = |out: &mut Self, phone, length: f32| {
            out.phones.push(Timed {
                phone,
                start: at,
                end: at + length,
            });
            at += length;
        };
        let rest = |out: &mut Self, push: &mut dyn FnMut(&mut Self, Features, f32)| {
            for (phone, length) in MURMUR.iter().zip(LENGTHS) {
                push(out, *phone, length);
            }
        };
        for _ in 0..ENDS {
            rest(&mut out, &mut push);
        }
        let mut before = plan.phones.first().map_or(plan.start, |phone| phone.start);
        for phone in &plan.phones {
            let gap = ((phone.start - before) / FRAME) as f32;
            if gap > 0.5 {
                rest(&mut out, &mut push);
            }
            out.places.push(out.phones.len());
            let natural = shown(phone).min(phone.length().max(0.02));
            let name = features(phone, &plan.syllables[phone.syllable]);
            push(&mut out, name, (natural.max(0.01) / FRAME) as f32);
            before = phone.end;
        }
        for _ in 0..ENDS {
            rest(&mut out, &mut push);
        }
        out
    }

    /// Moves phones to where they are heard in what the network made of them: its teacher is late
    /// by different times for different phones, and so is it.
    pub(super) fn settle(&mut self, spoken: &[f32]) {
        let places: Vec<f32> = (0..LEVELS)
            .map(|level| bands::place((level as f64 + 0.5) * bands::TOP / LEVELS as f64))
            .collect();
        let frames = spoken.chunks_exact(OUTPUTS);
        let (mut levels, mut voiced) = (Vec::new(), Vec::new());
        for frame in frames {
            levels.extend(places.iter().map(|place| bands::level(frame, *place)));
            voiced.push(frame[BANDS + NOISE] > 0.0);
        }
        let heard = Heard {
            levels: &levels,
            width: LEVELS,
            voiced: &voiced,
            hop: FRAME,
            sure: SURE,
        };
        let seconds = |frames: f32| f64::from(frames) * FRAME;
        let told = |timed: &Timed| {
            let symbol = symbol(timed.phone.symbol);
            (symbol, seconds(timed.start), seconds(timed.end))
        };
        let told: Vec<_> = self.phones.iter().map(told).collect();
        for (timed, (start, end)) in self.phones.iter_mut().zip(align(&heard, &told)) {
            timed.start = (start / FRAME) as f32;
            timed.end = (end / FRAME) as f32;
        }
    }

    /// How many frames of natural speech there are.
    pub(super) fn frames(&self) -> usize {
        self.phones
            .last()
            .map_or(0, |phone| phone.end.ceil() as usize)
    }

    /// The place in natural speech, in frames, of an instant of the plan.
    pub(super) fn frame(&self, plan: &VoicePlan, time: f64) -> f32 {
        let index = plan.phones.partition_point(|phone| phone.start <= time);
        let Some(index) = index.checked_sub(1) else {
            let first = self.places.first().map(|place| self.phones[*place].start);
            return first.unwrap_or(0.0);
        };
        let timed = self.phones[self.places[index]];
        let phone = &plan.phones[index];
        if time < phone.end {
            let length = timed.end - timed.start;
            let shown = (f64::from(length) * FRAME).max(0.02);
            return timed.start + length * progress(phone, shown, time).clamp(0.0, 1.0) as f32;
        }
        // In a rest the sound before it fades out, and that after it in.
        match plan.phones.get(index + 1) {
            Some(next) if next.start - time < time - phone.end => {
                self.phones[self.places[index + 1]].start
            }
            _ => timed.end,
        }
    }
}

/// How long a phone is shown at most, in seconds: a vowel as in slow speech, where it reaches its
/// target, but never as long as at the end of a sentence, where it dies away.
fn shown(phone: &PlanPhone) -> f64 {
    let natural = if phone.natural > 0.0 {
        phone.natural
    } else {
        phone.length()
    };
    match phone.part {
        Part::Nucleus => (natural * SLOW).min(LONGEST),
        _ => natural.min(LONGEST),
    }
}

/// How far a phone has come, of which `shown` seconds of speech are at hand: vowels are held in
/// their middle, stops before their burst.
pub(crate) fn progress(phone: &PlanPhone, shown: f64, time: f64) -> f64 {
    let stop = matches!(
        manner(phone.symbol),
        Manner::Stop | Manner::Affricate | Manner::Closure
    );
    let length = phone.length();
    if stop && length > phone.natural && phone.natural > 0.0 {
        // The closure takes what is more; the burst passes as in speech.
        let left = phone.end - time;
        let burst = 0.7 * phone.natural;
        if left <= burst {
            return 1.0 - left / phone.natural;
        }
        return 0.3 * (time - phone.start) / (length - burst).max(1e-6);
    }
    if phone.part != Part::Nucleus || phone.natural <= 0.0 {
        return phone.progress(time);
    }
    // A held vowel comes to its middle and leaves it as in slow speech, and hardly moves meanwhile:
    // further on it would die away.
    let at = (time - phone.start).clamp(0.0, length);
    let (come, leave) = (0.4 * shown, 0.45 * shown);
    if length <= shown {
        at / length.max(1e-6)
    } else if at < come {
        at / shown
    } else if at > length - leave {
        1.0 - (length - at) / shown
    } else {
        0.4 + 0.15 * (at - come) / (length - come - leave)
    }
}

/// Reads the network's frames at instants of the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    layout: &'a Layout,
    spoken: &'a [f32],
}

impl<'a> Reader<'a> {
    pub(super) fn new(layout: &'a Layout, spoken: &'a [f32]) -> Self {
        Self { layout, spoken }
    }

    /// What the voice sounds like at an instant.
    pub(super) fn at(&self, plan: &VoicePlan, time: f64) -> SungFrame {
        let count = self.spoken.len() / OUTPUTS;
        let place = (self.layout.frame(plan, time) - 0.5).clamp(0.0, (count - 1) as f32);
        let low = place as usize;
        let high = (low + 1).min(count - 1);
        let share = place - low as f32;
        let (a, b) = (
            &self.spoken[low * OUTPUTS..(low + 1) * OUTPUTS],
            &self.spoken[high * OUTPUTS..(high + 1) * OUTPUTS],
        );
        let mix = |index: usize| a[index] + (b[index] - a[index]) * share;
        let fade = (FADE * rest(plan, time)).min(14.0) as f32;
        SungFrame {
            bands: std::array::from_fn(|index| mix(index) - fade),
            noise: std::array::from_fn(|index| mix(BANDS + index).clamp(-60.0, 0.0)),
            voiced: voiced(plan, time, mix(BANDS + NOISE)),
        }
    }
}

/// Seconds to the nearest phone; 0 within one.
pub(crate) fn rest(plan: &VoicePlan, time: f64) -> f64 {
    let after = plan.phones.partition_point(|phone| phone.start <= time);
    let since = after.checked_sub(1).map_or(f64::INFINITY, |index| {
        (time - plan.phones[index].end).max(0.0)
    });
    let until = plan
        .phones
        .get(after)
        .map_or(f64::INFINITY, |phone| phone.start - time);
    since.min(until)
}

/// Whether the vocal folds sound: what the phone asks, which the network may only move at its ends.
pub(crate) fn voiced(plan: &VoicePlan, time: f64, logit: f32) -> bool {
    let Some(phone) = plan.phone_at(time).map(|index| &plan.phones[index]) else {
        return false;
    };
    let edge = (time - phone.start).min(phone.end - time);
    if !phone.voiced() {
        return logit > 3.0 && edge < 0.03;
    }
    match manner(phone.symbol) {
        // A vowel may begin and end breathed by a hair.
        Manner::Vowel | Manner::Approximant | Manner::Liquid | Manner::Nasal => {
            logit > -1.5 || edge > 0.02
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::symbol_number;
    use super::*;

    #[test]
    fn phones_settle_where_they_are_heard() {
        // A murmur, a hiss and a vowel: 20, 8 and 20 frames, all told two frames late.
        let mut spoken = vec![0.0; 48 * OUTPUTS];
        for (index, frame) in spoken.chunks_exact_mut(OUTPUTS).enumerate() {
            let (loud, voice) = match index {
                0..20 => (0..15, 4.0),
                20..28 => (60..BANDS, -4.0),
                _ => (0..40, 4.0),
            };
            frame[..BANDS].fill(-9.0);
            frame[loud].fill(-3.0);
            frame[BANDS + NOISE] = voice;
        }
        let timed = |symbol, start, end| Timed {
            phone: Features {
                symbol: symbol_number(symbol).unwrap(),
                ..MURMUR[0]
            },
            start,
            end,
        };
        let phones = vec![
            timed("m", 0.0, 22.0),
            timed("s", 22.0, 30.0),
            timed("a", 30.0, 48.0),
        ];
        let mut layout = Layout {
            phones,
            places: vec![1, 2],
        };
        layout.settle(&spoken);
        let found: Vec<(f32, f32)> = layout.phones.iter().map(|p| (p.start, p.end)).collect();
        assert_eq!(found, [(0.0, 20.0), (20.0, 28.0), (28.0, 48.0)]);
    }
}
