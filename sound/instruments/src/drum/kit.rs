//! What a drum kit says, and the kits that ship (`machines.toml` and `world.toml`).

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A decaying partial whose pitch moves.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tone {
    /// Resting frequency in hertz.
    pub hz: f32,
    /// Octaves by which it starts above (below when negative) its resting frequency at full
    /// velocity: the tension of a struck skin, or the voltage spike of an analog circuit.
    pub bend: f32,
    /// Time constant of that movement in seconds.
    pub time: f32,
    /// Time to fall by 60 dB in seconds.
    pub t60: f32,
    /// Level.
    pub level: f32,
    /// Attack in seconds.
    pub attack: f32,
    /// 0 = sine, 1 = strongly saturated sine.
    pub edge: f32,
    /// How much more a hard stroke brings it out, 0..=1 (high partials have more).
    pub vel: f32,
}

impl Default for Tone {
    fn default() -> Self {
        Self {
            hz: 100.0,
            bend: 0.0,
            time: 0.03,
            t60: 0.3,
            level: 1.0,
            attack: 0.0005,
            edge: 0.0,
            vel: 0.0,
        }
    }
}

/// The color of a noise layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Color {
    /// Around its frequency.
    #[default]
    Band,
    /// Above its frequency.
    High,
    /// Below its frequency.
    Low,
}

/// A burst of filtered noise.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hiss {
    /// Color.
    pub color: Color,
    /// Frequency in hertz.
    pub hz: f32,
    /// Quality.
    pub q: f32,
    /// Octaves by which the frequency starts higher (with the time constant of the decay).
    pub bend: f32,
    /// Attack in seconds.
    pub attack: f32,
    /// Time to fall by 60 dB in seconds.
    pub t60: f32,
    /// Level.
    pub level: f32,
    /// Repeated bursts before the decay (hand clap, guiro, rattle): how many.
    pub bursts: usize,
    /// Seconds between them.
    pub gap: f32,
    /// How much more a hard stroke brings it out, 0..=1.
    pub vel: f32,
}

impl Default for Hiss {
    fn default() -> Self {
        Self {
            color: Color::Band,
            hz: 2_000.0,
            q: 0.7,
            bend: 0.0,
            attack: 0.0003,
            t60: 0.2,
            level: 1.0,
            bursts: 1,
            gap: 0.012,
            vel: 0.35,
        }
    }
}

/// Six square oscillators through a band: the cymbals of the drum machines (Werner, Abel and
/// Smith, "The TR-808 Cymbal", DAFx 2014: 205 to 800 Hz).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metal {
    /// Factor on the six frequencies.
    pub scale: f32,
    /// Center of the band in hertz.
    pub hz: f32,
    /// High-pass corner in hertz.
    pub high: f32,
    /// Time to fall by 60 dB in seconds.
    pub t60: f32,
    /// Level.
    pub level: f32,
}

/// A plate with a dense field of modes: gongs and cymbals. Upper modes answer late, as the
/// energy of a real plate climbs (Fletcher and Rossing, ch. 20: nonlinear cascade).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plate {
    /// Lowest mode in hertz.
    pub low: f32,
    /// Highest mode in hertz.
    pub high: f32,
    /// Number of modes, up to 64.
    pub count: usize,
    /// Decay of the lowest mode to −60 dB in seconds.
    pub t60: f32,
    /// Decay of the highest mode.
    pub t60_high: f32,
    /// Level.
    pub level: f32,
    /// Time in seconds in which the upper modes build up.
    pub bloom: f32,
}

/// One piece of a kit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Piece {
    /// What it is.
    pub name: String,
    /// Position from −1 to 1.
    pub pan: f32,
    /// Level.
    pub gain: f32,
    /// Tones.
    pub tones: Vec<Tone>,
    /// Noises.
    pub hiss: Vec<Hiss>,
    /// Square cluster.
    pub metal: Option<Metal>,
    /// Plate.
    pub plate: Option<Plate>,
    /// Strength of the stick's click.
    pub click: f32,
    /// Saturation.
    pub drive: f32,
    /// Pieces of one group (not 0) end each other.
    pub choke: u8,
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            name: String::new(),
            pan: 0.0,
            gain: 1.0,
            tones: Vec::new(),
            hiss: Vec::new(),
            metal: None,
            plate: None,
            click: 0.0,
            drive: 0.0,
            choke: 0,
        }
    }
}

