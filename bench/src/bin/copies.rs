//! Do generated tunes repeat tunes that were learned from?
//! `copies [--phrases N] [--composer rules|shipped|FILE.yfw]`
//!
//! Composes songs, style after style, until there are as many phrases of tunes as asked for, and
//! looks each tune up in the shipped index: runs of more than eight notes equal in interval and
//! rhythm to a known tune. Patterns that five or more songs share are not in the index.

use std::{collections::BTreeMap, process::ExitCode};
use yuefu_arrange::{Band, TuneFinder};
use yuefu_bench::{args::Args, composer};
use yuefu_engine::SeedPath;
use yuefu_originality::{MOST_KNOWN, OriginalityIndex, tune_of};
use yuefu_song::{
    Catalog, School,
    brief::{Brief, Weighted},
    lead_of,
};

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
    let wanted = args.number_or("--phrases", 1000_usize)?;
    let composer = composer::named(args.value_or("--composer", "shipped"))?;
    let finder = composer.as_ref().map(|c| c as &dyn TuneFinder);
    let index = OriginalityIndex::shipped().map_err(|error| error.to_string())?;
    let book = yuefu_plan::standard_styles()?;
    let catalog = Catalog::parse(&yuefu_data::tables("instruments"))?;
    // Styles whose tunes rules alone find say nothing about a composer.
    let learned = |s: &&yuefu_song::Style| s.melody.school != School::Rules;
    let styles: Vec<_> = book.styles().iter().filter(learned).collect();
    let (mut phrases, mut notes, mut songs) = (0, 0, 0);
    let mut runs: BTreeMap<usize, usize> = BTreeMap::new();
    for seed in 0.. {
        if phrases >= wanted {
            break;
        }
        let style = styles[seed as usize % styles.len()];
        let brief = Brief {
            styles: vec![Weighted::new(style.id.clone(), 1.0)],
            ..Brief::default()
        };
        let path = SeedPath::song(50_000 + seed);
        let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
        let band = Band::new(&book, &catalog).with(finder);
        let score = yuefu_arrange::arrange(&plan, band, &path);
        let Some(track) = lead_of(&score) else {
            continue;
        };
        let tune = tune_of(track);
        songs += 1;
        notes += tune.len();
        phrases += track.phrases.iter().filter(|p| !p.notes.is_empty()).count();
        for run in index.known_runs(&tune) {
            *runs.entry(run.notes).or_default() += 1;
            let bar = score.timeline.bar_of(tune[run.first].at).0 + 1;
            println!(
                "{} seed {seed}, bar {bar}: {} notes of {}",
                style.id, run.notes, run.song
            );
        }
    }
    println!("{songs} songs, {phrases} phrases, {notes} notes");
    println!("runs of more than {MOST_KNOWN} notes that are known: {runs:?}");
    Ok(())
}
