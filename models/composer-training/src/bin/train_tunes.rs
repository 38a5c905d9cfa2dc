//! Trains a network on the tunes of real songs and says how well it knows held-back ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_tunes -- FOLDER transformer|lstm STEPS
//! SOURCE...` with archives of `../shared/data`, folders, or packed corpora as sources. The run goes
//! on where it was killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use std::{path::Path, process::ExitCode};
use yuefu_composer::tell::Event;
use yuefu_composer_training::{
    baseline::Markov,
    run::{self, Back, Learning, called, parts, pieces, watched},
    train::{Recipe, examine_file, train},
    tunes::told,
};

fn main() -> ExitCode {
    called(
        "train_tunes FOLDER transformer|lstm STEPS SOURCE...",
        |[folder, kind, steps], sources| learn(Path::new(folder), kind, steps, sources),
    )
}

fn learn(folder: &Path, kind: &str, steps: &str, sources: &[String]) -> Result<(), String> {
    let steps = run::steps(steps)?;
    let recipe = match kind {
        "transformer" => Recipe::transformer(steps),
        "lstm" => Recipe::lstm(steps),
        other => return Err(format!("expected transformer or lstm, found {other}")),
    };
    let [learn, held, test] = parts(&pieces(sources)?, told);
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
        recipe.pace.steps,
        ["distance", "length", "key"],
        |go_on| train::<Learning>(&recipe, &learn, &held, folder, &device, go_on),
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
