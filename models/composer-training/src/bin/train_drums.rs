//! Trains the drummer on takes of real ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_drums -- FOLDER STEPS SOURCE...` with the
//! archive of Groove MIDI, its folder, or packed corpora as sources. The run goes on where it was
//! killed; when it ends or is stopped, `FOLDER/grooves.yfw` holds the weights, `FOLDER/loss.png` the curves.

use std::{path::Path, process::ExitCode};
use yuefu_composer_training::{
    drums::{
        ideas::with_ideas,
        lesson::{Drumming, Recipe},
        net::Size,
        takes::{takes, windows_of},
    },
    run::{self, Learning, called, watched},
    train::{self, Pace},
};
use yuefu_corpus::Split;

fn main() -> ExitCode {
    called(
        "train_drums FOLDER STEPS SOURCE...",
        |[folder, steps], sources| learn(Path::new(folder), steps, sources),
    )
}

fn learn(folder: &Path, steps: &str, sources: &[String]) -> Result<(), String> {
    let recipe = Recipe {
        size: Size {
            read: 96,
            write: 160,
            play: 128,
            dropout: 0.2,
        },
        windows: 48,
        beta: 0.4,
        free: 8.0,
        warm: 1_500,
        pace: Pace {
            steps: run::steps(steps)?,
            rate: 2e-3,
            seed: 20_261_121,
            look: 200,
            patience: 15,
        },
    };
    let takes = takes(sources)?;
    let learn = windows_of(&takes, Split::Train, 1);
    let held = windows_of(&takes, Split::Validation, 2);
    for (name, part) in [("train", &learn), ("held back", &held)] {
        let hits: usize = part.iter().map(|window| window.hits.len()).sum();
        println!("{name}: {} windows of two bars, {hits} hits", part.len());
    }
    if learn.is_empty() || held.is_empty() {
        return Err("too few takes to learn from and to stop by".to_owned());
    }
    let lesson = Drumming {
        recipe: &recipe,
        learn: &learn,
        held: &held,
    };
    let device = Default::default();
    watched(
        folder,
        recipe.pace.steps,
        ["hits", "force", "time"],
        |go_on| train::run::<Learning, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on),
    )?;
    // What a stopped run has learned so far can be used, too. Every third window is enough to say
    // where grooves lie.
    let read = |name: &str| std::fs::read(folder.join(name)).map_err(|e| e.to_string());
    let bytes = with_ideas(&read("best.yfw")?, &learn, 3)?;
    std::fs::write(folder.join("grooves.yfw"), bytes).map_err(|e| e.to_string())?;
    Ok(())
}
