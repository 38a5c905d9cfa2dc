//! The loop: steps, looks at held-back tunes, checkpoints. A run that was killed goes on where its
//! last checkpoint was, and ends with the same weights as one that was not.

use crate::batch::{Batch, batch};
use crate::lesson::Tunes;
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
use yuefu_nets::weights::{self, Table};

/// The pace of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Steps in all.
    pub steps: usize,
    /// Highest rate of learning, reached after a warm-up and left along a cosine.
    pub rate: f64,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Steps from one look at what is held back to the next.
    pub look: usize,
    /// Looks without a gain after which training ends early.
    pub patience: usize,
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network's size.
    pub size: Size,
    /// Tunes in a batch.
    pub tunes: usize,
    /// Notes of each.
    pub notes: usize,
    /// The pace of the run.
    #[serde(flatten)]
    pub pace: Pace,
}

impl Recipe {
    /// The Transformer that ships.
    pub fn transformer(steps: usize) -> Self {
        Self::of(
            Size {
                width: 128,
                blocks: 4,
                cells: 0,
                dropout: 0.15,
            },
            steps,
        )
    }

    /// The light engine.
    pub fn lstm(steps: usize) -> Self {
        Self::of(
            Size {
                width: 192,
                blocks: 0,
                cells: 2,
                dropout: 0.25,
            },
            steps,
        )
    }

    fn of(size: Size, steps: usize) -> Self {
        Self {
            size,
            tunes: 16,
            notes: 256,
            pace: Pace {
                steps,
                rate: 1.5e-3,
                seed: 20_261_121,
                look: 100,
                patience: 15,
            },
        }
    }
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

/// What is learned: a network, what it is asked at each step, and how it is judged.
pub trait Lesson<B: AutodiffBackend> {
    /// The network.
    type Net: AutodiffModule<B>;

    /// The name below which everything random lies.
    fn name(&self) -> &str;
    /// A network that knows nothing yet.
    fn start(&self, device: &B::Device) -> Self::Net;
    /// How wrong the network is at what a step asks.
    fn loss(
        &self,
        net: &Self::Net,
        step: usize,
        seed: &SeedPath,
        device: &B::Device,
    ) -> Tensor<B, 1>;
    /// How wrong it is at what is held back, in three parts.
    fn examine(&self, net: &Self::Net, device: &B::Device) -> [f64; 3];
    /// Its tables, to be written.
    fn tables(&self, net: &Self::Net) -> Vec<(String, Table)>;
}

/// Trains a network on tunes; see [`run`].
///
/// # Errors
/// As [`run`].
pub fn train<B: AutodiffBackend>(
    recipe: &Recipe,
    learn: &[Vec<Event>],
    held: &[Vec<Event>],
    folder: &Path,
    device: &B::Device,
    go_on: impl FnMut(&Progress) -> bool,
) -> io::Result<Progress> {
    let lesson = Tunes {
        size: recipe.size,
        under: None,
        tunes: recipe.tunes,
        notes: recipe.notes,
        learn,
        held,
    };
    run::<B, _>(&lesson, recipe, &recipe.pace, folder, device, go_on)
}

/// Trains until the pace's end, an early end, or until `go_on` says no; returns how far it came.
/// The best weights are in `folder/best.yfw`, the recipe in `folder/recipe.json`.
///
/// # Errors
/// When the folder cannot be read or written, or holds a run of another recipe.
pub fn run<B: AutodiffBackend, L: Lesson<B>>(
    lesson: &L,
    recipe: &impl Serialize,
    pace: &Pace,
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
    let root = SeedPath::song(pace.seed).join(lesson.name());
    B::seed(device, root.join("weights").number());
    let mut net = lesson.start(device);
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(0.03)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init::<B, L::Net>();
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
    while progress.step < pace.steps {
        let step = progress.step;
        let seed = root.join("step").join(step);
        B::seed(device, seed.number());
        let loss = lesson.loss(&net, step, &seed, device);
        since.0 += loss.clone().into_scalar().elem::<f64>();
        since.1 += 1;
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = optimizer.step(rate(pace, step), net, gradients);
        progress.step += 1;
        let look = progress.step.is_multiple_of(pace.look) || progress.step == pace.steps;
        if look {
            let held = lesson.examine(&net, device);
            let total: f64 = held.iter().sum();
            progress
                .looks
                .push((progress.step, since.0 / f64::from(since.1), held));
            since = (0.0, 0);
            if progress.best.is_none_or(|(best, _)| total < best) {
                progress.best = Some((total, progress.step));
                write_whole(
                    &folder.join("best.yfw"),
                    &weights::write(&lesson.tables(&net)),
                )?;
            }
        }
        let weary = progress
            .best
            .is_some_and(|(_, at)| progress.step >= at + pace.patience * pace.look);
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

/// Mean surprise at a batch: distance, length and key together, nats a note.
pub(crate) fn surprise_of<B: Backend>(net: &Net<B>, batch: Batch<B>) -> Tensor<B, 1> {
    let losses = net
        .forward(batch.before, batch.at)
        .into_iter()
        .zip(batch.answers)
        .zip(batch.real)
        .zip(batch.counts)
        .map(|(((answer, right), real), count)| surprise(answer, right, real) / count as f64);
    losses.reduce(|a, b| a + b).expect("three")
}

/// Sum of the surprise at right answers.
pub(crate) fn surprise<B: Backend>(
    answer: Tensor<B, 2>,
    right: Tensor<B, 1, Int>,
    real: Tensor<B, 1>,
) -> Tensor<B, 1> {
    let logs = log_softmax(answer, 1).gather(1, right.unsqueeze_dim(1));
    (logs.squeeze_dim::<1>(1) * real).sum().neg()
}

/// [`examine`] for weights in a file.
///
/// # Errors
/// When the file cannot be read or holds no weights.
pub fn examine_file<B: Backend>(
    recipe: &Recipe,
    path: &Path,
    tunes: &[Vec<Event>],
    device: &B::Device,
) -> io::Result<[f64; 3]> {
    let tables = weights::parse(&fs::read(path)?).map_err(io::Error::other)?;
    let net = Net::<B>::new(recipe.size, device).with_tables(tables, device);
    Ok(examine(&net, tunes, recipe.notes, device))
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

fn rate(pace: &Pace, step: usize) -> f64 {
    let warm = (pace.steps / 20).clamp(1, 300);
    if step < warm {
        return pace.rate * (step + 1) as f64 / warm as f64;
    }
    let share = (step - warm) as f64 / (pace.steps - warm).max(1) as f64;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
    pace.rate * (0.03 + 0.97 * cosine)
}

/// The newest checkpoint of a folder.
pub fn checkpoint(folder: &Path) -> Option<Progress> {
    let text = fs::read_to_string(folder.join("progress.json")).ok()?;
    serde_json::from_str(&text).ok()
}

fn keep<B: AutodiffBackend, M: AutodiffModule<B>, O: Optimizer<M, B>>(
    folder: &Path,
    progress: &Progress,
    net: &M,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_written_flat() {
        let text = serde_json::to_string(&Recipe::transformer(40)).expect("JSON");
        let size = r#""size":{"width":128,"blocks":4,"cells":0,"dropout":0.15}"#;
        let pace = r#""steps":40,"rate":0.0015,"seed":20261121,"look":100,"patience":15"#;
        // Runs that were begun before go on where the text is the same.
        assert_eq!(text, format!(r#"{{{size},"tunes":16,"notes":256,{pace}}}"#));
    }
}
