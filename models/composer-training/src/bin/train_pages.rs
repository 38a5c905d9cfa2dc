//! Trains the network that finds tunes between tunes, and says how well it knows held-out ones.
//!
//! `cargo run --release -p yuefu-composer-training --bin train_pages -- FOLDER STEPS SOURCE...` with
//! archives of `../shared/data`, folders, or packed corpora as sources. The run goes on where it was
//! killed; `FOLDER/best.yfw` holds the weights, `FOLDER/loss.png` the curves.

use burn::backend::Autodiff;
use std::{path::Path, process::ExitCode};
use yuefu_composer::pages::{PageNet, REST, STEPS};
use yuefu_composer_training::{
    pages::{Reading, Recipe, Sheet, baseline, sheets},
    run::{Back, called, parts, pieces, steps, watched},
    train::run,
};
use yuefu_nets::weights::parse;

fn main() -> ExitCode {
    called(
        "train_pages FOLDER STEPS SOURCE...",
        |[folder, count], sources| learn(Path::new(folder), count, sources),
    )
}

fn learn(folder: &Path, count: &str, sources: &[String]) -> Result<(), String> {
    let recipe = Recipe::shipped(steps(count)?);
    let [learn, held, test] = parts(&pieces(sources)?, sheets);
    for (name, part) in [("train", &learn), ("held back", &held), ("test", &test)] {
        println!("{name}: {} pages of two bars", part.len());
    }
    if learn.is_empty() || held.is_empty() || test.is_empty() {
        return Err("too few tunes to learn from, to stop by and to test on".to_owned());
    }
    let lesson = Reading {
        recipe: &recipe,
        learn: &learn,
        held: &held,
    };
    let device = Default::default();
    let whole = watched(
        folder,
        recipe.pace.steps,
        ["signs", "summaries", ""],
        |go_on| run::<Autodiff<Back>, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on),
    )?;
    if whole {
        report(&folder.join("best.yfw"), &learn, &test)?;
    }
    Ok(())
}

/// Prints how much held-out pages surprise the table that counts and the writer that is told their
/// summaries, and how much of a page comes back from its summary.
fn report(weights: &Path, learn: &[Sheet], test: &[Sheet]) -> Result<(), String> {
    let bytes = std::fs::read(weights).map_err(|e| e.to_string())?;
    let tables = parse(&bytes).map_err(|e| e.to_string())?;
    let net = PageNet::of(tables).map_err(|e| e.to_string())?;
    let (mut nats, mut same) = (0.0, 0);
    // Notes that begin: on either page, on both, on both with the same key.
    let mut begun = [0_u32; 3];
    for (page, minor) in test {
        let summary = net.summary(page, *minor).mean;
        let mut hand = net.writer(&summary);
        let mut free = net.writer(&summary);
        let mut own = [0; STEPS];
        for step in 0..STEPS {
            let logits = net.written(&mut hand, page, step, *minor);
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f32 = logits.iter().map(|x| (x - most).exp()).sum();
            nats -= f64::from(logits[usize::from(page[step])] - most - total.ln());
            let logits = net.written(&mut free, &own, step, *minor);
            let best = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
            own[step] = best.unwrap_or(0) as u8;
            same += usize::from(own[step] == page[step]);
            let (was, is) = (page[step] > REST, own[step] > REST);
            begun[0] += u32::from(was) + u32::from(is);
            begun[1] += u32::from(was && is);
            begun[2] += u32::from(was && own[step] == page[step]);
        }
    }
    let steps = (test.len() * STEPS) as f64;
    println!("nats a step on held-out pages");
    println!("equal    {:.3}", (yuefu_composer::pages::SIGNS as f64).ln());
    println!("table    {:.3}", baseline(learn, test));
    println!("network  {:.3} (told the summary)", nats / steps);
    println!(
        "from the summary alone: {:.3} of the signs; notes where they were F {:.3}, with their key {:.3}",
        same as f64 / steps,
        2.0 * f64::from(begun[1]) / f64::from(begun[0]),
        2.0 * f64::from(begun[2]) / f64::from(begun[0])
    );
    Ok(())
}
