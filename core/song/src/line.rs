//! One note at a time: the line of a track.

use crate::score::{Role, Score, Track};
use std::cmp::Reverse;
use yuefu_theory::Ticks;

/// A note of a line at its place in the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineNote {
    /// Start.
    pub at: Ticks,
    /// Length; the note ends no later than the next one starts.
    pub len: Ticks,
    /// MIDI key.
    pub key: u8,
    /// Dynamic level, 1..=127.
    pub velocity: u8,
}

/// The notes of a track at their places in the score, phrase after phrase.
pub fn notes_of(track: &Track) -> impl Iterator<Item = LineNote> + '_ {
    track.phrases.iter().flat_map(|phrase| {
        phrase.notes.iter().map(|note| LineNote {
            at: phrase.span.start + note.at,
            len: note.len,
            key: note.key(),
            velocity: note.velocity,
        })
    })
}

/// The line of a track: of notes that start together the highest, none longer than to the next.
pub fn line_of(track: &Track) -> Vec<LineNote> {
    let mut notes: Vec<LineNote> = notes_of(track).collect();
    single(&mut notes);
    notes
}

/// Makes notes one line, as [`line_of`] does.
pub fn single(notes: &mut Vec<LineNote>) {
    notes.sort_by_key(|note| (note.at, Reverse((note.key, note.len))));
    notes.dedup_by_key(|note| note.at);
    for index in 1..notes.len() {
        let next = notes[index].at;
        let note = &mut notes[index - 1];
        note.len = note.len.min(next - note.at);
    }
}

/// The track with the tune of a song that says what its tracks do.
pub fn lead_of(score: &Score) -> Option<&Track> {
    let lead = |t: &&Track| matches!(t.role, Role::Lead | Role::Vocal);
    score.tracks.iter().find(lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_one_note_at_a_time() {
        let note = |at, len, key| LineNote {
            at: Ticks(at),
            len: Ticks(len),
            key,
            velocity: 80,
        };
        let mut notes = vec![
            note(0, 10, 60),
            note(0, 4, 64),
            note(8, 4, 62),
            note(2, 9, 61),
        ];
        single(&mut notes);
        assert_eq!(notes, [note(0, 2, 64), note(2, 6, 61), note(8, 4, 62)]);
    }
}
