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
use yuefu_utau::{BankFiles as _, Utau};
use yuefu_voice::{SingerProfile, VoiceError};

/// A kind of voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Recorded sounds with lists of where they lie (`oto.ini`).
    Utau,
    /// The speech model Kokoro-82M and its voices.
    Kokoro,
}

impl Kind {
    /// What a voice is by its files; `None` when it is none that is known.
    pub(super) fn of(items: &[Item]) -> Option<Self> {
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
            Self::Utau => items
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
            Self::Kokoro => "Kokoro",
        }
    }
}

/// How the singers of a pack are made, in the order of its card.
pub(super) fn loads(pack: &Pack) -> Vec<Load> {
    match pack.card.kind {
        Kind::Utau => pack
            .card
            .singers
            .iter()
            .map(|singer| {
                let (id, files) = (singer.id.clone(), pack.files.clone());
                Box::new(move || utau(&id, &files)) as Load
            })
            .collect(),
        Kind::Kokoro => kokoro::loads(pack),
    }
}

fn utau(id: &str, folder: &Path) -> Loaded {
    let files = Folder::open(folder).map_err(both)?;
    Ok(Arc::new(Utau::open(id, Box::new(files), Box::new(decode))?))
}

/// The singers of a voice in a folder. One that has no name of its own is called `name`, and the
/// id of the only one is empty.
pub(super) fn singers(
    kind: Kind,
    folder: &Path,
    name: &str,
) -> Result<Vec<CardSinger>, StudioError> {
    let singer = match kind {
        Kind::Utau => utau("", folder)?,
        Kind::Kokoro => {
            let files = Folder::open(folder)?.names();
            return Ok(kokoro::singers(files.iter().map(String::as_str)));
        }
    };
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
