//! The song put together anew from pieces of itself: what inserting, deleting, repeating, moving
//! and copying bars have in common.
//!
//! A piece is a stretch of the old song on barlines, or some empty bars. Everything that lies in
//! a piece goes with it: phrases, chords, tempo, metre, sections and the movements of faders.
//! Where two pieces meet that were not neighbors before, held notes end and phrases are cut;
//! parts of one phrase that meet again become one.

use super::{Work, clock::Clock, message::OpError, notes, select, tidy};
use crate::{
    plan::SectionPlan,
    score::{ChordSpan, Note, Phrase, Take},
};
use std::collections::BTreeMap;
use yuefu_theory::{Metre, TickSpan, Ticks};

/// One stretch of the new song.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// What it is made of.
    pub(super) from: Source,
    /// Whether it is a further copy: its phrases get ids of their own.
    pub(super) copy: bool,
    /// Whether it is a section of its own rather than a part of the one it comes from.
    pub(super) own_section: bool,
    /// Index of the section that it becomes part of, where that is not the one it comes from.
    pub(super) section: Option<usize>,
}

/// What a piece is made of.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A stretch of the old song.
    Old(TickSpan),
    /// Empty bars of a metre.
    Empty(Metre, u32),
}

impl Piece {
    /// A stretch of the old song.
    pub(super) fn old(start: Ticks, end: Ticks) -> Self {
        Self {
            from: Source::Old(TickSpan::new(start, end)),
            copy: false,
            own_section: false,
            section: None,
        }
    }

    /// The same, once more.
    pub(super) fn copied(start: Ticks, end: Ticks, own_section: bool) -> Self {
        Self {
            copy: true,
            own_section,
            ..Self::old(start, end)
        }
    }

    /// Empty bars in a section.
    pub(super) fn empty(metre: Metre, bars: u32, section: usize) -> Self {
        Self {
            from: Source::Empty(metre, bars),
            copy: false,
            own_section: false,
            section: Some(section),
        }
    }

    pub(super) fn old_span(&self) -> Option<TickSpan> {
        match self.from {
            Source::Old(span) => Some(span),
            Source::Empty(..) => None,
        }
    }

    pub(super) fn len(&self) -> Ticks {
        match &self.from {
            Source::Old(span) => span.len(),
            Source::Empty(metre, bars) => metre.bar() * i64::from(*bars),
        }
    }
}

/// A run of pieces that were neighbors before, where it lies now, and whether it ends in a cut.
#[derive(Clone, Copy, Debug)]
struct Run {
    old: TickSpan,
    at: Ticks,
    copy: bool,
    cut: bool,
}

