//! The envelope of a frame as bands: what the network predicts.

use yuefu_audio::math;

/// Bands of the envelope.
pub const BANDS: usize = 80;
/// Highest frequency in hertz.
pub const TOP: f64 = 12_000.0;

fn mel(hertz: f64) -> f64 {
    2595.0 * math::log10(1.0 + hertz / 700.0)
}

fn hertz(mel: f64) -> f64 {
    700.0 * (math::pow(10.0, mel / 2595.0) - 1.0)
}

/// Middle of a band in hertz: evenly spaced on the mel scale from 0 to [`TOP`].
pub fn middle(band: usize) -> f64 {
    hertz(mel(TOP) * band as f64 / (BANDS - 1) as f64)
}

/// Reduces an envelope (power in bins of `bin` hertz) to bands: natural logarithm of the amplitude,
/// averaged with a triangle that reaches to the neighbors' middles.
pub fn reduce(power: &[f64], bin: f64, out: &mut [f32; BANDS]) {
    for (band, to) in out.iter_mut().enumerate() {
        let center = middle(band);
        let low = if band == 0 {
            -middle(1)
        } else {
            middle(band - 1)
        };
        let high = if band + 1 == BANDS {
            TOP * 2.0 - middle(band - 1)
        } else {
            middle(band + 1)
        };
        let (mut sum, mut weight) = (0.0, 0.0);
        // At least the bins next to the middle count, with linear interpolation in between.
        let reach_low = (center - low).max(bin);
        let reach_high = (high - center).max(bin);
        let first = ((center - reach_low) / bin).ceil().max(0.0) as usize;
        let last = (((center + reach_high) / bin) as usize).min(power.len() - 1);
        for (index, value) in power.iter().enumerate().take(last + 1).skip(first) {
            let away = index as f64 * bin - center;
            let share = 1.0
                - if away < 0.0 {
                    -away / reach_low
                } else {
                    away / reach_high
                };
            if share > 0.0 {
                sum += share * 0.5 * math::ln(value.max(1e-16));
                weight += share;
            }
        }
        *to = if weight > 0.0 {
            (sum / weight) as f32
        } else {
            -18.0
        };
    }
}

/// Where a frequency lies among the bands: a band's number, with a fraction; 0 up to the last.
pub fn place(hertz: f64) -> f32 {
    (mel(hertz.clamp(0.0, TOP)) / mel(TOP) * (BANDS - 1) as f64) as f32
}

/// The level at a [`place`] among bands.
pub fn level(bands: &[f32], place: f32) -> f32 {
    let low = (place as usize).min(BANDS - 2);
    bands[low] + (bands[low + 1] - bands[low]) * (place - low as f32).min(1.0)
}

/// The share of a spectrum from 0 Hz to [`TOP`] that a band stands for; all add up to one.
pub fn width(band: usize) -> f32 {
    let low = if band == 0 {
        0.0
    } else {
        (middle(band - 1) + middle(band)) / 2.0
    };
    let high = if band + 1 == BANDS {
        TOP
    } else {
        (middle(band) + middle(band + 1)) / 2.0
    };
    ((high - low) / TOP) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_envelope_has_flat_bands() {
        let mut out = [0.0; BANDS];
        reduce(&[4.0; 513], 24_000.0 / 1024.0, &mut out);
        for (band, value) in out.iter().enumerate() {
            assert!((value - 2.0_f32.ln()).abs() < 1e-4, "{band}: {value}");
        }
        assert_eq!(middle(0), 0.0);
        assert!((middle(BANDS - 1) - TOP).abs() < 1e-6);
    }
}
