//! Songs are continued by the composer that wrote them, as freely as they were begun.

use composed::{song, studio};
use yuefu_song::{
    Song, Track, lead_of,
    ops::{Place, Tracks},
};
use yuefu_studio::{Studio, editing::Wish};

#[path = "support/composed.rs"]
mod composed;

const PROMPT: &str = "a pop song, 40 seconds, instrumental";

fn lead(song: &Song) -> &Track {
    lead_of(&song.score).unwrap()
}

/// Another take of the tune where it is sung first, and what was remarked.
fn anew(studio: &Studio, song: &Song) -> (Song, usize) {
    let track = lead(song);
    let phrase = track.phrases.iter().find(|p| !p.notes.is_empty()).unwrap();
    let sections = &song.plan.sections;
    let section = sections.iter().find(|s| s.span.contains(phrase.span.start));
    let place: Place = section.unwrap().id.parse().unwrap();
    let tracks: Tracks = track.id.parse().unwrap();
    let made = studio.regenerate(song, &tracks, &place, Wish::another(), 1);
    let made = made.unwrap();
    (made.song, made.remarks.len())
}

#[test]
fn a_song_by_the_light_engine_is_continued_by_it() {
    let light = studio().with_composer("light").unwrap();
    let own = song(&light, PROMPT, 5);
    let (by_light, none) = anew(&light, &own);
    let (by_usual, remarks) = anew(&studio(), &own);
    assert_eq!((none, remarks), (0, 0));
    assert_eq!(lead(&by_light), lead(&by_usual));
    assert_ne!(lead(&by_usual), lead(&own));
}

#[test]
fn a_temperature_stays_with_its_song() {
    let usual = song(&studio(), PROMPT, 5);
    let bold = song(&studio().with_temperature(1.4).unwrap(), PROMPT, 5);
    assert_ne!(lead(&usual), lead(&bold));
    let stated = |song: &Song| {
        let used = song.engines.iter().find(|used| used.stage == "tune");
        used.unwrap().temperature
    };
    assert_eq!((stated(&usual), stated(&bold)), (None, Some(140)));
    let mut forgetful = bold.clone();
    for used in &mut forgetful.engines {
        used.temperature = None;
    }
    let (on, _) = anew(&studio(), &bold);
    let (off, _) = anew(&studio(), &forgetful);
    assert_ne!(lead(&on), lead(&off));
    for wrong in [0.4, 1.6, f32::NAN] {
        assert!(studio().with_temperature(wrong).is_err());
    }
}

#[test]
fn one_of_several_drafts_is_kept_with_any_number_of_threads() {
    let stated = |song: &Song| {
        let used = song.engines.iter().find(|used| used.stage == "tune");
        used.unwrap().draft
    };
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.unwrap();
    let songs = [5, 6].map(|seed| {
        let made = song(&studio(), PROMPT, seed);
        assert_eq!(made, alone.install(|| song(&studio(), PROMPT, seed)));
        made
    });
    assert!(songs.iter().all(|song| stated(song).is_some()));
    // What is written anew goes on in the ways of the draft.
    let kept = &songs[0];
    let mut forgetful = kept.clone();
    for used in &mut forgetful.engines {
        used.draft = None;
    }
    let (on, _) = anew(&studio(), kept);
    let (off, _) = anew(&studio(), &forgetful);
    assert_eq!(stated(&on), stated(kept));
    assert_ne!(lead(&on), lead(&off));
    // There is nothing to weigh where rules write.
    let rules = song(&studio().with_composer("rules").unwrap(), PROMPT, 5);
    assert_eq!(stated(&rules), None);
}
