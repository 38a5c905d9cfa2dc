//! Which of several drafts of a tune to keep.
//!
//! What is drawn note by note drifts from real songs in ways that show over a whole song only. So a
//! song's tune is written several times, and each draft is weighed by how much likelier it is among
//! real songs than among drafts: a judge that was trained to tell the two gives the logarithm of that
//! ratio. Drawing by these weights gives what real songs would (sampling importance resampling, Rubin
//! 1987; with a trained judge: discriminator rejection sampling, Azadi and others, ICLR 2019).
//! What the drafts that are kept still lack is learned in later rounds, and added: fourteen drafts are
//! too few to find all that the first judge asks for.
//! Drafts that lie where only the outer fifth of real songs lies count less.
//!
//! `yuefu-bench --bin drafts` makes the table, `data/composer/drafts.txt`.

use crate::{boost::Judge, lines, sheet};
use std::{collections::BTreeMap, fmt::Write as _, sync::OnceLock};
use yuefu_audio::math;
use yuefu_song::{Score, lead_of};

/// Figures of [`lines::measure`] in which single songs are asked to be usual, with short names.
pub const ASKED: [(usize, &str); 5] = [
    (8, "chord tones"),
    (13, "heard before"),
    (7, "range"),
    (5, "leaps turn"),
    (6, "density"),
];

/// What a draft loses, in nats, for each figure that is unusual, and beside that for each width of
/// the usual stretch by which it is. Judges are trained on drafts that are kept with it: when it
/// changes, the table must be made again.
const UNUSUAL: f64 = 5.0;

/// What real tunes of a kind are like.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Where the middle eight of ten lie, in the order of [`ASKED`].
    pub usual: [[f64; 2]; ASKED.len()],
    /// Tells them from drafts.
    pub judge: Judge,
}

/// Standards by name: that of a school of tunes, with `-sung` behind it where words are sung.
#[derive(Clone, Debug, Default)]
pub struct Standards(BTreeMap<String, Standard>);

const HEAD: &str = "# What real tunes are like; yuefu-bench --bin drafts makes this.\n";

impl Standard {
    /// In which of the [`ASKED`] figures a line is usual, of all that [`lines::measure`] gives.
    pub fn usual(&self, line: &[f64; 17]) -> [bool; ASKED.len()] {
        std::array::from_fn(|index| {
            let [low, high] = self.usual[index];
            (low..=high).contains(&line[ASKED[index].0])
        })
    }

    /// How much a draft counts, as a logarithm; `None` where it is too short to say.
    pub fn weigh(&self, score: &Score) -> Option<f64> {
        let line = lines::of_score(score)?;
        let row = lead_of(score).and_then(|lead| sheet::figures(score, lead));
        let likelier = row.map_or(0.0, |row| self.judge.score(&row));
        Some(likelier - unusual(&self.usual, &line))
    }
}

/// Chances of drafts, the heaviest one's being 1, from what they count; none for what cannot be weighed.
/// `None` where nothing can.
pub fn shares(weights: &[Option<f64>]) -> Option<Vec<f32>> {
    let most = weights.iter().flatten().copied().reduce(f64::max)?;
    let share = |weight: &Option<f64>| weight.map_or(0.0, |own| math::exp(own - most) as f32);
    Some(weights.iter().map(share).collect())
}

/// What a line loses, in nats, by figures that are not usual.
pub fn unusual(usual: &[[f64; 2]; ASKED.len()], line: &[f64; 17]) -> f64 {
    let lost = ASKED.iter().zip(usual).map(|((figure, _), [low, high])| {
        let beyond = (low - line[*figure]).max(line[*figure] - high);
        match beyond > 0.0 {
            true => UNUSUAL * (1.0 + beyond / (high - low).max(1e-9)),
            false => 0.0,
        }
    });
    lost.sum()
}

