//! Plays a kit, stroke by stroke.

use super::kit::{Color, Kit, Metal, Piece, Plate, Sum};
use crate::Instrument;
use crate::synth::parts::BLOCK;
use crate::synth::parts::chain::{Chain, Reader, effort, singles, strokes};
use crate::synth::parts::filter::{DcBlock, OnePole, Svf};
use crate::synth::parts::modal::{ModalBank, Mode};
use crate::synth::parts::noise::Noise;
use crate::synth::parts::output::{Bus, pan_gains, sanitize};
use crate::synth::parts::shape::velocity_gain;
use yuefu_audio::{Clip, Curve, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

/// Longest ring of a stroke in seconds.
const LONGEST: f64 = 9.0;

/// A kit at work.
#[derive(Clone, Copy, Debug)]
pub struct Drums {
    /// The kit.
    pub kit: &'static Kit,
}

impl Instrument for Drums {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let expanded = rolls(phrase);
        let mut list = singles(&expanded);
        let groups: Vec<(Seconds, u8)> = list
            .iter()
            .map(|c| {
                (
                    c.on(),
                    self.kit.piece(c.notes[0].key).map_or(0, |p| p.choke),
                )
            })
            .collect();
        for (i, chain) in list.iter_mut().enumerate() {
            let (on, group) = groups[i];
            chain.cut = groups[i + 1..]
                .iter()
                .find(|(later, g)| group != 0 && *g == group && later.0 > on.0)
                .map(|(later, _)| *later);
        }
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list
            .iter()
            .fold(Seconds(0.0), |end, c| end.max(c.on() + Seconds(LONGEST)));
        let mut bus = Bus::new(first, end, true, rate);
        let hz = rate.hz() as f32;
        for chain in &list {
            if let Some(piece) = self.kit.piece(chain.notes[0].key) {
                stroke(piece, chain, hz, &mut bus);
            }
        }
        finish_sum(&self.kit.sum, hz, &mut bus);
        sanitize(&mut bus.left);
        sanitize(&mut bus.right);
        bus.finish()
    }
}

/// Spells out rolls (notes marked tremolo or roll) as single strokes.
fn rolls(phrase: &PerformedPhrase) -> PerformedPhrase {
    let mut out = phrase.clone();
    let rolled = |n: &PerformedNote| {
        matches!(
            n.articulation,
            Articulation::Tremolo | Articulation::Roll | Articulation::Flutter
        )
    };
    if !phrase.notes.iter().any(rolled) {
        return out;
    }
    out.notes.retain(|n| !rolled(n));
    for note in phrase.notes.iter().filter(|n| rolled(n)) {
        let length = (note.off.0 - note.on.0).clamp(0.02, 120.0) as f32;
        let seed = phrase.seed ^ u64::from(note.key);
        for (at, strength) in strokes(seed, length, 17.0) {
            let db = note.level.at(at);
            out.notes.push(PerformedNote {
                on: Seconds(note.on.0 + f64::from(at)),
                off: note.off,
                velocity: (effort(note) * strength * math::db_to_gain(db * 0.6)).clamp(0.02, 1.0),
                articulation: Articulation::Normal,
                pitch: note.pitch.clone(),
                level: Curve::default(),
                tone: Curve::constant(note.tone.at(at)),
                key: note.key,
                legato: false,
                lyric: None,
            });
        }
    }
    out.notes
        .sort_by(|a, b| a.on.0.total_cmp(&b.on.0).then(a.key.cmp(&b.key)));
    out
}

/// Amplitude kept per frame for a decay time to −60 dB.
fn keep(t60: f32, rate: f32) -> f32 {
    math::fast_exp2(-9.965_784 / (t60.max(0.001) * rate))
}

struct ToneState {
    phase: f32,
    amp: f32,
    keep: f32,
    bend: f32,
    bend_keep: f32,
    rise: f32,
    rise_step: f32,
    base: f32,
    edge: f32,
    level: f32,
}

struct HissState {
    filter: Svf,
    color: Color,
    q: f32,
    hz: f32,
    bend: f32,
    bend_keep: f32,
    amp: f32,
    keep: f32,
    rise: f32,
    rise_step: f32,
    level: f32,
    left: usize,
    gap: usize,
    wait: usize,
}

