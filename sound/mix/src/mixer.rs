//! The mixing engine: tracks go in one at a time, stems and the mix come out.

use crate::duck::KeyWindow;
use crate::returns::{Return, process_return};
use crate::strip::process_track;
use crate::sum::Sum;
use crate::throws::{movement, moving_gains};
use std::collections::BTreeMap;
use yuefu_audio::{AudioBuffer, SampleRate};
use yuefu_song::mixplan::{ChannelStrip, MixPlan};

/// The strip of a track.
pub fn strip_of<'a>(plan: &'a MixPlan, track: &str) -> Option<&'a ChannelStrip> {
    plan.tracks.iter().find(|strip| strip.track == track)
}

/// Whether a track sounds, mute and solo considered. A track without a strip does unless
/// another one is solo.
pub fn audible(plan: &MixPlan, track: &str) -> bool {
    let solo = plan.tracks.iter().any(|strip| strip.solo);
    strip_of(plan, track).map_or(!solo, |strip| !strip.mute && (!solo || strip.solo))
}

/// What a finished mix consists of.
#[derive(Clone, Debug)]
pub struct Mixdown {
    /// The mix before mastering: the sum of all processed stems and all returns.
    pub mix: AudioBuffer,
    /// The shared effects that sounded, as stems of their own.
    pub returns: Vec<(Return, AudioBuffer)>,
}

/// Sums tracks and feeds the shared effects, over a whole song: what the functions of windows
/// give, window by window, put together.
///
/// Memory: the mix and one buffer per shared effect in use (each 66 MB for three minutes at
/// 48 kHz), whatever the number of tracks.
///
/// The order of use: first [`Mixer::listen`] to the raw stems of the tracks named in
/// [`Mixer::keys`]; then, for every track in any order and from any thread,
/// [`Mixer::process`] and, in any order, [`Mixer::accept`]; last [`Mixer::finish`].
#[derive(Debug)]
pub struct Mixer {
    plan: MixPlan,
    rate: SampleRate,
    mix: Sum,
    sends: [Option<Sum>; 4],
    keys: BTreeMap<String, KeyWindow>,
}

impl Mixer {
    /// A mixer for a song of so many frames, tails included.
    pub fn new(plan: &MixPlan, rate: SampleRate, frames: usize) -> Self {
        Self {
            plan: plan.clone(),
            rate,
            mix: Sum::new(rate, frames),
            sends: Default::default(),
            keys: BTreeMap::new(),
        }
    }

    /// Ids of the tracks that others duck under.
    pub fn keys(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .plan
            .tracks
            .iter()
            .filter_map(|strip| strip.sidechain.as_ref())
            .map(|sidechain| sidechain.key_track.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Takes note of a key track's strokes, from its raw stem.
    pub fn listen(&mut self, track: &str, audio: &AudioBuffer) {
        self.keys.insert(track.into(), KeyWindow::whole(audio));
    }

    /// Whether a track sounds: see [`audible`].
    pub fn audible(&self, track: &str) -> bool {
        audible(&self.plan, track)
    }

    /// Sends a raw stem through its strip; returns the processed stem, on the 24-bit grid.
    ///
    /// Pure: the same stem gives the same samples whatever else is mixed. A track without a
    /// strip passes unchanged but for the grid; one that is not audible comes back silent.
    pub fn process(&self, track: &str, audio: AudioBuffer) -> AudioBuffer {
        if !self.audible(track) {
            return AudioBuffer::silent(audio.rate, 2, audio.frames());
        }
        let neutral = ChannelStrip::neutral(track);
        let strip = strip_of(&self.plan, track).unwrap_or(&neutral);
        let key = strip
            .sidechain
            .as_ref()
            .and_then(|sidechain| self.keys.get(&sidechain.key_track));
        process_track(strip, &audio, key)
    }

    /// Adds a processed stem to the mix and to the sends. What is longer than the song is cut.
    ///
    /// All sums are of whole 24-bit steps and therefore exact: the order of tracks cannot
    /// matter.
    pub fn accept(&mut self, track: &str, stem: &AudioBuffer) {
        let (frames, rate) = (self.mix.frames(), self.rate);
        self.mix.add(stem);
        let Some(strip) = strip_of(&self.plan, track) else {
            return;
        };
        for (bus, kind) in self.sends.iter_mut().zip(Return::ALL) {
            if kind.exists(&self.plan.returns)
                && let Some(gain) = kind.send_gain(strip)
            {
                let bus = bus.get_or_insert_with(|| Sum::new(rate, frames));
                match movement(kind, strip) {
                    None => bus.send(stem, gain),
                    Some(curve) => {
                        let gains = moving_gains(gain, curve, 0..stem.frames(), rate);
                        bus.send_moving(0, stem, 0..stem.frames(), &gains);
                    }
                }
            }
        }
    }

    /// Runs the shared effects and adds them.
    pub fn finish(self) -> Mixdown {
        let Self {
            plan,
            mut mix,
            sends,
            ..
        } = self;
        let mut returns = Vec::new();
        for (kind, bus) in Return::ALL.into_iter().zip(sends) {
            let Some(bus) = bus.map(|bus| bus.audio()) else {
                continue;
            };
            let audio = process_return(kind, &plan.returns, &bus);
            mix.add(&audio);
            returns.push((kind, audio));
        }
        Mixdown {
            mix: mix.audio(),
            returns,
        }
    }
}
