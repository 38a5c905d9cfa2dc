//! How words lie under tunes: songs set by Yuefu beside real ones.
//!
//! `cargo run --release -p yuefu-bench --bin sung -- [--composer rules|shipped|light|FILE] [FOLDER ...]`
//!
//! The sheets of `examples/lyrics` are set in several styles with several seeds. Folders hold
//! MusicXML files (`.mxl`, `.musicxml`, `.xml`) with lyrics, such as the Lieder or OpenEWLD
//! collections unpacked; each gives a column.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use yuefu_arrange::{Band, TuneFinder, arrange_words};
use yuefu_bench::composer;
use yuefu_engine::SeedPath;
use yuefu_lang::{ReadOptions, sounds};
use yuefu_scorefile::{ScoreFile, ScoreLimits, read_musicxml};
use yuefu_song::{Brief, Catalog, Role, brief::Weighted};
use yuefu_theory::{Ticks, Timeline};

/// Styles that the sheets are set in.
const STYLES: [&str; 6] = ["pop", "ballad", "folk", "guofeng", "rock", "country"];
const SEEDS: u64 = 4;

/// A sung note: start, length, key, and its syllable if one begins on it.
struct Sung {
    at: Ticks,
    len: Ticks,
    key: i32,
    syllable: Option<Said>,
}

struct Said {
    text: String,
    /// Stress of an English syllable, tone height of a Chinese one.
    stress: Option<u8>,
    height: Option<f32>,
    ends_line: bool,
}

/// Counts and sums of one column.
#[derive(Default)]
struct Tally {
    songs: usize,
    syllables: usize,
    notes: usize,
    drawn: usize,
    lengths: Vec<f64>,
    last_lengths: Vec<f64>,
    steps: [usize; 4],
    strong: [f64; 2],
    stressed: [usize; 2],
    on_beat: [usize; 2],
    with_tone: usize,
    against_tone: usize,
    low: Vec<i32>,
    high: Vec<i32>,
}

impl Tally {
    fn add(&mut self, notes: &[Sung], line: &Timeline) {
        if notes.iter().filter(|n| n.syllable.is_some()).count() < 16 {
            return;
        }
        self.songs += 1;
        self.low.extend(notes.iter().map(|n| n.key).min());
        self.high.extend(notes.iter().map(|n| n.key).max());
        let mut before: Option<(&Sung, Option<f32>)> = None;
        let mut held = 0;
        for (index, note) in notes.iter().enumerate() {
            self.notes += 1;
            if let Some((last, _)) = before {
                let step = (note.key - last.key).unsigned_abs();
                self.steps[match step {
                    0 => 0,
                    1..=2 => 1,
                    3..=4 => 2,
                    _ => 3,
                }] += 1;
            }
            let Some(said) = &note.syllable else {
                self.drawn += usize::from(held == 0);
                held += 1;
                before = Some((note, before.and_then(|b| b.1)));
                continue;
            };
            held = 0;
            self.syllables += 1;
            let quarters = note.len.as_quarters();
            // A line ends where it says so, or where the voice rests half a beat.
            let next = notes.get(index + 1);
            let rests = next.is_none_or(|n| n.at - (note.at + note.len) >= Ticks::of(1, 8));
            if said.ends_line || rests {
                self.last_lengths.push(quarters);
            } else {
                self.lengths.push(quarters);
            }
            let (_, into) = line.bar_of(note.at);
            let weight = f64::from(line.metre(note.at).weight(into));
            if let Some(stress) = said.stress {
                let which = usize::from(stress > 0);
                self.strong[which] += weight;
                self.stressed[which] += 1;
                self.on_beat[which] += usize::from(weight >= 0.6);
            }
            if let (Some((last, Some(old))), Some(now)) = (before, said.height)
                && (now - old).abs() >= 1.0
                && last.key != note.key
            {
                self.with_tone += 1;
                let against = f32::from(i8::from(note.key > last.key)) * 2.0 - 1.0;
                self.against_tone += usize::from(against * (now - old) < 0.0);
            }
            before = Some((note, said.height));
        }
    }

