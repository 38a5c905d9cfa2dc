//! Reading the POP909 set (MIT, music-x-lab): melodies and chords on a grid of beats.
//! Nothing of it is kept or shipped; only statistics leave this module.

use crate::lines::{LineChord, LineNote};
use midly::{MetaMessage, MidiMessage, Smf, TrackEventKind};
use std::{collections::BTreeMap, io::Read, path::Path};
use yuefu_theory::{Chord, Quality};

/// One song.
pub struct Song {
    /// Number in the set.
    pub name: String,
    /// Its melody.
    pub melody: Vec<LineNote>,
    /// Its chords.
    pub chords: Vec<LineChord>,
}

/// Reads up to `limit` songs of `pop909.tar.gz`.
///
/// # Errors
/// When the archive cannot be read; songs that cannot be understood are left out.
pub fn read(archive: &Path, limit: usize) -> std::io::Result<Vec<Song>> {
    let mut files: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    let file = std::fs::File::open(archive)?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let [_, song, name] = parts[..] else { continue };
        let wanted =
            name == format!("{song}.mid") || name == "beat_midi.txt" || name == "chord_midi.txt";
        if wanted && entry.size() < 4_000_000 {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files
                .entry(song.to_string())
                .or_default()
                .push((name.to_string(), bytes));
        }
    }
    Ok(files
        .into_iter()
        .take(limit)
        .filter_map(|(name, files)| song(name, &files))
        .collect())
}

fn song(name: String, files: &[(String, Vec<u8>)]) -> Option<Song> {
    let get = |end: &str| {
        files
            .iter()
            .find(|(n, _)| n.ends_with(end))
            .map(|(_, b)| b.as_slice())
    };
    let rows = |bytes: &[u8]| -> Vec<Vec<String>> {
        String::from_utf8_lossy(bytes)
            .lines()
            .map(|l| l.split_whitespace().map(str::to_string).collect())
            .collect()
    };
    let beat_rows = rows(get("beat_midi.txt")?);
    let beats: Vec<f64> = beat_rows
        .iter()
        .filter_map(|r| r.first()?.parse().ok())
        .collect();
    // The third column marks the bar's first beat.
    let down = beat_rows
        .iter()
        .position(|r| r.get(2).is_some_and(|v| v == "1.0"))
        .unwrap_or(0) as f64;
    let to_beats = |seconds: f64| -> f64 {
        let after = beats
            .partition_point(|b| *b <= seconds)
            .clamp(1, beats.len() - 1);
        let (a, b) = (beats[after - 1], beats[after]);
        (after - 1) as f64 + (seconds - a) / (b - a).max(1e-6) - down
    };
    if beats.len() < 16 {
        return None;
    }
    let melody = melody(get(".mid")?)?
        .into_iter()
        .map(|(on, off, key)| {
            // The set is played with small deviations: sixteenth grid.
            let at = (to_beats(on) * 4.0).round() / 4.0;
            let len = ((to_beats(off) - to_beats(on)) * 4.0).round().max(1.0) / 4.0;
            LineNote { at, len, key }
        })
        .collect();
    let chords = rows(get("chord_midi.txt")?)
        .iter()
        .filter_map(|r| {
            let (from, to) = (r.first()?.parse().ok()?, r.get(1)?.parse().ok()?);
            Some(LineChord {
                from: to_beats(from),
                to: to_beats(to),
                pcs: pcs(r.get(2)?)?,
            })
        })
        .collect();
    Some(Song {
        name,
        melody,
        chords,
    })
}

/// Notes of the MELODY track in seconds.
fn melody(bytes: &[u8]) -> Option<Vec<(f64, f64, i32)>> {
    notes(bytes, Some(b"MELODY"))
}

/// Notes in seconds: of the track of a name, or of all tracks.
fn notes(bytes: &[u8], name: Option<&[u8]>) -> Option<Vec<(f64, f64, i32)>> {
    let smf = Smf::parse(bytes).ok()?;
    let midly::Timing::Metrical(ppq) = smf.header.timing else {
        return None;
    };
    let ppq = f64::from(ppq.as_int());
    let mut tempo = vec![(0_u64, 500_000.0)];
    for track in &smf.tracks {
        let mut at = 0;
        for event in track {
            at += u64::from(event.delta.as_int());
            if let TrackEventKind::Meta(MetaMessage::Tempo(t)) = event.kind {
                tempo.push((at, f64::from(t.as_int())));
            }
        }
    }
    tempo.sort_by_key(|t| t.0);
    let seconds = |tick: u64| -> f64 {
        let mut total = 0.0;
        for (i, (at, micros)) in tempo.iter().enumerate() {
            let end = tempo.get(i + 1).map_or(tick, |n| n.0.min(tick));
            if end > *at {
                total += (end - at) as f64 / ppq * micros / 1e6;
            }
        }
        total
    };
    let named = |t: &midly::Track<'_>| {
        t.iter().any(|e| {
            matches!(e.kind, TrackEventKind::Meta(MetaMessage::TrackName(n)) if Some(n) == name)
        })
    };
    let mut notes = Vec::new();
    let mut found = false;
    for track in smf.tracks.iter().filter(|t| name.is_none() || named(t)) {
        found = true;
        let mut open: BTreeMap<u8, u64> = BTreeMap::new();
        let mut at = 0;
        for event in track {
            at += u64::from(event.delta.as_int());
            if let TrackEventKind::Midi { message, .. } = event.kind {
                match message {
                    MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                        open.insert(key.as_int(), at);
                    }
                    MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                        if let Some(on) = open.remove(&key.as_int()) {
                            notes.push((seconds(on), seconds(at), i32::from(key.as_int())));
                        }
                    }
                    _ => {}
                }
            }
        }
        if name.is_some() {
            break;
        }
    }
    found.then_some(notes)
}

