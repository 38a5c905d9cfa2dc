//! `corpus` and `originality`.

use crate::{args::Common, lang::Words, progress::Bar, report::line};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use yuefu_studio::{
    Cancel, Project, Studio, StudioError,
    learning::{CorpusJob, gather_corpus},
};

/// Options of `corpus`.
#[derive(Clone, Debug, Args)]
pub struct CorpusArgs {
    /// Archives of collections, folders, score files, or packed corpora (.yfc)
    #[arg(required = true, value_name = "PATH")]
    pub sources: Vec<PathBuf>,
    /// Packed corpus to write (.yfc); without it, songs are only counted
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub pack: Option<PathBuf>,
    /// Index of tunes to write: hashes only, for the check of originality
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
}

/// Options of `originality`.
#[derive(Clone, Debug, Args)]
pub struct OriginalityArgs {
    /// MIDI, MusicXML or ABC file, or a project
    #[arg(value_name = "FILE")]
    pub tune_file: PathBuf,
}

/// Reads songs to learn from.
pub fn corpus(
    args: &CorpusArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let bar = Bar::new(common, words);
    let job = CorpusJob {
        pack: args.pack.as_deref(),
        index: args.index.as_deref(),
    };
    let progress = |done, total| bar.amount(done, total, ("reading songs", "读入歌曲"));
    let report = gather_corpus(&args.sources, &job, &progress, cancel)?;
    bar.finish();
    if common.json {
        let value = json!({
            "ok": true,
            "file": args.pack,
            "index": args.index,
            "report": report,
        });
        line(&value.to_string());
    } else if !common.quiet {
        line(report.text(words.chinese()).trim_end());
        for file in [&args.pack, &args.index].into_iter().flatten() {
            line(&file.display().to_string());
        }
    }
    Ok(())
}

/// Says how near a tune comes to known ones.
pub fn originality(
    args: &OriginalityArgs,
    common: &Common,
    words: Words,
) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let song = if args.tune_file.is_dir() {
        Project::find(&args.tune_file)?.load()?
    } else {
        studio.import(&args.tune_file)?.song
    };
    let report = studio.originality(&song.score)?;
    if common.json {
        let value = json!({ "ok": true, "original": report.is_original(), "report": report });
        line(&value.to_string());
        return Ok(());
    }
    for track in &report.tracks {
        for run in &track.runs {
            let [from, to] = run.bars;
            let (notes, song, bar) = (run.notes, &run.song, run.song_bar);
            line(&if words.chinese() {
                format!(
                    "{}：第 {from}-{to} 小节有 {notes} 个音与 {song}（第 {bar} 小节起）相同",
                    track.track
                )
            } else {
                format!(
                    "{}: bars {from}-{to}, {notes} notes equal {song} from its bar {bar}",
                    track.track
                )
            });
        }
        let near: Vec<String> = track
            .nearest
            .iter()
            .map(|near| format!("{} {:.1} %", near.song, 100.0 * near.share))
            .collect();
        if !near.is_empty() {
            line(&format!(
                "{}: {} {}",
                track.track,
                words.pick("nearest:", "最接近："),
                near.join(", ")
            ));
        }
    }
    if report.is_original() {
        line(&if words.chinese() {
            format!("没有超过 8 个音与所学的 {} 首歌曲相同", report.songs)
        } else {
            format!(
                "no more than 8 notes in a row equal any of the {} songs learned from",
                report.songs
            )
        });
    }
    Ok(())
}
