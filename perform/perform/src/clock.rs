//! From score position to seconds as it is felt: swing and rubato over the timeline.

use yuefu_engine::SeedPath;
use yuefu_song::{Ending, Feel, Score, SongPlan};
use yuefu_theory::{TickSpan, Ticks, Timeline};

/// Converts score positions to seconds for every track alike, so that the ensemble stays together.
///
/// Swing moves positions inside a pair of notes; rubato moves them inside a group of bars. Both
/// leave the starts and ends of sections where the timeline has them, so no length changes.
#[derive(Clone, Debug)]
pub struct Clock<'a> {
    timeline: &'a Timeline,
    feel: Feel,
    sections: Vec<Energy>,
    cells: Vec<Cell>,
    end: Ticks,
    ring: f64,
}

/// The energy of a section.
#[derive(Clone, Copy, Debug)]
struct Energy {
    span: TickSpan,
    ends: [f32; 2],
}

/// A group of bars that breathes as one gesture.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: f64,
    end: f64,
    /// Relative slowing at both ends and at the end only.
    amount: [f64; 2],
}

impl<'a> Clock<'a> {
    /// The clock of a score. Energies inside sections come from the plan's sections of the same
    /// id, feel from the plan, tempo and metre from the score.
    pub fn new(score: &'a Score, plan: &SongPlan, seed: &SeedPath) -> Self {
        let sections: Vec<Energy> = score
            .sections
            .iter()
            .map(|section| Energy {
                span: section.span,
                ends: plan
                    .sections
                    .iter()
                    .find(|planned| planned.id == section.id)
                    .map_or([section.energy; 2], |planned| planned.energy),
            })
            .collect();
        let mut clock = Self {
            timeline: &score.timeline,
            feel: plan.feel,
            sections,
            cells: Vec::new(),
            end: score.end(),
            ring: 0.0,
        };
        if matches!(plan.ending, Ending::Ring | Ending::Ritard) {
            // Leave the last of the tail to the room.
            let tail = plan.length.0 - clock.timeline.seconds(clock.end);
            clock.ring = (tail - 0.5).clamp(0.0, 2.4);
        }
        let rubato = f64::from(plan.feel.rubato.clamp(0.0, 1.0));
        if rubato > 0.0 {
            for section in &score.sections {
                let path = seed.join("perform").join("rubato").join(&section.id);
                clock.breathe(section.span, rubato, &path);
            }
        }
        clock
    }

    /// Seconds that a note with this written end is held beyond it: the final chord of a piece
    /// that rings out fills the silence that its length leaves.
    pub fn ring(&self, end: Ticks) -> f64 {
        if end >= self.end { self.ring } else { 0.0 }
    }

    /// Divides a section into groups of four bars (or three, or two) that each press on a little
    /// and then yield into their end.
    fn breathe(&mut self, span: TickSpan, rubato: f64, path: &SeedPath) {
        let (first, _) = self.timeline.bar_of(span.start);
        let (last, offset) = self.timeline.bar_of(span.end);
        let bars = last - first + i64::from(offset > Ticks::ZERO);
        let group = [4, 3, 2].into_iter().find(|n| bars % n == 0).unwrap_or(4);
        let mut bar = first;
        while bar < last.max(first + 1) {
            let start = self.timeline.bar_start(bar).max(span.start);
            // A short rest of bars joins the group before it.
            let next = if last - (bar + group) < 2 && bar + group < last {
                last
            } else {
                bar + group
            };
            let end = if next >= last {
                span.end
            } else {
                self.timeline.bar_start(next).min(span.end)
            };
            if end <= start {
                break;
            }
            let mut rng = path.join(bar - first).rng();
            let closing = if end == span.end { 1.3 } else { 1.0 };
            let vary = f64::from(rng.range(0.7, 1.3)) * rubato;
            self.cells.push(Cell {
                start: self.timeline.seconds(start),
                end: self.timeline.seconds(end),
                amount: [0.010 * vary, 0.030 * closing * vary],
            });
            bar = next;
        }
    }

