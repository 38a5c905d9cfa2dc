//! Has a line spoken and takes it apart.

use crate::store::{FRAME_VALUES, LabeledPhone, NOISE, Recorded};
use yuefu_audio::math;
use yuefu_audio::world::{CheapTrick, D4c, Frames, Synthesizer};
use yuefu_kokoro::{
    Alignment, Error, FRAME, Kokoro, LATENESS, Line, LineSyllable, Owner, PITCH_HOP, Prosody, RATE,
    Voice, trim,
};
use yuefu_lang::Part;
use yuefu_voice::neural::bands::{self, BANDS};
use yuefu_voice::neural::symbol_number;

/// Pitch below which the teacher means no voice, in hertz.
const VOICELESS: f32 = 60.0;
/// How a one-letter diphthong divides between its two phones.
const FIRST_HALF: f32 = 0.55;

/// How a line is to be spoken.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Speed, 1 being the voice's own.
    pub speed: f32,
    /// Semitones by which the pitch is moved.
    pub moved: f32,
}

/// A line as spoken: samples at 24 kHz with its labels.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Samples.
    pub audio: Vec<f32>,
    /// Pitch in hertz every 12.5 ms; 0 for none.
    pub pitch: Vec<f32>,
    /// Phones with their times.
    pub phones: Vec<LabeledPhone>,
}

/// Speaks a line.
///
/// # Errors
/// Of the teacher.
pub fn speak(
    kokoro: &Kokoro,
    voice: &Voice,
    syllables: &[LineSyllable],
    manner: Manner,
) -> Result<Spoken, Box<dyn std::error::Error>> {
    let line = Line::spell(syllables)?;
    let style = voice.style(line.len());
    let reading = kokoro.read(&line, style, manner.speed)?;
    let natural = trim(&line, &reading.frames);
    let alignment = Alignment::new(&natural);
    let prosody = kokoro.intone(&reading, &alignment, style)?;
    let factor = math::cents_to_ratio(manner.moved * 100.0);
    let pitch: Vec<f32> = prosody
        .pitch
        .iter()
        .map(|hz| if *hz > VOICELESS { hz * factor } else { *hz })
        .collect();
    let prosody = Prosody { pitch, ..prosody };
    let audio = kokoro.sound(&reading, &alignment, &prosody, style)?;
    let pitch = prosody
        .pitch
        .iter()
        .map(|hz| if *hz > VOICELESS { *hz } else { 0.0 })
        .collect();
    let phones = label(syllables, &line, &natural, alignment.frames())?;
    Ok(Spoken {
        audio,
        pitch,
        phones,
    })
}

/// Phones with times from tokens with lengths.
fn label(
    syllables: &[LineSyllable],
    line: &Line,
    lengths: &[f32],
    frames: usize,
) -> Result<Vec<LabeledPhone>, Error> {
    let late = (LATENESS / PITCH_HOP) as f32;
    let per = (FRAME / PITCH_HOP) as f32;
    let end = frames as f32 * per;
    // Each phone of each syllable with its length, silence in between.
    let mut out: Vec<LabeledPhone> = Vec::new();
    let mut at = 0.0_f32;
    for (owner, length) in line.owners.iter().zip(lengths) {
        let length = length * per;
        let (start, stop) = (at, at + length);
        at = stop;
        match *owner {
            Owner::Pause => {
                // A space of a few frames between words belongs to what was said before it.
                match out.last_mut() {
                    Some(last) if length <= 4.0 || last.part == 4 => last.end = stop,
                    _ => out.push(LabeledPhone {
                        symbol: 0,
                        lang: 0,
                        part: 4,
                        tone: 0,
                        stress: 3,
                        syllable: 255,
                        start,
                        end: stop,
                    }),
                }
            }
            Owner::Phones {
                syllable,
                first,
                end: after,
            } => {
                for phone in first..after {
                    let share = |part: f32| start + (stop - start) * part;
                    let (low, high) = match (after - first, phone - first) {
                        (1, _) => (start, stop),
                        (_, 0) => (start, share(FIRST_HALF)),
                        _ => (share(FIRST_HALF), stop),
                    };
                    let new = phone_label(&syllables[syllable], syllable, phone, low, high);
                    match out.last_mut() {
                        // Several letters of one phone: aspiration, a stress or tone mark.
                        Some(last)
                            if last.syllable == new.syllable
                                && last.symbol == new.symbol
                                && last.part == new.part =>
                        {
                            last.end = high;
                        }
                        _ => out.push(new),
                    }
                }
            }
        }
    }
    for phone in &mut out {
        phone.start = (phone.start - late).clamp(0.0, end);
        phone.end = (phone.end - late).clamp(0.0, end);
    }
    if let Some(first) = out.first_mut() {
        first.start = 0.0;
    }
    if let Some(last) = out.last_mut() {
        last.end = end;
    }
    Ok(out)
}

