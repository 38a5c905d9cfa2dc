//! Sympathetic strings: the open strings that answer those that are plucked.

use yuefu_audio::math;

/// One open string: a feedback comb with a damping pole. Its pitch never moves, so it needs
/// less than a [`super::string::Waveguide`].
#[derive(Clone, Debug)]
struct Open {
    whole: usize,
    part: f32,
    gain: f32,
    pole: f32,
}

/// A set of strings driven by the bridge.
#[derive(Clone, Debug)]
pub struct Sympathy {
    strings: Vec<Open>,
    amount: f32,
}

/// Pole of the damping filter: about −1.5 dB at 4 kHz for each pass.
const POLE: f64 = 0.18;

impl Sympathy {
    /// Strings at MIDI keys, each ringing `t60` seconds; `amount` is the gain of what they add.
    pub fn new(keys: &[f32], t60: f32, amount: f32, rate: f32) -> Self {
        let strings = keys
            .iter()
            .map(|&key| {
                let hz = f64::from(math::key_to_hz(key));
                let w = std::f64::consts::TAU * hz / f64::from(rate);
                let filter = math::atan2(POLE * math::sin(w), 1.0 - POLE * math::cos(w)) / w;
                let delay = (f64::from(rate) / hz - filter).max(2.0);
                let whole = delay as usize;
                Open {
                    whole,
                    part: (delay - whole as f64) as f32,
                    gain: (math::exp(-6.907_755 / (hz * f64::from(t60))) * (1.0 - POLE)) as f32,
                    pole: POLE as f32,
                }
            })
            .collect();
        Self { strings, amount }
    }

    /// Adds the answer of all strings to the sound that drives them.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let count = self.strings.len().max(1) as f32;
        // The loop amplifies at resonance: a small input keeps the answer behind the plucked sound.
        let drive: Vec<f32> = left
            .iter()
            .zip(&*right)
            .map(|(l, r)| 0.01 * (l + r))
            .collect();
        for (i, string) in self.strings.iter().enumerate() {
            let place = (i as f32 + 0.5) / count;
            let (gl, gr) = (self.amount * (1.0 - place), self.amount * place);
            let size = (string.whole + 2).next_power_of_two();
            let mask = size - 1;
            let mut line = vec![0.0_f32; size];
            let (mut y, mut before) = (0.0_f32, 0.0_f32);
            for (n, ((x, l), r)) in drive.iter().zip(&mut *left).zip(&mut *right).enumerate() {
                let v = line[n.wrapping_sub(string.whole) & mask];
                let at = v + (before - v) * string.part;
                before = v;
                y = string.gain * at + string.pole * y;
                line[n & mask] = y + x;
                *l += y * gl;
                *r += y * gr;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_answers_its_own_pitch_only() {
        let rate = 44_100.0;
        let answer = |hz: f32| {
            let mut left: Vec<f32> = (0..44_100)
                .map(|n| {
                    let phase = n as f32 * hz / rate;
                    if n < 22_050 {
                        0.2 * math::fast_sin_cycles(phase - phase.floor())
                    } else {
                        0.0
                    }
                })
                .collect();
            let mut right = left.clone();
            Sympathy::new(&[57.0, 64.0], 3.0, 0.5, rate).process(&mut left, &mut right);
            left[24_000..].iter().map(|x| x * x).sum::<f32>()
        };
        assert!(answer(220.0) > 30.0 * answer(247.0));
    }
}
