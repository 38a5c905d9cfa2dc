//! MusicXML 4.0 (W3C Music Notation Community Group), partwise; compressed `.mxl` is read too.

mod harmony;
mod marks;
mod part;
mod read;
mod staves;
mod write;
mod xml;

pub use read::read_musicxml;
pub use write::write_musicxml;

use yuefu_song::Articulation;
use yuefu_theory::{Key, Mode, SpelledPc, Step};

/// Divisions of a quarter note in what we write: 840 holds 32nds, triplets, quintuplets and
/// septuplets, and stays below the 16 383 that readers must support.
const DIVISIONS: i64 = 840;

/// Velocity of printed dynamics, soft to loud.
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

/// How articulations are printed: the group inside `notations`, the element.
const MARKS: [(Articulation, &str, &str); 10] = [
    (Articulation::Staccato, "articulations", "staccato"),
    (Articulation::Tenuto, "articulations", "tenuto"),
    (Articulation::Accent, "articulations", "accent"),
    (Articulation::Marcato, "articulations", "strong-accent"),
    (Articulation::Slide, "articulations", "scoop"),
    (Articulation::Fall, "articulations", "falloff"),
    (Articulation::Trill, "ornaments", "trill-mark"),
    (Articulation::Tremolo, "ornaments", "tremolo"),
    (Articulation::Harmonic, "technical", "harmonic"),
    (Articulation::Roll, "", "arpeggiate"),
];

/// The MusicXML mode of a key; scales it has no word for are major or minor by their third.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Dorian | Mode::Phrygian | Mode::Lydian | Mode::Mixolydian => mode.name(),
        _ if mode.is_minor() => "minor",
        _ => "major",
    }
}

/// The key of a signature and a mode's word.
fn key_of(fifths: i32, mode: &str) -> Key {
    let mode = match mode {
        "minor" | "aeolian" => Mode::Minor,
        "dorian" => Mode::Dorian,
        "phrygian" => Mode::Phrygian,
        "lydian" => Mode::Lydian,
        "mixolydian" => Mode::Mixolydian,
        _ => Mode::Major,
    };
    for alter in [0, -1, 1, -2, 2] {
        for step in Step::ALL {
            let key = Key::new(SpelledPc::new(step, alter), mode);
            if key.fifths() == fifths {
                return key;
            }
        }
    }
    Key::simplest(0, mode)
}
