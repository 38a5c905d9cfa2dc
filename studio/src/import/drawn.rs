//! What a file draws becomes voice curves of the phrases: how far its pitch is from the notes, and
//! its level.

use super::Remark;
use std::collections::BTreeMap;
use yuefu_audio::Curve;
use yuefu_scorefile::Drawn;
use yuefu_song::{Phrase, Score, TrackVoice, VoiceSettings};
use yuefu_theory::{Ticks, Timeline};

/// How far a curve may be from what was drawn, in cents.
const NEAR: f32 = 1.0;
/// The fastest way from note to note that a voice has, in seconds: where the file draws the way,
/// the voice's own is made as short as can be, and taken off the curve.
pub(crate) const SWIFT: f32 = 0.01;
/// Seconds before a line's first note, and after its last, in which its pitch matters.
const AROUND: f64 = 0.4;

/// Gives the voices of tracks what is drawn over them. Where pitch is drawn, everything that a
/// voice would add by itself is off.
pub(crate) fn onto(
    voices: &mut BTreeMap<String, TrackVoice>,
    score: &Score,
    drawn: &[Drawn],
    remarks: &mut Vec<Remark>,
) {
    for drawn in drawn {
        let Some(track) = score.tracks.get(drawn.track) else {
            continue;
        };
        let (mut pitched, mut leveled) = (0, 0);
        let mut voice = voices.get(&track.id).cloned().unwrap_or_default();
        for phrase in &track.phrases {
            let pitch = beside(phrase, &drawn.pitch, &score.timeline);
            let level = level(phrase, &drawn.level);
            if pitch.is_empty() && level.is_empty() {
                continue;
            }
            let curves = voice.phrases.entry(phrase.id.clone()).or_default();
            if !pitch.is_empty() {
                curves.pitch = pitch;
                pitched += 1;
            }
            if !level.is_empty() {
                curves.level = level;
                leveled += 1;
            }
        }
        if pitched > 0 {
            voice.settings = VoiceSettings {
                vibrato_depth: 0.0,
                scoop: 0.0,
                drift: 0.0,
                portamento: SWIFT,
                ..voice.settings
            };
        }
        if pitched + leveled > 0 {
            voices.insert(track.id.clone(), voice);
            remarks.extend(said(&track.id, pitched, leveled));
        }
    }
}

/// What is said of so many phrases with drawn pitch and level.
fn said(track: &str, pitched: usize, leveled: usize) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if leveled > 0 {
        remarks.push(Remark::new(
            format!("{track}: {leveled} phrases have the dynamics drawn in the file"),
            format!("{track}：{leveled} 个乐句采用文件中画出的力度"),
        ));
    }
    if pitched > 0 {
        remarks.push(Remark::new(
            format!(
                "{track}: {pitched} phrases are sung with the pitch drawn in the file; the voice's own \
                 vibrato and slides are off (`voice {track} vibrato-depth 35` and the like bring them \
                 back)"
            ),
            format!(
                "{track}：{pitched} 个乐句按文件中画出的音高演唱，关闭了歌手自己的颤音和滑音（可用 voice {track} \
                 vibrato-depth 35 等恢复）"
            ),
        ));
    }
    remarks
}

/// The level drawn over a phrase in decibels, over quarter notes since its start; nothing where it
/// is the usual one.
fn level(phrase: &Phrase, points: &[(Ticks, f32)]) -> Curve {
    let start = phrase.span.start;
    let from = phrase.notes.iter().map(|n| start + n.at).min();
    let to = phrase.notes.iter().map(|n| start + n.end()).max();
    let (Some(from), Some(to)) = (from, to) else {
        return Curve::default();
    };
    let at = |place: Ticks| -> f32 {
        let next = points.partition_point(|point| point.0 <= place);
        match (next.checked_sub(1).map(|i| points[i]), points.get(next)) {
            (Some(a), Some(b)) => {
                let share = (place - a.0).0 as f32 / (b.0 - a.0).0.max(1) as f32;
                a.1 + (b.1 - a.1) * share
            }
            // Points that somebody drew end at the usual level.
            (Some(a), None) if a.0 == place => a.1,
            _ => 0.0,
        }
    };
    let inside = points.iter().filter(|point| from < point.0 && point.0 < to);
    let mut all = vec![(from, at(from))];
    all.extend(inside);
    all.push((to, at(to)));
    if all.iter().all(|point| point.1 == 0.0) {
        return Curve::default();
    }
    let mut curve = Curve::default();
    for (place, decibels) in all {
        curve.push((place - start).as_quarters() as f32, decibels);
    }
    curve
}

