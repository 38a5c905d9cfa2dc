//! What an operation has to say: why it cannot be done, or what it did besides.

use crate::brief::Lang;
use serde::{Deserialize, Serialize};

/// Why an operation cannot be read or done: what was expected, what was found, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{en}")]
pub struct OpError {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl OpError {
    /// An error from its two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// The text in a language.
    pub fn message(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// Something worth knowing about an operation that was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remark {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Remark {
    /// A remark from its two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// The text in a language.
    pub fn message(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// The remarks of one operation, each said once.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(pub(super) Vec<Remark>);

impl Remarks {
    /// Adds a remark unless it was made already.
    pub(super) fn say(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        let remark = Remark::new(en, zh);
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }

    /// A locked phrase was left alone.
    pub(super) fn locked(&mut self, track: &str, phrase: &str) {
        self.say(
            format!("phrase {phrase} of {track} is locked and stays as it is"),
            format!("{track} 的乐句 {phrase} 已锁定，保持不变"),
        );
    }

    /// Some notes could not be put where they belong.
    pub(super) fn left_out(&mut self, track: &str, count: usize, why_en: &str, why_zh: &str) {
        if count > 0 {
            let notes = if count == 1 { "note" } else { "notes" };
            self.say(
                format!("{count} {notes} of {track} left out: {why_en}"),
                format!("{track} 有 {count} 个音被略去：{why_zh}"),
            );
        }
    }
}

/// The nearest of some names to one that is not among them, if any is near.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 2).max(1);
    names
        .into_iter()
        .map(|name| (distance(&wanted, &name.to_lowercase()), name))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// An error about a name that is not there: what there is, and what may be meant.
pub(super) fn unknown<'a>(
    what: (&str, &str),
    wanted: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> OpError {
    let list: Vec<&str> = names.clone().into_iter().take(40).collect();
    let list = list.join(", ");
    match nearest(wanted, names) {
        Some(near) => OpError::new(
            format!(
                "there is no {} `{wanted}`; did you mean `{near}`? There are: {list}",
                what.0
            ),
            format!(
                "没有名为“{wanted}”的{}；是否指“{near}”？现有：{list}",
                what.1
            ),
        ),
        None => OpError::new(
            format!("there is no {} `{wanted}`; there are: {list}", what.0),
            format!("没有名为“{wanted}”的{}；现有：{list}", what.1),
        ),
    }
}

/// Edits (insert, delete, replace) between two texts (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replace = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        let names = ["verse-1", "chorus-1", "outro"];
        assert_eq!(nearest("chours-1", names), Some("chorus-1"));
        assert_eq!(nearest("zzz", names), None);
        let error = unknown(("section", "段落"), "vers-1", names);
        assert!(error.en.contains("did you mean `verse-1`") && error.zh.contains("verse-1"));
    }
}
