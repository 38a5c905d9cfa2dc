//! How near the chords that are found for a tune come to those that people wrote:
//! `harmonies SONGS.yfc [--all-splits]`.
//!
//! Tunes of POP909 and OpenEWLD that no table was counted on (validation and test), their chords
//! hidden. Beat by beat: the same root, and the same root and triad. Baselines: the tonic
//! throughout, and in each bar the triad of the key with most of the tune on its tones.

use std::{path::Path, process::ExitCode};
use yuefu_corpus::{Piece, Source, Split, pack::Reader};
use yuefu_harmonize::{
    Ear, KeySpan, Manner, Tone, find_keys, harmonize_as, key_spans, phrase_starts, tones,
};
use yuefu_plan::{changes_a_bar, learned, vocabulary};
use yuefu_song::Score;
use yuefu_studio::{Harmonist, harmonizing::ear};
use yuefu_theory::{Chord, Key, Quality, TickSpan, Ticks, Timeline};

type Row = Vec<(TickSpan, Chord)>;

fn main() -> ExitCode {
    let Some(corpus) = std::env::args().nth(1) else {
        eprintln!("expected: harmonies SONGS.yfc");
        return ExitCode::from(2);
    };
    match run(Path::new(&corpus)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A tune whose chords are known.
struct Case {
    tune: Vec<Tone>,
    line: Timeline,
    end: Ticks,
    stated: Vec<KeySpan>,
    truth: Row,
}

fn case(piece: &Piece) -> Option<Case> {
    let score: &Score = &piece.score;
    let track = score.tracks.get(piece.melody?)?;
    let tune: Vec<Tone> = tones(track);
    let end = score.sections.last()?.span.end;
    Some(Case {
        tune,
        line: score.timeline.clone(),
        end,
        stated: key_spans(score),
        truth: score.chords.iter().map(|c| (c.span, c.chord)).collect(),
    })
}

fn at(row: &Row, at: Ticks) -> Option<&Chord> {
    let after = row.partition_point(|c| c.0.start <= at);
    let (span, chord) = row.get(after.checked_sub(1)?)?;
    span.contains(at).then_some(chord)
}

/// Beats, beats with the same root, and with the same triad, where the tune has begun and not
/// ended and people wrote a chord.
fn agree(case: &Case, found: &Row) -> [usize; 3] {
    let mut counts = [0; 3];
    let Some(first) = case.tune.iter().map(|t| t.span.start).min() else {
        return counts;
    };
    let last = case.tune.iter().map(|t| t.span.end).max().unwrap_or(first);
    let mut now = case.line.bar_start(case.line.bar_of(first).0);
    while now < last {
        if let Some(truth) = at(&case.truth, now) {
            counts[0] += 1;
            if let Some(chord) = at(found, now).filter(|c| c.root.pc() == truth.root.pc()) {
                counts[1] += 1;
                let same = chord.as_triad().quality == truth.as_triad().quality;
                counts[2] += usize::from(same);
            }
        }
        now += Ticks::QUARTER;
    }
    counts
}

fn key_at(keys: &[KeySpan], at: Ticks) -> Key {
    let found = keys.iter().rfind(|k| k.span.start <= at);
    found
        .or(keys.first())
        .map_or(Key::simplest(0, yuefu_theory::Mode::Major), |k| k.key)
}

fn tonic(case: &Case, keys: &[KeySpan]) -> Row {
    let row = keys.iter().map(|k| {
        let minor = k.key.mode.is_minor();
        let quality = if minor {
            Quality::Minor
        } else {
            Quality::Major
        };
        (k.span, Chord::new(k.key.tonic, quality))
    });
    let mut row: Row = row.collect();
    if let Some(last) = row.last_mut() {
        last.0.end = case.end;
    }
    row
}

fn best_triads(case: &Case, keys: &[KeySpan]) -> Row {
    let mut out = Row::new();
    let mut bar = 0;
    while case.line.bar_start(bar) < case.end {
        let span = TickSpan::new(case.line.bar_start(bar), case.line.bar_start(bar + 1));
        bar += 1;
        let key = key_at(keys, span.start);
        let triads = (0..7).map(|degree| {
            let root = key.degree(degree, 0);
            let has = |up: u8| key.has((root.pc() + up) % 12);
            let quality = match (has(4), has(7)) {
                (true, _) => Quality::Major,
                (false, true) => Quality::Minor,
                (false, false) => Quality::Diminished,
            };
            Chord::new(root, quality)
        });
        let heard = |chord: &Chord| -> i64 {
            let own = case.tune.iter().filter(|t| chord.has(t.key % 12));
            let inside = own.map(|t| t.span.end.min(span.end).0 - t.span.start.max(span.start).0);
            inside.filter(|len| *len > 0).sum()
        };
        // Of equal ones the lowest degree.
        let best = triads.rev().max_by_key(heard);
        out.extend(best.map(|chord| (span, chord)));
    }
    out
}

fn run(corpus: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let pieces: Vec<Piece> = Reader::open(corpus)?.collect::<Result<_, _>>()?;
    let habits = learned::chord_habits()?;
    let harmonist = Harmonist::shipped()?;
    let book = yuefu_plan::standard_styles()?;
    for (source, style, repertoire) in [
        (Source::Pop909, "pop", "mandopop"),
        (Source::Openewld, "tin-pan-alley", "standards"),
    ] {
        let own = pieces
            .iter()
            .filter(|p| p.source == source && p.stated.chords && p.split != Split::Train);
        let cases: Vec<(Split, Case)> = own.filter_map(|p| Some((p.split, case(p)?))).collect();
        let style = book.get(style).or_else(|| book.get("jazz"));
        let style = style.ok_or("the style is not there")?;
        let [major, minor] = vocabulary(style);
        let restless = (changes_a_bar(style) - 0.8).clamp(-0.4, 0.8);
        let repertoire = learned::repertoire(repertoire);
        type Follows<'a> = &'a dyn Fn(&Key, [Option<Chord>; 2], &Chord) -> Option<f64>;
        let all: Follows<'_> = &|key, before, chord| habits.follows(None, key, before, chord);
        let own: Follows<'_> = &|key, before, chord| habits.follows(repertoire, key, before, chord);
        println!(
            "{}: {} tunes, style {}",
            source.name(),
            cases.len(),
            style.id
        );
        for (blind, keys_are) in [(true, "key found"), (false, "key given")] {
            for (name, method) in [
                ("the tonic throughout", 0),
                ("best triad of the bar", 1),
                ("functional harmony", 2),
                ("and habits", 3),
                ("and habits of the repertoire", 4),
                ("chords of the style, and habits", 5),
                ("habits, and the network", 6),
                ("habits and network of the repertoire", 7),
            ] {
                let mut sums = [[0; 3]; 2];
                for (split, case) in &cases {
                    let keys = if blind {
                        find_keys(&case.tune, &case.line, case.end, None)
                    } else {
                        case.stated.clone()
                    };
                    let phrases = phrase_starts(&case.tune, &case.line);
                    let known = if method == 7 { repertoire } else { None };
                    let ear = ear(&harmonist, &case.line, &keys, &case.tune, known);
                    let manner = Manner {
                        ear: (method >= 6).then_some(&ear as Ear<'_>),
                        palettes: if method == 5 {
                            [&major, &minor]
                        } else {
                            [&[], &[]]
                        },
                        habit: match method {
                            3 | 5 | 6 => Some(all),
                            4 | 7 => Some(own),
                            _ => None,
                        },
                        restless: if method == 5 { restless } else { 0.0 },
                        seed: None,
                    };
                    let found = match method {
                        0 => tonic(case, &keys),
                        1 => best_triads(case, &keys),
                        _ => harmonize_as(
                            &case.tune, &case.line, case.end, &keys, &phrases, &manner, 1,
                        )
                        .pop()
                        .unwrap_or_default(),
                    };
                    let into = &mut sums[usize::from(*split == Split::Test)];
                    for (sum, own) in into.iter_mut().zip(agree(case, &found)) {
                        *sum += own;
                    }
                }
                let cell = |[all, root, triad]: [usize; 3]| {
                    let of = |part: usize| 100.0 * part as f64 / all.max(1) as f64;
                    format!("root {:4.1} % triad {:4.1} % ({all})", of(root), of(triad))
                };
                println!(
                    "  {keys_are:10} {name:30} validation {}, test {}",
                    cell(sums[0]),
                    cell(sums[1])
                );
            }
        }
    }
    Ok(())
}
