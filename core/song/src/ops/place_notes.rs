//! Operations that move notes in time: notes are lifted out of their phrases and put down where
//! they then belong.

use super::{
    Work,
    message::OpError,
    notes::apart,
    place::{At, Place, Tracks},
    select::{self, Selection},
    tidy,
    values::{Grid, Quarters, Ratio},
};
use crate::score::{Note, Origin, Phrase};
use yuefu_theory::{TickSpan, Ticks};

/// A note outside any phrase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loose {
    /// Onset in the song.
    pub(super) at: Ticks,
    /// The note; its own `at` is not read.
    pub(super) note: Note,
    /// Span of the phrase it came from.
    home: Option<TickSpan>,
    /// Whether it led into that phrase from before.
    pickup: bool,
}

impl Loose {
    /// A note that was in no phrase.
    pub(super) fn new(at: Ticks, note: Note) -> Self {
        Self {
            at,
            note,
            home: None,
            pickup: false,
        }
    }
}

impl Work<'_> {
    /// Takes the selected notes out of their phrases, by index of track; locked phrases keep
    /// theirs.
    pub(super) fn lift(&mut self, selection: &Selection) -> Vec<(usize, Vec<Loose>)> {
        let mut lifted = Vec::new();
        for (index, track) in self.song.score.tracks.iter_mut().enumerate() {
            if !selection.has_track(&track.id) {
                continue;
            }
            let mut loose = Vec::new();
            for phrase in &mut track.phrases {
                let span = phrase.span;
                let chosen = |note: &Note| selection.contains(span.start + note.at);
                if !phrase.notes.iter().any(chosen) {
                    continue;
                }
                if phrase.locked {
                    self.remarks.locked(&track.id, &phrase.id);
                    continue;
                }
                loose.extend(phrase.notes.iter().filter(|n| chosen(n)).map(|note| Loose {
                    at: span.start + note.at,
                    note: note.clone(),
                    home: Some(span),
                    pickup: note.at < Ticks::ZERO,
                }));
                phrase.notes.retain(|note| !chosen(note));
                tidy::edited(phrase);
            }
            lifted.push((index, loose));
        }
        lifted
    }

    /// The selected notes by index of track, without taking them out.
    fn look(&self, selection: &Selection) -> Vec<(usize, Vec<Loose>)> {
        let tracks = self.song.score.tracks.iter().enumerate();
        tracks
            .filter(|(_, track)| selection.has_track(&track.id))
            .map(|(index, track)| {
                let notes = track.phrases.iter().flat_map(|phrase| {
                    let start = phrase.span.start;
                    phrase
                        .notes
                        .iter()
                        .map(move |note| Loose::new(start + note.at, note.clone()))
                });
                let chosen = notes.filter(|loose| selection.contains(loose.at));
                (index, chosen.collect())
            })
            .collect()
    }

    /// Puts notes into a track and returns how many found no place: before the beginning, after
    /// the end, or in a locked phrase.
    pub(super) fn drop_notes(&mut self, index: usize, notes: Vec<Loose>) -> usize {
        let end = select::end(&self.song);
        let mut left_out = 0;
        let mut touched = Vec::new();
        for loose in notes {
            if loose.at < Ticks::ZERO || loose.at >= end {
                left_out += 1;
                continue;
            }
            let bar = self.song.plan.timeline.metre(loose.at).bar();
            let own = loose.home.filter(|home| {
                home.contains(loose.at)
                    || (loose.pickup && loose.at < home.start && loose.at >= home.start - bar)
            });
            let track = &self.song.score.tracks[index];
            let found = track.phrases.iter().position(|phrase| match own {
                Some(home) => phrase.span == home,
                None => phrase.span.contains(loose.at),
            });
            let found = found.unwrap_or_else(|| self.new_phrase(index, loose.at));
            let phrase = &mut self.song.score.tracks[index].phrases[found];
            if phrase.locked {
                left_out += 1;
                continue;
            }
            let mut note = loose.note;
            note.at = loose.at - phrase.span.start;
            phrase.notes.push(note);
            if !touched.contains(&phrase.id) {
                touched.push(phrase.id.clone());
            }
        }
        let phrases = &mut self.song.score.tracks[index].phrases;
        for phrase in phrases.iter_mut().filter(|p| touched.contains(&p.id)) {
            tidy::edited(phrase);
        }
        left_out
    }

    /// Makes an empty phrase of the bar around a position that no phrase holds.
    fn new_phrase(&mut self, index: usize, at: Ticks) -> usize {
        let line = &self.song.plan.timeline;
        let bar = line.bar_of(at).0;
        let mut span = TickSpan::new(line.bar_start(bar), line.bar_start(bar + 1));
        let phrases = &self.song.score.tracks[index].phrases;
        for other in phrases {
            if other.span.end <= at {
                span.start = span.start.max(other.span.end);
            }
            if other.span.start > at {
                span.end = span.end.min(other.span.start);
            }
        }
        span.end = span.end.min(select::end(&self.song).max(at + Ticks(1)));
        let section = self
            .song
            .plan
            .sections
            .iter()
            .find(|section| section.span.contains(at));
        let section = section.map_or("song", |section| section.id.as_str());
        let id = (1_u32..)
            .map(|number| format!("{section}.x{number}"))
            .find(|id| !phrases.iter().any(|phrase| phrase.id == *id))
            .unwrap_or_default();
        let before = phrases.partition_point(|phrase| phrase.span.start < span.start);
        self.song.score.tracks[index]
            .phrases
            .insert(before, Phrase::new(id, span, Origin::Edited, Vec::new()));
        before
    }

    /// Lifts a selection, changes the notes of each track and puts them down again.
    fn rearrange(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        mut change: impl FnMut(&Self, TickSpan, Vec<Loose>) -> Vec<Loose>,
    ) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let mut count = 0;
        for span in &selection.spans {
            let part = Selection {
                tracks: selection.tracks.clone(),
                spans: vec![*span],
            };
            for (index, notes) in self.lift(&part) {
                count += notes.len();
                let changed = change(self, *span, notes);
                self.put_down(index, changed);
            }
        }
        self.some_notes(count, &selection)
    }

    /// Puts notes down and says when some found no place.
    fn put_down(&mut self, index: usize, notes: Vec<Loose>) {
        let out = self.drop_notes(index, notes);
        let id = self.song.score.tracks[index].id.clone();
        self.remarks.left_out(
            &id,
            out,
            "they would lie outside the song or in a locked phrase",
            "它们会落在全曲之外或已锁定的乐句中",
        );
    }

    /// Moves notes in time.
    pub(super) fn move_notes(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        by: Quarters,
    ) -> Result<(), OpError> {
        // All stretches are lifted before any is put down, so that none is moved twice.
        let selection = self.select(tracks, place)?;
        let lifted = self.lift(&selection);
        let count = lifted.iter().map(|(_, notes)| notes.len()).sum();
        for (index, mut notes) in lifted {
            for loose in &mut notes {
                loose.at += by.0;
            }
            self.put_down(index, notes);
        }
        self.some_notes(count, &selection)
    }

    /// Plays the selection backwards: what ended last now starts first.
    pub(super) fn retrograde(&mut self, tracks: &Tracks, place: &Place) -> Result<(), OpError> {
        self.rearrange(tracks, place, |_, span, mut notes| {
            for loose in &mut notes {
                // A note that rings over the edge is turned as far as it lies inside.
                let end = (loose.at + loose.note.len).min(span.end);
                loose.note.len = end - loose.at;
                loose.at = span.start + (span.end - end);
                loose.pickup = false;
            }
            notes
        })
    }

    /// Twice as fast: the selection is played in half its time, and again, so that it still fills
    /// its place.
    pub(super) fn double_time(&mut self, tracks: &Tracks, place: &Place) -> Result<(), OpError> {
        self.rearrange(tracks, place, |_, span, notes| {
            let half = Ticks(span.len().0 / 2);
            let mut twice = Vec::with_capacity(2 * notes.len());
            for shift in [Ticks::ZERO, half] {
                twice.extend(notes.iter().cloned().map(|mut loose| {
                    loose.at = span.start + Ticks((loose.at - span.start).0 / 2) + shift;
                    loose.note.len = Ticks(loose.note.len.0 / 2).max(Ticks(1));
                    loose.pickup = false;
                    loose
                }));
            }
            twice
        })
    }

    /// Half as fast: the first half of the selection fills its place, the second half goes.
    pub(super) fn half_time(&mut self, tracks: &Tracks, place: &Place) -> Result<(), OpError> {
        self.rearrange(tracks, place, |_, span, mut notes| {
            let half = span.start + Ticks(span.len().0 / 2);
            notes.retain(|loose| loose.at < half);
            for loose in &mut notes {
                loose.at = span.start + (loose.at - span.start) * 2;
                loose.note.len = (loose.note.len * 2).min(span.end - loose.at);
                loose.pickup = false;
            }
            notes
        })
    }

    /// Draws onsets, and ends if asked, toward a grid that begins at each barline.
    pub(super) fn quantize(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        grid: Grid,
        strength: u8,
        ends: bool,
    ) -> Result<(), OpError> {
        let strength = Ratio::new(i64::from(strength), 100);
        self.rearrange(tracks, place, |work, _, mut notes| {
            let line = &work.song.plan.timeline;
            let snap = |at: Ticks| {
                let (_, offset) = line.bar_of(at);
                let step = grid.step();
                let lines = (offset.0 * 2 + step.0).div_euclid(2 * step.0);
                let target = (at - offset + step * lines).min((at - offset) + line.metre(at).bar());
                at + strength.of(target - at)
            };
            for loose in &mut notes {
                let end = loose.at + loose.note.len;
                let early = loose.at;
                loose.at = snap(loose.at);
                if loose
                    .home
                    .is_some_and(|home| early >= home.start && loose.at < home.start)
                {
                    loose.at = early;
                }
                if ends {
                    let end = snap(end);
                    let least = grid.step().min(loose.note.len);
                    loose.note.len = (end - loose.at).max(least);
                }
            }
            notes
        })
    }

    /// Copies a selection to another place, in place of the notes that its tracks have there.
    pub(super) fn copy(&mut self, tracks: &Tracks, place: &Place, to: At) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let target = select::position(to, &self.song)?;
        let hull = selection.hull();
        let shift = target - hull.start;
        let copied = self.look(&selection);
        let goal = Selection {
            tracks: selection.tracks.clone(),
            spans: selection
                .spans
                .iter()
                .map(|span| TickSpan::new(span.start + shift, span.end + shift))
                .collect(),
        };
        self.lift(&goal);
        let count = copied.iter().map(|(_, notes)| notes.len()).sum();
        for (index, mut notes) in copied {
            for loose in &mut notes {
                loose.at += shift;
                loose.home = None;
            }
            self.put_down(index, notes);
        }
        self.some_notes(count, &selection)
    }

    /// Exchanges the notes of two places of the same length.
    pub(super) fn swap(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        other: &Place,
    ) -> Result<(), OpError> {
        let a = select::find_span(place, &self.song)?;
        let b = select::find_span(other, &self.song)?;
        if a.len() != b.len() || !apart(a, b) {
            let quarters = |span: TickSpan| Quarters(span.len());
            let (en, zh) = if apart(a, b) {
                ("have the same length", "长度相同")
            } else {
                ("not overlap", "互不重叠")
            };
            return Err(OpError::new(
                format!(
                    "two places that are swapped must {en}; `{place}` has {} quarters, `{other}` {}",
                    quarters(a),
                    quarters(b)
                ),
                format!(
                    "交换的两处必须{zh}；“{place}”有 {} 个四分音符，“{other}”有 {} 个",
                    quarters(a),
                    quarters(b)
                ),
            ));
        }
        let ids = select::find_tracks(tracks, &self.song, self.catalog)?;
        let whole = |span| Selection {
            tracks: ids.clone(),
            spans: vec![span],
        };
        // Where one side is locked, the other must stay too.
        let mut held = Vec::new();
        for track in self
            .song
            .score
            .tracks
            .iter()
            .filter(|t| ids.contains(&t.id))
        {
            for phrase in track.phrases.iter().filter(|p| p.locked) {
                if phrase.span.overlaps(a) || phrase.span.overlaps(b) {
                    self.remarks.locked(&track.id, &phrase.id);
                    held.push(track.id.clone());
                }
            }
        }
        let free = |mut selection: Selection| {
            selection.tracks.retain(|id| !held.contains(id));
            selection
        };
        let (from_a, from_b) = (self.lift(&free(whole(a))), self.lift(&free(whole(b))));
        let mut count = 0;
        for (lifted, shift) in [(from_a, b.start - a.start), (from_b, a.start - b.start)] {
            for (index, mut notes) in lifted {
                count += notes.len();
                for loose in &mut notes {
                    loose.at += shift;
                    loose.home = None;
                }
                self.put_down(index, notes);
            }
        }
        self.some_notes(count, &whole(a))
    }
}
