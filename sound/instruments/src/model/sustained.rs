//! Bowed and blown instruments: erhu, zhonghu, morin khuur, dizi, xiao, suona, sheng and others.
//!
//! A hybrid: the harmonic [`Source`] carries the tone, with a spectrum that brightens with bow
//! force or breath (Benade, "Fundamentals of Musical Acoustics", 1976; Cremer, "The Physics of
//! the Violin", 1984), and noise that is gated by the period, as turbulence at the edge and slip
//! at the bow are (Verge, Hirschberg and Caussé, "Sound production in recorderlike instruments
//! II", JASA 101(5), 1997; Schelleng; Chafe, "Simulating performance on a bowed instrument",
//! 1989), both heard through one body.

use super::body::{Body, Resonator};
use super::source::{Source, Spectrum};
use crate::Instrument;
use crate::synth::parts::BLOCK;
use crate::synth::parts::chain::{Chain, Reader, Stealing, chains, effort};
use crate::synth::parts::filter::{DcBlock, OnePole, Svf};
use crate::synth::parts::noise::{Noise, Wander};
use crate::synth::parts::output::{Bus, sanitize};
use crate::synth::parts::shape::velocity_gain;
use yuefu_audio::{Clip, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedPhrase};

/// A bowed or blown instrument as data.
#[derive(Clone, Copy, Debug)]
pub struct SustainedSpec {
    /// Name, as in the catalog's `model:<name>`.
    pub name: &'static str,
    /// Whether only one note sounds at a time.
    pub mono: bool,
    /// Bowed rather than blown: decides what tremolo, pizzicato and accents mean.
    pub bowed: bool,
    /// The spectrum of the tone.
    pub spectrum: Spectrum,
    /// Time of attack at no effort and at full effort, in seconds.
    pub attack: (f32, f32),
    /// Time of release in seconds (to −40 dB).
    pub release: f32,
    /// Time in which a joined note reaches its pitch, in seconds.
    pub glide: f32,
    /// Depth (0..=1) and time in seconds of the dip between joined notes.
    pub dip: (f32, f32),
    /// Cents by which a new note starts below pitch at full effort.
    pub scoop: f32,
    /// Deviation of the random pitch movement in cents.
    pub jitter: f32,
    /// Deviation of the random level of each harmonic in decibels.
    pub shimmer: f32,
    /// Level of the noise at no effort and at full effort, relative to the tone at full effort.
    pub breath: (f32, f32),
    /// Center of the noise: fixed hertz plus a multiple of the pitch; and its quality.
    pub band: (f32, f32, f32),
    /// How much the noise is gated by the period, 0..=1.
    pub gate: f32,
    /// Share of the noise that rings in the pipe, 0..=1.
    pub pipe: f32,
    /// Transient of the attack: level, center as a multiple of the pitch, seconds.
    pub chiff: (f32, f32, f32),
    /// Buzz of a membrane or double reed: level of its even and odd distortion.
    pub buzz: f32,
    /// The body or bell.
    pub body: Body,
}

/// A bowed or blown instrument.
#[derive(Clone, Copy, Debug)]
pub struct Sustained {
    /// What it is made of.
    pub spec: &'static SustainedSpec,
}

impl Instrument for Sustained {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let spec = self.spec;
        let stealing = if spec.mono {
            Stealing::Mono
        } else {
            Stealing::Never
        };
        let list = chains(phrase, stealing);
        let tail = f64::from(spec.release) * 2.0 + 0.6;
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list.iter().fold(Seconds(0.0), |end, chain| {
            end.max(chain.off() + Seconds(tail))
        });
        let mut bus = Bus::new(first, end, true, rate);
        let hz = rate.hz() as f32;
        for chain in &list {
            render_chain(spec, chain, hz, &mut bus);
        }
        bus.right.copy_from_slice(&bus.left);
        Resonator::new(&spec.body, hz).process(&mut bus.left, &mut bus.right);
        sanitize(&mut bus.left);
        sanitize(&mut bus.right);
        bus.finish()
    }
}

/// Noise that rings in a pipe: a feedback comb at the pitch.
struct Pipe {
    line: Vec<f32>,
    at: usize,
    low: OnePole,
}

impl Pipe {
    fn new(rate: f32) -> Self {
        Self {
            line: vec![0.0; ((rate / 20.0) as usize).next_power_of_two()],
            at: 0,
            low: OnePole::new(5_000.0, rate),
        }
    }

    #[inline]
    fn step(&mut self, x: f32, delay: f32) -> f32 {
        let mask = self.line.len() - 1;
        let whole = delay as usize;
        let part = delay - whole as f32;
        let a = self.line[self.at.wrapping_sub(whole) & mask];
        let b = self.line[self.at.wrapping_sub(whole + 1) & mask];
        let y = x + 0.9 * self.low.low(a + (b - a) * part);
        self.line[self.at & mask] = y;
        self.at = (self.at + 1) & mask;
        y * 0.3
    }
}

