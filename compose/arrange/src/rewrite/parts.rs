//! Accompaniment for a selection: another way to play it, or the way of another place.

use super::Job;
use crate::{
    hall::Desk,
    part::{self, Memory, in_song_time},
};
use yuefu_song::{ChordSpan, Note, Role, SectionPlan};
use yuefu_theory::{Chord, Key, TickSpan, Ticks};

/// The part as the style might also have it: whole bars are written, the caller keeps what lies
/// in the selection.
pub fn another(job: &Job<'_>, desk: &Desk<'_>) -> Option<Vec<Note>> {
    if job.track.role == Role::Fx {
        return None;
    }
    let mut notes = Vec::new();
    let mut memory = hands(job);
    if desk.part.patterns.len() < 2 {
        // With one way to play, the chords may at least lie otherwise.
        let shift = [4, -4, 7, -7][job.number as usize % 4];
        for key in &mut memory.voicing {
            *key += shift;
        }
    }
    for (index, section) in job.hall.plan.sections.iter().enumerate() {
        if !section.span.overlaps(job.span) {
            continue;
        }
        let part_of = narrowed(section, job.span, job.hall.metre(section).bar());
        let tune = job.tune(section.span);
        notes.extend(part::section_notes(
            desk,
            index,
            &part_of,
            &tune,
            &mut memory,
        ));
    }
    let fin = job.hall.final_bar();
    // The final chord is not taken away.
    if let Some(fin) = fin.filter(|f| f.overlaps(job.span)) {
        notes.retain(|n| n.at < fin.start);
        notes.extend(job.inside.iter().filter(|n| n.at >= fin.start).cloned());
    }
    Some(notes)
}

/// Where the hands were before the selection.
fn hands(job: &Job<'_>) -> Memory {
    let mut memory = Memory::default();
    let before: Vec<Note> = job
        .outside
        .iter()
        .filter(|n| n.at < job.span.start)
        .cloned()
        .collect();
    let last = before.iter().map(|n| n.at).max();
    if let Some(section) = last.and_then(|at| job.section_at(at)) {
        memory.recall(section, &before);
    }
    memory
}

/// The bars of a section that hold a selection.
fn narrowed(section: &SectionPlan, span: TickSpan, bar: Ticks) -> SectionPlan {
    let from = (span.start - section.span.start).0.max(0) / bar.0 * bar.0;
    let to = ((span.end - section.span.start).0 + bar.0 - 1) / bar.0 * bar.0;
    let span = TickSpan::new(
        section.span.start + Ticks(from),
        (section.span.start + Ticks(to)).min(section.span.end),
    );
    SectionPlan {
        span,
        bars: ((span.len().0 + bar.0 - 1) / bar.0) as u32,
        chords: clipped(&section.chords, span),
        fill: section.fill && span.end == section.span.end,
        ..section.clone()
    }
}

/// The chords of a span, cut to it.
pub fn clipped(chords: &[ChordSpan], span: TickSpan) -> Vec<ChordSpan> {
    chords
        .iter()
        .filter(|c| c.span.overlaps(span))
        .map(|c| ChordSpan {
            span: TickSpan::new(c.span.start.max(span.start), c.span.end.min(span.end)),
            chord: c.chord,
        })
        .collect()
}

/// What the part plays at another place, moved into the harmony here.
pub fn like(job: &Job<'_>, place: TickSpan) -> Vec<Note> {
    let source: Vec<Note> = job
        .track
        .phrases
        .iter()
        .flat_map(in_song_time)
        .filter(|n| place.contains(n.at))
        .collect();
    if source.is_empty() {
        return job.inside.clone();
    }
    let len = place.len().max(Ticks(1));
    let mut start = job.origin;
    let mut notes = Vec::new();
    while start < job.span.end {
        for note in &source {
            let at = start + (note.at - place.start);
            if !job.span.contains(at) {
                continue;
            }
            let key = match (job.hall.chord_at(note.at), job.hall.chord_at(at)) {
                _ if job.track.role.is_percussion() || job.track.role == Role::Fx => None,
                (Some(from), Some(to)) => {
                    let scale = job.section_at(at).map(|s| s.key);
                    Some(translated(note.pitch.midi(), &from.chord, &to.chord, scale))
                }
                _ => None,
            };
            let pitch = match (key, job.section_at(at)) {
                (Some(key), Some(section)) => section.key.spell(key),
                _ => note.pitch,
            };
            notes.push(Note {
                at,
                pitch,
                len: note.len.min(job.span.end - at),
                ..note.clone()
            });
        }
        start += len;
    }
    notes
}

/// A key that does over another chord what it did over the first: third stays third; what was no
/// chord tone stays as far from the chord as it was, on the scale.
fn translated(key: i32, from: &Chord, to: &Chord, scale: Option<Key>) -> i32 {
    let root = i32::from(from.bass_note().pc());
    let above = |chord: &Chord, pc: i32| (pc - i32::from(chord.root.pc())).rem_euclid(12);
    let nearest = |pc: i32| {
        let up = (pc - key).rem_euclid(12);
        if up > 6 { key + up - 12 } else { key + up }
    };
    let pc = key.rem_euclid(12);
    if pc == root {
        return nearest(i32::from(to.bass_note().pc()));
    }
    let tones = |chord: &Chord| -> Vec<(i32, i32)> {
        chord
            .quality
            .tones()
            .iter()
            .map(|(s, t)| (*s, t % 12))
            .collect()
    };
    let here = above(from, pc);
    if let Some((step, _)) = tones(from).into_iter().find(|(_, t)| *t == here) {
        let same = tones(to).into_iter().find(|(s, _)| *s == step);
        let tone = same.or_else(|| tones(to).last().copied());
        return nearest(i32::from(to.root.pc()) + tone.map_or(0, |(_, t)| t));
    }
    let moved = key + (nearest(i32::from(to.root.pc())) - nearest(i32::from(from.root.pc())));
    let fits = |k: i32| {
        let pc = k.rem_euclid(12) as u8;
        to.has(pc) || scale.is_none_or(|s| s.has_harmonic(pc))
    };
    [0, -1, 1, -2, 2]
        .into_iter()
        .map(|d| moved + d)
        .find(|k| fits(*k))
        .unwrap_or(moved)
}
