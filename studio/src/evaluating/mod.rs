//! How a set of songs compares with real music and with itself: what `yuefu evaluate` reports.

mod judges;
mod plots;
mod text;

use crate::{Project, Studio, error::StudioError, publish::pool};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use yuefu_corpus::{Limits, Piece, gather};
use yuefu_engine::Cancel;
use yuefu_evaluate::{
    Distance, Portrait, Spread,
    likeness::{bars_of, chroma, common_patterns, self_similarity, warped_distance},
    lines::NAMES,
    reference, styles,
};
use yuefu_song::{Brief, ReleasePlan, Score, Song, brief::Weighted, lead_of, style::School};

pub use judges::Judged;
pub use plots::pictures;
pub use yuefu_evaluate::styles::Recognition;

/// What is evaluated.
#[derive(Clone, Debug, Default)]
pub struct EvaluateJob {
    /// Projects, score files, or folders of them; empty: new songs are composed.
    pub songs: Vec<PathBuf>,
    /// Songs composed for each style.
    pub per_style: usize,
    /// Ids of the styles to compose in; empty: all.
    pub styles: Vec<String>,
    /// Real music to compare with: collections, folders of scores, packed corpora. Empty: the
    /// portraits that ship.
    pub against: Vec<PathBuf>,
    /// Where the seeds of composed songs begin.
    pub seed: u64,
    /// Threads to compose with.
    pub threads: usize,
}

/// The report.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evaluation {
    /// Songs that were evaluated.
    pub songs: usize,
    /// Comparisons with real music.
    pub against: Vec<Comparison>,
    /// Whether judges tell them from real ones; only with real songs at hand.
    pub judged: Option<Judged>,
    /// Whether styles are recognized; only for songs of known styles.
    pub recognition: Option<Recognition>,
    /// How different songs of one style are.
    pub diversity: Option<Diversity>,
    /// How much tunes repeat themselves (0 to 1), on average.
    pub self_similarity: Option<f64>,
    /// The same for the real songs.
    pub real_self_similarity: Option<f64>,
}

/// A comparison with one set of real music.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// Which set.
    pub set: String,
    /// Real songs.
    pub real: usize,
    /// Songs compared with them.
    pub songs: usize,
    /// How far distributions are apart.
    pub distances: Vec<Distance>,
    /// Figures of the tunes.
    pub figures: Vec<Figure>,
    #[serde(skip)]
    pub(crate) portraits: [Portrait; 2],
}

/// One figure of the tunes, in both sets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// Of the real songs.
    pub real: Spread,
    /// Of the songs evaluated.
    pub ours: Spread,
    /// Share of the songs that lie in the middle 80 % of the real ones.
    pub within: f64,
}

/// How different the songs of one style are.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diversity {
    /// Pairs of songs of the same style.
    pub pairs: usize,
    /// Mean distance of their chroma by time warping, 0 (the same) to 1.
    pub chroma: f64,
    /// The smallest.
    pub nearest_chroma: f64,
    /// Mean share of patterns of five notes that both have.
    pub common_patterns: f64,
    /// The largest.
    pub most_common_patterns: f64,
}

/// A song, and the style it was asked in.
struct Item {
    score: Score,
    style: Option<String>,
}