/// The pitch of a phrase as cents beside its notes, over quarter notes since its start.
fn beside(phrase: &Phrase, points: &[(Ticks, f32)], line: &Timeline) -> Curve {
    let start = phrase.span.start;
    let steps = steps(phrase, line, f64::from(SWIFT));
    let (Some(first), Some(last)) = (steps.first().copied(), steps.last().copied()) else {
        return Curve::default();
    };
    let (from, to) = (first.on - AROUND, last.off + AROUND);
    let begin = points.partition_point(|point| line.seconds(point.0) < from);
    let inside: Vec<(f64, f64)> = points[begin..]
        .iter()
        .map(|(at, key)| (line.seconds(*at), f64::from(*key)))
        .take_while(|point| point.0 <= to)
        .collect();
    if !inside.iter().any(|p| (first.on..last.off).contains(&p.0)) {
        return Curve::default();
    }
    // The corners of the way from note to note lie between those of the drawing.
    let mut places: Vec<f64> = inside.iter().map(|point| point.0).collect();
    for step in &steps[1..] {
        places.extend((0..=8).map(|i| step.turn + f64::from(SWIFT) * f64::from(i) / 8.0));
    }
    places.sort_by(f64::total_cmp);
    places.dedup_by(|b, a| *b - *a < 2e-4);
    places.retain(|at| (inside[0].0..=inside[inside.len() - 1].0).contains(at));
    let mut next = 0;
    let mut bare = Bare::new(steps, f64::from(SWIFT));
    let origin = line.ticks(line.seconds(start));
    let quarters = |at: f64| ((line.ticks(at) - origin).0 as f64 / Ticks::QUARTER.0 as f64) as f32;
    let mut corners: Vec<(f32, f32)> = Vec::with_capacity(places.len());
    for at in places {
        while next + 1 < inside.len() && inside[next + 1].0 <= at {
            next += 1;
        }
        let (a, b) = (inside[next], inside[(next + 1).min(inside.len() - 1)]);
        let share = if b.0 > a.0 {
            (at - a.0) / (b.0 - a.0)
        } else {
            0.0
        };
        let key = a.1 + (b.1 - a.1) * share.clamp(0.0, 1.0);
        let Some(note) = bare.at(at) else { continue };
        let cents = ((key - note) * 100.0).clamp(-2400.0, 2400.0);
        corners.push((quarters(at), cents as f32));
    }
    thinned(&corners)
}

/// A note of a line in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub on: f64,
    pub off: f64,
    key: f64,
    /// Where the voice leaves the note before it.
    turn: f64,
}

/// The notes of a phrase as a voice sings them whose slides take `wide` seconds.
pub(crate) fn steps(phrase: &Phrase, line: &Timeline, wide: f64) -> Vec<Step> {
    let start = phrase.span.start;
    let mut steps: Vec<Step> = Vec::with_capacity(phrase.notes.len());
    for note in &phrase.notes {
        let on = line.seconds(start + note.at);
        let own = Step {
            on,
            off: line.seconds(start + note.end()),
            key: f64::from(note.pitch.midi()),
            // A slur moves around its note's beginning, a syllable before it.
            turn: match note.lyric {
                Some(_) => on - 0.95 * wide,
                None => on - 0.02 - 0.5 * wide,
            },
        };
        if steps.last().is_none_or(|last| last.on < own.on) {
            steps.push(own);
        }
    }
    steps
}

/// The keys of the notes as a voice sings them without a curve. Asked in ascending order of time.
pub(crate) struct Bare {
    steps: Vec<Step>,
    wide: f64,
    at: usize,
}

impl Bare {
    pub(crate) fn new(steps: Vec<Step>, wide: f64) -> Self {
        let wide = wide.max(1e-3);
        Self { steps, wide, at: 0 }
    }

    /// The key at a second; nothing in a rest, where nobody hears how the voice gets on.
    pub(crate) fn at(&mut self, at: f64) -> Option<f64> {
        while self.at + 1 < self.steps.len() && self.steps[self.at + 1].turn <= at {
            self.at += 1;
        }
        let own = self.steps[self.at];
        if at > own.off + 0.12 && self.at + 1 < self.steps.len() {
            return None;
        }
        let before = self.at.checked_sub(1).map(|i| self.steps[i]);
        let joined = before.filter(|before| own.on - before.off < 0.02);
        let Some(before) = joined else {
            return Some(own.key);
        };
        let share = ((at - own.turn) / self.wide).clamp(0.0, 1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        Some(before.key + (own.key - before.key) * eased)
    }
}

/// A curve through some of the corners that is nowhere further than [`NEAR`] from any of them.
fn thinned(corners: &[(f32, f32)]) -> Curve {
    let mut curve = Curve::default();
    let Some(first) = corners.first() else {
        return curve;
    };
    curve.push(first.0, first.1);
    let mut from = 0;
    while from + 1 < corners.len() {
        let fits = |to: usize| {
            let (a, b) = (corners[from], corners[to]);
            corners[from + 1..to].iter().all(|p| {
                let on = a.1 + (b.1 - a.1) * (p.0 - a.0) / (b.0 - a.0).max(1e-9);
                (on - p.1).abs() <= NEAR
            })
        };
        // Straight stretches are long or short: twice as far until it bends, then back.
        let mut good = from + 1;
        let mut reach = 2;
        while from + reach < corners.len() && reach <= 4096 && fits(from + reach) {
            good = from + reach;
            reach *= 2;
        }
        let mut bad = (from + reach).min(corners.len());
        while bad - good > 1 {
            let middle = (good + bad) / 2;
            if fits(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        curve.push(corners[good].0, corners[good].1);
        from = good;
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_lines_need_two_corners_and_bends_are_kept() {
        let line: Vec<(f32, f32)> = (0..1000).map(|i| (i as f32, 2.0 * i as f32)).collect();
        assert_eq!(thinned(&line).0.len(), 2);
        let wave: Vec<(f32, f32)> = (0..1000)
            .map(|i| {
                (
                    i as f32 * 0.01,
                    50.0 * yuefu_audio::math::sin(f64::from(i) * 0.1) as f32,
                )
            })
            .collect();
        let curve = thinned(&wave);
        assert!(curve.0.len() < 500, "{}", curve.0.len());
        for (at, cents) in wave {
            assert!((curve.at(at) - cents).abs() <= NEAR + 0.01);
        }
        assert!(thinned(&[]).is_empty());
    }
}