fn stroke(piece: &Piece, chain: &Chain<'_>, rate: f32, bus: &mut Bus) {
    let note = chain.notes[0];
    let velocity = effort(note);
    let tone_at = note.tone.at(0.0).clamp(-1.0, 1.0);
    let mut noise = Noise::new(chain.seed);
    let (short, soft) = match note.articulation {
        Articulation::Mute | Articulation::Choke => (0.25, 0.8),
        Articulation::Staccato => (0.5, 1.0),
        Articulation::Ghost => (0.7, 0.45),
        Articulation::Accent | Articulation::Marcato => (1.0, 1.25),
        _ => (1.0, 1.0),
    };
    let hard = (velocity + 0.35 * tone_at).clamp(0.0, 1.2);
    // No two strokes fall on the same spot.
    let tune = 1.0 + 0.006 * noise.white();
    let level = 0.5 * piece.gain * soft * velocity_gain(velocity) * (1.0 + 0.06 * noise.white());
    let weight = |vel: f32| 1.0 - vel + vel * (0.15 + 0.85 * hard) * 1.35;
    let mut tones: Vec<ToneState> = piece
        .tones
        .iter()
        .map(|t| ToneState {
            phase: 0.0,
            amp: 1.0,
            keep: keep(t.t60 * short, rate),
            bend: t.bend * (0.35 + 0.65 * hard),
            bend_keep: math::fast_exp2(
                -std::f32::consts::LOG2_E * BLOCK as f32 / 4.0 / (t.time.max(1e-3) * rate),
            ),
            rise: 0.0,
            rise_step: 1.0 / (t.attack.max(1.0 / rate) * rate),
            base: t.hz * tune,
            edge: t.edge,
            level: t.level * weight(t.vel) * (1.0 + 0.12 * t.vel * noise.white()),
        })
        .collect();
    let mut hiss: Vec<HissState> = piece
        .hiss
        .iter()
        .map(|h| {
            let spread = 1.0 + 0.05 * noise.white();
            let gap = (h.gap * rate * (1.0 + 0.1 * noise.white())) as usize;
            HissState {
                filter: Svf::default(),
                color: h.color,
                q: h.q,
                hz: h.hz * spread * math::fast_exp2(0.7 * (hard - 0.7)),
                bend: h.bend,
                bend_keep: math::fast_exp2(-4.0 * BLOCK as f32 / 4.0 / (h.t60.max(0.01) * rate)),
                amp: 1.0,
                keep: keep(h.t60 * short, rate),
                rise: 0.0,
                rise_step: 1.0 / (h.attack.max(1.0 / rate) * rate),
                level: h.level * weight(h.vel),
                left: h.bursts.max(1) - 1,
                gap,
                wait: gap,
            }
        })
        .collect();
    let mut metal = piece.metal.map(|m| Cluster::new(&m, tune, short, rate));
    let mut plate = piece
        .plate
        .map(|p| PlateState::new(&p, hard, short, &mut noise, rate));
    let mut click = piece.click * (0.4 + 0.6 * hard);
    let click_keep = keep(0.006, rate);
    let mut click_tone = OnePole::new(3_500.0, rate);
    let mut dc = DcBlock::new(rate);
    let mut reader = Reader::new(chain, 0.0, rate);
    let (gl, gr) = pan_gains(piece.pan);
    let mut at = bus.index(chain.on());
    let mut fade = 1.0_f32;
    let fade_keep = keep(0.03, rate);
    let drive = 1.0 + 5.0 * piece.drive;
    let (mut onset, onset_step) = (0.0_f32, 3_000.0 / rate);
    let mut quiet = 0;
    loop {
        let c = reader.step();
        let cut = chain
            .cut
            .is_some_and(|t| chain.on().0 + f64::from(c.time) >= t.0);
        let choked = cut || (note.articulation == Articulation::Choke && !c.held);
        let shift = math::fast_exp2((c.key - f32::from(note.key)) / 12.0);
        let mut out = [0.0_f32; BLOCK];
        for part in 0..4 {
            let range = part * BLOCK / 4..(part + 1) * BLOCK / 4;
            for tone in &mut tones {
                let cycles = (tone.base * shift * math::fast_exp2(tone.bend) / rate).min(0.45);
                tone.bend *= tone.bend_keep;
                for x in &mut out[range.clone()] {
                    let s = math::fast_sin_cycles(tone.phase);
                    let s = if tone.edge > 0.0 {
                        s + tone.edge * (math::soft_clip(s * 2.5) - s)
                    } else {
                        s
                    };
                    tone.rise = (tone.rise + tone.rise_step).min(1.0);
                    *x += s * tone.amp * tone.rise * tone.level;
                    tone.amp *= tone.keep;
                    tone.phase += cycles;
                    tone.phase -= tone.phase.floor();
                }
            }
            for h in &mut hiss {
                h.filter.set(h.hz * math::fast_exp2(h.bend), h.q, rate);
                h.bend *= h.bend_keep;
                for x in &mut out[range.clone()] {
                    if h.left > 0 {
                        h.wait = h.wait.saturating_sub(1);
                        if h.wait == 0 {
                            h.left -= 1;
                            h.wait = h.gap;
                            h.amp = 1.0;
                            h.rise = 0.0;
                        }
                    }
                    h.rise = (h.rise + h.rise_step).min(1.0);
                    let y = h.filter.step(noise.white() * h.amp * h.rise * h.level);
                    *x += match h.color {
                        Color::Band => y.band / h.q.max(0.5),
                        Color::High => y.high,
                        Color::Low => y.low,
                    };
                    // Bursts before the last die faster, as the separate hands of a clap do.
                    h.amp *= if h.left > 0 {
                        h.keep * h.keep * h.keep
                    } else {
                        h.keep
                    };
                }
            }
        }
        if let Some(cluster) = &mut metal {
            cluster.process(&mut out);
        }
        if let Some(plate) = &mut plate {
            plate.process(&mut out, &mut noise);
        }
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut peak = 0.0_f32;
        for (n, x) in out.iter().enumerate() {
            let mut y = x + click * click_tone.low(noise.white());
            click *= click_keep;
            if piece.drive > 0.0 {
                y = math::soft_clip(y * drive) / drive.sqrt();
            }
            // Even the hardest stick takes a third of a millisecond: no step at the onset.
            onset = (onset + onset_step).min(1.0);
            y *= onset * onset;
            if choked {
                fade *= fade_keep;
            }
            y = dc.step(y) * level * c.level * fade;
            peak = peak.max(y.abs());
            left[n] = y * gl;
            right[n] = y * gr;
        }
        if !bus.add(at, &left, &right) {
            break;
        }
        at += BLOCK;
        quiet = if peak < 2e-5 { quiet + 1 } else { 0 };
        if quiet > 30 && c.time > 0.06 {
            break;
        }
    }
}

