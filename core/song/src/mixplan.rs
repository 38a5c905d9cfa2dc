//! The mix: what happens to every track between its raw stem and the sum.
//!
//! Plain data in plain units; the `mix` stage reads it and adds nothing of its own. The signal
//! of a track flows in the order of the fields of [`ChannelStrip`]: trim, equalizer, gate,
//! compressor, saturation, side-chain, gain and automation, width, pan; sends are taken after
//! all of these. The mix is the sum of all processed tracks in order, then of the returns in
//! the order room, hall, plate, delay.

use serde::{Deserialize, Serialize};
use yuefu_audio::Curve;

/// The whole mix of a song.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MixPlan {
    /// Id of the mix character (`data/mix/<id>.toml`) that this plan was derived from and that
    /// mastering takes its tonal target from; empty when made by hand.
    #[serde(default)]
    pub character: String,
    /// One strip per track, in the order in which they are summed.
    pub tracks: Vec<ChannelStrip>,
    /// The shared effects.
    #[serde(default)]
    pub returns: Returns,
}

/// Everything done to one track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChannelStrip {
    /// Id of the track in the score.
    pub track: String,
    /// Gain before everything else, in dB: brings the raw stem to the working level of
    /// −18 LUFS that thresholds and saturation refer to.
    #[serde(default)]
    pub trim_db: f32,
    /// Equalizer bands in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eq: Vec<EqBand>,
    /// Turns down what is quieter than its threshold (bleed, release noise).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// Turns down sharp sibilants of a voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub de_esser: Option<DeEsser>,
    /// Evens out the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compressor: Option<Compressor>,
    /// Soft saturation from 0 (none) to 1 (clearly driven).
    #[serde(default)]
    pub saturation: f32,
    /// Makes room for another track whenever that one strikes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidechain: Option<Sidechain>,
    /// Fader in dB.
    #[serde(default)]
    pub gain_db: f32,
    /// Fader movement in dB over seconds of the song, added to `gain_db`.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub automation: Curve,
    /// Movement of the send to the delay in dB over seconds of the song, added to `sends.delay`:
    /// throws of single words.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub throws: Curve,
    /// Stereo width: 0 mono, 1 as it is, 2 twice the difference between the sides.
    #[serde(default = "one")]
    pub width: f32,
    /// Position from −1 (left) to 1 (right), equal power.
    #[serde(default)]
    pub pan: f32,
    /// How much goes to the shared effects.
    #[serde(default)]
    pub sends: Sends,
    /// Silent in the mix.
    #[serde(default)]
    pub mute: bool,
    /// If any track is solo, all others are silent.
    #[serde(default)]
    pub solo: bool,
}

fn one() -> f32 {
    1.0
}

impl ChannelStrip {
    /// A strip that leaves its track as it is.
    pub fn neutral(track: impl Into<String>) -> Self {
        Self {
            track: track.into(),
            width: 1.0,
            ..Self::default()
        }
    }
}

/// The shape of an equalizer band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EqKind {
    /// Removes what is below `hz` (12 dB per octave; `gain-db` unused).
    LowCut,
    /// Raises or lowers what is below `hz`.
    LowShelf,
    /// Raises or lowers what is around `hz`.
    Peak,
    /// Raises or lowers what is above `hz`.
    HighShelf,
    /// Removes what is above `hz` (12 dB per octave; `gain-db` unused).
    HighCut,
}

/// One equalizer band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EqBand {
    /// Shape.
    pub kind: EqKind,
    /// Corner or center frequency in hertz.
    pub hz: f32,
    /// Gain in dB.
    #[serde(default)]
    pub gain_db: f32,
    /// Quality: center frequency over bandwidth; 0.707 for flat cuts and shelves.
    #[serde(default = "flat")]
    pub q: f32,
}

fn flat() -> f32 {
    std::f32::consts::FRAC_1_SQRT_2
}

/// A downward expander: below the threshold each dB less comes out as `ratio` dB less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gate {
    /// Level in dBFS (peak) below which it acts.
    pub threshold_db: f32,
    /// At least 1; 2 is gentle, 10 is a gate.
    pub ratio: f32,
    /// The most it takes away, in dB (positive).
    pub range_db: f32,
    /// Time to open, in milliseconds.
    pub attack_ms: f32,
    /// Time to close, in milliseconds.
    pub release_ms: f32,
}

