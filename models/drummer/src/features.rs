//! What the networks are told, as rows of numbers; training and playing read the same.

use crate::groove::{BAR, Hit, KINDS, Rows, STEPS};
use crate::swing::Swing;

/// Numbers in the summary of a groove.
pub const SUMMARY: usize = 32;
/// Levels that a hit may be written with, and one for "not said".
pub const LEVELS: usize = 5;
/// The level of a hit of which none is said.
pub const NO_LEVEL: u8 = 4;
/// Classes of force.
pub const FORCES: usize = 32;
/// Classes of lateness, over a sixteenth.
pub const TIMES: usize = 33;
/// Steps back to a hit of the same kind, and forth, that are told apart.
const NEAR: usize = 9;

/// Styles of the drummers that were learned from.
pub const STYLES: [&str; 18] = [
    "rock",
    "funk",
    "jazz",
    "latin",
    "hiphop",
    "soul",
    "afrocuban",
    "punk",
    "neworleans",
    "country",
    "pop",
    "reggae",
    "gospel",
    "afrobeat",
    "dance",
    "blues",
    "highlife",
    "middleeastern",
];

/// What is known of a whole groove.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// Place in [`STYLES`]; `None` where nothing is said.
    pub style: Option<usize>,
    /// Quarters a minute.
    pub tempo: f64,
    /// Whether it is a fill.
    pub fill: bool,
    /// How it swings.
    pub swing: Swing,
}

/// Numbers of a [`Ground`].
pub const GROUND: usize = STYLES.len() + 5;

/// What is known of a whole groove, as numbers.
pub fn ground(ground: &Ground) -> [f32; GROUND] {
    let mut row = [0.0; GROUND];
    row[ground.style.unwrap_or(STYLES.len())] = 1.0;
    let rest = &mut row[STYLES.len() + 1..];
    rest[0] = ((ground.tempo - 120.0) / 60.0) as f32;
    rest[1] = f32::from(u8::from(ground.fill));
    rest[2] = ground.swing.eighths as f32;
    rest[3] = ground.swing.sixteenths as f32;
    row
}

/// Numbers of a step as the reader of grooves is told it.
pub const READ: usize = 3 * KINDS + 1 + BAR + GROUND;

/// The steps of two bars as the reader is told them; `felt`: with force and time, else hits alone.
pub fn read(hits: &[Hit], felt: bool, ground: &[f32; GROUND]) -> Vec<[f32; READ]> {
    let mut steps = vec![[0.0; READ]; STEPS];
    for (index, step) in steps.iter_mut().enumerate() {
        step[3 * KINDS] = f32::from(u8::from(felt));
        step[3 * KINDS + 1 + index % BAR] = 1.0;
        step[3 * KINDS + 1 + BAR..].copy_from_slice(ground);
    }
    for hit in hits.iter().filter(|hit| hit.step < STEPS) {
        let step = &mut steps[hit.step];
        step[hit.kind] = 1.0;
        if felt {
            step[KINDS + hit.kind] = hit.force;
            step[2 * KINDS + hit.kind] = 2.0 * hit.late;
        }
    }
    steps
}

/// Numbers of a step as the writer of grooves is told it.
pub const WRITE: usize = 2 * KINDS + BAR + 1 + GROUND;

/// What the writer is told before a step: the step before, the same step a bar before, the place.
pub fn write(rows: &Rows, index: usize, ground: &[f32; GROUND]) -> [f32; WRITE] {
    let mut step = [0.0; WRITE];
    let mut mark = |from: usize, row: Option<&[bool; KINDS]>| {
        for (kind, hit) in row.into_iter().flatten().enumerate() {
            step[from + kind] = f32::from(u8::from(*hit));
        }
    };
    mark(0, index.checked_sub(1).map(|before| &rows[before]));
    mark(KINDS, index.checked_sub(BAR).map(|before| &rows[before]));
    step[2 * KINDS + index % BAR] = 1.0;
    step[2 * KINDS + BAR] = f32::from(u8::from(index >= BAR));
    step[2 * KINDS + BAR + 1..].copy_from_slice(ground);
    step
}

/// Numbers of a hit as the player is told it.
pub const PLAY: usize = 4 * KINDS + BAR + 2 * (NEAR + 1) + 6 + LEVELS + 2 + GROUND;

/// What is played, to tell the player of it hit by hit. Hits are in order of step and kind.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Steps and kinds.
    hits: &'a [(usize, usize)],
    /// Written levels: ghost, soft, normal, accent, [`NO_LEVEL`].
    levels: &'a [u8],
    ground: [f32; GROUND],
    /// Mean force, where it is asked for.
    force: Option<f32>,
    /// For each hit: steps from the last one of its kind and to the next.
    near: Vec<[usize; 2]>,
}

