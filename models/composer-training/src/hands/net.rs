//! The network of `yuefu_composer::hands` as burn trains it.

use crate::net::{Cell, Given, cell_tables, dense, dense_tables, weights};
use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear},
    tensor::{Tensor, activation::relu, backend::Backend},
};
use yuefu_composer::hands::{ACCENTS, HIGHS, HOLDS, LOWS, TOLD};
use yuefu_nets::{layers::Tables, weights::Table};

/// The size of a network.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Numbers in its state.
    pub width: usize,
    /// Layers.
    pub cells: usize,
    /// Share of numbers that training drops.
    pub dropout: f64,
}

/// One network.
#[derive(Module, Debug)]
pub struct HandsNet<B: Backend> {
    told: Linear<B>,
    cells: Vec<Cell<B>>,
    low: Linear<B>,
    high: Beside<B>,
    manner: Beside<B>,
    dropout: Dropout,
}

/// A head that knows what the hands do.
#[derive(Module, Debug)]
struct Beside<B: Backend> {
    body: Linear<B>,
    classes: Linear<B>,
    out: Linear<B>,
}

impl<B: Backend> HandsNet<B> {
    /// A network that knows nothing yet.
    pub fn new(size: Size, device: &B::Device) -> Self {
        let width = size.width;
        let beside = |classes: usize, answers: usize| Beside {
            body: dense(width, width, true, device),
            classes: dense(classes, width, false, device),
            out: dense(width, answers, true, device),
        };
        Self {
            told: dense(TOLD, width, true, device),
            cells: (0..size.cells).map(|_| Cell::new(width, device)).collect(),
            low: dense(width, LOWS, true, device),
            high: beside(LOWS, HIGHS),
            manner: beside(LOWS + HIGHS, 2 * HOLDS + ACCENTS),
            dropout: DropoutConfig::new(size.dropout).init(),
        }
    }

    /// Logits of left hand, right hand, holds of each and force, `[cuts * steps, classes]`: `told` is
    /// `[cuts, steps, TOLD]`, `low` and `both` are what the hands did, in zeros and ones.
    pub fn forward(
        &self,
        told: Tensor<B, 3>,
        low: Tensor<B, 2>,
        both: Tensor<B, 2>,
    ) -> [Tensor<B, 2>; 5] {
        let mut x = self.told.forward(told);
        for cell in &self.cells {
            x = self.dropout.forward(cell.forward(x));
        }
        let x: Tensor<B, 2> = x.flatten(0, 1);
        let manner = self.manner.forward(x.clone(), both);
        let part = |from: usize, count: usize| manner.clone().narrow(1, from, count);
        [
            self.low.forward(x.clone()),
            self.high.forward(x, low),
            part(0, HOLDS),
            part(HOLDS, HOLDS),
            part(2 * HOLDS, ACCENTS),
        ]
    }

    /// The network with the numbers of tables that [`Self::tables`] gave; what is missing stays.
    pub fn with_tables(mut self, tables: Tables, device: &B::Device) -> Self {
        let given = Given::<B> { tables, device };
        given.dense("told", &mut self.told);
        for (index, cell) in self.cells.iter_mut().enumerate() {
            given.cell(&format!("cell{index}"), cell);
        }
        given.dense("low", &mut self.low);
        for (name, head) in [("high", &mut self.high), ("manner", &mut self.manner)] {
            given.dense(&format!("{name}.body"), &mut head.body);
            given.dense(&format!("{name}.out"), &mut head.out);
            given.dense(&format!("{name}.classes"), &mut head.classes);
        }
        self
    }

    /// Its tables as `yuefu_composer::hands` reads them.
    pub fn tables(&self) -> Vec<(String, Table)> {
        let mut out = Vec::new();
        dense_tables(&mut out, "told", &self.told);
        for (index, cell) in self.cells.iter().enumerate() {
            cell_tables(&mut out, &format!("cell{index}"), cell);
        }
        dense_tables(&mut out, "low", &self.low);
        for (name, head) in [("high", &self.high), ("manner", &self.manner)] {
            dense_tables(&mut out, &format!("{name}.body"), &head.body);
            out.push((format!("{name}.classes.weight"), weights(&head.classes)));
            dense_tables(&mut out, &format!("{name}.out"), &head.out);
        }
        out
    }
}

impl<B: Backend> Beside<B> {
    fn forward(&self, state: Tensor<B, 2>, classes: Tensor<B, 2>) -> Tensor<B, 2> {
        let x = relu(self.body.forward(state) + self.classes.forward(classes));
        self.out.forward(x)
    }
}
