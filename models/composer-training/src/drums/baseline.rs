//! What the drummer has to beat: tables that count, means, and the program's own rules.

use super::takes::Window;
use crate::baseline::witten_bell;
use std::collections::HashMap;
use yuefu_drummer::groove::{BAR, Hit, KEYS, KINDS, STEPS, rows};
use yuefu_perform::{Reading, Site, play};
use yuefu_song::{Articulation, Family, Role};
use yuefu_theory::{Key, Metre, Mode, Ticks};

/// What a table knows of the past of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Its place in the bar.
    Place,
    /// That, and the step before.
    Step,
    /// That, and the same step of the bar before.
    Bar,
}

/// Counts of the rows of steps, with Witten-Bell back-off down to equal shares (Witten & Bell 1991).
#[derive(Debug)]
pub struct Table {
    past: Past,
    counts: HashMap<Vec<u16>, HashMap<u16, u32>>,
}

/// A step as one number: which kinds are struck.
fn numbers(window: &Window) -> Vec<u16> {
    let bits = |row: &[bool; KINDS]| {
        let bits = row.iter().enumerate();
        bits.fold(0, |sum, (kind, hit)| sum | u16::from(*hit) << kind)
    };
    let rows = rows(&window.hits);
    rows.iter().take(window.steps).map(bits).collect()
}

impl Table {
    /// Counts windows.
    pub fn count(past: Past, windows: &[Window]) -> Self {
        let mut own = Self {
            past,
            counts: HashMap::new(),
        };
        for steps in windows.iter().map(numbers) {
            for index in 0..steps.len() {
                let past = own.past(&steps, index);
                for length in 0..=past.len() {
                    let row = own.counts.entry(past[..length].to_vec()).or_default();
                    *row.entry(steps[index]).or_default() += 1;
                }
            }
        }
        own
    }

    fn past(&self, steps: &[u16], index: usize) -> Vec<u16> {
        let before = |far: usize| index.checked_sub(far).map_or(u16::MAX, |at| steps[at]);
        let all = [(index % BAR) as u16, before(1), before(BAR)];
        let known = match self.past {
            Past::Place => 1,
            Past::Step => 2,
            Past::Bar => 3,
        };
        all[..known].to_vec()
    }

    /// Mean surprise at the steps of windows, in bits.
    pub fn bits(&self, windows: &[Window]) -> f64 {
        let (mut sum, mut count) = (0.0, 0);
        for steps in windows.iter().map(numbers) {
            for index in 0..steps.len() {
                let past = self.past(&steps, index);
                let rows = (0..=past.len()).map_while(|length| self.counts.get(&past[..length]));
                sum -= witten_bell(rows, steps[index], 1 << KINDS).log2();
                count += 1;
            }
        }
        sum / f64::from(count.max(1))
    }
}

/// Mean force and lateness of each kind at each place of the bar.
#[derive(Debug)]
pub struct Means {
    cells: Vec<[(f64, f64); KINDS]>,
    /// Over all hits.
    pub all: (f32, f32),
}

impl Means {
    /// Counts windows.
    pub fn count(windows: &[Window]) -> Self {
        let mut sums = vec![[(0.0, 0.0, 0.0); KINDS]; BAR];
        for hit in windows.iter().flat_map(|window| &window.hits) {
            let cell = &mut sums[hit.step % BAR][hit.kind];
            *cell = (
                cell.0 + f64::from(hit.force),
                cell.1 + f64::from(hit.late),
                cell.2 + 1.0,
            );
        }
        let total = sums
            .iter()
            .flatten()
            .fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let mean = |(force, late, count): (f64, f64, f64)| match count > 0.0 {
            true => (force / count, late / count),
            false => (total.0 / total.2, total.1 / total.2),
        };
        let all = mean(total);
        Self {
            cells: sums.iter().map(|row| row.map(mean)).collect(),
            all: (all.0 as f32, all.1 as f32),
        }
    }

    /// The means of a hit's cell.
    pub fn of(&self, hit: &Hit) -> (f32, f32) {
        let (force, late) = self.cells[hit.step % BAR][hit.kind];
        (force as f32, late as f32)
    }
}

/// What the rules of the program make of hits that are written plainly: `compose/arrange` leans hats
/// and rides on the beats, `perform/perform` plays the rest.
pub fn by_rules(window: &Window, seed: u64) -> Vec<(f32, f32)> {
    let metre = Metre::common();
    let tempo = window.ground.tempo;
    let sixteenth = 15.0 / tempo;
    let site = |hit: &Hit| {
        let at = Ticks::of(1, 16) * hit.step as i64;
        let offset = Ticks(at.0 % metre.bar().0);
        let weight = metre.weight(offset);
        let lean = match hit.kind {
            2 | 3 | 8 => 0.62 + 0.56 * weight,
            _ => 1.0,
        };
        let on = window.ground.swing.place(hit.step) * sixteenth;
        Site {
            at,
            offset,
            weight,
            compound: false,
            on,
            end: on + sixteenth,
            chord_end: on + sixteenth,
            quarter: 60.0 / tempo,
            energy: [0.55; 2],
            rise: 0.0,
            scale: Key::simplest(0, Mode::Major),
            key: KEYS[hit.kind],
            velocity: (0.66 * lean * 127.0_f32).round() as u8,
            articulation: Articulation::Normal,
            late: None,
            lyric: None,
        }
    };
    let reading = Reading {
        instrument: "kit-standard".to_owned(),
        family: Family::Kit,
        range: [27, 87],
        sampled: true,
        role: Role::Drums,
        lay_back: 0.0,
        length: STEPS as f64 * sixteenth,
        earliest: -1.0,
        before: None,
        notes: window.hits.iter().map(site).collect(),
        seed,
    };
    let played = play(&reading);
    let found = window.hits.iter().map(|hit| {
        let on = window.ground.swing.place(hit.step) * sixteenth;
        let own = played.notes.iter().filter(|n| n.key == KEYS[hit.kind]);
        let near = own.min_by(|a, b| (a.on.0 - on).abs().total_cmp(&(b.on.0 - on).abs()));
        near.map_or((0.66, 0.0), |note| {
            (note.velocity, ((note.on.0 - on) / sixteenth) as f32)
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_drummer::{features::Ground, swing::Swing};

    fn window(steps: &[(usize, usize)]) -> Window {
        Window {
            ground: Ground {
                style: None,
                tempo: 120.0,
                fill: false,
                swing: Swing::default(),
            },
            hits: steps
                .iter()
                .map(|(step, kind)| Hit {
                    step: *step,
                    kind: *kind,
                    force: 0.5,
                    late: 0.0,
                })
                .collect(),
            steps: STEPS,
        }
    }

    #[test]
    fn what_was_counted_surprises_less() {
        let beat: Vec<(usize, usize)> = (0..STEPS / 4).map(|beat| (4 * beat, beat % 2)).collect();
        let known = [window(&beat)];
        let strange = [window(&[(1, 4), (2, 7), (6, 8), (11, 3)])];
        for past in [Past::Place, Past::Step, Past::Bar] {
            let table = Table::count(past, &known);
            assert!(table.bits(&known) < table.bits(&strange), "{past:?}");
        }
    }

    #[test]
    fn rules_play_every_hit_near_its_place() {
        let beat: Vec<(usize, usize)> = (0..STEPS).map(|step| (step, 2)).collect();
        let played = by_rules(&window(&beat), 3);
        assert_eq!(played.len(), STEPS);
        assert!(played.iter().all(|(_, late)| late.abs() < 0.3));
        assert!(played[0].0 > played[1].0);
    }
}
