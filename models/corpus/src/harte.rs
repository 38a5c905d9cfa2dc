//! Chord labels of annotated collections: the syntax of Harte, Sandler, Abdallah and Gómez
//! (ISMIR 2005), as POP909 and Billboard use it.

use yuefu_theory::{Chord, Quality, SpelledPc};

/// Shorthand names and their semitones above the root.
const SHORTHANDS: [(&str, &[i32]); 24] = [
    ("maj", &[0, 4, 7]),
    ("min", &[0, 3, 7]),
    ("dim", &[0, 3, 6]),
    ("aug", &[0, 4, 8]),
    ("maj7", &[0, 4, 7, 11]),
    ("min7", &[0, 3, 7, 10]),
    ("7", &[0, 4, 7, 10]),
    ("dim7", &[0, 3, 6, 9]),
    ("hdim7", &[0, 3, 6, 10]),
    ("minmaj7", &[0, 3, 7, 11]),
    ("maj6", &[0, 4, 7, 9]),
    ("6", &[0, 4, 7, 9]),
    ("min6", &[0, 3, 7, 9]),
    ("9", &[0, 4, 7, 10, 14]),
    ("maj9", &[0, 4, 7, 11, 14]),
    ("min9", &[0, 3, 7, 10, 14]),
    // The third is left out in practice.
    ("11", &[0, 5, 7, 10, 14]),
    ("min11", &[0, 3, 7, 10, 14, 17]),
    ("13", &[0, 4, 7, 10, 14, 21]),
    ("maj13", &[0, 4, 7, 11, 14, 21]),
    ("min13", &[0, 3, 7, 10, 14, 21]),
    ("sus2", &[0, 2, 7]),
    ("sus4", &[0, 5, 7]),
    ("5", &[0, 7]),
];

/// The chord of a label such as `C#:min7/b3`, `A:sus4(b7,9)` or `G`; the nearest quality that the
/// document knows. `None` for no chord (`N`), an unknown one (`X`), a single note (`C:1`) and
/// what is no label.
pub fn harte_chord(label: &str) -> Option<Chord> {
    let (label, bass) = match label.split_once('/') {
        Some((label, bass)) => (label, Some(bass)),
        None => (label, None),
    };
    let (name, kind) = label.split_once(':').unwrap_or((label, ""));
    let root: SpelledPc = name.parse().ok()?;
    let (short, extra) = match kind.split_once('(') {
        Some((short, extra)) => (short, extra.strip_suffix(')')?),
        None => (kind, ""),
    };
    let mut tones: Vec<i32> = match short {
        "" if extra.is_empty() => vec![0, 4, 7],
        "" | "1" => vec![0],
        _ => SHORTHANDS.iter().find(|row| row.0 == short)?.1.to_vec(),
    };
    for degree in extra.split(',').filter(|degree| !degree.is_empty()) {
        match degree.trim().strip_prefix('*') {
            Some(gone) => {
                let (_, gone) = interval(gone)?;
                tones.retain(|tone| tone % 12 != gone % 12);
            }
            None => tones.push(interval(degree.trim())?.1),
        }
    }
    let quality = nearest(&tones)?;
    let mut chord = Chord::new(root, quality);
    if let Some((letters, semitones)) = bass.and_then(interval)
        && semitones % 12 != 0
    {
        chord.bass = Some(root.up(letters % 7, semitones % 12));
    }
    Some(chord)
}

/// A degree such as `b3`, `#11` or `bb13`, as letters and semitones above the root.
fn interval(degree: &str) -> Option<(i32, i32)> {
    let number = degree.trim_start_matches(['b', '#']);
    let alter: i32 = degree[..degree.len() - number.len()]
        .chars()
        .map(|sign| if sign == '#' { 1 } else { -1 })
        .sum();
    let letters = number
        .parse::<i32>()
        .ok()
        .filter(|n| (1..=14).contains(n))?
        - 1;
    let natural = [0, 2, 4, 5, 7, 9, 11][(letters % 7) as usize] + 12 * (letters / 7);
    Some((letters, natural + alter))
}

/// The quality whose tones are nearest: most tones in common, then fewest others; simple first.
fn nearest(tones: &[i32]) -> Option<Quality> {
    let set = |tones: &mut dyn Iterator<Item = i32>| -> u16 {
        tones.fold(0, |set, tone| set | 1 << tone.rem_euclid(12))
    };
    let want = set(&mut tones.iter().copied());
    if want.count_ones() < 2 {
        return None;
    }
    Quality::all()
        .map(|quality| {
            let has = set(&mut quality.tones().iter().map(|tone| tone.1));
            // A third or seventh that is not there is worse than a ninth that is missing.
            let core = 0b1100_1111_1100;
            let wrong = has & !want;
            let missing = want & !has;
            let cost = 3 * (wrong & core).count_ones()
                + 2 * (wrong & !core).count_ones()
                + 2 * (missing & core).count_ones()
                + (missing & !core).count_ones();
            (cost, has.count_ones(), quality)
        })
        .min()
        .map(|best| best.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_the_nearest_chords() {
        for (label, chord) in [
            ("C:maj", "C"),
            ("G", "G"),
            ("Bb:min7", "Bbm7"),
            ("F#:maj/3", "F#/A#"),
            ("Eb:min/b3", "Ebm/Gb"),
            ("A:sus4(b7)", "A7sus4"),
            ("A:sus4(b7,9)", "A9sus4"),
            ("D:maj(9)", "Dadd9"),
            ("C:maj6(9)", "C6/9"),
            ("E:7(#9)", "E7#9"),
            ("E:7(b9)", "E7b9"),
            ("G:11", "G9sus4"),
            ("B:hdim7", "Bm7b5"),
            ("D:aug(b7)", "D7#5"),
            ("C:5", "C5"),
            ("A:5(b7)", "A5"),
            ("C:min(9)", "Cm(add9)"),
            ("F:maj7(#11)", "Fmaj7#11"),
            ("C:maj/9", "C/D"),
            ("C:7/b7", "C7/Bb"),
        ] {
            assert_eq!(
                harte_chord(label).map(|chord| chord.to_string()),
                Some(chord.to_owned()),
                "{label}"
            );
        }
        for label in [
            "N", "X", "", "C:1", "C:1/5", "H:maj", "C:odd", "C:maj(", "&pause",
        ] {
            assert_eq!(harte_chord(label), None, "{label}");
        }
    }
}
