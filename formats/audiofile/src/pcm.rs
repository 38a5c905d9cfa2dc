//! Sample formats and the step from floating point to integers.

/// How one sample is stored in an uncompressed or lossless file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Signed 16-bit integers.
    Int16,
    /// Signed 24-bit integers.
    Int24,
    /// IEEE 754 single precision; values outside −1..=1 are kept.
    Float32,
}

impl SampleFormat {
    /// Bytes per sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Float32 => 4,
        }
    }

    /// Bits per sample.
    pub fn bits(self) -> u32 {
        self.bytes() as u32 * 8
    }
}

/// A sample as a signed integer of `bits` bits: round to nearest (ties away from zero) of
/// `x * 2^(bits-1)`, limited to the range; counts what was limited. NaN becomes 0 and counts.
#[inline]
pub(crate) fn quantize(x: f32, bits: u32, clipped: &mut u64) -> i32 {
    let scale = (1_u32 << (bits - 1)) as f32;
    let v = x * scale;
    let limit = scale as f64;
    let v = f64::from(v);
    // Nearly every sample takes this way, which needs no call to `floor`.
    if v.abs() < limit - 1.0 {
        return (v + 0.5_f64.copysign(v)) as i32;
    }
    let rounded = (v.abs() + 0.5).floor().copysign(v);
    if rounded >= -limit && rounded <= limit - 1.0 {
        rounded as i32
    } else {
        // Exactly +1.0 is one step too high for two's complement; that is not worth an alarm.
        *clipped += u64::from(!(rounded == limit && x <= 1.0));
        if v.is_nan() {
            0
        } else if v < 0.0 {
            -(limit as i64) as i32
        } else {
            (limit - 1.0) as i32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_nearest_and_counts_clipping() {
        let mut clipped = 0;
        for (x, want) in [
            (0.0, 0),
            (1.0, 32767),
            (-1.0, -32768),
            (0.4 / 32768.0, 0),
            (0.6 / 32768.0, 1),
            (-0.6 / 32768.0, -1),
        ] {
            assert_eq!(quantize(x, 16, &mut clipped), want, "{x}");
        }
        assert_eq!(clipped, 0);
        assert_eq!(quantize(1.5, 24, &mut clipped), 8_388_607);
        assert_eq!(quantize(f32::NEG_INFINITY, 24, &mut clipped), -8_388_608);
        assert_eq!(quantize(f32::NAN, 24, &mut clipped), 0);
        assert_eq!(clipped, 3);
    }
}
