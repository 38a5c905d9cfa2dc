//! Pianos are played by the accompanist that has learned, where there is one for the style; songs say
//! who played them, and are continued by the same.

use composed::{song, studio};
use yuefu_song::{
    Origin, Phrase, Song, Track,
    ops::{Place, Tracks},
};
use yuefu_studio::{Pianist, Studio, editing::Wish};

#[path = "support/composed.rs"]
mod composed;

fn piano(song: &Song) -> &Track {
    let mut tracks = song.score.tracks.iter();
    tracks.find(|track| track.id == "piano").unwrap()
}

fn engine(phrase: &Phrase) -> &str {
    match &phrase.origin {
        Origin::Generated { engine, .. } => engine,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ballad_is_accompanied_and_jazz_is_not() {
    let studio = studio();
    let id = studio.pianist.as_deref().map(Pianist::id).unwrap();
    let ballad = song(&studio, "a sad piano ballad, 40 seconds, instrumental", 11);
    let used = ballad.engines.iter().find(|used| used.stage == "hands");
    assert_eq!(used.unwrap().engine, id);
    let piano = piano(&ballad);
    assert!(piano.phrases.iter().all(|phrase| engine(phrase) == id));
    let widest = |phrase: &Phrase| {
        let keys = phrase.notes.iter().map(|note| note.key());
        keys.clone().max().unwrap_or(0) - keys.min().unwrap_or(0)
    };
    assert!(piano.phrases.iter().any(|phrase| widest(phrase) > 16));
    let jazz = song(&studio, "jazz trio, 40 seconds, instrumental", 11);
    let phrases = jazz.score.tracks.iter().flat_map(|track| &track.phrases);
    assert!(phrases.into_iter().all(|phrase| engine(phrase) != id));
}

#[test]
fn songs_of_before_keep_their_hands() {
    let studio = studio();
    let rules = Studio {
        pianist: None,
        ..studio.clone()
    };
    let mut old = song(&rules, "a sad piano ballad, 40 seconds, instrumental", 11);
    old.engines.retain(|used| used.stage != "hands");
    let place: Place = old.plan.sections[1].id.parse().unwrap();
    let tracks: Tracks = "piano".parse().unwrap();
    let anew = |song: &Song| {
        let made = studio.regenerate(song, &tracks, &place, Wish::another(), 1);
        made.unwrap()
    };
    let after = anew(&old).song;
    assert!(
        piano(&after)
            .phrases
            .iter()
            .all(|phrase| engine(phrase).starts_with("rules"))
    );
    let own = song(&studio, "a sad piano ballad, 40 seconds, instrumental", 11);
    let after = anew(&own).song;
    let id = studio.pianist.as_deref().map(Pianist::id).unwrap();
    assert!(
        piano(&after)
            .phrases
            .iter()
            .all(|phrase| engine(phrase) == id)
    );
    assert_ne!(piano(&after).phrases[1].notes, piano(&own).phrases[1].notes);
    assert_eq!(piano(&after).phrases[0], piano(&own).phrases[0]);
}
