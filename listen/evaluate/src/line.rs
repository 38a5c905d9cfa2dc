//! The tune of a score as a line of single notes.

use yuefu_song::{Role, Score, Track};
use yuefu_theory::Ticks;

/// A note of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineNote {
    /// Start in the score.
    pub at: Ticks,
    /// Length.
    pub len: Ticks,
    /// MIDI key.
    pub key: i32,
}

/// The line of a track: of notes that start together the highest, none longer than to the next.
pub fn line_of(track: &Track) -> Vec<LineNote> {
    let mut notes: Vec<LineNote> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| LineNote {
                at: phrase.span.start + note.at,
                len: note.len,
                key: note.pitch.midi(),
            })
        })
        .collect();
    notes.sort_by_key(|note| (note.at, -note.key));
    notes.dedup_by_key(|note| note.at);
    for index in 1..notes.len() {
        let next = notes[index].at;
        let note = &mut notes[index - 1];
        note.len = note.len.min(next - note.at);
    }
    notes
}

/// The track with the tune of a song that says what its tracks do.
pub fn lead_of(score: &Score) -> Option<&Track> {
    let lead = |t: &&Track| matches!(t.role, Role::Lead | Role::Vocal);
    score.tracks.iter().find(lead)
}
