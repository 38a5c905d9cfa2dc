//! `voices`: list, hear, install, remove.

use crate::{args::Common, lang::Words, progress::Bar, report::line, sing::write};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use yuefu_studio::{
    Cancel, Choir, Studio, StudioError,
    audio::SampleRate,
    packs::{self, Install, Pack},
    song::InstrumentProfile,
    voices::singer_of,
};

/// Options of `voices`.
#[derive(Clone, Debug, Args)]
pub struct VoicesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub action: VoicesAction,
}

/// What to do with voices.
#[derive(Clone, Debug, Subcommand)]
pub enum VoicesAction {
    /// List the voices, with where they come from and their terms
    List,
    /// Have a voice sing a few words
    Preview {
        /// Voice id
        voice: String,
        /// Words to sing
        #[arg(long = "text", value_name = "TEXT")]
        verse: Option<String>,
        /// Recording to write: .wav, .flac or .ogg (default: VOICE.wav)
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Install a voice: a folder, a ZIP archive, or kokoro, which is fetched from its publishers
    Install {
        /// Folder or ZIP archive of the voice, or kokoro
        #[arg(value_name = "VOICE")]
        bank: PathBuf,
        /// Id that it shall have (default: of its name)
        #[arg(long = "as", value_name = "ID")]
        called: Option<String>,
        /// Take the files of kokoro from this folder instead of fetching them
        #[arg(long = "from", value_name = "DIR")]
        fetched: Option<PathBuf>,
    },
    /// Remove an installed voice
    Remove {
        /// Voice id
        voice: String,
    },
}

/// Does with voices what is asked.
pub fn voices(
    args: &VoicesArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    match &args.action {
        VoicesAction::List => list(common, words),
        VoicesAction::Preview {
            voice,
            verse,
            output,
        } => {
            let audio =
                Studio::standard()?.preview_voice(voice, verse.as_deref(), SampleRate(44_100))?;
            let output = output
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("{voice}.wav")));
            write(&audio, &output)?;
            if common.json {
                line(&json!({ "file": output.display().to_string() }).to_string());
            } else if !common.quiet {
                line(&output.display().to_string());
            }
            Ok(())
        }
        VoicesAction::Install {
            bank,
            called,
            fetched,
        } => {
            let bank = fetched.as_ref().unwrap_or(bank);
            install(bank, called.as_deref(), common, words, cancel)
        }
        VoicesAction::Remove { voice } => {
            packs::remove(&folder()?, voice)?;
            if common.json {
                line(&json!({ "removed": voice }).to_string());
            } else if !common.quiet {
                line(&format!("{voice}: {}", words.pick("removed", "已移除")));
            }
            Ok(())
        }
    }
}

fn install(
    bank: &Path,
    called: Option<&str>,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let folder = folder()?;
    let bar = Bar::new(common, words);
    let names = match bank == Path::new(packs::KOKORO) && !bank.exists() {
        true => ("fetching", "下载"),
        false => ("copying", "复制"),
    };
    let pack = Install {
        source: bank,
        id: called,
        folder: &folder,
        progress: &|done, total| bar.amount(done, total, names),
        cancel,
    }
    .run()?;
    bar.finish();
    let ids: Vec<&str> = pack.card.singers.iter().map(|s| s.id.as_str()).collect();
    if common.json {
        line(&json!({ "installed": ids, "folder": pack.files.parent() }).to_string());
    } else if !common.quiet {
        for singer in pack.card.singers.iter().take(60) {
            let languages = singer.languages.join(", ");
            line(&format!(
                "{:<22} {} ({languages})",
                singer.id,
                words.pick(&singer.en, &singer.zh)
            ));
        }
        line(&match (pack.card.licence.as_str(), words.chinese()) {
            ("", false) => "Ask its maker what may be done with what it sings.".to_owned(),
            ("", true) => "请向制作者了解使用条款。".to_owned(),
            (terms, false) => format!("Its terms: {terms}. They hold for what it sings."),
            (terms, true) => format!("使用条款：{terms}。演唱的内容须遵守它。"),
        });
    }
    Ok(())
}

fn list(common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let profiles = studio.catalog.profiles().iter();
    let singers = profiles.filter(|profile| profile.engine.starts_with("voice:"));
    let mut rows = Vec::new();
    for profile in singers {
        let pack = studio.shelf.pack(&profile.id);
        let (source, terms) = origin(profile, pack, words);
        if common.json {
            rows.push(json!({
                "id": profile.id, "en": profile.en, "zh": profile.zh, "languages": profile.sings,
                "range": profile.range, "sweet": profile.sweet, "source": source,
                "licence": terms, "digest": pack.map(|pack| &pack.card.digest),
            }));
            continue;
        }
        let [low, high] = profile.sweet.map(key_name);
        line(&format!(
            "{:<22} {:<20} {:<8} {:<7} {source}; {terms}",
            profile.id,
            words.pick(&profile.en, &profile.zh),
            profile.sings.join(", "),
            format!("{low}-{high}"),
        ));
    }
    for broken in &studio.shelf.broken {
        let (folder, reason) = (broken.folder.display().to_string(), &broken.reason);
        let reason = words.pick(&reason.en, &reason.zh);
        if common.json {
            rows.push(json!({ "folder": folder, "broken": reason }));
        } else {
            line(&format!(
                "{}: {folder}: {reason}",
                words.pick("unusable", "不可用")
            ));
        }
    }
    if common.json {
        line(&json!(rows).to_string());
    }
    Ok(())
}

/// Where a voice comes from, and its terms.
fn origin(profile: &InstrumentProfile, pack: Option<&Pack>, words: Words) -> (String, String) {
    match pack {
        Some(pack) => {
            let terms = match pack.card.licence.as_str() {
                "" => words.pick("terms unknown, ask its maker", "条款不明，请询问制作者"),
                terms => terms,
            };
            (
                format!("{}, {}", pack.card.kind.name(), pack.card.source),
                terms.to_owned(),
            )
        }
        None => {
            // A child is one of the others with a smaller body.
            let ships = match singer_of(profile).is_some_and(Choir::ships) {
                true => words.pick("ships with Yuefu", "随乐府附带"),
                false => "?",
            };
            (ships.to_owned(), "Apache-2.0".to_owned())
        }
    }
}

fn folder() -> Result<PathBuf, StudioError> {
    packs::usual_folder().ok_or_else(|| {
        StudioError::input(
            format!(
                "no folder for voices is known. Set {} to one.",
                packs::VARIABLE
            ),
            format!(
                "不知道声音该放在哪里。请把 {} 设为一个文件夹。",
                packs::VARIABLE
            ),
        )
    })
}

/// `A3` of 57.
fn key_name(key: u8) -> String {
    const NAMES: [&str; 12] = [
        "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
    ];
    format!(
        "{}{}",
        NAMES[usize::from(key % 12)],
        i32::from(key / 12) - 1
    )
}
