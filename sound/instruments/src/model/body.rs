//! Resonant bodies: the part of an instrument that is the same for all its notes.

use crate::synth::parts::filter::OnePole;
use crate::synth::parts::modal::{ModalBank, Mode};
use crate::synth::parts::noise::Noise;
use yuefu_audio::math;

/// A body as data: the measured (or typical) low modes one by one, the dense field of high
/// modes by its statistics, and what radiates directly.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// Frequency in hertz, quality, gain at resonance.
    pub modes: &'static [(f32, f32, f32)],
    /// Number of modes of the dense field (0 for none).
    pub dense: usize,
    /// Lowest and highest frequency of the dense field in hertz.
    pub span: (f32, f32),
    /// Quality of the modes of the dense field.
    pub quality: f32,
    /// Gain of each mode of the dense field.
    pub gain: f32,
    /// Gain of the direct sound.
    pub direct: f32,
    /// Lowest frequency that the body radiates, in hertz.
    pub floor: f32,
    /// Highest frequency that the body radiates well, in hertz.
    pub ceiling: f32,
    /// Stereo spread of the modes in 0..=1.
    pub width: f32,
}

/// A running body.
#[derive(Clone, Debug)]
pub struct Resonator {
    bank: ModalBank,
    direct: f32,
    floor: [OnePole; 2],
    ceiling: [OnePole; 2],
}

impl Resonator {
    /// A body at a sample rate. The dense field is fixed by the body's own numbers, as the grain
    /// of one soundboard is: every phrase is played on the same instrument.
    pub fn new(body: &Body, rate: f32) -> Self {
        let mut noise = Noise::new(u64::from(body.span.0.to_bits()) ^ 0xB0D1);
        let mut modes: Vec<Mode> = body
            .modes
            .iter()
            .enumerate()
            .map(|(i, &(hz, q, gain))| {
                let side = if i % 2 == 0 { -0.35 } else { 0.35 };
                Mode::body(hz, q, gain, side * body.width, rate)
            })
            .collect();
        let octaves = math::log2(f64::from(body.span.1 / body.span.0)) as f32;
        for i in 0..body.dense {
            let place = (i as f32 + 0.5 + 0.4 * noise.white()) / body.dense as f32;
            let hz = body.span.0 * math::fast_exp2(place * octaves);
            let sign = if noise.white() > 0.0 { 1.0 } else { -1.0 };
            let gain = body.gain * sign * (1.0 + 0.4 * noise.white());
            modes.push(Mode::body(
                hz,
                body.quality,
                gain,
                noise.white() * body.width,
                rate,
            ));
        }
        Self {
            bank: ModalBank::new(&modes, rate),
            direct: body.direct,
            floor: [OnePole::new(body.floor, rate); 2],
            ceiling: [OnePole::new(body.ceiling, rate); 2],
        }
    }

    /// Replaces the strings' (or pipe's) stereo sum by what the body radiates.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (l, r) in left.iter_mut().zip(right) {
            let (bl, br) = self.bank.step(0.5 * (*l + *r));
            let direct = (*l * self.direct + bl, *r * self.direct + br);
            let high = (self.floor[0].high(direct.0), self.floor[1].high(direct.1));
            *l = self.ceiling[0].low(high.0);
            *r = self.ceiling[1].low(high.1);
        }
    }
}
