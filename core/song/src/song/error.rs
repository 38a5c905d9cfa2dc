//! Why a document cannot be read.

use crate::{brief::Lang, words::Words};

/// A document that cannot be read: where, what was expected, what was found, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words().en)]
pub struct SongError {
    /// Name of the file in the project.
    pub file: String,
    /// Line from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// Column from 1; 0 when unknown.
    pub column: usize,
    /// What is wrong.
    pub said: Box<Said>,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What should have been there.
    pub expected: Words,
    /// What was there.
    pub found: Words,
    /// What to do; a full sentence.
    pub remedy: Words,
}

/// The remedy for a slip of the hand.
pub(super) const UNDO: (&str, &str) = (
    "Undo the last change to this file, or restore it from a copy.",
    "请撤销对该文件的最后修改，或从备份恢复。",
);

/// The remedy for a wrong value.
pub(super) const CORRECT: (&str, &str) = (
    "Correct the value, or restore the file from a copy.",
    "请改正该值，或从备份恢复该文件。",
);

/// The remedy for damage.
pub(super) const RESTORE: (&str, &str) = ("Restore the file from a copy.", "请从备份恢复该文件。");

/// A pair of English and Chinese as words.
fn words((en, zh): (impl Into<String>, impl Into<String>)) -> Words {
    Words::new(en, zh)
}

impl SongError {
    /// An error that concerns a file as a whole; texts are (English, Chinese).
    pub fn whole<S: Into<String>, T: Into<String>, U: Into<String>>(
        file: &str,
        expected: (S, S),
        found: (T, T),
        remedy: (U, U),
    ) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            said: Box::new(Said {
                expected: words(expected),
                found: words(found),
                remedy: words(remedy),
            }),
        }
    }

    /// What is wrong and what to do, in both languages.
    pub fn words(&self) -> Words {
        let Self {
            file,
            line,
            column,
            said,
        } = self;
        let Said {
            expected,
            found,
            remedy,
        } = &**said;
        let place = match (line, column) {
            (0, _) => file.clone(),
            (line, 0) => format!("{file}:{line}"),
            (line, column) => format!("{file}:{line}:{column}"),
        };
        Words::new(
            format!(
                "{place}: expected {}, found {}. {}",
                expected.en, found.en, remedy.en
            ),
            format!(
                "{place}：需要{}，却是{}。{}",
                expected.zh, found.zh, remedy.zh
            ),
        )
    }

    /// What is wrong and what to do, in a language.
    pub fn message(&self, lang: Lang) -> String {
        self.words().get(lang).to_owned()
    }

    /// The same error at a place in a text.
    #[must_use]
    pub(super) fn at(mut self, (line, column): (usize, usize)) -> Self {
        (self.line, self.column) = (line, column);
        self
    }

    /// What serde_json says about a text.
    pub(super) fn json(file: &str, text: &str, error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let message = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(what, _)| what);
        let (expected, found) = parsed(message);
        Self::whole(file, expected, found, UNDO).at(place(text, error))
    }
}

/// English and Chinese of what was expected and what was found, from a message of serde_json or
/// of one of our own values.
fn parsed(message: &str) -> ((String, String), (String, String)) {
    let both = |text: &str| (text.to_owned(), text.to_owned());
    // Ours: `expected a note such as ... , found `x``; serde's: `invalid type: X, expected Y`.
    if let Some((expected, found)) = message
        .strip_prefix("expected ")
        .and_then(|rest| rest.rsplit_once(", found "))
    {
        return ((expected.to_owned(), chinese(expected)), both(found));
    }
    if let Some((found, expected)) = message.split_once(", expected ") {
        let found = found
            .trim_start_matches("invalid type: ")
            .trim_start_matches("invalid value: ")
            .trim_start_matches("invalid length ");
        return ((expected.to_owned(), chinese(expected)), both(found));
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return (
            (format!("a field {field}"), format!("字段 {field}")),
            ("none".to_owned(), "没有".to_owned()),
        );
    }
    if let Some(field) = message.strip_prefix("duplicate field ") {
        return (
            (format!("one field {field}"), format!("一个字段 {field}")),
            ("two".to_owned(), "两个".to_owned()),
        );
    }
    (
        (
            "a Yuefu document in JSON".into(),
            "JSON 写成的乐府文档".into(),
        ),
        both(message),
    )
}

/// What our own values expect, in Chinese; what is not listed stays as it is.
fn chinese(expected: &str) -> String {
    const KINDS: [(&str, &str); 12] = [
        ("a note such as", "音符，如"),
        ("a chord such as", "和弦，如"),
        ("a chord line such as", "一行和弦，如"),
        ("a key such as", "调，如"),
        ("a metre such as", "拍号，如"),
        ("a position such as", "位置，如"),
        ("quarter notes such as", "四分音符数，如"),
        ("a note name such as", "音名，如"),
        ("a pitch such as", "音高，如"),
        ("one of", "以下之一："),
        ("a string", "文字"),
        ("a boolean", "true 或 false"),
    ];
    for (en, zh) in KINDS {
        if let Some(rest) = expected.strip_prefix(en) {
            let rest = rest
                .replace(
                    "(start and length in quarters, pitch, level 1-127, articulation)",
                    "（起点和长度以四分音符计，音高，力度 1-127，奏法）",
                )
                .replace(" or ", " 或 ");
            return format!("{zh}{rest}");
        }
    }
    format!(" {expected}")
}

/// Line and column of an error, from 1. serde_json reports a wrong value only after it has read
/// on to the next one, so white space and commas before the reported place are stepped back over.
fn place(text: &str, error: &serde_json::Error) -> (usize, usize) {
    if !error.is_data() || error.line() == 0 {
        return (error.line(), error.column());
    }
    let before: usize = text
        .split_inclusive('\n')
        .take(error.line() - 1)
        .map(str::len)
        .sum();
    let mut end = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let read = text[..end].trim_end_matches(|c: char| c.is_whitespace() || c == ',');
    let start = read.rfind('\n').map_or(0, |at| at + 1);
    (
        read.matches('\n').count() + 1,
        read[start..].chars().count().max(1),
    )
}
