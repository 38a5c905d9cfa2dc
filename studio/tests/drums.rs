//! Kits are played by the drummer that has learned, where there is one for the style; songs say who
//! played them, and are continued by the same.

use composed::{song, studio};
use std::path::PathBuf;
use yuefu_song::{
    Origin, Role, Song, Track,
    ops::{Place, Tracks},
};
use yuefu_studio::{
    Drummer, ReleasePlan, Studio,
    editing::Wish,
    grooves::{GrooveWish, write_groove},
};

#[path = "support/composed.rs"]
mod composed;

fn kit(song: &Song) -> &Track {
    let mut tracks = song.score.tracks.iter();
    tracks.find(|track| track.role == Role::Drums).unwrap()
}

fn learned(track: &Track) -> usize {
    let notes = track.phrases.iter().flat_map(|phrase| &phrase.notes);
    notes.filter(|note| note.late.is_some()).count()
}

#[test]
fn rock_is_played_and_techno_is_not() {
    let studio = studio();
    let id = studio
        .drummer
        .as_deref()
        .map(Drummer::id)
        .unwrap()
        .to_owned();
    let rock = song(&studio, "rock, 40 seconds, instrumental", 11);
    let used = rock.engines.iter().find(|used| used.stage == "drums");
    assert_eq!(used.unwrap().engine, id);
    let drums = kit(&rock);
    let count: usize = drums.phrases.iter().map(|p| p.notes.len()).sum();
    assert!(
        learned(drums) * 10 > count * 8,
        "{} of {count}",
        learned(drums)
    );
    let engines = drums.phrases.iter().map(|phrase| match &phrase.origin {
        Origin::Generated { engine, .. } => engine.clone(),
        other => panic!("{other:?}"),
    });
    assert!(engines.into_iter().all(|engine| engine == id));
    assert_eq!(learned(kit(&song(&studio, "techno, 40 seconds", 11))), 0);
}

#[test]
fn songs_of_before_keep_their_drummer() {
    let studio = studio();
    let rules = Studio {
        drummer: None,
        ..studio.clone()
    };
    let mut old = song(&rules, "rock, 40 seconds, instrumental", 11);
    assert_eq!(learned(kit(&old)), 0);
    old.engines.retain(|used| used.stage != "drums");
    let place: Place = old.plan.sections[1].id.parse().unwrap();
    let tracks: Tracks = "drums".parse().unwrap();
    let anew = |studio: &Studio, song: &Song| {
        let made = studio.regenerate(song, &tracks, &place, Wish::another(), 1);
        made.unwrap()
    };
    let other = anew(&studio, &old).song;
    assert_ne!(kit(&other), kit(&old));
    assert_eq!(learned(kit(&other)), 0);
    // A new song's drummer plays its new takes; where it is not there, rules do and say so.
    let new = song(&studio, "rock, 40 seconds, instrumental", 11);
    let other = anew(&studio, &new).song;
    assert_ne!(kit(&other), kit(&new));
    let changed = kit(&other)
        .phrases
        .iter()
        .find(|phrase| phrase.take > 0)
        .unwrap();
    assert!(changed.notes.iter().any(|note| note.late.is_some()));
    let without = anew(&rules, &new);
    assert!(
        without
            .remarks
            .iter()
            .any(|remark| remark.en.contains("drums"))
    );
    for (a, b) in kit(&new).phrases.iter().zip(&kit(&other).phrases) {
        assert!(b.take > 0 || a == b, "{} changed too", a.id);
    }
}

#[test]
fn grooves_are_invented_played_and_morphed() {
    let studio = studio();
    let folder: PathBuf =
        std::env::temp_dir().join(format!("yuefu-grooves-{}", std::process::id()));
    let wish = |style: &str, seed| GrooveWish {
        style: Some(style.to_owned()),
        bars: 4,
        bpm: None,
        seed,
    };
    let a = studio.new_groove(&wish("funk", 1)).unwrap();
    assert_eq!(a, studio.new_groove(&wish("funk", 1)).unwrap());
    let b = studio.new_groove(&wish("jazz", 2)).unwrap();
    assert_ne!(a, b);
    let path = |name: &str| folder.join(name);
    write_groove(&path("a.mid"), &a).unwrap();
    write_groove(&path("b.mid"), &b).unwrap();
    let notes = |bytes: &[u8]| {
        let song = studio
            .import_bytes(bytes, "x", &ReleasePlan::streaming())
            .unwrap()
            .song;
        kit(&song)
            .phrases
            .iter()
            .map(|p| p.notes.len())
            .sum::<usize>()
    };
    assert!(notes(&a) > 20);
    let played = studio
        .humanize_groove(&path("a.mid"), Some("city-pop"), 3)
        .unwrap();
    assert_ne!(played, a);
    assert_eq!(notes(&played), notes(&a));
    let way = studio
        .morph_grooves(&path("a.mid"), &path("b.mid"), 4, 1)
        .unwrap();
    assert_eq!(way.len(), 4);
    assert!(way.iter().all(|bytes| notes(bytes) > 4));
    for wrong in [
        wish("techno", 1),
        wish("polka", 1),
        GrooveWish {
            bars: 0,
            ..wish("rock", 1)
        },
    ] {
        assert!(studio.new_groove(&wrong).is_err(), "{wrong:?}");
    }
    assert!(
        studio
            .morph_grooves(&path("a.mid"), &path("b.mid"), 1, 1)
            .is_err()
    );
    assert!(studio.humanize_groove(&path("none.mid"), None, 1).is_err());
    std::fs::remove_dir_all(folder).unwrap();
}
