//! Summaries of sequences, as variational autoencoders make and use them: a reader that sums up, and
//! a hand that goes on with a summary in mind.

use crate::{
    kernel::add_product,
    layers::{Cell, Dense, Tables},
    weights::{Table, WeightsFault},
};

/// What a sequence comes down to: the mean of its summary, and how far it may be from that.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Mean.
    pub mean: Vec<f32>,
    /// Logarithm of the variance.
    pub spread: Vec<f32>,
}

/// A reader: an LSTM in each direction over the steps of a sequence.
#[derive(Clone, Debug)]
pub struct Reader {
    read: Dense,
    forth: Cell,
    back: Cell,
    mean: Dense,
    spread: Dense,
}

impl Reader {
    /// Takes `read`, `forth`, `back`, `mean` and `spread` out of tables: steps of `from` numbers,
    /// summaries of `to`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn take(tables: &mut Tables, from: usize, to: usize) -> Result<Self, WeightsFault> {
        let width = width(tables, "read.weight")?;
        Ok(Self {
            read: Dense::take(tables, "read", from, width)?,
            forth: Cell::take(tables, "forth", width)?,
            back: Cell::take(tables, "back", width)?,
            mean: Dense::take(tables, "mean", 2 * width, to)?,
            spread: Dense::take(tables, "spread", 2 * width, to)?,
        })
    }

    /// Sums up steps.
    pub fn summary<'s>(&self, steps: impl IntoIterator<Item = &'s [f32]>) -> Summary {
        let steps = steps.into_iter().map(|step| self.read.apply(step));
        let steps: Vec<Vec<f32>> = steps.collect();
        let last = |cell: &Cell, steps: &mut dyn Iterator<Item = &Vec<f32>>| {
            let mut rows = [vec![0.0; cell.width()], vec![0.0; cell.width()]];
            for step in steps {
                cell.step(&mut rows, &mut step.clone());
            }
            let [_, out] = rows;
            out
        };
        let mut both = last(&self.forth, &mut steps.iter());
        both.extend(last(&self.back, &mut steps.iter().rev()));
        let spread = self.spread.apply(&both);
        Summary {
            mean: self.mean.apply(&both),
            spread: spread.iter().map(|x| x.clamp(-8.0, 4.0)).collect(),
        }
    }
}

/// A writer or player at work: what it remembers, and what it is told all the time.
#[derive(Clone, Debug)]
pub struct Hand {
    /// What its cell remembers.
    pub rows: [Vec<f32>; 2],
    /// What the summary says to each step.
    pub always: Vec<f32>,
}

impl Hand {
    /// One that has done nothing yet.
    pub fn new(cell: &Cell, from_summary: &Table, summary: &[f32]) -> Self {
        let width = cell.width();
        let mut always = vec![0.0; width];
        add_product(summary, from_summary, &mut always);
        Self {
            rows: [vec![0.0; width], vec![0.0; width]],
            always,
        }
    }
}

/// Columns of a table.
///
/// # Errors
/// When it is missing.
pub fn width(tables: &Tables, name: &str) -> Result<usize, WeightsFault> {
    let table = tables.get(name).map(|table| table.columns);
    table.ok_or_else(|| WeightsFault::Lacks(name.to_owned()))
}
