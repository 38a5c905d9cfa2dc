//! Trains a network on the chords of real songs and says how well it knows held-back ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_chords -- FOLDER STEPS SOURCE...` with
//! archives of `../shared/data`, folders, or packed corpora as sources. The run goes on where it
//! was killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use std::{path::Path, process::ExitCode};
use yuefu_composer::chords::{ChordNet, Course};
use yuefu_composer_training::{
    chords::{Harmony, Recipe, courses, foresight},
    run::{self, Learning, called, parts, pieces, watched},
    train::{self, Pace},
};
use yuefu_plan::learned::REPERTOIRES;

fn main() -> ExitCode {
    called(
        "train_chords FOLDER STEPS SOURCE...",
        |[folder, steps], sources| learn(Path::new(folder), steps, sources),
    )
}

fn learn(folder: &Path, steps: &str, sources: &[String]) -> Result<(), String> {
    let recipe = Recipe {
        beats: 768,
        dropout: 0.15,
        pace: Pace {
            steps: run::steps(steps)?,
            rate: 2e-3,
            seed: 20_261_121,
            look: 250,
            patience: 12,
        },
    };
    let [learn, held, test] = parts(&pieces(sources)?, courses);
    for (name, part) in [("train", &learn), ("held back", &held), ("test", &test)] {
        let beats: usize = part.iter().map(|course| course.beats.len()).sum();
        let changes = part.iter().flat_map(|course| &course.beats);
        let changes = changes.filter(|beat| beat.change).count();
        println!(
            "{name}: {} songs, {beats} beats, {changes} changes",
            part.len()
        );
    }
    if learn.is_empty() || held.is_empty() || test.is_empty() {
        return Err("too few songs to learn from, to stop by and to test on".to_owned());
    }
    let lesson = Harmony {
        recipe: &recipe,
        learn: &learn,
        held: &held,
    };
    let device = Default::default();
    let asked = ["change", "chord", "bass and color"];
    let ended = watched(folder, recipe.pace.steps, asked, |go_on| {
        train::run::<Learning, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on)
    })?;
    if !ended {
        return Ok(());
    }
    let bytes = std::fs::read(folder.join("best.yfw")).map_err(|e| e.to_string())?;
    let net = ChordNet::parse(&bytes).map_err(|e| e.to_string())?;
    // Held-back and test songs together, as the counted tables are judged.
    let both: Vec<Course> = held.into_iter().chain(test).collect();
    for (name, tune) in [("without the tune", false), ("with the tune", true)] {
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
