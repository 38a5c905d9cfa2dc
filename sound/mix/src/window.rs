//! Windows: the pieces in which a mix is made, and made again.
//!
//! Whatever comes after the raw stems is a pure function of a window of its input. The window
//! `start..end` of a strip or a shared effect is computed from a fresh state that begins a
//! *memory* earlier, so it depends on its settings and on the input in `start − memory..end`
//! alone: an edit outside leaves every sample of it as it was. The memory is long enough that
//! what a longer past would have added lies below −120 dBFS, so windows join without a seam.
//! Faders, modulation and gain decisions lie on the song's absolute frames.

use std::ops::Range;
use yuefu_audio::AudioBuffer;

/// Frames in a window: 5.5 s at 48 kHz.
///
/// Windows lie at multiples of this from the song's first frame on. Longer ones would spend
/// less time on their past when a whole song is made, shorter ones less on an edit.
pub const WINDOW: usize = 1 << 18;

/// Frames that pass a whole chain before the next ones: small enough for the cache. What is
/// remembered is a multiple of this, so every step of every processor divides it.
pub(crate) const CHUNK: usize = 2048;

/// The windows of a song of so many frames, in order; the last one is as short as it must be.
pub fn windows(frames: usize) -> impl DoubleEndedIterator<Item = Range<usize>> + Clone {
    (0..frames.div_ceil(WINDOW)).map(move |k| k * WINDOW..((k + 1) * WINDOW).min(frames))
}

/// The frames of the input that a window depends on, given what is remembered before it.
pub fn input_of(window: &Range<usize>, memory: usize) -> Range<usize> {
    begin(window.start, memory)..window.end
}

/// Where a fresh state begins so that it has seen `memory` frames at `start`.
pub(crate) fn begin(start: usize, memory: usize) -> usize {
    start.saturating_sub(memory) / CHUNK * CHUNK
}

/// Frames of a number of them, rounded up to whole chunks.
pub(crate) fn whole_chunks(frames: f64) -> usize {
    (frames.clamp(0.0, 1e12) as usize).div_ceil(CHUNK) * CHUNK
}

/// A piece of a song's audio; silence everywhere else.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    audio: &'a AudioBuffer,
    first: usize,
}

impl<'a> Source<'a> {
    /// `audio` begins at frame `first` of the song.
    pub(crate) fn new(audio: &'a AudioBuffer, first: usize) -> Self {
        Self { audio, first }
    }

    /// Reads two channels (mono twice) from frame `from` on; says whether all of it is silent.
    pub(crate) fn read(&self, from: usize, left: &mut [f32], right: &mut [f32]) -> bool {
        let Some(first) = self.audio.channels.first() else {
            left.fill(0.0);
            right.fill(0.0);
            return true;
        };
        let second = self.audio.channels.get(1).unwrap_or(first);
        let a = self.copy(first, from, left);
        let b = self.copy(second, from, right);
        a && b
    }

    fn copy(&self, channel: &[f32], from: usize, out: &mut [f32]) -> bool {
        let lead = self.first.saturating_sub(from).min(out.len());
        let begin = (from + lead).saturating_sub(self.first).min(channel.len());
        let count = (out.len() - lead).min(channel.len() - begin);
        out[..lead].fill(0.0);
        let there = &channel[begin..begin + count];
        out[lead..lead + count].copy_from_slice(there);
        out[lead + count..].fill(0.0);
        there.iter().all(|&x| x == 0.0)
    }
}

/// Copies what of a chunk that begins at frame `at` lies in a window into the window's output.
pub(crate) fn keep(window: &Range<usize>, at: usize, chunk: [&[f32]; 2], out: &mut AudioBuffer) {
    let skip = window.start.saturating_sub(at);
    for (to, from) in out.channels.iter_mut().zip(chunk) {
        let Some(from) = from.get(skip..).filter(|from| !from.is_empty()) else {
            continue;
        };
        let first = at + skip - window.start;
        let count = from.len().min(to.len().saturating_sub(first));
        to[first..first + count].copy_from_slice(&from[..count]);
    }
}

/// Puts windows one after another.
pub(crate) fn join(frames: usize, mut parts: Vec<AudioBuffer>, empty: AudioBuffer) -> AudioBuffer {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let mut all = empty;
    for channel in &mut all.channels {
        channel.clear();
        channel.reserve_exact(frames);
    }
    for part in parts {
        for (to, from) in all.channels.iter_mut().zip(part.channels) {
            to.extend_from_slice(&from);
        }
    }
    all
}
