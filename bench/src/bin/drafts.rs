//! What real tunes are like, and what tells them from drafts; writes the table that ships:
//! `drafts SONGS.yfc data/composer`.
//!
//! Real: tunes of the corpus's training part, by school (POP909, Lieder, OpenEWLD). Drafts: tunes
//! that the shipped composer writes for plans of the schools' styles, with and without words; chords
//! and forms are the same in all drafts of a plan, and judges do not read the chords. A first judge
//! tells real tunes from any drafts, a second one from those that songs keep by the first, a third
//! one from those that they keep by both, and so on; together they ship. It prints how well each
//! tells songs that none was trained on (area under the curve; 0.5: cannot), and how well what all
//! keep is told.
//! With `PERCENT=1` in the environment it is a rehearsal, with a hundredth of the plans.

use rayon::prelude::*;
use std::{path::Path, process::ExitCode, time::Instant};
use yuefu_arrange::{Band, TuneFinder, arrange_leads};
use yuefu_bench::{
    boost::{self, Judge},
    counting, lines, sheet, songs,
};
use yuefu_corpus::{Piece, Source, Split};
use yuefu_engine::{Rng, SeedPath};
use yuefu_evaluate::drafts::{ASKED, Standard, Standards, shares, unusual};
use yuefu_song::{Brief, School, Score, Track, lead_of};
use yuefu_studio::{DRAFTS, Studio};
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
/// Plans of a kind, and how many drafts of each every round looks at.
const PLANS: u64 = 150;
const DRAWN: usize = 4;
/// Judges that are trained one after another.
const ROUNDS: usize = 5;
const FOLDS: usize = 5;
/// Fewest examples on each side of a judge's question.
const FEWEST: usize = 20;

/// A draft of a tune.
struct Draft {
    /// What judges read.
    row: Vec<f64>,
    /// What it loses by figures that are not usual, in nats.
    unusual: f64,
}

fn main() -> ExitCode {
    counting::main("drafts", run)
}

fn run(pieces: &[Piece], folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let studio = songs::studio("learned")?;
    let mut standards = Standards::default();
    let percent = std::env::var("PERCENT").map_or(Ok(100), |text| text.parse::<u64>())?;
    let count = (PLANS * percent / 100).max(FOLDS as u64);
    for kind in &KINDS {
        let (name, _, source, ..) = *kind;
        let train = |p: &&Piece| p.source == source && p.split == Split::Train;
        let tunes: Vec<(&Score, &Track)> = pieces
            .iter()
            .filter(train)
            .filter_map(|p| Some((&p.score, p.score.tracks.get(p.melody?)?)))
            .collect();
        let usual = usual(&tunes);
        for ((_, figure), [low, high]) in ASKED.iter().zip(&usual) {
            println!("{name}: {figure:14} usual from {low:.3} to {high:.3}");
        }
        let real = tunes.iter().filter_map(|(score, track)| row(score, track));
        let real: Vec<Vec<f64>> = real.collect();
        let began = Instant::now();
        let plans: Vec<Vec<Draft>> = (0..count)
            .into_par_iter()
            .map(|number| drafts(&studio, kind, number, &usual))
            .collect::<Result<_, String>>()?;
        let wrote = began.elapsed().as_secs_f64() / (count * DRAFTS.count() as u64) as f64;
        println!("{name}: {} real tunes, {wrote:.3} s a draft", real.len());
        let judge = judge(name, &real, &plans);
        standards.add(name, Standard { usual, judge });
    }
    let text = standards.text();
    println!("drafts.txt: {} bytes", text.len());
    std::fs::write(folder.join("drafts.txt"), text)?;
    Ok(())
}

