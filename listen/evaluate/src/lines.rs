//! Statistics of one melody line over its chords: what makes a tune look like a tune.

use std::collections::BTreeMap;
use yuefu_audio::math;
use yuefu_song::{Role, Score, Track};
use yuefu_theory::Metre;

/// One note: onset and length in quarter notes from the first downbeat, and MIDI key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineNote {
    /// Onset in quarters.
    pub at: f64,
    /// Length in quarters.
    pub len: f64,
    /// MIDI key.
    pub key: i32,
}

/// A chord: from, to (quarters) and a bit set of pitch classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineChord {
    /// Start in quarters.
    pub from: f64,
    /// End in quarters.
    pub to: f64,
    /// Bit n = pitch class n sounds.
    pub pcs: u16,
}

/// Names of the figures of [`measure`], in order.
pub const NAMES: [&str; 17] = [
    "mean interval (semitones)",
    "repeated notes",
    "steps (1-2)",
    "thirds (3-4)",
    "leaps (5+)",
    "leaps that turn back",
    "notes per beat",
    "range (semitones)",
    "chord tones on beats",
    "onsets off the eighth grid",
    "onsets off the beat",
    "share of silence",
    "phrase length (beats)",
    "bars heard before",
    "pitch-class entropy (bits)",
    "contrast of density between sections",
    "voice leading of chords (semitones)",
];

/// The figures of a line in the order of [`NAMES`], or `None` for fewer than 40 notes.
pub fn measure(notes: &[LineNote], chords: &[LineChord], metre: &Metre) -> Option<[f64; 17]> {
    let quarters = metre.bar().as_quarters();
    let mut notes = notes.to_vec();
    notes.sort_by(|a, b| a.at.total_cmp(&b.at).then(b.key.cmp(&a.key)));
    // The top voice alone.
    notes.dedup_by(|b, a| (b.at - a.at).abs() < 0.06);
    if notes.len() < 40 {
        return None;
    }
    let count = notes.len() as f64;
    let moves: Vec<i32> = notes.windows(2).map(|w| w[1].key - w[0].key).collect();
    let share = |test: &dyn Fn(i32) -> bool| {
        moves.iter().filter(|m| test(m.abs())).count() as f64 / moves.len() as f64
    };
    let leaps: Vec<(i32, i32)> = moves
        .windows(2)
        .filter(|w| w[0].abs() >= 5)
        .map(|w| (w[0], w[1]))
        .collect();
    let turned = leaps
        .iter()
        .filter(|(a, b)| a.signum() != b.signum())
        .count() as f64
        / leaps.len().max(1) as f64;
    let on_eighth = |at: f64| ((at * 2.0).round() / 2.0 - at).abs() < 0.09;
    // Felt beats: those of 6/8 are dotted quarters. The next bar's first one is the last.
    let mut beats: Vec<f64> = (metre.beat_offsets().iter())
        .map(|beat| beat.as_quarters())
        .collect();
    beats.push(quarters);
    let is_beat = |at: f64| {
        let place = at.rem_euclid(quarters);
        beats.iter().any(|beat| (place - beat).abs() < 0.09)
    };
    let on_beat: Vec<&LineNote> = notes.iter().filter(|n| is_beat(n.at)).collect();
    let chordal = on_beat
        .iter()
        .filter_map(|n| {
            chords
                .iter()
                .find(|c| c.from - 0.05 <= n.at && n.at < c.to - 0.05)
                .map(|c| (n, c))
        })
        .map(|(n, c)| f64::from(c.pcs >> (n.key.rem_euclid(12)) & 1))
        .collect::<Vec<f64>>();
    let mut phrases = vec![(notes[0].at, notes[0].at + notes[0].len)];
    let mut silence = 0.0;
    for pair in notes.windows(2) {
        let gap = pair[1].at - (pair[0].at + pair[0].len);
        // A breath: a rest of half a beat, or a long note followed by anything.
        if gap >= 0.9 || (gap >= 0.4 && pair[0].len >= 1.0) {
            phrases.push((pair[1].at, pair[1].at));
        }
        if gap < 8.0 {
            silence += gap.max(0.0);
        }
        if let Some(last) = phrases.last_mut() {
            last.1 = pair[1].at + pair[1].len;
        }
    }
    let sounding: f64 = notes.iter().map(|n| n.len).sum();
    let active = sounding + silence;
    let lengths: f64 = phrases.iter().map(|(a, b)| b - a).sum::<f64>() / phrases.len() as f64;
    let bar_of = |n: &LineNote| (n.at / quarters + 0.01).floor() as i64;
    let mut seen: Vec<Vec<(i32, i32)>> = Vec::new();
    let (mut bars, mut again) = (0.0, 0.0);
    let mut index = 0;
    while index < notes.len() {
        let bar = bar_of(&notes[index]);
        let end = notes[index..]
            .iter()
            .position(|n| bar_of(n) != bar)
            .map_or(notes.len(), |p| index + p);
        let first = notes[index].key;
        let shape: Vec<(i32, i32)> = notes[index..end]
            .iter()
            .map(|n| {
                (
                    ((n.at - bar as f64 * quarters) * 4.0).round() as i32,
                    n.key - first,
                )
            })
            .collect();
        if shape.len() > 1 {
            bars += 1.0;
            if seen.contains(&shape) {
                again += 1.0;
            } else {
                seen.push(shape);
            }
        }
        index = end;
    }
    let keys = notes.iter().map(|n| n.key);
    Some([
        moves.iter().map(|m| f64::from(m.abs())).sum::<f64>() / moves.len() as f64,
        share(&|m| m == 0),
        share(&|m| m == 1 || m == 2),
        share(&|m| m == 3 || m == 4),
        share(&|m| m >= 5),
        turned,
        count / active.max(1.0),
        f64::from(keys.clone().max()? - keys.min()?),
        chordal.iter().sum::<f64>() / (chordal.len().max(1) as f64),
        notes.iter().filter(|n| !on_eighth(n.at)).count() as f64 / count,
        notes.iter().filter(|n| !is_beat(n.at)).count() as f64 / count,
        silence / active.max(1.0),
        lengths,
        again / f64::max(bars, 1.0),
        entropy(&notes),
        contrast(&notes, quarters * 8.0),
        leading(chords),
    ])
}

