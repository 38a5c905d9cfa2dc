//! How parts stand together: register, masking, parallels and dissonance.

use crate::{Finding, Verdict, grade, scene::Scene};
use yuefu_song::Role;
use yuefu_theory::Ticks;

/// Below this key (F♯3) close intervals turn to mud.
const LOW: i32 = 54;

/// Two parts within a whole tone of each other in the low register.
pub fn register(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut low, mut clashes) = (0_u32, 0_u32);
    for note in scene.pitched.iter().filter(|note| note.key < LOW) {
        low += 1;
        let clash = scene
            .with(note)
            .find(|other| (1..=2).contains(&(other.key - note.key)) && other.key < LOW);
        if let Some(other) = clash {
            clashes += 1;
            findings.push(Finding {
                bar: scene.bar(note.on.max(other.on)),
                tracks: vec![scene.id(note.track), scene.id(other.track)],
                gravity: 0.6,
                what: "two parts rub against each other in the low register".into(),
                remedy: "move the upper part up an octave, or double the lower one".into(),
            });
        }
    }
    let share = clashes as f32 / low.max(1) as f32;
    Verdict::new("register", 1.0, grade(share, 0.02, 0.35), findings)
}

/// Accompaniment in the very place of the tune.
pub fn masking(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut all, mut covered) = (0.0_f32, 0.0_f32);
    for lead in scene.leads() {
        for note in &scene.tracks[lead] {
            let weight = note.len().as_quarters() as f32;
            all += weight;
            let close = scene
                .with(note)
                .filter(|other| {
                    matches!(
                        scene.role(other.track),
                        Role::Comp | Role::Arp | Role::Pad | Role::Counter
                    ) && (-2..=5).contains(&(other.key - note.key))
                        && other.key != note.key
                        && f32::from(other.velocity) > 0.6 * f32::from(note.velocity)
                })
                .count();
            if close >= 2 {
                covered += weight;
                findings.push(Finding {
                    bar: scene.bar(note.on),
                    tracks: vec![scene.id(lead)],
                    gravity: (0.2 * close as f32).min(0.8),
                    what: format!("{close} accompanying notes stand around the tune"),
                    remedy: "voice the accompaniment below the tune, or play it softer".into(),
                });
            }
        }
    }
    let share = if all > 0.0 { covered / all } else { 0.0 };
    Verdict::new("masking", 0.8, grade(share, 0.15, 0.9), findings)
}

/// Parallel fifths and octaves between tune and bass, where there is no drum kit: music of a band
/// moves in parallels by intent.
pub fn parallels(scene: &Scene<'_>) -> Verdict {
    let bass = (0..scene.tracks.len()).find(|t| scene.role(*t) == Role::Bass);
    let lead = scene.leads().next();
    let strict = !(0..scene.tracks.len()).any(|t| scene.role(t) == Role::Drums);
    let mut findings = Vec::new();
    let (mut moves, mut parallel) = (0_u32, 0_u32);
    if let (Some(bass), Some(lead)) = (bass, lead) {
        let mut last: Option<(i32, i32)> = None;
        for low in &scene.tracks[bass] {
            let notes = &scene.tracks[lead];
            let after = notes.partition_point(|note| note.on <= low.on);
            let high = after
                .checked_sub(1)
                .map(|i| notes[i])
                .filter(|note| note.end > low.on);
            let Some(high) = high else {
                last = None;
                continue;
            };
            if let Some((old_low, old_high)) = last
                && old_low != low.key
                && old_high != high.key
            {
                moves += 1;
                let now = (high.key - low.key).rem_euclid(12);
                let before = (old_high - old_low).rem_euclid(12);
                let same = (high.key > old_high) == (low.key > old_low);
                if now == before && (now == 0 || now == 7) && same {
                    parallel += 1;
                    findings.push(Finding {
                        bar: scene.bar(low.on),
                        tracks: vec![scene.id(lead), scene.id(bass)],
                        gravity: 0.3,
                        what: format!(
                            "parallel {} between the outer voices",
                            if now == 0 { "octaves" } else { "fifths" }
                        ),
                        remedy: "move the bass the other way, or to the third of the chord".into(),
                    });
                }
            }
            last = Some((low.key, high.key));
        }
    }
    let share = parallel as f32 / moves.max(8) as f32;
    let weight = if strict { 0.6 } else { 0.1 };
    Verdict::new("parallels", weight, grade(share, 0.05, 0.4), findings)
}

/// Long notes a semitone or a minor ninth from a tone of the chord, or from another part.
pub fn dissonance(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut all, mut sharp) = (0.0_f32, 0.0_f32);
    for note in &scene.pitched {
        if note.len() < Ticks::QUARTER {
            continue;
        }
        let length = note.len().as_quarters() as f32;
        all += length;
        let pc = note.key.rem_euclid(12) as u8;
        let against_chord = scene.score.chord_at(note.on).is_some_and(|span| {
            let shared = span.span.end.min(note.end) - note.on;
            !span.chord.has(pc)
                && span.chord.bass_note().pc() != pc
                && shared >= Ticks::QUARTER
                && span.chord.has((pc + 11) % 12)
        });
        let against_part = scene.with(note).any(|other| {
            let up = note.key - other.key;
            let shared = other.end.min(note.end) - other.on.max(note.on);
            (up == 1 || up == 13) && shared >= Ticks::QUARTER
        });
        // A tone that the chord names may rub: major sevenths are chords too.
        let named = scene
            .score
            .chord_at(note.on)
            .is_some_and(|span| span.chord.has(pc));
        if against_chord || (against_part && !named) {
            sharp += length;
            findings.push(Finding {
                bar: scene.bar(note.on),
                tracks: vec![scene.id(note.track)],
                gravity: (0.3 + 0.1 * length).min(1.0),
                what: "a long note stands a minor ninth above the harmony".into(),
                remedy: "resolve it down a step, shorten it, or change the chord".into(),
            });
        }
    }
    let share = if all > 0.0 { sharp / all } else { 0.0 };
    Verdict::new("dissonance", 1.0, grade(share, 0.01, 0.15), findings)
}
