//! How well keys and chords are found, against what people wrote.

use std::collections::BTreeMap;
use yuefu_harmonize::{
    KeySpan, Tone, find_key, find_keys, harmonize_tune, phrase_starts, recognize_chords,
};
use yuefu_scorefile::{ScoreFile, ScoreLimits, read_musicxml};
use yuefu_studio::Studio;
use yuefu_theory::{Chord, Key, Metre, Mode, TickSpan, Ticks, Timeline};

type Files = [(String, Vec<u8>)];

fn tones(file: &ScoreFile) -> Vec<Tone> {
    let tracks = &file.score.tracks;
    tracks
        .iter()
        .filter(|t| !t.role.is_percussion())
        .flat_map(|t| &t.phrases)
        .flat_map(|p| {
            p.notes
                .iter()
                .map(|n| Tone::new(p.span.start + n.at, n.len, n.key()))
        })
        .collect()
}

fn percent(part: usize, all: usize) -> String {
    format!("{:.1} %", 100.0 * part as f64 / all.max(1) as f64)
}

/// Agreement of two rows of chords, beat by beat.
#[derive(Default)]
struct Agreement {
    beats: usize,
    root: usize,
    triad: usize,
}

impl Agreement {
    fn add(&mut self, truth: Option<&Chord>, found: Option<&Chord>) {
        let Some(truth) = truth else {
            return;
        };
        self.beats += 1;
        let Some(found) = found else {
            return;
        };
        if truth.root.pc() == found.root.pc() {
            self.root += 1;
            if truth.as_triad().quality == found.as_triad().quality {
                self.triad += 1;
            }
        }
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name}: root {} of {} beats, root and triad {}",
            percent(self.root, self.beats),
            self.beats,
            percent(self.triad, self.beats)
        )
    }
}

fn at(chords: &[(TickSpan, Chord)], at: Ticks) -> Option<&Chord> {
    let after = chords.partition_point(|c| c.0.start <= at);
    let (span, chord) = after.checked_sub(1).map(|i| &chords[i])?;
    span.contains(at).then_some(chord)
}

/// Share of a tune's time on chord tones.
fn covered(tones: &[Tone], chords: &[(TickSpan, Chord)]) -> (usize, usize) {
    let step = Ticks::QUARTER / 4;
    let (mut fit, mut all) = (0, 0);
    for tone in tones {
        let mut now = tone.span.start;
        while now < tone.span.end {
            if let Some(chord) = at(chords, now) {
                all += 1;
                fit += usize::from(chord.has(tone.key % 12));
            }
            now += step;
        }
    }
    (fit, all)
}

