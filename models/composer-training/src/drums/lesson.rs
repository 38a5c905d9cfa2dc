//! What the drummer learns: to write grooves from their summaries, and to play them.

use super::{
    batch::{Batch, batch},
    net::{Drums, Size},
    takes::Window,
};
use crate::train::{Lesson, Pace, surprise};
use burn::{
    module::AutodiffModule,
    tensor::{
        ElementConversion, Tensor,
        activation::log_sigmoid,
        backend::{AutodiffBackend, Backend},
    },
};
use serde::{Deserialize, Serialize};
use yuefu_drummer::groove::STEPS;
use yuefu_engine::SeedPath;
use yuefu_nets::weights::Table;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network's size.
    pub size: Size,
    /// Windows in a batch.
    pub windows: usize,
    /// How much the distance of summaries from chance counts (a beta-VAE: Higgins et al. 2017).
    pub beta: f64,
    /// Nats of it that are free (Kingma et al. 2016).
    pub free: f64,
    /// Steps until it counts in full.
    pub warm: usize,
    /// The pace.
    pub pace: Pace,
}

/// Windows of drummers.
#[derive(Clone, Copy, Debug)]
pub struct Drumming<'a> {
    /// How to train.
    pub recipe: &'a Recipe,
    /// What is learned from.
    pub learn: &'a [Window],
    /// What is held back.
    pub held: &'a [Window],
}

/// Sums over a batch: surprise at the hits, distance of the summaries from chance, surprise at
/// forces and at lateness; nats.
pub fn sums<B: Backend>(net: &Drums<B>, batch: &Batch<B>) -> [Tensor<B, 1>; 4] {
    let [mean, spread] = net.summary(batch.read.clone());
    let summary = mean.clone() + (spread.clone() * 0.5).exp() * batch.chance.clone();
    let far = (mean.clone() * mean + spread.clone().exp() - spread - 1.0) * 0.5;
    let logits = net.rows(batch.write.clone(), batch.hits.clone(), summary.clone());
    // Where there is a hit the sigmoid of the logit, else of its opposite.
    let signs = batch.hits.clone() * 2.0 - 1.0;
    let rows = log_sigmoid(logits * signs) * batch.real.clone();
    let summary = Tensor::cat(vec![summary * batch.told.clone(), batch.told.clone()], 1);
    let [force, time] = net.played(batch.play.clone(), batch.forces.clone(), summary);
    let [own_force, own_time] = batch.answers.clone();
    [
        rows.sum().neg(),
        far.sum(),
        surprise(force.flatten(0, 1), own_force, batch.wanted.clone()),
        surprise(time.flatten(0, 1), own_time, batch.wanted.clone()),
    ]
}

impl<B: AutodiffBackend> Lesson<B> for Drumming<'_> {
    type Net = Drums<B>;

    fn name(&self) -> &str {
        "drummer"
    }

    fn start(&self, device: &B::Device) -> Drums<B> {
        Drums::new(self.recipe.size, device)
    }

    fn loss(
        &self,
        net: &Drums<B>,
        step: usize,
        seed: &SeedPath,
        device: &B::Device,
    ) -> Tensor<B, 1> {
        let recipe = self.recipe;
        let mut rng = seed.join("windows").rng();
        let windows: Vec<&Window> = (0..recipe.windows)
            .map(|_| &self.learn[rng.below(self.learn.len())])
            .collect();
        let batch = batch::<B>(&windows, &mut rng, true, device);
        let [hits, far, force, time] = sums(net, &batch);
        let count = windows.len() as f64;
        let beta = recipe.beta * (step as f64 / recipe.warm.max(1) as f64).min(1.0);
        let far = (far / count - recipe.free).clamp_min(0.0) * (beta / STEPS as f64);
        hits / batch.counts[0] as f64 + far + (force + time) / batch.counts[1] as f64
    }

    fn examine(&self, net: &Drums<B>, device: &B::Device) -> [f64; 3] {
        let [hits, far, force, time] = examine(&net.valid(), self.held, device);
        [hits + far, force, time]
    }

    fn tables(&self, net: &Drums<B>) -> Vec<(String, Table)> {
        net.tables()
    }
}

/// Mean surprise at windows, in nats: at hits and at what the summaries say, for each step; at forces
/// and at lateness, for each hit.
pub fn examine<B: Backend>(net: &Drums<B>, windows: &[Window], device: &B::Device) -> [f64; 4] {
    let mut totals = [0.0; 4];
    let mut counts = [0; 2];
    let mut rng = SeedPath::song(1).join("examine").rng();
    let all: Vec<&Window> = windows.iter().collect();
    for windows in all.chunks(64) {
        let batch = batch::<B>(windows, &mut rng, false, device);
        for (total, sum) in totals.iter_mut().zip(sums(net, &batch)) {
            *total += sum.into_scalar().elem::<f64>();
        }
        counts[0] += batch.counts[0];
        counts[1] += batch.counts[1];
    }
    let [steps, hits] = counts.map(|count| count.max(1) as f64);
    [
        totals[0] / steps,
        totals[1] / steps,
        totals[2] / hits,
        totals[3] / hits,
    ]
}
