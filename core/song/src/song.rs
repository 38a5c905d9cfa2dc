//! The song: the whole document, and its spelling in files.
//!
//! Nothing here touches a disk. [`Song::to_files`] gives names and texts, [`Song::from_files`]
//! reads them back; whoever stores them writes the score files first and `song.json` last. A
//! score file carries a hash of its content in its name and `song.json` names the files it
//! needs, so the moment `song.json` changes is the moment the document changes: a process that
//! is killed before leaves the old song whole.

mod check;
mod error;
mod file;
mod migrate;
mod place;
mod text;

pub use error::{Said, SongError};

use crate::{
    Brief, Catalog, LyricSheet, MasterPlan, Score, SongPlan, TrackVoice, mixplan::MixPlan,
    score::Phrase,
};
use check::{Fault, Step};
use file::{Main, TrackFile};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;
use text::{locate, pretty};
use yuefu_audio::{Db, Lufs, SampleRate};

/// Everything a song is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Song {
    /// Version of the file format; see [`FORMAT`].
    pub format: u32,
    /// The seed of everything random in it.
    pub seed: u64,
    /// What was asked.
    pub brief: Brief,
    /// What was decided.
    pub plan: SongPlan,
    /// What is sung.
    pub lyrics: LyricSheet,
    /// What is played.
    pub score: Score,
    /// How it is mixed; `None` lets the mixer decide from the stems.
    pub mix: Option<MixPlan>,
    /// How the mix is mastered; `None` lets the mastering decide from the mix.
    pub master: Option<MasterPlan>,
    /// How it leaves the house.
    pub release: ReleasePlan,
    /// What files say about it beside its title, by name: `artist`, `album`, `comment`, ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How tracks sing, by their ids; a track without an entry sings with default settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub voices: BTreeMap<String, TrackVoice>,
    /// Which engines made it.
    pub engines: Vec<EngineUse>,
}

/// The version of the file format that this build writes.
pub const FORMAT: u32 = 2;

/// Name of the main file.
pub const MAIN_FILE: &str = "song.json";

/// What the finished files are to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReleasePlan {
    /// Frames per second of rendering and files.
    pub rate: SampleRate,
    /// Loudness to master to.
    pub target: Lufs,
    /// True peak that is never exceeded, in dBTP.
    pub ceiling: Db,
    /// Formats of the mastered file, such as `flac`, `wav16`, `mp3`.
    pub formats: Vec<String>,
    /// Whether stems are written too.
    pub stems: bool,
}

impl ReleasePlan {
    /// Streaming: 44.1 kHz, −14 LUFS, −1 dBTP, FLAC.
    pub fn streaming() -> Self {
        Self {
            rate: SampleRate(44_100),
            target: Lufs(-14.0),
            ceiling: Db(-1.0),
            formats: vec!["flac".to_owned()],
            stems: false,
        }
    }
}

/// An engine that had a part in the song.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EngineUse {
    /// The stage, such as `arrange`.
    pub stage: String,
    /// Its name, such as `rules`.
    pub engine: String,
    /// Its version.
    pub version: u32,
    /// How freely it draws, in per cent of what it has learned; absent: as it does by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<u16>,
    /// Which of several drafts was kept; absent: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<u16>,
}

impl EngineUse {
    /// An engine that draws as it does by itself.
    pub fn new(stage: &str, engine: impl Into<String>, version: u32) -> Self {
        Self {
            stage: stage.to_owned(),
            engine: engine.into(),
            version,
            temperature: None,
            draft: None,
        }
    }
}

