//! The pitch of a moment of sound.

/// A pitch, and how periodic the sound is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Hertz.
    pub hz: f64,
    /// Normalized autocorrelation at the period, 1 for a periodic sound.
    pub clarity: f64,
}

/// The pitch of some samples, looked for within half an octave of `near` hertz: the highest
/// normalized autocorrelation (McLeod & Wyvill, *A smarter way to find pitch*, ICMC 2005), refined
/// by a parabola. `None` where there are fewer samples than one and a half of the longest periods
/// looked for, or no period is better than its neighbors.
pub fn near(samples: &[f32], rate: f64, near: f64) -> Option<Heard> {
    let (shortest, longest) = lags(rate, near);
    if samples.len() < longest + 64 {
        return None;
    }
    let window = samples.len() - longest;
    let score = |lag: usize| {
        let (mut cross, mut a, mut b) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (x, y) in samples[..window].iter().zip(&samples[lag..lag + window]) {
            cross += f64::from(x * y);
            a += f64::from(x * x);
            b += f64::from(y * y);
        }
        2.0 * cross / (a + b).max(1e-12)
    };
    let scores: Vec<f64> = (shortest..=longest).map(score).collect();
    let inner = 1..scores.len() - 1;
    let best = inner
        .filter(|i| scores[*i] >= scores[i - 1] && scores[*i] >= scores[i + 1])
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
    let shift = vertex([scores[best - 1], scores[best], scores[best + 1]]);
    Some(Heard {
        hz: rate / ((shortest + best) as f64 + shift),
        clarity: scores[best],
    })
}

/// Shortest and longest period, in frames, of pitches within half an octave of `near` hertz.
pub fn lags(rate: f64, near: f64) -> (usize, usize) {
    let longest = (rate / near * 1.42).ceil() as usize + 2;
    let shortest = ((rate / near / 1.42) as usize).max(2);
    (shortest, longest)
}

/// How far from the middle of three neighboring values the parabola through them has its top, in
/// steps: -0.5..=0.5 where the middle one is the highest; 0 where they do not bend down.
pub fn vertex([before, at, after]: [f64; 3]) -> f64 {
    let bend = before - 2.0 * at + after;
    if bend < 0.0 {
        0.5 * (before - after) / bend
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;

    #[test]
    fn a_parabola_gives_its_top_back() {
        for top in [-0.4, 0.0, 0.3] {
            let at = |x: f64| 2.0 - 3.0 * (x - top) * (x - top);
            assert!((vertex([at(-1.0), at(0.0), at(1.0)]) - top).abs() < 1e-12);
        }
        assert_eq!(vertex([1.0, 1.0, 1.0]), 0.0);
        assert_eq!(vertex([2.0, 1.0, 2.0]), 0.0);
    }

    #[test]
    fn tones_are_heard_within_half_a_cent_and_noise_is_not_clear() {
        let rate = 22_050.0;
        for hz in [110.0, 231.7, 440.0] {
            let wave = |n: u32| {
                let phase = f64::from(n) * hz / rate * std::f64::consts::TAU;
                (math::sin(phase) + 0.5 * math::sin(2.0 * phase)) as f32
            };
            let tone: Vec<f32> = (0..2400).map(wave).collect();
            let heard = near(&tone, rate, hz * 1.2).unwrap();
            let cents = 1200.0 * math::log2(heard.hz / hz);
            assert!(cents.abs() < 0.5 && heard.clarity > 0.99, "{hz}: {cents}");
        }
        let mut state = 1_u32;
        let noise: Vec<f32> = (0..2400)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect();
        assert!(near(&noise, rate, 220.0).is_none_or(|heard| heard.clarity < 0.4));
        assert!(near(&[], rate, 220.0).is_none());
    }
}
