//! Many songs from one prompt.

use crate::{Studio, compose::Composed, error::StudioError, tempo::Tempo};
use rayon::prelude::*;
use yuefu_brief::Overrides;
use yuefu_critic::{Measures, Review};
use yuefu_engine::Cancel;
use yuefu_song::{ReleasePlan, Song};

impl Studio {
    /// Composes `count` songs that differ by their seeds: the one asked for and those after it.
    ///
    /// # Errors
    /// When the prompt is refused or the work is stopped.
    pub fn variations(
        &self,
        prompt: &str,
        overrides: &Overrides,
        release: &ReleasePlan,
        count: usize,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Vec<Composed>, StudioError> {
        let brief = self.understand(prompt, overrides);
        let first = brief.seed.unwrap_or(0);
        crate::publish::pool(threads)?.install(|| {
            (0..count as u64)
                .into_par_iter()
                .map(|number| {
                    cancel.check()?;
                    let mut brief = brief.clone();
                    brief.seed = Some(first.wrapping_add(number));
                    self.compose_brief(brief, release)
                })
                .collect()
        })
    }
}

/// One row of a contact sheet.
#[derive(Clone, Debug)]
pub struct ContactRow {
    /// Folder of the variation, inside the sheet's.
    pub folder: String,
    /// The song.
    pub song: Song,
    /// What the critics say of its score, its playing and its sound.
    pub review: Review,
    /// What the critics were told of its sound.
    pub heard: Measures,
    /// What its recording measures.
    pub measured: Option<crate::mastering::Measured>,
}

impl ContactRow {
    /// Facts for scripts.
    pub fn json(&self) -> serde_json::Value {
        let plan = &self.song.plan;
        serde_json::json!({
            "folder": self.folder,
            "seed": self.song.seed,
            "title": plan.title,
            "style": plan.style,
            "key": plan.key.to_string(),
            "bpm": Tempo::of(&self.song).felt,
            "quarter-bpm": Tempo::of(&self.song).quarters,
            "length": plan.length.0,
            "form": plan.sections.iter().map(|s| s.id.clone()).collect::<Vec<_>>(),
            "score": self.review.overall,
            "critics": self.review.critics.iter()
                .map(|verdict| (verdict.critic.clone(), verdict.score.into()))
                .collect::<serde_json::Map<_, _>>(),
            "loudness-range": self.heard.range,
            "lead-over-rest": self.heard.lead_over_rest,
            "loudness": self.measured.and_then(|m| m.loudness).map(|l| l.0),
        })
    }

    /// The critic that objects most, with its score; a dash when none objects.
    fn weakest(&self) -> String {
        let critics = self.review.critics.iter().filter(|v| v.score < 0.995);
        critics
            .min_by(|a, b| a.score.total_cmp(&b.score))
            .map_or("-".to_owned(), |v| format!("{} {:.2}", v.critic, v.score))
    }

    /// Facts in one line.
    pub fn line(&self) -> String {
        let plan = &self.song.plan;
        format!(
            "{}  {:.3}  {}  {}  {:.0} s  {}",
            self.folder,
            self.review.overall,
            plan.key,
            Tempo::of(&self.song),
            plan.length.0,
            plan.title
        )
    }
}

impl Studio {
    /// Sorts songs by what the critics say of their scores, unheard, best first; equals keep their order.
    pub fn rank(&self, songs: Vec<Composed>) -> Vec<(Composed, f32)> {
        let mut scored: Vec<(Composed, f32)> = songs
            .into_iter()
            .map(|composed| {
                let Song { score, plan, .. } = &composed.song;
                let score = yuefu_critic::review(score, plan, &self.catalog).overall;
                (composed, score)
            })
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        scored
    }

    /// Makes `count` songs in folders of their own below the job's folder, several at a time,
    /// and a contact sheet, best first by what the critics say of score, playing and sound.
    ///
    /// # Errors
    /// As for composing and publishing.
    pub fn contact_sheet(
        &self,
        prompt: &str,
        overrides: &Overrides,
        release: &ReleasePlan,
        count: usize,
        job: &crate::Publish<'_>,
    ) -> Result<Vec<ContactRow>, StudioError> {
        let cancel = &job.cancel;
        let songs = self.variations(prompt, overrides, release, count, job.threads, cancel)?;
        let total = songs.len() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let pool = crate::publish::pool(job.threads.min(2))?;
        let mut rows = pool.install(|| {
            songs
                .into_par_iter()
                .map(|composed| {
                    let row = self.contact_row(composed.song, job)?;
                    let now = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    job.progress.report(yuefu_engine::Step {
                        stage: yuefu_engine::Stage::Render,
                        done: now,
                        total,
                    });
                    Ok(row)
                })
                .collect::<Result<Vec<_>, StudioError>>()
        })?;
        rows.sort_by(|a, b| b.review.overall.total_cmp(&a.review.overall));
        let mut bundle = yuefu_release::Bundle::create(&job.folder)?;
        bundle.write("contact-sheet.md", sheet(prompt, &rows).as_bytes())?;
        bundle.commit()?;
        Ok(rows)
    }

    /// Publishes one variation and hears it.
    fn contact_row(&self, song: Song, job: &crate::Publish<'_>) -> Result<ContactRow, StudioError> {
        // The rank is not known before all are heard, so the seed names the folder.
        let folder = format!("seed-{}", song.seed);
        let made = self.publish(
            &song,
            &crate::Publish {
                threads: 1,
                measure: true,
                cancel: job.cancel.clone(),
                ..crate::Publish::into_folder(job.folder.join(&folder))
            },
        )?;
        let review = yuefu_critic::review(&song.score, &song.plan, &self.catalog);
        let heard = made.heard.unwrap_or_default();
        let review = yuefu_critic::hear(review, &self.perform(&song), &heard);
        Ok(ContactRow {
            folder,
            song,
            review,
            heard,
            measured: made.measured,
        })
    }
}

fn sheet(prompt: &str, rows: &[ContactRow]) -> String {
    let mut text = format!(
        "# {prompt}\n\n| folder | seed | title | key | tempo | length | form | critics | weakest | tune over rest, dB | LRA | LUFS |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let plan = &row.song.plan;
        let form: Vec<String> = plan
            .sections
            .iter()
            .map(|section| format!("{} {}", section.kind.name(), section.bars))
            .collect();
        let loudness = row.measured.and_then(|m| m.loudness);
        text += &format!(
            "| [{0}]({0}) | {1} | {2} | {3} | {4} | {5:.1} s | {6} | {7:.3} | {8} | {9} | {10} | {11} |\n",
            row.folder,
            row.song.seed,
            plan.title.replace('|', "/"),
            plan.key,
            Tempo::of(&row.song),
            plan.length.0,
            form.join(", "),
            row.review.overall,
            row.weakest(),
            tenths(row.heard.lead_over_rest),
            tenths(row.heard.range),
            tenths(loudness.map(|l| l.0)),
        );
    }
    text
}

fn tenths(value: Option<f32>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1}"))
}
