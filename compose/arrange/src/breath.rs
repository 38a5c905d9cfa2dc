//! Air for whoever plays a tune: no line goes on for longer than a breath lasts.

use crate::tune::TunePhrase;
use yuefu_song::{InstrumentProfile, Note};
use yuefu_theory::Ticks;

/// Seconds that a line of somebody who blows or sings goes on for at most.
const BLOWN: f64 = 8.0;
/// The same of everybody else: a tune needs commas on strings and keys, too.
const PLAYED: f64 = 12.0;
/// What a breath takes of a long note; of a short one it takes half.
const AIR: Ticks = Ticks::of(1, 8);
/// What counts as a rest.
const REST: Ticks = Ticks::of(1, 16);

/// How long a line may go on at a tempo.
pub fn longest(profile: &InstrumentProfile, bpm: f64) -> Ticks {
    let seconds = if profile.breathes() { BLOWN } else { PLAYED };
    Ticks((seconds * bpm / 60.0 * Ticks::of(1, 4).0 as f64) as i64)
}

/// Takes air in a section's lines that go on for longer than `most`: of the notes on the way the one
/// that can best spare it ends earlier. That is a long note, at the
/// end of a phrase where there is one, neither soon after the last breath nor long after `most`. A
/// section after which the song `goes_on` at a time ends early enough for a breath, too, where half of
/// one is used up.
pub fn catch(phrases: &mut [TunePhrase], most: Ticks, goes_on: Option<Ticks>) {
    let ends: Vec<usize> = phrases
        .iter()
        .scan(0, |count, phrase| {
            *count += phrase.notes.len();
            Some(*count)
        })
        .collect();
    let mut notes: Vec<&mut Note> = phrases.iter_mut().flat_map(|p| &mut p.notes).collect();
    let closes = |index: usize| ends.contains(&(index + 1));
    let mut first = 0;
    let mut index = 0;
    while index < notes.len() {
        let began = notes[first].at;
        if index > first && notes[index].at - notes[index - 1].end() >= REST {
            first = index;
        } else if notes[index].end() - began > most
            && let Some(spared) = sparing(&notes[first..=index], most, |own| closes(first + own))
        {
            shorten(notes[first + spared]);
            first += spared + 1;
            index = first;
            continue;
        }
        index += 1;
    }
    let began = notes.get(first).map(|note| note.at);
    if let (Some(end), Some(began), Some(last)) = (goes_on, began, notes.last_mut())
        && end - last.end() < REST
        && last.end() - began > Ticks(most.0 / 2)
    {
        shorten(last);
    }
}

/// Which note of a line can best spare some air; `None` where none can.
fn sparing(line: &[&mut Note], most: Ticks, closes: impl Fn(usize) -> bool) -> Option<usize> {
    let began = line.first()?.at;
    let spares = |note: &Note| note.len >= REST + REST;
    let worth = |index: usize| {
        let note = &*line[index];
        let early = note.end() - began < Ticks(most.0 / 3);
        let late = note.end() - began > Ticks(most.0 * 5 / 4);
        let closing = if closes(index) {
            Ticks::of(1, 2)
        } else {
            Ticks(0)
        };
        (!early, !late, note.len + closing, index)
    };
    (0..line.len())
        .filter(|index| spares(line[*index]))
        .max_by_key(|index| worth(*index))
}

fn shorten(note: &mut Note) {
    note.len = (note.len - AIR).max(Ticks(note.len.0 / 2));
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::{Pitch, TickSpan};

    /// Phrases of fourteen quarters and a half note, with no silence anywhere.
    fn phrases(count: i64) -> Vec<TunePhrase> {
        let whole = Ticks::of(4, 1);
        let phrase = |number: i64| {
            let span = TickSpan::new(whole * number, whole * (number + 1));
            let note = |at: i64| {
                let len = Ticks::of(if at == 14 { 2 } else { 1 }, 4);
                Note::new(
                    span.start + Ticks::of(1, 4) * at,
                    len,
                    Pitch::from_midi(60),
                    64,
                )
            };
            let notes = (0..15).map(note).collect();
            TunePhrase { span, notes }
        };
        (0..count).map(phrase).collect()
    }

    fn lengths(phrases: &[TunePhrase]) -> Vec<Vec<i64>> {
        let of = |phrase: &TunePhrase| phrase.notes.iter().map(|n| n.len.0).collect();
        phrases.iter().map(of).collect()
    }

    #[test]
    fn long_lines_take_air_where_a_phrase_closes() {
        let mut line = phrases(4);
        let before = lengths(&line);
        catch(&mut line, Ticks::of(5, 1), Some(Ticks::of(16, 1)));
        for (number, (now, before)) in lengths(&line).iter().zip(&before).enumerate() {
            assert_eq!(now[..14], before[..14], "phrase {number}");
            assert_eq!(now[14], before[14] - AIR.0, "phrase {number}");
        }
    }

    #[test]
    fn a_phrase_longer_than_a_breath_takes_air_within_and_the_last_chord_rings() {
        let mut line = phrases(1);
        catch(&mut line, Ticks::of(3, 1), None);
        let now = &lengths(&line)[0];
        let shorter: Vec<usize> = (0..15)
            .filter(|i| now[*i] < lengths(&phrases(1))[0][*i])
            .collect();
        assert_eq!(shorter, [12], "the last quarter before air runs out");
    }

    #[test]
    fn lines_that_breathe_and_short_notes_stay_as_they_are() {
        let mut line = phrases(2);
        for phrase in &mut line {
            phrase.notes[14].len = Ticks::of(1, 4);
        }
        let before = lengths(&line);
        catch(&mut line, Ticks::of(4, 1), Some(Ticks::of(8, 1)));
        assert_eq!(lengths(&line), before);
        let mut quick = phrases(1);
        for (at, note) in quick[0].notes.iter_mut().enumerate() {
            (note.at, note.len) = (REST * at as i64, REST);
        }
        let before = lengths(&quick);
        catch(&mut quick, Ticks::of(1, 4), None);
        assert_eq!(lengths(&quick), before);
    }
}
