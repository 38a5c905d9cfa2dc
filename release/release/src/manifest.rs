//! The provenance manifest: what made a release, from what, under which licences.

use crate::bundle::FileRecord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use yuefu_engine::Key;
use yuefu_song::{Brief, EngineUse, InstrumentProfile, ReleasePlan, Song};

/// Name of the manifest in a release folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// What made a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// Version of this file's format.
    pub format: u32,
    /// The program and its version.
    pub program: String,
    /// The label of generated content.
    pub label: AiLabel,
    /// BLAKE3 of the document: equal documents give equal releases with the same program.
    pub document: String,
    /// The song's seed.
    pub seed: u64,
    /// Title.
    pub title: String,
    /// Style id.
    pub style: String,
    /// Main key.
    pub key: String,
    /// Length in seconds.
    pub length: f64,
    /// What was asked.
    pub brief: Brief,
    /// What the files were to be.
    pub release: ReleasePlan,
    /// Engines that had a part.
    pub engines: Vec<EngineUse>,
    /// Data that had a part, with its licence.
    pub data: Vec<DataUse>,
    /// Every other file of the release.
    pub files: Vec<FileRecord>,
}

/// Data that had a part in a release: what is shipped, and a SoundFont of the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DataUse {
    /// Folder of `data/`, or the name of the user's file.
    pub name: String,
    /// What it is.
    pub what: String,
    /// Its licence.
    pub licence: String,
    /// BLAKE3 over its files, or of the user's file.
    pub digest: String,
    /// Instruments that came from it, where it is a bank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<String>,
}

/// The implicit label of generated content that China's 人工智能生成合成内容标识办法 (2025) wants in
/// the metadata of files, with the fields of GB 45438-2025, appendix E.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiLabel {
    /// `1`: made by AI.
    #[serde(rename = "Label")]
    pub label: String,
    /// Who made it.
    #[serde(rename = "ContentProducer")]
    pub producer: String,
    /// The maker's number of it.
    #[serde(rename = "ProduceID")]
    pub produce_id: String,
    /// Who spreads it; empty until somebody does.
    #[serde(rename = "ContentPropagator")]
    pub propagator: String,
    /// The spreader's number of it.
    #[serde(rename = "PropagateID")]
    pub propagate_id: String,
}

/// Key of the label in the tags of audio files.
pub const LABEL_TAG: &str = "AIGC";

impl AiLabel {
    /// The label of a song made here; its number is the hash of the document.
    pub fn of(document: &Key) -> Self {
        Self {
            label: "1".into(),
            producer: "Yuefu".into(),
            produce_id: document.hex()[..32].to_owned(),
            propagator: String::new(),
            propagate_id: String::new(),
        }
    }

