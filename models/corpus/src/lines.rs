//! Cutting the line of a track into phrases.

use yuefu_harmonize::{Tone, phrase_starts};
use yuefu_song::{Note, Origin, Phrase, Score, Track, line_of};
use yuefu_theory::{Pitch, TickSpan, Ticks};

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
