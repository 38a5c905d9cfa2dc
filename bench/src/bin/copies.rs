//! Do generated tunes repeat tunes that were learned from?
//! `copies [--phrases N] [--composer learned|light|rules|FILE.yfw]`
//!
//! Composes songs, style after style, until there are as many phrases of tunes as asked for, and
//! looks each tune up in the shipped index: runs of more than eight notes equal in interval and
//! rhythm to a known tune. Patterns that five or more songs share are not in the index.

use std::{collections::BTreeMap, process::ExitCode};
use yuefu_bench::{args::Args, songs};
use yuefu_originality::{MOST_KNOWN, OriginalityIndex, tune_of};
use yuefu_song::{School, lead_of};

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
    let studio = songs::studio(args.value_or("--composer", "learned"))?;
    let index = OriginalityIndex::shipped().map_err(|error| error.to_string())?;
    // Styles whose tunes rules alone find say nothing about a composer.
    let learned = |s: &&yuefu_song::Style| s.melody.school != School::Rules;
    let styles: Vec<_> = studio.book.styles().iter().filter(learned).collect();
    let (mut phrases, mut notes, mut count) = (0, 0, 0);
    let mut runs: BTreeMap<usize, usize> = BTreeMap::new();
    for seed in 0.. {
        if phrases >= wanted {
            break;
        }
        let style = styles[seed as usize % styles.len()];
        let score = songs::instrumental(&studio, &style.id, 50_000 + seed)?.score;
        let Some(track) = lead_of(&score) else {
            continue;
        };
        let tune = tune_of(track);
        count += 1;
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
    println!("{count} songs, {phrases} phrases, {notes} notes");
    println!("runs of more than {MOST_KNOWN} notes that are known: {runs:?}");
    Ok(())
}
