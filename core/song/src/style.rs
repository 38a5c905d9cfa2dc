//! Styles and patterns: what a genre is, as data (`data/styles/*.toml`, `data/patterns/*.toml`).
//! See docs/adding-a-style.md for a tour.

use crate::{
    backing::{BackingBook, BackingFile},
    plan::{Ending, Feel},
    score::Role,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yuefu_theory::{Metre, Mode, SpelledPc};

/// A style: everything that makes a genre itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Style {
    /// Stable id; the file's name.
    pub id: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// One English line that says what to expect.
    pub about: String,
    /// The same in Chinese.
    pub about_zh: String,
    /// Mix character (`data/mix/<name>.toml`).
    pub mix: String,
    /// Slowest and fastest usual tempo, in felt beats per minute.
    pub tempo: [f64; 2],
    /// Metres, the usual one first.
    pub metres: Vec<Metre>,
    /// Modes and their weights, by [`yuefu_theory::Mode::name`].
    pub modes: BTreeMap<String, f32>,
    /// Usual tonics; empty = any.
    #[serde(default)]
    pub tonics: Vec<SpelledPc>,
    /// How time is felt.
    #[serde(default)]
    pub feel: Feel,
    /// How pieces end.
    #[serde(default)]
    pub ending: Ending,
    /// Forms with weights.
    pub forms: Vec<Form>,
    /// Harmony.
    pub harmony: Harmony,
    /// Melody.
    pub melody: MelodyStyle,
    /// Which real drummers its kit is played like, where it is a kit.
    #[serde(default)]
    pub drummer: DrumSchool,
    /// Which real accompanists its keyboards are played like.
    #[serde(default)]
    pub pianist: PianoSchool,
    /// Parts, in score order.
    pub cast: Vec<Part>,
    /// Patterns of this style; names here hide those of the shared library.
    #[serde(default)]
    pub patterns: BTreeMap<String, Pattern>,
}

/// A form: a sequence of sections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Form {
    /// Relative frequency.
    pub weight: f32,
    /// Sections as `kind:bars:energy`, such as `intro:4:0.3 verse:8:0.45 chorus:8:0.8`. A kind
    /// may carry a material letter: `part.A:8:0.4`; without one, the kind is the material.
    pub sections: String,
}

/// Harmony of a style.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Harmony {
    /// Progressions for major-like modes, by section kind (`any` = the rest). Each is a row of
    /// bars separated by spaces; chords that share a bar are joined by commas: `I,V vi IV`.
    /// A row is repeated to fill its section.
    pub major: BTreeMap<String, Vec<String>>,
    /// The same for minor-like modes; where empty, the major ones serve.
    #[serde(default)]
    pub minor: BTreeMap<String, Vec<String>>,
    /// Closing bars for the last section (`IV,V I`); put over the end of the piece.
    #[serde(default)]
    pub closing: Vec<String>,
    /// The same for minor-like modes.
    #[serde(default)]
    pub closing_minor: Vec<String>,
    /// Chance that the last chorus moves up a whole or half tone.
    #[serde(default)]
    pub lift: f32,
    /// Chance of coloring a plain triad with a seventh, ninth or suspension.
    #[serde(default)]
    pub color: f32,
    /// The repertoire of real songs whose chords are like the style's own: `chart`, `mandopop` or
    /// `standards`. Without one, chords are rows of the style.
    #[serde(default)]
    pub learned: Option<String>,
}

impl Harmony {
    /// Progressions for keys of a mode, and the closing bars that go with them: a style that wrote
    /// none for minor-like modes uses its major ones.
    pub fn in_mode(&self, mode: Mode) -> (&BTreeMap<String, Vec<String>>, &[String]) {
        if mode.is_minor() && !self.minor.is_empty() {
            (&self.minor, &self.closing_minor)
        } else {
            (&self.major, &self.closing)
        }
    }
}

