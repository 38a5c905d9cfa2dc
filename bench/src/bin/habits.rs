//! Counts what real songs do with chords and sections, says how well the counts foresee songs
//! that were not counted, and writes the tables that ship:
//! `habits SONGS.yfc data/composer`.

use std::{collections::BTreeMap, path::Path, process::ExitCode};
use yuefu_bench::counting;
use yuefu_corpus::{Piece, Source, Split};
use yuefu_plan::learned::{ChordHabits, ChordLine, FormHabits, Level, REPERTOIRES, repertoire};
use yuefu_song::SectionKind;
use yuefu_theory::Chord;

fn main() -> ExitCode {
    counting::main("habits", run)
}

fn run(pieces: &[Piece], folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut chords = ChordHabits::default();
    let mut forms = FormHabits::default();
    let learned = |piece: &&Piece| piece.split == Split::Train;
    for piece in pieces.iter().filter(learned) {
        each_line(piece, &mut |line| chords.add(line));
        add_form(piece, &mut forms);
    }
    println!("chords, perplexity for each change, on songs of the validation and test parts:");
    report(&chords, pieces);
    chords.prune(20);
    println!("the same after pruning (this ships):");
    report(&chords, pieces);
    report_forms(&forms, pieces);
    for (name, text) in [("chords.txt", chords.text()), ("forms.txt", forms.text())] {
        println!("{name}: {} bytes", text.len());
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Repertoire of a piece whose chords people wrote.
fn repertoire_of(piece: &Piece) -> Option<u8> {
    repertoire(match piece.source {
        Source::Billboard => "chart",
        Source::Pop909 => "mandopop",
        Source::Openewld => "standards",
        _ => return None,
    })
    .filter(|_| piece.stated.chords)
}

/// Chords section by section.
fn each_line(piece: &Piece, take: &mut dyn FnMut(&ChordLine<'_>)) {
    let Some(repertoire) = repertoire_of(piece) else {
        return;
    };
    let chords = &piece.score.chords;
    let mut before: [Option<Chord>; 2] = [None; 2];
    for section in &piece.score.sections {
        let from = chords.partition_point(|chord| chord.span.start < section.span.start);
        let to = chords.partition_point(|chord| chord.span.start < section.span.end);
        let own = &chords[from..to];
        take(&ChordLine {
            repertoire,
            kind: section.kind,
            key: section.key,
            before,
            chords: own,
        });
        for chord in own {
            if before[1] != Some(chord.chord) {
                before = [before[1], Some(chord.chord)];
            }
        }
    }
}

fn report(habits: &ChordHabits, pieces: &[Piece]) {
    for (level, name) in Level::ALL {
        // By repertoire, and all together.
        let mut sums: BTreeMap<u8, (f64, usize)> = BTreeMap::new();
        for piece in pieces.iter().filter(|piece| piece.split != Split::Train) {
            each_line(piece, &mut |line| {
                let (sum, count) = habits.log_likelihood(level, line);
                for into in [line.repertoire, 255] {
                    let row = sums.entry(into).or_default();
                    *row = (row.0 + sum, row.1 + count);
                }
            });
        }
        let cells: Vec<String> = sums
            .iter()
            .map(|(repertoire, (sum, count))| {
                let name = REPERTOIRES.get(usize::from(*repertoire)).unwrap_or(&"all");
                format!(
                    "{name} {:.2} ({count})",
                    (-sum / (*count).max(1) as f64).exp()
                )
            })
            .collect();
        println!("  {name:<34} {}", cells.join(", "));
    }
}

fn has_form(piece: &Piece) -> bool {
    let sections = &piece.score.sections;
    let popular = |kind| matches!(kind, SectionKind::Verse | SectionKind::Chorus);
    piece.stated.sections && sections.iter().any(|section| popular(section.kind))
}

fn kinds(piece: &Piece) -> Vec<SectionKind> {
    piece
        .score
        .sections
        .iter()
        .map(|section| section.kind)
        .collect()
}

/// Bars of sections where the source knows bars.
fn lengths(piece: &Piece) -> Vec<(SectionKind, u32)> {
    if !piece.stated.metre {
        return Vec::new();
    }
    let line = &piece.score.timeline;
    let bar = |at| line.bar_of(at).0;
    piece
        .score
        .sections
        .iter()
        .map(|section| {
            let bars = bar(section.span.end) - bar(section.span.start);
            (section.kind, bars.clamp(1, 1000) as u32)
        })
        .collect()
}

fn add_form(piece: &Piece, habits: &mut FormHabits) {
    if !has_form(piece) || repertoire_of(piece).is_none() && piece.source == Source::Openewld {
        return;
    }
    habits.add_order(&kinds(piece));
    for (kind, bars) in lengths(piece) {
        habits.add_length(kind, bars);
    }
}

fn report_forms(habits: &FormHabits, pieces: &[Piece]) {
    let (mut order, mut steps, mut length, mut sections) = (0.0, 0, 0.0, 0);
    let held_out = |piece: &&Piece| piece.split != Split::Train && has_form(piece);
    for piece in pieces.iter().filter(held_out) {
        let mut before = None;
        for kind in kinds(piece).into_iter().map(Some).chain([None]) {
            order += habits.log_follows(before, kind);
            steps += 1;
            before = kind;
        }
        for (kind, bars) in lengths(piece) {
            length += habits.log_length(kind, bars);
            sections += 1;
        }
    }
    println!(
        "forms: perplexity of the next section {:.2} of 13 ({steps}), of its bars {:.2} of 64 ({sections})",
        (-order / f64::from(steps.max(1))).exp(),
        (-length / f64::from(sections.max(1))).exp()
    );
}
