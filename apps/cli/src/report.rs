//! What is said in the end.

use crate::{args::Common, lang::Words};
use serde_json::{Value, json};
use std::{io::Write, path::PathBuf};
use yuefu_studio::{
    Song, StudioError, Tempo,
    publish::Published,
    render::STAGES,
    song::brief::{Diagnostic, Severity},
};

/// Prints a failure: one JSON object for scripts, sentences for people.
pub fn failure(error: &StudioError, common: &Common, words: Words) {
    let message = error.message(words.0);
    if common.json {
        line(&json!({ "ok": false, "code": error.exit_code(), "error": message }).to_string());
    } else {
        eprintln!("{}{message}", words.pick("error: ", "错误："));
    }
}

/// Prints which files were written.
pub fn wrote(paths: &[PathBuf], common: &Common, words: Words) {
    if common.json {
        line(&json!({ "ok": true, "files": paths }).to_string());
    } else if !common.quiet {
        for path in paths {
            let wrote = words.pick("wrote", "已写入");
            line(&format!("{wrote} {}", path.display()));
        }
    }
}

/// Prints what should be known besides.
pub fn notes(notes: &[Diagnostic], common: &Common, words: Words) {
    if common.quiet || common.json {
        return;
    }
    for note in notes {
        let head = match note.severity {
            Severity::Info => words.pick("note", "提示"),
            Severity::Warning => words.pick("warning", "注意"),
            Severity::Error => words.pick("error", "错误"),
        };
        let (what, remedy) = (note.message(words.0), note.remedy(words.0));
        eprintln!("{head}: {}", sentences(what, remedy, words));
    }
}

/// Prints a line; a reader who hangs up is no failure of ours.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Facts of a song for scripts.
pub fn song_json(song: &Song) -> Value {
    let plan = &song.plan;
    json!({
        "title": plan.title,
        "seed": song.seed,
        "style": plan.style,
        "key": plan.key.to_string(),
        "bpm": Tempo::of(song).felt,
        "quarter-bpm": Tempo::of(song).quarters,
        "metre": song.score.timeline.metre(yuefu_studio::theory::Ticks::ZERO).to_string(),
        "length": plan.length.0,
        "form": plan.sections.iter().map(|s| s.id.clone()).collect::<Vec<_>>(),
        "tracks": song.score.tracks.iter().map(|t| json!({
            "id": t.id, "role": t.role.name(), "instrument": t.instrument,
        })).collect::<Vec<_>>(),
    })
}

/// Facts of a rendering for scripts.
pub fn published_json(made: &Published, seconds: f64, length: f64) -> Value {
    json!({
        "files": made.files,
        "project": made.project,
        "loudness": made.measured.and_then(|m| m.loudness).map(|l| l.0),
        "loudness-range": made.measured.map(|m| m.range),
        "true-peak": made.measured.map(|m| m.peak.0),
        "units": units(made),
        "seconds": seconds,
        "times-real-time": length / seconds.max(1e-3),
    })
}

/// Prints a song and its files for people.
pub fn summary(song: &Song, made: &Published, seconds: f64, words: Words) {
    let plan = &song.plan;
    let zero = yuefu_studio::theory::Ticks::ZERO;
    let length = plan.length.0;
    line(&format!(
        "{}  ({} {}, {} {})",
        plan.title,
        words.pick("style", "风格"),
        plan.style,
        words.pick("seed", "种子"),
        song.seed
    ));
    line(&format!(
        "  {}, {}, {}, {}",
        plan.key,
        Tempo::of(song),
        song.score.timeline.metre(zero),
        clock(length)
    ));
    line(&format!("  {}", form(song, words)));
    let parts: Vec<&str> = song
        .score
        .tracks
        .iter()
        .map(|t| t.instrument.as_str())
        .collect();
    line(&format!("  {}", parts.join(", ")));
    if let Some(measured) = made.measured {
        let loudness = measured
            .loudness
            .map_or("-".to_owned(), |l| format!("{:.1} LUFS", l.0));
        line(&format!(
            "  {loudness}, {:.1} dBTP, {}",
            measured.peak.0,
            format_args!(
                "{:.1} s = {:.0}{}",
                seconds,
                length / seconds.max(1e-3),
                words.pick(" x real time", " 倍实时")
            )
        ));
    }
    for file in &made.files {
        line(&format!("  {}", file.display()));
    }
    if let Some(project) = &made.project {
        line(&format!("  {}", project.display()));
    }
}

/// The form in one line.
pub fn form(song: &Song, words: Words) -> String {
    let names: Vec<String> = song
        .plan
        .sections
        .iter()
        .map(|section| {
            let (_, _, en, zh) = yuefu_studio::song::SectionKind::ALL[section.kind as usize];
            format!("{} {}", words.pick(en, zh), section.bars)
        })
        .collect();
    names.join(" · ")
}

/// Minutes and seconds.
pub fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as i64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Two sentences in a row, whether or not the first one is closed.
fn sentences(first: &str, second: &str, words: Words) -> String {
    let first = first.trim_end();
    if second.is_empty() || first.ends_with(['.', '!', '?', '。', '！', '？']) {
        format!("{first} {}", capital(second)).trim_end().to_owned()
    } else {
        format!("{first}{}{}", words.pick(". ", "。"), capital(second))
    }
}

/// A sentence that begins with a capital letter, where its script has them.
fn capital(sentence: &str) -> String {
    let mut signs = sentence.chars();
    let first = signs.next().into_iter().flat_map(char::to_uppercase);
    first.chain(signs).collect()
}

/// Units made and kept, by stage.
fn units(made: &Published) -> serde_json::Value {
    let rows = STAGES.iter().zip(&made.units);
    rows.map(|((name, _), (made, kept))| (name.to_string(), json!({ "made": made, "kept": kept })))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
