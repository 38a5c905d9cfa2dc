//! Voices that the user brings: found in the voices folder, sung straight from a folder, installed
//! and removed.
//!
//! An installed voice is a folder with a [`Card`] (`voice.toml`) and the voice's own files below
//! `files`. Finding it reads the card alone; the voice is opened when it is first wanted, so that a
//! damaged one disturbs nobody who does not sing with it.

mod document;
mod download;
mod install;
mod kind;
mod kokoro;
mod source;

pub use install::{Amount, Install, KOKORO, remove};
pub use kind::Kind;

use crate::{Studio, StudioError, voices::Choir};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use yuefu_song::{Family, InstrumentProfile};
use yuefu_voice::VoiceError;

/// Names the folder of installed voices, instead of the platform's usual place.
pub const VARIABLE: &str = "YUEFU_VOICES";
/// The file that makes a folder an installed voice.
const CARD: &str = "voice.toml";
/// The folder of a pack that holds what its maker published.
const FILES: &str = "files";
/// Newest form of cards.
const FORMAT: u32 = 1;
/// A card longer than this is none.
const LONGEST_CARD: u64 = 1 << 20;

/// What is known of a voice without opening it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Card {
    /// Form of the card: 1.
    pub format: u32,
    /// What kind of voice it is.
    pub kind: Kind,
    /// The name its maker gave it.
    pub name: String,
    /// Where it was brought from.
    pub source: String,
    /// Its licence, where that is known; else the files among its own that state its terms.
    pub licence: String,
    /// BLAKE3 of its files with their names.
    pub digest: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its singers.
    #[serde(rename = "singer")]
    pub singers: Vec<CardSinger>,
}

/// A singer on a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CardSinger {
    /// Id, beginning with `voice-`.
    pub id: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// Codes of its languages, best first.
    pub languages: Vec<String>,
    /// Lowest and highest MIDI key.
    pub range: [u8; 2],
    /// The comfortable part of the range.
    pub sweet: [u8; 2],
}

/// A voice that the user brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// Where its files are.
    pub files: PathBuf,
    /// What it is.
    pub card: Card,
}

/// A folder among the installed voices that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    pub reason: VoiceError,
}

/// The voices that a user brought.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Usable ones.
    pub packs: Vec<Pack>,
    /// Folders that should be voices and are not.
    pub broken: Vec<Broken>,
}

impl Shelf {
    /// What lies in a voices folder; nothing where there is no such folder.
    pub fn find(folder: &Path) -> Self {
        let mut shelf = Self::default();
        let Ok(entries) = std::fs::read_dir(folder) else {
            return shelf;
        };
        let mut folders: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.is_dir() && !hidden(path))
            .collect();
        folders.sort();
        for folder in folders {
            match shelf.read(&folder) {
                Ok(card) => shelf.packs.push(Pack {
                    files: folder.join(FILES),
                    card,
                }),
                Err(reason) => shelf.broken.push(Broken { folder, reason }),
            }
        }
        shelf
    }

    fn read(&self, folder: &Path) -> Result<Card, VoiceError> {
        let path = folder.join(CARD);
        let long = std::fs::metadata(&path).is_ok_and(|found| found.len() > LONGEST_CARD);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) if !long => text,
            _ => {
                return Err(VoiceError::new(
                    format!("it has no {CARD}. Install it with `yuefu voices install FOLDER`"),
                    format!("缺少 {CARD}。请用 yuefu voices install 文件夹 安装"),
                ));
            }
        };
        let card: Card = toml::from_str(&text).map_err(|error| {
            VoiceError::new(
                format!("{CARD} cannot be read: {}", error.message()),
                format!("{CARD} 无法读取：{}", error.message()),
            )
        })?;
        if card.format != FORMAT {
            return Err(VoiceError::new(
                format!(
                    "{CARD} has format {}, expected {FORMAT}. Install the voice again",
                    card.format
                ),
                format!("{CARD} 的格式为 {}，应为 {FORMAT}。请重新安装", card.format),
            ));
        }
        if card.singers.is_empty() {
            return Err(VoiceError::new(
                format!("{CARD} names no singer. Install the voice again"),
                format!("{CARD} 中没有歌手。请重新安装"),
            ));
        }
        for singer in &card.singers {
            let sound = singer.range[0] <= singer.sweet[0]
                && singer.sweet[0] <= singer.sweet[1]
                && singer.sweet[1] <= singer.range[1]
                && singer.range[1] <= 127;
            let id = &singer.id;
            if !is_id(id) || !sound {
                return Err(VoiceError::new(
                    format!("{CARD}: the singer `{id}` has an id or a range that cannot be"),
                    format!("{CARD}：歌手“{id}”的名称或音域无效"),
                ));
            }
            if Choir::ships(id) || self.pack(id).is_some() {
                return Err(VoiceError::new(
                    format!("another voice is called `{id}` already. Install it with --as"),
                    format!("已有名为“{id}”的声音。请用 --as 另取名称安装"),
                ));
            }
        }
        Ok(card)
    }

    /// The pack that a singer belongs to.
    pub fn pack(&self, singer: &str) -> Option<&Pack> {
        let has = |pack: &&Pack| pack.card.singers.iter().any(|own| own.id == singer);
        self.packs.iter().find(has)
    }
}

