//! Swing: which sixteenths are written where they are played late on purpose.

/// How pairs of notes divide. The same shape as a song's feel: the second half of each pair begins
/// at `(1 + amount / 3) / 2` of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Swing {
    /// Of pairs of eighths.
    pub eighths: f64,
    /// Of pairs of sixteenths.
    pub sixteenths: f64,
}

/// Swings that are told apart: tenths, a little beyond triplets.
const AMOUNTS: std::ops::RangeInclusive<u32> = 1..=12;
/// How much nearer to their places the hits have to be, for a swing to be heard.
const GAIN: f64 = 0.85;

impl Swing {
    /// Where a sixteenth is played, in sixteenths.
    pub fn place(&self, step: usize) -> f64 {
        let inside = (step % 4) as f64;
        let start = (step - step % 4) as f64;
        let start_pair = (step - step % 2) as f64;
        let middle = 2.0 * (1.0 + self.eighths / 3.0);
        if self.eighths > 0.0 {
            return start
                + if inside <= 2.0 {
                    inside * middle / 2.0
                } else {
                    middle + (inside - 2.0) * (4.0 - middle) / 2.0
                };
        }
        start_pair + (step % 2) as f64 * (1.0 + self.sixteenths / 3.0)
    }

    /// A swing between two, 0 at the first and 1 at the second. Only one kind of pairs swings: the one
    /// that does more.
    pub fn between(a: Self, b: Self, at: f64) -> Self {
        let mix = |a: f64, b: f64| a + (b - a) * at;
        let eighths = mix(a.eighths, b.eighths);
        let sixteenths = mix(a.sixteenths, b.sixteenths);
        match eighths > sixteenths {
            true => Self {
                eighths,
                sixteenths: 0.0,
            },
            false => Self {
                eighths: 0.0,
                sixteenths,
            },
        }
    }

    /// The sixteenth that is nearest to where something is played, in sixteenths.
    pub fn nearest(&self, at: f64) -> usize {
        let first = (at - 1.5).max(0.0) as usize;
        let far = |step: &usize| (self.place(*step) - at).abs();
        (first..first + 5)
            .min_by(|a, b| far(a).total_cmp(&far(b)))
            .unwrap_or(first)
    }

    /// How hits are swung that are played at these places, in sixteenths: what brings them nearest
    /// to their places, straight unless swing does so clearly.
    pub fn heard(places: &[f64]) -> Self {
        let distance = |swing: &Self| -> f64 {
            let far = places.iter().map(|at| {
                let far = swing.place(swing.nearest(*at)) - at;
                // Loose hits count no more than so much.
                far.abs().min(0.4)
            });
            far.sum()
        };
        let straight = distance(&Self::default());
        let candidates = AMOUNTS.flat_map(|tenths| {
            let amount = f64::from(tenths) / 10.0;
            let (eighths, sixteenths) = (amount, amount);
            [
                Self {
                    eighths,
                    sixteenths: 0.0,
                },
                Self {
                    eighths: 0.0,
                    sixteenths,
                },
            ]
        });
        candidates
            .map(|swing| (distance(&swing), swing))
            .filter(|(far, _)| *far < GAIN * straight)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(Self::default, |(_, swing)| swing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swing_is_heard() {
        let ride = [0_usize, 4, 6, 8, 12, 14, 16, 20, 22];
        for tenths in [0, 4, 7, 10] {
            let swing = Swing {
                eighths: f64::from(tenths) / 10.0,
                sixteenths: 0.0,
            };
            // A little loose, on both sides.
            let loose = |i: usize| if i.is_multiple_of(2) { 0.02 } else { -0.02 };
            let played = ride.iter().map(|s| swing.place(*s) + loose(*s / 2));
            let heard = Swing::heard(&played.collect::<Vec<_>>());
            assert!((heard.eighths - swing.eighths).abs() < 0.11, "{heard:?}");
        }
        let all: Vec<f64> = (0..32).map(|step| step as f64).collect();
        assert_eq!(Swing::heard(&all), Swing::default());
    }

    #[test]
    fn places_come_back() {
        for amount in [0.0, 0.5, 1.0] {
            for swing in [
                Swing {
                    eighths: amount,
                    sixteenths: 0.0,
                },
                Swing {
                    eighths: 0.0,
                    sixteenths: amount,
                },
            ] {
                assert!((0..64).all(|step| swing.nearest(swing.place(step)) == step));
            }
        }
    }
}
