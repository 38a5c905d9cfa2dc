//! Where phrases begin: at rests, after long notes, at leaps.
//!
//! Boundary strengths are those of E. Cambouropoulos, "The Local Boundary Detection Model (LBDM)
//! and its Application in the Study of Expressive Timing" (ICMC 2001). Which boundaries make
//! phrases is then chosen as a whole, so that phrases are about two to eight bars long.

use crate::tones::Tone;
use yuefu_theory::{Ticks, Timeline};

/// Weights of pitch, inter-onset and rest intervals, as published.
const WEIGHTS: [f64; 3] = [0.25, 0.5, 0.25];

/// No phrase is longer than this, unless a single note is.
const MOST_BARS: f64 = 16.0;

/// Onsets that begin phrases, in ascending order; the first is the first onset. Of notes struck
/// together the highest counts.
pub fn phrase_starts(tones: &[Tone], line: &Timeline) -> Vec<Ticks> {
    let notes = skyline(tones);
    if notes.is_empty() {
        return Vec::new();
    }
    let strength = boundaries(&notes);
    let bars: Vec<f64> = notes
        .iter()
        .map(|note| {
            let (bar, into) = line.bar_of(note.span.start);
            bar as f64 + into.0 as f64 / line.metre(note.span.start).bar().0 as f64
        })
        .collect();
    let end = notes
        .iter()
        .map(|n| n.span.end)
        .max()
        .map_or(0.0, |end| line.bar_of(end).0 as f64 + 1.0);
    let count = notes.len();
    // The best worth of phrases that end just before each note, and where the last one begins.
    let mut worth = vec![f64::MIN; count + 1];
    let mut from = vec![0; count + 1];
    worth[0] = 0.0;
    for to in 1..=count {
        let here = if to < count { bars[to] } else { end };
        let gain = if to < count { strength[to] } else { 0.0 };
        for start in (0..to).rev() {
            let len = here - bars[start];
            if len > MOST_BARS && start + 1 < to {
                break;
            }
            let total = worth[start] + gain - strain(len);
            if total > worth[to] {
                worth[to] = total;
                from[to] = start;
            }
        }
    }
    let mut out = Vec::new();
    let mut to = count;
    while to > 0 {
        to = from[to];
        out.push(notes[to].span.start);
    }
    out.reverse();
    out
}

/// How far a length in bars is from that of a phrase.
fn strain(bars: f64) -> f64 {
    0.3 + match bars {
        b if b < 1.5 => (1.5 - b) * 0.9,
        b if b <= 4.5 => 0.0,
        b if b <= 8.5 => (b - 4.5) * 0.1,
        b => 0.4 + (b - 8.5) * 0.6,
    }
}

/// The highest of the notes struck together, each ending where the next begins at the latest.
pub(crate) fn skyline(tones: &[Tone]) -> Vec<Tone> {
    let mut sorted = tones.to_vec();
    sorted.sort_by_key(|t| (t.span.start, std::cmp::Reverse(t.key), t.span.end));
    sorted.dedup_by_key(|t| t.span.start);
    for index in 1..sorted.len() {
        let next = sorted[index].span.start;
        let end = &mut sorted[index - 1].span.end;
        *end = Ticks::min(*end, next);
    }
    sorted
}

/// The strength of a boundary before each note, 0 to about 1.
fn boundaries(notes: &[Tone]) -> Vec<f64> {
    let pairs = notes.windows(2);
    let pitch: Vec<f64> = pairs
        .clone()
        .map(|p| f64::from(p[1].key.abs_diff(p[0].key)).min(12.0))
        .collect();
    let onset: Vec<f64> = pairs
        .clone()
        .map(|p| (p[1].span.start - p[0].span.start).as_quarters().min(8.0))
        .collect();
    let rest: Vec<f64> = pairs
        .map(|p| {
            (p[1].span.start - p[0].span.end)
                .as_quarters()
                .clamp(0.0, 8.0)
        })
        .collect();
    let mut out = vec![0.0; notes.len()];
    for (intervals, weight) in [pitch, onset, rest].into_iter().zip(WEIGHTS) {
        let strengths = strengths(&intervals);
        let most = strengths.iter().copied().fold(0.0, f64::max);
        if most > 0.0 {
            for (index, strength) in strengths.iter().enumerate() {
                out[index + 1] += weight * strength / most;
            }
        }
    }
    out
}

/// Each interval times how much it differs from its neighbors.
fn strengths(intervals: &[f64]) -> Vec<f64> {
    let change = |a: f64, b: f64| {
        if a + b > 0.0 {
            (a - b).abs() / (a + b)
        } else {
            0.0
        }
    };
    (0..intervals.len())
        .map(|i| {
            let here = intervals[i];
            let before = i.checked_sub(1).map_or(0.0, |j| change(intervals[j], here));
            let after = intervals.get(i + 1).map_or(0.0, |next| change(here, *next));
            here * (before + after)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::Metre;

    #[test]
    fn phrases_begin_after_rests_and_long_notes() {
        let line = Timeline::steady(120.0, Metre::common());
        let mut tones = Vec::new();
        for phrase in 0..4 {
            let at = Ticks::quarters(phrase * 16);
            for step in 0..13 {
                tones.push(Tone::new(
                    at + Ticks::quarters(step),
                    Ticks::QUARTER,
                    60 + (step * 2 % 7) as u8,
                ));
            }
        }
        let starts: Vec<i64> = phrase_starts(&tones, &line)
            .iter()
            .map(|t| t.0 / Ticks::QUARTER.0)
            .collect();
        assert_eq!(starts, [0, 16, 32, 48]);
        assert!(phrase_starts(&[], &line).is_empty());
    }
}
