//! Keys and modulations, by how well pitch classes fit the profile of each key.
//!
//! Profiles after D. Temperley, *Music and Probability* (MIT Press, 2007), from the Kostka-Payne
//! corpus; a path through the bars is found as in his chapter 6: each bar prefers its key, each
//! change of key costs.

use crate::tones::{Tone, Tones};
use yuefu_audio::math;
use yuefu_song::Score;
use yuefu_theory::{Key, Mode, TickSpan, Ticks, Timeline};

/// A key and where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpan {
    /// Where it holds; starts and ends at barlines.
    pub span: TickSpan,
    /// The key, major or minor.
    pub key: Key,
}

/// The keys that a score states, section by section.
pub fn key_spans(score: &Score) -> Vec<KeySpan> {
    let sections = score.sections.iter();
    sections
        .map(|section| KeySpan {
            span: section.span,
            key: section.key,
        })
        .collect()
}

/// How often each degree of the chromatic scale occurs in a segment, major and minor.
const PROFILES: [[f64; 12]; 2] = [
    [
        0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400,
    ],
    [
        0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330,
    ],
];

/// What a modulation costs, in units of the logarithm of a probability per quarter note.
const MODULATION: f64 = 9.0;

/// What a step on the circle of fifths adds to it.
const DISTANCE: f64 = 1.0;

/// Quarter notes of one pitch class that count fully in a bar; what is held longer adds little.
const ENOUGH: f64 = 2.0;

/// Keys, coded as tonic + 12 × minor.
const KEYS: usize = 24;

/// Weight of the key signature, when one is given, for keys that do not fit it.
const SIGNATURE: f64 = 0.6;

/// The key of a whole piece: the one that fits best, with weight on how it begins and ends.
/// C major for silence.
pub fn find_key(tones: &[Tone], line: &Timeline, end: Ticks, signature: Option<i32>) -> Key {
    let tones = Tones::new(tones);
    let scores = whole(&tones, line, end, signature);
    spelled(best(&scores), signature)
}

/// Keys of a piece in order, without gaps from 0 to `end` (a barline), at least one. A signature
/// (sharps, or flats as negative numbers) is a hint, not a command.
pub fn find_keys(
    tones: &[Tone],
    line: &Timeline,
    end: Ticks,
    signature: Option<i32>,
) -> Vec<KeySpan> {
    let tones = Tones::new(tones);
    let home = whole(&tones, line, end, signature);
    let log = log_profiles();
    let bars = bars(line, end);
    // The best way to each key of a bar: its worth and the key before.
    let mut worth = home.map(|score| score * 0.02);
    let mut from: Vec<[usize; KEYS]> = Vec::with_capacity(bars.len());
    for bar in &bars {
        let fit = fits(&histogram(&tones, *bar), &log);
        let mut next = [f64::MIN; KEYS];
        let mut back = [0; KEYS];
        for to in 0..KEYS {
            for (key, before) in worth.iter().enumerate() {
                let cost = if key == to {
                    0.0
                } else {
                    MODULATION + DISTANCE * f64::from(distance(key, to))
                };
                if before - cost > next[to] {
                    next[to] = before - cost;
                    back[to] = key;
                }
            }
            next[to] += fit[to] - misfit(to, signature) * 0.1;
        }
        worth = next;
        from.push(back);
    }
    let mut key = best(&worth);
    let mut path = vec![key; bars.len()];
    for index in (1..bars.len()).rev() {
        key = from[index][key];
        path[index - 1] = key;
    }
    let mut out: Vec<KeySpan> = Vec::new();
    for (bar, key) in bars.iter().zip(path) {
        let key = spelled(key, signature);
        match out.last_mut() {
            Some(last) if last.key == key => last.span.end = bar.end,
            _ => out.push(KeySpan { span: *bar, key }),
        }
    }
    if out.is_empty() {
        out.push(KeySpan {
            span: TickSpan::new(Ticks::ZERO, end.max(Ticks(1))),
            key: spelled(best(&home), signature),
        });
    }
    out
}

