//! Cuts imported tracks into phrases: lines where they breathe, accompaniment at barlines.

use super::{is_single, line_starts};
use yuefu_harmonize::tones;
use yuefu_song::{Note, Origin, Phrase, Role, Score, Track};
use yuefu_theory::{TickSpan, Ticks};

/// A note this little before a barline was meant on it.
const EARLY: Ticks = Ticks(Ticks::QUARTER.0 / 8);

/// Cuts the single phrase of every track. Returns, for each sung track, the onsets that begin
/// its phrases.
pub(super) fn phrases(score: &mut Score, tune: Option<usize>) -> Vec<(usize, Vec<Ticks>)> {
    let mut lines = Vec::new();
    let end = score.end();
    for index in 0..score.tracks.len() {
        let track = &score.tracks[index];
        let sung = matches!(track.role, Role::Vocal | Role::Backing);
        let line = sung || tune == Some(index) || (is_single(&tones(track)) && !is_rhythm(track));
        let cuts = if line {
            let starts = line_starts(track, score);
            if sung {
                lines.push((index, starts.clone()));
            }
            starts.iter().map(|at| (home(score, *at), *at)).collect()
        } else {
            grid(score, end)
        };
        let phrases = cut(score, track, &cuts, end);
        score.tracks[index].phrases = phrases;
    }
    lines
}

fn is_rhythm(track: &Track) -> bool {
    track.role.is_percussion() || matches!(track.role, Role::Bass | Role::Pad | Role::Fx)
}

/// The barline that a phrase beginning at an onset belongs to: the next one for a pickup.
fn home(score: &Score, at: Ticks) -> Ticks {
    let line = &score.timeline;
    let (bar, into) = line.bar_of(at);
    let start = line.bar_start(bar);
    let next = line.bar_start(bar + 1);
    // A pickup lies in the second half of its bar, and the piece goes on after it.
    if into + into > next - start && next < score.end() {
        next
    } else {
        start
    }
}

/// Section starts and every fourth or eighth bar between them: barline, and the onset from which
/// notes belong to it.
fn grid(score: &Score, end: Ticks) -> Vec<(Ticks, Ticks)> {
    let line = &score.timeline;
    let mut out = Vec::new();
    for section in &score.sections {
        let (first, _) = line.bar_of(section.span.start);
        let (last, into) = line.bar_of(section.span.end.min(end));
        let last = last + i64::from(into > Ticks::ZERO);
        let bars = last - first;
        let group = if bars % 8 == 0 || bars > 32 { 8 } else { 4 };
        let mut bar = first;
        while bar < last {
            let at = line.bar_start(bar).max(section.span.start);
            out.push((at, at - EARLY));
            // A rest of one or two bars joins the group before it.
            bar += group;
            if last - bar <= 2 && bar < last {
                break;
            }
        }
    }
    out
}

/// Deals the notes of a track to phrases that begin at `cuts` (barline, first onset).
fn cut(score: &Score, track: &Track, cuts: &[(Ticks, Ticks)], end: Ticks) -> Vec<Phrase> {
    let mut notes: Vec<Note> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| Note {
                at: phrase.span.start + note.at,
                ..note.clone()
            })
        })
        .collect();
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    // Barlines strictly ascend: a phrase that would share one joins the one before.
    let mut starts: Vec<(Ticks, Ticks)> = Vec::new();
    for (bar, from) in cuts {
        if starts.last().is_none_or(|last| *bar > last.0) {
            starts.push((*bar, *from));
        }
    }
    if starts.is_empty() {
        starts.push((Ticks::ZERO, Ticks::ZERO));
    }
    let mut groups: Vec<Vec<Note>> = vec![Vec::new(); starts.len()];
    for note in notes {
        let after = starts.partition_point(|(_, from)| *from <= note.at);
        groups[after.saturating_sub(1)].push(note);
    }
    let filled: Vec<(Ticks, Vec<Note>)> = starts
        .iter()
        .map(|start| start.0)
        .zip(groups)
        .filter(|(_, notes)| !notes.is_empty())
        .collect();
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let mut out = Vec::with_capacity(filled.len());
    for (index, (start, notes)) in filled.iter().enumerate() {
        let next = starts
            .iter()
            .map(|s| s.0)
            .find(|bar| bar > start)
            .unwrap_or(end.max(*start + Ticks(1)));
        let next = filled.get(index + 1).map_or(next, |n| next.min(n.0));
        let section = score
            .section_at(*start)
            .or(score.sections.last())
            .map_or("part-1", |s| s.id.as_str());
        let number = counts.entry(section).or_default();
        *number += 1;
        let notes = notes
            .iter()
            .map(|note| Note {
                at: note.at - *start,
                ..note.clone()
            })
            .collect();
        out.push(Phrase::new(
            format!("{section}.{number}"),
            TickSpan::new(*start, next),
            Origin::Imported,
            notes,
        ));
    }
    out
}
