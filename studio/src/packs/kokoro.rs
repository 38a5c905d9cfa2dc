//! The Kokoro pack: one model, and each of its voices a singer.

use super::{
    CardSinger, Pack,
    source::{Folder, Item},
};
use crate::{
    StudioError,
    voices::{Load, Loaded},
};
use std::sync::{Arc, OnceLock};
use yuefu_kokoro::{Kokoro, KokoroSinger, Studied, Voice, in_both, languages};
use yuefu_utau::BankFiles as _;
use yuefu_voice::{SingerProfile, VoiceError};

/// The model's file in a pack.
pub(super) const MODEL: &str = "kokoro.onnx";
/// Bytes of the one export of the model that this program knows.
pub(super) const MODEL_BYTES: u64 = 92_361_271;
/// Its SHA-256.
pub(super) const MODEL_SHA256: &str =
    "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb";
/// Bytes of a voice.
pub(super) const VOICE_BYTES: u64 = 510 * 256 * 4;
/// Its licence.
pub(super) const LICENCE: &str = "Apache-2.0 (Kokoro-82M, hexgrad)";

/// Who lends the way of speaking in Mandarin and English, for women and for men.
const LENDERS: [[&str; 2]; 2] = [["zf_xiaobei", "af_heart"], ["zm_yunjian", "am_michael"]];

/// The name of a voice by its file: `voices/af_heart.bin`.
pub(super) fn voice_of(file: &str) -> Option<&str> {
    let name = file.strip_prefix("voices/")?.strip_suffix(".bin")?;
    let plain = |sign: u8| sign.is_ascii_lowercase() || sign == b'_';
    let [_, sex, b'_', ..] = name.as_bytes() else {
        return None;
    };
    (name.len() <= 24 && matches!(sex, b'f' | b'm') && name.bytes().all(plain)).then_some(name)
}

/// The model and the voices among files that lie in whatever folders, with their names in a pack.
pub(super) fn files(items: &[Item]) -> Vec<(Item, String)> {
    let mut found: Vec<(Item, String)> = Vec::new();
    for item in items {
        let file = item.name.rsplit('/').next().unwrap_or(&item.name);
        let voice = format!("voices/{file}");
        let name = if file.ends_with(".onnx") && item.bytes == MODEL_BYTES {
            MODEL.to_owned()
        } else if item.bytes == VOICE_BYTES && voice_of(&voice).is_some() {
            voice
        } else {
            continue;
        };
        if !found.iter().any(|(_, known)| *known == name) {
            found.push((item.clone(), name));
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

/// Singers of a pack by the names of its files.
pub(super) fn singers<'a>(files: impl Iterator<Item = &'a str>) -> Vec<CardSinger> {
    let name = |file: &'a str| voice_of(file);
    files.filter_map(name).map(card_of).collect()
}

fn card_of(name: &str) -> CardSinger {
    let profile = profile(name);
    CardSinger {
        id: profile.id,
        en: profile.en,
        zh: profile.zh,
        languages: profile.languages.iter().map(|l| (*l).to_owned()).collect(),
        range: profile.range,
        sweet: profile.sweet,
    }
}

fn profile(name: &str) -> SingerProfile {
    let own = name.split_once('_').map_or(name, |(_, own)| own);
    let mut letters = own.chars();
    let first = letters.next().map(|sign| sign.to_ascii_uppercase());
    let shown: String = first.into_iter().chain(letters).collect();
    let (range, sweet) = match is_low(name) {
        true => ([40, 67], [43, 60]),
        false => ([52, 79], [55, 72]),
    };
    SingerProfile {
        id: format!("voice-kokoro-{}", name.replace('_', "-")),
        en: format!("{shown} (Kokoro)"),
        zh: format!("{shown}（Kokoro）"),
        languages: languages(name),
        range,
        sweet,
        digest: String::new(),
    }
}

fn is_low(name: &str) -> bool {
    name.as_bytes().get(1) == Some(&b'm')
}

/// The model with its digest.
type Model = (Arc<Kokoro>, blake3::Hash);

/// The model, loaded when the first voice is wanted.
type Shared = Arc<OnceLock<Result<Model, VoiceError>>>;

/// How the singers of a pack are made, in the order of its card.
pub(super) fn loads(pack: &Pack) -> Vec<Load> {
    let shared = Shared::default();
    let singers = pack.card.singers.iter();
    singers
        .map(|singer| {
            let (shared, files, id) = (shared.clone(), pack.files.clone(), singer.id.clone());
            Box::new(move || load(&shared, &files, &id)) as Load
        })
        .collect()
}

fn load(shared: &Shared, folder: &std::path::Path, id: &str) -> Loaded {
    let files = Folder::open(folder).map_err(super::kind::both)?;
    let lacks = |name: &str| {
        VoiceError::new(
            format!("the Kokoro pack lacks {name}. Install it again: yuefu voices install kokoro"),
            format!("Kokoro 包缺少 {name}。请重新安装：yuefu voices install kokoro"),
        )
    };
    let read = |name: &str| files.read(name).ok_or_else(|| lacks(name));
    let names = files.names();
    let name = names
        .iter()
        .filter_map(|file| voice_of(file))
        .find(|name| profile(name).id == id)
        .ok_or_else(|| lacks(&format!("the voice {id}")))?;
    let (model, digest) = shared
        .get_or_init(|| {
            let bytes = read(MODEL)?;
            let digest = blake3::hash(&bytes);
            // One thread: tracks are sung side by side, and results do not depend on it.
            let model = Kokoro::load(bytes, 1).map_err(in_both)?;
            Ok((Arc::new(model), digest))
        })
        .clone()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(digest.as_bytes());
    let mut voice = |name: &str| -> Result<Voice, VoiceError> {
        let bytes = read(&format!("voices/{name}.bin"))?;
        hasher.update(&bytes);
        Voice::parse(&bytes).map_err(in_both)
    };
    let own = voice(name)?;
    let home = languages(name)[0];
    let mut studied = |lang: usize, code: &str| -> Result<Voice, VoiceError> {
        let native = matches!(name.as_bytes()[0], b'a' | b'b' | b'z');
        let lender = LENDERS[usize::from(is_low(name))][lang];
        if native && home == code || !names.contains(&format!("voices/{lender}.bin")) {
            return Ok(own.clone());
        }
        Ok(own.spoken_like(&voice(lender)?))
    };
    let voices = Studied {
        cmn: studied(0, "cmn")?,
        en: studied(1, "en")?,
    };
    let digest = hasher.finalize().to_hex();
    Ok(Arc::new(KokoroSinger::new(
        model,
        voices,
        profile(name),
        &digest,
    )))
}

/// What to say of a model file that is another export.
pub(super) fn other_model(found: u64) -> StudioError {
    StudioError::input(
        format!(
            "expected the int8 export of Kokoro-82M v1.0 ({MODEL_BYTES} bytes, SHA-256 \
             {MODEL_SHA256}), found another file of {found} bytes. `yuefu voices install kokoro` \
             fetches the right one."
        ),
        format!(
            "应为 Kokoro-82M v1.0 的 int8 版（{MODEL_BYTES} 字节，SHA-256 {MODEL_SHA256}），\
             却是另一个 {found} 字节的文件。yuefu voices install kokoro 会下载正确的版本。"
        ),
    )
}