/// Lead sheets: their chords are hidden and found again.
pub fn tunes(studio: &Studio, files: &Files) -> Vec<String> {
    let mut halves = [Agreement::default(), Agreement::default()];
    let (mut fit, mut fit_truth) = ((0, 0), (0, 0));
    let (mut changes, mut changes_truth, mut bars) = (0, 0, 0);
    let mut keys = (0, 0);
    let mut confused: BTreeMap<(i32, i32), usize> = BTreeMap::new();
    for (index, (_, bytes)) in files.iter().enumerate() {
        let limits = ScoreLimits::default();
        let Ok(file) = read_musicxml(bytes, &studio.catalog, &limits) else {
            continue;
        };
        if file.score.chords.is_empty() {
            continue;
        }
        let notes = tones(&file);
        let line = &file.score.timeline;
        let end = file.score.end();
        let signature = file.score.key_at(Ticks::ZERO).fifths();
        let key = find_key(&notes, line, end, Some(signature));
        keys.1 += 1;
        keys.0 += usize::from(key.fifths() == signature);
        let spans = [KeySpan {
            span: TickSpan::new(Ticks::ZERO, end),
            key,
        }];
        let phrases = phrase_starts(&notes, line);
        let found = harmonize_tune(&notes, line, end, &spans, &phrases);
        let truth: Vec<(TickSpan, Chord)> = file
            .score
            .chords
            .iter()
            .map(|c| (c.span, c.chord))
            .collect();
        let mut now = Ticks::ZERO;
        while now < end {
            let (t, f) = (at(&truth, now), at(&found, now));
            halves[index % 2].add(t, f);
            if let (Some(t), Some(f)) = (t, f) {
                let above =
                    |c: &Chord| (i32::from(c.root.pc()) - i32::from(key.tonic.pc())).rem_euclid(12);
                *confused.entry((above(t), above(f))).or_default() += 1;
            }
            now += Ticks::QUARTER;
        }
        let (a, b) = covered(&notes, &found);
        fit = (fit.0 + a, fit.1 + b);
        let (a, b) = covered(&notes, &truth);
        fit_truth = (fit_truth.0 + a, fit_truth.1 + b);
        changes += found.len();
        changes_truth += truth.len();
        bars += line.bar_of(end).0 as usize;
    }
    let mut worst: Vec<_> = confused.into_iter().filter(|(k, _)| k.0 != k.1).collect();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let worst: Vec<String> = worst
        .iter()
        .take(8)
        .map(|((t, f), n)| format!("{t}->{f} {n}"))
        .collect();
    vec![
        halves[0].line("even files"),
        halves[1].line("odd files"),
        format!(
            "tune on chord tones: found {}, as written {}",
            percent(fit.0, fit.1),
            percent(fit_truth.0, fit_truth.1)
        ),
        format!(
            "chords a bar: found {:.2}, as written {:.2}",
            changes as f64 / bars.max(1) as f64,
            changes_truth as f64 / bars.max(1) as f64
        ),
        format!("key fits the signature: {} of {}", keys.0, keys.1),
        format!(
            "most confused roots (semitones above the tonic): {}",
            worst.join(", ")
        ),
    ]
}

/// Songs with piano: their first key, against that of the analyses.
pub fn keys(studio: &Studio, files: &Files) -> Vec<String> {
    let mut analyses: BTreeMap<&str, Key> = BTreeMap::new();
    for (name, bytes) in files {
        if let (Some((folder, _)), true) = (name.rsplit_once('/'), name.ends_with(".rntxt")) {
            let text = String::from_utf8_lossy(bytes);
            if let Some(key) = text.lines().find_map(analysis_key) {
                analyses.insert(folder, key);
            }
        }
    }
    let (mut count, mut with, mut without, mut first_with) = (0, 0, 0, 0);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|f| f.0.ends_with(".mxl")) {
        let folder = name.rsplit_once('/').map_or("", |p| p.0);
        let Some(truth) = analyses.get(folder) else {
            continue;
        };
        let limits = ScoreLimits::default();
        let Ok(file) = read_musicxml(bytes, &studio.catalog, &limits) else {
            continue;
        };
        let notes = tones(&file);
        let line = &file.score.timeline;
        let end = file.score.end();
        let signature = file.score.key_at(Ticks::ZERO).fifths();
        let same = |key: &Key| {
            key.tonic.pc() == truth.tonic.pc() && key.mode.is_minor() == truth.mode.is_minor()
        };
        count += 1;
        let hinted = find_key(&notes, line, end, Some(signature));
        with += usize::from(same(&hinted));
        let free = find_key(&notes, line, end, None);
        without += usize::from(same(&free));
        let local = find_keys(&notes, line, end, Some(signature));
        first_with += usize::from(local.first().is_some_and(|k| same(&k.key)));
        if !same(&hinted) {
            let up = (i32::from(hinted.tonic.pc()) - i32::from(truth.tonic.pc())).rem_euclid(12);
            let mode = |key: &Key| {
                if key.mode.is_minor() {
                    "minor"
                } else {
                    "major"
                }
            };
            let text = format!("{} for {} {up} below", mode(&hinted), mode(truth));
            *wrong.entry(text).or_default() += 1;
        }
    }
    let wrong: Vec<String> = wrong.iter().map(|(k, n)| format!("{k} x {n}")).collect();
    vec![
        format!(
            "{count} songs: key with the signature {}, from the notes alone {}, first of the keys found {}",
            percent(with, count),
            percent(without, count),
            percent(first_with, count)
        ),
        format!("wrong with the signature: {}", wrong.join(", ")),
    ]
}