/// Scores of all keys for the whole piece.
fn whole(tones: &Tones, line: &Timeline, end: Ticks, signature: Option<i32>) -> [f64; KEYS] {
    let log = log_profiles();
    let mut scores = [0.0; KEYS];
    let bars = bars(line, end);
    for bar in &bars {
        for (score, fit) in scores.iter_mut().zip(fits(&histogram(tones, *bar), &log)) {
            *score += fit;
        }
    }
    let per_bar = 1.0 / bars.len().max(1) as f64;
    for (key, score) in scores.iter_mut().enumerate() {
        *score = *score * per_bar - misfit(key, signature) + ends(tones, key);
    }
    scores
}

/// How a piece begins and ends speaks for its tonic: the last lowest note above all.
fn ends(tones: &Tones, key: usize) -> f64 {
    let all = tones.all();
    let Some(last) = all.iter().map(|t| t.span.end).max() else {
        return 0.0;
    };
    let tail = TickSpan::new(last - Ticks::QUARTER, last);
    let (tonic, minor) = (key % 12, key >= 12);
    let mut score = 0.0;
    if let Some(low) = tones.lowest(tail) {
        let above = (usize::from(low) + 12 - tonic) % 12;
        score += match above {
            0 => 1.6,
            7 | 4 if !minor => 0.3,
            7 | 3 if minor => 0.3,
            _ => 0.0,
        };
    }
    let third = (tonic + if minor { 3 } else { 4 }) % 12;
    if tones.within(tail).any(|(tone, _)| tone.pc() == third) {
        score += 0.35;
    }
    let first = all[0].span.start;
    let head = TickSpan::new(first, first + Ticks::quarters(4));
    if tones
        .lowest(head)
        .is_some_and(|low| usize::from(low) % 12 == tonic)
    {
        score += 0.5;
    }
    score
}

fn misfit(key: usize, signature: Option<i32>) -> f64 {
    let Some(fifths) = signature else {
        return 0.0;
    };
    let off = (fifths_of(key) - fifths).rem_euclid(12);
    SIGNATURE * f64::from(off.min(12 - off).min(3))
}

/// The signature of a key, −5..=6.
fn fifths_of(key: usize) -> i32 {
    let tonic = key as i32 % 12 + if key >= 12 { 3 } else { 0 };
    let fifths = (tonic * 7).rem_euclid(12);
    if fifths > 6 { fifths - 12 } else { fifths }
}

/// Steps on the circle of fifths between the signatures of two keys, and one more between major
/// and minor.
fn distance(a: usize, b: usize) -> i32 {
    let apart = (fifths_of(a) - fifths_of(b)).rem_euclid(12);
    apart.min(12 - apart) + i32::from((a >= 12) != (b >= 12))
}

fn log_profiles() -> [[f64; 12]; 2] {
    PROFILES.map(|profile| {
        let sum: f64 = profile.iter().sum();
        profile.map(|p| math::ln(p / sum))
    })
}

fn fits(histogram: &[f64; 12], log: &[[f64; 12]; 2]) -> [f64; KEYS] {
    std::array::from_fn(|key| {
        let profile = &log[key / 12];
        (0..12)
            .map(|pc| histogram[pc] * profile[(pc + 12 - key % 12) % 12])
            .sum()
    })
}

/// Quarter notes of each pitch class in a bar.
fn histogram(tones: &Tones, bar: TickSpan) -> [f64; 12] {
    let mut out = [0.0; 12];
    for (tone, inside) in tones.within(bar) {
        out[tone.pc()] += inside.len().as_quarters().min(ENOUGH);
    }
    // What is doubled in many octaves says no more than what sounds once.
    out.map(|sum: f64| sum.min(ENOUGH))
}

pub(crate) fn bars(line: &Timeline, end: Ticks) -> Vec<TickSpan> {
    let mut out = Vec::new();
    let mut number = 0;
    loop {
        let start = line.bar_start(number);
        if start >= end {
            return out;
        }
        number += 1;
        out.push(TickSpan::new(start, line.bar_start(number)));
    }
}

