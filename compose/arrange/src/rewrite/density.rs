//! Busier and simpler: long notes divide and weak ones fall away, as players do it.

use super::{Job, is_lead};
use crate::counter::step_in_scale;
use std::collections::BTreeMap;
use yuefu_engine::Rng;
use yuefu_song::{Articulation, Note, Role};
use yuefu_theory::{Pitch, Ticks};

/// The notes with more (`amount` to 1) or fewer (to −1) of them.
pub fn change(job: &Job<'_>, notes: Vec<Note>, amount: f32, what: &str) -> Vec<Note> {
    let mut rng = job.rng(what);
    let mut notes = notes;
    notes.sort_by_key(|n| (n.at, n.pitch));
    // The final chord of the piece is no place for either.
    let fin = job.hall.final_bar().map(|bar| bar.start);
    let keep: Vec<Note> = notes
        .iter()
        .filter(|n| fin.is_some_and(|fin| n.at >= fin))
        .cloned()
        .collect();
    notes.retain(|n| fin.is_none_or(|fin| n.at < fin));
    if !notes.is_empty() {
        notes = match (job.track.role, amount > 0.0) {
            (Role::Fx, _) => notes,
            (Role::Drums | Role::Percussion, true) => beats(job, notes, amount, &mut rng),
            (Role::Drums | Role::Percussion, false) => fewer_beats(job, notes, -amount, &mut rng),
            (_, true) => divide(job, notes, amount, &mut rng),
            (_, false) => thin(job, notes, -amount, &mut rng),
        };
    }
    notes.extend(keep);
    notes
}

/// Everything that begins at once.
type Strike = Vec<Note>;

fn strikes(notes: Vec<Note>) -> Vec<Strike> {
    let mut out: Vec<Strike> = Vec::new();
    for note in notes {
        match out.last_mut() {
            Some(strike) if strike[0].at == note.at => strike.push(note),
            _ => out.push(vec![note]),
        }
    }
    out
}

fn weight(job: &Job<'_>, at: Ticks) -> f32 {
    job.section_at(at).map_or(0.0, |section| {
        job.hall.metre(section).weight(at - section.span.start)
    })
}

/// How many of `count` to add or take away, at least one.
fn share(count: usize, amount: f32) -> usize {
    ((count as f32 * amount).round() as usize).max(1)
}

/// Divides the longest notes: passing and neighbor notes in a tune, octaves and approaches in a
/// bass, a softer second stroke or another chord tone in chords.
fn divide(job: &Job<'_>, notes: Vec<Note>, amount: f32, rng: &mut Rng) -> Vec<Note> {
    let mut strikes = strikes(notes);
    let voice = is_voice(job);
    let goal = share(strikes.len(), 0.75 * amount);
    for _ in 0..goal {
        // How long a strike has before the next one. A tune and what sings with it keep their
        // rests; a stroke of a chord may be answered in the silence after it.
        let room = |index: usize| {
            let long = strikes[index]
                .iter()
                .map(|n| n.len)
                .max()
                .unwrap_or_default();
            let next = strikes.get(index + 1).map_or(job.span.end, |s| s[0].at);
            let gap = next - strikes[index][0].at;
            if voice {
                gap.min(long)
            } else {
                gap.min(Ticks::WHOLE)
            }
        };
        let last = strikes.len() - 1;
        let best = (0..strikes.len())
            .filter(|i| room(*i) >= Ticks::of(1, 8))
            .map(|i| {
                // A phrase may rest on its last note.
                let rest = if i == last && is_lead(job.track.role) {
                    0.35
                } else {
                    1.0
                };
                let quarters = (room(i).as_quarters() as f32).min(4.0);
                (i, quarters * rest * (0.75 + 0.5 * rng.unit()))
            })
            .fold((None, 0.0), |best: (Option<usize>, f32), (i, score)| {
                if score > best.1 {
                    (Some(i), score)
                } else {
                    best
                }
            });
        let Some(index) = best.0 else {
            // No time left between the strokes: they get fuller.
            if !voice {
                thicken(job, &mut strikes, goal);
            }
            break;
        };
        let whole = room(index);
        let offset = halfway(whole);
        let next: Option<Strike> = strikes.get(index + 1).cloned();
        let first = &mut strikes[index];
        let at = first[0].at + offset;
        let long = first.iter().map(|n| n.len).max().unwrap_or_default();
        // A short stroke is answered by a short one.
        let len = if long < whole - offset {
            long
        } else {
            whole - offset
        };
        let second = answer(job, first, next.as_deref(), at, len, rng);
        let ring = first.len() == 1 && first[0].len > whole;
        for note in first.iter_mut().filter(|_| !ring) {
            note.len = note.len.min(offset);
        }
        strikes.insert(index + 1, second);
    }
    strikes.into_iter().flatten().collect()
}