/// The key that a line of a RomanText analysis begins with, such as `m1 E: I` or `m1 b2 f#: i`.
fn analysis_key(line: &str) -> Option<Key> {
    let mut words = line.split_whitespace();
    words.next().filter(|w| w.starts_with('m'))?;
    let word = words.find(|w| w.ends_with(':') && w.len() <= 4)?;
    let name = word.trim_end_matches(':');
    let minor = name.chars().next()?.is_lowercase();
    let mut chars = name.chars();
    let upper = chars.next()?.to_ascii_uppercase();
    let tonic = format!("{upper}{}", chars.as_str().replace('-', "b"));
    let mode = if minor { Mode::Minor } else { Mode::Major };
    Some(Key::new(tonic.parse().ok()?, mode))
}

/// Pop songs with piano: chords of everything that sounds, on the annotated beats.
pub fn accompaniments(files: &Files, most: usize) -> Vec<String> {
    let mut songs: BTreeMap<&str, BTreeMap<&str, &[u8]>> = BTreeMap::new();
    for (name, bytes) in files {
        let parts: Vec<&str> = name.split('/').collect();
        if let [_, song, file] = parts[..] {
            songs.entry(song).or_default().insert(file, bytes);
        }
    }
    let mut agreement = Agreement::default();
    let (mut count, mut keys) = (0, (0, 0));
    for (song, files) in songs {
        if count >= most {
            break;
        }
        let midi = format!("{song}.mid");
        let (Some(midi), Some(beats), Some(chords)) = (
            files.get(midi.as_str()),
            files.get("beat_midi.txt"),
            files.get("chord_midi.txt"),
        ) else {
            continue;
        };
        let Some(piece) = crate::pop909::on_beats(midi, beats, chords) else {
            continue;
        };
        count += 1;
        let line = Timeline::steady(120.0, Metre::new(piece.beats_a_bar, 4));
        let ticks = |beats: f64| Ticks::from_quarters(beats);
        let notes: Vec<Tone> = piece
            .notes
            .iter()
            .filter(|(from, to, _)| *from >= 0.0 && to > from)
            .map(|(from, to, key)| Tone::new(ticks(*from), ticks(to - from), *key))
            .collect();
        let end = notes.iter().map(|t| t.span.end).max().unwrap_or_default();
        let found_keys = find_keys(&notes, &line, end, None);
        let found = recognize_chords(&notes, &line, end, &found_keys);
        for (from, to, truth) in &piece.chords {
            let mut beat = from.round();
            while beat < to.round() {
                if beat >= 0.0 {
                    let middle = ticks(beat + 0.5);
                    agreement.add(truth.as_ref(), at(&found, middle));
                }
                beat += 1.0;
            }
        }
        let first = files
            .get("key_audio.txt")
            .and_then(|bytes| annotated_key(&String::from_utf8_lossy(bytes)));
        if let Some(truth) = first {
            let whole = find_key(&notes, &line, end, None);
            keys.1 += 1;
            keys.0 += usize::from(
                whole.tonic.pc() == truth.tonic.pc()
                    && whole.mode.is_minor() == truth.mode.is_minor(),
            );
        }
    }
    vec![
        agreement.line(&format!("{count} songs")),
        format!("key as annotated: {} of {}", keys.0, keys.1),
    ]
}

/// The first key of lines such as `1.95 90.5 Gb:maj`.
fn annotated_key(text: &str) -> Option<Key> {
    let label = text.lines().next()?.split_whitespace().nth(2)?;
    let (tonic, mode) = label.split_once(':')?;
    let mode = if mode.starts_with("min") {
        Mode::Minor
    } else {
        Mode::Major
    };
    Some(Key::new(tonic.parse().ok()?, mode))
}
