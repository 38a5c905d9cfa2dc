//! Chords for a tune that has none.
//!
//! A path through half bars or bars: each chord is judged by the notes of the tune over it
//! (strong and long ones count, passing ones hardly), each step from chord to chord by
//! functional harmony (subdominant, dominant, tonic; falling fifths; applied dominants resolve),
//! and phrases end in cadences. Nothing in it belongs to one style.

use crate::{
    keys::{KeySpan, bars},
    offers::{Function, Offer, offers},
    phrases::skyline,
    recognize::spell,
    tones::{Tone, Tones},
};
use yuefu_audio::math;
use yuefu_engine::SeedPath;
use yuefu_theory::{Chord, Key, Mode, Quality, TickSpan, Ticks, Timeline};

/// Cost of a change at a barline and within a bar.
const CHANGE: [f64; 2] = [0.25, 1.15];

/// A stretch that has one chord.
struct Slot {
    span: TickSpan,
    /// Whether it begins a bar.
    downbeat: bool,
    /// Whether a phrase ends in it.
    closes: bool,
    key: Key,
}

/// How likely a chord is after two others (the older first; `None` before the first), as a
/// natural logarithm, in a key; `None` where it is no change.
pub type Habit<'a> = &'a dyn Fn(&Key, [Option<Chord>; 2], &Chord) -> Option<f64>;

/// A time, its key, and the chords that might begin or go on there.
pub type Choice = (Ticks, Key, Vec<Chord>);

/// How likely the chords of each choice are over the tune, as natural logarithms, after a draft of its
/// chords; nothing for times of which nothing is known.
pub type Ear<'a> = &'a dyn Fn(&Chords, &[Choice]) -> Vec<Vec<f64>>;

/// In whose manner chords are written.
#[derive(Clone, Copy, Default)]
pub struct Manner<'a> {
    /// Chords of keys with a major and with a minor third; empty: the common ones.
    pub palettes: [&'a [(u8, Quality, f64)]; 2],
    /// What follows what in real songs; `None`: functional harmony alone.
    pub habit: Option<Habit<'a>>,
    /// Somebody who has learned what real songs have over such tunes; `None`: the grammar alone.
    pub ear: Option<Ear<'a>>,
    /// What is added to the worth of a change at a barline: harmony that moves more or less than
    /// that of a plain song, which is 0.
    pub restless: f64,
    /// Chance that leans every choice a little, equally where equal notes stand; `None`: the best.
    pub seed: Option<&'a SeedPath>,
}

/// A row of chords without gaps.
pub type Chords = Vec<(TickSpan, Chord)>;

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
) -> Chords {
    let mut all = harmonize_as(tones, line, end, keys, phrases, &Manner::default(), 1);
    all.pop().unwrap_or_default()
}

/// `count` different rows of chords for a tune, each as [`harmonize_tune`] gives one, in someone's
/// manner. The first is the best; each other one pays for what earlier ones have written at the
/// same place (diverse M-best solutions: Batra et al., ECCV 2012).
pub fn harmonize_as(
    tones: &[Tone],
    line: &Timeline,
    end: Ticks,
    keys: &[KeySpan],
    phrases: &[Ticks],
    manner: &Manner<'_>,
    count: usize,
) -> Vec<Chords> {
    let notes = skyline(tones);
    let slots = slots(&notes, line, end, keys, phrases);
    if slots.is_empty() {
        return Vec::new();
    }
    let tables = [0, 1].map(|minor| Table::new(manner, minor == 1));
    let mut worths = worths(&notes, &slots, line, &tables, manner.seed);
    if let Some(ear) = manner.ear {
        listen(&slots, &mut worths, &tables, ear);
    }
    let mut out: Vec<Chords> = Vec::new();
    for _ in 0..count.max(1) {
        let path = best_path(&slots, &worths, &tables);
        for ((slot, worth), chosen) in slots.iter().zip(&mut worths).zip(&path) {
            let offers = &tables[table_of(&slot.key)].offers;
            let written = offers[*chosen];
            for (offer, worth) in offers.iter().zip(worth) {
                if offer.root == written.root {
                    *worth -= AGAIN;
                }
            }
        }
        out.push(join(&slots, &path, &tables));
    }
    out
}

/// How often a draft is listened to, and how much that counts.
const HEARINGS: usize = 2;
const HEARD: f64 = 0.5;

