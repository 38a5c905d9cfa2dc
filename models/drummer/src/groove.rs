//! Grooves as the network hears them: hits of nine kinds on sixteenths, each with its force and
//! how much later than its place it is struck.

/// Kinds of hits.
pub const KINDS: usize = 9;
/// Sixteenths in a bar.
pub const BAR: usize = 16;
/// Sixteenths that are heard at once: two bars.
pub const STEPS: usize = 2 * BAR;

/// Names of the kinds, in order.
pub const NAMES: [&str; KINDS] = [
    "kick", "snare", "hat", "open", "low tom", "mid tom", "high tom", "crash", "ride",
];

/// The General MIDI key that stands for each kind.
pub const KEYS: [u8; KINDS] = [36, 38, 42, 46, 43, 47, 50, 49, 51];

/// The kind of a General MIDI (or Roland TD-11) percussion key; `None` for what a kit has not.
pub fn kind_of(key: u8) -> Option<usize> {
    Some(match key {
        35 | 36 => 0,
        37..=40 => 1,
        22 | 42 | 44 => 2,
        26 | 46 => 3,
        41 | 43 | 58 => 4,
        45 | 47 => 5,
        48 | 50 => 6,
        49 | 52 | 55 | 57 => 7,
        51 | 53 | 59 => 8,
        _ => return None,
    })
}

/// One hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Sixteenth at which it is written, from the beginning.
    pub step: usize,
    /// What is struck; see [`NAMES`].
    pub kind: usize,
    /// Force, 0..=1.
    pub force: f32,
    /// How much later than written it is struck, in sixteenths.
    pub late: f32,
}

/// Which kinds are struck at each step.
pub type Rows = [[bool; KINDS]; STEPS];

/// The rows of hits; what lies beyond two bars is left out.
pub fn rows(hits: &[Hit]) -> Rows {
    let mut rows = Rows::default();
    for hit in hits {
        if let Some(row) = rows.get_mut(hit.step) {
            row[hit.kind] = true;
        }
    }
    rows
}

/// Orders hits by step and kind; of two of one kind at one step the stronger stays.
pub fn tidy(hits: &mut Vec<Hit>) {
    hits.sort_by(|a, b| {
        let place = (a.step, a.kind).cmp(&(b.step, b.kind));
        place.then(b.force.total_cmp(&a.force))
    });
    hits.dedup_by_key(|hit| (hit.step, hit.kind));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_key() {
        for (kind, key) in KEYS.iter().enumerate() {
            assert_eq!(kind_of(*key), Some(kind));
        }
        assert_eq!(kind_of(75), None);
    }

    #[test]
    fn the_stronger_of_two_stays() {
        let hit = |step, kind, force| Hit {
            step,
            kind,
            force,
            late: 0.0,
        };
        let mut hits = vec![hit(4, 1, 0.2), hit(0, 2, 0.5), hit(4, 1, 0.9)];
        tidy(&mut hits);
        assert_eq!(hits, [hit(0, 2, 0.5), hit(4, 1, 0.9)]);
        assert!(rows(&hits)[4][1] && !rows(&hits)[4][2]);
    }
}
