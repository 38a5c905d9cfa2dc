//! The song: the whole document, and its spelling in files.
//!
//! Nothing here touches a disk. [`Song::to_files`] gives names and texts, [`Song::from_files`]
//! reads them back; whoever stores them writes the score files first and `song.json` last. A
//! score file carries a hash of its content in its name and `song.json` names the files it
//! needs, so the moment `song.json` changes is the moment the document changes: a process that
//! is killed before leaves the old song whole.

mod check;
mod error;

pub use error::{Said, SongError};

use crate::{
    Brief, Catalog, LyricSheet, MasterPlan, Score, SongPlan,
    mixplan::MixPlan,
    score::{ChordSpan, Section, Track},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;
use yuefu_audio::{Db, Lufs, SampleRate};
use yuefu_theory::Timeline;

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
    /// Which engines made it.
    pub engines: Vec<EngineUse>,
}

/// The version of the file format that this build writes.
pub const FORMAT: u32 = 1;

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
}

/// The content of `song.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Main {
    format: u32,
    seed: u64,
    brief: Brief,
    plan: SongPlan,
    #[serde(default)]
    lyrics: LyricSheet,
    score: ScoreFrame,
    #[serde(default)]
    mix: Option<MixPlan>,
    #[serde(default)]
    master: Option<MasterPlan>,
    release: ReleasePlan,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    engines: Vec<EngineUse>,
}

/// The score without its tracks, which are in their own files.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ScoreFrame {
    timeline: Timeline,
    sections: Vec<Section>,
    chords: Vec<ChordSpan>,
    /// Files of the tracks, in score order.
    tracks: Vec<String>,
}

impl Song {
    /// The song as files: names relative to the project folder and texts. The score files come
    /// first; [`MAIN_FILE`] is last and must be written last.
    pub fn to_files(&self) -> Vec<(String, String)> {
        let mut files = Vec::with_capacity(self.score.tracks.len() + 1);
        for track in &self.score.tracks {
            let text = pretty(track);
            let hash = blake3::hash(text.as_bytes()).to_hex();
            files.push((
                format!("score/{}.{}.json", safe(&track.id), &hash[..8]),
                text,
            ));
        }
        let main = Main {
            format: FORMAT,
            seed: self.seed,
            brief: self.brief.clone(),
            plan: self.plan.clone(),
            lyrics: self.lyrics.clone(),
            score: ScoreFrame {
                timeline: self.score.timeline.clone(),
                sections: self.score.sections.clone(),
                chords: self.score.chords.clone(),
                tracks: files.iter().map(|(name, _)| name.clone()).collect(),
            },
            mix: self.mix.clone(),
            master: self.master.clone(),
            release: self.release.clone(),
            tags: self.tags.clone(),
            engines: self.engines.clone(),
        };
        files.push((MAIN_FILE.to_owned(), pretty(&main)));
        files
    }

    /// Reads a song back. `read` gives the text of a file of the project, `None` when absent.
    ///
    /// Documents of older formats are migrated; see [`migrate`].
    ///
    /// # Errors
    /// When a file is missing, is not what it should be, or was written by a newer build.
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
        let main: Main = parse_main(&text)?;
        let mut tracks: Vec<Track> = Vec::with_capacity(main.score.tracks.len());
        for name in &main.score.tracks {
            if !is_score_file(name) {
                return Err(SongError::whole(
                    MAIN_FILE,
                    (
                        "names such as score/piano.0a1b2c3d.json",
                        "形如 score/piano.0a1b2c3d.json 的文件名",
                    ),
                    (format!("`{name}`"), format!("“{name}”")),
                    error::UNDO,
                ));
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
            let track: Track = parse(name, &text)?;
            tracks.push(track);
        }
        let frame = main.plan.score_frame();
        let mut song = Self {
            format: FORMAT,
            seed: main.seed,
            brief: main.brief,
            plan: main.plan,
            lyrics: main.lyrics,
            score: Score { tracks, ..frame },
            mix: main.mix,
            master: main.master,
            release: main.release,
            tags: main.tags,
            engines: main.engines,
        };
        song.tidy();
        song.check()?;
        Ok(song)
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

/// Changes a document of format n (its index + 1) into one of format n + 1. A new format adds
/// its step here and a fixture in `tests/fixtures`.
const MIGRATIONS: &[Migration] = &[];

/// Changes a document in place, or says what in it was not as its format has it.
type Migration = fn(&mut Value) -> Result<(), String>;

/// Brings the text of a main file to the present format.
///
/// # Errors
/// When it is no document, or one of a newer format.
pub fn migrate(document: &mut Value) -> Result<(), SongError> {
    let found = document.get("format").and_then(Value::as_u64);
    let format = match found {
        Some(format) if (1..=u64::from(FORMAT)).contains(&format) => format as usize,
        Some(format) if format > u64::from(FORMAT) => {
            return Err(SongError::whole(
                MAIN_FILE,
                (
                    format!("format {FORMAT} or older"),
                    format!("格式 {FORMAT} 或更早"),
                ),
                (
                    format!("format {format}, which a newer Yuefu wrote"),
                    format!("格式 {format}，由更新的乐府写成"),
                ),
                (
                    "Update Yuefu to open this song.",
                    "请更新乐府后再打开这首歌。",
                ),
            ));
        }
        _ => {
            return Err(SongError::whole(
                MAIN_FILE,
                (
                    "a field \"format\" with a number from 1",
                    "字段 \"format\"，值为从 1 起的整数",
                ),
                match document.get("format") {
                    Some(value) => (value.to_string(), value.to_string()),
                    None => ("none".to_owned(), "没有".to_owned()),
                },
                error::RESTORE,
            ));
        }
    };
    for (index, step) in MIGRATIONS.iter().enumerate().skip(format - 1) {
        step(document).map_err(|found| {
            SongError::whole(
                MAIN_FILE,
                (
                    format!("a document of format {}", index + 1),
                    format!("格式 {} 的文档", index + 1),
                ),
                (found.clone(), found),
                error::RESTORE,
            )
        })?;
        document["format"] = Value::from(index + 2);
    }
    Ok(())
}

fn parse_main(text: &str) -> Result<Main, SongError> {
    // Only the number is read first, so that errors in a present document keep their line.
    #[derive(Deserialize)]
    struct Format {
        format: Option<u32>,
    }
    let format: Format = parse(MAIN_FILE, text)?;
    if format.format == Some(FORMAT) {
        return parse(MAIN_FILE, text);
    }
    let mut document: Value = parse(MAIN_FILE, text)?;
    migrate(&mut document)?;
    serde_json::from_value(document).map_err(|error| SongError::json(MAIN_FILE, "", &error))
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, SongError> {
    serde_json::from_str(text).map_err(|error| SongError::json(file, text, &error))
}

fn pretty<T: Serialize>(value: &T) -> String {
    // The document is plain data with text keys: writing it cannot fail.
    let mut text = serde_json::to_string_pretty(value).expect("plain data");
    text.push('\n');
    text
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
