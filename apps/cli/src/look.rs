//! `show`.

use crate::{
    args::{Common, ShowArgs},
    lang::Words,
    report::line,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use yuefu_studio::{
    DiskWorld, Song, Studio, StudioError, World,
    audio::AudioBuffer,
    show::{self, Sight},
    song::brief::Lang,
};

/// Draws a project, a recording or a score.
pub fn show(args: &ShowArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let sight = studio.look_at(&args.path)?;
    let drawn = match &args.png {
        Some(folder) => write(&sight, folder, args.svg)?,
        None => Vec::new(),
    };
    if common.json {
        let value = json!({ "ok": true, "title": sight.title, "files": drawn });
        line(&value.to_string());
    } else if !common.quiet {
        line(&sight.title);
        line(show::terminal(&sight, usize::from(args.width), words.0 == Lang::Zh).trim_end());
        for file in drawn {
            line(&format!("  {}", file.display()));
        }
    }
    Ok(())
}

/// Draws a song that was just made.
pub fn pictures(
    song: &Song,
    audio: Option<&AudioBuffer>,
    folder: &Path,
    svg: bool,
) -> Result<Vec<PathBuf>, StudioError> {
    let sight = Sight {
        title: song.plan.title.clone(),
        score: Some(song.score.clone()),
        audio: audio.cloned(),
    };
    write(&sight, folder, svg)
}

fn write(sight: &Sight, folder: &Path, svg: bool) -> Result<Vec<PathBuf>, StudioError> {
    let world = DiskWorld::new(folder);
    let mut paths = Vec::new();
    for (name, bytes) in show::pictures(sight, svg)? {
        world.write(&name, &bytes)?;
        paths.push(folder.join(name));
    }
    Ok(paths)
}
