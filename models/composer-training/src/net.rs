//! The networks of `yuefu_composer::net` as burn trains them.

use burn::{
    module::{Module, Param},
    nn::{Dropout, DropoutConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig},
    tensor::{
        Bool, Tensor, TensorData,
        activation::{relu, sigmoid, softmax},
        backend::Backend,
    },
};
use std::collections::BTreeMap;
use yuefu_composer::{
    events::{AT, BEFORE, KEYS, TIMES},
    net::{AT_LENGTH, HEADS, place_angle},
};
use yuefu_nets::weights::Table;

/// The size of a network.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Numbers in its state.
    pub width: usize,
    /// Blocks of a Transformer; 0 for an LSTM.
    pub blocks: usize,
    /// Layers of an LSTM; 0 for a Transformer.
    pub cells: usize,
    /// Share of numbers that training drops.
    pub dropout: f64,
}

/// One network.
#[derive(Module, Debug)]
pub struct Net<B: Backend> {
    before: Linear<B>,
    blocks: Vec<Block<B>>,
    last: LayerNorm<B>,
    cells: Vec<Cell<B>>,
    time: Linear<B>,
    length: Head<B>,
    key: Head<B>,
    dropout: Dropout,
}

#[derive(Module, Debug)]
struct Block<B: Backend> {
    first: LayerNorm<B>,
    query: Linear<B>,
    key: Linear<B>,
    value: Linear<B>,
    out: Linear<B>,
    second: LayerNorm<B>,
    up: Linear<B>,
    down: Linear<B>,
    dropout: Dropout,
}

#[derive(Module, Debug)]
/// One layer of an LSTM.
pub struct Cell<B: Backend> {
    input: Linear<B>,
    state: Linear<B>,
}

#[derive(Module, Debug)]
struct Head<B: Backend> {
    body: Linear<B>,
    classes: Linear<B>,
    middle: Linear<B>,
    out: Linear<B>,
    dropout: Dropout,
}

/// What a network says of a batch: logits of distance, length and key, `[batch * notes, classes]`.
pub type Answers<B> = [Tensor<B, 2>; 3];

pub(crate) fn dense<B: Backend>(
    from: usize,
    to: usize,
    bias: bool,
    device: &B::Device,
) -> Linear<B> {
    LinearConfig::new(from, to).with_bias(bias).init(device)
}

impl<B: Backend> Net<B> {
    /// A network that knows nothing yet.
    pub fn new(size: Size, device: &B::Device) -> Self {
        let width = size.width;
        let norm = || LayerNormConfig::new(width).init(device);
        let dropout = DropoutConfig::new(size.dropout).init();
        let block = || Block {
            first: norm(),
            query: dense(width, width, true, device),
            key: dense(width, width, true, device),
            value: dense(width, width, true, device),
            out: dense(width, width, true, device),
            second: norm(),
            up: dense(width, 4 * width, true, device),
            down: dense(4 * width, width, true, device),
            dropout: dropout.clone(),
        };
        let head = |wide: usize, classes: usize, answers: usize| Head {
            body: dense(width, wide, true, device),
            classes: dense(classes, wide, false, device),
            middle: dense(wide, wide, true, device),
            out: dense(wide, answers, true, device),
            dropout: dropout.clone(),
        };
        Self {
            before: dense(BEFORE.iter().sum(), width, false, device),
            blocks: (0..size.blocks).map(|_| block()).collect(),
            last: norm(),
            cells: (0..size.cells).map(|_| Cell::new(width, device)).collect(),
            time: dense(width, TIMES.len(), true, device),
            length: head(width, AT[..AT_LENGTH].iter().sum(), TIMES.len()),
            key: head(2 * width, AT.iter().sum(), KEYS),
            dropout,
        }
    }

    /// Answers to what is known before each note and at it, as rows of zeros and ones.
    pub fn forward(&self, before: Tensor<B, 3>, at: Tensor<B, 3>) -> Answers<B> {
        let [batch, notes, _] = before.dims();
        let device = before.device();
        let mut x = self.before.forward(before);
        let width = x.dims()[2];
        if self.cells.is_empty() {
            x = x + places(notes, width, &device).unsqueeze();
            x = self.dropout.forward(x);
            let mask = Tensor::<B, 2, Bool>::tril_mask([notes, notes], 0, &device);
            for block in &self.blocks {
                x = block.forward(x, &mask);
            }
            x = self.last.forward(x);
        } else {
            for cell in &self.cells {
                x = self.dropout.forward(cell.forward(x));
            }
        }
        let x = x.reshape([batch * notes, width]);
        let at: Tensor<B, 2> = at.flatten(0, 1);
        let some = AT[..AT_LENGTH].iter().sum();
        let at_length = at.clone().narrow(1, 0, some);
        [
            self.time.forward(x.clone()),
            self.length.forward(x.clone(), at_length),
            self.key.forward(x, at),
        ]
    }

