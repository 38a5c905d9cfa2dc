//! Running the network: a reader of pages (an LSTM in each direction) and a writer that draws the
//! sign of each step from a summary and from what it wrote.

use super::{HOLD, Page, REST, SIGNS, STEPS};
use yuefu_nets::{
    kernel::add,
    layers::{Cell, Dense, Tables},
    summary::{Hand, Reader, Summary, width},
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
    reader: Reader,
    write: Dense,
    write_summary: Table,
    writer: Cell,
    signs: Dense,
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
        let hand = width(tables, "write.weight")?;
        let summary = take(tables, "write-summary.weight", Some(SUMMARY), Some(hand))?;
        Ok(Self {
            reader: Reader::take(tables, READ, SUMMARY)?,
            write: Dense::take(tables, "write", WRITE, hand)?,
            write_summary: summary,
            writer: Cell::take(tables, "writer", hand)?,
            signs: Dense::take(tables, "signs", hand, SIGNS)?,
        })
    }

    /// Reads a page.
    pub fn summary(&self, page: &Page, minor: bool) -> Summary {
        let mut steps = [[0.0; READ]; STEPS];
        for (step, sign) in steps.iter_mut().zip(page) {
            step[usize::from(*sign)] = 1.0;
            step[READ - 1] = f32::from(u8::from(minor));
        }
        self.reader.summary(steps.iter().map(|step| &step[..]))
    }

    /// A writer that has written nothing.
    pub fn writer(&self, summary: &[f32]) -> Hand {
        Hand::new(&self.writer, &self.write_summary, summary)
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
