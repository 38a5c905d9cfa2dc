//! What the network makes of chords over a tune that somebody else wrote.

use super::{Beat, Course, Harmonist, Passage, Seen, Told, finder::felt_beats, see, sung};
use yuefu_audio::math;
use yuefu_nets::kernel::softmax;
use yuefu_plan::learned::Symbol;
use yuefu_song::LineNote;
use yuefu_theory::{Chord, Key, Metre, TickSpan, Ticks, Timeline};

/// A chord that is no likelier than this, as a natural logarithm, is as good as none.
const LEAST: f64 = -7.0;

/// A tune whose chords are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    /// Its metre.
    pub line: &'a Timeline,
    /// Its keys, in order.
    pub keys: &'a [(TickSpan, Key)],
    /// Its notes, in order.
    pub tune: &'a [LineNote],
    /// Chords that somebody found for it, in order.
    pub draft: &'a [(TickSpan, Chord)],
    /// The repertoire that it belongs to, by its place in [`REPERTOIRES`](yuefu_plan::learned::REPERTOIRES).
    pub repertoire: Option<u8>,
}

impl Harmonist {
    /// How likely each of some chords of a key is at each of some times (in order), after what the draft has
    /// before them, as natural logarithms; no numbers for times in metres that the network does not know.
    pub fn hears(&self, over: &Over<'_>, asked: &[(Ticks, Key, Vec<Chord>)]) -> Vec<Vec<f64>> {
        let mut out = vec![Vec::new(); asked.len()];
        for stretch in stretches(over) {
            let course = &stretch.course;
            for ((at, key, chords), out) in asked.iter().zip(&mut out) {
                let Ok(beat) = stretch.starts.binary_search(at) else {
                    continue;
                };
                // The beat lies in one of them: they have no gaps.
                let passage = course.passages.partition_point(|p| p.beats.1 <= beat);
                *out = self.likely(course, passage, beat, key, chords);
            }
        }
        out
    }

    fn likely(
        &self,
        course: &Course,
        passage: usize,
        at: usize,
        key: &Key,
        chords: &[Chord],
    ) -> Vec<f64> {
        let mut seen = Seen::default();
        see(course, passage, at, &mut seen);
        let thought = self.net.think(&seen);
        let mut change = self.net.change(&thought);
        softmax(&mut change);
        let mut symbols = self.net.symbol(&thought);
        softmax(&mut symbols);
        let now = at.checked_sub(1).map(|at| course.beats[at].chord.symbol);
        let share = |chord: &Chord| {
            let symbol = Symbol::of(chord, key).number();
            let moved = change[1] * symbols[usize::from(symbol)];
            match now {
                None => symbols[usize::from(symbol)],
                Some(now) if now == symbol => moved + change[0],
                Some(_) => moved,
            }
        };
        chords
            .iter()
            .map(|chord| math::ln(f64::from(share(chord).max(1e-6))).max(LEAST))
            .collect()
    }
}

/// Bars in one metre.
struct Stretch {
    metre: Metre,
    course: Course,
    /// The key of the last passage.
    key: Option<Key>,
    /// When each beat begins.
    starts: Vec<Ticks>,
}

/// The draft as the network hears it, from metre to metre; a key is a passage.
fn stretches(over: &Over<'_>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    let (Some(first), Some(last)) = (over.draft.first(), over.draft.last()) else {
        return out;
    };
    let mut bar = over.line.bar_of(first.0.start).0;
    let mut broken = true;
    loop {
        let start = over.line.bar_start(bar);
        bar += 1;
        if start >= last.0.end {
            return out;
        }
        let metre = over.line.metre(start);
        let Some(per_bar) = felt_beats(metre) else {
            broken = true;
            continue;
        };
        let key = over.keys.iter().rfind(|(span, _)| span.start <= start);
        let Some((_, key)) = key.or(over.keys.first()) else {
            return out;
        };
        if broken || out.last().is_none_or(|stretch| stretch.metre != *metre) {
            let course = Course {
                repertoire: over.repertoire,
                per_bar,
                ..Course::default()
            };
            out.push(Stretch {
                metre: metre.clone(),
                course,
                key: None,
                starts: Vec::new(),
            });
            broken = false;
        }
        if let Some(stretch) = out.last_mut() {
            stretch.add(over, start, *key);
        }
    }
}

impl Stretch {
    fn add(&mut self, over: &Over<'_>, bar: Ticks, key: Key) {
        let from = self.course.beats.len();
        let offsets = self.metre.beat_offsets();
        for (index, offset) in offsets.iter().enumerate() {
            let end = offsets.get(index + 1).copied();
            let span = TickSpan::new(bar + *offset, bar + end.unwrap_or(self.metre.bar()));
            let middle = Ticks((span.start.0 + span.end.0) / 2);
            let at = over.draft.partition_point(|(own, _)| own.end <= middle);
            let found = over.draft.get(at).filter(|(own, _)| own.contains(middle));
            let chord = found.map_or(Told::SILENT, |(_, chord)| Told::of(chord, &key));
            let before = self.course.beats.last().map(|beat| beat.chord);
            self.starts.push(span.start);
            self.course.beats.push(Beat {
                chord,
                change: before != Some(chord),
                tune: Some(sung(over.tune, key.tonic.pc(), span)),
            });
        }
        let to = self.course.beats.len();
        match self.course.passages.last_mut() {
            Some(last) if self.key == Some(key) => last.beats.1 = to,
            _ => {
                self.key = Some(key);
                self.course.passages.push(Passage {
                    beats: (from, to),
                    kind: None,
                    minor: key.mode.is_minor(),
                });
            }
        }
    }
}
