//! Operations on bars and sections.

use super::{
    Work,
    message::OpError,
    pieces::{Piece, next_section_id, within},
    place::{At, Gap, Place},
    select::{self, find_section},
    values::{Energy, Side},
};
use crate::{plan::Ending, score::SectionKind};
use yuefu_theory::{TickSpan, Ticks};

/// The most bars that one operation may add.
const MOST_BARS: u32 = 512;

impl Work<'_> {
    /// Inserts empty bars.
    pub(super) fn insert_bars(&mut self, gap: Gap, count: u32) -> Result<(), OpError> {
        check_count(count)?;
        let end = select::end(&self.song);
        let at = match gap {
            Gap::Before(bar) => select::position(At::bar(bar), &self.song)?,
            Gap::End => self.final_bar().map_or(end, |span| span.start),
        };
        let sections = &self.song.plan.sections;
        let section = sections
            .iter()
            .position(|section| section.span.contains(at))
            .unwrap_or(sections.len().saturating_sub(1));
        let metre = self.song.plan.timeline.metre(at).clone();
        self.assemble(vec![
            Piece::old(Ticks::ZERO, at),
            Piece::empty(metre, count, section),
            Piece::old(at, end),
        ])
    }

    /// Deletes bars with everything in them.
    pub(super) fn delete_bars(&mut self, place: &Place) -> Result<(), OpError> {
        let spans = select::find_spans(place, &self.song)?;
        let mut pieces = Vec::new();
        let mut at = Ticks::ZERO;
        for span in spans {
            self.check_bars(place, span)?;
            pieces.push(Piece::old(at, span.start));
            at = span.end;
        }
        pieces.push(Piece::old(at, select::end(&self.song)));
        self.assemble(pieces)
    }

    /// Plays bars again right after themselves. Bars of one section make it longer; bars of
    /// several become new sections.
    pub(super) fn repeat_bars(&mut self, place: &Place, times: u32) -> Result<(), OpError> {
        let span = select::find_span(place, &self.song)?;
        self.check_bars(place, span)?;
        let bars = self.song.plan.timeline.bar_of(span.end).0
            - self.song.plan.timeline.bar_of(span.start).0;
        check_count(times)?;
        check_count(times.saturating_mul(bars as u32))?;
        let one_section = self
            .song
            .plan
            .sections
            .iter()
            .any(|s| s.span.start <= span.start && span.end <= s.span.end);
        let mut pieces = vec![Piece::old(Ticks::ZERO, span.end)];
        pieces.extend((0..times).map(|_| Piece::copied(span.start, span.end, !one_section)));
        pieces.push(Piece::old(span.end, select::end(&self.song)));
        self.assemble(pieces)
    }

    /// Moves or copies a section before or after another. The final bar of the song stays at
    /// the end.
    pub(super) fn move_section(
        &mut self,
        name: &str,
        side: Side,
        other: &str,
        copy: bool,
    ) -> Result<(), OpError> {
        let moved = find_section(name, &self.song)?;
        let other = find_section(other, &self.song)?;
        let count = self.song.plan.sections.len();
        if moved == other && !copy {
            return Err(OpError::new(
                format!("{name} cannot be moved beside itself; name another section"),
                format!("{name} 不能移到自己旁边；请指定别的段落"),
            ));
        }
        let mut order: Vec<(usize, bool)> = (0..count)
            .filter(|index| copy || *index != moved)
            .map(|index| (index, false))
            .collect();
        let at = order
            .iter()
            .position(|(index, _)| *index == other)
            .unwrap_or(0);
        order.insert(at + usize::from(side == Side::After), (moved, copy));
        self.in_order(&order)
    }

    /// Deletes a section; the final bar of the song stays.
    pub(super) fn delete_section(&mut self, name: &str) -> Result<(), OpError> {
        let gone = find_section(name, &self.song)?;
        let count = self.song.plan.sections.len();
        if count == 1 {
            return Err(OpError::new(
                format!("{name} is the only section; a song needs one"),
                format!("{name} 是唯一的段落；歌曲至少需要一个段落"),
            ));
        }
        let order: Vec<(usize, bool)> = (0..count)
            .filter(|index| *index != gone)
            .map(|index| (index, false))
            .collect();
        self.in_order(&order)
    }

    /// Puts sections in an order: index, and whether it is a copy.
    fn in_order(&mut self, order: &[(usize, bool)]) -> Result<(), OpError> {
        let sections = &self.song.plan.sections;
        let last = sections.len() - 1;
        // A section that is nothing but the final bar has no other content to leave it to.
        let pinned = self
            .final_bar()
            .filter(|bar| bar.start > sections[last].span.start);
        let mut pieces: Vec<Piece> = order
            .iter()
            .map(|(index, copy)| {
                let span = sections[*index].span;
                let end = match pinned {
                    Some(bar) if *index == last => bar.start,
                    _ => span.end,
                };
                if *copy {
                    Piece::copied(span.start, end, true)
                } else {
                    Piece::old(span.start, end)
                }
            })
            .collect();
        if let (Some(bar), Some((index, copy))) = (pinned, order.last()) {
            pieces.push(Piece {
                section: Some(*index),
                own_section: *copy,
                ..Piece::old(bar.start, bar.end)
            });
        }
        self.assemble(pieces)
    }

    /// Gives a section another id.
    pub(super) fn rename_section(&mut self, name: &str, new: &str) -> Result<(), OpError> {
        let index = find_section(name, &self.song)?;
        let valid = !new.is_empty()
            && new.chars().count() <= 60
            && !new.starts_with(|c: char| c.is_ascii_digit())
            && !["all", "song", "end"].contains(&new)
            && !new.starts_with("start-")
            && !new.contains([',', '，', '、', '"', '/', ':'])
            && !new.chars().any(|c| c.is_whitespace() || c.is_control());
        if !valid {
            return Err(OpError::new(
                format!(
                    "expected a section id such as verse-3, without blanks and commas and not beginning with a digit, found `{new}`"
                ),
                format!("需要段落名，如 verse-3（不含空格和逗号，不以数字开头），却是“{new}”"),
            ));
        }
        let sections = &mut self.song.plan.sections;
        if sections
            .iter()
            .enumerate()
            .any(|(i, s)| i != index && s.id == new)
        {
            return Err(OpError::new(
                format!("there is a section `{new}` already; choose another id"),
                format!("已有名为“{new}”的段落；请另选名称"),
            ));
        }
        let old = std::mem::replace(&mut sections[index].id, new.to_owned());
        for line in &mut self.song.lyrics.lines {
            if line.section == old {
                new.clone_into(&mut line.section);
            }
        }
        Ok(())
    }

    /// Says what a section does in the form.
    pub(super) fn section_kind(&mut self, name: &str, kind: SectionKind) -> Result<(), OpError> {
        let index = find_section(name, &self.song)?;
        self.song.plan.sections[index].kind = kind;
        Ok(())
    }

    /// Sets the energy of sections, which playing and mixing read.
    pub(super) fn energy(&mut self, name: &str, energy: Energy) -> Result<(), OpError> {
        for index in select::find_sections(name, &self.song)? {
            self.song.plan.sections[index].energy = energy.0;
        }
        Ok(())
    }

    /// Cuts a section in two before a bar.
    pub(super) fn split_section(&mut self, name: &str, at: At) -> Result<(), OpError> {
        let index = find_section(name, &self.song)?;
        let tick = select::position(at, &self.song)?;
        let section = &self.song.plan.sections[index];
        let (_, offset) = self.song.plan.timeline.bar_of(tick);
        let span = section.span;
        if offset != Ticks::ZERO || tick <= span.start || tick >= span.end {
            let line = &self.song.plan.timeline;
            let (first, last) = (line.bar_of(span.start).0 + 1, line.bar_of(span.end).0);
            return Err(OpError::new(
                format!(
                    "{name} has the bars {first} to {last} and can be split before a bar after its first, not at {at}"
                ),
                format!(
                    "{name} 是第 {first} 至 {last} 小节，只能在其首小节之后的小节线处拆分，而不是 {at}"
                ),
            ));
        }
        let part = (tick - span.start).0 as f32 / span.len().0 as f32;
        let middle = section.energy[0] + (section.energy[1] - section.energy[0]) * part;
        let taken: Vec<String> = self
            .song
            .plan
            .sections
            .iter()
            .map(|s| s.id.clone())
            .collect();
        let mut second = section.clone();
        second.id = next_section_id(&section.id, &taken);
        second.span.start = tick;
        second.energy[0] = middle;
        second.chords = within(&section.chords, second.span);
        let first = &mut self.song.plan.sections[index];
        first.span.end = tick;
        first.energy[1] = middle;
        first.fill = false;
        first.chords = within(&first.chords, first.span);
        self.song.plan.sections.insert(index + 1, second);
        Ok(())
    }

    /// Makes one section of two neighbors, which keeps the id of the first.
    pub(super) fn join_sections(&mut self, first: &str, second: &str) -> Result<(), OpError> {
        let a = find_section(first, &self.song)?;
        let b = find_section(second, &self.song)?;
        if b != a + 1 {
            return Err(OpError::new(
                format!(
                    "{second} does not follow {first}; only neighbors can be joined, the earlier named first"
                ),
                format!("{second} 不紧接在 {first} 之后；只能合并相邻段落，先写前一段"),
            ));
        }
        let gone = self.song.plan.sections.remove(b);
        let kept = &mut self.song.plan.sections[a];
        kept.span.end = gone.span.end;
        kept.energy[1] = gone.energy[1];
        kept.fill = gone.fill;
        kept.chords.extend(gone.chords);
        for id in gone.playing {
            if !kept.playing.contains(&id) {
                kept.playing.push(id);
            }
        }
        if kept.key != gone.key {
            self.remarks.say(
                format!(
                    "{second} was in {}; the joined section is in {}",
                    gone.key, kept.key
                ),
                format!("{second} 原为 {}；合并后的段落为 {}", gone.key, kept.key),
            );
        }
        for line in &mut self.song.lyrics.lines {
            if line.section == gone.id {
                line.section.clone_from(&kept.id);
            }
        }
        Ok(())
    }

    /// The bar of the final chord, if the song ends with one.
    pub(super) fn final_bar(&self) -> Option<TickSpan> {
        let end = select::end(&self.song);
        let line = &self.song.plan.timeline;
        let (bar, _) = line.bar_of(end - Ticks(1));
        let start = line.bar_start(bar);
        let closes = matches!(
            self.song.plan.ending,
            Ending::Ring | Ending::Ritard | Ending::Cold
        );
        (closes && start > Ticks::ZERO).then(|| TickSpan::new(start, end))
    }

    /// An error when a span does not begin and end at barlines.
    pub(super) fn check_bars(&self, place: &Place, span: TickSpan) -> Result<(), OpError> {
        let line = &self.song.plan.timeline;
        let on = |at: Ticks| line.bar_of(at).1 == Ticks::ZERO || at == select::end(&self.song);
        if on(span.start) && on(span.end) {
            return Ok(());
        }
        Err(OpError::new(
            format!(
                "expected whole bars such as 9-12, found `{place}`; delete notes with `delete`"
            ),
            format!("需要整小节，如 9-12，却是“{place}”；删除音符请用 delete"),
        ))
    }
}

fn check_count(count: u32) -> Result<(), OpError> {
    if (1..=MOST_BARS).contains(&count) {
        return Ok(());
    }
    Err(OpError::new(
        format!("expected 1 to {MOST_BARS} bars, found {count}"),
        format!("需要 1 至 {MOST_BARS} 小节，却是 {count}"),
    ))
}
