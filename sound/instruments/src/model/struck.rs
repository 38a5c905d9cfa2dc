//! Tuned bars and tongues: balafon and mbira, as modal banks.
//!
//! Free bars have partials 1 : 2.76 : 5.40 (Fletcher and Rossing, ch. 2), undercut ones near
//! 1 : 3.9 : 9.5; clamped-free tongues 1 : 6.27 : 17.5. Gourd mirlitons (balafon) and bottle caps
//! (mbira) add a buzz that follows the amplitude.

use super::body::{Body, Resonator};
use crate::Instrument;
use crate::synth::parts::BLOCK;
use crate::synth::parts::chain::{Chain, Reader, Stealing, chains, strokes};
use crate::synth::parts::filter::Svf;
use crate::synth::parts::modal::{ModalBank, Mode};
use crate::synth::parts::noise::Noise;
use crate::synth::parts::output::{Bus, pan_gains, sanitize};
use crate::synth::parts::shape::velocity_gain;
use yuefu_audio::{Clip, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedPhrase};

/// A struck instrument as data.
#[derive(Clone, Copy, Debug)]
pub struct StruckSpec {
    /// Name, as in the catalog's `model:<name>`.
    pub name: &'static str,
    /// Partials: frequency ratio, decay relative to the fundamental, level.
    pub partials: &'static [(f32, f32, f32)],
    /// Decay of the fundamental at 261 Hz to −60 dB, in seconds.
    pub decay: f32,
    /// T60 falls with pitch by this exponent.
    pub slope: f32,
    /// Contact time of the softest and hardest stroke in seconds.
    pub contact: (f32, f32),
    /// Noise of the stroke: center, quality, level, seconds.
    pub knock: (f32, f32, f32, f32),
    /// Level of the amplitude-following buzz, and its center in hertz.
    pub buzz: (f32, f32),
    /// Decay after the release in seconds (large where nothing damps).
    pub release: f32,
    /// The body.
    pub body: Body,
}

/// A struck instrument.
#[derive(Clone, Copy, Debug)]
pub struct Struck {
    /// What it is made of.
    pub spec: &'static StruckSpec,
}

static SPECS: &[StruckSpec] = &[
    StruckSpec {
        name: "balafon",
        partials: &[
            (1.0, 1.0, 1.0),
            (2.98, 0.35, 0.28),
            (4.1, 0.3, 0.16),
            (6.2, 0.18, 0.14),
            (9.6, 0.12, 0.08),
        ],
        decay: 0.75,
        slope: 0.6,
        contact: (0.0022, 0.0008),
        knock: (900.0, 1.0, 0.35, 0.008),
        buzz: (0.5, 1_900.0),
        release: 0.6,
        body: Body {
            modes: &[(180.0, 8.0, 0.5), (320.0, 8.0, 0.5), (560.0, 8.0, 0.4)],
            dense: 0,
            span: (600.0, 4_000.0),
            quality: 8.0,
            gain: 0.1,
            direct: 1.0,
            floor: 70.0,
            ceiling: 9_000.0,
            width: 0.6,
        },
    },
    StruckSpec {
        name: "mbira",
        partials: &[
            (1.0, 1.0, 1.0),
            (2.0, 0.5, 0.05),
            (5.6, 0.3, 0.22),
            (6.4, 0.25, 0.12),
            (15.8, 0.1, 0.07),
        ],
        decay: 2.2,
        slope: 0.5,
        contact: (0.0016, 0.0006),
        knock: (1_700.0, 1.4, 0.18, 0.005),
        buzz: (0.75, 3_400.0),
        release: 1.0,
        body: Body {
            modes: &[(140.0, 8.0, 0.6), (265.0, 10.0, 0.8), (430.0, 10.0, 0.6)],
            dense: 8,
            span: (600.0, 4_000.0),
            quality: 9.0,
            gain: 0.1,
            direct: 0.9,
            floor: 70.0,
            ceiling: 10_000.0,
            width: 0.5,
        },
    },
];

/// The instrument of a name, if it is a struck one.
pub fn spec(name: &str) -> Option<&'static StruckSpec> {
    SPECS.iter().find(|spec| spec.name == name)
}

/// Names of all struck instruments.
pub fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|spec| spec.name)
}

impl Instrument for Struck {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let list = chains(phrase, Stealing::PerKey);
        let tail = f64::from(self.spec.release + 0.6);
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list.iter().fold(Seconds(0.0), |end, chain| {
            end.max(chain.off() + Seconds(tail))
        });
        let mut bus = Bus::new(first, end, true, rate);
        let hz = rate.hz() as f32;
        for chain in &list {
            render_chain(self.spec, chain, hz, &mut bus);
        }
        Resonator::new(&self.spec.body, hz).process(&mut bus.left, &mut bus.right);
        sanitize(&mut bus.left);
        sanitize(&mut bus.right);
        bus.finish()
    }
}

