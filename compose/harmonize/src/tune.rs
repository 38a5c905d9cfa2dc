//! Which of several parts has the tune.

use crate::tones::Tone;
use yuefu_theory::Ticks;

/// One part of a piece, as far as it matters for finding the tune.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// What it sounds.
    pub tones: &'a [Tone],
    /// Its name in the file.
    pub name: &'a str,
    /// Whether words are sung to it.
    pub sung: bool,
    /// Whether its keys are drums.
    pub percussion: bool,
}

/// Names of tunes, and of what is not one.
const TUNE: [&str; 16] = [
    "melody",
    "vocal",
    "voice",
    "lead",
    "sing",
    "soprano",
    "tune",
    "solo",
    "cantus",
    "主旋律",
    "旋律",
    "人声",
    "主唱",
    "歌",
    "唱",
    "melodie",
];
const OTHER: [&str; 15] = [
    "bass", "drum", "pad", "chord", "comp", "accomp", "rhythm", "backing", "harmony", "低音",
    "贝斯", "鼓", "伴奏", "和声", "left",
];

/// The part with the tune: sung, named so, high, in single notes, moving, and there most of the
/// time. `None` when no part has notes of a pitch.
pub fn find_tune(voices: &[Voice<'_>]) -> Option<usize> {
    let end = voices
        .iter()
        .flat_map(|v| v.tones.iter().map(|t| t.span.end))
        .max()?;
    let mut found: Option<(usize, f64)> = None;
    for (index, voice) in voices.iter().enumerate() {
        if voice.percussion || voice.tones.is_empty() {
            continue;
        }
        let score = score(voice, end);
        if found.is_none_or(|(_, best)| score > best) {
            found = Some((index, score));
        }
    }
    found.map(|f| f.0)
}

fn score(voice: &Voice<'_>, end: Ticks) -> f64 {
    let tones = voice.tones;
    let count = tones.len() as f64;
    let mut score = 0.0;
    if voice.sung {
        score += 6.0;
    }
    let name = voice.name.to_lowercase();
    if TUNE.iter().any(|word| name.contains(word)) {
        score += 2.0;
    }
    if !voice.sung && OTHER.iter().any(|word| name.contains(word)) {
        score -= 2.0;
    }
    // Height: around C5 is where tunes lie; each octave away counts.
    let mean = tones.iter().map(|t| f64::from(t.key)).sum::<f64>() / count;
    score -= (mean - 72.0).abs() / 12.0 * if mean < 72.0 { 1.2 } else { 0.5 };
    // Single notes: the share of notes that begin while none of the part sounds.
    let mut sorted = tones.to_vec();
    sorted.sort_by_key(|t| (t.span.start, t.key));
    let slack = Ticks::QUARTER / 8;
    let single = sorted
        .windows(2)
        .filter(|p| p[1].span.start > p[0].span.start && p[0].span.end <= p[1].span.start + slack)
        .count() as f64;
    score += 2.5 * (single + 1.0) / count;
    // Steps and small leaps.
    let near = sorted
        .windows(2)
        .filter(|p| (1..=5).contains(&p[1].key.abs_diff(p[0].key)))
        .count() as f64;
    score += 1.0 * near / count;
    // There for a good part of the piece.
    let heard: i64 = sorted.iter().map(|t| t.span.len().0).sum();
    let share = (heard as f64 / end.0.max(1) as f64).min(0.5) * 2.0;
    score += share;
    if count < 8.0 {
        score -= 1.0;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(keys: &[&[u8]]) -> Vec<Tone> {
        keys.iter()
            .enumerate()
            .flat_map(|(i, chord)| {
                chord
                    .iter()
                    .map(move |key| Tone::new(Ticks::quarters(i as i64), Ticks::QUARTER, *key))
            })
            .collect()
    }

    #[test]
    fn the_high_single_line_has_the_tune_unless_another_is_sung() {
        let melody = line(&[
            &[72],
            &[74],
            &[76],
            &[77],
            &[76],
            &[74],
            &[72],
            &[71],
            &[72],
        ]);
        let piano = line(&[&[60, 64, 67], &[60, 64, 67], &[60, 65, 69], &[60, 64, 67]]);
        let bass = line(&[
            &[36],
            &[38],
            &[40],
            &[41],
            &[43],
            &[41],
            &[40],
            &[38],
            &[36],
        ]);
        let voice = |tones, name, sung| Voice {
            tones,
            name,
            sung,
            percussion: false,
        };
        let voices = [
            voice(&piano[..], "Piano", false),
            voice(&bass[..], "Bass", false),
            voice(&melody[..], "", false),
        ];
        assert_eq!(find_tune(&voices), Some(2));
        let mut sung = voices;
        sung[1].sung = true;
        sung[1].name = "Mr. Basso";
        assert_eq!(find_tune(&sung), Some(1));
        assert_eq!(find_tune(&[]), None);
    }
}
