//! What CheapTrick and D4C share: windows that follow the pitch, and smoothing along frequency.

use crate::math;

/// `kind` of a window around a point of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Hann,
    Blackman,
}

/// Cuts `periods` periods of `pitch` around `center` (seconds) out of a signal, windowed and
/// without direct current. Beyond its ends the signal is held. Returns the window's length; the
/// rest of `out` is zero.
pub(super) fn cut(
    signal: &[f32],
    rate: f64,
    pitch: f64,
    center: f64,
    (shape, periods): (Shape, f64),
    out: &mut [f64],
) -> usize {
    let half = (periods * rate / pitch / 2.0).round() as i64;
    let origin = (center * rate + 0.001).round() as i64;
    let last = signal.len() as i64 - 1;
    let length = (half * 2 + 1) as usize;
    let window = |i: i64| {
        let phase = std::f64::consts::PI * pitch * 2.0 * i as f64 / periods / rate;
        match shape {
            Shape::Hann => 0.5 * math::cos(phase) + 0.5,
            Shape::Blackman => 0.42 + 0.5 * math::cos(phase) + 0.08 * math::cos(2.0 * phase),
        }
    };
    out.fill(0.0);
    if signal.is_empty() {
        return length;
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    for (to, i) in out.iter_mut().zip(-half..=half) {
        let factor = window(i);
        *to = f64::from(signal[(origin + i).clamp(0, last) as usize]) * factor;
        sum += *to;
        weight += factor;
    }
    let mean = sum / weight;
    for (to, i) in out.iter_mut().zip(-half..=half) {
        *to -= window(i) * mean;
    }
    length
}

/// Folds what lies below the pitch back up, so that the spectrum does not dip towards 0 Hz.
pub(super) fn fill_below_pitch(spectrum: &mut [f64], pitch: f64, bin: f64, work: &mut Vec<f64>) {
    let bound = ((pitch / bin) as usize + 2).min(spectrum.len() - 1);
    work.clear();
    for i in 0..bound {
        // The mirror image around half the pitch, interpolated between bins.
        let at = (pitch - i as f64 * bin) / bin;
        let at = at.clamp(0.0, (spectrum.len() - 2) as f64);
        let low = at as usize;
        let share = at - low as f64;
        work.push(spectrum[low] * (1.0 - share) + spectrum[low + 1] * share);
    }
    let below = ((pitch / bin) as usize + 1).min(bound);
    for (to, more) in spectrum[..below].iter_mut().zip(work.iter()) {
        *to += more;
    }
}

/// A moving average of `width` hertz along frequency; the spectrum is even around both its ends.
pub(super) fn average(spectrum: &mut [f64], width: f64, bin: f64, work: &mut Vec<f64>) {
    let last = spectrum.len() - 1;
    let margin = (width / bin) as usize + 1;
    work.clear();
    let mut sum = 0.0;
    for i in 0..=last + 2 * margin {
        let at = i as i64 - margin as i64;
        let at = at.unsigned_abs() as usize;
        let at = if at > last { 2 * last - at } else { at };
        sum += spectrum[at.min(last)] * bin;
        work.push(sum);
    }
    // The integral at a frequency, `work[i]` being the one up to half a bin above bin i − margin.
    let integral = |frequency: f64| {
        let at = frequency / bin + margin as f64 - 0.5;
        let low = at as usize;
        let share = at - low as f64;
        work[low] + (work[low + 1] - work[low]) * share
    };
    for (i, to) in spectrum.iter_mut().enumerate() {
        let center = i as f64 * bin;
        *to = (integral(center + width / 2.0) - integral(center - width / 2.0)) / width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_keeps_what_is_flat_and_spreads_what_is_not() {
        let mut flat = vec![3.0; 65];
        average(&mut flat, 100.0, 23.0, &mut Vec::new());
        assert!(flat.iter().all(|x| (x - 3.0).abs() < 1e-9), "{flat:?}");
        let mut peak = vec![0.0; 65];
        peak[30] = 1.0;
        average(&mut peak, 46.0, 23.0, &mut Vec::new());
        assert!((peak.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((peak[30] - 0.5).abs() < 1e-9, "{}", peak[30]);
    }
}
