//! Running the network: an LSTM over steps, which says what the left hand does, then what the right
//! hand does beside it, then how long and how loud.

use super::{ACCENTS, HIGHS, HOLDS, LOWS, TOLD};
use yuefu_nets::{
    kernel::{add, rectify, row},
    layers::{Cell, Dense, Tables},
    summary::width,
    weights::{Table, WeightsFault, take},
};

/// Answers about how long each hand holds and how loud a stroke is, one after another.
pub const MANNERS: usize = 2 * HOLDS + ACCENTS;

/// A network, loaded.
#[derive(Clone, Debug)]
pub struct HandsNet {
    told: Table,
    bias: Table,
    cells: Vec<Cell>,
    low: Dense,
    high: Beside,
    manner: Beside,
}

/// A head that knows what the hands do.
#[derive(Clone, Debug)]
struct Beside {
    from_body: Dense,
    classes: Table,
    out: Dense,
}

/// What the network remembers, and what it made of the last step.
#[derive(Clone, Debug, Default)]
pub struct Said {
    rows: Vec<[Vec<f32>; 2]>,
    state: Vec<f32>,
}

impl HandsNet {
    /// A network of its tables.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn of(mut tables: Tables) -> Result<Self, WeightsFault> {
        let tables = &mut tables;
        let wide = width(tables, "told.weight")?;
        let told = take(tables, "told.weight", Some(TOLD), Some(wide))?;
        let bias = take(tables, "told.bias", Some(1), Some(wide))?;
        let mut cells = Vec::new();
        while tables.contains_key(&format!("cell{}.input.weight", cells.len())) {
            cells.push(Cell::take(tables, &format!("cell{}", cells.len()), wide)?);
        }
        Ok(Self {
            told,
            bias,
            cells,
            low: Dense::take(tables, "low", wide, LOWS)?,
            high: Beside::take(tables, "high", wide, LOWS, HIGHS)?,
            manner: Beside::take(tables, "manner", wide, LOWS + HIGHS, MANNERS)?,
        })
    }

    /// Tells what is known of the next step.
    pub fn tell(&self, said: &mut Said, ones: &[usize]) {
        let mut x = self.bias.numbers.clone();
        for one in ones {
            add(row(&self.told, *one), &mut x);
        }
        let blank = || [vec![0.0; x.len()], vec![0.0; x.len()]];
        said.rows.resize_with(self.cells.len(), blank);
        for (cell, rows) in self.cells.iter().zip(&mut said.rows) {
            cell.step(rows, &mut x);
        }
        said.state = x;
    }

    /// Logits of what the left hand does.
    pub fn low(&self, said: &Said) -> Vec<f32> {
        self.low.apply(&said.state)
    }

    /// Logits of what the right hand does beside the left.
    pub fn high(&self, said: &Said, low: u8) -> Vec<f32> {
        self.high.answer(&said.state, &[usize::from(low)])
    }

    /// Logits of how a stroke is held by the left hand and the right, and of its force.
    pub fn manner(&self, said: &Said, low: u8, high: u8) -> [Vec<f32>; 3] {
        let classes = [usize::from(low), LOWS + usize::from(high)];
        let all = self.manner.answer(&said.state, &classes);
        let (low, rest) = all.split_at(HOLDS);
        let (high, force) = rest.split_at(HOLDS);
        [low.to_vec(), high.to_vec(), force.to_vec()]
    }
}

impl Beside {
    fn take(
        tables: &mut Tables,
        name: &str,
        from: usize,
        classes: usize,
        answers: usize,
    ) -> Result<Self, WeightsFault> {
        let table = take(
            tables,
            &format!("{name}.classes.weight"),
            Some(classes),
            None,
        )?;
        let wide = table.columns;
        Ok(Self {
            from_body: Dense::take(tables, &format!("{name}.body"), from, wide)?,
            out: Dense::take(tables, &format!("{name}.out"), wide, answers)?,
            classes: table,
        })
    }

    fn answer(&self, state: &[f32], classes: &[usize]) -> Vec<f32> {
        let mut x = self.from_body.apply(state);
        for class in classes {
            add(row(&self.classes, *class), &mut x);
        }
        rectify(&mut x);
        self.out.apply(&x)
    }
}
