//! Keys, modes and scales.

use crate::pitch::{Pitch, SpelledPc, as_text, parse_pc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A scale on a tonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Ionian.
    Major,
    /// Aeolian, with the raised seventh in dominant chords.
    Minor,
    /// Minor with raised sixth.
    Dorian,
    /// Minor with lowered second.
    Phrygian,
    /// Major with raised fourth.
    Lydian,
    /// Major with lowered seventh.
    Mixolydian,
    /// 宫 (gong): major pentatonic, 1 2 3 5 6.
    Gong,
    /// 商 (shang): 1 2 4 5 ♭7.
    Shang,
    /// 角 (jue): 1 ♭3 4 ♭6 ♭7.
    Jue,
    /// 徵 (zhi): 1 2 4 5 6.
    Zhi,
    /// 羽 (yu): minor pentatonic, 1 ♭3 4 5 ♭7.
    Yu,
    /// Major blues harmony, blues melody (1 ♭3 3 4 ♯4 5 6 ♭7).
    Blues,
    /// Hijaz, Phrygian dominant: 1 ♭2 3 4 5 ♭6 ♭7.
    Hijaz,
    /// Double harmonic, Bhairav: 1 ♭2 3 4 5 ♭6 7.
    DoubleHarmonic,
    /// Harmonic minor: 1 2 ♭3 4 5 ♭6 7.
    HarmonicMinor,
    /// In, miyako-bushi: 1 ♭2 4 5 ♭6.
    In,
    /// Hirajoshi: 1 2 ♭3 5 ♭6.
    Hirajoshi,
}

impl Mode {
    /// Every mode with its name in files and prompts.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (Self::Major, "major", "大调"),
        (Self::Minor, "minor", "小调"),
        (Self::Dorian, "dorian", "多利亚"),
        (Self::Phrygian, "phrygian", "弗里几亚"),
        (Self::Lydian, "lydian", "利底亚"),
        (Self::Mixolydian, "mixolydian", "混合利底亚"),
        (Self::Gong, "gong", "宫"),
        (Self::Shang, "shang", "商"),
        (Self::Jue, "jue", "角"),
        (Self::Zhi, "zhi", "徵"),
        (Self::Yu, "yu", "羽"),
        (Self::Blues, "blues", "布鲁斯"),
        (Self::Hijaz, "hijaz", "希贾兹"),
        (Self::DoubleHarmonic, "double-harmonic", "双和声"),
        (Self::HarmonicMinor, "harmonic-minor", "和声小调"),
        (Self::In, "in", "都节"),
        (Self::Hirajoshi, "hirajoshi", "平调子"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The seven-note scale that harmony is built on: (letters up, semitones up) per degree.
    pub fn harmony(self) -> [i32; 7] {
        match self {
            Self::Major | Self::Gong => [0, 2, 4, 5, 7, 9, 11],
            Self::Minor | Self::Yu | Self::Jue => [0, 2, 3, 5, 7, 8, 10],
            Self::Dorian => [0, 2, 3, 5, 7, 9, 10],
            Self::Shang => [0, 2, 3, 5, 7, 9, 10],
            Self::Phrygian => [0, 1, 3, 5, 7, 8, 10],
            Self::Lydian => [0, 2, 4, 6, 7, 9, 11],
            Self::Mixolydian | Self::Zhi | Self::Blues => [0, 2, 4, 5, 7, 9, 10],
            Self::Hijaz => [0, 1, 4, 5, 7, 8, 10],
            Self::DoubleHarmonic => [0, 1, 4, 5, 7, 8, 11],
            Self::HarmonicMinor | Self::Hirajoshi => [0, 2, 3, 5, 7, 8, 11],
            Self::In => [0, 1, 3, 5, 7, 8, 10],
        }
    }

    /// The notes melodies favor, as semitones above the tonic, ascending.
    pub fn melody(self) -> &'static [i32] {
        match self {
            Self::Major => &[0, 2, 4, 5, 7, 9, 11],
            Self::Minor => &[0, 2, 3, 5, 7, 8, 10],
            Self::Dorian => &[0, 2, 3, 5, 7, 9, 10],
            Self::Phrygian => &[0, 1, 3, 5, 7, 8, 10],
            Self::Lydian => &[0, 2, 4, 6, 7, 9, 11],
            Self::Mixolydian => &[0, 2, 4, 5, 7, 9, 10],
            Self::Gong => &[0, 2, 4, 7, 9],
            Self::Shang => &[0, 2, 5, 7, 10],
            Self::Jue => &[0, 3, 5, 8, 10],
            Self::Zhi => &[0, 2, 5, 7, 9],
            Self::Yu => &[0, 3, 5, 7, 10],
            Self::Blues => &[0, 3, 4, 5, 6, 7, 9, 10],
            Self::Hijaz => &[0, 1, 4, 5, 7, 8, 10],
            Self::DoubleHarmonic => &[0, 1, 4, 5, 7, 8, 11],
            Self::HarmonicMinor => &[0, 2, 3, 5, 7, 8, 11],
            Self::In => &[0, 1, 5, 7, 8],
            Self::Hirajoshi => &[0, 2, 3, 7, 8],
        }
    }

