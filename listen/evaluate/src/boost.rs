//! Gradient boosting of small trees for two classes (Friedman 2001): a judge that tells lists of
//! numbers apart.

use yuefu_audio::math;

/// Trees in a judge.
const ROUNDS: usize = 80;
/// What each tree counts.
const RATE: f64 = 0.1;
/// Fewest examples on each side of a split.
const FEWEST: usize = 4;
/// Most questions of a tree that is read.
const DEEPEST: usize = 8;

/// A trained judge.
#[derive(Clone, Debug)]
pub struct Judge {
    start: f64,
    trees: Vec<Tree>,
}

/// Two questions deep.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(f64),
    Split(usize, f64, Box<[Tree; 2]>),
}

impl Judge {
    /// Learns to tell rows with `true` from others.
    pub fn train(rows: &[Vec<f64>], real: &[bool]) -> Self {
        Self::train_from(rows, real, FEWEST)
    }

    /// The same with another number of examples that each side of a split has to have.
    pub fn train_from(rows: &[Vec<f64>], real: &[bool], fewest: usize) -> Self {
        let share = real.iter().filter(|r| **r).count() as f64 / real.len().max(1) as f64;
        let share = share.clamp(0.01, 0.99);
        let start = math::ln(share / (1.0 - share));
        let features = rows.first().map_or(0, Vec::len);
        let columns: Vec<Vec<f64>> = (0..features)
            .map(|feature| rows.iter().map(|row| row[feature]).collect())
            .collect();
        let mut scores = vec![start; rows.len()];
        let mut trees = Vec::with_capacity(ROUNDS);
        let all: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..ROUNDS {
            let chances: Vec<f64> = scores.iter().map(|s| 1.0 / (1.0 + math::exp(-s))).collect();
            let slopes: Vec<f64> = chances
                .iter()
                .zip(real)
                .map(|(chance, real)| f64::from(u8::from(*real)) - chance)
                .collect();
            let curves: Vec<f64> = chances.iter().map(|c| (c * (1.0 - c)).max(1e-6)).collect();
            let tree = grow(&columns, &slopes, &curves, &all, (2, fewest));
            for (score, row) in scores.iter_mut().zip(rows) {
                *score += RATE * tree.answer(row);
            }
            trees.push(tree);
        }
        Self { start, trees }
    }

    /// How real a row looks: above 0 it looks real.
    pub fn score(&self, row: &[f64]) -> f64 {
        self.start + self.trees.iter().map(|t| RATE * t.answer(row)).sum::<f64>()
    }

    /// Both judges' scores together: one that was trained on what is left once the other has spoken
    /// corrects it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.start += other.start;
        self.trees.extend(other.trees);
        self
    }

    /// The judge as text: a line for each tree.
    pub fn text(&self) -> String {
        let mut out = format!("start {}\n", self.start);
        for tree in &self.trees {
            out.push_str("tree");
            tree.write(&mut out);
            out.push('\n');
        }
        out
    }

    /// Reads what [`Self::text`] wrote, of rows of so many features.
    ///
    /// # Errors
    /// A sentence with the line that cannot be read.
    pub fn parse(text: &str, features: usize) -> Result<Self, String> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let start = first.strip_prefix("start ").and_then(finite);
        let start = start.ok_or_else(|| format!("expected `start NUMBER`, found `{first}`"))?;
        let trees = lines.map(|line| {
            let words = line.strip_prefix("tree ").map(str::split_ascii_whitespace);
            let tree = words.and_then(|mut words| {
                let tree = Tree::read(&mut words, features, DEEPEST)?;
                words.next().is_none().then_some(tree)
            });
            tree.ok_or_else(|| format!("expected a tree of {features} features, found `{line}`"))
        });
        Ok(Self {
            start,
            trees: trees.collect::<Result<_, _>>()?,
        })
    }

    /// Features by how often trees ask for them, most first.
    pub fn asked(&self) -> Vec<(usize, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for tree in &self.trees {
            tree.count(&mut counts);
        }
        let mut asked: Vec<(usize, usize)> = counts.into_iter().collect();
        asked.sort_by_key(|(feature, count)| (std::cmp::Reverse(*count), *feature));
        asked
    }
}

