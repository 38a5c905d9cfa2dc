//! The accompanist in songs: it says when the hands strike and which of their voices, the rules say
//! which keys.

use super::{
    ACCENTS, Frame, HandsNet, LOWS, NO_ACCENT, STEP, Said, Step, VOICES, done, frames, metre_class,
    school_class, told, wanted_classes,
};
use crate::finder::ComposerFault;
use yuefu_arrange::hands::{Accompanist, HandsPlace, Low, Stroke, Wanted};
use yuefu_audio::math;
use yuefu_engine::Rng;
use yuefu_nets::{
    kernel::softmax,
    weights::{engine_id, parse},
};
use yuefu_theory::{Metre, Ticks};

const WEIGHTS: &str = "composer/hands.yfw";
/// Of the way of drawing: another gives other strokes from the same weights.
const VERSION: u32 = 1;
/// Below 1: likelier strokes more often. A song wants fewer surprises than a recital.
const HEAT: f32 = 0.8;
/// Strokes less likely than this beside the likeliest are not played.
const UNLIKELY: f32 = 0.05;
/// Bars of a section that are tried out, and how many beginnings.
const TRIED: (usize, usize) = (4, 4);

/// An accompanist that has learned from pop songs and art songs.
#[derive(Debug)]
pub struct Pianist {
    net: HandsNet,
    id: String,
}

impl Pianist {
    /// The one that ships with the program.
    ///
    /// # Errors
    /// When the program was built without its weights.
    pub fn shipped() -> Result<Self, ComposerFault> {
        Self::parse(yuefu_data::get(WEIGHTS).unwrap_or_default())
    }

    /// From its weights.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, ComposerFault> {
        Ok(Self {
            net: HandsNet::of(parse(bytes)?)?,
            id: engine_id(VERSION, bytes),
        })
    }

    /// Name and version, written into the songs that it plays in.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Goes on playing until `steps` has `until` of them.
    fn go_on(
        &self,
        frames: &[Frame],
        said: &mut Said,
        steps: &mut Vec<Step>,
        until: usize,
        rng: &mut Rng,
    ) {
        while steps.len() < until {
            self.net
                .tell(said, &told(frames, steps, steps.len(), false));
            let low = draw(self.net.low(said), rng) as u8;
            let high = draw(self.net.high(said, low), rng) as u8;
            let mut step = Step {
                low,
                high,
                holds: [0; 2],
                accent: NO_ACCENT,
            };
            if low > 0 || high > 0 {
                let [left, right, force] = self.net.manner(said, low, high);
                step.holds = [draw(left, rng) as u8, draw(right, rng) as u8];
                step.accent = draw(force, rng) as u8;
            }
            steps.push(step);
        }
    }
}

impl Accompanist for Pianist {
    fn id(&self) -> &str {
        &self.id
    }

    fn knows(&self, metre: &Metre) -> bool {
        metre_class(metre).is_some() && metre.bar().0 % STEP.0 == 0
    }

    fn play(&self, place: &HandsPlace<'_>, rng: &mut Rng) -> Vec<Stroke> {
        let bars = (place.span.len().0 / place.metre.bar().0).max(0) as usize;
        let tune: Vec<(Ticks, Ticks)> = place.tune.iter().map(|n| (n.at, n.end())).collect();
        let wanted = wanted_classes(place.wanted);
        let Some(frames) = school_class(place.school).and_then(|school| {
            let start = place.span.start;
            frames(
                place.metre,
                start,
                bars,
                place.chords,
                &tune,
                school,
                |_| wanted,
            )
        }) else {
            return Vec::new();
        };
        // The figure of the first bars is what a section is recognised by: of some beginnings, the
        // one that does about as much as is wanted.
        let bar = frames.len() / bars.max(1);
        let first = (TRIED.0.min(bars) * bar).min(frames.len());
        let mut best: Option<(f32, Vec<Step>, Said)> = None;
        for _ in 0..TRIED.1 {
            let (mut said, mut steps) = (Said::default(), Vec::with_capacity(frames.len()));
            self.go_on(&frames, &mut said, &mut steps, first, rng);
            let off = off(&steps, place.wanted);
            if best.as_ref().is_none_or(|(least, ..)| off < *least) {
                best = Some((off, steps, said));
            }
        }
        let Some((_, mut steps, mut said)) = best else {
            return Vec::new();
        };
        self.go_on(&frames, &mut said, &mut steps, frames.len(), rng);
        strokes(&steps, place)
    }
}

/// How far what was played is from what is wanted.
fn off(steps: &[Step], wanted: Wanted) -> f32 {
    let done = done(steps);
    // The program's own logarithm: the choice is the same on every machine.
    let ln = |much: f32| math::ln(f64::from(much.max(0.05)));
    let far = |is: f32, want: f32| (ln(is) - ln(want)).abs() as f32;
    far(done.low, wanted.low) + far(done.high, wanted.high)
}

fn draw(mut logits: Vec<f32>, rng: &mut Rng) -> usize {
    for logit in &mut logits {
        *logit /= HEAT;
    }
    softmax(&mut logits);
    let likeliest = logits.iter().copied().fold(0.0, f32::max);
    for share in &mut logits {
        if *share < UNLIKELY * likeliest {
            *share = 0.0;
        }
    }
    rng.weighted(&logits)
}

/// Steps in song time. A hand's stroke ends with the chord at the latest.
fn strokes(steps: &[Step], place: &HandsPlace<'_>) -> Vec<Stroke> {
    let at = |step: usize| place.span.start + STEP * step as i64;
    let ends = |from: Ticks| {
        let chord = yuefu_song::ChordSpan::at(place.chords, from);
        chord.map_or(place.span.end, |c| c.span.end.min(place.span.end))
    };
    let held = |step: usize, hand: usize| {
        let plays = |s: &Step| if hand == 0 { s.low > 0 } else { s.high > 0 };
        let until = ends(at(step));
        let next = (step + 1..steps.len()).find(|next| plays(&steps[*next]));
        let next = next.map_or(until, at).min(until);
        let gap = next - at(step);
        match steps[step].holds[hand] {
            0 => Ticks((gap.0 * 11 / 20).max(STEP.0 * 3 / 4)),
            1 => gap,
            _ => until - at(step),
        }
    };
    let mut out = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let low = usize::from(step.low).checked_sub(1);
        let low = low.filter(|_| usize::from(step.low) < LOWS);
        let high = step.high & ((1 << VOICES) - 1);
        if low.is_none() && high == 0 {
            continue;
        }
        out.push(Stroke {
            at: at(index),
            low: low.map(|number| (Low::ALL[number], held(index, 0))),
            high: (high > 0).then(|| (high, held(index, 1))),
            accent: match step.accent {
                class if usize::from(class) < ACCENTS => [-0.9, -0.1, 0.4, 1.0][usize::from(class)],
                _ => 0.0,
            },
        });
    }
    out
}
