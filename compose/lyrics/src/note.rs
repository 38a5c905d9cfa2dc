//! What is noticed while a sheet is read, with its place.

use std::fmt;
use yuefu_lang::Severity;

/// A finding, in both languages, with its place and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, such as `unknown-tag`.
    pub code: &'static str,
    /// Line of the sheet, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong: English, Chinese.
    pub message: (String, String),
    /// What to do: English, Chinese.
    pub remedy: (String, String),
}

impl Note {
    /// The finding as a sentence with its place, in Chinese or in English.
    pub fn text(&self, zh: bool) -> String {
        if zh {
            let kind = if self.severity == Severity::Error {
                "错误"
            } else {
                "警告"
            };
            format!(
                "第 {} 行第 {} 字：{kind}：{}。{}",
                self.line, self.column, self.message.1, self.remedy.1
            )
        } else {
            let kind = if self.severity == Severity::Error {
                "error"
            } else {
                "warning"
            };
            format!(
                "line {}, character {}: {kind}: {}; {}",
                self.line, self.column, self.message.0, self.remedy.0
            )
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text(false))
    }
}
