//! Hand-made figures of a lead sheet: a tune over its chords, some bars long.

use std::collections::{BTreeMap, BTreeSet};
use yuefu_song::{Score, Track, line_of};
use yuefu_theory::{Mode, Ticks};

/// Bars of the excerpts that are compared.
pub const BARS: i64 = 32;
/// Fewest notes of an excerpt.
pub(crate) const FEWEST: usize = 40;

/// The figures of a tune and its chords from the bar of the first note on, in the order of
/// [`names`]; `None` where there are too few notes, or bars are no four quarters.
pub fn figures(score: &Score, track: &Track) -> Option<Vec<f64>> {
    let line = line_of(track).into_iter();
    let mut notes: Vec<(i64, i64, i32)> =
        line.map(|n| (n.at.0, n.len.0, i32::from(n.key))).collect();
    let first = Ticks(notes.first()?.0);
    let bar = score.timeline.metre(first).bar();
    if bar != Ticks::WHOLE {
        return None;
    }
    let start = (first - score.timeline.bar_of(first).1).0;
    let end = start + bar.0 * BARS;
    notes.retain(|(at, ..)| *at < end);
    if notes.len() < FEWEST || notes.last()?.0 < end - bar.0 * 12 {
        return None;
    }
    // Performances let go a little early where scores do not: what is shorter than an eighth is no
    // rest here.
    for index in 1..notes.len() {
        let next = notes[index].0;
        let note = &mut notes[index - 1];
        let room = next - note.0;
        note.1 = match room - note.1 <= Ticks::of(1, 8).0 {
            true => room,
            false => note.1,
        };
    }
    let key = score.section_at(first)?.key;
    let tonic = i32::from(key.tonic.pc());
    let sixteenth = Ticks::of(1, 16).0;
    let step = |time: i64| (time as f64 / sixteenth as f64).round() as i64;
    let count = notes.len() as f64;
    let mut out = Vec::new();
    // Shares of intervals, of distances, of lengths, of places in the bar, of degrees.
    let mut shares = |classes: usize, values: &mut dyn Iterator<Item = i64>| {
        let mut table = vec![0.0; classes];
        let mut total = 0.0;
        for value in values {
            table[value.clamp(0, classes as i64 - 1) as usize] += 1.0;
            total += 1.0;
        }
        out.extend(table.iter().map(|c| c / f64::max(total, 1.0)));
    };
    let pairs = || notes.windows(2);
    shares(15, &mut pairs().map(|p| i64::from(p[1].2 - p[0].2) + 7));
    shares(17, &mut pairs().map(|p| step(p[1].0 - p[0].0)));
    shares(17, &mut notes.iter().map(|n| step(n.1)));
    shares(16, &mut notes.iter().map(|n| step((n.0 - start) % bar.0)));
    shares(
        12,
        &mut notes
            .iter()
            .map(|n| i64::from((n.2 - tonic).rem_euclid(12))),
    );
    let chords: Vec<_> = score
        .chords
        .iter()
        .filter(|c| c.span.end.0 > start && c.span.start.0 < end)
        .collect();
    shares(
        12,
        &mut chords
            .iter()
            .map(|c| i64::from((i32::from(c.chord.root.pc()) - tonic).rem_euclid(12))),
    );
    shares(9, &mut chords.iter().map(|c| step(c.span.len().0) / 2));
    let minor = chords.iter().filter(|c| c.chord.is_minor()).count() as f64;
    let rich = chords.iter().filter(|c| c.chord.pcs().len() > 3).count() as f64;
    let kinds: BTreeSet<_> = chords
        .iter()
        .map(|c| (c.chord.root.pc(), c.chord.quality))
        .collect();
    let many = chords.len().max(1) as f64;
    out.extend([minor / many, rich / many, kinds.len() as f64]);
    // How the tune stands on its chords.
    let at = |time: i64| chords.iter().find(|c| c.span.contains(Ticks(time)));
    let on = |strong: bool| {
        let own = notes.iter().filter(|n| {
            let beat = (n.0 - start) % (bar.0 / 2) == 0;
            beat == strong && at(n.0).is_some()
        });
        let (mut all, mut good) = (0.0, 0.0);
        for note in own {
            all += 1.0;
            let pc = note.2.rem_euclid(12) as u8;
            good += f64::from(u8::from(at(note.0).is_some_and(|c| c.chord.has(pc))));
        }
        good / f64::max(all, 1.0)
    };
    out.extend([on(true), on(false)]);
    let keys = notes.iter().map(|n| n.2);
    let (low, high) = (keys.clone().min()?, keys.clone().max()?);
    let mean = keys.clone().sum::<i32>() as f64 / count;
    let spread = (keys.map(|k| (f64::from(k) - mean).powi(2)).sum::<f64>() / count).sqrt();
    out.extend([f64::from(high - low), spread]);
    let sounding: i64 = notes.iter().map(|n| n.1).sum();
    out.push(sounding as f64 / (end - start) as f64);
    out.push(count / BARS as f64);
    // Silence, breaths, runs of one length, of one direction, of one key.
    let gaps: Vec<i64> = pairs().map(|p| p[1].0 - p[0].0 - p[0].1).collect();
    let breaths = gaps.iter().filter(|g| **g >= sixteenth * 2).count() as f64;
    out.push(breaths / BARS as f64);
    out.push(
        gaps.iter()
            .filter(|g| **g > 0 && **g < sixteenth * 2)
            .count() as f64
            / count,
    );
    type Test<'a> = &'a dyn Fn(&[(i64, i64, i32)]) -> bool;
    let run = |same: Test<'_>, size: usize| {
        notes.windows(size).filter(|w| same(w)).count() as f64 / count
    };
    out.push(run(&|w| w[0].1 == w[1].1 && w[1].1 == w[2].1, 3));
    out.push(run(&|w| w[0].2 == w[1].2 && w[1].2 == w[2].2, 3));
    out.push(run(
        &|w| w[0].2 < w[1].2 && w[1].2 < w[2].2 || w[0].2 > w[1].2 && w[1].2 > w[2].2,
        3,
    ));
    out.push(run(&|w| w[0].2 == w[2].2 && w[0].2 != w[1].2, 3));
    out.push(run(
        &|w| {
            (w[1].2 - w[0].2).abs() >= 5
                && (w[2].2 - w[1].2).signum() == -(w[1].2 - w[0].2).signum()
        },
        3,
    ));
    // What comes back: rhythms and tunes of one bar and of four.
    for size in [1, 2, 4] {
        let mut rhythms: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        let mut tunes: BTreeMap<Vec<(i64, i32)>, usize> = BTreeMap::new();
        let mut all = 0.0;
        for from in (0..BARS).step_by(size as usize) {
            let from = start + from * bar.0;
            let to = from + size * bar.0;
            let own: Vec<_> = notes.iter().filter(|n| n.0 >= from && n.0 < to).collect();
            if own.len() < 2 {
                continue;
            }
            all += 1.0;
            let rhythm = own.iter().map(|n| step(n.0 - from)).collect();
            *rhythms.entry(rhythm).or_default() += 1;
            let base = own[0].2;
            let tune = own.iter().map(|n| (step(n.0 - from), n.2 - base)).collect();
            *tunes.entry(tune).or_default() += 1;
        }
        out.push(rhythms.len() as f64 / f64::max(all, 1.0));
        out.push(tunes.len() as f64 / f64::max(all, 1.0));
    }
    // Density by quarters of the excerpt.
    let quarter = (end - start) / 4;
    let parts: Vec<f64> = (0..4)
        .map(|q| {
            notes
                .iter()
                .filter(|n| (n.0 - start) / quarter == q)
                .count() as f64
                / count
        })
        .collect();
    out.push(parts.iter().copied().fold(0.0, f64::max));
    out.push(parts.iter().copied().fold(1.0, f64::min));
    let minor_key = key.mode == Mode::Minor || key.mode.is_minor();
    out.push(f64::from(u8::from(minor_key)));
    Some(out)
}

