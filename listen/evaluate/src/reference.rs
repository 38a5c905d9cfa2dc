//! Portraits of real music that ship: counts alone, so that sets can be measured where no
//! collection is at hand.

use crate::{
    lines::NAMES,
    portrait::{Family, Portrait, Spread},
};
use std::{fmt::Write as _, sync::OnceLock};

/// The collections that portraits of ship.
pub const SETS: [&str; 3] = ["pop909", "openewld", "lieder"];

const HEAD: &str = "# portrait 1: songs; counts by class; bits between two halves; mean and middle 80 % of figures\n";

/// The shipped portrait of a collection (one of [`SETS`]).
///
/// # Errors
/// A sentence when there is none of that name, or the shipped file was edited.
pub fn shipped(name: &str) -> Result<&'static Portrait, String> {
    static ALL: OnceLock<Vec<Result<Portrait, String>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let read = |name: &&str| {
            let file = format!("portraits/{name}.txt");
            let text = yuefu_data::text(&file).ok_or_else(|| format!("{file} is missing"))?;
            Portrait::parse(text).map_err(|error| format!("{file}: {error}"))
        };
        SETS.iter().map(read).collect()
    });
    let at = SETS.iter().position(|known| *known == name);
    let found = at.and_then(|at| all.get(at)).ok_or_else(|| {
        let known = SETS.join(", ");
        format!("there is no portrait of `{name}`; there are {known}")
    })?;
    found.as_ref().map_err(Clone::clone)
}

impl Portrait {
    /// The portrait as text. Of single songs only their spread is written.
    pub fn text(&self) -> String {
        let mut out = String::from(HEAD);
        let _ = writeln!(out, "songs {}", self.songs);
        for (family, name, _) in Family::ALL {
            let counts = &self.counts[family as usize];
            let row: Vec<String> = counts.iter().map(u64::to_string).collect();
            let _ = writeln!(out, "{name} {}", row.join(" "));
        }
        for ((_, name, _), floor) in Family::ALL.iter().zip(self.floors.unwrap_or_default()) {
            let _ = writeln!(out, "floor {name} {floor:.6}");
        }
        for (index, Spread { mean, low, high }) in self.spreads().iter().enumerate() {
            let _ = writeln!(out, "figure {index} {mean:.6} {low:.6} {high:.6}");
        }
        out
    }

    /// Reads a portrait.
    ///
    /// # Errors
    /// A sentence with the line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rows = text
            .strip_prefix(HEAD)
            .ok_or("expected a portrait, found other text")?;
        let mut lines = rows.lines().enumerate();
        let mut next = |start: &str, count: usize| -> Result<Vec<f64>, String> {
            let (number, line) = lines.next().ok_or("the text ends too early")?;
            let wrong = || format!("line {} cannot be read: `{line}`", number + 2);
            let rest = line.strip_prefix(start).ok_or_else(wrong)?;
            let values: Option<Vec<f64>> = rest
                .split_whitespace()
                .map(|word| word.parse().ok().filter(|v: &f64| v.is_finite()))
                .collect();
            values.filter(|v| v.len() == count).ok_or_else(wrong)
        };
        let mut out = Self {
            songs: next("songs ", 1)?[0].max(0.0) as usize,
            ..Self::default()
        };
        for (family, name, size) in Family::ALL {
            let row = next(&format!("{name} "), size)?;
            out.counts[family as usize] = row.iter().map(|v| v.clamp(0.0, 1e15) as u64).collect();
        }
        let mut floors = [0.0; Family::ALL.len()];
        for (floor, (_, name, _)) in floors.iter_mut().zip(Family::ALL) {
            *floor = next(&format!("floor {name} "), 1)?[0];
        }
        out.floors = Some(floors);
        let mut spreads = [Spread::default(); NAMES.len()];
        for (index, spread) in spreads.iter_mut().enumerate() {
            let row = next(&format!("figure {index} "), 3)?;
            *spread = Spread {
                mean: row[0],
                low: row[1],
                high: row[2],
            };
        }
        out.spreads = Some(spreads);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_portraits_are_read_and_near_themselves() {
        for name in SETS {
            let own = shipped(name).expect("ships");
            assert!(own.songs > 100);
            assert_eq!(Portrait::parse(&own.text()).as_ref(), Ok(own));
            for distance in own.distances(own) {
                assert_eq!(distance.divergence, 0.0);
                assert!(distance.floor.is_some_and(|floor| floor < 0.1));
            }
        }
        let [a, b] = ["pop909", "lieder"].map(|name| shipped(name).expect("ships"));
        let apart = a.distances(b);
        assert_eq!(apart.len(), Family::ALL.len());
        assert!(apart.iter().all(|d| d.divergence > d.floor.unwrap_or(0.0)));
        assert!(shipped("none").is_err());
    }

    #[test]
    fn damaged_text_is_refused_with_its_line() {
        let text = shipped("pop909").expect("ships").text();
        assert!(Portrait::parse("").is_err());
        assert!(Portrait::parse(&text[..text.len() / 2]).is_err());
        let bad = text.replacen("songs ", "songs x", 1);
        assert!(Portrait::parse(&bad).is_err_and(|error| error.contains("line 2")));
    }
}
