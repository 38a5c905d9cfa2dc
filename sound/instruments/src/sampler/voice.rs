//! One voice: a region's sample through pitch, filter, envelope and pan.

use super::{
    envelope::{Envelope, Lfo},
    filter::{Coefficients, LowPass, Tilt},
    modulate::{Controls, follows, modulated},
    resample::{self, Loop, Position},
};
use crate::bank::{GENERATORS, Region, Sample, region::number as g};
use yuefu_audio::{Curve, math, math::fast_exp2};

/// Frames per block, and per block of the first instants, where envelopes move fast.
const BLOCK: usize = 64;
const FINE: usize = 16;
/// Seconds for which a voice is rendered finely.
const FINE_TIME: f32 = 0.006;
/// Below this a released voice is over.
const SILENCE: f32 = 2e-5;
/// A voice ends after this many seconds, whatever its envelope says.
const LONGEST: f64 = 60.0;

/// What one voice needs to know. Times are in seconds since its onset.
#[derive(Clone, Debug)]
pub struct VoiceSpec<'a> {
    /// The region it plays.
    pub region: &'a Region,
    /// Its sample.
    pub sample: &'a Sample,
    /// The other side of a stereo recording, if it may be rendered along: its sample, and its
    /// pan less that of the region. See [`paired`].
    pub partner: Option<(&'a Sample, f32)>,
    /// Key on the MIDI scale.
    pub key: f32,
    /// Velocity on the MIDI scale, 0..=127, with fractions.
    pub velocity: f32,
    /// Deviation in cents over time.
    pub pitch: &'a Curve,
    /// Level in decibels over time.
    pub level: &'a Curve,
    /// Tone −1..=1 over time.
    pub tone: &'a Curve,
    /// Constant detuning in cents, gain in decibels and tone of this very note.
    pub detune: f32,
    /// See `detune`.
    pub gain: f32,
    /// See `detune`.
    pub shade: f32,
    /// Tone that follows the level: per decibel.
    pub level_tone: f32,
    /// Key up.
    pub off: f32,
    /// Points of the sample to skip (legato, round robin).
    pub skip: f64,
    /// Seconds of fade-in in place of the attack, when joined to another voice.
    pub joined: Option<f32>,
    /// When and over how many seconds the voice is faded out by another.
    pub cut: Option<(f32, f32)>,
    /// Release in seconds, instead of the region's.
    pub release: Option<f32>,
    /// Onset in the phrase, for controllers.
    pub onset: f64,
}

/// Growing stereo audio whose first frame is frame 0 of the owner's choosing.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    /// Left.
    pub left: Vec<f32>,
    /// Right.
    pub right: Vec<f32>,
}

impl Canvas {
    fn reserve(&mut self, frames: usize) {
        if self.left.len() < frames {
            self.left.resize(frames, 0.0);
            self.right.resize(frames, 0.0);
        }
    }
}

/// Left and right gains of a pan in −500..=500 (equal power; a pair sums to its sides).
fn pan_gains(pan: f32) -> (f32, f32) {
    let angle =
        f64::from((pan.clamp(-500.0, 500.0) + 500.0) / 1_000.0) * std::f64::consts::FRAC_PI_2;
    (math::cos(angle) as f32, math::sin(angle) as f32)
}

/// Speed, gain, and left and right gains of both sides at one instant.
type Moment = (f64, f32, [(f32, f32); 2]);

/// The parts of a voice that modulators may change while it sounds.
struct Shape {
    values: [f32; GENERATORS],
    mod_lfo: Lfo,
    vib_lfo: Lfo,
    loudness: f32,
    /// Left and right gains, the partner's second.
    pans: [(f32, f32); 2],
}

impl Shape {
    fn new(values: [f32; GENERATORS], gain: f32, apart: f32) -> Self {
        Self {
            mod_lfo: Lfo::new(values[g::MOD_LFO_DELAY], values[g::MOD_LFO_FREQUENCY]),
            vib_lfo: Lfo::new(values[g::VIB_LFO_DELAY], values[g::VIB_LFO_FREQUENCY]),
            loudness: math::db_to_gain(
                gain - 0.1 * values[g::ATTENUATION].clamp(0.0, 1_440.0)
                    - 0.05 * values[g::FILTER_Q].clamp(0.0, 960.0),
            ),
            pans: [pan_gains(values[g::PAN]), pan_gains(values[g::PAN] + apart)],
            values,
        }
    }
}