fn phone_label(
    said: &LineSyllable,
    syllable: usize,
    phone: usize,
    start: f32,
    end: f32,
) -> LabeledPhone {
    let phone = said.sounds.phones[phone];
    LabeledPhone {
        symbol: symbol_number(phone.symbol).unwrap_or(34),
        lang: u8::from(said.lang == "en"),
        part: match phone.part {
            Part::Onset => 0,
            Part::Glide => 1,
            Part::Nucleus => 2,
            Part::Coda => 3,
        },
        tone: said.sounds.tone.unwrap_or(0),
        stress: said.sounds.stress.unwrap_or(3),
        syllable: syllable as u8,
        start,
        end,
    }
}

/// The tools that take sound apart, with their memory.
#[derive(Debug)]
pub struct Taker {
    envelope: CheapTrick,
    noise: D4c,
    power: Vec<f64>,
    bands: Vec<f64>,
}

impl Default for Taker {
    fn default() -> Self {
        let envelope = CheapTrick::new(RATE);
        let noise = D4c::new(RATE);
        Self {
            power: vec![0.0; envelope.size() / 2 + 1],
            bands: vec![0.0; noise.bands()],
            envelope,
            noise,
        }
    }
}

impl Taker {
    /// Takes a spoken line apart, frame by frame.
    pub fn take(&mut self, singer: u8, manner: Manner, spoken: &Spoken) -> Recorded {
        let count = spoken.pitch.len();
        let mut frames = vec![0.0; count * FRAME_VALUES];
        let bin = f64::from(RATE) / self.envelope.size() as f64;
        for (index, to) in frames.chunks_exact_mut(FRAME_VALUES).enumerate() {
            let time = (index as f64 + 0.5) * PITCH_HOP;
            let pitch = spoken.pitch[index];
            let voiced = self
                .noise
                .bands_at(&spoken.audio, time, pitch, &mut self.bands);
            self.envelope.envelope(
                &spoken.audio,
                time,
                if voiced { pitch } else { 0.0 },
                &mut self.power,
            );
            let mut bands = [0.0; BANDS];
            bands::reduce(&self.power, bin, &mut bands);
            to[..BANDS].copy_from_slice(&bands);
            for (to, band) in to[BANDS..].iter_mut().zip(&self.bands).take(NOISE) {
                *to = *band as f32;
            }
            to[BANDS + NOISE] = pitch;
            to[BANDS + NOISE + 1] = f32::from(voiced);
            // Where the teacher was told to voice and did not, its sound is no example.
            to[BANDS + NOISE + 2] = if pitch > 0.0 && !voiced { 0.3 } else { 1.0 };
        }
        Recorded {
            singer,
            moved: manner.moved,
            phones: spoken.phones.clone(),
            frames,
        }
    }
}

/// Puts a spoken line together again from what [`Taker`] takes of it: the best that a network can
/// do which gives no more.
pub fn again(spoken: &Spoken) -> Vec<f32> {
    let manner = Manner {
        speed: 1.0,
        moved: 0.0,
    };
    let taken = Taker::default().take(0, manner, spoken);
    let synthesizer = Synthesizer::new(RATE, 1024);
    let bins = synthesizer.bins();
    let bin = f64::from(RATE) / 1024.0;
    let (mut envelope, mut noise) = (Vec::new(), Vec::new());
    for frame in taken.frames.chunks_exact(FRAME_VALUES) {
        for index in 0..bins {
            let hertz = index as f64 * bin;
            envelope.push(bands::level(frame, bands::place(hertz)));
            let points = [-60.0, frame[BANDS], frame[BANDS + 1], frame[BANDS + 2], 0.0];
            let place = (hertz / 3000.0).min(3.999);
            let low = place as usize;
            let level = points[low] + (points[low + 1] - points[low]) * (place - low as f64) as f32;
            noise.push(math::db_to_gain(level));
        }
    }
    let pitch: Vec<f32> = (0..spoken.audio.len())
        .map(|sample| {
            let at = sample as f64 / f64::from(RATE) / PITCH_HOP;
            let frame = (at as usize).min(taken.len() - 1);
            let values = &taken.frames[frame * FRAME_VALUES..(frame + 1) * FRAME_VALUES];
            if values[BANDS + NOISE + 1] > 0.5 {
                values[BANDS + NOISE]
            } else {
                0.0
            }
        })
        .collect();
    synthesizer.render(
        &Frames {
            hop: PITCH_HOP,
            envelope: &envelope,
            noise: &noise,
            pitch: &pitch,
        },
        1,
    )
}
