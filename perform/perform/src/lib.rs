//! From the score to a performance: written notes become played ones.
//!
//! [`perform`] reads each phrase into a [`Reading`] (every value that its playing depends on, with
//! times already in seconds), and [`play`] turns a reading into played notes. A phrase performed
//! alone therefore equals the same phrase performed within its song, and a reading is what a
//! cache key of this stage should hash.
//!
//! What an articulation, a family, a role or a drum does is data: `data/perform/*.toml`, see
//! [`rules`].

pub mod clock;
mod curves;
mod dynamics;
mod lengths;
mod noise;
mod ornaments;
mod play;
pub mod reading;
pub mod rules;
mod timing;

pub use clock::Clock;
pub use play::play;
pub use reading::{Before, Reading, Site};
pub use rules::{Groove, Rulebook, Rules};

use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Catalog, Origin, Performance, PerformedTrack, Phrase, PlacedPhrase, Score, SongPlan, Track,
};

/// Version of this stage, for cache keys: rises whenever the same score would be played otherwise.
pub const VERSION: u32 = 2;

/// Plays a whole score.
///
/// Never fails: an instrument that the catalog lacks is played plainly, odd notes are brought into
/// its range, and every phrase of the score has its counterpart in the result, in order. `seed` is
/// the song's root path.
pub fn perform(score: &Score, plan: &SongPlan, catalog: &Catalog, seed: &SeedPath) -> Performance {
    let clock = Clock::new(score, plan, seed);
    let tracks = score
        .tracks
        .iter()
        .map(|track| PerformedTrack {
            id: track.id.clone(),
            role: track.role,
            instrument: track.instrument.clone(),
            phrases: (0..track.phrases.len())
                .map(|index| place(&clock, score, catalog, seed, track, index))
                .collect(),
        })
        .collect();
    Performance { tracks }
}

/// Plays one phrase of one track, by their indices; `None` when there is no such phrase.
///
/// The result equals that phrase of [`perform`] exactly.
pub fn perform_phrase(
    score: &Score,
    plan: &SongPlan,
    catalog: &Catalog,
    seed: &SeedPath,
    track: usize,
    phrase: usize,
) -> Option<PlacedPhrase> {
    let clock = Clock::new(score, plan, seed);
    let track = score.tracks.get(track)?;
    track.phrases.get(phrase)?;
    Some(place(&clock, score, catalog, seed, track, phrase))
}

/// Reads one phrase of one track, by their indices: every value that its playing depends on.
pub fn read_phrase(
    score: &Score,
    plan: &SongPlan,
    catalog: &Catalog,
    seed: &SeedPath,
    track: usize,
    phrase: usize,
) -> Option<Reading> {
    let clock = Clock::new(score, plan, seed);
    let track = score.tracks.get(track)?;
    track.phrases.get(phrase)?;
    Some(read(&clock, score, catalog, seed, track, phrase))
}

fn read(
    clock: &Clock<'_>,
    score: &Score,
    catalog: &Catalog,
    seed: &SeedPath,
    track: &Track,
    index: usize,
) -> Reading {
    let phrase = &track.phrases[index];
    let before = index
        .checked_sub(1)
        .and_then(|i| reading::last_note(&track.phrases[i]));
    let number = phrase_seed(seed, track, phrase).number();
    reading::read(clock, score, catalog, track, phrase, before, number)
}

fn place(
    clock: &Clock<'_>,
    score: &Score,
    catalog: &Catalog,
    seed: &SeedPath,
    track: &Track,
    index: usize,
) -> PlacedPhrase {
    let phrase = &track.phrases[index];
    PlacedPhrase {
        id: phrase.id.clone(),
        start: Seconds(clock.seconds(phrase.span.start)),
        phrase: play(&read(clock, score, catalog, seed, track, index)),
    }
}

/// Where the randomness of a phrase's playing comes from: song / perform / track / phrase / take.
fn phrase_seed(seed: &SeedPath, track: &Track, phrase: &Phrase) -> SeedPath {
    let take = match phrase.origin {
        Origin::Generated { take, .. } => take,
        Origin::Edited | Origin::Imported => 0,
    };
    seed.join("perform")
        .join(&track.id)
        .join(&phrase.id)
        .join(take)
}
