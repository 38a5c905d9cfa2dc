//! Songs as the program writes them, without their sound.

use yuefu_song::{
    Song,
    brief::{Brief, VoiceWish, Weighted},
};
use yuefu_studio::{ReleasePlan, Studio};

/// The studio that ships, with a composer by its name (`learned`, `light`, `rules`) or file.
///
/// # Errors
/// Says what is missing.
pub fn studio(composer: &str) -> Result<Studio, String> {
    let studio = Studio::shipped().and_then(|studio| studio.with_composer(composer));
    studio.map_err(|error| error.to_string())
}

/// What is asked for: a song of a style, an instrumental unless it is `sung`.
pub fn brief(style: &str, seed: u64, sung: bool) -> Brief {
    Brief {
        styles: vec![Weighted::new(style.to_owned(), 1.0)],
        seed: Some(seed),
        voice: match sung {
            true => VoiceWish::Any,
            false => VoiceWish::Instrumental,
        },
        ..Brief::default()
    }
}

/// An instrumental of a style.
///
/// # Errors
/// What the studio says.
pub fn instrumental(studio: &Studio, style: &str, seed: u64) -> Result<Song, String> {
    let made = studio.compose_brief(brief(style, seed, false), &ReleasePlan::streaming());
    made.map(|made| made.song)
        .map_err(|error| error.to_string())
}