/// A feed-forward compressor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Compressor {
    /// Level in dBFS (peak) above which it acts.
    pub threshold_db: f32,
    /// Input dB per output dB above the threshold; at least 1.
    pub ratio: f32,
    /// Time constant of the fall of the gain, in milliseconds.
    pub attack_ms: f32,
    /// Time constant of its recovery, in milliseconds.
    pub release_ms: f32,
    /// Width of the soft transition around the threshold, in dB.
    pub knee_db: f32,
    /// Gain afterwards, in dB.
    pub makeup_db: f32,
}

/// A compressor of the treble alone: what lies above `hz` is turned down while it exceeds the
/// threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeEsser {
    /// Where sibilants begin, in hertz.
    pub hz: f32,
    /// Level of the treble in dBFS (peak) above which it acts.
    pub threshold_db: f32,
    /// Input dB per output dB above the threshold; at least 1.
    pub ratio: f32,
}

/// Ducking under the low-frequency strokes of another track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sidechain {
    /// Id of the track that is listened to.
    pub key_track: String,
    /// How far it ducks under the strongest stroke, in dB (positive).
    pub amount_db: f32,
    /// Time constant of the return, in milliseconds.
    pub release_ms: f32,
    /// Level of the key track's strongest stroke below 120 Hz in dBFS, measured when the plan
    /// was made; absent = −9. Strokes 24 dB below it and less do not duck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strongest_db: Option<f32>,
}

/// Send levels in dB relative to the processed track; absent = nothing is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sends {
    /// To the room reverb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<f32>,
    /// To the hall reverb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall: Option<f32>,
    /// To the plate reverb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<f32>,
    /// To the delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<f32>,
}

/// The shared effects; an absent one is not computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Returns {
    /// Small space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Reverb>,
    /// Large space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall: Option<Reverb>,
    /// Plate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<Reverb>,
    /// Echoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
}

/// What a reverb imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReverbKind {
    /// A room: clear early reflections, short.
    Room,
    /// A concert hall: late, warm, slowly building.
    Hall,
    /// A steel plate: dense at once, bright, no early reflections.
    Plate,
}

/// Settings of a reverb.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reverb {
    /// Character.
    pub kind: ReverbKind,
    /// Time to decay by 60 dB at 500 Hz to 1 kHz, in seconds (0.1..=20).
    pub decay_s: f32,
    /// Silence before the first reflection, in milliseconds (0..=250).
    pub predelay_ms: f32,
    /// How much faster the treble decays: 0 (not at all) to 1 (very dark).
    pub damping: f32,
    /// Return level in dB. At 0 dB, a steady signal sent at 0 dB comes back about as loud.
    pub level_db: f32,
}

/// Settings of the delay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Delay {
    /// Time between echoes in seconds (0.001..=4), already converted from beats.
    pub time_s: f32,
    /// Level of each echo relative to the one before, 0..=0.95.
    pub feedback: f32,
    /// Whether echoes alternate between left and right.
    pub ping_pong: bool,
    /// Echoes lose what is below this frequency in hertz.
    pub low_cut_hz: f32,
    /// Echoes lose what is above this frequency in hertz.
    pub high_cut_hz: f32,
    /// Return level in dB.
    pub level_db: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_hand_would_write() {
        let plan: MixPlan = toml::from_str(
            r#"
            character = "pop"
            [[tracks]]
            track = "lead"
            gain-db = -3.5
            eq = [{ kind = "low-cut", hz = 120 }, { kind = "peak", hz = 3000, gain-db = 2, q = 1 }]
            sends = { plate = -12 }
            [returns.plate]
            kind = "plate"
            decay-s = 1.8
            predelay-ms = 20
            damping = 0.4
            level-db = 0
            "#,
        )
        .expect("a valid plan");
        assert_eq!(plan.tracks[0].width, 1.0);
        assert_eq!(plan.tracks[0].eq[1].kind, EqKind::Peak);
        assert_eq!(plan.tracks[0].sends.hall, None);
        let json = serde_json::to_string(&plan).expect("plain data");
        assert_eq!(
            serde_json::from_str::<MixPlan>(&json).expect("what was written"),
            plan
        );
    }
}
