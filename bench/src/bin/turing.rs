//! Can a judge tell our tunes from real ones?
//!
//! `cargo run --release -p yuefu-bench --bin turing -- [--data DIR] [--songs N] [--styles A,B]
//! [--composers rules,markov,FILE.yfw,shipped] [--tune] [--sung] [--first] [--asked N] [--from SEED]`
//!
//! Real: excerpts of 32 bars of POP909 that no engine has learned from (validation and test songs).
//! Ours: excerpts of as many songs of the styles, in common time; `--sung` with words of the
//! built-in writer. Two judges: gradient boosting of hand-made figures ([`yuefu_evaluate::sheet`])
//! and a small network over the notes ([`yuefu_evaluate::events`]); whole songs are in one fold. It
//! prints the areas under the curve (0.5: cannot tell) for each composer, what the first judge asked
//! most (means, and where the middle eight of ten lie), and the floor: real against real, the mean of
//! five random halvings. `--tune` leaves out what chords say; `--from` is the first seed of ours, `--first` takes
//! the first draft of each tune instead of the one that a song keeps.

use std::{path::PathBuf, process::ExitCode};
use yuefu_arrange::{Band, TuneFinder};
use yuefu_bench::{args::Args, boost, composer, markov::Markov, sheet, songs};
use yuefu_corpus::{Limits, Piece, Source, Split, gather};
use yuefu_engine::{Cancel, SeedPath};
use yuefu_evaluate::events::{self, Event};
use yuefu_song::{Brief, Score, Track, lead_of};
use yuefu_studio::Studio;
use yuefu_theory::Metre;

const FOLDS: usize = 5;
const CONTROLS: usize = 5;

/// What the two judges read of an excerpt.
type Read = (Vec<f64>, Vec<Event>);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let args = Args::of_program();
    let data = PathBuf::from(args.value_or("--data", "../shared/data"));
    let count = args.number_or("--songs", 120_u64)?;
    let most = args.number_or("--asked", 14_usize)?;
    let from = args.number_or("--from", 1000_u64)?;
    let styles: Vec<&str> = args.value_or("--styles", "pop,ballad").split(',').collect();
    let (tune, sung) = (args.has("--tune"), args.has("--sung"));
    let keep: Vec<bool> = sheet::names()
        .iter()
        .map(|name| !(tune && sheet::of_chords(name)))
        .collect();
    let read = |score: &Score, track: &Track| -> Option<Read> {
        let row = sheet::figures(score, track)?;
        let kept = row.into_iter().zip(&keep).filter(|(_, keep)| **keep);
        Some((
            kept.map(|(figure, _)| figure).collect(),
            events::events(score, track, !tune)?,
        ))
    };
    let names: Vec<String> = sheet::names()
        .into_iter()
        .zip(&keep)
        .filter_map(|(name, keep)| keep.then_some(name))
        .collect();
    let gathered = gather(
        &[data.join("pop909.tar.gz")],
        &Limits::default(),
        &|_, _| {},
        &Cancel::default(),
    )
    .map_err(|error| error.to_string())?;
    let held_out = |p: &&Piece| p.source == Source::Pop909 && p.split != Split::Train;
    let real: Vec<Read> = gathered
        .pieces
        .iter()
        .filter(held_out)
        .filter_map(|p| read(&p.score, p.score.tracks.get(p.melody?)?))
        .collect();
    println!("{} real excerpts; judged by figures, by notes", real.len());
    let mut floor = [0.0; 2];
    for round in 0..CONTROLS {
        let mut half: Vec<bool> = (0..real.len()).map(|i| i % 2 == 0).collect();
        SeedPath::song(round as u64)
            .join("control")
            .rng()
            .shuffle(&mut half);
        let told = told(&real, &half, round as u64);
        floor[0] += told.0 / CONTROLS as f64;
        floor[1] += told.1 / CONTROLS as f64;
    }
    println!("{:24} {:.3} {:.3}", "real", floor[0], floor[1]);
    let studio = Studio::shipped().map_err(|error| error.to_string())?;
    for name in args
        .value_or("--composers", "rules,markov,shipped")
        .split(',')
    {
        let markov = (name == "markov").then(|| Markov::count(&gathered.pieces));
        let composer = match name {
            "markov" => None,
            name => composer::named(name)?,
        };
        let finder = composer.as_ref().map(|c| c as &dyn TuneFinder);
        let finder = finder.or(markov.as_ref().map(|m| m as &dyn TuneFinder));
        // Rules find the chords of rules, too.
        let studio = match name {
            "rules" => studio.clone().with_composer(name),
            _ => Ok(studio.clone()),
        }
        .map_err(|error| error.to_string())?;
        let mut ours = Vec::new();
        for seed in from..from + count {
            let brief = Brief {
                metre: Some(Metre::common()),
                ..songs::brief(styles[seed as usize % styles.len()], seed, sung)
            };
            let planned = studio.plan_brief(&brief).map_err(|e| e.to_string())?;
            // The same plan and words, whoever finds the tunes.
            let band = Band::new(&studio.book, &studio.catalog).with(finder);
            let (plan, words) = (&planned.plan, &planned.lyrics);
            let path = SeedPath::song(seed);
            let draft = match args.has("--first") {
                true => 0,
                false => studio.best_draft(plan, words, band, &path),
            };
            let score = yuefu_arrange::arrange_leads(plan, words, band.on_draft(draft), &path);
            ours.extend(lead_of(&score).and_then(|track| read(&score, track)));
        }
        let both: Vec<Read> = real.iter().chain(&ours).cloned().collect();
        let truth: Vec<bool> = (0..both.len()).map(|i| i < real.len()).collect();
        let (by_figures, by_notes, asked) = told(&both, &truth, 1);
        let wide = 1.96 * boost::auc_error(by_figures.min(by_notes), real.len(), ours.len());
        println!(
            "{name:24} {by_figures:.3} {by_notes:.3} (to {wide:.3}; {} of ours)",
            ours.len()
        );
        let shown = |of: &[Read], feature: usize| {
            let values: Vec<f64> = of.iter().map(|row| row.0[feature]).collect();
            yuefu_bench::shown(&values)
        };
        for (feature, times) in asked.iter().take(most) {
            println!(
                "    {:32} asked {times:3}  real {}  ours {}",
                names[*feature],
                shown(&real, *feature),
                shown(&ours, *feature)
            );
        }
    }
    Ok(())
}

/// Areas under the curves of both judges, and what the first one asked.
fn told(all: &[Read], truth: &[bool], seed: u64) -> (f64, f64, Vec<(usize, usize)>) {
    let folds: Vec<usize> = (0..all.len()).map(|i| i % FOLDS).collect();
    let (rows, notes): (Vec<Vec<f64>>, Vec<Vec<Event>>) = all.iter().cloned().unzip();
    let (by_figures, asked) = boost::tell_apart(&rows, truth, &folds);
    let by_notes = events::tell_apart(&notes, truth, &folds, seed);
    (by_figures, by_notes, asked)
}
