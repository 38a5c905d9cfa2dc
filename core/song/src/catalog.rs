//! The instrument catalog: what every stage needs to know of an instrument before it sounds.
//!
//! The catalog is data (`data/instruments/*.toml`); composing reads ranges and families,
//! performing reads families, and sound reads engines.

use serde::{Deserialize, Serialize};

/// How an instrument makes and holds its sound; selects articulation rules and mix defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Piano, harpsichord, celesta, electric pianos.
    Keyboard,
    /// Organ, accordion, harmonium: keys with steady tone.
    Organ,
    /// Guitars and other fretted instruments.
    Guitar,
    /// Basses of every make.
    Bass,
    /// Solo bowed strings, erhu and fiddle among them.
    Bowed,
    /// String section, choir pads and other ensembles.
    Ensemble,
    /// Harp, guzheng, pipa, guqin, koto, sitar: plucked strings other than guitars.
    Plucked,
    /// Trumpet, trombone, horn, tuba.
    Brass,
    /// Reeds: saxes, clarinet, oboe, suona, harmonica.
    Reed,
    /// Flutes: flute, dizi, xiao, whistle, recorder.
    Flute,
    /// Tuned percussion: vibraphone, marimba, bells, timpani.
    Mallet,
    /// Voices used as an instrument.
    Voice,
    /// Synthesizer leads and plucks.
    SynthLead,
    /// Synthesizer pads.
    SynthPad,
    /// Kits and percussion sets, addressed by General MIDI percussion keys.
    Kit,
    /// Sound effects and ambience.
    Effect,
}

/// One entry of the catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstrumentProfile {
    /// Stable id, such as `grand-piano`; written into documents.
    pub id: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// Family.
    pub family: Family,
    /// Lowest and highest playable MIDI key.
    pub range: [u8; 2],
    /// The comfortable, best-sounding part of the range.
    pub sweet: [u8; 2],
    /// General MIDI program 0..=127 used in exported MIDI (for kits: the kit's program).
    pub program: u8,
    /// Largest number of notes at once; 1 for wind instruments.
    pub polyphony: u8,
    /// Open strings as MIDI keys, low to high, for instruments that have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strings: Vec<u8>,
    /// How the sound is made: `sampler:<preset>`, `model:<name>`, `synth:<patch>`, `kit:<name>`.
    pub engine: String,
    /// Loudness correction in dB so that equal velocities of all instruments are about equally
    /// loud (measured; see docs/RESULTS.md).
    #[serde(default)]
    pub trim: f32,
}

impl InstrumentProfile {
    /// Whether a player must breathe between phrases.
    pub fn breathes(&self) -> bool {
        matches!(
            self.family,
            Family::Brass | Family::Reed | Family::Flute | Family::Voice
        )
    }

    /// Whether a note sounds on at full level while held.
    pub fn sustains(&self) -> bool {
        matches!(
            self.family,
            Family::Organ
                | Family::Bowed
                | Family::Ensemble
                | Family::Brass
                | Family::Reed
                | Family::Flute
                | Family::Voice
                | Family::SynthLead
                | Family::SynthPad
        )
    }
}
