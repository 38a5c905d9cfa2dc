//! Operations on how tracks sing.

mod ops_fixture;

use ops_fixture::{catalog, song};
use yuefu_song::{Edit, Parts, Role, Song, ops::Op};

fn sung() -> Song {
    let mut song = song("pop", None, 1);
    let lead = song
        .score
        .tracks
        .iter_mut()
        .find(|track| track.role == Role::Lead)
        .unwrap();
    lead.role = Role::Vocal;
    let id = lead.id.clone();
    for member in song.plan.cast.iter_mut().filter(|member| member.id == id) {
        member.role = Role::Vocal;
    }
    song
}

fn apply(song: &Song, line: &str) -> Result<Song, String> {
    let op: Op = line.parse().map_err(|error| format!("{error}"))?;
    assert_eq!(op.to_string().parse::<Op>().unwrap(), op);
    op.apply(song, &catalog())
        .map(|(song, _)| song)
        .map_err(|error| error.to_string())
}

#[test]
fn settings_are_set_and_forgotten() {
    let song = sung();
    let airy = apply(&song, "voice vocal breathiness 0.5").unwrap();
    let voice = airy.voices.values().next().unwrap();
    assert_eq!(voice.settings.breathiness, 0.5);
    assert_eq!(apply(&airy, "voice vocal breathiness 0").unwrap(), song);
    for (line, what) in [
        ("voice vocal loudness 1", "vibrato-depth"),
        ("voice vocal breathiness 7", "-1 to 1"),
        ("voice bass tension 1", "sung"),
        ("voice-point vocal 9:1 colour 1", "pitch"),
    ] {
        let error = apply(&song, line).unwrap_err();
        assert!(error.contains(what), "{line}: {error}");
    }
}

#[test]
fn curves_follow_their_phrase_through_files_edits_and_names() {
    let song = sung();
    let at = song
        .score
        .tracks
        .iter()
        .find(|t| t.role == Role::Vocal)
        .unwrap()
        .phrases[0]
        .span;
    let bar = song.plan.timeline.bar_of(at.start).0 + 1;
    let bent = apply(&song, &format!("voice-point vocal {bar}:2 pitch 50")).unwrap();
    let bent = apply(&bent, &format!("voice-point vocal {bar}:3 pitch -20")).unwrap();
    let voice = bent.voices.values().next().unwrap();
    let curves = voice.phrases.values().next().unwrap();
    assert_eq!(curves.pitch.0.len(), 2);

    let files = bent.to_files();
    let read = Song::from_files(&mut |name| {
        let file = files.iter().find(|(known, _)| known == name);
        Ok(file.map(|(_, text)| text.clone()))
    });
    assert_eq!(read.unwrap(), bent);
    assert_eq!(Parts::of(&bent).into_song().unwrap(), bent);
    let edit = Edit::between(&song, &bent);
    assert_eq!(edit.apply(&song).unwrap(), bent);

    let renamed = apply(&bent, "rename-track vocal to singer").unwrap();
    assert!(renamed.voices.contains_key("singer") && renamed.voices.len() == 1);
    assert_eq!(apply(&bent, "clear-voice vocal all").unwrap(), song);
    let gone = apply(&bent, "remove-track vocal").unwrap();
    assert!(gone.voices.is_empty());
}
