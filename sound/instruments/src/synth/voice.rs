//! Plays a patch: oscillators, operators, filter, amplifier, chorus.

use super::parts::BLOCK;
use super::parts::chain::{Chain, Control, Reader, Stealing, chains};
use super::parts::chorus::Ensemble;
use super::parts::filter::{DcBlock, Ladder, Svf};
use super::parts::modal::{ModalBank, Mode};
use super::parts::noise::{Noise, Wander};
use super::parts::output::{Bus, pan_gains, sanitize};
use super::parts::shape::{Envelope, velocity_gain};
use super::parts::table::{Period, Table, read, tables, turns};
use super::patch::{FilterKind, Operator, Osc, Patch, Wave};
use crate::Instrument;
use yuefu_audio::{Clip, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedPhrase};

/// A synthesizer with a patch.
#[derive(Clone, Copy, Debug)]
pub struct Synth {
    /// The patch.
    pub patch: &'static Patch,
}

impl Instrument for Synth {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let patch = self.patch;
        // A held tone common to two chords must not be cut off by its own repetition.
        let list = chains(
            phrase,
            if patch.mono {
                Stealing::Mono
            } else {
                Stealing::Never
            },
        );
        let tail = f64::from(patch.amp.r) * 2.2 + 0.1;
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list.iter().fold(Seconds(0.0), |end, chain| {
            end.max(chain.off() + Seconds(tail))
        });
        let mut bus = Bus::new(first, end, true, rate);
        let hz = rate.hz() as f32;
        for chain in &list {
            Voice::new(patch, chain, hz).render(chain, &mut bus);
        }
        if !patch.formants.is_empty() {
            resonate(patch, hz, &mut bus);
        }
        if patch.chorus.mix > 0.0 {
            let c = patch.chorus;
            Ensemble::new(c.hz, c.depth, c.mix, hz).process(&mut bus.left, &mut bus.right);
        }
        for channel in [&mut bus.left, &mut bus.right] {
            let mut dc = DcBlock::new(hz);
            for x in channel.iter_mut() {
                *x = dc.step(*x);
            }
            sanitize(channel);
        }
        bus.finish()
    }
}

/// Passes the sum of all voices through the patch's resonances, each side on its own.
fn resonate(patch: &Patch, rate: f32, bus: &mut Bus) {
    for (side, channel) in [&mut bus.left, &mut bus.right].into_iter().enumerate() {
        let modes: Vec<Mode> = patch
            .formants
            .iter()
            .enumerate()
            .map(|(i, &(hz, q, gain))| {
                // The two sides differ by a hair, as two rows of singers do.
                let shift = if (i + side) % 2 == 0 { 1.012 } else { 0.988 };
                Mode::body(hz * shift, q, gain, 0.0, rate)
            })
            .collect();
        let mut bank = ModalBank::new(&modes, rate);
        for x in channel.iter_mut() {
            *x = *x * patch.direct + bank.mono(*x);
        }
    }
}

struct Stack<'a> {
    osc: &'a Osc,
    phases: [u32; 9],
    cents: [f32; 9],
    gains: [(f32, f32); 9],
}

struct Op<'a> {
    spec: &'a Operator,
    phase: f32,
    envelope: Envelope,
    amp: f32,
    step: f32,
    last: f32,
}

struct Voice<'a> {
    patch: &'a Patch,
    stacks: Vec<Stack<'a>>,
    ops: Vec<Op<'a>>,
    amp: Envelope,
    env: Envelope,
    noise: Noise,
    drift: Wander,
    rate: f32,
    lfo: f32,
    filters: ([Svf; 2], Ladder),
    cutoff: f32,
    gain: f32,
    seed: u64,
}

fn table(wave: Wave) -> Option<&'static Table> {
    let t = tables();
    match wave {
        Wave::Saw | Wave::Pulse => Some(&t.saw),
        Wave::Triangle => Some(&t.triangle),
        Wave::Sine => None,
        Wave::Glass => Some(&t.glass),
        Wave::Vowel => Some(&t.vowel),
        Wave::Organ => Some(&t.organ),
        Wave::Digital => Some(&t.digital),
    }
}