/// Whether the part sings: one line with rests of its own.
fn is_voice(job: &Job<'_>) -> bool {
    is_lead(job.track.role)
        || matches!(
            job.track.role,
            Role::Counter | Role::Harmony | Role::Backing
        )
}

/// Adds a voice to the strongest strikes: the next chord tone above the top, or an octave.
fn thicken(job: &Job<'_>, strikes: &mut [Strike], goal: usize) {
    let Some(profile) = job.hall.catalog.profile(&job.track.instrument) else {
        return;
    };
    let high = i32::from(profile.range[1]);
    let mut order: Vec<usize> = (0..strikes.len()).collect();
    order.sort_by(|a, b| {
        let heavy = |i: &usize| weight(job, strikes[*i][0].at);
        heavy(b).total_cmp(&heavy(a)).then(a.cmp(b))
    });
    for index in order.into_iter().take(goal) {
        let Some(top) = strikes[index].last().cloned() else {
            continue;
        };
        let chord = job.hall.chord_at(top.at).map(|c| c.chord);
        let key = top.pitch.midi();
        let found = (3..=12)
            .map(|d| key + d)
            .find(|k| chord.is_none_or(|c| c.has(k.rem_euclid(12) as u8)));
        if let (Some(key), Some(section)) = (found.filter(|k| *k <= high), job.section_at(top.at)) {
            strikes[index].push(Note {
                pitch: section.key.spell(key),
                velocity: top.velocity.saturating_sub(8).max(12),
                ..top
            });
        }
    }
}

/// Where a length divides: in half; a dotted one after its longer part.
fn halfway(len: Ticks) -> Ticks {
    let dotted = len.0 % 3 == 0 && [3, 6, 12, 24].iter().any(|n| len == Ticks::of(*n, 16));
    let half = if dotted {
        Ticks(len.0 * 2 / 3)
    } else {
        Ticks(len.0 / 2)
    };
    // On the grid of sixteenths where it lies on one at all.
    let grid = Ticks::of(1, 16).0;
    if len.0 % grid == 0 && half.0 % grid != 0 {
        Ticks((half.0 / grid).max(1) * grid)
    } else {
        half
    }
}

