//! Plucked and hammered strings: guzheng, pipa, guqin, yangqin, guitars, harps, sitar, oud.

use super::body::{Body, Resonator};
use super::string::{Pluck, Waveguide, excitation};
use super::sympathy::Sympathy;
use crate::Instrument;
use crate::synth::parts::BLOCK;
use crate::synth::parts::chain::{Chain, Reader, Stealing, chains, effort, strokes};
use crate::synth::parts::filter::{OnePole, Svf};
use crate::synth::parts::noise::Noise;
use crate::synth::parts::output::{Bus, pan_gains, sanitize};
use crate::synth::parts::shape::velocity_gain;
use yuefu_audio::{Clip, Curve, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

/// Longest ring after the release that is rendered, in seconds.
const LONGEST_TAIL: f64 = 9.0;

/// A plucked instrument as data.
#[derive(Clone, Copy, Debug)]
pub struct PluckedSpec {
    /// Name, as in the catalog's `model:<name>`.
    pub name: &'static str,
    /// Time in seconds in which the fundamental at 110 Hz falls by 60 dB.
    pub decay: f32,
    /// How the decay time falls with pitch: T60 = decay·(110/f)^slope.
    pub slope: f32,
    /// Decay time at 4 kHz in seconds.
    pub high: f32,
    /// Decay time after the release (damper, hand) in seconds.
    pub release: f32,
    /// Plucking place in 0..=0.5 of the string, from the bridge.
    pub place: f32,
    /// Grip of the softest and of the hardest pluck, in hertz.
    pub hardness: (f32, f32),
    /// Corner of the −6 dB per octave tilt, in hertz.
    pub tilt: f32,
    /// Share of noise in the pluck, 0..=1.
    pub noise: f32,
    /// Nail, plectrum or hammer against string: center in hertz, quality, level, seconds.
    pub click: (f32, f32, f32, f32),
    /// Dispersion: allpass coefficient (−0.9..=0) and number of sections.
    pub stiff: (f32, usize),
    /// Detuning between the two polarizations in cents.
    pub beating: f32,
    /// Decay of the second polarization relative to the first.
    pub second: f32,
    /// Strings sounded by each note (courses of the yangqin and oud), 1..=3.
    pub course: usize,
    /// Detuning within a course in cents.
    pub course_cents: f32,
    /// Sharpness of the onset at full velocity, in cents (tension of a struck string).
    pub tension: f32,
    /// Open strings as MIDI keys: they answer sympathetically and make the glissando.
    pub open: &'static [f32],
    /// Level of the sympathetic answer.
    pub sympathy: f32,
    /// Noise of the finger on wound strings while the pitch slides.
    pub slide: f32,
    /// Buzz of a curved bridge (jawari).
    pub buzz: f32,
    /// Strokes per second of the tremolo.
    pub tremolo: f32,
    /// Stereo spread of low to high strings, 0..=1.
    pub spread: f32,
    /// The body.
    pub body: Body,
}

/// A plucked instrument.
#[derive(Clone, Copy, Debug)]
pub struct Plucked {
    /// What it is made of.
    pub spec: &'static PluckedSpec,
}

impl Instrument for Plucked {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let spec = self.spec;
        let expanded = glissandi(phrase, spec.open);
        let list = chains(&expanded, Stealing::PerKey);
        let tail = f64::from(spec.release * 1.3 + 1.0).min(LONGEST_TAIL);
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list.iter().fold(Seconds(0.0), |end, chain| {
            end.max(chain.off() + Seconds(tail))
        });
        let mut bus = Bus::new(first, end, true, rate);
        let hz = rate.hz() as f32;
        for chain in &list {
            render_chain(spec, chain, hz, &mut bus);
        }
        if spec.sympathy > 0.0 && !list.is_empty() {
            let mut strings = Sympathy::new(spec.open, 3.5, spec.sympathy, hz);
            strings.process(&mut bus.left, &mut bus.right);
        }
        Resonator::new(&spec.body, hz).process(&mut bus.left, &mut bus.right);
        sanitize(&mut bus.left);
        sanitize(&mut bus.right);
        bus.finish()
    }
}

