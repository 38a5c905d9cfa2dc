//! Whether a file becomes a song, is played whole, and leaves again with the same notes.

use yuefu_scorefile::{ScoreFile, ScoreLimits, read_midi, read_musicxml};
use yuefu_song::Score;
use yuefu_studio::{ReleasePlan, ScoreFormat, Studio};

/// What became of a file.
pub struct Report {
    /// Notes in it.
    pub notes: usize,
    /// What differs when it is written as MIDI and as MusicXML and read again.
    pub faults: [Option<String>; 2],
}

/// A note: start, length, MIDI key.
type Heard = (i64, i64, i32);

fn heard(score: &Score) -> Vec<Vec<Heard>> {
    score
        .tracks
        .iter()
        .map(|track| {
            let mut notes: Vec<Heard> = track
                .phrases
                .iter()
                .flat_map(|phrase| {
                    phrase.notes.iter().map(|n| {
                        let at = phrase.span.start + n.at;
                        (at.0, n.len.0, n.pitch.midi())
                    })
                })
                .collect();
            notes.sort_unstable();
            notes
        })
        .collect()
}

/// Imports a file, plays it, writes it and reads it again.
///
/// # Errors
/// The class of failure, when it does not become a song or is not played whole.
pub fn check(studio: &Studio, name: &str, bytes: &[u8]) -> Result<Report, String> {
    let limits = ScoreLimits::default();
    let imported = studio
        .import_bytes(bytes, name, &ReleasePlan::streaming())
        .map_err(|error| {
            let text = error.to_string();
            let text = text.strip_prefix(name).unwrap_or(&text);
            let class = text.split(". ").next().unwrap_or(text);
            format!("not a song{class}")
        })?;
    let song = imported.song;
    // The reader's own view of the file, before any cutting.
    let before = if bytes.starts_with(b"MThd") || bytes.starts_with(b"RIFF") {
        read_midi(bytes, &studio.catalog, &limits)
    } else {
        read_musicxml(bytes, &studio.catalog, &limits)
    };
    let before = before.map_err(|error| format!("not read: {error}"))?;
    let (file, document) = (heard(&before.score), heard(&song.score));
    if file != document {
        return Err("the song has other notes than the file".into());
    }
    for track in &song.score.tracks {
        let overlap = track
            .phrases
            .windows(2)
            .any(|p| p[0].span.end > p[1].span.start || p[0].span.is_empty());
        let mut ids: Vec<&str> = track.phrases.iter().map(|p| p.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        if overlap || ids.len() != track.phrases.len() {
            return Err("phrases overlap or share an id".into());
        }
    }
    let sections = song.score.sections.windows(2);
    if song.score.sections.is_empty() || sections.clone().any(|s| s[0].span.end != s[1].span.start)
    {
        return Err("sections leave gaps".into());
    }
    let notes: usize = document.iter().map(Vec::len).sum();
    let played = studio.perform(&song);
    let sounding: usize = played
        .tracks
        .iter()
        .flat_map(|t| &t.phrases)
        .map(|p| p.phrase.notes.len())
        .sum();
    // A key struck by two voices of a part at once sounds once.
    let struck: usize = document
        .iter()
        .map(|track| {
            let mut keys: Vec<(i64, i32)> = track.iter().map(|n| (n.0, n.2)).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.len()
        })
        .sum();
    if sounding < struck {
        return Err("notes do not sound".into());
    }
    let formats = [ScoreFormat::MidiScore, ScoreFormat::MusicXml];
    let mut faults = studio
        .scores(&song, &formats)
        .into_iter()
        .map(|(format, bytes)| {
            let back = match format {
                ScoreFormat::MidiScore => read_midi(&bytes, &studio.catalog, &limits),
                _ => read_musicxml(&bytes, &studio.catalog, &limits),
            };
            match back {
                Err(error) => Some(format!("{}: not read again: {error}", format.extension())),
                Ok(back) => {
                    difference(&document, &back).map(|d| format!("{}: {d}", format.extension()))
                }
            }
        });
    Ok(Report {
        notes,
        faults: [faults.next().flatten(), faults.next().flatten()],
    })
}

/// What class of difference there is between a song and what was read again.
fn difference(document: &[Vec<Heard>], back: &ScoreFile) -> Option<String> {
    let back = heard(&back.score);
    if back == document {
        return None;
    }
    let count = |tracks: &[Vec<Heard>]| tracks.iter().map(Vec::len).sum::<usize>();
    if back.len() != document.len() {
        return Some(format!("{} tracks became {}", document.len(), back.len()));
    }
    let same_key = document.iter().any(|track| {
        // One note inside another of its key.
        let mut by_key: Vec<(i32, i64, i64)> =
            track.iter().map(|n| (n.2, n.0, n.0 + n.1)).collect();
        by_key.sort_unstable();
        by_key
            .windows(2)
            .any(|p| p[0].0 == p[1].0 && p[0].2 > p[1].2)
    });
    if same_key {
        return Some("a note lies within a longer one of the same key".into());
    }
    if count(&back) != count(document) {
        return Some("fewer or more notes".into());
    }
    let moved = document
        .iter()
        .flatten()
        .zip(back.iter().flatten())
        .map(|(a, b)| (a.0 - b.0).abs().max((a.1 - b.1).abs()))
        .max()
        .unwrap_or(0);
    Some(if moved > 40_320 / 8 {
        "times differ by more than a 32nd note".into()
    } else {
        "times off the notation grid were moved to it".into()
    })
}
