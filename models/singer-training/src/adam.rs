//! How the network begins and how it moves: Adam (Kingma & Ba 2015), with a running mean of the
//! numbers, which is what is kept.

use yuefu_engine::rng::Rng;
use yuefu_voice::neural::{Shape, Tensor};

/// First numbers of a network: matrices by the width of their input (He et al. 2015), layers back
/// into a residual small, so that it begins as if it had no blocks.
pub fn start(shape: &Shape, seed: u64) -> Vec<f32> {
    let mut all = vec![0.0; shape.numbers];
    let mut rng = Rng::new(seed);
    let mut fill = |tensor: &Tensor, size: f32| {
        for value in tensor.of_mut(&mut all) {
            *value = rng.normal() * size;
        }
    };
    let he = |inputs: usize| (2.0 / inputs as f32).sqrt();
    fill(&shape.table, 0.5);
    fill(&shape.speaker, 0.3);
    fill(&shape.spread, he(shape.phone));
    fill(&shape.place, 0.5);
    fill(&shape.singer, 0.3);
    fill(&shape.last, he(shape.frame));
    fill(&shape.output, he(shape.frame) * 0.3);
    for (blocks, width) in [(&shape.encoder, shape.phone), (&shape.blocks, shape.frame)] {
        for block in blocks {
            fill(&block.spread, he(width * 3));
            fill(&block.back, he(width) * 0.3);
        }
    }
    fill(&shape.spoken.spread, he(shape.phone * 3));
    fill(&shape.spoken.back, he(shape.phone) * 0.3);
    all
}

/// The state of the optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// Running means of slopes.
    pub first: Vec<f32>,
    /// Running means of their squares.
    pub second: Vec<f32>,
    /// Running mean of the numbers.
    pub mean: Vec<f32>,
}

/// Share of the old in the running means.
const FIRST: f32 = 0.9;
const SECOND: f32 = 0.98;
const MEAN: f32 = 0.998;
/// Longest gradient; longer ones are shortened to it.
const LONGEST: f32 = 1.0;

impl Adam {
    /// Before the first step from `numbers`.
    pub fn new(numbers: &[f32]) -> Self {
        Self {
            steps: 0,
            first: vec![0.0; numbers.len()],
            second: vec![0.0; numbers.len()],
            mean: numbers.to_vec(),
        }
    }

    /// One step down the gradient.
    pub fn step(&mut self, numbers: &mut [f32], gradient: &[f32], rate: f32) {
        self.steps += 1;
        let length = gradient
            .iter()
            .map(|g| f64::from(g * g))
            .sum::<f64>()
            .sqrt() as f32;
        let scale = if length > LONGEST {
            LONGEST / length
        } else {
            1.0
        };
        let power = |share: f32| 1.0 - share.powi(self.steps.min(10_000) as i32);
        let (full_first, full_second) = (power(FIRST), power(SECOND));
        // The mean forgets the beginning quickly.
        let keep = MEAN.min((1.0 + self.steps as f32) / (10.0 + self.steps as f32));
        let moments = self.first.iter_mut().zip(&mut self.second);
        let kept = self.mean.iter_mut();
        for (((number, g), (first, second)), mean) in
            numbers.iter_mut().zip(gradient).zip(moments).zip(kept)
        {
            let g = g * scale;
            *first = FIRST * *first + (1.0 - FIRST) * g;
            *second = SECOND * *second + (1.0 - SECOND) * g * g;
            *number -= rate * (*first / full_first) / ((*second / full_second).sqrt() + 1e-8);
            *mean = keep * *mean + (1.0 - keep) * *number;
        }
    }
}
