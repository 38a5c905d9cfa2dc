//! Training the network between tunes: pages of real ones, its lesson, what it has to beat.

pub mod net;

use crate::{
    baseline::witten_bell,
    train::{Lesson, Pace},
};
use burn::{
    module::AutodiffModule,
    tensor::{
        ElementConversion, Int, Tensor, TensorData,
        backend::{AutodiffBackend, Backend},
    },
};
use net::{PageNet, Size};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use yuefu_composer::pages::{HOLD, Page, Pages, READ, REST, SIGNS, STEPS, SUMMARY, WRITE, told};
use yuefu_corpus::Piece;
use yuefu_engine::{Rng, SeedPath};
use yuefu_nets::weights::Table;
use yuefu_theory::{Metre, Ticks};

/// Fewest notes that begin on a page that is learned from.
const FEWEST: usize = 3;
/// Chance that the writer does not see what it wrote before a step: it has to ask the summary
/// (Bowman et al. 2016).
const BLIND: f32 = 0.3;

/// A page, and whether it is in minor.
pub type Sheet = (Page, bool);

/// The pages of a piece's tune, one from each bar; none where it is not in 4/4 throughout.
pub fn sheets(piece: &Piece) -> Vec<Sheet> {
    let notes = crate::tunes::notes(piece);
    let Some(first) = notes.first() else {
        return Vec::new();
    };
    let score = &piece.score;
    let common = |at: Ticks| *score.timeline.metre(at) == Metre::common();
    if !common(first.at) || !notes.iter().all(|note| common(note.at)) {
        return Vec::new();
    }
    let key = score.key_at(first.at);
    let start = first.at - score.timeline.bar_of(first.at).1;
    let minor = key.mode.is_minor();
    let mut out = Vec::new();
    // Both halves of a page are the beginning of one.
    for start in [start, start + Ticks::WHOLE] {
        let from = notes.partition_point(|note| note.at < start);
        let whole = Pages::of(&notes[from..], start, key.tonic.pc(), minor);
        out.extend(whole.pages.into_iter().map(|page| (page, minor)));
    }
    out.retain(|(page, _)| onsets(page) >= FEWEST);
    out
}

/// How many notes begin on a page.
pub fn onsets(page: &Page) -> usize {
    page.iter().filter(|sign| **sign > REST).count()
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network's size.
    pub size: Size,
    /// Pages in a batch.
    pub pages: usize,
    /// How much the distance of summaries from chance counts (Higgins et al. 2017).
    pub beta: f64,
    /// Nats of it that are free (Kingma et al. 2016).
    pub free: f64,
    /// Steps until it counts in full.
    pub warm: usize,
    /// The pace.
    pub pace: Pace,
}

impl Recipe {
    /// What ships.
    pub fn shipped(steps: usize) -> Self {
        Self {
            size: Size {
                read: 128,
                write: 192,
                dropout: 0.15,
            },
            pages: 64,
            beta: 0.1,
            free: 32.0,
            warm: 1_000,
            pace: Pace {
                steps,
                rate: 2e-3,
                seed: 20_261_122,
                look: 200,
                patience: 15,
            },
        }
    }
}

/// Pages of tunes.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// How to train.
    pub recipe: &'a Recipe,
    /// What is learned from.
    pub learn: &'a [Sheet],
    /// What is held back.
    pub held: &'a [Sheet],
}

/// Some pages as tensors.
#[derive(Debug)]
pub struct Batch<B: Backend> {
    /// Steps as the reader is told them.
    pub read: Tensor<B, 3>,
    /// Steps as the writer is told them.
    pub write: Tensor<B, 3>,
    /// The signs, page after page.
    pub answers: Tensor<B, 1, Int>,
    /// Normal draws for the summaries, `[batch, SUMMARY]`.
    pub chance: Tensor<B, 2>,
}

/// Lays pages side by side; `blind` hides from the writer now and then what it wrote.
pub fn batch<B: Backend>(
    sheets: &[&Sheet],
    rng: &mut Rng,
    blind: bool,
    device: &B::Device,
) -> Batch<B> {
    let count = sheets.len();
    let mut read = vec![0.0_f32; count * STEPS * READ];
    let mut write = vec![0.0_f32; count * STEPS * WRITE];
    let mut answers = Vec::with_capacity(count * STEPS);
    for (number, (page, minor)) in sheets.iter().enumerate() {
        for (step, sign) in page.iter().enumerate() {
            let row = number * STEPS + step;
            read[row * READ + usize::from(*sign)] = 1.0;
            read[row * READ + READ - 1] = f32::from(u8::from(*minor));
            let hidden = blind && rng.chance(BLIND);
            for one in told(page, step, *minor) {
                if !hidden || one >= 2 * SIGNS {
                    write[row * WRITE + one] = 1.0;
                }
            }
            answers.push(i32::from(*sign));
        }
    }
    let chance: Vec<f32> = (0..count * SUMMARY).map(|_| rng.normal()).collect();
    let three = |numbers: Vec<f32>, width: usize| {
        Tensor::from_data(TensorData::new(numbers, [count, STEPS, width]), device)
    };
    Batch {
        read: three(read, READ),
        write: three(write, WRITE),
        answers: Tensor::from_data(TensorData::new(answers, [count * STEPS]), device),
        chance: Tensor::from_data(TensorData::new(chance, [count, SUMMARY]), device),
    }
}

