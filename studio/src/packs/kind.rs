//! Kinds of voices: how each is known, opened and described.

use super::{
    Card, CardSinger, Pack, kokoro,
    source::{Folder, Item},
};
use crate::{
    StudioError,
    voices::{Load, Loaded},
};
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc};
use yuefu_audiofile::{DecodeLimits, decode_bytes};
use yuefu_diffsinger::{DiffSinger, Node};
use yuefu_scorefile::Yaml;
use yuefu_utau::{BankFiles as _, Utau};
use yuefu_voice::{SingerProfile, VoiceError};

/// A kind of voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Recorded sounds with lists of where they lie (`oto.ini`).
    Utau,
    /// Networks in the form that OpenUtau reads (`dsconfig.yaml`).
    Diffsinger,
    /// The speech model Kokoro-82M and its voices.
    Kokoro,
}

impl Kind {
    /// What a voice is by its files; `None` when it is none that is known.
    pub(super) fn of(items: &[Item]) -> Option<Self> {
        if yuefu_diffsinger::is_bank(items.iter().map(|item| item.name.as_str())) {
            return Some(Self::Diffsinger);
        }
        let file = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
        if items.iter().any(|item| file(&item.name) == "oto.ini") {
            return Some(Self::Utau);
        }
        let files = kokoro::files(items);
        let model = files.iter().any(|(_, name)| name == kokoro::MODEL);
        (model && files.len() > 1).then_some(Self::Kokoro)
    }

    /// The files of a voice that belong to it, with their names in a pack.
    pub(super) fn files(self, items: &[Item]) -> Vec<(Item, String)> {
        match self {
            Self::Utau | Self::Diffsinger => items
                .iter()
                .map(|item| (item.clone(), item.name.clone()))
                .collect(),
            Self::Kokoro => kokoro::files(items),
        }
    }

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utau => "UTAU",
            Self::Diffsinger => "DiffSinger",
            Self::Kokoro => "Kokoro",
        }
    }
}

/// How the singers of a pack are made, in the order of its card.
pub(super) fn loads(pack: &Pack) -> Vec<Load> {
    let kind = pack.card.kind;
    if kind == Kind::Kokoro {
        return kokoro::loads(pack);
    }
    let singers = pack.card.singers.iter();
    singers
        .map(|singer| {
            let (id, files) = (singer.id.clone(), pack.files.clone());
            Box::new(move || open(kind, &id, &files)) as Load
        })
        .collect()
}

/// Opens a voice of one singer.
fn open(kind: Kind, id: &str, folder: &Path) -> Loaded {
    let files = Folder::open(folder).map_err(both)?;
    Ok(match kind {
        Kind::Diffsinger => Arc::new(DiffSinger::open(id, &files, &settings)?),
        _ => Arc::new(Utau::open(id, Box::new(files), Box::new(decode))?),
    })
}

/// Settings of a DiffSinger bank: YAML, or JSON.
fn settings(text: &str) -> Option<Node> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok().map(of_json);
    }
    let lines: Vec<&str> = text.lines().map(uncommented).collect();
    yuefu_scorefile::read_yaml(&lines.join("\n"))
        .ok()
        .map(of_yaml)
}

/// A line of YAML without what is remarked behind its value.
fn uncommented(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, sign) in line.char_indices() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | ':') => {
                quote = Some(sign)
            }
            (None, '#') if before == ' ' => return line[..at].trim_end(),
            _ => {}
        }
        before = sign;
    }
    line
}

fn of_yaml(value: Yaml) -> Node {
    match value {
        Yaml::Text(text) => Node::Text(text),
        Yaml::List(items) => Node::List(items.into_iter().map(of_yaml).collect()),
        Yaml::Map(rows) => Node::Map(
            rows.into_iter()
                .map(|(name, value)| (name, of_yaml(value)))
                .collect(),
        ),
    }
}

fn of_json(value: serde_json::Value) -> Node {
    use serde_json::Value;
    match value {
        Value::Null => Node::Text(String::new()),
        Value::Bool(on) => Node::Text(on.to_string()),
        Value::Number(number) => Node::Text(number.to_string()),
        Value::String(text) => Node::Text(text),
        Value::Array(items) => Node::List(items.into_iter().map(of_json).collect()),
        Value::Object(rows) => Node::Map(
            rows.into_iter()
                .map(|(name, value)| (name, of_json(value)))
                .collect(),
        ),
    }
}

/// The singers of a voice in a folder. One that has no name of its own is called `name`, and the
/// id of the only one is empty.
pub(super) fn singers(
    kind: Kind,
    folder: &Path,
    name: &str,
) -> Result<Vec<CardSinger>, StudioError> {
    if kind == Kind::Kokoro {
        let files = Folder::open(folder)?.names();
        return Ok(kokoro::singers(files.iter().map(String::as_str)));
    }
    let singer = open(kind, "", folder)?;
    let mut card = describe(singer.profile());
    if card.en.is_empty() {
        card.en = name.to_owned();
        card.zh = name.to_owned();
    }
    Ok(vec![card])
}

/// A recording of a bank: ten minutes at most.
fn decode(bytes: &[u8]) -> Option<yuefu_audio::AudioBuffer> {
    let limits = DecodeLimits {
        duration: yuefu_audio::Seconds(600.0),
        ..DecodeLimits::default()
    };
    let decoded = decode_bytes(bytes.to_vec(), Some("wav"), &limits).ok()?;
    Some(decoded.audio)
}

/// What a card says of an opened singer.
fn describe(profile: &SingerProfile) -> CardSinger {
    CardSinger {
        id: profile.id.clone(),
        en: profile.en.clone(),
        zh: profile.zh.clone(),
        languages: profile.languages.iter().map(|l| (*l).to_owned()).collect(),
        range: profile.range,
        sweet: profile.sweet,
    }
}

/// A card without singers.
pub(super) fn card(kind: Kind, source: String) -> Card {
    Card {
        format: super::FORMAT,
        kind,
        name: String::new(),
        source,
        licence: String::new(),
        digest: String::new(),
        bytes: 0,
        singers: Vec::new(),
    }
}

/// An error of the studio as one of a voice.
pub(super) fn both(error: StudioError) -> VoiceError {
    use yuefu_song::brief::Lang;
    VoiceError::new(error.message(Lang::En), error.message(Lang::Zh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn remarks_behind_values_go() {
        for (line, left) in [
            ("a: b # c", "a: b"),
            ("a: \"b # c\" # d", "a: \"b # c\""),
            ("- x#y", "- x#y"),
            ("# all", ""),
            ("a: it's # so", "a: it's"),
        ] {
            assert_eq!(uncommented(line), left);
        }
        let node = settings("{\"SP\": 1,\n \"a\": [true]}").unwrap();
        assert_eq!(node.text("SP"), Some("1"));
    }

    proptest! {
        #[test]
        fn any_settings_are_survived(text in "[\\PC\\n]{0,200}") {
            let _ = settings(&text);
        }
    }
}
