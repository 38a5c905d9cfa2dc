//! `train` and `finetune`.

use crate::{args::Common, lang::Words, progress::Bar, report::line};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use yuefu_studio::{
    Cancel, StudioError,
    training::{self, Kind, Learned},
};

/// Options of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    /// Folder of the run: a stopped one goes on there
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Archives of collections, folders of scores, or packed corpora (.yfc)
    #[arg(required = true, value_name = "PATH")]
    pub sources: Vec<PathBuf>,
    /// Network to train
    #[arg(long, value_enum, default_value = "transformer")]
    pub network: Network,
    /// Steps of training
    #[arg(long, value_name = "N", default_value = "1500", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: u32,
}

/// Networks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Network {
    /// As the shipped one
    Transformer,
    /// The light one
    Lstm,
}

/// Options of `finetune`.
#[derive(Clone, Debug, Args)]
pub struct FinetuneArgs {
    /// Your own songs: folders of MIDI, MusicXML or ABC, or packed corpora (.yfc)
    #[arg(long = "from", required = true, value_name = "PATH", num_args = 1..)]
    pub sources: Vec<PathBuf>,
    /// File to write: what --composer takes
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FILE",
        default_value = "composer.yfw"
    )]
    pub tuning: PathBuf,
    /// Steps of training at most; it ends earlier when nothing is gained any more
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub steps: u32,
}

/// Trains a network anew.
pub fn train(
    args: &TrainArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let kind = match args.network {
        Network::Transformer => Kind::Transformer,
        Network::Lstm => Kind::Lstm,
    };
    let learned = watched(common, words, |progress| {
        let steps = args.steps as usize;
        training::train_tunes(&args.sources, kind, steps, &args.run, progress, cancel)
    })?;
    tell(&learned, common, words);
    Ok(())
}

/// Tunes the shipped network to a user's own songs.
pub fn finetune(
    args: &FinetuneArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let learned = watched(common, words, |progress| {
        let steps = args.steps as usize;
        training::finetune(&args.sources, steps, &args.tuning, progress, cancel)
    })?;
    tell(&learned, common, words);
    Ok(())
}

fn watched(
    common: &Common,
    words: Words,
    work: impl FnOnce(training::Told<'_>) -> Result<Learned, StudioError>,
) -> Result<Learned, StudioError> {
    let bar = Bar::new(common, words);
    let learned = work(&|done, total, _| bar.amount(done, total, ("training", "训练")));
    bar.finish();
    learned
}

fn tell(learned: &Learned, common: &Common, words: Words) {
    let [own, held] = learned.tunes;
    if common.json {
        line(&json!({ "ok": true, "learned": learned }).to_string());
    } else if !common.quiet {
        line(&match words.chinese() {
            true => format!("学习 {own} 首，留出 {held} 首；{} 步", learned.steps),
            false => format!(
                "learned from {own} tunes, held back {held}; {} steps",
                learned.steps
            ),
        });
        line(words.pick(
            "perplexity a note     distance   length      key",
            "每音困惑度              间隔     时值     音高",
        ));
        for (name, [distance, length, key]) in &learned.perplexity {
            line(&format!("{name:20} {distance:9.2} {length:8.2} {key:8.2}"));
        }
        line(&learned.file.display().to_string());
    }
}
