//! Keeping the document whole: notes in order, plan and score in step.

use crate::{
    score::{Note, Origin, Phrase},
    song::Song,
};
use yuefu_theory::Ticks;

/// Derives everything that the document states twice: the score's timeline, sections and chords
/// from the plan, and the cast's instruments from the tracks.
pub(super) fn settle(song: &mut Song) {
    let (plan, score) = (&mut song.plan, &mut song.score);
    for section in &mut plan.sections {
        let bars =
            plan.timeline.bar_of(section.span.end).0 - plan.timeline.bar_of(section.span.start).0;
        section.bars = bars.clamp(0, i64::from(u32::MAX)) as u32;
    }
    let frame = plan.score_frame();
    score.timeline = frame.timeline;
    score.sections = frame.sections;
    score.chords = frame.chords;
    for member in &mut plan.cast {
        if let Some(track) = score.tracks.iter().find(|track| track.id == member.id) {
            member.instrument.clone_from(&track.instrument);
            member.role = track.role;
        }
    }
}

/// Puts notes in order, takes out doubled ones and ends a note where its key is struck again.
pub(super) fn tidy(notes: &mut Vec<Note>) {
    notes.retain(|note| note.len > Ticks::ZERO);
    notes.sort_by_key(|note| (note.at, note.pitch, note.len));
    notes.dedup_by(|b, a| a.at == b.at && a.key() == b.key());
    for index in 0..notes.len() {
        let (key, at, end) = (notes[index].key(), notes[index].at, notes[index].end());
        let again = notes[index + 1..]
            .iter()
            .take_while(|next| next.at < end)
            .find(|next| next.key() == key);
        if let Some(next) = again {
            notes[index].len = next.at - at;
        }
    }
}

/// What a phrase is after its notes were changed by hand.
pub(super) fn edited(phrase: &mut Phrase) {
    tidy(&mut phrase.notes);
    phrase.origin = Origin::Edited;
}

/// The part of an id before the number that a cut gave it: `verse-1.2~3` is a part of `verse-1.2`.
pub(super) fn base(id: &str) -> &str {
    match id.rsplit_once('~') {
        Some((stem, number)) if number.parse::<u32>().is_ok() => stem,
        _ => id,
    }
}

/// The first of `stem` with a mark and 2, 3, ... that is not taken.
pub(super) fn numbered(stem: &str, mark: &str, taken: impl Fn(&str) -> bool) -> String {
    (2_u32..)
        .map(|number| format!("{stem}{mark}{number}"))
        .find(|name| !taken(name))
        .unwrap_or_else(|| stem.to_owned())
}
