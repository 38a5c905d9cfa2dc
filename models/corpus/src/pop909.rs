//! POP909 (Wang et al., ISMIR 2020; MIT): pop songs as melody, second melody and piano, played
//! to annotated beats, with chords and keys. The songs themselves are in copyright: statistics
//! and models may leave this crate, never a line of a song.

use crate::{
    beats::{BeatGrid, Division},
    clean::Refusal,
    complete::{complete, rekey},
    harte::harte_chord,
    lines::whole_track,
    piece::{Piece, Source, Stated},
    sources::Entry,
};
use std::collections::BTreeMap;
use yuefu_harmonize::KeySpan;
use yuefu_scorefile::{ScoreLimits, read_midi};
use yuefu_song::{Catalog, ChordSpan, LineNote, Note, Role, Score, single};
use yuefu_theory::{Key, Mode, Pitch, TickSpan, Ticks};

/// The files of one song.
#[derive(Clone, Copy, Default)]
pub(crate) struct Files<'a> {
    midi: Option<&'a Entry>,
    beats: Option<&'a Entry>,
    audio_beats: Option<&'a Entry>,
    chords: Option<&'a Entry>,
    key: Option<&'a Entry>,
}

/// Songs by their number.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, Files<'_>> {
    let mut out: BTreeMap<String, Files<'_>> = BTreeMap::new();
    for entry in entries {
        let folder = entry.folder();
        let number = folder.rsplit('/').next().unwrap_or(folder);
        let name = entry.file_name();
        let files = out.entry(number.to_owned()).or_default();
        match name {
            "beat_midi.txt" => files.beats = Some(entry),
            "beat_audio.txt" => files.audio_beats = Some(entry),
            "chord_midi.txt" => files.chords = Some(entry),
            "key_audio.txt" => files.key = Some(entry),
            _ if name.strip_suffix(".mid") == Some(number) => files.midi = Some(entry),
            _ => {}
        }
    }
    out.retain(|_, files| files.midi.is_some());
    out
}

/// Reads one song.
pub(crate) fn read(name: &str, files: &Files<'_>, catalog: &Catalog) -> Result<Piece, Refusal> {
    let rows = |entry: Option<&Entry>| -> Result<Vec<Vec<String>>, Refusal> {
        let entry = entry.ok_or(Refusal::Incomplete)?;
        let text = entry.text().map_err(|_| Refusal::Unreadable)?;
        let row = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Ok(text.lines().map(row).collect())
    };
    let chord_rows = rows(files.chords)?;
    let chord_times: Vec<(f64, f64, &str)> = chord_rows
        .iter()
        .filter_map(|row| {
            let [from, to, label] = row.as_slice() else {
                return None;
            };
            Some((from.parse().ok()?, to.parse().ok()?, label.as_str()))
        })
        .collect();
    let grid =
        grid(&rows(files.beats)?, &rows(files.audio_beats)?, &chord_times).ok_or(Refusal::Beats)?;
    let bytes = files
        .midi
        .ok_or(Refusal::Incomplete)?
        .read()
        .map_err(|_| Refusal::Unreadable)?;
    let file =
        read_midi(&bytes, catalog, &ScoreLimits::default()).map_err(|_| Refusal::Unreadable)?;

    // Notes in beats, by the name of their track.
    let line = &file.score.timeline;
    let mut parts: BTreeMap<&str, Vec<(f64, f64, u8, u8)>> = BTreeMap::new();
    for (track, name) in file.score.tracks.iter().zip(&file.names) {
        let part = parts.entry(name.as_str()).or_default();
        for phrase in &track.phrases {
            for note in &phrase.notes {
                let at = phrase.span.start + note.at;
                let (on, off) = (line.seconds(at), line.seconds(at + note.len));
                part.push((grid.beats(on), grid.beats(off), note.key(), note.velocity));
            }
        }
    }
    let melody = parts.remove("MELODY").ok_or(Refusal::NoMelody)?;
    let division = Division::of(melody.iter().map(|note| note.0));
    let end = parts
        .values()
        .flatten()
        .chain(&melody)
        .map(|note| division.snap(note.1))
        .max()
        .unwrap_or_default();
    let mut score = Score {
        timeline: grid.timeline.clone(),
        sections: Vec::new(),
        chords: chords(&chord_times, &grid),
        tracks: vec![whole_track(
            "melody",
            Role::Vocal,
            "voice",
            line_notes(&melody, division),
            end,
        )],
    };
    for (part, id, role) in [
        ("BRIDGE", "bridge", Role::Counter),
        ("PIANO", "piano", Role::Comp),
    ] {
        let notes = part_notes(parts.get(part).map_or(&[][..], Vec::as_slice), division);
        if !notes.is_empty() {
            score
                .tracks
                .push(whole_track(id, role, "grand-piano", notes, end));
        }
    }
    let end = crate::complete::bar_end(&score);
    let keys = keys(&rows(files.key)?, &grid, end);
    let stated_key = !keys.is_empty();
    if stated_key {
        rekey(&mut score, &keys, end);
        respell_chords(&mut score);
    }
    let mut piece = Piece::new(Source::Pop909, name, score);
    piece.genre = Some("pop".to_owned());
    piece.melody = Some(0);
    piece.accompaniment = (1..piece.score.tracks.len()).collect();
    piece.stated = Stated {
        melody: true,
        chords: true,
        key: stated_key,
        metre: true,
        tempo: true,
        sections: false,
    };
    complete(&mut piece, true);
    Ok(piece)
}

