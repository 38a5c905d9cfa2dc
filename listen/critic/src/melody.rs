//! The tune: tonal fit, leaps, variety and breathing.

use crate::{
    Finding, Verdict, grade,
    scene::{Scene, Sounding},
};
use yuefu_audio::math;
use yuefu_theory::Ticks;

/// Whether strong beats take chord tones and notes keep to the key.
///
/// Real melodies have some two thirds of chord tones on strong beats; below half, tune and
/// harmony seem strangers.
pub fn tonal_fit(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut strong, mut fitting, mut all, mut foreign) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    for lead in scene.leads() {
        for note in &scene.tracks[lead] {
            let pc = note.key.rem_euclid(12) as u8;
            let key = scene.score.key_at(note.on);
            let span = scene.score.chord_at(note.on);
            let in_chord = span.is_none_or(|span| span.chord.has(pc));
            all += 1.0;
            if !in_chord && !key.has(pc) && !key.has_harmonic(pc) {
                foreign += 1.0;
                if note.len() >= Ticks::of(1, 8) {
                    findings.push(Finding {
                        bar: scene.bar(note.on),
                        tracks: vec![scene.id(lead)],
                        gravity: 0.5,
                        what: "a note belongs neither to the key nor to the chord".into(),
                        remedy: "move it to the nearest note of the scale".into(),
                    });
                }
            }
            if scene.weight(note.on) >= 0.6 && span.is_some() {
                strong += 1.0;
                fitting += f32::from(u8::from(in_chord));
            }
        }
    }
    let fit = if strong > 0.0 { fitting / strong } else { 1.0 };
    if fit < 0.5 {
        findings.push(Finding {
            bar: 0,
            tracks: scene.leads().map(|t| scene.id(t)).collect(),
            gravity: 1.0 - fit,
            what: format!("{:.0} % of the strong beats hold chord tones", fit * 100.0),
            remedy: "aim the tune's strong beats at chord tones".into(),
        });
    }
    let outside = if all > 0.0 { foreign / all } else { 0.0 };
    let score = grade(fit, 0.60, 0.25) * grade(outside, 0.03, 0.25);
    Verdict::new("tonal-fit", 1.4, score, findings)
}

/// Leaps beyond a fifth that are not balanced by motion the other way.
pub fn leaps(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut steps, mut bad) = (0.0_f32, 0.0_f32);
    for lead in scene.leads() {
        let notes = &scene.tracks[lead];
        for (index, pair) in notes.windows(2).enumerate() {
            let leap = pair[1].key - pair[0].key;
            steps += 1.0;
            let parted = pair[1].on - pair[0].end >= Ticks::of(1, 8);
            if leap.abs() <= 7 || parted {
                continue;
            }
            let back = notes
                .get(index + 2)
                .map_or(0, |after| after.key - pair[1].key);
            let recovered = back.signum() == -leap.signum() || back == 0;
            let gravity = match (leap.abs() > 12, recovered) {
                (true, false) => 0.9,
                (true, true) => 0.4,
                (false, false) => 0.5,
                (false, true) => continue,
            };
            bad += gravity;
            findings.push(Finding {
                bar: scene.bar(pair[1].on),
                tracks: vec![scene.id(lead)],
                gravity,
                what: format!("a leap of {} semitones is not balanced", leap.abs()),
                remedy: "follow it by a step back, or bring the note nearer by an octave".into(),
            });
        }
    }
    Verdict::new(
        "leaps",
        0.7,
        grade(bad / steps.max(8.0), 0.01, 0.12),
        findings,
    )
}

/// Rhythm and contour of a bar of the tune.
type Cell = Vec<(Ticks, Ticks, i32)>;

