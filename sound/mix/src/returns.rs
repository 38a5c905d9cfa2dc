//! The shared effects, window by window.

use crate::delay::Delay;
use crate::effect::Effect;
use crate::reverb::Reverb;
use crate::strip::to_grid;
use crate::window::{self, CHUNK, Source};
use rayon::prelude::*;
use std::ops::Range;
use yuefu_audio::{AudioBuffer, SampleRate, math};
use yuefu_song::mixplan::{ChannelStrip, Returns, Sends};

/// A shared effect, in the order in which returns are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Return {
    /// Room reverb.
    Room,
    /// Hall reverb.
    Hall,
    /// Plate reverb.
    Plate,
    /// Delay.
    Delay,
}

impl Return {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Room, Self::Hall, Self::Plate, Self::Delay];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Hall => "hall",
            Self::Plate => "plate",
            Self::Delay => "delay",
        }
    }

    /// Whether a mix has this effect.
    pub fn exists(self, returns: &Returns) -> bool {
        match self {
            Self::Room => returns.room.is_some(),
            Self::Hall => returns.hall.is_some(),
            Self::Plate => returns.plate.is_some(),
            Self::Delay => returns.delay.is_some(),
        }
    }

    /// The factor with which a strip sends to this effect; `None` when nothing is sent.
    pub fn send_gain(self, strip: &ChannelStrip) -> Option<f32> {
        let Sends {
            room,
            hall,
            plate,
            delay,
        } = strip.sends;
        let level = match self {
            Self::Room => room,
            Self::Hall => hall,
            Self::Plate => plate,
            Self::Delay => delay,
        };
        level.map(|db| math::db_to_gain(db.clamp(-200.0, 24.0)))
    }
}

/// One of the shared effects.
enum Shared {
    Reverb(Box<Reverb>),
    Delay(Delay),
}

impl Shared {
    fn new(kind: Return, returns: &Returns, rate: SampleRate) -> Option<Self> {
        let reverb = match kind {
            Return::Room => returns.room,
            Return::Hall => returns.hall,
            Return::Plate => returns.plate,
            Return::Delay => return returns.delay.map(|d| Self::Delay(Delay::new(&d, rate))),
        };
        reverb.map(|r| Self::Reverb(Box::new(Reverb::new(&r, rate))))
    }

    /// Forgets the past and goes to a frame of the song, a multiple of [`CHUNK`].
    fn seek(&mut self, frame: usize) {
        match self {
            Self::Reverb(reverb) => reverb.seek(frame),
            Self::Delay(delay) => delay.reset(),
        }
    }

    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        match self {
            Self::Reverb(reverb) => reverb.process(left, right),
            Self::Delay(delay) => delay.process(left, right),
        }
    }
}

/// Frames of the past that a window of a shared effect depends on, whole chunks of 2048; 0 for
/// an effect that the mix does not have.
///
/// A reverb is forgotten when it has fallen by 120 dB (twice its decay time, in the bass if that
/// lasts longer), a delay when its echoes have by 130.
pub fn return_memory(kind: Return, returns: &Returns, rate: SampleRate) -> usize {
    let frames = match kind {
        Return::Room => returns.room.map(|r| Reverb::memory(&r, rate)),
        Return::Hall => returns.hall.map(|r| Reverb::memory(&r, rate)),
        Return::Plate => returns.plate.map(|r| Reverb::memory(&r, rate)),
        Return::Delay => returns.delay.map(|d| Delay::memory(&d, rate)),
    };
    window::whole_chunks(frames.unwrap_or(0.0))
}

/// One window of a shared effect: a pure function of its arguments, on the 24-bit grid.
///
/// `bus` is the sum of what is sent, beginning at frame `bus_first_frame` of the song and silent
/// elsewhere; of it only [`window::input_of`] the window with [`return_memory`] matters. The
/// window should be one of [`window::windows`]. An effect that the mix does not have is silent.
pub fn return_window(
    kind: Return,
    returns: &Returns,
    bus: &AudioBuffer,
    bus_first_frame: usize,
    window: Range<usize>,
) -> AudioBuffer {
    let mut out = AudioBuffer::silent(bus.rate, 2, window.len());
    let Some(mut effect) = Shared::new(kind, returns, bus.rate) else {
        return out;
    };
    let source = Source::new(bus, bus_first_frame);
    let memory = return_memory(kind, returns, bus.rate);
    let (mut left, mut right) = ([0.0_f32; CHUNK], [0.0_f32; CHUNK]);
    // What has been silent for as long as it remembers is silent, and rests.
    let mut quiet = memory;
    for at in (window::begin(window.start, memory)..window.end).step_by(CHUNK) {
        let count = CHUNK.min(window.end - at);
        let (l, r) = (&mut left[..count], &mut right[..count]);
        let silent = source.read(at, l, r);
        if silent && quiet >= memory {
            continue;
        }
        if quiet >= memory {
            effect.seek(at);
        }
        quiet = if silent { quiet + CHUNK } else { 0 };
        effect.process(l, r);
        if at + count > window.start {
            for x in l.iter_mut().chain(r.iter_mut()) {
                *x = to_grid(*x);
            }
            window::keep(&window, at, [&*l, &*r], &mut out);
        }
    }
    out
}

/// A whole shared effect: all its windows, side by side.
pub fn process_return(kind: Return, returns: &Returns, bus: &AudioBuffer) -> AudioBuffer {
    let frames = bus.frames();
    let parts: Vec<AudioBuffer> = window::windows(frames)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|window| return_window(kind, returns, bus, 0, window))
        .collect();
    window::join(frames, parts, AudioBuffer::silent(bus.rate, 2, 0))
}
