//! The drummer in songs: the plan and the style's pattern hold, it turns, fills and plays them.

use crate::drummer::{Draw, Drummer, Written, fills, free};
use crate::features::{Ground, STYLES, ground, level_of};
use crate::groove::{BAR, Hit, KEYS, KINDS, Rows, STEPS, kind_of};
use crate::swing::Swing;
use std::collections::BTreeMap;
use yuefu_arrange::kit::{KitPlace, KitPlayer};
use yuefu_engine::Rng;
use yuefu_song::{Articulation, Note};
use yuefu_theory::{Pitch, Ticks};

/// How far the summary of a turn may be from its pattern's.
const FAR: f32 = 0.6;
/// How much a turn keeps to its pattern, in logits.
const NEAR: f32 = 1.8;
/// Most hits that a turn changes.
const CHANGES: usize = 5;
/// Tries to find a turn or a fill.
const TRIES: usize = 6;
/// Most that a hit may be late or early, in tenths of a millisecond; and in sixteenths.
const LATEST: (f64, f32) = (350.0, 0.3);
/// Kinds that fills strike: all but crash and ride, which the form has its places for.
const FILLING: [bool; KINDS] = [true, true, true, true, true, true, true, false, false];

fn sixteenth() -> Ticks {
    Ticks::of(1, 16)
}

impl KitPlayer for Drummer {
    fn id(&self) -> &str {
        Drummer::id(self)
    }

    fn turn(&self, place: &KitPlace, bar: Ticks, notes: &mut Vec<Note>, rng: &mut Rng) {
        let from = bar - Ticks::WHOLE;
        let Some(style) = known(place).filter(|_| from >= place.span.start) else {
            return;
        };
        let on_grid = |note: &Note| {
            let inside = note.at - from;
            let step = (inside.0 / sixteenth().0) as usize;
            let own = inside >= Ticks::ZERO && inside.0 % sixteenth().0 == 0 && step < STEPS;
            own.then_some(step).zip(kind_of(note.key()))
        };
        let mut rows = Rows::default();
        let mut used: [Option<u8>; KINDS] = [None; KINDS];
        for note in notes.iter() {
            if let Some((step, kind)) = on_grid(note) {
                rows[step][kind] = true;
            }
            if let Some(kind) = kind_of(note.key()) {
                used[kind].get_or_insert(note.key());
            }
        }
        let mut kinds = used.map(|key| key.is_some());
        kinds[7] = false;
        let hits: Vec<Hit> = free(&rows)
            .iter()
            .map(|w| Hit {
                step: w.step,
                kind: w.kind,
                force: 0.0,
                late: 0.0,
            })
            .collect();
        let summary = self.net().summary(&hits, false, &ground(&style));
        // What carries the groove stays: the downbeat, the backbeat, every accent.
        let holds = |note: &Note, step: usize, kind: usize| {
            note.articulation == Articulation::Accent
                || (kind == 0 && step == BAR)
                || (kind == 1 && note.velocity >= 70)
                || kind == 7
        };
        for _ in 0..TRIES {
            let thought = Self::thought(&summary, FAR, rng);
            let draw = Draw {
                near: [Some((&rows, NEAR)), None],
                given: BAR,
                kinds,
                ..Draw::new(&thought, 1.0)
            };
            let drawn = self.write(&style, &draw, rng);
            let gone = |note: &Note| {
                on_grid(note).is_some_and(|(step, kind)| {
                    step >= BAR && !drawn[step][kind] && !holds(note, step, kind)
                })
            };
            let added: Vec<Written> = free(&drawn)
                .into_iter()
                .filter(|w| w.step >= BAR && !rows[w.step][w.kind])
                .collect();
            let changes = added.len() + notes.iter().filter(|note| gone(note)).count();
            if !(1..=CHANGES).contains(&changes) {
                continue;
            }
            notes.retain(|note| !gone(note));
            notes.extend(added.iter().map(|w| {
                let key = used[w.kind].unwrap_or(KEYS[w.kind]);
                // What a drummer adds on the snare are ghosts.
                let (level, how) = match w.kind {
                    1 => (36, Articulation::Ghost),
                    0 => (68, Articulation::Normal),
                    _ => (58, Articulation::Normal),
                };
                let at = from + sixteenth() * w.step as i64;
                Note::new(at, sixteenth(), Pitch::from_midi(i32::from(key)), level).with(how)
            }));
            return;
        }
    }

