//! Risers, impacts and ambience at the joints of the form.

use crate::{Desk, level};
use yuefu_song::{Note, SectionPlan};
use yuefu_theory::{Pitch, Ticks};

/// Effects: what the instrument is decides where it sounds.
pub fn section_notes(desk: &Desk<'_>, index: usize) -> Vec<Note> {
    let sections = &desk.hall.plan.sections;
    let id = desk.profile.id.as_str();
    let section = &sections[index];
    let bar = desk.hall.metre(section).bar();
    let pitch =
        Pitch::from_midi((i32::from(desk.profile.sweet[0]) + i32::from(desk.profile.sweet[1])) / 2);
    let next = sections.get(index + 1);
    let mut notes = Vec::new();
    if id.contains("riser") || id.contains("reverse") {
        // Into every section that is clearly stronger.
        if let Some(next) = next
            && next.energy[0] > 0.7
            && next.energy[0] > section.energy[0] + 0.12
        {
            let len = (bar * if section.bars >= 8 { 4 } else { 2 }).min(section.span.len());
            notes.push(Note::new(section.span.end - len, len, pitch, level(0.62)));
        }
    } else if id.contains("impact") || id.contains("downlifter") {
        let before = index.checked_sub(1).map(|i| &sections[i]);
        if section.energy[0] > 0.7 && before.is_none_or(|b| b.energy[0] < section.energy[0] - 0.05)
        {
            notes.push(Note::new(
                section.span.start,
                (bar * 2).min(section.span.len()),
                pitch,
                level(0.66),
            ));
        }
    } else if section.playing.contains(&desk.member.id) {
        notes.push(ambience(section, pitch));
    }
    notes
}

fn ambience(section: &SectionPlan, pitch: Pitch) -> Note {
    Note::new(
        section.span.start,
        section.span.len().max(Ticks::of(1, 4)),
        pitch,
        level(0.5),
    )
}
