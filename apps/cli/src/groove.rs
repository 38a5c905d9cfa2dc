//! `groove`.

use crate::{args::Common, lang::Words, report::wrote};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use yuefu_studio::{
    Studio, StudioError,
    grooves::{GrooveWish, write_groove},
};

/// Options of `groove`.
#[derive(Clone, Debug, Args)]
pub struct GrooveArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: GrooveAction,
}

/// What to do with grooves.
#[derive(Clone, Debug, Subcommand)]
pub enum GrooveAction {
    /// Invent a groove
    Generate {
        /// Style of drumming (rock, funk, jazz ...) or of songs (city-pop, bossa-nova ...)
        #[arg(long = "style", value_name = "STYLE")]
        groove_style: Option<String>,
        /// Bars
        #[arg(long = "bars", value_name = "N", default_value_t = 4)]
        groove_bars: usize,
        /// Quarters a minute (default: usual in the style)
        #[arg(long = "bpm", value_name = "BPM")]
        groove_bpm: Option<f64>,
        /// Number that all chance comes from
        #[arg(long = "seed", value_name = "N", default_value_t = 1)]
        groove_seed: u64,
        /// MIDI file to write
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        groove_output: PathBuf,
    },
    /// Play the drums of a file with a drummer's force and timing
    Humanize {
        /// MIDI, MusicXML or ABC file with drums, in 4/4
        #[arg(value_name = "FILE")]
        groove_file: PathBuf,
        /// Style of drumming (rock, funk, jazz ...) or of songs (city-pop, bossa-nova ...)
        #[arg(long = "style", value_name = "STYLE")]
        groove_style: Option<String>,
        /// Number that all chance comes from
        #[arg(long = "seed", value_name = "N", default_value_t = 1)]
        groove_seed: u64,
        /// MIDI file to write
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        groove_output: PathBuf,
    },
    /// Find grooves on the way from one to another
    Morph {
        /// File of the first groove: two bars of 4/4
        #[arg(value_name = "FROM")]
        groove_from: PathBuf,
        /// File of the last groove
        #[arg(value_name = "TO")]
        groove_to: PathBuf,
        /// How many grooves, with both ends
        #[arg(long = "steps", value_name = "N", default_value_t = 5)]
        groove_steps: usize,
        /// Number that all chance comes from
        #[arg(long = "seed", value_name = "N", default_value_t = 1)]
        groove_seed: u64,
        /// Folder to write to: 1.mid, 2.mid ...
        #[arg(short = 'o', long = "output", value_name = "FOLDER")]
        groove_folder: PathBuf,
    },
}

/// Invents, plays and morphs grooves.
pub fn groove(args: &GrooveArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let made: Vec<(PathBuf, Vec<u8>)> = match &args.action {
        GrooveAction::Generate {
            groove_style,
            groove_bars,
            groove_bpm,
            groove_seed,
            groove_output,
        } => {
            let wish = GrooveWish {
                style: groove_style.clone(),
                bars: *groove_bars,
                bpm: *groove_bpm,
                seed: *groove_seed,
            };
            vec![(groove_output.clone(), studio.new_groove(&wish)?)]
        }
        GrooveAction::Humanize {
            groove_file,
            groove_style,
            groove_seed,
            groove_output,
        } => {
            let style = groove_style.as_deref();
            let bytes = studio.humanize_groove(groove_file, style, *groove_seed)?;
            vec![(groove_output.clone(), bytes)]
        }
        GrooveAction::Morph {
            groove_from,
            groove_to,
            groove_steps,
            groove_seed,
            groove_folder,
        } => {
            let made = studio.morph_grooves(groove_from, groove_to, *groove_steps, *groove_seed)?;
            let file = |index: usize| groove_folder.join(format!("{}.mid", index + 1));
            let files = made.into_iter().enumerate();
            files.map(|(index, bytes)| (file(index), bytes)).collect()
        }
    };
    for (path, bytes) in &made {
        write_groove(path, bytes)?;
    }
    let paths: Vec<PathBuf> = made.into_iter().map(|(path, _)| path).collect();
    wrote(&paths, common, words);
    Ok(())
}
