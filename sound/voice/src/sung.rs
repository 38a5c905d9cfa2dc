//! Played notes as syllables: who is sung, and on which notes.

use crate::plan::{Pause, PlanSyllable};
use yuefu_audio::Curve;
use yuefu_lang::{Part, Phone, Sounds};
use yuefu_song::{
    Articulation, Lyric, PerformedNote, PerformedPhrase,
    lyrics::{Delivery, Rest},
};

/// A phrase as a singer reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sung {
    /// Syllables in order of their notes.
    pub syllables: Vec<SungSyllable>,
    /// The length of the phrase in seconds.
    pub length: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// What could not be sung as written, each with the number of its note.
    pub remarks: Vec<Remark>,
}

/// A syllable with the notes that it is sung on.
#[derive(Clone, Debug, PartialEq)]
pub struct SungSyllable {
    /// Code of its language.
    pub lang: &'static str,
    /// Its phones.
    pub sounds: Sounds,
    /// How it is delivered.
    pub delivery: Delivery,
    /// Whether it begins a word.
    pub starts_word: bool,
    /// The rest that the words ask for after it.
    pub rest: Rest,
    /// Whether it continues the syllable before it without a new attack: hummed notes that are
    /// slurred.
    pub slurred: bool,
    /// Its notes, at least one; the first carries the syllable, the others are a melisma.
    pub notes: Vec<SungNote>,
}

/// A note of a syllable; times are seconds since the start of the phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct SungNote {
    /// Onset.
    pub on: f64,
    /// Release; never after the onset of the next note.
    pub off: f64,
    /// MIDI key.
    pub key: f32,
    /// Effort, 0..=1.
    pub velocity: f32,
    /// Explicit movements of the pitch in cents since the onset (slides, falls, bends).
    pub pitch: Curve,
    /// Level in decibels since the onset.
    pub level: Curve,
    /// How it is sung.
    pub articulation: Articulation,
}

impl SungSyllable {
    /// When its vowel is due.
    pub fn on(&self) -> f64 {
        self.notes[0].on
    }

    /// When its last note is released.
    pub fn off(&self) -> f64 {
        self.notes[self.notes.len() - 1].off
    }

    /// The syllable of a plan, without phones yet.
    pub(crate) fn planned(&self, phones: (usize, usize), pause: Pause) -> PlanSyllable {
        PlanSyllable {
            lang: self.lang,
            tone: self.sounds.tone,
            stress: self.sounds.stress,
            starts_word: self.starts_word,
            pause,
            phones,
            on: self.on(),
        }
    }
}

/// Something in a phrase that is sung otherwise than written.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Number of the played note.
    pub note: usize,
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

/// Notes that begin within this many seconds of each other are one chord, of which a voice sings
/// one note.
const CHORD: f64 = 0.03;

/// Reads a phrase for one of several voices: of chords, voice 0 sings the highest note, voice 1 the
/// next, and the last voices share the lowest.
///
/// A note without words continues the syllable before it. Notes before the first word of a phrase,
/// and phrases without any words, are hummed: `a` where they are sung out, `u` where they are soft.
pub fn read(phrase: &PerformedPhrase, voice: usize) -> Sung {
    let mut sung = Sung {
        syllables: Vec::new(),
        length: phrase.length.0,
        seed: phrase.seed,
        remarks: Vec::new(),
    };
    let mut rest = 0..phrase.notes.len();
    let mut worded = false;
    while let Some(first) = rest.next() {
        let start = phrase.notes[first].on.0;
        while rest.start < rest.end && phrase.notes[rest.start].on.0 - start < CHORD {
            rest.next();
        }
        let chord = &phrase.notes[first..rest.start];
        let mut order: Vec<usize> = (0..chord.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(chord[*index].key));
        let chosen = &chord[order[voice.min(order.len() - 1)]];
        // Whatever note of a chord carries the words, every voice sings them.
        let lyric = chord.iter().find_map(|note| note.lyric.as_deref());
        close(&mut sung, chosen.on.0);
        let note = note_of(chosen);
        match lyric.map(|lyric| (lyric, sounds_of(lyric))) {
            Some((lyric, Ok((lang, sounds)))) => {
                sung.syllables
                    .push(worded_syllable(lyric, lang, sounds, note));
                worded = true;
            }
            Some((lyric, Err(remark))) => {
                sung.remarks.push(Remark {
                    note: first,
                    ..remark
                });
                sung.syllables.push(hummed(note, false, lyric.delivery));
                worded = true;
            }
            None => match sung.syllables.last_mut() {
                Some(syllable) if worded => syllable.notes.push(note),
                last => {
                    let slurred = chosen.legato && last.is_some();
                    sung.syllables.push(hummed(note, slurred, Delivery::Lead));
                }
            },
        }
    }
    sung
}

/// The number of notes of the largest chord; at least 1.
pub fn parts(phrase: &PerformedPhrase) -> usize {
    let mut most = 1;
    let mut from = 0;
    for (index, note) in phrase.notes.iter().enumerate() {
        if note.on.0 - phrase.notes[from].on.0 >= CHORD {
            from = index;
        }
        most = most.max(index + 1 - from);
    }
    most
}

