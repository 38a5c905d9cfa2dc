//! The master: what happens to the whole mix before it is released.
//!
//! Like the mix plan it is decided once, from the finished mix, and then kept: an edit at one
//! place of the song leaves the master of every other place as it was, sample for sample.

use serde::{Deserialize, Serialize};
use yuefu_audio::{Db, Lufs};

/// Everything done to the mix, in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MasterPlan {
    /// How much of the difference between left and right is kept: 1 all, less where the two
    /// would cancel on one loudspeaker.
    #[serde(default = "one")]
    pub side: f32,
    /// Tonal correction in dB, one value per third-octave band from 20 Hz to 20 kHz; empty = none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eq_db: Vec<f32>,
    /// Loudness of the mix, which the glue compressor's threshold refers to.
    pub loudness: Lufs,
    /// Reduction by the glue compressor in dB where the music is as loud as on average; 0 = none.
    #[serde(default)]
    pub glue_db: f32,
    /// Gain before the limiter, in dB.
    pub gain_db: f32,
    /// True peak that is never exceeded, in dBTP.
    pub ceiling: Db,
}

fn one() -> f32 {
    1.0
}
