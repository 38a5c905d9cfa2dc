//! Running the network: a reader of pages (an LSTM in each direction) and a writer that draws the
//! sign of each step from a summary and from what it wrote.

use super::{HOLD, Page, REST, SIGNS, STEPS};
use yuefu_nets::{
    kernel::{add, add_product},
    layers::{Cell, Dense, Tables},
    weights::{Table, WeightsFault, take},
};

/// Numbers of a summary.
pub const SUMMARY: usize = 48;
/// What the reader is told of a step: its sign, and the mode.
pub const READ: usize = SIGNS + 1;
/// What the writer is told of a step: the sign before, what has sounded last, the place on the
/// page, the mode.
pub const WRITE: usize = SIGNS + SIGNS + STEPS + 1;

/// A network, loaded.
#[derive(Clone, Debug)]
pub struct PageNet {
    read: Dense,
    forth: Cell,
    back: Cell,
    mean: Dense,
    spread: Dense,
    write: Dense,
    write_summary: Table,
    writer: Cell,
    signs: Dense,
}

/// What a page comes down to: the mean of its summary, and how far it may be from that.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Mean.
    pub mean: Vec<f32>,
    /// Logarithm of the variance.
    pub spread: Vec<f32>,
}

/// A writer at work: what it remembers, and what it is told all the time.
#[derive(Clone, Debug)]
pub struct Hand {
    rows: [Vec<f32>; 2],
    always: Vec<f32>,
}

/// The places of the ones among [`WRITE`] zeros: what the writer is told of a step.
pub fn told(page: &Page, step: usize, minor: bool) -> Vec<usize> {
    let before = step.checked_sub(1).map(|at| page[at]);
    // A page may begin inside a note or a silence: nobody says which.
    let state = page[..step].iter().rev().find(|sign| **sign != HOLD);
    let mut ones = Vec::with_capacity(4);
    ones.extend(before.map(usize::from));
    ones.extend(state.map(|sign| SIGNS + usize::from(*sign)));
    ones.push(2 * SIGNS + step);
    if minor {
        ones.push(WRITE - 1);
    }
    ones
}

impl PageNet {
    /// A network of its tables.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn of(mut tables: Tables) -> Result<Self, WeightsFault> {
        let tables = &mut tables;
        let width = |tables: &Tables, name: &str| {
            let table = tables.get(name).map(|table| table.columns);
            table.ok_or_else(|| WeightsFault::Lacks(name.to_owned()))
        };
        let eye = width(tables, "read.weight")?;
        let hand = width(tables, "write.weight")?;
        let summary = take(tables, "write-summary.weight", Some(SUMMARY), Some(hand))?;
        Ok(Self {
            read: Dense::take(tables, "read", READ, eye)?,
            forth: Cell::take(tables, "forth", eye)?,
            back: Cell::take(tables, "back", eye)?,
            mean: Dense::take(tables, "mean", 2 * eye, SUMMARY)?,
            spread: Dense::take(tables, "spread", 2 * eye, SUMMARY)?,
            write: Dense::take(tables, "write", WRITE, hand)?,
            write_summary: summary,
            writer: Cell::take(tables, "writer", hand)?,
            signs: Dense::take(tables, "signs", hand, SIGNS)?,
        })
    }

    /// Reads a page.
    pub fn summary(&self, page: &Page, minor: bool) -> Summary {
        let steps: Vec<Vec<f32>> = page
            .iter()
            .map(|sign| {
                let mut x = vec![0.0; READ];
                x[usize::from(*sign)] = 1.0;
                x[READ - 1] = f32::from(u8::from(minor));
                self.read.apply(&x)
            })
            .collect();
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

    /// A writer that has written nothing.
    pub fn writer(&self, summary: &[f32]) -> Hand {
        let width = self.writer.width();
        let mut always = vec![0.0; width];
        add_product(summary, &self.write_summary, &mut always);
        Hand {
            rows: [vec![0.0; width], vec![0.0; width]],
            always,
        }
    }

    /// What the writer makes of the steps before `step`; to be asked for each step in order.
    /// Silence does not begin twice.
    pub fn written(&self, hand: &mut Hand, page: &Page, step: usize, minor: bool) -> Vec<f32> {
        let mut x = vec![0.0; WRITE];
        for one in told(page, step, minor) {
            x[one] = 1.0;
        }
        let mut x = self.write.apply(&x);
        add(&hand.always, &mut x);
        self.writer.step(&mut hand.rows, &mut x);
        let mut logits = self.signs.apply(&x);
        let state = page[..step].iter().rev().find(|sign| **sign != HOLD);
        if state == Some(&REST) {
            logits[usize::from(REST)] = f32::NEG_INFINITY;
        }
        logits
    }
}
