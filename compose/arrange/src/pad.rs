//! Sustained chords: voices that move little and tie over common tones.

use crate::{Desk, level, voicing};
use yuefu_song::{Articulation, Family, Note, SectionPlan};
use yuefu_theory::Ticks;

/// The pad of one section; `previous` carries the voice leading across sections.
pub fn chords(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[Note],
    previous: &mut Vec<i32>,
) -> Vec<Note> {
    let hall = desk.hall;
    if !desk.part.patterns.is_empty() {
        return crate::comp::section_notes(desk, section, tune, previous);
    }
    let energy = desk.energy(section);
    // Under the tune, whatever the instrument could reach.
    let (low, high) = desk.register_under(tune);
    let high = high.min(76).max(low + 12);
    let voices = match desk.profile.polyphony {
        1 => 1,
        2..=3 => 2,
        _ if energy > 0.6 => 4,
        _ => 3,
    };
    let mut notes: Vec<Note> = Vec::new();
    let fin = hall.final_bar();
    for span in &section.chords {
        let keys = voicing::keyboard(&span.chord, previous, low, high, voices.max(2), true);
        let keys: Vec<i32> = if voices == 1 {
            keys.last().copied().into_iter().collect()
        } else {
            keys
        };
        for key in &keys {
            // Common tones are tied, as a section of strings would.
            let tied = notes
                .iter_mut()
                .rev()
                .find(|n| n.key() == *key as u8 && n.end() == span.span.start);
            let short = hall.metre(section).bar() * 2;
            match tied {
                Some(note) if note.len + span.span.len() <= short => note.len += span.span.len(),
                _ => notes.push(Note::new(
                    span.span.start,
                    span.span.len(),
                    section.key.spell(*key),
                    level(0.5),
                )),
            }
        }
        *previous = keys;
    }
    if let Some(bar) = fin
        && section.span.contains(bar.start)
    {
        let len = hall.final_len();
        for note in notes.iter_mut().filter(|n| n.at >= bar.start) {
            note.len = note.len.min(len);
        }
    }
    let stirring = matches!(desk.profile.family, Family::Ensemble | Family::Bowed) && energy > 0.9;
    if stirring && desk.profile.id.contains("tremolo") {
        for note in notes.iter_mut().filter(|n| n.len >= Ticks::quarters(2)) {
            note.articulation = Articulation::Tremolo;
        }
    }
    notes
}
