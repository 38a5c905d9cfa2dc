//! `evaluate`.

use crate::{args::Common, lang::Words, progress::Bar, report::line, song::threads};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use yuefu_studio::{
    Cancel, DiskWorld, Overrides, Studio, StudioError, World,
    evaluating::{EvaluateJob, pictures},
};

/// Options of `evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
    /// Projects, MIDI, MusicXML or ABC files, or folders of them (default: new songs are composed)
    #[arg(value_name = "SONGS")]
    pub evaluated: Vec<PathBuf>,
    /// Songs to compose for each style
    #[arg(long = "songs", value_name = "N", default_value = "4", conflicts_with = "evaluated", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub per_style: u16,
    /// Styles to compose in, separated by commas (default: all)
    #[arg(
        long = "styles",
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "evaluated"
    )]
    pub compared_styles: Vec<String>,
    /// Real music to compare with: packed corpora (.yfc), collections or folders of scores (default:
    /// the counts that ship)
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,
    /// Seed of the first song of each style; the others follow
    #[arg(long = "seed", value_name = "N", default_value = "1")]
    pub first_seed: u64,
    /// Folder for the report: `evaluation.json`, `evaluation.txt` and pictures
    #[arg(short = 'o', long = "output", value_name = "DIR")]
    pub report_folder: Option<PathBuf>,
}

/// Evaluates songs.
pub fn evaluate(
    args: &EvaluateArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let mut styles = Vec::new();
    for name in &args.compared_styles {
        let mut asked = Overrides::default();
        studio.set_option(&mut asked, "style", name)?;
        let brief = studio.understand("", &asked);
        styles.extend(brief.styles.first().map(|style| style.value.clone()));
    }
    let job = EvaluateJob {
        songs: args.evaluated.clone(),
        per_style: usize::from(args.per_style),
        styles,
        against: args.against.clone(),
        seed: args.first_seed,
        threads: threads(common),
    };
    let bar = Bar::new(common, words);
    let progress = |done, total| bar.amount(done, total, ("songs", "曲目"));
    let report = studio.evaluate(&job, &progress, cancel)?;
    bar.finish();
    let value = json!({ "ok": true, "evaluation": report });
    let mut files = Vec::new();
    if let Some(folder) = &args.report_folder {
        let world = DiskWorld::new(folder);
        let text = report.text(words.chinese()).into_bytes();
        let json = format!("{value:#}\n").into_bytes();
        let own = [
            ("evaluation.txt".to_owned(), text),
            ("evaluation.json".to_owned(), json),
        ];
        for (name, bytes) in own.into_iter().chain(pictures(&report)?) {
            world.write(&name, &bytes)?;
            files.push(folder.join(name));
        }
    }
    if common.json {
        line(&value.to_string());
    } else if !common.quiet {
        line(report.text(words.chinese()).trim_end());
        for file in files {
            line(&format!("  {}", file.display()));
        }
    }
    Ok(())
}
