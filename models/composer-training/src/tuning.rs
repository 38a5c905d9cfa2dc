//! Tuning the shipped network to somebody's own songs: the body stays, the heads learn.

use crate::{
    lesson::Tunes,
    net::Size,
    train::{Lesson, Pace, Progress, run},
};
use burn::tensor::backend::AutodiffBackend;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, path::Path};
use yuefu_composer::{adapter::adapter, tell::Event};
use yuefu_nets::weights::{Table, parse};

/// How to tune.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Tunes in a batch.
    pub tunes: usize,
    /// Notes of each.
    pub notes: usize,
    /// The pace of the run.
    pub pace: Pace,
    /// Hash of the tunes that are learned from: a run goes on with the same ones only.
    pub of: String,
}

impl Recipe {
    /// The usual way to tune to some tunes.
    pub fn usual(steps: usize, seed: u64, learn: &[Vec<Event>]) -> Self {
        Self {
            tunes: 8,
            notes: 192,
            pace: Pace {
                steps,
                rate: 6e-4,
                seed,
                look: 20,
                patience: 6,
            },
            of: blake3::hash(format!("{learn:?}").as_bytes()).to_hex()[..16].to_owned(),
        }
    }
}

/// Every fifth tune is held back, the first one among them.
pub fn held_back(tunes: Vec<Vec<Event>>) -> [Vec<Vec<Event>>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for (index, tune) in tunes.into_iter().enumerate() {
        parts[usize::from(index.is_multiple_of(5))].push(tune);
    }
    parts
}

/// What tuning came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The adapter's file.
    pub adapter: Vec<u8>,
    /// Surprise at held-back tunes before and after (distance, length, key; nats a note).
    pub surprise: [[f64; 3]; 2],
    /// How far it came.
    pub progress: Progress,
}

/// Tunes the weights `under` to tunes, in a folder that keeps the run; a run that was stopped goes
/// on there. Where no look was better than the weights before, the adapter changes nothing.
///
/// # Errors
/// When the folder cannot be read or written, or holds another run, or `under` are no weights.
pub fn tune<B: AutodiffBackend>(
    recipe: &Recipe,
    under: &[u8],
    [learn, held]: [&[Vec<Event>]; 2],
    folder: &Path,
    device: &B::Device,
    go_on: impl FnMut(&Progress) -> bool,
) -> io::Result<Tuned> {
    let tables = parse(under).map_err(io::Error::other)?;
    let lesson = Tunes {
        size: size_of(&tables),
        under: Some(&tables),
        tunes: recipe.tunes,
        notes: recipe.notes,
        learn,
        held,
    };
    let start = Lesson::<B>::start(&lesson, device);
    let before = Lesson::<B>::examine(&lesson, &start, device);
    let progress = run::<B, _>(&lesson, recipe, &recipe.pace, folder, device, go_on)?;
    let least = progress.looks.iter().map(|look| look.2);
    let least = least.min_by(|a, b| sum(a).total_cmp(&sum(b)));
    let gained = least.filter(|after| sum(after) < sum(&before));
    let best = match gained {
        Some(_) => parse(&std::fs::read(folder.join("best.yfw"))?).map_err(io::Error::other)?,
        None => tables.clone(),
    };
    let best: Vec<(String, Table)> = best.into_iter().collect();
    Ok(Tuned {
        adapter: adapter(&best, under),
        surprise: [before, gained.unwrap_or(before)],
        progress,
    })
}

fn sum(parts: &[f64; 3]) -> f64 {
    parts.iter().sum()
}

/// The size of a network by its tables.
pub fn size_of(tables: &BTreeMap<String, Table>) -> Size {
    let count = |name: &dyn Fn(usize) -> String| {
        (0..)
            .take_while(|index| tables.contains_key(&name(*index)))
            .count()
    };
    Size {
        width: tables.get("before").map_or(0, |table| table.columns),
        blocks: count(&|index| format!("block{index}.query.weight")),
        cells: count(&|index| format!("cell{index}.input.weight")),
        dropout: 0.1,
    }
}
