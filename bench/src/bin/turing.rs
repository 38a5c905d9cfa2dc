//! Can a judge tell our tunes from real ones?
//!
//! `cargo run --release -p yuefu-bench --bin turing -- [--data DIR] [--songs N] [--styles A,B]
//! [--composers rules,FILE.yfw,...] [--tune]`
//!
//! Real: excerpts of 32 bars of POP909 that no engine has learned from (validation and test songs).
//! Ours: excerpts of as many songs of the styles, in common time. The judge is a gradient boosting
//! of hand-made figures ([`yuefu_bench::sheet`]); whole songs are in one fold. It prints the area
//! under the curve (0.5: cannot tell) for each composer, what the judge asked most, and the floor:
//! real against real. `--tune` leaves the figures of the chords out.

use std::{path::PathBuf, process::ExitCode};
use yuefu_arrange::{Band, TuneFinder};
use yuefu_bench::{boost::tell_apart, composer, sheet};
use yuefu_corpus::{Limits, Source, Split, gather};
use yuefu_engine::{Cancel, SeedPath};
use yuefu_song::{
    Catalog, Role,
    brief::{Brief, Weighted},
};
use yuefu_theory::Metre;

const FOLDS: usize = 5;

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
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str, usual: &str| {
        let at = args.iter().position(|a| a == name);
        let given = at.and_then(|at| args.get(at + 1));
        given.map_or_else(|| usual.to_owned(), String::clone)
    };
    let data = PathBuf::from(value("--data", "../shared/data"));
    let songs: usize = value("--songs", "120").parse().map_err(|_| "--songs N")?;
    let styles = value("--styles", "pop,ballad");
    let tune = args.iter().any(|a| a == "--tune");
    let keep: Vec<bool> = sheet::names()
        .iter()
        .map(|name| !(tune && sheet::of_chords(name)))
        .collect();
    let chosen = |row: Vec<f64>| -> Vec<f64> {
        let kept = row.into_iter().zip(&keep).filter(|(_, keep)| **keep);
        kept.map(|(figure, _)| figure).collect()
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
    let real: Vec<Vec<f64>> = gathered
        .pieces
        .iter()
        .filter(|p| p.source == Source::Pop909 && p.split != Split::Train)
        .filter_map(|p| sheet::figures(&p.score, p.score.tracks.get(p.melody?)?))
        .map(&chosen)
        .collect();
    println!("{} real excerpts", real.len());
    // The floor: real against real.
    let half: Vec<bool> = (0..real.len()).map(|i| i % 2 == 0).collect();
    let folds: Vec<usize> = (0..real.len()).map(|i| i / 2 % FOLDS).collect();
    let (floor, _) = tell_apart(&real, &half, &folds);
    println!("{:12} {floor:.3}", "real");
    let book = yuefu_plan::standard_styles()?;
    let catalog = Catalog::parse(&yuefu_data::tables("instruments"))?;
    let styles: Vec<&str> = styles.split(',').collect();
    for name in value("--composers", "rules,shipped").split(',') {
        let composer = composer::named(name)?;
        let finder = composer.as_ref().map(|c| c as &dyn TuneFinder);
        let mut ours = Vec::new();
        for seed in 0..songs as u64 {
            let style = styles[seed as usize % styles.len()];
            let brief = Brief {
                styles: vec![Weighted::new(style.to_owned(), 1.0)],
                metre: Some(Metre::common()),
                ..Brief::default()
            };
            let path = SeedPath::song(1000 + seed);
            let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
            let band = Band::new(&book, &catalog).with(finder);
            let score = yuefu_arrange::arrange(&plan, band, &path);
            let lead = |t: &&yuefu_song::Track| matches!(t.role, Role::Lead | Role::Vocal);
            let figures = score.tracks.iter().find(lead);
            let figures = figures.and_then(|track| sheet::figures(&score, track));
            ours.extend(figures.map(&chosen));
        }
        let many = ours.len();
        let rows: Vec<Vec<f64>> = real.iter().cloned().chain(ours).collect();
        let truth: Vec<bool> = (0..rows.len()).map(|i| i < real.len()).collect();
        let folds: Vec<usize> = (0..rows.len()).map(|i| i % FOLDS).collect();
        let (told, asked) = tell_apart(&rows, &truth, &folds);
        println!("{name:12} {told:.3}  ({many} of ours)");
        let mean = |of: &[Vec<f64>], feature: usize| {
            of.iter().map(|row| row[feature]).sum::<f64>() / of.len().max(1) as f64
        };
        for (feature, times) in asked.iter().take(14) {
            println!(
                "    {:32} asked {times:3}  real {:7.3}  ours {:7.3}",
                names[*feature],
                mean(&rows[..real.len()], *feature),
                mean(&rows[real.len()..], *feature)
            );
        }
    }
    Ok(())
}
