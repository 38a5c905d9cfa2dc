//! Imported files: every note is kept, sounds, and leaves again as it came.

mod support;

use support::{Play, play};
use yuefu_studio::{
    ImportFormat, Imported, ReleasePlan, ScoreFormat, Studio,
    audio::SampleRate,
    song::{Origin, Role, Song},
};

const ABC: &str = "X:1\nT:Two Phrases\nM:4/4\nL:1/4\nQ:1/4=96\nK:G\n\
D|G A B c|d2 B2|c B A G|A3 D|\nw:Oh come sweet spring-time day with me and stay a-gain while_\n\
G A B c|d2 e2|d c B A|G4|\n";

fn import(text: &str) -> (Studio, Imported) {
    let studio = Studio::standard().unwrap();
    let made = studio
        .import_bytes(text.as_bytes(), "test", &ReleasePlan::streaming())
        .unwrap();
    (studio, made)
}

/// Start, length and key of all notes, by track.
fn notes(song: &Song) -> Vec<Vec<(i64, i64, u8)>> {
    song.score
        .tracks
        .iter()
        .map(|track| {
            let mut out: Vec<_> = track
                .phrases
                .iter()
                .flat_map(|p| {
                    p.notes
                        .iter()
                        .map(|n| ((p.span.start + n.at).0, n.len.0, n.key()))
                })
                .collect();
            out.sort_unstable();
            out
        })
        .collect()
}

#[test]
fn a_tune_becomes_a_song_with_chords_and_phrases() {
    let (studio, made) = import(ABC);
    let song = &made.song;
    assert_eq!(song.plan.title, "Two Phrases");
    assert_eq!(song.plan.key.to_string(), "G major");
    assert_eq!(song.score.timeline.tempo[0].bpm, 96.0);
    let track = &song.score.tracks[0];
    assert_eq!(track.role, Role::Vocal);
    assert!(track.phrases.len() >= 2);
    assert!(track.phrases.iter().all(|p| p.origin == Origin::Imported));
    // The pickup belongs to the first full bar.
    assert!(track.phrases[0].notes[0].at.0 < 0);
    assert!(!song.score.chords.is_empty());
    assert_eq!(
        song.score.chords.last().unwrap().chord.root.to_string(),
        "G"
    );
    let words: Vec<&str> = song.lyrics.lines.iter().map(|l| l.text.as_str()).collect();
    assert!(
        words[0].starts_with("Oh come sweet springtime"),
        "{words:?}"
    );
    let sounding: usize = studio.perform(song).tracks[0]
        .phrases
        .iter()
        .map(|p| p.phrase.notes.len())
        .sum();
    assert_eq!(sounding, notes(song)[0].len());
}

#[test]
fn what_comes_in_goes_out() {
    let (studio, made) = import(ABC);
    for format in [
        ScoreFormat::MidiScore,
        ScoreFormat::MusicXml,
        ScoreFormat::Abc,
    ] {
        let bytes = studio.scores(&made.song, &[format]).swap_remove(0).1;
        let again = studio
            .import_bytes(&bytes, "again", &ReleasePlan::streaming())
            .unwrap();
        assert_eq!(notes(&again.song), notes(&made.song), "{format:?}");
        assert_eq!(again.song.plan.key, made.song.plan.key, "{format:?}");
        let chords = |song: &Song| song.score.chords.clone();
        assert_eq!(chords(&again.song), chords(&made.song), "{format:?}");
    }
}

#[test]
fn a_song_is_saved_and_opened_again() {
    let (_, made) = import(ABC);
    let files: std::collections::BTreeMap<String, String> =
        made.song.to_files().into_iter().collect();
    let back = Song::from_files(&mut |name| Ok(files.get(name).cloned())).unwrap();
    assert_eq!(back, made.song);
}

#[test]
fn what_is_no_score_is_refused_in_two_languages() {
    let studio = Studio::standard().unwrap();
    let release = ReleasePlan::streaming();
    for bytes in [&b"hello"[..], b"", b"X:1\nK:C\nz4|\n", b"MThd", b"<html/>"] {
        let error = studio.import_bytes(bytes, "no.mid", &release).unwrap_err();
        assert!(error.to_string().contains("no.mid"), "{error}");
        let zh = error.message(yuefu_studio::song::brief::Lang::Zh);
        assert!(zh.contains("no.mid"), "{zh}");
    }
    assert_eq!(ImportFormat::of(b"MThd\0"), Some(ImportFormat::Midi));
    assert_eq!(ImportFormat::of(b"X:1\nK:C"), Some(ImportFormat::Abc));
    assert_eq!(ImportFormat::of(b"\x7fELF"), None);
}

#[test]
fn an_imported_song_sounds_to_its_end() {
    let (studio, mut made) = import(ABC);
    made.song.release.rate = SampleRate(22_050);
    let rendered = play(&studio, &made.song, Play::default());
    let mix = rendered.mix.unwrap();
    let samples = &mix.channels[0];
    let seconds = samples.len() as f64 / 22_050.0;
    assert!((seconds - made.song.plan.length.0).abs() < 0.01);
    let loudest = |part: &[f32]| part.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
    for quarter in samples.chunks(samples.len() / 4).take(4) {
        assert!(loudest(quarter) > 1e-3);
    }
}