/// Adds the run of strings before every note marked as a glissando. The strings are those whose
/// pitch classes the phrase itself uses (the tuning of the moment), or the open ones.
fn glissandi(phrase: &PerformedPhrase, open: &[f32]) -> PerformedPhrase {
    let mut out = phrase.clone();
    if !phrase
        .notes
        .iter()
        .any(|n| n.articulation == Articulation::Glissando)
    {
        return out;
    }
    let mut classes = [false; 12];
    for note in &phrase.notes {
        classes[usize::from(note.key % 12)] = true;
    }
    if classes.iter().filter(|&&used| used).count() < 4 {
        for key in open {
            classes[(*key as usize) % 12] = true;
        }
    }
    for note in phrase
        .notes
        .iter()
        .filter(|n| n.articulation == Articulation::Glissando)
    {
        let keys: Vec<u8> = (note.key.saturating_sub(19)..note.key)
            .filter(|key| classes[usize::from(key % 12)])
            .collect();
        let run = &keys[keys.len().saturating_sub(9)..];
        for (i, &key) in run.iter().enumerate() {
            let left = (run.len() - i) as f64;
            // The hand speeds up as it nears its goal.
            let ahead = 0.030 * left + 0.0016 * left * left;
            out.notes.push(PerformedNote {
                on: Seconds(note.on.0 - ahead),
                off: note.off,
                key,
                velocity: effort(note) * (0.9 - 0.045 * left as f32),
                articulation: Articulation::Normal,
                pitch: Curve::default(),
                level: note.level.clone(),
                tone: note.tone.clone(),
                legato: false,
                lyric: None,
            });
        }
    }
    out.notes
        .sort_by(|a, b| a.on.0.total_cmp(&b.on.0).then(a.key.cmp(&b.key)));
    out
}

/// The moving parts of one voice.
struct Voice<'a> {
    spec: &'a PluckedSpec,
    strings: Vec<(Waveguide, f32, f32)>,
    exc: Vec<f32>,
    at: usize,
    click: Svf,
    click_level: f32,
    click_keep: f32,
    noise: Noise,
    rate: f32,
    count: u64,
    seed: u64,
}

impl Voice<'_> {
    fn damp(&mut self, hz: f32, t60: f32, high: f32) {
        for (i, (string, cents, _)) in self.strings.iter_mut().enumerate() {
            let share = if i % 2 == 1 { self.spec.second } else { 1.0 };
            let hz = hz * math::cents_to_ratio(*cents);
            string.damp(hz, t60 * share, (high * share).min(t60 * share));
        }
    }

    fn tune(&mut self, key: f32, frames: usize) {
        for (string, cents, _) in &mut self.strings {
            string.tune(math::key_to_hz(key + *cents / 100.0), frames);
        }
    }

    fn pluck(&mut self, key: f32, velocity: f32, tone: f32, articulation: Articulation) {
        let spec = self.spec;
        let mut rng = Noise::new(self.seed ^ self.count.wrapping_mul(0x51_7CC1));
        self.count += 1;
        let effort = (velocity + 0.03 * rng.white()).clamp(0.02, 1.0);
        let octaves = math::log2(f64::from(spec.hardness.1 / spec.hardness.0)) as f32;
        let bright = effort + 0.45 * tone + 0.05 * rng.white();
        let mut pluck = Pluck {
            hz: math::key_to_hz(key),
            place: (spec.place * (1.0 - 0.25 * tone) * (1.0 + 0.18 * rng.white())).clamp(0.02, 0.5),
            hardness: spec.hardness.0 * math::fast_exp2(octaves * bright.clamp(-0.3, 1.4)),
            tilt: spec.tilt,
            noise: spec.noise * (0.7 + 0.6 * effort),
            level: 0.28 * velocity_gain(effort),
        };
        let mut click = spec.click.2 * velocity_gain(effort) * (0.8 + 0.3 * rng.white());
        match articulation {
            Articulation::Harmonic => {
                pluck.hardness = (pluck.hz * 3.5).min(pluck.hardness);
                pluck.place = 0.41;
                pluck.level *= 0.75;
                pluck.noise *= 0.3;
                click *= 0.4;
            }
            Articulation::Mute | Articulation::Ghost => {
                pluck.hardness *= 0.6;
                click *= 1.2;
            }
            Articulation::Accent | Articulation::Marcato => {
                pluck.hardness *= 1.25;
                click *= 1.3;
            }
            _ => {}
        }
        // Hard plucks reach far above the highest strings' fundamentals, soft ones at least two partials.
        pluck.hz = pluck.hz.min(self.rate * 0.3);
        pluck.hardness = pluck.hardness.max(pluck.hz * 1.2).min(self.rate * 0.4);
        for (string, _, _) in &mut self.strings {
            string.touch(0.55);
        }
        let mut fresh = excitation(&pluck, rng_seed(self.seed, self.count), self.rate);
        for (new, old) in fresh.iter_mut().zip(self.exc.iter().skip(self.at)) {
            *new += old;
        }
        self.exc = fresh;
        self.at = 0;
        self.click_level += click;
    }

    fn block(&mut self, out: &mut [f32; BLOCK]) {
        for x in out.iter_mut() {
            let drive = self.exc.get(self.at).copied().unwrap_or(0.0);
            self.at += 1;
            let mut sum = 0.0;
            for (string, _, weight) in &mut self.strings {
                sum += *weight * string.step(drive);
            }
            if self.click_level > 1e-6 {
                sum += self.click.unity_band(self.noise.white() * self.click_level);
                self.click_level *= self.click_keep;
            }
            *x = sum;
        }
    }
}

