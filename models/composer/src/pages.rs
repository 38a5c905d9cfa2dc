//! Tunes two bars at a time, as summaries between which there are others: the way from one tune
//! to another leads over tunes.
//!
//! A variational autoencoder after MusicVAE (Roberts et al., ICML 2018): a reader makes a summary
//! of a page of 32 sixteenths, a writer draws a page from a summary. Summaries are mixed along
//! great circles (White 2016), because what was learned lies in a shell around nothing.

mod net;

pub use net::{PageNet, READ, SUMMARY, WRITE, told};

use crate::{
    events::{KEYS, Sung, home, key_class, key_of},
    finder::ComposerFault,
};
use yuefu_engine::Rng;
use yuefu_nets::{kernel::softmax, weights::parse};
use yuefu_originality::{OriginalityIndex, PATTERN, TuneNote};
use yuefu_theory::Ticks;

/// Steps of a page: the sixteenths of two bars of 4/4.
pub const STEPS: usize = 32;
/// What a step can say: [`HOLD`], [`REST`], or a key that begins.
pub const SIGNS: usize = KEYS + 2;
/// What sounded sounds on, and what was silent stays silent.
pub const HOLD: u8 = 0;
/// Silence begins.
pub const REST: u8 = 1;

/// A step.
const STEP: Ticks = Ticks::of(1, 16);
const WEIGHTS: &str = "composer/pages.yfw";
/// Below 1: likelier signs more often.
const HEAT: f32 = 0.85;
/// How much what begins in either tune is preferred, in logits, while the way is all at that tune.
const NEAR: f32 = 1.5;
/// Pages that are drawn, at most, until one equals no known tune.
const TRIES: usize = 8;

/// Two bars: a sign for each sixteenth.
pub type Page = [u8; STEPS];

/// A tune on pages, from a barline on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The tonic that keys are counted from: a MIDI key near the middle of the tune.
    pub tonic: i32,
    /// Whether its mode has a minor third.
    pub minor: bool,
    /// The pages, at least one.
    pub pages: Vec<Page>,
}

impl Pages {
    /// Writes a tune on pages, the first of which begins at `start`: onsets go to the nearest
    /// sixteenth, of two that meet there the later one counts. `tonic` is a pitch class.
    pub fn of(notes: &[Sung], start: Ticks, tonic: u8, minor: bool) -> Self {
        let sum: i32 = notes.iter().map(|note| note.key).sum();
        let tonic = home(tonic, sum as f32 / notes.len().max(1) as f32);
        let step = |time: Ticks| {
            (time - start + Ticks(STEP.0 / 2))
                .0
                .div_euclid(STEP.0)
                .max(0)
        };
        let mut signs: Vec<u8> = Vec::new();
        let mut sounding_to = 0;
        for (index, note) in notes.iter().enumerate() {
            let at = step(note.at) as usize;
            let next = notes.get(index + 1).map(|next| step(next.at) as usize);
            // What is shorter than an eighth before the next note is no rest, but a hand let go.
            let mut end = (step(note.at + note.len) as usize).max(at + 1);
            if let Some(next) = next {
                end = if end + 2 > next { next } else { end };
            }
            if signs.len() <= at {
                signs.resize(at + 1, HOLD);
            }
            if at > sounding_to && signs[sounding_to..at].iter().all(|sign| *sign == HOLD) {
                signs[sounding_to] = REST;
            }
            signs[at] = 2 + key_class(note.key, tonic);
            sounding_to = end.max(at + 1);
        }
        if signs.is_empty() {
            signs.push(REST);
        } else {
            if signs.len() <= sounding_to {
                signs.resize(sounding_to + 1, HOLD);
            }
            signs[sounding_to] = REST;
        }
        if sounding_to > 0 && sounding_to % STEPS == 0 {
            // The silence after the last bar needs no page of its own.
            signs.truncate(sounding_to);
        }
        signs.resize(signs.len().div_ceil(STEPS) * STEPS, HOLD);
        let pages = signs.chunks_exact(STEPS);
        Self {
            tonic,
            minor,
            pages: pages.map(|page| page.try_into().expect("a page")).collect(),
        }
    }

