//! The lyric sheet: words by section, line and syllable. Empty for instrumental pieces.

use crate::score::SectionKind;
use serde::{Deserialize, Serialize};

/// Words of a song in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricSheet {
    /// The title that the sheet states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Sections that the sheet states, in order; empty where lines name sections of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<LyricSection>,
    /// Lines in singing order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LyricLine>,
    /// Lines of the sheet after the last sung one, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// A section of the sheet: what a tag such as `[Chorus x2]` opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricSection {
    /// Its id, such as `chorus-1`: its kind and how often that kind has come.
    pub id: String,
    /// What it does.
    pub kind: SectionKind,
    /// The tag as written, without brackets; empty for words before any tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// How often it is sung in a row.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub repeats: u32,
    /// The earlier section whose words it repeats, where it has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

/// One line of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricLine {
    /// Id of the section that it is sung in.
    pub section: String,
    /// The words as written, with readings in braces and ad-libs in brackets.
    pub text: String,
    /// Lines of the sheet between the sung line before and this one, as written: tags, comments,
    /// empty lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// How often it is sung in a row; 0 counts as once.
    #[serde(default, skip_serializing_if = "is_at_most_once")]
    pub repeats: u32,
    /// Its syllables in singing order; empty until the line has been read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub syllables: Vec<LyricSyllable>,
}

/// A syllable to be sung: exactly once, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricSyllable {
    /// The letters or character it is shown with.
    pub text: String,
    /// Code of its language: `cmn`, `en`, `yue`, `ja`.
    pub lang: String,
    /// How it sounds, in the language's notation: `huan2`, `L OW1`, `nei5`, `ka`.
    pub reading: String,
    /// Where it is written: bytes of the line's text.
    pub span: (usize, usize),
    /// Whether it continues the word of the syllable before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// Whether its reading was written by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given: bool,
    /// Who sings it, and how.
    #[serde(default, skip_serializing_if = "Delivery::is_lead")]
    pub delivery: Delivery,
    /// The rest that punctuation after it suggests.
    #[serde(default, skip_serializing_if = "Rest::is_none")]
    pub rest: Rest,
}

/// Who sings a syllable, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// The lead voice, sung.
    #[default]
    Lead,
    /// An answer or interjection beside the lead.
    AdLib,
    /// Together with harmony voices.
    Harmony,
    /// Whispered.
    Whisper,
    /// Rapped: rhythm with the pitch of speech.
    Rap,
    /// Spoken.
    Spoken,
}

impl Delivery {
    /// Whether it is the plain lead voice.
    pub fn is_lead(&self) -> bool {
        *self == Self::Lead
    }
}

/// The rest that follows a syllable.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// None.
    #[default]
    None,
    /// A place to breathe: a comma, a space between Chinese words.
    Breath,
    /// The end of a phrase: a full stop, the end of the line.
    Phrase,
}

impl Rest {
    /// Whether nothing suggests a rest.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl LyricSheet {
    /// The sheet as text, as it was written: one line after another with `\n` between them.
    ///
    /// ```
    /// use yuefu_song::lyrics::{LyricLine, LyricSheet};
    /// let line = LyricLine {
    ///     section: "verse-1".to_owned(),
    ///     text: "还珠格格".to_owned(),
    ///     before: vec!["[Verse]".to_owned()],
    ///     ..LyricLine::default()
    /// };
    /// let sheet = LyricSheet { lines: vec![line], ..LyricSheet::default() };
    /// assert_eq!(sheet.to_text(), "[Verse]\n还珠格格");
    /// ```
    pub fn to_text(&self) -> String {
        let mut all: Vec<&str> = Vec::new();
        for line in &self.lines {
            all.extend(line.before.iter().map(String::as_str));
            all.push(&line.text);
        }
        all.extend(self.after.iter().map(String::as_str));
        all.join("\n")
    }

    /// Takes a line out; the lines of the sheet before it (tags, comments) stay.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn remove(&mut self, index: usize) {
        let gone = self.lines.remove(index);
        let after = match self.lines.get_mut(index) {
            Some(next) => &mut next.before,
            None => &mut self.after,
        };
        after.splice(..0, gone.before);
    }

    /// A section by its id.
    pub fn section(&self, id: &str) -> Option<&LyricSection> {
        self.sections.iter().find(|section| section.id == id)
    }
}

impl LyricLine {
    /// Gives the line other words, which are still to be read.
    pub fn set(&mut self, text: &str) {
        if self.text != text {
            text.clone_into(&mut self.text);
            self.syllables.clear();
        }
    }
}

fn once() -> u32 {
    1
}

fn is_once(repeats: &u32) -> bool {
    *repeats == 1
}

fn is_at_most_once(repeats: &u32) -> bool {
    *repeats <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_of_plain_lines_still_read() {
        let old = r#"{"lines":[{"section":"verse-1","text":"还珠格格"}]}"#;
        let sheet: LyricSheet = serde_json::from_str(old).unwrap();
        assert_eq!(sheet.lines[0].text, "还珠格格");
        assert_eq!(serde_json::to_string(&sheet).unwrap(), old);
        assert_eq!(
            serde_json::from_str::<LyricSheet>("{}").unwrap(),
            LyricSheet::default()
        );
    }
}