    fn rows(&self) -> Vec<String> {
        let median = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let steps: usize = self.steps.iter().sum();
        let mean = |keys: &[i32]| keys.iter().sum::<i32>() as f64 / keys.len().max(1) as f64;
        vec![
            format!("{}", self.songs),
            format!("{}", self.syllables),
            format!("{:.2}", self.notes as f64 / self.syllables.max(1) as f64),
            format!("{:.1} %", share(self.drawn, self.syllables)),
            format!("{:.2}", median(&self.lengths)),
            format!("{:.2}", median(&self.last_lengths)),
            format!("{:.1} %", share(self.steps[0], steps)),
            format!("{:.1} %", share(self.steps[1], steps)),
            format!("{:.1} %", share(self.steps[2], steps)),
            format!("{:.1} %", share(self.steps[3], steps)),
            format!("{:.0}-{:.0}", mean(&self.low), mean(&self.high)),
            format!("{:.1} %", share(self.on_beat[1], self.stressed[1])),
            format!("{:.1} %", share(self.on_beat[0], self.stressed[0])),
            format!("{:.1} %", share(self.against_tone, self.with_tone)),
        ]
    }
}

const NAMES: [&str; 14] = [
    "songs",
    "syllables",
    "notes a syllable",
    "syllables over several notes",
    "length of a syllable, quarters",
    "length of a line's last syllable, quarters",
    "repeated notes",
    "steps (1-2)",
    "thirds (3-4)",
    "leaps (5 and more)",
    "lowest-highest key, mean",
    "stressed English syllables on a beat",
    "unstressed ones on a beat",
    "tune against the tones, of moves between tones",
];

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let named = words.iter().position(|word| word == "--composer");
    let named: Vec<String> = named.map_or_else(Vec::new, |at| {
        words.drain(at..words.len().min(at + 2)).collect()
    });
    let composer = match composer::named(named.get(1).map_or("shipped", String::as_str)) {
        Ok(composer) => composer,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let finder = composer.as_ref().map(|found| found as &dyn TuneFinder);
    let folders: Vec<PathBuf> = words.into_iter().map(PathBuf::from).collect();
    let book = yuefu_plan::standard_styles();
    let catalog = Catalog::parse(&yuefu_data::tables("instruments"));
    let (Ok(book), Ok(catalog)) = (book, catalog) else {
        eprintln!("the shipped data was edited and is not valid");
        return ExitCode::FAILURE;
    };
    let mut columns: Vec<(String, Tally)> = Vec::new();
    for lang in ["zh", "en", "yue"] {
        let band = Band::new(&book, &catalog).with(finder);
        columns.push((format!("Yuefu {lang}"), ours(lang, band)));
    }
    for folder in folders {
        let name = folder
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        columns.push((name, real(&folder, &catalog)));
    }
    let heads: Vec<&str> = columns.iter().map(|c| c.0.as_str()).collect();
    println!(
        "| | {} |\n|---|{}",
        heads.join(" | "),
        "---|".repeat(heads.len())
    );
    let rows: Vec<Vec<String>> = columns.iter().map(|c| c.1.rows()).collect();
    for (index, name) in NAMES.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[index].as_str()).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    ExitCode::SUCCESS
}

/// Sheets of a language, set in all styles.
fn ours(lang: &str, band: Band<'_>) -> Tally {
    let mut tally = Tally::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/lyrics");
    let mut sheets: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(&format!(".{lang}.txt")))
        .collect();
    sheets.sort();
    for path in sheets {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let words = yuefu_lyrics::read(&text, yuefu_lyrics::languages())
            .sheet
            .unrolled();
        for (style, seed) in STYLES.iter().flat_map(|s| (0..SEEDS).map(move |n| (s, n))) {
            let brief = Brief {
                styles: vec![Weighted::new((*style).to_owned(), 1.0)],
                ..Brief::default()
            };
            let root = SeedPath::song(seed);
            let (plan, _) = yuefu_plan::plan(&brief, &words, band.book, band.catalog, &root);
            let score = arrange_words(&plan, &words, band, &root);
            let track = score.tracks.iter().find(|t| t.role == Role::Vocal);
            let mut notes = Vec::new();
            for phrase in track.into_iter().flat_map(|t| &t.phrases) {
                let last = phrase.notes.iter().rposition(|n| n.lyric.is_some());
                let lyrics: Vec<_> = phrase
                    .notes
                    .iter()
                    .filter_map(|n| n.lyric.as_ref())
                    .collect();
                let mut nth = 0;
                for (index, note) in phrase.notes.iter().enumerate() {
                    notes.push(Sung {
                        at: phrase.span.start + note.at,
                        len: note.len,
                        key: note.pitch.midi(),
                        syllable: note.lyric.as_ref().map(|lyric| {
                            let (stress, height) = features(&lyric.lang, &lyric.reading);
                            // As in real songs: only words of several syllables.
                            let long = lyric.continues
                                || lyrics.get(nth + 1).is_some_and(|next| next.continues);
                            nth += 1;
                            let stress = stress.filter(|_| long);
                            Said {
                                text: lyric.text.clone(),
                                stress,
                                height,
                                ends_line: Some(index) == last,
                            }
                        }),
                    });
                }
            }
            tally.add(&notes, &plan.timeline);
        }
    }
    tally
}

