//! Rendering a project: with what it keeps, and telling what an edit made necessary.

use crate::{
    Studio,
    error::StudioError,
    keeping::{Collected, Keeping, USUAL_LIMIT},
    publish::{Publish, Published},
    render::{Changed, Ledger, RenderOptions, Rendered, STAGES, Unit},
};
use std::collections::BTreeSet;
use yuefu_song::{Song, history::state};

/// A rendering of a project.
#[derive(Debug)]
pub struct Heard {
    /// What was published.
    pub published: Published,
    /// What differs from the rendering before.
    pub explanation: Explanation,
    /// What was removed from the store to keep it under its limit.
    pub collected: Collected,
}

/// What was made again, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// By stage (see [`STAGES`]): units made, and units kept.
    pub stages: [(u64, u64); 5],
    /// Units that were made, or found in the store under a key they did not have before.
    pub units: Vec<Explained>,
}

/// One unit that is not what it was in the rendering before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Which.
    pub unit: Unit,
    /// The seconds of the song that it covers, in milliseconds; `None` for clips.
    pub covers: Option<(u64, u64)>,
    /// Whether it was made; else it was found in the store (after an undo, for example).
    pub made: bool,
    /// Why.
    pub why: Why,
}

/// Why a unit is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There was no such unit.
    New,
    /// These inputs changed, by name.
    Changed(Vec<String>),
    /// Nothing changed, but nothing was stored either.
    Lost,
}

impl Why {
    /// The reason in words.
    pub fn text(&self, chinese: bool) -> String {
        match self {
            Self::New if chinese => "新的".to_owned(),
            Self::New => "new".to_owned(),
            Self::Lost if chinese => "没有改变，但未曾保存".to_owned(),
            Self::Lost => "nothing changed, but it was not kept".to_owned(),
            Self::Changed(inputs) => {
                let names: Vec<String> = inputs
                    .iter()
                    .map(|name| input_name(name, chinese))
                    .collect();
                names.join(if chinese { "、" } else { ", " })
            }
        }
    }
}

/// Inputs of units in Chinese; parts of names, longest first.
const INPUTS: [(&str, &str); 13] = [
    ("ducking under ", "避让 "),
    ("master plan", "母带方案"),
    ("instrument", "乐器"),
    ("channel ", "通道 "),
    ("return ", "效果 "),
    ("playing", "演奏（速度、力度、前后音）"),
    ("effect", "效果设置"),
    ("notes", "音符"),
    ("strip", "通道条设置"),
    ("place", "位置"),
    ("clip ", "乐句 "),
    ("rate", "采样率"),
    ("mix ", "混音 "),
];

fn input_name(name: &str, chinese: bool) -> String {
    if !chinese {
        return match name {
            "playing" => "playing (tempo, dynamics, the note before)".to_owned(),
            "strip" => "channel strip".to_owned(),
            name => name.to_owned(),
        };
    }
    let mut text = name.to_owned();
    for (en, zh) in INPUTS {
        if let Some(rest) = text.strip_prefix(en) {
            let rest = rest.to_owned();
            text = format!("{zh}{}", input_name(&rest, true));
            break;
        }
    }
    text
}

