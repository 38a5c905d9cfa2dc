//! What a set of songs does, counted: pitch, intervals, rhythm, harmony, structure; and how far two
//! sets are apart.

use crate::{
    likeness::{bars_of, returns},
    lines::{self, NAMES},
};
use serde::Serialize;
use yuefu_audio::math;
use yuefu_song::{Score, Track, line_of};
use yuefu_theory::Ticks;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Semitones of the tune's notes above the tonic, by their length.
    Pitch,
    /// Semitones from note to note, from -12 (and below) to 12 (and above).
    Interval,
    /// Sixteenths from onset to onset, 0 to 32 (and more).
    Distance,
    /// Twelfths of a quarter at which notes begin within their quarter.
    Place,
    /// Chords as root above the tonic and third (major, minor, neither), by their length.
    Harmony,
    /// Eighths that a chord lasts, 0 to 32 (and more).
    ChordLength,
    /// Bars since a bar of the same rhythm and shape was heard, 1 to 16 (and more); 0: never.
    Structure,
}

impl Family {
    /// All families with their names and sizes.
    pub const ALL: [(Self, &'static str, usize); 7] = [
        (Self::Pitch, "pitch", 12),
        (Self::Interval, "interval", 25),
        (Self::Distance, "distance", 33),
        (Self::Place, "place", 12),
        (Self::Harmony, "harmony", 36),
        (Self::ChordLength, "chord-length", 33),
        (Self::Structure, "structure", 18),
    ];

    /// What one of its classes is called.
    pub fn class(self, index: usize) -> String {
        const DEGREES: [&str; 12] = [
            "1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7",
        ];
        match self {
            Self::Pitch => DEGREES[index % 12].to_owned(),
            Self::Interval => format!("{:+}", index as i64 - 12),
            Self::Harmony => format!("{}{}", DEGREES[index / 3 % 12], ["", "m", "?"][index % 3]),
            Self::Structure if index == 0 => "new".to_owned(),
            _ => index.to_string(),
        }
    }
}

/// Counts over a set of songs. Every song counts 10,000 in each family that it has, however long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portrait {
    /// Songs that were counted.
    pub songs: usize,
    pub(crate) counts: [Vec<u64>; Family::ALL.len()],
    /// Figures of [`lines::NAMES`] of each song that is long enough.
    pub figures: Vec<[f64; NAMES.len()]>,
    /// Whether the counts came ready made, without single songs.
    pub(crate) spreads: Option<[Spread; NAMES.len()]>,
    /// How far the two halves of a counted set are apart.
    pub(crate) floors: Option<[f64; Family::ALL.len()]>,
}

/// Mean of a figure, and the values below which a tenth and nine tenths of the songs lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// A tenth of the songs lies below.
    pub low: f64,
    /// A tenth lies above.
    pub high: f64,
}

/// How far two sets are apart in one respect.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Distance {
    /// In what.
    pub family: Family,
    /// Jensen-Shannon divergence of the two distributions in bits: 0 equal, 1 nothing in common.
    pub divergence: f64,
    /// The same between two halves of the set that is compared with: what equals would reach.
    pub floor: Option<f64>,
}

/// What one song counts as.
const SONG: f64 = 10_000.0;

impl Portrait {
    /// Counts songs, each with the track of its tune.
    pub fn of<'a>(songs: impl IntoIterator<Item = (&'a Score, &'a Track)>) -> Self {
        let songs: Vec<(&Score, &Track)> = songs.into_iter().collect();
        let mut whole = Self::plain(&songs);
        if songs.len() >= 4 {
            let half = |rest: usize| {
                let own = songs.iter().enumerate().filter(|(i, _)| i % 2 == rest);
                Self::plain(&own.map(|(_, song)| *song).collect::<Vec<_>>())
            };
            let (a, b) = (half(0), half(1));
            whole.floors = Some(std::array::from_fn(|i| {
                divergence(&a.counts[i], &b.counts[i])
            }));
        }
        whole
    }

    fn plain(songs: &[(&Score, &Track)]) -> Self {
        let mut out = Self {
            songs: songs.len(),
            counts: Family::ALL.map(|(.., size)| vec![0; size]),
            ..Self::default()
        };
        for (score, track) in songs {
            let own = counts(score, track);
            for (sum, own) in out.counts.iter_mut().zip(own) {
                let total: f64 = own.iter().sum();
                if total > 0.0 {
                    for (sum, own) in sum.iter_mut().zip(own) {
                        *sum += (SONG * own / total).round() as u64;
                    }
                }
            }
            out.figures.extend(lines::of_track(score, track));
        }
        out
    }

    /// The share of each class of a family; empty where no song has any.
    pub fn shares(&self, family: Family) -> Vec<f64> {
        let counts = &self.counts[family as usize];
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Vec::new();
        }
        counts.iter().map(|c| *c as f64 / total as f64).collect()
    }

    /// How far a set is from this one, in every respect that both have.
    pub fn distances(&self, other: &Self) -> Vec<Distance> {
        Family::ALL
            .into_iter()
            .filter(|(family, ..)| {
                !self.shares(*family).is_empty() && !other.shares(*family).is_empty()
            })
            .map(|(family, ..)| {
                let at = family as usize;
                Distance {
                    family,
                    divergence: divergence(&self.counts[at], &other.counts[at]),
                    floor: self.floors.map(|floors| floors[at]),
                }
            })
            .collect()
    }

    /// Mean and middle 80 % of each figure of [`lines::NAMES`].
    pub fn spreads(&self) -> [Spread; NAMES.len()] {
        if let Some(spreads) = self.spreads {
            return spreads;
        }
        std::array::from_fn(|i| {
            let column: Vec<f64> = self.figures.iter().map(|row| row[i]).collect();
            let (mean, low, high) = lines::spread(&column);
            Spread { mean, low, high }
        })
    }

    /// For each figure the share of this set's songs that lie in the middle 80 % of another set.
    pub fn within(&self, real: &Self) -> [f64; NAMES.len()] {
        let spreads = real.spreads();
        std::array::from_fn(|i| {
            let inside = |row: &&[f64; NAMES.len()]| {
                (spreads[i].low - 1e-9..=spreads[i].high + 1e-9).contains(&row[i])
            };
            let count = self.figures.iter().filter(inside).count();
            count as f64 / self.figures.len().max(1) as f64
        })
    }
}

