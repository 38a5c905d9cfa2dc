//! The findings a prompt can lead to, in both languages.

use yuefu_song::brief::{Brief, Diagnostic, Severity};

/// Records a finding once.
pub(crate) fn note(
    brief: &mut Brief,
    severity: Severity,
    code: &str,
    message: (String, String),
    remedy: (&str, &str),
) {
    let new = Diagnostic::new(severity, code, message, remedy);
    if !brief.diagnostics.contains(&new) {
        brief.diagnostics.push(new);
    }
}

/// Two statements that cannot both hold; the first one counts.
pub(crate) fn contradiction(brief: &mut Brief, what: &str, first: &str, second: &str) {
    let (en, zh) = match what {
        "tempo" => ("tempo", "速度"),
        "tempo-change" => ("change of tempo", "速度变化"),
        "key" => ("key", "调性"),
        "mode" => ("mode", "调式"),
        "metre" => ("metre", "拍号"),
        "length" => ("length", "长度"),
        "form" => ("form", "曲式"),
        "section" => ("sections", "段落"),
        "voice" => ("voice", "人声"),
        "instrument" => ("instruments", "乐器"),
        "mood" => ("mood", "情绪"),
        "style" => ("style", "风格"),
        "seed" => ("seed", "种子"),
        _ => (what, what),
    };
    note(
        brief,
        Severity::Warning,
        &format!("contradiction-{what}"),
        (
            format!(
                "the prompt contradicts itself about the {en}: \"{first}\" and \"{second}\"; \"{first}\" is followed"
            ),
            format!(
                "提示中关于{en_zh}的说法互相矛盾：“{first}”与“{second}”；按“{first}”处理",
                en_zh = zh
            ),
        ),
        ("keep only one of the two", "请只保留其中一个"),
    );
}

/// A value outside what is possible; the song is refused.
pub(crate) fn impossible(brief: &mut Brief, code: &str, words: &str, limits: (&str, &str)) {
    note(
        brief,
        Severity::Error,
        code,
        (
            format!("\"{words}\" is not possible: {}", limits.0),
            format!("“{words}”无法做到：{}", limits.1),
        ),
        ("give a value within these limits", "请给出范围之内的值"),
    );
}

/// Limits of a tempo.
pub(crate) const TEMPO: (&str, &str) = (
    "a tempo lies between 30 and 300 BPM",
    "速度须在 30 到 300 BPM 之间",
);
/// Limits of a length.
pub(crate) const LENGTH: (&str, &str) = (
    "a piece lasts from 10 seconds to 8 minutes",
    "乐曲长度须在 10 秒到 8 分钟之间",
);
/// Limits of a length in bars.
pub(crate) const BARS: (&str, &str) = (
    "a piece has from 1 to 400 bars and lasts from 10 seconds to 8 minutes",
    "乐曲须为 1 到 400 小节，且长度在 10 秒到 8 分钟之间",
);
/// Limits of a metre.
pub(crate) const METRE: (&str, &str) = (
    "a metre has 1 to 16 beats of a half, quarter, eighth or sixteenth note",
    "拍号须为每小节 1 到 16 拍，以二分、四分、八分或十六分音符为一拍",
);

/// Words that were not understood.
pub(crate) fn nothing_understood(brief: &mut Brief, words: &[String]) {
    let list = words.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let (en, zh) = if words.is_empty() {
        ("the prompt is empty".to_owned(), "提示为空".to_owned())
    } else {
        (
            format!("nothing in the prompt was understood: {list}"),
            format!("没有读懂提示中的任何内容：{list}"),
        )
    };
    note(
        brief,
        Severity::Warning,
        if words.is_empty() {
            "empty-prompt"
        } else {
            "nothing-understood"
        },
        (en, zh),
        (
            "name a style, a mood or an instrument, such as \"gentle jazz with piano\"",
            "请写出风格、情绪或乐器，例如“温柔的钢琴爵士”",
        ),
    );
}

/// A word that may be a typing error.
pub(crate) fn typing_error(brief: &mut Brief, word: &str, meant: &str) {
    note(
        brief,
        Severity::Warning,
        "unknown-word",
        (
            format!("\"{word}\" is not known; did you mean \"{meant}\"?"),
            format!("不认识“{word}”，是不是“{meant}”？"),
        ),
        ("correct the word", "请改正这个词"),
    );
}
