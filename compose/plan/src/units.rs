//! Where a tune divides: bars, phrases, sections that come back.

use crate::form::usual_energy;
use std::collections::BTreeMap;
use yuefu_song::{Note, SectionKind};
use yuefu_theory::{TickSpan, Ticks, Timeline};

/// A section found in a tune.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub kind: SectionKind,
    pub material: String,
    pub span: TickSpan,
    pub bars: u32,
    pub energy: f32,
}

/// Barlines from the beginning to the one at or after `end`.
pub fn barlines(timeline: &Timeline, end: Ticks) -> Vec<Ticks> {
    let mut lines = vec![Ticks::ZERO];
    let mut at = Ticks::ZERO;
    while at < end {
        let next = at + timeline.metre(at).bar();
        // A change of metre is a barline, whatever the bar before it says.
        let change = timeline
            .metres
            .iter()
            .map(|m| m.at)
            .find(|change| *change > at && *change < next);
        at = change.unwrap_or(next);
        lines.push(at);
    }
    lines
}

/// Sections that the file names.
pub fn given(starts: &[(SectionKind, Ticks)], bars: &[Ticks]) -> Vec<Unit> {
    let end = *bars.last().unwrap_or(&Ticks::ZERO);
    let mut sorted: Vec<(SectionKind, Ticks)> = starts
        .iter()
        .map(|(kind, at)| {
            // On the nearest barline.
            let line = bars
                .iter()
                .min_by_key(|line| (**line - *at).0.abs())
                .copied()
                .unwrap_or_default();
            (*kind, line)
        })
        .filter(|(_, at)| *at < end)
        .collect();
    sorted.sort_by_key(|(_, at)| *at);
    sorted.dedup_by_key(|(_, at)| *at);
    match sorted.first_mut() {
        None => {
            return vec![unit(
                SectionKind::Part,
                "part",
                TickSpan::new(Ticks::ZERO, end),
                bars,
            )];
        }
        Some(first) if first.1 > Ticks::ZERO => sorted.insert(0, (SectionKind::Intro, Ticks::ZERO)),
        _ => {}
    }
    (0..sorted.len())
        .map(|i| {
            let (kind, at) = sorted[i];
            let until = sorted.get(i + 1).map_or(end, |next| next.1);
            unit(kind, kind.name(), TickSpan::new(at, until), bars)
        })
        .collect()
}

fn unit(kind: SectionKind, material: &str, span: TickSpan, bars: &[Ticks]) -> Unit {
    Unit {
        kind,
        material: material.to_owned(),
        span,
        bars: bars.iter().filter(|at| span.contains(**at)).count() as u32,
        energy: usual_energy(kind),
    }
}

/// Sections by repetition: units of eight bars (four in a short tune) that sing the same get the
/// same material; the one that comes back and lies highest is the chorus.
pub fn by_repetition(notes: &[Note], bars: &[Ticks]) -> Vec<Unit> {
    let count = bars.len().saturating_sub(1);
    let first = notes.first().map_or(Ticks::ZERO, |n| n.at);
    // Bars before the tune; an anacrusis does not count as a bar of it.
    let mut lead_in = bars.windows(2).take_while(|bar| bar[1] <= first).count();
    if let Some(bar) = bars.get(lead_in..lead_in + 2)
        && first - bar[0] >= Ticks((bar[1] - bar[0]).0 / 2)
        && lead_in + 1 < count
    {
        lead_in += 1;
    }
    let size = if count - lead_in >= 16 { 8 } else { 4 };
    let mut spans: Vec<TickSpan> = Vec::new();
    let mut at = lead_in;
    while at < count {
        // A short rest at the end belongs to the unit before it.
        let end = if count - at < size + size / 2 {
            count
        } else {
            at + size
        };
        spans.push(TickSpan::new(bars[at], bars[end]));
        at = end;
    }
    let mut letters: Vec<usize> = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let same = (0..index).find(|other| alike(notes, spans[*other], *span) >= 0.6);
        letters.push(same.map_or(index, |other| letters[other]));
    }
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for letter in &letters {
        *times.entry(*letter).or_default() += 1;
    }
    let height = |letter: usize| -> f32 {
        let span = spans[letter];
        let keys: Vec<i32> = notes
            .iter()
            .filter(|n| span.contains(n.at))
            .map(|n| n.pitch.midi())
            .collect();
        keys.iter().sum::<i32>() as f32 / keys.len().max(1) as f32
    };
    let chorus = times
        .iter()
        .filter(|(letter, count)| **count >= 2 && times.len() >= 2 && **letter > 0)
        .map(|(letter, _)| *letter)
        .max_by(|a, b| height(*a).total_cmp(&height(*b)))
        .or_else(|| {
            // Nothing but the first comes back: the high one of the others answers it.
            let others = times.keys().copied().filter(|letter| *letter > 0);
            others
                .max_by(|a, b| height(*a).total_cmp(&height(*b)))
                .filter(|_| times.len() == 2)
        });
    let total = spans.len().max(1) as f32;
    let mut out: Vec<Unit> = Vec::new();
    if lead_in > 0 {
        let span = TickSpan::new(bars[0], bars[lead_in]);
        out.push(unit(SectionKind::Intro, "intro", span, bars));
    }
    for (index, (span, letter)) in spans.iter().zip(&letters).enumerate() {
        let kind = match *letter {
            letter if Some(letter) == chorus => SectionKind::Chorus,
            0 => SectionKind::Verse,
            letter if times[&letter] == 1 => SectionKind::Bridge,
            _ => SectionKind::Verse,
        };
        let material = match kind {
            SectionKind::Chorus => "chorus".to_owned(),
            SectionKind::Verse if *letter == 0 => "verse".to_owned(),
            kind => format!("{}-{letter}", kind.name()),
        };
        let mut found = unit(kind, &material, *span, bars);
        // Every return is a little fuller.
        found.energy = (found.energy + 0.12 * index as f32 / total).min(1.0);
        out.push(found);
    }
    out
}

