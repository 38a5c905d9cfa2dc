//! Tunes of random events.

use yuefu_composer::{
    events::{AT, BEFORE},
    tell::Event,
};
use yuefu_engine::SeedPath;

/// A tune that means nothing.
pub fn tune(seed: u64, notes: usize) -> Vec<Event> {
    let mut rng = SeedPath::song(seed).rng();
    let mut event = || Event {
        before: BEFORE.map(|classes| rng.below(classes) as u8),
        at: AT.map(|classes| rng.below(classes) as u8),
        distance: rng.below(32) as u8,
        length: rng.below(32) as u8,
        key: rng.below(49) as u8,
    };
    (0..notes).map(|_| event()).collect()
}
