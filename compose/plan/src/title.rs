//! A working title from the prompt's mood.

use serde::Deserialize;
use std::collections::BTreeMap;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Style,
    brief::{Brief, Lang},
};

#[derive(Deserialize)]
struct Words {
    first: Vec<String>,
    second: Vec<String>,
}

/// The title asked for, or two words that fit the mood, in the brief's language.
pub fn choose(brief: &Brief, style: &Style, seed: &SeedPath) -> String {
    if let Some(title) = &brief.title {
        return title.clone();
    }
    let mut rng = seed.join("title").rng();
    let tables: BTreeMap<String, Words> = yuefu_data::text("plan/titles.toml")
        .and_then(|text| toml::from_str(text).ok())
        .unwrap_or_default();
    let tone = if brief.affect.valence < -0.15 {
        "dark"
    } else {
        "bright"
    };
    let language = if brief.language == Lang::Zh {
        "zh"
    } else {
        "en"
    };
    let Some(words) = tables.get(&format!("{language}-{tone}")) else {
        return if language == "zh" {
            style.zh.clone()
        } else {
            style.en.clone()
        };
    };
    let first = rng.pick(&words.first).cloned().unwrap_or_default();
    let second = rng.pick(&words.second).cloned().unwrap_or_default();
    if language == "zh" {
        format!("{first}{second}")
    } else {
        format!("{first} {second}")
    }
}
