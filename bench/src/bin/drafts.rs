//! What real tunes are like, and what tells them from drafts; writes the table that ships:
//! `drafts SONGS.yfc data/composer`.
//!
//! Real: tunes of the corpus's training part, by school (POP909, Lieder, OpenEWLD). Drafts: tunes
//! that the shipped composer writes for plans of the schools' styles, with and without words; chords
//! and forms are the same in all drafts of a plan. It prints how well a judge tells songs that it was
//! not trained on (area under the curve; 0.5: cannot).

use rayon::prelude::*;
use std::{path::Path, process::ExitCode, time::Instant};
use yuefu_arrange::{Band, TuneFinder, arrange_leads};
use yuefu_bench::{
    boost::{self, Judge},
    counting, lines, sheet, songs,
};
use yuefu_corpus::{Piece, Source, Split};
use yuefu_engine::SeedPath;
use yuefu_evaluate::drafts::{ASKED, Standard, Standards};
use yuefu_song::{Brief, School, Score, Track, lead_of};
use yuefu_studio::Studio;
use yuefu_theory::Metre;

/// Name, school, source, styles of the drafts, and whether words are sung.
type Kind = (&'static str, School, Source, &'static [&'static str], bool);

const KINDS: [Kind; 4] = [
    ("pop", School::Pop, Source::Pop909, POP, false),
    ("pop-sung", School::Pop, Source::Pop909, POP, true),
    ("art", School::Art, Source::Lieder, &[], false),
    ("standard", School::Standard, Source::Openewld, &[], false),
];
/// Styles that are most like POP909; the other schools' styles are all taken.
const POP: &[&str] = &["pop", "ballad"];
/// First seed: songs of other benches have smaller ones.
const FROM: u64 = 300_000;
/// Plans of a kind, and drafts of a plan.
const PLANS: u64 = 150;
const DRAFTS: u16 = 4;
/// Fewest examples on each side of a judge's question.
const FEWEST: usize = 20;

fn main() -> ExitCode {
    counting::main("drafts", run)
}

fn run(pieces: &[Piece], folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let studio = songs::studio("learned")?;
    let mut standards = Standards::default();
    for kind in &KINDS {
        let (name, _, source, ..) = *kind;
        let train = |p: &&Piece| p.source == source && p.split == Split::Train;
        let tunes: Vec<(&Score, &Track)> = pieces
            .iter()
            .filter(train)
            .filter_map(|p| Some((&p.score, p.score.tracks.get(p.melody?)?)))
            .collect();
        let usual = usual(&tunes);
        let mut rows: Vec<Vec<f64>> = tunes
            .iter()
            .filter_map(|(score, track)| sheet::figures(score, track))
            .collect();
        let real = rows.len();
        let mut folds: Vec<usize> = (0..real).map(|i| i % 5).collect();
        let began = Instant::now();
        let drafts: Vec<Vec<Vec<f64>>> = (0..PLANS)
            .into_par_iter()
            .map(|number| drafts(&studio, kind, number))
            .collect::<Result<_, String>>()?;
        let wrote = began.elapsed().as_secs_f64() / (PLANS * u64::from(DRAFTS)) as f64;
        println!("{name}: {wrote:.3} s a draft");
        for (plan, own) in drafts.into_iter().enumerate() {
            folds.extend(own.iter().map(|_| plan % 5));
            rows.extend(own);
        }
        let truth: Vec<bool> = (0..rows.len()).map(|i| i < real).collect();
        let (told, asked) = boost::tell_apart(&rows, &truth, &folds);
        println!(
            "{name}: {real} real tunes, {} drafts, told apart {told:.3}",
            rows.len() - real
        );
        for ((_, figure), [low, high]) in ASKED.iter().zip(&usual) {
            println!("    {figure:14} usual from {low:.3} to {high:.3}");
        }
        for (feature, times) in asked.iter().take(12) {
            let column = |rows: &[Vec<f64>]| {
                let values: Vec<f64> = rows.iter().map(|row| row[*feature]).collect();
                let (mean, low, high) = lines::spread(&values);
                format!("{mean:7.3} ({low:.3} - {high:.3})")
            };
            println!(
                "    asked {times:3}  {:32} real {}  drafts {}",
                sheet::names()[*feature],
                column(&rows[..real]),
                column(&rows[real..])
            );
        }
        let judge = Judge::train_from(&rows, &truth, FEWEST);
        standards.add(name, Standard { usual, judge });
    }
    let text = standards.text();
    println!("drafts.txt: {} bytes", text.len());
    std::fs::write(folder.join("drafts.txt"), text)?;
    Ok(())
}

/// Where the middle eight of ten real tunes lie.
fn usual(tunes: &[(&Score, &Track)]) -> [[f64; 2]; ASKED.len()] {
    let measured = tunes
        .iter()
        .filter_map(|(score, track)| lines::of_track(score, track));
    let measured: Vec<[f64; 17]> = measured.collect();
    ASKED.map(|(figure, _)| {
        let column: Vec<f64> = measured.iter().map(|row| row[figure]).collect();
        let (_, low, high) = lines::spread(&column);
        [low, high]
    })
}

/// Figures of some drafts of one plan's tune.
fn drafts(studio: &Studio, kind: &Kind, number: u64) -> Result<Vec<Vec<f64>>, String> {
    let (_, school, _, styles, sung) = *kind;
    let mut own: Vec<&str> = styles.to_vec();
    if own.is_empty() {
        let all = studio.book.styles().iter();
        own.extend(
            all.filter(|s| s.melody.school == school)
                .map(|s| s.id.as_str()),
        );
    }
    let seed = FROM + number;
    let brief = Brief {
        metre: Some(Metre::common()),
        ..songs::brief(own[number as usize % own.len()], seed, sung)
    };
    let planned = studio
        .plan_brief(&brief)
        .map_err(|error| error.to_string())?;
    let finder = studio.composer.as_deref().map(|own| own as &dyn TuneFinder);
    let band = Band::new(&studio.book, &studio.catalog).with(finder);
    let path = SeedPath::song(seed);
    let rows = (1..=DRAFTS).filter_map(|draft| {
        let score = arrange_leads(&planned.plan, &planned.lyrics, band.on_draft(draft), &path);
        lead_of(&score).and_then(|track| sheet::figures(&score, track))
    });
    Ok(rows.collect())
}
