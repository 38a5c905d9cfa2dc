//! Two hands on a keyboard: what accompanists of real songs strike, when, and how long they hold it,
//! told without keys, so that any chord can be played so.
//!
//! A step is a sixteenth. The left hand says its place over the chord's bass, the right hand which of
//! its voices it strikes, counted from below; the voicing itself stays with the rules. What is known
//! of a step before it is played is a [`Frame`]: bar, chord, tune, and how much is wanted.

mod net;
mod pianist;

pub use net::{HandsNet, Said};
pub use pianist::Pianist;
pub use yuefu_arrange::hands::{Low, Wanted};

use yuefu_song::{ChordSpan, PianoSchool};
use yuefu_theory::{Metre, Ticks};

/// A step.
pub const STEP: Ticks = Ticks::of(1, 16);
/// Classes of the left hand: nothing, or a [`Low`].
pub const LOWS: usize = 9;
/// Voices of the right hand that are told apart.
pub const VOICES: usize = 5;
/// Classes of the right hand: any of its voices together.
pub const HIGHS: usize = 1 << VOICES;
/// Classes of how long a stroke is held: let go early, to the hand's next stroke, beyond it.
pub const HOLDS: usize = 3;
/// Classes of force.
pub const ACCENTS: usize = 4;
/// The class of force that nobody knows: printed music has none.
pub const NO_ACCENT: u8 = ACCENTS as u8;

/// What both hands do in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Class of the left hand; 0: nothing.
    pub low: u8,
    /// Voices of the right hand; 0: nothing.
    pub high: u8,
    /// How long each hand holds what it strikes.
    pub holds: [u8; 2],
    /// Class of force; [`NO_ACCENT`] where it is not known.
    pub accent: u8,
}

/// What is known of a step before it is played, in classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Steps since the bar began.
    pub in_bar: u8,
    /// Steps of its bar.
    pub bar: u8,
    /// Class of the metre.
    pub metre: u8,
    /// Class of the steps since the chord began.
    pub since: u8,
    /// Class of the steps until it ends.
    pub until: u8,
    /// Whether it has a seventh or more.
    pub rich: bool,
    /// The tune: 0 silent, 1 sounding, 2 a note begins.
    pub tune: u8,
    /// Whether the tune is silent in the next four steps.
    pub gap: bool,
    /// Class of how many notes the tune has in this bar.
    pub busy: u8,
    /// The school.
    pub school: u8,
    /// Classes of what is [`Wanted`]; [`NO_WISH`] where nobody says.
    pub wanted: [u8; 3],
}

/// The class of what nobody wishes.
pub const NO_WISH: u8 = 7;

/// Sizes of what is told of a step, one feature after another: the frame, then what was played
/// before, last, a bar and two bars ago.
const SIZES: [usize; 21] = [
    24,
    4,
    7,
    7,
    2,
    3,
    2,
    5,
    2,
    8,
    8,
    8,
    LOWS,
    HIGHS,
    LOWS,
    HIGHS,
    LOWS + 1,
    HIGHS + 1,
    LOWS + 1,
    HIGHS + 1,
    2,
];

/// Numbers that are told of a step: zeros and ones.
pub const TOLD: usize = {
    let mut sum = 0;
    let mut index = 0;
    while index < SIZES.len() {
        sum += SIZES[index];
        index += 1;
    }
    sum
};

/// The places of the ones among [`TOLD`]: what is known of step `at` when those before it were
/// played. `blind`: the bars before are not shown.
pub fn told(frames: &[Frame], played: &[Step], at: usize, blind: bool) -> Vec<usize> {
    let frame = &frames[at];
    let before = at.checked_sub(1).map(|i| played[i]).unwrap_or_default();
    let last = |sign: fn(&Step) -> u8| {
        let mut back = played[..at].iter().rev().take(64).map(sign);
        back.find(|sign| *sign != 0).unwrap_or(0)
    };
    let ago = |bars: usize| {
        let back = usize::from(frame.bar) * bars;
        at.checked_sub(back).filter(|_| !blind).map(|i| played[i])
    };
    let low = |step: Option<Step>| step.map_or(LOWS, |s| usize::from(s.low));
    let high = |step: Option<Step>| step.map_or(HIGHS, |s| usize::from(s.high));
    let classes: [usize; SIZES.len()] = [
        usize::from(frame.in_bar).min(23),
        usize::from(frame.metre),
        usize::from(frame.since),
        usize::from(frame.until),
        usize::from(frame.rich),
        usize::from(frame.tune),
        usize::from(frame.gap),
        usize::from(frame.busy),
        usize::from(frame.school),
        usize::from(frame.wanted[0]),
        usize::from(frame.wanted[1]),
        usize::from(frame.wanted[2]),
        usize::from(before.low),
        usize::from(before.high),
        usize::from(last(|s| s.low)),
        usize::from(last(|s| s.high)),
        low(ago(1)),
        high(ago(1)),
        low(ago(2)),
        high(ago(2)),
        usize::from(at == 0),
    ];
    let starts = SIZES.iter().scan(0, |sum, size| {
        let start = *sum;
        *sum += size;
        Some(start)
    });
    starts
        .zip(classes)
        .map(|(start, class)| start + class)
        .collect()
}