/// What comes after the first part of a divided strike.
fn answer(
    job: &Job<'_>,
    first: &[Note],
    next: Option<&[Note]>,
    at: Ticks,
    len: Ticks,
    rng: &mut Rng,
) -> Strike {
    let top = first.last().cloned().expect("a strike holds notes");
    let soft = |v: u8| (i32::from(v) - 9).clamp(12, 127) as u8;
    let Some(section) = job.section_at(at) else {
        return vec![Note { at, len, ..top }];
    };
    let to =
        |key: i32, from: &Note| Note::new(at, len, section.key.spell(key), soft(from.velocity));
    let key = top.pitch.midi();
    let target = next.and_then(|s| s.last()).map(|n| n.pitch.midi());
    match job.track.role {
        Role::Comp | Role::Pad if first.len() > 1 => {
            // The upper voices again, softer: the bass note goes on.
            let skip = usize::from(first.len() > 2);
            first[skip..]
                .iter()
                .map(|n| Note {
                    at,
                    len,
                    velocity: soft(n.velocity),
                    ..n.clone()
                })
                .collect()
        }
        Role::Comp | Role::Pad | Role::Arp => {
            let chord = job.hall.chord_at(at).map(|c| c.chord);
            let fits = |k: &i32| chord.is_none_or(|c| c.has(k.rem_euclid(12) as u8));
            let up = rng.chance(0.5);
            let found = (3..=12)
                .map(|d| if up { key + d } else { key - d })
                .find(fits)
                .unwrap_or(key);
            vec![to(found, &top)]
        }
        Role::Bass => {
            let change = job
                .hall
                .chord_at(at)
                .is_some_and(|c| c.span.end <= at + len);
            let low = job.hall.catalog.profile(&job.track.instrument);
            let high = low.map_or(127, |p| i32::from(p.range[1]));
            let low = low.map_or(0, |p| i32::from(p.range[0]));
            let found = match target {
                Some(target) if change && target != key => {
                    let from_below = key < target;
                    step_in_scale(section, target, !from_below)
                }
                _ if key + 12 <= high.min(low + 28) && rng.chance(0.5) => key + 12,
                _ => key,
            };
            vec![to(found, &top)]
        }
        _ => {
            let found = match target {
                Some(next) if (next - key).abs() >= 3 => step_in_scale(section, key, next > key),
                Some(next) if next != key && rng.chance(0.5) => {
                    // Over it and back: a changing note.
                    step_in_scale(section, next, next > key)
                }
                Some(next) => step_in_scale(section, key, next < key || rng.chance(0.5)),
                None => step_in_scale(section, key, rng.chance(0.5)),
            };
            vec![to(found, &top)]
        }
    }
}

/// Leaves out weak, short strikes; the note before each is held on in its place. The first strike
/// over every chord stays; where only such are left, chords lose their middle voices.
fn thin(job: &Job<'_>, notes: Vec<Note>, amount: f32, rng: &mut Rng) -> Vec<Note> {
    let mut strikes = strikes(notes);
    let lead = is_lead(job.track.role);
    // A single voice may rest where chords change; chords may not.
    let voice = lead
        || matches!(
            job.track.role,
            Role::Counter | Role::Harmony | Role::Backing
        );
    let goal = share(strikes.len(), 0.55 * amount);
    let peak = strikes
        .iter()
        .flatten()
        .map(|n| n.pitch.midi())
        .max()
        .unwrap_or(0);
    let mut removed = 0;
    for _ in 0..goal {
        let chord_start = |index: usize| {
            let at = strikes[index][0].at;
            let chord = job.hall.chord_at(at).map(|c| c.span.start);
            chord.is_some_and(|start| index == 0 || strikes[index - 1][0].at < start)
        };
        let worst = (1..strikes.len())
            .filter(|i| voice || !chord_start(*i))
            // No syllable falls away.
            .filter(|i| strikes[*i].iter().all(|n| n.lyric.is_none()))
            .map(|i| {
                let strike = &strikes[i];
                let long = strike[0].len.as_quarters() as f32;
                let last = if lead && i + 1 == strikes.len() {
                    1.5
                } else {
                    0.0
                };
                let top = if lead && strike[0].pitch.midi() == peak {
                    0.5
                } else {
                    0.0
                };
                let dear = weight(job, strike[0].at) + 0.5 * long.min(2.0) + last + top;
                (i, dear + 0.15 * rng.unit())
            })
            .fold(
                (None, f32::MAX),
                |least: (Option<usize>, f32), (i, dear)| {
                    if dear < least.1 {
                        (Some(i), dear)
                    } else {
                        least
                    }
                },
            );
        let Some(index) = worst.0 else { break };
        let gone = strikes.remove(index);
        removed += 1;
        let at = gone[0].at;
        let end = gone.iter().map(Note::end).max().unwrap_or(at);
        for note in &mut strikes[index - 1] {
            // Held on if it led there; a stroke that stopped before stays short.
            let joined = at - note.end() < Ticks::of(1, 16) && note.end() < end;
            let chord = job.hall.chord_at(at).map(|c| c.chord);
            let pc = note.pitch.midi().rem_euclid(12) as u8;
            if joined && (!voice || chord.is_none_or(|c| c.has(pc))) {
                note.len = end - note.at;
            }
        }
    }
    if removed == 0 {
        for strike in strikes.iter_mut().filter(|s| s.len() > 2) {
            let drop =
                ((strike.len() as f32 * amount * 0.5).round() as usize).clamp(1, strike.len() - 2);
            strike.drain(1..=drop);
        }
    }
    strikes.into_iter().flatten().collect()
}

