//! From a mix to a master plan.

use super::apply::{self, Mastering, Shaped, windows};
use super::limiter::GROUP;
use super::tone::{self, ToneProfile};
use super::{AUDIBLE_LIMITING_DB, MasterError, MasterReport, MasterSettings, MasterWarning};
use rayon::prelude::*;
use std::ops::Range;
use yuefu_audio::loudness::{Steps, TruePeak, step_frames};
use yuefu_audio::{AudioBuffer, Db, Lufs, math};
use yuefu_song::MasterPlan;

/// Decides a master and applies it.
pub(super) fn make(
    mix: &AudioBuffer,
    settings: &MasterSettings,
) -> Result<(MasterPlan, MasterReport, AudioBuffer), MasterError> {
    check(mix)?;
    let mut report = MasterReport::default();
    let clipped = clipped_runs(mix);
    if clipped > 0 {
        report.warnings.push(MasterWarning::Clipped(clipped));
    }
    let side = side(mix, &mut report);
    let narrowed = narrow(mix, side);
    let source = narrowed.as_ref().unwrap_or(mix);
    let (profile, before) = rayon::join(
        || ToneProfile::measure(source),
        || Steps::measure(source).summary(),
    );
    report.before = before;
    let mut plan = MasterPlan {
        side,
        eq_db: Vec::new(),
        loudness: Lufs(hundredth(before.integrated.map_or(-70.0, |l| l.0))),
        glue_db: 0.0,
        gain_db: 0.0,
        ceiling: Db(settings.ceiling.0.clamp(-20.0, 0.0)),
    };
    if before.integrated.is_none() {
        report.warnings.push(MasterWarning::Silent);
        let audio = apply::apply_master(&plan, mix);
        report.after = Steps::measure(&audio).summary();
        report.true_peak = Db::from_gain(true_peak(&audio));
        return Ok((plan, report, audio));
    }
    let curve = tone::correction(&profile, settings.reference.as_ref(), &settings.tone);
    if curve.iter().any(|db| db.abs() >= 0.25) {
        plan.eq_db = curve.iter().map(|&db| hundredth(db)).collect();
        report.eq = tone::CENTERS.into_iter().zip(plan.eq_db.clone()).collect();
    }
    plan.glue_db = hundredth(settings.tone.glue.clamp(0.0, 4.0));
    drop(narrowed);
    let audio = find_gain(mix, &mut plan, settings, &mut report);
    Ok((plan, report, audio))
}

/// A window before the limiter, and its peaks.
struct Piece {
    window: Range<usize>,
    shaped: Shaped,
    peaks: Vec<f32>,
}

impl Piece {
    /// The gains of the groups that lie in the window.
    fn own<'a>(&self, gains: &'a [f32]) -> &'a [f32] {
        let first = (self.window.start - self.shaped.first) / GROUP;
        let end = (self.window.end - self.shaped.first).div_ceil(GROUP);
        &gains[first.min(gains.len())..end.min(gains.len())]
    }
}

