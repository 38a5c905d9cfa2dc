//! Why a brief says what it says, and what is wrong with what was asked.

use super::Lang;
use serde::{Deserialize, Serialize};

/// Why a field has its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reason {
    /// Name of the field (`style`, `mood`, `tempo`, `key`, ...).
    pub field: String,
    /// The value, as it is written in files.
    pub value: String,
    /// The words of the prompt (or the option) it was read from; empty for an assumption.
    pub words: String,
    /// Where in the prompt, in bytes; `(0, 0)` for options and assumptions.
    pub span: (usize, usize),
    /// How sure it is.
    pub kind: ReasonKind,
}

/// How sure a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// The words say so.
    Stated,
    /// The words suggest it (a scene, an image).
    Inferred,
    /// Nothing was said; a default.
    Assumed,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something asked for is not done as asked.
    Warning,
    /// What was asked for cannot be done; the song is refused.
    Error,
}

/// A finding about what was asked, in both languages, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, such as `contradiction-key`, `tempo-out-of-range`.
    pub code: String,
    /// What is wrong, in English.
    pub message_en: String,
    /// What is wrong, in Chinese.
    pub message_zh: String,
    /// What to do, in English.
    pub remedy_en: String,
    /// What to do, in Chinese.
    pub remedy_zh: String,
}

impl Diagnostic {
    /// A finding; `message` and `remedy` are (English, Chinese).
    pub fn new(
        severity: Severity,
        code: &str,
        message: (String, String),
        remedy: (&str, &str),
    ) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            message_en: message.0,
            message_zh: message.1,
            remedy_en: remedy.0.to_owned(),
            remedy_zh: remedy.1.to_owned(),
        }
    }

    /// What is wrong, in a language.
    pub fn message(&self, lang: Lang) -> &str {
        if lang == Lang::Zh {
            &self.message_zh
        } else {
            &self.message_en
        }
    }

    /// What to do, in a language.
    pub fn remedy(&self, lang: Lang) -> &str {
        if lang == Lang::Zh {
            &self.remedy_zh
        } else {
            &self.remedy_en
        }
    }
}
