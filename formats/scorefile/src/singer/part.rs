//! Sung notes of a score, line by line.

use yuefu_song::{Score, Track, lyrics::Lyric};
use yuefu_theory::Ticks;

/// A sung note at its place in the score.
pub(super) struct SungNote<'a> {
    pub(super) at: Ticks,
    pub(super) len: Ticks,
    pub(super) key: i32,
    /// The syllable that begins on it; `None` continues the one before.
    pub(super) lyric: Option<&'a Lyric>,
}

/// Phrases of a track that have words; notes before the first syllable and notes that a single
/// voice cannot sing are left out.
pub(super) fn lines(track: &Track) -> Vec<Vec<SungNote<'_>>> {
    let mut out = Vec::new();
    for phrase in &track.phrases {
        let mut line: Vec<SungNote<'_>> = Vec::new();
        for note in &phrase.notes {
            let at = phrase.span.start + note.at;
            if at < Ticks::ZERO || line.is_empty() && note.lyric.is_none() {
                continue;
            }
            if let Some(before) = line.last_mut() {
                if before.at == at {
                    continue;
                }
                before.len = before.len.min(at - before.at);
            }
            line.push(SungNote {
                at,
                len: note.len,
                key: note.pitch.midi(),
                lyric: note.lyric.as_deref(),
            });
        }
        if !line.is_empty() {
            out.push(line);
        }
    }
    out
}

/// Tracks with words.
pub(super) fn sung(score: &Score) -> impl Iterator<Item = &Track> {
    score.tracks.iter().filter(|track| {
        let mut notes = track.phrases.iter().flat_map(|p| &p.notes);
        notes.any(|note| note.lyric.is_some())
    })
}