impl Standards {
    /// Those that ship.
    ///
    /// # Errors
    /// When the shipped table was edited and is not valid any more.
    pub fn shipped() -> Result<&'static Self, &'static str> {
        static SHIPPED: OnceLock<Result<Standards, String>> = OnceLock::new();
        let parsed = SHIPPED.get_or_init(|| {
            let text = yuefu_data::text("composer/drafts.txt");
            Standards::parse(text.ok_or("composer/drafts.txt does not ship")?)
        });
        parsed.as_ref().map_err(String::as_str)
    }

    /// The standard of a school; of its sung tunes where there is one and words are sung.
    pub fn of(&self, school: &str, sung: bool) -> Option<&Standard> {
        let own = sung
            .then(|| self.0.get(&format!("{school}-sung")))
            .flatten();
        own.or_else(|| self.0.get(school))
    }

    /// Adds a standard.
    pub fn add(&mut self, name: &str, standard: Standard) {
        self.0.insert(name.to_owned(), standard);
    }

    /// The standards as text.
    pub fn text(&self) -> String {
        let mut out = String::from(HEAD);
        for (name, standard) in &self.0 {
            let _ = writeln!(out, "standard {name}");
            for ((_, figure), [low, high]) in ASKED.iter().zip(&standard.usual) {
                let _ = writeln!(out, "usual {low} {high} {figure}");
            }
            out.push_str(&standard.judge.text());
        }
        out
    }

    /// Reads what [`Self::text`] wrote.
    ///
    /// # Errors
    /// A sentence with what cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = text.strip_prefix(HEAD);
        let body = body.ok_or("expected a table of real tunes, found other text")?;
        let mut out = Self::default();
        for part in body.split("standard ").skip(1) {
            let (name, part) = part.split_once('\n').unwrap_or((part, ""));
            let mut usual = [[0.0; 2]; ASKED.len()];
            let mut rest = part;
            for (own, (_, figure)) in usual.iter_mut().zip(ASKED) {
                let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                let words = line
                    .strip_prefix("usual ")
                    .and_then(|l| l.strip_suffix(figure));
                let read: Option<Vec<f64>> = words.and_then(|words| {
                    let numbers = words.split_ascii_whitespace().map(|word| word.parse().ok());
                    numbers.collect()
                });
                let [low, high] = read.as_deref().unwrap_or_default() else {
                    return Err(format!(
                        "expected `usual LOW HIGH {figure}`, found `{line}`"
                    ));
                };
                *own = [*low, *high];
                rest = after;
            }
            let judge = Judge::parse(rest, sheet::names().len())?;
            out.add(name, Standard { usual, judge });
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_read_themselves_back() {
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|i| vec![f64::from(i); sheet::names().len()])
            .collect();
        let real: Vec<bool> = (0..40).map(|i| i > 19).collect();
        let mut all = Standards::default();
        let standard = Standard {
            usual: [[0.25, 1.5]; ASKED.len()],
            judge: Judge::train(&rows, &real),
        };
        all.add("pop", standard.clone());
        all.add("pop-sung", standard);
        let again = Standards::parse(&all.text()).unwrap();
        assert_eq!(again.text(), all.text());
        assert!(again.of("art", false).is_none() && again.of("pop", true).is_some());
        let broken = all.text().replace("usual 0.25", "usual x");
        assert!(Standards::parse(&broken).is_err() && Standards::parse("").is_err());
    }

    #[test]
    fn heavier_drafts_are_likelier() {
        let shares = shares(&[Some(-1000.0), None, Some(0.0), Some(-1.0)]).unwrap();
        assert_eq!(shares[..3], [0.0, 0.0, 1.0]);
        assert!((shares[3] - 0.367_88).abs() < 1e-4);
        assert!(super::shares(&[None, None]).is_none());
    }

    #[test]
    fn what_ships_is_valid() {
        let shipped = Standards::shipped().expect("ships");
        for name in ["pop", "art", "standard"] {
            assert!(shipped.of(name, false).is_some(), "{name}");
        }
    }
}
