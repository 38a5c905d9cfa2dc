//! The loop: steps, looks at held-back tunes, checkpoints. A run that was killed goes on where its
//! last checkpoint was, and ends with the same weights as one that was not.

use crate::batch::{batch, cuts};
use crate::net::{Net, Size};
use burn::{
    grad_clipping::GradientClippingConfig,
    module::{AutodiffModule, Module},
    optim::{AdamWConfig, GradientsParams, Optimizer},
    record::{BinFileRecorder, FullPrecisionSettings, Recorder},
    tensor::{
        ElementConversion, Int, Tensor,
        activation::log_softmax,
        backend::{AutodiffBackend, Backend},
    },
};
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};
use yuefu_composer::tell::Event;
use yuefu_engine::SeedPath;
use yuefu_nets::weights;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network's size.
    pub size: Size,
    /// Tunes in a batch.
    pub tunes: usize,
    /// Notes of each.
    pub notes: usize,
    /// Steps in all.
    pub steps: usize,
    /// Highest rate of learning, reached after a warm-up and left along a cosine.
    pub rate: f64,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Steps from one look at held-back tunes to the next.
    pub look: usize,
    /// Looks without a gain after which training ends early.
    pub patience: usize,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that were made.
    pub step: usize,
    /// Looks: step, surprise at training tunes since the last look, at held-back tunes (distance,
    /// length, key; nats a note).
    pub looks: Vec<(usize, f64, [f64; 3])>,
    /// The least surprise at held-back tunes, all three together, and when.
    pub best: Option<(f64, usize)>,
}

/// Trains until the recipe's end, an early end, or until `go_on` says no; returns how far it came.
/// The best weights are in `folder/best.yfw`.
///
/// # Errors
/// When the folder cannot be read or written, or holds a run of another recipe.
pub fn train<B: AutodiffBackend>(
    recipe: &Recipe,
    learn: &[Vec<Event>],
    held: &[Vec<Event>],
    folder: &Path,
    device: &B::Device,
    mut go_on: impl FnMut(&Progress) -> bool,
) -> io::Result<Progress> {
    fs::create_dir_all(folder)?;
    let stated = serde_json::to_string_pretty(recipe)?;
    let recipe_file = folder.join("recipe.json");
    match fs::read_to_string(&recipe_file) {
        Ok(other) if other != stated => {
            return Err(io::Error::other(format!(
                "{} holds a run of another recipe; choose an empty folder",
                folder.display()
            )));
        }
        Ok(_) => {}
        Err(_) => fs::write(&recipe_file, &stated)?,
    }
    // Weights at first are drawn, too.
    let root = SeedPath::song(recipe.seed).join("composer");
    B::seed(device, root.join("weights").number());
    let mut net = Net::<B>::new(recipe.size, device);
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(0.03)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init::<B, Net<B>>();
    let mut progress = Progress::default();
    let recorder = BinFileRecorder::<FullPrecisionSettings>::new();
    if let Some(kept) = checkpoint(folder) {
        let broken = |what: &dyn std::fmt::Display| {
            io::Error::other(format!("the checkpoint cannot be read: {what}"))
        };
        let name = |part: &str| folder.join(format!("{part}-{}", kept.step));
        let record = recorder
            .load(name("net"), device)
            .map_err(|error| broken(&error))?;
        net = net.load_record(record);
        let record = recorder
            .load(name("optimizer"), device)
            .map_err(|error| broken(&error))?;
        optimizer = optimizer.load_record(record);
        progress = kept;
    }
    let mut since = (0.0, 0);
    while progress.step < recipe.steps {
        let step = progress.step;
        let seed = root.join("step").join(step);
        B::seed(device, seed.number());
        let cuts = cuts(learn, recipe.tunes, recipe.notes, &seed.join("cuts"));
        let mut hide = seed.join("hide").rng();
        let batch = batch::<B>(&cuts, recipe.notes, Some(&mut hide), device);
        let answers = net.forward(batch.before, batch.at);
        let losses: Vec<Tensor<B, 1>> = answers
            .into_iter()
            .zip(batch.answers)
            .zip(batch.real)
            .zip(batch.counts)
            .map(|(((answer, right), real), count)| surprise(answer, right, real) / count as f64)
            .collect();
        let loss = losses.into_iter().reduce(|a, b| a + b).expect("three");
        since.0 += loss.clone().into_scalar().elem::<f64>();
        since.1 += 1;
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = optimizer.step(rate(recipe, step), net, gradients);
        progress.step += 1;
        let look = progress.step.is_multiple_of(recipe.look) || progress.step == recipe.steps;
        if look {
            let held = examine(&net.valid(), held, recipe.notes, device);
            let total: f64 = held.iter().sum();
            progress
                .looks
                .push((progress.step, since.0 / f64::from(since.1), held));
            since = (0.0, 0);
            if progress.best.is_none_or(|(best, _)| total < best) {
                progress.best = Some((total, progress.step));
                write_whole(&folder.join("best.yfw"), &weights::write(&net.tables()))?;
            }
        }
        let weary = progress
            .best
            .is_some_and(|(_, at)| progress.step >= at + recipe.patience * recipe.look);
        let stop = !go_on(&progress) || weary;
        if look || stop {
            keep(folder, &progress, &net, &optimizer)?;
        }
        if stop {
            break;
        }
    }
    Ok(progress)
}

