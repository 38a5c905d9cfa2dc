//! Metre: how bars divide.

use crate::pitch::as_text;
use crate::time::Ticks;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A time signature, with the grouping of its beats where it is not the usual one.
///
/// Written `4/4`, `6/8`, or with groups as `2+2+3/8`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metre {
    /// Units in a bar, 1..=32.
    pub beats: u8,
    /// Note value of the unit: 1, 2, 4, 8, 16 or 32.
    pub unit: u8,
    /// Units in each felt beat, summing to `beats`.
    pub groups: Vec<u8>,
}

impl Metre {
    /// A time signature with its usual grouping: compound for 6, 9 and 12 eighths or sixteenths,
    /// 3+2 and 2+2+3 for five and seven, single units otherwise.
    pub fn new(beats: u8, unit: u8) -> Self {
        let groups = match (beats, unit) {
            (6 | 9 | 12, 8 | 16) => vec![3; usize::from(beats / 3)],
            (5, 8) => vec![3, 2],
            (7, 8) => vec![2, 2, 3],
            (8, 8) => vec![3, 3, 2],
            _ => vec![1; usize::from(beats)],
        };
        Self {
            beats,
            unit,
            groups,
        }
    }

    /// Common time.
    pub fn common() -> Self {
        Self::new(4, 4)
    }

    /// The length of a bar.
    pub fn bar(&self) -> Ticks {
        Ticks::of(i64::from(self.beats), i64::from(self.unit))
    }

    /// The length of one written unit.
    pub fn unit_len(&self) -> Ticks {
        Ticks::of(1, i64::from(self.unit))
    }

    /// Offsets of the felt beats in the bar.
    pub fn beat_offsets(&self) -> Vec<Ticks> {
        let mut at = Ticks::ZERO;
        self.groups
            .iter()
            .map(|group| {
                let here = at;
                at += self.unit_len() * i64::from(*group);
                here
            })
            .collect()
    }

    /// Whether felt beats divide in three (6/8, 9/8, 12/8).
    pub fn is_compound(&self) -> bool {
        self.groups.iter().all(|group| *group == 3)
    }

    /// Metric weight of an offset in the bar: 1 on the downbeat, then the half bar, other felt
    /// beats, units, half units, less for anything finer (0.05).
    pub fn weight(&self, offset: Ticks) -> f32 {
        let offset = Ticks(offset.0.rem_euclid(self.bar().0));
        if offset == Ticks::ZERO {
            return 1.0;
        }
        let beats = self.beat_offsets();
        if let Some(index) = beats.iter().position(|beat| *beat == offset) {
            let half = beats.len().is_multiple_of(2) && index == beats.len() / 2;
            return if half { 0.8 } else { 0.6 };
        }
        let unit = self.unit_len();
        if offset.0 % unit.0 == 0 {
            0.4
        } else if offset.0 % (unit.0 / 2) == 0 {
            0.25
        } else if offset.0 % (unit.0 / 4) == 0 {
            0.12
        } else {
            0.05
        }
    }
}

impl fmt::Display for Metre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups == Self::new(self.beats, self.unit).groups {
            write!(f, "{}/{}", self.beats, self.unit)
        } else {
            let groups: Vec<String> = self.groups.iter().map(u8::to_string).collect();
            write!(f, "{}/{}", groups.join("+"), self.unit)
        }
    }
}

impl FromStr for Metre {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("expected a metre such as 4/4, 6/8 or 2+2+3/8, found `{text}`");
        let (top, bottom) = text.trim().split_once('/').ok_or_else(error)?;
        let unit: u8 = bottom.trim().parse().map_err(|_| error())?;
        let groups: Vec<u8> = top
            .split('+')
            .map(|part| part.trim().parse::<u8>().map_err(|_| error()))
            .collect::<Result<_, _>>()?;
        let beats: u32 = groups.iter().map(|g| u32::from(*g)).sum();
        let valid = [1, 2, 4, 8, 16, 32].contains(&unit)
            && (1..=32).contains(&beats)
            && !groups.contains(&0);
        match valid {
            true if groups.len() == 1 => Ok(Self::new(beats as u8, unit)),
            true => Ok(Self {
                beats: beats as u8,
                unit,
                groups,
            }),
            false => Err(error()),
        }
    }
}

as_text!(Metre);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_beats() {
        let six: Metre = "6/8".parse().unwrap();
        assert_eq!(six.bar(), Ticks::quarters(3));
        assert_eq!(six.beat_offsets(), vec![Ticks::ZERO, Ticks::of(3, 8)]);
        let odd: Metre = "2+2+3/8".parse().unwrap();
        assert_eq!(odd, Metre::new(7, 8));
        assert!("0/4".parse::<Metre>().is_err());
        assert!("4/5".parse::<Metre>().is_err());
        assert!(
            Metre::common().weight(Ticks::quarters(2)) > Metre::common().weight(Ticks::quarters(1))
        );
    }
}
