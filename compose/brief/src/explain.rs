//! Says what was understood, from which words, and what was assumed.

use crate::lexicon::Lexicon;
use std::fmt::Write;
use yuefu_song::brief::{Brief, Lang, Mood, ReasonKind, Severity};
use yuefu_song::score::SectionKind;

/// What was understood, as text for a person: stated wishes, suggestions, assumptions, problems.
pub fn explain(brief: &Brief, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    let pick = |en: &'static str, chinese: &'static str| if zh { chinese } else { en };
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("writing to a string");
    line(format!("{}{}", pick("Prompt: ", "提示："), brief.prompt));
    for (kind, title) in [
        (ReasonKind::Stated, pick("Understood", "读懂的要求")),
        (
            ReasonKind::Inferred,
            pick("Suggested by the words", "由词语联想"),
        ),
        (ReasonKind::Assumed, pick("Assumed", "默认")),
    ] {
        let mut rows: Vec<String> = Vec::new();
        for reason in brief.reasons.iter().filter(|reason| reason.kind == kind) {
            let from = match (reason.words.is_empty(), zh) {
                (true, _) => String::new(),
                (false, true) => format!("  ← “{}”", reason.words),
                (false, false) => format!("  <- \"{}\"", reason.words),
            };
            let row = format!(
                "  {} {}{from}",
                pad(field(&reason.field, zh), 14),
                pad(&value(&reason.field, &reason.value, lang), 18)
            );
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        if kind == ReasonKind::Assumed {
            rows.extend(open(brief, zh));
        }
        if !rows.is_empty() {
            line(format!("\n{title}"));
            rows.into_iter().for_each(&mut line);
        }
    }
    let a = brief.affect;
    line(format!("\n{}", pick("Feeling", "整体感受")));
    line(if zh {
        format!(
            "  愉悦 {:+.2}  激动 {:+.2}  紧张 {:.2}  温暖 {:.2}  空间 {:.2}",
            a.valence, a.arousal, a.tension, a.warmth, a.space
        )
    } else {
        format!(
            "  valence {:+.2}  arousal {:+.2}  tension {:.2}  warmth {:.2}  space {:.2}",
            a.valence, a.arousal, a.tension, a.warmth, a.space
        )
    });
    if !brief.diagnostics.is_empty() {
        line(format!("\n{}", pick("Problems", "问题")));
        for note in &brief.diagnostics {
            let severity = match note.severity {
                Severity::Info => pick("note", "说明"),
                Severity::Warning => pick("warning", "警告"),
                Severity::Error => pick("error", "错误"),
            };
            line(format!(
                "  {severity}: {}{}{}",
                note.message(lang),
                pick("; ", "；"),
                note.remedy(lang)
            ));
        }
    }
    out
}

/// Fields that the prompt left open.
fn open(brief: &Brief, zh: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut row = |is_open: bool, name: &str, en: &str, chinese: &str| {
        if is_open {
            out.push(format!(
                "  {} {}",
                pad(field(name, zh), 14),
                if zh { chinese } else { en }
            ));
        }
    };
    let tempo = brief.tempo.as_ref();
    row(
        tempo.is_none_or(|t| t.bpm.is_none() && t.range.is_none() && t.pace.is_none()),
        "tempo",
        "the style's own",
        "由风格决定",
    );
    row(
        brief.key.is_none(),
        "key",
        "chosen from the style and the seed",
        "由风格和种子决定",
    );
    row(
        brief.metre.is_none(),
        "metre",
        "the style's own",
        "由风格决定",
    );
    row(
        brief.length.is_none(),
        "length",
        "the style's usual length",
        "风格的常用长度",
    );
    row(
        brief.seed.is_none(),
        "seed",
        "derived from the prompt",
        "由提示得出",
    );
    out
}

fn field(name: &str, zh: bool) -> &str {
    let table = [
        ("title", "title", "标题"),
        ("style", "style", "风格"),
        ("excluded-style", "not the style", "不要风格"),
        ("mood", "mood", "情绪"),
        ("mood-hint", "mood", "情绪"),
        ("excluded-mood", "not the mood", "不要情绪"),
        ("instrument", "instrument", "乐器"),
        ("excluded-instrument", "no instrument", "不要乐器"),
        ("excluded", "without", "不要"),
        ("tempo", "tempo", "速度"),
        ("tempo-change", "tempo change", "速度变化"),
        ("tempo-feel", "tempo feel", "节奏感"),
        ("swing", "swing", "摇摆"),
        ("key", "key", "调性"),
        ("modulation", "modulation", "转调"),
        ("mode", "mode", "调式"),
        ("metre", "metre", "拍号"),
        ("length", "length", "长度"),
        ("loop", "loop", "循环"),
        ("form", "form", "曲式"),
        ("section", "section", "段落"),
        ("energy", "energy", "能量"),
        ("shape", "course", "走势"),
        ("voice", "voice", "人声"),
        ("scene", "scene", "场景"),
        ("seed", "seed", "种子"),
    ];
    table
        .iter()
        .find(|row| row.0 == name)
        .map_or(name, |row| if zh { row.2 } else { row.1 })
}

fn value(field: &str, value: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return value.to_owned();
    }
    if (field.contains("style") || field.contains("instrument"))
        && let Some(name) = Lexicon::get().chinese(value)
    {
        return format!("{name} ({value})");
    }
    if field.contains("mood") {
        return value
            .split(", ")
            .map(|name| Mood::by_name(name).map_or(name, |mood| mood.title(lang)))
            .collect::<Vec<_>>()
            .join("、");
    }
    if matches!(field, "form" | "section") {
        let name = |word: &str| {
            SectionKind::from_name(word).map_or(
                if word == "no" { "不要" } else { word }.to_owned(),
                |kind| SectionKind::ALL[kind as usize].3.to_owned(),
            )
        };
        return value.split(' ').map(name).collect::<Vec<_>>().join(" ");
    }
    let table = [
        ("instrumental", "纯音乐"),
        ("male", "男声"),
        ("female", "女声"),
        ("child", "童声"),
        ("choir", "合唱"),
        ("duet", "对唱"),
        ("any", "有人声"),
        ("steady", "稳定"),
        ("accelerating", "渐快"),
        ("decelerating", "渐慢"),
        ("rubato", "自由"),
        ("jumpy", "跳跃"),
        ("dragging", "拖延"),
        ("hesitant", "犹豫"),
        ("driving", "推进"),
        ("seamless", "无缝"),
        ("building", "渐强"),
        ("fading", "渐弱"),
        ("arc", "起伏"),
        ("level", "平稳"),
        ("drums", "鼓"),
        ("percussion", "打击乐"),
        ("bass", "贝斯"),
        ("guitar", "吉他"),
        ("strings", "弦乐"),
        ("vocals", "人声"),
    ];
    table
        .iter()
        .find(|row| row.0 == value)
        .map_or(value.to_owned(), |row| row.1.to_owned())
}

/// Pads to a width in columns; Chinese characters take two.
fn pad(text: &str, width: usize) -> String {
    let columns: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(columns)))
}
