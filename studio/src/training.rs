//! Training the networks that find tunes, and tuning the shipped one to a user's own songs.

use crate::{error::StudioError, learning::write_whole};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};
use yuefu_composer::{Composer, tell::Event};
use yuefu_composer_training::{
    baseline::Markov,
    curves,
    run::{Back, Learning, parts},
    train::{Progress, Recipe, examine_file, train},
    tunes::told,
    tuning::{self, held_back, tune},
};
use yuefu_corpus::{Limits, gather};
use yuefu_engine::{Cancel, Cancelled};

/// Fewest tunes that can be learned from: a fifth of them is held back.
const FEWEST: usize = 5;

/// How far training is: steps made, steps in all, and the surprise at held-back tunes at the last
/// look (nats a note).
pub type Told<'a> = &'a dyn Fn(u64, u64, Option<f64>);

/// What training or tuning came to.
#[derive(Clone, Debug, Serialize)]
pub struct Learned {
    /// Tunes that were learned from, and that were held back.
    pub tunes: [usize; 2],
    /// Steps that were made.
    pub steps: usize,
    /// Perplexity of distance, length and key at held-back tunes, by who foretold them, from the
    /// weakest on.
    pub perplexity: Vec<(&'static str, [f64; 3])>,
    /// The weights.
    pub file: PathBuf,
}

/// The network that is trained anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As the shipped one.
    Transformer,
    /// The light one.
    Lstm,
}

/// Trains a network on the tunes of collections, folders or packed corpora. `folder` keeps the run:
/// one that was stopped goes on there, and ends as one that was not. Its `best.yfw` holds the
/// weights, `loss.png` the curves.
///
/// # Errors
/// When a source cannot be read, there are too few tunes, the folder cannot be written or holds
/// another run, or the work is stopped.
pub fn train_tunes(
    from: &[PathBuf],
    kind: Kind,
    steps: usize,
    folder: &Path,
    progress: Told<'_>,
    cancel: &Cancel,
) -> Result<Learned, StudioError> {
    let gathered = gather(from, &Limits::default(), &|_, _| {}, cancel)?;
    let [learn, held, test] = parts(&gathered.pieces, told);
    let count = learn.len() + held.len() + test.len();
    if held.is_empty() || test.is_empty() || learn.is_empty() {
        return Err(too_few(count, 60));
    }
    let recipe = match kind {
        Kind::Transformer => Recipe::transformer(steps),
        Kind::Lstm => Recipe::lstm(steps),
    };
    let device = Default::default();
    let reached = train::<Learning>(&recipe, &learn, &held, folder, &device, |now| {
        say(now, recipe.pace.steps, progress);
        !cancel.is_cancelled()
    })
    .map_err(|error| unwritten(folder, &error))?;
    finish(&reached, folder, cancel)?;
    let file = folder.join("best.yfw");
    let network = examine_file::<Back>(&recipe, &file, &test, &device)
        .map_err(|error| unwritten(folder, &error))?;
    let counted = |order| Markov::count(order, &learn).surprise(&test);
    let rows = [
        ("unigram", counted(0)),
        ("Markov 1", counted(1)),
        ("Markov 2", counted(2)),
        ("network", network),
    ];
    Ok(Learned {
        tunes: [learn.len(), held.len() + test.len()],
        steps: reached.step,
        perplexity: rows.map(|(name, nats)| (name, nats.map(f64::exp))).into(),
        file,
    })
}

/// Tunes the shipped network to a user's own songs: its heads learn, its body stays. `out` is a small
/// file that `--composer` takes. The run lies beside it until it is done: one that was stopped goes
/// on there.
///
/// # Errors
/// As [`train_tunes`].
pub fn finetune(
    from: &[PathBuf],
    steps: usize,
    out: &Path,
    progress: Told<'_>,
    cancel: &Cancel,
) -> Result<Learned, StudioError> {
    let gathered = gather(from, &Limits::default(), &|_, _| {}, cancel)?;
    let tunes: Vec<Vec<Event>> = gathered.pieces.iter().filter_map(told).collect();
    if tunes.len() < FEWEST {
        return Err(too_few(tunes.len(), FEWEST));
    }
    let [learn, held] = held_back(tunes);
    let recipe = tuning::Recipe::usual(steps, 0, &learn);
    let folder = out.with_extension("tuning");
    let tuned = tune::<Learning>(
        &recipe,
        Composer::shipped_weights(),
        [&learn, &held],
        &folder,
        &Default::default(),
        |now| {
            say(now, steps, progress);
            !cancel.is_cancelled()
        },
    )
    .map_err(|error| unwritten(&folder, &error))?;
    finish(&tuned.progress, &folder, cancel)?;
    write_whole(out, &tuned.adapter)?;
    // What is left of the run is of no use any more; where it cannot be removed it does no harm.
    let _ = fs::remove_dir_all(&folder);
    let [before, after] = tuned.surprise.map(|nats| nats.map(f64::exp));
    Ok(Learned {
        tunes: [learn.len(), held.len()],
        steps: tuned.progress.step,
        perplexity: vec![("shipped", before), ("tuned", after)],
        file: out.to_owned(),
    })
}

fn say(now: &Progress, steps: usize, progress: Told<'_>) {
    let last = now.looks.last().map(|look| look.2.iter().sum());
    progress(now.step as u64, steps as u64, last);
}

fn finish(reached: &Progress, folder: &Path, cancel: &Cancel) -> Result<(), StudioError> {
    curves::draw(&reached.looks, &folder.join("loss.png"))
        .map_err(|error| unwritten(folder, &error))?;
    match cancel.is_cancelled() {
        true => Err(StudioError::Cancelled(Cancelled)),
        false => Ok(()),
    }
}

fn unwritten(folder: &Path, error: &std::io::Error) -> StudioError {
    let folder = folder.display();
    StudioError::input(
        format!("{folder}: {error}"),
        format!("{folder}：训练无法继续：{error}"),
    )
}

fn too_few(found: usize, fewest: usize) -> StudioError {
    StudioError::input(
        format!(
            "expected at least {fewest} tunes to learn from, found {found}: give more songs with a melody of 24 notes or more"
        ),
        format!(
            "至少需要 {fewest} 首有旋律的歌，只找到 {found} 首：请提供更多歌曲（旋律不少于 24 个音）"
        ),
    )
}