/// The modes of a bar at a pitch, with this stroke's own variation of where it was hit.
fn bank(spec: &StruckSpec, key: f32, noise: &mut Noise, rate: f32) -> ModalBank {
    let hz = math::key_to_hz(key);
    let decay = spec.decay * math::pow(f64::from(261.6 / hz), f64::from(spec.slope)) as f32;
    let modes: Vec<Mode> = spec
        .partials
        .iter()
        .enumerate()
        .map(|(i, &(ratio, t60, gain))| Mode {
            hz: hz * ratio,
            t60: (decay * t60).max(0.01),
            gain: gain
                * if i == 0 {
                    1.0
                } else {
                    1.0 + 0.35 * noise.white()
                },
            pan: 0.0,
        })
        .collect();
    ModalBank::new(&modes, rate)
}

fn render_chain(spec: &StruckSpec, chain: &Chain<'_>, rate: f32, bus: &mut Bus) {
    let mut noise = Noise::new(chain.seed);
    let mut reader = Reader::new(chain, 0.0, rate);
    let mut at = bus.index(chain.on());
    let mut modes = ModalBank::default();
    let mut knock = Svf::new(
        spec.knock.0 * (1.0 + 0.1 * noise.white()),
        spec.knock.1,
        rate,
    );
    let keep = math::exp(-1.0 / f64::from(spec.knock.3 * rate)) as f32;
    let mut rattle = Svf::new(spec.buzz.1, 1.1, rate);
    let (mut knock_level, mut quiet, mut released) = (0.0_f32, 0, false);
    let (mut pulse_at, mut pulse_length, mut pulse_gain) = (0_usize, 0_usize, 0.0_f32);
    let mut pending: Vec<(f32, f32)> = Vec::new();
    let mut next = 0;
    let mut begun = false;
    let (gl, gr) = pan_gains((f32::from(chain.notes[0].key) - 66.0) / 70.0);
    loop {
        let c = reader.step();
        let note = chain.notes[c.index];
        if !begun || c.joined {
            modes = bank(spec, c.key, &mut noise, rate);
            if matches!(note.articulation, Articulation::Mute | Articulation::Ghost) {
                modes.damp(0.998);
            }
            let length = (note.off.0 - note.on.0).clamp(0.0, 600.0) as f32;
            pending = if note.articulation == Articulation::Tremolo {
                strokes(chain.seed, (length - 0.03).max(0.01), 13.0)
            } else {
                vec![(0.0, 1.0)]
            };
            for stroke in &mut pending {
                stroke.0 += c.time;
            }
            next = 0;
            begun = true;
        }
        while let Some(&(when, strength)) = pending.get(next)
            && when <= c.time
        {
            let effort = (c.velocity * strength + 0.02 * noise.white()).clamp(0.02, 1.0);
            let hard = (effort + 0.4 * c.tone).clamp(0.0, 1.0);
            let contact = spec.contact.0 + (spec.contact.1 - spec.contact.0) * hard;
            // Short bars are struck with harder sticks; none is struck for half its period.
            let contact = contact.min(0.4 / math::key_to_hz(c.key));
            pulse_length = ((contact * rate) as usize).max(2);
            pulse_at = 0;
            // A half-sine force of unit area, so that a short contact is bright, not just loud.
            pulse_gain =
                0.55 * velocity_gain(effort) * std::f32::consts::FRAC_PI_2 / pulse_length as f32;
            knock_level += spec.knock.2 * velocity_gain(effort);
            next += 1;
        }
        if !c.held && !released {
            released = true;
            let choke = matches!(
                note.articulation,
                Articulation::Staccato | Articulation::Choke
            );
            let t60 = if choke || chain.cut.is_some() {
                0.08
            } else {
                spec.release
            };
            modes.damp(math::exp(-6.907_755 / f64::from(t60 * rate)) as f32);
        }
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut peak = 0.0_f32;
        for n in 0..BLOCK {
            let force = if pulse_at < pulse_length {
                let x = (pulse_at as f32 + 0.5) / pulse_length as f32;
                pulse_at += 1;
                pulse_gain * math::fast_sin_cycles(0.5 * x)
            } else {
                0.0
            };
            let tone = modes.mono(force);
            let mut y = tone;
            if knock_level > 1e-6 {
                y += knock.unity_band(noise.white()) * knock_level;
                knock_level *= keep;
            }
            // The mirliton rattles where the swing passes its rest position.
            let rub = (tone.abs() - 0.06).max(0.0);
            y += rattle.unity_band((rub * (1.0 + 0.5 * noise.white())).min(0.5)) * spec.buzz.0;
            y *= c.level;
            peak = peak.max(y.abs());
            left[n] = y * gl;
            right[n] = y * gr;
        }
        if !bus.add(at, &left, &right) {
            break;
        }
        at += BLOCK;
        quiet = if peak < 1.5e-5 { quiet + 1 } else { 0 };
        if quiet > 40 && next >= pending.len() && c.index + 1 == chain.notes.len() {
            break;
        }
    }
}
