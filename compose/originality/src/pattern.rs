//! What two tunes have in common: patterns of nine notes.

use yuefu_song::Track;
use yuefu_theory::Ticks;

/// Most notes in a row that may equal a known tune.
pub const MOST_KNOWN: usize = 8;

/// Notes of a pattern: one more than may be equal.
pub const PATTERN: usize = MOST_KNOWN + 1;

/// A pattern in this many different songs belongs to none of them: scales, repeated notes.
pub const COMMON: usize = 5;

/// A note of a tune, as far as it makes the tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TuneNote {
    /// Onset.
    pub at: Ticks,
    /// MIDI key.
    pub key: u8,
}

/// The tune of a track: of notes that start together the highest, in order of onset.
pub fn tune_of(track: &Track) -> Vec<TuneNote> {
    let mut notes: Vec<TuneNote> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| TuneNote {
                at: phrase.span.start + note.at,
                key: note.key(),
            })
        })
        .collect();
    notes.sort_by_key(|note| (note.at, std::cmp::Reverse(note.key)));
    notes.dedup_by_key(|note| note.at);
    notes
}

/// Rhythm is compared in twelfths of a quarter note: sixteenths and triplets are exact, small
/// deviations of a performance are not heard.
const GRID: i64 = Ticks::QUARTER.0 / 12;

/// A hash of every [`PATTERN`] notes that follow one another: of their intervals in semitones and
/// of the ratios of the times between onsets, so that neither key nor tempo nor the note value of
/// the beat matters. Empty for fewer notes. The last note's length does not count.
pub fn patterns(notes: &[TuneNote]) -> impl Iterator<Item = u64> + '_ {
    notes.windows(PATTERN).map(hash)
}

fn hash(notes: &[TuneNote]) -> u64 {
    let cell = |note: &TuneNote| (note.at.0 + GRID / 2).div_euclid(GRID);
    let mut steps = [(0_i64, 0_i64); MOST_KNOWN];
    let mut common = 0;
    for (step, pair) in steps.iter_mut().zip(notes.windows(2)) {
        let time = cell(&pair[1]) - cell(&pair[0]);
        *step = (i64::from(pair[1].key) - i64::from(pair[0].key), time);
        common = gcd(common, time);
    }
    let common = common.max(1);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for (interval, time) in steps {
        for value in [interval, time / common] {
            state = mix(state ^ (value as u64).wrapping_mul(0xFF51_AFD7_ED55_8CCD));
        }
    }
    state
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Steele, Lea and Flood's SplitMix64 finisher (OOPSLA 2014): every bit of the input moves every
/// bit of the output.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(up: u8, unit: i64) -> Vec<TuneNote> {
        (0..20_i64)
            .map(|n| TuneNote {
                at: Ticks(unit * (2 * n + n % 2)),
                key: 60 + up + (n * 5 % 7) as u8,
            })
            .collect()
    }

    #[test]
    fn patterns_do_not_hear_key_tempo_or_notation() {
        let own: Vec<u64> = patterns(&line(0, 20_160)).collect();
        assert_eq!(own.len(), 12);
        assert!(own.iter().copied().eq(patterns(&line(5, 20_160))));
        assert!(own.iter().copied().eq(patterns(&line(0, 40_320))));
        // Played a little unevenly.
        let mut played = line(0, 20_160);
        for (index, note) in played.iter_mut().enumerate() {
            note.at += Ticks(if index % 2 == 0 { 900 } else { -900 });
        }
        assert!(own.iter().copied().eq(patterns(&played)));
        let mut other = line(0, 20_160);
        other[10].key += 1;
        let same = own.iter().zip(patterns(&other)).filter(|(a, b)| *a == b);
        assert_eq!(same.count(), 3);
        assert_eq!(patterns(&own_short()).count(), 0);
    }

    fn own_short() -> Vec<TuneNote> {
        line(0, 20_160)[..8].to_vec()
    }

    #[test]
    fn the_hash_is_pinned() {
        // Shipped indexes depend on it.
        let first = patterns(&line(0, 20_160)).next();
        assert_eq!(first, Some(PINNED));
    }

    const PINNED: u64 = 11_791_318_586_870_510_662;
}