/// Melody of a style.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MelodyStyle {
    /// Rhythms of one bar: `x` an onset, `-` held, `.` rest; any number of equal steps a bar.
    pub cells: Vec<String>,
    /// Busier rhythms for high energy; empty = the same.
    #[serde(default)]
    pub busy_cells: Vec<String>,
    /// Share of leaps (a fourth and more) among intervals.
    pub leaps: f32,
    /// Chance that a phrase begins with a pickup (anacrusis).
    #[serde(default)]
    pub pickup: f32,
    /// How phrases of a section relate, one letter a phrase: `AABA`, `ABAC`; a prime varies.
    #[serde(default)]
    pub plans: Vec<String>,
    /// Bars in a phrase.
    pub phrase_bars: u32,
    /// Ornaments by articulation name and chance per eligible note: `slide = 0.2`.
    #[serde(default)]
    pub ornaments: BTreeMap<String, f32>,
    /// Whether melodies keep to the mode's melodic scale (pentatonic, blues) strictly.
    #[serde(default)]
    pub strict_scale: bool,
    /// Semitones added to the middle of the instrument's sweet range.
    #[serde(default)]
    pub register: i32,
    /// Which real tunes an engine that has learned from songs is to think of.
    #[serde(default)]
    pub school: School,
}

/// Which real tunes are like those of a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum School {
    /// Pop songs of today.
    #[default]
    Pop,
    /// Art songs.
    Art,
    /// Standards: Tin Pan Alley, jazz.
    Standard,
    /// None that were learned from: rules alone find its tunes.
    Rules,
}

impl School {
    /// Its name, as files state it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pop => "pop",
            Self::Art => "art",
            Self::Standard => "standard",
            Self::Rules => "rules",
        }
    }
}

/// Which real accompanists are like those of a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PianoSchool {
    /// None that were learned from: rules alone play its keyboards.
    #[default]
    Rules,
    /// Pop songs of today.
    Pop,
    /// Art songs.
    Art,
}

/// Which real drummers are like those of a style: what Groove MIDI calls its styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrumSchool {
    /// None that were learned from: rules alone play its drums.
    #[default]
    Rules,
    /// Rock.
    Rock,
    /// Funk.
    Funk,
    /// Jazz.
    Jazz,
    /// Latin: bossa nova, samba and others.
    Latin,
    /// Hip-hop on a kit.
    Hiphop,
    /// Soul.
    Soul,
    /// Afro-Cuban.
    Afrocuban,
    /// Punk.
    Punk,
    /// New Orleans: second line.
    Neworleans,
    /// Country.
    Country,
    /// Pop.
    Pop,
    /// Reggae.
    Reggae,
    /// Gospel.
    Gospel,
    /// Afrobeat.
    Afrobeat,
    /// Dance music on a kit.
    Dance,
    /// Blues.
    Blues,
}

impl DrumSchool {
    /// The name of what was learned from; `None` for rules.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Rules => return None,
            Self::Rock => "rock",
            Self::Funk => "funk",
            Self::Jazz => "jazz",
            Self::Latin => "latin",
            Self::Hiphop => "hiphop",
            Self::Soul => "soul",
            Self::Afrocuban => "afrocuban",
            Self::Punk => "punk",
            Self::Neworleans => "neworleans",
            Self::Country => "country",
            Self::Pop => "pop",
            Self::Reggae => "reggae",
            Self::Gospel => "gospel",
            Self::Afrobeat => "afrobeat",
            Self::Dance => "dance",
            Self::Blues => "blues",
        })
    }
}

/// One part of a style's cast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    /// Id, unique in the style; becomes the track's id.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// Catalog ids to choose from, the most usual first.
    pub instruments: Vec<String>,
    /// Chance that the part is in the cast at all.
    #[serde(default = "one")]
    pub chance: f32,
    /// Plays when the section's energy is at least this...
    #[serde(default)]
    pub from: f32,
    /// ...and at most this.
    #[serde(default = "one")]
    pub to: f32,
    /// Plays in these section kinds only; empty = all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Never plays in these section kinds.
    #[serde(default)]
    pub not: Vec<String>,
    /// Patterns by rising energy: the last whose `from` is not above the section's energy is
    /// used. Lead, counter, harmony and pad parts need none.
    #[serde(default)]
    pub patterns: Vec<PatternUse>,
    /// Lowest and highest MIDI key of the voicing; default = the instrument's sweet range.
    #[serde(default)]
    pub register: Option<[u8; 2]>,
    /// Loudness in −1..=1 relative to the role's usual level.
    #[serde(default)]
    pub level: f32,
}

fn one() -> f32 {
    1.0
}