/// How the articulation of a note shapes its beginning and its course.
struct Shape {
    attack: f32,
    accent: f32,
    effort: f32,
    decay: f32,
    chiff: f32,
    /// Repetitions per second, and their depth.
    pulse: (f32, f32),
}

fn shape(spec: &SustainedSpec, articulation: Articulation) -> Shape {
    let mut s = Shape {
        attack: 1.0,
        accent: 0.0,
        effort: 0.0,
        decay: 0.0,
        chiff: 1.0,
        pulse: (0.0, 0.0),
    };
    match articulation {
        Articulation::Staccato => s.attack = 0.6,
        Articulation::Accent => (s.attack, s.accent, s.effort, s.chiff) = (0.55, 0.45, 0.08, 1.5),
        Articulation::Marcato => (s.attack, s.accent, s.effort, s.chiff) = (0.45, 0.7, 0.12, 1.8),
        Articulation::Ghost | Articulation::Mute => (s.effort, s.chiff) = (-0.25, 0.6),
        Articulation::Harmonic => (s.effort, s.chiff) = (-0.4, 0.5),
        Articulation::Slide | Articulation::Legato => (s.attack, s.chiff) = (1.3, 0.5),
        Articulation::Pizzicato if spec.bowed => (s.attack, s.decay, s.chiff) = (0.08, 0.16, 0.8),
        Articulation::Tremolo => s.pulse = (if spec.bowed { 11.5 } else { 9.0 }, 0.75),
        Articulation::Flutter => s.pulse = (25.0, 0.8),
        _ => {}
    }
    s
}