/// Finds the gain with which one pass of the limiter gives the loudness asked for; returns the
/// master with it.
fn find_gain(
    mix: &AudioBuffer,
    plan: &mut MasterPlan,
    settings: &MasterSettings,
    report: &mut MasterReport,
) -> AudioBuffer {
    let target = settings.target.0.clamp(-60.0, -5.0);
    let mastering = Mastering::new(plan, mix.rate);
    let mut shaped: Vec<(Range<usize>, Shaped)> = windows(mix.frames())
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|window| (window.clone(), mastering.shape(mix, 0, &window)))
        .collect();
    report.glue_db = shaped.iter().fold(0.0, |a, (_, s)| s.glue_db.min(a));
    let steps = Steps::measure(&joined(mix, &shaped));
    let now = steps.integrated().map_or(target, |l| l.0);
    let wanted = target - now;
    let mut pieces: Vec<Piece> = shaped
        .drain(..)
        .map(|(window, shaped)| Piece {
            peaks: Vec::new(),
            window,
            shaped,
        })
        .collect();
    // Peaks are found for a little more gain than expected; seldom is more needed.
    let mut reach = 0.0;
    let mut best: Option<(f32, f32, AudioBuffer, f32, Steps)> = None;
    let mut aim = target;
    for _ in 0..3 {
        let gain = loop {
            if reach > 0.0 {
                let got = |gain| predicted(&mastering, &pieces, &steps, gain);
                let gain = hundredth(solve(got, aim, wanted, wanted + reach));
                if gain < wanted + reach - 0.01 || reach >= MOST_GAIN_DB {
                    break gain;
                }
            }
            reach = if reach == 0.0 { 9.0 } else { MOST_GAIN_DB };
            let most = apply::input(wanted + reach + 0.01);
            pieces.par_iter_mut().for_each(|piece| {
                piece.peaks = mastering.limiter.peaks(&piece.shaped.channels, most);
            });
        };
        if best.as_ref().is_some_and(|b| b.0 == gain) {
            break;
        }
        let (audio, least) = limited(mix, &mastering, &pieces, gain);
        let after = Steps::measure(&audio);
        let miss = after.integrated().map_or(0.0, |got| target - got.0);
        if best.as_ref().is_none_or(|b| miss.abs() < b.1.abs()) {
            best = Some((gain, miss, audio, least, after));
        }
        if miss.abs() <= 0.1 {
            break;
        }
        aim += miss;
    }
    let Some((gain, miss, audio, least, after)) = best else {
        return mix.clone();
    };
    plan.gain_db = gain;
    report.gain_db = gain;
    report.limiter_db = math::gain_to_db(least);
    report.after = after.summary();
    report.true_peak = Db::from_gain(true_peak(&audio));
    if report.limiter_db < -AUDIBLE_LIMITING_DB {
        let depth = -report.limiter_db;
        report.warnings.push(MasterWarning::HeavyLimiting(depth));
    }
    if miss.abs() > 0.3 {
        report.warnings.push(MasterWarning::Missed(-miss));
    }
    audio
}

/// The most gain in dB that is spent on what limiting takes away.
const MOST_GAIN_DB: f32 = 30.0;

/// Where in `low..=high` an ascending function is `target`, within 0.02; `high` if beyond.
///
/// By stepping out until it is enclosed, then by false position (Illinois).
fn solve(f: impl Fn(f32) -> f32, target: f32, low: f32, high: f32) -> f32 {
    const NEAR: f32 = 0.02;
    let (mut a, mut miss_a) = (low, target - f(low));
    if miss_a < NEAR {
        return low;
    }
    let mut step = miss_a * 1.5;
    let (mut b, mut miss_b) = loop {
        let x = (a + step).min(high);
        let miss = target - f(x);
        if miss.abs() < NEAR || (miss > 0.0 && x >= high) {
            return x;
        }
        if miss < 0.0 {
            break (x, miss);
        }
        // The deeper the limiting, the less of each dB arrives.
        step = (step * 2.0).max(miss * 2.0);
        (a, miss_a) = (x, miss);
    };
    for _ in 0..20 {
        let x = a + (b - a) * miss_a / (miss_a - miss_b);
        let miss = target - f(x);
        if miss.abs() < NEAR || b - a < 0.005 {
            return x;
        }
        if miss > 0.0 {
            (a, miss_a) = (x, miss);
            miss_b *= 0.5;
        } else {
            (b, miss_b) = (x, miss);
            miss_a *= 0.5;
        }
    }
    (a + b) * 0.5
}

/// The master with a gain, and the limiter's least gain.
fn limited(
    mix: &AudioBuffer,
    mastering: &Mastering,
    pieces: &[Piece],
    gain: f32,
) -> (AudioBuffer, f32) {
    let input = apply::input(gain);
    let parts: Vec<(AudioBuffer, f32)> = pieces
        .par_iter()
        .map(|piece| {
            let gains = mastering.limiter.gains(&piece.peaks, input);
            mastering.limit(&piece.shaped, &piece.peaks, &gains, input, &piece.window)
        })
        .collect();
    let least = parts.iter().fold(1.0_f32, |a, (_, least)| a.min(*least));
    let parts = parts.into_iter().map(|(audio, _)| audio).collect();
    (apply::join(mix, parts), least)
}

