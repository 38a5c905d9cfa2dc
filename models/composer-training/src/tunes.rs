//! The tunes of a corpus, told to networks.

use yuefu_composer::{
    events::{Kin, Sung},
    ground::Ground,
    tell::{Event, tell},
};
use yuefu_corpus::{Piece, Source};
use yuefu_song::line_of;
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
    let begins = |at: Ticks| {
        (!piece.syllables.is_empty())
            .then(|| piece.syllables.binary_search_by_key(&at, |s| s.at).is_ok())
    };
    let line = line_of(track).into_iter().map(|note| Sung {
        at: note.at,
        len: note.len,
        key: i32::from(note.key),
        begins: begins(note.at),
    });
    line.collect()
}

/// A piece's tune as it is told; `None` where it is too short.
pub fn told(piece: &Piece) -> Option<Vec<Event>> {
    let notes = notes(piece);
    (notes.len() >= FEWEST).then(|| {
        let ground = Ground::of_score(&piece.score);
        tell(&ground, kin(piece.source), &notes, &piece.phrases)
    })
}
