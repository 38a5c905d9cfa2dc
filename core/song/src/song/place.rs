//! Positions as musicians write them: bar, and beat where it is not the first.

use std::{fmt, str::FromStr};
use yuefu_theory::{Metre, MetreChange, Ticks, Timeline};

/// `9` is the start of bar 9; `9:3` its third beat; `9:2.5` and `9:5/2` halfway behind the second.
/// Bars and beats count from 1; a beat is the unit of the metre (an eighth in 6/8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    bar: i64,
    /// Beats from the barline, as a fraction.
    beats: (i64, i64),
}

impl Position {
    /// The position of a tick.
    pub fn of(at: Ticks, line: &Timeline) -> Self {
        let (bar, offset) = line.bar_of(at);
        let unit = unit_at(line, at);
        let common = gcd(offset.0, unit);
        Self {
            bar: bar + 1,
            beats: (offset.0 / common, unit / common),
        }
    }

    /// Its tick; `None` when it lies between two.
    pub fn ticks(self, line: &Timeline) -> Option<Ticks> {
        let start = line.bar_start(self.bar - 1);
        let (num, den) = self.beats;
        let ticks = num * unit_at(line, start);
        (ticks % den == 0).then(|| start + Ticks(ticks / den))
    }
}

/// The unit of the metre at a position; a quarter where there is no metre.
fn unit_at(line: &Timeline, at: Ticks) -> i64 {
    let metre = (line.metres.iter()).rev().find(|change| change.at <= at);
    metre
        .map_or(Ticks::QUARTER, |change| change.metre.unit_len())
        .0
}

/// The length of a number of bars from a position; `None` when the position is no barline.
pub(super) fn bars_from(start: Ticks, bars: u32, line: &Timeline) -> Option<Ticks> {
    let (bar, offset) = line.bar_of(start);
    (offset == Ticks::ZERO).then(|| line.bar_start(bar + i64::from(bars)) - start)
}

/// The metre map of changes at positions, each of which counts bars by those before it; `Err`
/// gives the index of a change that is not at a tick.
pub(super) fn metre_map(changes: Vec<(Position, Metre)>) -> Result<Vec<MetreChange>, usize> {
    let mut line = Timeline {
        tempo: Vec::new(),
        metres: Vec::new(),
    };
    for (index, (position, metre)) in changes.into_iter().enumerate() {
        let at = position.ticks(&line).ok_or(index)?;
        line.metres.push(MetreChange { at, metre });
    }
    Ok(line.metres)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 {
        a.abs().max(1)
    } else {
        gcd(b, a % b)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (num, den) = self.beats;
        match (num, den) {
            (0, _) => write!(f, "{}", self.bar),
            (num, 1) => write!(f, "{}:{}", self.bar, num + 1),
            (num, 2) => write!(f, "{}:{}.5", self.bar, num / 2 + 1),
            (num, 4) => {
                let part = if num % 4 == 1 { "25" } else { "75" };
                write!(f, "{}:{}.{part}", self.bar, num / 4 + 1)
            }
            (num, den) => write!(f, "{}:{}/{den}", self.bar, num + den),
        }
    }
}

impl FromStr for Position {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (bar, beat) = text.trim().split_once(':').unwrap_or((text.trim(), "1"));
            let bar: i64 = bar.parse().ok()?;
            let (num, den) = match (beat.split_once('/'), beat.split_once('.')) {
                (Some((num, den)), _) => (num.parse().ok()?, den.parse().ok()?),
                (None, Some((whole, part))) if part.len() <= 6 => {
                    let den = 10_i64.pow(part.len() as u32);
                    let whole: i64 = whole.parse().ok()?;
                    let part: u32 = part.parse().ok()?;
                    (whole.checked_mul(den)? + i64::from(part), den)
                }
                (None, Some(_)) => return None,
                (None, None) => (beat.parse().ok()?, 1),
            };
            let sane = (1..=1_000_000).contains(&bar)
                && (1..=1_000_000).contains(&den)
                && (den..=1_000_000_000).contains(&num);
            let common = gcd(num - den, den);
            sane.then(|| Self {
                bar,
                beats: ((num - den) / common, den / common),
            })
        };
        read().ok_or_else(|| {
            format!("expected a position such as \"9\" or \"9:3\" (bar and beat), found `{text}`")
        })
    }
}

crate::as_text::in_files!(Position);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_exact() {
        let mut line = Timeline::steady(100.0, "6/8".parse().unwrap());
        line.metres.push(MetreChange {
            at: line.bar_start(4),
            metre: "3/4".parse().unwrap(),
        });
        for ticks in (0..2_000_000).step_by(1_260) {
            let position = Position::of(Ticks(ticks), &line);
            let read: Position = position.to_string().parse().unwrap();
            assert_eq!(read.ticks(&line), Some(Ticks(ticks)), "{position}");
        }
        for (text, ticks) in [("5", 483_840), ("5:2.5", 544_320), ("1:7/3", 26_880)] {
            let position: Position = text.parse().unwrap();
            assert_eq!(position.ticks(&line), Some(Ticks(ticks)), "{text}");
        }
        for text in [
            "",
            "0",
            "x",
            "3:",
            "3:0",
            "3:1/0",
            "9999999999999",
            "2:1.x",
            "1:2.-5",
        ] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
