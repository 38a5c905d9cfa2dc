//! Running the networks that know tunes: a Transformer (Vaswani et al. 2017; normalised before
//! each part as in Xiong et al. 2020, sinusoidal places) or an LSTM (Hochreiter & Schmidhuber
//! 1997), each with three heads: when the next note begins, how long it is, how high.

use crate::events::{AT, BEFORE, KEYS, TIMES};
use std::collections::BTreeMap;
use yuefu_audio::math;
use yuefu_nets::{
    kernel::{add, add_scaled, dot, dots, rectify, row, softmax},
    layers::{Cell, Dense, Norm, Tables},
    weights::{Table, WeightsFault, parse, take},
};

/// Heads of attention.
pub const HEADS: usize = 4;
/// Notes that are remembered at most.
pub const MEMORY: usize = 256;

/// A network, loaded.
#[derive(Clone, Debug)]
pub struct Net {
    width: usize,
    /// How fast the sinusoids of a place turn ([`place_angle`]).
    turns: Vec<f64>,
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
        Self::of(parse(bytes)?)
    }

    /// A network of tables.
    ///
    /// # Errors
    /// Says which is missing.
    pub fn of(mut tables: BTreeMap<String, Table>) -> Result<Self, WeightsFault> {
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
                    cells.push(Cell::take(tables, &format!("cell{}", cells.len()), width)?);
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
                    last: Norm::take(tables, "last", width)?,
                }
            }
        };
        Ok(Self {
            width,
            turns: (0..width / 2).map(|index| turn(index, width / 2)).collect(),
            before,
            body,
            time: Dense::take(tables, "time", width, TIMES.len())?,
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
                self.add_place(memory.told, &mut x);
                for (block, rows) in blocks.iter().zip(&mut memory.rows) {
                    self.attend(block, rows, &mut x);
                }
                let mut out = vec![0.0; self.width];
                last.apply(&x, &mut out);
                x = out;
            }
            Body::Lstm(cells) => {
                memory.rows.resize_with(cells.len(), || {
                    [vec![0.0; self.width], vec![0.0; self.width]]
                });
                for (cell, rows) in cells.iter().zip(&mut memory.rows) {
                    cell.step(rows, &mut x);
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
        self.time.apply(state)
    }

    /// Logits of a note's length, when its distance and its place in the bar are known.
    pub fn length(&self, state: &[f32], known: &[u8; AT.len()]) -> Vec<f32> {
        answer(&self.length, state, &AT[..AT_LENGTH], &known[..AT_LENGTH])
    }

    /// Logits of a note's key, when its onset and length are known.
    pub fn key(&self, state: &[f32], known: &[u8; AT.len()]) -> Vec<f32> {
        answer(&self.key, state, &AT, known)
    }

    /// Adds the sinusoids of a place.
    fn add_place(&self, place: usize, x: &mut [f32]) {
        let (low, high) = x.split_at_mut(self.turns.len());
        for ((low, high), turn) in low.iter_mut().zip(high).zip(&self.turns) {
            let angle = place as f64 * turn;
            *low += math::sin(angle) as f32;
            *high += math::cos(angle) as f32;
        }
    }

    fn attend(&self, block: &Block, rows: &mut [Vec<f32>; 2], x: &mut [f32]) {
        let width = self.width;
        let each = width / HEADS;
        let mut calm = vec![0.0; width];
        block.first.apply(x, &mut calm);
        let query = block.query.apply(&calm);
        rows[0].extend(block.key.apply(&calm));
        rows[1].extend(block.value.apply(&calm));
        let count = rows[0].len() / width;
        let mut seen = vec![0.0; width];
        let mut shares = vec![0.0; count];
        let scale = 1.0 / (each as f32).sqrt();
        for head in 0..HEADS {
            let own = head * each..(head + 1) * each;
            let query = &query[own.clone()];
            let key = |row: usize| &rows[0][row * width..][own.clone()];
            let (fours, rest) = shares.as_chunks_mut::<4>();
            for (index, four) in fours.iter_mut().enumerate() {
                let from = index * 4;
                let keys = [key(from), key(from + 1), key(from + 2), key(from + 3)];
                *four = dots(query, keys).map(|product| product * scale);
            }
            let from = fours.len() * 4;
            for (index, share) in rest.iter_mut().enumerate() {
                *share = dot(query, key(from + index)) * scale;
            }
            softmax(&mut shares);
            for (share, value) in shares.iter().zip(rows[1].chunks_exact(width)) {
                add_scaled(&value[own.clone()], *share, &mut seen[own.clone()]);
            }
        }
        add(&block.out.apply(&seen), x);
        block.second.apply(x, &mut calm);
        let mut wide = block.up.apply(&calm);
        rectify(&mut wide);
        add(&block.down.apply(&wide), x);
    }
}

/// The angle of a place in one of the sinusoids.
pub fn place_angle(place: usize, index: usize, half: usize) -> f64 {
    place as f64 * turn(index, half)
}

fn turn(index: usize, half: usize) -> f64 {
    math::exp(-math::ln(1000.0) * index as f64 / half as f64)
}

fn answer(head: &Head, state: &[f32], sizes: &[usize], known: &[u8]) -> Vec<f32> {
    let mut x = head.from_body.apply(state);
    for (start, class) in offsets(sizes).zip(known) {
        add(row(&head.classes, start + usize::from(*class)), &mut x);
    }
    rectify(&mut x);
    let mut x = head.middle.apply(&x);
    rectify(&mut x);
    head.out.apply(&x)
}

fn block(tables: &mut Tables, name: &str, width: usize) -> Result<Block, WeightsFault> {
    let up = format!("{name}.up.weight");
    let wide = tables.get(&up).map(|table| table.columns);
    let wide = wide.ok_or(WeightsFault::Lacks(up))?;
    Ok(Block {
        first: Norm::take(tables, &format!("{name}.first"), width)?,
        query: Dense::take(tables, &format!("{name}.query"), width, width)?,
        key: Dense::take(tables, &format!("{name}.key"), width, width)?,
        value: Dense::take(tables, &format!("{name}.value"), width, width)?,
        out: Dense::take(tables, &format!("{name}.out"), width, width)?,
        second: Norm::take(tables, &format!("{name}.second"), width)?,
        up: Dense::take(tables, &format!("{name}.up"), width, wide)?,
        down: Dense::take(tables, &format!("{name}.down"), wide, width)?,
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
        from_body: Dense::take(tables, &format!("{name}.body"), width, wide)?,
        middle: Dense::take(tables, &format!("{name}.middle"), wide, wide)?,
        out: Dense::take(tables, &format!("{name}.out"), wide, answers)?,
        classes,
    })
}
