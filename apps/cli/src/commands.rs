//! `explain`, `styles`, `instruments` and `master`.

use crate::{
    args::{Common, MasterArgs, WishArgs},
    lang::Words,
    report::line,
    song::{overrides, studio, wished},
};
use serde_json::json;
use std::path::Path;
use yuefu_studio::{
    Studio, StudioError,
    audio::{Db, Lufs},
    explain as describe,
    mastering::{MasterJob, pick},
    publish::parse_format,
    song::InstrumentProfile,
    soundfont::USER,
};

/// Says what a line is understood as.
pub fn explain(args: &WishArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = wished(args)?;
    let brief = studio.understand(&args.prompt, &overrides(args, &studio)?);
    if common.json {
        let value = serde_json::to_value(&brief)
            .map_err(|error| StudioError::Internal(error.to_string()))?;
        line(&value.to_string());
    } else {
        line(describe(&brief, words.0).trim_end());
    }
    if brief.is_refused() {
        return Err(StudioError::Refused(brief.errors().cloned().collect()));
    }
    Ok(())
}

/// Lists the styles, or describes one.
pub fn styles(id: Option<&str>, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let Some(id) = id else {
        if common.json {
            let rows: Vec<_> = studio
                .book
                .styles()
                .iter()
                .map(|s| json!({ "id": s.id, "en": s.en, "zh": s.zh, "about": s.about, "about-zh": s.about_zh }))
                .collect();
            line(&json!(rows).to_string());
        } else {
            for style in studio.book.styles() {
                line(&format!(
                    "{:<18} {:<12} {}",
                    style.id,
                    words.pick(&style.en, &style.zh),
                    words.pick(&style.about, &style.about_zh)
                ));
            }
        }
        return Ok(());
    };
    let Some(style) = studio.book.get(id) else {
        return Err(unknown(
            "style",
            "风格",
            id,
            studio.book.styles().iter().map(|s| s.id.as_str()),
        ));
    };
    if common.json {
        let value = serde_json::to_value(style)
            .map_err(|error| StudioError::Internal(error.to_string()))?;
        line(&value.to_string());
        return Ok(());
    }
    line(&format!("{} / {}", style.en, style.zh));
    line(&format!("  {}", words.pick(&style.about, &style.about_zh)));
    line(&format!(
        "  {:.0}-{:.0} BPM",
        style.tempo[0], style.tempo[1]
    ));
    let metres: Vec<String> = style.metres.iter().map(ToString::to_string).collect();
    line(&format!("  {}", metres.join(", ")));
    let modes: Vec<&str> = style.modes.keys().map(String::as_str).collect();
    line(&format!("  {}", modes.join(", ")));
    for form in &style.forms {
        line(&format!("  {}", form.sections));
    }
    for part in &style.cast {
        line(&format!(
            "  {:<12} {:<10} {}",
            part.id,
            part.role.name(),
            part.instruments.join(", ")
        ));
    }
    Ok(())
}

/// Lists the instruments, or describes one; with a SoundFont lists its presets only.
pub fn instruments(
    id: Option<&str>,
    soundfont: Option<&Path>,
    common: &Common,
    words: Words,
) -> Result<(), StudioError> {
    let studio = studio(soundfont, None)?;
    let profiles: Vec<&InstrumentProfile> = studio
        .catalog
        .profiles()
        .iter()
        .filter(|p| soundfont.is_none() || p.id.starts_with(USER))
        .collect();
    match id {
        None if common.json => {
            let value = serde_json::to_value(&profiles)
                .map_err(|error| StudioError::Internal(error.to_string()))?;
            line(&value.to_string());
        }
        None => {
            for profile in &profiles {
                line(&format!(
                    "{:<22} {:<24} {}",
                    profile.id,
                    words.pick(&profile.en, &profile.zh),
                    profile.engine
                ));
            }
        }
        Some(id) => {
            let Some(profile) = studio.catalog.profile(id) else {
                return Err(unknown(
                    "instrument",
                    "乐器",
                    id,
                    profiles.iter().map(|p| p.id.as_str()),
                ));
            };
            let value = serde_json::to_value(profile)
                .map_err(|error| StudioError::Internal(error.to_string()))?;
            if common.json {
                line(&value.to_string());
            } else {
                line(&format!("{} / {}", profile.en, profile.zh));
                for (name, value) in value.as_object().into_iter().flatten() {
                    line(&format!("  {name:<12} {value}"));
                }
            }
        }
    }
    Ok(())
}

fn unknown<'a>(en: &str, zh: &str, id: &str, known: impl Iterator<Item = &'a str>) -> StudioError {
    let mut near: Vec<(usize, &str)> = known.map(|name| (distance(id, name), name)).collect();
    near.sort_unstable();
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
    let near = near.join(", ");
    StudioError::input(
        format!("no {en} is called `{id}`; the nearest are {near}. `yuefu {en}s` lists all."),
        format!("没有叫“{id}”的{zh}；相近的有 {near}。用 yuefu {en}s 列出全部。"),
    )
}

/// Edit distance between two words (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Masters a recording.
pub fn master(args: &MasterArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| args.file.with_extension("mastered.flac"));
    let extension = output
        .extension()
        .map_or_else(String::new, |e| e.to_string_lossy().into_owned());
    let format = parse_format(&extension)?;
    let result = studio.master_file(&MasterJob {
        from: args.file.clone(),
        reference: args.reference.clone(),
        target: args.target.map(Lufs),
        ceiling: Db(args.ceiling),
        to: output.clone(),
        format,
    })?;
    let lufs = |level: Option<Lufs>| level.map_or("-".to_owned(), |l| format!("{:.1} LUFS", l.0));
    if common.json {
        let value = json!({
            "ok": true,
            "file": output,
            "before": result.before.map(|l| l.0),
            "loudness": result.after.loudness.map(|l| l.0),
            "loudness-range": result.after.range,
            "true-peak": result.after.peak.0,
            "warnings": result.warnings.iter().map(|w| &w.0).collect::<Vec<_>>(),
        });
        line(&value.to_string());
    } else if !common.quiet {
        for warning in &result.warnings {
            eprintln!(
                "{}: {}",
                words.pick("warning", "注意"),
                pick(warning, words.0)
            );
        }
        line(&format!(
            "{} -> {}, {:.1} LU, {:.1} dBTP",
            lufs(result.before),
            lufs(result.after.loudness),
            result.after.range,
            result.after.peak.0
        ));
        line(&output.display().to_string());
    }
    Ok(())
}
