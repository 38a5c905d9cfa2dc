//! The one suite that every instrument passes.
//!
//! [`check`] plays short notes and returns what it finds wrong, each as a sentence; tests
//! assert that there is nothing. It is public so that outside engines can be held to it too.

use crate::Instrument;
use yuefu_audio::{AudioBuffer, Clip, Curve, Frames, SampleRate, Seconds, math};
use yuefu_song::{Articulation, Family, InstrumentProfile, PerformedNote, PerformedPhrase};

const RATE: SampleRate = SampleRate(44_100);
/// Longest tail after a note's end, in seconds.
const MAX_TAIL: f64 = 25.0;

/// What an instrument promises beyond what all must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// A held middle note is within 12 cents of its key.
    pub pitch: bool,
    /// Notes far apart do not influence each other: a phrase is the sum of its notes.
    pub split: bool,
    /// More velocity is louder.
    pub velocity: bool,
}

impl Promises {
    /// What the kind of instrument lets expect.
    pub fn of(profile: &InstrumentProfile) -> Self {
        Self {
            pitch: !matches!(profile.family, Family::Kit | Family::Effect),
            split: true,
            velocity: true,
        }
    }
}

/// A plain note.
pub fn note(on: f64, length: f64, key: u8, velocity: f32) -> PerformedNote {
    PerformedNote {
        on: Seconds(on),
        off: Seconds(on + length),
        key,
        velocity,
        articulation: Articulation::Normal,
        pitch: Curve::default(),
        level: Curve::default(),
        tone: Curve::default(),
        legato: false,
        lyric: None,
    }
}

/// A phrase of some notes, as long as they need.
pub fn phrase(id: &str, notes: Vec<PerformedNote>) -> PerformedPhrase {
    let length = notes.iter().map(|n| n.off.0).fold(0.0, f64::max);
    PerformedPhrase {
        instrument: id.to_owned(),
        notes,
        length: Seconds(length),
        seed: 11,
    }
}

/// Everything wrong with an instrument; empty when it keeps the contract.
pub fn check(
    instrument: &dyn Instrument,
    profile: &InstrumentProfile,
    promises: Promises,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let id = profile.id.as_str();
    let key = match profile.family {
        Family::Kit => 38,
        _ => ((u16::from(profile.sweet[0]) + u16::from(profile.sweet[1])) / 2) as u8,
    };
    let one = |velocity| phrase(id, vec![note(0.0, 0.4, key, velocity)]);

    let silence = instrument.render(&phrase(id, Vec::new()), RATE);
    if silence.audio.peak() > 1e-6 {
        wrong.push("a phrase without notes sounds".into());
    }
    let clip = instrument.render(&one(0.8), RATE);
    sane(&clip, &mut wrong);
    ends(&clip, &mut wrong);
    if instrument.render(&one(0.8), RATE) != clip {
        wrong.push("the same phrase gives other samples the second time".into());
    }
    if promises.velocity {
        let soft = instrument.render(&one(0.3), RATE);
        let (soft, loud) = (energy(&soft.audio), energy(&clip.audio));
        if loud < soft * 1.3 {
            wrong.push(format!(
                "energy {loud:.5} at velocity 0.8, {soft:.5} at 0.3"
            ));
        }
    }
    if promises.pitch {
        for rate in [RATE, SampleRate(48_000)] {
            let held = instrument.render(&one(0.7), rate);
            match cents_off(&held, key) {
                Some(cents) if cents.abs() <= 12.0 => {}
                Some(cents) => wrong.push(format!(
                    "key {key} is {cents:.1} cents off at {} Hz",
                    rate.0
                )),
                None => wrong.push("a held note is too short to measure".into()),
            }
        }
    }
    if promises.split {
        let other = if profile.family == Family::Kit {
            56
        } else {
            (key + 5).min(profile.range[1])
        };
        let (a, b) = (note(0.0, 0.3, key, 0.7), note(0.0, 0.3, other, 0.6));
        let mut later = b.clone();
        later.on = Seconds(2.0);
        later.off = Seconds(2.3);
        let both = instrument.render(&phrase(id, vec![a.clone(), later]), RATE);
        let first = instrument.render(&phrase(id, vec![a]), RATE);
        let mut second = instrument.render(&phrase(id, vec![b]), RATE);
        second.start = Frames(second.start.0 + 2 * i64::from(RATE.0));
        let difference = difference(&both, &[first, second]);
        // Where a tail is cut there is a step of at most −80 dB.
        if difference > 5e-4 {
            wrong.push(format!(
                "two notes two seconds apart differ by {difference:.5} from each by itself"
            ));
        }
    }
    wrong
}

