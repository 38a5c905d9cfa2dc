//! Chords on one vowel under a line of the lead.

use super::chords_within;
use crate::{Desk, level, tune::TunePhrase, voicing};
use yuefu_song::{Note, SectionPlan, lyrics::Lyric};
use yuefu_theory::{TickSpan, Ticks};

/// Three voices hold the chords under a line, below the tune; they breathe at its end.
pub fn chords(desk: &Desk<'_>, section: &SectionPlan, line: &TunePhrase) -> Vec<Note> {
    let (Some(first), Some(last)) = (line.notes.first(), line.notes.last()) else {
        return Vec::new();
    };
    let breath = Ticks::of(1, 8);
    let metre = desk.hall.metre(section);
    let start = line.span.start.max(section.span.start);
    // Into the rest after the line, but not over its end.
    let end = (last.end() + metre.unit_len()).min(line.span.end - breath);
    let span = TickSpan::new(start, end.max(start));
    let mut keys: Vec<i32> = line.notes.iter().map(|n| n.pitch.midi()).collect();
    keys.sort_unstable();
    let middle = keys[keys.len() / 2];
    let [low, high] = desk.profile.sweet.map(i32::from);
    let bottom = (low - 3).max(i32::from(desk.profile.range[0]));
    let top = (middle - 1).min(high).max(bottom + 12);
    let open = section.energy[0].max(section.energy[1]) > 0.8;
    let lang = first
        .lyric
        .as_deref()
        .map_or("en", |lyric| lyric.lang.as_str());
    let (lang, text, reading) = match (lang, open) {
        ("cmn" | "yue", true) => ("cmn", "啊", "a5"),
        ("cmn" | "yue", false) => ("cmn", "呜", "wu1"),
        ("ja", true) => ("ja", "あ", "a"),
        ("ja", false) => ("ja", "う", "u"),
        (_, true) => ("en", "ah", "AA1"),
        (_, false) => ("en", "ooh", "UW1"),
    };
    let loud = level(0.42 + desk.energy(section) * 0.1);
    let mut notes: Vec<Note> = Vec::new();
    let mut previous: Vec<i32> = Vec::new();
    let chords = chords_within(section, span);
    let count = chords.len();
    for (number, (span, chord)) in chords.into_iter().enumerate() {
        let voicing = voicing::keyboard(&chord, &previous, bottom, top, 3, true);
        let ends = number + 1 == count;
        let len = span.len() - if ends { Ticks::ZERO } else { Ticks(1) };
        for (voice, key) in voicing.iter().rev().enumerate() {
            let mut note = Note::new(span.start, len, section.key.spell(*key), loud);
            // One breath, one vowel: later chords continue it.
            if number == 0 && voice == 0 {
                note.lyric = Some(Box::new(Lyric {
                    text: text.to_owned(),
                    lang: lang.to_owned(),
                    reading: reading.to_owned(),
                    ..Lyric::default()
                }));
            }
            notes.push(note);
        }
        previous = voicing;
    }
    notes
}