impl Tree {
    /// Prefix order: `s FEATURE AT LOW HIGH`, `l VALUE`.
    fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(value) => out.push_str(&format!(" l {value}")),
            Self::Split(feature, at, sides) => {
                out.push_str(&format!(" s {feature} {at}"));
                sides.iter().for_each(|side| side.write(out));
            }
        }
    }

    fn read<'t>(
        words: &mut impl Iterator<Item = &'t str>,
        features: usize,
        deepest: usize,
    ) -> Option<Self> {
        match words.next()? {
            "l" => words.next().and_then(finite).map(Self::Leaf),
            "s" if deepest > 0 => {
                let feature = words.next()?.parse().ok().filter(|f| *f < features)?;
                let at = words.next().and_then(finite)?;
                let low = Self::read(words, features, deepest - 1)?;
                let high = Self::read(words, features, deepest - 1)?;
                Some(Self::Split(feature, at, Box::new([low, high])))
            }
            _ => None,
        }
    }

    fn answer(&self, row: &[f64]) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Split(feature, at, sides) => sides[usize::from(row[*feature] > *at)].answer(row),
        }
    }

    fn count(&self, counts: &mut std::collections::BTreeMap<usize, usize>) {
        if let Self::Split(feature, _, sides) = self {
            *counts.entry(*feature).or_default() += 1;
            sides.iter().for_each(|side| side.count(counts));
        }
    }
}

fn finite(word: &str) -> Option<f64> {
    word.parse().ok().filter(|value: &f64| value.is_finite())
}

fn grow(
    columns: &[Vec<f64>],
    slopes: &[f64],
    curves: &[f64],
    own: &[usize],
    (depth, fewest): (usize, usize),
) -> Tree {
    let sum = |of: &[f64], own: &[usize]| own.iter().map(|i| of[*i]).sum::<f64>();
    let (slope, curve) = (sum(slopes, own), sum(curves, own));
    let leaf = Tree::Leaf(slope / (curve + 1.0));
    if depth == 0 || own.len() < 2 * fewest {
        return leaf;
    }
    let gain = |slope: f64, curve: f64| slope * slope / (curve + 1.0);
    let mut best: Option<(f64, usize, f64)> = None;
    let mut order = own.to_vec();
    for (feature, column) in columns.iter().enumerate() {
        let of = |row: usize| column[row];
        order.sort_by(|a, b| of(*a).total_cmp(&of(*b)).then(a.cmp(b)));
        let (mut s, mut c) = (0.0, 0.0);
        for (count, pair) in order.windows(2).enumerate() {
            s += slopes[pair[0]];
            c += curves[pair[0]];
            let (low, high) = (of(pair[0]), of(pair[1]));
            if low == high || count + 1 < fewest || order.len() - count - 1 < fewest {
                continue;
            }
            let won = gain(s, c) + gain(slope - s, curve - c);
            if best.is_none_or(|(most, ..)| won > most + 1e-12) {
                best = Some((won, feature, (low + high) / 2.0));
            }
        }
    }
    match best {
        Some((won, feature, at)) if won > gain(slope, curve) + 1e-9 => {
            let (low, high): (Vec<usize>, Vec<usize>) =
                own.iter().partition(|i| columns[feature][**i] <= at);
            let side = |own: &[usize]| grow(columns, slopes, curves, own, (depth - 1, fewest));
            Tree::Split(feature, at, Box::new([side(&low), side(&high)]))
        }
        _ => leaf,
    }
}

/// Standard error of an area under the curve of so many real and other examples, by Hanley and
/// McNeil (Radiology 143, 1982).
pub fn auc_error(area: f64, real: usize, other: usize) -> f64 {
    let (real, other) = (real.max(1) as f64, other.max(1) as f64);
    let (q1, q2) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
    let sum = area * (1.0 - area)
        + (real - 1.0) * (q1 - area * area)
        + (other - 1.0) * (q2 - area * area);
    (sum / (real * other)).max(0.0).sqrt()
}