fn rng_seed(seed: u64, count: u64) -> u64 {
    seed.rotate_left(17) ^ count.wrapping_mul(0x9E37_79B9)
}

fn render_chain(spec: &PluckedSpec, chain: &Chain<'_>, rate: f32, bus: &mut Bus) {
    let first = chain.notes[0];
    let lowest = chain.notes.iter().map(|n| n.key).min().unwrap_or(first.key);
    let mut noise = Noise::new(chain.seed ^ 0x1CE);
    let mut strings = Vec::with_capacity(2 * spec.course.max(1));
    let course = spec.course.clamp(1, 3);
    for i in 0..course {
        let place = if course == 1 {
            0.0
        } else {
            i as f32 / (course - 1) as f32 - 0.5
        };
        let cents = spec.course_cents * (place + 0.08 * noise.white());
        // Strings of a course start together: their sum grows faster than their power.
        let share = [1.0, 0.6, 0.44][course - 1];
        let floor = math::key_to_hz(f32::from(lowest) - 13.0);
        let guide = Waveguide::new(floor, spec.stiff.0, spec.stiff.1, rate);
        let sway = spec.beating * (1.0 + 0.3 * noise.white());
        strings.push((guide.clone(), cents - sway * 0.2, 0.68 * share));
        if i == 0 {
            strings.push((guide, cents + sway * 0.8, 0.32 * share));
        }
    }
    let mut voice = Voice {
        spec,
        strings,
        exc: Vec::new(),
        at: 0,
        click: Svf::new(
            spec.click.0 * (1.0 + 0.12 * noise.white()),
            spec.click.1,
            rate,
        ),
        click_level: 0.0,
        click_keep: math::exp(-1.0 / f64::from(spec.click.3.max(1e-4) * rate)) as f32,
        noise: Noise::new(chain.seed ^ 0xC11C),
        rate,
        count: 0,
        seed: chain.seed,
    };
    let mut reader = Reader::new(chain, 0.045, rate);
    let mut squeak = (Svf::new(2_600.0, 1.2, rate), 0.0_f32);
    let mut jawari = Jawari::new(rate);
    let (gl, gr) = pan_gains(spec.spread * ((f32::from(first.key) - 62.0) / 40.0));
    let mut at = bus.index(chain.on());
    let mut pending = plan_strokes(chain, spec, 0, 0.0);
    let mut next = 0;
    let mut state = u8::MAX;
    let mut old_key = f32::NAN;
    let (mut level, mut quiet, mut tension) = (f32::NAN, 0, 0.0_f32);
    let fall = math::exp(-(BLOCK as f64) / (0.05 * f64::from(rate))) as f32;
    loop {
        let c = reader.step();
        let note = chain.notes[c.index];
        if c.joined {
            pending = plan_strokes(chain, spec, c.index, c.time);
            next = 0;
        }
        // Damping: ringing, muted, released, or taken away by the next stroke on this string.
        let now = if c.held {
            u8::from(matches!(
                note.articulation,
                Articulation::Mute | Articulation::Ghost
            ))
        } else if chain
            .cut
            .is_some_and(|cut| chain.on().0 + f64::from(c.time) >= cut.0)
        {
            3
        } else {
            2
        };
        let key = c.key + tension / 100.0;
        tension *= fall;
        let moved = (key - old_key).abs() > 5e-4 || old_key.is_nan();
        if now != state {
            let hz = math::key_to_hz(c.key);
            let ring = spec.decay * math::pow(f64::from(110.0 / hz), f64::from(spec.slope)) as f32;
            let (t60, high) = match now {
                0 => (ring, spec.high),
                1 => (ring.min(0.28), 0.06),
                2 => {
                    let short = matches!(
                        note.articulation,
                        Articulation::Staccato | Articulation::Choke | Articulation::Mute
                    );
                    let t = if short {
                        spec.release.min(0.12)
                    } else {
                        spec.release
                    };
                    (ring.min(t), spec.high.min(t * 0.6))
                }
                _ => (0.05, 0.03),
            };
            voice.damp(hz, t60, high);
            state = now;
        }
        if moved || state != 0 {
            let speed = if old_key.is_nan() {
                0.0
            } else {
                (key - old_key).abs()
            };
            squeak.1 = (speed * spec.slide).min(0.02);
            voice.tune(key, if old_key.is_nan() { 0 } else { BLOCK });
            old_key = key;
        } else {
            squeak.1 *= 0.8;
            for (string, _, _) in &mut voice.strings {
                string.hold();
            }
        }
        while let Some(&(when, strength)) = pending.get(next)
            && when <= c.time
        {
            if next == 0 {
                tension += spec.tension * c.velocity * c.velocity;
            }
            voice.pluck(
                c.key,
                (c.velocity * strength).min(1.0),
                c.tone,
                note.articulation,
            );
            next += 1;
        }
        let mut block = [0.0; BLOCK];
        voice.block(&mut block);
        if squeak.1 > 1e-5 {
            for x in &mut block {
                *x += squeak.0.unity_band(voice.noise.white()) * squeak.1;
            }
        }
        if spec.buzz > 0.0 {
            jawari.process(&mut block, spec.buzz);
        }
        if level.is_nan() {
            level = c.level;
        }
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let slope = (c.level - level) / BLOCK as f32;
        let mut peak = 0.0_f32;
        for (n, x) in block.iter().enumerate() {
            level += slope;
            let y = x * level;
            peak = peak.max(y.abs());
            left[n] = y * gl;
            right[n] = y * gr;
        }
        level = c.level;
        if !bus.add(at, &left, &right) {
            break;
        }
        at += BLOCK;
        quiet = if peak < 1.5e-5 { quiet + 1 } else { 0 };
        if quiet > 60 && next >= pending.len() && c.index + 1 == chain.notes.len() {
            break;
        }
    }
}

