//! What accompanists of real songs play, step by step.

use yuefu_composer::hands::{
    ACCENTS, Frame, Low, NO_ACCENT, STEP, Step, VOICES, done, frames, metre_class, school_class,
    wanted_classes,
};
use yuefu_corpus::{Piece, Source};
use yuefu_song::{ChordSpan, LineNote, PianoSchool, notes_of};
use yuefu_theory::{Metre, Ticks};

/// Keys below belong to the left hand.
const SPLIT: u8 = 55;
/// Fewest bars of a course.
const FEWEST: usize = 6;
/// Bars over which it is counted how much the hands do.
const WINDOW: usize = 4;
/// Most of a bar's onsets that may lie beside the grid: triplets are not told.
const BESIDE: f32 = 0.2;

/// Bars that follow one another, in one metre, under chords.
#[derive(Clone, Debug)]
pub struct Course {
    /// What is known of each step.
    pub frames: Vec<Frame>,
    /// What the hands do in it.
    pub steps: Vec<Step>,
}

/// The courses of a piece's accompaniment.
pub fn courses(piece: &Piece) -> Vec<Course> {
    let school = match piece.source {
        Source::Lieder => PianoSchool::Art,
        _ => PianoSchool::Pop,
    };
    let Some(school) = school_class(school) else {
        return Vec::new();
    };
    let notes = accompaniment(piece);
    let tune: Vec<(Ticks, Ticks)> = crate::tunes::notes(piece)
        .iter()
        .map(|note| (note.at, note.at + note.len))
        .collect();
    let Some(end) = notes.iter().map(|note| note.at).max() else {
        return Vec::new();
    };
    let level = Level::of(&notes);
    let timeline = &piece.score.timeline;
    let mut out = Vec::new();
    let mut run = Run::default();
    let mut number = timeline.bar_of(notes[0].at).0;
    let mut empty = 0;
    loop {
        let start = timeline.bar_start(number);
        if start > end {
            break;
        }
        let metre = timeline.metre(start);
        let bar = bar(metre, start, &notes, &piece.score.chords, &level);
        empty = match &bar {
            Some(steps) if steps.iter().all(|s| s.low == 0 && s.high == 0) => empty + 1,
            _ => 0,
        };
        let goes_on = run.metre.as_ref().is_none_or(|own| own == metre) && empty < 3;
        if bar.is_none() || !goes_on {
            out.extend(run.finish(&piece.score.chords, &tune, school));
        }
        if let Some(steps) = bar.filter(|_| empty < 3) {
            if run.steps.is_empty() {
                run.start = start;
                run.metre = Some(metre.clone());
            }
            run.steps.extend(steps);
        }
        number += 1;
    }
    out.extend(run.finish(&piece.score.chords, &tune, school));
    out
}

/// Bars that are being read.
#[derive(Default)]
struct Run {
    start: Ticks,
    metre: Option<Metre>,
    steps: Vec<Step>,
}

impl Run {
    /// What was read since, where that is long enough; begins anew.
    fn finish(
        &mut self,
        chords: &[ChordSpan],
        tune: &[(Ticks, Ticks)],
        school: u8,
    ) -> Option<Course> {
        let Self {
            start,
            metre,
            steps,
        } = std::mem::take(self);
        let metre = metre?;
        let bar = (metre.bar().0 / STEP.0) as usize;
        let bars = steps.len() / bar;
        if bars < FEWEST {
            return None;
        }
        let wishes: Vec<[u8; 3]> = steps
            .chunks(WINDOW * bar)
            .map(|steps| wanted_classes(done(steps)))
            .collect();
        let wish = |bar: usize| wishes[bar / WINDOW];
        let frames = frames(&metre, start, bars, chords, tune, school, wish)?;
        Some(Course { frames, steps })
    }
}

/// The notes of a piece's piano, in order of time.
fn accompaniment(piece: &Piece) -> Vec<LineNote> {
    let tracks = piece.accompaniment.iter();
    let tracks = tracks
        .filter_map(|index| piece.score.tracks.get(*index))
        // The second melody of POP909 is no accompaniment.
        .filter(|track| track.id != "bridge");
    let mut notes: Vec<LineNote> = tracks.flat_map(notes_of).collect();
    notes.sort_by_key(|note| (note.at, note.key, note.len));
    notes
}

/// How loud a piece is, and how much that changes; `None` for printed music.
struct Level(Option<(f32, f32)>);

impl Level {
    fn of(notes: &[LineNote]) -> Self {
        let count = notes.len().max(1) as f32;
        let mean = notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / count;
        let off = |n: &LineNote| (f32::from(n.velocity) - mean).powi(2);
        let spread = (notes.iter().map(off).sum::<f32>() / count).sqrt();
        Self((spread > 2.0).then_some((mean, spread)))
    }

    /// The class of the force of notes.
    fn class(&self, velocities: impl Iterator<Item = u8>) -> u8 {
        let Some((mean, spread)) = self.0 else {
            return NO_ACCENT;
        };
        let loudest = velocities.max().map_or(mean, f32::from);
        let off = (loudest - mean) / spread;
        let class = [-0.5, 0.25, 1.0]
            .iter()
            .filter(|mark| off >= **mark)
            .count();
        class.min(ACCENTS - 1) as u8
    }
}

