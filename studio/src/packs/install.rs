//! Installing and removing voices.

use super::{
    CARD, CardSinger, FILES, Kind, Pack, Shelf, disk, download, is_id, kind, kokoro,
    source::{Item, Source},
};
use crate::{Cancel, StudioError, voices::Choir};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// How far an installation is: bytes done, bytes in all.
pub type Amount<'a> = &'a dyn Fn(u64, u64);

/// The word for the pack that Yuefu can fetch itself.
pub const KOKORO: &str = "kokoro";

/// A voice to be installed.
#[derive(Clone, Copy)]
pub struct Install<'a> {
    /// A folder or a ZIP archive; `kokoro`, where there is no such file, means the pack that is
    /// fetched from its publishers.
    pub source: &'a Path,
    /// The id it shall have, with or without `voice-`; `None` makes one of its name.
    pub id: Option<&'a str>,
    /// The folder of installed voices.
    pub folder: &'a Path,
    /// Is told how far it is.
    pub progress: Amount<'a>,
    /// Stops it.
    pub cancel: &'a Cancel,
}

impl Install<'_> {
    /// Copies a voice into the folder of voices. It appears there whole or not at all; what an
    /// earlier, interrupted installation left is cleared away.
    ///
    /// # Errors
    /// When there is no voice, its id is taken, it is too large, or the disk fails.
    pub fn run(&self) -> Result<Pack, StudioError> {
        let asked = self.id.map(own_id).transpose()?;
        fs::create_dir_all(self.folder).map_err(|e| disk("write", self.folder, &e))?;
        let _lock = lock(self.folder)?;
        if self.source != Path::new(KOKORO) || self.source.exists() {
            return self.place(self.source, self.source.display().to_string(), asked);
        }
        let downloads = self.folder.join(".downloads");
        let fetched = download::fetch(&downloads, self.progress, self.cancel)?;
        let pack = self.place(&fetched, download::ORIGIN.to_owned(), asked)?;
        // Of no more use; if it stays, nothing is harmed.
        let _ = fs::remove_dir_all(downloads);
        Ok(pack)
    }

    fn place(
        &self,
        from: &Path,
        origin: String,
        asked: Option<String>,
    ) -> Result<Pack, StudioError> {
        let mut source = Source::open(from)?;
        let kind = Kind::of(&source.items).ok_or_else(|| no_voice(from))?;
        if kind == Kind::Kokoro && asked.is_some() {
            return Err(StudioError::input(
                "--as: the singers of Kokoro have names of their own, such as \
                 voice-kokoro-af-heart",
                "--as：Kokoro 的歌手各有名称，如 voice-kokoro-af-heart",
            ));
        }
        let files = kind.files(&source.items);
        let part = Part(self.folder.join(".part"));
        let mut made = kind::card(kind, origin);
        let to = part.0.join(FILES);
        (made.digest, made.bytes) = self.copy(&mut source, &files, &to)?;
        made.licence = terms(kind, files.iter().map(|(_, name)| name.as_str()));
        if kind == Kind::Kokoro {
            let model = to.join(kokoro::MODEL);
            if download::sha256(&model)? != kokoro::MODEL_SHA256 {
                return Err(kokoro::other_model(kokoro::MODEL_BYTES));
            }
        }
        let singers = kind::singers(kind, &to, &stem(self.source))?;
        let (home, singers) = self.named(kind, singers, asked, &made.digest)?;
        made.name = match kind {
            Kind::Kokoro => "Kokoro-82M".to_owned(),
            _ => singers[0].en.clone(),
        };
        made.singers = singers;
        let text = toml::to_string(&made).map_err(|e| StudioError::Internal(e.to_string()))?;
        let path = part.0.join(CARD);
        write_through(&path, text.as_bytes()).map_err(|e| disk("write", &path, &e))?;
        fs::rename(&part.0, &home).map_err(|e| disk("write", &home, &e))?;
        Ok(Pack {
            files: home.join(FILES),
            card: made,
        })
    }

    /// Gives the singers their ids; the folder where they will be at home.
    fn named(
        &self,
        kind: Kind,
        mut singers: Vec<CardSinger>,
        asked: Option<String>,
        digest: &str,
    ) -> Result<(PathBuf, Vec<CardSinger>), StudioError> {
        let name = match kind {
            Kind::Kokoro => KOKORO.to_owned(),
            Kind::Utau | Kind::Diffsinger => {
                let names = [singers[0].en.as_str(), &stem(self.source)];
                let id = asked.unwrap_or_else(|| id_of(&names, digest));
                singers[0].id.clone_from(&id);
                id
            }
        };
        let shelf = Shelf::find(self.folder);
        let home = self.folder.join(&name);
        let taken = |id: &str| Choir::ships(id) || shelf.pack(id).is_some();
        if home.exists() || singers.iter().any(|singer| taken(&singer.id)) {
            return Err(StudioError::input(
                format!(
                    "a voice `{name}` is there already. Give another name with --as, or remove it \
                     first: yuefu voices remove {name}"
                ),
                format!(
                    "已有声音“{name}”。请用 --as 另取名称，或先移除：yuefu voices remove {name}"
                ),
            ));
        }
        Ok((home, singers))
    }

    /// Copies files; their digest and bytes.
    fn copy(
        &self,
        source: &mut Source,
        files: &[(Item, String)],
        to: &Path,
    ) -> Result<(String, u64), StudioError> {
        let total = files.iter().map(|(item, _)| item.bytes).sum::<u64>().max(1);
        let mut hasher = blake3::Hasher::new();
        let mut done = 0;
        for (item, name) in files {
            let path = to.join(name);
            let fail = |error: std::io::Error| disk("write", &path, &error);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(fail)?;
            }
            let mut file = File::create(&path).map_err(fail)?;
            head(&mut hasher, name, item.bytes);
            source.read(item, &mut |bytes| {
                self.cancel.check()?;
                hasher.update(bytes);
                done += bytes.len() as u64;
                (self.progress)(done, total);
                file.write_all(bytes).map_err(fail)
            })?;
        }
        Ok((hasher.finalize().to_hex().to_string(), done))
    }
}