/// Bars by three witnesses: the downbeats annotated for the MIDI file, those found in the
/// recording, and where chords change. The first two disagree in one song of four.
fn grid(
    rows: &[Vec<String>],
    audio: &[Vec<String>],
    chords: &[(f64, f64, &str)],
) -> Option<BeatGrid> {
    let value = |row: &Vec<String>, at: usize| row.get(at)?.parse::<f64>().ok();
    let times: Vec<f64> = rows.iter().filter_map(|row| value(row, 0)).collect();
    if times.len() != rows.len() || times.len() < 32 {
        return None;
    }
    // Column 1 marks bars of two or three beats, column 2 bars of twice as many.
    let marks = |column: usize| -> Vec<usize> {
        (0..rows.len())
            .filter(|at| value(&rows[*at], column) == Some(1.0))
            .collect()
    };
    let usual = |marks: &[usize]| -> usize {
        let mut counts = BTreeMap::new();
        for pair in marks.windows(2) {
            *counts.entry(pair[1] - pair[0]).or_insert(0) += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(gap, count)| (*count, std::cmp::Reverse(*gap)))
            .map_or(0, |best| best.0)
    };
    let (small, large) = (marks(1), marks(2));
    let (bar, downs) = match (usual(&small), usual(&large)) {
        (_, 4) => (4, large),
        (3, _) => (3, small),
        _ => return None,
    };
    let mut votes = vec![0.0; times.len()];
    for at in downs {
        votes[at] += 1.0;
    }
    for row in audio {
        if value(row, 1) == Some(1.0)
            && let Some(at) = value(row, 0).and_then(|s| BeatGrid::nearest(&times, s))
        {
            votes[at] += 1.0;
        }
    }
    for pair in chords.windows(2) {
        if pair[0].2 != pair[1].2
            && let Some(at) = BeatGrid::nearest(&times, pair[1].0)
        {
            votes[at] += 1.0;
        }
    }
    BeatGrid::new(times, &votes, bar)
}

