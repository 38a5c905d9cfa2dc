//! Voices and players beside a lead that has another tune now.

use super::phrase_notes;
use crate::{
    Desk, counter,
    hall::{Hall, cut_overlaps, fold},
    part::in_song_time,
    tune::sung,
};
use yuefu_song::{CastMember, Note, Phrase, Role, Score, VoicePart};
use yuefu_theory::{TickSpan, Ticks};

/// A phrase of a voice beside the lead whose line of the lead is another than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// Id of its track.
    pub track: String,
    /// Id of the phrase.
    pub phrase: String,
    /// What it sings with the lead now, relative to the phrase; `None` where it is locked.
    pub notes: Option<Vec<Note>>,
}

/// Whether a part takes its notes from the lead, one for one: it has no tune of its own that could
/// be made busier or higher.
pub fn led(part: VoicePart) -> bool {
    !matches!(part, VoicePart::Answer | VoicePart::Ooh)
}

/// Whether a player takes the notes from the tune as such a voice does, without words.
pub fn shadows(member: &CastMember) -> bool {
    member.role == Role::Harmony && member.sings.is_none()
}

/// The phrases beside those lines of the tune in which the score at hand differs from `was`, as
/// they sing with the tune now.
///
/// Who sings with the lead note for note changes where the lead did; everybody else has the whole
/// phrase written. Voices that do not sing in a line do not begin to.
pub fn beside(hall: &Hall<'_>, was: &Score) -> Vec<Beside> {
    let Some(score) = hall.score else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for member in hall.plan.cast.iter().filter(|m| m.sings.is_some()) {
        let track = score.tracks.iter().find(|t| t.id == member.id);
        let (Some(track), Some(desk), Some(part)) = (track, hall.desk(member), member.sings) else {
            continue;
        };
        for section in &hall.plan.sections {
            let before = sung(was, section.span);
            let lines = sung(score, section.span);
            for (number, (span, now)) in lines.iter().enumerate() {
                let old = before.iter().position(|line| line.0.start == span.start);
                let Some(old) = old else { continue };
                // An answer must be over when the lead goes on.
                let pressed = part == VoicePart::Answer
                    && begins(before.get(old + 1)) != begins(lines.get(number + 1));
                let changed = difference(&before[old].1, now).or(pressed.then_some(WHOLE));
                let Some(changed) = changed else { continue };
                let there = track.phrases.iter();
                for phrase in there.filter(|p| p.span.start == span.start && !p.notes.is_empty()) {
                    if phrase.locked {
                        out.push(Beside {
                            track: track.id.clone(),
                            phrase: phrase.id.clone(),
                            notes: None,
                        });
                        continue;
                    }
                    let new = phrase_notes(&desk, section, phrase, Some(was))
                        .filter(|new| !new.is_empty());
                    let Some(new) = new else { continue };
                    let anew = if led(part) { changed } else { WHOLE };
                    out.push(Beside {
                        track: track.id.clone(),
                        phrase: phrase.id.clone(),
                        notes: Some(joined(&desk, phrase, new, anew)),
                    });
                }
            }
        }
    }
    for member in hall.plan.cast.iter().filter(|m| shadows(m)) {
        played(hall, member, was, score, &mut out);
    }
    out
}

