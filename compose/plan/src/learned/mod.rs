//! What real songs do where a style leaves a choice: which chord follows which, which section
//! follows which, and how long sections are. Counted, not imitated: the tables hold numbers of
//! how often, no song.
//!
//! The counts are in `data/composer/{chords,forms}.txt`; `yuefu-bench --bin habits` makes them.

mod chords;
mod forms;

pub use chords::{ChordHabits, ChordLine, Level, Symbol};
pub use forms::FormHabits;

use std::sync::OnceLock;

/// A kind of repertoire with habits of its own; styles name theirs.
pub const REPERTOIRES: [&str; 3] = ["chart", "mandopop", "standards"];

/// The number of a repertoire's name.
pub fn repertoire(name: &str) -> Option<u8> {
    let found = REPERTOIRES.iter().position(|known| *known == name)?;
    u8::try_from(found).ok()
}

/// The shipped habits of chords.
///
/// # Errors
/// A sentence when the shipped table was edited and cannot be read any more.
pub fn chord_habits() -> Result<&'static ChordHabits, &'static str> {
    static TABLE: OnceLock<Result<ChordHabits, String>> = OnceLock::new();
    shipped(&TABLE, "composer/chords.txt", ChordHabits::parse)
}

/// The shipped habits of forms.
///
/// # Errors
/// As [`chord_habits`].
pub fn form_habits() -> Result<&'static FormHabits, &'static str> {
    static TABLE: OnceLock<Result<FormHabits, String>> = OnceLock::new();
    shipped(&TABLE, "composer/forms.txt", FormHabits::parse)
}

fn shipped<T>(
    table: &'static OnceLock<Result<T, String>>,
    name: &str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<&'static T, &'static str> {
    let read = || {
        let text = yuefu_data::text(name).ok_or_else(|| format!("{name} is missing"))?;
        parse(text).map_err(|error| format!("{name}: {error}"))
    };
    table.get_or_init(read).as_ref().map_err(String::as_str)
}

/// Interpolated back-off of Witten and Bell (IEEE Trans. Inf. Theory 37, 1991): what a context
/// has seen counts as often as it was seen, what lies behind it as often as the context saw
/// something new, but no less than `trust` times.
fn back_off(seen: u32, total: u32, kinds: u32, trust: u32, behind: f64) -> f64 {
    let (seen, total) = (f64::from(seen), f64::from(total));
    let kinds = f64::from(kinds.max(trust));
    if total == 0.0 {
        return behind;
    }
    (seen + kinds * behind) / (total + kinds)
}

/// Weights of a choice from mean logarithms, the most usual 1. Nothing weighs less than a fifth of
/// that: habits lean, they do not decide. What has no score weighs as much as the mean.
pub fn shares(scores: &[Option<f64>]) -> Vec<f32> {
    let known: Vec<f64> = scores.iter().copied().flatten().collect();
    let most = known.iter().copied().fold(f64::MIN, f64::max);
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    scores
        .iter()
        .map(
            |score| match score.or((!known.is_empty()).then_some(mean)) {
                Some(score) => libm::exp(score - most).max(0.2) as f32,
                None => 1.0,
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_song::SectionKind;

    #[test]
    fn shipped_tables_are_read_and_know_what_is_usual() {
        let key = "C major".parse().unwrap();
        let usual = |row: [&str; 4]| {
            let chords = row.map(|chord| chord.parse().unwrap());
            let habits = chord_habits().unwrap();
            habits.usual(0, key, &chords).unwrap()
        };
        assert!(usual(["C", "G", "Am", "F"]) > usual(["C", "Gb", "Am", "B"]) + 1.0);
        let form = |bars| form_habits().unwrap().log_length(SectionKind::Chorus, bars);
        assert!(form(8) > form(7));
    }

    #[test]
    fn habits_lean_and_do_not_decide() {
        let weights = shares(&[Some(-2.0), Some(-3.0), Some(-9.0), None]);
        assert_eq!(weights[0], 1.0);
        assert!((weights[1] - 0.367_88).abs() < 1e-4);
        assert_eq!(weights[2], 0.2);
        assert!(weights[3] >= 0.2 && weights[3] < 1.0);
        assert_eq!(shares(&[None, None]), [1.0, 1.0]);
    }
}
