//! The network of `yuefu_drummer::net` as burn trains it.

use crate::net::{Cell, cell_tables, dense, dense_tables, weights};
use crate::reader::Reader;
use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear},
    tensor::{Tensor, TensorData, backend::Backend},
};
use yuefu_drummer::{
    features::{FORCES, PLAY, READ, SUMMARY, TIMES, WRITE},
    groove::KINDS,
};
use yuefu_nets::weights::Table;

/// Widths of its three parts, and the share of numbers that training drops.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Of each direction of the reader.
    pub read: usize,
    /// Of the writer.
    pub write: usize,
    /// Of the player.
    pub play: usize,
    /// Share that training drops.
    pub dropout: f64,
}

/// One network.
#[derive(Module, Debug)]
pub struct Drums<B: Backend> {
    reader: Reader<B>,
    write: Linear<B>,
    write_summary: Linear<B>,
    writer: Cell<B>,
    rows: Linear<B>,
    chain: Linear<B>,
    play: Linear<B>,
    play_summary: Linear<B>,
    player: Cell<B>,
    force: Linear<B>,
    time: Linear<B>,
    time_force: Linear<B>,
    time_out: Linear<B>,
    dropout: Dropout,
}

impl<B: Backend> Drums<B> {
    /// A network that knows nothing yet.
    pub fn new(size: Size, device: &B::Device) -> Self {
        let half = size.play / 2;
        Self {
            reader: Reader::new(READ, size.read, SUMMARY, size.dropout, device),
            write: dense(WRITE, size.write, true, device),
            write_summary: dense(SUMMARY, size.write, false, device),
            writer: Cell::new(size.write, device),
            rows: dense(size.write, KINDS, true, device),
            chain: dense(KINDS, KINDS, false, device),
            play: dense(PLAY, size.play, true, device),
            play_summary: dense(SUMMARY + 1, size.play, false, device),
            player: Cell::new(size.play, device),
            force: dense(size.play, FORCES, true, device),
            time: dense(size.play, half, true, device),
            time_force: dense(FORCES, half, false, device),
            time_out: dense(half, TIMES, true, device),
            dropout: DropoutConfig::new(size.dropout).init(),
        }
    }

    /// Mean and logarithm of the variance of the summary of grooves, `[batch, SUMMARY]`.
    pub fn summary(&self, read: Tensor<B, 3>) -> [Tensor<B, 2>; 2] {
        self.reader.summary(read)
    }

    /// Logits of the hits of each step, `[batch, steps, KINDS]`, when the steps before are known and,
    /// of its own step, the kinds before.
    pub fn rows(
        &self,
        write: Tensor<B, 3>,
        hits: Tensor<B, 3>,
        summary: Tensor<B, 2>,
    ) -> Tensor<B, 3> {
        let x = self.write.forward(write) + self.write_summary.forward(summary).unsqueeze_dim(1);
        let x = self.dropout.forward(self.writer.forward(x));
        let chain = self.chain.weight.val() * before(&x.device());
        self.rows.forward(x) + hits.matmul(chain.unsqueeze())
    }

    /// Logits of the force and the lateness of hits; the lateness knows the force, `[batch, hits,
    /// FORCES]` of zeros and ones. `summary` ends with 1, or is nothing but zeros.
    pub fn played(
        &self,
        play: Tensor<B, 3>,
        forces: Tensor<B, 3>,
        summary: Tensor<B, 2>,
    ) -> [Tensor<B, 3>; 2] {
        let x = self.play.forward(play) + self.play_summary.forward(summary).unsqueeze_dim(1);
        let x = self.dropout.forward(self.player.forward(x));
        let time = self.time.forward(x.clone()) + self.time_force.forward(forces);
        [
            self.force.forward(x),
            self.time_out.forward(burn::tensor::activation::relu(time)),
        ]
    }

    /// Its tables as `yuefu_drummer::net` reads them.
    pub fn tables(&self) -> Vec<(String, Table)> {
        let mut out = Vec::new();
        self.reader.products(&mut out);
        for (name, linear) in [
            ("write", &self.write),
            ("write-summary", &self.write_summary),
            ("rows", &self.rows),
            ("play", &self.play),
            ("play-summary", &self.play_summary),
            ("force", &self.force),
            ("time", &self.time),
            ("time-force", &self.time_force),
            ("time-out", &self.time_out),
        ] {
            dense_tables(&mut out, name, linear);
        }
        let mut chain = weights(&self.chain);
        for (from, row) in chain.numbers.chunks_mut(KINDS).enumerate() {
            row[..=from].fill(0.0);
        }
        out.push(("chain".to_owned(), chain));
        self.reader.cells(&mut out);
        for (name, cell) in [("writer", &self.writer), ("player", &self.player)] {
            cell_tables(&mut out, name, cell);
        }
        out
    }
}

/// Ones where a kind comes before another.
fn before<B: Backend>(device: &B::Device) -> Tensor<B, 2> {
    let numbers: Vec<f32> = (0..KINDS * KINDS)
        .map(|index| f32::from(u8::from(index / KINDS < index % KINDS)))
        .collect();
    Tensor::from_data(TensorData::new(numbers, [KINDS, KINDS]), device)
}
