//! The network of `yuefu_composer::pages` as burn trains it.

use crate::net::{Cell, cell_tables, dense, dense_tables};
use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear},
    tensor::{Tensor, backend::Backend},
};
use yuefu_composer::pages::{READ, SIGNS, SUMMARY, WRITE};
use yuefu_nets::weights::Table;

/// Widths of its two parts, and the share of numbers that training drops.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Of each direction of the reader.
    pub read: usize,
    /// Of the writer.
    pub write: usize,
    /// Share that training drops.
    pub dropout: f64,
}

/// One network.
#[derive(Module, Debug)]
pub struct PageNet<B: Backend> {
    read: Linear<B>,
    forth: Cell<B>,
    back: Cell<B>,
    mean: Linear<B>,
    spread: Linear<B>,
    write: Linear<B>,
    write_summary: Linear<B>,
    writer: Cell<B>,
    signs: Linear<B>,
    dropout: Dropout,
}

impl<B: Backend> PageNet<B> {
    /// A network that knows nothing yet.
    pub fn new(size: Size, device: &B::Device) -> Self {
        Self {
            read: dense(READ, size.read, true, device),
            forth: Cell::new(size.read, device),
            back: Cell::new(size.read, device),
            mean: dense(2 * size.read, SUMMARY, true, device),
            spread: dense(2 * size.read, SUMMARY, true, device),
            write: dense(WRITE, size.write, true, device),
            write_summary: dense(SUMMARY, size.write, false, device),
            writer: Cell::new(size.write, device),
            signs: dense(size.write, SIGNS, true, device),
            dropout: DropoutConfig::new(size.dropout).init(),
        }
    }

    /// Mean and logarithm of the variance of the summaries of pages, `[batch, SUMMARY]`.
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

    /// Logits of the sign of each step, `[batch, steps, SIGNS]`, when the steps before are known.
    pub fn signs(&self, write: Tensor<B, 3>, summary: Tensor<B, 2>) -> Tensor<B, 3> {
        let x = self.write.forward(write) + self.write_summary.forward(summary).unsqueeze_dim(1);
        let x = self.dropout.forward(self.writer.forward(x));
        self.signs.forward(x)
    }

    /// Its tables as `yuefu_composer::pages` reads them.
    pub fn tables(&self) -> Vec<(String, Table)> {
        let mut out = Vec::new();
        for (name, linear) in [
            ("read", &self.read),
            ("mean", &self.mean),
            ("spread", &self.spread),
            ("write", &self.write),
            ("write-summary", &self.write_summary),
            ("signs", &self.signs),
        ] {
            dense_tables(&mut out, name, linear);
        }
        for (name, cell) in [
            ("forth", &self.forth),
            ("back", &self.back),
            ("writer", &self.writer),
        ] {
            cell_tables(&mut out, name, cell);
        }
        out
    }
}
