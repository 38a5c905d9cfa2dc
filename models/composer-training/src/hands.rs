//! Training the network of two hands: what accompanists of real songs play, its lesson, what it has
//! to beat.

pub mod net;
pub mod reading;

use crate::{
    baseline::witten_bell,
    train::{Lesson, Pace, surprise},
};
use burn::{
    module::AutodiffModule,
    tensor::{
        ElementConversion, Int, Tensor, TensorData,
        backend::{AutodiffBackend, Backend},
    },
};
use net::{HandsNet, Size};
use reading::Course;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use yuefu_composer::hands::{ACCENTS, HIGHS, HOLDS, LOWS, NO_ACCENT, NO_WISH, Step, TOLD, told};
use yuefu_engine::{Rng, SeedPath};
use yuefu_nets::weights::Table;

/// Chance that a cut is not told one of the things that are wanted.
const HIDE: f32 = 0.15;
/// Chance that the bars before are not shown at a bar: hands have to find their own way.
const BLIND: f32 = 0.12;
/// Numbers of the answers: left hand, right hand, how long each holds, force.
const ANSWERS: [usize; 5] = [LOWS, HIGHS, HOLDS, HOLDS, ACCENTS];

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network's size.
    pub size: Size,
    /// Cuts in a batch.
    pub cuts: usize,
    /// Steps of each.
    pub steps: usize,
    /// The pace.
    pub pace: Pace,
}

impl Recipe {
    /// What ships.
    pub fn shipped(steps: usize) -> Self {
        Self {
            size: Size {
                width: 144,
                cells: 2,
                dropout: 0.15,
            },
            cuts: 32,
            steps: 128,
            pace: Pace {
                steps,
                rate: 3e-3,
                seed: 20_261_122,
                look: 100,
                patience: 10,
            },
        }
    }
}

/// Accompaniments to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Playing<'a> {
    /// How to train.
    pub recipe: &'a Recipe,
    /// What is learned from.
    pub learn: &'a [Course],
    /// What is held back.
    pub held: &'a [Course],
}

/// Steps of some accompaniments, side by side.
#[derive(Debug)]
pub struct Batch<B: Backend> {
    /// What is told of each step, `[cuts, steps, TOLD]`.
    pub told: Tensor<B, 3>,
    /// What the left hand does, `[cuts * steps, LOWS]`, zeros and ones.
    pub low: Tensor<B, 2>,
    /// What both hands do, `[cuts * steps, LOWS + HIGHS]`.
    pub both: Tensor<B, 2>,
    /// Classes of the [`ANSWERS`].
    answers: [Tensor<B, 1, Int>; 5],
    /// 1 where an answer is asked for, else 0.
    asked: [Tensor<B, 1>; 5],
}

/// A part of a course: from where, how many steps.
pub type Cut<'a> = (&'a Course, usize, usize);

/// Lays cuts side by side; `hide` hides now and then what is wanted and the bars before.
pub fn batch<B: Backend>(
    cuts: &[Cut<'_>],
    steps: usize,
    mut hide: Option<&mut Rng>,
    device: &B::Device,
) -> Batch<B> {
    let rows = cuts.len() * steps;
    let both_wide = LOWS + HIGHS;
    let mut all = vec![0.0_f32; rows * TOLD];
    let mut low = vec![0.0_f32; rows * LOWS];
    let mut both = vec![0.0_f32; rows * both_wide];
    let mut answers = ANSWERS.map(|_| vec![0_i32; rows]);
    let mut asked = ANSWERS.map(|_| vec![0.0_f32; rows]);
    for (number, (course, from, count)) in cuts.iter().enumerate() {
        let played = &course.steps[*from..from + count];
        let mut frames = course.frames[*from..from + count].to_vec();
        if let Some(rng) = hide.as_deref_mut() {
            let hidden = [0; 3].map(|_| rng.chance(HIDE));
            for frame in &mut frames {
                for (wish, hidden) in frame.wanted.iter_mut().zip(hidden) {
                    if hidden {
                        *wish = NO_WISH;
                    }
                }
            }
        }
        let mut blind = false;
        for (index, step) in played.iter().enumerate() {
            if let Some(rng) = hide.as_deref_mut()
                && frames[index].in_bar == 0
            {
                blind = rng.chance(BLIND);
            }
            let row = number * steps + index;
            for one in told(&frames, played, index, blind) {
                all[row * TOLD + one] = 1.0;
            }
            low[row * LOWS + usize::from(step.low)] = 1.0;
            both[row * both_wide + usize::from(step.low)] = 1.0;
            both[row * both_wide + LOWS + usize::from(step.high)] = 1.0;
            for (which, (class, is_asked)) in questions(step).into_iter().enumerate() {
                answers[which][row] = i32::from(class);
                asked[which][row] = f32::from(u8::from(is_asked));
            }
        }
    }
    let two = |numbers: Vec<f32>, width: usize| {
        Tensor::from_data(TensorData::new(numbers, [rows, width]), device)
    };
    Batch {
        told: two(all, TOLD).reshape([cuts.len(), steps, TOLD]),
        low: two(low, LOWS),
        both: two(both, both_wide),
        answers: answers.map(|a| Tensor::from_data(TensorData::new(a, [rows]), device)),
        asked: asked.map(|a| Tensor::from_data(TensorData::new(a, [rows]), device)),
    }
}

/// The answers of a step, and whether each is asked for.
fn questions(step: &Step) -> [(u8, bool); 5] {
    let plays = step.low > 0 || step.high > 0;
    [
        (step.low, true),
        (step.high, true),
        (step.holds[0], step.low > 0),
        (step.holds[1], step.high > 0),
        (
            step.accent.min(NO_ACCENT - 1),
            plays && step.accent != NO_ACCENT,
        ),
    ]
}

/// Sums of the surprise at each answer, in nats.
fn sums<B: Backend>(net: &HandsNet<B>, batch: Batch<B>) -> [Tensor<B, 1>; 5] {
    let answers = net.forward(batch.told, batch.low, batch.both);
    let mut out = answers
        .into_iter()
        .zip(batch.answers)
        .zip(batch.asked)
        .map(|((answer, right), asked)| surprise(answer, right, asked));
    std::array::from_fn(|_| out.next().expect("five answers"))
}

/// Cuts of a step of training: courses by their length, from any bar.
fn cuts<'a>(courses: &'a [Course], count: usize, steps: usize, rng: &mut Rng) -> Vec<Cut<'a>> {
    let lengths: Vec<f32> = courses.iter().map(|c| c.steps.len() as f32).collect();
    (0..count)
        .map(|_| {
            let course = &courses[rng.weighted(&lengths)];
            let bar = usize::from(course.frames[0].bar);
            let bars = course.steps.len() / bar;
            let last = bars.saturating_sub(steps / bar).max(1);
            let from = match rng.chance(0.2) {
                true => 0,
                false => rng.below(last) * bar,
            };
            (course, from, steps.min(course.steps.len() - from))
        })
        .collect()
}

