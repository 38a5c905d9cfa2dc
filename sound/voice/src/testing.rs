//! Phrases for tests.

use yuefu_audio::{Curve, Seconds};
use yuefu_song::{Articulation, Lyric, PerformedNote, PerformedPhrase};

/// A plain note with the line of text of what it sings.
pub fn note(on: f64, length: f64, key: u8, lyric: Option<&str>) -> PerformedNote {
    PerformedNote {
        on: Seconds(on),
        off: Seconds(on + length),
        key,
        velocity: 0.63,
        articulation: Articulation::Normal,
        pitch: Curve::default(),
        level: Curve::default(),
        tone: Curve::default(),
        legato: false,
        lyric: lyric.map(|text| Box::new(text.parse().expect("a lyric"))),
    }
}

/// A phrase of notes.
pub fn phrase(notes: Vec<PerformedNote>, length: f64) -> PerformedPhrase {
    PerformedPhrase {
        instrument: "voice".to_owned(),
        notes,
        length: Seconds(length),
        seed: 7,
    }
}

/// A line of English or Mandarin on equal notes: `(reading, key)`, each `seconds` long.
pub fn line(lang: &str, words: &[(&str, u8)], seconds: f64) -> PerformedPhrase {
    let notes = words
        .iter()
        .enumerate()
        .map(|(index, (reading, key))| {
            let lyric = (!reading.is_empty()).then(|| format!("{lang} -{{{reading}}}"));
            note(index as f64 * seconds, seconds, *key, lyric.as_deref())
        })
        .collect();
    phrase(notes, words.len() as f64 * seconds)
}

/// A pentatonic scale from A3 to E5.
pub const SCALE: [u8; 9] = [57, 60, 62, 64, 67, 69, 72, 74, 76];

/// A line on a walk over [`SCALE`] (an octave lower where `low`), 70 to 140
/// beats a minute, another one for each `number`: syllables that are said to be long last a beat,
/// others half a beat, the last three.
pub fn walk(syllables: &[(Lyric, bool)], number: usize, low: bool) -> PerformedPhrase {
    let beat = 60.0 / (70.0 + 70.0 * ((number * 7) % 30) as f64 / 29.0);
    let mut state = number as u32 * 7919 + 13;
    let mut degree = 2 + (number % 5) as i32;
    let (mut at, mut notes) = (0.0, Vec::new());
    for (index, (lyric, long)) in syllables.iter().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let step = [-2, -1, -1, 0, 1, 1, 2][(state >> 16) as usize % 7];
        degree = (degree + step).clamp(0, 8);
        let beats = match (index + 1 == syllables.len(), long) {
            (true, _) => 3.0,
            (_, true) => 1.0,
            _ => 0.5,
        };
        let key = SCALE[degree as usize] - if low { 12 } else { 0 };
        let mut sung = note(at, beats * beat * 0.97, key, None);
        sung.lyric = Some(Box::new(lyric.clone()));
        notes.push(sung);
        at += beats * beat;
    }
    PerformedPhrase {
        seed: number as u64,
        ..phrase(notes, at)
    }
}
