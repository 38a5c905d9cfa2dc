//! From collections and folders to pieces: read, clean, group, split, count.

use crate::{
    CorpusError, Limits, Refusal, Report, billboard,
    clean::{group, refused},
    groove, harmonix, openscore, pack,
    piece::{Piece, Source},
    pop909, salami,
    sources::{Entry, open, source_of},
};
use rayon::prelude::*;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};
use yuefu_engine::Cancel;
use yuefu_song::Catalog;

/// What was read.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The pieces, in order of source and name.
    pub pieces: Vec<Piece>,
    /// What they hold, and what was left out.
    pub report: Report,
}

/// What reads one song.
type Read<'a> = Box<dyn Fn(&Catalog) -> Result<Vec<Piece>, Refusal> + Send + Sync + 'a>;

/// One song to read.
struct Job<'a> {
    source: Source,
    name: String,
    read: Read<'a>,
}

impl<'a> Job<'a> {
    fn new(
        source: Source,
        name: &str,
        read: impl Fn(&Catalog) -> Result<Vec<Piece>, Refusal> + Send + Sync + 'a,
    ) -> Self {
        Self {
            source,
            name: name.to_owned(),
            read: Box::new(read),
        }
    }
}

/// Reads collections, folders and packed corpora (`.yfc`). `progress` is told how many of how many songs are read; it may
/// be called from any thread.
///
/// Files that cannot be used are counted in the report and never end the work.
///
/// # Errors
/// When a path cannot be read or holds nothing, and when the work is cancelled.
pub fn gather(
    paths: &[PathBuf],
    limits: &Limits,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancel: &Cancel,
) -> Result<Gathered, CorpusError> {
    let catalog =
        Catalog::parse(&yuefu_data::tables("instruments")).map_err(CorpusError::Internal)?;
    let mut opened: Vec<(Source, Vec<Entry>)> = Vec::new();
    let mut pieces = Vec::new();
    for path in paths {
        if path.extension().is_some_and(|ending| ending == "yfc") {
            for piece in pack::Reader::open(path)? {
                cancel.check()?;
                pieces.push(piece?);
            }
            continue;
        }
        let entries = open(path, cancel)?;
        let source = source_of(&entries);
        if jobs(source, &entries).is_empty() {
            return Err(CorpusError::Nothing { path: path.clone() });
        }
        opened.push((source, entries));
    }
    let jobs: Vec<Job<'_>> = opened
        .iter()
        .flat_map(|(source, entries)| jobs(*source, entries))
        .collect();
    let total = jobs.len() as u64;
    let done = AtomicU64::new(0);
    let results: Vec<Result<Vec<Piece>, Refusal>> = jobs
        .par_iter()
        .map(|job| {
            cancel.check()?;
            let result = (job.read)(&catalog);
            progress(1 + done.fetch_add(1, Ordering::Relaxed), total);
            Ok(result)
        })
        .collect::<Result<_, CorpusError>>()?;
    let mut left = Vec::new();
    for (job, result) in jobs.iter().zip(results) {
        match result {
            Ok(found) => {
                for piece in found {
                    match refused(&piece, limits) {
                        Some(reason) => left.push((piece.source, piece.name, reason)),
                        None => pieces.push(piece),
                    }
                }
            }
            Err(reason) => left.push((job.source, job.name.clone(), reason)),
        }
    }
    cancel.check()?;
    pieces.sort_by(|a, b| (a.source, &a.name).cmp(&(b.source, &b.name)));
    // The same song from two paths is there once.
    pieces.dedup_by(|a, b| a.source == b.source && a.name == b.name && a.score == b.score);
    let versions = group(&mut pieces);
    let report = Report::of(&pieces, &left, versions);
    Ok(Gathered { pieces, report })
}

/// The songs of a collection.
fn jobs(source: Source, entries: &[Entry]) -> Vec<Job<'_>> {
    match source {
        Source::Pop909 => pop909::songs(entries)
            .into_iter()
            .map(|(name, files)| {
                let own = name.clone();
                Job::new(source, &name, move |catalog| {
                    pop909::read(&own, &files, catalog).map(|piece| vec![piece])
                })
            })
            .collect(),
        Source::Billboard => billboard::songs(entries)
            .into_iter()
            .map(|(name, entry)| {
                let own = name.clone();
                Job::new(source, &name, move |_| {
                    billboard::read(&own, entry).map(|piece| vec![piece])
                })
            })
            .collect(),
        Source::Harmonix => harmonix::songs(entries)
            .into_iter()
            .map(|(name, files)| {
                let own = name.clone();
                Job::new(source, &name, move |_| {
                    harmonix::read(&own, &files).map(|piece| vec![piece])
                })
            })
            .collect(),
        Source::Salami => salami::songs(entries)
            .into_iter()
            .map(|(name, entry)| {
                let own = name.clone();
                Job::new(source, &name, move |_| {
                    salami::read(&own, entry).map(|piece| vec![piece])
                })
            })
            .collect(),
        Source::Groove => groove::songs(entries)
            .into_iter()
            .map(|(name, (entry, row))| {
                let own = name.clone();
                Job::new(source, &name, move |catalog| {
                    groove::read(&own, entry, &row, catalog).map(|piece| vec![piece])
                })
            })
            .collect(),
        Source::Lieder | Source::Openewld | Source::Own => openscore::songs(entries)
            .into_iter()
            .map(|(name, (entry, listed))| {
                let own = name.clone();
                Job::new(source, &name, move |catalog| {
                    openscore::read(source, &own, entry, &listed, catalog)
                })
            })
            .collect(),
    }
}
