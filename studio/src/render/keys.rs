//! Keys of everything after the clips: computed from settings and other keys, without a sample.

use super::{
    Job,
    ledger::{Entry, Inputs, Unit},
    played::{Placed, PlayedTrack},
};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range};
use yuefu_audio::{Curve, SampleRate};
use yuefu_engine::Key;
use yuefu_mix::{
    KeyWindow, Return, WINDOW, audible, input_of, movement, return_memory, strip_memory, strip_of,
    windows,
};
use yuefu_release::master::master_memory;
use yuefu_song::{
    MasterPlan,
    mixplan::{ChannelStrip, MixPlan, Sends},
};

/// Raised whenever a channel strip, a shared effect or the sum sounds otherwise.
const VERSION: u32 = 2;

/// Raised whenever the master sounds otherwise.
const MASTER_VERSION: u32 = 1;

/// A track as the mix sees it.
pub(crate) struct Lane<'a> {
    /// The playing.
    pub track: &'a PlayedTrack,
    /// Its clips in the song.
    pub places: Vec<Placed>,
    /// Its strip.
    pub strip: ChannelStrip,
    /// Whether it is heard.
    pub audible: bool,
    /// Frames of its past that a window needs.
    pub memory: usize,
    /// Number of the lane under which it ducks.
    pub ducks_under: Option<usize>,
}

impl Lane<'_> {
    /// The gain with which it goes to a shared effect.
    pub fn send(&self, kind: Return) -> Option<f32> {
        kind.send_gain(&self.strip)
    }

    /// The raw input that a window depends on: names and hashes of clips with their places.
    fn clips(&self, range: &Range<usize>) -> Vec<(String, (String, i64, usize))> {
        self.places
            .iter()
            .filter(|placed| placed.meets(range))
            .map(|placed| {
                let phrase = &self.track.phrases[placed.phrase];
                let name = format!("clip {}/{}", self.track.id, phrase.id);
                (name, (phrase.key.hex(), placed.start, placed.frames))
            })
            .collect()
    }
}

/// Everything after the clips, with keys.
pub(crate) struct Graph<'a> {
    /// Tracks in score order.
    pub lanes: Vec<Lane<'a>>,
    /// The mix plan.
    pub plan: &'a MixPlan,
    /// Shared effects in use, in order.
    pub effects: Vec<Return>,
    /// Windows of the rendered song.
    pub windows: Vec<Range<usize>>,
    /// Key of each lane's windows; `None` where it is silent.
    pub channels: Vec<Vec<Option<Key>>>,
    /// Key of each effect's windows; `None` where it is silent.
    pub returns: Vec<Vec<Option<Key>>>,
    /// Key of each window of the sum.
    pub mix: Vec<Key>,
    /// What everything was made from.
    pub entries: BTreeMap<Unit, Entry>,
}

/// Numbers of the windows that a range of frames touches.
pub(crate) fn touched(range: &Range<usize>) -> Range<usize> {
    range.start / WINDOW..range.end.div_ceil(WINDOW)
}

impl<'a> Graph<'a> {
    /// Computes all keys.
    pub fn new(job: &Job<'_>, lanes: Vec<Lane<'a>>, plan: &'a MixPlan) -> Self {
        let effects: Vec<Return> = Return::ALL
            .into_iter()
            .filter(|kind| {
                kind.exists(&plan.returns) && lanes.iter().any(|lane| lane.send(*kind).is_some())
            })
            .collect();
        let mut graph = Self {
            lanes,
            plan,
            effects,
            windows: windows(job.rendered).collect(),
            channels: Vec::new(),
            returns: Vec::new(),
            mix: Vec::new(),
            entries: BTreeMap::new(),
        };
        graph.key_channels(job);
        graph.key_returns(job);
        graph.key_mix();
        graph
    }

    fn enter(&mut self, unit: Unit, key: &Key, inputs: Inputs) {
        self.entries.insert(unit, Entry::new(key, inputs));
    }

