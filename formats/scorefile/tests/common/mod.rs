//! Random scores and suites shared by the tests.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use yuefu_engine::Rng;
use yuefu_scorefile::{ScoreFile, Syllable};
use yuefu_song::{
    Articulation, Catalog, ChordSpan, Note, Origin, Phrase, Role, Score, Section, SectionKind,
    Track,
};
use yuefu_theory::{Key, Metre, MetreChange, Pitch, TempoPoint, TickSpan, Ticks, Timeline};

/// Unpacks a suite into a temporary folder; `None`, with a printed reason, when it is absent.
pub fn suite(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("YUEFU_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    );
    let archive = root.join(name);
    if !archive.is_file() {
        println!(
            "skipped: {} is absent (set YUEFU_SUITES)",
            archive.display()
        );
        return None;
    }
    let to = std::env::temp_dir().join(format!("yuefu-suite-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&to).expect("a temporary folder");
    let status = Command::new("tar")
        .arg("xzf")
        .arg(&archive)
        .arg("-C")
        .arg(&to)
        .status();
    if !status.is_ok_and(|s| s.success()) {
        println!("skipped: tar cannot unpack {}", archive.display());
        return None;
    }
    Some(to)
}

/// All files below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out.sort();
    out
}

/// What of a score every format can hold.
pub struct Flavor {
    /// Thirds of a beat appear.
    pub triplets: bool,
    /// Chords (notes struck together) and second voices appear.
    pub polyphony: bool,
    /// Drum tracks appear.
    pub drums: bool,
}

/// A random score on a notation grid: whole bars, metres and keys that change at sections,
/// notes that cross barlines, chord symbols, syllables.
pub fn score(seed: u64, flavor: &Flavor) -> ScoreFile {
    let mut rng = Rng::new(seed);
    let metres = ["4/4", "3/4", "6/8", "2/4", "5/4", "7/8", "12/8", "2/2"];
    let keys = [
        "C major", "D minor", "Eb major", "F# minor", "A major", "Bb minor", "E minor",
    ];
    let kinds = [SectionKind::Intro, SectionKind::Verse, SectionKind::Chorus];
    let mut line = Timeline::steady(60.0 + 10.0 * rng.below(10) as f64, Metre::common());
    let mut sections: Vec<Section> = Vec::new();
    let mut at = Ticks::ZERO;
    for kind in kinds {
        let metre: Metre = metres[rng.below(metres.len())].parse().unwrap();
        let len = metre.bar() * (1 + rng.below(3) as i64);
        if at == Ticks::ZERO {
            line.metres[0].metre = metre;
        } else if line.metres.last().unwrap().metre != metre {
            line.metres.push(MetreChange { at, metre });
            let bpm = 60.0 + 10.0 * rng.below(10) as f64;
            if bpm != line.tempo.last().unwrap().bpm {
                line.tempo.push(TempoPoint {
                    at,
                    bpm,
                    ramp: false,
                });
            }
        }
        sections.push(Section {
            id: format!("{}-1", kind.name()),
            kind,
            span: TickSpan::new(at, at + len),
            key: keys[rng.below(keys.len())].parse::<Key>().unwrap(),
            energy: 0.5,
        });
        at += len;
    }
    let end = at;
    let mut chords = Vec::new();
    let symbols = [
        "C", "Dm7", "G7", "F#m7b5", "Bbmaj7/D", "Esus4", "A7b9", "Gadd9",
    ];
    for section in &sections {
        chords.push(ChordSpan {
            span: section.span,
            chord: symbols[rng.below(symbols.len())].parse().unwrap(),
        });
    }
    chords.dedup_by(|b, a| {
        let same = a.chord == b.chord;
        if same {
            a.span.end = b.span.end;
        }
        same
    });
    let mut tracks = Vec::new();
    let mut syllables = Vec::new();
    let count = 1 + rng.below(3);
    for index in 0..count {
        let drums = flavor.drums && index == 2;
        let notes = voice(&mut rng, &line, end, flavor, drums);
        if index == 0 {
            for note in &notes {
                if syllables.last().is_none_or(|s: &Syllable| s.at < note.at) {
                    syllables.push(Syllable {
                        track: 0,
                        at: note.at,
                        text: ["la", "月", "love", "ti"][rng.below(4)].into(),
                        continues: rng.chance(0.3),
                    });
                }
            }
        }
        tracks.push(Track {
            id: format!("t{index}"),
            role: if drums { Role::Drums } else { Role::Lead },
            instrument: format!("gm-{}", if drums { 0 } else { [0, 40, 73][index] }),
            phrases: vec![Phrase {
                id: "a".into(),
                span: TickSpan::new(Ticks::ZERO, end),
                origin: Origin::Edited,
                locked: false,
                take: 0,
                takes: Vec::new(),
                notes,
            }],
        });
    }
    let score = Score {
        timeline: line,
        sections,
        chords,
        tracks,
    };
    let mut file = ScoreFile::new("Test 曲", "Nobody", score, &Catalog::default());
    file.names = (0..count).map(|i| format!("Part {i}")).collect();
    file.syllables = syllables;
    file
}

fn voice(rng: &mut Rng, line: &Timeline, end: Ticks, flavor: &Flavor, drums: bool) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let quarter = Ticks::QUARTER.0;
    let mut at = 0;
    while at < end.0 {
        let beat = line.metre(Ticks(at)).unit == 4 && at % quarter == 0;
        let len = if flavor.triplets && beat && rng.chance(0.2) && at + quarter <= end.0 {
            // A whole triplet, so that the rest of the line stays on the grid.
            for i in 0..3 {
                let pitch = pitch(rng, line, drums);
                let third = quarter / 3;
                notes.push(Note::new(Ticks(at + i * third), Ticks(third), pitch, 80));
            }
            at += quarter;
            continue;
        } else {
            quarter / 4 * (1 + rng.below(10) as i64)
        };
        let len = len.min(end.0 - at);
        if rng.chance(0.85) {
            let first = pitch(rng, line, drums);
            notes.push(Note::new(Ticks(at), Ticks(len), first, 80));
            if flavor.polyphony && rng.chance(0.3) {
                let second = Pitch::new(first.name.step, first.name.alter, first.octave + 1);
                notes.push(Note::new(Ticks(at), Ticks(len), second, 80));
            } else if flavor.polyphony && rng.chance(0.2) && len > quarter / 2 {
                let third = Pitch::new(first.name.step, first.name.alter, first.octave + 2);
                let half = Ticks(quarter / 4);
                notes.push(Note::new(Ticks(at) + half, Ticks(len) - half, third, 80));
            }
        }
        at += len;
    }
    if notes.is_empty() {
        notes.push(Note::new(
            Ticks::ZERO,
            Ticks(quarter),
            pitch(rng, line, drums),
            80,
        ));
    }
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    notes
}

fn pitch(rng: &mut Rng, _line: &Timeline, drums: bool) -> Pitch {
    if drums {
        return Pitch::from_midi([36, 38, 42, 46, 49][rng.below(5)]);
    }
    let names = [
        "C4", "D4", "Eb4", "E4", "F#4", "G4", "Ab4", "A4", "Bb4", "C#5", "D5", "F5",
    ];
    names[rng.below(names.len())].parse().unwrap()
}

/// Notes of a track in absolute time, for comparison.
pub fn flat(score: &Score, track: usize) -> Vec<(i64, i64, String)> {
    let mut out: Vec<(i64, i64, String)> = score.tracks[track]
        .phrases
        .iter()
        .flat_map(|p| {
            let zero = p.span.start;
            p.notes
                .iter()
                .map(move |n| ((zero + n.at).0, n.len.0, n.pitch.to_string()))
        })
        .collect();
    out.sort();
    out
}

/// The same with MIDI keys, for formats without spelling.
pub fn flat_keys(score: &Score, track: usize) -> Vec<(i64, i64, u8)> {
    let mut out: Vec<(i64, i64, u8)> = score.tracks[track]
        .phrases
        .iter()
        .flat_map(|p| {
            let zero = p.span.start;
            p.notes
                .iter()
                .map(move |n| ((zero + n.at).0, n.len.0, n.key()))
        })
        .collect();
    out.sort();
    out
}

/// Damages a file at random places.
pub fn mutate(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bad = bytes.to_vec();
    for _ in 0..1 + rng.below(6) {
        if bad.is_empty() {
            break;
        }
        let at = rng.below(bad.len());
        match rng.below(5) {
            0 => {
                bad.remove(at);
            }
            1 => bad.insert(at, rng.bits() as u8),
            2 => bad.truncate(at),
            3 => {
                // Repeat a stretch, as careless tools do.
                let end = (at + rng.below(64)).min(bad.len());
                let part = bad[at..end].to_vec();
                bad.splice(at..at, part);
            }
            _ => bad[at] = rng.bits() as u8,
        }
    }
    bad
}

/// Articulations that notation can print.
pub const PRINTED: [Articulation; 6] = [
    Articulation::Normal,
    Articulation::Staccato,
    Articulation::Tenuto,
    Articulation::Accent,
    Articulation::Marcato,
    Articulation::Tremolo,
];