    /// The network with the numbers of tables that [`Self::tables`] gave; what is missing stays.
    pub fn with_tables(mut self, tables: BTreeMap<String, Table>, device: &B::Device) -> Self {
        let given = Given::<B> { tables, device };
        if let Some(table) = given.tables.get("before") {
            self.before.weight = given.param(table);
        }
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let name = |part: &str| format!("block{index}.{part}");
            given.norm(&name("first"), &mut block.first);
            given.norm(&name("second"), &mut block.second);
            given.dense(&name("query"), &mut block.query);
            given.dense(&name("key"), &mut block.key);
            given.dense(&name("value"), &mut block.value);
            given.dense(&name("out"), &mut block.out);
            given.dense(&name("up"), &mut block.up);
            given.dense(&name("down"), &mut block.down);
        }
        given.norm("last", &mut self.last);
        for (index, cell) in self.cells.iter_mut().enumerate() {
            given.cell(&format!("cell{index}"), cell);
        }
        given.dense("time", &mut self.time);
        for (name, head) in [("length", &mut self.length), ("key", &mut self.key)] {
            given.dense(&format!("{name}.body"), &mut head.body);
            given.dense(&format!("{name}.middle"), &mut head.middle);
            given.dense(&format!("{name}.out"), &mut head.out);
            if let Some(table) = given.tables.get(&format!("{name}.classes")) {
                head.classes.weight = given.param(table);
            }
        }
        self
    }

    /// The network whose heads alone learn.
    pub fn with_body_fixed(mut self) -> Self {
        self.before = self.before.no_grad();
        self.blocks = self.blocks.no_grad();
        self.last = self.last.no_grad();
        self.cells = self.cells.no_grad();
        self
    }

    /// Its tables as `yuefu_composer::net` reads them.
    pub fn tables(&self) -> Vec<(String, Table)> {
        let mut out = Vec::new();
        out.push(("before".to_owned(), weights(&self.before)));
        for (index, block) in self.blocks.iter().enumerate() {
            let name = |part: &str| format!("block{index}.{part}");
            norm_tables(&mut out, &name("first"), &block.first);
            norm_tables(&mut out, &name("second"), &block.second);
            for (part, linear) in [
                ("query", &block.query),
                ("key", &block.key),
                ("value", &block.value),
                ("out", &block.out),
                ("up", &block.up),
                ("down", &block.down),
            ] {
                dense_tables(&mut out, &name(part), linear);
            }
        }
        if self.cells.is_empty() {
            norm_tables(&mut out, "last", &self.last);
        }
        for (index, cell) in self.cells.iter().enumerate() {
            cell_tables(&mut out, &format!("cell{index}"), cell);
        }
        dense_tables(&mut out, "time", &self.time);
        for (name, head) in [("length", &self.length), ("key", &self.key)] {
            dense_tables(&mut out, &format!("{name}.body"), &head.body);
            out.push((format!("{name}.classes"), weights(&head.classes)));
            dense_tables(&mut out, &format!("{name}.middle"), &head.middle);
            dense_tables(&mut out, &format!("{name}.out"), &head.out);
        }
        out
    }
}

impl<B: Backend> Block<B> {
    fn forward(&self, x: Tensor<B, 3>, mask: &Tensor<B, 2, Bool>) -> Tensor<B, 3> {
        let [batch, notes, width] = x.dims();
        let each = width / HEADS;
        let calm = self.first.forward(x.clone());
        let heads = |x: Tensor<B, 3>| x.reshape([batch, notes, HEADS, each]).swap_dims(1, 2);
        let query = heads(self.query.forward(calm.clone()));
        let key = heads(self.key.forward(calm.clone()));
        let value = heads(self.value.forward(calm));
        let shares = query.matmul(key.swap_dims(2, 3)) / (each as f64).sqrt();
        let shares = shares.mask_fill(mask.clone().unsqueeze(), -1e9);
        let shares = self.dropout.forward(softmax(shares, 3));
        let seen = shares.matmul(value).swap_dims(1, 2);
        let seen = seen.reshape([batch, notes, width]);
        let x = x + self.dropout.forward(self.out.forward(seen));
        let calm = self.second.forward(x.clone());
        let wide = relu(self.up.forward(calm));
        x + self.dropout.forward(self.down.forward(wide))
    }
}

impl<B: Backend> Cell<B> {
    /// A layer that knows nothing yet.
    pub(crate) fn new(width: usize, device: &B::Device) -> Self {
        Self {
            input: dense(width, 4 * width, true, device),
            state: dense(width, 4 * width, false, device),
        }
    }

