//! Chooses among the readings of a character by the sentence around it.
//!
//! A bidirectional LSTM of 32 cells each way over characters: the model of g2pM (Park and Lee,
//! Interspeech 2020, Apache-2.0), its weights rounded to 8 bits. Sums run in a fixed order and the
//! exponential is `libm`'s, so that the choice does not depend on the machine.

use std::collections::BTreeMap;

/// The model.
#[derive(Debug)]
pub struct Context {
    characters: BTreeMap<char, usize>,
    readings: Vec<String>,
    embedding: Matrix,
    forward: Direction,
    backward: Direction,
    hidden: (Matrix, Vec<f32>),
    output: (Matrix, Vec<f32>),
}

impl Context {
    /// Reads the model as `xtask/lang/pack.py` packs it.
    ///
    /// # Errors
    /// Says what is missing or of another size than the model has.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { bytes };
        let characters = reader.text()?;
        let readings: Vec<String> = reader.text()?.split(' ').map(str::to_owned).collect();
        let embedding = reader.matrix()?;
        let forward = reader.direction()?;
        let backward = reader.direction()?;
        let hidden = (reader.matrix()?, reader.vector()?);
        let output = (reader.matrix()?, reader.vector()?);
        let fits = embedding.rows == characters.chars().count()
            && forward.fits(embedding.columns)
            && backward.fits(embedding.columns)
            && hidden.0.columns == 2 * forward.cells()
            && hidden.0.rows == hidden.1.len()
            && output.0.columns == hidden.0.rows
            && output.0.rows == output.1.len()
            && output.0.rows == readings.len();
        if !fits {
            return Err("expected matrices whose sizes fit each other".to_owned());
        }
        Ok(Self {
            characters: characters
                .chars()
                .enumerate()
                .map(|(i, c)| (c, i))
                .collect(),
            readings,
            embedding,
            forward,
            backward,
            hidden,
            output,
        })
    }

    /// For each place asked for, readings from the likeliest to the least likely with their
    /// scores (the differences count), at most `most` of them.
    pub fn rank(&self, text: &[char], places: &[usize], most: usize) -> Vec<Vec<(&str, f32)>> {
        let unknown = self.characters.get(&'\u{1}').copied().unwrap_or(1);
        let index = |c: char| self.characters.get(&c).copied().unwrap_or(unknown);
        let mut ids = vec![index('^')];
        ids.extend(text.iter().map(|c| index(*c)));
        ids.push(index('$'));
        let ahead = self.forward.run(&self.embedding, ids.iter().copied());
        let mut back = self
            .backward
            .run(&self.embedding, ids.iter().rev().copied());
        back.reverse();
        places
            .iter()
            .map(|place| {
                let mut state = ahead[place + 1].clone();
                state.extend(&back[place + 1]);
                let mut hidden = self.hidden.1.clone();
                self.hidden.0.add_product(&state, &mut hidden);
                for value in &mut hidden {
                    *value = value.max(0.0);
                }
                let mut scores = self.output.1.clone();
                self.output.0.add_product(&hidden, &mut scores);
                let mut order: Vec<usize> = (0..scores.len()).collect();
                order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
                order
                    .into_iter()
                    .take(most)
                    .map(|i| (self.readings[i].as_str(), scores[i]))
                    .collect()
            })
            .collect()
    }
}

/// An LSTM in one direction.
#[derive(Debug)]
struct Direction {
    input: Matrix,
    state: Matrix,
    bias: Vec<f32>,
}

impl Direction {
    fn cells(&self) -> usize {
        self.state.columns
    }

    fn fits(&self, width: usize) -> bool {
        let gates = 4 * self.cells();
        self.input.columns == width
            && self.input.rows == gates
            && self.state.rows == gates
            && self.bias.len() == gates
    }

    /// The state after each input.
    fn run(&self, embedding: &Matrix, ids: impl Iterator<Item = usize>) -> Vec<Vec<f32>> {
        let cells = self.cells();
        let (mut state, mut cell) = (vec![0.0; cells], vec![0.0; cells]);
        ids.map(|id| {
            let mut gates = self.bias.clone();
            self.input.add_product(embedding.row(id), &mut gates);
            self.state.add_product(&state, &mut gates);
            for i in 0..cells {
                let kept = sigmoid(gates[cells + i]) * cell[i];
                cell[i] = kept + sigmoid(gates[i]) * libm::tanhf(gates[2 * cells + i]);
                state[i] = sigmoid(gates[3 * cells + i]) * libm::tanhf(cell[i]);
            }
            state.clone()
        })
        .collect()
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

#[derive(Debug)]
struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    fn add_product(&self, vector: &[f32], out: &mut [f32]) {
        for (row, out) in out.iter_mut().enumerate() {
            let mut sum = 0.0;
            for (a, b) in self.row(row).iter().zip(vector) {
                sum += a * b;
            }
            *out += sum;
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| format!("expected {count} bytes more, found {}", self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<usize, String> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }

    fn text(&mut self) -> Result<String, String> {
        let length = self.number()?;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|error| error.to_string())
    }

    fn matrix(&mut self) -> Result<Matrix, String> {
        let (rows, columns) = (self.number()?, self.number()?);
        let mut values = Vec::new();
        for _ in 0..rows {
            let scale = self.take(4)?;
            let scale = f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]);
            let row = self.take(columns)?;
            values.extend(row.iter().map(|byte| f32::from(*byte as i8) * scale));
        }
        Ok(Matrix {
            rows,
            columns,
            values,
        })
    }

    fn vector(&mut self) -> Result<Vec<f32>, String> {
        Ok(self.matrix()?.values)
    }

    fn direction(&mut self) -> Result<Direction, String> {
        let (input, state) = (self.matrix()?, self.matrix()?);
        let mut bias = self.vector()?;
        let second = self.vector()?;
        if second.len() != bias.len() {
            return Err("expected two biases of the same length".to_owned());
        }
        for (sum, more) in bias.iter_mut().zip(second) {
            *sum += more;
        }
        Ok(Direction { input, state, bias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_models_are_refused() {
        assert!(Context::new(&[]).is_err());
        assert!(Context::new(&[1, 0, 0, 0, b'a', 1, 0, 0, 0, b'x']).is_err());
        assert!(Context::new(&[255; 64]).is_err());
    }
}