impl Work<'_> {
    /// Puts the song together from pieces.
    pub(super) fn assemble(&mut self, pieces: Vec<Piece>) -> Result<(), OpError> {
        let pieces: Vec<Piece> = pieces
            .into_iter()
            .filter(|piece| piece.len() > Ticks::ZERO)
            .collect();
        if pieces.is_empty() {
            return Err(OpError::new(
                "nothing would be left of the song; keep at least one bar",
                "这样全曲将一无所剩；请至少保留一小节",
            ));
        }
        let end = select::end(&self.song);
        let runs = runs(&pieces, end);
        self.check_locks(&runs)?;
        let renamed = self.assemble_sections(&pieces);
        self.assemble_tracks(&runs, &renamed);
        let clock = Clock::of(&self.song, end);
        self.song.plan.timeline = clock.assembled(&pieces, end);
        let new_end = pieces
            .iter()
            .fold(Ticks::ZERO, |at, piece| at + piece.len());
        clock.carry_over(&mut self.song, &pieces, new_end);
        Ok(())
    }

    /// A locked phrase moves as a whole, but is neither cut nor taken out.
    fn check_locks(&self, runs: &[Run]) -> Result<(), OpError> {
        for track in &self.song.score.tracks {
            for phrase in track.phrases.iter().filter(|phrase| phrase.locked) {
                let whole = |run: &Run| {
                    run.old.start <= phrase.span.start && phrase.span.end <= run.old.end
                };
                if !runs.iter().any(|run| !run.copy && whole(run)) {
                    let (track, id) = (&track.id, &phrase.id);
                    return Err(OpError::new(
                        format!(
                            "this would cut or delete phrase {id} of {track}, which is locked; unlock it first"
                        ),
                        format!("这会切断或删除 {track} 中已锁定的乐句 {id}；请先解锁"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// New sections with their chords and words; returns which new ids came from which old ones.
    fn assemble_sections(&mut self, pieces: &[Piece]) -> BTreeMap<String, Vec<String>> {
        let old = std::mem::take(&mut self.song.plan.sections);
        let mut parts: Vec<(usize, bool, TickSpan)> = Vec::new();
        let mut at = Ticks::ZERO;
        for piece in pieces {
            let mut add = |section: usize, len: Ticks| {
                match parts.last_mut() {
                    Some((last, own, span)) if *last == section && *own == piece.own_section => {
                        span.end += len;
                    }
                    _ => parts.push((section, piece.own_section, TickSpan::new(at, at + len))),
                }
                at += len;
            };
            match (piece.section, piece.old_span()) {
                (Some(section), _) => add(section, piece.len()),
                (None, Some(span)) => {
                    for (index, section) in old.iter().enumerate() {
                        let start = section.span.start.max(span.start);
                        let end = section.span.end.min(span.end);
                        if start < end {
                            add(index, end - start);
                        }
                    }
                }
                (None, None) => add(old.len().saturating_sub(1), piece.len()),
            }
        }
        let chords = assembled_chords(&old, pieces);
        let mut renamed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut taken: Vec<String> = old.iter().map(|section| section.id.clone()).collect();
        let mut used = vec![false; old.len()];
        let mut sections = Vec::new();
        for (index, own, span) in parts {
            let Some(source) = old.get(index) else {
                continue;
            };
            let mut section = source.clone();
            if own || used[index] {
                section.id = next_section_id(&source.id, &taken);
                taken.push(section.id.clone());
                renamed
                    .entry(source.id.clone())
                    .or_default()
                    .push(section.id.clone());
            } else {
                used[index] = true;
            }
            section.span = span;
            section.chords = within(&chords, span);
            sections.push(section);
        }
        self.assemble_words(&sections, &renamed);
        self.song.plan.sections = sections;
        renamed
    }

    /// Words go with their sections: deleted, copied, and in the new order.
    fn assemble_words(
        &mut self,
        sections: &[SectionPlan],
        renamed: &BTreeMap<String, Vec<String>>,
    ) {
        let old = std::mem::take(&mut self.song.lyrics.lines);
        for section in sections {
            let source = renamed
                .iter()
                .find(|(_, copies)| copies.contains(&section.id))
                .map_or(&section.id, |(source, _)| source);
            for line in old.iter().filter(|line| line.section == *source) {
                let mut line = line.clone();
                line.section.clone_from(&section.id);
                self.song.lyrics.lines.push(line);
            }
        }
    }

    fn assemble_tracks(&mut self, runs: &[Run], renamed: &BTreeMap<String, Vec<String>>) {
        let mut lost = Vec::new();
        for track in &mut self.song.score.tracks {
            let old = std::mem::take(&mut track.phrases);
            let mut taken: Vec<String> = old.iter().map(|phrase| phrase.id.clone()).collect();
            let mut new: Vec<Phrase> = Vec::new();
            let mut before_start = 0;
            for run in runs {
                for phrase in &old {
                    let part = TickSpan::new(
                        phrase.span.start.max(run.old.start),
                        phrase.span.end.min(run.old.end),
                    );
                    if part.is_empty() {
                        continue;
                    }
                    let mut cut = cut_phrase(phrase, part, run);
                    let first = part.start == phrase.span.start;
                    if run.copy {
                        cut.locked = false;
                        let stem = copied_stem(&phrase.id, renamed);
                        cut.id = if taken.contains(&stem) {
                            tidy::numbered(&stem, ".r", |id| taken.iter().any(|t| t == id))
                        } else {
                            stem
                        };
                    } else if !first {
                        cut.id = tidy::numbered(tidy::base(&phrase.id), "~", |id| {
                            taken.iter().any(|t| t == id)
                        });
                    }
                    taken.push(cut.id.clone());
                    if cut.span.start == Ticks::ZERO {
                        let count = cut.notes.len();
                        cut.notes.retain(|note| note.at >= Ticks::ZERO);
                        before_start += count - cut.notes.len();
                    }
                    new.push(cut);
                }
            }
            join_parts(&mut new);
            track.phrases = new;
            lost.push((track.id.clone(), before_start));
        }
        for (id, count) in lost {
            self.remarks.left_out(
                &id,
                count,
                "they led into what is now the beginning",
                "它们是弱起音，而其后的乐句现在位于开头",
            );
        }
    }
}

/// Pieces that were neighbors before, in one.
fn runs(pieces: &[Piece], end: Ticks) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut at = Ticks::ZERO;
    // Whether the last piece was empty: what came before it ends in a cut.
    let mut gap = false;
    for piece in pieces {
        if let Some(old) = piece.old_span() {
            match runs.last_mut() {
                Some(last) if !gap && last.old.end == old.start => {
                    if last.copy == piece.copy {
                        last.old.end = old.end;
                    } else {
                        last.cut = false;
                        runs.push(run(old, at, piece.copy));
                    }
                }
                _ => runs.push(run(old, at, piece.copy)),
            }
            gap = false;
        } else {
            gap = true;
        }
        at += piece.len();
    }
    if let Some(last) = runs.last_mut() {
        last.cut = gap || last.old.end != end;
    }
    runs
}

fn run(old: TickSpan, at: Ticks, copy: bool) -> Run {
    Run {
        old,
        at,
        copy,
        cut: true,
    }
}

/// The part of a phrase that lies in a run, where the run lies now.
fn cut_phrase(phrase: &Phrase, part: TickSpan, run: &Run) -> Phrase {
    let first = part.start == phrase.span.start;
    let last = part.end == phrase.span.end;
    let offset = part.start - phrase.span.start;
    let keep = |notes: &[Note]| -> Vec<Note> {
        let mut kept: Vec<Note> = notes
            .iter()
            .filter(|note| {
                let at = phrase.span.start + note.at;
                (first || at >= part.start) && (last || at < part.end)
            })
            .cloned()
            .collect();
        for note in &mut kept {
            let at = phrase.span.start + note.at;
            if run.cut && !phrase.locked && at < run.old.end && at + note.len > run.old.end {
                note.len = run.old.end - at;
            }
            note.at -= offset;
        }
        kept
    };
    let start = run.at + (part.start - run.old.start);
    Phrase {
        id: phrase.id.clone(),
        span: TickSpan::new(start, start + part.len()),
        origin: phrase.origin.clone(),
        locked: phrase.locked,
        notes: keep(&phrase.notes),
        take: phrase.take,
        takes: phrase
            .takes
            .iter()
            .map(|take| Take {
                notes: keep(&take.notes),
                ..take.clone()
            })
            .collect(),
    }
}

/// Parts of one phrase that meet become one phrase again.
fn join_parts(phrases: &mut Vec<Phrase>) {
    let mut joined: Vec<Phrase> = Vec::with_capacity(phrases.len());
    for phrase in phrases.drain(..) {
        let fits = joined.last().is_some_and(|last| {
            last.span.end == phrase.span.start
                && tidy::base(&last.id) == tidy::base(&phrase.id)
                && (&last.origin, last.locked, last.take)
                    == (&phrase.origin, phrase.locked, phrase.take)
                && last
                    .takes
                    .iter()
                    .map(|take| take.number)
                    .eq(phrase.takes.iter().map(|take| take.number))
        });
        let Some(last) = joined.last_mut().filter(|_| fits) else {
            joined.push(phrase);
            continue;
        };
        let offset = phrase.span.start - last.span.start;
        let append = |notes: &mut Vec<Note>, more: Vec<Note>| {
            notes.extend(more.into_iter().map(|mut note| {
                note.at += offset;
                note
            }));
            tidy::tidy(notes);
        };
        append(&mut last.notes, phrase.notes);
        for (take, more) in last.takes.iter_mut().zip(phrase.takes) {
            append(&mut take.notes, more.notes);
        }
        last.span.end = phrase.span.end;
        if tidy::base(&phrase.id) == phrase.id {
            last.id = phrase.id;
        }
    }
    *phrases = joined;
}

/// The id of a copied phrase: with the name of the new section, where the copy is in one.
fn copied_stem(id: &str, renamed: &BTreeMap<String, Vec<String>>) -> String {
    let mut home = renamed.iter().filter_map(|(section, copies)| {
        let rest = id.strip_prefix(section.as_str())?;
        (rest.is_empty() || rest.starts_with(['.', '~']))
            .then(|| format!("{}{rest}", copies.last().map_or("", String::as_str)))
    });
    home.next_back().unwrap_or_else(|| id.to_owned())
}

/// The next free id of a section like one there is: `verse-2` gives `verse-3`.
pub(super) fn next_section_id(id: &str, taken: &[String]) -> String {
    let stem = id.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = if stem == id {
        format!("{id}-")
    } else {
        stem.to_owned()
    };
    (1_u32..)
        .map(|number| format!("{stem}{number}"))
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

/// A chord in the new song with what it was in the old one.
struct Carried {
    chord: ChordSpan,
    source: usize,
    old: TickSpan,
}

/// All chords of the new song. Empty bars go on with the chord before them; a chord that was
/// interrupted and meets its own continuation is one chord again.
fn assembled_chords(old: &[SectionPlan], pieces: &[Piece]) -> Vec<ChordSpan> {
    let all: Vec<&ChordSpan> = old.iter().flat_map(|section| &section.chords).collect();
    let mut carried: Vec<Carried> = Vec::new();
    let mut at = Ticks::ZERO;
    for piece in pieces {
        let end = at + piece.len();
        match piece.old_span() {
            None => {
                if let Some(last) = carried.last_mut().filter(|last| last.chord.span.end == at) {
                    last.chord.span.end = end;
                }
            }
            Some(span) => {
                for (source, chord) in all.iter().enumerate() {
                    let part = TickSpan::new(
                        chord.span.start.max(span.start),
                        chord.span.end.min(span.end),
                    );
                    if part.is_empty() {
                        continue;
                    }
                    let start = at + (part.start - span.start);
                    let goes_on = carried.last_mut().filter(|last| {
                        last.source == source
                            && last.old.end <= part.start
                            && last.chord.span.end == start
                    });
                    if let Some(last) = goes_on {
                        last.chord.span.end = start + part.len();
                        last.old.end = part.end;
                    } else {
                        carried.push(Carried {
                            chord: ChordSpan {
                                span: TickSpan::new(start, start + part.len()),
                                chord: chord.chord,
                            },
                            source,
                            old: part,
                        });
                    }
                }
            }
        }
        at = end;
    }
    carried.into_iter().map(|carried| carried.chord).collect()
}

/// The chords inside a span, cut at its edges.
pub(super) fn within(chords: &[ChordSpan], span: TickSpan) -> Vec<ChordSpan> {
    chords
        .iter()
        .filter(|chord| !notes::apart(chord.span, span))
        .map(|chord| ChordSpan {
            span: TickSpan::new(
                chord.span.start.max(span.start),
                chord.span.end.min(span.end),
            ),
            chord: chord.chord,
        })
        .collect()
}