/// Stress of an English reading, height of a tone.
fn features(lang: &str, reading: &str) -> (Option<u8>, Option<f32>) {
    let found = sounds(lang, reading).ok();
    let tone = found.as_ref().and_then(|s| s.tone);
    let height = match (lang, tone) {
        ("cmn", Some(tone @ 1..=4)) => Some([5.0, 3.6, 1.6, 4.0][usize::from(tone) - 1]),
        ("yue", Some(tone @ 1..=6)) => Some([5.0, 4.6, 3.2, 1.0, 2.8, 2.2][usize::from(tone) - 1]),
        _ => None,
    };
    let stress = if lang == "en" {
        found.and_then(|s| s.stress)
    } else {
        None
    };
    (stress, height)
}

/// The sung tracks of MusicXML files.
fn real(folder: &Path, catalog: &Catalog) -> Tally {
    let mut tally = Tally::default();
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    for path in files {
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        if let Ok(file) = read_musicxml(&bytes, catalog, &ScoreLimits::default()) {
            let notes = sung(&file);
            tally.add(&notes, &file.score.timeline);
        }
    }
    tally
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, out);
        } else if path
            .extension()
            .is_some_and(|e| ["mxl", "musicxml", "xml"].iter().any(|x| e == *x))
        {
            out.push(path);
        }
    }
}

/// Notes of the first track with words; stress where its words read as English and every word has
/// as many syllables as the dictionary says.
fn sung(file: &ScoreFile) -> Vec<Sung> {
    let Some(track) = file.syllables.first().map(|s| s.track) else {
        return Vec::new();
    };
    let own: Vec<_> = file.syllables.iter().filter(|s| s.track == track).collect();
    let mut stress: Vec<Option<u8>> = vec![None; own.len()];
    let mut from = 0;
    while from < own.len() {
        let to = own[from..]
            .iter()
            .position(|s| !s.continues)
            .map_or(own.len(), |n| from + n + 1);
        let word: String = own[from..to].iter().map(|s| s.text.trim()).collect();
        let options = ReadOptions { lang: Some("en") };
        let read = yuefu_lyrics::languages().read(&word, &options);
        let syllables: Vec<_> = read.words.iter().flat_map(|w| &w.syllables).collect();
        let known = read
            .words
            .iter()
            .all(|w| w.lang == "en" && w.basis != yuefu_lang::Basis::Model);
        // A monosyllable says nothing of stress by itself.
        if known && syllables.len() == to - from && to - from > 1 {
            for (slot, syllable) in stress[from..to].iter_mut().zip(syllables) {
                *slot = features("en", &syllable.reading).0;
            }
        }
        from = to;
    }
    let said = |at: Ticks| {
        own.iter().position(|s| s.at == at).map(|index| Said {
            text: own[index].text.clone(),
            stress: stress[index],
            height: None,
            ends_line: false,
        })
    };
    let mut notes: Vec<Sung> = Vec::new();
    for phrase in &file.score.tracks[track].phrases {
        for note in &phrase.notes {
            let at = phrase.span.start + note.at;
            if notes.last().is_some_and(|last| last.at == at) {
                continue;
            }
            notes.push(Sung {
                at,
                len: note.len,
                key: note.pitch.midi(),
                syllable: said(at),
            });
        }
    }
    // Before the first word nothing is sung.
    let first = notes
        .iter()
        .position(|n| n.syllable.is_some())
        .unwrap_or(notes.len());
    notes.drain(..first);
    let words = |n: &Sung| n.syllable.as_ref().is_some_and(|s| !s.text.is_empty());
    let last = notes.iter().rposition(words).map_or(0, |n| n + 1);
    notes.truncate(last);
    notes
}
