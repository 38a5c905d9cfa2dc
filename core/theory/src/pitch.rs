//! Spelled pitch: step, alteration and octave.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// The seven note names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// do
    C,
    /// re
    D,
    /// mi
    E,
    /// fa
    F,
    /// sol
    G,
    /// la
    A,
    /// ti
    B,
}

impl Step {
    /// All steps from C to B.
    pub const ALL: [Self; 7] = [
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::A,
        Self::B,
    ];

    /// Semitones above C.
    pub const fn semitones(self) -> i32 {
        [0, 2, 4, 5, 7, 9, 11][self as usize]
    }

    /// The step `n` places up (negative: down), wrapping at the octave.
    pub fn up(self, n: i32) -> Self {
        Self::ALL[(self as i32 + n).rem_euclid(7) as usize]
    }

    /// Its letter.
    pub const fn letter(self) -> char {
        ['C', 'D', 'E', 'F', 'G', 'A', 'B'][self as usize]
    }

    /// The step of a letter in either case.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|step| step.letter() == letter.to_ascii_uppercase())
    }
}

/// A pitch class with its spelling: C♯ and D♭ differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpelledPc {
    /// The letter.
    pub step: Step,
    /// Sharps (positive) or flats (negative), −3..=3.
    pub alter: i8,
}

impl SpelledPc {
    /// A spelled pitch class.
    pub const fn new(step: Step, alter: i8) -> Self {
        Self { step, alter }
    }

    /// Semitones above C, 0..12.
    pub fn pc(self) -> u8 {
        (self.step.semitones() + i32::from(self.alter)).rem_euclid(12) as u8
    }

    /// The usual spelling of a pitch class on its own: C, D♭, D, E♭, E, F, F♯, G, A♭, A, B♭, B.
    pub fn common(pc: u8) -> Self {
        const TABLE: [(Step, i8); 12] = [
            (Step::C, 0),
            (Step::D, -1),
            (Step::D, 0),
            (Step::E, -1),
            (Step::E, 0),
            (Step::F, 0),
            (Step::F, 1),
            (Step::G, 0),
            (Step::A, -1),
            (Step::A, 0),
            (Step::B, -1),
            (Step::B, 0),
        ];
        let (step, alter) = TABLE[usize::from(pc % 12)];
        Self { step, alter }
    }

    /// The pitch class an interval above: `steps` letters and `semitones` half tones up.
    pub fn up(self, steps: i32, semitones: i32) -> Self {
        let step = self.step.up(steps);
        let want = (i32::from(self.pc()) + semitones).rem_euclid(12);
        let mut alter = (want - step.semitones()).rem_euclid(12);
        if alter > 6 {
            alter -= 12;
        }
        if alter.abs() > 2 {
            return Self::common(want as u8);
        }
        Self {
            step,
            alter: alter as i8,
        }
    }

    /// Position on the line of fifths (C = 0, G = 1, F = −1).
    pub fn fifths(self) -> i32 {
        [0, 2, 4, -1, 1, 3, 5][self.step as usize] + 7 * i32::from(self.alter)
    }
}

impl fmt::Display for SpelledPc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step.letter())?;
        let sign = if self.alter < 0 { "b" } else { "#" };
        f.write_str(&sign.repeat(usize::from(self.alter.unsigned_abs())))
    }
}

impl FromStr for SpelledPc {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match parse_pc(text) {
            Some((pc, "")) => Ok(pc),
            _ => Err(format!(
                "expected a note name such as C, F# or Bb, found `{text}`"
            )),
        }
    }
}

/// Reads a note name at the start of a text and returns the rest. Accepts `#`, `♯`, `b`, `♭`.
pub fn parse_pc(text: &str) -> Option<(SpelledPc, &str)> {
    let mut rest = text.chars();
    let step = Step::from_letter(rest.next()?)?;
    let mut alter = 0_i8;
    loop {
        let before = rest.as_str();
        match rest.next() {
            Some('#' | '♯') if (0..3).contains(&alter) => alter += 1,
            Some('b' | '♭') if (-2..=0).contains(&alter) => alter -= 1,
            _ => return Some((SpelledPc { step, alter }, before)),
        }
    }
}

/// A spelled pitch: middle C is C4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pitch {
    /// Letter and alteration.
    pub name: SpelledPc,
    /// Scientific octave of the letter: B♯3 sounds like C4.
    pub octave: i8,
}

impl Pitch {
    /// A pitch from its parts.
    pub const fn new(step: Step, alter: i8, octave: i8) -> Self {
        Self {
            name: SpelledPc { step, alter },
            octave,
        }
    }

    /// Its MIDI key (60 = C4). May lie outside 0..=127 for extreme octaves.
    pub fn midi(self) -> i32 {
        (i32::from(self.octave) + 1) * 12 + self.name.step.semitones() + i32::from(self.name.alter)
    }

    /// The usual spelling of a MIDI key on its own.
    pub fn from_midi(key: i32) -> Self {
        Self::spelled(key, SpelledPc::common(key.rem_euclid(12) as u8))
    }

    /// A MIDI key with a given spelling. The pitch class must agree; else the usual one is used.
    pub fn spelled(key: i32, name: SpelledPc) -> Self {
        let name = if i32::from(name.pc()) == key.rem_euclid(12) {
            name
        } else {
            SpelledPc::common(key.rem_euclid(12) as u8)
        };
        let octave = (key - name.step.semitones() - i32::from(name.alter)).div_euclid(12) - 1;
        Self {
            name,
            octave: octave as i8,
        }
    }
}

impl PartialOrd for Pitch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pitch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.midi(), self.octave, self.name).cmp(&(other.midi(), other.octave, other.name))
    }
}

impl fmt::Display for Pitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.octave)
    }
}

impl FromStr for Pitch {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse_pc(text)
            .and_then(|(name, rest)| {
                Some(Self {
                    name,
                    octave: rest.parse().ok()?,
                })
            })
            .filter(|pitch| (-2..=10).contains(&pitch.octave))
            .ok_or_else(|| format!("expected a pitch such as C4 or Eb3, found `{text}`"))
    }
}

macro_rules! as_text {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}
pub(crate) use as_text;

as_text!(SpelledPc);
as_text!(Pitch);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_and_sound_agree() {
        for (text, midi) in [
            ("C4", 60),
            ("B#3", 60),
            ("Cb4", 59),
            ("Eb3", 51),
            ("F##5", 79),
            ("A4", 69),
        ] {
            let pitch: Pitch = text.parse().unwrap();
            assert_eq!(pitch.midi(), midi, "{text}");
            assert_eq!(pitch.to_string(), text);
            assert_eq!(Pitch::spelled(midi, pitch.name), pitch);
        }
        assert_eq!(SpelledPc::new(Step::D, 0).up(2, 4).to_string(), "F#");
        assert!("H4".parse::<Pitch>().is_err());
    }
}
