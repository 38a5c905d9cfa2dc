//! Evens the loudness of neighboring recordings.
//!
//! The best free recordings were leveled by ear: a key of the piano may stand 5 dB under its
//! neighbors. Each recording that leaves the line of its neighbors is brought back to it by
//! its zone's attenuation; the trend over the keyboard stays.

use std::collections::BTreeMap;
use yuefu_instruments::bank::Bank;

/// Largest correction in decibels.
const MOST: f32 = 6.0;
/// Units of the attenuation generator per decibel: tenths, of which players count four in ten.
const UNITS: f32 = 25.0;
/// Seconds of a recording that are measured.
const SECONDS: f32 = 0.7;

/// What is known of a zone.
pub struct Level {
    /// Velocity layer.
    pub velocities: Range,
    /// Keys.
    pub keys: Range,
    /// Index of the sample.
    pub sample: usize,
    /// Attenuation in units, its own.
    pub own: i16,
    /// Attenuation in units that every preset adds.
    pub added: i16,
}

/// Ends of a range.
type Range = (u8, u8);

/// New attenuations of the zones of one instrument, in their order.
pub fn even(bank: &Bank, zones: &[Level]) -> Vec<i16> {
    // The two sides of a stereo recording are one: their powers are added.
    let mut layers: BTreeMap<Range, BTreeMap<Range, f32>> = BTreeMap::new();
    for zone in zones {
        let sample = bank.sample(zone.sample);
        let count = ((sample.rate * SECONDS) as usize).clamp(1, sample.length.max(1));
        let power = sample.points[..count.min(sample.points.len())]
            .iter()
            .map(|x| x * x)
            .sum::<f32>()
            / count as f32
            * 10.0_f32.powf(-f32::from(zone.own) / UNITS / 10.0);
        *layers
            .entry(zone.velocities)
            .or_default()
            .entry(zone.keys)
            .or_default() += power;
    }
    let mut corrections: BTreeMap<(Range, Range), f32> = BTreeMap::new();
    for (velocities, layer) in layers {
        let keys: Vec<Range> = layer.keys().copied().collect();
        let levels: Vec<f32> = layer
            .values()
            .map(|p| 10.0 * p.max(1e-12).log10())
            .collect();
        let mut line = levels.clone();
        for _ in 0..3 {
            line = straighten(&line);
        }
        for ((keys, level), wanted) in keys.into_iter().zip(&levels).zip(&line) {
            let decibels = (wanted - level).clamp(-MOST, MOST);
            corrections.insert((velocities, keys), decibels);
        }
    }
    zones
        .iter()
        .map(|zone| {
            let louder = corrections[&(zone.velocities, zone.keys)];
            // Nothing can be louder than without attenuation.
            let room = f32::from((zone.own + zone.added).max(0));
            zone.own - (louder * UNITS).min(room).round() as i16
        })
        .collect()
}

/// Each value, or the line through its neighbors where it leaves that.
fn straighten(levels: &[f32]) -> Vec<f32> {
    let middle = |mut three: [f32; 3]| {
        three.sort_by(f32::total_cmp);
        three[1]
    };
    (0..levels.len())
        .map(|i| {
            let pair = |by: usize| {
                let below = i.checked_sub(by).map(|b| levels[b]);
                let above = levels.get(i + by).copied();
                match (below, above) {
                    (Some(below), Some(above)) => Some((below + above) / 2.0),
                    (one, other) => one.or(other),
                }
            };
            let near = pair(1).unwrap_or(levels[i]);
            middle([levels[i], near, pair(2).unwrap_or(near)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::straighten;

    #[test]
    fn an_outlier_returns_to_the_line_and_the_line_stays() {
        let levels: Vec<f32> = (0..12)
            .map(|i| -20.0 - i as f32 + if i == 6 { -5.0 } else { 0.0 })
            .collect();
        let line = straighten(&levels);
        assert!((line[6] + 26.0).abs() < 0.01);
        assert!((line[3] - levels[3]).abs() < 0.01);
    }
}
