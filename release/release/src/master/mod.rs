//! Mastering, for our own mixes and for anyone's recording.
//!
//! The chain: subsonic cut, tonal balance (towards a style's curve or a reference recording),
//! width check, glue compression, loudness, true-peak limiter, and a measurement of the result.
//! Everything is computed from the samples and the settings alone, whatever the number of
//! threads.

pub mod dither;
pub mod glue;
pub mod limiter;
pub mod tone;

pub use dither::{Shaping, dither};
pub use tone::{Tone, ToneProfile};

use glue::Glue;
use limiter::Limiter;
use rayon::prelude::*;
use thiserror::Error;
use yuefu_audio::loudness::{Loudness, Steps, TruePeak};
use yuefu_audio::{AudioBuffer, Biquad, Cascade, Db, Lufs, math};

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

/// Masters a recording.
///
/// The result has the loudness asked for within ±0.3 LU (measured, BS.1770-4) and no true peak
/// above the ceiling; silence stays silence. It is not dithered: see [`dither()`].
///
/// # Errors
/// When there are no or more than two channels, or a sample is not finite.
pub fn master(
    mut audio: AudioBuffer,
    settings: &MasterSettings,
) -> Result<(AudioBuffer, MasterReport), MasterError> {
    check(&audio)?;
    let mut report = MasterReport::default();
    let clipped = clipped_runs(&audio);
    if clipped > 0 {
        report.warnings.push(MasterWarning::Clipped(clipped));
    }
    narrow(&mut audio, &mut report);
    let (profile, before) = rayon::join(
        || ToneProfile::measure(&audio),
        || Steps::measure(&audio).summary(),
    );
    report.before = before;
    let Some(loudness) = before.integrated else {
        report.after = before;
        report.true_peak = Db::from_gain(TruePeak::new().of(&audio));
        report.warnings.push(MasterWarning::Silent);
        return Ok((audio, report));
    };
    let curve = tone::correction(&profile, settings.reference.as_ref(), &settings.tone);
    if curve.iter().any(|db| db.abs() >= 0.25) {
        audio = tone::apply(&audio, &curve);
        report.eq = tone::CENTERS.into_iter().zip(curve).collect();
    }
    report.glue_db = cut_and_glue(&mut audio, loudness, settings.tone.glue);
    loud(&mut audio, settings, &mut report);
    Ok((audio, report))
}

fn check(audio: &AudioBuffer) -> Result<(), MasterError> {
    if !(1..=2).contains(&audio.channels.len()) {
        return Err(MasterError::Channels(audio.channels.len()));
    }
    if audio.channels.iter().any(|c| c.len() != audio.frames()) {
        return Err(MasterError::Ragged);
    }
    for channel in &audio.channels {
        if let Some(at) = channel.iter().position(|x| !x.is_finite()) {
            return Err(MasterError::NotFinite(at));
        }
    }
    Ok(())
}

/// Runs of at least four equal samples at full scale.
fn clipped_runs(audio: &AudioBuffer) -> usize {
    let mut runs = 0;
    for channel in &audio.channels {
        let (mut last, mut length) = (0.0_f32, 0);
        for &x in channel {
            if x == last && x.abs() >= 0.985 {
                length += 1;
                runs += usize::from(length == 3);
            } else {
                length = 0;
            }
            last = x;
        }
    }
    runs
}

