//! Chord symbols: `<harmony>` both ways.

use super::xml::{Node, Writer, escape};
use yuefu_theory::{Chord, Quality, SpelledPc, Step};

/// Degrees to add to the kind that stands for a quality: (degree, alteration).
fn degrees(quality: Quality) -> &'static [(u8, i8)] {
    match quality {
        Quality::Add9 | Quality::MinorAdd9 | Quality::SixNine => &[(9, 0)],
        Quality::DominantSus => &[(7, -1)],
        Quality::NineSus => &[(7, -1), (9, 0)],
        Quality::SevenFlatNine => &[(9, -1)],
        Quality::SevenSharpNine => &[(9, 1)],
        Quality::MajorSevenSharpEleven => &[(11, 1)],
        _ => &[],
    }
}

fn name(w: &mut Writer, group: &'static str, step: &str, alter: &str, pc: SpelledPc) {
    w.start(group, "");
    w.leaf(step, "", &pc.step.letter().to_string());
    if pc.alter != 0 {
        w.leaf(alter, "", &pc.alter.to_string());
    }
    w.end();
}

/// Writes a chord symbol `offset` divisions after the current place.
pub(super) fn write(w: &mut Writer, chord: &Chord, offset: i64) {
    w.start("harmony", "");
    name(w, "root", "root-step", "root-alter", chord.root);
    let symbol = escape(chord.quality.symbol());
    let text = if symbol.is_empty() {
        String::new()
    } else {
        format!(" text=\"{symbol}\"")
    };
    w.leaf("kind", &text, chord.quality.musicxml_kind());
    if let Some(bass) = chord.bass {
        name(w, "bass", "bass-step", "bass-alter", bass);
    }
    for (value, alter) in degrees(chord.quality) {
        w.start("degree", "");
        w.leaf("degree-value", "", &value.to_string());
        w.leaf("degree-alter", "", &alter.to_string());
        w.leaf("degree-type", "", "add");
        w.end();
    }
    if offset != 0 {
        w.leaf("offset", "", &offset.to_string());
    }
    w.end();
}

/// Reads a chord symbol: `Some(None)` for "no chord", `None` for one that means nothing to us.
pub(super) fn read(node: &Node) -> Option<Option<Chord>> {
    let kind = node.child("kind")?;
    if kind.text() == "none" {
        return Some(None);
    }
    let pc = |group: &str, step: &str, alter: &str| {
        let group = node.child(group)?;
        let letter = group.text_of(step)?.chars().next()?;
        let alter = group.number(alter).unwrap_or(0.0).clamp(-3.0, 3.0);
        Some(SpelledPc::new(Step::from_letter(letter)?, alter as i8))
    };
    let root = pc("root", "root-step", "root-alter")?;
    let mut found: Vec<(u8, i8)> = node
        .all("degree")
        .filter(|d| d.text_of("degree-type") != Some("subtract"))
        .filter_map(|d| {
            Some((
                d.number("degree-value")? as u8,
                d.number("degree-alter")? as i8,
            ))
        })
        .collect();
    found.sort_unstable();
    let exact = Quality::all().find(|q| {
        q.musicxml_kind() == kind.text() && degrees(*q) == found && *q != Quality::Quartal
    });
    let symbol = kind.attr("text").and_then(Quality::from_symbol);
    let close = match kind.text() {
        "major-11th" | "major-13th" => Some(Quality::MajorNine),
        "minor-13th" => Some(Quality::MinorEleven),
        "dominant-11th" => Some(Quality::Nine),
        "Neapolitan" | "Italian" | "French" | "German" | "Tristan" | "pedal" => None,
        text => Quality::all().find(|q| q.musicxml_kind() == text),
    };
    Some(Some(Chord {
        root,
        quality: exact.or(symbol).or(close)?,
        bass: pc("bass", "bass-step", "bass-alter"),
    }))
}
