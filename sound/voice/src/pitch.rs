//! The pitch at every instant: notes, the ways between them, and what makes it a voice.
//!
//! What is added to the bare notes follows Saitou, Unoki & Akagi, *Development of an F0 control
//! model based on F0 dynamic characteristics for singing-voice synthesis* (Speech Communication
//! 46, 2005): transitions, vibrato and slow fluctuation.

use crate::{
    plan::{FRAME, Track},
    singer::Natural,
    sung::{Sung, SungNote},
    timing::Timing,
};
use yuefu_audio::{Curve, math};
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{Articulation, VoiceCurves, VoiceSettings, lyrics::Delivery};

/// Notes shorter than this many seconds are not shaken.
const VIBRATO_LEAST: f64 = 0.55;
/// Seconds in which a vibrato grows.
const VIBRATO_GROWS: f64 = 0.35;
/// How much wider than in speech the melody of rap is.
const RAP_WIDTH: f32 = 1.2;

/// The frames of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frames {
    /// Time of the first.
    pub start: f64,
    /// Their number.
    pub count: usize,
}

impl Frames {
    pub fn time(self, index: usize) -> f64 {
        self.start + index as f64 * FRAME
    }

    /// Frames from one instant up to another.
    pub fn range(self, from: f64, to: f64) -> std::ops::Range<usize> {
        let place =
            |time: f64| (((time - self.start) / FRAME).ceil().max(0.0) as usize).min(self.count);
        place(from)..place(to).max(place(from))
    }
}

/// A note with the syllable it belongs to.
struct Place<'a> {
    note: &'a SungNote,
    syllable: usize,
    /// Whether it is the first of its syllable.
    first: bool,
}

/// Pitch as sung and as written (without ornaments), in hertz.
pub(crate) fn curves(
    sung: &Sung,
    timing: &Timing,
    natural: &Natural,
    settings: &VoiceSettings,
    curves: &VoiceCurves,
    frames: Frames,
) -> (Track, Track) {
    let notes: Vec<Place<'_>> = sung
        .syllables
        .iter()
        .enumerate()
        .flat_map(|(syllable, sung)| {
            sung.notes
                .iter()
                .enumerate()
                .map(move |(index, note)| Place {
                    note,
                    syllable,
                    first: index == 0,
                })
        })
        .collect();
    let mut tune = tune(&notes, timing, settings, frames);
    let mut cents = vec![0.0; frames.count];
    for (index, place) in notes.iter().enumerate() {
        let next = notes.get(index + 1).map(|next| next.note.on);
        vibrato(&mut cents, sung, place, next, settings, curves, frames);
        explicit(&mut cents, place.note, frames);
    }
    scoops(&mut cents, sung, timing, settings, frames);
    drift(&mut cents, sung.seed, settings, frames);
    let mut extra = curves.pitch.cursor();
    for (index, cents) in cents.iter_mut().enumerate() {
        *cents += extra.at(frames.time(index) as f32);
    }
    speech(&mut tune, sung, timing, natural, frames);
    let hz = |key: f32| math::key_to_hz(key.clamp(-12.0, 119.0)).clamp(20.0, 4000.0);
    let f0 = tune
        .iter()
        .zip(&cents)
        .map(|(key, cents)| hz(key + cents.clamp(-2400.0, 2400.0) * 0.01))
        .collect();
    (Track(f0), Track(tune.into_iter().map(hz).collect()))
}

/// Keys with transitions. Every note's pitch holds from its own transition to the next one's.
fn tune(
    notes: &[Place<'_>],
    timing: &Timing,
    settings: &VoiceSettings,
    frames: Frames,
) -> Vec<f32> {
    let mut keys = vec![notes.first().map_or(60.0, |place| place.note.key); frames.count];
    for (number, pair) in notes.windows(2).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        // Later notes overwrite what comes after their own beginning.
        let until = notes
            .get(number + 2)
            .map_or(f64::INFINITY, |next| next.note.on);
        let on = after.note.on;
        let joined = !after.first || timing.joined[after.syllable];
        let (from, to) = if joined {
            // A slur moves around its note's onset; a syllable moves while its consonants
            // sound, and has arrived when the vowel is heard.
            let wide = f64::from(settings.portamento);
            let wide = wide
                .min(0.5 * (on - before.note.on))
                .min(after_length(after.note));
            let centre = if after.first {
                on - 0.45 * wide
            } else {
                on - 0.02
            };
            (centre - 0.5 * wide, centre + 0.5 * wide)
        } else {
            // Across a rest nobody hears the way.
            let first = timing.phones[timing.syllables[after.syllable].phones.0].start;
            (first - 0.02, first)
        };
        for index in frames.range(from, until) {
            let share = (frames.time(index) - from) / (to - from).max(1e-6);
            keys[index] = if share >= 1.0 {
                after.note.key
            } else {
                let eased = math_ease(share as f32);
                before.note.key + (after.note.key - before.note.key) * eased
            };
        }
    }
    keys
}

