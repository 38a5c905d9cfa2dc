//! Predictors: fixed polynomials and quantized linear prediction (RFC 9639, section 9.2).

use yuefu_audio::math;

/// Highest order of linear prediction.
pub(crate) const MAX_LPC: usize = 8;
/// Bits of a quantized coefficient.
pub(crate) const PRECISION: u32 = 14;

/// Residual of the fixed predictor of an order 0..=4.
pub(crate) fn fixed_residual(x: &[i32], order: usize, out: &mut Vec<i32>) {
    out.clear();
    // Samples have at most 25 bits (a 24-bit side channel), so the fourth difference has at
    // most 29 and cannot overflow.
    match order {
        0 => out.extend_from_slice(x),
        1 => out.extend(x.windows(2).map(|w| w[1] - w[0])),
        2 => out.extend(x.windows(3).map(|w| w[2] - 2 * w[1] + w[0])),
        3 => out.extend(x.windows(4).map(|w| w[3] - 3 * w[2] + 3 * w[1] - w[0])),
        _ => out.extend(
            x.windows(5)
                .map(|w| w[4] - 4 * w[3] + 6 * w[2] - 4 * w[1] + w[0]),
        ),
    }
}

/// The fixed order whose residual has the smallest sum of magnitudes, and that sum.
pub(crate) fn best_fixed(x: &[i32]) -> (usize, u64) {
    if x.len() < 5 {
        return (0, x.iter().map(|v| u64::from(v.unsigned_abs())).sum());
    }
    smallest(&magnitudes(x))
}

/// Sums of the magnitudes of the residuals of all orders, without the first four samples.
fn magnitudes(x: &[i32]) -> [u64; 5] {
    let mut sums = [0_u64; 5];
    for w in x.windows(5) {
        let d1 = w[4] - w[3];
        let p1 = w[3] - w[2];
        let q1 = w[2] - w[1];
        let r1 = w[1] - w[0];
        let (d2, p2, q2) = (d1 - p1, p1 - q1, q1 - r1);
        let (d3, p3) = (d2 - p2, p2 - q2);
        let d4 = d3 - p3;
        sums[0] += u64::from(w[4].unsigned_abs());
        sums[1] += u64::from(d1.unsigned_abs());
        sums[2] += u64::from(d2.unsigned_abs());
        sums[3] += u64::from(d3.unsigned_abs());
        sums[4] += u64::from(d4.unsigned_abs());
    }
    sums
}

/// The order with the smallest sum, and that sum.
fn smallest(sums: &[u64; 5]) -> (usize, u64) {
    let mut best = 0;
    for order in 1..5 {
        if sums[order] < sums[best] {
            best = order;
        }
    }
    (best, sums[best])
}

/// Like [`best_fixed`], judged by a quarter of the block: every fourth stretch of 64 samples.
/// A signal changes little from one stretch to the next, so the choice is nearly the same.
pub(crate) fn guess_fixed(x: &[i32]) -> (usize, u64) {
    const STRETCH: usize = 64;
    if x.len() < 8 * STRETCH {
        return best_fixed(x);
    }
    let mut sums = [0_u64; 5];
    for stretch in x.chunks_exact(STRETCH).step_by(4) {
        let one = magnitudes(stretch);
        for (sum, one) in sums.iter_mut().zip(one) {
            *sum += one;
        }
    }
    smallest(&sums)
}

/// A quantized linear predictor: `x[n] ≈ (Σ coefficients[i] * x[n-1-i]) >> shift`.
#[derive(Clone, Debug)]
pub(crate) struct Lpc {
    pub(crate) coefficients: Vec<i32>,
    pub(crate) shift: u32,
}

/// A Tukey window (half of it cosine-tapered) of a length.
pub(crate) fn tukey(len: usize) -> Vec<f32> {
    let taper = len / 4;
    (0..len)
        .map(|i| {
            let edge = i.min(len - 1 - i);
            if edge >= taper {
                1.0
            } else {
                let phase = (edge as f64 + 0.5) / taper as f64 * std::f64::consts::PI;
                (0.5 - 0.5 * math::cos(phase)) as f32
            }
        })
        .collect()
}

