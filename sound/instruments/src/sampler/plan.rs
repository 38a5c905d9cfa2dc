//! Which voices a phrase needs, and how they hand over to each other.

use super::{
    Sampler,
    voice::{VoiceSpec, paired},
};
use crate::bank::{
    Region, Sample,
    region::number::{EXCLUSIVE_CLASS, FILTER_CUTOFF, PAN, SAMPLE_MODES},
};
use std::sync::Arc;
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{Articulation, Family, PerformedNote, PerformedPhrase};

/// Seconds of the hand-over between joined notes.
const JOIN: f32 = 0.03;
/// A note joins the one before when that ended at most this long before (seconds).
const GAP: f64 = 0.08;

/// One voice to render.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Index of its note.
    pub note: usize,
    /// Seconds from the note's onset to the voice's.
    pub delay: f64,
    regions: Arc<[Region]>,
    region: usize,
    sample: Arc<Sample>,
    /// The other side of a stereo recording, and how far to the right of this one it is panned.
    partner: Option<(Arc<Sample>, f32)>,
    key: f32,
    velocity: f32,
    off: f32,
    detune: f32,
    gain: f32,
    shade: f32,
    level_tone: f32,
    skip: f64,
    joined: Option<f32>,
    cut: Option<(f32, f32)>,
    release: Option<f32>,
}

impl Planned {
    /// What the renderer reads.
    pub fn spec<'a>(&'a self, note: &'a PerformedNote) -> VoiceSpec<'a> {
        VoiceSpec {
            region: &self.regions[self.region],
            sample: &self.sample,
            partner: self.partner.as_ref().map(|(s, apart)| (&**s, *apart)),
            key: self.key,
            velocity: self.velocity,
            pitch: &note.pitch,
            level: &note.level,
            tone: &note.tone,
            detune: self.detune,
            gain: self.gain,
            shade: self.shade,
            level_tone: self.level_tone,
            off: self.off,
            skip: self.skip,
            joined: self.joined,
            cut: self.cut,
            release: self.release,
            onset: note.on.0 + self.delay,
        }
    }

    fn pan(&self) -> f32 {
        self.regions[self.region].generators[PAN]
    }

    /// Whether another voice of the same note does the same with the other side of a recording.
    fn fits(&self, other: &Self) -> bool {
        let numbers = |v: &Self| {
            [
                v.key,
                v.velocity,
                v.off,
                v.detune,
                v.gain,
                v.shade,
                v.level_tone,
            ]
        };
        let regions = (&self.regions[self.region], &other.regions[other.region]);
        numbers(self) == numbers(other)
            && (self.delay, self.skip) == (other.delay, other.skip)
            && (self.joined, self.cut, self.release) == (other.joined, other.cut, other.release)
            && paired((regions.0, &self.sample), (regions.1, &other.sample))
    }
}

/// The preset that plays an articulation, where General MIDI has one of its own.
fn program_for(articulation: Articulation, family: Family, program: u16) -> u16 {
    match (articulation, family, program) {
        (Articulation::Pizzicato, Family::Bowed | Family::Ensemble, 40..=44 | 48 | 49) => 45,
        (Articulation::Tremolo, Family::Ensemble, 48 | 49) => 44,
        (Articulation::Mute | Articulation::Ghost, Family::Guitar, 26 | 27) => 28,
        (Articulation::Mute, Family::Brass, 56) => 59,
        (Articulation::Harmonic, Family::Guitar, 26 | 27 | 29 | 30) => 31,
        _ => program,
    }
}

