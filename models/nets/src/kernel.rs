//! Arithmetic whose results are the same bits on every machine: plain sums in a fixed order, no
//! fused multiply-adds, no dependence on threads. Sums run over the inputs one by one while
//! outputs lie side by side, so that compilers may use vectors without changing any order.

use crate::weights::Table;
use yuefu_audio::math;

/// Outputs whose sums are held at once, in registers.
const SIDE: usize = 32;

/// Adds the product of a row vector and a table to `out`: `out[j] += x[i] * w[i][j]`.
pub fn add_product(x: &[f32], w: &Table, out: &mut [f32]) {
    debug_assert!(x.len() == w.rows && out.len() == w.columns);
    // Rectified vectors are mostly zeros.
    let rows = || {
        let all = x.iter().zip(w.numbers.chunks_exact(w.columns));
        all.filter(|(x, _)| **x != 0.0)
    };
    let mut start = 0;
    let (blocks, rest) = out.as_chunks_mut::<SIDE>();
    for block in blocks {
        let mut sums = *block;
        for (x, row) in rows() {
            // A length that is known lets the sums stay in registers.
            if let Some(row) = row[start..].first_chunk::<SIDE>() {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += x * w;
                }
            }
        }
        *block = sums;
        start += SIDE;
    }
    rows().for_each(|(x, row)| add_scaled(&row[start..], *x, rest));
}

/// Adds `scale` times a row.
pub fn add_scaled(row: &[f32], scale: f32, out: &mut [f32]) {
    for (out, w) in out.iter_mut().zip(row) {
        *out += scale * w;
    }
}

/// Adds a row.
pub fn add(row: &[f32], out: &mut [f32]) {
    for (out, w) in out.iter_mut().zip(row) {
        *out += w;
    }
}

/// A row of a table.
pub fn row(table: &Table, index: usize) -> &[f32] {
    &table.numbers[index * table.columns..(index + 1) * table.columns]
}

/// Sets negative numbers to 0.
pub fn rectify(x: &mut [f32]) {
    for x in x {
        *x = x.max(0.0);
    }
}

/// Layer normalisation (Ba et al. 2016): mean 0, variance 1, then scaled and moved.
pub fn normalize(x: &[f32], scale: &Table, shift: &Table, out: &mut [f32]) {
    let count = x.len() as f32;
    let mean = sum(x.iter().copied()) / count;
    let variance = sum(x.iter().map(|x| (x - mean) * (x - mean))) / count;
    let factor = 1.0 / (variance + 1e-5).sqrt();
    let scales = scale.numbers.iter().zip(&shift.numbers);
    for ((out, x), (scale, shift)) in out.iter_mut().zip(x).zip(scales) {
        *out = (x - mean) * factor * scale + shift;
    }
}

/// Turns logits into shares that sum to 1.
pub fn softmax(x: &mut [f32]) {
    let most = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for x in x.iter_mut() {
        *x = math::exp(f64::from(*x - most)) as f32;
    }
    let total = sum(x.iter().copied());
    for x in x {
        *x /= total;
    }
}

/// The product of two rows, term by term and summed in order.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum(a.iter().zip(b).map(|(a, b)| a * b))
}

/// [`dot`] of one row with each of four, at once: each sum has its own order, and none waits for another.
pub fn dots(a: &[f32], [b, c, d, e]: [&[f32]; 4]) -> [f32; 4] {
    let mut sums = [0.0; 4];
    for ((((a, b), c), d), e) in a.iter().zip(b).zip(c).zip(d).zip(e) {
        for (sum, other) in sums.iter_mut().zip([b, c, d, e]) {
            *sum += a * other;
        }
    }
    sums
}

fn sum(numbers: impl Iterator<Item = f32>) -> f32 {
    numbers.fold(0.0, |sum, number| sum + number)
}