    /// Whether the third above the tonic is minor (or, lacking one, the color is dark).
    pub fn is_minor(self) -> bool {
        self.harmony()[2] == 3
    }
}

/// A tonic and a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The tonic.
    pub tonic: SpelledPc,
    /// The scale on it.
    pub mode: Mode,
}

impl Key {
    /// A key from its tonic and mode.
    pub const fn new(tonic: SpelledPc, mode: Mode) -> Self {
        Self { tonic, mode }
    }

    /// The key on a pitch class with the spelling that needs the fewest accidentals.
    pub fn simplest(pc: u8, mode: Mode) -> Self {
        let mut best = SpelledPc::common(pc);
        for steps in crate::pitch::Step::ALL {
            for alter in -1..=1 {
                let name = SpelledPc::new(steps, alter);
                let cost = |n: SpelledPc| (Self::new(n, mode).fifths().abs(), n.alter.abs());
                if name.pc() == pc % 12 && cost(name) < cost(best) {
                    best = name;
                }
            }
        }
        Self::new(best, mode)
    }

    /// The key signature: sharps (positive) or flats (negative) of the parallel notation.
    pub fn fifths(&self) -> i32 {
        let shift = match self.mode {
            Mode::Lydian => 1,
            Mode::Major | Mode::Gong => 0,
            Mode::Mixolydian | Mode::Zhi | Mode::Blues => -1,
            Mode::Dorian | Mode::Shang => -2,
            Mode::Minor | Mode::Yu | Mode::HarmonicMinor | Mode::Hirajoshi => -3,
            Mode::Jue => -3,
            Mode::Phrygian | Mode::In | Mode::Hijaz | Mode::DoubleHarmonic => -4,
        };
        // Blues is written in the major key of its tonic.
        self.tonic.fifths() + if self.mode == Mode::Blues { 0 } else { shift }
    }

    /// The spelled pitch class of a harmonic degree (0 = tonic), raised or lowered by `alter`.
    pub fn degree(&self, degree: i32, alter: i32) -> SpelledPc {
        let index = degree.rem_euclid(7);
        self.tonic
            .up(index, self.mode.harmony()[index as usize] + alter)
    }

    /// Pitch classes that melodies favor, ascending from the tonic.
    pub fn melody_pcs(&self) -> Vec<u8> {
        let tonic = i32::from(self.tonic.pc());
        self.mode
            .melody()
            .iter()
            .map(|s| ((tonic + s) % 12) as u8)
            .collect()
    }

    /// Whether a pitch class belongs to the melodic scale.
    pub fn has(&self, pc: u8) -> bool {
        let above = (i32::from(pc) - i32::from(self.tonic.pc())).rem_euclid(12);
        self.mode.melody().contains(&above)
    }

    /// Whether a pitch class belongs to the seven-note scale of the harmony.
    pub fn has_harmonic(&self, pc: u8) -> bool {
        let above = (i32::from(pc) - i32::from(self.tonic.pc())).rem_euclid(12);
        self.mode.harmony().contains(&above)
    }