/// All voices of a phrase in the order of their notes.
pub fn plan(sampler: &Sampler, phrase: &PerformedPhrase, lively: bool) -> Vec<Planned> {
    let kit = sampler.family == Family::Kit;
    let mut planned: Vec<Planned> = Vec::new();
    let mut repeats = [0_u32; 128];
    for (index, note) in phrase.notes.iter().enumerate() {
        if !(note.on.0.is_finite() && note.off.0.is_finite()) || note.velocity <= 0.0 {
            continue;
        }
        let key = note.key.min(127);
        let repeat = repeats[usize::from(key)];
        repeats[usize::from(key)] += 1;
        let velocity = (note.velocity.min(1.0) * 127.0).max(1.0);
        let program = if kit {
            sampler.program
        } else {
            program_for(note.articulation, sampler.family, sampler.program)
        };
        let Some(regions) = sampler
            .bank
            .regions(sampler.number, program)
            .or_else(|| sampler.bank.regions(sampler.number, sampler.program))
        else {
            continue;
        };
        let joined = (note.legato && lively && !kit)
            .then(|| predecessor(phrase, index))
            .flatten();
        hand_over(sampler, phrase, &mut planned, index, joined);

        // From what the note is, not from where it stands: splitting a phrase between notes
        // changes none of them.
        let mut rng = SeedPath::song(phrase.seed)
            .join("sampler")
            .join(key)
            .join(note.velocity.to_bits())
            .join(repeat)
            .rng();
        let humanity = if lively {
            Humanity::draw(&mut rng, sampler.family, repeat)
        } else {
            Humanity::default()
        };
        let chance = rng.unit();
        let rounded = velocity.round() as u8;
        let layered = regions
            .iter()
            .filter(|r| (r.keys.0..=r.keys.1).contains(&key))
            .any(|r| !r.takes(key, rounded));
        let classes: Vec<i32> = regions
            .iter()
            .filter(|r| r.takes(key, rounded))
            .map(|r| r.generators[EXCLUSIVE_CLASS] as i32)
            .filter(|&class| class != 0)
            .collect();
        if !classes.is_empty() {
            choke(phrase, &mut planned, note, &classes);
        }
        for (number, region) in regions.iter().enumerate() {
            if !region.takes(key, rounded)
                || !region.pick.is_none_or(|pick| {
                    repeat % pick.length.max(1) + 1 == pick.position
                        && (pick.low..pick.high).contains(&chance)
                })
            {
                continue;
            }
            let released = region.pick.is_some_and(|pick| pick.release);
            let length = (note.off.0 - note.on.0).max(0.001);
            let number = humanity.neighbor(&regions, number, key, rounded);
            let region = &regions[number];
            let sample = sampler.bank.sample(region.sample);
            let mut one = Planned {
                note: index,
                delay: if released { length } else { 0.0 },
                region: number,
                key: f32::from(key),
                velocity,
                off: if released { 60.0 } else { length as f32 },
                detune: humanity.detune,
                gain: humanity.gain,
                shade: humanity.shade,
                level_tone: if lively {
                    level_tone(sampler.family)
                } else {
                    0.0
                },
                skip: 0.0,
                joined: None,
                cut: None,
                release: None,
                regions: Arc::clone(&regions),
                sample: Arc::clone(&sample),
                partner: None,
            };
            if lively {
                // A layer of one recording for all velocities tells soft from loud by tone.
                let voiced = layered
                    || region.modulators.iter().any(|m| {
                        usize::from(m.destination) == FILTER_CUTOFF && m.source & 127 == 2
                    });
                if !voiced {
                    one.shade += (note.velocity - 0.8).clamp(-0.8, 0.2) * 0.7;
                }
                articulate(&mut one, note, sampler.family);
                if joined.is_some() {
                    join(&mut one, sampler.family);
                }
            }
            planned.push(one);
        }
    }
    pair(&mut planned);
    planned
}

/// Joins the voices of each note that are the two sides of a stereo recording.
fn pair(planned: &mut Vec<Planned>) {
    let mut joined = vec![false; planned.len()];
    for index in 0..planned.len() {
        let one = &planned[index];
        let mate = (index + 1..planned.len())
            .take_while(|&other| planned[other].note == one.note)
            .find(|&other| !joined[other] && one.fits(&planned[other]));
        if let Some(mate) = mate.filter(|_| !joined[index]) {
            joined[mate] = true;
            let apart = planned[mate].pan() - one.pan();
            planned[index].partner = Some((Arc::clone(&planned[mate].sample), apart));
        }
    }
    let mut joined = joined.into_iter();
    planned.retain(|_| !joined.next().unwrap_or(false));
}

/// The note that a joined note continues: the last before it that still sounds or just ended.
fn predecessor(phrase: &PerformedPhrase, index: usize) -> Option<usize> {
    let on = phrase.notes[index].on.0;
    (0..index)
        .rev()
        .find(|&i| phrase.notes[i].on.0 < on - 0.01 && phrase.notes[i].off.0 > on - GAP)
}

/// Ends the voices that a new note replaces.
fn hand_over(
    sampler: &Sampler,
    phrase: &PerformedPhrase,
    planned: &mut [Planned],
    index: usize,
    joined: Option<usize>,
) {
    let note = &phrase.notes[index];
    for old in planned.iter_mut() {
        let before = &phrase.notes[old.note];
        let since = (note.on.0 - before.on.0 - old.delay) as f32;
        if since <= 0.001 {
            continue;
        }
        let over = if joined == Some(old.note) {
            JOIN
        } else if sampler.family == Family::Kit {
            continue;
        } else if before.key == note.key {
            // The string or bar is struck anew: its old sound gives way.
            0.08
        } else if sampler.polyphony == 1 && since < old.off + 0.2 {
            0.05
        } else {
            continue;
        };
        if old.cut.is_none_or(|(from, _)| from > since) {
            old.cut = Some((since, over));
        }
    }
}

