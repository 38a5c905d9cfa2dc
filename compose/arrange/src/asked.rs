//! What a phrase is asked to be: how dense, how high, how long its breath, in the ways of its school.

use crate::melody::Writer;
use yuefu_song::{Family, School, SectionKind};
use yuefu_theory::{TickSpan, Ticks};

/// Notes for each quarter note in most songs.
const USUAL: f32 = 1.35;

/// How the tunes of a school differ from pop's, where somebody has learned both.
pub struct Ways {
    /// Notes, in parts of what pop has.
    notes: f32,
    /// Silence at the end of phrases, likewise.
    breath: f32,
    /// How often a phrase takes the rhythm of the first one.
    pub kinship: f32,
    /// How far materials differ in their notes, each beside what its energy says.
    flow: f32,
}

impl Ways {
    /// The ways of a school.
    pub fn of(school: School) -> Self {
        let [notes, breath, kinship, flow] = match school {
            School::Rules | School::Pop => [1.0, 1.0, 0.15, 0.9],
            School::Art => [0.8, 1.4, 0.05, 1.8],
            School::Standard => [0.6, 0.6, 0.7, 0.9],
        };
        Self {
            notes,
            breath,
            kinship,
            flow,
        }
    }
}

impl Writer<'_> {
    /// Notes for each quarter note that are asked of who finds tunes.
    pub fn asked_density(&self) -> f32 {
        nearer(self.density()) * self.flow() * self.sparseness()
    }

    /// Silence that phrases leave at their end: a beat, or what the song is used to where somebody
    /// has learned from songs.
    pub fn breath(&self) -> Ticks {
        let unit = self.hall.metre(self.section).unit_len();
        match self.finder() {
            Some(_) => {
                let beats = self.hall.habits.breath * Ways::of(self.style.melody.school).breath;
                // On the grid, so that the note before is as long as one can be written.
                let grid = Ticks::of(1, 16).0;
                Ticks((unit.0 as f32 * beats / grid as f32) as i64 * grid)
            }
            None => unit,
        }
    }

    /// How far a phrase lies above or below its section's middle, in semitones: lines that answer do
    /// not sit on one another.
    pub fn height(&self, span: TickSpan) -> f32 {
        let from = (span.start - self.section.span.start).0;
        let swing = self.seed.join("height").join(from).rng().normal();
        let height = swing.clamp(-1.8, 1.8) * self.hall.habits.heights;
        match self.profile.family {
            // A voice that sits an octave away is another singer's.
            Family::Voice => height.clamp(-6.0, 6.0),
            _ => height,
        }
    }

    /// How much denser or sparser the tunes of this material are than its energy says: verses that
    /// talk and choruses that hold, or the other way around.
    fn flow(&self) -> f32 {
        let swing =
            self.seed.join("flow").rng().bipolar() * Ways::of(self.style.melody.school).flow;
        match swing > 0.0 {
            true => 1.0 + swing,
            false => 1.0 / (1.0 - swing),
        }
    }

    /// Tunes of some schools have fewer notes; whoever plays a solo has not.
    fn sparseness(&self) -> f32 {
        match self.section.kind {
            SectionKind::Solo => 1.0,
            _ => Ways::of(self.style.melody.school).notes,
        }
    }

    /// Notes for each quarter note that the cells of the style have at this energy.
    fn density(&self) -> f32 {
        let style = &self.style.melody;
        let busy = self.energy() > 0.72 || self.section.kind == SectionKind::Solo;
        let pool = match busy && !style.busy_cells.is_empty() {
            true => &style.busy_cells,
            false => &style.cells,
        };
        let bar = self
            .style
            .metres
            .first()
            .map_or(4.0, |m| m.bar().as_quarters()) as f32;
        let mut counts: Vec<usize> = pool
            .iter()
            .map(|row| row.chars().filter(|c| *c == 'x').count())
            .collect();
        counts.sort_unstable();
        let share = (self.energy() * 1.2 - 0.1).clamp(0.1, 0.9);
        let at = (share * counts.len() as f32) as usize;
        let count = counts.get(at.min(counts.len().saturating_sub(1)));
        // Full sections are denser than the cells of one bar say, calm ones sparser.
        let lift = 0.75 + 0.5 * self.energy();
        count.map_or(1.0, |count| *count as f32 / bar.max(1.0) * lift)
    }
}

/// A density as songs have it that a finder learned from: cells of single bars say more than a whole
/// song keeps up, and less than it leaves out.
fn nearer(density: f32) -> f32 {
    USUAL * (density / USUAL).max(0.0).sqrt()
}