/// The six square oscillators.
struct Cluster {
    phases: [f32; 6],
    steps: [f32; 6],
    band: [Svf; 2],
    high: Svf,
    amp: f32,
    keep: f32,
}

impl Cluster {
    fn new(metal: &Metal, tune: f32, short: f32, rate: f32) -> Self {
        const HZ: [f32; 6] = [205.3, 304.4, 369.6, 522.7, 540.0, 800.0];
        Self {
            phases: [0.0, 0.3, 0.7, 0.1, 0.55, 0.85],
            steps: HZ.map(|hz| hz * metal.scale * tune / rate),
            band: [
                Svf::new(metal.hz, 1.4, rate),
                Svf::new(metal.hz * 0.48, 1.4, rate),
            ],
            high: Svf::new(metal.high, 0.8, rate),
            amp: metal.level,
            keep: keep(metal.t60 * short, rate),
        }
    }

    fn process(&mut self, out: &mut [f32; BLOCK]) {
        for x in out {
            let mut sum = 0.0;
            for (phase, step) in self.phases.iter_mut().zip(&self.steps) {
                *phase += step;
                *phase -= phase.floor();
                let square = if *phase < 0.5 { 1.0 } else { -1.0 };
                sum += square + edge(*phase, *step) - edge((*phase + 0.5).fract(), *step);
            }
            let band = self.band[0].unity_band(sum) + 0.5 * self.band[1].unity_band(sum);
            *x += self.high.step(band).high * self.amp * 0.35;
            self.amp *= self.keep;
        }
    }
}

/// Two-sample polynomial correction of a step (Välimäki and Huovilainen, "Antialiasing
/// Oscillators in Subtractive Synthesis", IEEE SPM 24(2), 2007).
fn edge(phase: f32, step: f32) -> f32 {
    if phase < step {
        let t = phase / step;
        t + t - t * t - 1.0
    } else if phase > 1.0 - step {
        let t = (phase - 1.0) / step;
        t * t + t + t + 1.0
    } else {
        0.0
    }
}

/// A plate in motion: a noise burst drives its lower modes at once and its upper ones late.
struct PlateState {
    low: ModalBank,
    high: ModalBank,
    strike: f32,
    strike_keep: f32,
    bloom: f32,
    bloom_rise: f32,
    bloom_gain: f32,
    rise: f32,
    level: f32,
}