/// Whether two regions differ in nothing but which sample they play and where it is heard from:
/// the sides of a stereo recording. They then share pitch, envelopes and filter.
pub fn paired(a: (&Region, &Sample), b: (&Region, &Sample)) -> bool {
    let side = |number| matches!(number, g::SAMPLE | g::PAN);
    let agree = |(number, (a, b)): (usize, (&f32, &f32))| side(number) || a == b;
    let (one, other) = (a.1, b.1);
    one.length == other.length
        && (one.loop_start, one.loop_end) == (other.loop_start, other.loop_end)
        && (one.rate, one.key, one.correction) == (other.rate, other.key, other.correction)
        && a.0.modulators == b.0.modulators
        && a.0
            .generators
            .iter()
            .zip(&b.0.generators)
            .enumerate()
            .all(agree)
}

/// Adds one voice to the canvas, its onset at `at` frames (a fraction counts).
pub fn render(spec: &VoiceSpec<'_>, controls: &Controls, rate: f32, at: f64, out: &mut Canvas) {
    match spec.partner {
        Some((partner, _)) => {
            render_sides(spec, [spec.sample, partner], controls, rate, at, out);
        }
        None => render_sides(spec, [spec.sample], controls, rate, at, out),
    }
}

/// Renders samples that share all but their pan.
fn render_sides<const N: usize>(
    spec: &VoiceSpec<'_>,
    samples: [&Sample; N],
    controls: &Controls,
    rate: f32,
    at: f64,
    out: &mut Canvas,
) {
    let sample = spec.sample;
    let apart = spec.partner.map_or(0.0, |(_, apart)| apart);
    if sample.length == 0 {
        return;
    }
    let live = follows(spec.region, controls);
    let shape_at = |time: f64| {
        Shape::new(
            modulated(spec.region, spec.key, spec.velocity, controls, time),
            spec.gain,
            apart,
        )
    };
    let mut shape = shape_at(spec.onset);
    let v = shape.values;

    let key = if v[g::KEY] >= 0.0 {
        v[g::KEY]
    } else {
        spec.key
    };
    let root = if v[g::ROOT_KEY] >= 0.0 {
        v[g::ROOT_KEY]
    } else {
        sample.key
    };
    let tuning = v[g::SCALE_TUNING] * (key - root) + sample.correction + spec.detune;
    let base = f64::from(sample.rate / rate);
    let speed_of =
        |cents: f32| base * f64::from(fast_exp2(cents.clamp(-12_000.0, 12_000.0) / 1_200.0));
    let tuned =
        |values: &[f32; GENERATORS]| tuning + values[g::COARSE_TUNE] * 100.0 + values[g::FINE_TUNE];

    let points_from = |fine: f32, coarse: f32| f64::from(fine) + f64::from(coarse) * 32_768.0;
    let inside = |place: f64| place.clamp(0.0, sample.length as f64) as usize;
    let start = points_from(v[g::START], v[g::START_COARSE]).max(0.0) + spec.skip;
    let end = inside(sample.length as f64 + points_from(v[g::END], v[g::END_COARSE]));
    let looped = Loop {
        start: inside(
            sample.loop_start as f64 + points_from(v[g::LOOP_START], v[g::LOOP_START_COARSE]),
        ),
        end: inside(sample.loop_end as f64 + points_from(v[g::LOOP_END], v[g::LOOP_END_COARSE])),
    };
    let mode = v[g::SAMPLE_MODES] as i32 & 3;
    let loops = (mode == 1 || mode == 3) && looped.end > looped.start + 2;
    let points = samples
        .map(|sample| &sample.points[..(end + crate::bank::PADDING).min(sample.points.len())]);

    let volume = Envelope::new(&v[g::VOL_ENV_DELAY..=g::VOL_ENV_RELEASE], key, v[39], v[40]);
    let volume = if spec.joined.is_some() {
        volume.joined()
    } else {
        volume
    };
    let volume = spec
        .release
        .map_or(volume, |release| volume.released_in(release));
    let modulation = Envelope::new(&v[g::MOD_ENV_DELAY..=30], key, v[31], v[32]);

    let plain = !live
        && v[g::FILTER_CUTOFF] >= 13_400.0
        && v[g::FILTER_Q] <= 0.0
        && v[g::MOD_ENV_TO_CUTOFF] >= 0.0
        && v[g::MOD_LFO_TO_CUTOFF] == 0.0;
    let mut filter = LowPass::<N>::new();
    let toned = !spec.tone.is_empty() || spec.shade != 0.0 || spec.level_tone != 0.0;
    let hertz = math::key_to_hz(key);
    let mut tilt = Tilt::<N>::new((hertz * 2.5).clamp(400.0, 5_000.0), rate);

    let kernel = resample::kernel_for(speed_of(tuned(&v)));
    let first = at.ceil();
    let mut frame = first as usize;
    let lead = first - at;
    let mut position = Position::new(start + lead * speed_of(tuned(&v)));
    if loops && mode == 1 && position.whole() >= looped.end {
        position = Position::new(looped.start as f64);
    }
    let (mut pitch, mut level, mut tone) =
        (spec.pitch.cursor(), spec.level.cursor(), spec.tone.cursor());
    let last = frame + (LONGEST * f64::from(rate)) as usize;
    let per_frame = 1.0 / rate;
    let time_of = |frame: usize| ((frame as f64 - at) * f64::from(per_frame)) as f32;

    let mut blocks = [[0.0_f32; BLOCK]; N];
    let mut before: Option<Moment> = None;
    while frame < last {
        let now = time_of(frame);
        let fine = now < FINE_TIME
            || (now < volume.attacked() && volume.attacked() < 0.02)
            || (now >= spec.off && now < spec.off + FINE_TIME);
        let length = if fine { FINE } else { BLOCK };
        let ends = [now, time_of(frame + length)];
        // The values at the block's end; at the very first, those at its start too.
        for &time in &ends[usize::from(before.is_some())..] {
            if live {
                shape = shape_at(spec.onset + f64::from(time));
            }
            let s = &shape.values;
            let lfo = shape.mod_lfo.at(time);
            let env = modulation.modulation(time, spec.off);
            let cents = tuned(s)
                + pitch.at(time)
                + s[g::MOD_LFO_TO_PITCH] * lfo
                + s[g::VIB_LFO_TO_PITCH] * shape.vib_lfo.at(time)
                + s[g::MOD_ENV_TO_PITCH] * env;
            let decibels = level.at(time);
            let mut gain = shape.loudness
                * volume.volume(time, spec.off)
                * fast_exp2((decibels + 0.1 * s[g::MOD_LFO_TO_VOLUME] * lfo) * 0.166_096_4);
            if let Some(fade) = spec.joined {
                gain *= fade_in(time / fade);
            }
            if let Some((from, over)) = spec.cut {
                gain *= fade_in(1.0 - (time - from) / over);
            }
            let next = (speed_of(cents), gain, shape.pans);
            let Some(start) = before.replace(next) else {
                continue;
            };
            let looping = loops && (mode == 1 || time <= spec.off);
            position = resample::read(
                points,
                kernel,
                looping.then_some(looped),
                position,
                (start.0, next.0),
                chunks(&mut blocks, length),
            );
            if !plain {
                let cutoff = s[g::FILTER_CUTOFF]
                    + s[g::MOD_LFO_TO_CUTOFF] * lfo
                    + s[g::MOD_ENV_TO_CUTOFF] * env;
                let cutoff = 8.176 * fast_exp2(cutoff.clamp(1_500.0, 13_500.0) / 1_200.0);
                // Q is counted from the flat response, 3 dB above that of the damping.
                let k = math::db_to_gain(3.01 - 0.1 * s[g::FILTER_Q].clamp(0.0, 960.0));
                filter.run(
                    chunks(&mut blocks, length),
                    Coefficients::new(cutoff, k, rate),
                );
            }
            if toned {
                let shade = spec.shade + tone.at(time) + spec.level_tone * decibels;
                tilt.run(chunks(&mut blocks, length), shade, frame == first as usize);
            }
            out.reserve(frame + length);
            let pans = start.2.iter().zip(&next.2);
            for (block, (pan, then)) in blocks.iter().zip(pans) {
                let block = &block[..length];
                let left = &mut out.left[frame..frame + length];
                mix(block, left, start.1 * pan.0, next.1 * then.0);
                let right = &mut out.right[frame..frame + length];
                mix(block, right, start.1 * pan.1, next.1 * then.1);
            }
        }
        frame += length;
        let done = time_of(frame);
        let faded = spec.cut.is_some_and(|(from, over)| done > from + over);
        // Judged by the envelope alone: a curve may begin in silence.
        let quiet = done > volume.attacked().min(spec.off)
            && volume.volume(done, spec.off) * shape.loudness < SILENCE;
        let over = !(loops && (mode == 1 || done <= spec.off)) && position.whole() > end;
        if faded || over || quiet {
            break;
        }
    }
}

