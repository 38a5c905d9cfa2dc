//! Operations on the metre.

use super::{Work, clock::Clock, message::OpError, place::Place, select, tidy, values::Refit};
use crate::score::{ChordSpan, Note, Phrase, Role};
use yuefu_theory::{Metre, MetreChange, TempoPoint, TickSpan, Ticks};

impl Work<'_> {
    /// Changes the metre of the song or of whole bars of it.
    pub(super) fn set_metre(
        &mut self,
        metre: &Metre,
        how: Refit,
        place: Option<&Place>,
    ) -> Result<(), OpError> {
        let span = match place {
            Some(place) => {
                let span = select::find_span(place, &self.song)?;
                self.check_bars(place, span)?;
                span
            }
            None => TickSpan::new(Ticks::ZERO, select::end(&self.song)),
        };
        match how {
            Refit::Rebar => self.rebar(metre, span),
            Refit::Refit => self.refit(metre, span),
        }
    }

    /// Moves barlines: notes keep their times. Bars are counted from the start of each section;
    /// what is left at its end is a shorter bar.
    fn rebar(&mut self, metre: &Metre, span: TickSpan) -> Result<(), OpError> {
        let line = &self.song.plan.timeline;
        let mut changes: Vec<MetreChange> = Vec::new();
        for change in line.metres.iter().filter(|change| change.at < span.start) {
            changes.push(change.clone());
        }
        let mut add = |at: Ticks, metre: Metre| changes.push(MetreChange { at, metre });
        for section in &self.song.plan.sections {
            let part = TickSpan::new(
                section.span.start.max(span.start),
                section.span.end.min(span.end),
            );
            if part.is_empty() {
                continue;
            }
            let rest = Ticks(part.len().0 % metre.bar().0);
            if part.len() > rest {
                add(part.start, metre.clone());
            }
            if rest > Ticks::ZERO {
                let short = short_bar(rest, metre).ok_or_else(|| {
                    OpError::new(
                        format!("{} does not divide into bars of {metre}, and what is left is no bar; use `refit`", section.id),
                        format!("{} 无法划分为 {metre} 小节，剩余部分也不成小节；请用 refit", section.id),
                    )
                })?;
                self.remarks.say(
                    format!("{} ends with a bar of {short}", section.id),
                    format!("{} 以一个 {short} 小节结束", section.id),
                );
                add(part.end - rest, short);
            }
        }
        if span.end < select::end(&self.song) {
            add(span.end, line.metre(span.end).clone());
            for change in line.metres.iter().filter(|change| change.at > span.end) {
                changes.push(change.clone());
            }
        }
        changes.dedup_by(|b, a| a.metre == b.metre);
        self.song.plan.timeline.metres = changes;
        Ok(())
    }

    /// Fits the content of each bar into a bar of the new metre, beat for beat.
    fn refit(&mut self, metre: &Metre, span: TickSpan) -> Result<(), OpError> {
        for track in &self.song.score.tracks {
            for phrase in track.phrases.iter().filter(|phrase| phrase.locked) {
                if phrase.span.overlaps(span) {
                    let (track, id) = (&track.id, &phrase.id);
                    return Err(OpError::new(
                        format!(
                            "phrase {id} of {track} is locked and cannot be fitted into other bars; unlock it first, or use `rebar`"
                        ),
                        format!(
                            "{track} 的乐句 {id} 已锁定，无法放入新的小节；请先解锁，或用 rebar"
                        ),
                    ));
                }
            }
        }
        let end = select::end(&self.song);
        let clock = Clock::of(&self.song, end);
        let bars = self.refitted(metre, span, end);
        let mut dropped = Vec::new();
        for track in &mut self.song.score.tracks {
            let pattern = is_pattern(track.role);
            let mut count = 0;
            for phrase in &mut track.phrases {
                let mut takes = std::mem::take(&mut phrase.takes);
                let old = phrase.span;
                for take in &mut takes {
                    bars.fit_notes(&mut take.notes, old, pattern);
                }
                phrase.takes = takes;
                count += bars.fit_notes(&mut phrase.notes, old, pattern);
                let touched = old.overlaps(span);
                phrase.span = TickSpan::new(bars.to(old.start), bars.to(old.end));
                if touched {
                    tidy::edited(phrase);
                }
            }
            track
                .phrases
                .retain(|phrase: &Phrase| !phrase.span.is_empty());
            dropped.push((track.id.clone(), count));
        }
        for (id, count) in dropped {
            self.remarks.left_out(
                &id,
                count,
                &format!("bars of {metre} have no beat for them"),
                &format!("{metre} 小节没有容纳它们的拍"),
            );
        }
        for section in &mut self.song.plan.sections {
            let place = |span: TickSpan| TickSpan::new(bars.to(span.start), bars.to(span.end));
            section.span = place(section.span);
            section.chords = section
                .chords
                .iter()
                .map(|chord| ChordSpan {
                    span: place(chord.span),
                    chord: chord.chord,
                })
                .filter(|chord| !chord.span.is_empty())
                .collect();
        }
        let line = &mut self.song.plan.timeline;
        let mut tempo: Vec<TempoPoint> = Vec::new();
        for point in &line.tempo {
            let at = bars.to(point.at);
            tempo.retain(|earlier| earlier.at < at);
            tempo.push(TempoPoint { at, ..*point });
        }
        line.tempo = tempo;
        let mut metres: Vec<MetreChange> = Vec::new();
        for bar in &bars.0 {
            if metres.last().is_none_or(|last| last.metre != bar.metre) {
                metres.push(MetreChange {
                    at: bar.new.start,
                    metre: bar.metre.clone(),
                });
            }
        }
        line.metres = metres;
        clock.retime_by(&mut self.song, |at| bars.to(at));
        Ok(())
    }

    /// Every bar of the song with where it comes to lie.
    fn refitted(&self, metre: &Metre, span: TickSpan, end: Ticks) -> Bars {
        let line = &self.song.plan.timeline;
        let mut bars = Vec::new();
        let mut at = Ticks::ZERO;
        let mut number = 0;
        loop {
            let start = line.bar_start(number);
            if start >= end {
                break;
            }
            number += 1;
            let old = TickSpan::new(start, line.bar_start(number).min(end));
            let before = line.metre(start).clone();
            let fitted = span.contains(start);
            let (metre, len) = if fitted {
                (metre.clone(), metre.bar())
            } else {
                (before.clone(), old.len())
            };
            bars.push(Bar {
                old,
                new: TickSpan::new(at, at + len),
                beats: fitted.then(|| (beats(&before, old.len()), beats(&metre, len))),
                metre,
            });
            at += len;
        }
        Bars(bars)
    }
}

