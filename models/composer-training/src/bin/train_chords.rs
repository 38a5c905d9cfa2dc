//! Trains a network on the chords of real songs and says how well it knows held-back ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_chords -- FOLDER STEPS SOURCE...` with
//! archives of `../shared/data`, folders, or packed corpora as sources. The run goes on where it
//! was killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use burn::backend::Autodiff;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use yuefu_composer::chords::{ChordNet, Course};
use yuefu_composer_training::{
    chords::{Harmony, Recipe, courses, foresight},
    run::{Back, watched},
    train::{Pace, run},
};
use yuefu_corpus::{Limits, Split, gather};
use yuefu_engine::Cancel;
use yuefu_plan::learned::REPERTOIRES;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, steps, sources @ ..] = &args[..] else {
        eprintln!("usage: train_chords FOLDER STEPS SOURCE...");
        return ExitCode::FAILURE;
    };
    match learn(Path::new(folder), steps, sources) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn learn(folder: &Path, steps: &str, sources: &[String]) -> Result<(), String> {
    let recipe = Recipe {
        beats: 768,
        dropout: 0.15,
        pace: Pace {
            steps: steps
                .parse()
                .map_err(|_| format!("expected a number of steps, found {steps}"))?,
            rate: 2e-3,
            seed: 20_261_121,
            look: 250,
            patience: 12,
        },
    };
    let paths: Vec<PathBuf> = sources.iter().map(PathBuf::from).collect();
    let gathered = gather(&paths, &Limits::default(), &|_, _| {}, &Cancel::default())
        .map_err(|error| error.to_string())?;
    let part = |split: Split| -> Vec<Course> {
        let pieces = gathered.pieces.iter().filter(|p| p.split == split);
        pieces.flat_map(courses).collect()
    };
    let [train, held, test] = [Split::Train, Split::Validation, Split::Test].map(part);
    for (name, part) in [("train", &train), ("held back", &held), ("test", &test)] {
        let beats: usize = part.iter().map(|course| course.beats.len()).sum();
        let changes = part.iter().flat_map(|course| &course.beats);
        let changes = changes.filter(|beat| beat.change).count();
        println!(
            "{name}: {} songs, {beats} beats, {changes} changes",
            part.len()
        );
    }
    if train.is_empty() || held.is_empty() || test.is_empty() {
        return Err("too few songs to learn from, to stop by and to test on".to_owned());
    }
    let lesson = Harmony {
        recipe: &recipe,
        learn: &train,
        held: &held,
    };
    let device = Default::default();
    let parts = ["change", "chord", "bass and color"];
    let ended = watched(folder, recipe.pace.steps, parts, |go_on| {
        run::<Autodiff<Back>, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on)
    })?;
    if !ended {
        return Ok(());
    }
    let bytes = std::fs::read(folder.join("best.yfw")).map_err(|e| e.to_string())?;
    let net = ChordNet::parse(&bytes).map_err(|e| e.to_string())?;
    for (name, tune) in [("without the tune", false), ("with the tune", true)] {
        // Held-back and test songs together, as the counted tables are judged.
        let both: Vec<Course> = held.iter().chain(&test).cloned().collect();
        let rows: Vec<String> = foresight(&net, &both, tune)
            .iter()
            .map(|(repertoire, (perplexity, changes))| {
                let name = repertoire.and_then(|r| REPERTOIRES.get(usize::from(r)));
                format!("{} {perplexity:.2} ({changes})", name.unwrap_or(&"all"))
            })
            .collect();
        println!("perplexity of the next chord, {name}: {}", rows.join(", "));
    }
    Ok(())
}
