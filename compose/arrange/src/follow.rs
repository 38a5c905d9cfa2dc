//! The score follows a new plan: what is kept moves, what is missing is written.

use crate::{
    Band, frame,
    hall::{Hall, Scope, fold},
    part, tune,
};
use std::collections::BTreeSet;
use yuefu_engine::SeedPath;
use yuefu_song::{Catalog, Kept, Note, Phrase, Reshape, Role, Score, SectionPlan, Track};
use yuefu_theory::{TickSpan, Ticks};

/// Where somebody has something to write, by section.
type Gaps = Vec<(usize, Vec<TickSpan>)>;

/// Carries a reshaped plan out on a score.
///
/// Phrases of stretches that are kept come along with id, takes, lock and every note; those that
/// occur twice get ids of their own. The rest is written by the cast to what is there, the tune
/// first; new sections of a known material sing that material as the score has it. Takes that are
/// put aside come along with phrases that are whole.
pub fn follow(score: &Score, reshape: &Reshape, band: Band<'_>, seed: &SeedPath) -> Score {
    let plan = &reshape.plan;
    let mut new = frame(plan);
    // Everybody's chair, in the order of the cast; tracks that the cast does not know after it.
    for member in &plan.cast {
        new.tracks.push(Track {
            id: member.id.clone(),
            role: member.role,
            instrument: member.instrument.clone(),
            phrases: Vec::new(),
        });
    }
    for track in &score.tracks {
        let phrases = moved(track, reshape);
        match new.tracks.iter_mut().find(|t| t.id == track.id) {
            Some(chair) => {
                chair.phrases = phrases;
                if chair.instrument != track.instrument {
                    refit(chair, band.catalog);
                }
            }
            None => new.tracks.push(Track {
                phrases,
                ..track.clone()
            }),
        }
    }
    for leads in [true, false] {
        let gaps: Vec<(String, Gaps)> = new
            .tracks
            .iter()
            .filter(|t| is_lead(t.role) == leads)
            .map(|t| (t.id.clone(), gaps(t, reshape)))
            .collect();
        let sections: BTreeSet<usize> = gaps
            .iter()
            .flat_map(|(_, gaps)| gaps.iter().map(|(index, _)| *index))
            .collect();
        if sections.is_empty() {
            continue;
        }
        let now = new.clone();
        let Some(mut hall) = Hall::new(plan, band, seed) else {
            return new;
        };
        hall.score = Some(&now);
        hall.scope = Scope {
            members: gaps.iter().map(|(id, _)| id.clone()).collect(),
            sections: sections.into_iter().collect(),
            take: 0,
            after: true,
        };
        let tune = tune::write(&hall);
        for (id, gaps) in &gaps {
            let desk = plan
                .cast
                .iter()
                .find(|m| m.id == *id)
                .and_then(|m| hall.desk(m));
            let Some(desk) = desk.filter(|_| !gaps.is_empty()) else {
                continue;
            };
            let written = part::write(&desk, &tune);
            let Some(track) = new.tracks.iter_mut().find(|t| t.id == *id) else {
                continue;
            };
            for (index, spans) in gaps {
                let phrases = written.iter().find(|(i, _)| i == index);
                let Some((_, phrases)) = phrases else {
                    continue;
                };
                fill(track, &plan.sections[*index], spans, phrases);
            }
            track.phrases.sort_by_key(|p| p.span.start);
        }
    }
    let played = |t: &Track| t.phrases.iter().any(|p| !p.notes.is_empty());
    new.tracks.retain(|track| {
        played(track)
            || score
                .tracks
                .iter()
                .any(|old| old.id == track.id && !played(old))
    });
    new
}

fn is_lead(role: Role) -> bool {
    matches!(role, Role::Lead | Role::Vocal)
}

/// Moves the phrases of a track by whole octaves to where its new instrument plays well; a note
/// that no octave brings into its range is folded by itself. Locked phrases stay as they are.
fn refit(track: &mut Track, catalog: &Catalog) {
    let Some(profile) = catalog.profile(&track.instrument) else {
        return;
    };
    if track.role.is_percussion() {
        return;
    }
    let [low, high] = profile.range.map(i32::from);
    let [sweet_low, sweet_high] = profile.sweet.map(i32::from);
    for phrase in track.phrases.iter_mut().filter(|p| !p.locked) {
        let beyond = |octaves: i32, from: i32, to: i32| -> i32 {
            phrase
                .notes
                .iter()
                .map(|n| n.pitch.midi() + 12 * octaves)
                .map(|key| (from - key).max(key - to).max(0))
                .sum()
        };
        // Within the range first, then in its sweet part, then where it was.
        let by = (-5..=5).min_by_key(|o: &i32| {
            (
                beyond(*o, low, high),
                beyond(*o, sweet_low - 5, sweet_high + 5),
                o.abs(),
            )
        });
        let by = by.unwrap_or(0) as i8;
        let takes = phrase.takes.iter_mut().flat_map(|t| &mut t.notes);
        for note in phrase.notes.iter_mut().chain(takes) {
            note.pitch.octave += by;
            fold(note, low, high);
        }
    }
}