/// Turns the sides down where they are louder than the middle: such a recording would all but
/// vanish on one loudspeaker.
fn narrow(audio: &mut AudioBuffer, report: &mut MasterReport) {
    let [left, right] = &mut audio.channels[..] else {
        report.correlation = 1.0;
        return;
    };
    let sums: Vec<[f64; 3]> = left
        .par_chunks(65_536)
        .zip(right.par_chunks(65_536))
        .map(|(l, r)| {
            l.iter().zip(r).fold([0.0; 3], |s, (&l, &r)| {
                let (l, r) = (f64::from(l), f64::from(r));
                [s[0] + l * l, s[1] + r * r, s[2] + l * r]
            })
        })
        .collect();
    // Added in order, so that the number of threads does not matter.
    let [ll, rr, lr] = sums
        .iter()
        .fold([0.0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    let both = (ll * rr).sqrt();
    report.correlation = if both > 0.0 { (lr / both) as f32 } else { 1.0 };
    let (middle, side) = (ll + rr + 2.0 * lr, ll + rr - 2.0 * lr);
    if side > middle * 1.05 && side > 0.0 {
        // A recording that is nothing but sides keeps a third of them.
        let keep = (middle / side).sqrt().max(0.3) as f32;
        for (l, r) in left.iter_mut().zip(right) {
            let (m, s) = ((*l + *r) * 0.5, (*l - *r) * 0.5 * keep);
            *l = m + s;
            *r = m - s;
        }
        report
            .warnings
            .push(MasterWarning::OutOfPhase(-math::gain_to_db(keep)));
    }
}

/// Subsonic cut and glue, in place; returns the deepest reduction.
fn cut_and_glue(audio: &mut AudioBuffer, loudness: Lufs, amount: f32) -> f32 {
    let rate = audio.rate;
    let mut cut = Cascade::new([Biquad::high_pass(
        rate.hz(),
        20.0,
        std::f64::consts::FRAC_1_SQRT_2,
    )]);
    let mut glue = Glue::new(loudness, amount, rate);
    let mut spare = vec![0.0_f32; 4096];
    match &mut audio.channels[..] {
        [left, right] => {
            for (l, r) in left.chunks_mut(4096).zip(right.chunks_mut(4096)) {
                cut.process(l, r);
                glue.process(l, r);
            }
        }
        [mono] => {
            for l in mono.chunks_mut(4096) {
                let r = &mut spare[..l.len()];
                r.fill(0.0);
                cut.process(l, r);
                glue.process(l, r);
            }
        }
        _ => {}
    }
    glue.deepest()
}

/// Brings the recording to its loudness under the ceiling, in place.
fn loud(audio: &mut AudioBuffer, settings: &MasterSettings, report: &mut MasterReport) {
    let target = settings.target.0.clamp(-60.0, -5.0);
    // The gain's own movement can lift a peak between samples a little.
    let ceiling = math::db_to_gain(settings.ceiling.0.clamp(-20.0, 0.0) - 0.03);
    let meter = TruePeak::new();
    let mut steps = Steps::measure(audio);
    for round in 0..4 {
        let Some(now) = steps.integrated() else { break };
        let wanted = target - now.0;
        let mut limiter = Limiter::new(audio, &meter, ceiling, wanted);
        let gain = limiter.find_gain(&steps, target);
        report.limiter_db += limiter.apply(audio, gain);
        report.gain_db += gain;
        let (after, peak) = rayon::join(|| Steps::measure(audio), || meter.of(audio));
        steps = after;
        let (mut peak, top) = (peak, math::db_to_gain(settings.ceiling.0.clamp(-20.0, 0.0)));
        if peak > top {
            // By hundredths of a dB: cheaper than another look, and exact.
            let down = top / peak * 0.9995;
            audio.scale(down);
            for energy in &mut steps.0 {
                *energy *= f64::from(down) * f64::from(down);
            }
            peak *= down;
        }
        report.true_peak = Db::from_gain(peak);
        let miss = steps.integrated().map_or(0.0, |got| target - got.0);
        if miss.abs() <= 0.1 || (round > 0 && miss.abs() <= 0.25) {
            break;
        }
    }
    report.after = steps.summary();
    if report.limiter_db < -AUDIBLE_LIMITING_DB {
        report
            .warnings
            .push(MasterWarning::HeavyLimiting(-report.limiter_db));
    }
    if let Some(got) = report.after.integrated
        && (got.0 - target).abs() > 0.3
    {
        report.warnings.push(MasterWarning::Missed(got.0 - target));
    }
}
