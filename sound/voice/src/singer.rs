//! Singers: voices behind one trait.

use crate::plan::{PlanPhone, PlanSyllable, Track, VoicePlan};
use serde::Serialize;
use yuefu_audio::{Clip, SampleRate};

/// What a singer is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SingerProfile {
    /// Stable id and catalog id of its instrument, such as `voice-hibari`; written into documents.
    pub id: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// Codes of the languages that it sings well, best first. Asked for another, it sings with
    /// the nearest sounds it has.
    pub languages: Vec<&'static str>,
    /// Lowest and highest MIDI key at which it is still understood.
    pub range: [u8; 2],
    /// The comfortable part of its range.
    pub sweet: [u8; 2],
    /// Changes whenever equal plans would sound otherwise: version of the code and digest of the
    /// weights. Part of every cache key.
    pub digest: String,
}

/// Syllables to be sung, without times: what a singer is asked to speak.
#[derive(Clone, Copy, Debug)]
pub struct Utterance<'a> {
    /// Syllables with their phones in `phones`.
    pub syllables: &'a [PlanSyllable],
    /// Phones; their times and natural lengths are not set yet.
    pub phones: &'a [PlanPhone],
}

/// How a singer would speak an utterance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Natural {
    /// Seconds of each phone; positive.
    pub seconds: Vec<f64>,
    /// Pitch in hertz every [`crate::FRAME`] seconds of the utterance spoken without rests, its
    /// phones one after another; empty where the singer has no melody of speech.
    pub pitch: Track,
}

impl Natural {
    /// Usual lengths of phones, without melody.
    pub fn usual(utterance: &Utterance<'_>) -> Self {
        Self {
            seconds: utterance
                .phones
                .iter()
                .map(|phone| crate::phones::usual_seconds(phone.symbol, phone.part))
                .collect(),
            pitch: Track::default(),
        }
    }
}

/// A voice.
///
/// Both functions are pure: equal input gives equal bytes, with any number of threads and
/// whatever was sung before. To add a voice, implement this, hold it to [`crate::contract`], and
/// register it where the studio makes its choir.
pub trait Singer: Send + Sync {
    /// What it is.
    fn profile(&self) -> &SingerProfile;

    /// How it would speak the utterance, as a measure for the timing.
    ///
    /// # Errors
    /// When the model behind it cannot be run.
    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError>;

    /// Sings a plan.
    ///
    /// The clip is mono; its `start` is the frame offset relative to the start of the phrase. It
    /// holds the plan from `start` to `end`, and at most half a second more. Normal level (0 dB
    /// in the level curve, an open vowel in the sweet range) is −20 dB of full scale as root mean
    /// square, so that singers can be exchanged.
    ///
    /// # Errors
    /// When the model behind it cannot be run.
    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError>;
}

/// Why a phrase could not be sung, in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{en}")]
pub struct VoiceError {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl VoiceError {
    /// A message in both languages.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }
}
