//! Roman numerals: harmony relative to a key.

use crate::{
    chord::{Chord, Quality},
    key::{Key, Mode},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A chord relative to a key, such as `I`, `vi7`, `bVII`, `V7/vi`, `iiø7`, `IV6/9`, `I:3`.
///
/// Letters in upper case imply a major third and in lower case a minor one; accidentals are
/// relative to the major scale for `b`/`#` marked numerals and to the mode's own scale otherwise,
/// so `VI` in a minor key is the submediant of that key. `:3`, `:5`, `:7` put that tone (counted
/// in thirds above the root) in the bass; `:p` keeps the tonic in the bass as a pedal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roman {
    /// 0 = tonic .. 6 = leading tone.
    pub degree: u8,
    /// Accidental before the numeral.
    pub alter: i8,
    /// Whether the numeral was marked with an accidental (then it counts from the major scale).
    pub marked: bool,
    /// What stands above the root.
    pub quality: Quality,
    /// Chord tone in the bass: 0 root, 1 third, 2 fifth, 3 seventh; 9 tonic pedal.
    pub inversion: u8,
    /// Degree that this chord is applied to, for secondary chords; 0 = none.
    pub of: Option<u8>,
    /// Whether the numeral of `of` was in lower case.
    of_minor: bool,
}

const NUMERALS: [(&str, u8); 7] = [
    ("VII", 6),
    ("III", 2),
    ("VI", 5),
    ("IV", 3),
    ("II", 1),
    ("V", 4),
    ("I", 0),
];

fn numeral(text: &str) -> Option<(u8, bool, &str)> {
    for (name, degree) in NUMERALS {
        if let Some(rest) = text.strip_prefix(name) {
            return Some((degree, false, rest));
        }
        if let Some(rest) = text.strip_prefix(name.to_lowercase().as_str()) {
            return Some((degree, true, rest));
        }
    }
    None
}

impl Roman {
    /// The chord in a key.
    pub fn in_key(&self, key: &Key) -> Chord {
        let local = match self.of {
            Some(of) => Key::new(
                key.degree(i32::from(of), 0),
                if self.of_minor {
                    Mode::Minor
                } else {
                    Mode::Major
                },
            ),
            None => *key,
        };
        let degree = i32::from(self.degree);
        let root = if self.marked || self.of.is_some() {
            let semitones = [0, 2, 4, 5, 7, 9, 11][self.degree as usize] + i32::from(self.alter);
            local.tonic.up(degree, semitones)
        } else if degree == 6
            && matches!(self.quality, Quality::Diminished | Quality::DiminishedSeven)
        {
            // The leading-tone chord stands on the raised seventh in every mode.
            local.tonic.up(6, 11)
        } else {
            local.degree(degree, 0)
        };
        let chord = Chord::new(root, self.quality);
        let tones = chord.tones();
        let bass = match self.inversion {
            0 => None,
            9 => Some(key.tonic),
            n => tones.get(usize::from(n)).copied(),
        };
        Chord {
            bass: bass.filter(|b| *b != root),
            ..chord
        }
    }

    /// Tonic, subdominant or dominant function of the root.
    pub fn function(&self) -> Function {
        if self.of.is_some() {
            return Function::Dominant;
        }
        match self.degree {
            0 | 2 | 5 => Function::Tonic,
            1 | 3 => Function::Subdominant,
            _ => Function::Dominant,
        }
    }
}

/// Harmonic function (Riemann).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// At rest.
    Tonic,
    /// Moving away.
    Subdominant,
    /// Pulling home.
    Dominant,
}