#[allow(clippy::too_many_lines)]
fn render_chain(spec: &SustainedSpec, chain: &Chain<'_>, rate: f32, bus: &mut Bus) {
    let step = BLOCK as f32 / rate;
    let control = 1.0 / step;
    let smooth =
        |time: f32| 1.0 - math::fast_exp2(-step / time.max(1e-4) * std::f32::consts::LOG2_E);
    let mut reader = Reader::new(chain, spec.glide, rate);
    let mut noise = Noise::new(chain.seed);
    let mut fast = Wander::new(chain.seed ^ 0xFA57, 7.0, control);
    let mut slow = Wander::new(chain.seed ^ 0x510, 0.9, control);
    let mut sway = Wander::new(chain.seed ^ 0xA3, 3.0, control);
    let mut drift: [Wander; 8] =
        std::array::from_fn(|i| Wander::new(chain.seed ^ (0xD81F + i as u64), 2.5, control));
    let mut source = Source::new(0.0, rate);
    let mut band = Svf::default();
    let mut spit = Svf::default();
    let mut pipe = Pipe::new(rate);
    let mut edge = OnePole::new(1_800.0, rate);
    let mut rustle = OnePole::new(1_500.0, rate);
    let mut dc = DcBlock::new(rate);
    let first = effort(chain.notes[0]);
    let attack_time = spec.attack.0 + (spec.attack.1 - spec.attack.0) * first;
    // No two attacks take equally long.
    let attack_time = attack_time * (1.0 + 0.15 * noise.white());
    let scoop_cents = spec.scoop * first * (0.7 + 0.3 * noise.white());
    let mut at = bus.index(chain.on());
    let mut envelope = 0.0_f32;
    let mut force = first * 0.5;
    let mut level = velocity_gain(first);
    let mut gain = 0.0_f32;
    let mut air = 0.0_f32;
    let mut chiff = 0.0_f32;
    let mut accent = 0.0_f32;
    let mut dip = 0.0_f32;
    let mut hz = 0.0_f32;
    let mut pulse = 0.0_f32;
    let mut begun = false;
    let chiff_keep = 1.0 - smooth(spec.chiff.2);
    loop {
        let c = reader.step();
        let note = chain.notes[c.index];
        let s = shape(spec, note.articulation);
        if !begun {
            chiff = spec.chiff.0 * s.chiff * (0.35 + 0.65 * first);
            accent = s.accent;
        } else if c.joined {
            dip = 1.0;
            accent = s.accent;
            chiff += spec.chiff.0 * 0.12 * s.chiff;
        }
        // Envelope of the tone: exponential rise, exponential fall.
        if c.held {
            let goal = if s.decay > 0.0 {
                math::fast_exp2(-c.since / s.decay * std::f32::consts::LOG2_E)
            } else {
                1.0
            };
            let time = attack_time * s.attack * 0.4;
            envelope += (goal - envelope) * smooth(if s.decay > 0.0 { 0.004 } else { time });
        } else {
            let short = matches!(
                note.articulation,
                Articulation::Staccato | Articulation::Choke
            );
            let time = spec.release / 4.6 * if short { 0.6 } else { 1.0 };
            // A voice that takes over leaves this one 25 ms.
            let time = if chain.cut.is_some() {
                time.min(0.012)
            } else {
                time
            };
            envelope -= envelope * smooth(time);
        }
        dip *= 1.0 - smooth(spec.dip.1);
        accent *= 1.0 - smooth(0.07);
        // Effort: velocity, swells and tone all brighten, and brightness lags behind a little.
        let goal = c.velocity + c.level_db / 36.0 + 0.35 * c.tone + s.effort + 0.3 * accent;
        force += (goal.clamp(0.0, 1.15) * (0.45 + 0.55 * envelope) - force) * smooth(0.018);
        level += (velocity_gain(c.velocity) - level) * smooth(0.025);
        // Tongue, bow change or flutter within the note.
        let mut beat = 1.0;
        if s.pulse.0 > 0.0 && c.held {
            let before = pulse;
            pulse += s.pulse.0 * step * (1.0 + 0.12 * fast.step());
            if pulse.floor() > before.floor() && s.pulse.0 < 20.0 {
                chiff += spec.chiff.0 * 0.5;
            }
            let x = pulse - pulse.floor();
            let rise = (x * 5.0).min(1.0);
            let fall = ((1.0 - x) * 5.0).min(1.0);
            beat = 1.0 - s.pulse.1 * (1.0 - rise * fall);
        }
        let wobble = 1.0 + 0.02 * sway.step() + 0.012 * slow.step();
        let target =
            level * c.level * envelope * beat * wobble * (1.0 + accent) * (1.0 - spec.dip.0 * dip);
        let scoop = scoop_cents * math::fast_exp2(-c.time / 0.035 * std::f32::consts::LOG2_E);
        let jitter = spec.jitter * (0.6 * fast.step() + 0.6 * slow.step());
        let pitch = math::key_to_hz(c.key + (jitter - scoop) / 100.0).min(rate * 0.4);
        if !begun {
            hz = pitch;
            begun = true;
        }
        let random: [f32; 8] = std::array::from_fn(|i| drift[i].step());
        let mut tone = [0.0; BLOCK];
        let phase_from = source.phase();
        source.block(
            &spec.spectrum,
            (hz, pitch),
            force,
            &random,
            spec.shimmer,
            &mut tone,
        );
        let breath_goal = (spec.breath.0 + (spec.breath.1 - spec.breath.0) * force.min(1.0))
            * c.level.min(2.0)
            * (level * level.sqrt()).sqrt()
            * envelope
            * (0.6 + 0.4 * beat)
            * (1.0 + 1.5 * dip * spec.dip.0);
        band.set(spec.band.0 + spec.band.1 * pitch, spec.band.2, rate);
        spit.set(spec.chiff.1 * pitch, 2.2, rate);
        let delay = (rate / pitch - 1.0).max(2.0);
        let cycle = pitch / rate;
        let (gain_slope, air_slope) = (
            (target - gain) / BLOCK as f32,
            (breath_goal - air) / BLOCK as f32,
        );
        let mut out = [0.0; BLOCK];
        let mut peak = 0.0_f32;
        for (n, y) in out.iter_mut().enumerate() {
            gain += gain_slope;
            air += air_slope;
            let white = noise.white();
            let mut x = tone[n] * gain;
            if spec.buzz > 0.0 {
                // Low-order distortion only, so that its products stay below the Nyquist frequency.
                let u = (tone[n] * 1.6).clamp(-1.5, 1.5);
                let bent = u * u * (1.0 - 0.45 * u);
                x += spec.buzz * gain * edge.high(bent) * (1.0 + 0.5 * rustle.low(white));
            }
            let phase = phase_from + n as f32 * cycle;
            let open = 0.5 + 0.5 * math::fast_sin_cycles(phase);
            let gated = white * (1.0 - spec.gate + spec.gate * 2.0 * open * open);
            let mut rush = band.unity_band(gated) * air;
            if spec.pipe > 0.0 {
                rush += spec.pipe * (pipe.step(rush, delay) - rush * 0.3);
            }
            if chiff > 1e-5 {
                rush += spit.unity_band(noise.white()) * chiff;
            }
            *y = dc.step(x + rush);
            peak = peak.max(y.abs());
        }
        chiff *= chiff_keep;
        hz = pitch;
        if !bus.add_mono(at, &out) {
            break;
        }
        at += BLOCK;
        if !c.held && c.index + 1 == chain.notes.len() && peak < 1.5e-5 {
            break;
        }
    }
}