    /// Spells a MIDI key as this key would write it.
    pub fn spell(&self, midi: i32) -> Pitch {
        let pc = midi.rem_euclid(12) as u8;
        if let Some(degree) = (0..7).find(|d| self.degree(*d, 0).pc() == pc) {
            return Pitch::spelled(midi, self.degree(degree, 0));
        }
        // A chromatic note: nearest on the line of fifths to the middle of the key.
        let center = self.fifths() + 2;
        let name = crate::pitch::Step::ALL
            .into_iter()
            .flat_map(|step| (-1..=1).map(move |alter| SpelledPc::new(step, alter)))
            .filter(|name| name.pc() == pc)
            .min_by_key(|name| ((name.fifths() - center).abs(), name.alter.abs()))
            .unwrap_or(SpelledPc::common(pc));
        Pitch::spelled(midi, name)
    }

    /// The same mode a number of semitones up.
    pub fn transposed(&self, semitones: i32) -> Self {
        Self::simplest(
            (i32::from(self.tonic.pc()) + semitones).rem_euclid(12) as u8,
            self.mode,
        )
    }

    /// Reads `D minor`, `F# dorian`, `Am`, `C大调`, `升F小调`, `D羽`, `Bb`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sharp, text) = match text.chars().next()? {
            '升' => (1, text.strip_prefix('升')?),
            '降' => (-1, text.strip_prefix('降')?),
            '#' | '♯' => (1, &text[text.chars().next()?.len_utf8()..]),
            '♭' => (-1, text.strip_prefix('♭')?),
            _ => (0, text),
        };
        let (mut tonic, rest) = parse_pc(text.trim_start())?;
        tonic.alter += sharp;
        let (rest, shift) = if let Some(rest) = strip_word(rest, &["-sharp", " sharp"]) {
            (rest, 1)
        } else if let Some(rest) = strip_word(rest, &["-flat", " flat"]) {
            (rest, -1)
        } else {
            (rest, 0)
        };
        tonic.alter += shift;
        if tonic.alter.abs() > 2 {
            return None;
        }
        let name = rest.trim().trim_start_matches('-').to_lowercase();
        let mode = match name.as_str() {
            "" | "maj" | "ionian" | "大" | "major key" => Mode::Major,
            "m" | "min" | "aeolian" | "小" | "natural minor" | "minor key" => Mode::Minor,
            other => {
                let other = other.replace(' ', "-");
                let chinese = other
                    .trim_end_matches('式')
                    .trim_end_matches("调")
                    .trim_end_matches("调式");
                Mode::ALL
                    .iter()
                    .find(|(_, en, zh)| {
                        *en == other || *zh == other || zh.trim_end_matches('调') == chinese
                    })
                    .map(|(mode, ..)| *mode)?
            }
        };
        Some(Self::new(tonic, mode))
    }
}

fn strip_word<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    words
        .iter()
        .find(|word| {
            text.get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word))
        })
        .map(|word| &text[word.len()..])
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tonic, self.mode.name())
    }
}

impl FromStr for Key {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            format!("expected a key such as `D minor`, `Bb major` or `C大调`, found `{text}`")
        })
    }
}

as_text!(Key);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_parse_and_spell() {
        for (text, shown, fifths) in [
            ("D minor", "D minor", -1),
            ("Am", "A minor", 0),
            ("C大调", "C major", 0),
            ("升F小调", "F# minor", 3),
            ("Bb", "Bb major", -2),
            ("E flat major", "Eb major", -3),
            ("D羽", "D yu", -1),
            ("F# dorian", "F# dorian", 4),
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!(
                (key.to_string().as_str(), key.fifths()),
                (shown, fifths),
                "{text}"
            );
            assert_eq!(key.to_string().parse::<Key>().unwrap(), key);
        }
        assert!(Key::parse("H minor").is_none());
        let key = Key::parse("D minor").unwrap();
        assert_eq!(key.spell(70).to_string(), "Bb4");
        assert_eq!(key.spell(61).to_string(), "C#4");
        assert_eq!(Key::simplest(6, Mode::Minor).to_string(), "F# minor");
        assert_eq!(Key::simplest(1, Mode::Major).to_string(), "Db major");
    }
}
