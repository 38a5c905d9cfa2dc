//! The tunes of a corpus, told to networks.

use yuefu_composer::{
    events::{Kin, Sung},
    ground::Ground,
    tell::{Event, tell},
};
use yuefu_corpus::{Piece, Source};
use yuefu_song::Note;
use yuefu_theory::Ticks;

/// Fewest notes of a tune that is learned from.
const FEWEST: usize = 24;

/// The kind of tune that a source has.
pub fn kin(source: Source) -> Kin {
    match source {
        Source::Lieder => Kin::Art,
        Source::Openewld => Kin::Standard,
        Source::Own => Kin::Own,
        _ => Kin::Pop,
    }
}

/// The notes of a piece's tune, one at a time; empty where it has none.
pub fn notes(piece: &Piece) -> Vec<Sung> {
    let Some(track) = piece.melody.and_then(|index| piece.score.tracks.get(index)) else {
        return Vec::new();
    };
    let mut all: Vec<(Ticks, &Note)> = track
        .phrases
        .iter()
        .flat_map(|phrase| phrase.notes.iter().map(|n| (phrase.span.start + n.at, n)))
        .collect();
    all.sort_by_key(|(at, note)| (*at, -note.pitch.midi()));
    all.dedup_by_key(|(at, _)| *at);
    let begins = |at: Ticks| {
        (!piece.syllables.is_empty())
            .then(|| piece.syllables.binary_search_by_key(&at, |s| s.at).is_ok())
    };
    let mut notes: Vec<Sung> = Vec::with_capacity(all.len());
    for (at, note) in all {
        if let Some(before) = notes.last_mut() {
            before.len = before.len.min(at - before.at);
        }
        notes.push(Sung {
            at,
            len: note.len,
            key: note.pitch.midi(),
            begins: begins(at),
        });
    }
    notes
}

/// A piece's tune as it is told; `None` where it is too short.
pub fn told(piece: &Piece) -> Option<Vec<Event>> {
    let notes = notes(piece);
    (notes.len() >= FEWEST).then(|| {
        let ground = Ground::of_score(&piece.score);
        tell(&ground, kin(piece.source), &notes, &piece.phrases)
    })
}
