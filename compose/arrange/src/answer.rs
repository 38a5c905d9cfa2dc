//! What an instrument says where the singer breathes.

use crate::{counter::step_in_scale, hall::Desk, level};
use yuefu_engine::Rng;
use yuefu_song::{Note, SectionPlan};
use yuefu_theory::{TickSpan, Ticks};

/// The grid that answers begin and end on.
const GRID: Ticks = Ticks::of(1, 8);
/// Notes of a line's end that an echo takes up at most.
const ECHO: usize = 5;
/// Rhythms of runs in eighths, from the first note to the end of the last; the last note leads on.
const RUNS: [&[i64]; 6] = [
    &[1, 1, 2],
    &[2, 1, 1],
    &[1, 1, 1, 2],
    &[3, 1, 2],
    &[2, 1, 1, 2],
    &[1, 1, 1, 1, 2, 2],
];

/// How an instrument answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// The end of the line once more, in the chord of the moment.
    Echo,
    /// A short run to a tone of the chord that follows.
    Run,
    /// One or two long tones under the silence.
    Held,
}

/// The answers of an instrument in the gaps of a sung section: it echoes the line's end, runs up or
/// down to a tone of the next chord, or holds tones, and it ends before the words go on.
pub fn answers(desk: &Desk<'_>, section: &SectionPlan, sung: &[&Note]) -> Vec<Note> {
    let mut rng = desk.section_seed(section).join("answer").rng();
    let end = desk
        .hall
        .final_bar()
        .filter(|bar| section.span.contains(bar.start))
        .map_or(section.span.end, |bar| bar.start);
    // An instrument has a manner, and leaves it now and then.
    let all = [Manner::Echo, Manner::Run, Manner::Held];
    let own = all[rng.weighted(&[0.4, 0.35, 0.25])];
    let eager = 0.35 + desk.energy(section) * 0.5;
    let mut notes = Vec::new();
    for (index, note) in sung.iter().enumerate() {
        let next = sung.get(index + 1).map_or(end, |n| n.at);
        // On the grid, a moment after the voice has ended.
        let from = Ticks((note.end().0 + GRID.0 - 1).div_euclid(GRID.0) * GRID.0);
        // What comes next is led to and left alone.
        let gap = TickSpan::new(from, (next - GRID).max(from));
        if gap.len() < GRID * 2 || !rng.chance(eager) {
            continue;
        }
        let manner = match rng.chance(0.7) {
            true => own,
            false => all[rng.below(3)],
        };
        let place = Gap {
            desk,
            section,
            gap,
            next,
        };
        let echoed = (manner == Manner::Echo)
            .then(|| place.echo(&sung[..=index]))
            .flatten();
        notes.extend(match manner {
            Manner::Held if gap.len() >= Ticks::of(1, 2) => place.held(&mut rng),
            _ => echoed.unwrap_or_else(|| place.run(&mut rng)),
        });
    }
    notes
}

/// Where one answer has its place.
struct Gap<'a> {
    desk: &'a Desk<'a>,
    section: &'a SectionPlan,
    gap: TickSpan,
    /// When the words go on.
    next: Ticks,
}

