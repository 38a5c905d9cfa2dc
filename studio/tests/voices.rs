//! Sung tracks in the document: a change of one word is one phrase sung again.

use std::path::PathBuf;
use yuefu_studio::{
    Cancel, Overrides, ReleasePlan, RenderOptions, Rendered, Silent, Song, Store, Studio,
    audio::SampleRate,
    keeping::Keeping,
    render::Unit,
    song::{Lyric, ops::Op},
};

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-voices-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn play(
    studio: &Studio,
    song: &Song,
    threads: usize,
    store: Option<(&dyn Store, &Rendered)>,
) -> Rendered {
    let scratch = folder("scratch");
    let options = RenderOptions {
        threads,
        store: store.map(|(store, _)| store),
        before: store.map(|(_, before)| &before.ledger),
        stems: None,
        mix: false,
        measure: false,
        scratch: &scratch,
        progress: &Silent,
        cancel: &Cancel::new(),
    };
    studio.render(song, &options).unwrap()
}

/// A song whose lead sings, and the number of that track.
fn sung(studio: &Studio) -> (Song, usize) {
    let mut overrides = Overrides::default();
    for (name, value) in [("style", "pop"), ("length", "30"), ("seed", "5")] {
        overrides.set(name, value).unwrap();
    }
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    let song = studio.compose("test", &overrides, &release).unwrap().song;
    let lead = song
        .score
        .tracks
        .iter()
        .position(|track| track.role.name() == "lead")
        .unwrap();
    let id = song.score.tracks[lead].id.clone();
    let op: Op = format!("instrument {id} to voice-hibari").parse().unwrap();
    let (mut song, _) = op.apply(&song, &studio.catalog).unwrap();
    let words = ["S IH1 L", "V ER0", "R AY1 T", "M UW1 N"];
    let notes = song.score.tracks[lead].phrases.iter_mut();
    for (index, note) in notes.flat_map(|phrase| &mut phrase.notes).enumerate() {
        note.lyric = Some(Box::new(word(words[index % words.len()])));
    }
    (song, lead)
}

fn word(reading: &str) -> Lyric {
    Lyric {
        text: "-".to_owned(),
        lang: "en".to_owned(),
        reading: reading.to_owned(),
        ..Lyric::default()
    }
}

/// Names of the clips that were made.
fn clips(rendered: &Rendered) -> Vec<(String, String)> {
    let clip = |unit: &Unit| match unit {
        Unit::Clip { track, phrase } => Some((track.clone(), phrase.clone())),
        _ => None,
    };
    rendered.made.iter().filter_map(clip).collect()
}

#[test]
fn one_word_is_one_phrase_sung_again() {
    let studio = Studio::standard().unwrap();
    let (mut before, lead) = sung(&studio);
    let root = folder("word");
    let store = Keeping::at(&root);
    let first = play(&studio, &before, 2, None);
    before.mix = Some(first.plan.clone());
    before.master = Some(first.mastering.clone());
    let kept = play(&studio, &before, 1, Some((store.store(), &first)));
    assert_eq!(
        kept.master, first.master,
        "any number of threads sings alike"
    );

    let track = before.score.tracks[lead].id.clone();
    let mut after = before.clone();
    let phrases = &mut after.score.tracks[lead].phrases;
    let number = phrases.iter().position(|p| p.notes.len() > 3).unwrap();
    let phrase = phrases[number].id.clone();
    phrases[number].notes[1].lyric = Some(Box::new(word("D EY1")));
    let patched = play(&studio, &after, 2, Some((store.store(), &kept)));
    assert_eq!(clips(&patched), [(track.clone(), phrase)]);
    assert_ne!(patched.master, kept.master);
    assert_eq!(patched.master, play(&studio, &after, 2, None).master);

    // A setting of the voice is heard in the sung track alone.
    let op: Op = format!("voice {track} breathiness 0.5").parse().unwrap();
    let (airy, _) = op.apply(&before, &studio.catalog).unwrap();
    let played = play(&studio, &airy, 2, Some((store.store(), &kept)));
    let made = clips(&played);
    assert!(!made.is_empty() && made.iter().all(|(id, _)| *id == track));
    let op: Op = format!("voice {track} breathiness 0").parse().unwrap();
    assert_eq!(op.apply(&airy, &studio.catalog).unwrap().0, before);

    // So is a curve, in its phrase.
    let op: Op = format!("voice-point {track} 5:1 pitch 50").parse().unwrap();
    let (bent, _) = op.apply(&before, &studio.catalog).unwrap();
    let played = play(&studio, &bent, 2, Some((store.store(), &kept)));
    assert_eq!(clips(&played).len(), 1);
    // It is in the files, and in the edit.
    let files = bent.to_files();
    let read = Song::from_files(&mut |name| {
        Ok(files
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, text)| text.clone()))
    });
    assert_eq!(read.unwrap(), bent);
    std::fs::remove_dir_all(&root).unwrap();
}
