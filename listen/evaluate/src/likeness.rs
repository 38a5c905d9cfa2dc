//! How much a song repeats itself, and how much two songs are like each other.

use std::collections::{BTreeMap, BTreeSet};
use yuefu_song::{Score, Track, line_of};
use yuefu_theory::Ticks;

/// A bar of a tune: for each note its sixteenth in the bar and its key above the bar's first note.
pub type Bar = Vec<(i64, i32)>;

/// The bars of a tune from its first to its last note; silent bars are empty.
pub fn bars_of(score: &Score, track: &Track) -> Vec<Bar> {
    let line = line_of(track);
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return Vec::new();
    };
    let sixteenth = Ticks::of(1, 16).0;
    let from = score.timeline.bar_of(first.at).0;
    let to = score.timeline.bar_of(last.at).0;
    let mut bars: Vec<Bar> = vec![Vec::new(); usize::try_from(to - from + 1).unwrap_or(0)];
    let mut base = 0;
    for note in &line {
        let (bar, into) = score.timeline.bar_of(note.at);
        let Some(own) = usize::try_from(bar - from)
            .ok()
            .and_then(|i| bars.get_mut(i))
        else {
            continue;
        };
        if own.is_empty() {
            base = i32::from(note.key);
        }
        own.push((
            (into.0 + sixteenth / 2) / sixteenth,
            i32::from(note.key) - base,
        ));
    }
    bars
}

/// For each bar of at least two notes how many bars ago it was heard, `None` if never.
pub fn returns(bars: &[Bar]) -> Vec<Option<usize>> {
    let mut last: BTreeMap<&Bar, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for (index, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.len() >= 2) {
        out.push(last.insert(bar, index).map(|before| index - before));
    }
    out
}

/// How much a tune is like itself: for each bar of at least two notes, how much of it the bar most
/// like it earlier on has (notes in common over notes of both), on average. 0 (nothing returns) to
/// 1; `None` for fewer than four such bars.
pub fn self_similarity(bars: &[Bar]) -> Option<f64> {
    let own: Vec<BTreeSet<&(i64, i32)>> = bars
        .iter()
        .filter(|bar| bar.len() >= 2)
        .map(|bar| bar.iter().collect())
        .collect();
    if own.len() < 4 {
        return None;
    }
    let sum: f64 = (1..own.len())
        .map(|index| {
            let like = own[..index].iter().map(|before| {
                let both = before.intersection(&own[index]).count() as f64;
                both / before.union(&own[index]).count() as f64
            });
            like.fold(0.0, f64::max)
        })
        .sum();
    Some(sum / (own.len() - 1) as f64)
}

/// Share of the tune's patterns of five notes (four intervals, four distances) that another tune
/// has too: patterns of both over patterns of either.
pub fn common_patterns(a: &Track, b: &Track) -> f64 {
    let patterns = |track: &Track| -> BTreeSet<Vec<(i32, i64)>> {
        let line = line_of(track);
        let moves: Vec<(i32, i64)> = line
            .windows(2)
            .map(|p| {
                let sixteenth = Ticks::of(1, 16).0;
                (
                    i32::from(p[1].key) - i32::from(p[0].key),
                    ((p[1].at - p[0].at).0 + sixteenth / 2) / sixteenth,
                )
            })
            .collect();
        moves.windows(4).map(<[_]>::to_vec).collect()
    };
    let (a, b) = (patterns(a), patterns(b));
    let either = a.union(&b).count();
    a.intersection(&b).count() as f64 / either.max(1) as f64
}

/// How much of each pitch class above the tonic sounds in each quarter, of length 1 where anything
/// sounds.
pub type Chroma = Vec<[f32; 12]>;

/// Most quarters that are looked at.
const MOST: usize = 600;

