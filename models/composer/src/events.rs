//! How tunes are told to a network: one event a note, in numbers that do not depend on the key.
//!
//! A note is three choices in this order: when it begins (counted from the onset before), how long
//! it sounds, and how high it is above the tonic. What a choice may know is a row of classes, each
//! with an embedding of its own: [`BEFORE`] for the time and the length of the next note, [`AT`]
//! for its pitch, when its onset and length are known.

use crate::ground::Ground;
use yuefu_theory::{Chord, Quality, Ticks};

/// The grid: a twelfth of a quarter note holds sixteenths and triplets.
pub const GRID: Ticks = Ticks(Ticks::QUARTER.0 / 12);

/// Distances and lengths that are told apart, on the grid.
pub const TIMES: [u16; 32] = [
    1, 2, 3, 4, 6, 8, 9, 10, 12, 15, 16, 18, 20, 21, 24, 27, 30, 32, 33, 36, 42, 45, 48, 54, 60,
    66, 72, 84, 96, 120, 144, 192,
];
/// Keys around the tonic that are told apart: two octaves down to two octaves up.
pub const KEYS: usize = 49;
/// The class of a thing that is not known or not there, where it is one of [`TIMES`].
pub const NO_TIME: u8 = TIMES.len() as u8;
/// The class of a key that is not known or not there.
pub const NO_KEY: u8 = KEYS as u8;

const TIME: usize = TIMES.len() + 1;
const KEY: usize = KEYS + 1;
const IN_BAR: usize = 73;
const ROOT: usize = 13;
const KIND: usize = 10;

/// Numbers of classes of what is known before a note.
pub const BEFORE: [usize; 21] = [
    KEY, TIME, TIME, IN_BAR, 34, 41, ROOT, KIND, ROOT, KIND, 9, 2, 5, 4, 9, 8, KEY, KEY, TIME, 27,
    2,
];
/// Numbers of classes of what is known at a note besides.
pub const AT: [usize; 11] = [TIME, IN_BAR, TIME, ROOT, KIND, ROOT, KIND, 9, 4, 3, KEY];

/// Places in [`BEFORE`] that training hides now and then, with the class that says "unknown".
pub const HIDDEN_BEFORE: [(usize, u8); 6] = [
    (14, 8),
    (15, 7),
    (16, NO_KEY),
    (17, NO_KEY),
    (18, NO_TIME),
    (19, 26),
];
/// As [`HIDDEN_BEFORE`], in [`AT`].
pub const HIDDEN_AT: [(usize, u8); 3] = [(8, 3), (9, 0), (10, NO_KEY)];

/// Where songs come from: what kind of tune is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kin {
    /// Pop songs of today.
    #[default]
    Pop,
    /// Art songs.
    Art,
    /// Standards: Tin Pan Alley, jazz.
    Standard,
    /// A user's own.
    Own,
}

/// One note of a tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sung {
    /// Onset in song time.
    pub at: Ticks,
    /// Length.
    pub len: Ticks,
    /// MIDI key.
    pub key: i32,
    /// Whether a syllable begins on it: `None` where nothing is known of words.
    pub begins: Option<bool>,
}

/// A phrase that is being written, as far as it is known beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phrase {
    /// Its nominal start, on a bar line; a pickup comes before.
    pub start: Ticks,
    /// Its nominal end.
    pub end: Ticks,
    /// Notes for each quarter note.
    pub density: Option<f32>,
    /// How far its middle lies above the tonic, in semitones.
    pub height: Option<f32>,
    /// The key that follows it.
    pub next: Option<i32>,
}

/// What a phrase restates: its notes, and where it began.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// Nominal start of the phrase that is restated.
    pub start: Ticks,
    /// Its notes, transposed to where they are wanted.
    pub notes: &'a [Sung],
}

