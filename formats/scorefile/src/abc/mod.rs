//! ABC 2.1 (abcnotation.com, standard v2.1, December 2011): the common subset.

mod bars;
mod fields;
mod read;
mod tune;
mod write;

pub use read::read_abc;
pub use write::write_abc;

use yuefu_song::Articulation;
use yuefu_theory::{Key, Mode, SpelledPc, Step};

/// Decorations that mean an articulation.
const MARKS: [(Articulation, &str); 9] = [
    (Articulation::Staccato, "."),
    (Articulation::Tenuto, "!tenuto!"),
    (Articulation::Accent, "!accent!"),
    (Articulation::Marcato, "!marcato!"),
    (Articulation::Trill, "!trill!"),
    (Articulation::Roll, "!arpeggio!"),
    (Articulation::Slide, "!slide!"),
    (Articulation::Pizzicato, "!snap!"),
    (Articulation::Harmonic, "!open!"),
];

/// Velocity of dynamics, soft to loud.
const DYNAMICS: [(&str, u8); 8] = [
    ("ppp", 16),
    ("pp", 33),
    ("p", 49),
    ("mp", 64),
    ("mf", 80),
    ("f", 96),
    ("ff", 112),
    ("fff", 126),
];

/// A key that ABC can name with the same signature: its own mode, or major or minor.
fn named(key: &Key) -> Key {
    let mode = match key.mode {
        Mode::Dorian | Mode::Phrygian | Mode::Lydian | Mode::Mixolydian => key.mode,
        _ if key.mode.is_minor() => Mode::Minor,
        _ => Mode::Major,
    };
    let plain = Key::new(key.tonic, mode);
    if plain.fifths() == key.fifths() && plain.fifths().abs() <= 7 {
        return plain;
    }
    for step in Step::ALL {
        for alter in -1..=1 {
            let other = Key::new(SpelledPc::new(step, alter), mode);
            if other.fifths() == key.fifths().clamp(-7, 7) {
                return other;
            }
        }
    }
    Key::simplest(0, Mode::Major)
}

/// What a signature does to each letter.
fn signature(fifths: i32) -> [i8; 7] {
    let mut out = [0_i8; 7];
    // Sharps come in fifths from F, flats from B.
    const SHARPS: [usize; 7] = [3, 0, 4, 1, 5, 2, 6];
    for i in 0..fifths.unsigned_abs().min(7) as usize {
        if fifths > 0 {
            out[SHARPS[i]] = 1;
        } else {
            out[SHARPS[6 - i]] = -1;
        }
    }
    out
}
