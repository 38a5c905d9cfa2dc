//! The network: two rectified layers over what is seen, and heads for whether the chord changes,
//! to which root and triad, and (knowing those) over which bass and with which color.

use super::{DENSE, DETAILS, SIZE, Seen, Told};
use yuefu_nets::{
    kernel::{add, add_scaled, rectify, row},
    layers::Dense,
    weights::{Table, WeightsFault, parse, take},
};

/// Widths of the two layers, and of the one that knows the chord's root and triad.
pub const WIDTHS: [usize; 3] = [224, 128, 48];
/// Roots and triads, and no chord.
pub const SYMBOLS: usize = Told::NONE as usize + 1;

/// A network that knows chords, loaded.
#[derive(Clone, Debug)]
pub struct ChordNet {
    first: Table,
    first_bias: Table,
    second: Dense,
    change: Dense,
    symbol: Dense,
    body: Dense,
    symbols: Table,
    detail: Dense,
}

impl ChordNet {
    /// Reads a network from its file.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        let mut tables = parse(bytes)?;
        let tables = &mut tables;
        let [first, second, detail] = WIDTHS;
        Ok(Self {
            first: take(tables, "first.weight", Some(SIZE), Some(first))?,
            first_bias: take(tables, "first.bias", Some(1), Some(first))?,
            second: Dense::take(tables, "second", first, second)?,
            change: Dense::take(tables, "change", second, 2)?,
            symbol: Dense::take(tables, "symbol", second, SYMBOLS)?,
            body: Dense::take(tables, "body", second, detail)?,
            symbols: take(tables, "symbols", Some(SYMBOLS), Some(detail))?,
            detail: Dense::take(tables, "detail", detail, DETAILS)?,
        })
    }

    /// What it makes of what it sees.
    pub fn think(&self, seen: &Seen) -> Vec<f32> {
        let mut x = self.first_bias.numbers.clone();
        for class in &seen.classes {
            add(row(&self.first, *class), &mut x);
        }
        for (index, share) in seen.tune.iter().enumerate() {
            if *share != 0.0 {
                let weights = row(&self.first, SIZE - DENSE + index);
                add_scaled(weights, *share, &mut x);
            }
        }
        rectify(&mut x);
        let mut x = self.second.apply(&x);
        rectify(&mut x);
        x
    }

    /// Logits of holding and changing.
    pub fn change(&self, thought: &[f32]) -> Vec<f32> {
        self.change.apply(thought)
    }

    /// Logits of root and triad, the last for no chord.
    pub fn symbol(&self, thought: &[f32]) -> Vec<f32> {
        self.symbol.apply(thought)
    }

    /// Logits of bass and color of a root and triad.
    pub fn detail(&self, thought: &[f32], symbol: u8) -> Vec<f32> {
        let mut x = self.body.apply(thought);
        add(row(&self.symbols, usize::from(symbol)), &mut x);
        rectify(&mut x);
        self.detail.apply(&x)
    }
}
