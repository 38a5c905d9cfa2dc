//! Backing voices after words were changed: they sing what the lead sings now, line by line.

use super::{How, Resung};
use crate::{
    Desk, Hall, backing,
    part::in_song_time,
    tune::{TunePhrase, sung},
};
use std::collections::BTreeMap;
use yuefu_song::{Lyric, Note, Phrase, Role, Score, SectionPlan, VoicePart, lyrics::Delivery};
use yuefu_theory::{TickSpan, Ticks};

/// Brings backing voices to what their lead sings in `out`, where `done` says that it changed, and
/// answers to the sheet. `old` is the score before.
pub fn follow(hall: &Hall<'_>, old: &Score, done: &[Resung], out: &mut Score) {
    for member in hall.plan.cast.iter().filter(|m| m.sings.is_some()) {
        let Some(at) = out.tracks.iter().position(|t| t.id == member.id) else {
            continue;
        };
        let Some(desk) = hall.desk(member) else {
            continue;
        };
        for section in &hall.plan.sections {
            if !section.playing.contains(&member.id) {
                continue;
            }
            let tune = tune_now(hall, section, out);
            let mine = |p: &Phrase| section.span.contains(p.span.start);
            let whole = done
                .iter()
                .any(|d| d.phrase == section.id && d.how == How::Section);
            let locked = out.tracks[at].phrases.iter().any(|p| mine(p) && p.locked);
            if whole && !locked {
                let written = backing::phrases(&desk, section, &tune);
                let phrases = &mut out.tracks[at].phrases;
                phrases.retain(|p| !mine(p));
                phrases.extend(written);
                phrases.sort_by_key(|p| p.span.start);
                continue;
            }
            for (number, line) in tune.iter().enumerate() {
                let id = format!("{}.{}", section.id, number + 1);
                let how = done.iter().find(|d| d.phrase == id).map(|d| d.how);
                let change = match (member.sings, how) {
                    (Some(VoicePart::Answer), _) => {
                        said(&out.tracks[at].phrases, line.span.start)
                            != asked(hall, section, number)
                    }
                    (_, how) => matches!(how, Some(How::Relabeled | How::Refitted | How::Anew)),
                };
                if !change {
                    continue;
                }
                let labels = (how == Some(How::Relabeled)
                    && member.sings != Some(VoicePart::Answer))
                .then(|| labels(old, out, section, line));
                rewrite(
                    &desk,
                    section,
                    &tune,
                    &id,
                    labels,
                    &mut out.tracks[at].phrases,
                );
            }
        }
    }
}

/// One line of a backing voice: other words on its notes, or other notes.
fn rewrite(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[TunePhrase],
    id: &str,
    labels: Option<BTreeMap<Ticks, (Lyric, Lyric)>>,
    phrases: &mut Vec<Phrase>,
) {
    let there = phrases.iter_mut().find(|p| p.id == id);
    if let (Some(phrase), Some(labels)) = (there, &labels) {
        if phrase.locked {
            return;
        }
        let start = phrase.span.start;
        let mut fits = true;
        for note in phrase.notes.iter_mut().filter(|n| n.lyric.is_some()) {
            match labels.get(&(start + note.at)) {
                Some((old, new)) if note.lyric.as_deref() == Some(old) => {
                    note.lyric = Some(Box::new(new.clone()));
                }
                // Vowels and other words of its own stay.
                _ => {
                    fits &= !labels
                        .values()
                        .any(|(old, _)| note.lyric.as_deref() == Some(old))
                }
            }
        }
        if fits {
            return;
        }
    }
    if phrases.iter().any(|p| p.id == id && p.locked) {
        return;
    }
    let new = backing::phrases(desk, section, tune)
        .into_iter()
        .find(|p| p.id == id);
    match (phrases.iter().position(|p| p.id == id), new) {
        (Some(at), Some(new)) => phrases[at].notes = new.notes,
        (Some(at), None) => {
            phrases.remove(at);
        }
        (None, Some(new)) => {
            phrases.push(new);
            phrases.sort_by_key(|p| p.span.start);
        }
        (None, None) => {}
    }
}

/// What the syllable at each place was and is.
fn labels(
    old: &Score,
    new: &Score,
    section: &SectionPlan,
    line: &TunePhrase,
) -> BTreeMap<Ticks, (Lyric, Lyric)> {
    let at = |score: &Score| -> BTreeMap<Ticks, Lyric> {
        let lead = |n: &Note| line.notes.iter().any(|own| own.at == n.at);
        sung(score, section.span)
            .into_iter()
            .flat_map(|(_, notes)| notes)
            .filter(lead)
            .filter_map(|n| Some((n.at, n.lyric.as_deref()?.clone())))
            .collect()
    };
    let now = at(new);
    at(old)
        .into_iter()
        .filter_map(|(at, old)| Some((at, (old, now.get(&at)?.clone()))))
        .collect()
}

/// The tune of a section with a phrase for each line of the sheet, those of nothing but ad-libs
/// included.
fn tune_now(hall: &Hall<'_>, section: &SectionPlan, score: &Score) -> Vec<TunePhrase> {
    let mut tune = Vec::new();
    for track in score.tracks.iter().filter(|t| t.role == Role::Vocal) {
        for phrase in &track.phrases {
            if section.span.contains(phrase.span.start) && !phrase.notes.is_empty() {
                tune.push(TunePhrase {
                    span: phrase.span,
                    notes: in_song_time(phrase).collect(),
                });
            }
        }
    }
    tune.sort_by_key(|p| p.span.start);
    let lines = hall.lines(section);
    let worded = lines.iter().filter(|l| !l.syllables.is_empty()).count();
    if worded != tune.len() || worded == lines.len() {
        return tune;
    }
    let mut rest = tune.into_iter().peekable();
    let mut out: Vec<TunePhrase> = Vec::with_capacity(lines.len());
    for line in &lines {
        if !line.syllables.is_empty() {
            out.extend(rest.next());
            continue;
        }
        let start = out.last().map_or(section.span.start, |p| p.span.end);
        let end = rest.peek().map_or(section.span.end, |p| p.span.start);
        out.push(TunePhrase {
            span: TickSpan::new(start, end.max(start)),
            notes: Vec::new(),
        });
    }
    out
}

/// The ad-libs that a voice sings in the line that begins at a place.
fn said(phrases: &[Phrase], start: Ticks) -> Vec<Lyric> {
    phrases
        .iter()
        .filter(|p| p.span.start == start)
        .flat_map(|p| &p.notes)
        .filter_map(|n| n.lyric.as_deref())
        .filter(|lyric| lyric.delivery == Delivery::AdLib)
        .cloned()
        .collect()
}

/// The ad-libs that the sheet has in a line.
fn asked(hall: &Hall<'_>, section: &SectionPlan, number: usize) -> Vec<Lyric> {
    let line = hall.lines(section).into_iter().nth(number);
    let asides = line.into_iter().flat_map(|line| line.asides);
    asides.flat_map(|(_, words)| words).collect()
}
