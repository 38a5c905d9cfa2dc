//! Who sings the tune where: leads take turns, and a pianist thickens it.

use crate::{
    answer::answers,
    hall::Desk,
    level,
    tune::{TunePhrase, is_lead},
};
use yuefu_song::{Articulation, Family, Note, Phrase, Role, SectionPlan};
use yuefu_theory::Ticks;

/// The share of a section's tune that one lead plays: leads take turns, and join where energy is
/// highest.
///
/// Where words are sung the singer has all of it, and instruments answer in the gaps.
pub fn share(desk: &Desk<'_>, section: &SectionPlan, tune: &[TunePhrase]) -> Vec<Phrase> {
    let sung = tune
        .iter()
        .flat_map(|phrase| &phrase.notes)
        .any(|note| note.lyric.is_some());
    if sung && desk.member.role != Role::Vocal {
        let sung: Vec<&Note> = tune.iter().flat_map(|phrase| &phrase.notes).collect();
        return vec![desk.phrase(section, answers(desk, section, &sung))];
    }
    let leads: Vec<&str> = desk
        .hall
        .plan
        .cast
        .iter()
        .filter(|m| is_lead(m) && section.playing.contains(&m.id))
        .filter(|m| !sung || m.role == Role::Vocal)
        .map(|m| m.id.as_str())
        .collect();
    let turn = leads
        .iter()
        .position(|id| *id == desk.member.id)
        .unwrap_or(0);
    let together = desk.energy(section) > 0.8;
    tune.iter()
        .enumerate()
        .filter(|(number, _)| together || number % leads.len().max(1) == turn)
        // Where ad-libs alone are answered the singer rests.
        .filter(|(_, phrase)| !sung || !phrase.notes.is_empty())
        .map(|(number, phrase)| {
            let mut notes = phrase.notes.clone();
            // A singer's part was written for the voice, and a voice sings one note at a time.
            if !sung {
                place(desk, &mut notes);
                enrich(desk, section, &mut notes);
            }
            let id = format!("{}.{}", section.id, number + 1);
            desk.phrase_over(section, id, phrase.span, notes)
        })
        .collect()
}

/// Moves a phrase by octaves to where its instrument sings best.
fn place(desk: &Desk<'_>, notes: &mut [Note]) {
    if notes.is_empty() {
        return;
    }
    let mean = notes.iter().map(|n| n.pitch.midi()).sum::<i32>() / notes.len() as i32;
    let [low, high] = desk.profile.sweet.map(i32::from);
    let home = (low + high) / 2;
    let octaves = if mean < low - 3 || mean > high + 3 {
        (home - mean + 6).div_euclid(12)
    } else {
        0
    };
    for note in notes {
        note.pitch.octave += octaves as i8;
    }
}

/// A pianist puts chord tones under the strong notes of a loud melody.
pub fn enrich(desk: &Desk<'_>, section: &SectionPlan, notes: &mut Vec<Note>) {
    let many = matches!(desk.profile.family, Family::Keyboard | Family::Mallet);
    if !many || desk.energy(section) < 0.62 {
        return;
    }
    let metre = desk.hall.metre(section);
    let mut extra = Vec::new();
    for note in notes.iter() {
        let strong =
            metre.weight(note.at - section.span.start) >= 0.6 && note.len >= Ticks::of(1, 8);
        let Some(chord) = desk.hall.chord_at(note.at).filter(|_| strong) else {
            continue;
        };
        let top = note.pitch.midi();
        let under = (3..=9)
            .map(|gap| top - gap)
            .find(|k| chord.chord.has(k.rem_euclid(12) as u8));
        for key in under
            .into_iter()
            .chain((desk.energy(section) > 0.85).then_some(top - 12))
        {
            let soft = level(f32::from(note.velocity) / 127.0 - 0.1);
            extra.push(Note {
                pitch: section.key.spell(key),
                velocity: soft,
                articulation: Articulation::Normal,
                ..note.clone()
            });
        }
    }
    notes.extend(extra);
}