/// The share of a note that its transition may take.
fn after_length(note: &SungNote) -> f64 {
    (0.6 * (note.off - note.on)).max(0.01)
}

fn math_ease(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// A generator of its own for everything about one note.
fn note_rng(sung: &Sung, what: &str, note: &SungNote) -> Rng {
    SeedPath::song(sung.seed)
        .join(what)
        .join((note.on * 1e6).round() as i64)
        .rng()
}

fn vibrato(
    cents: &mut [f32],
    sung: &Sung,
    place: &Place<'_>,
    next: Option<f64>,
    settings: &VoiceSettings,
    curves: &VoiceCurves,
    frames: Frames,
) {
    let note = place.note;
    let end = next
        .unwrap_or(f64::INFINITY)
        .min(note.off + crate::timing::RELEASE);
    let spoken = matches!(
        sung.syllables[place.syllable].delivery,
        Delivery::Rap | Delivery::Spoken
    );
    // Movements that the performance asks for include its vibrato.
    if spoken || end - note.on < VIBRATO_LEAST || !note.pitch.is_empty() {
        return;
    }
    let mut rng = note_rng(sung, "vibrato", note);
    let onset = f64::from(settings.vibrato_delay * rng.range(0.85, 1.15));
    let depth = settings.vibrato_depth * rng.range(0.85, 1.15);
    let rate = settings.vibrato_rate * rng.range(0.96, 1.04);
    let (mut deeper, mut faster) = (curves.vibrato_depth.cursor(), curves.vibrato_rate.cursor());
    let mut cycles = 0.0;
    for index in frames.range(note.on + onset, end) {
        let time = frames.time(index);
        let grown = math_ease(((time - note.on - onset) / VIBRATO_GROWS) as f32);
        let ending = math_ease(((end - time) / 0.12) as f32);
        let depth = (depth + deeper.at(time as f32)).max(0.0);
        cents[index] += depth * grown * ending * math::fast_sin_cycles(cycles);
        cycles += (rate + faster.at(time as f32)).clamp(0.0, 20.0) * FRAME as f32;
        cycles -= cycles.floor();
    }
}

/// Slides, bends and falls of the performance.
fn explicit(cents: &mut [f32], note: &SungNote, frames: Frames) {
    if note.pitch.is_empty() {
        return;
    }
    let mut cursor = note.pitch.cursor();
    let late = if note.articulation == Articulation::Fall {
        crate::timing::RELEASE
    } else {
        0.0
    };
    for index in frames.range(note.on, note.off + late) {
        cents[index] += cursor.at((frames.time(index) - note.on) as f32);
    }
}

/// Lines begin from a little below.
fn scoops(
    cents: &mut [f32],
    sung: &Sung,
    timing: &Timing,
    settings: &VoiceSettings,
    frames: Frames,
) {
    for (index, syllable) in sung.syllables.iter().enumerate() {
        let note = &syllable.notes[0];
        if timing.joined[index] || !note.pitch.is_empty() || syllable.delivery == Delivery::Rap {
            continue;
        }
        let mut rng = note_rng(sung, "scoop", note);
        let depth = settings.scoop * rng.range(0.6, 1.1);
        let rise = 0.06 * f64::from(rng.range(0.85, 1.3));
        let rise = rise.min(0.3 * (note.off - note.on));
        let start = timing.phones[timing.syllables[index].phones.0].start;
        for frame in frames.range(start - 0.02, note.on + rise) {
            let share = ((frames.time(frame) - note.on) / rise) as f32;
            cents[frame] -= depth * (1.0 - math_ease(share));
        }
    }
}

/// Slow wandering: noise below about one cycle a second, with the asked depth as its spread.
fn drift(cents: &mut [f32], seed: u64, settings: &VoiceSettings, frames: Frames) {
    if settings.drift <= 0.0 {
        return;
    }
    let mut rng = SeedPath::song(seed).join("drift").rng();
    // Smooth interpolation between values drawn every 0.35 s. A curve through independent values
    // of unit spread has a spread of about 0.86; so they are drawn a little wider.
    let every = 0.35;
    let mut draw = || settings.drift * 2.0 * rng.range(-1.0, 1.0);
    let (mut a, mut b) = (draw(), draw());
    let mut next = every;
    for (index, cents) in cents.iter_mut().enumerate() {
        let time = (frames.time(index) - frames.start) as f32;
        while time >= next {
            (a, b) = (b, draw());
            next += every;
        }
        *cents += a + (b - a) * math_ease((time - (next - every)) / every);
    }
}

/// Rap and speech have the melody of speech: rap around its notes, speech around the pitch of
/// the first of them.
fn speech(keys: &mut [f32], sung: &Sung, timing: &Timing, natural: &Natural, frames: Frames) {
    let voiced: Vec<f32> = natural
        .pitch
        .0
        .iter()
        .copied()
        .filter(|hz| *hz > 40.0)
        .collect();
    let spoken = |index: &usize| {
        matches!(
            sung.syllables[*index].delivery,
            Delivery::Rap | Delivery::Spoken
        )
    };
    let first = (0..sung.syllables.len()).find(spoken);
    let Some(first) = first else {
        return;
    };
    let mean = if voiced.is_empty() {
        0.0
    } else {
        let sum: f64 = voiced.iter().map(|hz| math::log2(f64::from(*hz))).sum();
        (sum / voiced.len() as f64) as f32
    };
    // Where each phone lies in the natural utterance.
    let mut starts = Vec::with_capacity(natural.seconds.len());
    let mut at = 0.0;
    for seconds in &natural.seconds {
        starts.push(at);
        at += seconds;
    }
    let home = sung.syllables[first].notes[0].key;
    for index in (0..sung.syllables.len()).filter(spoken) {
        let syllable = &sung.syllables[index];
        let center = match syllable.delivery {
            Delivery::Rap => syllable.notes[0].key,
            _ => home,
        };
        let (from, to) = timing.syllables[index].phones;
        for (phone, phone_plan) in timing.phones.iter().enumerate().take(to).skip(from) {
            for frame in frames.range(phone_plan.start, phone_plan.end) {
                let time = frames.time(frame);
                let offset = if voiced.is_empty() {
                    contour(
                        sung,
                        index,
                        (time - timing.phones[from].start)
                            / (timing.phones[to - 1].end - timing.phones[from].start).max(1e-6),
                    )
                } else {
                    let place = starts[phone] + phone_plan.progress(time) * natural.seconds[phone];
                    let hz = natural.pitch.at(place);
                    if hz > 40.0 {
                        (12.0 * (math::log2(f64::from(hz)) as f32 - mean)).clamp(-9.0, 9.0)
                    } else {
                        0.0
                    }
                };
                keys[frame] = center + RAP_WIDTH * offset;
            }
        }
    }
}

/// The melody of a spoken syllable by rule, in semitones, where the singer knows none: Chao's
/// tone letters for Mandarin (*A Grammar of Spoken Chinese*, 1968), stress for English, and a slow
/// fall through the line.
fn contour(sung: &Sung, index: usize, share: f64) -> f32 {
    let syllable = &sung.syllables[index];
    let share = share as f32;
    let (from, to) = match (syllable.lang, syllable.sounds.tone, syllable.sounds.stress) {
        ("cmn", Some(1), _) => (3.0, 3.0),
        ("cmn", Some(2), _) => (-0.5, 3.0),
        ("cmn", Some(3), _) => (-2.5, -4.0),
        ("cmn", Some(4), _) => (3.5, -3.0),
        ("yue", Some(1), _) => (3.0, 3.0),
        ("yue", Some(2), _) => (-1.0, 3.0),
        ("yue", Some(3), _) => (0.5, 0.5),
        ("yue", Some(4), _) => (-3.0, -4.5),
        ("yue", Some(5), _) => (-2.5, 0.0),
        ("yue", Some(6), _) => (-1.5, -1.5),
        (_, _, Some(1)) => (2.5, 0.5),
        (_, _, Some(2)) => (1.0, 0.0),
        _ => (-1.0, -1.0),
    };
    let fall = -2.0 * index as f32 / sung.syllables.len() as f32;
    from + (to - from) * share.clamp(0.0, 1.0) + fall
}

/// Reads a curve at every frame.
pub(crate) fn sampled(curve: &Curve, frames: Frames) -> impl Iterator<Item = f32> + '_ {
    let mut cursor = curve.cursor();
    (0..frames.count).map(move |index| cursor.at(frames.time(index) as f32))
}
