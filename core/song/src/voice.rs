//! How voices sing: settings of a track and curves of a phrase.
//!
//! They lie beside the score, by ids: a song without them is sung with every setting at its
//! default. What a setting means for the sound is the voice engine's business (`sound/voice`).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yuefu_audio::Curve;

/// How a track sings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TrackVoice {
    /// All through the song.
    #[serde(skip_serializing_if = "VoiceSettings::is_default")]
    pub settings: VoiceSettings,
    /// In single phrases, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub phrases: BTreeMap<String, VoiceCurves>,
}

impl TrackVoice {
    /// Whether it says nothing but defaults.
    pub fn is_default(&self) -> bool {
        self.settings.is_default() && self.phrases.values().all(VoiceCurves::is_empty)
    }
}

/// How a track sings, all through the song. What is left out of a file is at its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct VoiceSettings {
    /// Level in decibels, −40..=20, added to what the dynamics ask.
    pub level: f32,
    /// −1 (no air) through 0 (as the singer is) to 1 (mostly air).
    pub breathiness: f32,
    /// −1 (relaxed, dark) through 0 to 1 (pressed, bright).
    pub tension: f32,
    /// Shift of the formants in semitones, −12 (a larger body) ..= 12 (a smaller one).
    pub formant: f32,
    /// Vibrato of long notes in cents to either side, 0..=200.
    pub vibrato_depth: f32,
    /// Its cycles a second, 3..=9.
    pub vibrato_rate: f32,
    /// Seconds from a note's beginning until it shakes, 0..=5.
    pub vibrato_delay: f32,
    /// Cents from below which a line begins, 0..=400.
    pub scoop: f32,
    /// Seconds from one pitch to the next within a line, 0.01..=0.5.
    pub portamento: f32,
    /// Slow wandering of the pitch in cents, 0..=50.
    pub drift: f32,
    /// Level of breaths between lines relative to the voice in decibels; −60 and less: none.
    pub breaths: f32,
    /// Length of consonants: 1 as the singer speaks them, 0.5..=2.
    pub consonants: f32,
    /// Voices in unison on this track, 1..=16: a double has 2, a choir 8.
    pub voices: u8,
    /// How far unison voices are apart in pitch, time and body: 0..=2, 1 for trained singers.
    pub spread: f32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self {
            level: 0.0,
            breathiness: 0.0,
            tension: 0.0,
            formant: 0.0,
            vibrato_depth: 35.0,
            vibrato_rate: 5.5,
            vibrato_delay: 0.28,
            scoop: 60.0,
            portamento: 0.09,
            drift: 4.0,
            breaths: -25.0,
            consonants: 1.0,
            voices: 1,
            spread: 1.0,
        }
    }
}

impl VoiceSettings {
    /// Whether every setting is at its default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A setting that is a number, by its name in files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceField {
    /// Name in files, such as `vibrato-depth`.
    pub name: &'static str,
    /// Lowest and highest value.
    pub range: [f32; 2],
    /// What it is, in English and in Chinese.
    pub what: [&'static str; 2],
}

macro_rules! fields {
    ($($name:literal $field:ident $low:literal $high:literal $en:literal $zh:literal;)+) => {
        impl VoiceSettings {
            /// Every setting with its range.
            pub const FIELDS: &'static [VoiceField] = &[
                $(VoiceField { name: $name, range: [$low, $high], what: [$en, $zh] },)+
            ];

            /// The value of a setting by its name.
            pub fn get(&self, name: &str) -> Option<f32> {
                match name {
                    $($name => Some(self.$field as f32),)+
                    _ => None,
                }
            }

            /// Sets a value by its name, brought into its range; says whether there is such a
            /// setting.
            pub fn set(&mut self, name: &str, value: f32) -> bool {
                match name {
                    $($name => self.$field = limit(value, $low, $high) as _,)+
                    _ => return false,
                }
                true
            }

            /// The same settings, every value within its range.
            #[must_use]
            pub fn limited(mut self) -> Self {
                $(self.$field = limit(self.$field as f32, $low, $high) as _;)+
                self
            }
        }
    };
}

fn limit(value: f32, low: f32, high: f32) -> f32 {
    // A value that is no number says nothing.
    if value.is_nan() {
        low.max(0.0).min(high)
    } else {
        value.clamp(low, high)
    }
}