/// What happens to the sum of a kit.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sum {
    /// Early reflections of a small room, 0..=1.
    pub room: f32,
    /// Saturation, 0..=1.
    pub drive: f32,
    /// Low-pass corner in hertz; 0 = none.
    pub low: f32,
    /// Sample-and-hold at this rate in hertz, as an old sampler; 0 = none.
    pub hold: f32,
}

/// A kit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kit {
    /// What happens to the sum.
    pub sum: Sum,
    /// Pieces by General MIDI percussion key in decimal.
    pub pieces: BTreeMap<String, Piece>,
}

/// Percussion keys by kind, and the kinds that stand in for each, best first.
const KIN: &[(&[u8], &[usize])] = &[
    (&[35, 36], &[0, 2, 7, 1]),
    (&[37, 38, 39, 40], &[1, 7, 2, 8]),
    (&[41, 43, 45, 47, 48, 50], &[2, 0, 7, 1]),
    (&[42, 44, 46], &[3, 5, 8, 1]),
    (&[49, 51, 52, 53, 55, 57, 59], &[4, 3, 5, 6]),
    (&[54, 58, 69, 70, 82], &[5, 3, 8, 1]),
    (&[56, 67, 68, 80, 81], &[6, 8, 4, 1]),
    (&[60, 61, 62, 63, 64, 65, 66, 78, 79], &[7, 2, 1, 0]),
    (&[71, 72, 73, 74, 75, 76, 77], &[8, 1, 6, 3]),
];

impl Kit {
    /// The piece that a key plays: its own, else the nearest of its kind, else the nearest of
    /// the kinds that stand in for it, else the nearest of all.
    pub fn piece(&self, key: u8) -> Option<&Piece> {
        let order = KIN
            .iter()
            .find(|(keys, _)| keys.contains(&key))
            .map_or(&[][..], |(_, order)| *order);
        let rank = |other: u8| {
            let kind = order.iter().position(|&kind| KIN[kind].0.contains(&other));
            (
                other != key,
                kind.unwrap_or(order.len()),
                other.abs_diff(key),
                other,
            )
        };
        self.pieces
            .iter()
            .filter_map(|(name, piece)| Some((name.parse::<u8>().ok()?, piece)))
            .min_by_key(|(other, _)| rank(*other))
            .map(|(_, piece)| piece)
    }
}

/// All shipped kits by name.
pub fn kits() -> &'static BTreeMap<String, Kit> {
    static KITS: OnceLock<BTreeMap<String, Kit>> = OnceLock::new();
    KITS.get_or_init(|| {
        let mut all: BTreeMap<String, Kit> =
            toml::from_str(include_str!("machines.toml")).expect("the shipped kits are tested");
        let world: BTreeMap<String, Kit> =
            toml::from_str(include_str!("world.toml")).expect("the shipped kits are tested");
        all.extend(world);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_piece_and_every_piece_a_key() {
        assert!(kits().len() >= 10);
        for (name, kit) in kits() {
            for key in 35..=81 {
                assert!(kit.piece(key).is_some(), "{name} {key}");
            }
            for (key, piece) in &kit.pieces {
                assert!(key.parse::<u8>().is_ok(), "{name}: {key} is no key");
                let sounds = piece.tones.len() + piece.hiss.len();
                assert!(
                    sounds > 0 || piece.metal.is_some() || piece.plate.is_some(),
                    "{name} {key}"
                );
                assert!(piece.plate.is_none_or(|p| p.count <= 64), "{name} {key}");
            }
        }
    }

    #[test]
    fn a_missing_piece_is_played_by_its_kin() {
        let name = |kit: &str, key: u8| kits()[kit].piece(key).map(|p| p.name.as_str());
        // Hand drums are played as drums, never as the cymbal whose key happens to be nearest.
        assert_eq!(name("kit-luogu", 62), Some("xiaotanggu"));
        assert_eq!(name("drum-machine-909", 35), Some("deep kick"));
        assert_eq!(name("kit-lofi", 35), Some("dusty kick"));
        assert_eq!(name("kit-taiko", 57), Some("dora"));
    }
}