/// Where a track's old phrases are now.
fn moved(track: &Track, reshape: &Reshape) -> Vec<Phrase> {
    let mut out: Vec<Phrase> = Vec::new();
    for phrase in &track.phrases {
        // Stretches that moved alike belong to one phrase; one that moved otherwise, or is
        // repeated, makes another.
        let mut groups: Vec<(Ticks, Vec<Kept>)> = Vec::new();
        for kept in &reshape.kept {
            let stays = is_lead(track.role) || phrase.locked;
            for kept in stretches(*kept, reshape, stays) {
                if !kept.from.overlaps(phrase.span) {
                    continue;
                }
                let by = kept.to - kept.from.start;
                match groups.iter_mut().find(|(other, _)| *other == by) {
                    Some((_, group)) => group.push(kept),
                    None => groups.push((by, vec![kept])),
                }
            }
        }
        for (by, group) in groups {
            out.extend(piece(phrase, by, &group));
        }
    }
    out.sort_by_key(|p| p.span.start);
    let mut ids = BTreeSet::new();
    for phrase in &mut out {
        if !ids.insert(phrase.id.clone()) {
            let section = reshape
                .plan
                .sections
                .iter()
                .find(|s| s.span.contains(phrase.span.start));
            phrase.id = free_id(&phrase.id, section, &ids);
            ids.insert(phrase.id.clone());
        }
    }
    out
}

/// A kept stretch without the sections in which this player plays anew.
fn stretches(kept: Kept, reshape: &Reshape, stays: bool) -> Vec<Kept> {
    let now = kept.now();
    if stays || reshape.revoiced.is_empty() {
        return vec![kept];
    }
    reshape
        .plan
        .sections
        .iter()
        .filter(|s| s.span.overlaps(now) && !reshape.revoiced.contains(&s.id))
        .map(|s| {
            let start = s.span.start.max(now.start);
            let end = s.span.end.min(now.end);
            let from = kept.from.start + (start - now.start);
            Kept {
                from: TickSpan::new(from, from + (end - start)),
                to: start,
            }
        })
        .collect()
}

/// What is left of a phrase in stretches that moved by the same time.
fn piece(phrase: &Phrase, by: Ticks, group: &[Kept]) -> Option<Phrase> {
    let start = phrase.span.start;
    let whole = group
        .iter()
        .any(|k| k.from.start <= start && phrase.span.end <= k.from.end)
        || covered(phrase.span, group);
    if whole {
        let mut moved = phrase.clone();
        moved.span = TickSpan::new(start + by, phrase.span.end + by);
        // A pickup has no place before the beginning of the song.
        let first = -moved.span.start;
        let ahead = |n: &Note| n.at < first - Ticks::of(1, 96);
        if moved.notes.iter().any(ahead) {
            moved.notes.retain(|n| !ahead(n));
        }
        return Some(moved);
    }
    let first = group.iter().map(|k| k.from.start).min()?.max(start);
    let last = group.iter().map(|k| k.from.end).max()?.min(phrase.span.end);
    let span = TickSpan::new(first + by, last + by);
    let opens = first == start;
    let cut = |notes: &[Note]| -> Vec<Note> {
        notes
            .iter()
            .filter_map(|note| {
                let at = note.at + start;
                let home = group.iter().find(|k| k.from.contains(at));
                let pickup = opens && at < start && group.iter().any(|k| k.from.start <= start);
                let end = match home {
                    // Nothing rings into what is new.
                    Some(k) => k.from.end,
                    None if pickup => return Some(note.clone()),
                    None => return None,
                };
                Some(Note {
                    at: at - first,
                    len: note.len.min(end - at),
                    ..note.clone()
                })
            })
            .collect()
    };
    let mut piece = Phrase {
        span,
        notes: cut(&phrase.notes),
        ..phrase.clone()
    };
    for take in &mut piece.takes {
        take.notes = cut(&take.notes);
    }
    Some(piece)
}