/// Finds a predictor by the autocorrelation method; the order is the one expected to need the
/// fewest bits. `None` when the signal cannot be predicted better than by a constant.
pub(crate) fn analyze(x: &[i32], window: &[f32], scratch: &mut Vec<f32>) -> Option<Lpc> {
    const LAGS: usize = MAX_LPC + 1;
    if x.len() < 4 * LAGS {
        return None;
    }
    scratch.clear();
    scratch.resize(LAGS - 1, 0.0);
    scratch.extend(x.iter().zip(window).map(|(&v, w)| v as f32 * w));
    let mut r = [0.0_f64; LAGS];
    // Short runs in single precision, summed in double: as exact as needed, and the inner loop
    // has no dependency between lags.
    for chunk in 0..x.len().div_ceil(64) {
        let start = chunk * 64 + LAGS - 1;
        let end = (start + 64).min(scratch.len());
        let mut part = [0.0_f32; LAGS];
        for i in start..end {
            let v = scratch[i];
            let past = &scratch[i + 1 - LAGS..=i];
            for lag in 0..LAGS {
                part[lag] += v * past[LAGS - 1 - lag];
            }
        }
        for lag in 0..LAGS {
            r[lag] += f64::from(part[lag]);
        }
    }
    if r[0] <= 0.0 {
        return None;
    }
    // Levinson-Durbin recursion; the coefficients of every order are kept.
    let mut error = r[0];
    let mut a = [0.0_f64; MAX_LPC];
    let mut best: Option<([f64; MAX_LPC], usize, f64)> = None;
    for order in 1..=MAX_LPC {
        let mut k = r[order];
        for i in 0..order - 1 {
            k -= a[i] * r[order - 1 - i];
        }
        k /= error;
        let previous = a;
        for i in 0..order - 1 {
            a[i] = previous[i] - k * previous[order - 2 - i];
        }
        a[order - 1] = k;
        error *= 1.0 - k * k;
        if error <= 0.0 {
            break;
        }
        // Bits per sample of a Laplacian residual of this energy (as the reference encoder
        // estimates it), plus the cost of the order.
        let per_sample = (0.5 * math::log2(0.24 * error / x.len() as f64)).max(0.0);
        let bits = per_sample * (x.len() - order) as f64 + order as f64 * f64::from(PRECISION + 16);
        if best.is_none_or(|(_, _, b)| bits < b) {
            best = Some((a, order, bits));
        }
    }
    let (a, order, _) = best?;
    quantize(&a[..order])
}

fn quantize(a: &[f64]) -> Option<Lpc> {
    let largest = a.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return None;
    }
    // The largest shift for which every coefficient fits its bits, within the format's 0..=15.
    let limit = f64::from((1_i32 << (PRECISION - 1)) - 1);
    let mut shift = 15_u32;
    while shift > 0 && largest * f64::from(1_u32 << shift) > limit {
        shift -= 1;
    }
    if largest * f64::from(1_u32 << shift) > limit {
        return None;
    }
    let mut carried = 0.0;
    let coefficients = a
        .iter()
        .map(|v| {
            // The rounding error is carried to the next coefficient.
            let exact = v * f64::from(1_u32 << shift) + carried;
            let rounded = (exact + 0.5).floor().clamp(-limit - 1.0, limit);
            carried = exact - rounded;
            rounded as i32
        })
        .collect();
    Some(Lpc {
        coefficients,
        shift,
    })
}

/// Residual of linear prediction; `false` when a value leaves 32 bits (then do not use it).
pub(crate) fn lpc_residual(x: &[i32], lpc: &Lpc, bits: u32, out: &mut Vec<i32>) -> bool {
    let order = lpc.coefficients.len();
    let mut reversed = [0_i32; MAX_LPC];
    for (to, from) in reversed[MAX_LPC - order..]
        .iter_mut()
        .rev()
        .zip(&lpc.coefficients)
    {
        *to = *from;
    }
    let weight: i64 = reversed.iter().map(|c| i64::from(c.abs())).sum();
    out.clear();
    if weight << (bits - 1) < 1 << 30 {
        let coefficients = &reversed[MAX_LPC - order..];
        out.extend(x.windows(order + 1).map(|w| {
            let sum: i32 = w.iter().zip(coefficients).map(|(v, c)| v * c).sum();
            w[order] - (sum >> lpc.shift)
        }));
        return true;
    }
    let coefficients = &reversed[MAX_LPC - order..];
    for w in x.windows(order + 1) {
        let sum: i64 = w
            .iter()
            .zip(coefficients)
            .map(|(v, c)| i64::from(*v) * i64::from(*c))
            .sum();
        let r = i64::from(w[order]) - (sum >> lpc.shift);
        // Zigzag coding needs one bit more than the value.
        if r.unsigned_abs() >= 1 << 30 {
            return false;
        }
        out.push(r as i32);
    }
    true
}