/// The class of a distance or length: the nearest of [`TIMES`], the shorter of two as near.
pub fn time_class(time: Ticks) -> u8 {
    let on_grid = ((time.0 + GRID.0 / 2).div_euclid(GRID.0)).clamp(1, 192) as u16;
    let after = TIMES.partition_point(|t| *t < on_grid);
    let class = match after {
        0 => 0,
        after
            if TIMES
                .get(after)
                .is_none_or(|t| t - on_grid < on_grid - TIMES[after - 1]) =>
        {
            after.min(TIMES.len() - 1)
        }
        after if TIMES[after] == on_grid => after,
        after => after - 1,
    };
    class as u8
}

/// The time that a class stands for.
pub fn time_of(class: u8) -> Ticks {
    GRID * i64::from(TIMES[usize::from(class).min(TIMES.len() - 1)])
}

/// The class of a key, an octave at a time inside the range around the tonic.
pub fn key_class(key: i32, tonic: i32) -> u8 {
    let mut steps = key - tonic + 24;
    while steps < 0 {
        steps += 12;
    }
    while steps >= KEYS as i32 {
        steps -= 12;
    }
    steps as u8
}

/// The key that a class stands for.
pub fn key_of(class: u8, tonic: i32) -> i32 {
    i32::from(class) - 24 + tonic
}

/// The key with the pitch class of a tonic that is nearest to the middle of a tune.
pub fn home(tonic_pc: u8, middle: f32) -> i32 {
    let pc = i32::from(tonic_pc);
    let octave = ((middle - pc as f32) / 12.0).round() as i32;
    pc + 12 * octave
}

fn root(chord: Option<Chord>, tonic: i32) -> u8 {
    chord.map_or(12, |c| {
        (i32::from(c.root.pc()) - tonic).rem_euclid(12) as u8
    })
}

fn kind(chord: Option<Chord>) -> u8 {
    use Quality as Q;
    chord.map_or(9, |chord| match chord.quality {
        Q::Major | Q::Add9 | Q::Six | Q::SixNine | Q::Power => 0,
        Q::Minor | Q::MinorAdd9 | Q::MinorSix => 1,
        Q::Diminished | Q::DiminishedSeven => 2,
        Q::Augmented | Q::SevenSharpFive => 3,
        Q::Sus2 | Q::Sus4 | Q::Quartal | Q::DominantSus | Q::NineSus => 4,
        Q::MajorSeven | Q::MajorNine | Q::MajorSevenSharpEleven => 5,
        Q::MinorSeven | Q::MinorNine | Q::MinorEleven | Q::MinorMajorSeven => 6,
        Q::Dominant | Q::Nine | Q::Thirteen | Q::SevenFlatNine | Q::SevenSharpNine => 7,
        Q::HalfDiminished => 8,
    })
}

fn quarters(time: Ticks) -> i64 {
    time.0.div_euclid(Ticks::QUARTER.0)
}

fn in_bar(ground: &Ground<'_>, at: Ticks) -> u8 {
    (ground.in_bar(at).0 / GRID.0).clamp(0, 71) as u8
}

fn metre_class(ground: &Ground<'_>, at: Ticks) -> u8 {
    let metre = ground.metre(at);
    match (metre.beats, metre.unit) {
        _ if metre.is_compound() => 3,
        (4, 4) => 0,
        (3, 4) => 1,
        (2, 4) | (2, 2) => 2,
        _ => 4,
    }
}

/// Classes of density; the last is unknown.
fn density_class(density: Option<f32>) -> u8 {
    let marks = [0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.6];
    density.map_or(8, |d| marks.iter().filter(|m| d >= **m).count() as u8)
}

/// Classes of height; the last is unknown.
fn height_class(height: Option<f32>) -> u8 {
    height.map_or(7, |h| (((h + 12.0) / 4.0).floor().clamp(0.0, 6.0)) as u8)
}

/// The note of a model that stands where a note is, counted from the starts of the phrases; and
/// the first one after.
fn beside<'m>(model: &Model<'m>, offset: Ticks) -> (Option<&'m Sung>, Option<&'m Sung>) {
    let after = model
        .notes
        .partition_point(|n| n.at - model.start <= offset);
    let here = after.checked_sub(1).map(|i| &model.notes[i]);
    (
        here.filter(|n| n.at - model.start == offset),
        model.notes.get(after),
    )
}