/// Adds what an ear makes of each offer of each slot, after what the best path has before it; the path
/// that follows from that is listened to again.
fn listen(slots: &[Slot], worths: &mut [Vec<f64>], tables: &[Table; 2], ear: Ear<'_>) {
    let plain = worths.to_vec();
    let asked: Vec<Choice> = slots
        .iter()
        .map(|slot| {
            let offers = &tables[table_of(&slot.key)].offers;
            let chords = offers.iter().map(|offer| chord_of(offer, &slot.key));
            (slot.span.start, slot.key, chords.collect())
        })
        .collect();
    for _ in 0..HEARINGS {
        let draft = join(slots, &best_path(slots, worths, tables), tables);
        let heard = ear(&draft, &asked);
        for ((worth, plain), heard) in worths.iter_mut().zip(&plain).zip(heard) {
            // Of all offers none is worth more for being one of many.
            let best = heard.iter().copied().fold(f64::MIN, f64::max);
            worth.clone_from(plain);
            for (worth, heard) in worth.iter_mut().zip(heard) {
                *worth += HEARD * (heard - best);
            }
        }
    }
}

/// An offer as a chord of a key.
fn chord_of(offer: &Offer, key: &Key) -> Chord {
    let pc = (usize::from(key.tonic.pc()) + usize::from(offer.root)) % 12;
    Chord::new(spell(key, pc), offer.quality)
}

/// What a chord costs where an earlier row has one on the same root.
const AGAIN: f64 = 0.75;

/// How much the tune, functional harmony, and how usual a chord is by itself count: alone, and where
/// habits are known too (then by agreement with the written chords of the validation songs).
const COUNTS: [[f64; 3]; 2] = [[1.35, 1.0, 0.5], [1.8, 0.5, 0.2]];

/// How much a habit counts, and the logarithm of a change that is as good as none.
const HABIT: (f64, f64) = (0.4, -1.8);

/// How far chance leans a choice.
const LEAN: f64 = 0.8;

/// The offers of a mode, and how likely each is after each two others.
struct Table {
    offers: Vec<Offer>,
    /// By chord before the last (the last place: none), last chord (likewise), and chord: what the
    /// habit adds. Empty without habits.
    habit: Vec<f64>,
    tune: f64,
    rules: f64,
    usual: f64,
    restless: f64,
}

impl Table {
    fn new(manner: &Manner<'_>, minor: bool) -> Self {
        let offers = offers(manner.palettes[usize::from(minor)], minor);
        let key = Key::simplest(0, if minor { Mode::Minor } else { Mode::Major });
        let chords: Vec<Chord> = offers
            .iter()
            .map(|offer| Chord::new(spell(&key, usize::from(offer.root)), offer.quality))
            .collect();
        let mut habit = Vec::new();
        if let Some(likely) = manner.habit {
            for a in 0..=chords.len() {
                for b in 0..=chords.len() {
                    let before = [chords.get(a).copied(), chords.get(b).copied()];
                    habit.extend(chords.iter().map(|chord| {
                        let own = likely(&key, before, chord);
                        own.map_or(0.0, |own| HABIT.0 * (own - HABIT.1).clamp(-5.0, 2.0))
                    }));
                }
            }
        }
        let [tune, rules, usual] = COUNTS[usize::from(!habit.is_empty())];
        Self {
            offers,
            habit,
            tune,
            rules,
            usual,
            restless: manner.restless,
        }
    }

    /// What habit adds to a chord after two others; places beyond the offers are none.
    fn habit(&self, a: usize, b: usize, c: usize) -> f64 {
        let many = self.offers.len();
        let at = ((a * (many + 1)) + b) * many + c;
        self.habit.get(at).copied().unwrap_or(0.0)
    }
}

fn table_of(key: &Key) -> usize {
    usize::from(key.mode.is_minor())
}