/// Everything a song plays, on a grid of beats.
pub struct OnBeats {
    /// Beats in a bar, by the distance of the first downbeats.
    pub beats_a_bar: u8,
    /// Start and end in beats from the first downbeat, and MIDI key.
    pub notes: Vec<(f64, f64, u8)>,
    /// Start and end in beats and the chord; `None` where there is none.
    pub chords: Vec<(f64, f64, Option<Chord>)>,
}

/// Reads the MIDI file, the beats and the chords of a song.
pub fn on_beats(midi: &[u8], beats: &[u8], chords: &[u8]) -> Option<OnBeats> {
    let rows = |bytes: &[u8]| -> Vec<Vec<String>> {
        String::from_utf8_lossy(bytes)
            .lines()
            .map(|l| l.split_whitespace().map(str::to_string).collect())
            .collect()
    };
    let beat_rows = rows(beats);
    let times: Vec<f64> = beat_rows
        .iter()
        .filter_map(|r| r.first()?.parse().ok())
        .collect();
    if times.len() < 16 {
        return None;
    }
    let downs: Vec<usize> = (0..beat_rows.len())
        .filter(|i| beat_rows[*i].get(2).is_some_and(|v| v == "1.0"))
        .collect();
    let down = downs.first().copied().unwrap_or(0) as f64;
    let beats_a_bar = match downs[..] {
        [a, b, ..] => (b - a).clamp(2, 6) as u8,
        _ => 4,
    };
    let to_beats = |seconds: f64| -> f64 {
        let after = times
            .partition_point(|b| *b <= seconds)
            .clamp(1, times.len() - 1);
        let (a, b) = (times[after - 1], times[after]);
        (after - 1) as f64 + (seconds - a) / (b - a).max(1e-6) - down
    };
    let notes = notes(midi, None)?
        .into_iter()
        .filter_map(|(on, off, key)| Some((to_beats(on), to_beats(off), u8::try_from(key).ok()?)))
        .collect();
    let chords = rows(chords)
        .iter()
        .filter_map(|r| {
            let (from, to) = (r.first()?.parse().ok()?, r.get(1)?.parse().ok()?);
            Some((to_beats(from), to_beats(to), label(r.get(2)?)))
        })
        .collect();
    Some(OnBeats {
        beats_a_bar,
        notes,
        chords,
    })
}

/// The chord of a label such as `C#:min7/b3`, without its bass.
fn label(label: &str) -> Option<Chord> {
    let (root, kind) = label.split_once(':')?;
    let kind = kind.split('/').next()?;
    let quality = match kind {
        "maj" => Quality::Major,
        "min" => Quality::Minor,
        "maj7" => Quality::MajorSeven,
        "min7" => Quality::MinorSeven,
        "maj6" => Quality::Six,
        "min6" => Quality::MinorSix,
        "hdim7" => Quality::HalfDiminished,
        "dim" => Quality::Diminished,
        "dim7" => Quality::DiminishedSeven,
        "aug" => Quality::Augmented,
        "sus2" => Quality::Sus2,
        "sus4" => Quality::Sus4,
        k if k.starts_with("sus4") => Quality::DominantSus,
        k if k.starts_with('7') || k.starts_with('9') => Quality::Dominant,
        _ => Quality::Major,
    };
    Some(Chord::new(root.parse().ok()?, quality))
}

/// Pitch classes of a label such as `C#:min7/b3`.
fn pcs(label: &str) -> Option<u16> {
    let (root, kind) = label.split_once(':')?;
    let mut signs = root.chars();
    let base = match signs.next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let root = signs.fold(base, |pc, sign| pc + if sign == '#' { 1 } else { -1 });
    let kind = kind.split('/').next()?;
    let tones: &[i32] = match kind {
        k if k.starts_with("maj7") || k.starts_with("maj9") => &[0, 4, 7, 11],
        k if k.starts_with("min7") || k.starts_with("min9") => &[0, 3, 7, 10],
        k if k.starts_with("maj6") => &[0, 4, 7, 9],
        k if k.starts_with("min6") => &[0, 3, 7, 9],
        k if k.starts_with("min") => &[0, 3, 7],
        k if k.starts_with("hdim") => &[0, 3, 6, 10],
        k if k.starts_with("dim") => &[0, 3, 6],
        k if k.starts_with("aug") => &[0, 4, 8],
        k if k.starts_with("sus2") => &[0, 2, 7],
        k if k.starts_with("sus4") => &[0, 5, 7],
        k if k.starts_with('7') || k.starts_with('9') => &[0, 4, 7, 10],
        _ => &[0, 4, 7],
    };
    Some(
        tones
            .iter()
            .fold(0, |set, t| set | 1 << (root + t).rem_euclid(12)),
    )
}
