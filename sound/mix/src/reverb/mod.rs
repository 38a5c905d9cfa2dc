//! Reverberation: early reflections, diffusion, and a feedback delay network.
//!
//! J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators", AES
//! 90, 1991 (network with frequency-dependent decay); S. J. Schlecht, E. Habets, "Accurate
//! reverberation time control in feedback delay networks", DAFx-17 (proportional shelves);
//! J. B. Allen, D. A. Berkley, "Image method for efficiently simulating small-room acoustics",
//! JASA 65, 1979 (early reflections). Sixteen lines of prime length mixed by a Hadamard matrix;
//! some drift slowly in length, which breaks up modes before they can ring.

mod early;
mod network;

use crate::effect::{Clock, Effect, TICK, within};
use early::Early;
use network::Network;
use yuefu_audio::{SampleRate, math};
use yuefu_song::mixplan::{Reverb as Settings, ReverbKind};

/// What distinguishes the kinds.
struct Character {
    /// Shortest and longest line of the network, in milliseconds.
    lines_ms: [f64; 2],
    /// Decay time below 200 Hz relative to that at 500 Hz.
    bass: f64,
    /// Room edges in meters for the early reflections; none for a plate.
    room: Option<[f64; 3]>,
    /// Level of the early reflections.
    early: f32,
    /// Lengths of the diffusers in milliseconds.
    diffusers_ms: [f64; 4],
    /// How far the lines drift, in milliseconds.
    drift_ms: f64,
    /// What goes in is cut below and above these frequencies.
    band_hz: [f64; 2],
}

impl Character {
    fn of(kind: ReverbKind) -> Self {
        match kind {
            ReverbKind::Room => Self {
                lines_ms: [9.7, 31.0],
                bass: 0.95,
                room: Some([6.4, 8.3, 3.1]),
                early: 0.75,
                diffusers_ms: [1.7, 2.9, 4.6, 7.3],
                drift_ms: 0.10,
                band_hz: [110.0, 12_000.0],
            },
            ReverbKind::Hall => Self {
                lines_ms: [31.0, 89.0],
                bass: 1.15,
                room: Some([21.0, 33.0, 14.0]),
                early: 0.45,
                diffusers_ms: [3.1, 5.3, 9.1, 13.7],
                drift_ms: 0.22,
                band_hz: [90.0, 9_500.0],
            },
            ReverbKind::Plate => Self {
                lines_ms: [14.3, 47.0],
                bass: 0.85,
                room: None,
                early: 0.0,
                diffusers_ms: [2.3, 4.1, 6.7, 11.3],
                drift_ms: 0.16,
                band_hz: [160.0, 15_000.0],
            },
        }
    }
}

/// Schroeder all-pass: smears without coloring.
#[derive(Clone, Debug)]
struct Diffuser {
    line: Vec<f32>,
    at: usize,
}

impl Diffuser {
    fn new(ms: f64, rate: SampleRate) -> Self {
        let frames = network::next_prime((ms * 1e-3 * rate.hz()) as usize);
        Self {
            line: vec![0.0; frames],
            at: 0,
        }
    }

    fn run(&mut self, block: &mut [f32]) {
        const G: f32 = 0.62;
        let mut rest = block;
        while !rest.is_empty() {
            // To the end of the ring, where nothing depends on its neighbor.
            let count = rest.len().min(self.line.len() - self.at);
            let (now, later) = rest.split_at_mut(count);
            for (x, line) in now.iter_mut().zip(&mut self.line[self.at..]) {
                let old = *line;
                let new = *x - G * old;
                *line = new;
                *x = old + G * new;
            }
            self.at += count;
            if self.at == self.line.len() {
                self.at = 0;
            }
            rest = later;
        }
    }

    fn flush(&mut self) {
        let length = self.line.len();
        for back in 1..=TICK.min(length) {
            let index = (self.at + length - back) % length;
            if self.line[index].abs() < 1e-12 {
                self.line[index] = 0.0;
            }
        }
    }
}

/// A reverb; only the reverberation comes out, never the input itself.
#[derive(Clone, Debug)]
pub struct Reverb {
    predelay: [Vec<f32>; 2],
    at: usize,
    /// One-pole coefficients of the input's cuts, and their states per channel.
    band: [f32; 2],
    states: [[f32; 2]; 2],
    early: Option<Early>,
    early_level: f32,
    diffusers: [[Diffuser; 4]; 2],
    network: Network,
    level: f32,
    clock: Clock,
}

