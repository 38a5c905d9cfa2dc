//! The mixing engine: tracks go in one at a time, stems and the mix come out.

use crate::delay::Delay;
use crate::duck::KeyEnvelope;
use crate::effect::Effect;
use crate::reverb::Reverb;
use crate::strip::{process_track, to_grid};
use std::collections::BTreeMap;
use yuefu_audio::{AudioBuffer, SampleRate, math};
use yuefu_song::mixplan::{ChannelStrip, MixPlan, Sends};

/// A shared effect, in the order in which returns are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// What a finished mix consists of.
#[derive(Clone, Debug)]
pub struct Mixdown {
    /// The mix before mastering: the sum of all processed stems and all returns.
    pub mix: AudioBuffer,
    /// The shared effects that sounded, as stems of their own.
    pub returns: Vec<(Return, AudioBuffer)>,
}

/// Sums tracks and feeds the shared effects.
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
    mix: AudioBuffer,
    sends: [Option<AudioBuffer>; 4],
    keys: BTreeMap<String, KeyEnvelope>,
}

impl Mixer {
    /// A mixer for a song of so many frames, tails included.
    pub fn new(plan: &MixPlan, rate: SampleRate, frames: usize) -> Self {
        Self {
            plan: plan.clone(),
            rate,
            mix: AudioBuffer::silent(rate, 2, frames),
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
        self.keys.insert(track.into(), KeyEnvelope::of(audio));
    }

    fn strip(&self, track: &str) -> Option<&ChannelStrip> {
        self.plan.tracks.iter().find(|strip| strip.track == track)
    }

    /// Whether a track sounds, mute and solo considered. A track without a strip does.
    pub fn audible(&self, track: &str) -> bool {
        let solo = self.plan.tracks.iter().any(|strip| strip.solo);
        self.strip(track)
            .map_or(!solo, |strip| !strip.mute && (!solo || strip.solo))
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
        let strip = self.strip(track).unwrap_or(&neutral);
        let key = strip
            .sidechain
            .as_ref()
            .and_then(|sidechain| self.keys.get(&sidechain.key_track));
        process_track(strip, audio, key)
    }

    /// Adds a processed stem to the mix and to the sends. What is longer than the song is cut.
    ///
    /// All sums are of 24-bit steps and therefore exact while they stay below 2 (+6 dBFS), so
    /// the order of tracks cannot matter; beyond that, keep the plan's order.
    pub fn accept(&mut self, track: &str, stem: &AudioBuffer) {
        let (sends, returns) = match self.strip(track) {
            Some(strip) => (strip.sends, &self.plan.returns),
            None => (Sends::default(), &self.plan.returns),
        };
        let wanted = [
            sends.room.filter(|_| returns.room.is_some()),
            sends.hall.filter(|_| returns.hall.is_some()),
            sends.plate.filter(|_| returns.plate.is_some()),
            sends.delay.filter(|_| returns.delay.is_some()),
        ];
        let (frames, rate) = (self.mix.frames(), self.rate);
        let mut left: Vec<(&mut [f32], f32)> = Vec::with_capacity(4);
        let mut right: Vec<(&mut [f32], f32)> = Vec::with_capacity(4);
        for (bus, level) in self.sends.iter_mut().zip(wanted) {
            let Some(level) = level else { continue };
            let gain = math::db_to_gain(level.clamp(-200.0, 24.0));
            let bus = bus.get_or_insert_with(|| AudioBuffer::silent(rate, 2, frames));
            if let [l, r] = &mut bus.channels[..] {
                left.push((l, gain));
                right.push((r, gain));
            }
        }
        if let ([l, r], [a, b]) = (&mut self.mix.channels[..], &stem.channels[..]) {
            rayon::join(|| add(a, l, &mut left), || add(b, r, &mut right));
        }
    }

    /// Runs the shared effects (side by side when there are threads) and adds them.
    pub fn finish(self) -> Mixdown {
        let Self {
            plan,
            rate,
            mut mix,
            sends,
            ..
        } = self;
        let returns = plan.returns;
        let mut jobs: Vec<(Return, AudioBuffer, Box<dyn Effect + Send>)> = Vec::new();
        for (kind, bus) in Return::ALL.into_iter().zip(sends) {
            let Some(bus) = bus else { continue };
            let effect: Option<Box<dyn Effect + Send>> = match kind {
                Return::Room => returns.room.map(|r| Box::new(Reverb::new(&r, rate)) as _),
                Return::Hall => returns.hall.map(|r| Box::new(Reverb::new(&r, rate)) as _),
                Return::Plate => returns.plate.map(|r| Box::new(Reverb::new(&r, rate)) as _),
                Return::Delay => returns.delay.map(|d| Box::new(Delay::new(&d, rate)) as _),
            };
            if let Some(effect) = effect {
                jobs.push((kind, bus, effect));
            }
        }
        rayon::scope(|scope| {
            for (_, bus, effect) in &mut jobs {
                scope.spawn(move |_| {
                    let [left, right] = &mut bus.channels[..] else {
                        return;
                    };
                    for (l, r) in left.chunks_mut(4096).zip(right.chunks_mut(4096)) {
                        effect.process(l, r);
                        for x in l.iter_mut().chain(r) {
                            *x = to_grid(*x);
                        }
                    }
                });
            }
        });
        let returns: Vec<(Return, AudioBuffer)> =
            jobs.into_iter().map(|(kind, bus, _)| (kind, bus)).collect();
        for (_, audio) in &returns {
            for (to, from) in mix.channels.iter_mut().zip(&audio.channels) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += from;
                }
            }
        }
        Mixdown { mix, returns }
    }
}

/// Adds one channel of a stem to the mix and to its sends, piece by piece, so that each piece
/// is fetched from memory once.
fn add(stem: &[f32], mix: &mut [f32], sends: &mut [(&mut [f32], f32)]) {
    const PIECE: usize = 4096;
    let frames = stem.len().min(mix.len());
    for start in (0..frames).step_by(PIECE) {
        let end = (start + PIECE).min(frames);
        let piece = &stem[start..end];
        if piece.iter().all(|&x| x == 0.0) {
            continue;
        }
        for (to, from) in mix[start..end].iter_mut().zip(piece) {
            *to += from;
        }
        for (bus, gain) in sends.iter_mut() {
            for (to, from) in bus[start..end].iter_mut().zip(piece) {
                *to += to_grid(from * *gain);
            }
        }
    }
}
