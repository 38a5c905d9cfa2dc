//! The network of `yuefu_composer::pages` as burn trains it.

use crate::net::{Cell, cell_tables, dense, dense_tables};
use crate::reader::Reader;
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
    reader: Reader<B>,
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
            reader: Reader::new(READ, size.read, SUMMARY, size.dropout, device),
            write: dense(WRITE, size.write, true, device),
            write_summary: dense(SUMMARY, size.write, false, device),
            writer: Cell::new(size.write, device),
            signs: dense(size.write, SIGNS, true, device),
            dropout: DropoutConfig::new(size.dropout).init(),
        }
    }

    /// Mean and logarithm of the variance of the summaries of pages, `[batch, SUMMARY]`.
    pub fn summary(&self, read: Tensor<B, 3>) -> [Tensor<B, 2>; 2] {
        self.reader.summary(read)
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
        self.reader.products(&mut out);
        for (name, linear) in [
            ("write", &self.write),
            ("write-summary", &self.write_summary),
            ("signs", &self.signs),
        ] {
            dense_tables(&mut out, name, linear);
        }
        self.reader.cells(&mut out);
        cell_tables(&mut out, "writer", &self.writer);
        out
    }
}