    fn fill(&self, place: &KitPlace, from: Ticks, rng: &mut Rng) -> Option<Vec<Note>> {
        let style = Ground {
            fill: true,
            ..known(place)?
        };
        let first = (from.0 / sixteenth().0) as usize;
        for _ in 0..TRIES {
            let idea = self.idea(&style, rng);
            let draw = Draw {
                steps: BAR,
                kinds: FILLING,
                ..Draw::new(&idea, 0.9)
            };
            let rows = self.write(&style, &draw, rng);
            if !fills(&rows, first.min(BAR - 1)) {
                continue;
            }
            let hits = self.play(&style, &free(&rows), Some(&idea), None, rng);
            let note = |hit: &Hit| {
                let key = Pitch::from_midi(i32::from(KEYS[hit.kind]));
                let at = sixteenth() * hit.step as i64;
                let level = (hit.force * 127.0).round().clamp(20.0, 127.0) as u8;
                Note::new(at, sixteenth(), key, level)
            };
            return Some(hits.iter().map(note).collect());
        }
        None
    }

    fn play(&self, place: &KitPlace, notes: &mut [Note], rng: &mut Rng) {
        let Some(style) = known(place) else { return };
        // The nearest sixteenth, and whether the note is on it.
        let at = |note: &Note| {
            let inside = (note.at - place.span.start).0;
            let grid = sixteenth().0;
            let step = (inside + grid / 2).div_euclid(grid).max(0);
            (step as usize, inside == step * grid)
        };
        let mut wanted: BTreeMap<(usize, usize), Option<u8>> = BTreeMap::new();
        let mut means = [(0.0_f32, 0_u32); KINDS];
        for note in notes.iter() {
            let Some(kind) = kind_of(note.key()) else {
                continue;
            };
            let force = f32::from(note.velocity) / 127.0;
            let (step, exact) = at(note);
            let level = match note.articulation {
                Articulation::Ghost => Some(0),
                Articulation::Accent => Some(3),
                // Cymbals are the drummer's own to shape.
                _ => [0, 1, 4, 5, 6].contains(&kind).then(|| level_of(force)),
            };
            let own = wanted.entry((step, kind)).or_insert(level);
            if exact {
                *own = level;
                if note.articulation != Articulation::Ghost {
                    means[kind].0 += force;
                    means[kind].1 += 1;
                }
            }
        }
        let written: Vec<Written> = wanted
            .iter()
            .map(|((step, kind), level)| Written {
                step: *step,
                kind: *kind,
                level: *level,
            })
            .collect();
        let (sum, count) = means.iter().fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let mean = (count > 0).then(|| sum / count as f32);
        let mut hits = Drummer::play(self, &style, &written, None, mean, rng);
        // Real drummers drift against their click; here a band plays along, so that two bars are as a
        // whole where they are written.
        for own in hits.chunk_by_mut(|a, b| a.step / STEPS == b.step / STEPS) {
            let mean = own.iter().map(|hit| hit.late).sum::<f32>() / own.len() as f32;
            own.iter_mut().for_each(|hit| hit.late -= mean);
        }
        let by_place: BTreeMap<(usize, usize), &Hit> =
            hits.iter().map(|hit| ((hit.step, hit.kind), hit)).collect();
        let mut own = [(0.0_f32, 0_u32); KINDS];
        let loud = |note: &Note| note.articulation != Articulation::Ghost;
        for note in notes.iter().filter(|note| loud(note)) {
            let (step, exact) = at(note);
            if let Some((kind, true)) = kind_of(note.key()).map(|kind| (kind, exact))
                && let Some(hit) = by_place.get(&(step, kind))
            {
                own[kind].0 += hit.force;
                own[kind].1 += 1;
            }
        }
        let sixteenth_ms = 15_000.0 / style.tempo;
        for note in notes.iter_mut() {
            let (step, exact) = at(note);
            let Some((kind, hit)) =
                kind_of(note.key()).and_then(|kind| Some((kind, by_place.get(&(step, kind))?)))
            else {
                continue;
            };
            let late = f64::from(hit.late.clamp(-LATEST.1, LATEST.1)) * sixteenth_ms * 10.0;
            note.late = Some(late.clamp(-LATEST.0, LATEST.0).round() as i16);
            if !exact {
                continue;
            }
            let force = match loud(note) {
                // As loud on average as written, louder and softer where the drummer is.
                true => {
                    let both = (means[kind].0 / means[kind].1.max(1) as f32)
                        / (own[kind].0 / own[kind].1.max(1) as f32).max(0.05);
                    hit.force * both.clamp(0.5, 2.0)
                }
                false => hit.force.min(0.4),
            };
            note.velocity = (force * 127.0).round().clamp(12.0, 127.0) as u8;
        }
    }
}

/// A place as the network is told it; `None` where rules play.
fn known(place: &KitPlace) -> Option<Ground> {
    let name = place.school.name()?;
    let swing = f64::from(place.feel.swing.clamp(0.0, 1.0));
    let sixteenths = place.feel.swing_unit == 16;
    Some(Ground {
        style: STYLES.iter().position(|style| *style == name),
        tempo: place.tempo,
        fill: false,
        swing: Swing {
            eighths: if sixteenths { 0.0 } else { swing },
            sixteenths: if sixteenths { swing } else { 0.0 },
        },
    })
}
