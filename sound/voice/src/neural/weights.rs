//! The network's numbers as bytes: 16-bit floats behind a header.
//!
//! Little-endian: `YFNS`, version, width over phones, width over frames, singers, blocks over
//! phones, blocks over frames (each a 32-bit number); then 32-bit floats: mean and deviation of
//! each output, and for each singer the median pitch in hertz; then the tensors as 16-bit floats.

use super::shape::{OUTPUTS, Shape};

/// First bytes of a file.
const MARK: &[u8; 4] = b"YFNS";
const VERSION: u32 = 1;

/// Why bytes are no singers, in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the weights of Yuefu's singers, found {found} · 应为乐府歌手的权重，却是{found}")]
pub struct WeightsFault {
    /// What was found.
    pub found: String,
}

/// Everything of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Sizes.
    pub shape: Shape,
    /// Mean of each output.
    pub mean: Vec<f32>,
    /// Deviation of each output; positive.
    pub deviation: Vec<f32>,
    /// Median pitch of each singer's speech in hertz.
    pub pitch: Vec<f32>,
    /// Numbers of all tensors.
    pub numbers: Vec<f32>,
}

impl Weights {
    /// Reads a file.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        let fault = |found: String| WeightsFault { found };
        let header = bytes
            .get(..28)
            .filter(|header| header.starts_with(MARK))
            .ok_or_else(|| fault(format!("{} other bytes", bytes.len())))?;
        let field = |index: usize| {
            let at = index * 4;
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        if field(1) != VERSION {
            return Err(fault(format!("version {}", field(1))));
        }
        let sizes: Vec<usize> = (2..7).map(|index| field(index) as usize).collect();
        let most = [1024, 1024, 64, 16, 64];
        if sizes
            .iter()
            .zip(most)
            .any(|(size, most)| *size == 0 || *size > most)
        {
            return Err(fault(format!("sizes {sizes:?}")));
        }
        let shape = Shape::new(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]);
        let plain = OUTPUTS * 2 + shape.singers;
        let expected = 28 + plain * 4 + shape.numbers * 2;
        if bytes.len() != expected {
            return Err(fault(format!(
                "{} bytes instead of {expected}",
                bytes.len()
            )));
        }
        let (floats, halves) = bytes[28..].split_at(plain * 4);
        let floats: Vec<f32> = floats
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        let numbers: Vec<f32> = halves
            .as_chunks::<2>()
            .0
            .iter()
            .map(|two| from_half(u16::from_le_bytes(*two)))
            .collect();
        let whole = floats.iter().chain(&numbers).all(|x| x.is_finite());
        let positive = floats[OUTPUTS..].iter().all(|x| *x > 0.0);
        if !whole || !positive {
            return Err(fault("numbers out of range".to_owned()));
        }
        Ok(Self {
            mean: floats[..OUTPUTS].to_vec(),
            deviation: floats[OUTPUTS..OUTPUTS * 2].to_vec(),
            pitch: floats[OUTPUTS * 2..].to_vec(),
            numbers,
            shape,
        })
    }

    /// The bytes of a file; numbers are rounded to 16 bits.
    pub fn bytes(&self) -> Vec<u8> {
        let shape = &self.shape;
        let mut out = MARK.to_vec();
        for size in [
            VERSION as usize,
            shape.phone,
            shape.frame,
            shape.singers,
            shape.encoder.len(),
            shape.blocks.len(),
        ] {
            out.extend((size as u32).to_le_bytes());
        }
        for value in self.mean.iter().chain(&self.deviation).chain(&self.pitch) {
            out.extend(value.to_le_bytes());
        }
        for number in &self.numbers {
            out.extend(to_half(*number).to_le_bytes());
        }
        out
    }
}

/// The value of a 16-bit float (IEEE 754 binary16).
fn from_half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 31;
    let fraction = u32::from(bits & 0x3FF);
    let magnitude = match (exponent, fraction) {
        // Steps of 2^-24.
        (0, _) => return f32::from_bits(sign | 0x3380_0000) * fraction as f32,
        (31, _) => 0x7F80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// The nearest 16-bit float, ties to even; what is too large becomes the largest there is.
fn to_half(value: f32) -> u16 {
    let sign = ((value.to_bits() >> 16) & 0x8000) as u16;
    let size = value.abs().min(65_504.0);
    if size < 2.0_f32.powi(-14) {
        // Steps of 2^-24.
        return sign | (size * 16_777_216.0).round_ties_even() as u16;
    }
    let bits = size.to_bits();
    let rounded = bits + 0xFFF + ((bits >> 13) & 1);
    sign | (((rounded >> 13) - (112 << 10)) as u16).min(0x7BFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_are_nearest() {
        for (value, bits) in [
            (0.0, 0),
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (65_504.0, 0x7BFF),
            (1e9, 0x7BFF),
            (5.960_464_5e-8, 1),
            (0.333_251_95, 0x3555),
        ] {
            assert_eq!(to_half(value), bits, "{value}");
        }
        for bits in 0..0x7C00_u16 {
            assert_eq!(to_half(from_half(bits)), bits);
            assert_eq!(to_half(from_half(bits | 0x8000)), bits | 0x8000);
        }
    }

    pub(crate) fn small() -> Weights {
        let shape = Shape::new(4, 6, 2, 1, 2);
        Weights {
            mean: vec![-3.0; OUTPUTS],
            deviation: vec![0.5; OUTPUTS],
            pitch: vec![220.0, 120.0],
            numbers: (0..shape.numbers)
                .map(|i| (i % 17) as f32 / 16.0 - 0.5)
                .collect(),
            shape,
        }
    }

    #[test]
    fn files_come_back() {
        let weights = small();
        assert_eq!(Weights::parse(&weights.bytes()).unwrap(), weights);
        let mut bytes = weights.bytes();
        bytes.pop();
        assert!(Weights::parse(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..60, value in any::<u8>()) {
            let _ = Weights::parse(&bytes);
            let mut changed = small().bytes();
            changed[at] = value;
            let _ = Weights::parse(&changed);
        }
    }
}
