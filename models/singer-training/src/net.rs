//! The network of `yuefu_voice::neural` forward with everything remembered, and backward.
//!
//! One line at a time; lines of a batch run beside each other and their gradients are added in
//! order, so that training gives the same numbers with any number of threads.

use crate::data::Example;
use crate::gemm::{Lies, add_product};
use yuefu_voice::neural::{Block, OUTPUTS, PLACE, SPOKEN, Shape, Tensor};

/// What the forward pass of a line leaves for the backward pass.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Phone states before each encoder block and after the last.
    phones: Vec<Vec<f32>>,
    phone_hidden: Vec<Vec<f32>>,
    spoken_in: Vec<f32>,
    spoken_hidden: Vec<f32>,
    /// Frame states before each block and after the last.
    frames: Vec<Vec<f32>>,
    frame_hidden: Vec<Vec<f32>>,
    last_in: Vec<f32>,
    last: Vec<f32>,
    /// [`SPOKEN`] values for each phone.
    pub spoken: Vec<f32>,
    /// [`OUTPUTS`] values for each frame, in deviations from the mean.
    pub output: Vec<f32>,
}

/// Runs the network on a line.
pub fn forward(shape: &Shape, all: &[f32], line: &Example) -> Tape {
    let mut tape = Tape::default();
    let (count, length) = (line.rows.len(), line.owner.len());
    let width = shape.phone;
    let mut state = vec![0.0; count * width];
    let table = shape.table.of(all);
    for (to, rows) in state.chunks_exact_mut(width).zip(&line.rows) {
        for row in rows {
            for (y, x) in to.iter_mut().zip(&table[row * width..(row + 1) * width]) {
                *y += x;
            }
        }
    }
    tape.phones.push(state.clone());
    for block in &shape.encoder {
        let hidden = spread(block, all, &state);
        back(block, all, &hidden, &mut state);
        tape.phone_hidden.push(hidden);
        tape.phones.push(state.clone());
    }
    tape.spoken_in = state.clone();
    add_row(row(&shape.speaker, all, line.singer), &mut tape.spoken_in);
    tape.spoken_hidden = spread(&shape.spoken, all, &tape.spoken_in);
    tape.spoken = vec![0.0; count * SPOKEN];
    back(&shape.spoken, all, &tape.spoken_hidden, &mut tape.spoken);

    let width = shape.frame;
    let mut by_phone = vec![0.0; count * width];
    layer(&state, count, &shape.spread, all, &mut by_phone);
    let voice = row(&shape.singer, all, line.singer);
    let mut state = Vec::with_capacity(length * width);
    for owner in &line.owner {
        let owner = &by_phone[owner * width..(owner + 1) * width];
        state.extend(owner.iter().zip(voice).map(|(a, b)| a + b));
    }
    layer(&line.places, length, &shape.place, all, &mut state);
    tape.frames.push(state.clone());
    for block in &shape.blocks {
        let hidden = spread(block, all, &state);
        back(block, all, &hidden, &mut state);
        tape.frame_hidden.push(hidden);
        tape.frames.push(state.clone());
    }
    rectify(&mut state);
    tape.last_in = state;
    tape.last = vec![0.0; length * width];
    add_row(shape.last_bias.of(all), &mut tape.last);
    layer(&tape.last_in, length, &shape.last, all, &mut tape.last);
    rectify(&mut tape.last);
    tape.output = vec![0.0; length * OUTPUTS];
    add_row(shape.output_bias.of(all), &mut tape.output);
    layer(&tape.last, length, &shape.output, all, &mut tape.output);
    tape
}

