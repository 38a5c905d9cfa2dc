//! Readings in words, for people: what `yuefu read TEXT --explain` prints.

use crate::language::sounds;
use crate::line::{LineReading, Severity};
use crate::mandarin::pinyin;
use crate::syllable::{Basis, Syllable, Word};
use crate::verse::{self, ToneClass};
use crate::{cantonese, english, mandarin};
use std::fmt::Write;

/// Describes how a line is read: one row for each syllable, then rhyme, tones, and what is wrong.
/// `zh` asks for Chinese, otherwise English.
pub fn describe(text: &str, reading: &LineReading, zh: bool) -> String {
    let say = |en: &'static str, zh_text: &'static str| if zh { zh_text } else { en };
    let mut out = String::new();
    for word in &reading.words {
        for (index, syllable) in word.syllables.iter().enumerate() {
            let found = sounds(word.lang, &syllable.reading);
            let ipa = found.as_ref().map(|found| found.ipa()).unwrap_or_default();
            let detail = detail(word, syllable, zh);
            let basis = if index == 0 {
                basis(word.basis, zh)
            } else {
                ""
            };
            let mut row = format!(
                "{}  {}  [{ipa}]  {detail}",
                pad(&syllable.text, 8),
                pad(&syllable.reading, 12)
            );
            if let Some(citation) = &syllable.citation {
                let _ = write!(row, "  {} {citation}", say("from", "原读"));
            }
            if !basis.is_empty() {
                let _ = write!(row, "  {basis}");
            }
            out.push_str(row.trim_end());
            out.push('\n');
        }
        if word.syllables.is_empty() {
            let written = &text[word.span.0..word.span.1];
            let _ = writeln!(out, "{}  {}", pad(written, 8), say("not read", "未能朗读"));
        }
    }
    let count = verse::count(&reading.words);
    let _ = write!(out, "{}{count}", say("syllables: ", "音节数："));
    let tones: String = reading
        .words
        .iter()
        .flat_map(|word| {
            word.syllables
                .iter()
                .map(|s| verse::tone_class(word.lang, s))
        })
        .map(|class| match class {
            Some(ToneClass::Level) => '平',
            Some(ToneClass::Oblique) => '仄',
            None => '·',
        })
        .collect();
    if tones.contains(['平', '仄']) {
        let _ = write!(out, "  {}{tones}", say("tones: ", "平仄："));
    }
    if let Some(rhyme) = verse::rhyme(&reading.words) {
        let _ = write!(out, "  {}{}", say("rhyme: ", "韵："), rhyme.key);
        if let Some((eighteen, thirteen)) = rhyme.group {
            let _ = write!(out, " ({eighteen}韵, {thirteen}辙)");
        }
    }
    out.push('\n');
    for fault in &reading.faults {
        let kind = match fault.severity {
            Severity::Warning => say("warning", "警告"),
            Severity::Error => say("error", "错误"),
        };
        let column = text[..fault.span.0].chars().count() + 1;
        let (message, remedy) = if zh {
            (&fault.message.1, &fault.remedy.1)
        } else {
            (&fault.message.0, &fault.remedy.0)
        };
        let _ = if zh {
            writeln!(out, "{kind}（第 {column} 字）：{message}。{remedy}")
        } else {
            writeln!(out, "{kind} at character {column}: {message}; {remedy}")
        };
    }
    out
}

fn detail(word: &Word, syllable: &Syllable, zh: bool) -> String {
    match word.lang {
        mandarin::CODE => {
            let names = if zh {
                ["阴平", "阳平", "上声", "去声", "轻声"]
            } else {
                ["level", "rising", "dipping", "falling", "neutral"]
            };
            let tone = usize::from(pinyin::tone(&syllable.reading)).clamp(1, 5);
            format!("{} {}", pinyin::marked(&syllable.reading), names[tone - 1])
        }
        cantonese::CODE => {
            let tone = syllable.reading.bytes().last().unwrap_or(b'?') as char;
            if zh {
                format!("第{tone}声")
            } else {
                format!("tone {tone}")
            }
        }
        english::CODE => {
            let stress = sounds(word.lang, &syllable.reading)
                .ok()
                .and_then(|found| found.stress);
            match (stress, zh) {
                (Some(1), false) => "stressed",
                (Some(2), false) => "half stressed",
                (_, false) => "unstressed",
                (Some(1), true) => "重读",
                (Some(2), true) => "次重读",
                (_, true) => "轻读",
            }
            .to_owned()
        }
        _ => String::new(),
    }
}

fn basis(basis: Basis, zh: bool) -> &'static str {
    match (basis, zh) {
        (Basis::Given, false) => "as written in braces",
        (Basis::Given, true) => "按大括号标注",
        (Basis::Dictionary, false) => "by the dictionary",
        (Basis::Dictionary, true) => "据词典",
        (Basis::Rule, false) => "by rule",
        (Basis::Rule, true) => "据规则",
        (Basis::Model, false) => "judged from the sentence",
        (Basis::Model, true) => "据上下文推断",
        (Basis::Default, false) => "the commonest reading",
        (Basis::Default, true) => "取最常见读音",
    }
}

/// Fills up to a width; Chinese characters are two wide.
fn pad(text: &str, width: usize) -> String {
    let wide = |c: char| if (c as u32) >= 0x1100 { 2 } else { 1 };
    let used: usize = text.chars().map(wide).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(used)))
}
