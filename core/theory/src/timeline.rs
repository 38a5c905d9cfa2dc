//! The one converter between score time and seconds: tempo curve and metre map.

use crate::{metre::Metre, time::Ticks};
use serde::{Deserialize, Serialize};

/// Tempo from a position on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TempoPoint {
    /// Where it holds from.
    pub at: Ticks,
    /// Quarter notes per minute.
    pub bpm: f64,
    /// Whether the tempo glides from here to the next point (the beat's duration changes
    /// linearly with score position); otherwise it holds.
    #[serde(default)]
    pub ramp: bool,
}

/// Metre from a barline on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetreChange {
    /// The barline.
    pub at: Ticks,
    /// The metre.
    pub metre: Metre,
}

/// Tempo curve and metre map of a song. Conversions are from absolute positions, so nothing
/// drifts. Score position 0 is second 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// In ascending order; the first is at 0.
    pub tempo: Vec<TempoPoint>,
    /// In ascending order; the first is at 0.
    pub metres: Vec<MetreChange>,
}

impl Timeline {
    /// One tempo and one metre throughout.
    pub fn steady(bpm: f64, metre: Metre) -> Self {
        Self {
            tempo: vec![TempoPoint {
                at: Ticks::ZERO,
                bpm,
                ramp: false,
            }],
            metres: vec![MetreChange {
                at: Ticks::ZERO,
                metre,
            }],
        }
    }

    /// Seconds per tick at the start and end of segment `index`, and its length if bounded.
    fn segment(&self, index: usize) -> (f64, f64, Option<f64>) {
        let period = |bpm: f64| 60.0 / bpm / Ticks::QUARTER.0 as f64;
        let here = self.tempo[index];
        match self.tempo.get(index + 1) {
            Some(next) => {
                let end = if here.ramp { next.bpm } else { here.bpm };
                (
                    period(here.bpm),
                    period(end),
                    Some((next.at - here.at).0 as f64),
                )
            }
            None => (period(here.bpm), period(here.bpm), None),
        }
    }

    fn advance((p0, p1, len): (f64, f64, Option<f64>), ticks: f64) -> f64 {
        match len {
            Some(len) if len > 0.0 => p0 * ticks + (p1 - p0) * ticks * ticks / (2.0 * len),
            _ => p0 * ticks,
        }
    }

    /// The second of a score position. Positions before 0 extend the first tempo.
    pub fn seconds(&self, at: Ticks) -> f64 {
        let mut total = 0.0;
        for (index, point) in self.tempo.iter().enumerate() {
            let segment = self.segment(index);
            let here = (at - point.at).0 as f64;
            match segment.2 {
                Some(len) if here > len => total += Self::advance(segment, len),
                Some(_) if here < 0.0 => return total + segment.0 * here,
                _ => return total + Self::advance(segment, here),
            }
        }
        total
    }

    /// The nearest tick to a second.
    pub fn ticks(&self, seconds: f64) -> Ticks {
        let mut left = seconds;
        for (index, point) in self.tempo.iter().enumerate() {
            let segment = self.segment(index);
            let (p0, p1, len) = segment;
            let whole = len.map(|len| Self::advance(segment, len));
            if let Some(whole) = whole
                && left > whole
            {
                left -= whole;
                continue;
            }
            let ticks = match len {
                Some(len) if left > 0.0 && (p1 - p0).abs() > 1e-15 => {
                    // p0 x + a x² = left
                    let a = (p1 - p0) / (2.0 * len);
                    let root = (p0 * p0 + 4.0 * a * left).max(0.0).sqrt();
                    2.0 * left / (p0 + root)
                }
                _ => left / p0,
            };
            return point.at + Ticks(ticks.round() as i64);
        }
        Ticks::ZERO
    }

    /// Quarter notes per minute at a position.
    pub fn bpm(&self, at: Ticks) -> f64 {
        let index = self
            .tempo
            .partition_point(|point| point.at <= at)
            .saturating_sub(1);
        let (p0, p1, len) = self.segment(index);
        let period = match len {
            Some(len) if len > 0.0 => {
                p0 + (p1 - p0) * ((at - self.tempo[index].at).0 as f64 / len).clamp(0.0, 1.0)
            }
            _ => p0,
        };
        60.0 / period / Ticks::QUARTER.0 as f64
    }

    /// The metre in force at a position.
    pub fn metre(&self, at: Ticks) -> &Metre {
        &self.metres[self
            .metres
            .partition_point(|change| change.at <= at)
            .saturating_sub(1)]
        .metre
    }

    /// Bar number (from 0) and offset in that bar of a position.
    pub fn bar_of(&self, at: Ticks) -> (i64, Ticks) {
        let mut bars = 0;
        for (index, change) in self.metres.iter().enumerate() {
            let bar = change.metre.bar().0;
            let next = self.metres.get(index + 1);
            if let Some(next) = next
                && at >= next.at
            {
                bars += ((next.at - change.at).0 + bar - 1) / bar;
                continue;
            }
            let here = (at - change.at).0;
            return (bars + here.div_euclid(bar), Ticks(here.rem_euclid(bar)));
        }
        (bars, Ticks::ZERO)
    }

    /// The start of a bar (from 0).
    pub fn bar_start(&self, bar: i64) -> Ticks {
        let mut bars = 0;
        for (index, change) in self.metres.iter().enumerate() {
            let len = change.metre.bar().0;
            if let Some(next) = self.metres.get(index + 1) {
                let here = ((next.at - change.at).0 + len - 1) / len;
                if bar >= bars + here {
                    bars += here;
                    continue;
                }
            }
            return change.at + Ticks((bar - bars) * len);
        }
        Ticks::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_convert_both_ways() {
        let mut line = Timeline::steady(120.0, Metre::common());
        line.tempo[0].ramp = true;
        line.tempo.push(TempoPoint {
            at: Ticks::quarters(64),
            bpm: 60.0,
            ramp: false,
        });
        assert!((line.seconds(Ticks::quarters(64)) - 48.0).abs() < 1e-9);
        for quarter in -4..100 {
            let at = Ticks::quarters(quarter) + Ticks(17);
            assert_eq!(line.ticks(line.seconds(at)), at, "{quarter}");
        }
        assert!((line.bpm(Ticks::quarters(64)) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn bars_follow_the_metre_map() {
        let mut line = Timeline::steady(100.0, Metre::common());
        line.metres.push(MetreChange {
            at: Ticks::quarters(8),
            metre: Metre::new(3, 4),
        });
        assert_eq!(line.bar_of(Ticks::quarters(7)), (1, Ticks::quarters(3)));
        assert_eq!(line.bar_of(Ticks::quarters(12)), (3, Ticks::quarters(1)));
        assert_eq!(line.bar_start(3), Ticks::quarters(11));
        assert_eq!(line.bar_start(1), Ticks::quarters(4));
    }
}
