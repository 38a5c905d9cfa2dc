//! Values of the fields `M:`, `L:`, `Q:` and `K:`.

use yuefu_theory::{Key, Metre, Mode, SpelledPc, Step, Ticks};

/// `M:` field.
pub(super) fn metre(text: &str) -> Option<Metre> {
    match text.trim() {
        "C" => Some(Metre::common()),
        "C|" => Some(Metre::new(2, 2)),
        other => other.replace(['(', ')', ' '], "").parse().ok(),
    }
}

/// `L:` field.
pub(super) fn unit(text: &str) -> Option<Ticks> {
    let (num, den) = text.trim().split_once('/').unwrap_or((text.trim(), "1"));
    let num: i64 = num.trim().parse().ok().filter(|n| (1..=16).contains(n))?;
    let den: i64 = den.trim().parse().ok().filter(|n| (1..=512).contains(n))?;
    (161_280 % den == 0).then(|| Ticks::of(num, den))
}

/// `Q:` field: quarter notes per minute from `1/4=120`, `"Allegro" 3/8=60`, `120`.
pub(super) fn tempo(text: &str, unit_len: Ticks) -> Option<f64> {
    let outside: String = text.split('"').step_by(2).collect();
    let outside = outside.trim();
    let (beat, rate) = match outside.split_once('=') {
        Some((beats, rate)) => {
            let mut sum = 0;
            for beat in beats.split_whitespace() {
                sum += if beat == "C" {
                    unit_len.0
                } else {
                    unit(beat)?.0
                };
            }
            (Ticks(sum), rate)
        }
        None => (unit_len, outside),
    };
    let rate: f64 = rate.trim().parse().ok()?;
    let bpm = rate * beat.as_quarters();
    (bpm.is_finite() && bpm > 0.0).then_some(bpm)
}

/// `K:` field: `D`, `Am`, `F#mix`, `Bb dorian`, `HP`, `none`; clefs and the like are ignored.
pub(super) fn key(text: &str) -> Option<Key> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("none") || text.starts_with("clef") {
        return Some(Key::simplest(0, Mode::Major));
    }
    if text.starts_with("HP") || text.starts_with("Hp") {
        return Some(Key::new(SpelledPc::new(Step::A, 0), Mode::Mixolydian));
    }
    let mut chars = text.chars();
    let step = chars
        .next()
        .filter(char::is_ascii_uppercase)
        .and_then(Step::from_letter)?;
    let rest = chars.as_str();
    let (alter, rest) = match rest.chars().next() {
        Some('#') => (1, &rest[1..]),
        Some('b') => (-1, &rest[1..]),
        _ => (0, rest),
    };
    let word = rest.split_whitespace().next().unwrap_or("");
    // A word such as `clef=bass` says nothing of the mode.
    let word = if word.contains('=') { "" } else { word };
    let lower: String = word.to_lowercase().chars().take(3).collect();
    let mode = match lower.as_str() {
        "" | "maj" | "ion" => Mode::Major,
        "m" | "min" | "aeo" => Mode::Minor,
        "dor" => Mode::Dorian,
        "phr" => Mode::Phrygian,
        "lyd" => Mode::Lydian,
        "mix" => Mode::Mixolydian,
        _ => Mode::Major,
    };
    Some(Key::new(SpelledPc::new(step, alter), mode))
}