fn best(scores: &[f64; KEYS]) -> usize {
    let mut found = 0;
    for key in 1..KEYS {
        if scores[key] > scores[found] {
            found = key;
        }
    }
    found
}

/// The key with a spelling near the signature, if there is one, or else the simplest.
fn spelled(key: usize, signature: Option<i32>) -> Key {
    let mode = if key >= 12 { Mode::Minor } else { Mode::Major };
    let simple = Key::simplest((key % 12) as u8, mode);
    let Some(fifths) = signature else {
        return simple;
    };
    let mut found = simple;
    for step in yuefu_theory::Step::ALL {
        for alter in -1..=1 {
            let other = Key::new(yuefu_theory::SpelledPc::new(step, alter), mode);
            let off = |key: &Key| (key.fifths() - fifths).abs();
            if other.tonic.pc() == simple.tonic.pc()
                && other.fifths().abs() <= 7
                && off(&other) < off(&found)
            {
                found = other;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::Metre;

    fn tune(text: &str) -> Vec<Tone> {
        text.split_whitespace()
            .enumerate()
            .map(|(i, name)| {
                let pitch: yuefu_theory::Pitch = name.parse().unwrap();
                Tone::new(
                    Ticks::quarters(i as i64),
                    Ticks::QUARTER,
                    pitch.midi() as u8,
                )
            })
            .collect()
    }

    fn key_of(text: &str) -> String {
        let line = Timeline::steady(120.0, Metre::common());
        let tones = tune(text);
        let end = Ticks::quarters(tones.len() as i64);
        find_key(&tones, &line, end, None).to_string()
    }

    #[test]
    fn tunes_have_their_key() {
        let joy = "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 E4 D4 D4 D4 \
                   E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4 C4 C4 C4";
        assert_eq!(key_of(joy), "C major");
        let minor = "A4 B4 C5 D5 E5 D5 C5 B4 A4 G#4 A4 B4 C5 A4 E4 A4";
        assert_eq!(key_of(minor), "A minor");
        assert_eq!(key_of(""), "C major");
    }

    #[test]
    fn transposing_a_tune_transposes_its_key() {
        let line = Timeline::steady(120.0, Metre::common());
        let tones = tune("G4 A4 B4 G4 C5 B4 A4 D5 C5 B4 A4 F#4 G4 D4 G4 G4");
        for up in 0..12 {
            let moved: Vec<Tone> = tones
                .iter()
                .map(|t| Tone {
                    key: t.key + up,
                    ..*t
                })
                .collect();
            let key = find_key(&moved, &line, Ticks::quarters(16), None);
            assert_eq!(u32::from(key.tonic.pc()), (7 + u32::from(up)) % 12);
            assert_eq!(key.mode, Mode::Major);
        }
    }

    #[test]
    fn a_modulation_is_found_at_its_barline() {
        let line = Timeline::steady(120.0, Metre::common());
        let phrase = "C4 E4 G4 E4 F4 A4 G4 F4 E4 C4 D4 B3 C4 G3 C4 C4 ";
        let mut tones = tune(&phrase.repeat(2));
        let second: Vec<Tone> = tones
            .iter()
            .map(|t| {
                let at = t.span.start + Ticks::quarters(32);
                Tone::new(at, Ticks::QUARTER, t.key + 3)
            })
            .collect();
        tones.extend(second);
        let keys = find_keys(&tones, &line, Ticks::quarters(64), None);
        let found: Vec<(i64, String)> = keys
            .iter()
            .map(|k| (k.span.start.0 / Ticks::WHOLE.0, k.key.to_string()))
            .collect();
        assert_eq!(
            found,
            [(0, "C major".to_owned()), (8, "Eb major".to_owned())]
        );
    }

    #[test]
    fn a_signature_chooses_the_spelling() {
        let line = Timeline::steady(120.0, Metre::common());
        let tones = tune("F#4 G#4 A#4 B4 C#5 A#4 F#4 F#4");
        let key = |fifths| find_key(&tones, &line, Ticks::quarters(8), Some(fifths)).to_string();
        assert_eq!(key(6), "F# major");
        assert_eq!(key(-6), "Gb major");
    }
}