impl Song {
    /// The song as files: names relative to the project folder and texts. The score files come
    /// first; [`MAIN_FILE`] is last and must be written last.
    pub fn to_files(&self) -> Vec<(String, String)> {
        let mut files = Vec::with_capacity(self.score.tracks.len() + 1);
        for track in &self.score.tracks {
            let text = pretty(&TrackFile::of(track, &self.plan.sections));
            let hash = blake3::hash(text.as_bytes()).to_hex();
            files.push((
                format!("score/{}.{}.json", safe(&track.id), &hash[..8]),
                text,
            ));
        }
        let tracks = files.iter().map(|(name, _)| name.clone()).collect();
        let main = pretty(&Main::of(self, tracks));
        files.push((MAIN_FILE.to_owned(), main));
        files
    }

    /// Reads a song back. `read` gives the text of a file of the project, `None` when absent.
    ///
    /// Documents of older formats are brought to the present one.
    ///
    /// # Errors
    /// When a file is missing, is not what it should be, holds what no stage could work with, or
    /// was written by a newer build. The error names file, line and column.
    pub fn from_files(
        read: &mut dyn FnMut(&str) -> Result<Option<String>, SongError>,
    ) -> Result<Self, SongError> {
        let text = read(MAIN_FILE)?.ok_or_else(|| {
            SongError::whole(
                MAIN_FILE,
                ("the main file of a project", "工程的主文件"),
                ("no such file", "没有这个文件"),
                (
                    "Give the folder that ends in .yuefu.",
                    "请给出以 .yuefu 结尾的文件夹。",
                ),
            )
        })?;
        #[derive(Deserialize)]
        struct Format {
            format: Option<Value>,
        }
        let found: Format = parse(MAIN_FILE, &text)?;
        let format = migrate::format(found.format.as_ref())?;
        let mut files = Files {
            main: text,
            tracks: Vec::new(),
        };
        if format == FORMAT {
            // Read as it is, so that errors keep their line.
            let main: Main = parse(MAIN_FILE, &files.main)?;
            for (index, name) in main.tracks.iter().enumerate() {
                let path = [Step::Field("tracks"), Step::Index(index)];
                files.add(name, &path, read)?;
            }
            return files.song(main);
        }
        let mut document: Value = parse(MAIN_FILE, &files.main)?;
        let names = match format {
            1 => &document["score"]["tracks"],
            _ => &document["tracks"],
        };
        for name in names.as_array().into_iter().flatten() {
            files.add(name.as_str().unwrap_or_default(), &[], read)?;
        }
        let mut tracks = Vec::with_capacity(files.tracks.len());
        for (name, text) in &files.tracks {
            tracks.push(parse::<Value>(name, text)?);
        }
        migrate::migrate(format, &mut document, &mut tracks)?;
        files.main = pretty(&document);
        for ((_, text), track) in files.tracks.iter_mut().zip(&tracks) {
            *text = pretty(track);
        }
        let main: Main = parse(MAIN_FILE, &files.main)?;
        files.song(main)
    }

    /// Puts phrases, notes and takes in order, and gives the score the timeline, the sections and
    /// the chords of the plan. What changes a song by hand or by an operation ends with this.
    pub fn tidy(&mut self) {
        let tracks = std::mem::take(&mut self.score.tracks);
        self.score = Score {
            tracks,
            ..self.plan.score_frame()
        };
        for track in &mut self.score.tracks {
            track.phrases.sort_by_key(|phrase| phrase.span.start);
            for phrase in &mut track.phrases {
                let takes = phrase.takes.iter_mut().map(|take| &mut take.notes);
                for notes in takes.chain([&mut phrase.notes]) {
                    notes.sort_by_key(|note| (note.at, note.pitch.midi()));
                }
                phrase.takes.sort_by_key(|take| take.number);
            }
        }
    }

    /// Ids of instruments that the song uses but a catalog does not have, in score order.
    pub fn unknown_instruments<'a>(&'a self, catalog: &Catalog) -> Vec<&'a str> {
        self.score
            .tracks
            .iter()
            .map(|track| track.instrument.as_str())
            .filter(|id| catalog.profile(id).is_none())
            .collect()
    }
}

