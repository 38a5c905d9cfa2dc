//! Two bars of several drummers, side by side.

use super::takes::Window;
use burn::tensor::{Int, Tensor, TensorData, backend::Backend};
use yuefu_drummer::{
    features::{
        FORCES, NO_LEVEL, PLAY, Page, READ, SUMMARY, WRITE, force_class, ground, level_of, read,
        time_class, write,
    },
    groove::{KINDS, STEPS, rows},
};
use yuefu_engine::Rng;

/// Chance that training hides the style, and what else need not be known.
const HIDE: [f32; 2] = [0.1, 0.4];
/// Chance that the writer does not see what it wrote before a step: it has to ask the summary.
const BLIND: f32 = 0.2;
/// How far written levels and the mean force may be from what is played.
const LOOSE: f32 = 0.06;

/// Some windows as tensors.
#[derive(Debug)]
pub struct Batch<B: Backend> {
    /// Steps as the reader is told them.
    pub read: Tensor<B, 3>,
    /// Steps as the writer is told them.
    pub write: Tensor<B, 3>,
    /// Hits, zeros and ones, `[batch, STEPS, KINDS]`.
    pub hits: Tensor<B, 3>,
    /// 1 where a step was played, `[batch, STEPS, 1]`.
    pub real: Tensor<B, 3>,
    /// Normal draws for the summary, `[batch, SUMMARY]`.
    pub chance: Tensor<B, 2>,
    /// 1 where the player is told the summary, `[batch, 1]`.
    pub told: Tensor<B, 2>,
    /// Hits as the player is told them, one after another.
    pub play: Tensor<B, 3>,
    /// Classes of force as zeros and ones, `[batch, hits, FORCES]`.
    pub forces: Tensor<B, 3>,
    /// Classes of force and of lateness, `[batch * hits]`.
    pub answers: [Tensor<B, 1, Int>; 2],
    /// 1 where there is a hit, `[batch * hits]`.
    pub wanted: Tensor<B, 1>,
    /// Steps that were played, and hits.
    pub counts: [usize; 2],
}

/// Lays windows side by side. Training hides and blurs; `hide` is off when it looks at what is held
/// back: everything is told but levels and the mean force.
pub fn batch<B: Backend>(
    windows: &[&Window],
    rng: &mut Rng,
    hide: bool,
    device: &B::Device,
) -> Batch<B> {
    let count = windows.len();
    let longest = windows.iter().map(|w| w.hits.len()).max().unwrap_or(1);
    let mut reads = Vec::with_capacity(count * STEPS * READ);
    let mut writes = Vec::with_capacity(count * STEPS * WRITE);
    let mut hits = Vec::with_capacity(count * STEPS * KINDS);
    let mut real = Vec::with_capacity(count * STEPS);
    let mut told = Vec::with_capacity(count);
    let mut play = vec![0.0_f32; count * longest * PLAY];
    let mut forces = vec![0.0_f32; count * longest * FORCES];
    let mut answers = [vec![0_i32; count * longest], vec![0; count * longest]];
    let mut wanted = vec![0.0_f32; count * longest];
    let chance: Vec<f32> = (0..count * SUMMARY).map(|_| rng.normal()).collect();
    let one = |yes: bool| f32::from(u8::from(yes));
    for (number, window) in windows.iter().enumerate() {
        let mut known = window.ground;
        if hide && rng.chance(HIDE[0]) {
            known.style = None;
        }
        let known = ground(&known);
        let felt = !hide || rng.chance(1.0 - HIDE[1]);
        reads.extend(read(&window.hits, felt, &known).into_iter().flatten());
        let struck = rows(&window.hits);
        for (step, row) in struck.iter().enumerate() {
            let mut before = write(&struck, step, &known);
            if hide && rng.chance(BLIND) {
                before[..2 * KINDS].fill(0.0);
            }
            writes.extend(before);
            hits.extend(row.map(one));
            real.push(one(step < window.steps));
        }
        told.push(one(!hide || rng.chance(0.5)));
        let leveled = hide && rng.chance(1.0 - HIDE[1]);
        let levels: Vec<u8> = window
            .hits
            .iter()
            .map(|hit| match leveled {
                true => level_of(hit.force + LOOSE * rng.normal()),
                false => NO_LEVEL,
            })
            .collect();
        let mean = window.hits.iter().map(|hit| hit.force).sum::<f32>() / window.hits.len() as f32;
        let mean = (hide && rng.chance(1.0 - HIDE[1])).then(|| mean + LOOSE * rng.normal());
        let places: Vec<(usize, usize)> = window.hits.iter().map(|h| (h.step, h.kind)).collect();
        let played: Vec<(f32, f32)> = window.hits.iter().map(|h| (h.force, h.late)).collect();
        let page = Page::new(&places, &levels, known, mean);
        for (index, hit) in window.hits.iter().enumerate() {
            let at = number * longest + index;
            play[at * PLAY..(at + 1) * PLAY].copy_from_slice(&page.row(index, &played));
            let class = force_class(hit.force);
            forces[at * FORCES + class] = 1.0;
            answers[0][at] = class as i32;
            answers[1][at] = time_class(hit.late) as i32;
            wanted[at] = 1.0;
        }
    }
    let counts = [&real, &wanted].map(|ones| ones.iter().filter(|one| **one > 0.0).count());
    let three = |numbers: Vec<f32>, length: usize| {
        let width = numbers.len() / (count * length);
        Tensor::from_data(TensorData::new(numbers, [count, length, width]), device)
    };
    let two = |numbers: Vec<f32>| {
        let width = numbers.len() / count;
        Tensor::from_data(TensorData::new(numbers, [count, width]), device)
    };
    let rows = count * longest;
    Batch {
        read: three(reads, STEPS),
        write: three(writes, STEPS),
        hits: three(hits, STEPS),
        real: three(real, STEPS),
        chance: two(chance),
        told: two(told),
        play: three(play, longest),
        forces: three(forces, longest),
        answers: answers.map(|a| Tensor::from_data(TensorData::new(a, [rows]), device)),
        wanted: Tensor::from_data(TensorData::new(wanted, [rows]), device),
        counts,
    }
}
