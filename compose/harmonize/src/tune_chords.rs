//! Chords for a tune that has none.
//!
//! A path through half bars or bars: each chord is judged by the notes of the tune over it
//! (strong and long ones count, passing ones hardly), each step from chord to chord by
//! functional harmony (subdominant, dominant, tonic; falling fifths; applied dominants resolve),
//! and phrases end in cadences. Nothing in it belongs to one style.

use crate::{
    keys::{KeySpan, bars},
    phrases::skyline,
    recognize::spell,
    tones::{Tone, Tones},
};
use yuefu_audio::math;
use yuefu_theory::{Chord, Key, Mode, Quality, TickSpan, Ticks, Timeline};

/// What a chord does in its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Tonic,
    Subdominant,
    Dominant,
    /// A dominant of the degree that many semitones above the tonic.
    Applied(u8),
}

/// A chord that a key offers.
#[derive(Clone, Copy, Debug)]
struct Offer {
    /// Semitones above the tonic.
    root: u8,
    quality: Quality,
    /// How usual it is, as a logarithm.
    usual: f64,
    function: Function,
}

const fn offer(root: u8, quality: Quality, usual: f64, function: Function) -> Offer {
    Offer {
        root,
        quality,
        usual,
        function,
    }
}

const MAJOR: [Offer; 16] = {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    use Quality as Q;
    [
        offer(0, Q::Major, 0.0, Tonic),
        offer(2, Q::Minor, -1.0, Subdominant),
        offer(4, Q::Minor, -1.9, Tonic),
        offer(5, Q::Major, -0.55, Subdominant),
        offer(7, Q::Major, -0.6, Dominant),
        offer(7, Q::Dominant, -0.3, Dominant),
        offer(9, Q::Minor, -1.1, Tonic),
        offer(11, Q::Diminished, -2.8, Dominant),
        offer(2, Q::Dominant, -1.7, Applied(7)),
        offer(4, Q::Dominant, -2.2, Applied(9)),
        offer(9, Q::Dominant, -2.0, Applied(2)),
        offer(0, Q::Dominant, -2.2, Applied(5)),
        offer(5, Q::Minor, -2.4, Subdominant),
        offer(10, Q::Major, -2.8, Subdominant),
        offer(8, Q::Major, -3.2, Subdominant),
        offer(1, Q::DiminishedSeven, -3.0, Applied(2)),
    ]
};

const MINOR: [Offer; 15] = {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    use Quality as Q;
    [
        offer(0, Q::Minor, 0.0, Tonic),
        offer(2, Q::HalfDiminished, -1.6, Subdominant),
        offer(3, Q::Major, -1.2, Tonic),
        offer(5, Q::Minor, -0.7, Subdominant),
        offer(7, Q::Major, -0.9, Dominant),
        offer(7, Q::Dominant, -0.4, Dominant),
        offer(7, Q::Minor, -1.9, Dominant),
        offer(8, Q::Major, -1.2, Subdominant),
        offer(10, Q::Major, -1.4, Subdominant),
        offer(10, Q::Dominant, -1.8, Applied(3)),
        offer(0, Q::Dominant, -2.2, Applied(5)),
        offer(5, Q::Major, -2.2, Subdominant),
        offer(2, Q::Dominant, -2.3, Applied(7)),
        offer(11, Q::DiminishedSeven, -2.2, Dominant),
        offer(1, Q::Major, -3.2, Subdominant),
    ]
};

/// Cost of a change at a barline and within a bar.
const CHANGE: [f64; 2] = [0.25, 1.15];

/// How much the tune counts against the grammar.
const TUNE: f64 = 1.35;

/// A stretch that has one chord.
struct Slot {
    span: TickSpan,
    /// Whether it begins a bar.
    downbeat: bool,
    /// Whether a phrase ends in it.
    closes: bool,
    key: Key,
}

