//! Musical statistics of generated songs beside real ones.
//!
//! `cargo run --release -p yuefu-bench --bin statistics -- [--data DIR] [--songs N] [--style ID]
//! [--file STYLE.toml] [--composer FILE.yfw|rules]`
//!
//! Real songs: the melodies of POP909 in `../shared/data` (or `--data`); without it only the
//! generated column is printed.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};
use yuefu_arrange::{Band, TuneFinder};
use yuefu_bench::{
    args::Args,
    composer, groove,
    lines::{NAMES, measure, of_score, spread},
    pop909,
};
use yuefu_engine::SeedPath;
use yuefu_song::{
    Catalog, Role, StyleBook,
    brief::{Brief, Weighted},
};

fn main() -> ExitCode {
    let args = Args::of_program();
    let data = PathBuf::from(args.value_or("--data", "../shared/data"));
    let songs: usize = args.number_or("--songs", 12).unwrap_or(12);
    let only = args.value("--style");

    let archive = data.join("pop909.tar.gz");
    let real: Vec<[f64; 17]> = match pop909::read(&archive, 909) {
        Ok(songs) => songs
            .iter()
            .filter_map(|s| measure(&s.melody, &s.chords, 4.0))
            .collect(),
        Err(error) => {
            println!(
                "no real songs: {} cannot be read ({error}); printing the generated ones alone",
                archive.display()
            );
            Vec::new()
        }
    };
    let book = match args.value("--file") {
        None => yuefu_plan::standard_styles(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("{path} cannot be read: {error}"))
            .and_then(|text| StyleBook::parse(&[(path, &text)])),
    };
    let (book, catalog) = match (book, catalog()) {
        (Ok(book), Ok(catalog)) => (book, catalog),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let composer = match composer::named(args.value_or("--composer", "shipped")) {
        Ok(composer) => composer,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let finder = composer.as_ref().map(|c| c as &dyn TuneFinder);
    println!(
        "{} real melodies (POP909); {songs} generated songs a style",
        real.len()
    );
    let columns: Vec<(f64, f64, f64)> = (0..17)
        .map(|i| spread(&real.iter().map(|r| r[i]).collect::<Vec<_>>()))
        .collect();
    let mut played = groove::Spreads::new();
    let mut inside = 0;
    let mut total = 0;
    let mut all: Vec<[f64; 17]> = Vec::new();
    for style in book.styles() {
        if only.is_some_and(|id| id != style.id) {
            continue;
        }
        let mut rows = Vec::new();
        let mut critics: BTreeMap<String, (f32, f32)> = BTreeMap::new();
        let mut overall = Vec::new();
        for seed in 0..songs as u64 {
            let brief = Brief {
                styles: vec![Weighted::new(style.id.clone(), 1.0)],
                ..Brief::default()
            };
            let path = SeedPath::song(seed);
            let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
            let score =
                yuefu_arrange::arrange(&plan, Band::new(&book, &catalog).with(finder), &path);
            let review = yuefu_critic::review(&score, &plan, &catalog);
            overall.push(review.overall);
            for verdict in review.critics {
                let entry = critics.entry(verdict.critic).or_insert((0.0_f32, 0.0_f32));
                *entry = (entry.0 + verdict.score, entry.1 + 1.0);
            }
            let performance = yuefu_perform::perform(&score, &plan, &catalog, &path);
            for track in performance.tracks.iter().filter(|t| t.role == Role::Drums) {
                let notes = track.phrases.iter().flat_map(|p| &p.phrase.notes);
                let hits: Vec<(u8, f64)> = notes
                    .map(|n| (n.key, f64::from(n.velocity) * 127.0))
                    .collect();
                groove::add(&hits, &mut played);
            }
            rows.extend(of_score(&score));
        }
        let mean = overall.iter().sum::<f32>() / overall.len().max(1) as f32;
        let faults: Vec<String> = critics
            .iter()
            .map(|(name, (sum, count))| (name, sum / count))
            .filter(|(_, score)| *score < 0.9)
            .map(|(name, score)| format!("{name} {score:.2}"))
            .collect();
        let judged = format!("critics {mean:.2} {}", faults.join(", "));
        if rows.is_empty() {
            println!("{:16} no lead melody; {judged}", style.id);
            continue;
        }
        let marks: Vec<String> = (0..17)
            .map(|i| {
                let (mean, ..) = spread(&rows.iter().map(|r| r[i]).collect::<Vec<_>>());
                let (_, low, high) = columns[i];
                total += 1;
                let good = mean >= low && mean <= high;
                inside += usize::from(good);
                format!(
                    "{mean:6.2}{}",
                    if good || real.is_empty() {
                        ' '
                    } else if mean < low {
                        '-'
                    } else {
                        '+'
                    }
                )
            })
            .collect();
        println!("{:16}{} {judged}", style.id, marks.join(""));
        all.extend(rows);
    }
    println!(
        "\n{:36} {:>22} {:>22}",
        "", "real: mean (10-90 %)", "ours: mean (10-90 %)"
    );
    for (i, name) in NAMES.iter().enumerate() {
        let (mean, low, high) = columns[i];
        let (m, l, h) = spread(&all.iter().map(|r| r[i]).collect::<Vec<_>>());
        println!("{name:36} {mean:8.2} ({low:5.2}-{high:5.2}) {m:8.2} ({l:5.2}-{h:5.2})");
    }
    let drummers = groove::read(&data.join("groove.tar.gz")).unwrap_or_default();
    for (name, ours) in &played {
        let (mean, low, high) = spread(ours);
        let (real, l, h) = spread(drummers.get(name).map_or(&[], Vec::as_slice));
        let label = format!("{name} velocity spread");
        println!("{label:36} {real:8.2} ({l:5.2}-{h:5.2}) {mean:8.2} ({low:5.2}-{high:5.2})");
    }
    if !real.is_empty() {
        println!("{inside} of {total} style means lie in the middle 80 % of the real songs");
    }
    ExitCode::SUCCESS
}

fn catalog() -> Result<Catalog, String> {
    Catalog::parse(&yuefu_data::tables("instruments"))
}
