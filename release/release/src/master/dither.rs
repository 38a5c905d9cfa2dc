//! Dither: rounding to 16 or 24 bits without distortion.
//!
//! S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy, "Quantization and dither: a theoretical
//! survey", JAES 40 (5), 1992: triangular noise of two steps makes mean and power of the error
//! independent of the signal.

use rayon::prelude::*;
use yuefu_audio::AudioBuffer;
use yuefu_engine::SeedPath;

/// Where in the spectrum the rounding noise goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shaping {
    /// Everywhere alike: survives any further processing.
    #[default]
    Flat,
    /// Away from where hearing is keenest, by the second-order filter `1 − 1.5 z⁻¹ + 0.6 z⁻²`;
    /// for the last step only.
    Shaped,
}

/// Frames that share a seed, so that stretches can be dithered side by side.
pub const RUN: usize = 65_536;

/// Rounds every sample to a multiple of 2^(1 − bits) with triangular dither, so that writing it
/// with that many bits is exact. `bits` is held within 8..=24.
///
/// Digital silence (a stretch of at least 64 Ki frames of zeros) stays silence. The noise depends on the
/// seed, channel and place only.
pub fn dither(audio: &mut AudioBuffer, bits: u8, shaping: Shaping, seed: &SeedPath) {
    for (index, channel) in audio.channels.iter_mut().enumerate() {
        channel
            .par_chunks_mut(RUN)
            .enumerate()
            .for_each(|(run, samples)| dither_run(samples, index, run, bits, shaping, seed));
    }
}

/// Rounds one stretch of a channel, the `run`-th of [`RUN`] frames, as [`dither`] does.
pub fn dither_run(
    samples: &mut [f32],
    channel: usize,
    run: usize,
    bits: u8,
    shaping: Shaping,
    seed: &SeedPath,
) {
    if samples.iter().all(|&x| x == 0.0) {
        return;
    }
    let scale = f64::from(1_u32 << (bits.clamp(8, 24) - 1));
    let mut rng = seed.join("dither").join(channel).join(run).rng();
    let mut past = [0.0_f64; 2];
    for x in samples {
        let bits = rng.bits();
        // Two independent uniform numbers in 0..1; their difference is triangular.
        let (a, b) = ((bits >> 32) as u32, bits as u32);
        let noise = (f64::from(a) - f64::from(b)) * (1.0 / 4_294_967_296.0);
        let wanted = match shaping {
            Shaping::Flat => f64::from(*x) * scale,
            Shaping::Shaped => f64::from(*x) * scale - 1.5 * past[0] + 0.6 * past[1],
        };
        // Adding and taking away 1.5 · 2^52 rounds to the nearest whole number.
        const MAGIC: f64 = 6_755_399_441_055_744.0;
        let rounded = ((wanted + noise) + MAGIC) - MAGIC;
        past = [rounded - wanted, past[0]];
        *x = (rounded.clamp(-scale, scale - 1.0) / scale) as f32;
    }
}
