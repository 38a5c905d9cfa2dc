//! What listeners said, with how sure that is.

use serde::Serialize;

/// A value with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The two-sided 95 % quantile of the normal distribution.
const NORMAL: f64 = 1.959_964;

/// A share of `wins` in `of`, with Wilson's score interval (J. Am. Stat. Assoc. 22, 1927). `None`
/// of nothing.
pub fn share(wins: usize, of: usize) -> Option<Interval> {
    if of == 0 {
        return None;
    }
    let (p, n) = (wins as f64 / of as f64, of as f64);
    let z2 = NORMAL * NORMAL;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = NORMAL / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Interval {
        value: p,
        low: (middle - half).max(0.0),
        high: (middle + half).min(1.0),
    })
}

/// A mean with Student's interval; of a single value the interval is unbounded. `None` of nothing.
pub fn mean(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let value = values.iter().sum::<f64>() / n;
    if values.len() == 1 {
        return Some(Interval {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        });
    }
    let squares: f64 = values.iter().map(|v| (v - value) * (v - value)).sum();
    let half = student(values.len() - 1) * (squares / (n - 1.0) / n).sqrt();
    Some(Interval {
        value,
        low: value - half,
        high: value + half,
    })
}

/// The two-sided 95 % quantile of Student's distribution, by Cornish and Fisher's expansion beyond
/// the small tables (error below 0.001).
fn student(freedom: usize) -> f64 {
    const SMALL: [f64; 10] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    ];
    if let Some(value) = freedom.checked_sub(1).and_then(|i| SMALL.get(i)) {
        return *value;
    }
    let (z, v) = (NORMAL, freedom.max(1) as f64);
    let z3 = z * z * z;
    let z5 = z3 * z * z;
    let z7 = z5 * z * z;
    z + (z3 + z) / (4.0 * v)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v * v * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_books() {
        // 10 of 20: 0.299 to 0.701 (Wilson).
        let half = share(10, 20).expect("some");
        assert!((half.low - 0.2993).abs() < 1e-3 && (half.high - 0.7007).abs() < 1e-3);
        let all = share(5, 5).expect("some");
        assert!((all.low - 0.5655).abs() < 1e-3 && all.high == 1.0);
        assert_eq!(share(0, 0), None);
        // t(11) = 2.201, t(30) = 2.042, t(120) = 1.980.
        for (freedom, value) in [(11, 2.201), (30, 2.042), (120, 1.980)] {
            assert!((student(freedom) - value).abs() < 2e-3, "{freedom}");
        }
        let three = mean(&[1.0, 2.0, 3.0]).expect("some");
        assert!((three.high - (2.0 + 4.303 / 3.0_f64.sqrt())).abs() < 1e-6);
        assert_eq!(mean(&[]), None);
        assert!(mean(&[4.0]).expect("one").high.is_infinite());
    }
}