    /// The notes on the pages, from time zero on.
    pub fn notes(&self) -> Vec<Sung> {
        let mut out: Vec<Sung> = Vec::new();
        let mut sounds = false;
        for (index, sign) in self.pages.iter().flatten().enumerate() {
            let at = STEP * index as i64;
            match *sign {
                HOLD => {
                    if let (true, Some(last)) = (sounds, out.last_mut()) {
                        last.len += STEP;
                    }
                }
                REST => sounds = false,
                key => {
                    sounds = true;
                    out.push(Sung {
                        at,
                        len: STEP,
                        key: key_of(key - 2, self.tonic),
                        begins: None,
                    });
                }
            }
        }
        out
    }
}

/// Finds tunes between tunes.
#[derive(Debug)]
pub struct Morpher {
    net: PageNet,
    known: &'static OriginalityIndex,
}

impl Morpher {
    /// The one that ships with the program.
    ///
    /// # Errors
    /// When the program was built without its weights or the index of known tunes.
    pub fn shipped() -> Result<Self, ComposerFault> {
        Self::parse(yuefu_data::get(WEIGHTS).unwrap_or_default())
    }

    /// From its weights.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, ComposerFault> {
        Ok(Self {
            net: PageNet::of(parse(bytes)?)?,
            known: OriginalityIndex::shipped()?,
        })
    }

    /// Tunes on the way from one to another, `steps` in all, at least two: the first and the last
    /// are what was given, pages between them are drawn from summaries between theirs, and length,
    /// mode and tonic go along. The shorter tune is heard again from its beginning.
    pub fn morph(&self, a: &Pages, b: &Pages, steps: usize, rng: &mut Rng) -> Vec<Pages> {
        let seed = rng.clone();
        let last = steps.max(2) - 1;
        (0..=last)
            .map(|step| match step {
                0 => a.clone(),
                step if step == last => b.clone(),
                // The same chance at every step: what changes is the place on the way.
                step => self.between(a, b, step as f32 / last as f32, &mut seed.clone()),
            })
            .collect()
    }

    fn between(&self, a: &Pages, b: &Pages, at: f32, rng: &mut Rng) -> Pages {
        let mix = |a: f32, b: f32| a + (b - a) * at;
        let count = mix(a.pages.len() as f32, b.pages.len() as f32)
            .round()
            .max(1.0) as usize;
        let minor = if at < 0.5 { a.minor } else { b.minor };
        let tonic = mix(a.tonic as f32, b.tonic as f32).round() as i32;
        let summaries = |of: &Pages| -> Vec<Vec<f32>> {
            let pages = of.pages.iter();
            pages
                .map(|page| self.net.summary(page, of.minor).mean)
                .collect()
        };
        let (from, to) = (summaries(a), summaries(b));
        let mut out = Pages {
            tonic,
            minor,
            pages: Vec::with_capacity(count),
        };
        for index in 0..count {
            let ends = [(a, &from), (b, &to)].map(|(of, summaries)| {
                let place = index % of.pages.len();
                (&of.pages[place], &summaries[place])
            });
            let summary = around(ends[0].1, ends[1].1, at);
            let near = [(ends[0].0, NEAR * (1.0 - at)), (ends[1].0, NEAR * at)];
            let mut best: Option<(usize, Page)> = None;
            for _ in 0..TRIES {
                let page = self.write(&summary, minor, near, rng);
                out.pages.push(page);
                let known = self.equal_to_known(&out, index);
                out.pages.pop();
                if best.is_none_or(|(least, _)| known < least) {
                    best = Some((known, page));
                }
                if known == 0 {
                    break;
                }
            }
            out.pages.extend(best.map(|(_, page)| page));
        }
        out
    }

    /// A page drawn from a summary, near two others.
    fn write(&self, summary: &[f32], minor: bool, near: [(&Page, f32); 2], rng: &mut Rng) -> Page {
        let mut hand = self.net.writer(summary);
        let mut page = [HOLD; STEPS];
        for step in 0..STEPS {
            let mut logits = self.net.written(&mut hand, &page, step, minor);
            for (other, weight) in near {
                if other[step] != HOLD {
                    logits[usize::from(other[step])] += weight;
                }
            }
            for logit in &mut logits {
                *logit /= HEAT;
            }
            softmax(&mut logits);
            page[step] = rng.weighted(&logits) as u8;
        }
        page
    }

    /// How many patterns of known tunes end on a page.
    fn equal_to_known(&self, tune: &Pages, index: usize) -> usize {
        let notes = tune.notes();
        let start = STEP * (index * STEPS) as i64;
        let told: Vec<TuneNote> = notes
            .iter()
            .map(|note| TuneNote {
                at: note.at,
                key: note.key.clamp(0, 127) as u8,
            })
            .collect();
        let windows = told.windows(PATTERN);
        let own = windows.filter(|notes| notes[PATTERN - 1].at >= start);
        own.filter(|notes| !self.known.is_original(notes)).count()
    }
}