impl<B: AutodiffBackend> Lesson<B> for Playing<'_> {
    type Net = HandsNet<B>;

    fn name(&self) -> &str {
        "hands"
    }

    fn start(&self, device: &B::Device) -> HandsNet<B> {
        HandsNet::new(self.recipe.size, device)
    }

    fn loss(
        &self,
        net: &HandsNet<B>,
        _: usize,
        seed: &SeedPath,
        device: &B::Device,
    ) -> Tensor<B, 1> {
        let recipe = self.recipe;
        let mut rng = seed.join("cuts").rng();
        let cuts = cuts(self.learn, recipe.cuts, recipe.steps, &mut rng);
        let mut hide = seed.join("hide").rng();
        let batch = batch::<B>(&cuts, recipe.steps, Some(&mut hide), device);
        let real: usize = cuts.iter().map(|cut| cut.2).sum();
        let sum = sums(net, batch).into_iter().reduce(|a, b| a + b);
        sum.expect("five answers") / real.max(1) as f64
    }

    fn examine(&self, net: &HandsNet<B>, device: &B::Device) -> [f64; 3] {
        let [low, high, holds, others, force] =
            examine(&net.valid(), self.held, self.recipe.steps, device);
        [low, high, holds + others + force]
    }

    fn tables(&self, net: &HandsNet<B>) -> Vec<(String, Table)> {
        net.tables()
    }
}

/// Mean surprise at courses, in nats a step: left hand, right hand, holds of each, force.
pub fn examine<B: Backend>(
    net: &HandsNet<B>,
    courses: &[Course],
    steps: usize,
    device: &B::Device,
) -> [f64; 5] {
    let mut totals = [0.0; 5];
    let mut real = 0;
    let cuts: Vec<Cut<'_>> = courses
        .iter()
        .flat_map(|course| {
            let whole = course.steps.len();
            let starts = (0..whole).step_by(steps);
            starts.map(move |from| (course, from, steps.min(whole - from)))
        })
        .collect();
    for cuts in cuts.chunks(32) {
        real += cuts.iter().map(|cut| cut.2).sum::<usize>();
        let batch = batch::<B>(cuts, steps, None, device);
        for (total, sum) in totals.iter_mut().zip(sums(net, batch)) {
            *total += sum.into_scalar().elem::<f64>();
        }
    }
    totals.map(|total| total / real.max(1) as f64)
}

/// What it has to beat: a table for each hand that knows the place in the bar, what the hand did
/// there a bar ago, whether a chord begins and what the hand did last, with Witten-Bell back-off
/// (1991). Mean surprise at courses, in nats a step.
pub fn baseline(learn: &[Course], held: &[Course]) -> [f64; 2] {
    [false, true].map(|right| {
        let sign = |step: &Step| match right {
            true => step.high,
            false => step.low,
        };
        let classes = if right { HIGHS } else { LOWS };
        let past = |course: &Course, at: usize| -> [u8; 4] {
            let frame = &course.frames[at];
            let ago = at.checked_sub(usize::from(frame.bar));
            let mut back = course.steps[..at].iter().rev().take(64).map(sign);
            [
                frame.in_bar,
                ago.map_or(u8::MAX, |i| sign(&course.steps[i])),
                frame.since,
                back.find(|sign| *sign != 0).unwrap_or(0),
            ]
        };
        let mut counts: HashMap<Vec<u8>, HashMap<u8, u32>> = HashMap::new();
        for course in learn {
            for (at, step) in course.steps.iter().enumerate() {
                let past = past(course, at);
                for length in 0..=past.len() {
                    let row = counts.entry(past[..length].to_vec()).or_default();
                    *row.entry(sign(step)).or_default() += 1;
                }
            }
        }
        let (mut sum, mut steps) = (0.0, 0);
        for course in held {
            steps += course.steps.len();
            for (at, step) in course.steps.iter().enumerate() {
                let past = past(course, at);
                let rows = (0..=past.len()).map_while(|length| counts.get(&past[..length]));
                sum -= witten_bell(rows, sign(step), classes).ln();
            }
        }
        sum / steps.max(1) as f64
    })
}
