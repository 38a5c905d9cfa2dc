//! MusicXML: round trips, the test files, damage.

mod common;
use common::{Flavor, PRINTED, files, flat, flat_keys, mutate, score, suite};
use proptest::prelude::*;
use yuefu_engine::Rng;
use yuefu_scorefile::*;
use yuefu_song::Catalog;
use yuefu_theory::Ticks;

const ALL: Flavor = Flavor {
    triplets: true,
    polyphony: true,
    drums: true,
};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn scores_survive_musicxml(seed in any::<u64>()) {
        let mut file = score(seed, &ALL);
        let mut rng = Rng::new(seed);
        // One articulation a start: notes of a chord are printed with one sign each.
        for note in &mut file.score.tracks[0].phrases[0].notes {
            note.articulation = PRINTED[rng.below(PRINTED.len())];
            note.velocity = 1 + rng.below(127) as u8;
        }
        let catalog = Catalog::default();
        let text = write_musicxml(&file, &catalog);
        let back = read_musicxml(text.as_bytes(), &catalog, &ScoreLimits::default()).unwrap();
        prop_assert!(back.warnings.is_empty(), "{:?}", back.warnings);
        prop_assert_eq!(&back.title, &file.title);
        prop_assert_eq!(&back.composer, &file.composer);
        prop_assert_eq!(&back.names, &file.names);
        prop_assert_eq!(&back.syllables, &file.syllables);
        let (a, b) = (&file.score, &back.score);
        prop_assert_eq!(a.tracks.len(), b.tracks.len());
        for track in 0..a.tracks.len() {
            if a.tracks[track].role.is_percussion() {
                prop_assert_eq!(flat_keys(a, track), flat_keys(b, track));
            } else {
                prop_assert_eq!(flat(a, track), flat(b, track));
            }
            prop_assert_eq!(&a.tracks[track].instrument, &b.tracks[track].instrument);
        }
        let key = |n: &yuefu_song::Note| (n.at, n.pitch, n.len, n.velocity, n.articulation.name());
        let sorted = |s: &yuefu_song::Score| {
            let mut notes: Vec<_> = s.tracks[0].phrases[0].notes.iter().map(key).collect();
            notes.sort();
            notes
        };
        prop_assert_eq!(sorted(a), sorted(b));
        prop_assert_eq!(&a.timeline, &b.timeline);
        prop_assert_eq!(&a.chords, &b.chords);
        for (x, y) in a.sections.iter().zip(&b.sections) {
            prop_assert_eq!((x.span, x.key, x.kind), (y.span, y.key, y.kind));
        }
    }

    /// Every measure of every part adds up, and symbols have the length they say.
    #[test]
    fn measures_add_up(seed in any::<u64>()) {
        let mut file = score(seed, &ALL);
        // Off the grid, as a performance read from MIDI is.
        let mut rng = Rng::new(seed);
        for note in &mut file.score.tracks[0].phrases[0].notes {
            note.at = (note.at + Ticks(rng.below(3000) as i64)).max(Ticks::ZERO);
            note.len = Ticks(1 + rng.below(60_000) as i64);
        }
        let text = write_musicxml(&file, &Catalog::default());
        let number = |line: &str| -> i64 {
            line.split(['<', '>']).nth(2).unwrap().parse().unwrap()
        };
        let types = ["whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th"];
        let text = text.replace("<notehead", "<head").replace("<notations", "<signs");
        for measure in text.split("<measure ").skip(1) {
            let measure = measure.split("</measure>").next().unwrap();
            let mut sums: std::collections::BTreeMap<i64, i64> = Default::default();
            for note in measure.split("<note").skip(1) {
                let note = note.split("</note>").next().unwrap();
                let field = |name: &str| note.lines().find(|l| l.contains(name));
                let duration = number(field("<duration>").unwrap());
                if !note.contains("<chord/>") {
                    *sums.entry(number(field("<voice>").unwrap())).or_default() += duration;
                }
                if let Some(kind) = field("<type>") {
                    let kind = kind.split(['<', '>']).nth(2).unwrap();
                    let power = types.iter().position(|t| *t == kind).unwrap();
                    let mut len = 4.0 * 840.0 / f64::from(1 << power);
                    if note.contains("<dot/>") {
                        len *= 1.5;
                    }
                    if let (Some(a), Some(n)) = (field("<actual-notes>"), field("<normal-notes>")) {
                        len *= number(n) as f64 / number(a) as f64;
                    }
                    prop_assert!((len - duration as f64).abs() < 1e-6, "{note}");
                }
            }
            let lens: Vec<&i64> = sums.values().collect();
            prop_assert!(lens.windows(2).all(|w| w[0] == w[1]), "{measure}");
        }
        let text = write_musicxml(&file, &Catalog::default());
        prop_assert!(read_musicxml(text.as_bytes(), &Catalog::default(), &ScoreLimits::default()).is_ok());
    }
}

