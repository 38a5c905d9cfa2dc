//! Running the networks that know tunes: a Transformer (Vaswani et al. 2017; normalised before
//! each part as in Xiong et al. 2020, sinusoidal places) or an LSTM (Hochreiter & Schmidhuber
//! 1997), each with three heads: when the next note begins, how long it is, how high.

use crate::events::{AT, BEFORE, KEYS, TIMES};
use crate::kernel::{add, add_product, dot, normalize, rectify, row, softmax};
use crate::weights::{Table, WeightsFault, parse, take};
use std::collections::BTreeMap;
use yuefu_audio::math;

/// Heads of attention.
pub const HEADS: usize = 4;
/// Notes that are remembered at most.
pub const MEMORY: usize = 256;

/// A network, loaded.
#[derive(Clone, Debug)]
pub struct Net {
    width: usize,
    /// Embeddings of all classes of [`BEFORE`], one after another.
    before: Table,
    body: Body,
    time: Dense,
    length: Head,
    key: Head,
}

#[derive(Clone, Debug)]
enum Body {
    Transformer { blocks: Vec<Block>, last: Norm },
    Lstm(Vec<Cell>),
}

#[derive(Clone, Debug)]
struct Norm {
    scale: Table,
    shift: Table,
}

#[derive(Clone, Debug)]
struct Dense {
    weights: Table,
    bias: Table,
}

#[derive(Clone, Debug)]
struct Block {
    first: Norm,
    query: Dense,
    key: Dense,
    value: Dense,
    out: Dense,
    second: Norm,
    up: Dense,
    down: Dense,
}

/// One layer of an LSTM: gates in the order input, forget, output, candidate.
#[derive(Clone, Debug)]
struct Cell {
    from_input: Dense,
    from_state: Table,
}

/// A head that knows more than the body told it.
#[derive(Clone, Debug)]
struct Head {
    from_body: Dense,
    /// Embeddings of classes, one feature after another.
    classes: Table,
    middle: Dense,
    out: Dense,
}

/// What a network remembers of the notes that it was told.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// For the Transformer: keys and values of each block, note after note. For the LSTM: state
    /// and output of each layer.
    rows: Vec<[Vec<f32>; 2]>,
    told: usize,
}

impl Memory {
    /// How many notes it holds.
    pub fn len(&self) -> usize {
        self.told
    }

    /// Whether nothing was told yet.
    pub fn is_empty(&self) -> bool {
        self.told == 0
    }
}

/// Where the classes of each feature begin in a table of all.
fn offsets(sizes: &[usize]) -> impl Iterator<Item = usize> {
    sizes.iter().scan(0, |at, size| {
        let here = *at;
        *at += size;
        Some(here)
    })
}

/// Places in [`AT`] that are known when the length is chosen: the distance and the place in the bar.
pub const AT_LENGTH: usize = 2;