/// Loudness with a gain: the energy of each 100 ms step times the limiter's mean square gain
/// there, which is right within some hundredths of an LU.
fn predicted(mastering: &Mastering, pieces: &[Piece], steps: &Steps, gain: f32) -> f32 {
    let input = apply::input(gain);
    let gains: Vec<Vec<f32>> = pieces
        .par_iter()
        .map(|piece| {
            let gains = mastering.limiter.gains(&piece.peaks, input);
            piece.own(&gains).to_vec()
        })
        .collect();
    let gains: Vec<f32> = gains.concat();
    let step = step_frames(mastering.rate);
    let power = f64::from(input) * f64::from(input);
    let energies = steps
        .0
        .iter()
        .enumerate()
        .map(|(i, energy)| {
            let first = (i * step / GROUP).min(gains.len());
            let end = ((i + 1) * step / GROUP).clamp(first, gains.len());
            let some = &gains[first..end];
            let sum: f32 = some.iter().map(|g| g * g).sum();
            energy * power * f64::from(sum) / some.len().max(1) as f64
        })
        .collect();
    Steps(energies).integrated().map_or(-70.0, |l| l.0)
}

/// The windows' own frames, one after another.
fn joined(mix: &AudioBuffer, shaped: &[(Range<usize>, Shaped)]) -> AudioBuffer {
    let mut all = AudioBuffer::silent(mix.rate, mix.channels.len(), 0);
    for (window, shaped) in shaped {
        for (to, from) in all.channels.iter_mut().zip(&shaped.channels) {
            to.extend_from_slice(&from[window.start - shaped.first..window.end - shaped.first]);
        }
    }
    all
}

/// The true peak of a recording as an amplitude, windows side by side.
pub(super) fn true_peak(audio: &AudioBuffer) -> f32 {
    let meter = TruePeak::new();
    let (before, after) = TruePeak::CONTEXT;
    let frames = audio.frames();
    let peaks: Vec<f32> = windows(frames)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|window| {
            let (from, to) = (
                window.start.saturating_sub(before + 1) / 32 * 32,
                (window.end + after).min(frames),
            );
            let part = AudioBuffer {
                rate: audio.rate,
                channels: audio
                    .channels
                    .iter()
                    .map(|c| c[from..to].to_vec())
                    .collect(),
            };
            meter.of(&part)
        })
        .collect();
    peaks.into_iter().fold(0.0, f32::max)
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

/// How much of the sides is kept: less where they are louder than the middle, because such a
/// recording would all but vanish on one loudspeaker.
fn side(audio: &AudioBuffer, report: &mut MasterReport) -> f32 {
    let [left, right] = &audio.channels[..] else {
        report.correlation = 1.0;
        return 1.0;
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
    if side <= middle * 1.05 || side <= 0.0 {
        return 1.0;
    }
    // A recording that is nothing but sides keeps a third of them.
    let keep = hundredth((middle / side).max(0.0).sqrt().max(0.3) as f32);
    let down = -math::gain_to_db(keep);
    report.warnings.push(MasterWarning::OutOfPhase(down));
    keep
}

/// The recording with its sides turned down; `None` where they stay.
fn narrow(audio: &AudioBuffer, keep: f32) -> Option<AudioBuffer> {
    if keep == 1.0 {
        return None;
    }
    let mut audio = audio.clone();
    if let [left, right] = &mut audio.channels[..] {
        for (l, r) in left.iter_mut().zip(right) {
            let (m, s) = ((*l + *r) * 0.5, (*l - *r) * 0.5 * keep);
            *l = m + s;
            *r = m - s;
        }
    }
    Some(audio)
}

/// What is written into documents should be readable.
fn hundredth(x: f32) -> f32 {
    (x * 100.0).round() / 100.0
}
