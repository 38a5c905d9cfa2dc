//! Signs at a note, and the names of drums.

use super::MARKS;
use super::xml::Writer;
use crate::notation::{Atom, Head};

/// Writes ties, tuplet brackets and the articulation of a note.
pub(super) fn notations(w: &mut Writer, atom: &Atom, head: Option<&Head>, in_chord: bool) {
    let tied = head.is_some() && (atom.tied_from || atom.tied_to);
    let bracket = atom
        .tuplet
        .filter(|t| !in_chord && t.count > 1 && (t.first || t.last));
    let mark = head
        .filter(|_| !atom.tied_from)
        .and_then(|h| MARKS.iter().find(|m| m.0 == h.articulation));
    if !tied && bracket.is_none() && mark.is_none() {
        return;
    }
    w.start("notations", "");
    if head.is_some() {
        if atom.tied_from {
            w.empty("tied", " type=\"stop\"");
        }
        if atom.tied_to {
            w.empty("tied", " type=\"start\"");
        }
    }
    if let Some(t) = bracket {
        let kind = if t.first { "start" } else { "stop" };
        w.empty("tuplet", &format!(" type=\"{kind}\""));
    }
    match mark {
        Some((_, "", element)) => w.empty(element, ""),
        Some((_, group, "tremolo")) => {
            w.start(group, "");
            w.leaf("tremolo", " type=\"single\"", "3");
            w.end();
        }
        Some((_, group, element)) => {
            w.start(group, "");
            w.empty(element, "");
            w.end();
        }
        None => {}
    }
    w.end();
}

/// General MIDI percussion names of the common keys.
pub(super) fn drum_name(key: u8) -> &'static str {
    match key {
        35 => "Acoustic Bass Drum",
        36 => "Bass Drum",
        37 => "Side Stick",
        38 => "Snare Drum",
        39 => "Hand Clap",
        40 => "Electric Snare",
        41 | 43 => "Floor Tom",
        42 => "Closed Hi-Hat",
        44 => "Pedal Hi-Hat",
        45 => "Low Tom",
        46 => "Open Hi-Hat",
        47 | 48 => "Mid Tom",
        49 | 57 => "Crash Cymbal",
        50 => "High Tom",
        51 | 59 => "Ride Cymbal",
        52 => "Chinese Cymbal",
        53 => "Ride Bell",
        54 => "Tambourine",
        55 => "Splash Cymbal",
        56 => "Cowbell",
        70 => "Maracas",
        75 => "Claves",
        76 | 77 => "Wood Block",
        80 | 81 => "Triangle",
        _ => "Percussion",
    }
}