/// The beginning of each channel's block.
#[inline]
fn chunks<const N: usize>(blocks: &mut [[f32; BLOCK]; N], length: usize) -> [&mut [f32]; N] {
    blocks.each_mut().map(|block| &mut block[..length])
}

/// A quarter sine 0 to 1, constant beyond: two of them crossed keep the power.
#[inline]
fn fade_in(x: f32) -> f32 {
    math::fast_sin_cycles(x.clamp(0.0, 1.0) * 0.25)
}

/// Adds a block with a gain that runs straight from one value to another. Blocks are whole
/// multiples of eight, which lets the compiler work on vectors.
#[inline]
fn mix(block: &[f32], out: &mut [f32], from: f32, to: f32) {
    // The far side of a hard pan: a cosine of almost zero.
    if from.abs().max(to.abs()) < 1e-12 {
        return;
    }
    let step = (to - from) / block.len() as f32;
    let mut gains = [0.0; 8];
    for (lane, gain) in gains.iter_mut().enumerate() {
        *gain = from + step * lane as f32;
    }
    for (targets, samples) in out.chunks_exact_mut(8).zip(block.chunks_exact(8)) {
        for lane in 0..8 {
            targets[lane] += samples[lane] * gains[lane];
            gains[lane] += step * 8.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::region;

    /// Both sides of a recording, with a filter that moves and vibrato.
    fn side(seed: u32, pan: f32) -> (Region, Sample) {
        let points = (0..6_000_u32)
            .map(|i| math::fast_sin_cycles((i * (7 + seed)) as f32 / 701.0 % 1.0) * 0.5)
            .collect();
        let mut generators = region::defaults();
        generators[g::PAN] = pan;
        generators[g::SAMPLE] = seed as f32;
        generators[g::SAMPLE_MODES] = 1.0;
        generators[g::FILTER_CUTOFF] = 8_000.0;
        generators[g::MOD_LFO_TO_CUTOFF] = 900.0;
        generators[g::VIB_LFO_TO_PITCH] = 30.0;
        let region = Region {
            keys: (0, 127),
            velocities: (0, 127),
            sample: 0,
            generators,
            modulators: region::default_modulators(),
            pick: None,
        };
        (region, Sample::new(points, 44_100.0, 60.0, (1_000, 5_900)))
    }

    fn spec<'a>(side: &'a (Region, Sample), flat: &'a Curve) -> VoiceSpec<'a> {
        VoiceSpec {
            region: &side.0,
            sample: &side.1,
            partner: None,
            key: 65.0,
            velocity: 100.0,
            pitch: flat,
            level: flat,
            tone: flat,
            detune: 3.0,
            gain: -2.0,
            shade: 0.2,
            level_tone: 0.0,
            off: 0.4,
            skip: 0.0,
            joined: None,
            cut: None,
            release: None,
            onset: 0.0,
        }
    }

    #[test]
    fn a_pair_sounds_as_its_sides_do() {
        for pans in [(-500.0, 500.0), (-120.0, 260.0)] {
            let (left, right) = (side(1, pans.0), side(5, pans.1));
            assert!(paired((&left.0, &left.1), (&right.0, &right.1)));
            let flat = Curve::default();
            let render_all = |specs: &[VoiceSpec<'_>]| {
                let mut canvas = Canvas::default();
                for spec in specs {
                    render(spec, &Controls::default(), 48_000.0, 10.3, &mut canvas);
                }
                canvas
            };
            let apart = render_all(&[spec(&left, &flat), spec(&right, &flat)]);
            let mut pair = spec(&left, &flat);
            pair.partner = Some((&right.1, pans.1 - pans.0));
            let together = render_all(&[pair]);
            assert!(apart.left.iter().any(|x| x.abs() > 0.05));
            for (a, b) in [
                (&apart.left, &together.left),
                (&apart.right, &together.right),
            ] {
                assert_eq!(a.len(), b.len());
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6));
            }
        }
    }

    #[test]
    fn regions_that_differ_are_no_pair() {
        let (left, mut right) = (side(1, -500.0), side(5, 500.0));
        right.0.generators[g::FINE_TUNE] = 4.0;
        assert!(!paired((&left.0, &left.1), (&right.0, &right.1)));
    }
}