impl Pack {
    /// Instruments that its singers are.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentProfile> {
        self.card.singers.iter().map(|singer| InstrumentProfile {
            id: singer.id.clone(),
            en: format!("{} (voice)", singer.en),
            zh: format!("{}（人声）", singer.zh),
            family: Family::Voice,
            range: singer.range,
            sweet: singer.sweet,
            // Voice Oohs, as of the shipped singers.
            program: 53,
            polyphony: 8,
            strings: Vec::new(),
            sings: singer.languages.clone(),
            engine: format!("voice:{}", singer.id),
            formant: 0.0,
            trim: 0.0,
        })
    }
}

impl Studio {
    /// Adds the voices of a folder of installed voices.
    #[must_use]
    pub fn with_voices(mut self, folder: &Path) -> Self {
        let found = Shelf::find(folder);
        for pack in found.packs {
            self.add(pack);
        }
        self.shelf.broken.extend(found.broken);
        self
    }

    /// Adds a voice that lies in a folder as its maker published it, without installing it; gives
    /// the id of its first singer too.
    ///
    /// # Errors
    /// When the folder holds no voice.
    pub fn with_voice(mut self, folder: &Path) -> Result<(Self, String), StudioError> {
        let pack = install::in_place(folder)?;
        let id = pack.card.singers[0].id.clone();
        self.add(pack);
        Ok((self, id))
    }

    fn add(&mut self, pack: Pack) {
        for (singer, load) in pack.card.singers.iter().zip(kind::loads(&pack)) {
            self.choir.seat(&singer.id, load);
        }
        self.orchestra = self.orchestra.clone().with_profiles(pack.instruments());
        let ids: Vec<&str> = pack.card.singers.iter().map(|s| s.id.as_str()).collect();
        self.catalog
            .retain(|profile| !ids.contains(&profile.id.as_str()));
        self.catalog.extend(pack.instruments());
        self.shelf.packs.push(pack);
    }
}

/// Where voices are installed: `$YUEFU_VOICES`, else `yuefu/voices` in the platform's folder for
/// data of programs. `None` where the user has no home.
pub fn usual_folder() -> Option<PathBuf> {
    let path = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    if let Some(own) = path(VARIABLE) {
        return Some(own);
    }
    let home = std::env::home_dir();
    let data = if cfg!(windows) {
        path("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Application Support"))
    } else {
        path("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| home.map(|home| home.join(".local/share")))
    };
    Some(data?.join("yuefu").join("voices"))
}

/// Whether a text may be a singer's id: `voice-`, then small letters, digits and hyphens, 48 signs
/// at most.
fn is_id(id: &str) -> bool {
    let rest = id.strip_prefix("voice-").unwrap_or("");
    let sign = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
    !rest.is_empty() && id.len() <= 48 && rest.bytes().all(sign)
}

/// Whether a folder's name begins with a dot: half-made or removed.
fn hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// A voice that cannot be read or written.
fn disk(what: &'static str, path: &Path, error: &std::io::Error) -> StudioError {
    yuefu_engine::WorldError::new(what, path.display().to_string(), error).into()
}