impl Net {
    /// Reads a network from its file.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        let mut tables = parse(bytes)?;
        let tables = &mut tables;
        let before = take(tables, "before", Some(BEFORE.iter().sum()), None)?;
        let width = before.columns;
        if width == 0 || !width.is_multiple_of(HEADS) || width > 4096 {
            return Err(WeightsFault::Lacks("before".to_owned()));
        }
        let body = match tables.contains_key("cell0.input.weight") {
            true => {
                let mut cells = Vec::new();
                while tables.contains_key(&format!("cell{}.input.weight", cells.len())) {
                    let name = format!("cell{}", cells.len());
                    cells.push(Cell {
                        from_input: dense(tables, &format!("{name}.input"), width, 4 * width)?,
                        from_state: take(
                            tables,
                            &format!("{name}.state"),
                            Some(width),
                            Some(4 * width),
                        )?,
                    });
                }
                Body::Lstm(cells)
            }
            false => {
                let mut blocks = Vec::new();
                while tables.contains_key(&format!("block{}.query.weight", blocks.len())) {
                    blocks.push(block(tables, &format!("block{}", blocks.len()), width)?);
                }
                Body::Transformer {
                    blocks,
                    last: norm(tables, "last", width)?,
                }
            }
        };
        Ok(Self {
            width,
            before,
            body,
            time: dense(tables, "time", width, TIMES.len())?,
            length: head(tables, "length", width, &AT[..AT_LENGTH], TIMES.len())?,
            key: head(tables, "key", width, &AT, KEYS)?,
        })
    }

    /// Numbers in its state.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Tells what is known before a note; returns the body's state there.
    pub fn tell(&self, memory: &mut Memory, known: &[u8; BEFORE.len()]) -> Vec<f32> {
        let mut x = vec![0.0; self.width];
        for (start, class) in offsets(&BEFORE).zip(known) {
            add(row(&self.before, start + usize::from(*class)), &mut x);
        }
        match &self.body {
            Body::Transformer { blocks, last } => {
                memory.rows.resize_with(blocks.len(), Default::default);
                add_place(memory.told, &mut x);
                for (block, rows) in blocks.iter().zip(&mut memory.rows) {
                    self.attend(block, rows, &mut x);
                }
                let mut out = vec![0.0; self.width];
                normalize(&x, &last.scale, &last.shift, &mut out);
                x = out;
            }
            Body::Lstm(cells) => {
                memory.rows.resize_with(cells.len(), || {
                    [vec![0.0; self.width], vec![0.0; self.width]]
                });
                for (cell, rows) in cells.iter().zip(&mut memory.rows) {
                    self.step(cell, rows, &mut x);
                }
            }
        }
        memory.told += 1;
        x
    }

    /// Makes a memory that of its first `count` notes, as far as it can, and says how many it holds
    /// then: an LSTM forgets everything or nothing.
    pub fn forget(&self, memory: &mut Memory, count: usize) -> usize {
        if count >= memory.told {
            return memory.told;
        }
        match &self.body {
            Body::Transformer { .. } => {
                for row in memory.rows.iter_mut().flatten() {
                    row.truncate(count * self.width);
                }
                memory.told = count;
            }
            Body::Lstm(_) => *memory = Memory::default(),
        }
        memory.told
    }

    /// Logits of the distance to the next onset.
    pub fn time(&self, state: &[f32]) -> Vec<f32> {
        apply(&self.time, state)
    }

    /// Logits of a note's length, when its distance and its place in the bar are known.
    pub fn length(&self, state: &[f32], known: &[u8; AT.len()]) -> Vec<f32> {
        answer(&self.length, state, &AT[..AT_LENGTH], &known[..AT_LENGTH])
    }

    /// Logits of a note's key, when its onset and length are known.
    pub fn key(&self, state: &[f32], known: &[u8; AT.len()]) -> Vec<f32> {
        answer(&self.key, state, &AT, known)
    }

    fn attend(&self, block: &Block, rows: &mut [Vec<f32>; 2], x: &mut [f32]) {
        let width = self.width;
        let each = width / HEADS;
        let mut calm = vec![0.0; width];
        normalize(x, &block.first.scale, &block.first.shift, &mut calm);
        let query = apply(&block.query, &calm);
        rows[0].extend(apply(&block.key, &calm));
        rows[1].extend(apply(&block.value, &calm));
        let count = rows[0].len() / width;
        let mut seen = vec![0.0; width];
        let mut shares = vec![0.0; count];
        let scale = 1.0 / (each as f32).sqrt();
        for head in 0..HEADS {
            let own = head * each..(head + 1) * each;
            let keys = rows[0].chunks_exact(width);
            for (share, key) in shares.iter_mut().zip(keys) {
                *share = dot(&query[own.clone()], &key[own.clone()]) * scale;
            }
            softmax(&mut shares);
            for (share, value) in shares.iter().zip(rows[1].chunks_exact(width)) {
                crate::kernel::add_scaled(&value[own.clone()], *share, &mut seen[own.clone()]);
            }
        }
        add(&apply(&block.out, &seen), x);
        normalize(x, &block.second.scale, &block.second.shift, &mut calm);
        let mut wide = apply(&block.up, &calm);
        rectify(&mut wide);
        add(&apply(&block.down, &wide), x);
    }

    fn step(&self, cell: &Cell, rows: &mut [Vec<f32>; 2], x: &mut [f32]) {
        let width = self.width;
        let mut gates = apply(&cell.from_input, x);
        add_product(&rows[1], &cell.from_state, &mut gates);
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

/// Adds the sinusoids of a place.
fn add_place(place: usize, x: &mut [f32]) {
    let half = x.len() / 2;
    for index in 0..half {
        let angle = place_angle(place, index, half);
        x[index] += math::sin(angle) as f32;
        x[half + index] += math::cos(angle) as f32;
    }
}

/// The angle of a place in one of the sinusoids.
pub fn place_angle(place: usize, index: usize, half: usize) -> f64 {
    let turn = math::exp(-math::ln(1000.0) * index as f64 / half as f64);
    place as f64 * turn
}

fn apply(dense: &Dense, x: &[f32]) -> Vec<f32> {
    let mut out = dense.bias.numbers.clone();
    add_product(x, &dense.weights, &mut out);
    out
}

fn answer(head: &Head, state: &[f32], sizes: &[usize], known: &[u8]) -> Vec<f32> {
    let mut x = apply(&head.from_body, state);
    for (start, class) in offsets(sizes).zip(known) {
        add(row(&head.classes, start + usize::from(*class)), &mut x);
    }
    rectify(&mut x);
    let mut x = apply(&head.middle, &x);
    rectify(&mut x);
    apply(&head.out, &x)
}

type Tables = BTreeMap<String, Table>;

fn dense(tables: &mut Tables, name: &str, from: usize, to: usize) -> Result<Dense, WeightsFault> {
    Ok(Dense {
        weights: take(tables, &format!("{name}.weight"), Some(from), Some(to))?,
        bias: take(tables, &format!("{name}.bias"), Some(1), Some(to))?,
    })
}

fn norm(tables: &mut Tables, name: &str, width: usize) -> Result<Norm, WeightsFault> {
    Ok(Norm {
        scale: take(tables, &format!("{name}.scale"), Some(1), Some(width))?,
        shift: take(tables, &format!("{name}.shift"), Some(1), Some(width))?,
    })
}

fn block(tables: &mut Tables, name: &str, width: usize) -> Result<Block, WeightsFault> {
    let up = format!("{name}.up.weight");
    let wide = tables.get(&up).map(|table| table.columns);
    let wide = wide.ok_or(WeightsFault::Lacks(up))?;
    Ok(Block {
        first: norm(tables, &format!("{name}.first"), width)?,
        query: dense(tables, &format!("{name}.query"), width, width)?,
        key: dense(tables, &format!("{name}.key"), width, width)?,
        value: dense(tables, &format!("{name}.value"), width, width)?,
        out: dense(tables, &format!("{name}.out"), width, width)?,
        second: norm(tables, &format!("{name}.second"), width)?,
        up: dense(tables, &format!("{name}.up"), width, wide)?,
        down: dense(tables, &format!("{name}.down"), wide, width)?,
    })
}

fn head(
    tables: &mut Tables,
    name: &str,
    width: usize,
    sizes: &[usize],
    answers: usize,
) -> Result<Head, WeightsFault> {
    let classes = take(
        tables,
        &format!("{name}.classes"),
        Some(sizes.iter().sum()),
        None,
    )?;
    let wide = classes.columns;
    Ok(Head {
        from_body: dense(tables, &format!("{name}.body"), width, wide)?,
        middle: dense(tables, &format!("{name}.middle"), wide, wide)?,
        out: dense(tables, &format!("{name}.out"), wide, answers)?,
        classes,
    })
}
