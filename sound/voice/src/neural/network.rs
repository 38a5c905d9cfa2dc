//! Running the network.

use super::kernels::{add_to_all, back, multiply, rectify, spread};
use super::shape::{FRAME, Features, OUTPUTS, PLACE, SPOKEN, phone_features, place_features};
use super::weights::{Weights, WeightsFault};
use yuefu_audio::math;

/// The network, loaded.
#[derive(Clone, Debug)]
pub struct Network {
    weights: Weights,
}

/// How a singer would speak a phone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spoken {
    /// Its length in seconds; 0.01 to 0.6.
    pub seconds: f64,
    /// Pitch at its begin, middle and end in hertz.
    pub pitch: [f32; 3],
}

/// A phone with its time in frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// What it is.
    pub phone: Features,
    /// Its first frame; need not be whole.
    pub start: f32,
    /// Where it ends.
    pub end: f32,
}

impl Network {
    /// Reads the weights as `data/voices` holds them.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        Ok(Self {
            weights: Weights::parse(bytes)?,
        })
    }

    /// How many singers it knows.
    pub fn singers(&self) -> usize {
        self.weights.shape.singers
    }

    /// The median pitch of a singer's speech in hertz.
    pub fn median_pitch(&self, singer: usize) -> f32 {
        self.weights.pitch[singer]
    }

    /// How a singer would speak phones (with silence around them, if there is to be any).
    pub fn speak(&self, singer: usize, phones: &[Features]) -> Vec<Spoken> {
        let shape = &self.weights.shape;
        let all = &self.weights.numbers;
        let mut encoded = self.encode(phones);
        let speaker = &shape.speaker.of(all)[singer * shape.phone..(singer + 1) * shape.phone];
        add_to_all(speaker, &mut encoded);
        let mut hidden = Vec::new();
        spread(&shape.spoken, all, &encoded, &mut hidden);
        let mut out = vec![0.0; phones.len() * SPOKEN];
        back(&shape.spoken, all, &hidden, &mut out);
        let median = f64::from(self.weights.pitch[singer]);
        let hertz =
            |octaves: f32| (median * math::exp2(f64::from(octaves.clamp(-2.0, 2.0)))) as f32;
        out.chunks_exact(SPOKEN)
            .map(|row| Spoken {
                seconds: (math::exp(f64::from(row[0].clamp(-3.0, 5.0))) * FRAME).clamp(0.01, 0.6),
                pitch: [hertz(row[1]), hertz(row[2]), hertz(row[3])],
            })
            .collect()
    }

    /// What a singer sounds like in each frame: [`OUTPUTS`] values, in their own units: natural
    /// logarithm of the amplitude in 80 bands, decibels of noise in 3, and the logit of voice.
    /// `pitch` has a value in hertz for each frame, defined everywhere.
    pub fn frames(&self, singer: usize, phones: &[Timed], pitch: &[f32]) -> Vec<f32> {
        let shape = &self.weights.shape;
        let all = &self.weights.numbers;
        let width = shape.frame;
        let names: Vec<Features> = phones.iter().map(|timed| timed.phone).collect();
        let encoded = self.encode(&names);
        let mut by_phone = vec![0.0; phones.len() * width];
        multiply(
            &encoded,
            shape.phone,
            shape.spread.of(all),
            width,
            &mut by_phone,
        );
        let voice = &shape.singer.of(all)[singer * width..(singer + 1) * width];
        let mut places = Vec::with_capacity(pitch.len() * PLACE);
        let mut state = Vec::with_capacity(pitch.len() * width);
        let mut index = 0;
        for (frame, pitch) in pitch.iter().enumerate() {
            let at = frame as f32 + 0.5;
            while index + 1 < phones.len() && phones[index].end <= at {
                index += 1;
            }
            let Some(timed) = phones.get(index) else {
                state.extend_from_slice(voice);
                places.extend(place_features(1.0, 1.0, *pitch));
                continue;
            };
            let (since, until) = ((at - timed.start).max(0.0), (timed.end - at).max(0.0));
            places.extend(place_features(since, until, *pitch));
            let row = &by_phone[index * width..(index + 1) * width];
            state.extend(row.iter().zip(voice).map(|(a, b)| a + b));
        }
        multiply(&places, PLACE, shape.place.of(all), width, &mut state);
        let mut hidden = Vec::new();
        for block in &shape.blocks {
            spread(block, all, &state, &mut hidden);
            back(block, all, &hidden, &mut state);
        }
        rectify(&mut state);
        hidden.clear();
        hidden.resize(state.len(), 0.0);
        add_to_all(shape.last_bias.of(all), &mut hidden);
        multiply(&state, width, shape.last.of(all), width, &mut hidden);
        rectify(&mut hidden);
        let mut out = vec![0.0; pitch.len() * OUTPUTS];
        add_to_all(shape.output_bias.of(all), &mut out);
        multiply(&hidden, width, shape.output.of(all), OUTPUTS, &mut out);
        for row in out.chunks_exact_mut(OUTPUTS) {
            let scale = self.weights.mean.iter().zip(&self.weights.deviation);
            for (value, (mean, deviation)) in row.iter_mut().zip(scale) {
                *value = *value * deviation + mean;
            }
        }
        out
    }

    fn encode(&self, phones: &[Features]) -> Vec<f32> {
        let shape = &self.weights.shape;
        let all = &self.weights.numbers;
        let width = shape.phone;
        let table = shape.table.of(all);
        let mut state = vec![0.0; phones.len() * width];
        for (to, phone) in state.chunks_exact_mut(width).zip(phones) {
            for row in phone_features(*phone) {
                for (y, x) in to.iter_mut().zip(&table[row * width..(row + 1) * width]) {
                    *y += x;
                }
            }
        }
        let mut hidden = Vec::new();
        for block in &shape.encoder {
            spread(block, all, &state, &mut hidden);
            back(block, all, &hidden, &mut state);
        }
        state
    }
}
