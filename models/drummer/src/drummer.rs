//! The drummer: draws grooves, plays written ones, and goes from one to another.

use crate::features::{GROUND, Ground, NO_LEVEL, Page, force_of, ground, level_of, time_of};
use crate::groove::{BAR, Hit, KINDS, Rows, STEPS, rows};
use crate::net::{Net, between};
use crate::swing::Swing;
use yuefu_audio::math::exp;
use yuefu_engine::Rng;
use yuefu_nets::{
    draw::{nucleus, pick},
    kernel::softmax,
    summary::{Hand, Summary},
    weights::{WeightsFault, engine_id},
};

/// Raised whenever the same network would play otherwise.
const VERSION: u32 = 1;
/// Weights in `data`.
const WEIGHTS: &str = "drummer/grooves.yfw";
/// Below 1: likelier choices more often.
const PLAY_HEAT: f32 = 0.9;
/// How much grooves between two keep to what those have in common, in logits.
const WAY: f32 = 3.0;
/// Choices beyond this share of likelihood are never drawn ([`nucleus`]): beyond, not at 0.96.
const NUCLEUS: f32 = 0.96_f32.next_up();

/// A network that drums.
#[derive(Debug)]
pub struct Drummer {
    net: Net,
    id: String,
}

/// A hit that is to be played: where, what, and the level at which it is written, if any
/// ([`level_of`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// Sixteenth from the beginning.
    pub step: usize,
    /// What is struck.
    pub kind: usize,
    /// Ghost, soft, normal, accent; `None`: the drummer decides.
    pub level: Option<u8>,
}

/// How a groove is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// What it is a summary of.
    pub summary: &'a [f32],
    /// Below 1: likelier hits more often; 0: the likeliest alone.
    pub heat: f32,
    /// Written grooves that it keeps to, and how much: logits for and against.
    pub near: [Option<(&'a Rows, f32)>; 2],
    /// Steps from the first that are the first written groove's own.
    pub given: usize,
    /// Steps to draw.
    pub steps: usize,
    /// Kinds that may be struck.
    pub kinds: [bool; KINDS],
}

impl<'a> Draw<'a> {
    /// Two bars from a summary.
    pub fn new(summary: &'a [f32], heat: f32) -> Self {
        Self {
            summary,
            heat,
            near: [None; 2],
            given: 0,
            steps: STEPS,
            kinds: [true; KINDS],
        }
    }
}

impl Drummer {
    /// The drummer that ships with the program.
    ///
    /// # Errors
    /// When the program was built without its weights.
    pub fn shipped() -> Result<Self, WeightsFault> {
        Self::parse(yuefu_data::get(WEIGHTS).unwrap_or_default())
    }

    /// A drummer from its weights.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        Ok(Self {
            net: Net::parse(bytes)?,
            id: engine_id(VERSION, bytes),
        })
    }

    /// Name and version, as songs record it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// A summary out of nothing: such as grooves of this style, or its fills, have.
    pub fn idea(&self, known: &Ground, rng: &mut Rng) -> Vec<f32> {
        self.net.idea(known.style, known.fill, rng)
    }

    /// A summary near that of a groove; `far` 0: its own.
    pub fn thought(summary: &Summary, far: f32, rng: &mut Rng) -> Vec<f32> {
        let both = summary.mean.iter().zip(&summary.spread);
        both.map(|(mean, spread)| {
            let width = exp(0.5 * f64::from(*spread)) as f32;
            mean + far * width * rng.normal()
        })
        .collect()
    }

    /// Draws the hits of up to two bars.
    pub fn write(&self, known: &Ground, draw: &Draw<'_>, rng: &mut Rng) -> Rows {
        let known = ground(known);
        let mut out = Rows::default();
        let mut hand = self.net.writer(draw.summary);
        for step in 0..draw.steps.min(STEPS) {
            let mut logits = self.net.written(&mut hand, &out, step, &known);
            for kind in 0..KINDS {
                let own = draw.near[0].map(|(rows, _)| rows[step][kind]);
                let hit = match own {
                    Some(own) if step < draw.given => own,
                    _ if !draw.kinds[kind] => false,
                    _ => {
                        let pulls = draw.near.iter().flatten();
                        let pull = |(rows, weight): &(&Rows, f32)| match rows[step][kind] {
                            true => *weight,
                            false => -weight,
                        };
                        let logit = logits[kind] + pulls.map(pull).sum::<f32>();
                        match draw.heat > 0.0 {
                            true => rng.chance(share(logit / draw.heat)),
                            false => logit > 0.0,
                        }
                    }
                };
                out[step][kind] = hit;
                if hit {
                    self.net.struck(kind, &mut logits);
                }
            }
        }
        out
    }

    /// Plays written hits, in order of step and kind: gives each its force and lateness. Two bars at
    /// a time are played as one thought, with a summary where there is one. `force`: the mean force
    /// that is asked for.
    pub fn play(
        &self,
        known: &Ground,
        written: &[Written],
        summary: Option<&[f32]>,
        force: Option<f32>,
        rng: &mut Rng,
    ) -> Vec<Hit> {
        self.each(known, written, summary, force, |net, hand, told| {
            let (mut logits, state) = net.force(hand, told);
            let class = draw(&mut logits, rng);
            let force = force_of(class, rng.unit());
            let late = time_of(draw(&mut net.time(&state, class), rng), rng.unit());
            (force, late)
        })
    }

    /// As [`Self::play`], but without chance: the middle of what the drummer would play.
    pub fn expect(&self, known: &Ground, written: &[Written], summary: Option<&[f32]>) -> Vec<Hit> {
        self.each(known, written, summary, None, |net, hand, told| {
            let (mut logits, state) = net.force(hand, told);
            let (class, inside) = middle(&mut logits);
            let (late, place) = middle(&mut net.time(&state, class));
            (force_of(class, inside), time_of(late, place))
        })
    }

    fn each(
        &self,
        known: &Ground,
        written: &[Written],
        summary: Option<&[f32]>,
        force: Option<f32>,
        mut play: impl FnMut(&Net, &mut Hand, &[f32; crate::features::PLAY]) -> (f32, f32),
    ) -> Vec<Hit> {
        let known: [f32; GROUND] = ground(known);
        let mut out = Vec::with_capacity(written.len());
        for own in written.chunk_by(|a, b| a.step / STEPS == b.step / STEPS) {
            let from = own[0].step / STEPS * STEPS;
            let hits: Vec<(usize, usize)> = own.iter().map(|w| (w.step - from, w.kind)).collect();
            let levels: Vec<u8> = own.iter().map(|w| w.level.unwrap_or(NO_LEVEL)).collect();
            let page = Page::new(&hits, &levels, known, force);
            let mut hand = self.net.player(summary);
            let mut played = Vec::with_capacity(hits.len());
            for (index, (step, kind)) in hits.iter().enumerate() {
                let told = page.row(index, &played);
                let (force, late) = play(&self.net, &mut hand, &told);
                played.push((force, late));
                out.push(Hit {
                    step: from + step,
                    kind: *kind,
                    force,
                    late,
                });
            }
        }
        out
    }

    /// Grooves on the way from one of two bars to another, `steps` in all with both ends.
    pub fn morph(
        &self,
        a: (&Ground, &[Hit]),
        b: (&Ground, &[Hit]),
        steps: usize,
        rng: &mut Rng,
    ) -> Vec<Vec<Hit>> {
        let read =
            |(known, hits): (&Ground, &[Hit])| self.net.summary(hits, true, &ground(known)).mean;
        let (from, to) = (read(a), read(b));
        let ends = [rows(a.1), rows(b.1)];
        let last = steps.saturating_sub(1).max(1);
        (0..steps)
            .map(|step| match step {
                0 => a.1.to_vec(),
                step if step == last => b.1.to_vec(),
                step => {
                    let at = step as f32 / last as f32;
                    let summary = between(&from, &to, at);
                    let nearer = if at < 0.5 { a.0 } else { b.0 };
                    let known = Ground {
                        swing: Swing::between(a.0.swing, b.0.swing, f64::from(at)),
                        ..*nearer
                    };
                    let draw = Draw {
                        near: [
                            Some((&ends[0], WAY * (1.0 - at))),
                            Some((&ends[1], WAY * at)),
                        ],
                        ..Draw::new(&summary, 0.0)
                    };
                    let rows = self.write(&known, &draw, rng);
                    self.play(&known, &free(&rows), Some(&summary), None, rng)
                }
            })
            .collect()
    }
}

