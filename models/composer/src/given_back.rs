//! What is lost where a tune is drawn note by note, and is given back.
//!
//! The sizes were found on the training part, by means over drafts beside means over real tunes
//! (docs/RESULTS.md, "Real or ours?").

use crate::{
    events::{GRID, Kin},
    ground::Ground,
};
use yuefu_arrange::{Slot, finder::Place};
use yuefu_song::School;
use yuefu_theory::{Metre, Ticks};

/// What is lost where a tune is drawn note by note, each from what was drawn before, and is given
/// back, in nats: going on in one direction, and tones of the chord on strong beats. Both are less
/// frequent in what is drawn than in the songs that were learned from (docs/RESULTS.md).
const ONWARD: f32 = 0.46;
/// See [`ONWARD`].
const CHORDAL: f32 = 0.45;
/// What other tones of the chord get back.
const ELSEWHERE: f32 = 0.08;
/// Major thirds, fourths and tritones are more frequent in what is drawn; see [`ONWARD`].
const LEAPS: f32 = 0.3;
/// Whole steps and fifths are less frequent; see [`ONWARD`].
const STEPS: f32 = 0.1;
/// See [`STEPS`].
const FIFTHS: f32 = 0.25;
/// Tones and stress of words draw a tune this way and that, in small steps; it gets back what they take.
const WORDED: Back = Back {
    chordal: 0.5,
    onward: 0.52,
    repeats: 0.18,
    semitones: -0.6,
    seconds: -0.05,
    thirds: 0.3,
    leaps: 0.5,
    wide: 0.008,
    home: 0.1,
    leading: -0.45,
    ..NOTHING
};
/// What tunes of art songs and of standards get back beside that: the sizes above were found with pop.
/// Both lack semitones, leading notes and going on, standards repeat too many notes.
const ARTFUL: Back = Back {
    chordal: 0.3,
    elsewhere: 0.5,
    onward: 0.25,
    semitones: 0.55,
    seconds: -0.1,
    thirds: -0.35,
    home: -0.3,
    leading: 0.5,
    ..NOTHING
};
/// See [`ARTFUL`].
const STANDARD: Back = Back {
    chordal: -0.3,
    onward: 0.1,
    repeats: -0.6,
    semitones: 0.45,
    fours: 0.45,
    home: -0.2,
    leading: 0.5,
    ..NOTHING
};
/// As the network has it.
const NOTHING: Back = Back {
    chordal: 0.0,
    elsewhere: 0.0,
    onward: 0.0,
    repeats: 0.0,
    semitones: 0.0,
    seconds: 0.0,
    thirds: 0.0,
    fours: 0.0,
    leaps: 0.0,
    wide: 0.0,
    home: 0.0,
    leading: 0.0,
};
/// The tonic is less frequent in what is drawn; see [`ONWARD`].
const HOME: f32 = 0.12;
/// Keys lie closer together in what is drawn: for each square of a semitone from the phrase's middle.
const WIDE: f32 = 0.012;
/// The metric weight from which a beat is strong.
const STRONG: f32 = 0.7;
/// What a sixteenth after a beat loses where nobody sings.
const AFTER: f32 = 0.2;
/// What onsets between the eighths get back that words take from them, in nats ([`ONWARD`]): after a
/// beat, and before one.
const QUICK: [f32; 2] = [-0.7, 0.2];
/// What they lose where a bar has not four beats: the sixteenths were learned from songs in four, and
/// waltzes and songs in 6/8 are sung in eighths.
const WALTZED: f32 = 2.5;
/// What onsets between the beats lose there.
const OFFBEATS: f32 = 0.2;
/// What onsets of standards lose on the second half of a beat and between the eighths, and what they
/// get back a half note and a whole one after another, where nobody sings ([`ARTFUL`]).
const SWUNG: [f32; 4] = [0.7, -0.2, 0.4, 2.4];
/// What it costs a sung line to stay between the eighths.
const ASTRAY: f32 = 1.3;
/// What notes of a sixteenth, a dotted eighth, a quarter, a dotted quarter to a half note, and more get
/// back within a sung line.
const HELD: [f32; 5] = [0.25, -0.35, 0.35, 1.3, 0.9];
/// What it costs a sung line to begin on the second half of a beat.
const LATE: f32 = 0.5;

/// What a choice gets beside the network's share, in nats ([`ONWARD`]).
struct Back {
    chordal: f32,
    elsewhere: f32,
    onward: f32,
    repeats: f32,
    semitones: f32,
    seconds: f32,
    thirds: f32,
    fours: f32,
    leaps: f32,
    wide: f32,
    home: f32,
    leading: f32,
}

