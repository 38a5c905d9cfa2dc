//! Band-limited wavetables: one period per half octave of harmonics.

use std::sync::OnceLock;
use yuefu_audio::math;

/// Samples of one period.
const SIZE: usize = 2_048;
/// Half-octave steps from 724 harmonics down to one.
const LEVELS: usize = 20;

/// A periodic waveform in half-octave mip levels: no alias above −90 dB at any pitch.
/// (Each level holds as many harmonics as fit below 0.45 of the sample rate.)
#[derive(Clone, Debug)]
pub struct Table {
    levels: Vec<Box<Period>>,
}

/// One period and a guard sample, so that interpolation never wraps.
pub type Period = [f32; SIZE + 1];

/// Harmonics held by a level.
fn harmonics(level: usize) -> usize {
    // 724 = 2^9.5; each level holds 2^(−1/2) of the one before.
    let exact = math::exp2(9.5 - level as f64 * 0.5);
    (exact.floor() as usize).max(1)
}

impl Table {
    /// A table of the sine (`.0`) and cosine (`.1`) amplitudes that `harmonic` gives for
    /// 1, 2, 3, ..., scaled to a root mean square of 0.5.
    pub fn new(harmonic: impl Fn(usize) -> (f32, f32)) -> Self {
        let base: Vec<f32> = (0..SIZE)
            .map(|n| math::sin(std::f64::consts::TAU * n as f64 / SIZE as f64) as f32)
            .collect();
        let sine = |index: usize| base[index % SIZE];
        let mut power = 0.0;
        let mut sum = vec![0.0_f32; SIZE];
        let mut levels = vec![Box::new([0.0_f32; SIZE + 1]); LEVELS];
        let mut done = 0;
        for level in (0..LEVELS).rev() {
            let want = harmonics(level);
            for k in done + 1..=want {
                let (s, c) = harmonic(k);
                power += 0.5 * (s * s + c * c);
                if s == 0.0 && c == 0.0 {
                    continue;
                }
                for (n, x) in sum.iter_mut().enumerate() {
                    *x += s * sine(n * k) + c * sine(n * k + SIZE / 4);
                }
            }
            done = done.max(want);
            levels[level][..SIZE].copy_from_slice(&sum);
        }
        let scale = 0.5 / power.sqrt().max(1e-9);
        for level in &mut levels {
            for x in level.iter_mut() {
                *x *= scale;
            }
            level[SIZE] = level[0];
        }
        Self { levels }
    }

    /// The level for a frequency in cycles per sample.
    #[inline]
    pub fn level(&self, cycles: f32) -> &Period {
        let room = 0.45 / cycles.abs().max(1e-6);
        // Smallest level whose harmonics fit, by comparing squares: 2^(19−level) ≤ room².
        let mut level = 0;
        let mut need = 524_288.0_f32;
        while level + 1 < LEVELS && need > room * room {
            need *= 0.5;
            level += 1;
        }
        &self.levels[level]
    }
}

/// Reads a period at a phase in turns of 2³², with linear interpolation. Whole-number phases wrap
/// by themselves and need no bounds check.
#[inline]
pub fn read(period: &Period, phase: u32) -> f32 {
    let index = (phase >> 21) as usize;
    let fraction = (phase & 0x001F_FFFF) as f32 * (1.0 / 2_097_152.0);
    let a = period[index];
    a + (period[index + 1] - a) * fraction
}

/// A fraction of a turn in the phase unit of [`read`].
#[inline]
pub fn turns(fraction: f32) -> u32 {
    ((fraction - fraction.floor()) * 4_294_967_296.0) as u32
}

/// The tables every patch may use; computed once, on first use.
#[derive(Debug)]
pub struct Tables {
    /// Rising sawtooth.
    pub saw: Table,
    /// Triangle.
    pub triangle: Table,
    /// A bright bell-like spectrum with gaps.
    pub glass: Table,
    /// A vowel-like spectrum for choirs.
    pub vowel: Table,
    /// Drawbar organ.
    pub organ: Table,
    /// A hollow digital spectrum.
    pub digital: Table,
}

/// The shared tables.
pub fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        saw: Table::new(|k| (1.0 / k as f32, 0.0)),
        triangle: Table::new(|k| {
            let sign = if k % 4 == 3 { -1.0 } else { 1.0 };
            (
                if k % 2 == 1 {
                    sign / (k * k) as f32
                } else {
                    0.0
                },
                0.0,
            )
        }),
        glass: Table::new(|k| match k {
            1 => (1.0, 0.0),
            3 => (0.12, 0.0),
            4 => (0.35, 0.0),
            7 => (0.0, 0.16),
            10 => (0.12, 0.0),
            15 => (0.0, 0.06),
            22 => (0.03, 0.0),
            _ => (0.0, 0.0),
        }),
        vowel: Table::new(|k| {
            let x = k as f32;
            let bump = |center: f32, width: f32| {
                1.0 / (1.0 + ((x - center) / width) * ((x - center) / width))
            };
            (
                (bump(1.5, 1.5) + 0.5 * bump(4.0, 1.2) + 0.12 * bump(11.0, 2.0)) / x.sqrt(),
                0.0,
            )
        }),
        organ: Table::new(|k| {
            let level = [0.0, 1.0, 0.8, 0.6, 0.35, 0.0, 0.2, 0.0, 0.25];
            (level.get(k).copied().unwrap_or(0.0), 0.0)
        }),
        digital: Table::new(|k| {
            let x = k as f32;
            let comb = math::fast_sin_cycles(x * 0.19);
            (comb / x.sqrt() / (1.0 + x / 24.0), 0.0)
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_never_hold_harmonics_above_nyquist() {
        let table = &tables().saw;
        for cycles in [0.0005_f32, 0.003, 0.011, 0.04, 0.13, 0.3] {
            let chosen = table.level(cycles);
            let index = table
                .levels
                .iter()
                .position(|l| std::ptr::eq(l.as_ref(), chosen));
            let count = harmonics(index.expect("one of the levels"));
            assert!(count as f32 * cycles < 0.5 || count == 1);
            assert!(count as f32 * cycles > 0.2 || count >= 724 || cycles > 0.1);
        }
    }
}