    /// One line of JSON for a tag.
    pub fn json(&self) -> String {
        // Five strings cannot fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Hash of a document: every value in it.
pub fn document_key(song: &Song) -> Key {
    Key::of("document", song.format)
        .value("song", song)
        .finish()
}

impl Manifest {
    /// The manifest of a release. `profiles` are those of all instruments that can play.
    pub fn of(
        song: &Song,
        profiles: &[InstrumentProfile],
        program: &str,
        files: Vec<FileRecord>,
    ) -> Self {
        let document = document_key(song);
        Self {
            format: 1,
            program: program.to_owned(),
            label: AiLabel::of(&document),
            document: document.hex(),
            seed: song.seed,
            title: song.plan.title.clone(),
            style: song.plan.style.clone(),
            key: song.plan.key.to_string(),
            length: song.plan.length.0,
            brief: song.brief.clone(),
            release: song.release.clone(),
            engines: song.engines.clone(),
            data: data_used(song, profiles),
            files,
        }
    }

    /// Its text.
    pub fn json(&self) -> String {
        // Plain data with text keys cannot fail to be written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Which shipped data had a part in a song.
pub fn data_used(song: &Song, profiles: &[InstrumentProfile]) -> Vec<DataUse> {
    let sampled: BTreeSet<String> = song
        .score
        .tracks
        .iter()
        .filter_map(|track| profiles.iter().find(|p| p.id == track.instrument))
        .filter(|profile| profile.engine.starts_with("sampler:"))
        .map(|profile| profile.id.clone())
        .collect();
    let mut used = Vec::new();
    for folder in [
        "backing",
        "bank",
        "brief",
        "instruments",
        "mix",
        "patterns",
        "perform",
        "plan",
        "styles",
    ] {
        let names: Vec<&str> = yuefu_data::names(folder).collect();
        if names.is_empty() || (folder == "bank" && sampled.is_empty()) {
            continue;
        }
        let source = yuefu_data::text(&format!("{folder}/SOURCE.md")).unwrap_or_default();
        used.push(DataUse {
            name: folder.to_owned(),
            what: heading(source).unwrap_or(folder).to_owned(),
            licence: licence(source),
            digest: digest(&names),
            instruments: if folder == "bank" {
                sampled.iter().cloned().collect()
            } else {
                Vec::new()
            },
        });
    }
    used.extend(soundfont_used(song));
    used
}

/// The user's own SoundFont, which a document names among its engines as
/// `FILE blake3:DIGEST`.
fn soundfont_used(song: &Song) -> Option<DataUse> {
    let used = song.engines.iter().find(|used| used.stage == "soundfont")?;
    let (name, digest) = used.engine.split_once(" blake3:")?;
    let played: BTreeSet<String> = song
        .score
        .tracks
        .iter()
        .filter(|track| track.instrument.starts_with("user:"))
        .map(|track| track.instrument.clone())
        .collect();
    Some(DataUse {
        name: name.to_owned(),
        what: "A SoundFont of the user's own".to_owned(),
        licence: "as its owner states; not known here".to_owned(),
        digest: digest.to_owned(),
        instruments: played.into_iter().collect(),
    })
}

fn heading(source: &str) -> Option<&str> {
    source.lines().find_map(|line| line.strip_prefix("# "))
}

/// The first paragraph below the heading that speaks of the licence, or the sentence that does.
fn licence(source: &str) -> String {
    let mut lines = source.lines().skip_while(|line| {
        let line = line.to_ascii_lowercase();
        !(line.starts_with('#') && (line.contains("licence") || line.contains("license")))
    });
    let below: Vec<&str> = if lines.next().is_some() {
        lines
            .skip_while(|line| line.trim().is_empty())
            .take_while(|line| !line.trim().is_empty())
            .collect()
    } else {
        let line = source.lines().find_map(|line| line.split_once("icence: "));
        line.map(|(_, rest)| rest).into_iter().collect()
    };
    if below.is_empty() {
        // What has no note of its own is our own work and has the licence of the program.
        return "Apache-2.0 OR MIT".to_owned();
    }
    below.join(" ")
}

fn digest(names: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for name in names.iter().filter(|name| !name.ends_with(".md")) {
        let bytes = yuefu_data::get(name).unwrap_or_default();
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_found_where_sources_state_them() {
        let own = "# Words\n\nWritten for this project. Licence: Apache-2.0 OR MIT.\n";
        assert_eq!(licence(own), "Apache-2.0 OR MIT.");
        let section = "# Bank\n\ntext\n\n## Licence and credits\n\nMIT, parts CC0.\nBy A.\n\nmore";
        assert_eq!(licence(section), "MIT, parts CC0. By A.");
        assert_eq!(heading(section), Some("Bank"));
    }

    #[test]
    fn the_label_has_the_fields_of_the_standard() {
        let label = AiLabel::of(&Key::of("x", 1).finish());
        let json = label.json();
        assert!(json.starts_with(r#"{"Label":"1","ContentProducer":"Yuefu","ProduceID":""#));
        assert_eq!(label.produce_id.len(), 32);
    }
}