/// A bar of what is left at the end of a section.
fn short_bar(rest: Ticks, metre: &Metre) -> Option<Metre> {
    [metre.unit, 4, 8, 16, 32].into_iter().find_map(|unit| {
        let len = Ticks::of(1, i64::from(unit));
        let fits = unit >= metre.unit && rest.0 % len.0 == 0 && rest.0 / len.0 <= 32;
        fits.then(|| Metre::new((rest.0 / len.0) as u8, unit))
    })
}

/// Whether a role repeats a pattern rather than going its own way.
fn is_pattern(role: Role) -> bool {
    role.is_percussion() || matches!(role, Role::Comp | Role::Arp | Role::Pad | Role::Bass)
}

/// A felt beat: where in the bar, how long, and whether it divides in three.
#[derive(Clone, Copy, Debug)]
struct Beat {
    at: Ticks,
    len: Ticks,
    three: bool,
}

fn beats(metre: &Metre, bar: Ticks) -> Vec<Beat> {
    let offsets = metre.beat_offsets();
    offsets
        .iter()
        .zip(&metre.groups)
        .filter(|(at, _)| **at < bar)
        .map(|(at, group)| Beat {
            at: *at,
            len: (metre.unit_len() * i64::from(*group)).min(bar - *at),
            three: *group == 3,
        })
        .collect()
}