/// Sums over a batch: surprise at the signs, distance of the summaries from chance; nats.
pub fn sums<B: Backend>(net: &PageNet<B>, batch: Batch<B>) -> [Tensor<B, 1>; 2] {
    let rows = batch.answers.dims()[0];
    let [mean, spread] = net.summary(batch.read);
    let summary = mean.clone() + (spread.clone() * 0.5).exp() * batch.chance;
    let far = (mean.clone() * mean + spread.clone().exp() - spread - 1.0) * 0.5;
    let signs = net.signs(batch.write, summary).reshape([rows, SIGNS]);
    let real = Tensor::ones([rows], &signs.device());
    [
        crate::train::surprise(signs, batch.answers, real),
        far.sum(),
    ]
}

impl<B: AutodiffBackend> Lesson<B> for Reading<'_> {
    type Net = PageNet<B>;

    fn name(&self) -> &str {
        "pages"
    }

    fn start(&self, device: &B::Device) -> PageNet<B> {
        PageNet::new(self.recipe.size, device)
    }

    fn loss(
        &self,
        net: &PageNet<B>,
        step: usize,
        seed: &SeedPath,
        device: &B::Device,
    ) -> Tensor<B, 1> {
        let recipe = self.recipe;
        let mut rng = seed.join("pages").rng();
        let sheets: Vec<&Sheet> = (0..recipe.pages)
            .map(|_| &self.learn[rng.below(self.learn.len())])
            .collect();
        let batch = batch::<B>(&sheets, &mut rng, true, device);
        let [signs, far] = sums(net, batch);
        let count = sheets.len() as f64;
        let beta = recipe.beta * (step as f64 / recipe.warm.max(1) as f64).min(1.0);
        let far = (far / count - recipe.free).clamp_min(0.0);
        (signs / count + far * beta) / STEPS as f64
    }

    fn examine(&self, net: &PageNet<B>, device: &B::Device) -> [f64; 3] {
        // Summaries count as in training: else the best network would be one without any.
        let [signs, far] = examine(&net.valid(), self.held, device);
        let free = self.recipe.free / STEPS as f64;
        [signs, self.recipe.beta * (far - free).max(0.0), 0.0]
    }

    fn tables(&self, net: &PageNet<B>) -> Vec<(String, Table)> {
        net.tables()
    }
}

/// Mean surprise at pages and at what their summaries say, in nats a step.
pub fn examine<B: Backend>(net: &PageNet<B>, sheets: &[Sheet], device: &B::Device) -> [f64; 2] {
    let mut totals = [0.0; 2];
    let mut rng = SeedPath::song(1).join("examine").rng();
    let all: Vec<&Sheet> = sheets.iter().collect();
    for sheets in all.chunks(64) {
        let batch = batch::<B>(sheets, &mut rng, false, device);
        for (total, sum) in totals.iter_mut().zip(sums(net, batch)) {
            *total += sum.into_scalar().elem::<f64>();
        }
    }
    totals.map(|total| total / (sheets.len() * STEPS).max(1) as f64)
}

/// What it has to beat: a table that knows the sign before, what sounded last and the place in the
/// bar, with Witten-Bell back-off (1991). Mean surprise at pages, in nats a step.
pub fn baseline(learn: &[Sheet], held: &[Sheet]) -> f64 {
    let past = |page: &Page, step: usize| -> [u8; 3] {
        let state = page[..step].iter().rev().find(|sign| **sign != HOLD);
        let before = step.checked_sub(1).map_or(u8::MAX, |at| page[at]);
        [
            (step % (STEPS / 2)) as u8,
            state.copied().unwrap_or(u8::MAX),
            before,
        ]
    };
    let mut counts: HashMap<Vec<u8>, HashMap<u8, u32>> = HashMap::new();
    for (page, _) in learn {
        for (step, sign) in page.iter().enumerate() {
            let past = past(page, step);
            for length in 0..=past.len() {
                let row = counts.entry(past[..length].to_vec()).or_default();
                *row.entry(*sign).or_default() += 1;
            }
        }
    }
    let mut sum = 0.0;
    for (page, _) in held {
        for (step, sign) in page.iter().enumerate() {
            let past = past(page, step);
            let rows = (0..=past.len()).map_while(|length| counts.get(&past[..length]));
            sum -= witten_bell(rows, *sign, SIGNS).ln();
        }
    }
    sum / (held.len() * STEPS).max(1) as f64
}