impl Gap<'_> {
    /// The last notes of a line a bar or more later, or half a bar; `None` where they find no room.
    fn echo(&self, line: &[&Note]) -> Option<Vec<Note>> {
        let bar = self.desk.hall.metre(self.section).bar();
        let joined = line.windows(2).rev().take(ECHO - 1);
        let joined = joined.take_while(|pair| pair[1].at - pair[0].end() <= GRID);
        let taken = &line[line.len() - 1 - joined.count()..];
        // The shortest end that is still a figure is better than none.
        (3..=taken.len()).rev().find_map(|count| {
            let own = &taken[taken.len() - count..];
            let begins = own[0].at;
            let step = Ticks(bar.0 / 2);
            let shift = step * (self.gap.start - begins).0.div_euclid(step.0).max(0);
            let shift = match begins + shift < self.gap.start {
                true => shift + step,
                false => shift,
            };
            let last = own[count - 1].at + shift;
            (last + GRID <= self.gap.end).then(|| self.echoed(own, shift))
        })
    }

    fn echoed(&self, own: &[&Note], shift: Ticks) -> Vec<Note> {
        let center = self.center();
        let mean = own.iter().map(|note| note.pitch.midi()).sum::<i32>() / own.len() as i32;
        // Another octave, where the instrument is at home.
        let octave = (center - mean + 6).div_euclid(12) * 12;
        let metre = self.desk.hall.metre(self.section);
        let notes = own.iter().enumerate().map(|(index, note)| {
            let at = note.at + shift;
            let strong = metre.weight(at - self.section.span.start) >= 0.6;
            let key = note.pitch.midi() + octave;
            let key = match strong || index + 1 == own.len() {
                true => self.chord_tone(at, key),
                false => key,
            };
            let len = note.len.min(self.gap.end - at).min(Ticks::of(1, 2));
            self.note(at, len, key, 0.44)
        });
        notes.collect()
    }

    /// Up or down by steps to a tone of the next chord.
    fn run(&self, rng: &mut Rng) -> Vec<Note> {
        let room = self.gap.len().0 / GRID.0;
        let fits = |cells: &&&[i64]| cells.iter().sum::<i64>() <= room;
        let fitting: Vec<&&[i64]> = RUNS.iter().filter(fits).collect();
        let shortest: &[i64] = &[1, 1];
        let cells = rng.pick(&fitting).map_or(shortest, |cells| **cells);
        let mut key = self.chord_tone(self.next, self.center() + 4);
        let up = rng.chance(0.5);
        let mut end = self.gap.end;
        let mut notes = Vec::with_capacity(cells.len());
        for (back, cell) in cells.iter().rev().enumerate() {
            let len = GRID * *cell;
            let at = end - len;
            notes.push(self.note(at, len, key, 0.5 - 0.02 * back as f32));
            end = at;
            key = step_in_scale(self.section, key, up == rng.chance(0.2));
        }
        notes.reverse();
        notes
    }

    /// Tones of the chords that sound, the second near the first.
    fn held(&self, rng: &mut Rng) -> Vec<Note> {
        let beat = self.desk.hall.metre(self.section).unit_len();
        let start = self.section.span.start;
        let into = (self.gap.start - start).0;
        let from = start + Ticks((into + beat.0 - 1).div_euclid(beat.0) * beat.0);
        let first = self.chord_tone(from, self.center() + rng.below(8) as i32);
        let changes = self.desk.hall.chord_at(from).map(|chord| chord.span.end);
        let turn = changes.filter(|at| *at > from && *at + beat <= self.gap.end);
        let until = turn.unwrap_or(self.gap.end);
        let mut notes = vec![self.note(from, until - from, first, 0.42)];
        if let Some(at) = turn {
            let second = self.chord_tone(at, first + [-2, 2][rng.below(2)]);
            notes.push(self.note(at, self.gap.end - at, second, 0.45));
        }
        notes
    }

    fn note(&self, at: Ticks, len: Ticks, key: i32, loud: f32) -> Note {
        let [low, high] = self.desk.profile.sweet.map(i32::from);
        let key = crate::hall::folded(key, low, high);
        Note::new(at, len, self.section.key.spell(key), level(loud))
    }

    /// The middle of where the instrument sounds best.
    fn center(&self) -> i32 {
        let [low, high] = self.desk.profile.sweet.map(i32::from);
        (low + high) / 2
    }

    /// The tone of a chord that is nearest to a key; of equally near ones the lower.
    fn chord_tone(&self, at: Ticks, near: i32) -> i32 {
        let chord = self.desk.hall.chord_at(at);
        let has = |key: &i32| chord.is_none_or(|c| c.chord.has(key.rem_euclid(12) as u8));
        let around = (0..=6).flat_map(|away| [near - away, near + away]);
        around.into_iter().find(has).unwrap_or(near)
    }
}
