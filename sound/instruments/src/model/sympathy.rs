//! Sympathetic strings: the open strings that answer those that are plucked.

use super::string::Waveguide;
use yuefu_audio::math;

/// A set of strings driven by the bridge.
#[derive(Clone, Debug)]
pub struct Sympathy {
    strings: Vec<Waveguide>,
    amount: f32,
}

impl Sympathy {
    /// Strings at MIDI keys, each ringing `t60` seconds; `amount` is the gain of what they add.
    pub fn new(keys: &[f32], t60: f32, amount: f32, rate: f32) -> Self {
        let strings = keys
            .iter()
            .map(|&key| {
                let hz = math::key_to_hz(key);
                let mut string = Waveguide::new(hz * 0.9, 0.0, 0, rate);
                string.damp(hz, t60, t60 * 0.15);
                string.tune(hz, 0);
                string
            })
            .collect();
        Self { strings, amount }
    }

    /// Adds the answer of all strings to the sound that drives them.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let count = self.strings.len().max(1) as f32;
        // The loop amplifies at resonance; a small input keeps the answer behind the plucked sound.
        let drive = 0.02;
        for (l, r) in left.iter_mut().zip(right) {
            let x = 0.5 * (*l + *r) * drive;
            let (mut a, mut b) = (0.0, 0.0);
            for (i, string) in self.strings.iter_mut().enumerate() {
                let y = string.step(x);
                let place = (i as f32 + 0.5) / count;
                a += y * (1.0 - place);
                b += y * place;
            }
            *l += a * self.amount;
            *r += b * self.amount;
        }
    }
}
