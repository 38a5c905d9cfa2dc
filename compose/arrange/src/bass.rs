//! Bass lines from patterns: roots, fifths, approaches, walks.

use crate::{Desk, level, steps};
use yuefu_engine::Rng;
use yuefu_song::{Articulation, Note, SectionPlan};
use yuefu_theory::{Chord, Ticks};

/// The bass of one section; `previous` is the key played before it.
pub fn line(desk: &Desk<'_>, section: &SectionPlan, previous: &mut Option<i32>) -> Vec<Note> {
    let hall = desk.hall;
    let mut rng = desk.section_seed(section).rng();
    let rows: Vec<(steps::Step, bool)> = match desk.pattern(section) {
        Some(pattern) => pattern
            .lines
            .values()
            .flat_map(|row| steps::lay(pattern, row, hall.metre(section), section.span))
            .map(|step| (step, pattern.ring))
            .collect(),
        // No pattern: long roots.
        None => section
            .chords
            .iter()
            .map(|c| {
                (
                    steps::Step {
                        at: c.span.start,
                        len: c.span.len(),
                        grid: c.span.len(),
                        sign: 'R',
                    },
                    false,
                )
            })
            .collect(),
    };
    let fin = hall.final_bar();
    let mut notes = Vec::new();
    for (step, ring) in rows {
        if fin.is_some_and(|bar| bar.contains(step.at)) {
            continue;
        }
        let Some(mut span) = hall.chord_at(step.at) else {
            continue;
        };
        // A note pushed ahead of the change belongs to the next chord.
        let pushed = step.at + step.grid >= span.span.end && step.at + step.len > span.span.end;
        if pushed && let Some(next) = hall.chord_after(step.at) {
            span = next;
        }
        let next = hall.chord_at(span.span.end).map(|c| c.chord);
        let len = if ring {
            step.len.max(span.span.end - step.at)
        } else {
            step.len
        };
        let Some((key, articulation, force)) = tone(
            desk,
            &step,
            &span.chord,
            next,
            span.span.end,
            *previous,
            &mut rng,
        ) else {
            continue;
        };
        let len = match articulation {
            Articulation::Ghost | Articulation::Staccato => Ticks(len.0 / 2).max(Ticks::of(1, 32)),
            _ => len,
        };
        let accent = hall.metre(section).weight(step.at - section.span.start) * 0.08;
        let pitch = section.key.spell(key);
        *previous = Some(key);
        notes.push(Note::new(step.at, len, pitch, level(force + accent)).with(articulation));
    }
    if let Some(bar) = fin
        && section.span.contains(bar.start)
        && let Some(chord) = hall.chord_at(bar.start)
    {
        let key = near(i32::from(chord.chord.bass_note().pc()), *previous, desk);
        notes.push(Note::new(
            bar.start,
            hall.final_len(),
            section.key.spell(key),
            level(0.7),
        ));
    }
    // One string at a time.
    notes.sort_by_key(|n| n.at);
    for index in 1..notes.len() {
        let at = notes[index].at;
        let before = &mut notes[index - 1];
        before.len = before.len.min(at - before.at);
    }
    notes
}

/// The key of a pitch class near the line so far, in the lower part of the range.
fn near(pc: i32, previous: Option<i32>, desk: &Desk<'_>) -> i32 {
    let (low, high) = desk.register();
    let high = high.min(low + 22);
    let aim = previous.unwrap_or(low + 7).clamp(low, high);
    let home = low + 8;
    (low..=high)
        .filter(|key| key.rem_euclid(12) == pc.rem_euclid(12))
        .min_by_key(|key| (key - aim).abs() * 2 + (key - home).abs())
        .unwrap_or(low)
}