/// What a player beside the lead plays where the tune of `score` is not that of `was`: there the
/// notes change, wherever the phrases begin.
fn played(hall: &Hall<'_>, member: &CastMember, was: &Score, score: &Score, out: &mut Vec<Beside>) {
    let track = score.tracks.iter().find(|t| t.id == member.id);
    let (Some(track), Some(desk)) = (track, hall.desk(member)) else {
        return;
    };
    for section in &hall.plan.sections {
        // Words are no affair of a player.
        let tune = |score: &Score| -> Vec<Note> {
            let lines = sung(score, section.span).into_iter();
            let mut notes: Vec<Note> = lines.flat_map(|line| line.1).collect();
            notes.iter_mut().for_each(|note| note.lyric = None);
            notes
        };
        let now = tune(score);
        let Some(changed) = difference(&tune(was), &now) else {
            continue;
        };
        let new = counter::harmony(&desk, section, &now);
        let there = track.phrases.iter();
        let there = there.filter(|p| section.span.contains(p.span.start) && !p.notes.is_empty());
        for phrase in there {
            let own = in_song_time(phrase).any(|note| changed.contains(note.at))
                || new.iter().any(|note| {
                    changed.contains(note.at)
                        && phrase.span.contains(note.at.max(section.span.start))
                });
            if !own {
                continue;
            }
            let mine = |note: &&Note| {
                let at = note.at.max(section.span.start);
                phrase.span.contains(at)
            };
            let notes = (!phrase.locked).then(|| {
                let mut new: Vec<Note> = new.iter().filter(mine).cloned().collect();
                keep_octave(phrase, &mut new, changed);
                joined(&desk, phrase, new, changed)
            });
            out.push(Beside {
                track: track.id.clone(),
                phrase: phrase.id.clone(),
                notes,
            });
        }
    }
}

/// Moves new notes by the octaves that the rest of the phrase lies from where they would have it.
fn keep_octave(phrase: &Phrase, new: &mut [Note], changed: TickSpan) {
    let stays = in_song_time(phrase).filter(|note| !changed.contains(note.at));
    let octaves = stays.filter_map(|old| {
        let same = new.iter().find(|note| note.at == old.at)?;
        let apart = old.pitch.midi() - same.pitch.midi();
        (apart % 12 == 0).then_some(apart / 12)
    });
    let mut octaves: Vec<i32> = octaves.collect();
    octaves.sort_unstable();
    let Some(shift) = octaves.get(octaves.len() / 2).copied() else {
        return;
    };
    for note in new {
        note.pitch.octave += shift as i8;
    }
}

/// When a line of a tune begins to sound.
fn begins(line: Option<&(TickSpan, Vec<Note>)>) -> Option<Ticks> {
    line.and_then(|(_, notes)| notes.first().map(|note| note.at))
}

/// All of a phrase, its pickup included.
const WHOLE: TickSpan = TickSpan {
    start: Ticks(i64::MIN),
    end: Ticks(i64::MAX),
};

/// Where two versions of a line are sung otherwise: pitch, time or words. How loud or how sharply
/// the lead sings is its own affair.
fn difference(old: &[Note], new: &[Note]) -> Option<TickSpan> {
    let said = |n: &Note| (n.at, n.len, n.pitch, n.lyric.clone());
    let same = |(a, b): &(&Note, &Note)| said(a) == said(b);
    let head = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take_while(same).count();
    let changed = old[..old.len() - tail]
        .iter()
        .chain(&new[..new.len() - tail]);
    let first = changed.clone().map(|n| n.at).min()?;
    let last = changed.map(|n| n.end().max(n.at + Ticks(1))).max()?;
    Some(TickSpan::new(first, last))
}

/// A phrase with new notes (in song time) where it is to be another; relative to the phrase.
fn joined(desk: &Desk<'_>, phrase: &Phrase, new: Vec<Note>, anew: TickSpan) -> Vec<Note> {
    let start = phrase.span.start;
    let [low, high] = desk.profile.range.map(i32::from);
    let stay = phrase.notes.iter();
    let stay = stay.filter(|n| !anew.contains(start + n.at)).cloned();
    let come = new.into_iter().filter(|n| anew.contains(n.at));
    let come = come.map(|mut note| {
        note.at -= start;
        fold(&mut note, low, high);
        note
    });
    let mut notes: Vec<Note> = stay.chain(come).collect();
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    notes.dedup_by(|b, a| a.at == b.at && a.key() == b.key());
    cut_overlaps(&mut notes);
    notes
}