/// A voice in the folder where its maker put it.
pub(super) fn in_place(folder: &Path) -> Result<Pack, StudioError> {
    let mut source = Source::open(folder)?;
    let kind = match Kind::of(&source.items) {
        // Its files may lie anywhere; installed they lie where they belong.
        Some(Kind::Kokoro) => {
            return Err(StudioError::input(
                "the Kokoro pack must be installed: yuefu voices install FOLDER",
                "Kokoro 包需要先安装：yuefu voices install 文件夹",
            ));
        }
        Some(kind) => kind,
        None => return Err(no_voice(folder)),
    };
    let mut made = kind::card(kind, folder.display().to_string());
    let mut hasher = blake3::Hasher::new();
    for (item, name) in kind.files(&source.items) {
        head(&mut hasher, &name, item.bytes);
        source.read(&item, &mut |bytes| {
            hasher.update(bytes);
            Ok(())
        })?;
        made.bytes += item.bytes;
    }
    made.digest = hasher.finalize().to_hex().to_string();
    made.licence = terms(kind, source.items.iter().map(|item| item.name.as_str()));
    made.singers = kind::singers(kind, folder, &stem(folder))?;
    let singer = &mut made.singers[0];
    singer.id = id_of(&[&singer.en, &stem(folder)], &made.digest);
    made.name.clone_from(&singer.en);
    Ok(Pack {
        files: folder.to_owned(),
        card: made,
    })
}

/// Removes an installed voice, by the id of its singer or the name of its folder.
///
/// # Errors
/// When there is none, or the disk fails.
pub fn remove(folder: &Path, id: &str) -> Result<(), StudioError> {
    let shelf = Shelf::find(folder);
    let inside = |path: &Path| path.parent().map(Path::to_owned);
    let own = |id: &str| {
        let pack = shelf.pack(id).filter(|pack| pack.card.singers.len() == 1)?;
        inside(&pack.files)
    };
    let whole = format!("voice-{id}");
    let home = own(id).or_else(|| own(&whole)).or_else(|| {
        // A broken voice, or a pack of many singers, goes by the name of its folder.
        let homes = shelf.packs.iter().filter_map(|pack| inside(&pack.files));
        let broken = shelf.broken.iter().map(|broken| broken.folder.clone());
        homes
            .chain(broken)
            .find(|home| home.file_name().is_some_and(|name| name == id))
    });
    let Some(home) = home else {
        let many = shelf.pack(id).or_else(|| shelf.pack(&whole));
        return Err(match many.and_then(|pack| inside(&pack.files)) {
            Some(home) => {
                let name = home.file_name().unwrap_or_default().to_string_lossy();
                StudioError::input(
                    format!(
                        "`{id}` is one of several singers of one pack. `yuefu voices remove {name}` \
                         removes all of them."
                    ),
                    format!(
                        "“{id}”与其他歌手同属一个包。yuefu voices remove {name} 会移除整个包。"
                    ),
                )
            }
            None => StudioError::input(
                format!("no installed voice is called `{id}`. `yuefu voices list` names them."),
                format!("没有安装名为“{id}”的声音。用 yuefu voices list 查看。"),
            ),
        });
    };
    let _lock = lock(folder)?;
    // Gone at once; if clearing up fails, the next installation does it.
    let part = Part(folder.join(".removed"));
    fs::rename(&home, &part.0).map_err(|error| disk("remove", &home, &error))
}

