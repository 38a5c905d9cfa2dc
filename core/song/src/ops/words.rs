//! The words of an operation: cutting a line into them, and reading and writing values.

use super::message::OpError;
use crate::{performance::Articulation, score::SectionKind};
use yuefu_theory::{Chord, Key, Metre, Pitch};

/// The words of one line that are still to be read.
#[derive(Clone, Debug)]
pub(super) struct Words {
    words: Vec<String>,
    next: usize,
}

impl Words {
    /// Cuts a line at white space; `"double quotes"` keep words together, and `\"` and `\\`
    /// stand for the characters themselves inside them.
    pub(super) fn cut(line: &str) -> Result<Self, OpError> {
        let mut words = Vec::new();
        let mut chars = line.chars().peekable();
        while let Some(first) = chars.next() {
            if first.is_whitespace() {
                continue;
            }
            let mut word = String::new();
            let mut quoted = first == '"';
            if !quoted {
                word.push(first);
            }
            loop {
                match chars.next() {
                    None if quoted => {
                        return Err(OpError::new(
                            format!("a quotation mark is open in `{line}`; close it with \""),
                            format!("“{line}”中的引号没有闭合；请补上 \""),
                        ));
                    }
                    None => break,
                    Some('"') => quoted = !quoted,
                    Some('\\') if quoted => word.extend(chars.next()),
                    Some(other) if other.is_whitespace() && !quoted => break,
                    Some(other) => word.push(other),
                }
            }
            words.push(word);
        }
        Ok(Self { words, next: 0 })
    }

    /// The next word without taking it.
    pub(super) fn peek(&self) -> Option<&str> {
        self.words.get(self.next).map(String::as_str)
    }

    /// Takes the next word.
    pub(super) fn take(&mut self) -> Option<&str> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    /// Takes the next word if it is this one.
    pub(super) fn take_if(&mut self, word: &str) -> bool {
        let here = self.peek().is_some_and(|next| next == word);
        self.next += usize::from(here);
        here
    }
}

