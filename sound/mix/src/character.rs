//! Mix characters: what a style expects of its mix, as data in `data/mix`.

use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;
use yuefu_song::mixplan::{EqBand, Reverb};

/// Why a mix character cannot be used.
#[derive(Debug, Error)]
pub enum CharacterError {
    /// There is no such file.
    #[error("there is no mix character '{0}'; data/mix has: {1}")]
    Unknown(String, String),
    /// It is not what a character should be.
    #[error("data/mix/{0}.toml: {1}")]
    Invalid(String, String),
}

/// What a style expects of its mix.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MixCharacter {
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// Loudness of the mix before mastering, in LUFS.
    pub loudness: f32,
    /// How far accompanying tracks make room while someone sings, in dB.
    pub room_db: f32,
    /// What is taken away at 320 Hz, in dB, for each accompanying track beyond the third.
    pub mud_db: f32,
    /// How far accompanying tracks swell and fade with the energy of the song, in dB overall.
    pub ride_db: f32,
    /// What is asked of each role.
    pub roles: BTreeMap<String, RoleMix>,
    /// Corrections per instrument family, on top of the role's.
    #[serde(default)]
    pub families: BTreeMap<String, FamilyMix>,
    /// Where voices beside the lead stand, by what they sing; added to the role `backing`.
    #[serde(default)]
    pub voices: BTreeMap<String, VoiceMix>,
    /// How far the send to the delay goes up at the ends of a chorus' lines, in dB; 0 for none.
    #[serde(default)]
    pub throw_db: f32,
    /// The reverbs: `room`, `hall`, `plate`.
    pub reverbs: BTreeMap<String, Reverb>,
    /// The delay.
    pub delay: DelayMix,
    /// Tonal target of the master; read by the `release` stage.
    #[serde(default)]
    pub master: toml::Table,
}

/// Where a voice beside the lead stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VoiceMix {
    /// Loudness relative to other backing voices, in LU.
    pub level: f32,
    /// Pan, −1 (left) to 1 (right); that of a pair moves both.
    pub pan: f32,
}

/// What is asked of a role.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleMix {
    /// Loudness relative to a lead's, in LU.
    pub level: f32,
    /// How far from the center, 0..=1; tracks alternate between the sides.
    pub spread: f32,
    /// Stereo width 0..=2.
    pub width: f32,
    /// Low cut in hertz; 0 for none.
    pub low_cut: f32,
    /// Change at 320 Hz in dB.
    #[serde(default)]
    pub mud: f32,
    /// Change at 3 kHz in dB.
    #[serde(default)]
    pub presence: f32,
    /// Change above 9 kHz in dB.
    #[serde(default)]
    pub air: f32,
    /// Gain reduction at its peaks in dB; 0 for no compressor.
    #[serde(default)]
    pub compress: f32,
    /// Attack of the compressor in milliseconds.
    #[serde(default = "attack")]
    pub attack_ms: f32,
    /// Release of the compressor in milliseconds.
    #[serde(default = "release")]
    pub release_ms: f32,
    /// Whether sharp sibilants are turned down: for voices.
    #[serde(default)]
    pub de_ess: bool,
    /// Saturation 0..=1.
    #[serde(default)]
    pub saturation: f32,
    /// Ducking under the drums in dB; 0 for none.
    #[serde(default)]
    pub duck: f32,
    /// Send to the room in dB.
    pub room: Option<f32>,
    /// Send to the hall in dB.
    pub hall: Option<f32>,
    /// Send to the plate in dB.
    pub plate: Option<f32>,
    /// Send to the delay in dB.
    pub delay: Option<f32>,
}

fn attack() -> f32 {
    12.0
}

fn release() -> f32 {
    140.0
}

/// Corrections for an instrument family.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FamilyMix {
    /// Bands added to the role's.
    #[serde(default)]
    pub eq: Vec<EqBand>,
    /// Added to the role's level, in LU.
    #[serde(default)]
    pub level: f32,
    /// Added to all its reverb sends, in dB.
    #[serde(default)]
    pub wet: f32,
    /// Replaces the role's low cut, in hertz.
    pub low_cut: Option<f32>,
    /// Scales the role's gain reduction.
    #[serde(default = "one")]
    pub compress: f32,
}

fn one() -> f32 {
    1.0
}

/// The delay of a character.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DelayMix {
    /// Time in beats.
    pub beats: f32,
    /// Feedback 0..=0.95.
    pub feedback: f32,
    /// Whether echoes alternate between the sides.
    pub ping_pong: bool,
    /// Low cut of the echoes in hertz.
    pub low_cut_hz: f32,
    /// High cut of the echoes in hertz.
    pub high_cut_hz: f32,
    /// Return level in dB.
    pub level_db: f32,
}

/// The character that all others are differences from.
pub const NEUTRAL: &str = "neutral";

impl MixCharacter {
    /// Ids of all shipped characters, in ascending order.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        yuefu_data::names("mix").filter_map(|name| name.strip_prefix("mix/")?.strip_suffix(".toml"))
    }

    /// A shipped character by id.
    ///
    /// # Errors
    /// When there is none of this id, or its file is not valid; says which are there.
    pub fn load(id: &str) -> Result<Self, CharacterError> {
        let known = || Self::ids().collect::<Vec<_>>().join(", ");
        let read = |id: &str| {
            let text = yuefu_data::text(&format!("mix/{id}.toml"))
                .ok_or_else(|| CharacterError::Unknown(id.into(), known()))?;
            text.parse::<toml::Table>()
                .map_err(|e| CharacterError::Invalid(id.into(), e.to_string()))
        };
        let mut table = read(NEUTRAL)?;
        if id != NEUTRAL {
            overlay(&mut table, read(id)?);
        }
        table
            .try_into()
            .map_err(|e: toml::de::Error| CharacterError::Invalid(id.into(), e.to_string()))
    }
}

/// Replaces what the second table states, value by value.
fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_song::score::Role;

    #[test]
    fn every_character_loads_and_knows_every_role() {
        let roles = [
            Role::Vocal,
            Role::Lead,
            Role::Counter,
            Role::Harmony,
            Role::Backing,
            Role::Comp,
            Role::Arp,
            Role::Pad,
            Role::Bass,
            Role::Drums,
            Role::Percussion,
            Role::Fx,
        ];
        let mut count = 0;
        for id in MixCharacter::ids() {
            let character = MixCharacter::load(id).unwrap_or_else(|e| panic!("{e}"));
            for role in roles {
                assert!(character.roles.contains_key(role.name()), "{id} {role:?}");
            }
            for kind in ["room", "hall", "plate"] {
                assert!(character.reverbs.contains_key(kind), "{id} {kind}");
            }
            count += 1;
        }
        assert!(count >= 13);
        let error = MixCharacter::load("polka")
            .expect_err("not there")
            .to_string();
        assert!(error.contains("polka") && error.contains("jazz"), "{error}");
    }
}
