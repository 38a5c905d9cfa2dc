//! Chords of music with its accompaniment, from everything that sounds.
//!
//! Each beat is compared with what each chord would sound; a path through the beats is found in
//! which changes cost, the less the stronger the beat.

use crate::{
    keys::{KeySpan, bars},
    tones::{Tone, Tones},
};
use yuefu_audio::math;
use yuefu_theory::{Chord, Key, Quality, SpelledPc, TickSpan, Ticks, Timeline};

/// Qualities that are looked for, with what is added for being usual.
const QUALITIES: [(Quality, f64); 12] = [
    (Quality::Major, 0.0),
    (Quality::Minor, 0.0),
    (Quality::Diminished, -0.6),
    (Quality::Augmented, -0.9),
    (Quality::Sus4, -0.5),
    (Quality::Sus2, -0.9),
    (Quality::Dominant, -0.2),
    (Quality::MajorSeven, -0.3),
    (Quality::MinorSeven, -0.2),
    (Quality::HalfDiminished, -0.5),
    (Quality::DiminishedSeven, -0.6),
    (Quality::Six, -0.9),
];

const STATES: usize = 12 * QUALITIES.len();

/// Share of what sounds that is foreign to the chord.
const FOREIGN: f64 = 0.18;

/// Cost of a change at a downbeat, and what is added on weaker beats.
const CHANGE: f64 = 1.3;
const OFF_BEAT: f64 = 2.2;

/// Chords in order with where they hold, none where nothing sounds for a bar or more. `keys`
/// spell them, and lean towards chords of the key.
pub fn recognize_chords(
    tones: &[Tone],
    line: &Timeline,
    end: Ticks,
    keys: &[KeySpan],
) -> Vec<(TickSpan, Chord)> {
    let tones = Tones::new(tones);
    let beats = beats(line, end);
    let models = models();
    let mut worth = [0.0; STATES];
    let mut from: Vec<[u16; STATES]> = Vec::with_capacity(beats.len());
    let mut key_index = 0;
    for (beat, weight) in &beats {
        while key_index + 1 < keys.len() && keys[key_index].span.end <= beat.start {
            key_index += 1;
        }
        let key = keys.get(key_index).map(|k| &k.key);
        let sounding = Sounding::new(&tones, *beat);
        let mut top = 0;
        for state in 1..STATES {
            if worth[state] > worth[top] {
                top = state;
            }
        }
        let changed = worth[top] - CHANGE - OFF_BEAT * (1.0 - f64::from(*weight));
        let mut next = [0.0; STATES];
        let mut back = [0_u16; STATES];
        for state in 0..STATES {
            let (before, came) = if worth[state] >= changed {
                (worth[state], state)
            } else {
                (changed, top)
            };
            back[state] = came as u16;
            next[state] = before + sounding.fit(state, &models, key);
        }
        worth = next;
        from.push(back);
    }
    let mut state = 0;
    for other in 1..STATES {
        if worth[other] > worth[state] {
            state = other;
        }
    }
    let mut path = vec![state; beats.len()];
    for index in (1..beats.len()).rev() {
        state = usize::from(from[index][state]);
        path[index - 1] = state;
    }
    name(&tones, &beats, &path, line, keys)
}

/// Felt beats with their metric weights.
fn beats(line: &Timeline, end: Ticks) -> Vec<(TickSpan, f32)> {
    let mut out = Vec::new();
    for bar in bars(line, end) {
        let metre = line.metre(bar.start);
        let mut offsets = metre.beat_offsets();
        offsets.retain(|o| bar.start + *o < bar.end);
        for (index, offset) in offsets.iter().enumerate() {
            let until = offsets.get(index + 1).map_or(bar.end, |o| bar.start + *o);
            out.push((
                TickSpan::new(bar.start + *offset, until),
                metre.weight(*offset),
            ));
        }
    }
    out
}