impl Explanation {
    /// Compares a rendering with the one before.
    pub(crate) fn of(
        stages: [(u64, u64); 5],
        made: &[Unit],
        ledger: &Ledger,
        before: Option<&Ledger>,
    ) -> Self {
        let made: BTreeSet<&Unit> = made.iter().collect();
        let changes = ledger.changes(before);
        let changed: BTreeSet<&Unit> = changes.iter().map(|c| c.unit).collect();
        let covers = |unit: &Unit| match unit {
            Unit::Clip { .. } => None,
            Unit::Channel { window, .. }
            | Unit::Return { window, .. }
            | Unit::Mix { window }
            | Unit::Master { window } => {
                let (from, to) = ledger.seconds(*window);
                Some(((from * 1000.0) as u64, (to * 1000.0) as u64))
            }
        };
        let explain = |change: &Changed<'_>| Explained {
            unit: change.unit.clone(),
            covers: covers(change.unit),
            made: made.contains(change.unit),
            why: if change.new {
                Why::New
            } else {
                Why::Changed(change.why.iter().map(|name| (*name).to_owned()).collect())
            },
        };
        let mut units: Vec<Explained> = changes.iter().map(explain).collect();
        units.extend(
            made.iter()
                .filter(|unit| !changed.contains(**unit))
                .map(|unit| Explained {
                    unit: (*unit).clone(),
                    covers: covers(unit),
                    made: true,
                    why: Why::Lost,
                }),
        );
        units.sort_by(|a, b| a.unit.cmp(&b.unit));
        Self { stages, units }
    }

    /// Lines for people: totals by stage, and for each the first few units with their reasons.
    pub fn lines(&self, most: usize, chinese: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (stage, (en, zh)) in STAGES.iter().enumerate() {
            let (made, kept) = self.stages[stage];
            lines.push(if chinese {
                format!("{zh}：新做 {made}，沿用 {kept}")
            } else {
                format!("{en}: {made} made, {kept} kept")
            });
            let here: Vec<&Explained> = self
                .units
                .iter()
                .filter(|explained| explained.unit.stage() == stage)
                .collect();
            for explained in here.iter().take(most) {
                let place = explained.covers.map_or(String::new(), |(from, to)| {
                    format!(" ({:.1}-{:.1} s)", from as f64 / 1e3, to as f64 / 1e3)
                });
                let found = match (explained.made, chinese) {
                    (true, _) => "",
                    (false, true) => "（库中已有）",
                    (false, false) => " (found in the store)",
                };
                let name = explained.unit.name();
                let why = explained.why.text(chinese);
                lines.push(format!("  {name}{place}: {why}{found}"));
            }
            if here.len() > most {
                let more = here.len() - most;
                lines.push(if chinese {
                    format!("  ……另有 {more} 个")
                } else {
                    format!("  ... and {more} more")
                });
            }
        }
        lines
    }
}

impl Studio {
    /// Renders and publishes a song of a project, keeping what was made.
    ///
    /// `needed` are the states (see [`yuefu_song::history::state`]) whose artifacts must stay whatever the limit.
    ///
    /// # Errors
    /// As [`Studio::publish`].
    pub fn publish_kept(
        &self,
        song: &Song,
        keeping: &Keeping,
        needed: &[String],
        limit: Option<u64>,
        job: Publish<'_>,
    ) -> Result<Heard, StudioError> {
        let in_use = keeping.in_use();
        let before = keeping.newest();
        let job = Publish {
            store: Some(keeping.store()),
            before: before.as_ref(),
            ..job
        };
        let published = self.publish(song, &job)?;
        let mut explanation = Explanation::default();
        if let Some(ledger) = &published.ledger {
            explanation =
                Explanation::of(published.units, &published.made, ledger, before.as_ref());
            // A ledger that cannot be written costs time at the next rendering.
            let _ = keeping.keep(&state(&published.song), ledger);
        }
        drop(in_use);
        let collected = tidy(keeping, &published.song, needed, limit)?;
        Ok(Heard {
            published,
            explanation,
            collected,
        })
    }

    /// Renders a song of a project to samples, keeping what was made: the quickest way from an
    /// edit to something to listen to.
    ///
    /// # Errors
    /// When stopped.
    pub fn render_kept(
        &self,
        song: &Song,
        keeping: &Keeping,
        options: &RenderOptions<'_>,
    ) -> Result<(Rendered, Explanation), StudioError> {
        let _in_use = keeping.in_use();
        let before = keeping.newest();
        let options = RenderOptions {
            store: Some(keeping.store()),
            before: before.as_ref(),
            ..*options
        };
        let rendered = self.render(song, &options)?;
        let explanation = Explanation::of(
            rendered.units,
            &rendered.made,
            &rendered.ledger,
            before.as_ref(),
        );
        let mut settled = song.clone();
        settled.mix = Some(rendered.plan.clone());
        settled.master = Some(rendered.mastering.clone());
        let _ = keeping.keep(&state(&settled), &rendered.ledger);
        Ok((rendered, explanation))
    }
}

/// Brings the store under its limit when it exceeds it.
fn tidy(
    keeping: &Keeping,
    song: &Song,
    needed: &[String],
    limit: Option<u64>,
) -> Result<Collected, StudioError> {
    let limit = limit.unwrap_or(USUAL_LIMIT);
    let left = keeping.size()?;
    if left.bytes <= limit {
        return Ok(Collected {
            left,
            ..Collected::default()
        });
    }
    let mut needed = needed.to_vec();
    needed.push(state(song));
    keeping.collect(&needed, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_in_both_languages() {
        let why = Why::Changed(vec!["notes".into(), "ducking under clip drums/a".into()]);
        assert_eq!(why.text(false), "notes, ducking under clip drums/a");
        assert_eq!(why.text(true), "音符、避让 乐句 drums/a");
    }
}