/// What must hold of any sounding clip.
fn sane(clip: &Clip, wrong: &mut Vec<String>) {
    let [left, right] = clip.audio.channels.as_slice() else {
        wrong.push(format!("{} channels, not 2", clip.audio.channels.len()));
        return;
    };
    if left.len() != right.len() {
        wrong.push("channels of different length".into());
    }
    if clip.start.0 > 0 {
        wrong.push(format!(
            "the clip starts at frame {}, after its phrase",
            clip.start.0
        ));
    }
    if !left.iter().chain(right).all(|sample| sample.is_finite()) {
        wrong.push("NaN or infinity in the audio".into());
        return;
    }
    let peak = clip.audio.peak();
    if !(1e-4..4.0).contains(&peak) {
        wrong.push(format!("a peak of {peak}"));
    }
    for channel in [left, right] {
        if channel.first().is_some_and(|s| s.abs() > 0.05 * peak) {
            wrong.push("a click: the first sample is not near zero".into());
        }
        if channel
            .last()
            .is_some_and(|s| s.abs() > 0.005 * peak + 1e-4)
        {
            wrong.push("a click: the last sample is not near zero".into());
        }
        let mean = channel.iter().map(|&s| f64::from(s)).sum::<f64>() / channel.len().max(1) as f64;
        if mean.abs() > 0.02 * f64::from(peak) {
            wrong.push(format!(
                "a direct current of {mean:.5} under a peak of {peak:.3}"
            ));
        }
    }
}

/// A note stops.
fn ends(clip: &Clip, wrong: &mut Vec<String>) {
    let seconds = clip.audio.frames() as f64 / RATE.hz();
    if seconds > 0.4 + MAX_TAIL {
        wrong.push(format!("a short note sounds for {seconds:.1} s"));
    }
}

fn energy(audio: &AudioBuffer) -> f64 {
    audio
        .channels
        .iter()
        .flatten()
        .map(|&s| f64::from(s) * f64::from(s))
        .sum()
}

/// The largest difference between a clip and the sum of others.
fn difference(whole: &Clip, parts: &[Clip]) -> f32 {
    let end = |clip: &Clip| clip.start.0 + clip.audio.frames() as i64;
    let start = parts
        .iter()
        .map(|c| c.start.0)
        .fold(whole.start.0, i64::min);
    let stop = parts.iter().map(end).fold(end(whole), i64::max);
    let mut sum = AudioBuffer::silent(RATE, 2, (stop - start) as usize);
    let shifted = |clip: &Clip, gain: f32| {
        let mut clip = clip.clone();
        clip.start = Frames(clip.start.0 - start);
        clip.audio.scale(gain);
        clip
    };
    sum.add(&shifted(whole, -1.0));
    for part in parts {
        sum.add(&shifted(part, 1.0));
    }
    sum.peak()
}

/// How many cents a held note of 0.4 s lies off its key, by autocorrelation over several
/// periods near the expected one; within ± half a semitone or more.
fn cents_off(clip: &Clip, key: u8) -> Option<f32> {
    let rate = clip.audio.rate.hz();
    let begin = (0.1 * rate) as usize + usize::try_from(-clip.start.0).unwrap_or(0);
    let end = begin + (0.28 * rate) as usize;
    let (left, right) = (clip.audio.channels.first()?, clip.audio.channels.get(1)?);
    let mono: Vec<f32> = left
        .get(begin..end)?
        .iter()
        .zip(right.get(begin..end)?)
        .map(|(a, b)| a + b)
        .collect();
    let period = rate / f64::from(math::key_to_hz(f32::from(key)));
    let periods = (0.02 * rate / period).floor().max(1.0);
    let (from, to) = (
        (periods * period - 0.45 * period) as usize,
        (periods * period + 0.45 * period) as usize + 1,
    );
    let length = mono.len().checked_sub(to + 2)?;
    let correlate = |lag: usize| -> f64 {
        let (mut product, mut power) = (0.0_f64, 1e-12_f64);
        for (a, b) in mono[..length].iter().zip(&mono[lag..lag + length]) {
            product += f64::from(a * b);
            power += f64::from(b * b);
        }
        product / power.sqrt()
    };
    let strengths: Vec<f64> = (from..=to).map(correlate).collect();
    let best =
        from + (0..strengths.len()).max_by(|&a, &b| strengths[a].total_cmp(&strengths[b]))?;
    let (a, b, c) = (
        correlate(best.checked_sub(1)?),
        correlate(best),
        correlate(best + 1),
    );
    let bend = a - 2.0 * b + c;
    let shift = if bend.abs() < 1e-12 {
        0.0
    } else {
        (0.5 * (a - c) / bend).clamp(-1.0, 1.0)
    };
    let lag = best as f64 + shift;
    Some((1_200.0 * math::log2(periods * period / lag)) as f32)
}
