//! `morph`.

use crate::{args::Common, edit::remarks, lang::Words, report::wrote};
use clap::Args;
use std::path::PathBuf;
use yuefu_studio::{
    Studio, StudioError,
    morphing::{MOST_STEPS, write_way},
};

/// Options of `morph`.
#[derive(Clone, Debug, Args)]
pub struct MorphArgs {
    /// MIDI, MusicXML or ABC file with a tune in 4/4, or a style, for which a tune is composed
    #[arg(value_name = "FROM")]
    pub tune_from: PathBuf,
    /// The same for the last tune
    #[arg(value_name = "TO")]
    pub tune_to: PathBuf,
    /// How many tunes, with both ends
    #[arg(long = "steps", value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(2..=MOST_STEPS as i64))]
    pub tune_steps: u16,
    /// Number that all chance comes from
    #[arg(long = "seed", value_name = "N", default_value_t = 1)]
    pub tune_seed: u64,
    /// Folder to write to: 1.mid, 2.mid ..., all.mid and all.png
    #[arg(short = 'o', long = "output", value_name = "FOLDER")]
    pub tune_folder: PathBuf,
}

/// Finds tunes between tunes.
pub fn morph(args: &MorphArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let steps = usize::from(args.tune_steps);
    let way = studio.morph_tunes(&args.tune_from, &args.tune_to, steps, args.tune_seed)?;
    remarks(&way.remarks, common, words);
    let names = write_way(&way, &args.tune_folder)?;
    let paths: Vec<PathBuf> = names.iter().map(|n| args.tune_folder.join(n)).collect();
    wrote(&paths, common, words);
    Ok(())
}