#[test]
fn the_musicxml_test_files_are_read_or_refused() {
    let Some(dir) = suite("musicxml-suite.tar.gz") else {
        return;
    };
    let (mut good, mut all) = (0, 0);
    for path in files(&dir) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.ends_with(".xml") || name.ends_with(".musicxml") || name.ends_with(".mxl")) {
            continue;
        }
        all += 1;
        let bytes = std::fs::read(&path).unwrap();
        let result = read_musicxml(&bytes, &Catalog::default(), &ScoreLimits::default());
        match result {
            Ok(f) => {
                let notes: usize = f
                    .score
                    .tracks
                    .iter()
                    .flat_map(|t| &t.phrases)
                    .map(|p| p.notes.len())
                    .sum();
                // Every sounding note of a file without repeats is read once.
                let text = String::from_utf8_lossy(&bytes);
                let ok = if name.ends_with(".mxl") {
                    notes > 0
                } else if name.starts_with("33i") {
                    // Ties that no note ends: the last two notes are joined, the others are not.
                    notes == 4
                } else {
                    expected(&text, notes)
                };
                good += usize::from(ok);
                println!(
                    "{} {name}: {} tracks, {notes} notes, {:?}",
                    if ok { "ok " } else { "BAD" },
                    f.score.tracks.len(),
                    f.warnings.first()
                );
            }
            Err(e) => {
                // One file closes its elements in the wrong order: not XML, so refused.
                let ok =
                    name == "32ad-Notations5.musicxml" && matches!(e.place, Place::Line(141, _));
                good += usize::from(ok);
                println!("{} {name}: {e}", if ok { "ok " } else { "BAD" });
            }
        }
    }
    println!("MusicXML test files: {good} of {all} as they should be");
    std::fs::remove_dir_all(dir).unwrap();
    assert_eq!((good, all), (150, 150));
}

/// Counts by plain text search the notes that must sound: not rests, graces, cues, tie stops.
fn expected(text: &str, notes: usize) -> bool {
    let want = text
        .split("<note")
        .skip(1)
        .filter(|n| n.starts_with('>') || n.starts_with(' '))
        .map(|n| n.split("</note>").next().unwrap_or(""))
        .filter(|n| {
            !n.contains("<rest")
                && !n.contains("<grace")
                && !n.contains("<cue")
                && !n.contains("<tie type=\"stop\"")
                && (n.contains("<pitch>") || n.contains("<unpitched"))
        })
        .count();
    if text.contains("<repeat") {
        notes >= want
    } else {
        notes == want
    }
}

