//! The arithmetic of the network, in one order whatever the machine and the number of threads.

use super::shape::Block;

/// `out[row] += input[row] × matrix` for rows of `rows_in` and `columns` numbers. Sums run over
/// the inputs in order.
pub(super) fn multiply(
    input: &[f32],
    width: usize,
    matrix: &[f32],
    columns: usize,
    out: &mut [f32],
) {
    // Four rows at a time share each row of the matrix while it is in the registers.
    let mut inputs = input.chunks_exact(width * 4);
    let mut outs = out.chunks_exact_mut(columns * 4);
    for (four, to) in (&mut inputs).zip(&mut outs) {
        let (a, rest) = four.split_at(width);
        let (b, rest) = rest.split_at(width);
        let (c, d) = rest.split_at(width);
        let (ta, rest) = to.split_at_mut(columns);
        let (tb, rest) = rest.split_at_mut(columns);
        let (tc, td) = rest.split_at_mut(columns);
        for (k, line) in matrix.chunks_exact(columns).enumerate() {
            let (xa, xb, xc, xd) = (a[k], b[k], c[k], d[k]);
            if xa == 0.0 && xb == 0.0 && xc == 0.0 && xd == 0.0 {
                continue;
            }
            let sums = ta
                .iter_mut()
                .zip(tb.iter_mut())
                .zip(tc.iter_mut())
                .zip(td.iter_mut());
            for ((((ya, yb), yc), yd), w) in sums.zip(line) {
                *ya += xa * w;
                *yb += xb * w;
                *yc += xc * w;
                *yd += xd * w;
            }
        }
    }
    let rest = outs.into_remainder().chunks_exact_mut(columns);
    for (row, to) in inputs.remainder().chunks_exact(width).zip(rest) {
        for (x, line) in row.iter().zip(matrix.chunks_exact(columns)) {
            for (y, w) in to.iter_mut().zip(line) {
                *y += x * w;
            }
        }
    }
}

/// Adds a row to every row.
pub(super) fn add_to_all(row: &[f32], out: &mut [f32]) {
    for to in out.chunks_exact_mut(row.len()) {
        for (y, x) in to.iter_mut().zip(row) {
            *y += x;
        }
    }
}

/// Negative numbers become zero.
pub(super) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

/// The convolution of a block, rectified: places outside are zero.
pub(super) fn spread(block: &Block, all: &[f32], input: &[f32], out: &mut Vec<f32>) {
    let width = block.spread.columns;
    let matrix = block.spread.of(all);
    let size = width * width;
    out.clear();
    out.resize(input.len(), 0.0);
    add_to_all(block.spread_bias.of(all), out);
    let skip = (block.apart * width).min(input.len());
    let (before, here, after) = (
        &matrix[..size],
        &matrix[size..size * 2],
        &matrix[size * 2..],
    );
    multiply(input, width, here, width, out);
    multiply(
        &input[..input.len() - skip],
        width,
        before,
        width,
        &mut out[skip..],
    );
    let kept = out.len() - skip;
    multiply(&input[skip..], width, after, width, &mut out[..kept]);
    rectify(out);
}

/// The layer back of a block, added to `out`.
pub(super) fn back(block: &Block, all: &[f32], spread: &[f32], out: &mut [f32]) {
    let columns = block.back.columns;
    add_to_all(block.back_bias.of(all), out);
    multiply(spread, block.back.rows, block.back.of(all), columns, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition() {
        let input: Vec<f32> = (0..7 * 3).map(|i| i as f32 * 0.5 - 3.0).collect();
        let matrix: Vec<f32> = (0..3 * 5).map(|i| (i * 7 % 11) as f32 - 4.0).collect();
        let mut out = vec![1.0; 7 * 5];
        multiply(&input, 3, &matrix, 5, &mut out);
        for row in 0..7 {
            for column in 0..5 {
                let sum: f32 = (0..3)
                    .map(|k| input[row * 3 + k] * matrix[k * 5 + column])
                    .sum();
                assert!((out[row * 5 + column] - 1.0 - sum).abs() < 1e-4);
            }
        }
    }
}