    /// Its outputs, one for each step.
    pub(crate) fn forward(&self, x: Tensor<B, 3>) -> Tensor<B, 3> {
        let [batch, notes, width] = x.dims();
        let device = x.device();
        let gates = self.input.forward(x);
        let mut kept = Tensor::<B, 2>::zeros([batch, width], &device);
        let mut out = Tensor::<B, 2>::zeros([batch, width], &device);
        let mut all = Vec::with_capacity(notes);
        for note in 0..notes {
            let given: Tensor<B, 2> = gates.clone().narrow(1, note, 1).squeeze_dim(1);
            let gate = given + self.state.forward(out);
            let part = |index: usize| gate.clone().narrow(1, index * width, width);
            kept = sigmoid(part(1)) * kept + sigmoid(part(0)) * part(3).tanh();
            out = sigmoid(part(2)) * kept.clone().tanh();
            all.push(out.clone());
        }
        Tensor::stack(all, 1)
    }
}

impl<B: Backend> Head<B> {
    fn forward(&self, state: Tensor<B, 2>, at: Tensor<B, 2>) -> Tensor<B, 2> {
        let x = relu(self.body.forward(state) + self.classes.forward(at));
        let x = relu(self.middle.forward(self.dropout.forward(x)));
        self.out.forward(x)
    }
}

/// Tables on their way into a network.
pub(crate) struct Given<'a, B: Backend> {
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) device: &'a B::Device,
}

impl<B: Backend> Given<'_, B> {
    pub(crate) fn param(&self, table: &Table) -> Param<Tensor<B, 2>> {
        let data = TensorData::new(table.numbers.clone(), [table.rows, table.columns]);
        Param::from_tensor(Tensor::from_data(data, self.device))
    }

    fn row(&self, table: &Table) -> Param<Tensor<B, 1>> {
        let data = TensorData::new(table.numbers.clone(), [table.numbers.len()]);
        Param::from_tensor(Tensor::from_data(data, self.device))
    }

    pub(crate) fn dense(&self, name: &str, linear: &mut Linear<B>) {
        if let Some(table) = self.tables.get(&format!("{name}.weight")) {
            linear.weight = self.param(table);
        }
        if let Some(table) = self.tables.get(&format!("{name}.bias")) {
            linear.bias = Some(self.row(table));
        }
    }

    pub(crate) fn cell(&self, name: &str, cell: &mut Cell<B>) {
        self.dense(&format!("{name}.input"), &mut cell.input);
        if let Some(table) = self.tables.get(&format!("{name}.state")) {
            cell.state.weight = self.param(table);
        }
    }

    fn norm(&self, name: &str, norm: &mut LayerNorm<B>) {
        if let Some(table) = self.tables.get(&format!("{name}.scale")) {
            norm.gamma = self.row(table);
        }
        if let Some(table) = self.tables.get(&format!("{name}.shift")) {
            norm.beta = Some(self.row(table));
        }
    }
}

fn places<B: Backend>(notes: usize, width: usize, device: &B::Device) -> Tensor<B, 2> {
    let half = width / 2;
    let mut numbers = vec![0.0_f32; notes * width];
    for (place, row) in numbers.chunks_mut(width).enumerate() {
        for index in 0..half {
            let angle = place_angle(place, index, half);
            row[index] = angle.sin() as f32;
            row[half + index] = angle.cos() as f32;
        }
    }
    Tensor::from_data(TensorData::new(numbers, [notes, width]), device)
}

fn numbers<B: Backend, const D: usize>(param: &Param<Tensor<B, D>>) -> Vec<f32> {
    let data = param.val().into_data().convert::<f32>();
    data.into_vec().expect("floats")
}

pub(crate) fn weights<B: Backend>(linear: &Linear<B>) -> Table {
    let [rows, columns] = linear.weight.val().dims();
    Table {
        rows,
        columns,
        numbers: numbers(&linear.weight),
    }
}

fn row<B: Backend>(param: &Param<Tensor<B, 1>>) -> Table {
    let numbers = numbers(param);
    Table {
        rows: 1,
        columns: numbers.len(),
        numbers,
    }
}

pub(crate) fn dense_tables<B: Backend>(
    out: &mut Vec<(String, Table)>,
    name: &str,
    linear: &Linear<B>,
) {
    out.push((format!("{name}.weight"), weights(linear)));
    if let Some(bias) = &linear.bias {
        out.push((format!("{name}.bias"), row(bias)));
    }
}

pub(crate) fn cell_tables<B: Backend>(out: &mut Vec<(String, Table)>, name: &str, cell: &Cell<B>) {
    dense_tables(out, &format!("{name}.input"), &cell.input);
    out.push((format!("{name}.state"), weights(&cell.state)));
}

fn norm_tables<B: Backend>(out: &mut Vec<(String, Table)>, name: &str, norm: &LayerNorm<B>) {
    out.push((format!("{name}.scale"), row(&norm.gamma)));
    if let Some(beta) = &norm.beta {
        out.push((format!("{name}.shift"), row(beta)));
    }
}