/// The hits of rows, at levels that the drummer decides.
pub fn free(rows: &Rows) -> Vec<Written> {
    let places = (0..STEPS).flat_map(|step| (0..KINDS).map(move |kind| (step, kind)));
    places
        .filter(|(step, kind)| rows[*step][*kind])
        .map(|(step, kind)| Written {
            step,
            kind,
            level: None,
        })
        .collect()
}

/// Hits as they would be written, at their levels.
pub fn written(hits: &[Hit]) -> Vec<Written> {
    let write = |hit: &Hit| Written {
        step: hit.step,
        kind: hit.kind,
        level: Some(level_of(hit.force)),
    };
    hits.iter().map(write).collect()
}

/// At how many places two grooves of two bars differ.
pub fn apart(a: &[Hit], b: &[Hit]) -> usize {
    let (a, b) = (rows(a), rows(b));
    let both = a.iter().flatten().zip(b.iter().flatten());
    both.filter(|(a, b)| a != b).count()
}

/// Whether a fill is one: enough of it on snare and toms, from a step on.
pub fn fills(rows: &Rows, from: usize) -> bool {
    let hands = rows[from..BAR].iter();
    let steps = hands.filter(|row| row[1] || row[4] || row[5] || row[6]);
    steps.count() * 3 >= BAR - from
}

fn share(logit: f32) -> f32 {
    (1.0 / (1.0 + exp(-f64::from(logit)))) as f32
}

/// A class drawn from logits.
fn draw(logits: &mut [f32], rng: &mut Rng) -> usize {
    for logit in logits.iter_mut() {
        *logit /= PLAY_HEAT;
    }
    softmax(logits);
    let mut kept = nucleus(logits, |_| NUCLEUS);
    kept.sort_unstable();
    pick(logits, &kept, rng)
}

/// The median of the classes of logits: its class and the place in it.
fn middle(logits: &mut [f32]) -> (usize, f32) {
    softmax(logits);
    let mut sum = 0.0;
    for (class, share) in logits.iter().enumerate() {
        if sum + share >= 0.5 {
            return (class, ((0.5 - sum) / share).clamp(0.0, 1.0));
        }
        sum += share;
    }
    (logits.len() - 1, 1.0)
}