    /// The second at which a position is felt.
    pub fn seconds(&self, at: Ticks) -> f64 {
        let straight = self.timeline.seconds(self.swung(at));
        straight + self.warp(straight)
    }

    /// Seconds that rubato adds at a second of the timeline.
    ///
    /// The slope is zero-sum over a group of bars: it begins near the tempo, quickens by up to
    /// about 7 %, and slows by up to about 25 % into the group's end at full freedom (the
    /// final-lengthening shape of Repp 1990, with the area kept).
    fn warp(&self, at: f64) -> f64 {
        let index = self.cells.partition_point(|cell| cell.start <= at);
        let Some(cell) = index.checked_sub(1).map(|i| &self.cells[i]) else {
            return 0.0;
        };
        let length = cell.end - cell.start;
        let x = (at - cell.start) / length;
        if !(0.0..1.0).contains(&x) {
            return 0.0;
        }
        let arch = yuefu_audio::math::sin(std::f64::consts::TAU * x);
        let late = -6.75 * x * x * (1.0 - x);
        length * (cell.amount[0] * arch + cell.amount[1] * late)
    }

    /// A position moved by swing: the second half of each pair begins at up to two thirds of it.
    ///
    /// Positions that already divide the pair in three or six are left alone, and so are metres
    /// whose beats divide in three.
    pub fn swung(&self, at: Ticks) -> Ticks {
        let swing = f64::from(self.feel.swing.clamp(0.0, 1.0));
        let pair = match self.feel.swing_unit {
            16 => Ticks::of(1, 8).0,
            _ => Ticks::of(1, 4).0,
        };
        if swing <= 0.0 {
            return at;
        }
        let metre = self.timeline.metre(at);
        if pair == Ticks::of(1, 4).0 && metre.unit > 4 {
            return at;
        }
        let (_, offset) = self.timeline.bar_of(at);
        let inside = offset.0.rem_euclid(pair);
        let half = pair / 2;
        if inside == 0 || (inside != half && inside % (pair / 6) == 0) {
            return at;
        }
        let middle = half as f64 * (1.0 + swing / 3.0);
        let moved = if inside <= half {
            inside as f64 * middle / half as f64
        } else {
            middle + (inside - half) as f64 * (pair as f64 - middle) / half as f64
        };
        at + Ticks(moved.round() as i64 - inside)
    }

    /// Energy at a position: from the start to the end of its section in a straight line; 0.5
    /// where there is no section.
    pub fn energy(&self, at: Ticks) -> f32 {
        let after = self.sections.partition_point(|s| s.span.start <= at);
        let Some(section) = after
            .checked_sub(1)
            .map(|i| self.sections[i])
            .or(self.sections.first().copied())
        else {
            return 0.5;
        };
        let length = section.span.len().0.max(1) as f32;
        let x = ((at - section.span.start).0 as f32 / length).clamp(0.0, 1.0);
        (section.ends[0] + (section.ends[1] - section.ends[0]) * x).clamp(0.0, 1.0)
    }

    /// How much stronger the next section begins than the one of a position ends; 0 in the last.
    pub fn rise(&self, at: Ticks) -> f32 {
        let after = self.sections.partition_point(|s| s.span.start <= at);
        match (after.checked_sub(1), self.sections.get(after)) {
            (Some(here), Some(next)) => next.ends[0] - self.sections[here].ends[1],
            _ => 0.0,
        }
    }

    /// The end of the section of a position, if it has one.
    pub fn section_end(&self, at: Ticks) -> Option<Ticks> {
        self.sections
            .iter()
            .find(|s| s.span.contains(at))
            .map(|s| s.span.end)
    }

    /// The timeline beneath.
    pub fn timeline(&self) -> &Timeline {
        self.timeline
    }

    /// How time is felt.
    pub fn feel(&self) -> Feel {
        self.feel
    }
}
