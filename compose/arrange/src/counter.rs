//! Second voices: parallel harmony under the tune, and a counter-melody that answers it.

use crate::{Desk, level};
use yuefu_song::{Note, SectionPlan};
use yuefu_theory::{TickSpan, Ticks};

/// A third or sixth below the tune, on chord tones where the tune rests on one.
pub fn harmony(desk: &Desk<'_>, section: &SectionPlan, tune: &[Note]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let mut previous: Option<i32> = None;
    for note in tune {
        let above = note.pitch.midi();
        let chord = desk
            .hall
            .chord_at(note.at.max(section.span.start))
            .map(|c| c.chord);
        let options = (3..=9).map(|gap| above - gap).filter(|k| {
            let pc = k.rem_euclid(12) as u8;
            section.key.has_harmonic(pc) || chord.is_some_and(|c| c.has(pc))
        });
        let best = options.min_by_key(|k| {
            let pc = k.rem_euclid(12) as u8;
            let gap = above - k;
            let chordal = if chord.is_some_and(|c| c.has(pc)) {
                0
            } else {
                5
            };
            let kind = match gap {
                3 | 4 => 0,
                8 | 9 => 2,
                5 => 4,
                7 => 5,
                _ => 9,
            };
            let step = previous.map_or(0, |p| (p - k).abs().min(12));
            chordal * i32::from(note.len >= Ticks::of(1, 8)) + kind + step / 2
        });
        if let Some(key) = best {
            previous = Some(key);
            let soft = level(f32::from(note.velocity) / 127.0 - 0.08);
            notes.push(Note {
                pitch: section.key.spell(key),
                velocity: soft,
                ..note.clone()
            });
        }
    }
    // Whole octaves into the instrument's comfort.
    let center: i32 = notes.iter().map(|n| n.pitch.midi()).sum::<i32>() / notes.len().max(1) as i32;
    let [low, high] = desk.profile.sweet.map(i32::from);
    let shift = if center < low {
        1
    } else if center > high {
        -1
    } else {
        0
    };
    for note in &mut notes {
        note.pitch.octave += shift;
    }
    notes
}

/// Long guide tones under the tune, figures where it breathes.
pub fn counter(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[Note],
    previous: &mut Option<i32>,
) -> Vec<Note> {
    let hall = desk.hall;
    let mut rng = desk.section_seed(section).rng();
    let bar = hall.metre(section).bar();
    let [low, high] = desk.profile.sweet.map(i32::from);
    let fin = hall.final_bar();
    let mut notes: Vec<Note> = Vec::new();
    for number in 0..i64::from(section.bars) {
        let start = section.span.start + bar * number;
        let span = TickSpan::new(start, start + bar);
        let sounding = |at: Ticks| tune.iter().any(|n| n.at <= at && at < n.end());
        if fin.is_some_and(|f| f.start == start) {
            let key = pick(desk, section, start, *previous, low, high, tune);
            notes.push(Note::new(
                start,
                hall.final_len(),
                section.key.spell(key),
                level(0.52),
            ));
            continue;
        }
        // Where does the tune rest in this bar?
        let grid = Ticks::of(1, 8);
        let steps = (bar.0 / grid.0).max(1);
        let free = (0..steps)
            .rev()
            .take_while(|i| !sounding(start + grid * *i) && !onset(tune, start + grid * *i, grid))
            .count() as i64;
        let rests = !tune.is_empty() && free >= 2 && free < steps;
        let resting = tune.is_empty() || free == steps;
        if resting {
            // The tune is silent: sing in its place, simply.
            let halves = [
                (Ticks::ZERO, Ticks(bar.0 * 5 / 8)),
                (Ticks(bar.0 * 5 / 8), Ticks(bar.0 * 3 / 8)),
            ];
            for (offset, len) in halves {
                let key = pick(desk, section, start + offset, *previous, low, high, tune);
                *previous = Some(key);
                notes.push(Note::new(
                    start + offset,
                    len,
                    section.key.spell(key),
                    level(0.55),
                ));
            }
        } else if rests {
            // A guide tone, then a figure that leads to the next bar's harmony.
            let hold = bar - grid * free;
            if hold >= Ticks::of(1, 4) {
                let key = pick(desk, section, start, *previous, low, high, tune);
                *previous = Some(key);
                notes.push(Note::new(start, hold, section.key.spell(key), level(0.46)));
            }
            let count = free.min(4);
            let target = pick(desk, section, span.end, *previous, low, high, tune);
            let from = previous.unwrap_or(target);
            let up = if target != from {
                target > from
            } else {
                rng.chance(0.5)
            };
            let mut key = target;
            let mut line = Vec::new();
            for _ in 0..count {
                key = step_in_scale(section, key, !up);
                line.push(key);
            }
            line.reverse();
            for (i, key) in line.into_iter().enumerate() {
                let at = span.end - grid * (count - i as i64);
                *previous = Some(key);
                notes.push(Note::new(
                    at,
                    grid,
                    section.key.spell(key),
                    level(0.5 + 0.03 * i as f32),
                ));
            }
        } else if number % 2 == 0 || rng.chance(0.35) {
            let key = pick(desk, section, start, *previous, low, high, tune);
            *previous = Some(key);
            notes.push(Note::new(start, bar, section.key.spell(key), level(0.44)));
        }
    }
    notes
}

fn onset(tune: &[Note], at: Ticks, grid: Ticks) -> bool {
    tune.iter().any(|n| n.at >= at && n.at < at + grid)
}

/// The next note of the key's melodic scale.
pub fn step_in_scale(section: &SectionPlan, key: i32, up: bool) -> i32 {
    let direction = if up { 1 } else { -1 };
    (1..=4)
        .map(|d| key + d * direction)
        .find(|k| section.key.has(k.rem_euclid(12) as u8))
        .unwrap_or(key + 2 * direction)
}

/// A chord tone near the line, thirds and sevenths first, clear of the tune.
fn pick(
    desk: &Desk<'_>,
    section: &SectionPlan,
    at: Ticks,
    previous: Option<i32>,
    low: i32,
    high: i32,
    tune: &[Note],
) -> i32 {
    let chord = desk
        .hall
        .chord_at(at)
        .or(desk.hall.chord_at(at - Ticks(1)))
        .map(|c| c.chord);
    let home = (low * 2 + high) / 3;
    let aim = previous.unwrap_or(home);
    let sung = tune
        .iter()
        .find(|n| n.at <= at && at < n.end())
        .map(|n| n.pitch.midi());
    (low..=high)
        .filter(|k| {
            let pc = k.rem_euclid(12) as u8;
            chord.map_or_else(|| section.key.has(pc), |c| c.has(pc))
        })
        .min_by_key(|k| {
            let above = chord.map_or(0, |c| (k - i32::from(c.root.pc())).rem_euclid(12));
            let guide = match above {
                3 | 4 | 10 | 11 => 0,
                7 => 2,
                0 => 3,
                _ => 1,
            };
            let clash = sung.map_or(0, |s| match (s - k).abs() {
                0 => 6,
                1 | 2 => 12,
                _ => 0,
            });
            (k - aim).abs() * 2 + (k - home).abs() / 2 + guide + clash
        })
        .unwrap_or(home)
}