    fn key_channels(&mut self, job: &Job<'_>) {
        for lane in 0..self.lanes.len() {
            let mut keys = Vec::with_capacity(self.windows.len());
            for number in 0..self.windows.len() {
                let window = self.windows[number].clone();
                let this = &self.lanes[lane];
                let range = input_of(&window, this.memory);
                let clips = this.clips(&range);
                if clips.is_empty() || !this.audible {
                    keys.push(None);
                    continue;
                }
                let ducking: Vec<_> = this
                    .ducks_under
                    .map(|other| self.lanes[other].clips(&KeyWindow::input(&range, job.rate)))
                    .unwrap_or_default();
                let ending = job.ending_of(&window);
                let mut inputs = Inputs::default();
                inputs.add("strip", &heard_strip(&this.strip, &range, job.rate));
                inputs.add("place", &(job.rate, &window, &ending));
                for (name, clip) in &clips {
                    inputs.add(name.as_str(), clip);
                }
                for (name, clip) in &ducking {
                    inputs.add(format!("ducking under {name}"), clip);
                }
                // Names of phrases are for the reader of the ledger; samples follow values only.
                let key = Key::of("channel", VERSION)
                    .value("strip", &heard_strip(&this.strip, &range, job.rate))
                    .value("place", &(job.rate, &window, &ending))
                    .value("clips", &values(&clips))
                    .value("ducking", &values(&ducking))
                    .finish();
                let unit = Unit::Channel {
                    track: this.track.id.clone(),
                    window: number as u32,
                };
                self.enter(unit, &key, inputs);
                keys.push(Some(key));
            }
            self.channels.push(keys);
        }
    }

    fn key_returns(&mut self, job: &Job<'_>) {
        for kind in self.effects.clone() {
            let memory = return_memory(kind, &self.plan.returns, job.rate);
            let mut keys = Vec::with_capacity(self.windows.len());
            for number in 0..self.windows.len() {
                let window = self.windows[number].clone();
                let mut sends = Vec::new();
                let mut inputs = Inputs::default();
                for other in touched(&input_of(&window, memory)) {
                    for (lane, channel) in self.lanes.iter().zip(&self.channels) {
                        let (Some(gain), Some(key)) = (lane.send(kind), channel[other]) else {
                            continue;
                        };
                        let thrown = movement(kind, &lane.strip)
                            .map(|curve| near(curve, &self.windows[other], job.rate));
                        inputs.add(
                            format!("channel {} {other}", lane.track.id),
                            &(gain, &thrown, key.hex()),
                        );
                        sends.push((gain, thrown, other, key.hex()));
                    }
                }
                if sends.is_empty() {
                    keys.push(None);
                    continue;
                }
                let settings = settings(kind, self.plan);
                let ending = job.edge_of(&window);
                inputs.add("effect", &settings);
                inputs.add("place", &(job.rate, &window, &ending));
                let key = Key::of("return", VERSION)
                    .value("kind", kind.name())
                    .value("settings", &settings)
                    .value("place", &(job.rate, &window, &ending))
                    .value("sends", &sends)
                    .finish();
                let unit = Unit::Return {
                    effect: kind.name().to_owned(),
                    window: number as u32,
                };
                self.enter(unit, &key, inputs);
                keys.push(Some(key));
            }
            self.returns.push(keys);
        }
    }

    fn key_mix(&mut self) {
        for number in 0..self.windows.len() {
            let mut inputs = Inputs::default();
            let mut parts = Vec::new();
            for (lane, channel) in self.lanes.iter().zip(&self.channels) {
                if let Some(key) = channel[number] {
                    inputs.from(format!("channel {} {number}", lane.track.id), &key);
                    parts.push(key.hex());
                }
            }
            for (kind, effect) in self.effects.iter().zip(&self.returns) {
                if let Some(key) = effect[number] {
                    inputs.from(format!("return {} {number}", kind.name()), &key);
                    parts.push(key.hex());
                }
            }
            // Sums on the grid do not depend on their order.
            parts.sort_unstable();
            let key = Key::of("mix", VERSION)
                .value("frames", &self.windows[number].len())
                .value("parts", &parts)
                .finish();
            let unit = Unit::Mix {
                window: number as u32,
            };
            self.enter(unit, &key, inputs);
            self.mix.push(key);
        }
    }