/// The logarithm of the share of each degree above the root, for each quality.
fn models() -> Vec<[f64; 12]> {
    QUALITIES
        .iter()
        .map(|(quality, _)| {
            let tones = quality.tones();
            let mut share = [0.0; 12];
            let mut sum = 0.0;
            for (index, (_, semitones)) in tones.iter().enumerate() {
                let part = [1.25, 1.0, 0.85, 0.6][index.min(3)];
                share[(*semitones % 12) as usize] += part;
                sum += part;
            }
            let others = 12 - tones.len();
            share.map(|part| {
                if part > 0.0 {
                    math::ln((1.0 - FOREIGN) * part / sum)
                } else {
                    math::ln(FOREIGN / others as f64)
                }
            })
        })
        .collect()
}

/// What sounds in a beat.
struct Sounding {
    weight: [f64; 12],
    bass: Option<usize>,
}

impl Sounding {
    fn new(tones: &Tones, beat: TickSpan) -> Self {
        let mut weight = [0.0_f64; 12];
        let len = beat.len().as_quarters().max(0.25);
        let mut low: Option<(u8, usize)> = None;
        for (tone, inside) in tones.within(beat) {
            let share = inside.len().as_quarters() / len;
            // What is struck on the beat counts more than what passes.
            let on_beat = tone.span.start <= beat.start;
            weight[tone.pc()] += share * if on_beat { 1.2 } else { 0.8 };
            if share >= 0.2 && low.is_none_or(|(key, _)| tone.key < key) {
                low = Some((tone.key, tone.pc()));
            }
        }
        // Doublings count less and less.
        let weight = weight.map(|w: f64| w.min(1.5));
        Self {
            weight,
            bass: low.filter(|(key, _)| *key < 64).map(|l| l.1),
        }
    }

    fn fit(&self, state: usize, models: &[[f64; 12]], key: Option<&Key>) -> f64 {
        let (root, quality) = (state % 12, state / 12);
        let total: f64 = self.weight.iter().sum();
        if total <= 0.0 {
            return 0.0;
        }
        let model = &models[quality];
        let mut fit: f64 = (0..12)
            .map(|pc| self.weight[pc] * model[(pc + 12 - root) % 12])
            .sum();
        // A beat is one witness however many notes it has.
        fit /= total.max(1.5) / 1.5;
        if let Some(bass) = self.bass {
            let above = (bass + 12 - root) % 12;
            fit += match above {
                0 => 0.8,
                _ if model[above] > -2.5 => 0.1,
                _ => -0.4,
            };
        }
        fit += QUALITIES[quality].1 * 0.35;
        if let Some(key) = key {
            let foreign = QUALITIES[quality]
                .0
                .tones()
                .iter()
                .filter(|(_, s)| !key.has_harmonic(((root as i32 + s) % 12) as u8))
                .count();
            fit -= 0.12 * foreign as f64;
        }
        fit
    }
}

/// Joins equal beats to chords, spells them, and finds the bass.
fn name(
    tones: &Tones,
    beats: &[(TickSpan, f32)],
    path: &[usize],
    line: &Timeline,
    keys: &[KeySpan],
) -> Vec<(TickSpan, Chord)> {
    let mut out: Vec<(TickSpan, Chord)> = Vec::new();
    let mut index = 0;
    while index < beats.len() {
        let state = path[index];
        let mut to = index + 1;
        while to < beats.len() && path[to] == state {
            to += 1;
        }
        let span = TickSpan::new(beats[index].0.start, beats[to - 1].0.end);
        let heard: Vec<TickSpan> = tones.within(span).map(|(_, inside)| inside).collect();
        let first = heard.iter().map(|s| s.start).min();
        let last = heard.iter().map(|s| s.end).max();
        index = to;
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        // A bar of silence at either end is no chord.
        let mut span = span;
        let bar = line.metre(span.start).bar();
        if first - span.start >= bar {
            let (number, _) = line.bar_of(first);
            span.start = span.start.max(line.bar_start(number));
        }
        if span.end - last >= bar {
            let (number, into) = line.bar_of(last);
            let up = i64::from(into > Ticks::ZERO);
            span.end = span.end.min(line.bar_start(number + up));
        }
        let key = keys
            .iter()
            .rfind(|k| k.span.start <= span.start)
            .or(keys.first())
            .map_or(Key::simplest(0, yuefu_theory::Mode::Major), |k| k.key);
        let root = spell(&key, state % 12);
        let mut chord = Chord::new(root, QUALITIES[state / 12].0);
        chord.bass = bass(tones, span, &chord);
        match out.last_mut() {
            Some((before, same)) if *same == chord && before.end == span.start => {
                before.end = span.end;
            }
            _ => out.push((span, chord)),
        }
    }
    out
}