impl FromStr for Roman {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let error =
            || format!("expected a Roman numeral such as I, vi7, bVII or V7/ii, found `{text}`");
        let mut rest = text.trim();
        let mut alter = 0;
        while let Some(tail) = rest.strip_prefix('b') {
            alter -= 1;
            rest = tail;
        }
        while let Some(tail) = rest.strip_prefix('#') {
            alter += 1;
            rest = tail;
        }
        let (degree, minor, tail) = numeral(rest).ok_or_else(error)?;
        let (body, inversion) = match tail.rsplit_once(':') {
            Some((body, "3")) => (body, 1),
            Some((body, "5")) => (body, 2),
            Some((body, "7")) => (body, 3),
            Some((body, "p")) => (body, 9),
            Some(_) => return Err(error()),
            None => (tail, 0),
        };
        let (symbol, of) = match body.rsplit_once('/') {
            Some((symbol, target)) if numeral(target).is_some_and(|(.., rest)| rest.is_empty()) => {
                (
                    symbol,
                    numeral(target).map(|(degree, minor, _)| (degree, minor)),
                )
            }
            _ => (body, None),
        };
        let quality = if minor {
            match symbol {
                "ø" | "ø7" => Some(Quality::HalfDiminished),
                "°" | "o" | "dim" => Some(Quality::Diminished),
                "°7" | "o7" | "dim7" => Some(Quality::DiminishedSeven),
                other => Quality::from_symbol(&format!("m{other}"))
                    .or_else(|| Quality::from_symbol(other)),
            }
        } else {
            Quality::from_symbol(symbol)
        }
        .ok_or_else(error)?;
        Ok(Self {
            degree,
            alter,
            marked: alter != 0,
            quality,
            inversion,
            of: of.map(|(degree, _)| degree),
            of_minor: of.is_some_and(|(_, minor)| minor),
        })
    }
}

impl fmt::Display for Roman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |degree: u8| {
            NUMERALS
                .iter()
                .find(|(_, d)| *d == degree)
                .map_or("I", |(n, _)| *n)
        };
        f.write_str(
            &if self.alter < 0 { "b" } else { "#" }.repeat(usize::from(self.alter.unsigned_abs())),
        )?;
        let symbol = self.quality.symbol();
        match self.quality {
            Quality::HalfDiminished => write!(f, "{}ø7", name(self.degree).to_lowercase())?,
            Quality::Diminished | Quality::DiminishedSeven => {
                write!(f, "{}{symbol}", name(self.degree).to_lowercase())?
            }
            _ => match symbol
                .strip_prefix('m')
                .filter(|rest| !rest.starts_with("aj"))
            {
                Some(rest) => write!(f, "{}{rest}", name(self.degree).to_lowercase())?,
                None => write!(f, "{}{symbol}", name(self.degree))?,
            },
        }
        if let Some(of) = self.of {
            let target = name(of).to_string();
            write!(
                f,
                "/{}",
                if self.of_minor {
                    target.to_lowercase()
                } else {
                    target
                }
            )?;
        }
        match self.inversion {
            0 => Ok(()),
            1 => f.write_str(":3"),
            2 => f.write_str(":5"),
            3 => f.write_str(":7"),
            _ => f.write_str(":p"),
        }
    }
}

crate::pitch::as_text!(Roman);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_become_chords() {
        let c: Key = "C major".parse().unwrap();
        let a: Key = "A minor".parse().unwrap();
        for (roman, key, chord) in [
            ("I", c, "C"),
            ("vi7", c, "Am7"),
            ("bVII", c, "Bb"),
            ("V7/ii", c, "A7"),
            ("V7/vi", c, "E7"),
            ("iiø7", a, "Bm7b5"),
            ("VI", a, "F"),
            ("V7", a, "E7"),
            ("vii°7", a, "G#dim7"),
            ("iv", c, "Fm"),
            ("I:3", c, "C/E"),
            ("IVmaj7", c, "Fmaj7"),
            ("bII", a, "Bb"),
            ("V:p", c, "G/C"),
            ("imaj7", a, "Ammaj7"),
        ] {
            let parsed: Roman = roman.parse().unwrap();
            let got = parsed.in_key(&key).to_string();
            assert!(
                got == chord || got.replace(['(', ')'], "") == chord,
                "{roman} in {key}: {got} != {chord}"
            );
            assert_eq!(
                parsed.to_string().parse::<Roman>().unwrap(),
                parsed,
                "{roman} -> {parsed}"
            );
        }
        assert!("X".parse::<Roman>().is_err());
    }
}
