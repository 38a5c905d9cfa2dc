//! What a tune stands on: bars, keys and chords by time.

use yuefu_song::{ChordSpan, Score, SongPlan};
use yuefu_theory::{Chord, Key, Metre, Mode, Ticks, Timeline};

/// Metres, keys and chords of a piece.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    timeline: &'a Timeline,
    /// Keys by where they begin, in order, at least one.
    keys: Vec<(Ticks, Key)>,
    /// Chords in order.
    chords: Vec<ChordSpan>,
}

impl<'a> Ground<'a> {
    /// What a score's tunes stand on. A score without sections is in C.
    pub fn of_score(score: &'a Score) -> Self {
        let keys = score.sections.iter().map(|s| (s.span.start, s.key));
        Self::new(&score.timeline, keys.collect(), score.chords.clone())
    }

    /// What the tunes of a planned song stand on.
    pub fn of_plan(plan: &'a SongPlan) -> Self {
        let keys = plan.sections.iter().map(|s| (s.span.start, s.key));
        let chords = plan.sections.iter().flat_map(|s| s.chords.iter().cloned());
        Self::new(&plan.timeline, keys.collect(), chords.collect())
    }

    fn new(timeline: &'a Timeline, mut keys: Vec<(Ticks, Key)>, chords: Vec<ChordSpan>) -> Self {
        if keys.is_empty() {
            keys.push((Ticks::ZERO, Key::simplest(0, Mode::Major)));
        }
        Self {
            timeline,
            keys,
            chords,
        }
    }

    /// The metre at a time.
    pub fn metre(&self, at: Ticks) -> &Metre {
        self.timeline.metre(at)
    }

    /// How far a time is into its bar.
    pub fn in_bar(&self, at: Ticks) -> Ticks {
        self.timeline.bar_of(at).1
    }

    /// The key at a time.
    pub fn key(&self, at: Ticks) -> Key {
        let after = self.keys.partition_point(|(start, _)| *start <= at);
        self.keys[after.saturating_sub(1)].1
    }

    /// The chord at a time, where one is implied.
    pub fn chord(&self, at: Ticks) -> Option<Chord> {
        ChordSpan::at(&self.chords, at).map(|found| found.chord)
    }

    /// The next other chord after a time, and when it comes.
    pub fn next_chord(&self, at: Ticks) -> Option<(Ticks, Chord)> {
        let now = self.chord(at);
        let after = self.chords.partition_point(|c| c.span.start <= at);
        let next = self.chords[after..].iter().find(|c| Some(c.chord) != now)?;
        Some((next.span.start, next.chord))
    }
}
