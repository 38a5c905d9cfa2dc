//! A whole tune told to a network, note by note: what training reads.

use crate::events::{
    AT, BEFORE, Kin, Known, Model, NO_TIME, Phrase, Sung, home, key_class, time_class,
};
use crate::ground::Ground;
use yuefu_theory::{TickSpan, Ticks};

/// One note as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What is known before it.
    pub before: [u8; BEFORE.len()],
    /// What is known at it.
    pub at: [u8; AT.len()],
    /// Class of its distance from the onset before.
    pub distance: u8,
    /// Class of its length.
    pub length: u8,
    /// Class of its key.
    pub key: u8,
}

/// The nominal span of each phrase, from bar line to bar line, and its notes: phrases as heard
/// begin with their pickups.
pub fn phrases(ground: &Ground<'_>, notes: &[Sung], heard: &[TickSpan]) -> Vec<(TickSpan, usize)> {
    let mut starts: Vec<usize> = heard
        .iter()
        .map(|span| notes.partition_point(|n| n.at < span.start))
        .filter(|index| *index < notes.len())
        .collect();
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let line = |at: Ticks| {
        let into = ground.in_bar(at);
        let bar = ground.metre(at).bar();
        // The last two fifths of a bar lead to the next.
        match into.0 * 5 > bar.0 * 3 {
            true => at - into + bar,
            false => at - into,
        }
    };
    let lines: Vec<Ticks> = starts.iter().map(|index| line(notes[*index].at)).collect();
    let end = notes.last().map_or(Ticks::ZERO, |note| {
        let into = ground.in_bar(note.at);
        note.at - into + ground.metre(note.at).bar()
    });
    starts
        .iter()
        .enumerate()
        .map(|(number, first)| {
            let next = lines.get(number + 1).copied().unwrap_or(end);
            (
                TickSpan::new(lines[number], next.max(lines[number])),
                *first,
            )
        })
        .collect()
}

/// Tells a tune. Notes are in order of onset and do not overlap; `heard` are its phrases.
pub fn tell(ground: &Ground<'_>, kin: Kin, notes: &[Sung], heard: &[TickSpan]) -> Vec<Event> {
    let phrases = phrases(ground, notes, heard);
    let middle = notes.iter().map(|n| n.key as f32).sum::<f32>() / notes.len().max(1) as f32;
    let mut events = Vec::with_capacity(notes.len());
    let mut last: Option<(Sung, u8)> = None;
    for (number, (span, first)) in phrases.iter().enumerate() {
        let end = phrases.get(number + 1).map_or(notes.len(), |(_, i)| *i);
        let own = &notes[*first..end];
        let tonic = home(ground.key(span.start).tonic.pc(), middle);
        let model = restated(ground, notes, &phrases, number, end);
        let height = own.iter().map(|n| n.key as f32).sum::<f32>() / own.len().max(1) as f32;
        let known = Known {
            ground,
            tonic,
            kin,
            phrase: Phrase {
                start: span.start,
                end: span.end,
                density: Some(own.len() as f32 / (span.len().as_quarters() as f32).max(1.0)),
                height: Some(height - tonic as f32),
                next: notes.get(end).map(|n| n.key),
            },
            model: model.as_ref().map(|(start, notes)| Model {
                start: *start,
                notes,
            }),
        };
        for (index, note) in own.iter().enumerate() {
            let distance = match last {
                Some((before, _)) => time_class(note.at - before.at),
                None => NO_TIME,
            };
            let begin = index == 0;
            events.push(Event {
                before: known.before(last, begin, Some(own.len() - index)),
                at: known.at(
                    note.at,
                    note.len,
                    distance,
                    note.begins,
                    Some(index + 1 == own.len()),
                ),
                distance,
                length: time_class(note.len),
                key: key_class(note.key, tonic),
            });
            last = Some((*note, distance));
        }
    }
    events
}

/// The earlier phrase whose rhythm a phrase is most like, moved to its key: `None` where none is
/// alike.
fn restated(
    ground: &Ground<'_>,
    notes: &[Sung],
    phrases: &[(TickSpan, usize)],
    number: usize,
    end: usize,
) -> Option<(Ticks, Vec<Sung>)> {
    let (span, first) = phrases[number];
    let own = &notes[first..end];
    let mut best: Option<(usize, usize)> = None;
    for (index, (other, from)) in phrases[..number].iter().enumerate() {
        if other.len() != span.len() {
            continue;
        }
        let theirs = &notes[*from..phrases[index + 1].1];
        let same = own
            .iter()
            .filter(|n| {
                theirs
                    .binary_search_by_key(&(n.at - span.start), |t| t.at - other.start)
                    .is_ok()
            })
            .count();
        // At least seven tenths of both.
        let enough = 10 * same >= 7 * own.len().max(theirs.len()) && same > 2;
        if enough && best.is_none_or(|(_, most)| same >= most) {
            best = Some((index, same));
        }
    }
    let (index, _) = best?;
    let (other, from) = phrases[index];
    let pc = |at: Ticks| i32::from(ground.key(at).tonic.pc());
    let shift = (pc(span.start) - pc(other.start) + 6).rem_euclid(12) - 6;
    let moved = notes[from..phrases[index + 1].1].iter();
    let moved = moved.map(|note| Sung {
        key: note.key + shift,
        ..*note
    });
    Some((other.start, moved.collect()))
}
