//! Critics: what is wrong with a piece, where, and what to do about it.
//!
//! They serve the choice of the best of several takes and the tests alike. Each gives a score in
//! 0..=1 and its findings; [`review`] judges the score, [`hear`] adds the performance and the
//! figures measured on the audio. Critics change nothing and never fail.

mod form;
mod melody;
mod scene;
mod sound;
mod texture;

pub use scene::{Scene, Sounding};
pub use sound::{Measures, hear};

use serde::{Deserialize, Serialize};
use yuefu_audio::math;
use yuefu_song::{Catalog, Score, SongPlan};

/// The judgement of all critics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Weighted geometric mean of the scores, 0..=1: one bad fault is not outweighed by many
    /// virtues.
    pub overall: f32,
    /// Each critic's verdict, in fixed order.
    pub critics: Vec<Verdict>,
}

/// One critic's judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which critic, such as `tonal-fit`.
    pub critic: String,
    /// 0 (useless) to 1 (nothing to object to).
    pub score: f32,
    /// Weight in the whole.
    pub weight: f32,
    /// What was found, in order of place; at most 24, the gravest kept.
    pub findings: Vec<Finding>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Bar number from 1; 0 when it concerns the whole.
    pub bar: i64,
    /// Track ids concerned.
    pub tracks: Vec<String>,
    /// How grave, 0..=1.
    pub gravity: f32,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Review {
    /// A review of verdicts.
    pub fn of(critics: Vec<Verdict>) -> Self {
        let (mut sum, mut weights) = (0.0, 0.0);
        for verdict in &critics {
            let weight = f64::from(verdict.weight);
            sum += weight * math::ln(f64::from(verdict.score.clamp(0.05, 1.0)));
            weights += weight;
        }
        let overall = if weights > 0.0 {
            math::exp(sum / weights) as f32
        } else {
            1.0
        };
        Self { overall, critics }
    }

    /// The verdict of a critic by name.
    pub fn verdict(&self, critic: &str) -> Option<&Verdict> {
        self.critics.iter().find(|verdict| verdict.critic == critic)
    }
}

impl Verdict {
    pub(crate) fn new(critic: &str, weight: f32, score: f32, mut findings: Vec<Finding>) -> Self {
        const MOST: usize = 24;
        if findings.len() > MOST {
            findings.sort_by(|a, b| b.gravity.total_cmp(&a.gravity));
            findings.truncate(MOST);
        }
        findings.sort_by_key(|finding| finding.bar);
        Self {
            critic: critic.into(),
            score: if score.is_finite() {
                score.clamp(0.0, 1.0)
            } else {
                0.0
            },
            weight,
            findings,
        }
    }
}

/// Judges a score: register, parallels, empty and frozen bars, monotony, tonal fit, range,
/// dissonance, leaps, breathing, density and contrast.
pub fn review(score: &Score, plan: &SongPlan, catalog: &Catalog) -> Review {
    let scene = Scene::new(score, plan, catalog);
    Review::of(vec![
        texture::register(&scene),
        texture::masking(&scene),
        texture::parallels(&scene),
        texture::dissonance(&scene),
        melody::tonal_fit(&scene),
        melody::leaps(&scene),
        melody::monotony(&scene),
        melody::breathing(&scene),
        form::frozen(&scene),
        form::range(&scene),
        form::density(&scene),
        form::contrast(&scene),
    ])
}

/// Linear from 1 at `good` to 0 at `bad` (either order), clamped.
pub(crate) fn grade(value: f32, good: f32, bad: f32) -> f32 {
    ((value - bad) / (good - bad)).clamp(0.0, 1.0)
}