fields! {
    "level" level -40.0 20.0 "level in dB" "音量（分贝）";
    "breathiness" breathiness -1.0 1.0 "air in the voice" "气声";
    "tension" tension -1.0 1.0 "relaxed to pressed" "松紧";
    "formant" formant -12.0 12.0 "formant shift in semitones" "共振峰偏移（半音）";
    "vibrato-depth" vibrato_depth 0.0 200.0 "vibrato in cents" "颤音幅度（音分）";
    "vibrato-rate" vibrato_rate 3.0 9.0 "vibrato in hertz" "颤音频率（赫兹）";
    "vibrato-delay" vibrato_delay 0.0 5.0 "seconds before vibrato" "颤音延迟（秒）";
    "scoop" scoop 0.0 400.0 "scoop into lines in cents" "起音上滑（音分）";
    "portamento" portamento 0.01 0.5 "seconds between pitches" "滑音时间（秒）";
    "drift" drift 0.0 50.0 "slow wandering in cents" "音高游移（音分）";
    "breaths" breaths -80.0 0.0 "level of breaths in dB" "换气音量（分贝）";
    "consonants" consonants 0.5 2.0 "length of consonants" "辅音长度";
    "voices" voices 1.0 16.0 "voices in unison" "齐唱人数";
    "spread" spread 0.0 2.0 "spread of unison voices" "齐唱离散度";
}

/// Curves of one phrase, over quarter notes since the phrase's start; an empty one changes
/// nothing. All are added to the settings and to what the engine makes of the notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct VoiceCurves {
    /// Pitch in cents.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub pitch: Curve,
    /// Level in decibels.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub level: Curve,
    /// Breathiness.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub breathiness: Curve,
    /// Tension.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub tension: Curve,
    /// Formants in semitones.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub formant: Curve,
    /// Vibrato depth in cents.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub vibrato_depth: Curve,
    /// Vibrato rate in hertz.
    #[serde(skip_serializing_if = "Curve::is_empty")]
    pub vibrato_rate: Curve,
}

impl VoiceCurves {
    /// Names of the curves, as in files.
    pub const NAMES: [&'static str; 7] = [
        "pitch",
        "level",
        "breathiness",
        "tension",
        "formant",
        "vibrato-depth",
        "vibrato-rate",
    ];

    /// A curve by its name.
    pub fn get(&self, name: &str) -> Option<&Curve> {
        let all = [
            &self.pitch,
            &self.level,
            &self.breathiness,
            &self.tension,
            &self.formant,
            &self.vibrato_depth,
            &self.vibrato_rate,
        ];
        let index = Self::NAMES.iter().position(|known| *known == name)?;
        Some(all[index])
    }

    /// A curve by its name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Curve> {
        let index = Self::NAMES.iter().position(|known| *known == name)?;
        let all = [
            &mut self.pitch,
            &mut self.level,
            &mut self.breathiness,
            &mut self.tension,
            &mut self.formant,
            &mut self.vibrato_depth,
            &mut self.vibrato_rate,
        ];
        all.into_iter().nth(index)
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        Self::NAMES
            .iter()
            .all(|name| self.get(name).is_none_or(Curve::is_empty))
    }

    /// The same curves with other times, such as seconds for quarter notes. Times must stay in
    /// order.
    #[must_use]
    pub fn timed(&self, mut time: impl FnMut(f32) -> f32) -> Self {
        let mut out = self.clone();
        for name in Self::NAMES {
            let Some(curve) = out.get_mut(name) else {
                continue;
            };
            for point in &mut curve.0 {
                point.at = time(point.at);
            }
            // Files may hold any numbers; a curve has corners at ascending times.
            curve.0.retain(|p| p.at.is_finite() && p.value.is_finite());
            curve.0.sort_by(|a, b| a.at.total_cmp(&b.at));
            curve.0.dedup_by(|b, a| a.at == b.at);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_names_and_ranges() {
        let mut settings = VoiceSettings::default();
        assert_eq!(settings.clone().limited(), settings);
        for field in VoiceSettings::FIELDS {
            assert!(
                settings.set(field.name, 1e9) && settings.get(field.name) == Some(field.range[1])
            );
            assert!(settings.set(field.name, f32::NAN));
            let value = settings.get(field.name).unwrap();
            assert!(
                field.range[0] <= value && value <= field.range[1],
                "{}",
                field.name
            );
        }
        assert!(!settings.set("loudness", 1.0) && settings.get("loudness").is_none());
    }

    #[test]
    fn every_curve_has_a_name() {
        let mut curves = VoiceCurves::default();
        assert!(curves.is_empty());
        for (index, name) in VoiceCurves::NAMES.into_iter().enumerate() {
            curves.get_mut(name).unwrap().push(1.0, index as f32);
            assert_eq!(curves.get(name).unwrap().at(0.0), index as f32);
        }
        let later = curves.timed(|at| at * 0.5);
        assert_eq!(later.pitch.0[0].at, 0.5);
        assert_eq!(later.vibrato_rate.at(0.0), 6.0);
        assert!(!later.is_empty() && later.get("loudness").is_none());
    }
}
