//! Chords: root, quality, bass.

use crate::pitch::{SpelledPc, as_text, parse_pc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// What stands above the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "the names are the field's own; symbols stand in the table below"
)]
pub enum Quality {
    Major,
    Minor,
    Diminished,
    Augmented,
    Sus2,
    Sus4,
    Power,
    Add9,
    MinorAdd9,
    Six,
    MinorSix,
    SixNine,
    MajorSeven,
    MinorSeven,
    Dominant,
    DominantSus,
    HalfDiminished,
    DiminishedSeven,
    MinorMajorSeven,
    MajorNine,
    MinorNine,
    Nine,
    NineSus,
    MinorEleven,
    Thirteen,
    SevenFlatNine,
    SevenSharpNine,
    SevenSharpFive,
    MajorSevenSharpEleven,
    /// Stacked fourths on the root (四度叠置).
    Quartal,
}

type Row = (Quality, &'static str, &'static [(i32, i32)], &'static str);

/// Quality, symbol, tones above the root as (letters, semitones), MusicXML kind.
const TABLE: [Row; 30] = {
    use Quality as Q;
    [
        (Q::Major, "", &[(0, 0), (2, 4), (4, 7)], "major"),
        (Q::Minor, "m", &[(0, 0), (2, 3), (4, 7)], "minor"),
        (
            Q::Diminished,
            "dim",
            &[(0, 0), (2, 3), (4, 6)],
            "diminished",
        ),
        (Q::Augmented, "aug", &[(0, 0), (2, 4), (4, 8)], "augmented"),
        (
            Q::Sus2,
            "sus2",
            &[(0, 0), (1, 2), (4, 7)],
            "suspended-second",
        ),
        (
            Q::Sus4,
            "sus4",
            &[(0, 0), (3, 5), (4, 7)],
            "suspended-fourth",
        ),
        (Q::Power, "5", &[(0, 0), (4, 7)], "power"),
        (Q::Add9, "add9", &[(0, 0), (2, 4), (4, 7), (1, 14)], "major"),
        (
            Q::MinorAdd9,
            "m(add9)",
            &[(0, 0), (2, 3), (4, 7), (1, 14)],
            "minor",
        ),
        (
            Q::Six,
            "6",
            &[(0, 0), (2, 4), (4, 7), (5, 9)],
            "major-sixth",
        ),
        (
            Q::MinorSix,
            "m6",
            &[(0, 0), (2, 3), (4, 7), (5, 9)],
            "minor-sixth",
        ),
        (
            Q::SixNine,
            "6/9",
            &[(0, 0), (2, 4), (4, 7), (5, 9), (1, 14)],
            "major-sixth",
        ),
        (
            Q::MajorSeven,
            "maj7",
            &[(0, 0), (2, 4), (4, 7), (6, 11)],
            "major-seventh",
        ),
        (
            Q::MinorSeven,
            "m7",
            &[(0, 0), (2, 3), (4, 7), (6, 10)],
            "minor-seventh",
        ),
        (
            Q::Dominant,
            "7",
            &[(0, 0), (2, 4), (4, 7), (6, 10)],
            "dominant",
        ),
        (
            Q::DominantSus,
            "7sus4",
            &[(0, 0), (3, 5), (4, 7), (6, 10)],
            "suspended-fourth",
        ),
        (
            Q::HalfDiminished,
            "m7b5",
            &[(0, 0), (2, 3), (4, 6), (6, 10)],
            "half-diminished",
        ),
        (
            Q::DiminishedSeven,
            "dim7",
            &[(0, 0), (2, 3), (4, 6), (6, 9)],
            "diminished-seventh",
        ),
        (
            Q::MinorMajorSeven,
            "m(maj7)",
            &[(0, 0), (2, 3), (4, 7), (6, 11)],
            "major-minor",
        ),
        (
            Q::MajorNine,
            "maj9",
            &[(0, 0), (2, 4), (4, 7), (6, 11), (1, 14)],
            "major-ninth",
        ),
        (
            Q::MinorNine,
            "m9",
            &[(0, 0), (2, 3), (4, 7), (6, 10), (1, 14)],
            "minor-ninth",
        ),
        (
            Q::Nine,
            "9",
            &[(0, 0), (2, 4), (4, 7), (6, 10), (1, 14)],
            "dominant-ninth",
        ),
        (
            Q::NineSus,
            "9sus4",
            &[(0, 0), (3, 5), (4, 7), (6, 10), (1, 14)],
            "suspended-fourth",
        ),
        (
            Q::MinorEleven,
            "m11",
            &[(0, 0), (2, 3), (4, 7), (6, 10), (1, 14), (3, 17)],
            "minor-11th",
        ),
        (
            Q::Thirteen,
            "13",
            &[(0, 0), (2, 4), (4, 7), (6, 10), (1, 14), (5, 21)],
            "dominant-13th",
        ),
        (
            Q::SevenFlatNine,
            "7b9",
            &[(0, 0), (2, 4), (4, 7), (6, 10), (1, 13)],
            "dominant",
        ),
        (
            Q::SevenSharpNine,
            "7#9",
            &[(0, 0), (2, 4), (4, 7), (6, 10), (1, 15)],
            "dominant",
        ),
        (
            Q::SevenSharpFive,
            "7#5",
            &[(0, 0), (2, 4), (4, 8), (6, 10)],
            "augmented-seventh",
        ),
        (
            Q::MajorSevenSharpEleven,
            "maj7#11",
            &[(0, 0), (2, 4), (4, 7), (6, 11), (3, 18)],
            "major-seventh",
        ),
        (
            Q::Quartal,
            "quartal",
            &[(0, 0), (3, 5), (6, 10), (2, 15)],
            "other",
        ),
    ]
};

impl Quality {
    /// Every quality, in the order of the enum.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// Its symbol after the root: `m7`, `maj7`, `` for a major triad.
    pub fn symbol(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Tones above the root, as letters and semitones up, root first.
    pub fn tones(self) -> &'static [(i32, i32)] {
        TABLE[self as usize].2
    }

    /// The MusicXML 4.0 `kind` value.
    pub fn musicxml_kind(self) -> &'static str {
        TABLE[self as usize].3
    }

    /// The quality of a symbol; common alternatives are understood (`min7`, `-7`, `M7`, `Δ`,
    /// `ø`, `°`, `+`).
    pub fn from_symbol(text: &str) -> Option<Self> {
        if let Some(row) = TABLE.iter().find(|row| row.1 == text) {
            return Some(row.0);
        }
        Some(match text {
            "maj" | "M" => Self::Major,
            "min" | "-" | "mi" => Self::Minor,
            "o" | "°" => Self::Diminished,
            "+" => Self::Augmented,
            "sus" => Self::Sus4,
            "(add9)" | "2" | "add2" => Self::Add9,
            "madd9" => Self::MinorAdd9,
            "69" => Self::SixNine,
            "M7" | "Δ" | "Δ7" | "ma7" => Self::MajorSeven,
            "min7" | "-7" | "mi7" => Self::MinorSeven,
            "sus7" | "7sus" => Self::DominantSus,
            "ø" | "ø7" | "min7b5" | "-7b5" => Self::HalfDiminished,
            "o7" | "°7" => Self::DiminishedSeven,
            "mM7" | "mmaj7" | "-maj7" => Self::MinorMajorSeven,
            "M9" | "Δ9" => Self::MajorNine,
            "min9" | "-9" => Self::MinorNine,
            "9sus" => Self::NineSus,
            "+7" | "aug7" => Self::SevenSharpFive,
            _ => return None,
        })
    }
}