/// A word as it is written: in quotes where it must be.
pub(super) fn quote(word: &str) -> String {
    let plain = !word.is_empty()
        && !word
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '"');
    if plain {
        word.to_owned()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A value of an operation's text.
pub(super) trait Arg: Sized {
    /// What it looks like, for the table of the grammar.
    const SHAPE: &'static str;
    /// Appends its words.
    fn write(&self, words: &mut Vec<String>);
    /// Reads its words.
    fn read(words: &mut Words) -> Result<Self, OpError>;
}

/// Takes one word and parses it, or says what was expected.
pub(super) fn one<T>(
    words: &mut Words,
    expected: (&str, &str),
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, OpError> {
    match words.take() {
        Some(word) => parse(word).ok_or_else(|| {
            OpError::new(
                format!("expected {}, found `{word}`", expected.0),
                format!("需要{}，却是“{word}”", expected.1),
            )
        }),
        None => Err(OpError::new(
            format!("expected {}, found the end of the line", expected.0),
            format!("需要{}，但这一行已结束", expected.1),
        )),
    }
}

impl<T: Arg> Arg for Option<T> {
    const SHAPE: &'static str = T::SHAPE;
    fn write(&self, words: &mut Vec<String>) {
        if let Some(value) = self {
            value.write(words);
        }
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        let mut ahead = words.clone();
        if ahead.peek().is_none() {
            return Ok(None);
        }
        let Ok(value) = T::read(&mut ahead) else {
            return Ok(None);
        };
        *words = ahead;
        Ok(Some(value))
    }
}

impl Arg for String {
    const SHAPE: &'static str = "NAME";
    fn write(&self, words: &mut Vec<String>) {
        words.push(quote(self));
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        one(words, ("a name", "一个名称"), |word| {
            Some(word.to_owned())
        })
    }
}

/// Values that are one word: type, shape, what is expected (English, Chinese), parser, writer.
macro_rules! plain_arg {
    ($($ty:ty, $shape:literal, $en:literal, $zh:literal, $parse:expr, $write:expr;)*) => { $(
        impl Arg for $ty {
            const SHAPE: &'static str = $shape;
            fn write(&self, words: &mut Vec<String>) {
                let write: fn(&$ty) -> String = $write;
                words.push(write(self));
            }
            fn read(words: &mut Words) -> Result<Self, OpError> {
                one(words, ($en, $zh), $parse)
            }
        }
    )* };
}

/// A number without the plus that may stand before it.
pub(super) fn unsigned(word: &str) -> &str {
    word.strip_prefix('+').unwrap_or(word)
}

plain_arg! {
    u32, "N", "a whole number", "一个整数", |w| w.parse().ok().filter(|n| *n < 1_000_000), u32::to_string;
    i32, "±N", "a whole number such as +2 or -3", "一个整数，如 +2 或 -3",
        |w| unsigned(w).parse().ok().filter(|n: &i32| n.abs() < 10_000), |n| format!("{n:+}");
    f64, "X", "a number", "一个数", |w| unsigned(w).parse().ok().filter(|x: &f64| x.is_finite()), f64::to_string;
    f32, "X", "a number", "一个数", |w| unsigned(w).parse().ok().filter(|x: &f32| x.is_finite()), f32::to_string;
    Pitch, "PITCH", "a pitch such as E4 or Bb3", "一个音高，如 E4 或 Bb3", |w| w.parse().ok(), Pitch::to_string;
    Chord, "CHORD", "a chord such as Am7 or G/B", "一个和弦，如 Am7 或 G/B", |w| w.parse().ok(), Chord::to_string;
    Metre, "METRE", "a metre such as 3/4 or 2+2+3/8", "一个拍号，如 3/4 或 2+2+3/8", |w| w.parse().ok(), Metre::to_string;
    Articulation, "ARTICULATION", "an articulation such as staccato or legato", "一种奏法，如 staccato 或 legato",
        Articulation::from_name, |how| how.name().to_owned();
    SectionKind, "KIND", "a kind of section such as verse, chorus or 桥段", "一种段落，如 verse、chorus 或 桥段",
        kind_of, |kind| kind.name().to_owned();
}

fn kind_of(word: &str) -> Option<SectionKind> {
    let lower = word.to_lowercase();
    SectionKind::ALL
        .iter()
        .find(|(_, name, en, zh)| *name == lower || en.to_lowercase() == lower || *zh == word)
        .map(|row| row.0)
}

/// Written with a hyphen, `D-minor`; read with a blank too.
impl Arg for Key {
    const SHAPE: &'static str = "KEY";
    fn write(&self, words: &mut Vec<String>) {
        words.push(self.to_string().replace(' ', "-"));
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        let mut ahead = words.clone();
        if let (Some(tonic), Some(mode)) = (
            ahead.take().map(str::to_owned),
            ahead.take().map(str::to_owned),
        ) && let Some(key) = Key::parse(&format!("{tonic} {mode}"))
        {
            *words = ahead;
            return Ok(key);
        }
        one(
            words,
            (
                "a key such as D-minor, Bb-major or C大调",
                "一个调，如 D-minor、Bb-major 或 C大调",
            ),
            Key::parse,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_and_quoted() {
        let mut words = Words::cut(r#"title "a \"b\" \\ c"  x"#).unwrap();
        assert_eq!(words.take(), Some("title"));
        assert_eq!(words.take(), Some(r#"a "b" \ c"#));
        assert_eq!(words.take(), Some("x"));
        assert!(Words::cut("\"open").is_err());
        for word in ["a", "a b", "", "\"", "a\\ b\"c\\"] {
            let line = quote(word);
            assert_eq!(Words::cut(&line).unwrap().take(), Some(word), "{line}");
        }
    }
}