/// Counts of one song, family by family.
fn counts(score: &Score, track: &Track) -> [Vec<f64>; Family::ALL.len()] {
    let mut out = Family::ALL.map(|(.., size)| vec![0.0; size]);
    let mut add = |family: Family, class: i64, weight: f64| {
        let table = &mut out[family as usize];
        let most = table.len() as i64 - 1;
        table[class.clamp(0, most) as usize] += weight;
    };
    let tonic = |at: Ticks| i32::from(score.key_at(at).tonic.pc());
    let round = |time: Ticks, unit: Ticks| (time.0 + unit.0 / 2).div_euclid(unit.0);
    let line = line_of(track);
    for note in &line {
        let degree = (i32::from(note.key) - tonic(note.at)).rem_euclid(12);
        let len = note.len.as_quarters().clamp(0.0, 8.0);
        add(Family::Pitch, i64::from(degree), len);
        let (_, into) = score.timeline.bar_of(note.at);
        let twelfth = round(into, Ticks::QUARTER / 12).rem_euclid(12);
        add(Family::Place, twelfth, 1.0);
    }
    for pair in line.windows(2) {
        let distance = round(pair[1].at - pair[0].at, Ticks::of(1, 16));
        // After a long silence a tune begins anew.
        if pair[1].at - (pair[0].at + pair[0].len) < Ticks::WHOLE * 2 {
            let interval = (i32::from(pair[1].key) - i32::from(pair[0].key)).clamp(-12, 12);
            add(Family::Interval, i64::from(interval) + 12, 1.0);
        }
        add(Family::Distance, distance, 1.0);
    }
    for chord in &score.chords {
        let above = i32::from(chord.chord.root.pc()) - tonic(chord.span.start);
        let third = match chord.chord.third() {
            Some(4) => 0,
            Some(3) => 1,
            _ => 2,
        };
        let class = i64::from(above.rem_euclid(12)) * 3 + third;
        add(Family::Harmony, class, chord.span.len().as_quarters());
        add(
            Family::ChordLength,
            round(chord.span.len(), Ticks::of(1, 8)),
            1.0,
        );
    }
    for bar in returns(&bars_of(score, track)) {
        add(
            Family::Structure,
            bar.map_or(0, |ago| ago.min(17) as i64),
            1.0,
        );
    }
    out
}

/// Jensen-Shannon divergence of two lists of counts, in bits. What neither has counts nothing.
fn divergence(a: &[u64], b: &[u64]) -> f64 {
    let total = |of: &[u64]| of.iter().sum::<u64>().max(1) as f64;
    let (all_a, all_b) = (total(a), total(b));
    let part = |own: f64, middle: f64| {
        if own > 0.0 {
            own * math::log2(own / middle)
        } else {
            0.0
        }
    };
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| {
            let (a, b) = (*a as f64 / all_a, *b as f64 / all_b);
            let middle = (a + b) / 2.0;
            part(a, middle) + part(b, middle)
        })
        .sum();
    (sum / 2.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_are_not_apart_and_strangers_are() {
        assert_eq!(divergence(&[5, 5, 0], &[10, 10, 0]), 0.0);
        assert_eq!(divergence(&[5, 0], &[0, 3]), 1.0);
        let near = divergence(&[50, 50], &[55, 45]);
        assert!(near > 0.0 && near < 0.01, "{near}");
    }

    #[test]
    fn families_are_numbered_by_their_place() {
        for (index, (family, name, size)) in Family::ALL.into_iter().enumerate() {
            assert_eq!(family as usize, index, "{name}");
            assert!((0..size).all(|class| !family.class(class).is_empty()));
        }
    }
}