#[test]
fn damaged_musicxml_never_panics() {
    let mut rng = Rng::new(12);
    let catalog = Catalog::default();
    let limits = ScoreLimits {
        notes: 10_000,
        quarters: 10_000,
        ..ScoreLimits::default()
    };
    let (mut fine, mut refused) = (0, 0);
    for seed in 0..300 {
        let text = write_musicxml(&score(seed, &ALL), &catalog);
        match read_musicxml(&mutate(text.as_bytes(), &mut rng), &catalog, &limits) {
            Ok(_) => fine += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(fine > 0 && refused > 0);
    // Numbers that are absurd but well formed.
    let text = write_musicxml(&score(1, &ALL), &catalog);
    for (from, to) in [
        ("<duration>", "<duration>999999999"),
        ("<duration>", "<duration>-"),
        ("<octave>", "<octave>9"),
        ("<beats>", "<beats>99"),
        ("<fifths>", "<fifths>99"),
        ("<divisions>840", "<divisions>0.0000001"),
    ] {
        let _ = read_musicxml(text.replace(from, to).as_bytes(), &catalog, &limits);
    }
}

/// A part of one phrase, as `(start, length)` in quarter notes and a pitch.
fn part(program: u8, notes: &[(f64, f64, &str)]) -> ScoreFile {
    use yuefu_song::{Note, Origin, Phrase, Role, Score, Track};
    use yuefu_theory::{Metre, TickSpan, Timeline};
    let end = Ticks::quarters(16);
    let notes = notes.iter().map(|(at, len, pitch)| {
        let (at, len) = (Ticks::from_quarters(*at), Ticks::from_quarters(*len));
        Note::new(at, len, pitch.parse().unwrap(), 80)
    });
    let track = Track {
        id: "t".into(),
        role: Role::Lead,
        instrument: format!("gm-{program}"),
        phrases: vec![Phrase {
            id: "a".into(),
            span: TickSpan::new(Ticks::ZERO, end),
            origin: Origin::Edited,
            locked: false,
            take: 0,
            takes: Vec::new(),
            notes: notes.collect(),
        }],
    };
    let score = Score {
        timeline: Timeline::steady(107.9585, Metre::common()),
        sections: Vec::new(),
        chords: Vec::new(),
        tracks: vec![track],
    };
    ScoreFile::new("Part", "", score, &Catalog::default())
}

fn written(file: &ScoreFile) -> String {
    let catalog = Catalog::default();
    let text = write_musicxml(file, &catalog);
    let back = read_musicxml(text.as_bytes(), &catalog, &ScoreLimits::default()).unwrap();
    assert_eq!(flat(&file.score, 0), flat(&back.score, 0));
    assert_eq!(file.score.timeline, back.score.timeline);
    text
}

/// Staff, step and octave of every note.
fn staff_notes(text: &str) -> Vec<(u32, String)> {
    let field = |note: &str, name: &str| {
        let from = note.split(&format!("<{name}>")).nth(1)?;
        Some(from.split('<').next()?.to_owned())
    };
    text.split("<note")
        .filter_map(|n| {
            let pitch = field(n, "step")? + &field(n, "octave")?;
            Some((field(n, "staff")?.parse().unwrap(), pitch))
        })
        .collect()
}

#[test]
fn keyboards_are_written_on_two_staves() {
    let file = part(
        0,
        &[
            // A bass note under a close chord that reaches below middle C, in another rhythm.
            (0.0, 4.0, "C2"),
            (0.0, 1.0, "A3"),
            (0.0, 1.0, "C4"),
            (0.0, 1.0, "E4"),
            (1.0, 1.0, "A3"),
            (1.0, 1.0, "C4"),
            (1.0, 1.0, "E4"),
            // A broken chord that rings on: one voice.
            (4.0, 4.0, "C3"),
            (4.5, 3.5, "G4"),
            (5.0, 3.0, "C5"),
            (5.5, 2.5, "E5"),
            // Both hands far apart.
            (8.0, 2.0, "E2"),
            (8.0, 2.0, "E3"),
            (8.0, 2.0, "G5"),
        ],
    );
    let text = written(&file);
    assert!(text.contains("<staves>2</staves>"));
    let clefs = text.matches("<clef number=").count();
    assert_eq!(clefs, 2);
    let at = |staff: u32| -> Vec<String> {
        let notes = staff_notes(&text).into_iter();
        notes.filter(|n| n.0 == staff).map(|n| n.1).collect()
    };
    assert_eq!(at(2), ["C2", "C3", "E2", "E3"]);
    // Ten notes, one of them tied over the middle of its bar.
    assert_eq!(at(1).len(), 11);
    assert_eq!(text.matches("<tie type=\"start\"/>").count(), 1);
    assert!(text.contains("<voice>5</voice>"));
    // No staff needs a second voice.
    assert!(!text.contains("<voice>2</voice>") && !text.contains("<voice>6</voice>"));
    assert!(text.contains("<per-minute>108</per-minute>"));
    assert!(text.contains("tempo=\"107.9585\""));
}

#[test]
fn clefs_follow_the_notes() {
    let line = |low: &'static str, middle: &'static str, high: &'static str| {
        [
            (0.0, 1.0, low),
            (1.0, 1.0, middle),
            (2.0, 1.0, middle),
            (3.0, 1.0, middle),
            (4.0, 1.0, high),
        ]
    };
    let cases = [
        // Program, notes, clef, its octave, octaves of transposition.
        (0, line("C4", "G4", "D5"), "G", 0, 0),
        (42, line("C2", "A2", "C5"), "F", 0, 0),
        (42, line("A4", "C5", "E5"), "G", 0, 0),
        (41, line("C3", "E4", "A4"), "C", 0, 0),
        (24, line("E2", "G3", "E4"), "G", -1, 0),
        (33, line("E1", "A1", "G2"), "F", 0, -1),
        (43, line("E1", "A1", "G2"), "F", 0, -1),
        (73, line("G5", "D6", "G6"), "G", 1, 0),
        // One low note moves nothing.
        (56, line("C2", "A4", "C5"), "G", 0, 0),
    ];
    for (program, notes, sign, clef, octave) in cases {
        let text = written(&part(program, &notes));
        let number = |name: &str| -> i32 {
            let from = text.split(&format!("<{name}>")).nth(1);
            from.map_or(0, |t| t.split('<').next().unwrap().parse().unwrap())
        };
        let case = format!("program {program}");
        assert!(text.contains(&format!("<sign>{sign}</sign>")), "{case}");
        assert_eq!(number("clef-octave-change"), clef, "{case}");
        assert_eq!(number("octave-change"), octave, "{case}");
        assert!(!text.contains("<staves>"), "{case}");
    }
}