impl<'a> Page<'a> {
    /// A page of hits with their levels.
    pub fn new(
        hits: &'a [(usize, usize)],
        levels: &'a [u8],
        ground: [f32; GROUND],
        force: Option<f32>,
    ) -> Self {
        let mut near = vec![[NEAR; 2]; hits.len()];
        let mut last: [Option<(usize, usize)>; KINDS] = [None; KINDS];
        for (index, (step, kind)) in hits.iter().enumerate() {
            if let Some((before, at)) = last[*kind] {
                let far = (step - at).min(NEAR);
                near[index][0] = far;
                near[before][1] = far;
            }
            last[*kind] = Some((index, *step));
        }
        Self {
            hits,
            levels,
            ground,
            force,
            near,
        }
    }

    /// What the player is told before a hit; `played` are force and lateness of those before it.
    pub fn row(&self, index: usize, played: &[(f32, f32)]) -> [f32; PLAY] {
        let mut row = [0.0; PLAY];
        let (step, kind) = self.hits[index];
        row[kind] = 1.0;
        // What else is struck: now, just before, just after.
        let around = self.hits[..index].iter().rev().map_while(|(at, kind)| {
            let back = step - at;
            (back <= 1).then_some((back, *kind))
        });
        let ahead = self.hits[index..].iter().map_while(|(at, kind)| {
            let forth = at - step;
            (forth <= 1).then_some((2 * forth, *kind))
        });
        for (group, kind) in around.chain(ahead) {
            row[KINDS * (1 + group) + kind] = 1.0;
        }
        let mut at = 4 * KINDS;
        row[at + step % BAR] = 1.0;
        at += BAR;
        for far in self.near[index] {
            row[at + far] = 1.0;
            at += NEAR + 1;
        }
        if let Some((force, late)) = index.checked_sub(1).map(|before| played[before]) {
            row[at] = force;
            row[at + 1] = 2.0 * late;
            row[at + 2] = f32::from(u8::from(self.hits[index - 1].0 == step));
        }
        let same = self.hits[..index].iter().rposition(|hit| hit.1 == kind);
        if let Some((force, late)) = same.map(|before| played[before]) {
            row[at + 3] = force;
            row[at + 4] = 2.0 * late;
            row[at + 5] = 1.0;
        }
        at += 6;
        row[at + usize::from(self.levels[index])] = 1.0;
        at += LEVELS;
        if let Some(force) = self.force {
            row[at] = 1.0;
            row[at + 1] = force;
        }
        at += 2;
        row[at..].copy_from_slice(&self.ground);
        row
    }
}

/// The level that a force is written with.
pub fn level_of(force: f32) -> u8 {
    [0.30, 0.55, 0.80].iter().filter(|b| force >= **b).count() as u8
}

/// The class of a force.
pub fn force_class(force: f32) -> usize {
    ((force * FORCES as f32) as usize).min(FORCES - 1)
}

/// The force at a place (0..1) inside a class.
pub fn force_of(class: usize, inside: f32) -> f32 {
    (class as f32 + inside) / FORCES as f32
}

/// The class of a lateness.
pub fn time_class(late: f32) -> usize {
    (((late + 0.5) * TIMES as f32).max(0.0) as usize).min(TIMES - 1)
}

/// The lateness at a place (0..1) inside a class.
pub fn time_of(class: usize, inside: f32) -> f32 {
    (class as f32 + inside) / TIMES as f32 - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_come_back() {
        assert!((0..FORCES).all(|class| force_class(force_of(class, 0.5)) == class));
        assert!((0..TIMES).all(|class| time_class(time_of(class, 0.5)) == class));
        assert_eq!([0.28, 0.5, 0.66, 0.84].map(level_of), [0, 1, 2, 3]);
        assert_eq!(time_of(16, 0.5), 0.0);
    }

    #[test]
    fn a_page_tells_what_is_around() {
        let hits = [(0, 0), (0, 2), (1, 2), (4, 1), (4, 2)];
        let none = [NO_LEVEL; 5];
        let page = Page::new(&hits, &none, [0.0; GROUND], None);
        let played = [(0.5, 0.1), (0.25, 0.0)];
        let row = page.row(2, &played);
        assert_eq!(row[2], 1.0);
        let marked = |group: usize| -> Vec<usize> {
            let own = &row[KINDS * (1 + group)..][..KINDS];
            (0..KINDS).filter(|kind| own[*kind] > 0.0).collect()
        };
        assert_eq!(
            [marked(0), marked(1), marked(2)],
            [vec![2], vec![0, 2], vec![]]
        );
        let near = &row[4 * KINDS + BAR..];
        assert_eq!((near[1], near[NEAR + 1 + 3]), (1.0, 1.0));
        let past = &near[2 * (NEAR + 1)..];
        assert_eq!(past[..6], [0.25, 0.0, 0.0, 0.25, 0.0, 1.0]);
    }
}
