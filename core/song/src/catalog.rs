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
    /// Codes of the languages that a singer sings, best first; empty for instruments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sings: Vec<String>,
    /// How the sound is made: `sampler:<preset>`, `model:<name>`, `synth:<patch>`, `kit:<name>`,
    /// `voice:<singer>`.
    pub engine: String,
    /// Shift of a singer's formants in semitones, −12 (a larger body) ..= 12 (a child's).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub formant: f32,
    /// Loudness correction in dB so that equal velocities of all instruments are about equally
    /// loud (measured; see docs/RESULTS.md).
    #[serde(default)]
    pub trim: f32,
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
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

/// All instruments, in the order of their files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    profiles: Vec<InstrumentProfile>,
}

/// The shape of one catalog file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogFile {
    #[serde(default)]
    instrument: Vec<InstrumentProfile>,
}

impl Catalog {
    /// Reads catalog files, each a TOML text of `[[instrument]]` entries given with its name.
    ///
    /// # Errors
    /// A sentence with the file and the entry when a text is not TOML of that shape, when an id
    /// occurs twice, or when a range is empty, beyond MIDI or does not hold its sweet part.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut profiles: Vec<InstrumentProfile> = Vec::new();
        for (name, text) in files {
            let file: CatalogFile = toml::from_str(text)
                .map_err(|error| format!("{name} is not an instrument catalog: {error}"))?;
            for profile in file.instrument {
                let id = &profile.id;
                let [low, high] = profile.range;
                let [sweet_low, sweet_high] = profile.sweet;
                if profiles.iter().any(|other| other.id == *id) {
                    return Err(format!("{name}: the id `{id}` occurs twice; rename one"));
                }
                if !(low <= sweet_low && sweet_low <= sweet_high && sweet_high <= high)
                    || high > 127
                    || profile.program > 127
                {
                    return Err(format!(
                        "{name}: `{id}` needs range low <= sweet low <= sweet high <= range high \
                         <= 127 and program <= 127; found range {low}..{high}, sweet \
                         {sweet_low}..{sweet_high}, program {}",
                        profile.program
                    ));
                }
                profiles.push(profile);
            }
        }
        Ok(Self { profiles })
    }

    /// Adds profiles that no file describes, such as presets of a user's own SoundFont; one whose
    /// id is there already is left out.
    pub fn extend(&mut self, profiles: impl IntoIterator<Item = InstrumentProfile>) {
        for profile in profiles {
            if self.profile(&profile.id).is_none() {
                self.profiles.push(profile);
            }
        }
    }

    /// Keeps the profiles for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&InstrumentProfile) -> bool) {
        self.profiles.retain(keep);
    }

    /// All profiles, in the order of their files.
    pub fn profiles(&self) -> &[InstrumentProfile] {
        &self.profiles
    }

    /// The profile of an id such as `grand-piano`.
    pub fn profile(&self, id: &str) -> Option<&InstrumentProfile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The singer that somebody names: by id, with or without `voice-`, or by name, such as
    /// `voice-hibari`, `hibari`, `Hibari` or 云雀.
    pub fn voice(&self, name: &str) -> Option<&InstrumentProfile> {
        let name = name.trim().to_lowercase();
        let singers = || {
            let profiles = self.profiles.iter();
            profiles.filter(|profile| profile.engine.starts_with("voice:"))
        };
        let bare = |text: &str| {
            let end = text.find([' ', '（', '(']).unwrap_or(text.len());
            text[..end].to_lowercase()
        };
        singers()
            .find(|singer| singer.id == name)
            .or_else(|| singers().find(|s| s.id.strip_prefix("voice-") == Some(name.as_str())))
            .or_else(|| singers().find(|s| bare(&s.en) == name || bare(&s.zh) == name))
    }
}
