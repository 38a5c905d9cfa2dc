//! Musical statistics of generated songs beside real ones.
//!
//! `cargo run --release -p yuefu-bench --bin statistics -- [--data DIR] [--songs N] [--style ID]
//! [--file STYLE.toml] [--composer learned|light|rules|FILE.yfw]`
//!
//! Real songs: the melodies of POP909 in `../shared/data` (or `--data`); without it only the
//! generated column is printed. Single songs are compared with the songs that their style's composer
//! learned from (`data/composer/drafts.txt`).

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};
use yuefu_bench::{
    args::Args,
    groove,
    lines::{NAMES, measure, of_score, spread},
    pop909, songs,
};
use yuefu_engine::SeedPath;
use yuefu_evaluate::drafts::{ASKED, Standards};
use yuefu_song::{Role, StyleBook};
use yuefu_studio::Studio;
use yuefu_theory::Metre;

fn main() -> ExitCode {
    let args = Args::of_program();
    let data = PathBuf::from(args.value_or("--data", "../shared/data"));
    let count: usize = args.number_or("--songs", 12).unwrap_or(12);
    let only = args.value("--style");

    let archive = data.join("pop909.tar.gz");
    let real: Vec<[f64; 17]> = match pop909::read(&archive, 909) {
        Ok(songs) => songs
            .iter()
            .filter_map(|s| measure(&s.melody, &s.chords, &Metre::common()))
            .collect(),
        Err(error) => {
            println!(
                "no real songs: {} cannot be read ({error}); printing the generated ones alone",
                archive.display()
            );
            Vec::new()
        }
    };
    let studio = studio(&args);
    let studio = match studio {
        Ok(studio) => studio,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let (book, catalog) = (&studio.book, &studio.catalog);
    println!(
        "{} real melodies (POP909); {count} generated songs a style",
        real.len()
    );
    let columns: Vec<(f64, f64, f64)> = (0..17)
        .map(|i| spread(&real.iter().map(|r| r[i]).collect::<Vec<_>>()))
        .collect();
    let mut played = groove::Spreads::new();
    let mut inside = 0;
    let mut total = 0;
    let mut all: Vec<[f64; 17]> = Vec::new();
    let mut alone: Vec<String> = Vec::new();
    let (mut counted, mut usual) = (0, [0; ASKED.len()]);
    let standards = match Standards::shipped() {
        Ok(standards) => standards,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for style in book.styles() {
        if only.is_some_and(|id| id != style.id) {
            continue;
        }
        let mut rows = Vec::new();
        let mut critics: BTreeMap<String, (f32, f32)> = BTreeMap::new();
        let mut overall = Vec::new();
        for seed in 0..count as u64 {
            let song = match songs::instrumental(&studio, &style.id, seed) {
                Ok(song) => song,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            };
            let (score, plan) = (&song.score, &song.plan);
            let path = SeedPath::song(seed);
            let review = yuefu_critic::review(score, plan, catalog);
            overall.push(review.overall);
            for verdict in review.critics {
                let entry = critics.entry(verdict.critic).or_insert((0.0_f32, 0.0_f32));
                *entry = (entry.0 + verdict.score, entry.1 + 1.0);
            }
            let performance = yuefu_perform::perform(score, plan, catalog, &path);
            for track in performance.tracks.iter().filter(|t| t.role == Role::Drums) {
                let notes = track.phrases.iter().flat_map(|p| &p.phrase.notes);
                let hits: Vec<(u8, f64)> = notes
                    .map(|n| (n.key, f64::from(n.velocity) * 127.0))
                    .collect();
                groove::add(&hits, &mut played);
            }
            rows.extend(of_score(score));
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
        let school = style.melody.school;
        if let Some(standard) = standards.of(school.name(), false) {
            let good = rows.iter().map(|row| standard.usual(row));
            let good = good.fold([0; ASKED.len()], |sum, own| {
                std::array::from_fn(|i| sum[i] + usize::from(own[i]))
            });
            let shares = good.map(|count| format!("{:13.2}", count as f64 / rows.len() as f64));
            alone.push(format!(
                "{:16}{:>9}{}",
                style.id,
                school.name(),
                shares.join("")
            ));
            counted += rows.len();
            usual = std::array::from_fn(|i| usual[i] + good[i]);
        }
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
    let names = ASKED.map(|(_, name)| format!("{name:>13}"));
    println!(
        "\nshare of single songs in the middle 80 % of real songs that were learned from, by school\n{:25}{}",
        "",
        names.join("")
    );
    for row in alone {
        println!("{row}");
    }
    let shares = usual.map(|count| format!("{:13.2}", count as f64 / counted.max(1) as f64));
    println!("{:25}{}", "all", shares.join(""));
    ExitCode::SUCCESS
}

/// The studio with the composer and the style that were asked for.
fn studio(args: &Args) -> Result<Studio, String> {
    let mut studio = songs::studio(args.value_or("--composer", "learned"))?;
    if let Some(path) = args.value("--file") {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| format!("{path} cannot be read: {error}"))?;
        studio.book = StyleBook::parse(&[(path, &text)])?;
    }
    Ok(studio)
}
