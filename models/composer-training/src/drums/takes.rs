//! Takes of real drummers as grooves on sixteenths.

use crate::run::pieces;
use yuefu_corpus::{Piece, Split};
use yuefu_drummer::{
    features::{Ground, STYLES},
    groove::{BAR, Hit, STEPS, kind_of, tidy},
    swing::Swing,
};
use yuefu_theory::Ticks;

/// Fewest hits of two bars that are learned from.
const FEWEST: usize = 4;
/// Most hits of two bars; rolls beyond are left out.
pub const MOST: usize = 96;

/// One take, from its beginning.
#[derive(Clone, Debug)]
pub struct Take {
    /// Its name in the corpus.
    pub name: String,
    /// What is known of it.
    pub ground: Ground,
    /// How much later than the beat the whole of it is, in sixteenths; taken away from its hits.
    pub lag: f32,
    /// Its hits.
    pub hits: Vec<Hit>,
    /// Bars it lasts.
    pub bars: usize,
}

/// Two bars of a take, or a shorter fill.
#[derive(Clone, Debug)]
pub struct Window {
    /// What is known of it.
    pub ground: Ground,
    /// Its hits, by steps from its first bar.
    pub hits: Vec<Hit>,
    /// Steps that were played.
    pub steps: usize,
}

/// Reads a take; `None` where the piece is none in 4/4.
pub fn take(piece: &Piece) -> Option<Take> {
    let drums = piece.drums.as_ref()?;
    let metre = piece.score.timeline.metre(Ticks::ZERO);
    if metre.to_string() != "4/4" {
        return None;
    }
    let sixteenth = (Ticks::QUARTER.0 / 4) as f64;
    let notes: Vec<(f64, u8, u8)> = piece
        .score
        .tracks
        .iter()
        .flat_map(|track| &track.phrases)
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| {
                let at = (phrase.span.start + note.at).0 as f64 / sixteenth;
                (at, note.key(), note.velocity)
            })
        })
        .collect();
    // Drummers and their machines are early or late as a whole: heard on the beats.
    let mut near: Vec<f64> = notes
        .iter()
        .map(|(at, ..)| at - (at / 4.0).round() * 4.0)
        .filter(|far| far.abs() < 0.5)
        .collect();
    near.sort_by(f64::total_cmp);
    let lag = near.get(near.len() / 2).copied().unwrap_or(0.0);
    let places: Vec<f64> = notes.iter().map(|(at, ..)| at - lag).collect();
    let swing = Swing::heard(&places);
    let mut hits: Vec<Hit> = notes
        .iter()
        .zip(&places)
        .filter_map(|((_, key, velocity), at)| {
            let step = swing.nearest(*at);
            Some(Hit {
                step,
                kind: kind_of(*key)?,
                force: f32::from(*velocity) / 127.0,
                late: (at - swing.place(step)).clamp(-0.5, 0.5) as f32,
            })
        })
        .collect();
    tidy(&mut hits);
    let bars = hits.last().map_or(0, |hit| hit.step / BAR + 1);
    let genre = piece.genre.as_deref().unwrap_or("");
    let style = genre.split('/').next().unwrap_or("");
    Some(Take {
        name: piece.name.clone(),
        ground: Ground {
            style: STYLES.iter().position(|known| *known == style),
            tempo: piece.score.timeline.bpm(Ticks::ZERO),
            fill: drums.fill,
            swing,
        },
        lag: lag as f32,
        hits,
        bars,
    })
}

/// The takes of some sources, each with its part of the data.
///
/// # Errors
/// When a source cannot be read, in words.
pub fn takes(sources: &[String]) -> Result<Vec<(Split, Take)>, String> {
    let pieces = pieces(sources)?;
    let pieces = pieces.iter();
    Ok(pieces.filter_map(|p| Some((p.split, take(p)?))).collect())
}

/// The windows of the takes of one part of the data, `every` bars apart.
pub fn windows_of(takes: &[(Split, Take)], split: Split, every: usize) -> Vec<Window> {
    let own = takes.iter().filter(|(part, _)| *part == split);
    own.flat_map(|(_, take)| windows(take, every)).collect()
}

/// The windows of a take, `every` bars apart; a fill is one window from its beginning.
pub fn windows(take: &Take, every: usize) -> Vec<Window> {
    let last = match take.ground.fill {
        true => 1,
        false => take.bars.saturating_sub(1),
    };
    (0..last)
        .step_by(every)
        .map(|bar| {
            let from = bar * BAR;
            let hits: Vec<Hit> = take
                .hits
                .iter()
                .filter(|hit| (from..from + STEPS).contains(&hit.step))
                .map(|hit| Hit {
                    step: hit.step - from,
                    ..*hit
                })
                .collect();
            Window {
                ground: take.ground,
                steps: ((take.bars - bar) * BAR).min(STEPS),
                hits,
            }
        })
        .filter(|window| (FEWEST..=MOST).contains(&window.hits.len()))
        .collect()
}
