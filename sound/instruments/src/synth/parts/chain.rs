//! Notes joined into chains: one chain is one string stroke, bow or breath.

use super::BLOCK;
use super::noise::Noise;
use yuefu_audio::Seconds;
use yuefu_audio::math;
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

/// A note and the legato notes that continue it: one voice plays them all.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// At least one note, in order of onset.
    pub notes: Vec<&'a PerformedNote>,
    /// When another voice takes this one's string (or breath), if ever; at or after the onset.
    pub cut: Option<Seconds>,
    /// Seed of this chain: depends on its first note and the phrase's seed, not on its place in
    /// the list, so that editing one note leaves the noise of the others alone.
    pub seed: u64,
}

/// What ends a ringing voice before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stealing {
    /// One voice for the whole instrument: wind, solo bowed string, mono synth.
    Mono,
    /// One voice for each key: strings, bars, drums.
    PerKey,
    /// Voices never end each other.
    Never,
}

/// Joins the notes of a phrase.
pub fn chains(phrase: &PerformedPhrase, stealing: Stealing) -> Vec<Chain<'_>> {
    let mut list: Vec<Chain<'_>> = Vec::new();
    for note in &phrase.notes {
        if note.legato {
            // The voice whose last note ends nearest to this onset is the one continued.
            let nearest = list
                .iter_mut()
                .filter(|c| c.last().on.0 < note.on.0 && c.last().off.0 > note.on.0 - 0.25)
                .min_by(|a, b| {
                    let distance = |c: &Chain<'_>| {
                        (c.last().off.0 - note.on.0).abs()
                            + 0.01 * (f64::from(c.last().key) - f64::from(note.key)).abs()
                    };
                    distance(a).total_cmp(&distance(b))
                });
            if let Some(chain) = nearest {
                chain.notes.push(note);
                continue;
            }
        }
        list.push(Chain {
            notes: vec![note],
            cut: None,
            seed: note_seed(phrase.seed, note),
        });
    }
    let starts: Vec<(Seconds, u8)> = list.iter().map(|c| (c.on(), c.notes[0].key)).collect();
    for (index, chain) in list.iter_mut().enumerate() {
        let key = chain.last().key;
        chain.cut = match stealing {
            Stealing::Never => None,
            Stealing::Mono => starts.get(index + 1).map(|s| s.0),
            Stealing::PerKey => starts[index + 1..]
                .iter()
                .find(|s| s.1 == key && s.0.0 > chain.notes[0].on.0)
                .map(|s| s.0),
        };
    }
    list
}

/// Every note as a chain of its own, whatever its legato mark: drums.
pub fn singles(phrase: &PerformedPhrase) -> Vec<Chain<'_>> {
    phrase
        .notes
        .iter()
        .map(|note| Chain {
            notes: vec![note],
            cut: None,
            seed: note_seed(phrase.seed, note),
        })
        .collect()
}

/// Mixes a phrase's seed with what identifies a note in it.
fn note_seed(seed: u64, note: &PerformedNote) -> u64 {
    let micros = (note.on.0 * 1e6).round() as i64 as u64;
    let mut z = seed ^ micros.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ (u64::from(note.key) << 48);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl<'a> Chain<'a> {
    /// Onset of the first note.
    pub fn on(&self) -> Seconds {
        self.notes[0].on
    }

    /// The last note.
    pub fn last(&self) -> &'a PerformedNote {
        self.notes[self.notes.len() - 1]
    }

    /// Release of the last note, or the moment another voice takes over.
    pub fn off(&self) -> Seconds {
        // An hour is longer than any breath; it bounds what a damaged file can ask for.
        let off = self
            .last()
            .off
            .max(self.on())
            .min(self.on() + Seconds(3_600.0));
        self.cut.map_or(off, |cut| off.min(cut))
    }
}

/// The state of a chain at one control tick.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// Seconds since the chain's onset.
    pub time: f32,
    /// Seconds since the sounding note's own onset.
    pub since: f32,
    /// Sounding pitch as a fractional MIDI key, with curve, glide and fallback articulation.
    pub key: f32,
    /// Linear gain of the level curve.
    pub level: f32,
    /// Decibels of the level curve.
    pub level_db: f32,
    /// Tone curve, −1..=1.
    pub tone: f32,
    /// Velocity of the sounding note.
    pub velocity: f32,
    /// Index of the sounding note in the chain.
    pub index: usize,
    /// Whether this tick is the first of a legato note.
    pub joined: bool,
    /// Whether the key is held.
    pub held: bool,
}

/// Steps through a chain, [`BLOCK`] frames at a time.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    notes: Vec<&'a PerformedNote>,
    origin: f64,
    off: f64,
    step: f64,
    tick: u64,
    index: usize,
    offset: f32,
    glide: f32,
    previous: f32,
}

impl<'a> Reader<'a> {
    /// A reader for a chain. `glide` is the time in seconds in which a joined note's pitch
    /// covers most of its way, where its own curve does not say.
    pub fn new(chain: &Chain<'a>, glide: f32, rate: f32) -> Self {
        let step = BLOCK as f64 / f64::from(rate);
        Self {
            notes: chain.notes.clone(),
            origin: chain.on().0,
            off: chain.off().0,
            step,
            tick: 0,
            index: 0,
            offset: 0.0,
            glide: if glide > 0.0 {
                math::exp(-3.0 * step / f64::from(glide)) as f32
            } else {
                0.0
            },
            previous: f32::from(chain.notes[0].key),
        }
    }