impl Back {
    /// What tunes of a repertoire get back.
    fn of(kin: Kin) -> &'static Self {
        match kin {
            Kin::Pop | Kin::Own => &NOTHING,
            Kin::Art => &ARTFUL,
            Kin::Standard => &STANDARD,
        }
    }
}

/// Below 1: likelier onsets and lengths more often. Rhythms of standards return more often than what
/// is drawn.
pub(crate) fn time_heat(kin: Kin) -> f32 {
    match kin {
        Kin::Standard => 0.85,
        Kin::Pop | Kin::Art | Kin::Own => 1.0,
    }
}

/// What the song adds to the share of an onset after another one, sung or played, the phrase's first or
/// not.
pub(crate) fn timely(
    place: &Place<'_>,
    ground: &Ground<'_>,
    before: Option<Ticks>,
    at: Ticks,
    sung: bool,
    first: bool,
) -> f32 {
    let habits = &place.habits;
    let within = |at: Ticks| ground.in_bar(at).0 / GRID.0 % 12;
    let apart = |at: Ticks| within(at) % 6 == 3;
    let lasted = match before {
        Some(before) if !first => (at - before).0 / GRID.0,
        _ => 0,
    };
    let own = match within(at) {
        0 => 0.0,
        6 if sung => habits.offbeats - OFFBEATS,
        6 => habits.offbeats,
        // Words differ more from song to song, and come before a beat rather than after one.
        from if sung => {
            let waltzed = match *ground.metre(at) == Metre::common() {
                true => 0.0,
                false => WALTZED,
            };
            habits.sixteenths * 1.6 + QUICK[usize::from(from == 9)] - waltzed
        }
        3 => habits.sixteenths - AFTER,
        _ => habits.sixteenths,
    };
    if !sung {
        let standard = place.style.melody.school == School::Standard;
        let [offbeat, quick, half, whole] = if standard { SWUNG } else { [0.0; 4] };
        let lost = match within(at) {
            0 => 0.0,
            6 => offbeat,
            _ => quick,
        };
        let held = match lasted {
            24 => half,
            48 => whole,
            _ => 0.0,
        };
        return own - lost + held;
    }
    let astray = apart(at) && before.is_some_and(apart);
    let early = first && at < place.span.start;
    let late = first && !early && within(at) == 6;
    let held = match lasted {
        3 => HELD[0],
        9 => HELD[1],
        12..18 => HELD[2],
        18..30 => HELD[3],
        30.. => HELD[4],
        _ => 0.0,
    };
    let mut out = own + held;
    for (holds, nats) in [(astray, -ASTRAY), (early, habits.pickups), (late, -LATE)] {
        out += if holds { nats } else { 0.0 };
    }
    out
}

/// What the song adds to the share of a key, and what drawing lost of it (see [`ONWARD`]).
pub(crate) fn given_back(
    place: &Place<'_>,
    kin: Kin,
    slot: &Slot,
    before: Option<i32>,
    heading: i32,
    key: i32,
) -> f32 {
    let back = Back::of(kin);
    let (habits, center) = (&place.habits, place.center);
    let gets = |part: fn(&Back) -> f32| part(back) + slot.lean.map_or(0.0, |_| part(&WORDED));
    let interval = before.map_or(7, |before| key - before);
    let onward = match interval.signum() {
        0 => 0.0,
        way if way == heading => ONWARD + gets(|b| b.onward) + habits.onward,
        _ => 0.0,
    };
    let size = match interval.abs() {
        _ if before.is_none() => 0.0,
        0 => gets(|b| b.repeats) + habits.repeats,
        1 => gets(|b| b.semitones) + habits.semitones,
        2 => gets(|b| b.seconds) + STEPS,
        3 => gets(|b| b.thirds),
        4 => gets(|b| b.fours) - LEAPS * 1.6,
        5 | 6 => habits.leaps - LEAPS,
        7 => gets(|b| b.leaps) + habits.leaps + FIFTHS,
        _ => gets(|b| b.leaps) + habits.leaps,
    };
    let pc = key.rem_euclid(12) as u8;
    let stands = slot.chord.is_some_and(|chord| chord.has(pc));
    let away = (key as f32 - center).abs().min(8.0);
    let stands = match stands {
        true if slot.weight >= STRONG => CHORDAL + gets(|b| b.chordal) + habits.chordal,
        true => ELSEWHERE + gets(|b| b.elsewhere),
        false => 0.0,
    };
    let degree = match (12 + pc - slot.key.tonic.pc()) % 12 {
        0 => HOME + gets(|b| b.home),
        11 => gets(|b| b.leading),
        _ => 0.0,
    };
    onward + size + stands + degree + (WIDE + gets(|b| b.wide)) * away * away
}
