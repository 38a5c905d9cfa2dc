//! Phrases for tests.

use yuefu_audio::{Curve, Seconds};
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

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