/// Adds to `gradient` what the slopes of the loss by the network's outputs make of it.
pub fn backward(
    shape: &Shape,
    all: &[f32],
    line: &Example,
    tape: &Tape,
    by_spoken: &[f32],
    by_output: &[f32],
    gradient: &mut [f32],
) {
    let (count, length) = (line.rows.len(), line.owner.len());
    let width = shape.frame;
    sum_rows(by_output, shape.output_bias.of_mut(gradient));
    let mut slope = layer_back(&tape.last, length, &shape.output, all, by_output, gradient);
    stop(&tape.last, &mut slope);
    sum_rows(&slope, shape.last_bias.of_mut(gradient));
    let mut slope = layer_back(&tape.last_in, length, &shape.last, all, &slope, gradient);
    stop(&tape.last_in, &mut slope);
    for (index, block) in shape.blocks.iter().enumerate().rev() {
        block_back(
            block,
            all,
            (&tape.frames[index], &tape.frame_hidden[index]),
            &mut slope,
            true,
            gradient,
        );
    }
    // Places are no variables: only their matrix learns.
    let matrix = shape.place.of_mut(gradient);
    add_product(
        (PLACE, length, width),
        &line.places,
        Lies::Across,
        &slope,
        Lies::Straight,
        matrix,
    );
    sum_rows(&slope, row_mut(&shape.singer, gradient, line.singer));
    let mut by_phone = vec![0.0; count * width];
    for (owner, from) in line.owner.iter().zip(slope.chunks_exact(width)) {
        let to = &mut by_phone[owner * width..(owner + 1) * width];
        to.iter_mut().zip(from).for_each(|(y, x)| *y += x);
    }
    let encoded = &tape.phones[shape.encoder.len()];
    let mut slope = layer_back(encoded, count, &shape.spread, all, &by_phone, gradient);

    let mut spoken = by_spoken.to_vec();
    block_back(
        &shape.spoken,
        all,
        (&tape.spoken_in, &tape.spoken_hidden),
        &mut spoken,
        false,
        gradient,
    );
    sum_rows(&spoken, row_mut(&shape.speaker, gradient, line.singer));
    slope.iter_mut().zip(&spoken).for_each(|(y, x)| *y += x);
    for (index, block) in shape.encoder.iter().enumerate().rev() {
        block_back(
            block,
            all,
            (&tape.phones[index], &tape.phone_hidden[index]),
            &mut slope,
            true,
            gradient,
        );
    }
    let width = shape.phone;
    let table = shape.table.of_mut(gradient);
    for (from, rows) in slope.chunks_exact(width).zip(&line.rows) {
        for row in rows {
            let to = &mut table[row * width..(row + 1) * width];
            to.iter_mut().zip(from).for_each(|(y, x)| *y += x);
        }
    }
}

/// Slope behind a block to slope before it, in place.
fn block_back(
    block: &Block,
    all: &[f32],
    (input, hidden): (&[f32], &[f32]),
    slope: &mut Vec<f32>,
    residual: bool,
    gradient: &mut [f32],
) {
    let rows = slope.len() / block.back.columns;
    let width = block.spread.columns;
    sum_rows(slope, block.back_bias.of_mut(gradient));
    let mut inner = layer_back(hidden, rows, &block.back, all, slope, gradient);
    stop(hidden, &mut inner);
    sum_rows(&inner, block.spread_bias.of_mut(gradient));
    if !residual {
        slope.clear();
        slope.resize(rows * width, 0.0);
    }
    let size = width * width;
    let apart = block.apart.min(rows);
    for tap in 0..3 {
        let (from, to) = taps(tap, apart, rows, width);
        let part = Tensor {
            at: block.spread.at + tap * size,
            rows: width,
            columns: width,
        };
        let count = rows - if tap == 1 { 0 } else { apart };
        let inner = &inner[to..to + count * width];
        add_product(
            (width, count, width),
            &input[from..from + count * width],
            Lies::Across,
            inner,
            Lies::Straight,
            part.of_mut(gradient),
        );
        add_product(
            (count, width, width),
            inner,
            Lies::Straight,
            part.of(all),
            Lies::Across,
            &mut slope[from..from + count * width],
        );
    }
}

/// Where input and output of a tap of a convolution begin.
fn taps(tap: usize, apart: usize, rows: usize, width: usize) -> (usize, usize) {
    let skip = apart.min(rows) * width;
    match tap {
        0 => (0, skip),
        1 => (0, 0),
        _ => (skip, 0),
    }
}

fn spread(block: &Block, all: &[f32], input: &[f32]) -> Vec<f32> {
    let width = block.spread.columns;
    let rows = input.len() / width;
    let mut out = vec![0.0; input.len()];
    add_row(block.spread_bias.of(all), &mut out);
    let matrix = block.spread.of(all);
    let apart = block.apart.min(rows);
    for tap in 0..3 {
        let (from, to) = taps(tap, apart, rows, width);
        let count = rows - if tap == 1 { 0 } else { apart };
        add_product(
            (count, width, width),
            &input[from..from + count * width],
            Lies::Straight,
            &matrix[tap * width * width..(tap + 1) * width * width],
            Lies::Straight,
            &mut out[to..to + count * width],
        );
    }
    rectify(&mut out);
    out
}

