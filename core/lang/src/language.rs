//! Languages as plug-ins, and the registry of those that are there.

use crate::line::{LineReading, ReadOptions};
use crate::syllable::{Sounds, Word};
use crate::{cantonese, english, japanese, line, mandarin};
use std::borrow::Cow;
use std::fmt;

/// A language: how its writing becomes syllables, and its syllables phones.
///
/// To add one, implement this, register it with [`Languages::with`], and give the characters it
/// is written with in [`Language::claims`].
pub trait Language: Send + Sync {
    /// Its code (ISO 639-3, or 639-1 where that is more usual), such as `cmn`, `yue`, `en`, `ja`.
    fn code(&self) -> &'static str;

    /// Its name in English and in Chinese.
    fn name(&self) -> (&'static str, &'static str);

    /// Whether a character is written in this language. Punctuation, spaces and digits belong to
    /// whatever stands beside them.
    fn claims(&self, sign: char) -> bool {
        line::is_han(sign)
    }

    /// Reads a run of text. `given` holds readings written in braces, in order; they are kept to
    /// the letter. Spans are bytes of the run. A word that cannot be read has no syllables.
    fn read(&self, run: &str, given: &[Given]) -> Vec<Word>;

    /// A reading written in braces after some text: which end of the text it is for, and its
    /// syllables.
    ///
    /// # Errors
    /// Says what was expected.
    fn given(&self, before: &str, reading: &str) -> Result<Given, SpellError>;

    /// The phones of one syllable's reading.
    ///
    /// # Errors
    /// Says what was expected.
    fn sounds(&self, reading: &str) -> Result<Sounds, SpellError>;
}

/// A reading written in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The bytes of the run that it reads.
    pub span: (usize, usize),
    /// One reading for each syllable.
    pub readings: Vec<String>,
}

/// Why a reading cannot be used, in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpellError {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl SpellError {
    /// A message in both languages.
    pub fn new(en: String, zh: String) -> Self {
        Self { en, zh }
    }
}

impl fmt::Display for SpellError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.en)
    }
}

impl std::error::Error for SpellError {}

/// Where dictionaries come from: bytes by name, unpacked.
///
/// Names: `mandarin-words`, `mandarin-characters`, `mandarin-context`, `mandarin-extra`,
/// `english-words`, `english-extra`, `english-sounds`, `cantonese-words`.
pub trait Lexicons: Send + Sync {
    /// The bytes of a list, or `None` where there is none of this name.
    fn bytes(&self, name: &str) -> Option<Vec<u8>>;
}

/// The languages that can be read.
pub struct Languages {
    all: Vec<Box<dyn Language>>,
}

impl fmt::Debug for Languages {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = self.all.iter().map(|language| language.code());
        out.debug_list().entries(codes).finish()
    }
}

impl Languages {
    /// Mandarin, English, Cantonese and Japanese.
    ///
    /// # Errors
    /// Names the list that is missing or damaged.
    pub fn load(lexicons: &dyn Lexicons) -> Result<Self, String> {
        Ok(Self {
            all: vec![
                Box::new(mandarin::Mandarin::load(lexicons)?),
                Box::new(english::English::load(lexicons)?),
                Box::new(cantonese::Cantonese::load(lexicons)?),
                Box::new(japanese::Japanese),
            ],
        })
    }

    /// Adds a language; of several with one code the last one counts.
    #[must_use]
    pub fn with(mut self, language: Box<dyn Language>) -> Self {
        self.all.retain(|known| known.code() != language.code());
        self.all.push(language);
        self
    }

    /// A language by its code.
    pub fn get(&self, code: &str) -> Option<&dyn Language> {
        self.all
            .iter()
            .find(|language| language.code() == code)
            .map(|language| &**language)
    }

    /// All languages in the order they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Language> {
        self.all.iter().map(|language| &**language)
    }

    /// Reads a line: cut into runs of one language each, readings in braces obeyed.
    ///
    /// `{@yue}` switches to a language for the rest of the line.
    pub fn read(&self, text: &str, options: &ReadOptions<'_>) -> LineReading {
        line::read(self, text, options)
    }
}

/// The code of a language by any usual name of it: `Cantonese`, `粤语`, `yue`, `zh-HK`.
pub fn code_of(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let name: Cow<'_, str> = match name.strip_suffix("song") {
        Some(rest) if !rest.is_empty() => rest.trim().to_owned().into(),
        _ => name.into(),
    };
    Some(match &*name {
        "cmn" | "zh" | "zh-cn" | "zh-tw" | "zh-hans" | "zh-hant" | "mandarin" | "chinese"
        | "putonghua" | "普通话" | "普通話" | "国语" | "國語" | "中文" | "汉语" | "漢語"
        | "华语" | "華語" => mandarin::CODE,
        "en" | "eng" | "en-us" | "en-gb" | "english" | "英文" | "英语" | "英語" => {
            english::CODE
        }
        "yue" | "zh-hk" | "cantonese" | "粤语" | "粵語" | "广东话" | "廣東話" | "白话"
        | "广州话" | "廣州話" => cantonese::CODE,
        "ja" | "jpn" | "japanese" | "日文" | "日语" | "日語" | "日本語" => japanese::CODE,
        _ => return None,
    })
}

/// The phones of a syllable's reading in one of the languages that come with Yuefu; no dictionary
/// is needed.
///
/// # Errors
/// Says what was expected.
pub fn sounds(code: &str, reading: &str) -> Result<Sounds, SpellError> {
    match code {
        mandarin::CODE => mandarin::pinyin::sounds(reading),
        english::CODE => english::arpabet::sounds(reading),
        cantonese::CODE => cantonese::sounds(reading),
        japanese::CODE => japanese::sounds(reading),
        _ => Err(SpellError::new(
            format!("expected one of the languages cmn, en, yue, ja, found `{code}`"),
            format!("语言应为 cmn、en、yue、ja 之一，却是“{code}”"),
        )),
    }
}
