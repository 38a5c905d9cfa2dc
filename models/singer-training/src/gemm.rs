//! Matrix products, by the `matrixmultiply` crate behind a safe face.

/// A matrix as it lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lies {
    /// Row after row.
    Straight,
    /// Column after column: the transpose of what lies row after row.
    Across,
}

/// `c += a × b` for an `m` × `k` and a `k` × `n` matrix; `c` lies straight.
#[expect(
    unsafe_code,
    reason = "matrixmultiply takes pointers; lengths are checked here"
)]
pub(crate) fn add_product(
    (m, k, n): (usize, usize, usize),
    a: &[f32],
    a_lies: Lies,
    b: &[f32],
    b_lies: Lies,
    c: &mut [f32],
) {
    assert!(
        a.len() >= m * k && b.len() >= k * n && c.len() >= m * n,
        "sizes"
    );
    if m * k * n == 0 {
        return;
    }
    let strides = |rows: usize, columns: usize, lies: Lies| match lies {
        Lies::Straight => (columns as isize, 1),
        Lies::Across => (1, rows as isize),
    };
    let (a_row, a_column) = strides(m, k, a_lies);
    let (b_row, b_column) = strides(k, n, b_lies);
    // SAFETY: the lengths above cover every element the strides reach, and `c` is not shared.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.as_ptr(),
            a_row,
            a_column,
            b.as_ptr(),
            b_row,
            b_column,
            1.0,
            c.as_mut_ptr(),
            n as isize,
            1,
        );
    }
}