impl Beat {
    /// An offset inside this beat at the same place of another: halves become the last of three,
    /// and the other way round.
    fn map(self, inside: Ticks, to: Self) -> Ticks {
        let scale = |t: Ticks, from: Ticks, to: Ticks| {
            Ticks((t.0 * to.0 * 2 + from.0).div_euclid(2 * from.0.max(1)))
        };
        let bend = |beat: Self, three: bool| {
            if three {
                Ticks(beat.len.0 * 2 / 3)
            } else {
                Ticks(beat.len.0 / 2)
            }
        };
        if self.three == to.three {
            return scale(inside, self.len, to.len);
        }
        let (from_bend, to_bend) = (bend(self, self.three), bend(to, to.three));
        if inside <= from_bend {
            scale(inside, from_bend, to_bend)
        } else {
            to_bend + scale(inside - from_bend, self.len - from_bend, to.len - to_bend)
        }
    }
}

struct Bar {
    old: TickSpan,
    new: TickSpan,
    /// Felt beats before and after, where the bar is fitted.
    beats: Option<(Vec<Beat>, Vec<Beat>)>,
    metre: Metre,
}

/// All bars of the song, before and after.
struct Bars(Vec<Bar>);

impl Bars {
    fn bar(&self, at: Ticks) -> Option<&Bar> {
        let after = self.0.partition_point(|bar| bar.old.start <= at);
        self.0.get(after.checked_sub(1)?)
    }

    /// Where a position comes to lie; one on a beat that is gone comes to the end of its bar.
    fn to(&self, at: Ticks) -> Ticks {
        let Some(bar) = self.bar(at) else { return at };
        if at >= bar.old.end {
            return bar.new.end + (at - bar.old.end);
        }
        let offset = at - bar.old.start;
        let Some((old, new)) = &bar.beats else {
            return bar.new.start + offset;
        };
        let index = old
            .partition_point(|beat| beat.at <= offset)
            .saturating_sub(1);
        match new.get(index) {
            Some(beat) => bar.new.start + beat.at + old[index].map(offset - old[index].at, *beat),
            None => bar.new.end,
        }
    }

    /// Whether a position lies on a beat that is gone.
    fn is_gone(&self, at: Ticks) -> bool {
        self.bar(at).is_some_and(|bar| {
            let offset = at - bar.old.start;
            at < bar.old.end
                && bar.beats.as_ref().is_some_and(|(old, new)| {
                    old.partition_point(|beat| beat.at <= offset) > new.len()
                })
        })
    }

    /// Moves the notes of a phrase to their new places and returns how many had none; patterns
    /// fill the beats that a longer bar has more.
    fn fit_notes(&self, notes: &mut Vec<Note>, span: TickSpan, pattern: bool) -> usize {
        let start = self.to(span.start);
        let before = notes.len();
        notes.retain(|note| note.at < Ticks::ZERO || !self.is_gone(span.start + note.at));
        let lost = before - notes.len();
        let mut more = Vec::new();
        for note in notes.iter_mut() {
            if note.at < Ticks::ZERO {
                // A pickup keeps its distance from what it leads into.
                let end = span.start + note.end();
                note.len = (self.to(end) - start - note.at).max(Ticks(1));
                continue;
            }
            let at = span.start + note.at;
            let new_at = self.to(at);
            let mut len = self.to(at + note.len) - new_at;
            if pattern && let Some((shift, short)) = self.repeat(at, note.len) {
                len = len.min(short);
                let mut again = note.clone();
                again.at = new_at + shift - start;
                again.len = short.max(Ticks(1));
                more.push(again);
            }
            note.at = new_at - start;
            note.len = len.max(Ticks(1));
        }
        notes.append(&mut more);
        tidy::tidy(notes);
        lost
    }

    /// How much later a note of a pattern sounds again in a bar that has more beats, and how long
    /// it then is; `None` where it does not.
    fn repeat(&self, at: Ticks, len: Ticks) -> Option<(Ticks, Ticks)> {
        let bar = self.bar(at)?;
        let (old, new) = bar.beats.as_ref()?;
        let more = new.len().checked_sub(old.len()).filter(|more| *more > 0)?;
        let offset = at - bar.old.start;
        let index = old
            .partition_point(|beat| beat.at <= offset)
            .checked_sub(1)?;
        let target = new
            .get(index + more)
            .filter(|_| index + more >= old.len())?;
        let (from, here) = (old.get(index)?, new.get(index)?);
        let short = Ticks(len.0 * target.len.0 / from.len.0.max(1));
        let room = bar.new.end - (bar.new.start + target.at);
        Some((target.at - here.at, short.min(room).max(Ticks(1))))
    }
}