/// Whether a figure is of the chords, not of the tune.
pub fn of_chords(name: &str) -> bool {
    name.contains("chord") && !name.starts_with("chord tones") || name.starts_with("root")
}

/// Names of the figures.
pub fn names() -> Vec<String> {
    let row = |name: &str, count: usize, from: i64| -> Vec<String> {
        (0..count)
            .map(|i| format!("{name} {}", i as i64 + from))
            .collect()
    };
    let mut out = row("interval", 15, -7);
    out.extend(row("distance in sixteenths", 17, 0));
    out.extend(row("length in sixteenths", 17, 0));
    out.extend(row("sixteenth of the bar", 16, 0));
    out.extend(row("semitones above the tonic", 12, 0));
    out.extend(row("root above the tonic", 12, 0));
    out.extend(row("chord length in eighths", 9, 0));
    let rest = [
        "minor chords",
        "chords of four tones",
        "different chords",
        "chord tones on strong beats",
        "chord tones elsewhere",
        "range",
        "spread of keys",
        "share of sound",
        "notes a bar",
        "breaths a bar",
        "small gaps",
        "three equal lengths",
        "three equal keys",
        "three in one direction",
        "there and back",
        "leaps that turn back",
        "different rhythms, 1 bar",
        "different tunes, 1 bar",
        "different rhythms, 2 bars",
        "different tunes, 2 bars",
        "different rhythms, 4 bars",
        "different tunes, 4 bars",
        "densest quarter",
        "sparsest quarter",
        "minor key",
    ];
    out.extend(rest.map(str::to_owned));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_arrange::{Band, arrange};
    use yuefu_engine::SeedPath;
    use yuefu_song::{
        Catalog, Role,
        brief::{Brief, Weighted},
    };

    #[test]
    fn every_figure_has_a_name() {
        let book = yuefu_plan::standard_styles().expect("styles ship");
        let catalog = Catalog::parse(&yuefu_data::tables("instruments")).expect("valid");
        let brief = Brief {
            styles: vec![Weighted::new("ballad".to_owned(), 1.0)],
            ..Brief::default()
        };
        let path = SeedPath::song(4);
        let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
        let score = arrange(&plan, Band::new(&book, &catalog), &path);
        let lead = |t: &&Track| matches!(t.role, Role::Lead | Role::Vocal);
        let track = score.tracks.iter().find(lead).expect("a tune");
        let figures = figures(&score, track).expect("long enough");
        assert_eq!(figures.len(), names().len());
        assert!(figures.iter().all(|figure| figure.is_finite()));
    }
}