/// Writes a block of a waveform.
fn fill(out: &mut [f32; BLOCK], wave: Wave, cycles: f32, start: u32, step: u32, width: u32) {
    let mut phase = start;
    let Some(table) = table(wave) else {
        for x in out {
            *x = 0.707 * math::fast_sin_cycles(phase as f32 * (1.0 / 4_294_967_296.0));
            phase = phase.wrapping_add(step);
        }
        return;
    };
    let period: &Period = table.level(cycles);
    if wave == Wave::Pulse {
        for x in out {
            *x = 0.8 * (read(period, phase) - read(period, phase.wrapping_add(width)));
            phase = phase.wrapping_add(step);
        }
    } else {
        for x in out {
            *x = read(period, phase);
            phase = phase.wrapping_add(step);
        }
    }
}

impl<'a> Voice<'a> {
    fn new(patch: &'a Patch, chain: &Chain<'_>, rate: f32) -> Self {
        let step = BLOCK as f32 / rate;
        let mut noise = Noise::new(chain.seed);
        let stacks = patch
            .osc
            .iter()
            .map(|osc| {
                let count = osc.unison.clamp(1, 9);
                let mut stack = Stack {
                    osc,
                    phases: [0; 9],
                    cents: [0.0; 9],
                    gains: [(0.0, 0.0); 9],
                };
                for i in 0..count {
                    let place = if count == 1 {
                        0.0
                    } else {
                        2.0 * i as f32 / (count - 1) as f32 - 1.0
                    };
                    // Analog oscillators run free; single ones start alike, for a firm attack.
                    stack.phases[i] = if count > 1 {
                        turns(noise.white() * 0.5 + 0.5)
                    } else {
                        0
                    };
                    // Detunings as uneven as those of the JP-8000 (Szabó, 2010), outer ones wider.
                    let bend = place * (0.55 + 0.45 * place.abs());
                    stack.cents[i] = osc.cents + osc.spread * (bend + 0.04 * noise.white());
                    let side = if i % 2 == 0 { place } else { -place };
                    let (l, r) = pan_gains(side * osc.stereo);
                    let share = osc.level / (count as f32).sqrt();
                    stack.gains[i] = (l * share, r * share);
                }
                stack
            })
            .collect();
        let ops = patch
            .fm
            .iter()
            .take(4)
            .map(|spec| Op {
                spec,
                phase: 0.0,
                envelope: Envelope::new(spec.adsr, step),
                amp: 0.0,
                step: 0.0,
                last: 0.0,
            })
            .collect();
        Self {
            patch,
            stacks,
            ops,
            amp: Envelope::new(patch.amp, step),
            env: Envelope::new(patch.filter.adsr, step),
            drift: Wander::new(chain.seed ^ 0xD1, 1.5, 1.0 / step),
            lfo: noise.white() * 0.5 + 0.5,
            noise,
            rate,
            filters: Default::default(),
            cutoff: 0.0,
            gain: 0.0,
            seed: chain.seed,
        }
    }

