//! The lyric sheet: words by section, line and syllable. Empty for instrumental pieces.

use crate::score::SectionKind;
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write},
    str::FromStr,
};

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

/// What a note sings: a syllable of the words.
///
/// Within the words of a song each syllable is sung by exactly one note; the notes after it without
/// a lyric continue it (melisma). In files it follows the note after a bar:
/// `0 1/2 E4 82 | cmn 还{huan2} given breath`. The words in the order `given`, `joined`, the
/// delivery, the rest; plain ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lyric {
    /// The letters or character it is shown with; without braces, bars and line breaks.
    pub text: String,
    /// Code of its language: `cmn`, `en`, `yue`, `ja`.
    pub lang: String,
    /// How it sounds, in the language's notation: `huan2`, `L OW1`, `nei5`, `ka`.
    pub reading: String,
    /// Whether it continues the word of the syllable before (`joined` in files).
    pub continues: bool,
    /// Whether its reading was written by hand.
    pub given: bool,
    /// Who sings it, and how.
    pub delivery: Delivery,
    /// The rest that punctuation after it suggests.
    pub rest: Rest,
}

impl From<&LyricSyllable> for Lyric {
    fn from(syllable: &LyricSyllable) -> Self {
        Self {
            text: syllable.text.clone(),
            lang: syllable.lang.clone(),
            reading: syllable.reading.clone(),
            continues: syllable.continues,
            given: syllable.given,
            delivery: syllable.delivery,
            rest: syllable.rest,
        }
    }
}

crate::as_text::in_files!(Lyric);

/// A text as it can stand in a note's line.
fn inline(text: &str) -> impl fmt::Display + '_ {
    struct Inline<'a>(&'a str);
    impl fmt::Display for Inline<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let fits = |sign: &char| !matches!(sign, '{' | '}' | '|') && !sign.is_control();
            self.0
                .trim()
                .chars()
                .filter(fits)
                .try_for_each(|sign| f.write_char(sign))
        }
    }
    Inline(text)
}

impl fmt::Display for Lyric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}{{{}}}",
            self.lang,
            inline(&self.text),
            inline(&self.reading)
        )?;
        for (said, word) in [(self.given, "given"), (self.continues, "joined")] {
            if said {
                write!(f, " {word}")?;
            }
        }
        if !self.delivery.is_lead() {
            write!(f, " {}", self.delivery.name())?;
        }
        if !self.rest.is_none() {
            write!(f, " {}", self.rest.name())?;
        }
        Ok(())
    }
}

impl FromStr for Lyric {
    type Err = String;
    fn from_str(line: &str) -> Result<Self, String> {
        let error = || {
            format!(
                "expected what a note sings, such as `cmn 还{{huan2}}` or `en -er{{ER0}} joined breath` (language, text, reading in braces, then any of given, joined, a delivery, breath or phrase), found `{}`",
                line.trim()
            )
        };
        let (lang, rest) = line
            .trim()
            .split_once(char::is_whitespace)
            .ok_or_else(error)?;
        let (text, rest) = rest.split_once('{').ok_or_else(error)?;
        let (reading, flags) = rest.split_once('}').ok_or_else(error)?;
        let known = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        if lang.is_empty() || !lang.chars().all(known) || text.contains(['}', '|']) {
            return Err(error());
        }
        let mut lyric = Self {
            text: text.trim().to_owned(),
            lang: lang.to_owned(),
            reading: reading.trim().to_owned(),
            ..Self::default()
        };
        for word in flags.split_whitespace() {
            match word {
                "given" => lyric.given = true,
                "joined" => lyric.continues = true,
                _ => match (Delivery::from_name(word), Rest::from_name(word)) {
                    (Some(delivery), _) => lyric.delivery = delivery,
                    (_, Some(rest)) => lyric.rest = rest,
                    _ => return Err(error()),
                },
            }
        }
        Ok(lyric)
    }
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
    /// Every delivery with its name in files, in the order of the enum.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Lead, "lead"),
        (Self::AdLib, "ad-lib"),
        (Self::Harmony, "harmony"),
        (Self::Whisper, "whisper"),
        (Self::Rap, "rap"),
        (Self::Spoken, "spoken"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The delivery of a name in files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }

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
    /// Every rest with its name in files, in the order of the enum.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::None, "none"),
        (Self::Breath, "breath"),
        (Self::Phrase, "phrase"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The rest of a name in files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }

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
    fn what_a_note_sings_is_a_piece_of_text() {
        for text in [
            "cmn 还{huan2}",
            "en riv{R IH1 V} given ad-lib",
            "en ers{ER0 Z} joined whisper phrase",
            "ja {ka} breath",
        ] {
            assert_eq!(text.parse::<Lyric>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "cmn",
            "cmn 还",
            "cmn 还{huan2",
            "cmn 还{huan2} loud",
            "c{n 还{huan2}",
        ] {
            assert!(text.parse::<Lyric>().is_err(), "{text}");
        }
        let odd = Lyric {
            text: " a|{b}\n".to_owned(),
            lang: "en".to_owned(),
            reading: "AH0".to_owned(),
            ..Lyric::default()
        };
        assert_eq!(odd.to_string(), "en ab{AH0}");
    }

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