/// Entropy of the pitch classes, in bits: 2.3 for five equal notes, 2.8 for seven.
fn entropy(notes: &[LineNote]) -> f64 {
    let mut counts = [0.0_f64; 12];
    for note in notes {
        counts[note.key.rem_euclid(12) as usize] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    counts
        .iter()
        .filter(|c| **c > 0.0)
        .map(|c| -(c / total) * math::log2(c / total))
        .sum()
}

/// How much the number of notes differs between stretches of eight bars that have any: standard
/// deviation over mean.
fn contrast(notes: &[LineNote], stretch: f64) -> f64 {
    let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
    for note in notes {
        *counts
            .entry((note.at / stretch).floor() as i64)
            .or_default() += 1.0;
    }
    let values: Vec<f64> = counts.into_values().collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (variance / values.len().max(1) as f64).sqrt() / mean.max(1e-9)
}

/// The way each chord tone has to the nearest tone of the next different chord, on average.
fn leading(chords: &[LineChord]) -> f64 {
    let mut ways = Vec::new();
    for pair in chords.windows(2).filter(|p| p[0].pcs != p[1].pcs) {
        for pc in (0..12).filter(|pc| pair[0].pcs >> pc & 1 == 1) {
            let near = (0..=6).find(|d| {
                let has = |p: i32| pair[1].pcs >> p.rem_euclid(12) & 1 == 1;
                has(pc + d) || has(pc - d)
            });
            ways.extend(near.map(f64::from));
        }
    }
    ways.iter().sum::<f64>() / ways.len().max(1) as f64
}

/// The figures of a score's lead melody over its chords.
pub fn of_score(score: &Score) -> Option<[f64; 17]> {
    let lead = |t: &&Track| matches!(t.role, Role::Lead | Role::Vocal);
    of_tracks(score, score.tracks.iter().filter(lead))
}

/// The figures of one track over the chords of its score.
pub fn of_track(score: &Score, track: &Track) -> Option<[f64; 17]> {
    of_tracks(score, std::iter::once(track))
}

fn of_tracks<'a>(score: &Score, tracks: impl Iterator<Item = &'a Track>) -> Option<[f64; 17]> {
    let line: Vec<LineNote> = tracks
        .flat_map(|t| &t.phrases)
        .flat_map(|p| p.notes.iter().map(move |n| (p, n)))
        .map(|(p, n)| LineNote {
            at: (p.span.start + n.at).as_quarters(),
            len: n.len.as_quarters(),
            key: n.pitch.midi(),
        })
        .collect();
    let chords: Vec<LineChord> = score
        .chords
        .iter()
        .map(|c| LineChord {
            from: c.span.start.as_quarters(),
            to: c.span.end.as_quarters(),
            pcs: c.chord.pcs().iter().fold(0, |set, pc| set | 1 << pc),
        })
        .collect();
    measure(&line, &chords, &score.timeline.metres[0].metre)
}

/// Mean, and the values below which a tenth and nine tenths lie.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| {
        sorted
            .get(((sorted.len().max(1) - 1) as f64 * q).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    (
        values.iter().sum::<f64>() / values.len().max(1) as f64,
        at(0.1),
        at(0.9),
    )
}
