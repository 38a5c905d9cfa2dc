//! One track through its channel strip.

use crate::duck::{Ducker, KeyEnvelope};
use crate::dynamics::Dynamics;
use crate::effect::Effect;
use crate::saturate::Saturator;
use crate::stereo::Stereo;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, curve::CurveCursor, math};
use yuefu_song::mixplan::{ChannelStrip, EqBand, EqKind};

/// Frames that pass the whole chain before the next ones: small enough for the cache.
const CHUNK: usize = 2048;

/// The filter of an equalizer band.
pub fn eq_filter(band: &EqBand, rate: SampleRate) -> Biquad {
    let (hz, q, db) = (
        f64::from(band.hz),
        f64::from(band.q),
        f64::from(band.gain_db).clamp(-36.0, 36.0),
    );
    match band.kind {
        EqKind::LowCut => Biquad::high_pass(rate.hz(), hz, q),
        EqKind::LowShelf => Biquad::low_shelf(rate.hz(), hz, q, db),
        EqKind::Peak => Biquad::peak(rate.hz(), hz, q, db),
        EqKind::HighShelf => Biquad::high_shelf(rate.hz(), hz, q, db),
        EqKind::HighCut => Biquad::low_pass(rate.hz(), hz, q),
    }
}

/// Frames between corners of the fader's movement.
const FADER_STEP: usize = 64;

/// The processors of one strip, in order.
struct Chain<'a> {
    rate: SampleRate,
    trim: f32,
    eq: Cascade,
    dynamics: Vec<Dynamics>,
    saturator: Saturator,
    ducker: Option<Ducker>,
    fader: CurveCursor<'a>,
    moving: bool,
    gain: f32,
    level: f32,
    stereo: Stereo,
}

impl<'a> Chain<'a> {
    fn new(strip: &'a ChannelStrip, rate: SampleRate, key: Option<&KeyEnvelope>) -> Self {
        Self {
            rate,
            trim: math::db_to_gain(strip.trim_db.clamp(-120.0, 60.0)),
            eq: Cascade::new(strip.eq.iter().map(|band| eq_filter(band, rate))),
            dynamics: strip
                .gate
                .iter()
                .map(|gate| Dynamics::expander(gate, rate))
                .chain(
                    strip
                        .compressor
                        .iter()
                        .map(|compressor| Dynamics::compressor(compressor, rate)),
                )
                .collect(),
            saturator: Saturator::new(strip.saturation),
            ducker: match (&strip.sidechain, key) {
                (Some(settings), Some(key)) => Some(Ducker::new(settings, key.clone(), rate)),
                _ => None,
            },
            fader: strip.automation.cursor(),
            moving: !strip.automation.is_empty(),
            gain: math::db_to_gain(strip.gain_db.clamp(-200.0, 60.0)),
            level: 0.0,
            stereo: Stereo::new(strip.width, strip.pan, rate),
        }
    }

    fn process(&mut self, start: usize, left: &mut [f32], right: &mut [f32]) {
        if self.trim != 1.0 {
            for x in left.iter_mut().chain(right.iter_mut()) {
                *x *= self.trim;
            }
        }
        if !self.eq.is_empty() {
            self.eq.process(left, right);
        }
        for dynamics in &mut self.dynamics {
            dynamics.process(left, right);
        }
        self.saturator.process(left, right);
        if let Some(ducker) = &mut self.ducker {
            ducker.process(left, right);
        }
        self.fade(start, left, right);
        self.stereo.process(left, right);
    }

    /// The fader, at rest or moving.
    fn fade(&mut self, start: usize, left: &mut [f32], right: &mut [f32]) {
        if !self.moving {
            for x in left.iter_mut().chain(right.iter_mut()) {
                *x *= self.gain;
            }
            return;
        }
        if start == 0 {
            self.level = self.gain * math::db_to_gain(self.fader.at(0.0));
        }
        let mut at = 0;
        while at < left.len() {
            let until = (at + FADER_STEP).min(left.len());
            let time = (start + until) as f64 / self.rate.hz();
            let target = self.gain * math::db_to_gain(self.fader.at(time as f32));
            let slope = (target - self.level) / (until - at) as f32;
            for (l, r) in left[at..until].iter_mut().zip(&mut right[at..until]) {
                *l *= self.level;
                *r *= self.level;
                self.level += slope;
            }
            self.level = target;
            at = until;
        }
    }

    fn reset(&mut self) {
        self.eq.reset();
        for dynamics in &mut self.dynamics {
            dynamics.reset();
        }
        self.saturator.reset();
        self.stereo.reset();
    }
}

/// Rounds to the nearest multiple of 2^−23, the step of 24-bit audio.
///
/// Sums of such values below 2 in magnitude are exact in `f32` in any order, and 24-bit files
/// hold them unchanged; the error of rounding is below −144 dBFS.
#[inline(always)]
pub fn to_grid(x: f32) -> f32 {
    // Adding and taking away 1.5 · 2^29 leaves 23 fractional bits of an f64.
    const MAGIC: f64 = 805_306_368.0;
    ((f64::from(x) + MAGIC) - MAGIC) as f32
}

/// Processes a whole track: a pure function of its arguments.
///
/// `audio` is the raw stem from the song's first frame on, mono or stereo; what comes back is
/// stereo, equally long and on the 24-bit grid ([`to_grid`]). `key` is the envelope of the
/// strip's side-chain track; without it the strip does not duck. Mute and solo are the mixer's
/// business.
pub fn process_track(
    strip: &ChannelStrip,
    mut audio: AudioBuffer,
    key: Option<&KeyEnvelope>,
) -> AudioBuffer {
    let frames = audio.frames();
    if audio.channels.len() == 1 {
        let copy = audio.channels[0].clone();
        audio.channels.push(copy);
    }
    audio.channels.truncate(2);
    let mut chain = Chain::new(strip, audio.rate, key);
    let [left, right] = &mut audio.channels[..] else {
        return AudioBuffer::silent(audio.rate, 2, frames);
    };
    // After two seconds of silence nothing of what was can be heard: the chain rests until
    // there is something to do. Sparse tracks cost little.
    let patience = (audio.rate.hz() * 2.0) as usize;
    let mut quiet = 0;
    let mut resting = false;
    for start in (0..frames).step_by(CHUNK) {
        let end = (start + CHUNK).min(frames);
        let (l, r) = (&mut left[start..end], &mut right[start..end]);
        let silent = l.iter().chain(r.iter()).all(|&x| x == 0.0);
        quiet = if silent { quiet + CHUNK } else { 0 };
        // The ducker counts frames, so a strip that has one never rests.
        if quiet > patience && chain.ducker.is_none() {
            if !resting {
                chain.reset();
                resting = true;
            }
            continue;
        }
        if resting && chain.moving {
            let time = start as f64 / chain.rate.hz();
            chain.level = chain.gain * math::db_to_gain(chain.fader.at(time as f32));
        }
        resting = false;
        chain.process(start, l, r);
        for x in l.iter_mut().chain(r) {
            *x = to_grid(*x);
        }
    }
    audio
}
