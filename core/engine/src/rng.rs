//! The one pinned, portable random generator, and the seed paths that feed it.

use serde::{Deserialize, Serialize};

/// A place in the tree of randomness: song / stage / section / phrase / take.
///
/// Asking for another take of one phrase changes that phrase's path and no other, so nothing
/// else in the song moves. A path is hashed with BLAKE3; order and spelling matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeedPath(String);

impl SeedPath {
    /// The root of a song's randomness.
    pub fn song(seed: u64) -> Self {
        Self(format!("{seed}"))
    }

    /// A child of this place. Slashes inside `part` are escaped, so paths cannot collide.
    pub fn join(&self, part: impl std::fmt::Display) -> Self {
        Self(format!(
            "{}/{}",
            self.0,
            part.to_string().replace('%', "%25").replace('/', "%2F")
        ))
    }

    /// The path in writing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A 64-bit number that stands for this place.
    pub fn number(&self) -> u64 {
        let hash = blake3::hash(self.0.as_bytes());
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight of 32 bytes"))
    }

    /// A generator that starts here.
    pub fn rng(&self) -> Rng {
        Rng::new(self.number())
    }
}

/// xoshiro256++ (Blackman & Vigna 2019), seeded by SplitMix64: portable and pinned for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng([u64; 4]);

impl Rng {
    /// A generator from a 64-bit seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in 0..1.
    #[inline]
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in −1..1.
    #[inline]
    pub fn bipolar(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    /// Uniform in low..high.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform whole number in 0..count; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Approximately normal (sum of four uniforms, so bounded): mean 0, deviation 1, |x| ≤ 3.47.
    pub fn normal(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit() + self.unit() - 2.0) * 1.732_050_8
    }

    /// True with a probability in 0..=1.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of several values; `None` when there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// An index chosen in proportion to non-negative weights; 0 when all are zero.
    pub fn weighted(&mut self, weights: &[f32]) -> usize {
        let total: f32 = weights.iter().map(|w| w.max(0.0)).sum();
        if total <= 0.0 {
            return 0;
        }
        let mut left = self.unit() * total;
        for (index, weight) in weights.iter().enumerate() {
            left -= weight.max(0.0);
            if left < 0.0 {
                return index;
            }
        }
        weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
    }

    /// Puts a slice in random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_pinned() {
        let mut rng = Rng::new(1);
        let first: Vec<u64> = (0..3).map(|_| rng.bits()).collect();
        let again: Vec<u64> = {
            let mut r = Rng::new(1);
            (0..3).map(|_| r.bits()).collect()
        };
        assert_eq!(first, again);
        // Reference: SplitMix64(1) state, xoshiro256++ first output.
        assert_eq!(first[0], 14_971_601_782_005_023_387);
    }

    #[test]
    fn paths_do_not_collide() {
        let root = SeedPath::song(7);
        assert_ne!(root.join("a/b").number(), root.join("a").join("b").number());
    }

    #[test]
    fn draws_stay_in_range() {
        let mut rng = SeedPath::song(3).rng();
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&rng.unit()));
            assert!(rng.below(7) < 7);
            assert!(rng.normal().abs() <= 3.47);
            assert_eq!(rng.weighted(&[0.0, 1.0, 0.0]), 1);
        }
    }
}
