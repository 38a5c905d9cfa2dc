//! Voices beside a lead that was changed otherwise than by writing it anew.

use super::{Rewritten, Why, find};
use crate::{Band, ENGINE, backing, hall::Hall};
use yuefu_engine::SeedPath;
use yuefu_song::{Score, SongPlan};

/// Brings the voices beside the lead to what it sings in `score`, where that is not what it sang
/// in `was`: takes that they have for it come back, else they get one.
///
/// The report names the phrases that changed with the take that they have now, and those that are
/// locked.
pub fn beside(
    plan: &SongPlan,
    was: &Score,
    score: &Score,
    band: Band<'_>,
    seed: &SeedPath,
) -> (Score, Rewritten) {
    let mut now = score.clone();
    let mut out = Rewritten::default();
    let Some(mut hall) = Hall::new(plan, band, seed) else {
        return (now, out);
    };
    hall.score = Some(score);
    for follower in backing::beside(&hall, was) {
        let (track, id) = (&follower.track, &follower.phrase);
        let Some(notes) = follower.notes else {
            out.leave(track, id, Why::Behind);
            continue;
        };
        let Some(phrase) = find(&now, track, id).filter(|p| p.notes != notes) else {
            continue;
        };
        let known = phrase.takes.iter().find(|take| take.notes == notes);
        match known.cloned() {
            Some(take) => {
                let tracks = now.tracks.iter_mut().filter(|t| t.id == *track);
                for phrase in tracks.flat_map(|t| &mut t.phrases).filter(|p| p.id == *id) {
                    phrase.switch(take.number);
                }
                out.phrases.push(super::PhraseTakes {
                    track: track.clone(),
                    phrase: id.clone(),
                    takes: vec![take],
                });
            }
            None => {
                let number = phrase.next_take();
                out.add(&mut now, seed, (track, id), number, notes, ENGINE);
            }
        }
    }
    (now, out)
}
