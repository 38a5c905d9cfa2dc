//! Partitioned Rice coding of a residual (RFC 9639, section 9.2.7).

use super::bits::BitWriter;

/// More partitions than this never pay for their parameters in blocks of 4096.
const MAX_ORDER: u32 = 6;

/// How a residual is split into partitions, and each one's parameter.
#[derive(Clone, Debug, Default)]
pub(crate) struct RicePlan {
    order: u32,
    parameters: Vec<u8>,
    /// Estimated size in bits, headers included; never less than 90 % of the truth.
    pub(crate) bits: u64,
}

#[inline]
fn zigzag(r: i32) -> u32 {
    (r << 1 ^ r >> 31) as u32
}

/// The cheapest parameter for a partition: about log2 of the mean, tried on both sides.
fn parameter(sum: u64, count: u64) -> (u8, u64) {
    let mean = sum / count.max(1);
    let guess = if mean == 0 { 0 } else { mean.ilog2() };
    let mut best = (0, u64::MAX);
    for k in guess.saturating_sub(1)..=(guess + 1).min(30) {
        // Each value costs k + 1 bits and its quotient; the sum of the quotients is estimated
        // by the sum of the values, less the half step that rounding down loses on average.
        let lost = if k == 0 { 0 } else { count / 2 };
        let bits = count * u64::from(k + 1) + (sum >> k).saturating_sub(lost);
        if bits < best.1 {
            best = (k as u8, bits);
        }
    }
    best
}

/// Chooses partitions and parameters for the residual of a block of `residual.len() +
/// predictor_order` samples.
pub(crate) fn plan(residual: &[i32], predictor_order: usize, scratch: &mut Vec<u64>) -> RicePlan {
    let block = residual.len() + predictor_order;
    let mut top = 0;
    while top < MAX_ORDER
        && block.is_multiple_of(2 << top)
        && (block >> (top + 1)) > predictor_order
    {
        top += 1;
    }
    let size = block >> top;
    scratch.clear();
    let mut start = 0;
    for part in 0..1_usize << top {
        let end = (part + 1) * size - predictor_order;
        let sum = residual[start..end]
            .iter()
            .map(|&r| u64::from(zigzag(r)))
            .sum();
        scratch.push(sum);
        start = end;
    }
    let mut best = RicePlan {
        bits: u64::MAX,
        ..RicePlan::default()
    };
    let mut parameters = Vec::with_capacity(1 << top);
    for order in (0..=top).rev() {
        let size = block >> order;
        parameters.clear();
        let mut bits = 6;
        for (index, &sum) in scratch.iter().enumerate() {
            let count = if index == 0 {
                size - predictor_order
            } else {
                size
            };
            let (k, cost) = parameter(sum, count as u64);
            parameters.push(k);
            bits += cost;
        }
        let wide = parameters.iter().any(|&k| k > 14);
        bits += (if wide { 5 } else { 4 }) * parameters.len() as u64;
        if bits < best.bits {
            best = RicePlan {
                order,
                parameters: parameters.clone(),
                bits,
            };
        }
        // Merge neighbors for the next, coarser order.
        let half = scratch.len() / 2;
        for i in 0..half {
            scratch[i] = scratch[2 * i] + scratch[2 * i + 1];
        }
        scratch.truncate(half);
    }
    best
}

/// Writes a residual as planned.
pub(crate) fn write(w: &mut BitWriter, residual: &[i32], predictor_order: usize, plan: &RicePlan) {
    let block = residual.len() + predictor_order;
    let wide = plan.parameters.iter().any(|&k| k > 14);
    w.put(u32::from(wide), 2);
    w.put(plan.order, 4);
    let size = block >> plan.order;
    let mut start = 0;
    for (part, &k) in plan.parameters.iter().enumerate() {
        let end = (part + 1) * size - predictor_order;
        let k = u32::from(k);
        w.put(k, if wide { 5 } else { 4 });
        for &r in &residual[start..end] {
            let u = zigzag(r);
            let q = u >> k;
            if q + k < 31 {
                w.put(1 << k | u & ((1 << k) - 1), q + 1 + k);
            } else {
                w.put_unary(q);
                w.put(u, k);
            }
        }
        start = end;
    }
}
