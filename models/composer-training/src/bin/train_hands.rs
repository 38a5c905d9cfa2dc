//! Trains the network that accompanies with two hands, and says how well it knows held-out
//! accompaniments.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_hands -- FOLDER STEPS SOURCE...` with
//! archives of `../shared/data`, folders, or packed corpora as sources. The run goes on where it was
//! killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use burn::backend::Autodiff;
use std::{path::Path, process::ExitCode};
use yuefu_composer::hands::{HIGHS, LOWS};
use yuefu_composer_training::{
    hands::{Playing, Recipe, baseline, examine, net::HandsNet, reading::courses},
    run::{Back, called, parts, pieces, steps, watched},
    train::run,
};
use yuefu_corpus::{Piece, Source};
use yuefu_nets::weights::parse;

fn main() -> ExitCode {
    called(
        "train_hands FOLDER STEPS SOURCE...",
        |[folder, count], sources| learn(Path::new(folder), count, sources),
    )
}

fn learn(folder: &Path, count: &str, sources: &[String]) -> Result<(), String> {
    let recipe = Recipe::shipped(steps(count)?);
    let mut pieces: Vec<Piece> = pieces(sources)?;
    // Lead sheets and drums have no hands.
    pieces.retain(|piece| matches!(piece.source, Source::Pop909 | Source::Lieder | Source::Own));
    let [learn, held, test] = parts(&pieces, courses);
    for (name, part) in [("train", &learn), ("held back", &held), ("test", &test)] {
        let steps: usize = part.iter().map(|course| course.steps.len()).sum();
        println!("{name}: {} courses, {steps} sixteenths", part.len());
    }
    if learn.is_empty() || held.is_empty() || test.is_empty() {
        return Err("too few accompaniments to learn from, to stop by and to test on".to_owned());
    }
    let lesson = Playing {
        recipe: &recipe,
        learn: &learn,
        held: &held,
    };
    let device = Default::default();
    let whole = watched(
        folder,
        recipe.pace.steps,
        ["left", "right", "manner"],
        |go_on| run::<Autodiff<Back>, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on),
    )?;
    if !whole {
        return Ok(());
    }
    let bytes = std::fs::read(folder.join("best.yfw")).map_err(|e| e.to_string())?;
    let tables = parse(&bytes).map_err(|e| e.to_string())?;
    let net = HandsNet::<Back>::new(recipe.size, &device).with_tables(tables, &device);
    let [low, high, holds, others, force] = examine(&net, &test, recipe.steps, &device);
    let [table_low, table_high] = baseline(&learn, &test);
    println!("nats a sixteenth on held-out accompaniments");
    println!(
        "equal    left {:.3}  right {:.3}",
        (LOWS as f64).ln(),
        (HIGHS as f64).ln()
    );
    println!("table    left {table_low:.3}  right {table_high:.3}");
    println!(
        "network  left {low:.3}  right {high:.3}  (holds {:.3}, force {force:.3})",
        holds + others
    );
    Ok(())
}
