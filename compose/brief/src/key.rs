//! Keys in a prompt: `D minor`, `升F小调`, `in Bb`, `1=D`.

use crate::text::Text;
use crate::value::Value;
use yuefu_theory::Key;

const MODES: [&str; 15] = [
    "harmonic minor",
    "natural minor",
    "major",
    "minor",
    "maj",
    "min",
    "dorian",
    "phrygian",
    "lydian",
    "mixolydian",
    "aeolian",
    "ionian",
    "hirajoshi",
    "hijaz",
    "blues scale",
];

/// Reads a key. Single letters count only after "in", "key" or `1=`, so that articles and
/// ordinary words are left alone.
pub(crate) fn key(text: &Text, start: usize) -> Option<(Value, usize)> {
    let mut at = start;
    let mut prefix = None;
    for word in [
        "in the key of",
        "key of",
        "the key of",
        "key is",
        "key",
        "in",
        "1=",
    ] {
        if let Some(end) = text
            .literal(at, word)
            .filter(|e| word == "1=" || text.is_boundary(*e))
        {
            prefix = Some(word);
            at = text.skip_marks(end, &[':', '=']);
            break;
        }
    }
    if prefix.is_none()
        && let Some(end) = ["调性", "调式", "主调"]
            .iter()
            .find_map(|w| text.literal(at, w))
    {
        prefix = Some("key");
        at = text.skip_marks(end, &[':', '=', '为', '是']);
    }
    let mut shift = match text.at(at) {
        '#' | '升' => 1,
        '降' | '♭' => -1,
        _ => 0,
    };
    if shift != 0 {
        at = text.skip(at + 1);
    }
    let letter = text.at(at);
    if at >= text.len() || !('a'..='g').contains(&letter) || !(at == start || text.is_boundary(at))
    {
        return None;
    }
    let is_upper = text.typed[at] != letter;
    at += 1;
    if shift == 0 {
        let apart = text.skip_marks(at, &['-']);
        let after_b = text.at(at + 1);
        if matches!(text.at(at), '#' | '♭') && at < text.len() {
            shift = if text.at(at) == '#' { 1 } else { -1 };
            at += 1;
        } else if text.at(at) == 'b'
            && (!after_b.is_ascii_alphabetic() || text.literal(at + 1, "m").is_some())
        {
            shift = -1;
            at += 1;
        } else if let Some(end) = text.word(apart, &["sharp"]) {
            shift = 1;
            at = end;
        } else if let Some(end) = text.word(apart, &["flat"]) {
            shift = -1;
            at = end;
        }
    }
    let tonic = format!(
        "{}{}",
        letter.to_ascii_uppercase(),
        ["b", "", "#"][(shift + 1) as usize]
    );
    let read = |mode: &str, stated: bool, end: usize| {
        Some((
            Value::Key(Key::parse(format!("{tonic} {mode}").trim())?, stated),
            end,
        ))
    };
    // Chinese modes.
    for (word, mode) in [
        ("自然大调", "major"),
        ("自然小调", "minor"),
        ("和声小调", "harmonic-minor"),
        ("大调", "major"),
        ("小调", "minor"),
        ("宫调", "gong"),
        ("商调", "shang"),
        ("角调", "jue"),
        ("徵调", "zhi"),
        ("羽调", "yu"),
        ("多利亚", "dorian"),
        ("弗里几亚", "phrygian"),
        ("利底亚", "lydian"),
        ("混合利底亚", "mixolydian"),
        ("宫", "gong"),
        ("商", "shang"),
        ("角", "jue"),
        ("徵", "zhi"),
        ("羽", "yu"),
        ("调", ""),
    ] {
        if let Some(end) = text.literal(text.skip(at), word) {
            return read(
                mode,
                !mode.is_empty(),
                text.literal(end, "式").unwrap_or(end),
            );
        }
    }
    let apart = text.skip_marks(at, &['-']);
    if let Some((mode, end)) = MODES
        .iter()
        .find_map(|mode| text.word(apart, &[mode]).map(|end| (*mode, end)))
    {
        // "in a minor key", "a major event": an article.
        let is_article =
            letter == 'a' && shift == 0 && !is_upper && (prefix.is_none_or(|p| p == "in"));
        let is_key_word = text.word(text.skip(end), &["key"]).is_some();
        let is_sentence = letter == 'a' && shift == 0 && prefix.is_none() && is_key_word;
        if (is_article && (is_key_word || prefix.is_none())) || is_sentence {
            return None;
        }
        let mode = match mode {
            "natural minor" | "aeolian" | "min" => "minor",
            "ionian" | "maj" => "major",
            "blues scale" => "blues",
            other => other,
        };
        return read(mode, true, end);
    }
    if text.at(at) == 'm'
        && text.typed[at.min(text.len() - 1)] == 'm'
        && !text.at(at + 1).is_ascii_alphanumeric()
        && (is_upper || prefix.is_some())
    {
        let follows_i = start >= 2 && text.at(start - 1) == ' ' && text.at(start - 2) == 'i';
        return if follows_i || (letter == 'a' && text.at(at + 1) == '\'') {
            None
        } else {
            read("minor", true, at + 1)
        };
    }
    let ends = at >= text.len()
        || !text.at(text.skip(at)).is_ascii_alphabetic()
        || text.skip(at) >= text.len();
    let is_named = prefix.is_some_and(|p| p != "in");
    let is_plain = prefix == Some("in") && is_upper && (letter != 'a' || shift != 0 || ends);
    (text.is_boundary(at) && (is_named || is_plain) && (ends || is_named || is_upper))
        .then_some(())?;
    read("", false, at)
}