    /// Keys of the mastered windows.
    pub fn key_master(&mut self, job: &Job<'_>, plan: &MasterPlan) -> Vec<Key> {
        let (before, after) = master_memory(plan, job.rate);
        let mut keys = Vec::new();
        for (number, window) in windows(job.length).enumerate() {
            let mut inputs = Inputs::default();
            inputs.add("master plan", plan);
            let mut parts = Vec::new();
            let (from, to) = job.slice_of(&window, before, after);
            for (_, range) in job.sources(from, to) {
                for other in touched(&range) {
                    inputs.from(format!("mix {other}"), &self.mix[other]);
                    parts.push((other, self.mix[other].hex()));
                }
            }
            inputs.add("place", &(job.rate, &window, job.length));
            let key = Key::of("master", MASTER_VERSION)
                .value("plan", plan)
                .value("place", &(job.rate, &window, job.length, job.rendered))
                .value("mix", &parts)
                .finish();
            let unit = Unit::Master {
                window: number as u32,
            };
            self.enter(unit, &key, inputs);
            keys.push(key);
        }
        keys
    }
}

/// A strip without what does not reach its samples in a range of frames: names, mute and solo,
/// sends, and the fader's movement elsewhere.
fn heard_strip(strip: &ChannelStrip, range: &Range<usize>, rate: SampleRate) -> ChannelStrip {
    let mut strip = strip.clone();
    strip.track.clear();
    strip.mute = false;
    strip.solo = false;
    strip.sends = Sends::default();
    strip.throws = Curve::default();
    if let Some(sidechain) = &mut strip.sidechain {
        sidechain.key_track.clear();
    }
    strip.automation = near(&strip.automation, range, rate);
    strip
}

/// What of a curve over seconds reaches a range of frames: the corners in it and the next on
/// either side, between which it is a line. A second more, because times are rounded to single
/// precision.
fn near(curve: &Curve, range: &Range<usize>, rate: SampleRate) -> Curve {
    let points = &curve.0;
    let time = |frame: usize| (frame as f64 / rate.hz()) as f32;
    let first = points.partition_point(|p| p.at < time(range.start) - 1.0);
    let last = points.partition_point(|p| p.at <= time(range.end) + 1.0);
    let kept = first.saturating_sub(1)..(last + 1).min(points.len());
    Curve(points[kept].to_vec())
}

fn values(clips: &[(String, (String, i64, usize))]) -> Vec<&(String, i64, usize)> {
    clips.iter().map(|(_, value)| value).collect()
}

/// The settings of a shared effect, as a value to hash.
fn settings(kind: Return, plan: &MixPlan) -> impl Serialize + use<> {
    let returns = &plan.returns;
    let reverb = match kind {
        Return::Room => returns.room,
        Return::Hall => returns.hall,
        Return::Plate => returns.plate,
        Return::Delay => None,
    };
    (reverb, returns.delay.filter(|_| kind == Return::Delay))
}

/// The lanes of a song.
pub(crate) fn lanes<'a>(
    job: &Job<'_>,
    tracks: &'a [PlayedTrack],
    places: Vec<Vec<Placed>>,
    plan: &MixPlan,
) -> Vec<Lane<'a>> {
    tracks
        .iter()
        .zip(places)
        .map(|(track, places)| {
            let strip = strip_of(plan, &track.id)
                .map_or_else(|| ChannelStrip::neutral(&track.id), Clone::clone);
            Lane {
                track,
                places,
                audible: audible(plan, &track.id),
                memory: strip_memory(&strip, job.rate),
                ducks_under: strip
                    .sidechain
                    .as_ref()
                    .and_then(|s| tracks.iter().position(|other| other.id == s.key_track)),
                strip,
            }
        })
        .collect()
}
