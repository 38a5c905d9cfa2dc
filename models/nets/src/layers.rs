//! Layers that several networks are made of, loaded by name.

use crate::kernel::{add_product, normalize};
use crate::weights::{Table, WeightsFault, take};
use std::collections::BTreeMap;
use yuefu_audio::math;

/// Tables by name, as a file holds them.
pub type Tables = BTreeMap<String, Table>;

/// A product with a table, and a bias.
#[derive(Clone, Debug)]
pub struct Dense {
    weights: Table,
    bias: Table,
}

impl Dense {
    /// Takes `NAME.weight` and `NAME.bias` out of tables.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn take(
        tables: &mut Tables,
        name: &str,
        from: usize,
        to: usize,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            weights: take(tables, &format!("{name}.weight"), Some(from), Some(to))?,
            bias: take(tables, &format!("{name}.bias"), Some(1), Some(to))?,
        })
    }

    /// What it makes of a row of numbers.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let mut out = self.bias.numbers.clone();
        add_product(x, &self.weights, &mut out);
        out
    }
}

/// Layer normalisation.
#[derive(Clone, Debug)]
pub struct Norm {
    scale: Table,
    shift: Table,
}

impl Norm {
    /// Takes `NAME.scale` and `NAME.shift` out of tables.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn take(tables: &mut Tables, name: &str, width: usize) -> Result<Self, WeightsFault> {
        Ok(Self {
            scale: take(tables, &format!("{name}.scale"), Some(1), Some(width))?,
            shift: take(tables, &format!("{name}.shift"), Some(1), Some(width))?,
        })
    }

    /// Writes the normalised row to `out`.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        normalize(x, &self.scale, &self.shift, out);
    }
}

/// One layer of an LSTM (Hochreiter & Schmidhuber 1997): gates in the order input, forget, output,
/// candidate.
#[derive(Clone, Debug)]
pub struct Cell {
    from_input: Dense,
    from_state: Table,
}

impl Cell {
    /// Takes `NAME.input.weight`, `NAME.input.bias` and `NAME.state` out of tables.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn take(tables: &mut Tables, name: &str, width: usize) -> Result<Self, WeightsFault> {
        let state = format!("{name}.state");
        Ok(Self {
            from_input: Dense::take(tables, &format!("{name}.input"), width, 4 * width)?,
            from_state: take(tables, &state, Some(width), Some(4 * width))?,
        })
    }

    /// Its width.
    pub fn width(&self) -> usize {
        self.from_state.rows
    }

    /// Goes one step on: `rows` are its state and its output before and after, `x` its input and
    /// then its output.
    pub fn step(&self, rows: &mut [Vec<f32>; 2], x: &mut [f32]) {
        let width = self.width();
        let mut gates = self.from_input.apply(x);
        add_product(&rows[1], &self.from_state, &mut gates);
        let open = |x: f32| 1.0 / (1.0 + math::exp(-f64::from(x)));
        let [state, out] = rows;
        for index in 0..width {
            let input = open(gates[index]);
            let forget = open(gates[width + index]);
            let output = open(gates[2 * width + index]);
            let candidate = math::tanh(f64::from(gates[3 * width + index]));
            let kept = forget * f64::from(state[index]) + input * candidate;
            state[index] = kept as f32;
            out[index] = (output * math::tanh(f64::from(state[index]))) as f32;
        }
        x.copy_from_slice(out);
    }
}
