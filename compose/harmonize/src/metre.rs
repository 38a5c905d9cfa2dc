//! Metre and downbeat of music that states none.

use crate::tones::Tone;
use yuefu_theory::{Metre, Ticks};

/// A metre that fits, and how surely.
#[derive(Clone, Debug, PartialEq)]
pub struct MetreGuess {
    /// The metre.
    pub metre: Metre,
    /// Where the first downbeat lies, from 0 up to less than a bar.
    pub downbeat: Ticks,
    /// How much better it fits than the next best, 0 (not at all) to 1.
    pub confidence: f64,
    /// How much better it fits than common time from wherever that fits best, 0 (not at all) to 1.
    pub over_common: f64,
}

/// The metre, among 4/4, 3/4, 2/4 and 6/8, whose downbeats carry the weight: low notes, long
/// notes, many notes at once, and repetition from bar to bar. Counts the quarter notes of the
/// file, which must mean beats. `None` when there is too little to go by.
pub fn guess_metre(tones: &[Tone], end: Ticks) -> Option<MetreGuess> {
    let grid = Ticks::QUARTER / 2;
    let cells = usize::try_from((end.0 / grid.0).clamp(0, 40_000)).ok()? + 1;
    let mut weight = vec![0.0_f64; cells];
    let mut on_grid = 0;
    let mut sorted = tones.to_vec();
    sorted.sort_by_key(|t| (t.span.start, t.key));
    for struck in sorted.chunk_by(|a, b| a.span.start == b.span.start) {
        let at = struck[0].span.start;
        let cell = (at.0 + grid.0 / 2).div_euclid(grid.0);
        let off = (at.0 - cell * grid.0).abs();
        if off > grid.0 / 8 {
            continue;
        }
        on_grid += 1;
        let Some(sum) = usize::try_from(cell).ok().and_then(|c| weight.get_mut(c)) else {
            continue;
        };
        let longest = struck
            .iter()
            .map(|t| t.span.len())
            .max()
            .unwrap_or_default();
        *sum += 1.0
            + longest.as_quarters().min(4.0)
            + (struck.len() as f64 - 1.0).min(3.0) * 0.5
            + if struck[0].key < 48 { 1.5 } else { 0.0 };
    }
    if on_grid < 16 {
        return None;
    }
    let mut fits: Vec<(f64, Metre, usize)> = Vec::new();
    for (metre, strong) in [
        (
            Metre::common(),
            vec![(0, 1.0), (4, 0.6), (2, 0.35), (6, 0.35)],
        ),
        (Metre::new(3, 4), vec![(0, 1.0), (2, 0.35), (4, 0.35)]),
        (Metre::new(2, 4), vec![(0, 1.0), (2, 0.35)]),
        (
            Metre::new(6, 8),
            vec![(0, 1.0), (3, 0.6), (1, 0.2), (2, 0.3), (4, 0.2), (5, 0.3)],
        ),
    ] {
        let period = (metre.bar().0 / grid.0) as usize;
        let mut template = vec![0.0; period];
        for (cell, value) in strong {
            template[cell] = value;
        }
        for phase in 0..period {
            fits.push((correlation(&weight, &template, phase), metre.clone(), phase));
        }
    }
    // Files begin on a downbeat more often than not, and most music is in four.
    for (fit, metre, phase) in &mut fits {
        *fit += if *phase == 0 { 0.03 } else { 0.0 };
        *fit += if *metre == Metre::common() { 0.02 } else { 0.0 };
    }
    let best = fits.iter().max_by(|a, b| a.0.total_cmp(&b.0))?.clone();
    let common = fits
        .iter()
        .filter(|f| f.1 == Metre::common())
        .map(|f| f.0)
        .fold(0.0, f64::max);
    let next = fits
        .iter()
        .filter(|f| f.1 != best.1)
        .map(|f| f.0)
        .fold(0.0, f64::max);
    Some(MetreGuess {
        downbeat: grid * best.2 as i64,
        over_common: ((best.0 - common) / best.0.max(1e-9)).clamp(0.0, 1.0),
        confidence: ((best.0 - next) / best.0.max(1e-9)).clamp(0.0, 1.0),
        metre: best.1,
    })
}

/// Pearson correlation of accents with a repeated template.
fn correlation(weight: &[f64], template: &[f64], phase: usize) -> f64 {
    let period = template.len();
    let count = weight.len() as f64;
    let mean_w = weight.iter().sum::<f64>() / count;
    let mean_t = template.iter().sum::<f64>() / period as f64;
    let (mut both, mut ww, mut tt) = (0.0, 0.0, 0.0);
    for (cell, w) in weight.iter().enumerate() {
        let t = template[(cell + period - phase) % period] - mean_t;
        let w = w - mean_w;
        both += w * t;
        ww += w * w;
        tt += t * t;
    }
    if ww * tt > 0.0 {
        both / (ww * tt).sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oompah(beats: i64) -> Vec<Tone> {
        (0..beats * 16)
            .flat_map(|beat| {
                let at = Ticks::quarters(beat);
                if beat % beats == 0 {
                    vec![Tone::new(at, Ticks::QUARTER, 40)]
                } else {
                    [60, 64, 67]
                        .map(|key| Tone::new(at, Ticks::QUARTER / 2, key))
                        .to_vec()
                }
            })
            .collect()
    }

    #[test]
    fn a_waltz_is_in_three() {
        let guess = guess_metre(&oompah(3), Ticks::quarters(48)).unwrap();
        assert_eq!(
            (guess.metre, guess.downbeat),
            (Metre::new(3, 4), Ticks::ZERO)
        );
        let guess = guess_metre(&oompah(2), Ticks::quarters(32)).unwrap();
        assert_ne!(guess.metre, Metre::new(3, 4));
        assert_eq!(guess_metre(&[], Ticks::ZERO), None);
    }
}