/// One bar; `None` where it cannot be told.
fn bar(
    metre: &Metre,
    start: Ticks,
    notes: &[LineNote],
    chords: &[ChordSpan],
    level: &Level,
) -> Option<Vec<Step>> {
    metre_class(metre)?;
    let end = start + metre.bar();
    let count = (metre.bar().0 / STEP.0) as usize;
    // Rounded to the grid a note may belong to the next bar; onsets before it may to this one.
    let half = Ticks(STEP.0 / 2);
    let from = notes.partition_point(|n| n.at < start - half);
    let to = notes.partition_point(|n| n.at < end - half);
    let own = &notes[from..to];
    let beside = own
        .iter()
        .filter(|n| (n.at - start).0 % STEP.0 != 0)
        .count();
    if beside as f32 > BESIDE * own.len() as f32 {
        return None;
    }
    let step_of =
        |at: Ticks| ((at - start + half).0.div_euclid(STEP.0)).clamp(0, count as i64) as usize;
    let mut steps = vec![
        Step {
            accent: NO_ACCENT,
            ..Step::default()
        };
        count
    ];
    let at = |step: usize| start + STEP * step as i64;
    let mut struck: Vec<[Vec<&LineNote>; 2]> = vec![Default::default(); count];
    for note in own {
        let hand = usize::from(note.key >= SPLIT);
        struck[step_of(note.at).min(count - 1)][hand].push(note);
    }
    // Under one chord voices are counted from the lowest key that it has in this bar.
    let mut first = 0;
    while first < count {
        let chord = ChordSpan::at(chords, at(first))?;
        let last = (first..count).find(|step| at(*step) >= chord.span.end);
        let last = last.unwrap_or(count).max(first + 1);
        let keys = |hand: usize| {
            let notes = struck[first..last].iter().flat_map(|step| &step[hand]);
            let mut keys: Vec<u8> = notes.map(|note| note.key).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        let (lows, highs) = (keys(0), keys(1));
        for step in first..last {
            let [left, right] = &struck[step];
            steps[step].low = low_class(chord, left, lows.first().copied());
            for note in right {
                steps[step].high |= 1 << voice(&highs, note.key);
            }
            let until = step_of(chord.span.end.min(end)).max(step + 1);
            steps[step].holds = [0, 1].map(|hand: usize| {
                let next = (step + 1..until).find(|next| !struck[*next][hand].is_empty());
                let gap = STEP * (next.unwrap_or(until) - step) as i64;
                let held = struck[step][hand].iter().map(|note| note.len).max();
                held.map_or(0, |held| hold_class(held, gap))
            });
            if steps[step].low > 0 || steps[step].high > 0 {
                let both = left.iter().chain(right).map(|note| note.velocity);
                steps[step].accent = level.class(both);
            }
        }
        first = last;
    }
    Some(steps)
}

fn hold_class(held: Ticks, gap: Ticks) -> u8 {
    let share = held.0 as f32 / gap.0.max(1) as f32;
    match share {
        share if share < 0.6 => 0,
        share if share <= 1.3 => 1,
        _ => 2,
    }
}

/// The voice of a key among those of its chord.
fn voice(keys: &[u8], key: u8) -> usize {
    let rank = keys.partition_point(|k| *k < key);
    match keys.len() {
        count if count <= VOICES => rank,
        count => (rank * (VOICES - 1) * 2 + (count - 1)) / (2 * (count - 1)),
    }
}

/// The class of what a left hand strikes; `lowest` is its lowest key under this chord.
fn low_class(chord: &ChordSpan, notes: &[&LineNote], lowest: Option<u8>) -> u8 {
    let Some(first) = notes.iter().map(|note| note.key).min() else {
        return 0;
    };
    let bass = chord.chord.bass_note().pc();
    let root = chord.chord.root.pc();
    let over = |key: u8| (i32::from(key) - i32::from(root)).rem_euclid(12);
    let is_bass = |key: u8| key % 12 == bass;
    let is_fifth = |key: u8| (6..=8).contains(&over(key));
    let kind = match notes {
        [one] if is_bass(one.key) => match lowest {
            Some(lowest) if one.key > lowest + 6 => Low::Octave,
            _ => Low::Bass,
        },
        [one] if is_fifth(one.key) => Low::Fifth,
        [one] if (3..=4).contains(&over(one.key)) => Low::Tenth,
        [_] => Low::Other,
        several if several.iter().all(|note| is_bass(note.key)) => Low::Octaves,
        several
            if is_bass(first)
                && several
                    .iter()
                    .all(|note| is_bass(note.key) || is_fifth(note.key)) =>
        {
            Low::Fifths
        }
        _ => Low::Chord,
    };
    let number = Low::ALL.iter().position(|low| *low == kind);
    number.map_or(0, |number| number as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_are_counted_from_below() {
        assert_eq!([60, 64, 67].map(|key| voice(&[60, 64, 67], key)), [0, 1, 2]);
        let many = [60, 62, 64, 65, 67, 69, 71];
        assert_eq!(many.map(|key| voice(&many, key)), [0, 1, 1, 2, 3, 3, 4]);
    }

    #[test]
    fn holds_are_told_by_the_next_stroke() {
        let classes = [1, 4, 12].map(|held| hold_class(STEP * held, STEP * 4));
        assert_eq!(classes, [0, 1, 2]);
    }
}
