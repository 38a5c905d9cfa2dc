//! Chord progressions: rows of the style, colored, or whatever an engine finds; closed by
//! cadences, lifted for the last chorus.

use crate::finder::{Asked, ChordHabits, HarmonyFinder, Sounded};
use std::collections::BTreeMap;
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{ChordSpan, Ending, SectionKind, SectionPlan, Style, brief::Brief};
use yuefu_theory::{Chord, Key, Metre, Quality, Roman, TickSpan, Ticks};

/// A bar's chords, evenly sharing it.
pub type Bar = Vec<Roman>;

/// Gives every section its key and chords.
pub fn fill(
    brief: &Brief,
    style: &Style,
    key: Key,
    metre: &Metre,
    sections: &mut [SectionPlan],
    finder: Option<&dyn HarmonyFinder>,
    seed: &SeedPath,
) {
    let seed = seed.join("harmony");
    lift(brief, style, key, sections, &seed);
    let habits = ChordHabits::of_song(&seed);
    let mut rows: BTreeMap<String, Vec<Bar>> = BTreeMap::new();
    let mut before: Vec<Sounded> = Vec::new();
    let last = sections.len().saturating_sub(1);
    for index in 0..sections.len() {
        let next = sections.get(index + 1).map(|s| (s.kind, s.key));
        let section = &mut sections[index];
        let row = rows.entry(section.material.clone()).or_insert_with(|| {
            let found = finder.and_then(|finder| {
                let asked = Asked {
                    style,
                    key,
                    kind: section.kind,
                    bars: section.bars as usize,
                    metre,
                    before: &before,
                    habits,
                };
                let seed = seed.join("found").join(&section.material);
                finder.progression(&asked, &mut seed.rng())
            });
            found
                .filter(|row| !row.is_empty() && row.iter().all(|bar| !bar.is_empty()))
                .unwrap_or_else(|| choose_row(style, key, section, &seed))
        });
        let mut bars: Vec<Bar> = (0..section.bars as usize)
            .map(|bar| row[bar % row.len()].clone())
            .collect();
        before.push(Sounded {
            kind: section.kind,
            bars: bars.clone(),
        });
        let mut rng = seed.join(&section.id).rng();
        if index == last && (brief.loop_seamless || style.ending == Ending::Fade) {
            turn_around(&mut bars);
        } else if index == last {
            close(style, key, &mut bars, &mut rng);
        } else if let Some((kind, next_key)) = next {
            lead_on(section.kind, kind, section.key, next_key, &mut bars);
        }
        section.chords = place(section, &bars, metre);
    }
}

/// What runs on must not come to rest: a tonic in the last bar moves to the dominant, so that the
/// beginning (of the loop, or of what the fade leaves unheard) answers it.
fn turn_around(bars: &mut [Bar]) {
    let home = |c: &Roman| c.degree == 0 && c.of.is_none() && !c.marked;
    let starts_home = bars.first().and_then(|bar| bar.first()).is_some_and(home);
    if let (Some(last), Ok(dominant)) = (bars.last_mut(), "V".parse())
        && starts_home
        && last.last().is_some_and(home)
    {
        last.truncate(1);
        last.push(dominant);
    }
}

/// The last chorus, and what follows, may go up.
fn lift(brief: &Brief, style: &Style, key: Key, sections: &mut [SectionPlan], seed: &SeedPath) {
    let choruses: Vec<usize> = (0..sections.len())
        .filter(|i| sections[*i].kind == SectionKind::Chorus)
        .collect();
    let Some(at) = choruses.last().copied().filter(|at| *at > 0) else {
        if let Some(target) = brief.modulate_to {
            let half = sections.len() / 2;
            for section in &mut sections[half..] {
                section.key = target;
            }
        }
        return;
    };
    let mut rng = seed.join("lift").rng();
    let up = if rng.chance(0.6) { 2 } else { 1 };
    let target = match brief.modulate_to {
        Some(target) => Some(target),
        // A stated key is obeyed throughout.
        None if brief.key.is_some() || brief.loop_seamless || choruses.len() < 2 => None,
        None => rng.chance(style.harmony.lift).then(|| key.transposed(up)),
    };
    if let Some(target) = target {
        for section in &mut sections[at..] {
            section.key = target;
        }
    }
}

/// The bars of a row as a style writes it; what is no numeral is left out.
pub fn parse_row(row: &str) -> Vec<Bar> {
    row.split_whitespace()
        .map(|bar| {
            bar.split(',')
                .filter_map(|numeral| numeral.parse().ok())
                .collect::<Bar>()
        })
        .filter(|bar| !bar.is_empty())
        .collect()
}

fn choose_row(style: &Style, key: Key, section: &SectionPlan, seed: &SeedPath) -> Vec<Bar> {
    let minor = key.mode.is_minor();
    let (table, _) = style.harmony.in_mode(key.mode);
    let mut rng = seed.join("row").join(&section.material).rng();
    let rows = table
        .get(&section.material)
        .or_else(|| table.get(section.kind.name()))
        .or_else(|| match section.kind {
            SectionKind::Drop => table.get("chorus"),
            SectionKind::Intro | SectionKind::Outro | SectionKind::Interlude => table.get("verse"),
            SectionKind::Solo => table.get("chorus"),
            _ => None,
        })
        .or_else(|| table.get("any"))
        .or_else(|| table.values().next());
    let parsed: Vec<Vec<Bar>> = rows
        .into_iter()
        .flatten()
        .map(|row| parse_row(row))
        .filter(|row| !row.is_empty())
        .collect();
    // Rows that fill the section without being cut are likelier.
    let weights: Vec<f32> = parsed
        .iter()
        .map(|row| {
            if (section.bars as usize).is_multiple_of(row.len()) {
                1.0
            } else {
                0.25
            }
        })
        .collect();
    let mut row = parsed
        .get(rng.weighted(&weights))
        .cloned()
        .unwrap_or_else(|| parse_row(if minor { "i" } else { "I" }));
    let color = style.harmony.color;
    for chord in row.iter_mut().flatten() {
        if rng.chance(color) {
            chord.quality = colored(chord, minor, &mut rng);
        }
    }
    row
}