/// A voice sings one note at a time: what still sounds ends where the next note begins.
fn close(sung: &mut Sung, at: f64) {
    if let Some(last) = sung.syllables.last_mut().and_then(|s| s.notes.last_mut()) {
        last.off = last.off.min(at).max(last.on + 0.001);
    }
}

fn note_of(note: &PerformedNote) -> SungNote {
    SungNote {
        on: note.on.0,
        off: note.off.0.max(note.on.0 + 0.001),
        key: f32::from(note.key),
        velocity: note.velocity.clamp(0.0, 1.0),
        pitch: note.pitch.clone(),
        level: note.level.clone(),
        articulation: note.articulation,
    }
}

fn worded_syllable(
    lyric: &Lyric,
    lang: &'static str,
    sounds: Sounds,
    note: SungNote,
) -> SungSyllable {
    SungSyllable {
        lang,
        sounds,
        delivery: lyric.delivery,
        starts_word: !lyric.continues,
        rest: lyric.rest,
        slurred: false,
        notes: vec![note],
    }
}

fn hummed(note: SungNote, slurred: bool, delivery: Delivery) -> SungSyllable {
    let symbol = if note.velocity < 0.4 { "u" } else { "a" };
    SungSyllable {
        lang: "en",
        sounds: Sounds {
            phones: vec![Phone {
                symbol,
                part: Part::Nucleus,
            }],
            tone: None,
            stress: Some(1),
        },
        delivery,
        starts_word: true,
        rest: Rest::None,
        slurred,
        notes: vec![note],
    }
}

/// The phones of a lyric with the code of its language.
fn sounds_of(lyric: &Lyric) -> Result<(&'static str, Sounds), Remark> {
    let code = yuefu_lang::language::code_of(&lyric.lang);
    let sounds = code.map_or_else(
        || yuefu_lang::sounds(&lyric.lang, &lyric.reading).map(|sounds| ("en", sounds)),
        |code| yuefu_lang::sounds(code, &lyric.reading).map(|sounds| (code, sounds)),
    );
    match sounds {
        Ok((code, sounds)) if !sounds.phones.is_empty() => Ok((code, sounds)),
        Ok(_) => Err(remark(lyric, "no phones", "没有音素")),
        Err(error) => Err(remark(lyric, &error.en, &error.zh)),
    }
}

fn remark(lyric: &Lyric, en: &str, zh: &str) -> Remark {
    Remark {
        note: 0,
        en: format!(
            "`{}` cannot be read as `{}` and is hummed: {en}",
            lyric.text, lyric.reading
        ),
        zh: format!(
            "“{}”不能按“{}”来读，改为哼唱：{zh}",
            lyric.text, lyric.reading
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{note, phrase};

    #[test]
    fn notes_without_words_continue_the_syllable_before() {
        let notes = vec![
            note(0.0, 0.5, 60, Some("en -{HH AH0}")),
            note(0.5, 0.5, 62, Some("en -{L OW1} joined phrase")),
            note(1.0, 0.5, 64, None),
            note(1.5, 0.5, 65, Some("cmn 好{hao3} whisper")),
        ];
        let sung = read(&phrase(notes, 2.0), 0);
        assert_eq!(sung.syllables.len(), 3);
        assert_eq!(sung.syllables[1].notes.len(), 2);
        assert!(sung.syllables[0].starts_word && !sung.syllables[1].starts_word);
        assert_eq!(sung.syllables[2].lang, "cmn");
        assert_eq!(sung.syllables[2].delivery, Delivery::Whisper);
        assert!(sung.remarks.is_empty());
    }

    #[test]
    fn a_voice_sings_one_note_of_a_chord() {
        let chord = |at: f64, lyric| {
            vec![
                note(at, 1.0, 60, lyric),
                note(at + 0.004, 1.0, 64, None),
                note(at + 0.008, 1.5, 67, None),
            ]
        };
        let mut notes = chord(0.0, Some("en la{L AA1}"));
        notes.extend(chord(1.0, Some("en la{L AA1}")));
        let phrase = phrase(notes, 2.0);
        for (voice, key) in [(0, 67.0), (1, 64.0), (2, 60.0), (7, 60.0)] {
            let sung = read(&phrase, voice);
            assert_eq!(sung.syllables.len(), 2);
            assert_eq!(sung.syllables[0].notes[0].key, key);
            assert!(sung.syllables[0].off() <= sung.syllables[1].on());
        }
    }

    #[test]
    fn what_cannot_be_read_is_hummed_with_a_remark() {
        let notes = vec![
            note(0.0, 0.5, 60, None),
            note(0.5, 0.5, 60, Some("cmn 好{hello}")),
            note(1.0, 0.5, 60, Some("xx 好{hao3}")),
        ];
        let sung = read(&phrase(notes, 2.0), 0);
        assert_eq!(sung.syllables.len(), 3);
        assert_eq!(sung.remarks.len(), 2);
        assert_eq!(sung.remarks[0].note, 1);
    }
}