/// The strokes of one note of a chain, in seconds since the chain's onset.
fn plan_strokes(chain: &Chain<'_>, spec: &PluckedSpec, index: usize, now: f32) -> Vec<(f32, f32)> {
    let note = chain.notes[index];
    let length = (note.off.0 - note.on.0).clamp(0.0, 600.0) as f32;
    match note.articulation {
        Articulation::Tremolo => {
            let seed = chain.seed ^ index as u64;
            let mut list = strokes(seed, (length - 0.03).max(0.01), spec.tremolo);
            for stroke in &mut list {
                stroke.0 += now;
            }
            list
        }
        // A joined note is hammered on or slid to: no stroke of its own.
        _ if index > 0 && note.legato => {
            if note.articulation == Articulation::Accent {
                vec![(now, 0.8)]
            } else {
                Vec::new()
            }
        }
        _ => vec![(now, 1.0)],
    }
}

/// A curved bridge that the string grazes: the louder half of each swing is clipped, which feeds
/// high partials for as long as the string swings (Raman, "On some Indian stringed instruments",
/// Proc. Indian Assoc. Cultiv. Sci. 7, 1921; Valette, "The mechanics of vibrating strings", 1995).
struct Jawari {
    envelope: f32,
    fall: f32,
    high: OnePole,
    band: Svf,
}

impl Jawari {
    fn new(rate: f32) -> Self {
        Self {
            envelope: 0.0,
            fall: math::exp(-1.0 / (0.03 * f64::from(rate))) as f32,
            high: OnePole::new(700.0, rate),
            band: Svf::new(2_400.0, 0.8, rate),
        }
    }

    fn process(&mut self, block: &mut [f32; BLOCK], amount: f32) {
        for x in block {
            self.envelope = (self.envelope * self.fall).max(x.abs());
            let u = *x / (self.envelope + 1e-5);
            // Only the part of the swing that reaches the bridge bends: a one-sided corner.
            let graze = (u - 0.35).max(0.0);
            let bent = graze * graze * self.envelope;
            let h = self.high.high(bent);
            *x += amount * (h + self.band.unity_band(h));
        }
    }
}
