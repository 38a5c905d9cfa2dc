//! Modulators: how velocity, key and controllers change a region's numbers.

use crate::bank::{
    GENERATORS, Region,
    region::number::{ATTENUATION, KEY, VELOCITY},
};
use yuefu_audio::math;

/// SoundFont attenuation in zones counts four tenths of what it says: the hardware that banks
/// were made on did so, and every player keeps to it (FluidSynth `ALT_ATTENUATION_SCALE`).
const ATTENUATION_SCALE: f32 = 0.4;

/// The number by which [`Controls`] hold the pitch wheel: values 0 to 128, 64 at rest.
pub const WHEEL: u8 = 128;

/// Controller changes over a phrase, as MIDI controllers 0..=127 with values 0..=127, and the
/// pitch wheel as [`WHEEL`].
///
/// Performed phrases carry their expression in curves; controllers serve MIDI files that are
/// played as they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// Seconds since the start of the phrase, controller, value; ascending in time.
    pub changes: Vec<(f64, u8, f32)>,
}

impl Controls {
    /// The value of a controller at a time, or its General MIDI default.
    pub fn at(&self, controller: u8, time: f64) -> f32 {
        let past = self.changes.partition_point(|change| change.0 <= time);
        self.changes[..past]
            .iter()
            .rfind(|change| change.1 == controller)
            .map_or(default_value(controller), |change| change.2)
    }
}

/// Values before any change. Volume and expression stand at full, since levels are ours.
fn default_value(controller: u8) -> f32 {
    match controller {
        7 | 11 => 127.0,
        8 | 10 | WHEEL => 64.0,
        _ => 0.0,
    }
}

/// A region's numbers with all its modulators applied.
///
/// `key` and `velocity` are on the MIDI scale and may be fractions.
pub fn modulated(
    region: &Region,
    key: f32,
    velocity: f32,
    controls: &Controls,
    time: f64,
) -> [f32; GENERATORS] {
    let mut values = region.generators;
    values[ATTENUATION] *= ATTENUATION_SCALE;
    let key = if values[KEY] >= 0.0 { values[KEY] } else { key };
    let velocity = if values[VELOCITY] > 0.0 {
        values[VELOCITY]
    } else {
        velocity
    };
    let read = |source: u16| -> f32 {
        let index = (source & 127) as u8;
        let (value, range) = if source & 128 != 0 {
            match index {
                // RP-036: pan runs from 1 to 127 so that 64 is its center.
                8 | 10 => ((controls.at(index, time) - 1.0).max(0.0), 126.0),
                _ => (controls.at(index, time), 127.0),
            }
        } else {
            match index {
                0 => return 1.0,
                2 => (velocity, 127.0),
                3 => (key, 127.0),
                14 => (controls.at(WHEEL, time), 128.0),
                16 => (2.0, 127.0),
                _ => (0.0, 127.0),
            }
        };
        shape(value / range, source)
    };
    for modulator in &region.modulators {
        let Some(value) = values.get_mut(usize::from(modulator.destination)) else {
            continue;
        };
        if modulator.amount == 0 || modulator.source == 0 {
            continue;
        }
        let mut change = f32::from(modulator.amount)
            * read(modulator.source)
            * if modulator.amount_source == 0 {
                1.0
            } else {
                read(modulator.amount_source)
            };
        if modulator.transform == 2 {
            change = change.abs();
        }
        *value += change;
    }
    values
}

/// Whether any modulator follows a controller that changes.
pub fn follows(region: &Region, controls: &Controls) -> bool {
    let moves = |source: u16| {
        let controller = match source & 255 {
            14 => WHEEL,
            index if index & 128 != 0 => (index & 127) as u8,
            _ => return false,
        };
        controls.changes.iter().any(|change| change.1 == controller)
    };
    region
        .modulators
        .iter()
        .any(|m| m.amount != 0 && (moves(m.source) || moves(m.amount_source)))
}

/// The curve of a modulator source (section 8.2.1): direction, polarity and type.
fn shape(value: f32, source: u16) -> f32 {
    let value = if source & 0x100 != 0 {
        1.0 - value
    } else {
        value
    };
    let curve: fn(f32) -> f32 = match source >> 10 {
        1 => concave,
        2 => convex,
        3 => |x| if x >= 0.5 { 1.0 } else { 0.0 },
        _ => |x| x,
    };
    if source & 0x200 == 0 {
        return curve(value);
    }
    match source >> 10 {
        // A switch turns at the middle, whatever its polarity.
        3 => curve(value) * 2.0 - 1.0,
        _ if value >= 0.5 => curve(value * 2.0 - 1.0),
        _ => -curve(1.0 - value * 2.0),
    }
}

/// 0 to 1, slow first: 40 dB of 96 per decade of the distance to 1.
fn concave(x: f32) -> f32 {
    if x >= 1.0 {
        1.0
    } else {
        (-400.0 / 960.0 * math::log10(f64::from(1.0 - x)) as f32).clamp(0.0, 1.0)
    }
}

/// 0 to 1, fast first: the mirror of [`concave`].
pub fn convex(x: f32) -> f32 {
    1.0 - concave(1.0 - x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::region;

    fn plain() -> Region {
        Region {
            keys: (0, 127),
            velocities: (0, 127),
            sample: 0,
            generators: region::defaults(),
            modulators: region::default_modulators(),
            pick: None,
        }
    }

    #[test]
    fn velocity_attenuates_by_its_square() {
        let none = Controls::default();
        for (velocity, centibels) in [(127.0, 0.0), (64.0, 119.1), (32.0, 239.5)] {
            let got = modulated(&plain(), 60.0, velocity, &none, 0.0)[ATTENUATION];
            assert!((got - centibels).abs() < 0.5, "{velocity}: {got}");
        }
    }

    #[test]
    fn the_wheel_reaches_vibrato_when_it_turns() {
        let mut controls = Controls::default();
        controls.changes.push((1.0, 1, 127.0));
        let read = |time| modulated(&plain(), 60.0, 100.0, &controls, time)[6];
        assert_eq!(read(0.5), 0.0);
        assert_eq!(read(1.5), 50.0);
        assert!(follows(&plain(), &controls));
    }

    #[test]
    fn curves_meet_their_ends() {
        for source in [0x000_u16, 0x400, 0x800, 0xC00] {
            assert_eq!(shape(0.0, source), 0.0);
            assert_eq!(shape(1.0, source), 1.0);
            assert_eq!(shape(0.0, source | 0x100), 1.0);
            assert_eq!(shape(0.0, source | 0x200), -1.0);
            assert_eq!(shape(1.0, source | 0x200), 1.0);
        }
    }
}
