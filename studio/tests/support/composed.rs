//! Songs composed for tests, without their sound.

use yuefu_studio::{Overrides, ReleasePlan, Song, Studio};

/// The studio with everything that ships.
pub fn studio() -> Studio {
    Studio::shipped().unwrap()
}

/// The song of a prompt and a seed.
pub fn song(studio: &Studio, prompt: &str, seed: u64) -> Song {
    let overrides = Overrides {
        seed: Some(seed),
        ..Overrides::default()
    };
    let made = studio.compose(prompt, &overrides, &ReleasePlan::streaming());
    made.unwrap().song
}
