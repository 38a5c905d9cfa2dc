//! Which chords a style writes, counted over its progressions.

use crate::harmony::parse_row;
use std::collections::BTreeMap;
use yuefu_song::Style;
use yuefu_theory::{Key, Mode, Quality};

/// Chords by semitones of the root above the tonic and what stands on it, with their weight.
pub type Vocabulary = Vec<(u8, Quality, f64)>;

/// The chords that a style writes in keys with a major and with a minor third, by how many bars of
/// its progressions they fill, plain triads colored as often as the style colors them.
pub fn vocabulary(style: &Style) -> [Vocabulary; 2] {
    [Mode::Major, Mode::Minor].map(|mode| in_mode(style, mode))
}

/// How often the chord changes in a bar of a style's progressions, on average.
pub fn changes_a_bar(style: &Style) -> f64 {
    let harmony = &style.harmony;
    let (mut bars, mut changes) = (0_u32, 0_u32);
    for row in harmony
        .major
        .values()
        .chain(harmony.minor.values())
        .flatten()
    {
        let mut last = "";
        for bar in row.split_whitespace() {
            bars += 1;
            for chord in bar.split(',') {
                changes += u32::from(chord != last);
                last = chord;
            }
        }
    }
    f64::from(changes) / f64::from(bars.max(1))
}

fn in_mode(style: &Style, mode: Mode) -> Vocabulary {
    let harmony = &style.harmony;
    let (rows, closing) = harmony.in_mode(mode);
    let key = Key::simplest(0, mode);
    let color = f64::from(harmony.color);
    let mut counts: BTreeMap<(u8, usize), (Quality, f64)> = BTreeMap::new();
    let mut add = |root: u8, quality: Quality, weight: f64| {
        let place = Quality::all().position(|known| known == quality);
        let entry = (root, place.unwrap_or_default());
        counts.entry(entry).or_insert((quality, 0.0)).1 += weight;
    };
    for bar in rows
        .values()
        .flatten()
        .chain(closing)
        .flat_map(|row| parse_row(row))
    {
        for roman in &bar {
            let weight = 1.0 / bar.len() as f64;
            let root = roman.in_key(&key).root.pc();
            let quality = sounded(roman.quality, root, &key);
            match colored(quality, root, &key) {
                Some(rich) if roman.of.is_none() && !roman.marked => {
                    add(root, quality, weight * (1.0 - color));
                    add(root, rich, weight * color);
                }
                _ => add(root, quality, weight),
            }
        }
    }
    counts
        .into_iter()
        .map(|((root, _), (quality, weight))| (root, quality, weight))
        .filter(|row| row.2 > 0.0)
        .collect()
}

/// Bare fifths and stacked fourths as the triad that the key has there: a chart has to say more.
fn sounded(quality: Quality, root: u8, key: &Key) -> Quality {
    match quality {
        Quality::Power | Quality::Quartal if key.has_harmonic((root + 4) % 12) => Quality::Major,
        Quality::Power | Quality::Quartal => Quality::Minor,
        other => other,
    }
}

/// A plain triad with the seventh that its degree takes.
fn colored(quality: Quality, root: u8, key: &Key) -> Option<Quality> {
    match quality {
        Quality::Major if root == 7 => Some(Quality::Dominant),
        Quality::Major if key.has((root + 11) % 12) => Some(Quality::MajorSeven),
        Quality::Minor => Some(Quality::MinorSeven),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_write_their_own_chords() {
        let book = crate::standard_styles().expect("styles ship");
        let share = |id: &str, test: &dyn Fn(Quality) -> bool| {
            let [major, _] = vocabulary(book.get(id).expect("a style"));
            let all: f64 = major.iter().map(|row| row.2).sum();
            let some = major.iter().filter(|row| test(row.1));
            some.map(|row| row.2).sum::<f64>() / all
        };
        let rich = |quality: Quality| quality.tones().len() > 3;
        assert!(share("bossa-nova", &rich) > 0.8);
        assert!(share("pop", &rich) < 0.5);
        for style in book.styles() {
            for words in vocabulary(style) {
                assert!(!words.is_empty(), "{}", style.id);
                assert!(
                    words
                        .iter()
                        .all(|row| row.0 < 12 && row.1 != Quality::Power)
                );
            }
        }
    }
}
