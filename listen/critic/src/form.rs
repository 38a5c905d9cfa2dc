//! The whole: empty and frozen bars, ranges, density and contrast of sections.

use crate::{Finding, Verdict, grade, scene::Scene};
use yuefu_song::{Family, Role};

/// Bars in which nothing begins although energy is asked for, and cast members that are silent.
pub fn frozen(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let bars = usize::try_from(scene.bars.max(0)).unwrap_or(0).min(100_000);
    let mut onsets = vec![0_u32; bars];
    for note in scene.tracks.iter().flatten() {
        let bar = scene.score.timeline.bar_of(note.on).0;
        if let Some(count) = usize::try_from(bar)
            .ok()
            .and_then(|bar| onsets.get_mut(bar))
        {
            *count += 1;
        }
    }
    let mut still = 0;
    let mut frozen = 0.0_f32;
    for (bar, count) in onsets.iter().enumerate() {
        let at = scene.score.timeline.bar_start(bar as i64);
        let energy = scene.section(at).map_or(0.0, |s| scene.energy(s));
        still = if *count == 0 && energy > 0.3 {
            still + 1
        } else {
            0
        };
        // The last bars may ring out.
        if still > 2 && bar + 2 < bars {
            frozen += 1.0;
            findings.push(Finding {
                bar: bar as i64 + 1,
                tracks: Vec::new(),
                gravity: energy,
                what: "nothing has begun for more than two bars".into(),
                remedy: "let the accompaniment move here, or lower the section's energy".into(),
            });
        }
    }
    let mut silent = 0.0_f32;
    let mut asked = 0.0_f32;
    for (index, section) in scene.score.sections.iter().enumerate() {
        let Some(planned) = scene.plan.sections.iter().find(|p| p.id == section.id) else {
            continue;
        };
        for (number, track) in scene.score.tracks.iter().enumerate() {
            // Effects come and go, and leads take turns.
            if !planned.playing.contains(&track.id)
                || matches!(track.role, Role::Fx | Role::Lead | Role::Vocal)
            {
                continue;
            }
            asked += 1.0;
            let plays = scene.tracks[number]
                .iter()
                .any(|note| note.on < section.span.end && note.end > section.span.start);
            if !plays {
                silent += 1.0;
                findings.push(Finding {
                    bar: scene.bar(section.span.start),
                    tracks: vec![track.id.clone()],
                    gravity: 0.3 + 0.4 * scene.energy(index),
                    what: format!("has nothing to play in `{}`", section.id),
                    remedy: "take it out of the section, or ask for another take".into(),
                });
            }
        }
    }
    let empty = scene.tracks.iter().all(Vec::is_empty);
    let score = grade(frozen / bars.max(8) as f32, 0.0, 0.15)
        * grade(silent / asked.max(6.0), 0.02, 0.5)
        * f32::from(u8::from(!empty));
    Verdict::new("frozen", 1.2, score, findings)
}

/// Notes an instrument cannot play, or plays uncomfortably.
pub fn range(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let (mut all, mut strained) = (0.0_f32, 0.0_f32);
    let mut score = 1.0_f32;
    for (track, notes) in scene.tracks.iter().enumerate() {
        let Some(profile) = scene.profiles[track] else {
            continue;
        };
        if matches!(profile.family, Family::Kit | Family::Effect) {
            continue;
        }
        let limits = |[low, high]: [u8; 2]| i32::from(low)..=i32::from(high);
        let outside = notes
            .iter()
            .filter(|note| !limits(profile.range).contains(&note.key))
            .collect::<Vec<_>>();
        if let Some(first) = outside.first() {
            score -= 0.25;
            findings.push(Finding {
                bar: scene.bar(first.on),
                tracks: vec![scene.id(track)],
                gravity: 1.0,
                what: format!("{} notes lie beyond the instrument", outside.len()),
                remedy: "move them by an octave, or choose another instrument".into(),
            });
        }
        all += notes.len() as f32;
        strained += notes
            .iter()
            .filter(|note| !limits(profile.sweet).contains(&note.key))
            .count() as f32;
        for window in notes.windows(2) {
            let close = window[1].on == window[0].on && window[1].key == window[0].key;
            if close {
                score -= 0.02;
            }
        }
    }
    let share = strained / all.max(1.0);
    Verdict::new("range", 0.8, score * grade(share, 0.25, 1.2), findings)
}