fn back(block: &Block, all: &[f32], hidden: &[f32], out: &mut [f32]) {
    add_row(block.back_bias.of(all), out);
    let rows = hidden.len() / block.back.rows;
    layer(hidden, rows, &block.back, all, out);
}

fn layer(input: &[f32], rows: usize, matrix: &Tensor, all: &[f32], out: &mut [f32]) {
    add_product(
        (rows, matrix.rows, matrix.columns),
        input,
        Lies::Straight,
        matrix.of(all),
        Lies::Straight,
        out,
    );
}

/// Adds to the matrix's gradient and gives the slope by the layer's input.
fn layer_back(
    input: &[f32],
    rows: usize,
    matrix: &Tensor,
    all: &[f32],
    slope: &[f32],
    gradient: &mut [f32],
) -> Vec<f32> {
    add_product(
        (matrix.rows, rows, matrix.columns),
        input,
        Lies::Across,
        slope,
        Lies::Straight,
        matrix.of_mut(gradient),
    );
    let mut out = vec![0.0; rows * matrix.rows];
    add_product(
        (rows, matrix.columns, matrix.rows),
        slope,
        Lies::Straight,
        matrix.of(all),
        Lies::Across,
        &mut out,
    );
    out
}

fn row<'a>(table: &Tensor, all: &'a [f32], index: usize) -> &'a [f32] {
    &table.of(all)[index * table.columns..(index + 1) * table.columns]
}

fn row_mut<'a>(table: &Tensor, all: &'a mut [f32], index: usize) -> &'a mut [f32] {
    &mut table.of_mut(all)[index * table.columns..(index + 1) * table.columns]
}

fn add_row(row: &[f32], out: &mut [f32]) {
    for to in out.chunks_exact_mut(row.len()) {
        to.iter_mut().zip(row).for_each(|(y, x)| *y += x);
    }
}

fn sum_rows(rows: &[f32], out: &mut [f32]) {
    for from in rows.chunks_exact(out.len()) {
        out.iter_mut().zip(from).for_each(|(y, x)| *y += x);
    }
}

fn rectify(values: &mut [f32]) {
    values.iter_mut().for_each(|x| *x = x.max(0.0));
}