/// A melody: one note at a time, on the grid.
fn line_notes(notes: &[(f64, f64, u8, u8)], division: Division) -> Vec<Note> {
    let unit = division.unit();
    let mut line: Vec<LineNote> = notes
        .iter()
        .map(|(on, off, key, velocity)| {
            let at = division.snap(*on);
            LineNote {
                at,
                len: (division.snap(*off) - at).max(unit),
                key: *key,
                velocity: *velocity,
            }
        })
        // A note shorter than half the grid that lands on the next one is its grace note.
        .filter(|note| note.at >= Ticks::ZERO)
        .collect();
    line.sort_by_key(|note| (note.at, note.len));
    let mut kept: Vec<LineNote> = Vec::with_capacity(line.len());
    for note in line {
        match kept.last_mut() {
            // The longer of two on one point of the grid is the tune.
            Some(last) if last.at == note.at => *last = note,
            _ => kept.push(note),
        }
    }
    single(&mut kept);
    kept.iter()
        .map(|note| {
            let pitch = Pitch::from_midi(i32::from(note.key));
            Note::new(note.at, note.len, pitch, note.velocity)
        })
        .collect()
}

/// Notes of an accompaniment on the grid; one of each key at a time.
fn part_notes(notes: &[(f64, f64, u8, u8)], division: Division) -> Vec<Note> {
    let unit = division.unit();
    let mut by_key: BTreeMap<u8, Vec<LineNote>> = BTreeMap::new();
    for (on, off, key, velocity) in notes {
        let at = division.snap(*on);
        if at >= Ticks::ZERO {
            by_key.entry(*key).or_default().push(LineNote {
                at,
                len: (division.snap(*off) - at).max(unit),
                key: *key,
                velocity: *velocity,
            });
        }
    }
    let mut out = Vec::with_capacity(notes.len());
    for (key, mut notes) in by_key {
        single(&mut notes);
        let pitch = Pitch::from_midi(i32::from(key));
        out.extend(
            notes
                .iter()
                .map(|note| Note::new(note.at, note.len, pitch, note.velocity)),
        );
    }
    out
}

/// Chords from beat to beat; equal neighbors are one.
fn chords(rows: &[(f64, f64, &str)], grid: &BeatGrid) -> Vec<ChordSpan> {
    let beat = |seconds: f64| Ticks::quarters(grid.beats(seconds).round() as i64);
    let mut out: Vec<ChordSpan> = Vec::new();
    for (from, to, label) in rows {
        let span = TickSpan::new(beat(*from).max(Ticks::ZERO), beat(*to));
        let Some(chord) = harte_chord(label).filter(|_| !span.is_empty()) else {
            continue;
        };
        match out.last_mut() {
            Some(last) if last.span.end > span.start => {}
            Some(last) if last.chord == chord && last.span.end == span.start => {
                last.span.end = span.end;
            }
            _ => out.push(ChordSpan { span, chord }),
        }
    }
    out
}

/// Keys from lines such as `1.95 90.5 Gb:maj`.
fn keys(rows: &[Vec<String>], grid: &BeatGrid, end: Ticks) -> Vec<KeySpan> {
    let mut out: Vec<KeySpan> = Vec::new();
    for row in rows {
        let [from, _, label] = row.as_slice() else {
            continue;
        };
        let (Ok(from), Some((tonic, mode))) = (from.parse::<f64>(), label.split_once(':')) else {
            continue;
        };
        let Ok(tonic) = tonic.parse() else { continue };
        let mode = if mode.starts_with("min") {
            Mode::Minor
        } else {
            Mode::Major
        };
        let start = if out.is_empty() {
            Ticks::ZERO
        } else {
            grid.barline(from)
        };
        if start >= end {
            continue;
        }
        if let Some(last) = out.last_mut() {
            last.span.end = start;
        }
        out.push(KeySpan {
            span: TickSpan::new(start, end),
            key: Key::new(tonic, mode),
        });
    }
    out.retain(|key| !key.span.is_empty());
    out
}

/// Spells chords by the keys: the annotation has flats and sharps at will.
fn respell_chords(score: &mut Score) {
    for index in 0..score.chords.len() {
        let key = score.key_at(score.chords[index].span.start);
        let chord = &mut score.chords[index].chord;
        let spelled = |pc: u8| key.spell(60 + i32::from(pc)).name;
        chord.root = spelled(chord.root.pc());
        chord.bass = chord.bass.map(|bass| spelled(bass.pc()));
    }
}
