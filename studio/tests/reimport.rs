//! Edited files come back: only what was edited changes.

use yuefu_studio::{
    Overrides, Part, ReleasePlan, ScoreFormat, Studio,
    song::{Articulation, Origin, Song},
    theory::Ticks,
};

const FORMATS: [ScoreFormat; 4] = ScoreFormat::ALL;

fn songs(studio: &Studio) -> Vec<Song> {
    let release = ReleasePlan::streaming();
    let mut out: Vec<Song> = [("pop", 4), ("jazz", 11), ("jiangnan", 7)]
        .map(|(style, seed)| {
            let mut overrides = Overrides::default();
            for (name, value) in [("style", style), ("length", "30")] {
                overrides.set(name, value).unwrap();
            }
            overrides.set("seed", &seed.to_string()).unwrap();
            studio.compose("a song", &overrides, &release).unwrap().song
        })
        .to_vec();
    // Locks, levels and manners that no score format carries.
    for song in &mut out {
        let phrase = &mut song.score.tracks[0].phrases[0];
        phrase.locked = true;
        if let Some(note) = phrase.notes.first_mut() {
            note.velocity = 71;
            note.articulation = Articulation::Staccato;
        }
    }
    out
}

fn written(studio: &Studio, song: &Song, format: ScoreFormat) -> Vec<u8> {
    studio.scores(song, &[format]).swap_remove(0).1
}

#[test]
fn a_file_that_was_not_edited_changes_nothing() {
    let studio = Studio::standard().unwrap();
    for song in songs(&studio) {
        for format in FORMATS {
            let bytes = written(&studio, &song, format);
            for part in [Part::Whole, Part::Present] {
                let back = studio.reimport_bytes(&song, &bytes, "same", part).unwrap();
                assert_eq!(back.changed, [], "{format:?} {}", song.plan.style);
                assert!(back.song == song, "{format:?} {}", song.plan.style);
            }
        }
    }
}

#[test]
fn one_edited_note_changes_one_phrase() {
    let studio = Studio::standard().unwrap();
    for song in songs(&studio) {
        let track = song
            .score
            .tracks
            .iter()
            .position(|t| !t.role.is_percussion() && t.phrases.len() > 1)
            .unwrap();
        for format in [
            ScoreFormat::MidiScore,
            ScoreFormat::MusicXml,
            ScoreFormat::Abc,
        ] {
            let mut edited = song.clone();
            let phrase = &mut edited.score.tracks[track].phrases[1];
            let id = phrase.id.clone();
            // A note of its own time, so that the edit is one in every format; no pickup, which the
            // phrase before might sound into on the same key.
            let note = phrase.notes.iter_mut().find(|n| n.at.0 >= 0).unwrap();
            let up = if note.key() > 100 { -1 } else { 1 };
            note.pitch = song.plan.key.spell(note.pitch.midi() + up);
            let bytes = written(&studio, &edited, format);
            let id_of = song.score.tracks[track].id.clone();
            for part in [Part::Whole, Part::Track(&id_of)] {
                let back = studio.reimport_bytes(&song, &bytes, "edit", part).unwrap();
                assert_eq!(
                    back.changed,
                    [(id_of.clone(), id.clone())],
                    "{format:?} {}",
                    song.plan.style
                );
                let mut expected = song.clone();
                let wanted = &mut expected.score.tracks[track].phrases[1];
                let made = &back.song.score.tracks[track].phrases[1];
                assert_eq!(made.origin, Origin::Edited);
                let keys = |p: &yuefu_studio::song::Phrase| {
                    let mut out: Vec<_> = p.notes.iter().map(|n| (n.at, n.len, n.key())).collect();
                    out.sort_unstable();
                    out
                };
                assert_eq!(
                    keys(made),
                    keys(&edited.score.tracks[track].phrases[1]),
                    "{format:?}"
                );
                wanted.clone_from(made);
                assert!(back.song.score == expected.score, "{format:?}");
            }
        }
    }
}

#[test]
fn notes_come_and_go_and_tempo_and_chords_change() {
    let studio = Studio::standard().unwrap();
    let song = songs(&studio).swap_remove(0);
    let mut edited = song.clone();
    let track = 0;
    let phrase = edited.score.tracks[track].phrases.len() - 1;
    let last = &mut edited.score.tracks[track].phrases[phrase];
    // A pickup would sound in the phrase before.
    let inside = last.notes.iter().position(|n| n.at >= Ticks::ZERO).unwrap();
    let gone = last.notes.remove(inside);
    for point in &mut edited.score.timeline.tempo {
        point.bpm = 90.0;
    }
    edited.score.chords[1].chord = "F#dim7".parse().unwrap();
    let bytes = written(&studio, &edited, ScoreFormat::MusicXml);
    let back = studio
        .reimport_bytes(&song, &bytes, "edit", Part::Whole)
        .unwrap();
    let made = &back.song.score;
    let notes = &made.tracks[track].phrases[phrase].notes;
    assert_eq!(notes, &edited.score.tracks[track].phrases[phrase].notes);
    assert!(!notes.contains(&gone));
    assert_eq!(made.chords, edited.score.chords);
    assert!((made.timeline.bpm(Ticks::ZERO) - 90.0).abs() < 1e-9);
    assert_eq!(back.song.plan.timeline, made.timeline);
    assert!(back.song.plan.length.0 > 0.0);
    // Added notes go where they sound, also where the track had nothing.
    let back = studio
        .reimport_bytes(
            &edited,
            &written(&studio, &song, ScoreFormat::MidiScore),
            "edit",
            Part::Present,
        )
        .unwrap();
    assert_eq!(
        back.song.score.tracks[track].phrases[phrase].notes.len(),
        notes.len() + 1
    );
}

#[test]
fn tracks_come_and_go() {
    let studio = Studio::standard().unwrap();
    let song = songs(&studio).swap_remove(0);
    let mut fewer = song.clone();
    let gone = fewer.score.tracks.remove(1);
    let bytes = written(&studio, &fewer, ScoreFormat::MidiScore);
    let kept = studio
        .reimport_bytes(&song, &bytes, "fewer", Part::Present)
        .unwrap();
    assert!(kept.song == song);
    let removed = studio
        .reimport_bytes(&song, &bytes, "fewer", Part::Whole)
        .unwrap();
    assert!(removed.song.score.tracks == fewer.score.tracks);
    assert!(removed.song.plan.cast.iter().all(|m| m.id != gone.id));
    let bytes = written(&studio, &song, ScoreFormat::MidiScore);
    let added = studio
        .reimport_bytes(&fewer, &bytes, "more", Part::Whole)
        .unwrap();
    assert_eq!(added.song.score.tracks.len(), song.score.tracks.len());
    let count = |phrases: &[yuefu_studio::song::Phrase]| -> usize {
        phrases.iter().map(|p| p.notes.len()).sum()
    };
    let new = added.song.score.tracks.last().unwrap();
    assert_eq!(count(&new.phrases), count(&gone.phrases));
    let error = studio
        .reimport_bytes(&song, &bytes, "more", Part::Track("nobody"))
        .unwrap_err();
    assert!(error.to_string().contains("nobody"));
}