/// A folder that goes when the work on it ends, unless it was moved away.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Keeps other installations away, and clears up what a killed one left.
fn lock(folder: &Path) -> Result<File, StudioError> {
    let path = folder.join(".lock");
    let fail = |error: std::io::Error| disk("lock", &path, &error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(fail)?;
    file.lock().map_err(fail)?;
    for name in [".part", ".removed"] {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| disk("remove", &path, &error))?;
        }
    }
    Ok(file)
}

fn write_through(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn head(hasher: &mut blake3::Hasher, name: &str, bytes: u64) {
    hasher.update(&(name.len() as u64).to_le_bytes());
    hasher.update(name.as_bytes());
    hasher.update(&bytes.to_le_bytes());
}

/// The id that the user asks for.
fn own_id(text: &str) -> Result<String, StudioError> {
    let id = match text.starts_with("voice-") {
        true => text.to_owned(),
        false => format!("voice-{text}"),
    };
    if is_id(&id) {
        return Ok(id);
    }
    Err(StudioError::input(
        format!(
            "--as {text}: expected a name of small letters, digits and hyphens, 42 signs at most"
        ),
        format!("--as {text}：名称应由小写字母、数字和连字符组成，最多 42 个字符"),
    ))
}

/// An id of the first name that has letters to make it of, else of the digest.
fn id_of(names: &[&str], digest: &str) -> String {
    for name in names {
        let mut id = String::new();
        for sign in name.chars() {
            if sign.is_ascii_alphanumeric() {
                id.push(sign.to_ascii_lowercase());
            } else if !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
        }
        id.truncate(40);
        let id = id.trim_end_matches('-');
        if id.len() >= 2 {
            return match id.starts_with("voice-") {
                true => id.to_owned(),
                false => format!("voice-{id}"),
            };
        }
    }
    format!("voice-{}", digest.get(..8).unwrap_or("new"))
}

/// A path's name without folders and ending.
fn stem(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = match full.is_dir() {
        true => full.file_name(),
        false => full.file_stem(),
    };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// The files that state a voice's terms, by their names; empty where there seem to be none.
fn terms<'a>(kind: Kind, names: impl Iterator<Item = &'a str>) -> String {
    if kind == Kind::Kokoro {
        return kokoro::LICENCE.to_owned();
    }
    const WORDS: [&str; 10] = [
        "readme", "read me", "licen", "terms", "規約", "规约", "使用", "协议", "説明", "说明",
    ];
    let states = |name: &&str| {
        let small = name.to_lowercase();
        let text = [".txt", ".md", ".html", ".htm", ".pdf"];
        !name.contains('/')
            && WORDS.iter().any(|word| small.contains(word))
            && (text.iter().any(|end| small.ends_with(end)) || !small.contains('.'))
    };
    names.filter(states).take(4).collect::<Vec<_>>().join(", ")
}

fn no_voice(path: &Path) -> StudioError {
    StudioError::input(
        format!(
            "{}: expected a voice: an UTAU bank (with oto.ini), a DiffSinger bank (with dsconfig.yaml), or Kokoro-82M with its voices. Choose the \
             folder that holds it.",
            path.display()
        ),
        format!(
            "{}：需要声音：UTAU 音源（含 oto.ini）、DiffSinger 音源（含 dsconfig.yaml），或 Kokoro-82M 及其音色。请选择它所在的文件夹。",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_names() {
        assert_eq!(id_of(&["Kasane Teto!"], "x"), "voice-kasane-teto");
        assert_eq!(id_of(&["重音テト", "teto_01"], "x"), "voice-teto-01");
        assert_eq!(id_of(&["重音", "テト"], "0123456789"), "voice-01234567");
        assert_eq!(own_id("teto").unwrap(), "voice-teto");
        assert!(own_id("Teto Two").is_err());
    }

    #[test]
    fn terms_are_named() {
        let names = [
            "a.wav",
            "readme.txt",
            "x/readme.txt",
            "利用規約.txt",
            "LICENSE",
        ];
        assert_eq!(
            terms(Kind::Utau, names.into_iter()),
            "readme.txt, 利用規約.txt, LICENSE"
        );
    }
}