/// What each offer of each slot is worth by itself.
fn worths(
    notes: &[Tone],
    slots: &[Slot],
    line: &Timeline,
    tables: &[Table; 2],
    seed: Option<&SeedPath>,
) -> Vec<Vec<f64>> {
    let weights = weights(notes, line);
    let tones = Tones::new(notes);
    let starts: Vec<Ticks> = tones.all().iter().map(|t| t.span.start).collect();
    let mut out = Vec::with_capacity(slots.len());
    for (index, slot) in slots.iter().enumerate() {
        let last = index + 1 == slots.len();
        let table = &tables[table_of(&slot.key)];
        let mut rng = seed.map(|seed| {
            // Equal notes at an equal place lean equally, so that what returns is kept.
            let mut own = seed.join("chords").join(usize::from(slot.downbeat));
            for (tone, inside) in tones.within(slot.span) {
                let pc = (tone.pc() + 12 - usize::from(slot.key.tonic.pc())) % 12;
                own = own.join(format!("{pc} {}", (inside.start - slot.span.start).0));
            }
            own.rng()
        });
        let mut worth = Vec::with_capacity(table.offers.len());
        for to in &table.offers {
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
            let mut local = table.tune * fit + to.usual * table.usual + cadence(to, slot, last);
            if index == 0 && to.root == 0 && to.function == Function::Tonic {
                local += 0.5;
            }
            if let Some(rng) = &mut rng {
                local += LEAN * f64::from(rng.bipolar());
            }
            worth.push(local);
        }
        out.push(worth);
    }
    out
}

/// The best offer of each slot: Viterbi over the last chord and the different one before it.
fn best_path(slots: &[Slot], worths: &[Vec<f64>], tables: &[Table; 2]) -> Vec<usize> {
    // A state is `before * offers + last`; the place after the offers is "none before".
    let mut worth: Vec<f64> = Vec::new();
    let mut from: Vec<Vec<u32>> = Vec::with_capacity(slots.len());
    for (index, (slot, local)) in slots.iter().zip(worths).enumerate() {
        let table = &tables[table_of(&slot.key)];
        let many = table.offers.len();
        let mut next = vec![f64::MIN; (many + 1) * many];
        let mut back = vec![0_u32; next.len()];
        match index.checked_sub(1).map(|i| &slots[i]) {
            None => {
                for (c, local) in local.iter().enumerate() {
                    next[many * many + c] = local + table.habit(many, many, c);
                }
            }
            Some(before) if before.key != slot.key => {
                // Another key: what was is forgotten.
                let old = &tables[table_of(&before.key)].offers;
                for (c, to) in table.offers.iter().enumerate() {
                    let state = many * many + c;
                    for (came, total) in worth.iter().enumerate() {
                        let step = step(&old[came % old.len()], &before.key, to, slot);
                        if total + step > next[state] {
                            next[state] = total + step;
                            back[state] = came as u32;
                        }
                    }
                    next[state] += local[c];
                }
            }
            Some(before) => {
                for b in 0..many {
                    for (c, own) in local.iter().enumerate() {
                        let step = step(&table.offers[b], &before.key, &table.offers[c], slot);
                        if b == c {
                            for a in 0..=many {
                                let state = a * many + b;
                                if worth[state] + step + own > next[state] {
                                    next[state] = worth[state] + step + own;
                                    back[state] = state as u32;
                                }
                            }
                            continue;
                        }
                        let change = CHANGE[usize::from(!slot.downbeat)];
                        let restless = if slot.downbeat { table.restless } else { 0.0 };
                        let step = (step + change) * table.rules - change + restless + own;
                        let state = b * many + c;
                        for a in 0..=many {
                            let total = worth[a * many + b] + step + table.habit(a, b, c);
                            if total > next[state] {
                                next[state] = total;
                                back[state] = (a * many + b) as u32;
                            }
                        }
                    }
                }
            }
        }
        worth = next;
        from.push(back);
    }
    let mut state = (0..worth.len())
        .max_by(|a, b| worth[*a].total_cmp(&worth[*b]))
        .unwrap_or(0);
    let mut path = vec![0; slots.len()];
    for index in (0..slots.len()).rev() {
        path[index] = state % tables[table_of(&slots[index].key)].offers.len();
        state = from[index][state] as usize;
    }
    path
}

/// The chords of a path; equal neighbors are one.
fn join(slots: &[Slot], path: &[usize], tables: &[Table; 2]) -> Chords {
    let mut out: Chords = Vec::new();
    for (slot, chosen) in slots.iter().zip(path) {
        let found = tables[table_of(&slot.key)].offers[*chosen];
        let chord = chord_of(&found, &slot.key);
        match out.last_mut() {
            Some((span, same)) if *same == chord => span.end = slot.span.end,
            _ => out.push((slot.span, chord)),
        }
    }
    out
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
        Some(3) => 0.12,
        // A ninth or more is color, whether it is written or not: what covers everything fits nothing.
        Some(_) => 0.06,
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
