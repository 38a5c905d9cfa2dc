//! From lengths of tokens to times of phones.

use crate::line::{Line, Owner};
use crate::model::{FRAME, LATENESS};

/// Frames that silence before a line is cut to: 0.35 s. With less than a quarter of a second the
/// model swallows the first syllable.
pub const LEAD: f32 = 14.0;
/// Frames that silence after a line is cut to.
const TAIL: f32 = 9.0;
/// How a one-letter diphthong divides between its two phones.
const FIRST_HALF: f64 = 0.55;

/// Shortens the silence around a line, of which the model leaves half a second and more; lengths
/// in frames of [`FRAME`].
pub fn trim(line: &Line, lengths: &[f32]) -> Vec<f32> {
    let mut lengths = lengths.to_vec();
    let count = lengths.len();
    let spoken = |index: &usize| line.owners[*index] != Owner::Pause;
    let first = (0..count).find(spoken).unwrap_or(0);
    let after = (0..count).rev().find(spoken).map_or(count, |last| last + 1);
    for (range, most) in [(0..first, LEAD), (after..count, TAIL)] {
        let total: f32 = lengths[range.clone()].iter().sum();
        if total > most {
            lengths[range].iter_mut().for_each(|x| *x *= most / total);
        }
    }
    // Shorter, it is as bad as cut.
    let silence: f32 = lengths[..first].iter().sum();
    if silence < LEAD && first > 0 {
        lengths[0] += LEAD - silence;
    }
    lengths
}

/// When each phone is heard, in seconds from the first frame, given the lengths of the line's
/// tokens in frames: `phones[syllable]` is how many phones a syllable has. The model's boundaries
/// are late by [`LATENESS`]; here they are not. Spaces between words are nobody's. A phone without a letter of its own has no length.
pub fn phone_times(line: &Line, lengths: &[f32], phones: &[usize]) -> Vec<(f64, f64)> {
    let starts: Vec<usize> = phones
        .iter()
        .scan(0, |at, count| {
            *at += count;
            Some(*at - count)
        })
        .collect();
    let mut found: Vec<Option<(f64, f64)>> = vec![None; phones.iter().sum()];
    let mut at = 0.0;
    for (owner, length) in line.owners.iter().zip(lengths) {
        let (start, end) = (at, at + f64::from(*length) * FRAME);
        at = end;
        let Owner::Phones {
            syllable,
            first,
            end: after,
        } = *owner
        else {
            continue;
        };
        let middle = start + (end - start) * FIRST_HALF;
        for phone in first..after {
            let (low, high) = match (after - first, phone - first) {
                (1, _) => (start, end),
                (_, 0) => (start, middle),
                _ => (middle, end),
            };
            let index = starts[syllable] + phone;
            // Several letters of one phone: aspiration, a stress or tone mark.
            let known = found[index].get_or_insert((low, high));
            known.1 = high;
        }
    }
    let mut before = f64::from(LEAD) * FRAME - LATENESS;
    found
        .into_iter()
        .map(|found| {
            let (start, end) = found.map_or((before, before), |(start, end)| {
                let start = (start - LATENESS).max(0.0);
                (start, (end - LATENESS).max(start))
            });
            before = end;
            (start, end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineSyllable;

    #[test]
    fn phones_follow_each_other_and_come_before_their_tokens() {
        let said: Vec<LineSyllable> = ["N AY1", "L OW0"]
            .iter()
            .map(|reading| LineSyllable {
                lang: "en".to_owned(),
                sounds: yuefu_lang::sounds("en", reading).unwrap(),
                word_start: true,
                pause_after: false,
            })
            .collect();
        let line = Line::spell(&said).unwrap();
        let natural = vec![4.0; line.tokens.len()];
        let lengths = trim(&line, &natural);
        let counts: Vec<usize> = said.iter().map(|s| s.sounds.phones.len()).collect();
        let times = phone_times(&line, &lengths, &counts);
        assert_eq!(times.len(), 6);
        assert!((times[0].0 - (0.35 - LATENESS)).abs() < 1e-6, "{times:?}");
        // n 0.1 s, the stress mark and the diphthong 0.2 s in two parts.
        assert!((times[0].1 - times[0].0 - 0.1).abs() < 1e-6);
        assert!((times[2].1 - times[1].0 - 0.2).abs() < 1e-6, "{times:?}");
        for pair in times.windows(2) {
            assert!(pair[0].1 <= pair[1].0 + 1e-9, "{times:?}");
        }
    }
}
