//! Puts the edits of a part into a track of the song.

use super::diff::{Changes, Placed};
use yuefu_song::{Note, Origin, Phrase, Song, Track};
use yuefu_theory::{TickSpan, Ticks};

/// Changes the notes of a track; returns the ids of the phrases that changed.
pub(super) fn apply(
    song: &mut Song,
    index: usize,
    before: &[Placed],
    changes: &Changes,
) -> Vec<String> {
    let sections = song.score.sections.clone();
    let line = song.score.timeline.clone();
    let track = &mut song.score.tracks[index];
    let mut edited = std::collections::BTreeSet::new();
    // The song's note of each note of the base that is touched.
    let mut used = std::collections::BTreeSet::new();
    let mut homes: Vec<(usize, Option<(usize, usize)>)> = Vec::new();
    let touched = changes.changed.iter().map(|c| c.0);
    for old in touched.chain(changes.removed.iter().copied()) {
        let home = find(track, &before[old], &used);
        if let Some(home) = home {
            used.insert(home);
        }
        homes.push((old, home));
    }
    let mut gone: Vec<(usize, usize)> = Vec::new();
    let mut moved: Vec<(Option<usize>, Note, Ticks)> = Vec::new();
    for (old, home) in homes {
        let new = changes.changed.iter().find(|c| c.0 == old).map(|c| &c.1);
        let Some((phrase, place)) = home else {
            // What the playing adds (a trill's notes) is no note of the song.
            continue;
        };
        edited.insert(phrase);
        gone.push((phrase, place));
        if let Some(new) = new {
            let was = &before[old];
            let start = track.phrases[phrase].span.start;
            let mut note = track.phrases[phrase].notes[place].clone();
            // The difference is what was edited; the rest stays as exact as it was.
            let at = start + note.at + (new.at - was.at);
            note.len = (note.len + (new.len - was.len)).max(Ticks(1));
            if new.pitch.midi() != was.pitch.midi() || new.pitch != was.pitch {
                note.pitch = new.pitch;
            }
            if new.velocity != was.velocity {
                let level =
                    i32::from(note.velocity) + i32::from(new.velocity) - i32::from(was.velocity);
                note.velocity = level.clamp(1, 127) as u8;
            }
            if new.articulation != was.articulation {
                note.articulation = new.articulation;
            }
            moved.push((Some(phrase), note, at));
        }
    }
    for new in &changes.added {
        let note = Note::new(Ticks::ZERO, new.len, new.pitch, new.velocity);
        moved.push((None, note.with(new.articulation), new.at));
    }
    gone.sort_unstable();
    for (phrase, place) in gone.into_iter().rev() {
        track.phrases[phrase].notes.remove(place);
    }
    let mut ids: std::collections::BTreeSet<String> = edited
        .iter()
        .map(|phrase| track.phrases[*phrase].id.clone())
        .collect();
    for (from, note, at) in moved {
        // A note that was moved within its phrase, or its pickup, stays in it.
        let stays = from.filter(|p| {
            let span = track.phrases[*p].span;
            let first = track.phrases[*p].notes.iter().map(|n| n.at).min();
            at < span.end && at >= span.start + first.unwrap_or_default().min(Ticks::ZERO)
        });
        let home = stays
            .map(|p| track.phrases[p].id.clone())
            .or_else(|| {
                let found = track.phrases.iter().find(|p| p.span.contains(at));
                found.map(|p| p.id.clone())
            })
            .unwrap_or_else(|| open_phrase(track, at, &sections, &line));
        if let Some(phrase) = track.phrases.iter_mut().find(|p| p.id == home) {
            let at = at - phrase.span.start;
            phrase.notes.push(Note { at, ..note });
            ids.insert(home);
        }
    }
    for phrase in track.phrases.iter_mut().filter(|p| ids.contains(&p.id)) {
        phrase.notes.sort_by_key(|n| (n.at, n.pitch, n.len));
        phrase.origin = Origin::Edited;
    }
    let order = track.phrases.iter().map(|p| p.id.clone());
    order.filter(|id| ids.contains(id)).collect()
}

/// The note of the track that a note of the base was written from.
fn find(
    track: &Track,
    note: &Placed,
    used: &std::collections::BTreeSet<(usize, usize)>,
) -> Option<(usize, usize)> {
    let mut best: Option<(i64, (usize, usize))> = None;
    for (p, phrase) in track.phrases.iter().enumerate() {
        for (n, own) in phrase.notes.iter().enumerate() {
            if own.pitch.midi() != note.pitch.midi() || used.contains(&(p, n)) {
                continue;
            }
            let off = (phrase.span.start + own.at - note.at).0.abs();
            let cost = off * 4 + (own.len - note.len).0.abs();
            if off <= Ticks::QUARTER.0 / 2 && best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, (p, n)));
            }
        }
    }
    best.map(|b| b.1)
}

/// Opens a phrase of up to four bars where the track has none; returns its id.
fn open_phrase(
    track: &mut Track,
    at: Ticks,
    sections: &[yuefu_song::Section],
    line: &yuefu_theory::Timeline,
) -> String {
    let (bar, _) = line.bar_of(at);
    let mut span = TickSpan::new(line.bar_start(bar), line.bar_start(bar + 4));
    let place = track.phrases.partition_point(|p| p.span.start <= at);
    if let Some(before) = place.checked_sub(1).map(|i| track.phrases[i].span) {
        span.start = span.start.max(before.end);
    }
    if let Some(next) = track.phrases.get(place) {
        span.end = span.end.min(next.span.start);
    }
    let section = sections
        .iter()
        .find(|s| s.span.contains(at))
        .or(sections.last());
    if let Some(section) = section.filter(|s| s.span.contains(at)) {
        span.end = span.end.min(section.span.end);
    }
    let name = section.map_or("part-1", |s| s.id.as_str());
    let mut number = 1;
    let mut id = format!("{name}.{number}");
    while track.phrases.iter().any(|p| p.id == id) {
        number += 1;
        id = format!("{name}.{number}");
    }
    track.phrases.insert(
        place,
        Phrase::new(id.clone(), span, Origin::Edited, Vec::new()),
    );
    id
}