    /// The state at the next tick; the first call gives the onset.
    pub fn step(&mut self) -> Control {
        let now = self.origin + self.tick as f64 * self.step;
        self.tick += 1;
        let mut joined = false;
        while let Some(next) = self.notes.get(self.index + 1)
            && next.on.0 <= now
        {
            self.index += 1;
            joined = true;
        }
        let note = self.notes[self.index];
        let since = ((now - note.on.0) as f32).max(0.0);
        let target = f32::from(note.key) + bend(note, since) / 100.0;
        // A slide needs time to be heard as one, however short the instrument's usual join.
        if joined {
            let carried = note.pitch.at(0.0).abs() > 30.0;
            self.offset = if carried { 0.0 } else { self.previous - target };
        }
        let keep = if note.articulation == Articulation::Slide {
            self.glide.max(math::exp(-3.0 * self.step / 0.14) as f32)
        } else {
            self.glide
        };
        if !joined {
            self.offset *= keep;
        }
        self.previous = target + self.offset;
        let level_db = sane(note.level.at(since), -90.0, 24.0, 0.0);
        Control {
            time: (now - self.origin) as f32,
            since,
            key: self.previous.clamp(0.0, 140.0),
            level: math::fast_exp2(level_db * 0.166_096_4),
            level_db,
            tone: sane(note.tone.at(since), -1.0, 1.0, 0.0),
            velocity: effort(note),
            index: self.index,
            joined,
            held: now < self.off,
        }
    }
}

/// Cents by which a note departs from its key: its curve, or, where the performer gave none,
/// a plain rendering of its articulation.
fn bend(note: &PerformedNote, since: f32) -> f32 {
    if !note.pitch.is_empty() {
        return sane(note.pitch.at(since), -14_000.0, 14_000.0, 0.0);
    }
    let length = (note.off.0 - note.on.0) as f32;
    let ease = |from: f32, to: f32| {
        let x = ((since - from) / (to - from).max(1e-3)).clamp(0.0, 1.0);
        x * x * (3.0 - 2.0 * x)
    };
    match note.articulation {
        Articulation::Slide if !note.legato => {
            -200.0 * (1.0 - ease(0.0, 0.14_f32.min(length * 0.5)))
        }
        Articulation::Bend => -200.0 * (1.0 - ease(0.05, 0.28_f32.min(length * 0.7))),
        Articulation::Press => {
            200.0
                * (ease(length * 0.2, length * 0.2 + 0.16) - ease(length * 0.6, length * 0.6 + 0.2))
        }
        Articulation::Fall => -700.0 * ease(length * 0.6, length * 1.05),
        Articulation::Trill => {
            let phase = since * 7.5;
            200.0 * ((math::fast_sin_cycles(phase - 0.25) * 6.0).clamp(-1.0, 1.0) * 0.5 + 0.5)
        }
        Articulation::Vibrato => 24.0 * ease(0.08, 0.4) * math::fast_sin_cycles(since * 4.8),
        _ => 0.0,
    }
}

/// A value within its range; `otherwise` when it is no number (a damaged file).
fn sane(x: f32, low: f32, high: f32, otherwise: f32) -> f32 {
    if x.is_nan() {
        otherwise
    } else {
        x.clamp(low, high)
    }
}

/// The velocity of a note within 0..=1, 0.5 when it is no number.
pub fn effort(note: &PerformedNote) -> f32 {
    sane(note.velocity, 0.0, 1.0, 0.5)
}

/// Times of the strokes of a tremolo between two instants, each with its relative strength:
/// never quite even, as no hand is.
pub fn strokes(seed: u64, length: f32, rate: f32) -> Vec<(f32, f32)> {
    let mut noise = Noise::new(seed ^ 0x7E11);
    let mut list = Vec::new();
    let mut at = 0.0;
    while at < length && list.len() < 4_096 {
        let down = if list.len() % 2 == 0 { 1.0 } else { 0.86 };
        list.push((at, down * (1.0 + 0.12 * noise.white())));
        at += (1.0 + 0.09 * noise.white()) / rate;
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::Curve;

    fn note(on: f64, off: f64, key: u8, legato: bool) -> PerformedNote {
        PerformedNote {
            on: Seconds(on),
            off: Seconds(off),
            key,
            velocity: 0.6,
            articulation: Articulation::Normal,
            pitch: Curve::default(),
            level: Curve::default(),
            tone: Curve::default(),
            legato,
            lyric: None,
        }
    }

    #[test]
    fn legato_notes_join_and_glide() {
        let phrase = PerformedPhrase {
            instrument: "erhu".into(),
            notes: vec![
                note(0.0, 0.5, 62, false),
                note(0.5, 1.0, 69, true),
                note(1.0, 1.5, 62, false),
            ],
            length: Seconds(2.0),
            seed: 1,
        };
        let list = chains(&phrase, Stealing::Mono);
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].cut, Some(Seconds(1.0)));
        let mut reader = Reader::new(&list[0], 0.05, 44_100.0);
        let keys: Vec<f32> = (0..1_300).map(|_| reader.step().key).collect();
        assert!((keys[100] - 62.0).abs() < 1e-3);
        assert!((keys[1_200] - 69.0).abs() < 1e-2);
        let largest = keys
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        assert!(largest < 0.6, "a glide, not a jump: {largest}");
    }
}
