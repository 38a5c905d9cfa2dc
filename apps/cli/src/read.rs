//! `read`: how words are read.

use crate::{
    args::{Common, ReadArgs},
    lang::Words,
    report::line,
};
use serde_json::json;
use std::{
    io::{IsTerminal, Read},
    path::Path,
};
use yuefu_studio::{StudioError, words as sung};

/// A file of words longer than this is no lyric sheet, in bytes.
const LARGEST: u64 = 16 << 20;

/// Says how words are read.
pub fn read(args: &ReadArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let text = match (&args.text, &args.file) {
        (_, Some(path)) => text_of(path)?,
        (Some(text), None) => text.clone(),
        (None, None) => String::new(),
    };
    let lang = match &args.language {
        None => None,
        Some(name) => Some(sung::language(name).ok_or_else(|| {
            StudioError::input(
                format!("--language {name}: expected Mandarin, Cantonese, English or Japanese."),
                format!("--language {name}：应为普通话、粤语、英语或日语。"),
            )
        })?),
    };
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut all = Vec::new();
    for one in text.lines().filter(|line| !line.trim().is_empty()) {
        let reading = sung::reading(one, lang);
        if common.json {
            let syllables = reading.words.iter().flat_map(|word| {
                word.syllables.iter().map(|syllable| {
                    json!({
                        "text": syllable.text,
                        "lang": word.lang,
                        "reading": syllable.reading,
                        "from": syllable.citation,
                        "basis": word.basis,
                    })
                })
            });
            let faults = reading.faults.iter().map(|fault| {
                let (en, zh) = (&fault.message.0, &fault.message.1);
                json!({ "code": fault.code, "message": words.pick(en, zh) })
            });
            all.push(json!({
                "text": one,
                "syllables": syllables.collect::<Vec<_>>(),
                "faults": faults.collect::<Vec<_>>(),
            }));
        } else if args.explain {
            let rows = sung::explain(one, lang, words.0);
            if color {
                line(&format!("\x1b[1m{one}\x1b[0m"));
                rows.lines().for_each(|row| line(&painted(row)));
            } else {
                line(one);
                line(rows.trim_end());
            }
            line("");
        } else {
            let readings: Vec<&str> = reading
                .words
                .iter()
                .flat_map(|word| word.syllables.iter().map(|s| s.reading.as_str()))
                .collect();
            let joint = if readings.iter().any(|r| r.contains(' ')) {
                " / "
            } else {
                " "
            };
            line(one);
            line(&format!("  {}", readings.join(joint)));
        }
    }
    if common.json {
        line(&json!({ "ok": true, "lines": all }).to_string());
    }
    Ok(())
}

/// A row in colors: the reading, then the phones.
fn painted(row: &str) -> String {
    let Some((head, rest)) = row.split_once("  [") else {
        return format!("\x1b[2m{row}\x1b[0m");
    };
    let Some((phones, rest)) = rest.split_once(']') else {
        return row.to_owned();
    };
    format!("\x1b[36m{head}\x1b[0m  \x1b[33m[{phones}]\x1b[0m{rest}")
}

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8 text.
pub fn text_of(path: &Path) -> Result<String, StudioError> {
    let name = path.display();
    let fail = |error: std::io::Error| {
        StudioError::input(
            format!("{name} cannot be read: {error}. Give a text file in UTF-8."),
            format!("无法读取 {name}：{error}。请给出 UTF-8 文本文件。"),
        )
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    if bytes.len() as u64 > LARGEST {
        return Err(StudioError::input(
            format!("{name} is larger than 16 MiB; keep the words of one song."),
            format!("{name} 超过 16 MiB；请只保留一首歌的歌词。"),
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        StudioError::input(
            format!("{name} is not UTF-8 text; save it as UTF-8."),
            format!("{name} 不是 UTF-8 文本；请另存为 UTF-8。"),
        )
    })
}
