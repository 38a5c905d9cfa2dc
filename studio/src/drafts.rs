//! Several drafts of a tune, and which of them a song keeps.

use crate::Studio;
use rayon::prelude::*;
use std::ops::RangeInclusive;
use yuefu_arrange::{Band, arrange_leads};
use yuefu_engine::SeedPath;
use yuefu_evaluate::drafts::{Standard, Standards, shares};
use yuefu_originality::{OriginalityIndex, tune_of};
use yuefu_song::{LyricSheet, School, Score, SongPlan, lead_of};

/// Drafts that are written of a song's tune. The first of all (0) is for those who weigh nothing.
pub const DRAFTS: RangeInclusive<u16> = 1..=14;

/// What is known of a draft.
struct Read {
    /// Notes of its longest run that is known; 0: none is.
    known: usize,
    /// How much it counts, as a logarithm.
    weight: f64,
}

impl Studio {
    /// Which draft of a planned song's tune to keep, of those that repeat least of known tunes; drawn
    /// by how much likelier each is among real songs ([`yuefu_evaluate::drafts`]). The first where
    /// rules find the tune: there are no real ones to compare with.
    ///
    /// The same plan, band and seed give the same draft, with one or many threads.
    pub fn best_draft(
        &self,
        plan: &SongPlan,
        words: &LyricSheet,
        band: Band<'_>,
        seed: &SeedPath,
    ) -> u16 {
        let style = self.book.get(&plan.style);
        let school = style.map_or(School::Rules, |style| style.melody.school);
        let standards = Standards::shipped().ok();
        let sung = !words.lines.is_empty();
        let standard = standards.and_then(|all| all.of(school.name(), sung));
        let (Some(standard), Some(_)) = (standard, band.finder) else {
            return 0;
        };
        let read: Vec<Option<Read>> = DRAFTS
            .into_par_iter()
            .map(|draft| {
                read(
                    &arrange_leads(plan, words, band.on_draft(draft), seed),
                    standard,
                )
            })
            .collect();
        chosen(&read, seed)
    }
}

fn read(score: &Score, standard: &Standard) -> Option<Read> {
    let weight = standard.weigh(score)?;
    let tune = tune_of(lead_of(score)?);
    let known = OriginalityIndex::shipped()
        .ok()
        .and_then(|index| index.longest_known_run(&tune))
        .map_or(0, |run| run.notes);
    Some(Read { known, weight })
}

/// One of the drafts by weight; what cannot be weighed does not count beside what can.
fn chosen(read: &[Option<Read>], seed: &SeedPath) -> u16 {
    let fewest = read
        .iter()
        .flatten()
        .map(|own| own.known)
        .min()
        .unwrap_or(0);
    let usable = |own: &&Read| own.known == fewest;
    let weights = read
        .iter()
        .map(|own| own.as_ref().filter(usable).map(|own| own.weight));
    let weights: Vec<Option<f64>> = weights.collect();
    match shares(&weights) {
        Some(shares) => DRAFTS.start() + seed.join("draft").rng().weighted(&shares) as u16,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tunes_are_kept_only_where_all_are_known() {
        let draft = |known, weight| Some(Read { known, weight });
        let seed = SeedPath::song(1);
        let pick = |read: &[Option<Read>]| chosen(read, &seed) - DRAFTS.start();
        assert_eq!(pick(&[draft(9, 9.0), draft(0, -9.0), None]), 1);
        assert_eq!(pick(&[None, draft(12, 5.0), draft(9, 0.0)]), 2);
        assert_eq!(chosen(&[None, None], &seed), 0);
        // Far apart in weight, the heavier one is kept.
        assert_eq!(pick(&[draft(0, -300.0), draft(0, 0.0)]), 1);
    }
}