#[allow(
    clippy::too_many_arguments,
    reason = "one tone depends on all of its surroundings"
)]
fn tone(
    desk: &Desk<'_>,
    step: &steps::Step,
    chord: &Chord,
    next: Option<Chord>,
    change: Ticks,
    previous: Option<i32>,
    rng: &mut Rng,
) -> Option<(i32, Articulation, f32)> {
    let bass = i32::from(chord.bass_note().pc());
    let root_pc = i32::from(chord.root.pc());
    let root = near(bass, None, desk);
    let above = |want: i32| {
        // The chord's own tone nearest to a generic degree.
        let tones = chord.quality.tones();
        tones
            .iter()
            .map(|(_, s)| *s)
            .min_by_key(|s| (s % 12 - want).abs())
            .unwrap_or(want)
    };
    let (low, high) = desk.register();
    let fit = |mut key: i32| {
        while key > high.min(low + 26) {
            key -= 12;
        }
        while key < low {
            key += 12;
        }
        key
    };
    let approach = |rng: &mut Rng| {
        let target = next.map_or(root, |n| {
            near(i32::from(n.bass_note().pc()), previous, desk)
        });
        // From below mostly; from above when coming down to it.
        let above = previous.is_some_and(|p| p > target) && rng.chance(0.65);
        target + if above { 1 } else { -1 }
    };
    let key = match step.sign {
        'R' | 'r' | 'g' => near(bass, previous.filter(|_| step.sign != 'g'), desk),
        '8' => fit(root + 12),
        '5' => fit(root + 7 + above(7) % 12 - 7),
        'L' => {
            let key = root - 5;
            if key >= low { key } else { root + 7 }
        }
        '3' => fit(root + above(4) % 12),
        '6' => fit(root + 9),
        '7' => fit(root + above(10) % 12),
        'a' => fit(approach(rng)),
        's' => {
            let target = next.map_or(root, |n| {
                near(i32::from(n.bass_note().pc()), previous, desk)
            });
            let key = desk
                .hall
                .plan
                .sections
                .iter()
                .find(|s| s.span.contains(step.at))
                .map(|s| s.key);
            let down = previous.is_none_or(|p| p < target);
            let mut candidate = target;
            for distance in 1..=3 {
                let try_key = if down {
                    target - distance
                } else {
                    target + distance
                };
                if key.is_none_or(|k| k.has_harmonic(try_key.rem_euclid(12) as u8)) {
                    candidate = try_key;
                    break;
                }
            }
            fit(candidate)
        }
        'w' => {
            // Walking: the root on the change, an approach before the next, chord tones and
            // scale steps between, keeping direction.
            let span = desk.hall.chord_at(step.at)?;
            if step.at == span.span.start {
                near(bass, previous, desk)
            } else if step.at + step.grid >= change {
                fit(approach(rng))
            } else {
                let from = previous.unwrap_or(root);
                let options: Vec<i32> = (from - 5..=from + 5)
                    .filter(|k| *k != from && *k >= low && *k <= high.min(low + 24))
                    .filter(|k| {
                        chord.has(k.rem_euclid(12) as u8)
                            || (k - from).abs() <= 2
                                && desk.hall.plan.key.has_harmonic(k.rem_euclid(12) as u8)
                    })
                    .collect();
                let weights: Vec<f32> = options
                    .iter()
                    .map(|k| {
                        let chordal = if chord.has(k.rem_euclid(12) as u8) {
                            2.0
                        } else {
                            1.0
                        };
                        let toward =
                            next.map_or(0, |n| near(i32::from(n.bass_note().pc()), previous, desk));
                        let closer = if (k - toward).abs() < (from - toward).abs() {
                            1.6
                        } else {
                            1.0
                        };
                        chordal * closer / (1.0 + (k - from).abs() as f32 * 0.15)
                    })
                    .collect();
                options.get(rng.weighted(&weights)).copied().unwrap_or(root)
            }
        }
        _ => near(root_pc, previous, desk),
    };
    let (articulation, force) = match step.sign {
        'g' => (Articulation::Ghost, 0.32),
        'r' => (Articulation::Staccato, 0.58),
        'a' | 's' => (Articulation::Normal, 0.58),
        _ => (Articulation::Normal, 0.66),
    };
    Some((key, articulation, force + rng.bipolar() * 0.02))
}
