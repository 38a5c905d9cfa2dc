//! One note at a time: the line of a track, and cutting it into phrases.

use yuefu_harmonize::{Tone, phrase_starts};
use yuefu_song::{Note, Origin, Phrase, Score, Track};
use yuefu_theory::{Pitch, TickSpan, Ticks};

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

/// The line of a track: of notes that start together the highest, none longer than to the next.
pub fn line_of(track: &Track) -> Vec<LineNote> {
    let mut notes: Vec<LineNote> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| LineNote {
                at: phrase.span.start + note.at,
                len: note.len,
                key: note.key(),
                velocity: note.velocity,
            })
        })
        .collect();
    single(&mut notes);
    notes
}

/// Makes notes one line.
pub(crate) fn single(notes: &mut Vec<LineNote>) {
    notes.sort_by_key(|note| (note.at, std::cmp::Reverse((note.key, note.len))));
    notes.dedup_by_key(|note| note.at);
    for index in 1..notes.len() {
        let next = notes[index].at;
        let note = &mut notes[index - 1];
        note.len = note.len.min(next - note.at);
    }
}

/// A track of one phrase from the first tick to `end`.
pub(crate) fn whole_track(
    id: &str,
    role: yuefu_song::Role,
    instrument: &str,
    mut notes: Vec<Note>,
    end: Ticks,
) -> Track {
    notes.sort_by_key(|note| (note.at, note.pitch.midi(), note.len));
    Track {
        id: id.to_owned(),
        role,
        instrument: instrument.to_owned(),
        phrases: vec![Phrase::new(
            "all",
            TickSpan::new(Ticks::ZERO, end.max(Ticks(1))),
            Origin::Imported,
            notes,
        )],
    }
}

/// Makes a track one line and cuts it into phrases where it breathes. A phrase starts at the
/// barline that it belongs to: its pickup lies before it.
pub(crate) fn cut_line(score: &mut Score, index: usize) {
    let end = score.end();
    let line = line_of(&score.tracks[index]);
    let tones: Vec<Tone> = line
        .iter()
        .map(|note| Tone::new(note.at, note.len, note.key))
        .collect();
    let mut starts: Vec<(Ticks, Ticks)> = Vec::new();
    for onset in phrase_starts(&tones, &score.timeline) {
        let home = home(score, onset, end);
        if starts.last().is_none_or(|last| home > last.0) {
            starts.push((home, onset));
        }
    }
    if starts.is_empty() {
        starts.push((Ticks::ZERO, Ticks::ZERO));
    }
    // Notes before the first phrase's onset belong to it too.
    starts[0].1 = Ticks(i64::MIN);
    let mut phrases: Vec<Phrase> = starts
        .iter()
        .enumerate()
        .map(|(number, (home, _))| {
            let next = starts.get(number + 1).map_or(end, |next| next.0);
            let span = TickSpan::new(*home, next.max(*home + Ticks(1)));
            Phrase::new(
                format!("{}", number + 1),
                span,
                Origin::Imported,
                Vec::new(),
            )
        })
        .collect();
    for note in line {
        let phrase = starts.partition_point(|start| start.1 <= note.at) - 1;
        let key = score.key_at(note.at.max(Ticks::ZERO));
        let pitch: Pitch = key.spell(i32::from(note.key));
        let at = note.at - phrases[phrase].span.start;
        phrases[phrase]
            .notes
            .push(Note::new(at, note.len, pitch, note.velocity));
    }
    phrases.retain(|phrase| !phrase.notes.is_empty());
    score.tracks[index].phrases = phrases;
}

/// The barline that a phrase with this onset belongs to: the next one for a pickup.
fn home(score: &Score, onset: Ticks, end: Ticks) -> Ticks {
    let line = &score.timeline;
    let (bar, into) = line.bar_of(onset);
    let (start, next) = (line.bar_start(bar), line.bar_start(bar + 1));
    if into * 2 > next - start && next < end {
        next
    } else {
        start
    }
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
