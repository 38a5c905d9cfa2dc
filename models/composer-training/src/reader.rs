//! The reader of `yuefu_nets::summary` as burn trains it.

use crate::net::{Cell, cell_tables, dense, dense_tables};
use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear},
    tensor::{Tensor, backend::Backend},
};
use yuefu_nets::weights::Table;

/// Sums up sequences: an LSTM in each direction.
#[derive(Module, Debug)]
pub struct Reader<B: Backend> {
    read: Linear<B>,
    forth: Cell<B>,
    back: Cell<B>,
    mean: Linear<B>,
    spread: Linear<B>,
    dropout: Dropout,
}

impl<B: Backend> Reader<B> {
    /// One that knows nothing yet: of steps of `from` numbers, through `width`, summaries of `to`;
    /// training drops a share of numbers.
    pub fn new(from: usize, width: usize, to: usize, dropped: f64, device: &B::Device) -> Self {
        Self {
            read: dense(from, width, true, device),
            forth: Cell::new(width, device),
            back: Cell::new(width, device),
            mean: dense(2 * width, to, true, device),
            spread: dense(2 * width, to, true, device),
            dropout: DropoutConfig::new(dropped).init(),
        }
    }

    /// Mean and logarithm of the variance of the summaries of sequences, `[batch, to]`.
    pub fn summary(&self, read: Tensor<B, 3>) -> [Tensor<B, 2>; 2] {
        let steps = read.dims()[1];
        let x = self.read.forward(read);
        let last = |x: Tensor<B, 3>| x.narrow(1, steps - 1, 1).squeeze_dim::<2>(1);
        let forth = last(self.forth.forward(x.clone()));
        let back = last(self.back.forward(x.flip([1])));
        let both = self.dropout.forward(Tensor::cat(vec![forth, back], 1));
        [
            self.mean.forward(both.clone()),
            self.spread.forward(both).clamp(-8.0, 4.0),
        ]
    }

    /// Adds its products' tables as `yuefu_nets::summary` reads them.
    pub(crate) fn products(&self, out: &mut Vec<(String, Table)>) {
        dense_tables(out, "read", &self.read);
        dense_tables(out, "mean", &self.mean);
        dense_tables(out, "spread", &self.spread);
    }

    /// Adds its cells' tables.
    pub(crate) fn cells(&self, out: &mut Vec<(String, Table)>) {
        cell_tables(out, "forth", &self.forth);
        cell_tables(out, "back", &self.back);
    }
}
