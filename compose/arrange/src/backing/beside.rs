//! Voices beside a lead that sings something else now.

use super::phrase_notes;
use crate::{
    Desk,
    hall::{Hall, cut_overlaps, fold},
    tune::sung,
};
use yuefu_song::{Note, Phrase, Score, VoicePart};
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
            for (span, now) in sung(score, section.span) {
                let old = before.iter().find(|line| line.0.start == span.start);
                let Some(changed) = old.and_then(|old| difference(&old.1, &now)) else {
                    continue;
                };
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
                    let new = phrase_notes(&desk, section, phrase).filter(|new| !new.is_empty());
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
    out
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