/// Sum of the surprise at right answers.
fn surprise<B: Backend>(
    answer: Tensor<B, 2>,
    right: Tensor<B, 1, Int>,
    real: Tensor<B, 1>,
) -> Tensor<B, 1> {
    let logs = log_softmax(answer, 1).gather(1, right.unsqueeze_dim(1));
    (logs.squeeze_dim::<1>(1) * real).sum().neg()
}

/// Mean surprise of a network at tunes, with nothing hidden; nats a note.
pub fn examine<B: Backend>(
    net: &Net<B>,
    tunes: &[Vec<Event>],
    notes: usize,
    device: &B::Device,
) -> [f64; 3] {
    let cuts: Vec<&[Event]> = tunes.iter().flat_map(|tune| tune.chunks(notes)).collect();
    let mut sums = [0.0; 3];
    let mut counts = [0; 3];
    for cuts in cuts.chunks(16) {
        let batch = batch::<B>(cuts, notes, None, device);
        let answers = net.forward(batch.before, batch.at);
        let parts = answers.into_iter().zip(batch.answers).zip(batch.real);
        for (index, ((answer, right), real)) in parts.enumerate() {
            sums[index] += surprise(answer, right, real).into_scalar().elem::<f64>();
            counts[index] += batch.counts[index];
        }
    }
    [0, 1, 2].map(|index| sums[index] / counts[index].max(1) as f64)
}

fn rate(recipe: &Recipe, step: usize) -> f64 {
    let warm = (recipe.steps / 20).clamp(1, 300);
    if step < warm {
        return recipe.rate * (step + 1) as f64 / warm as f64;
    }
    let share = (step - warm) as f64 / (recipe.steps - warm).max(1) as f64;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
    recipe.rate * (0.03 + 0.97 * cosine)
}

/// The newest checkpoint of a folder.
pub fn checkpoint(folder: &Path) -> Option<Progress> {
    let text = fs::read_to_string(folder.join("progress.json")).ok()?;
    serde_json::from_str(&text).ok()
}

fn keep<B: AutodiffBackend, O: Optimizer<Net<B>, B>>(
    folder: &Path,
    progress: &Progress,
    net: &Net<B>,
    optimizer: &O,
) -> io::Result<()> {
    let recorder = BinFileRecorder::<FullPrecisionSettings>::new();
    let before = checkpoint(folder);
    let name = |part: &str, step: usize| folder.join(format!("{part}-{step}"));
    let failed = |error: burn::record::RecorderError| io::Error::other(error.to_string());
    recorder
        .record(net.clone().into_record(), name("net", progress.step))
        .map_err(failed)?;
    recorder
        .record(optimizer.to_record(), name("optimizer", progress.step))
        .map_err(failed)?;
    // From here on the new one counts.
    let text = serde_json::to_string_pretty(progress)?;
    write_whole(&folder.join("progress.json"), text.as_bytes())?;
    if let Some(before) = before.filter(|before| before.step != progress.step) {
        for part in ["net", "optimizer"] {
            let _ = fs::remove_file(name(part, before.step).with_extension("bin"));
        }
    }
    Ok(())
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes)?;
    fs::rename(part, path)
}