impl Studio {
    /// Evaluates songs. `progress` is told how many of how many songs there are.
    ///
    /// # Errors
    /// When a file cannot be read, no song has a tune, or the work is stopped.
    pub fn evaluate(
        &self,
        job: &EvaluateJob,
        progress: &(dyn Fn(u64, u64) + Sync),
        cancel: &Cancel,
    ) -> Result<Evaluation, StudioError> {
        let items = if job.songs.is_empty() {
            self.compose_set(job, progress, cancel)?
        } else {
            self.read_set(&job.songs)?
        };
        let real = real_songs(&job.against, progress, cancel)?;
        let ours: Vec<&Item> = items
            .iter()
            .filter(|i| lead_of(&i.score).is_some())
            .collect();
        if ours.is_empty() {
            return Err(StudioError::input(
                "none of the songs has a tune to evaluate.",
                "没有一首曲子有可供评估的旋律。",
            ));
        }
        let against = if job.against.is_empty() {
            self.with_portraits(&ours)?
        } else {
            let portrait = Portrait::of(real.iter().filter_map(tune_of));
            vec![compare("real", portrait, portrait_of(&ours))]
        };
        cancel.check()?;
        let judged = (!real.is_empty())
            .then(|| {
                let scores: Vec<&Score> = ours.iter().map(|item| &item.score).collect();
                let real: Vec<_> = real.iter().filter_map(tune_of).collect();
                judges::judge(&real, &scores, job.seed)
            })
            .flatten();
        let styled: Vec<(String, Vec<f64>)> = items
            .iter()
            .filter_map(|item| Some((item.style.clone()?, styles::figures(&item.score))))
            .collect();
        let alike = |score: &Score, track| self_similarity(&bars_of(score, track));
        let mean = |values: Vec<f64>| {
            let count = values.len();
            (count > 0).then(|| values.iter().sum::<f64>() / count as f64)
        };
        Ok(Evaluation {
            songs: ours.len(),
            against,
            judged,
            recognition: styles::recognize(&styled),
            diversity: diversity(&ours),
            self_similarity: mean(
                ours.iter()
                    .filter_map(|i| alike(&i.score, lead_of(&i.score)?))
                    .collect(),
            ),
            real_self_similarity: mean(
                real.iter()
                    .filter_map(tune_of)
                    .filter_map(|(score, track)| alike(score, track))
                    .collect(),
            ),
        })
    }

    fn compose_set(
        &self,
        job: &EvaluateJob,
        progress: &(dyn Fn(u64, u64) + Sync),
        cancel: &Cancel,
    ) -> Result<Vec<Item>, StudioError> {
        let mut ids: Vec<String> = job.styles.clone();
        if ids.is_empty() {
            ids = self.book.styles().iter().map(|s| s.id.clone()).collect();
        }
        let wanted: Vec<(String, u64)> = ids
            .iter()
            .flat_map(|id| (0..job.per_style.max(1) as u64).map(|n| (id.clone(), n)))
            .collect();
        let done = std::sync::atomic::AtomicU64::new(0);
        let total = wanted.len() as u64;
        pool(job.threads)?.install(|| {
            wanted
                .into_par_iter()
                .map(|(style, number)| {
                    cancel.check()?;
                    let brief = Brief {
                        styles: vec![Weighted::new(style.clone(), 1.0)],
                        seed: Some(job.seed.wrapping_add(number)),
                        ..Brief::default()
                    };
                    let made = self.compose_brief(brief, &ReleasePlan::streaming())?;
                    let count = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                    progress(count, total);
                    Ok(Item {
                        score: made.song.score,
                        style: Some(style),
                    })
                })
                .collect()
        })
    }

    /// Songs of files. Score files have no style, projects the one that they were made in.
    fn read_set(&self, paths: &[PathBuf]) -> Result<Vec<Item>, StudioError> {
        let mut items = Vec::new();
        for path in paths {
            let mut files = vec![path.clone()];
            if path.is_dir() && Project::find(path).is_err() {
                files = entries(path)?;
            }
            for file in files {
                let project = file.is_dir().then(|| Project::find(&file)).transpose()?;
                let (song, style): (Song, _) = match project {
                    Some(project) => {
                        let song = project.load()?;
                        let style = song.plan.style.clone();
                        (song, Some(style))
                    }
                    None => (self.import(&file)?.song, None),
                };
                items.push(Item {
                    score: song.score,
                    style,
                });
            }
        }
        Ok(items)
    }

    /// Compares songs with the shipped portrait of the school that their style belongs to.
    fn with_portraits(&self, ours: &[&Item]) -> Result<Vec<Comparison>, StudioError> {
        let mut sets: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in ours {
            let style = item.style.as_deref().and_then(|id| self.book.get(id));
            let set = match style.map(|style| style.melody.school) {
                Some(School::Pop) | None => "pop909",
                Some(School::Standard) => "openewld",
                Some(School::Art) => "lieder",
                // None of the sets is like these.
                Some(School::Rules) => continue,
            };
            sets.entry(set).or_default().push(item);
        }
        sets.into_iter()
            .map(|(set, own)| {
                let real = reference::shipped(set).map_err(StudioError::Internal)?;
                Ok(compare(set, real.clone(), portrait_of(&own)))
            })
            .collect()
    }
}