/// A chord: what the harmony is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// Root.
    pub root: SpelledPc,
    /// What stands above it.
    pub quality: Quality,
    /// The lowest note where it is not the root.
    pub bass: Option<SpelledPc>,
}

impl Chord {
    /// A chord in root position.
    pub const fn new(root: SpelledPc, quality: Quality) -> Self {
        Self {
            root,
            quality,
            bass: None,
        }
    }

    /// Spelled tones, root first (the bass note, if foreign, is not among them).
    pub fn tones(&self) -> Vec<SpelledPc> {
        self.quality
            .tones()
            .iter()
            .map(|(steps, semitones)| self.root.up(*steps, *semitones))
            .collect()
    }

    /// Pitch classes of the tones, root first.
    pub fn pcs(&self) -> Vec<u8> {
        self.tones().into_iter().map(SpelledPc::pc).collect()
    }

    /// Whether a pitch class is one of its tones.
    pub fn has(&self, pc: u8) -> bool {
        let above = (i32::from(pc) - i32::from(self.root.pc())).rem_euclid(12);
        self.quality
            .tones()
            .iter()
            .any(|(_, semitones)| semitones % 12 == above)
    }

    /// The note the bass plays.
    pub fn bass_note(&self) -> SpelledPc {
        self.bass.unwrap_or(self.root)
    }

    /// Semitones of the third above the root: 3, 4, or none (suspended, power, quartal).
    pub fn third(&self) -> Option<i32> {
        self.quality
            .tones()
            .iter()
            .find(|(steps, _)| *steps == 2)
            .map(|(_, s)| s % 12)
    }

    /// Whether the third is minor.
    pub fn is_minor(&self) -> bool {
        self.third() == Some(3)
    }

    /// The same chord without tones above the seventh, for styles that keep to simple harmony.
    pub fn as_triad(&self) -> Self {
        let quality = match (self.third(), self.quality) {
            (_, Quality::Diminished | Quality::DiminishedSeven | Quality::HalfDiminished) => {
                Quality::Diminished
            }
            (_, Quality::Augmented | Quality::SevenSharpFive) => Quality::Augmented,
            (Some(3), _) => Quality::Minor,
            (Some(4), _) => Quality::Major,
            (_, quality) => quality,
        };
        Self { quality, ..*self }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root, self.quality.symbol())?;
        match self.bass {
            Some(bass) => write!(f, "/{bass}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Chord {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("expected a chord such as C, F#m7 or G7/B, found `{text}`");
        let (root, rest) = parse_pc(text.trim()).ok_or_else(error)?;
        if let Some(quality) = Quality::from_symbol(rest) {
            return Ok(Self::new(root, quality));
        }
        let (symbol, bass) = rest.rsplit_once('/').ok_or_else(error)?;
        let quality = Quality::from_symbol(symbol).ok_or_else(error)?;
        Ok(Self {
            root,
            quality,
            bass: Some(bass.parse().map_err(|_| error())?),
        })
    }
}

as_text!(Chord);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_round_trip() {
        for quality in Quality::all() {
            let chord = Chord {
                root: "Eb".parse().unwrap(),
                quality,
                bass: Some("G".parse().unwrap()),
            };
            assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
            let chord = Chord {
                bass: None,
                ..chord
            };
            assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
        }
        let chord: Chord = "F#m7b5".parse().unwrap();
        let tones: Vec<String> = chord.tones().iter().map(ToString::to_string).collect();
        assert_eq!(tones, ["F#", "A", "C", "E"]);
        assert!("X7".parse::<Chord>().is_err());
    }
}
