//! Real songs to learn from, and how near a tune comes to them.

use crate::{DiskWorld, Studio, error::StudioError};
use serde::Serialize;
use std::path::{Path, PathBuf};
use yuefu_corpus::{CorpusError, Gathered, Limits, gather, index_tunes, pack};
use yuefu_engine::{Cancel, World};
use yuefu_originality::{MOST_KNOWN, OriginalityIndex, tune_of};
use yuefu_song::{Role, Score};

pub use yuefu_corpus::{Report as CorpusReport, Source, Split};

impl From<CorpusError> for StudioError {
    fn from(error: CorpusError) -> Self {
        match error {
            CorpusError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            CorpusError::Internal(what) => Self::Internal(what),
            error => Self::input(error.to_string(), error.zh()),
        }
    }
}

/// Where a corpus goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorpusJob<'a> {
    /// The packed file to write.
    pub pack: Option<&'a Path>,
    /// The index of tunes to write: what the guard of originality compares with.
    pub index: Option<&'a Path>,
}

/// Reads collections, folders of MIDI, MusicXML and ABC files, and packed corpora; cleans them,
/// finds versions of one song, splits them, and writes what is asked for. `progress` is told how
/// many of how many songs are read, from any thread. A file appears whole or not at all.
///
/// # Errors
/// When a path cannot be read or holds nothing, a file cannot be written, or the work is stopped.
/// Single files that cannot be used are counted in the report.
pub fn gather_corpus(
    from: &[PathBuf],
    job: &CorpusJob<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancel: &Cancel,
) -> Result<CorpusReport, StudioError> {
    let Gathered { pieces, report } = gather(from, &Limits::default(), progress, cancel)?;
    if let Some(path) = job.pack {
        pack::write(path, &pieces)?;
    }
    if let Some(path) = job.index {
        let bytes = index_tunes(&pieces, |_| true).to_bytes();
        write_whole(path, &bytes)?;
    }
    Ok(report)
}

pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StudioError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(DiskWorld::new(folder).write(&name, bytes)?)
}

/// How near the tunes of a song come to known ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Originality {
    /// Each track that has a tune.
    pub tracks: Vec<TrackOriginality>,
    /// Songs that are compared with.
    pub songs: usize,
}

impl Originality {
    /// Whether no tune has a run of more than eight notes that is known.
    pub fn is_original(&self) -> bool {
        self.tracks.iter().all(|track| track.runs.is_empty())
    }
}

/// How near the tune of one track comes to known ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrackOriginality {
    /// Id of the track.
    pub track: String,
    /// Its notes.
    pub notes: usize,
    /// Runs of more than eight notes that equal a known tune, longest first; of runs on the same
    /// notes the longest.
    pub runs: Vec<RunReport>,
    /// The songs that share most of its patterns.
    pub nearest: Vec<NearReport>,
}

/// A run of notes that equals a known tune.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunReport {
    /// First and last bar of the song, from 1.
    pub bars: [i64; 2],
    /// Notes of the run.
    pub notes: usize,
    /// The known song: its collection, and its title or number there.
    pub song: String,
    /// The known song's bar where the run is heard first, from 1; 255 also for later ones.
    pub song_bar: u8,
}

/// A song with which a tune shares something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NearReport {
    /// The known song.
    pub song: String,
    /// Share of the tune's nine-note patterns that it has, 0..=1.
    pub share: f64,
}

/// Most songs named as near.
const NEAREST: usize = 5;

impl Studio {
    /// Compares the tunes of a score (its lead and sung tracks, or else every track of a pitch)
    /// with every tune that the shipped models learned from.
    ///
    /// # Errors
    /// When the shipped index was edited.
    pub fn originality(&self, score: &Score) -> Result<Originality, StudioError> {
        let index = OriginalityIndex::shipped()
            .map_err(|error| StudioError::Internal(error.to_string()))?;
        Ok(compare(score, index))
    }
}

/// Compares the tunes of a score with an index.
fn compare(score: &Score, index: &OriginalityIndex) -> Originality {
    let lead = |role: Role| matches!(role, Role::Vocal | Role::Lead);
    let led = score.tracks.iter().any(|track| lead(track.role));
    let tracks = score
        .tracks
        .iter()
        .filter(|track| !track.role.is_percussion() && (!led || lead(track.role)))
        .map(|track| {
            let tune = tune_of(track);
            let bar = |note: usize| score.timeline.bar_of(tune[note].at).0 + 1;
            let mut found = index.known_runs(&tune);
            found.sort_by_key(|run| (std::cmp::Reverse(run.notes), run.first));
            let mut taken: Vec<(usize, usize)> = Vec::new();
            found.retain(|run| {
                let own = (run.first, run.first + run.notes);
                let within = taken
                    .iter()
                    .any(|other| other.0 <= own.0 && own.1 <= other.1);
                taken.push(own);
                !within
            });
            TrackOriginality {
                track: track.id.clone(),
                notes: tune.len(),
                runs: found
                    .iter()
                    .map(|run| RunReport {
                        bars: [bar(run.first), bar(run.first + run.notes - 1)],
                        notes: run.notes,
                        song: run.song.to_owned(),
                        song_bar: run.bar,
                    })
                    .collect(),
                nearest: index
                    .nearest(&tune, NEAREST)
                    .into_iter()
                    .map(|known| NearReport {
                        song: known.song.to_owned(),
                        share: known.share,
                    })
                    .collect(),
            }
        })
        .filter(|track| track.notes > MOST_KNOWN)
        .collect();
    Originality {
        tracks,
        songs: index.songs(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_song::{Note, Origin, Phrase, Track};
    use yuefu_theory::{Metre, Pitch, TickSpan, Ticks, Timeline};

    #[test]
    fn a_quotation_is_told_with_its_bars() {
        let notes = |keys: &[i32]| -> Vec<Note> {
            let len = Ticks::QUARTER;
            let note = |(n, key): (usize, &i32)| {
                Note::new(len * n as i64, len, Pitch::from_midi(*key), 80)
            };
            keys.iter().enumerate().map(note).collect()
        };
        let known = [60, 62, 67, 65, 64, 62, 72, 67, 60, 59, 57, 60];
        let track = |id: &str, role, keys: &[i32]| Track {
            id: id.into(),
            role,
            instrument: "x".into(),
            phrases: vec![Phrase::new(
                "a",
                TickSpan::new(Ticks::ZERO, Ticks::quarters(64)),
                Origin::Imported,
                notes(keys),
            )],
        };
        let tune = tune_of(&track("known", Role::Lead, &known));
        let index = OriginalityIndex::build([("a song", 1, tune.as_slice(), &|_: usize| 9)]);
        let mut keys = vec![70, 60, 71, 61, 73];
        keys.extend(known.iter().map(|key| key + 2));
        let score = Score {
            timeline: Timeline::steady(100.0, Metre::common()),
            sections: Vec::new(),
            chords: Vec::new(),
            tracks: vec![
                track("lead", Role::Lead, &keys),
                track("bass", Role::Bass, &known),
            ],
        };
        let report = compare(&score, &index);
        assert!(!report.is_original());
        assert_eq!(report.tracks.len(), 1);
        let run = RunReport {
            bars: [2, 5],
            notes: 12,
            song: "a song".into(),
            song_bar: 9,
        };
        assert_eq!(report.tracks[0].runs, [run]);
        assert_eq!(report.tracks[0].nearest[0].song, "a song");
        let mut fresh = score;
        fresh.tracks.truncate(1);
        fresh.tracks[0].phrases[0].notes.truncate(12);
        assert!(compare(&fresh, &index).is_original());
    }
}
