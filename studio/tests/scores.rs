//! Score files: the played MIDI has every note that sounds; the written one has the score.

use yuefu_studio::{Overrides, ReleasePlan, ScoreFormat, Studio, song::Song};

/// Number of note-ons in a MIDI file, read here so that no reader of ours hides a loss, and the
/// number of tracks.
fn note_ons(bytes: &[u8]) -> (usize, usize) {
    let (mut at, mut count, mut tracks) = (14, 0, 0);
    while at < bytes.len() {
        assert_eq!(&bytes[at..at + 4], b"MTrk");
        let length = u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let body = &bytes[at + 8..at + 8 + length];
        at += 8 + length;
        tracks += 1;
        let mut i = 0;
        let number = |i: &mut usize| {
            let mut value = 0;
            loop {
                let byte = body[*i];
                *i += 1;
                value = value << 7 | usize::from(byte & 0x7F);
                if byte < 0x80 {
                    return value;
                }
            }
        };
        while i < body.len() {
            number(&mut i);
            let status = body[i];
            i += 1;
            match status {
                0xFF => {
                    i += 1;
                    let length = number(&mut i);
                    i += length;
                }
                0xC0..=0xDF => i += 1,
                _ => {
                    count += usize::from(status >> 4 == 9 && body[i + 1] > 0);
                    i += 2;
                }
            }
        }
    }
    (count, tracks)
}

fn make(studio: &Studio, style: &str, prompt: &str) -> Song {
    let mut overrides = Overrides::default();
    for (name, value) in [("style", style), ("length", "60"), ("seed", "9")] {
        overrides.set(name, value).unwrap();
    }
    let release = ReleasePlan::streaming();
    studio.compose(prompt, &overrides, &release).unwrap().song
}

#[test]
fn midi_has_every_note_that_sounds() {
    let studio = Studio::standard().unwrap();
    let mut written_out = 0;
    for style in studio.book.styles() {
        let song = make(&studio, &style.id, "something lively");
        let files = studio.scores(&song, &ScoreFormat::ALL);
        let tracks = song.score.tracks.len() + 1;
        let played: usize = studio
            .perform(&song)
            .tracks
            .iter()
            .flat_map(|track| &track.phrases)
            .map(|placed| placed.phrase.notes.len())
            .sum();
        assert_eq!(note_ons(&files[0].1), (played, tracks), "{}", style.id);
        let notes = song.score.tracks.iter().flat_map(|t| &t.phrases);
        let written: usize = notes.map(|phrase| phrase.notes.len()).sum();
        assert_eq!(note_ons(&files[1].1), (written, tracks), "{}", style.id);
        written_out += usize::from(played > written);
    }
    assert!(written_out > 0, "no style has an ornament");
}

/// Read back, notes begin when they are heard, whatever the rubato; only a bar may be put before
/// the piece for what begins ahead of it.
#[test]
fn midi_is_in_time_with_the_recording() {
    let studio = Studio::standard().unwrap();
    for style in ["piano-solo", "classical", "jazz"] {
        let song = make(&studio, style, "slow, with much rubato");
        let mut heard: Vec<f64> = Vec::new();
        for track in &studio.perform(&song).tracks {
            for placed in &track.phrases {
                let notes = placed.phrase.notes.iter();
                heard.extend(notes.map(|note| placed.start.0 + note.on.0));
            }
        }
        heard.sort_by(f64::total_cmp);
        let files = studio.scores(&song, &[ScoreFormat::Midi]);
        let limits = yuefu_scorefile::ScoreLimits::default();
        let read = yuefu_scorefile::read_midi(&files[0].1, &studio.catalog, &limits).unwrap();
        let line = &read.score.timeline;
        let mut found: Vec<f64> = Vec::new();
        for phrase in read.score.tracks.iter().flat_map(|t| &t.phrases) {
            let notes = phrase.notes.iter();
            found.extend(notes.map(|note| line.seconds(phrase.span.start + note.at)));
        }
        found.sort_by(f64::total_cmp);
        assert_eq!(found.len(), heard.len(), "{style}");
        let shift = found[0] - heard[0];
        for (found, heard) in found.iter().zip(&heard) {
            let off = (found - shift - heard).abs();
            assert!(off < 0.002, "{style}: {off} s at {heard}");
        }
    }
}