/// A place on the great circle through two summaries, at a length between theirs.
fn around(a: &[f32], b: &[f32], at: f32) -> Vec<f32> {
    use yuefu_audio::math::{atan2, sin};
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let terms = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        terms.fold(0.0, |sum, term| sum + term)
    };
    let (long, other) = (dot(a, a).sqrt(), dot(b, b).sqrt());
    let at = f64::from(at);
    let cosine = (dot(a, b) / (long * other).max(1e-12)).clamp(-1.0, 1.0);
    let angle = atan2((1.0 - cosine * cosine).sqrt(), cosine);
    let (first, second) = match sin(angle) {
        // Along one line there is no circle.
        small if small.abs() < 1e-3 => (1.0 - at, at),
        whole => (sin((1.0 - at) * angle) / whole, sin(at * angle) / whole),
    };
    let mixed = a.iter().zip(b);
    mixed
        .map(|(a, b)| (first * f64::from(*a) + second * f64::from(*b)) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sung(at: i64, len: i64, key: i32) -> Sung {
        Sung {
            at: STEP * at,
            len: STEP * len,
            key,
            begins: None,
        }
    }

    #[test]
    fn pages_say_what_the_tune_says() {
        let tune = [
            sung(2, 2, 60),
            sung(4, 4, 62),
            sung(12, 8, 67),
            sung(30, 10, 64),
        ];
        let pages = Pages::of(&tune, Ticks::ZERO, 0, false);
        assert_eq!(pages.pages.len(), 2);
        assert_eq!(pages.notes(), tune);
        assert_eq!(pages.pages[0][0], REST, "silence comes first");
    }

    proptest! {
        #[test]
        fn any_line_on_sixteenths_comes_back(
            given in proptest::collection::vec((0_i64..5, 1_i64..9, 50_i32..75), 1..40),
        ) {
            let mut at = 0;
            let mut tune = Vec::new();
            for (gap, len, key) in given {
                // A gap of one sixteenth is a hand let go.
                let gap = if gap == 1 { 0 } else { gap };
                tune.push(sung(at + gap, len, key));
                at += gap + len;
            }
            let pages = Pages::of(&tune, Ticks::ZERO, 0, true);
            prop_assert_eq!(pages.notes(), tune);
        }

        #[test]
        fn circles_begin_and_end_where_they_should(
            a in proptest::collection::vec(-2.0_f32..2.0, 8),
            b in proptest::collection::vec(-2.0_f32..2.0, 8),
        ) {
            for (at, end) in [(0.0, &a), (1.0, &b)] {
                let mixed = around(&a, &b, at);
                prop_assert!(mixed.iter().zip(end).all(|(x, y)| (x - y).abs() < 1e-3));
            }
        }
    }
}