/// The share of notes that two spans have in common, by place and pitch, 0..=1.
fn alike(notes: &[Note], a: TickSpan, b: TickSpan) -> f32 {
    let of = |span: TickSpan| -> Vec<(Ticks, i32)> {
        notes
            .iter()
            .filter(|n| span.contains(n.at))
            .map(|n| (n.at - span.start, n.pitch.midi()))
            .collect()
    };
    let (first, second) = (of(a), of(b));
    let common = first.iter().filter(|n| second.contains(n)).count();
    common as f32 / first.len().max(second.len()).max(1) as f32
}

/// How strongly a tune stops before a barline, in quarters of rest and of held length.
fn stop(notes: &[Note], line: Ticks) -> f32 {
    let from = upbeat(notes, line);
    let before = notes.iter().filter(|n| n.at < from).max_by_key(|n| n.at);
    let Some(before) = before else { return 0.0 };
    let rest = (from.min(line) - before.end()).as_quarters().max(0.0) as f32;
    let held = before.len.as_quarters() as f32;
    rest * 1.2 + held * 0.6
}

/// Where the phrase that stands at a barline begins to sing: at its upbeat, after the last rest or
/// long note of the half bar before, or on the line itself.
///
/// What parts two notes is the rest between them and how much longer the first is than the second
/// (the rest and duration rules of Cambouropoulos' local boundary detection, 2001).
pub fn upbeat(notes: &[Note], line: Ticks) -> Ticks {
    let reach = line - Ticks::of(1, 2);
    let parting = |index: usize| -> Ticks {
        let note = &notes[index];
        match index.checked_sub(1).map(|i| &notes[i]) {
            None => Ticks::WHOLE,
            Some(before) => {
                let rest = (note.at - before.end()).max(Ticks::ZERO);
                rest + Ticks((before.len - note.len).0.max(0) / 2)
            }
        }
    };
    let on_line = notes.partition_point(|n| n.at < line);
    let mut best = (Ticks::of(1, 16), line);
    if on_line < notes.len() {
        best.0 = best.0.max(parting(on_line));
    }
    let first = notes.partition_point(|n| n.at <= reach);
    for (index, note) in notes.iter().enumerate().take(on_line).skip(first) {
        let parts = parting(index);
        if parts > best.0 {
            best = (parts, note.at);
        }
    }
    best.1
}

/// Barlines at which phrases begin, the first and the last given: phrases of two to six bars, four
/// the likeliest, cut where the tune stops.
pub fn cuts(notes: &[Note], lines: &[Ticks]) -> Vec<Ticks> {
    let count = lines.len() - 1;
    // best[i]: least cost of a division that ends at line i, and where its last phrase begins.
    let mut best: Vec<(f32, usize)> = vec![(f32::MAX, 0); count + 1];
    best[0].0 = 0.0;
    for to in 1..=count {
        for from in to.saturating_sub(6)..to {
            let bars = to - from;
            let odd = match bars {
                4 => 0.0,
                2 => 0.9,
                3 | 5 | 6 => 1.4,
                _ => 2.4,
            };
            let gain = if to == count {
                0.0
            } else {
                stop(notes, lines[to])
            };
            let cost = best[from].0 + odd - gain.min(2.5) + 0.8;
            if cost < best[to].0 {
                best[to] = (cost, from);
            }
        }
    }
    let mut out = vec![lines[count]];
    let mut at = count;
    while at > 0 {
        at = best[at].1;
        out.push(lines[at]);
    }
    out.reverse();
    out
}
