//! Trains a network on the tunes of real songs and says how well it knows held-back ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_tunes -- FOLDER transformer|lstm STEPS
//! SOURCE...` with archives of `../shared/data`, folders, or packed corpora as sources. The run goes
//! on where it was killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use burn::backend::Autodiff;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use yuefu_composer::tell::Event;
use yuefu_composer_training::{
    baseline::Markov,
    run::{Back, watched},
    train::{Recipe, examine_file, train},
    tunes::told,
};
use yuefu_corpus::{Limits, Split, gather};
use yuefu_engine::Cancel;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, kind, steps, sources @ ..] = &args[..] else {
        eprintln!("usage: train_tunes FOLDER transformer|lstm STEPS SOURCE...");
        return ExitCode::FAILURE;
    };
    match run(Path::new(folder), kind, steps, sources) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path, kind: &str, steps: &str, sources: &[String]) -> Result<(), String> {
    let steps = steps
        .parse()
        .map_err(|_| format!("expected a number of steps, found {steps}"))?;
    let recipe = match kind {
        "transformer" => Recipe::transformer(steps),
        "lstm" => Recipe::lstm(steps),
        other => return Err(format!("expected transformer or lstm, found {other}")),
    };
    let paths: Vec<PathBuf> = sources.iter().map(PathBuf::from).collect();
    let gathered = gather(&paths, &Limits::default(), &|_, _| {}, &Cancel::default())
        .map_err(|error| error.to_string())?;
    let part = |split: Split| -> Vec<Vec<Event>> {
        let pieces = gathered.pieces.iter().filter(|p| p.split == split);
        pieces.filter_map(told).collect()
    };
    let [learn, held, test] = [Split::Train, Split::Validation, Split::Test].map(part);
    for (name, part) in [("train", &learn), ("held back", &held), ("test", &test)] {
        let notes: usize = part.iter().map(Vec::len).sum();
        println!("{name}: {} tunes, {notes} notes", part.len());
    }
    if learn.is_empty() || held.is_empty() || test.is_empty() {
        return Err("too few tunes to learn from, to stop by and to test on".to_owned());
    }
    let device = Default::default();
    let whole = watched(
        folder,
        recipe.steps,
        ["distance", "length", "key"],
        |go_on| train::<Autodiff<Back>>(&recipe, &learn, &held, folder, &device, go_on),
    )?;
    if !whole {
        return Ok(());
    }
    report(folder, &recipe, &learn, &test, &device)
}

/// Prints how much held-out tunes surprise the best weights and the tables that count.
fn report(
    folder: &Path,
    recipe: &Recipe,
    learn: &[Vec<Event>],
    test: &[Vec<Event>],
    device: &<Back as burn::tensor::backend::BackendTypes>::Device,
) -> Result<(), String> {
    let row = |name: &str, nats: [f64; 3]| {
        let [distance, length, key] = nats.map(f64::exp);
        let all: f64 = nats.iter().sum();
        println!("{name:14} {distance:8.3} {length:8.3} {key:8.3} {all:8.3}");
    };
    println!("perplexity      distance   length      key  nats a note");
    row(
        "equal",
        yuefu_composer_training::baseline::ANSWERS.map(|n| (n as f64).ln()),
    );
    for (name, order) in [
        ("unigram", 0),
        ("Markov 1", 1),
        ("Markov 2", 2),
        ("Markov 3", 3),
    ] {
        row(name, Markov::count(order, learn).surprise(test));
    }
    let best = examine_file::<Back>(recipe, &folder.join("best.yfw"), test, device);
    row("network", best.map_err(|e| e.to_string())?);
    Ok(())
}
