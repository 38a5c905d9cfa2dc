//! What a synthesizer patch says, and the patches that ship (`patches.toml`).

use super::parts::shape::Adsr;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A waveform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wave {
    /// Rising sawtooth.
    #[default]
    Saw,
    /// Pulse of variable width.
    Pulse,
    /// Triangle.
    Triangle,
    /// Sine.
    Sine,
    /// Wavetable: bell-like with gaps.
    Glass,
    /// Wavetable: vowel-like.
    Vowel,
    /// Wavetable: drawbars.
    Organ,
    /// Wavetable: hollow digital.
    Digital,
}

/// One oscillator, or a stack of detuned ones.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Osc {
    /// Waveform.
    pub wave: Wave,
    /// Second waveform that the filter envelope fades to by `morph`.
    pub to: Option<Wave>,
    /// Amount of the fade to `to`, 0..=1.
    pub morph: f32,
    /// Transposition in semitones.
    pub semi: f32,
    /// Detuning in cents.
    pub cents: f32,
    /// Level.
    pub level: f32,
    /// Pulse width, 0..=1.
    pub width: f32,
    /// Number of stacked voices, 1..=9.
    pub unison: usize,
    /// Detuning of the outermost stacked voices in cents.
    pub spread: f32,
    /// Stereo width of the stack, 0..=1.
    pub stereo: f32,
}

impl Default for Osc {
    fn default() -> Self {
        Self {
            wave: Wave::Saw,
            to: None,
            morph: 0.0,
            semi: 0.0,
            cents: 0.0,
            level: 1.0,
            width: 0.5,
            unison: 1,
            spread: 0.0,
            stereo: 0.0,
        }
    }
}

/// The kind of filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterKind {
    /// State-variable low-pass, 12 dB per octave.
    #[default]
    Low,
    /// Ladder low-pass, 24 dB per octave.
    Ladder,
    /// Band-pass.
    Band,
    /// High-pass.
    High,
    /// No filter.
    Off,
}

/// The filter of a patch.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Kind.
    pub kind: FilterKind,
    /// Corner at middle C, velocity 0.6, in hertz.
    pub hz: f32,
    /// Resonance, 0..=1.
    pub res: f32,
    /// How far the corner follows the key, 0..=1.
    pub key: f32,
    /// Octaves that the envelope adds.
    pub env: f32,
    /// Octaves that full velocity adds over none.
    pub vel: f32,
    /// The envelope.
    pub adsr: Adsr,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            kind: FilterKind::Low,
            hz: 8_000.0,
            res: 0.0,
            key: 0.4,
            env: 0.0,
            vel: 1.5,
            adsr: Adsr::default(),
        }
    }
}

/// A slow oscillator (sine).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lfo {
    /// Rate in hertz.
    pub hz: f32,
    /// Pitch in cents.
    pub pitch: f32,
    /// Filter corner in octaves.
    pub cutoff: f32,
    /// Pulse width, 0..=0.5.
    pub width: f32,
    /// Amplitude, 0..=1.
    pub amp: f32,
    /// Seconds until it is fully there.
    pub delay: f32,
}

/// One FM operator: a sine whose phase others may move (Chowning, "The Synthesis of Complex
/// Audio Spectra by Means of Frequency Modulation", JAES 21(7), 1973).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// Frequency as a multiple of the note's.
    pub ratio: f32,
    /// Detuning in cents.
    pub cents: f32,
    /// Amplitude of a carrier, or modulation index in radians.
    pub level: f32,
    /// 0 = heard; n = moves the phase of operator n (1-based; only earlier operators).
    pub to: usize,
    /// Feedback on itself in radians.
    pub feedback: f32,
    /// How strongly velocity scales the level, 0..=1.
    pub vel: f32,
    /// Levels fall by this many dB per octave above middle C.
    pub scale: f32,
    /// Envelope.
    pub adsr: Adsr,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            ratio: 1.0,
            cents: 0.0,
            level: 1.0,
            to: 0,
            feedback: 0.0,
            vel: 0.3,
            scale: 0.0,
            adsr: Adsr::default(),
        }
    }
}

/// Ensemble chorus of a patch: rate in hertz, depth in milliseconds, mix 0..=1.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chorus {
    /// Rate in hertz.
    pub hz: f32,
    /// Depth in milliseconds.
    pub depth: f32,
    /// Mix, 0..=1; 0 = none.
    pub mix: f32,
}

/// A synthesizer patch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patch {
    /// One voice only; a new note takes over.
    pub mono: bool,
    /// Time in which joined notes reach their pitch, in seconds.
    pub glide: f32,
    /// Oscillators.
    pub osc: Vec<Osc>,
    /// FM operators, at most four.
    pub fm: Vec<Operator>,
    /// Level of white noise.
    pub noise: f32,
    /// Cents by which the pitch starts away from its goal, and the time constant in seconds.
    pub punch: (f32, f32),
    /// Filter.
    pub filter: Filter,
    /// Saturation before the amplifier, 0 = clean.
    pub drive: f32,
    /// Amplifier envelope.
    pub amp: Adsr,
    /// Slow oscillator.
    pub lfo: Lfo,
    /// Deviation of the random drift of pitch in cents.
    pub drift: f32,
    /// Chorus over all voices.
    pub chorus: Chorus,
    /// Resonances over all voices: hertz, quality, gain.
    pub formants: Vec<(f32, f32, f32)>,
    /// Share of the sound that does not pass the resonances, 0..=1.
    pub direct: f32,
}

impl Default for Patch {
    fn default() -> Self {
        Self {
            mono: false,
            glide: 0.05,
            osc: Vec::new(),
            fm: Vec::new(),
            noise: 0.0,
            punch: (0.0, 0.02),
            filter: Filter::default(),
            drive: 0.0,
            amp: Adsr::default(),
            lfo: Lfo::default(),
            drift: 2.0,
            chorus: Chorus::default(),
            formants: Vec::new(),
            direct: 1.0,
        }
    }
}

/// All shipped patches by name.
pub fn patches() -> &'static BTreeMap<String, Patch> {
    static PATCHES: OnceLock<BTreeMap<String, Patch>> = OnceLock::new();
    PATCHES.get_or_init(|| {
        toml::from_str(include_str!("patches.toml")).expect("the shipped patches are tested")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_patches_make_sense() {
        assert!(patches().len() >= 20);
        for (name, patch) in patches() {
            assert!(!patch.osc.is_empty() || !patch.fm.is_empty(), "{name}");
            assert!(patch.fm.len() <= 4, "{name}");
            for (i, op) in patch.fm.iter().enumerate() {
                assert!(op.to <= i, "{name}: operator {} moves a later one", i + 1);
            }
            assert!(
                patch.osc.iter().all(|o| (1..=9).contains(&o.unison)),
                "{name}"
            );
        }
    }
}
