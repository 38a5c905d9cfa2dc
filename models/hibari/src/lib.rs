//! Hibari, the embedded English singer.
//!
//! `hibari-tts` (Apache-2.0) is a small network distilled from Kokoro-82M that speaks English as
//! frames of a source-filter model: magnitudes and phases of harmonics, noise and a rest, from
//! which the host makes the sound. That makes it a voice one can sing with: it speaks the line at
//! its natural pace, and the frames are then read at the pace of the song, driven by pulses at the
//! pitch of the tune. Voicing follows what the phones are, loudness what the plan says.
//!
//! The weights ship in `data/voices/hibari`.

mod network;
mod spoken;
mod synth;
mod tokens;

use network::Network;
use synth::{RATE, Transforms};
use yuefu_audio::{Clip, SampleRate};
use yuefu_voice::{
    Natural, Singer, SingerProfile, Utterance, VoiceError, VoicePlan, finish, resample,
};

/// Name of the weights in `data`.
const WEIGHTS: &str = "voices/hibari/hibari.onnx";
/// Raised whenever equal plans sound otherwise.
const VERSION: u32 = 2;

/// The singer.
pub struct Hibari {
    profile: SingerProfile,
    network: Network,
    transforms: Transforms,
}

impl Hibari {
    /// Loads the shipped network.
    ///
    /// # Errors
    /// When the weights are missing or damaged.
    pub fn load() -> Result<Self, VoiceError> {
        let bytes = yuefu_data::get(WEIGHTS).ok_or_else(|| {
            VoiceError::new(
                format!("expected the weights `{WEIGHTS}` in the program, found none"),
                format!("程序中应有权重“{WEIGHTS}”，却没有"),
            )
        })?;
        Ok(Self {
            profile: SingerProfile {
                id: "voice-hibari".to_owned(),
                en: "Hibari".to_owned(),
                zh: "云雀".to_owned(),
                languages: vec!["en"],
                range: [50, 81],
                sweet: [57, 76],
                digest: format!("hibari {VERSION} {}", blake3::hash(bytes).to_hex()),
            },
            network: Network::load(bytes)?,
            transforms: Transforms::new(),
        })
    }
}

impl Singer for Hibari {
    fn profile(&self) -> &SingerProfile {
        &self.profile
    }

    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        let spoken = spoken::speak(&self.network, utterance, None)?;
        Ok(spoken::natural(&spoken))
    }

    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError> {
        let first = (plan.start * rate.hz()).floor();
        let start = first / rate.hz();
        let audio = if plan.phones.is_empty() {
            Vec::new()
        } else {
            let utterance = Utterance {
                syllables: &plan.syllables,
                phones: &plan.phones,
            };
            let spoken = spoken::speak(&self.network, &utterance, Some(plan))?;
            let signal = synth::sing(plan, &spoken, &self.transforms, start);
            resample::resample(&signal, SampleRate(RATE), rate)
        };
        Ok(finish::clip(first, audio, rate))
    }
}