/// What is known of a tune while it is written.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What it stands on.
    pub ground: &'a Ground<'a>,
    /// The tonic that keys are counted from, by [`home`].
    pub tonic: i32,
    /// What kind of tune it is.
    pub kin: Kin,
    /// The phrase of the next note.
    pub phrase: Phrase,
    /// What the phrase restates.
    pub model: Option<Model<'a>>,
}

impl Known<'_> {
    /// What is known before a note; `last` is the note before and the class of its distance to the
    /// one before that, `first` says that the phrase begins, `left` how many notes it still has.
    pub fn before(
        &self,
        last: Option<(Sung, u8)>,
        first: bool,
        left: Option<usize>,
    ) -> [u8; BEFORE.len()] {
        let ground = self.ground;
        let from = last.map_or(self.phrase.start, |(note, _)| note.at);
        let chord = ground.chord(from);
        let next = ground.next_chord(from);
        let until = next.map_or(8, |(at, _)| quarters(at - from).clamp(0, 8));
        let model = self.model.map(|model| {
            let offset = match first {
                // Whatever comes first is what the model came with first.
                true => Ticks(i64::MIN / 4),
                false => from - self.phrase.start,
            };
            let (_, next) = beside(&model, offset);
            let at = match first {
                true => self.phrase.start - from,
                false => Ticks::ZERO - offset,
            };
            next.map(|n| (n.key, n.at - model.start + at))
        });
        let model = model.flatten();
        [
            last.map_or(NO_KEY, |(note, _)| key_class(note.key, self.tonic)),
            last.map_or(NO_TIME, |(note, _)| time_class(note.len)),
            last.map_or(NO_TIME, |(_, distance)| distance),
            last.map_or(72, |_| in_bar(ground, from)),
            quarters(self.phrase.end - from).clamp(0, 32) as u8,
            (quarters(from - self.phrase.start) + 8).clamp(0, 40) as u8,
            root(chord, self.tonic),
            kind(chord),
            root(next.map(|(_, c)| c), self.tonic),
            kind(next.map(|(_, c)| c)),
            until as u8,
            u8::from(ground.key(from).mode.is_minor()),
            metre_class(ground, self.phrase.start),
            self.kin as u8,
            density_class(self.phrase.density),
            height_class(self.phrase.height),
            self.phrase
                .next
                .map_or(NO_KEY, |key| key_class(key, self.tonic)),
            model.map_or(NO_KEY, |(key, _)| key_class(key, self.tonic)),
            model.map_or(NO_TIME, |(_, time)| time_class(time)),
            left.map_or(26, |left| left.min(25) as u8),
            u8::from(first),
        ]
    }

    /// What is known at a note besides: `distance` is the class of the distance from the onset
    /// before, `last` whether it ends the phrase, where that is known.
    pub fn at(
        &self,
        at: Ticks,
        len: Ticks,
        distance: u8,
        begins: Option<bool>,
        last: Option<bool>,
    ) -> [u8; AT.len()] {
        let ground = self.ground;
        // A note tied over a change belongs to what it is held into.
        let heard = match len >= Ticks::QUARTER {
            true => at + Ticks(len.0 / 3),
            false => at,
        };
        let chord = ground.chord(heard).or(ground.chord(at));
        let next = ground.next_chord(heard);
        let until = next.map_or(8, |(change, _)| quarters(change - at).clamp(0, 8));
        let model = self
            .model
            .and_then(|model| beside(&model, at - self.phrase.start).0);
        [
            distance,
            in_bar(ground, at),
            time_class(len),
            root(chord, self.tonic),
            kind(chord),
            root(next.map(|(_, c)| c), self.tonic),
            kind(next.map(|(_, c)| c)),
            until as u8,
            match begins {
                Some(false) => 1,
                Some(true) => 2,
                None => 3,
            },
            last.map_or(0, |last| 1 + u8::from(last)),
            model.map_or(NO_KEY, |note| key_class(note.key, self.tonic)),
        ]
    }
}
