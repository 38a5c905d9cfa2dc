//! Blind listening tests: a page that plays recordings of several systems without saying which is
//! which, and what the answers mean.
//!
//! The page is a folder that opens from the disk: one HTML file and the recordings under numbers.
//! Nothing is sent anywhere; answers stay in the browser until they are downloaded as CSV.

mod answers;

use crate::{DiskWorld, error::StudioError};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use yuefu_audio::loudness;
use yuefu_audiofile::{DecodeLimits, decode_file};
use yuefu_engine::{SeedPath, World};

pub use answers::{Answer, Choice, Opinions, Preference, Rating, opinions, read_answers};

const PAGE: &str = include_str!("page.html");

/// What browsers play.
const PLAYED: [&str; 6] = ["wav", "flac", "mp3", "ogg", "m4a", "opus"];

/// Most questions of each kind on one page; more tire listeners out.
pub const MOST: usize = 60;

/// A listening test.
#[derive(Clone, Debug)]
pub struct ListeningTest {
    /// Folders of recordings, one for each system; recordings of one name are compared.
    pub systems: Vec<PathBuf>,
    /// Chance that orders the questions and the sides.
    pub seed: u64,
    /// Ask which of two is better.
    pub pairs: bool,
    /// Ask for marks from 1 to 5.
    pub marks: bool,
    /// Most questions of each kind.
    pub most: usize,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTest {
    /// The page.
    pub page: PathBuf,
    /// Comparisons on it.
    pub pairs: usize,
    /// Marks on it.
    pub marks: usize,
}

/// A recording.
struct Clip {
    system: usize,
    /// Its name without its end.
    item: String,
    path: PathBuf,
    /// Loudness in LUFS; silence has none.
    loudness: Option<f32>,
}

/// Writes the page of a listening test into a folder.
///
/// # Errors
/// When a folder has no recordings, one cannot be read, or nothing is there to compare.
pub fn write_test(test: &ListeningTest, folder: &Path) -> Result<WrittenTest, StudioError> {
    let mut clips = Vec::new();
    for (system, folder) in test.systems.iter().enumerate() {
        clips.extend(recordings(system, folder)?);
    }
    let names = system_names(&test.systems);
    let root = SeedPath::song(test.seed).join("listening");
    let mut rng = root.join("questions").rng();
    // Numbers that say nothing: drawn anew, whatever the order of folders.
    let mut numbers: Vec<usize> = (0..clips.len()).collect();
    rng.shuffle(&mut numbers);
    let mut pairs = Vec::new();
    let mut marks = Vec::new();
    let mut by_item: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, clip) in clips.iter().enumerate() {
        by_item.entry(&clip.item).or_default().push(index);
        marks.push(index);
    }
    for own in by_item.values() {
        for (place, a) in own.iter().enumerate() {
            pairs.extend(own[place + 1..].iter().map(|b| (*a, *b)));
        }
    }
    if test.pairs && pairs.is_empty() && !test.marks {
        return Err(StudioError::input(
            "no recording has the same name in two folders, so there is nothing to compare. Name them alike.",
            "没有两个文件夹里同名的录音，无从比较。请使文件名一致。",
        ));
    }
    rng.shuffle(&mut marks);
    marks.truncate(if test.marks { test.most } else { 0 });
    rng.shuffle(&mut pairs);
    pairs.truncate(if test.pairs { test.most } else { 0 });
    let mut used: Vec<usize> = marks.clone();
    let mut questions: Vec<Value> = Vec::new();
    for (a, b) in &pairs {
        let (first, second) = if rng.chance(0.5) { (a, b) } else { (b, a) };
        used.extend([*a, *b]);
        questions.push(json!({ "kind": "ab", "clips": [numbers[*first], numbers[*second]] }));
    }
    questions.extend(
        marks
            .iter()
            .map(|clip| json!({ "kind": "mos", "clips": [numbers[*clip]] })),
    );
    used.sort_unstable();
    used.dedup();
    // Louder is heard as better: everything plays as loud as the softest.
    let softest = used
        .iter()
        .filter_map(|i| clips[*i].loudness)
        .fold(0.0_f32, f32::min);
    let world = DiskWorld::new(folder);
    let mut table = serde_json::Map::new();
    let mut digest = blake3::Hasher::new();
    for index in used {
        let clip = &clips[index];
        let bytes = crate::import::read_file(&clip.path)?;
        digest.update(&bytes);
        let end = clip.path.extension().unwrap_or_default().to_string_lossy();
        let file = format!("audio/{:03}.{}", numbers[index], end.to_ascii_lowercase());
        world.write(&file, &bytes)?;
        let gain = yuefu_audio::math::db_to_gain(clip.loudness.map_or(0.0, |own| softest - own));
        table.insert(
            numbers[index].to_string(),
            json!({
                "file": file,
                "gain": (f64::from(gain) * 1e4).round() / 1e4,
                "who": hidden(&names[clip.system]),
                "item": hidden(&clip.item),
            }),
        );
    }
    let written = questions.len();
    let questions = Value::Array(questions);
    digest.update(questions.to_string().as_bytes());
    let id = digest.finalize().to_hex()[..12].to_owned();
    let data = json!({ "id": id, "clips": table, "questions": questions });
    // A file's name must not end the script that it is told in.
    let data = data.to_string().replace('<', "\\u003c");
    world.write("index.html", PAGE.replace("/*DATA*/null", &data).as_bytes())?;
    Ok(WrittenTest {
        page: folder.join("index.html"),
        pairs: pairs.len(),
        marks: written - pairs.len(),
    })
}

/// Recordings of a system, in order of name.
fn recordings(system: usize, folder: &Path) -> Result<Vec<Clip>, StudioError> {
    let place = folder.display().to_string();
    let failed = |error: std::io::Error| {
        StudioError::input(
            format!("{place}: cannot be read ({error})."),
            format!("{place}：无法读取（{error}）。"),
        )
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let end = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        if path.is_file() && end.is_some_and(|end| PLAYED.contains(&end.as_str())) {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        let known = PLAYED.join(", ");
        return Err(StudioError::input(
            format!("{place}: expected recordings ({known}), found none."),
            format!("{place}：需要录音文件（{known}），但没有找到。"),
        ));
    }
    paths
        .into_iter()
        .map(|path| {
            let audio = decode_file(&path, &DecodeLimits::default())?.audio;
            Ok(Clip {
                system,
                item: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                loudness: loudness::measure(&audio).integrated.map(|l| l.0),
                path,
            })
        })
        .collect()
}

/// What systems are called: the names of their folders, numbered where they are the same.
fn system_names(folders: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for folder in folders {
        let base = folder.file_name().map_or_else(
            || "system".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let mut name = base.clone();
        let mut number = 1;
        while names.contains(&name) {
            number += 1;
            name = format!("{base}-{number}");
        }
        names.push(name);
    }
    names
}

/// A name as it stands in the page: in hexadecimal, so that nobody reads it by accident.
fn hidden(name: &str) -> String {
    name.bytes().map(|byte| format!("{byte:02x}")).collect()
}