/// Too little variety: the same bar over and over, one note over and over, few intervals.
pub fn monotony(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let mut score = 1.0_f32;
    for lead in scene.leads() {
        let notes = &scene.tracks[lead];
        if notes.len() < 16 {
            continue;
        }
        let mut cells: Vec<(i64, Cell)> = Vec::new();
        for note in notes {
            let (bar, offset) = scene.score.timeline.bar_of(note.on);
            let entry = (offset, note.len(), note.key);
            match cells.last_mut() {
                Some((last, cell)) if *last == bar => cell.push(entry),
                _ => cells.push((bar, vec![entry])),
            }
        }
        let mut seen: Vec<&Cell> = Vec::new();
        let mut run = 1;
        for (index, (bar, cell)) in cells.iter().enumerate() {
            if !seen.contains(&cell) {
                seen.push(cell);
            }
            run = if index > 0 && cells[index - 1].1 == *cell {
                run + 1
            } else {
                1
            };
            if run == 4 {
                score -= 0.12;
                findings.push(Finding {
                    bar: bar + 1,
                    tracks: vec![scene.id(lead)],
                    gravity: 0.7,
                    what: "the same bar is heard four times in a row".into(),
                    remedy: "vary the last of them".into(),
                });
            }
        }
        // Sections return, so half of all bars may be old; beyond that the ear tires.
        let fresh = seen.len() as f32 / cells.len().max(1) as f32;
        let returns = 1.0 - 0.5 * repeated_sections(scene);
        let variety = grade(fresh / returns.max(0.2), 0.40, 0.08);
        let entropy = interval_entropy(notes);
        if variety < 0.5 {
            findings.push(Finding {
                bar: 0,
                tracks: vec![scene.id(lead)],
                gravity: 1.0 - variety,
                what: format!("only {:.0} % of the tune's bars are new", fresh * 100.0),
                remedy: "develop the motif: another ending, another rhythm, another height".into(),
            });
        }
        for window in notes.windows(7) {
            if window.iter().all(|note| note.key == window[0].key) {
                score -= 0.06;
                findings.push(Finding {
                    bar: scene.bar(window[0].on),
                    tracks: vec![scene.id(lead)],
                    gravity: 0.4,
                    what: "one note is repeated seven times".into(),
                    remedy: "let the line move".into(),
                });
                break;
            }
        }
        score = score.min(1.0) * (0.3 + 0.7 * variety) * (0.5 + 0.5 * grade(entropy, 2.0, 0.8));
    }
    Verdict::new("monotony", 1.0, score, findings)
}

/// Share of sections whose material was heard before.
fn repeated_sections(scene: &Scene<'_>) -> f32 {
    let mut seen: Vec<&str> = Vec::new();
    let mut again = 0.0;
    for section in &scene.plan.sections {
        if seen.contains(&section.material.as_str()) {
            again += 1.0;
        } else {
            seen.push(&section.material);
        }
    }
    again / scene.plan.sections.len().max(1) as f32
}

/// Shannon entropy in bits of the intervals of a line, octaves folded.
fn interval_entropy(notes: &[Sounding]) -> f32 {
    let mut counts = [0.0_f64; 25];
    for pair in notes.windows(2) {
        counts[((pair[1].key - pair[0].key).clamp(-12, 12) + 12) as usize] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0.0)
        .map(|count| -(count / total) * math::log2(count / total))
        .sum();
    bits as f32
}

/// Lines that never rest: those who blow and sing need air, and every tune needs commas.
pub fn breathing(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut lines, mut breathless) = (0.0_f32, 0.0_f32);
    for lead in scene.leads() {
        let breathes = scene.profiles[lead].is_some_and(|profile| profile.breathes());
        let most = if breathes { 9.0 } else { 16.0 };
        let notes = &scene.tracks[lead];
        let mut start = 0;
        for index in 1..=notes.len() {
            let parted = notes
                .get(index)
                .is_none_or(|note| note.on - notes[index - 1].end >= Ticks::of(1, 16));
            if !parted {
                continue;
            }
            lines += 1.0;
            let seconds = |at| scene.score.timeline.seconds(at);
            let length = seconds(notes[index - 1].end) - seconds(notes[start].on);
            if length > most {
                breathless += (length / most) as f32;
                findings.push(Finding {
                    bar: scene.bar(notes[start].on),
                    tracks: vec![scene.id(lead)],
                    gravity: if breathes { 0.6 } else { 0.3 },
                    what: format!("the line goes on for {length:.0} s without a rest"),
                    remedy: "shorten the last note of each phrase".into(),
                });
            }
            start = index;
        }
    }
    let share = breathless / lines.max(4.0);
    Verdict::new("breathing", 0.6, grade(share, 0.05, 1.2), findings)
}