/// Files of a project that a song no longer names: leftovers of earlier saves.
pub fn leftovers<'a>(
    present: impl IntoIterator<Item = &'a str>,
    files: &[(String, String)],
) -> Vec<String> {
    present
        .into_iter()
        .filter(|name| is_score_file(name) && !files.iter().any(|(kept, _)| kept == name))
        .map(str::to_owned)
        .collect()
}

/// Texts of the files of a song.
struct Files {
    main: String,
    /// Names and texts, in score order.
    tracks: Vec<(String, String)>,
}

impl Files {
    /// Reads the file of a track that the main file names at `path`.
    fn add(
        &mut self,
        name: &str,
        path: &[Step],
        read: &mut dyn FnMut(&str) -> Result<Option<String>, SongError>,
    ) -> Result<(), SongError> {
        if !is_score_file(name) {
            return Err(SongError::whole(
                MAIN_FILE,
                (
                    "names such as score/piano.0a1b2c3d.json",
                    "形如 score/piano.0a1b2c3d.json 的文件名",
                ),
                (format!("`{name}`"), format!("“{name}”")),
                error::UNDO,
            )
            .at(locate(&self.main, path)));
        }
        let text = read(name)?.ok_or_else(|| {
            SongError::whole(
                name,
                ("a track that song.json names", "song.json 所列的音轨"),
                ("no such file", "没有这个文件"),
                (
                    "Restore the file, or take its name out of song.json.",
                    "请恢复该文件，或从 song.json 中删去它的名字。",
                ),
            )
        })?;
        self.tracks.push((name.to_owned(), text));
        Ok(())
    }

    /// The song in the files, checked.
    fn song(&self, main: Main) -> Result<Song, SongError> {
        let form = main.form(&self.main)?;
        let mut tracks = Vec::with_capacity(self.tracks.len());
        for (name, text) in &self.tracks {
            let file: TrackFile = parse(name, text)?;
            tracks.push(file.track(&form.1, name, text)?);
        }
        let mut song = main.song(form, tracks, &self.main)?;
        let written: Vec<Vec<Phrase>> = (song.score.tracks.iter())
            .map(|track| track.phrases.clone())
            .collect();
        song.tidy();
        match song.fault() {
            None => Ok(song),
            Some(fault) => Err(self.place(fault, &song, &written)),
        }
    }

    /// A fault as an error at its line. Phrases and notes are in order now; `written` has them as
    /// they are in the files.
    fn place(&self, fault: Fault, song: &Song, written: &[Vec<Phrase>]) -> SongError {
        let Fault {
            track,
            mut path,
            mut error,
        } = fault;
        let Some(track) = track else {
            return error.at(locate(&self.main, &path));
        };
        let (name, text) = &self.tracks[track];
        error.file.clone_from(name);
        if let Some(Step::Index(number)) = path.get_mut(1) {
            let phrase = &song.score.tracks[track].phrases[*number];
            let there = &written[track];
            // Of two with one id, the later one in the file is the fault.
            if let Some(index) = there.iter().rposition(|p| p.id == phrase.id) {
                *number = index;
                let note = match path.get_mut(2..) {
                    Some([Step::Field("notes"), Step::Index(note)]) => Some(note),
                    _ => None,
                };
                if let Some(note) = note
                    && let Some(index) = there[index]
                        .notes
                        .iter()
                        .position(|n| *n == phrase.notes[*note])
                {
                    *note = index;
                }
            }
        }
        error.at(locate(text, &path))
    }
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, SongError> {
    serde_json::from_str(text).map_err(|error| SongError::json(file, text, &error))
}

/// A track id as part of a file name.
fn safe(id: &str) -> String {
    id.chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '_'
            }
        })
        .take(60)
        .collect()
}

fn is_score_file(name: &str) -> bool {
    name.strip_prefix("score/")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|stem| {
            !stem.is_empty()
                && !stem.starts_with('.')
                && stem
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        })
}
