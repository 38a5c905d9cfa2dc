//! Mastering, for our own mixes and for anyone's recording.
//!
//! The chain: width check, glue compression, subsonic cut, tonal balance (towards a style's
//! curve or a reference recording), gain, and one pass of a true-peak limiter. What is decided
//! from the whole recording is a [`MasterPlan`]; applying it is a pure function of a window of
//! the mix, so that an edit at one place leaves the master elsewhere as it was. Everything is
//! computed from the samples and the settings alone, whatever the number of threads.

pub mod apply;
pub mod dither;
pub mod glue;
pub mod limiter;
mod plan;
pub mod tone;

pub use apply::{Mastering, apply_master, master_ahead, master_memory, master_window};
pub use dither::{RUN, Shaping, dither, dither_run};
pub use tone::{Tone, ToneProfile};

use thiserror::Error;
use yuefu_audio::loudness::Loudness;
use yuefu_audio::{AudioBuffer, Db, Lufs};
use yuefu_song::MasterPlan;

/// Loudness that streaming services play at.
pub const STREAMING: Lufs = Lufs(-14.0);
/// Loudness for clubs.
pub const CLUB: Lufs = Lufs(-9.0);
/// Loudness of European broadcast and film for television (EBU R 128).
pub const FILM: Lufs = Lufs(-23.0);
/// Loudness of American broadcast (ATSC A/85).
pub const BROADCAST_US: Lufs = Lufs(-24.0);

/// Reduction in dB beyond which limiting is likely to be heard; reported, never refused.
pub const AUDIBLE_LIMITING_DB: f32 = 8.0;

/// What a master should be.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterSettings {
    /// Integrated loudness of the result, −60..=−5.
    pub target: Lufs,
    /// Largest true peak of the result in dBTP, −20..=0.
    pub ceiling: Db,
    /// A recording whose tonal balance is matched, within ±4 dB; replaces the style's curve.
    pub reference: Option<ToneProfile>,
    /// The style's tonal target and glue.
    pub tone: Tone,
}

impl Default for MasterSettings {
    fn default() -> Self {
        Self {
            target: STREAMING,
            ceiling: Db(-1.0),
            reference: None,
            tone: Tone::default(),
        }
    }
}

/// Why a recording cannot be mastered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MasterError {
    /// Only mono and stereo are understood.
    #[error("expected 1 or 2 channels, found {0}; mix it down to stereo first")]
    Channels(usize),
    /// The channels differ in length.
    #[error("the channels are not equally long")]
    Ragged,
    /// A sample is not a number.
    #[error("sample {0} is not a finite number; the file is damaged")]
    NotFinite(usize),
}

/// Something about the result that a listener should know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MasterWarning {
    /// Nothing loud enough to measure (below −70 LUFS); levels were left alone.
    Silent,
    /// The target needed limiting this deep in dB; a lower target would sound better.
    HeavyLimiting(f32),
    /// The target could not be reached; the result misses it by so many LU.
    Missed(f32),
    /// Left and right cancelled in mono; the sides were turned down by so many dB.
    OutOfPhase(f32),
    /// The recording was clipped before: so many runs of equal full-scale samples.
    Clipped(usize),
}

/// What was done, and what the result measures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MasterReport {
    /// Loudness before.
    pub before: Loudness,
    /// Loudness of the result, measured.
    pub after: Loudness,
    /// True peak of the result in dBTP, measured.
    pub true_peak: Db,
    /// Gain before the limiter in dB.
    pub gain_db: f32,
    /// Deepest reduction of the limiter in dB (at most 0).
    pub limiter_db: f32,
    /// Deepest reduction of the glue compressor in dB (at most 0).
    pub glue_db: f32,
    /// Tonal correction: hertz and dB, third by third; empty when none was needed.
    pub eq: Vec<(f32, f32)>,
    /// Correlation of left and right, −1..=1, before; 1 for mono.
    pub correlation: f32,
    /// What a listener should know.
    pub warnings: Vec<MasterWarning>,
}

/// Decides how a mix is mastered.
///
/// The plan is then kept: [`apply_master`] and [`master_window`] do what it says to this mix and
/// to what an edit makes of it. With it the mix has the loudness asked for within ±0.3 LU
/// (measured, BS.1770-4); no mix ever exceeds its ceiling. The report says what it gives.
///
/// # Errors
/// When there are no or more than two channels, or a sample is not finite.
pub fn plan_master(
    mix: &AudioBuffer,
    settings: &MasterSettings,
) -> Result<(MasterPlan, MasterReport), MasterError> {
    plan::make(mix, settings).map(|(plan, report, _)| (plan, report))
}

/// Decides how a mix is mastered and masters it: [`plan_master`] and [`apply_master`] in one,
/// for less than the price of both.
///
/// # Errors
/// As [`plan_master`].
pub fn plan_and_master(
    mix: &AudioBuffer,
    settings: &MasterSettings,
) -> Result<(MasterPlan, MasterReport, AudioBuffer), MasterError> {
    plan::make(mix, settings)
}

/// Masters a recording.
///
/// The result has the loudness asked for within ±0.3 LU (measured, BS.1770-4) and no true peak
/// above the ceiling; silence stays silence. It is not dithered: see [`dither()`].
///
/// # Errors
/// When there are no or more than two channels, or a sample is not finite.
pub fn master(
    audio: AudioBuffer,
    settings: &MasterSettings,
) -> Result<(AudioBuffer, MasterReport), MasterError> {
    plan::make(&audio, settings).map(|(_, report, audio)| (audio, report))
}

/// What a master measures that was made by a plan kept from before an edit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KeptReport {
    /// Loudness of the master.
    pub after: Loudness,
    /// Its true peak in dBTP.
    pub true_peak: Db,
    /// How many LU it is above the target; `None` for silence. An edit may move it: the plan is
    /// made anew only when asked.
    pub off_target: Option<f32>,
}

/// Measures a master that was made by a kept plan.
pub fn measure_kept(master: &AudioBuffer, target: Lufs) -> KeptReport {
    let (after, peak) = rayon::join(
        || yuefu_audio::loudness::measure(master),
        || plan::true_peak(master),
    );
    KeptReport {
        after,
        true_peak: Db::from_gain(peak),
        off_target: after.integrated.map(|got| got.0 - target.0),
    }
}
