//! Deterministic transcendental maths: the same bits on every machine.
//!
//! `libm` (a port of musl) for exactness; short polynomials of ours for inner loops, each with
//! its error bound stated and tested. Nothing here calls the platform's own `sin` or `exp`.

/// Circle constant as `f32`.
pub const TAU: f32 = std::f32::consts::TAU;

/// `e^x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Base-2 logarithm.
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// Base-10 logarithm.
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `x^y`.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// `2^x`.
pub fn exp2(x: f64) -> f64 {
    libm::exp2(x)
}

/// Sine of an angle in radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Tangent of an angle in radians.
pub fn tan(x: f64) -> f64 {
    libm::tan(x)
}

/// Hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// Arc tangent of y/x in radians.
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// Amplitude factor of a level in decibels.
pub fn db_to_gain(db: f32) -> f32 {
    libm::exp2(f64::from(db) * 0.166_096_404_744_368_1) as f32
}

/// Level in decibels of an amplitude factor; −200 dB for zero and below.
pub fn gain_to_db(gain: f32) -> f32 {
    if gain <= 1e-10 {
        -200.0
    } else {
        (20.0 * libm::log10(f64::from(gain))) as f32
    }
}

/// Frequency of a MIDI key (69 = 440 Hz, equal temperament; fractions allowed).
pub fn key_to_hz(key: f32) -> f32 {
    (440.0 * libm::exp2((f64::from(key) - 69.0) / 12.0)) as f32
}

/// Frequency factor of an interval in cents.
pub fn cents_to_ratio(cents: f32) -> f32 {
    libm::exp2(f64::from(cents) / 1200.0) as f32
}

/// Fast `2^x` for −126 ≤ x ≤ 127: relative error below 1e-6.
#[inline]
pub fn fast_exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 127.0);
    let whole = x.floor();
    let f = x - whole;
    // Minimax-like Taylor polynomial of 2^f on 0..1.
    let p = 1.0
        + f * (std::f32::consts::LN_2
            + f * (0.240_226_5
                + f * (0.055_504_1
                    + f * (0.009_618_1
                        + f * (0.001_333_4 + f * (0.000_154_0 + f * 0.000_015_3))))));
    p * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// Fast sine of an angle in cycles (1.0 = one turn), any finite input of magnitude below 1e6:
/// absolute error below 4e-6 for inputs within ±4 cycles.
#[inline]
pub fn fast_sin_cycles(cycles: f32) -> f32 {
    // Reduce to −0.25..=0.25 cycles, where an odd polynomial suffices.
    let x = cycles - (cycles + 0.5).floor();
    let x = if x > 0.25 {
        0.5 - x
    } else if x < -0.25 {
        -0.5 - x
    } else {
        x
    } * TAU;
    let x2 = x * x;
    x * (1.0
        + x2 * (-0.166_666_67 + x2 * (0.008_333_332 + x2 * (-0.000_198_408_6 + x2 * 2.752_556e-6))))
}

/// Fast `tanh`-like soft saturation (Padé 3/2, clamped): odd, monotone, ±1 at |x| ≥ 3.
#[inline]
pub fn soft_clip(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    let x2 = x * x;
    x * (27.0 + x2) / (27.0 + 9.0 * x2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_functions_keep_their_bounds() {
        for i in 0..20_000 {
            let x = -20.0 + i as f32 * 0.002;
            let exact = libm::exp2(f64::from(x));
            assert!(
                ((f64::from(fast_exp2(x)) - exact) / exact).abs() < 1e-6,
                "exp2 {x}"
            );
            let c = -4.0 + i as f32 * 0.0004;
            let exact = libm::sin(f64::from(c) * std::f64::consts::TAU);
            assert!(
                (f64::from(fast_sin_cycles(c)) - exact).abs() < 4e-6,
                "sin {c}"
            );
        }
    }

    #[test]
    fn decibels_round_trip() {
        for db in [-60.0_f32, -6.0, 0.0, 12.0] {
            assert!((gain_to_db(db_to_gain(db)) - db).abs() < 1e-4);
        }
        assert_eq!(gain_to_db(0.0), -200.0);
        assert!((key_to_hz(69.0) - 440.0).abs() < 1e-4);
    }
}