/// The progression of a new section, bar by bar; never empty.
pub fn row(style: &Style, section: &SectionPlan, seed: &SeedPath) -> Vec<Bar> {
    choose_row(style, section.key, section, seed)
}

/// A plain triad with the color its degree takes.
fn colored(chord: &Roman, minor: bool, rng: &mut Rng) -> Quality {
    if chord.of.is_some() || chord.marked {
        return chord.quality;
    }
    match (chord.quality, chord.degree) {
        (Quality::Major, 4) if !minor => {
            if rng.chance(0.6) {
                Quality::Dominant
            } else {
                Quality::DominantSus
            }
        }
        (Quality::Major, 4) => Quality::Dominant,
        (Quality::Major, 0 | 3) if !minor => match rng.below(3) {
            0 => Quality::MajorSeven,
            1 => Quality::Add9,
            _ => Quality::Major,
        },
        (Quality::Major, 5 | 2) if minor => Quality::MajorSeven,
        (Quality::Minor, 1 | 5) => {
            if rng.chance(0.75) {
                Quality::MinorSeven
            } else {
                Quality::Minor
            }
        }
        (Quality::Minor, 2) if !minor => Quality::MinorSeven,
        (Quality::Minor, 0 | 3) => {
            if rng.chance(0.5) {
                Quality::MinorSeven
            } else {
                Quality::MinorAdd9
            }
        }
        (quality, _) => quality,
    }
}

/// The close of the piece over its last bars.
fn close(style: &Style, key: Key, bars: &mut [Bar], rng: &mut Rng) {
    let row = closing_row(style, key, rng);
    let take = row.len().min(bars.len());
    let from = bars.len() - take;
    bars[from..].clone_from_slice(&row[row.len() - take..]);
    // Whatever the row says, the last bar rests.
    if let Some(last) = bars.last_mut() {
        last.truncate(1);
    }
}

/// A close of the style, bar by bar; never empty.
pub fn closing_row(style: &Style, key: Key, rng: &mut Rng) -> Vec<Bar> {
    let minor = key.mode.is_minor();
    let rows = if minor {
        &style.harmony.closing_minor
    } else {
        &style.harmony.closing
    };
    let row = rng
        .pick(rows)
        .map(|row| parse_row(row))
        .filter(|row| !row.is_empty());
    row.unwrap_or_else(|| parse_row(if minor { "V7 i" } else { "V7 I" }))
}

/// The last bar of a section leads to the next one.
fn lead_on(kind: SectionKind, next: SectionKind, key: Key, next_key: Key, bars: &mut [Bar]) {
    let strong = matches!(next, SectionKind::Chorus | SectionKind::Drop);
    if key != next_key {
        // Pivot: the dominant of the new key in the second half of the last bar.
        let Some(last) = bars.last_mut() else { return };
        let semitones = (i32::from(next_key.tonic.pc()) - i32::from(key.tonic.pc())).rem_euclid(12);
        let text = [
            "V7", "bVI7", "V7/ii", "bVII7", "V7/iii", "V7/IV", "#I7", "V7/V", "bIII7", "V7/vi",
            "IV7", "#IV7",
        ][semitones as usize];
        if let Ok(pivot) = text.parse() {
            last.truncate(1);
            last.push(pivot);
        }
    } else if strong && kind != SectionKind::Intro && bars.len() >= 2 {
        let rests = bars
            .last()
            .and_then(|bar| bar.last())
            .is_some_and(|c| c.degree == 0 && c.of.is_none() && !c.marked);
        if rests && let (Some(last), Ok(dominant)) = (bars.last_mut(), "V".parse::<Roman>()) {
            last.truncate(1);
            let mut sus = dominant;
            sus.quality = Quality::Sus4;
            *last = vec![sus, dominant];
        }
    }
}

/// Spans of the chords; equal neighbors are joined within a bar.
fn place(section: &SectionPlan, bars: &[Bar], metre: &Metre) -> Vec<ChordSpan> {
    let beats = metre.beat_offsets();
    let mut spans: Vec<ChordSpan> = Vec::new();
    for (index, bar) in bars.iter().enumerate() {
        let start = section.span.start + metre.bar() * index as i64;
        let count = bar.len();
        for (slot, roman) in bar.iter().enumerate() {
            if slot > 0
                && bar[slot - 1] == *roman
                && let Some(last) = spans.last_mut()
            {
                last.span.end = start + slot_at(metre, &beats, slot + 1, count);
                continue;
            }
            let at = |slot: usize| start + slot_at(metre, &beats, slot, count);
            let chord: Chord = roman.in_key(&section.key);
            let span = TickSpan::new(at(slot), at(slot + 1));
            spans.push(ChordSpan { span, chord });
        }
    }
    spans
}

/// Where a share of a bar begins that `count` chords share: chords change on felt beats.
fn slot_at(metre: &Metre, beats: &[Ticks], slot: usize, count: usize) -> Ticks {
    if slot >= count {
        metre.bar()
    } else if beats.len() >= count {
        beats[slot * beats.len() / count]
    } else {
        Ticks(metre.bar().0 * slot as i64 / count as i64)
    }
}