/// Chords for a tune, in order, without gaps from the bar of the first note to `end`.
///
/// `keys` as [`find_keys`](crate::find_keys) gives them; `phrases` are onsets that begin phrases
/// ([`phrase_starts`](crate::phrase_starts)).
pub fn harmonize_tune(
    tones: &[Tone],
    line: &Timeline,
    end: Ticks,
    keys: &[KeySpan],
    phrases: &[Ticks],
) -> Vec<(TickSpan, Chord)> {
    let notes = skyline(tones);
    let slots = slots(&notes, line, end, keys, phrases);
    if slots.is_empty() {
        return Vec::new();
    }
    let weights = weights(&notes, line);
    let tones = Tones::new(&notes);
    let starts: Vec<Ticks> = tones.all().iter().map(|t| t.span.start).collect();
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(slots.len());
    let mut worth: Vec<f64> = Vec::new();
    for (index, slot) in slots.iter().enumerate() {
        let offers = offers(&slot.key);
        let last = index + 1 == slots.len();
        let before = index.checked_sub(1).map(|i| &slots[i]);
        let mut next = Vec::with_capacity(offers.len());
        let mut back = Vec::with_capacity(offers.len());
        for to in offers {
            let mut fit = 0.0;
            let mut heard = 0.0;
            for (tone, inside) in tones.within(slot.span) {
                let place = starts.partition_point(|s| *s < tone.span.start);
                let part = inside.len().as_quarters().clamp(0.1, 2.0);
                let weight = part.sqrt() * weights[place];
                fit += weight * spoken(to, &slot.key, tone.pc());
                heard += weight;
            }
            // A long bar of many notes is not more certain without end.
            if heard > 3.0 {
                fit *= 3.0 / heard;
            }
            let mut local = TUNE * fit + to.usual * 0.5 + cadence(to, slot, last);
            if index == 0 && to.root == 0 && to.function == Function::Tonic {
                local += 0.5;
            }
            let mut best = (f64::MIN, 0);
            match before {
                None => best = (0.0, 0),
                Some(slot_before) => {
                    for (came, other) in self::offers(&slot_before.key).iter().enumerate() {
                        let step = step(other, &slot_before.key, to, slot);
                        let total = worth[came] + step;
                        if total > best.0 {
                            best = (total, came);
                        }
                    }
                }
            }
            next.push(best.0 + local);
            back.push(best.1);
        }
        worth = next;
        from.push(back);
    }
    let mut state = (0..worth.len())
        .max_by(|a, b| worth[*a].total_cmp(&worth[*b]))
        .unwrap_or(0);
    let mut path = vec![state; slots.len()];
    for index in (1..slots.len()).rev() {
        state = from[index][state];
        path[index - 1] = state;
    }
    let mut out: Vec<(TickSpan, Chord)> = Vec::new();
    for (slot, state) in slots.iter().zip(path) {
        let found = offers(&slot.key)[state];
        let pc = (usize::from(slot.key.tonic.pc()) + usize::from(found.root)) % 12;
        let chord = Chord::new(spell(&slot.key, pc), found.quality);
        match out.last_mut() {
            Some((span, same)) if *same == chord => span.end = slot.span.end,
            _ => out.push((slot.span, chord)),
        }
    }
    out
}

fn offers(key: &Key) -> &'static [Offer] {
    if key.mode.is_minor() { &MINOR } else { &MAJOR }
}

fn slots(
    notes: &[Tone],
    line: &Timeline,
    end: Ticks,
    keys: &[KeySpan],
    phrases: &[Ticks],
) -> Vec<Slot> {
    let Some(first) = notes.first().map(|n| n.span.start) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut key_index = 0;
    for bar in bars(line, end) {
        if bar.end <= first {
            continue;
        }
        while key_index + 1 < keys.len() && keys[key_index].span.end <= bar.start {
            key_index += 1;
        }
        let key = keys
            .get(key_index)
            .map_or(Key::simplest(0, Mode::Major), |k| k.key);
        let metre = line.metre(bar.start);
        let beats = metre.beat_offsets();
        let halves = bar.len() >= Ticks::quarters(4) && beats.len().is_multiple_of(2);
        let mut cuts = vec![bar.start];
        if halves {
            let half = bar.start + beats[beats.len() / 2];
            // A pickup needs no chord before its first note's half of the bar.
            if half <= first {
                cuts[0] = half;
            } else if half < bar.end {
                cuts.push(half);
            }
        }
        for (index, start) in cuts.iter().enumerate() {
            let span = TickSpan::new(*start, cuts.get(index + 1).copied().unwrap_or(bar.end));
            out.push(Slot {
                span,
                downbeat: *start == bar.start,
                closes: false,
                key,
            });
        }
    }
    // A phrase ends where the last note before the next one begins.
    for start in phrases.iter().skip(1) {
        let before = notes.partition_point(|n| n.span.start < *start);
        if let Some(last) = before.checked_sub(1).map(|i| notes[i].span.start)
            && let Some(slot) = out.iter_mut().find(|s| s.span.contains(last))
        {
            slot.closes = true;
        }
    }
    out
}

/// How much each note of the tune says about its harmony.
fn weights(notes: &[Tone], line: &Timeline) -> Vec<f64> {
    (0..notes.len())
        .map(|index| {
            let note = &notes[index];
            let (_, into) = line.bar_of(note.span.start);
            let metric = f64::from(line.metre(note.span.start).weight(into));
            let mut weight = 0.35 + 0.65 * metric;
            let step = |other: Option<&Tone>| {
                other.is_some_and(|o| (1..=2).contains(&o.key.abs_diff(note.key)))
            };
            let left = step(notes.get(index + 1));
            let came = index.checked_sub(1).is_some_and(|i| step(notes.get(i)));
            if left && metric < 0.5 && note.span.len() <= Ticks::QUARTER {
                weight *= if came { 0.4 } else { 0.7 };
            }
            weight
        })
        .collect()
}

