//! One track through its channel strip, window by window.

use crate::deess::Sibilants;
use crate::duck::{Ducker, KeyWindow};
use crate::dynamics::Dynamics;
use crate::effect::Effect;
use crate::saturate::Saturator;
use crate::stereo::Stereo;
use crate::window::{self, CHUNK, Source};
use rayon::prelude::*;
use std::ops::Range;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, curve::CurveCursor, math};
use yuefu_song::mixplan::{ChannelStrip, EqBand, EqKind};

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
    sibilants: Option<Sibilants>,
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
    /// The chain at frame `begin` of the song.
    fn new(
        strip: &'a ChannelStrip,
        rate: SampleRate,
        key: Option<&KeyWindow>,
        begin: usize,
    ) -> Self {
        Self {
            rate,
            trim: math::db_to_gain(strip.trim_db.clamp(-120.0, 60.0)),
            eq: Cascade::new(strip.eq.iter().map(|band| eq_filter(band, rate))),
            sibilants: strip
                .de_esser
                .as_ref()
                .map(|settings| Sibilants::new(settings, rate)),
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
                (Some(settings), Some(key)) => {
                    let mut ducker = Ducker::new(settings, key.clone(), rate);
                    ducker.seek(begin);
                    Some(ducker)
                }
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
        self.before_dynamics(left, right);
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

    fn before_dynamics(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.trim != 1.0 {
            for x in left.iter_mut().chain(right.iter_mut()) {
                *x *= self.trim;
            }
        }
        if !self.eq.is_empty() {
            self.eq.process(left, right);
        }
        if let Some(sibilants) = &mut self.sibilants {
            sibilants.process(left, right);
        }
    }

    /// The fader, at rest or moving.
    fn fade(&mut self, start: usize, left: &mut [f32], right: &mut [f32]) {
        if !self.moving {
            for x in left.iter_mut().chain(right.iter_mut()) {
                *x *= self.gain;
            }
            return;
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

    /// As [`Chain::process`], for frames that are not asked for: only what the gate and the
    /// compressor hear is made.
    fn warm(&mut self, start: usize, left: &mut [f32], right: &mut [f32]) {
        self.before_dynamics(left, right);
        if let Some((last, others)) = self.dynamics.split_last_mut() {
            for dynamics in others {
                dynamics.process(left, right);
            }
            last.listen(left, right);
        }
        self.skip(left.len());
        self.place_fader(start + left.len());
    }

    /// Lets frames pass while there is nothing to process.
    fn skip(&mut self, frames: usize) {
        if let Some(ducker) = &mut self.ducker {
            ducker.skip(frames);
        }
    }

    /// Begins anew at a frame of the song, after silence.
    fn wake(&mut self, at: usize) {
        self.eq.reset();
        if let Some(sibilants) = &mut self.sibilants {
            sibilants.reset();
        }
        for dynamics in &mut self.dynamics {
            dynamics.reset();
        }
        self.saturator.reset();
        self.stereo.reset();
        self.place_fader(at);
    }

    /// Puts the fader where it is at a frame of the song.
    fn place_fader(&mut self, at: usize) {
        if self.moving {
            let time = at as f64 / self.rate.hz();
            self.level = self.gain * math::db_to_gain(self.fader.at(time as f32));
        }
    }
}

/// Rounds to the nearest multiple of 2^−23, the step of 24-bit audio.
///
/// Sums of such values are exact in any order (see [`crate::Sum`]), and 24-bit files hold them
/// unchanged while below full scale; the error of rounding is below −144 dBFS.
#[inline(always)]
pub fn to_grid(x: f32) -> f32 {
    // Adding and taking away 1.5 · 2^29 leaves 23 fractional bits of an f64.
    const MAGIC: f64 = 805_306_368.0;
    ((f64::from(x) + MAGIC) - MAGIC) as f32
}

/// Frames of the past that a window of a strip depends on, whole chunks of 2048.
///
/// Sixteen of the longest time constant (−139 dB) and eight of each other one, as processors
/// follow each other; a ducker forgets exactly.
pub fn strip_memory(strip: &ChannelStrip, rate: SampleRate) -> usize {
    let mut spans = vec![Stereo::memory(rate)];
    spans.extend(strip.eq.iter().map(|band| eq_filter(band, rate).span()));
    spans.extend(strip.gate.iter().map(|gate| {
        let ms = gate.attack_ms.max(gate.release_ms);
        Dynamics::span(ms, rate)
    }));
    if let Some(settings) = &strip.de_esser {
        spans.extend(Sibilants::spans(settings, rate));
    }
    spans.extend(strip.compressor.iter().map(|compressor| {
        let ms = compressor.attack_ms.max(compressor.release_ms);
        Dynamics::span(ms, rate)
    }));
    let longest = spans.iter().fold(0.0_f64, |a, &b| a.max(b));
    let all: f64 = spans.iter().sum();
    let heard = 16.0 * longest + 8.0 * (all - longest);
    let ducked = strip
        .sidechain
        .as_ref()
        .map_or(0.0, |sidechain| Ducker::memory(sidechain, rate));
    window::whole_chunks(heard.max(ducked))
}

/// One window of a track: a pure function of its arguments.
///
/// `raw` is the raw stem, mono or stereo, beginning at frame `raw_first_frame` of the song and
/// silent elsewhere; of it, and of `key`, only [`window::input_of`] the window with
/// [`strip_memory`] matters. The window should be one of [`window::windows`]. What comes back is
/// stereo, as long as the window and on the 24-bit grid ([`to_grid`]). Without a key the strip
/// does not duck. Mute and solo are the mixer's business.
pub fn channel_window(
    strip: &ChannelStrip,
    raw: &AudioBuffer,
    raw_first_frame: usize,
    window: Range<usize>,
    key: Option<&KeyWindow>,
) -> AudioBuffer {
    let mut out = AudioBuffer::silent(raw.rate, 2, window.len());
    let source = Source::new(raw, raw_first_frame);
    let memory = strip_memory(strip, raw.rate);
    let begin = window::begin(window.start, memory);
    // What follows the dynamics remembers little.
    let tail = window::whole_chunks(16.0 * Stereo::memory(raw.rate));
    let mut chain = Chain::new(strip, raw.rate, key, begin);
    let (mut left, mut right) = ([0.0_f32; CHUNK], [0.0_f32; CHUNK]);
    // What has been silent for as long as the chain remembers leaves nothing behind: the chain
    // rests until there is something to do. Sparse tracks cost little.
    let mut quiet = memory;
    for at in (begin..window.end).step_by(CHUNK) {
        let count = CHUNK.min(window.end - at);
        let (l, r) = (&mut left[..count], &mut right[..count]);
        let silent = source.read(at, l, r);
        if silent && quiet >= memory {
            chain.skip(count);
            continue;
        }
        if quiet >= memory {
            chain.wake(at);
        }
        quiet = if silent { quiet + CHUNK } else { 0 };
        if at + CHUNK + tail <= window.start {
            chain.warm(at, l, r);
            continue;
        }
        chain.process(at, l, r);
        if at + count > window.start {
            for x in l.iter_mut().chain(r.iter_mut()) {
                *x = to_grid(*x);
            }
            window::keep(&window, at, [&*l, &*r], &mut out);
        }
    }
    out
}

/// A whole track: all its windows, side by side.
///
/// `audio` is the raw stem from the song's first frame on; see [`channel_window`].
pub fn process_track(
    strip: &ChannelStrip,
    audio: &AudioBuffer,
    key: Option<&KeyWindow>,
) -> AudioBuffer {
    let frames = audio.frames();
    let parts: Vec<AudioBuffer> = window::windows(frames)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|window| channel_window(strip, audio, 0, window, key))
        .collect();
    window::join(frames, parts, AudioBuffer::silent(audio.rate, 2, 0))
}