/// Chance that a real one scores above another: 0.5 where they cannot be told apart.
pub fn auc(scores: &[(f64, bool)]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Ranks of equal scores are shared.
    let mut sum = 0.0;
    let mut index = 0;
    while index < sorted.len() {
        let end = sorted[index..]
            .iter()
            .position(|s| s.0 != sorted[index].0)
            .map_or(sorted.len(), |count| index + count);
        let rank = (index + end + 1) as f64 / 2.0;
        sum += rank * sorted[index..end].iter().filter(|s| s.1).count() as f64;
        index = end;
    }
    let real = scores.iter().filter(|s| s.1).count() as f64;
    let other = scores.len() as f64 - real;
    (sum - real * (real + 1.0) / 2.0) / (real * other)
}

/// Judges every row by judges that were trained without its fold, and returns how well they tell
/// (area under the curve) and how often judges asked for each feature.
pub fn tell_apart(rows: &[Vec<f64>], real: &[bool], folds: &[usize]) -> (f64, Vec<(usize, usize)>) {
    let count = folds.iter().max().map_or(0, |fold| fold + 1);
    let mut scores = Vec::with_capacity(rows.len());
    let mut asked = std::collections::BTreeMap::<usize, usize>::new();
    for fold in 0..count {
        let part = |inside: bool| -> Vec<usize> {
            let all = 0..rows.len();
            all.filter(|i| (folds[*i] == fold) == inside).collect()
        };
        let learn = part(false);
        let train: Vec<Vec<f64>> = learn.iter().map(|i| rows[*i].clone()).collect();
        let right: Vec<bool> = learn.iter().map(|i| real[*i]).collect();
        let judge = Judge::train(&train, &right);
        for (feature, times) in judge.asked() {
            *asked.entry(feature).or_default() += times;
        }
        let held = part(true);
        scores.extend(held.into_iter().map(|i| (judge.score(&rows[i]), real[i])));
    }
    let mut asked: Vec<(usize, usize)> = asked.into_iter().collect();
    asked.sort_by_key(|(feature, count)| (std::cmp::Reverse(*count), *feature));
    (auc(&scores), asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_engine::SeedPath;

    #[test]
    fn a_judge_reads_itself_back() {
        let rows: Vec<Vec<f64>> = (0..60)
            .map(|i| vec![f64::from(i % 7), f64::from(i)])
            .collect();
        let real: Vec<bool> = (0..60).map(|i| i % 7 > 3 || i > 50).collect();
        let judge = Judge::train(&rows, &real);
        let again = Judge::parse(&judge.text(), 2).unwrap();
        assert!(rows.iter().all(|row| judge.score(row) == again.score(row)));
        let twice = judge.clone().and(again);
        let apart = |row: &Vec<f64>| twice.score(row) - 2.0 * judge.score(row);
        assert!(rows.iter().all(|row| apart(row).abs() < 1e-9));
        for wrong in [
            "",
            "start x",
            "start 1\ntree s 2 0.5 l 1 l 2",
            "start 1\ntree l 1 l",
        ] {
            assert!(Judge::parse(wrong, 2).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_differs_is_told_apart_and_what_does_not_is_not() {
        let mut rng = SeedPath::song(3).rng();
        let mut row = |shift: f32| -> Vec<f64> {
            (0..6)
                .map(|i| f64::from(rng.bipolar() + if i == 4 { shift } else { 0.0 }))
                .collect()
        };
        let rows: Vec<Vec<f64>> = (0..200)
            .map(|i| row(if i % 2 == 0 { 0.9 } else { 0.0 }))
            .collect();
        let real: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
        let folds: Vec<usize> = (0..200).map(|i| i / 2 % 5).collect();
        let (told, asked) = tell_apart(&rows, &real, &folds);
        assert!(told > 0.8, "{told}");
        assert_eq!(asked[0].0, 4);
        let blind: Vec<bool> = (0..200).map(|i| i % 4 < 2).collect();
        let (told, _) = tell_apart(&rows, &blind, &folds);
        assert!((0.35..0.65).contains(&told), "{told}");
        assert_eq!(
            auc(&[(1.0, false), (2.0, true), (2.0, false), (3.0, true)]),
            0.875
        );
    }
}