/// Trains judges one after another, each on the drafts that are kept by those before it.
///
/// Plans and tunes lie in folds, and what is drawn of a fold's drafts is drawn by judges that know
/// neither: judges keep drafts that they were trained on less readily than others.
fn judge(name: &str, real: &[Vec<f64>], plans: &[Vec<Draft>]) -> Judge {
    let mut whole: Option<Judge> = None;
    let mut apart: Vec<Option<Judge>> = vec![None; FOLDS];
    for round in 0..=ROUNDS {
        let mut rows = real.to_vec();
        let mut folds: Vec<usize> = (0..real.len()).map(|i| i % FOLDS).collect();
        for (number, plan) in plans.iter().enumerate() {
            let fold = number * FOLDS / plans.len();
            let seed = SeedPath::song(number as u64).join(name).join(round);
            let drawn = drawn(plan, apart[fold].as_ref(), &mut seed.rng());
            folds.extend(drawn.iter().map(|_| fold));
            rows.extend(drawn.into_iter().map(|draft| draft.row.clone()));
        }
        let truth: Vec<bool> = (0..rows.len()).map(|i| i < real.len()).collect();
        report(name, round, &rows, &truth, &folds);
        if round == ROUNDS {
            break;
        }
        let train = |without: Option<usize>| {
            let own: Vec<usize> = (0..rows.len())
                .filter(|i| Some(folds[*i]) != without)
                .collect();
            let train: Vec<Vec<f64>> = own.iter().map(|i| rows[*i].clone()).collect();
            let truth: Vec<bool> = own.iter().map(|i| truth[*i]).collect();
            Judge::train_from(&train, &truth, FEWEST)
        };
        let together = |before: &mut Option<Judge>, own: Judge| {
            *before = Some(match before.take() {
                Some(before) => before.and(own),
                None => own,
            });
        };
        let trained: Vec<Judge> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| train(Some(fold)))
            .collect();
        for (before, own) in apart.iter_mut().zip(trained) {
            together(before, own);
        }
        together(&mut whole, train(None));
    }
    whole.expect("there is a round at least")
}

/// Some of a plan's drafts: any, or as a song draws them by a judge.
fn drawn<'d>(plan: &'d [Draft], judge: Option<&Judge>, rng: &mut Rng) -> Vec<&'d Draft> {
    let weight = |own: &Draft| judge.map_or(0.0, |judge| judge.score(&own.row) - own.unusual);
    let weights: Vec<Option<f64>> = plan.iter().map(|own| Some(weight(own))).collect();
    let mut shares = shares(&weights).unwrap_or_default();
    let mut out = Vec::new();
    while out.len() < DRAWN.min(plan.len()) {
        let one = rng.weighted(&shares);
        // Any: each once. By weight: as often as it falls.
        if judge.is_none() {
            shares[one] = 0.0;
        }
        out.push(&plan[one]);
    }
    out
}

/// How well what is left is told from real tunes, and by what.
fn report(name: &str, round: usize, rows: &[Vec<f64>], truth: &[bool], folds: &[usize]) {
    let (told, asked) = boost::tell_apart(rows, truth, folds);
    println!("{name}: drafts kept by {round} judges: told apart {told:.3}");
    let real = truth.iter().filter(|real| **real).count();
    for (feature, times) in asked.iter().take(12) {
        let column = |rows: &[Vec<f64>]| {
            let values: Vec<f64> = rows.iter().map(|row| row[*feature]).collect();
            yuefu_bench::shown(&values)
        };
        println!(
            "    asked {times:3}  {:32} real {}  drafts {}",
            sheet::names()[*feature],
            column(&rows[..real]),
            column(&rows[real..])
        );
    }
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

/// What judges read of a tune. Chords say nothing: they are the same in all drafts of a plan.
fn row(score: &Score, track: &Track) -> Option<Vec<f64>> {
    let mut row = sheet::figures(score, track)?;
    for (figure, name) in row.iter_mut().zip(sheet::names()) {
        if sheet::of_chords(&name) {
            *figure = 0.0;
        }
    }
    Some(row)
}

/// The drafts of one plan's tune.
fn drafts(
    studio: &Studio,
    kind: &Kind,
    number: u64,
    usual: &[[f64; 2]; ASKED.len()],
) -> Result<Vec<Draft>, String> {
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
    let rows = DRAFTS.filter_map(|draft| {
        let score = arrange_leads(&planned.plan, &planned.lyrics, band.on_draft(draft), &path);
        let row = lead_of(&score).and_then(|track| row(&score, track))?;
        let unusual = unusual(usual, &lines::of_score(&score)?);
        Some(Draft { row, unusual })
    });
    Ok(rows.collect())
}
