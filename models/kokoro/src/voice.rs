//! Voices: a style vector for each length of a line.

use std::fmt;

/// Numbers in one style vector: the first half colors the sound, the second the prosody.
pub const STYLE: usize = 256;
/// Where the second half begins.
const HALF: usize = 128;
/// Lengths a voice has vectors for.
const LENGTHS: usize = 510;

/// A voice as published: 510 style vectors of 256 numbers, one for each number of tokens.
#[derive(Clone, PartialEq)]
pub struct Voice {
    rows: Vec<f32>,
}

impl fmt::Debug for Voice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Voice").finish_non_exhaustive()
    }
}

/// Why bytes are not a voice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoiceFault {
    /// Of another size than 510 × 256 numbers of four bytes.
    #[error(
        "expected a voice of {expected} bytes, found {found} · 音色文件应为 {expected} 字节，实为 {found} 字节"
    )]
    Size {
        /// In bytes.
        expected: usize,
        /// In bytes.
        found: usize,
    },
    /// Infinite or not a number.
    #[error("number {index} of the voice is not finite · 音色文件第 {index} 个数不是有限数")]
    NotFinite {
        /// Counted from 0.
        index: usize,
    },
}

impl Voice {
    /// Reads a voice as the packages store it: 32-bit floats, little-endian.
    ///
    /// # Errors
    /// [`VoiceFault`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VoiceFault> {
        let expected = LENGTHS * STYLE * 4;
        if bytes.len() != expected {
            return Err(VoiceFault::Size {
                expected,
                found: bytes.len(),
            });
        }
        let rows: Vec<f32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        match rows.iter().position(|x| !x.is_finite()) {
            Some(index) => Err(VoiceFault::NotFinite { index }),
            None => Ok(Self { rows }),
        }
    }

    /// The style of a line of so many tokens, not counting the silence around it; lengths beyond
    /// the table use its last vector.
    pub fn style(&self, tokens: usize) -> &[f32] {
        let row = tokens.saturating_sub(1).min(LENGTHS - 1);
        &self.rows[row * STYLE..(row + 1) * STYLE]
    }

    /// A voice with this sound and another's way of speaking: how long and how high it says what.
    /// Lets a voice speak a language that it was not trained on with the prosody of one that was.
    #[must_use]
    pub fn spoken_like(&self, other: &Self) -> Self {
        let mut rows = self.rows.clone();
        for (to, from) in rows
            .chunks_exact_mut(STYLE)
            .zip(other.rows.chunks_exact(STYLE))
        {
            to[HALF..].copy_from_slice(&from[HALF..]);
        }
        Self { rows }
    }

    /// The voice between two: `share` 0 is this one, 1 the other.
    #[must_use]
    pub fn blend(&self, other: &Self, share: f32) -> Self {
        let rows = self.rows.iter().zip(&other.rows);
        Self {
            rows: rows.map(|(a, b)| a + (b - a) * share).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(value: impl Fn(usize) -> f32) -> Vec<u8> {
        (0..LENGTHS * STYLE)
            .flat_map(|i| value(i).to_le_bytes())
            .collect()
    }

    #[test]
    fn styles_go_by_length_and_halves_mix() {
        let a = Voice::parse(&bytes(|i| (i / STYLE) as f32)).unwrap();
        let b = Voice::parse(&bytes(|_| -1.0)).unwrap();
        assert_eq!(a.style(0)[0], 0.0);
        assert_eq!(a.style(1)[0], 0.0);
        assert_eq!(a.style(7)[255], 6.0);
        assert_eq!(a.style(9999)[0], 509.0);
        let mixed = a.spoken_like(&b);
        assert_eq!((mixed.style(7)[127], mixed.style(7)[128]), (6.0, -1.0));
        assert_eq!(a.blend(&b, 0.5).style(2)[3], 0.0);
    }

    #[test]
    fn damage_is_found() {
        assert!(matches!(
            Voice::parse(&[0; 8]),
            Err(VoiceFault::Size { found: 8, .. })
        ));
        let bad = bytes(|i| if i == 9 { f32::NAN } else { 0.0 });
        assert_eq!(
            Voice::parse(&bad).unwrap_err(),
            VoiceFault::NotFinite { index: 9 }
        );
    }
}