/// Nothing flows back through what was rectified away.
fn stop(values: &[f32], slope: &mut [f32]) {
    for (slope, value) in slope.iter_mut().zip(values) {
        if *value <= 0.0 {
            *slope = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adam::start;
    use yuefu_engine::rng::Rng;
    use yuefu_voice::neural::{Features, Network, Timed, Weights, phone_features, place_features};

    fn line(shape: &Shape) -> (Example, Vec<Timed>, Vec<f32>) {
        let phones: Vec<Timed> = [
            (1, 0.0, 3.4),
            (25, 3.4, 9.0),
            (8, 9.0, 14.2),
            (0, 14.2, 21.0),
        ]
        .iter()
        .map(|(symbol, start, end)| Timed {
            phone: Features {
                symbol: *symbol,
                lang: symbol % 2,
                part: symbol % 5,
                tone: symbol % 6,
                stress: symbol % 4,
            },
            start: *start,
            end: *end,
        })
        .collect();
        let pitch: Vec<f32> = (0..21).map(|i| 180.0 + 6.0 * i as f32).collect();
        let mut example = Example {
            singer: shape.singers - 1,
            rows: phones.iter().map(|p| phone_features(p.phone)).collect(),
            ..Example::default()
        };
        let mut index = 0;
        for (frame, pitch) in pitch.iter().enumerate() {
            let at = frame as f32 + 0.5;
            while index + 1 < phones.len() && phones[index].end <= at {
                index += 1;
            }
            example.owner.push(index);
            example.places.extend(place_features(
                at - phones[index].start,
                phones[index].end - at,
                *pitch,
            ));
        }
        (example, phones, pitch)
    }

    /// The derivative along random directions against a difference quotient of the loss.
    #[test]
    fn slopes_are_those_of_the_loss() {
        let shape = Shape::new(12, 16, 2, 2, 4);
        let (line, ..) = line(&shape);
        let mut rng = Rng::new(5);
        let mut all = start(&shape, 3);
        // Away from the kinks: everything moves a little.
        all.iter_mut().for_each(|x| *x += 0.05 * rng.normal());
        let random = |count: usize, rng: &mut Rng| -> Vec<f32> {
            (0..count).map(|_| rng.normal()).collect()
        };
        let by_spoken = random(line.rows.len() * SPOKEN, &mut rng);
        let by_output = random(line.owner.len() * OUTPUTS, &mut rng);
        let loss = |all: &[f32]| -> f64 {
            let tape = forward(&shape, all, &line);
            let dot = |a: &[f32], b: &[f32]| -> f64 {
                a.iter()
                    .zip(b)
                    .map(|(a, b)| f64::from(*a) * f64::from(*b))
                    .sum()
            };
            dot(&tape.spoken, &by_spoken) + dot(&tape.output, &by_output)
        };
        let tape = forward(&shape, &all, &line);
        let mut gradient = vec![0.0; shape.numbers];
        backward(
            &shape,
            &all,
            &line,
            &tape,
            &by_spoken,
            &by_output,
            &mut gradient,
        );
        let norm: f64 = gradient
            .iter()
            .map(|g| f64::from(g * g))
            .sum::<f64>()
            .sqrt();
        let mut errors: Vec<f64> = (0..15)
            .map(|_| {
                let direction = random(shape.numbers, &mut rng);
                let step = 1e-4;
                let moved = |sign: f32| -> Vec<f32> {
                    all.iter()
                        .zip(&direction)
                        .map(|(x, d)| x + sign * step * d)
                        .collect()
                };
                let measured = (loss(&moved(1.0)) - loss(&moved(-1.0))) / (2.0 * f64::from(step));
                let expected: f64 = gradient
                    .iter()
                    .zip(&direction)
                    .map(|(g, d)| f64::from(*g) * f64::from(*d))
                    .sum();
                (measured - expected).abs() / norm
            })
            .collect();
        // A step over a kink of a rectifier spoils a quotient now and then, not most of them.
        errors.sort_by(f64::total_cmp);
        assert!(errors[9] < 0.01 && errors[14] < 0.3, "{errors:?}");
    }

    #[test]
    fn every_tensor_learns() {
        let shape = Shape::new(12, 16, 2, 2, 4);
        let (line, ..) = line(&shape);
        let all = start(&shape, 3);
        let tape = forward(&shape, &all, &line);
        let mut gradient = vec![0.0; shape.numbers];
        let (by_spoken, by_output) = (vec![1.0; tape.spoken.len()], vec![1.0; tape.output.len()]);
        backward(
            &shape,
            &all,
            &line,
            &tape,
            &by_spoken,
            &by_output,
            &mut gradient,
        );
        let mut tensors = vec![
            shape.table,
            shape.speaker,
            shape.spread,
            shape.place,
            shape.singer,
        ];
        tensors.extend([shape.last, shape.last_bias, shape.output, shape.output_bias]);
        for block in shape
            .encoder
            .iter()
            .chain(&shape.blocks)
            .chain([&shape.spoken])
        {
            tensors.extend([block.spread, block.spread_bias, block.back, block.back_bias]);
        }
        let covered: usize = tensors.iter().map(|t| t.rows * t.columns).sum();
        assert_eq!(covered, shape.numbers);
        for tensor in tensors {
            let size: f32 = tensor.of(&gradient).iter().map(|x| x.abs()).sum();
            assert!(size > 1e-4, "{tensor:?}");
        }
    }

    #[test]
    fn singing_computes_what_was_trained() {
        let shape = Shape::new(12, 16, 2, 2, 4);
        let (line, phones, pitch) = line(&shape);
        let numbers = start(&shape, 9);
        let weights = Weights {
            mean: vec![0.5; OUTPUTS],
            deviation: vec![2.0; OUTPUTS],
            pitch: vec![200.0, 100.0],
            numbers,
            shape: shape.clone(),
        };
        let bytes = weights.bytes();
        let rounded = Weights::parse(&bytes).unwrap();
        let tape = forward(&shape, &rounded.numbers, &line);
        let network = Network::parse(&bytes).unwrap();
        let found = network.frames(1, &phones, &pitch);
        for (a, b) in tape.output.iter().zip(&found) {
            assert!((a * 2.0 + 0.5 - b).abs() < 1e-4, "{a} {b}");
        }
        let names: Vec<Features> = phones.iter().map(|p| p.phone).collect();
        for (row, spoken) in tape
            .spoken
            .chunks_exact(SPOKEN)
            .zip(network.speak(1, &names))
        {
            let seconds = f64::from(row[0].exp()) * 0.0125;
            assert!((seconds.clamp(0.01, 0.6) - spoken.seconds).abs() < 1e-4);
            assert!((100.0 * row[1].exp2() - spoken.pitch[0]).abs() < 0.05);
        }
    }
}
