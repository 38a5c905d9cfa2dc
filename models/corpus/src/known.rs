//! The index of every tune of a corpus, for the guard of originality.

use crate::Piece;
use yuefu_originality::{OriginalityIndex, TuneNote, tune_of};

/// Indexes the tunes of the pieces that `take` chooses. What leaves are hashes and names.
pub fn index_tunes(pieces: &[Piece], take: impl Fn(&Piece) -> bool) -> OriginalityIndex {
    let tunes: Vec<(String, &Piece, Vec<TuneNote>)> = pieces
        .iter()
        .filter(|piece| take(piece))
        .filter_map(|piece| {
            let track = &piece.score.tracks[piece.melody?];
            Some((piece.id(), piece, tune_of(track)))
        })
        .collect();
    OriginalityIndex::build(tunes.iter().map(|(name, piece, notes)| {
        let bar = move |index: usize| {
            let at = notes
                .get(index)
                .map_or_else(Default::default, |note| note.at);
            piece.score.timeline.bar_of(at).0 + 1
        };
        (name.as_str(), piece.group, notes.as_slice(), bar)
    }))
}