/// Projects and score files of a folder, in order of name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StudioError> {
    let place = folder.display().to_string();
    let failed = |error: std::io::Error| {
        StudioError::input(
            format!("{place}: cannot be read ({error})."),
            format!("{place}：无法读取（{error}）。"),
        )
    };
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let end = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        let score = end.is_some_and(|end| {
            ["mid", "midi", "musicxml", "xml", "mxl", "abc"].contains(&end.as_str())
        });
        if score && path.is_file() || path.is_dir() && Project::find(&path).is_ok() {
            out.push(path);
        }
    }
    out.sort();
    if out.is_empty() {
        return Err(StudioError::input(
            format!("{place}: expected projects or MIDI, MusicXML or ABC files, found none."),
            format!("{place}：需要工程或 MIDI、MusicXML、ABC 文件，但一个也没有。"),
        ));
    }
    Ok(out)
}

fn real_songs(
    paths: &[PathBuf],
    progress: &(dyn Fn(u64, u64) + Sync),
    cancel: &Cancel,
) -> Result<Vec<Piece>, StudioError> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut gathered = gather(paths, &Limits::default(), progress, cancel)?;
    // What the shipped engines learned from would flatter them.
    gathered.pieces.retain(|piece| {
        let learned = piece.source != yuefu_corpus::Source::Own;
        piece.melody.is_some() && !(learned && piece.split == yuefu_corpus::Split::Train)
    });
    if gathered.pieces.is_empty() {
        return Err(StudioError::input(
            "none of the real songs has a tune, or all of them are songs that the composer learned from.",
            "真实歌曲都没有旋律，或都是作曲所学过的歌曲。",
        ));
    }
    Ok(gathered.pieces)
}

fn tune_of(piece: &Piece) -> Option<(&Score, &yuefu_song::Track)> {
    let track = piece.score.tracks.get(piece.melody?)?;
    Some((&piece.score, track))
}

fn portrait_of(items: &[&Item]) -> Portrait {
    let songs = items.iter();
    Portrait::of(songs.filter_map(|item| Some((&item.score, lead_of(&item.score)?))))
}

fn compare(set: &str, real: Portrait, ours: Portrait) -> Comparison {
    let (of_real, of_ours) = (real.spreads(), ours.spreads());
    let within = ours.within(&real);
    Comparison {
        set: set.to_owned(),
        real: real.songs,
        songs: ours.songs,
        distances: real.distances(&ours),
        figures: NAMES
            .into_iter()
            .enumerate()
            .map(|(i, name)| Figure {
                name,
                real: of_real[i],
                ours: of_ours[i],
                within: within[i],
            })
            .collect(),
        portraits: [real, ours],
    }
}

/// Compares every two songs of one style.
fn diversity(items: &[&Item]) -> Option<Diversity> {
    let mut styles: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in items {
        if let Some(style) = &item.style {
            styles.entry(style).or_default().push(item);
        }
    }
    // Enough to know; warping grows with the square.
    const MOST: usize = 8;
    let pairs: Vec<(f64, f64)> = styles
        .values()
        .flat_map(|own| {
            let own = &own[..own.len().min(MOST)];
            let chromas: Vec<_> = own.iter().map(|item| chroma(&item.score)).collect();
            let mut out = Vec::new();
            for b in 0..own.len() {
                for a in 0..b {
                    let tracks = (lead_of(&own[a].score), lead_of(&own[b].score));
                    if let (Some(x), Some(y)) = tracks {
                        let far = warped_distance(&chromas[a], &chromas[b]);
                        out.push((far, common_patterns(x, y)));
                    }
                }
            }
            out
        })
        .collect();
    let count = pairs.len();
    if count == 0 {
        return None;
    }
    let mean =
        |value: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / count as f64;
    Some(Diversity {
        pairs: count,
        chroma: mean(&|p| p.0),
        nearest_chroma: pairs.iter().map(|p| p.0).fold(1.0, f64::min),
        common_patterns: mean(&|p| p.1),
        most_common_patterns: pairs.iter().map(|p| p.1).fold(0.0, f64::max),
    })
}