/// Silences voices of the same exclusive class: an open hi-hat under a closed one.
fn choke(phrase: &PerformedPhrase, planned: &mut [Planned], note: &PerformedNote, classes: &[i32]) {
    for old in planned.iter_mut() {
        let class = old.regions[old.region].generators[EXCLUSIVE_CLASS] as i32;
        let since = (note.on.0 - phrase.notes[old.note].on.0 - old.delay) as f32;
        if since > 0.001 && classes.contains(&class) && old.cut.is_none_or(|(from, _)| from > since)
        {
            old.cut = Some((since, 0.03));
        }
    }
}

/// What an articulation does to the sound of a sample.
fn articulate(voice: &mut Planned, note: &PerformedNote, family: Family) {
    match note.articulation {
        Articulation::Ghost => voice.shade -= 0.25,
        Articulation::Mute => {
            voice.shade -= 0.35;
            if !matches!(family, Family::Brass) {
                voice.off = voice.off.min(0.09);
                voice.release = Some(0.18);
            }
        }
        Articulation::Accent | Articulation::Marcato => voice.shade += 0.12,
        Articulation::Choke => voice.release = Some(0.06),
        Articulation::Harmonic => voice.shade -= 0.2,
        _ => {}
    }
}

/// Starts a voice behind its attack.
fn join(voice: &mut Planned, family: Family) {
    let seconds = match family {
        Family::Guitar | Family::Plucked | Family::Bass => 0.012,
        Family::Keyboard | Family::Mallet => return,
        _ => 0.09_f64,
    };
    let looped = voice.regions[voice.region].generators[SAMPLE_MODES] as i32 & 1 == 1;
    let room = if looped {
        voice.sample.loop_start
    } else {
        voice.sample.length / 4
    };
    voice.skip = (seconds * f64::from(voice.sample.rate)).min(room as f64);
    voice.joined = Some(JOIN);
}

/// How much brighter a family sounds per decibel of swell.
fn level_tone(family: Family) -> f32 {
    match family {
        Family::Brass => 0.05,
        Family::Bowed | Family::Reed | Family::Ensemble | Family::Voice => 0.035,
        Family::Flute => 0.02,
        _ => 0.0,
    }
}

/// The small differences between two strokes of the same hand.
#[derive(Clone, Copy, Debug, Default)]
struct Humanity {
    detune: f32,
    gain: f32,
    shade: f32,
    /// −1, 0 or 1: borrow the recording of a neighboring key.
    borrow: i8,
}

impl Humanity {
    fn draw(rng: &mut Rng, family: Family, repeat: u32) -> Self {
        let (cents, decibels, shade) = match family {
            Family::Kit => (5.0, 0.5, 0.06),
            Family::Keyboard | Family::Mallet | Family::Organ => (0.4, 0.25, 0.03),
            Family::SynthLead | Family::SynthPad | Family::Effect => (0.0, 0.0, 0.0),
            _ => (1.6, 0.35, 0.05),
        };
        let borrow = if repeat % 2 == 1 && family != Family::Kit && cents > 0.0 {
            if rng.chance(0.5) { 1 } else { -1 }
        } else {
            0
        };
        Self {
            detune: rng.normal() * cents,
            gain: rng.normal() * decibels,
            shade: rng.normal() * shade,
            borrow,
        }
    }

    /// The region to play in place of one: on every other repetition that of the neighboring
    /// key, where that is another recording.
    fn neighbor(&self, regions: &[Region], number: usize, key: u8, velocity: u8) -> usize {
        let region = &regions[number];
        if region.pick.is_some() {
            return number;
        }
        let other = key.checked_add_signed(self.borrow);
        let Some(other) = other.filter(|&k| self.borrow != 0 && k <= 127) else {
            return number;
        };
        let same = |r: &&Region| {
            r.takes(other, velocity)
                && !r.takes(key, velocity)
                && r.generators[PAN] == region.generators[PAN]
                && r.velocities == region.velocities
        };
        match regions.iter().position(|r| same(&r)) {
            Some(found) if regions.iter().filter(same).count() == 1 => found,
            _ => number,
        }
    }
}