/// The logarithm of how readily a tune has a note over a chord.
fn spoken(offer: &Offer, key: &Key, pc: usize) -> f64 {
    let above = ((pc + 24 - usize::from(key.tonic.pc()) - usize::from(offer.root)) % 12) as i32;
    let tones = offer.quality.tones();
    let share = match tones.iter().position(|(_, s)| s % 12 == above) {
        Some(0) => 0.25,
        Some(1) => 0.25,
        Some(2) => 0.23,
        Some(_) => 0.12,
        None if key.has_harmonic(pc as u8) => match above {
            // Ninths and sixths color; a fourth above a major third grates.
            2 | 9 => 0.055,
            1 | 6 => 0.016,
            _ => 0.03,
        },
        None => 0.01,
    };
    math::ln(share / 0.15)
}

/// What ends a phrase, and the piece.
fn cadence(offer: &Offer, slot: &Slot, last: bool) -> f64 {
    let home = offer.root == 0 && offer.function == Function::Tonic;
    if last {
        return if home { 3.0 } else { 0.0 };
    }
    if !slot.closes {
        return 0.0;
    }
    match offer.function {
        Function::Tonic if home => 0.6,
        Function::Dominant if offer.root == 7 => 0.35,
        Function::Tonic => 0.0,
        Function::Subdominant => -0.2,
        _ => -0.5,
    }
}

/// The worth of a step from one chord to the next.
fn step(from: &Offer, key_before: &Key, to: &Offer, slot: &Slot) -> f64 {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    let change = CHANGE[usize::from(!slot.downbeat)];
    let pc = |offer: &Offer, key: &Key| (offer.root + key.tonic.pc()) % 12;
    let same_root = pc(from, key_before) == pc(to, &slot.key);
    if same_root && from.quality == to.quality {
        // A dominant that waits over the barline is weak.
        return match from.function {
            Applied(_) if slot.downbeat => -0.6,
            _ => 0.0,
        };
    }
    if *key_before != slot.key {
        // A modulation: the new key decides.
        return -change
            + match to.function {
                Tonic | Dominant => 0.2,
                _ => 0.0,
            };
    }
    let mut worth = -change;
    let fall = (from.root + 12 - to.root) % 12;
    if fall == 7 {
        worth += 0.45;
    }
    worth += match (from.function, to.function) {
        (Applied(target), _) if to.root == target => 0.9,
        (Applied(_), _) if same_root => -0.6,
        (Applied(_), _) => -1.2,
        (Dominant, Tonic) if to.root == 0 => 0.7,
        (Dominant, Tonic) => 0.0,
        (Dominant, Dominant) if same_root => 0.35,
        (Dominant, Subdominant) => -0.7,
        (Subdominant, Dominant) => 0.4,
        (Subdominant, Tonic) if to.root == 0 => 0.15,
        (Subdominant, Subdominant) if same_root => -0.3,
        (Tonic, Subdominant) => 0.2,
        (Tonic, Dominant) => 0.1,
        (Tonic, Tonic) => -0.15,
        (_, Applied(_)) => -0.1,
        _ => -0.1,
    };
    worth
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{find_keys, phrase_starts};
    use yuefu_theory::Metre;

    #[test]
    fn a_plain_tune_gets_plain_chords() {
        // Ode to Joy: tonic and dominant, ending with a cadence.
        let line = Timeline::steady(120.0, Metre::common());
        let joy = "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 E4 D4 D4 D4 \
                   E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4 C4 C4 C4";
        let tones: Vec<Tone> = joy
            .split_whitespace()
            .enumerate()
            .map(|(i, name)| {
                let pitch: yuefu_theory::Pitch = name.parse().unwrap();
                Tone::new(
                    Ticks::quarters(i as i64),
                    Ticks::QUARTER,
                    pitch.midi() as u8,
                )
            })
            .collect();
        let end = Ticks::quarters(32);
        let keys = find_keys(&tones, &line, end, None);
        let chords = harmonize_tune(&tones, &line, end, &keys, &phrase_starts(&tones, &line));
        let names: Vec<String> = chords.iter().map(|(_, c)| c.to_string()).collect();
        assert_eq!(names.first().map(String::as_str), Some("C"));
        assert_eq!(names.last().map(String::as_str), Some("C"));
        assert!(names.iter().any(|n| n.starts_with('G')), "{names:?}");
        assert_eq!(chords.first().unwrap().0.start, Ticks::ZERO);
        assert_eq!(chords.last().unwrap().0.end, end);
        assert!(chords.windows(2).all(|p| p[0].0.end == p[1].0.start));
    }

    #[test]
    fn silence_gets_none() {
        let line = Timeline::steady(120.0, Metre::common());
        assert!(harmonize_tune(&[], &line, Ticks::quarters(8), &[], &[]).is_empty());
    }
}
