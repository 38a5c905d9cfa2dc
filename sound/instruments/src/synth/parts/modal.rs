//! Banks of two-pole resonators: bodies, bars, membranes, bells.
//!
//! Modal synthesis after J.-M. Adrien (1991) and P. Cook, "Real Sound Synthesis for Interactive
//! Applications" (2002), ch. 4: a struck or driven object is a sum of decaying sines.

use yuefu_audio::math;

const LANES: usize = 8;

/// One mode of vibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Frequency in hertz.
    pub hz: f32,
    /// Time to fall by 60 dB, in seconds.
    pub t60: f32,
    /// Peak gain (of the impulse response for a unit impulse, or at resonance for a body).
    pub gain: f32,
    /// Position from −1 (left) to 1 (right).
    pub pan: f32,
}

impl Mode {
    /// A body mode from its center frequency, quality and gain at resonance.
    pub fn body(hz: f32, q: f32, gain: f32, pan: f32, rate: f32) -> Self {
        // T60 = 6.91·2·Q/ω; a resonator with impulse gain a has resonant gain a·τ·rate/2.
        let t60 = 6.907_755 * q / (std::f32::consts::PI * hz);
        let tau = t60 / 6.907_755;
        Self {
            hz,
            t60,
            gain: gain * 2.0 / (tau * rate),
            pan,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    b: [f32; LANES],
    a1: [f32; LANES],
    a2: [f32; LANES],
    y1: [f32; LANES],
    y2: [f32; LANES],
    left: [f32; LANES],
    right: [f32; LANES],
}

/// A parallel bank of resonators with a stereo image. Eight modes cost about as much as one.
#[derive(Clone, Debug, Default)]
pub struct ModalBank {
    groups: Vec<Group>,
}

impl ModalBank {
    /// A bank of the modes below 0.47 of the rate (higher ones cannot be represented).
    pub fn new(modes: &[Mode], rate: f32) -> Self {
        let usable: Vec<&Mode> = modes
            .iter()
            .filter(|m| m.hz > 0.0 && m.hz < rate * 0.47 && m.t60 > 0.0)
            .collect();
        let groups = usable
            .chunks(LANES)
            .map(|chunk| {
                let mut group = Group::default();
                for (lane, mode) in chunk.iter().enumerate() {
                    let w = std::f64::consts::TAU * f64::from(mode.hz / rate);
                    let r = math::exp(-6.907_755 / f64::from(mode.t60 * rate));
                    group.b[lane] = math::sin(w) as f32 * mode.gain;
                    group.a1[lane] = (2.0 * r * math::cos(w)) as f32;
                    group.a2[lane] = (-r * r) as f32;
                    let pan = mode.pan.clamp(-1.0, 1.0);
                    group.left[lane] = (1.0 - pan).sqrt();
                    group.right[lane] = (1.0 + pan).sqrt();
                }
                group
            })
            .collect();
        Self { groups }
    }

    /// Drives all modes with one sample; returns left and right.
    #[inline]
    pub fn step(&mut self, x: f32) -> (f32, f32) {
        let mut left = [0.0_f32; LANES];
        let mut right = [0.0_f32; LANES];
        for g in &mut self.groups {
            #[allow(clippy::needless_range_loop)] // lanes in step: this is what vectorizes
            for i in 0..LANES {
                let y = g.b[i] * x + g.a1[i] * g.y1[i] + g.a2[i] * g.y2[i];
                g.y2[i] = g.y1[i];
                g.y1[i] = y;
                left[i] += y * g.left[i];
                right[i] += y * g.right[i];
            }
        }
        (left.iter().sum(), right.iter().sum())
    }

    /// Drives all modes with one sample; returns the center of the image.
    #[inline]
    pub fn mono(&mut self, x: f32) -> f32 {
        let mut sum = [0.0_f32; LANES];
        for g in &mut self.groups {
            #[allow(clippy::needless_range_loop)] // lanes in step: this is what vectorizes
            for i in 0..LANES {
                let y = g.b[i] * x + g.a1[i] * g.y1[i] + g.a2[i] * g.y2[i];
                g.y2[i] = g.y1[i];
                g.y1[i] = y;
                sum[i] += y;
            }
        }
        sum.iter().sum()
    }

    /// Multiplies the decay of all modes: a hand laid on. `factor` is the amplitude kept per
    /// frame, in 0..=1.
    pub fn damp(&mut self, factor: f32) {
        for g in &mut self.groups {
            #[allow(clippy::needless_range_loop)] // lanes in step: this is what vectorizes
            for i in 0..LANES {
                g.a1[i] *= factor;
                g.a2[i] *= factor * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_has_its_decay_and_gain() {
        let rate = 44_100.0;
        let mode = Mode {
            hz: 441.0,
            t60: 1.0,
            gain: 0.5,
            pan: 0.0,
        };
        let mut bank = ModalBank::new(&[mode], rate);
        let out: Vec<f32> = (0..44_100)
            .map(|n| bank.step(if n == 0 { 1.0 } else { 0.0 }).0)
            .collect();
        let peak = |from: usize| {
            out[from..from + 200]
                .iter()
                .fold(0.0_f32, |p, x| p.max(x.abs()))
        };
        assert!((peak(0) - 0.5).abs() < 0.01, "{}", peak(0));
        let fall = 20.0 * math::log10(f64::from(peak(0) / peak(22_050)));
        assert!((fall - 30.0).abs() < 0.5, "{fall}");
    }
}
