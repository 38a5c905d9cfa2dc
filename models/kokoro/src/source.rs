//! What the voice is made of before the network shapes it: harmonics of the pitch and noise, as
//! the model was trained with them (neural source-filter: Wang et al. 2019, "Neural
//! source-filter-based waveform model"; in Kokoro as in StyleTTS 2's iSTFTNet).
//!
//! The published graph makes its own, but without the noise, which leaves it a constant to make
//! consonants from, and its angles depend on the sign of rounding errors where a spectrum is real:
//! the runtime has them half a turn off in nine of ten frames. Ours go in instead.

use crate::model::{PITCH_HOP, RATE};
use std::f64::consts::{PI, TAU};
use yuefu_audio::{math, noise::Noise};

/// Harmonics, the pitch itself included.
pub(crate) const HARMONICS: usize = 9;
/// Amplitude of each.
const AMPLITUDE: f64 = 0.1;
/// Standard deviation of the noise on each of them.
const HISS: f64 = 0.003;
/// Standard deviation of the noise in place of each of them without voice.
const BREATH: f64 = AMPLITUDE / 3.0;
/// Pitch above which there is voice, in hertz.
const VOICED: f32 = 10.0;
/// Of the noise, for every line.
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
/// Samples for each value of pitch.
const HOP: usize = (PITCH_HOP * RATE as f64) as usize;
/// Samples of a spectrum.
const SIZE: usize = 20;
/// Samples from one spectrum to the next.
const STEP: usize = 5;
/// Bins of a spectrum.
const BINS: usize = SIZE / 2 + 1;
/// Values of a frame that the network takes: magnitudes, then angles.
pub(crate) const FEATURES: usize = 2 * BINS;

/// Harmonics and noise for a pitch in hertz every [`PITCH_HOP`]: [`HARMONICS`] values for each
/// sample. The same pitch gives the same noise.
pub(crate) fn harmonics(pitch: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; pitch.len() * HOP * HARMONICS];
    // The sum of nine harmonics of even noise is as good as normal.
    let mut noise = Noise::new(SEED);
    out.fill_with(|| noise.even());
    for harmonic in 0..HARMONICS {
        // Turns at the middle of each value; between them the phase is a straight line.
        let mut turns = 0.0;
        let ends: Vec<f64> = pitch
            .iter()
            .map(|hertz| {
                let hertz = f64::from(*hertz) * (harmonic + 1) as f64;
                turns += (hertz / f64::from(RATE)).rem_euclid(1.0) * HOP as f64;
                turns
            })
            .collect();
        for (index, sample) in out.chunks_exact_mut(HARMONICS).enumerate() {
            let voiced = pitch[index / HOP] > VOICED;
            let place = ((index as f64 + 0.5) / HOP as f64 - 0.5).max(0.0);
            let low = (place as usize).min(ends.len() - 1);
            let high = (low + 1).min(ends.len() - 1);
            let turns = ends[low] + (ends[high] - ends[low]) * (place - low as f64);
            let value = &mut sample[harmonic];
            let noise = f64::from(*value);
            *value = match voiced {
                true => AMPLITUDE * math::sin(TAU * turns.fract()) + HISS * noise,
                false => BREATH * noise,
            } as f32;
        }
    }
    out
}

/// Spectra of the merged source, frame by frame in time and [`FEATURES`] rows: feature by frame.
pub(crate) fn spectra(source: &[f32]) -> (usize, Vec<f32>) {
    let frames = source.len() / STEP + 1;
    let mut out = vec![0.0; FEATURES * frames];
    let angle = |index: usize| TAU * index as f64 / SIZE as f64;
    let window: [f64; SIZE] = std::array::from_fn(|n| 0.5 - 0.5 * math::cos(angle(n)));
    let waves: Vec<[(f64, f64); SIZE]> = (0..BINS)
        .map(|bin| {
            std::array::from_fn(|n| {
                let turn = angle(bin * n % SIZE);
                (window[n] * math::cos(turn), -window[n] * math::sin(turn))
            })
        })
        .collect();
    let last = source.len() as i64 - 1;
    for frame in 0..frames {
        // The ends are mirrored.
        let begin = (frame * STEP) as i64 - (SIZE / 2) as i64;
        let piece: [f64; SIZE] = std::array::from_fn(|n| {
            let at = (begin + n as i64).abs();
            let at = if at > last { 2 * last - at } else { at };
            source.get(at as usize).copied().map_or(0.0, f64::from)
        });
        for (bin, wave) in waves.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (x, (cos, sin)) in piece.iter().zip(wave) {
                re += x * cos;
                im += x * sin;
            }
            let real = bin == 0 || bin + 1 == BINS;
            let turn = match real {
                // Neither has an imaginary part but by rounding.
                true if re < 0.0 => PI,
                true => 0.0,
                false => math::atan2(im, re),
            };
            out[bin * frames + frame] = (re * re + im * im).sqrt() as f32;
            out[(BINS + bin) * frames + frame] = turn as f32;
        }
    }
    (frames, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonics_follow_the_pitch_and_stop_with_it() {
        let mut pitch = vec![200.0; 40];
        pitch.extend([0.0; 40]);
        let made = harmonics(&pitch);
        assert_eq!(made.len(), 80 * HOP * HARMONICS);
        // 200 Hz has 120 samples a turn.
        let first: Vec<f32> = made.chunks(HARMONICS).map(|values| values[0]).collect();
        for at in 1000..2000 {
            assert!((first[at] - first[at + 120]).abs() < 0.03, "{at}");
            assert!((first[at] + first[at + 60]).abs() < 0.03, "{at}");
        }
        let rms = |range: std::ops::Range<usize>| {
            let values = &first[range];
            (values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32).sqrt()
        };
        assert!((rms(1200..3600) - 0.0707).abs() < 0.002);
        assert!((rms(14_000..24_000) - 0.0333).abs() < 0.002);
        assert_eq!(made, harmonics(&pitch));
    }

    #[test]
    fn spectra_of_a_constant_lie_at_zero() {
        let (frames, made) = spectra(&[-0.5; 100]);
        assert_eq!((frames, made.len()), (21, 21 * FEATURES));
        for frame in 0..frames {
            assert!((made[frame] - 5.0).abs() < 1e-5);
            assert!((made[frames + frame] - 2.5).abs() < 1e-5);
            assert!(made[2 * frames + frame].abs() < 1e-5);
            assert!((made[BINS * frames + frame] - PI as f32).abs() < 1e-6);
        }
    }

    #[test]
    fn a_wave_has_its_angle() {
        // Bin 2, its peak in the middle of each window of the first kind.
        let wave: Vec<f32> = (0..200)
            .map(|n| math::cos(TAU * n as f64 / 10.0) as f32)
            .collect();
        let (frames, made) = spectra(&wave);
        let angle = made[(BINS + 2) * frames + 4];
        assert!((made[2 * frames + 4] - 5.0).abs() < 1e-4);
        assert!(angle.abs() < 1e-4, "{angle}");
    }
}