pub(crate) fn spell(key: &Key, pc: usize) -> SpelledPc {
    key.spell(60 + pc as i32).name
}

/// The chord tone other than the root that is lowest most of the time, if there is one.
fn bass(tones: &Tones, span: TickSpan, chord: &Chord) -> Option<SpelledPc> {
    let mut starts: Vec<Ticks> = tones.within(span).map(|(_, inside)| inside.start).collect();
    starts.push(span.start);
    starts.sort();
    starts.dedup();
    let mut lowest = [0_i64; 12];
    for (index, start) in starts.iter().enumerate() {
        let until = starts.get(index + 1).copied().unwrap_or(span.end);
        if let Some(low) = tones.lowest(TickSpan::new(*start, until)) {
            lowest[usize::from(low % 12)] += (until - *start).0;
        }
    }
    let (pc, len) = lowest
        .iter()
        .enumerate()
        .max_by_key(|(_, len)| **len)
        .map(|(pc, len)| (pc, *len))?;
    let tone = chord
        .tones()
        .into_iter()
        .find(|t| usize::from(t.pc()) == pc)?;
    (tone != chord.root && len * 5 > span.len().0 * 3).then_some(tone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find_keys;
    use yuefu_theory::Metre;

    #[test]
    fn block_chords_are_named() {
        let line = Timeline::steady(120.0, Metre::common());
        let symbols = ["C", "Am", "Dm7", "G7", "C/E", "F", "Fm", "C"];
        let mut tones = Vec::new();
        for (bar, symbol) in symbols.iter().enumerate() {
            let chord: Chord = symbol.parse().unwrap();
            let at = Ticks::quarters(4 * bar as i64);
            tones.push(Tone::new(at, Ticks::WHOLE, 36 + chord.bass_note().pc()));
            for beat in 0..4 {
                for pc in chord.pcs() {
                    let at = at + Ticks::quarters(beat);
                    tones.push(Tone::new(at, Ticks::QUARTER, 60 + pc));
                }
            }
        }
        let end = Ticks::quarters(32);
        let keys = find_keys(&tones, &line, end, None);
        let found = recognize_chords(&tones, &line, end, &keys);
        let names: Vec<String> = found.iter().map(|(_, c)| c.to_string()).collect();
        assert_eq!(names, symbols);
        assert!(found.iter().all(|(span, _)| span.len() == Ticks::WHOLE));
    }

    #[test]
    fn silence_has_no_chord() {
        let line = Timeline::steady(120.0, Metre::common());
        assert!(recognize_chords(&[], &line, Ticks::quarters(16), &[]).is_empty());
        let tones = [60, 64, 67].map(|k| Tone::new(Ticks::quarters(8), Ticks::WHOLE, k));
        let found = recognize_chords(&tones, &line, Ticks::quarters(32), &[]);
        assert_eq!(found.len(), 1);
        let span = TickSpan::new(Ticks::quarters(8), Ticks::quarters(12));
        assert_eq!(found[0].0, span);
    }
}