/// How much a drum carries: what the beat is made of goes last and is added last.
fn carries(key: u8) -> f32 {
    match key {
        36 | 35 | 38 | 40 => 1.0,
        49 | 52 | 55 | 57 => 0.9,
        37 | 39 => 0.7,
        _ => 0.3,
    }
}

/// More strokes between strokes: the hand that keeps time divides, ghost notes fill the snare,
/// the kick gets a pickup.
fn beats(job: &Job<'_>, notes: Vec<Note>, amount: f32, rng: &mut Rng) -> Vec<Note> {
    let goal = share(notes.len(), 0.6 * amount);
    let mut hands: BTreeMap<u8, Vec<Note>> = BTreeMap::new();
    for note in &notes {
        hands.entry(note.key()).or_default().push(note.clone());
    }
    let mut places: Vec<(f32, Note)> = Vec::new();
    for (key, strokes) in &hands {
        for (index, stroke) in strokes.iter().enumerate() {
            let next = strokes.get(index + 1).map_or(job.span.end, |n| n.at);
            let gap = next - stroke.at;
            // Half of a gap; in a wide one the pickup to what comes.
            let at = match carries(*key) {
                c if c >= 0.9 => next - Ticks::of(1, 16),
                _ if gap <= Ticks::of(1, 2) => stroke.at + Ticks(gap.0 / 2),
                _ => next - Ticks::of(1, 8),
            };
            let cymbal = matches!(*key, 49 | 52 | 55 | 57);
            let apart = at - stroke.at >= Ticks::of(1, 32);
            if cymbal || !apart || !job.span.contains(at) {
                continue;
            }
            let ghost = carries(*key) >= 1.0;
            let force = f32::from(stroke.velocity) * if ghost { 0.5 } else { 0.68 };
            let how = if matches!(*key, 38 | 40) {
                Articulation::Ghost
            } else {
                Articulation::Normal
            };
            let added = Note::new(
                at,
                Ticks(gap.0 / 2).min(Ticks::of(1, 8)),
                Pitch::from_midi(i32::from(*key)),
                force.clamp(18.0, 110.0) as u8,
            )
            .with(how);
            // The same place in every bar first: a pattern, not a rash.
            let bar_place = job
                .section_at(at)
                .map_or(0, |s| (at - s.span.start).0 % job.hall.metre(s).bar().0);
            let whim = job.rng("beat").bits()
                ^ (bar_place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
                ^ u64::from(*key);
            let whim = Rng::new(whim).unit() * 0.5 + 0.08 * rng.unit();
            places.push((carries(*key) + whim, added));
        }
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.at.cmp(&b.1.at)));
    let mut out = notes;
    for (_, note) in places.into_iter().take(goal) {
        out.push(note);
    }
    out.sort_by_key(|n| (n.at, n.pitch));
    out
}

/// Fewer strokes: ghosts first, then what lies between the beats; kick, snare and crashes last.
fn fewer_beats(job: &Job<'_>, notes: Vec<Note>, amount: f32, rng: &mut Rng) -> Vec<Note> {
    let goal = share(notes.len(), 0.5 * amount).min(notes.len().saturating_sub(1));
    let mut order: Vec<(f32, usize)> = notes
        .iter()
        .enumerate()
        .map(|(index, note)| {
            let force = f32::from(note.velocity) / 127.0;
            let dear = weight(job, note.at) * 0.8 + carries(note.key()) * 0.5 + force;
            (dear + 0.03 * rng.unit(), index)
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gone: Vec<usize> = order.into_iter().take(goal).map(|(_, i)| i).collect();
    notes
        .into_iter()
        .enumerate()
        .filter(|(i, _)| !gone.contains(i))
        .map(|(_, note)| note)
        .collect()
}