impl PlateState {
    fn new(plate: &Plate, hard: f32, short: f32, noise: &mut Noise, rate: f32) -> Self {
        let count = plate.count.clamp(2, 64);
        let octaves = crate::synth::parts::shape::fast_log2(plate.high / plate.low.max(1.0));
        // The plate itself is always the same; only where it is struck changes.
        let mut grain = Noise::new(u64::from(plate.low.to_bits()) ^ count as u64);
        let modes: Vec<Mode> = (0..count)
            .map(|i| {
                let place = (i as f32 + 0.45 * grain.white() + 0.5) / count as f32;
                // Between even per octave and even per hertz: denser towards the top, as plates are.
                let even = plate.low + (plate.high - plate.low) * place.max(0.0);
                let hz = 0.6 * plate.low * math::fast_exp2(place * octaves) + 0.4 * even;
                let t60 = plate.t60 + (plate.t60_high - plate.t60) * place.max(0.0).sqrt();
                let sign = if grain.white() > 0.0 { 1.0 } else { -1.0 };
                Mode {
                    hz,
                    t60: (t60 * short).max(0.02),
                    gain: sign * (0.6 + 0.4 * noise.white()) / (count as f32).sqrt(),
                    pan: 0.0,
                }
            })
            .collect();
        let half = count / 2;
        Self {
            low: ModalBank::new(&modes[..half], rate),
            high: ModalBank::new(&modes[half..], rate),
            strike: 1.0,
            strike_keep: keep(0.004 + 0.01 * (1.0 - hard.min(1.0)), rate),
            bloom: 1.0,
            bloom_rise: 1.0 / (plate.bloom.max(0.0005) * rate),
            bloom_gain: 0.25 + 0.75 * hard * hard,
            rise: 0.0,
            level: plate.level,
        }
    }

    fn process(&mut self, out: &mut [f32; BLOCK], noise: &mut Noise) {
        for x in out {
            let white = noise.white();
            let force = white * self.strike * 0.25;
            self.strike *= self.strike_keep;
            // Energy reaches the upper modes as a swell that is over after three bloom times.
            self.rise += self.bloom_rise;
            self.bloom = self.rise * (1.0 - self.rise / 3.0).max(0.0);
            let climb = white * (self.strike * 0.12 + 0.012 * self.bloom * self.bloom_gain);
            let y = self.low.mono(force) + self.bloom_gain * self.high.mono(climb);
            *x += y * self.level;
        }
    }
}

fn finish_sum(sum: &Sum, rate: f32, bus: &mut Bus) {
    if sum.room > 0.0 {
        // Image sources of a room of about 5 by 6 by 3 m, duller the later they come.
        const TAPS: [(f32, f32, bool); 8] = [
            (0.0071, 0.34, false),
            (0.0093, 0.31, true),
            (0.0137, 0.27, false),
            (0.0171, 0.25, true),
            (0.0229, 0.20, true),
            (0.0283, 0.17, false),
            (0.0367, 0.14, true),
            (0.0431, 0.12, false),
        ];
        let dry = [bus.left.clone(), bus.right.clone()];
        for (time, gain, cross) in TAPS {
            let delay = (time * rate) as usize;
            let corner = 7_000.0 - 110_000.0 * time;
            for (side, channel) in [&mut bus.left, &mut bus.right].into_iter().enumerate() {
                let source = &dry[if cross { 1 - side } else { side }];
                let mut dull = OnePole::new(corner.max(1_500.0), rate);
                let skew = delay + side * 13;
                if skew >= channel.len() {
                    continue;
                }
                for (x, y) in channel[skew..].iter_mut().zip(source) {
                    *x += sum.room * gain * dull.low(*y);
                }
            }
        }
    }
    for channel in [&mut bus.left, &mut bus.right] {
        if sum.hold > 0.0 {
            let step = sum.hold / rate;
            let (mut phase, mut held) = (1.0, 0.0);
            for x in channel.iter_mut() {
                phase += step;
                if phase >= 1.0 {
                    phase -= 1.0;
                    // Twelve bits, as the samplers of the time had.
                    held = (*x * 2_048.0).round() / 2_048.0;
                }
                *x = held;
            }
        }
        if sum.low > 0.0 {
            let mut a = OnePole::new(sum.low, rate);
            let mut b = OnePole::new(sum.low, rate);
            for x in channel.iter_mut() {
                *x = b.low(a.low(*x));
            }
        }
        if sum.drive > 0.0 {
            let drive = 1.0 + 3.0 * sum.drive;
            for x in channel.iter_mut() {
                *x = math::soft_clip(*x * drive) / drive.sqrt();
            }
        }
    }
}