/// A pattern and the energy from which it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PatternUse {
    /// Lowest energy.
    #[serde(default)]
    pub from: f32,
    /// Names to choose from, one for each section material.
    pub names: Vec<String>,
}

/// A rhythmic pattern of one or more bars in text.
///
/// Every line is a row of steps; spaces and `|` are ignored. All lines of a pattern last the same
/// number of whole bars of `metre`, whatever their number of steps.
///
/// Signs on every line: `.` rest, `-` holds the note before it.
/// * drums: `x` hit, `X` accent, `o` soft, `g` ghost, `r` a quick roll (two hits in the step),
///   `f` flam, `?` a hit with even chance.
///   Line names: kick snare rim clap hat pedal open ride bell crash china splash tom1 tom2 tom3
///   tom4 shaker tamb cowbell conga conga-low conga-mute bongo bongo-low timbale timbale-low agogo
///   agogo-low clave block block-low guiro cabasa maracas whistle triangle triangle-mute surdo, or
///   a General MIDI key as `k56`.
/// * bass: `R` root, `3` `5` `7` chord tones, `6` sixth, `8` octave, `L` low fifth (below the
///   root), `a` chromatic approach to the next chord's root, `s` scale step toward it, `w` walking
///   choice, `g` ghosted root, `R` in lower case `r` = short root. Line name: `bass`.
/// * comp: `C` chord, `c` soft chord, `S` short (staccato) chord, `s` short and soft, `D` `U` strum
///   down and up, `d` `u` the same softly, `x` muted strum, `R` `5` `8` root, fifth and octave of
///   the bass register, `1`..`6` voices of the voicing from the bottom (beyond its top: continued
///   an octave up), `T` top voice, `M` all but the lowest voice, `A` a rolled chord.
///   Line names are hands: `lh` (bass register) and `rh`, or `chord`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pattern {
    /// Metre for which it is written.
    #[serde(default = "Metre::common")]
    pub metre: Metre,
    /// Bars it lasts.
    #[serde(default = "one_bar")]
    pub bars: u32,
    /// Rows of steps by name.
    pub lines: BTreeMap<String, String>,
    /// Whether chord notes ring until the chord changes (pedal, open strings).
    #[serde(default)]
    pub ring: bool,
}

fn one_bar() -> u32 {
    1
}

/// A file of shared patterns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternFile {
    /// Patterns by name.
    pub patterns: BTreeMap<String, Pattern>,
}

/// All styles and shared patterns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StyleBook {
    backing: BackingBook,
    styles: Vec<Style>,
    patterns: BTreeMap<String, Pattern>,
}

impl StyleBook {
    /// Reads style and pattern files, each a TOML text with its name: a file below `patterns/`
    /// is a [`PatternFile`], one below `backing/` a [`BackingFile`], any other a [`Style`].
    ///
    /// # Errors
    /// A sentence with the file and what is wrong in it.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut book = Self::default();
        for (name, text) in files {
            let wrong =
                |error: toml::de::Error| format!("{name} is not a valid style file: {error}");
            if name.contains("patterns/") {
                let file: PatternFile = toml::from_str(text).map_err(wrong)?;
                book.patterns.extend(file.patterns);
            } else if name.contains("backing/") {
                let file: BackingFile = toml::from_str(text).map_err(wrong)?;
                book.backing.0.extend(file.manner);
            } else {
                book.styles.push(toml::from_str(text).map_err(wrong)?);
            }
        }
        book.styles.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(book)
    }

    /// How styles sing beside the lead.
    pub fn backing(&self) -> &BackingBook {
        &self.backing
    }

    /// All styles by id.
    pub fn styles(&self) -> &[Style] {
        &self.styles
    }

    /// The style of an id.
    pub fn get(&self, id: &str) -> Option<&Style> {
        self.styles.iter().find(|style| style.id == id)
    }

    /// A pattern by name: the style's own first, then the shared library's.
    pub fn pattern<'a>(&'a self, style: &'a Style, name: &str) -> Option<&'a Pattern> {
        style.patterns.get(name).or_else(|| self.patterns.get(name))
    }

    /// Shared patterns whose names begin with `prefix`, by name.
    pub fn patterns_named<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Pattern> {
        self.patterns
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(_, pattern)| pattern)
    }
}