/// More than hands and ears can take, or more at once than an instrument has voices.
pub fn density(scene: &Scene<'_>) -> Verdict {
    let mut findings = Vec::new();
    let mut score = 1.0_f32;
    for (track, notes) in scene.tracks.iter().enumerate() {
        let limit = match scene.role(track) {
            Role::Lead | Role::Vocal | Role::Counter | Role::Harmony => 11.0,
            Role::Bass => 10.0,
            Role::Drums => 28.0,
            _ => 40.0,
        };
        let seconds: Vec<f64> = notes
            .iter()
            .map(|note| scene.score.timeline.seconds(note.on))
            .collect();
        let mut first = 0;
        for index in 0..notes.len() {
            while seconds[index] - seconds[first] > 1.0 {
                first += 1;
            }
            if (index - first + 1) as f64 > limit {
                score -= 0.25;
                findings.push(Finding {
                    bar: scene.bar(notes[index].on),
                    tracks: vec![scene.id(track)],
                    gravity: 0.6,
                    what: format!("{} notes in one second", index - first + 1),
                    remedy: "thin the rhythm".into(),
                });
                break;
            }
        }
        let Some(profile) = scene.profiles[track] else {
            continue;
        };
        let voices = usize::from(profile.polyphony.max(1));
        let worst = notes
            .chunk_by(|a, b| a.on == b.on)
            .max_by_key(|chord| chord.len());
        if let Some(chord) = worst.filter(|chord| chord.len() > voices) {
            score -= 0.1;
            findings.push(Finding {
                bar: scene.bar(chord[0].on),
                tracks: vec![scene.id(track)],
                gravity: 0.5,
                what: format!("{} notes at once for {voices} voices", chord.len()),
                remedy: "leave out the fifth or a doubled note".into(),
            });
        }
    }
    Verdict::new("density", 0.6, score, findings)
}

/// Whether sections of more energy are also fuller: parts, notes and loudness.
pub fn contrast(scene: &Scene<'_>) -> Verdict {
    let sections = &scene.score.sections;
    let fullness: Vec<f32> = sections
        .iter()
        .map(|section| {
            let length = scene.score.timeline.seconds(section.span.end)
                - scene.score.timeline.seconds(section.span.start);
            let mut parts = 0.0_f32;
            let mut events = 0.0_f32;
            for notes in &scene.tracks {
                let inside = notes.iter().filter(|note| section.span.contains(note.on));
                let count = inside.count() as f32;
                parts += f32::from(u8::from(count > 0.0));
                events += count;
            }
            parts + 0.25 * events / (length as f32).max(0.5)
        })
        .collect();
    let energies: Vec<f32> = (0..sections.len()).map(|i| scene.energy(i)).collect();
    let spread =
        energies.iter().copied().fold(0.0, f32::max) - energies.iter().copied().fold(1.0, f32::min);
    // Pieces of one level have no contrast to show.
    if sections.len() < 3 || spread < 0.15 {
        return Verdict::new("contrast", 0.2, 1.0, Vec::new());
    }
    let r = correlation(&energies, &fullness);
    let mut findings = Vec::new();
    if r < 0.4 {
        findings.push(Finding {
            bar: 0,
            tracks: Vec::new(),
            gravity: (0.6 - r).clamp(0.0, 1.0),
            what: format!("fullness hardly follows the energy asked for (r = {r:.2})"),
            remedy: "thin out the quiet sections, or add parts to the strong ones".into(),
        });
    }
    Verdict::new("contrast", 0.8, 0.3 + 0.7 * grade(r, 0.6, -0.2), findings)
}

/// Pearson correlation; 0 where either side is constant.
pub(crate) fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().max(1) as f32;
    let (ma, mb) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    if aa <= 0.0 || bb <= 0.0 {
        0.0
    } else {
        ab / (aa * bb).sqrt()
    }
}