impl Reverb {
    /// A reverb. Settings outside their range are held inside it.
    pub fn new(settings: &Settings, rate: SampleRate) -> Self {
        let character = Character::of(settings.kind);
        let decay = f64::from(within(settings.decay_s, 0.1, 20.0));
        let damping = f64::from(within(settings.damping, 0.0, 1.0));
        let predelay = f64::from(within(settings.predelay_ms, 0.0, 250.0)) * 1e-3 * rate.hz();
        let pole = |hz: f64| {
            (1.0 - math::exp(-std::f64::consts::TAU * hz.min(rate.hz() * 0.45) / rate.hz())) as f32
        };
        let early = character.room.map(|room| Early::new(room, rate));
        Self {
            predelay: [(); 2].map(|()| vec![0.0; (predelay as usize).max(1)]),
            at: 0,
            band: character.band_hz.map(pole),
            states: [[0.0; 2]; 2],
            early,
            early_level: character.early,
            // The channels' diffusers differ in length, so that even a mono input fills the
            // space between the loudspeakers.
            diffusers: [1.0, 1.13].map(|stretch| {
                character
                    .diffusers_ms
                    .map(|ms| Diffuser::new(ms * stretch, rate))
            }),
            network: Network::new(
                character.lines_ms,
                [
                    decay * character.bass,
                    decay,
                    decay * (1.0 - 0.85 * damping),
                ],
                character.drift_ms,
                rate,
            ),
            level: math::db_to_gain(within(settings.level_db, -120.0, 24.0)),
            clock: Clock::default(),
        }
    }

    /// Frames after which a sound has fallen by 120 dB at all frequencies.
    pub(crate) fn memory(settings: &Settings, rate: SampleRate) -> f64 {
        let character = Character::of(settings.kind);
        let decay = f64::from(within(settings.decay_s, 0.1, 20.0)) * character.bass.max(1.0);
        let level = f64::from(within(settings.level_db, -120.0, 24.0)).max(0.0);
        let predelay = f64::from(within(settings.predelay_ms, 0.0, 250.0)) * 1e-3;
        // Early reflections and diffusers come before the network begins to decay.
        let early = character
            .room
            .map_or(0, |room| Early::new(room, rate).longest());
        let smear: f64 = character.diffusers_ms.iter().sum::<f64>() * 1.13e-3;
        let seconds =
            decay * (2.0 + level / 60.0) + predelay + smear + character.lines_ms[1] * 1e-3;
        seconds * rate.hz() + early as f64
    }

    /// Forgets the past and goes to a frame of the song, a multiple of [`TICK`]: the drift of
    /// the lines is counted from the song's first frame.
    pub(crate) fn seek(&mut self, frame: usize) {
        self.reset();
        self.network.seek(frame / TICK);
    }

    /// Processes at most one tick.
    fn stretch(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut wet = [[0.0_f32; TICK]; 2];
        let count = left.len();
        let length = self.predelay[0].len();
        for (c, block) in [&*left, &*right].into_iter().enumerate() {
            let (line, state) = (&mut self.predelay[c], &mut self.states[c]);
            let mut at = self.at;
            for (x, out) in block.iter().zip(&mut wet[c]) {
                let x = std::mem::replace(&mut line[at], *x);
                at += 1;
                if at == length {
                    at = 0;
                }
                state[0] += self.band[0] * (x - state[0]);
                state[1] += self.band[1] * (x - state[0] - state[1]);
                *out = state[1];
            }
        }
        self.at = (self.at + count) % length;
        let mut first = [[0.0_f32; TICK]; 2];
        if let Some(early) = &mut self.early {
            let [l, r] = &wet;
            early.run([&l[..count], &r[..count]], &mut first);
        }
        for (block, diffusers) in wet.iter_mut().zip(&mut self.diffusers) {
            for diffuser in diffusers {
                diffuser.run(&mut block[..count]);
            }
        }
        self.network.run(&mut wet, count);
        for (c, block) in [left, right].into_iter().enumerate() {
            for ((out, late), early) in block.iter_mut().zip(&wet[c]).zip(&first[c]) {
                *out = (late + early * self.early_level) * self.level;
            }
        }
    }
}

impl Effect for Reverb {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, TICK);
            self.stretch(&mut left[at..at + count], &mut right[at..at + count]);
            if wrapped {
                self.network.tick();
                for diffuser in self.diffusers.iter_mut().flatten() {
                    diffuser.flush();
                }
                for state in self.states.iter_mut().flatten() {
                    if state.abs() < 1e-12 {
                        *state = 0.0;
                    }
                }
            }
            at += count;
        }
    }

    fn reset(&mut self) {
        for line in &mut self.predelay {
            line.fill(0.0);
        }
        self.at = 0;
        self.states = [[0.0; 2]; 2];
        for diffuser in self.diffusers.iter_mut().flatten() {
            diffuser.line.fill(0.0);
            diffuser.at = 0;
        }
        if let Some(early) = &mut self.early {
            early.reset();
        }
        self.network.reset();
        self.clock = Clock::default();
    }
}