    fn render(mut self, chain: &Chain<'_>, bus: &mut Bus) {
        let patch = self.patch;
        let mut reader = Reader::new(chain, patch.glide, self.rate);
        let mut at = bus.index(chain.on());
        let step = BLOCK as f32 / self.rate;
        let mut cut = 1.0_f32;
        // No two strikes are equally strong or bright.
        let vary = Noise::new(self.seed ^ 0xBEEF).white();
        loop {
            let c = reader.step();
            let note = chain.notes[c.index];
            if c.joined && note.articulation == Articulation::Accent {
                self.env.restart();
            }
            let taken = chain
                .cut
                .is_some_and(|t| chain.on().0 + f64::from(c.time) >= t.0);
            if taken && !c.held {
                cut *= math::fast_exp2(-step / 0.002);
            }
            let short = matches!(note.articulation, Articulation::Mute | Articulation::Ghost);
            let muted = if short {
                math::fast_exp2(-c.since / 0.05)
            } else {
                1.0
            };
            let env = self.env.next(c.held);
            let amp = self.amp.next(c.held) * cut * muted;
            let lfo_fade = if patch.lfo.delay > 0.0 {
                (c.time / patch.lfo.delay).min(1.0)
            } else {
                1.0
            };
            let lfo = math::fast_sin_cycles(self.lfo) * lfo_fade;
            self.lfo = (self.lfo + patch.lfo.hz * step).fract();
            let accent = match note.articulation {
                Articulation::Accent => 1.25,
                Articulation::Marcato => 1.4,
                Articulation::Ghost => 0.5,
                _ => 1.0,
            };
            let throb = match note.articulation {
                Articulation::Tremolo | Articulation::Flutter => {
                    let hz = if note.articulation == Articulation::Tremolo {
                        8.0
                    } else {
                        22.0
                    };
                    0.55 + 0.45 * math::fast_sin_cycles(c.since * hz + 0.25)
                }
                _ => 1.0,
            };
            let goal = amp
                * c.level
                * velocity_gain(c.velocity)
                * accent
                * throb
                * (1.0 - patch.lfo.amp * (0.5 - 0.5 * lfo))
                * (1.0 + 0.03 * vary);
            let punch = patch.punch.0
                * math::fast_exp2(-c.time / patch.punch.1.max(1e-3) * std::f32::consts::LOG2_E);
            let cents = patch.drift * self.drift.step() + patch.lfo.pitch * lfo + punch;
            let hz = math::key_to_hz(c.key + cents / 100.0).min(self.rate * 0.4);
            let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
            self.oscillate(hz, env, lfo, &mut left, &mut right);
            if !self.ops.is_empty() {
                self.modulate(hz, &c, &mut left, &mut right);
            }
            if patch.noise > 0.0 {
                for (l, r) in left.iter_mut().zip(&mut right) {
                    *l += patch.noise * self.noise.white();
                    *r += patch.noise * self.noise.white();
                }
            }
            let octaves = patch.filter.env * env
                + patch.filter.vel * (c.velocity - 0.6 + 0.03 * vary)
                + patch.filter.key * (c.key - 60.0) / 12.0
                + patch.lfo.cutoff * lfo
                + 2.0 * c.tone
                + if short { -1.0 } else { 0.0 };
            self.filter(octaves, &mut left, &mut right);
            let slope = (goal - self.gain) / BLOCK as f32;
            let mut peak = 0.0_f32;
            let drive = 1.0 + 4.0 * patch.drive;
            for (l, r) in left.iter_mut().zip(&mut right) {
                self.gain += slope;
                if patch.drive > 0.0 {
                    *l = math::soft_clip(*l * drive) / drive.sqrt();
                    *r = math::soft_clip(*r * drive) / drive.sqrt();
                }
                *l *= self.gain;
                *r *= self.gain;
                peak = peak.max(l.abs()).max(r.abs());
            }
            self.gain = goal;
            if !bus.add(at, &left, &right) {
                break;
            }
            at += BLOCK;
            let finished = !c.held && c.index + 1 == chain.notes.len();
            let decayed = patch.amp.s == 0.0 && c.time > 0.1 && c.index + 1 == chain.notes.len();
            if (finished || decayed) && peak < 4e-5 {
                break;
            }
        }
    }

    fn oscillate(
        &mut self,
        hz: f32,
        env: f32,
        lfo: f32,
        left: &mut [f32; BLOCK],
        right: &mut [f32; BLOCK],
    ) {
        for stack in &mut self.stacks {
            let osc = stack.osc;
            let width = (osc.width + self.patch.lfo.width * lfo).clamp(0.04, 0.96);
            let morph = (osc.morph * env).clamp(0.0, 1.0);
            for i in 0..osc.unison.clamp(1, 9) {
                let cycles =
                    hz * math::fast_exp2((osc.semi + stack.cents[i] / 100.0) / 12.0) / self.rate;
                if cycles > 0.45 {
                    continue;
                }
                let (gl, gr) = stack.gains[i];
                let start = stack.phases[i];
                let step = turns(cycles);
                let mut wave = [0.0; BLOCK];
                fill(&mut wave, osc.wave, cycles, start, step, turns(width));
                if let Some(other) = osc.to {
                    let mut second = [0.0; BLOCK];
                    fill(&mut second, other, cycles, start, step, turns(width));
                    for (x, y) in wave.iter_mut().zip(&second) {
                        *x += (y - *x) * morph;
                    }
                }
                for ((l, r), x) in left.iter_mut().zip(&mut *right).zip(&wave) {
                    *l += x * gl;
                    *r += x * gr;
                }
                stack.phases[i] = start.wrapping_add(step.wrapping_mul(BLOCK as u32));
            }
        }
    }