/// The chroma of everything that has a pitch.
pub fn chroma(score: &Score) -> Chroma {
    let end = (score.end().0 / Ticks::QUARTER.0).clamp(0, MOST as i64) as usize;
    let mut out = vec![[0.0_f32; 12]; end];
    for track in score.tracks.iter().filter(|t| !t.role.is_percussion()) {
        for phrase in &track.phrases {
            for note in &phrase.notes {
                let from = phrase.span.start + note.at;
                let to = from + note.len;
                let tonic = i32::from(score.key_at(from).tonic.pc());
                let pc = (note.pitch.midi() - tonic).rem_euclid(12) as usize;
                let first = (from.0 / Ticks::QUARTER.0).max(0) as usize;
                let last = (to.0 / Ticks::QUARTER.0).max(0) as usize;
                for (quarter, sums) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                    let start = Ticks::quarters(quarter as i64);
                    let inside = to.min(start + Ticks::QUARTER).0 - from.max(start).0;
                    sums[pc] += inside.max(0) as f32 / Ticks::QUARTER.0 as f32;
                }
            }
        }
    }
    for own in &mut out {
        let length = own.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            own.iter_mut().for_each(|x| *x /= length);
        }
    }
    out
}

/// Distance of two songs by dynamic time warping of their chroma: 1 - cosine along the cheapest way
/// through both, for each step of it. 0 (the same) to 1; 1 where one is silent.
pub fn warped_distance(a: &Chroma, b: &Chroma) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    // Cost of the way here, and its steps.
    let mut row = vec![(f32::MAX, 0_u32); b.len()];
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = (f32::MAX, 0);
        for (j, right) in b.iter().enumerate() {
            let cosine: f32 = left.iter().zip(right).map(|(x, y)| x * y).sum();
            let silent = left == right;
            let cost = if silent { 0.0 } else { 1.0 - cosine };
            let above = row[j];
            let best = match (i, j) {
                (0, 0) => (0.0, 0),
                (0, _) => row[j - 1],
                (_, 0) => above,
                _ => {
                    let mut best = diagonal;
                    for other in [above, row[j - 1]] {
                        if other.0 < best.0 {
                            best = other;
                        }
                    }
                    best
                }
            };
            diagonal = above;
            row[j] = (best.0 + cost, best.1 + 1);
        }
    }
    let (cost, steps) = row[b.len() - 1];
    f64::from(cost) / f64::from(steps.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pcs: &[usize]) -> Chroma {
        let row = |pc: &usize| std::array::from_fn(|i| f32::from(u8::from(i == *pc)));
        pcs.iter().map(row).collect()
    }

    #[test]
    fn warping_forgives_tempo_and_not_notes() {
        let (a, slow) = (rows(&[0, 4, 7, 0]), rows(&[0, 0, 4, 4, 7, 7, 0, 0]));
        assert_eq!(warped_distance(&a, &a), 0.0);
        assert_eq!(warped_distance(&a, &slow), 0.0);
        let other = rows(&[1, 3, 6, 1]);
        assert_eq!(warped_distance(&a, &other), 1.0);
        assert_eq!(warped_distance(&a, &Chroma::new()), 1.0);
        let (x, y) = (rows(&[0, 4, 5]), rows(&[0, 5, 4]));
        assert_eq!(warped_distance(&x, &y), warped_distance(&y, &x));
    }

    #[test]
    fn what_returns_is_like_itself() {
        let bar = |shift: i32| vec![(0, 0), (4, 2 + shift), (8, 4)];
        let same = vec![bar(0); 6];
        assert_eq!(self_similarity(&same), Some(1.0));
        assert_eq!(returns(&same)[1..], [Some(1); 5]);
        let apart: Vec<Bar> = (0..6).map(|i| vec![(i, 0), (i + 7, i as i32)]).collect();
        assert!(self_similarity(&apart).expect("long enough") < 0.1);
        assert!(returns(&apart).iter().all(Option::is_none));
        assert_eq!(self_similarity(&same[..3]), None);
    }
}