/// Whether stretches that join cover a span.
fn covered(span: TickSpan, group: &[Kept]) -> bool {
    let mut at = span.start;
    let mut sorted: Vec<&Kept> = group.iter().collect();
    sorted.sort_by_key(|k| k.from.start);
    for kept in sorted {
        if kept.from.start <= at {
            at = at.max(kept.from.end);
        }
    }
    at >= span.end
}

/// An id that is not taken: that of the section where the old one was named after its own.
fn free_id(id: &str, section: Option<&SectionPlan>, taken: &BTreeSet<String>) -> String {
    let tail = id.split_once('.').map_or("", |(_, tail)| tail);
    let named = section.map(|s| {
        if tail.is_empty() {
            s.id.clone()
        } else {
            format!("{}.{tail}", s.id)
        }
    });
    let base = named.unwrap_or_else(|| id.to_owned());
    if !taken.contains(&base) {
        return base;
    }
    (2..)
        .map(|n| format!("{base}-{n}"))
        .find(|name| !taken.contains(name))
        .unwrap_or(base)
}

/// Where a track has something to write, by section.
fn gaps(track: &Track, reshape: &Reshape) -> Gaps {
    let lead = is_lead(track.role);
    let mut out = Vec::new();
    for (index, section) in reshape.plan.sections.iter().enumerate() {
        if !section.playing.contains(&track.id) && track.role != Role::Fx {
            continue;
        }
        let anew = !lead && reshape.revoiced.contains(&section.id);
        let mut free = vec![section.span];
        if !anew {
            for kept in &reshape.kept {
                free = without(&free, kept.now());
            }
        }
        for phrase in track.phrases.iter().filter(|p| p.locked) {
            free = without(&free, phrase.span);
        }
        if !free.is_empty() {
            out.push((index, free));
        }
    }
    out
}

fn without(spans: &[TickSpan], hole: TickSpan) -> Vec<TickSpan> {
    spans
        .iter()
        .flat_map(|span| {
            [
                TickSpan::new(span.start, span.end.min(hole.start)),
                TickSpan::new(span.start.max(hole.end), span.end),
            ]
        })
        .filter(|span| !span.is_empty())
        .collect()
}

/// Puts what was written for a section into a track's gaps there.
fn fill(track: &mut Track, section: &SectionPlan, spans: &[TickSpan], written: &[Phrase]) {
    let mut ids: BTreeSet<String> = track.phrases.iter().map(|p| p.id.clone()).collect();
    if spans == [section.span] {
        for phrase in written {
            let mut phrase = phrase.clone();
            if !ids.insert(phrase.id.clone()) {
                phrase.id = free_id(&phrase.id, Some(section), &ids);
                ids.insert(phrase.id.clone());
            }
            track.phrases.push(phrase);
        }
        return;
    }
    for span in spans {
        for new in written.iter().filter(|p| p.span.overlaps(*span)) {
            let here = TickSpan::new(new.span.start.max(span.start), new.span.end.min(span.end));
            let notes: Vec<Note> = part::in_song_time(new)
                .filter(|n| here.contains(n.at))
                .collect();
            let home = track.phrases.iter_mut().find(|p| {
                !p.locked
                    && section.span.contains(p.span.start)
                    && (p.span.end == here.start
                        || p.span.start == here.end
                        || p.span.overlaps(here))
                    && p.id.starts_with(&section.id)
            });
            match home {
                Some(phrase) => extend(phrase, here, notes),
                None if !notes.is_empty() => {
                    let id = free_id(&new.id, Some(section), &ids);
                    ids.insert(id.clone());
                    let notes = notes
                        .into_iter()
                        .map(|n| Note {
                            at: n.at - here.start,
                            ..n
                        })
                        .collect();
                    track
                        .phrases
                        .push(Phrase::new(id, here, new.origin.clone(), notes));
                }
                None => {}
            }
        }
    }
}

/// A phrase goes on over a span that it led up to.
fn extend(phrase: &mut Phrase, over: TickSpan, notes: Vec<Note>) {
    let start = phrase.span.start.min(over.start);
    let by = phrase.span.start - start;
    for note in phrase
        .notes
        .iter_mut()
        .chain(phrase.takes.iter_mut().flat_map(|t| &mut t.notes))
    {
        note.at += by;
    }
    phrase.span = TickSpan::new(start, phrase.span.end.max(over.end));
    phrase.notes.extend(notes.into_iter().map(|n| Note {
        at: n.at - start,
        ..n
    }));
    phrase.notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    phrase
        .notes
        .dedup_by(|b, a| a.at == b.at && a.key() == b.key());
}