    fn modulate(
        &mut self,
        hz: f32,
        c: &Control,
        left: &mut [f32; BLOCK],
        right: &mut [f32; BLOCK],
    ) {
        let octave = (c.key - 60.0) / 12.0;
        for op in &mut self.ops {
            let spec = op.spec;
            let touch = 1.0 - spec.vel * (1.0 - c.velocity.min(1.0)) * 1.4;
            let mut level = spec.level * touch.max(0.0);
            level *= math::fast_exp2(-spec.scale * octave * 0.166_096_4);
            if spec.to > 0 {
                level *= math::fast_exp2(c.tone * 0.8) / std::f32::consts::TAU;
            }
            let goal = level * op.envelope.next(c.held || spec.to > 0);
            op.step = (goal - op.amp) / BLOCK as f32;
        }
        let cycles: [f32; 4] = std::array::from_fn(|i| {
            self.ops.get(i).map_or(0.0, |op| {
                hz * op.spec.ratio * math::fast_exp2(op.spec.cents / 1200.0) / self.rate
            })
        });
        for n in 0..BLOCK {
            let mut moved = [0.0_f32; 5];
            let mut heard = 0.0;
            for i in (0..self.ops.len()).rev() {
                let op = &mut self.ops[i];
                op.amp += op.step;
                let own = op.spec.feedback * op.last * (0.5 / std::f32::consts::TAU);
                // Operators above the band would only alias.
                let y = if cycles[i] < 0.45 {
                    math::fast_sin_cycles(op.phase + moved[i + 1] + own)
                } else {
                    0.0
                };
                op.last = 0.5 * (op.last + y);
                let y = y * op.amp;
                if op.spec.to == 0 {
                    heard += y;
                } else {
                    moved[op.spec.to] += y;
                }
                op.phase += cycles[i];
                op.phase -= op.phase.floor();
            }
            left[n] += heard * 0.5;
            right[n] += heard * 0.5;
        }
    }

    fn filter(&mut self, octaves: f32, left: &mut [f32; BLOCK], right: &mut [f32; BLOCK]) {
        let f = &self.patch.filter;
        if f.kind == FilterKind::Off {
            return;
        }
        let goal = octaves + super::parts::shape::fast_log2(f.hz);
        if self.cutoff == 0.0 {
            self.cutoff = goal;
        }
        // Four steps a block: a fast sweep stays smooth.
        let slope = (goal - self.cutoff) / 4.0;
        for part in 0..4 {
            self.cutoff += slope;
            let hz = math::fast_exp2(self.cutoff).clamp(16.0, self.rate * 0.45);
            let range = part * BLOCK / 4..(part + 1) * BLOCK / 4;
            let (svfs, ladder) = &mut self.filters;
            if f.kind == FilterKind::Ladder {
                ladder.set(hz, f.res, self.rate);
                for n in range {
                    [left[n], right[n]] = ladder.step([left[n], right[n]]);
                }
            } else {
                let q = 0.6 + 8.0 * f.res * f.res;
                svfs[0].set(hz, q, self.rate);
                svfs[1].set(hz, q, self.rate);
                let pick = |svf: &mut Svf, x: f32| match f.kind {
                    FilterKind::Band => svf.unity_band(x),
                    FilterKind::High => svf.step(x).high,
                    _ => svf.step(x).low,
                };
                for n in range {
                    left[n] = pick(&mut svfs[0], left[n]);
                    right[n] = pick(&mut svfs[1], right[n]);
                }
            }
        }
        self.cutoff = goal;
    }
}
