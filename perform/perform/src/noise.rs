//! Chance as a function of place: the same place of a phrase always draws the same number, so
//! that changing one note leaves the chance of the others alone.

use yuefu_engine::Rng;

/// What a draw is for; draws for different purposes are independent.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Timing.
    Time,
    /// Timing inside a chord.
    Chord,
    /// Velocity.
    Touch,
    /// Length.
    Length,
    /// Joining.
    Join,
    /// Vibrato.
    Vibrato,
    /// Scoops and presses.
    Glide,
    /// Strokes of tremolo, trills and rolls.
    Stroke,
}

/// A generator for a purpose at a place.
pub fn rng(seed: u64, of: Of, place: i64) -> Rng {
    let salt = (of as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
    let place = (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Rng::new(seed ^ salt.rotate_left(23) ^ place.rotate_left(41))
}

/// A normal draw for a purpose at a place, |x| ≤ 3.47.
pub fn draw(seed: u64, of: Of, place: i64) -> f32 {
    rng(seed, of, place).normal()
}

/// Correlated chance over time: a pink-like sum of a slow drift (four beats), a beat's mood and
/// a fresh part at each tick, with deviation near 1 (Hennig et al., PLoS ONE 6(10), 2011).
pub fn pink(seed: u64, of: Of, quarters: f64, tick: i64) -> f32 {
    let lattice = |scale: f64, salt: u64| {
        let x = quarters / scale;
        let cell = x.floor();
        let part = (x - cell) as f32;
        let part = part * part * (3.0 - 2.0 * part);
        let at = |step: i64| draw(seed ^ salt, of, cell as i64 + step);
        at(0) * (1.0 - part) + at(1) * part
    };
    0.62 * lattice(4.0, 0xA5A5_0001)
        + 0.52 * lattice(1.0, 0x5A5A_0002)
        + 0.68 * draw(seed, of, tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wander_is_centered_correlated_and_of_unit_size() {
        let at = |i: i64| pink(9, Of::Time, i as f64 * 0.25, i);
        let values: Vec<f32> = (0..20_000).map(at).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let power = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
        let next = values.windows(2).map(|w| w[0] * w[1]).sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!((0.75..1.25).contains(&power), "{power}");
        assert!((0.3..0.7).contains(&(next / power)), "{}", next / power);
    }
}