/// The class of a metre; `None` for one that is not known.
pub fn metre_class(metre: &Metre) -> Option<u8> {
    match (metre.beats, metre.unit) {
        (4, 4) => Some(0),
        (3, 4) => Some(1),
        (2, 4) | (2, 2) => Some(2),
        _ if metre.is_compound() && metre.bar() <= STEP * 24 => Some(3),
        _ => None,
    }
}

/// The number of a school; `None` where rules play.
pub fn school_class(school: PianoSchool) -> Option<u8> {
    match school {
        PianoSchool::Rules => None,
        PianoSchool::Pop => Some(0),
        PianoSchool::Art => Some(1),
    }
}

/// Classes of what is wanted.
pub fn wanted_classes(wanted: Wanted) -> [u8; 3] {
    let class = |value: f32, marks: [f32; 6]| marks.iter().filter(|m| value >= **m).count() as u8;
    [
        class(wanted.low, [0.15, 0.4, 0.7, 1.1, 1.6, 2.3]),
        class(wanted.high, [0.15, 0.45, 0.9, 1.3, 1.8, 2.5]),
        class(wanted.thick, [1.15, 1.5, 1.9, 2.3, 2.7, 3.2]),
    ]
}

/// How much hands did in some steps, as it could have been wanted.
pub fn done(steps: &[Step]) -> Wanted {
    let quarters = (steps.len() as f32 / 4.0).max(1.0);
    let low = steps.iter().filter(|s| s.low > 0).count() as f32;
    let high = steps.iter().filter(|s| s.high > 0).count() as f32;
    let keys: u32 = steps.iter().map(|s| s.high.count_ones()).sum();
    Wanted {
        low: low / quarters,
        high: high / quarters,
        thick: keys as f32 / high.max(1.0),
    }
}

/// Frames of the steps of whole bars from `start` on: `tune` has onset and end of each note, in
/// order; `wanted` says what is wanted of a bar, counted from 0. `None` where a metre is not known
/// or a step has no chord.
pub fn frames(
    metre: &Metre,
    start: Ticks,
    bars: usize,
    chords: &[ChordSpan],
    tune: &[(Ticks, Ticks)],
    school: u8,
    wanted: impl Fn(usize) -> [u8; 3],
) -> Option<Vec<Frame>> {
    let class = metre_class(metre)?;
    let bar = (metre.bar().0 / STEP.0) as usize;
    let away = |time: Ticks| match time.0.div_euclid(STEP.0) {
        steps @ 0..4 => steps as u8,
        4..8 => 4,
        8..16 => 5,
        _ => 6,
    };
    let mut out = Vec::with_capacity(bars * bar);
    for number in 0..bars {
        let from = start + metre.bar() * number as i64;
        let inside = |at: Ticks| at >= from && at < from + metre.bar();
        let notes = tune.iter().filter(|note| inside(note.0)).count();
        for step in 0..bar {
            let at = from + STEP * step as i64;
            let chord = ChordSpan::at(chords, at)?;
            let begins = tune.iter().any(|n| (n.0 - at).0.abs() * 2 < STEP.0);
            let sounds = |at: Ticks| tune.iter().any(|n| n.0 <= at && n.1 > at);
            out.push(Frame {
                in_bar: step as u8,
                bar: bar as u8,
                metre: class,
                since: away(at - chord.span.start),
                until: away(chord.span.end - at),
                rich: chord.chord.quality.tones().len() > 3,
                tune: match begins {
                    true => 2,
                    false => u8::from(sounds(at)),
                },
                gap: (0..4).all(|ahead| !sounds(at + STEP * ahead)),
                busy: match notes {
                    0 => 0,
                    1..=2 => 1,
                    3..=4 => 2,
                    5..=6 => 3,
                    _ => 4,
                },
                school,
                wanted: wanted(number),
            });
        }
    }
    Some(out)
}
