//! Where: positions, places and tracks, as they are typed.

use super::{
    message::OpError,
    values::Ratio,
    words::{Arg, Words, one, quote},
};
use std::{fmt, str::FromStr};

/// A position: bar (from 1) and beat (from 1), as `9` or `9:3` or `9:1.5`.
///
/// Beats are units of the metre: quarters in 4/4, eighths in 6/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    /// Bar, from 1.
    pub bar: u32,
    /// Beat, from 1; `None` when only the bar was named.
    pub beat: Option<Ratio>,
}

impl At {
    /// The start of a bar, counted from 1.
    pub const fn bar(bar: u32) -> Self {
        Self { bar, beat: None }
    }

    fn parse(text: &str) -> Option<Self> {
        let (bar, beat) = match text.split_once(':') {
            Some((bar, beat)) => (bar, Some(Ratio::parse(beat)?)),
            None => (text, None),
        };
        let bar: u32 = bar.parse().ok()?;
        let valid = (1..100_000).contains(&bar)
            && beat.is_none_or(|b| b.num >= b.den && b.num < 1_000 * b.den);
        valid.then_some(Self { bar, beat })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.beat {
            Some(beat) => write!(f, "{}:{beat}", self.bar),
            None => write!(f, "{}", self.bar),
        }
    }
}

impl Arg for At {
    const SHAPE: &'static str = "BAR[:BEAT]";
    fn write(&self, words: &mut Vec<String>) {
        words.push(self.to_string());
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        one(
            words,
            (
                "a position such as 9 or 9:3 (bar:beat)",
                "一个位置，如 9 或 9:3（小节:拍）",
            ),
            Self::parse,
        )
    }
}

/// A barline to insert at: before a bar, or `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// Before this bar, counted from 1.
    Before(u32),
    /// At the end of the song; before its final bar, if it has one.
    End,
}

impl Arg for Gap {
    const SHAPE: &'static str = "BAR|end";
    fn write(&self, words: &mut Vec<String>) {
        words.push(match self {
            Self::Before(bar) => bar.to_string(),
            Self::End => "end".into(),
        });
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        let expected = ("a bar such as 9, or end", "一个小节，如 9，或 end");
        one(words, expected, |word| match word {
            "end" | "结尾" => Some(Self::End),
            bar => At::parse(bar)
                .filter(|at| at.beat.is_none())
                .map(|at| Self::Before(at.bar)),
        })
    }
}

/// A moment of the song: a position, or seconds as `12.5s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// Bar and beat.
    At(At),
    /// Seconds since the beginning.
    Seconds(f32),
}

impl Arg for Moment {
    const SHAPE: &'static str = "BAR[:BEAT]|SECONDSs";
    fn write(&self, words: &mut Vec<String>) {
        words.push(match self {
            Self::At(at) => at.to_string(),
            Self::Seconds(seconds) => format!("{seconds}s"),
        });
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        let expected = (
            "a moment such as 9:3 or 12.5s",
            "一个时刻，如 9:3 或 12.5s（秒）",
        );
        one(words, expected, |word| match word.strip_suffix('s') {
            Some(seconds) => seconds
                .parse()
                .ok()
                .filter(|s: &f32| (0.0..36_000.0).contains(s))
                .map(Self::Seconds),
            None => At::parse(word).map(Self::At),
        })
    }
}

/// One stretch of the song.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spot {
    /// From the beginning to the end.
    All,
    /// From a position (`None`: the start) to another (`None`: the end).
    ///
    /// An end without a beat is the last bar inside; an end with a beat is the first beat that
    /// is not inside any more.
    Range(Option<At>, Option<At>),
    /// A section by id (`verse-2`), all sections of a kind (`chorus`, 副歌), or the n-th of a
    /// kind (`主歌2`).
    Section(String),
}

impl Spot {
    fn parse(text: &str) -> Option<Self> {
        if matches!(
            text.to_lowercase().as_str(),
            "all" | "song" | "全部" | "全曲"
        ) {
            return Some(Self::All);
        }
        let numeric = text.starts_with(|c: char| c.is_ascii_digit());
        let from_start = ["start-", "开头-"]
            .iter()
            .find_map(|word| text.strip_prefix(word));
        let (from, to) = match (from_start, text.split_once('-')) {
            (Some(to), _) => (None, to),
            (None, Some((from, to))) if numeric => (Some(At::parse(from)?), to),
            (None, None) if numeric => {
                let at = At::parse(text)?;
                return Some(Self::Range(Some(at), Some(at)));
            }
            _ => {
                let name = !text.is_empty() && !text.contains(',');
                return name.then(|| Self::Section(text.to_owned()));
            }
        };
        let to = match to {
            "end" | "结尾" => None,
            to => Some(At::parse(to)?),
        };
        Some(Self::Range(from, to))
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Section(name) => f.write_str(name),
            Self::Range(Some(from), Some(to)) if from == to => from.fmt(f),
            Self::Range(from, to) => {
                match from {
                    Some(at) => write!(f, "{at}-")?,
                    None => f.write_str("start-")?,
                }
                match to {
                    Some(at) => at.fmt(f),
                    None => f.write_str("end"),
                }
            }
        }
    }
}

/// A place: one or more stretches of the song, such as `9-12`, `9:3-10:1.5`, `verse-2`, `chorus`,
/// `start-8`, `33-end`, `1-4,9-12` or `all`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place(
    /// The stretches; at least one.
    pub Vec<Spot>,
);

impl Place {
    /// The whole song.
    pub fn all() -> Self {
        Self(vec![Spot::All])
    }

    /// Whole bars, counted from 1, both inside.
    pub fn bars(first: u32, last: u32) -> Self {
        Self(vec![Spot::Range(Some(At::bar(first)), Some(At::bar(last)))])
    }

    /// A section, or all of a kind.
    pub fn section(name: impl Into<String>) -> Self {
        Self(vec![Spot::Section(name.into())])
    }
}

impl FromStr for Place {
    type Err = OpError;
    fn from_str(text: &str) -> Result<Self, OpError> {
        let spots: Option<Vec<Spot>> = text
            .trim()
            .split([',', '，', '、'])
            .map(|spot| Spot::parse(spot.trim()))
            .collect();
        spots.map(Self).ok_or_else(|| {
            OpError::new(
                format!("expected a place such as 9-12, 9:3-10:1.5, verse-2, chorus, start-8, 33-end or all, found `{text}`"),
                format!("需要一个位置，如 9-12、9:3-10:1.5、verse-2、副歌、start-8、33-end 或 全曲，却是“{text}”"),
            )
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, spot) in self.0.iter().enumerate() {
            write!(f, "{}{spot}", if index > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl Arg for Place {
    const SHAPE: &'static str = "PLACE";
    fn write(&self, words: &mut Vec<String>) {
        words.push(quote(&self.to_string()));
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        match words.take() {
            Some(word) => word.parse(),
            None => "".parse(),
        }
    }
}

/// Tracks as they are typed: `lead`, `bass,drums`, 旋律, `grand-piano`, `all`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tracks(
    /// Ids, roles or instruments; none means all tracks.
    pub Vec<String>,
);

impl Tracks {
    /// All tracks.
    pub fn all() -> Self {
        Self(Vec::new())
    }

    /// One track, role or instrument by name.
    pub fn named(name: impl Into<String>) -> Self {
        Self(vec![name.into()])
    }
}

impl FromStr for Tracks {
    type Err = OpError;
    fn from_str(text: &str) -> Result<Self, OpError> {
        if matches!(
            text.trim().to_lowercase().as_str(),
            "all" | "*" | "全部" | "所有"
        ) {
            return Ok(Self::all());
        }
        let names: Vec<String> = text
            .split([',', '，', '、'])
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().any(String::is_empty) {
            return Err(OpError::new(
                format!("expected tracks such as lead, bass,drums, 旋律 or all, found `{text}`"),
                format!("需要声部，如 lead、bass,drums、旋律 或 全部，却是“{text}”"),
            ));
        }
        Ok(Self(names))
    }
}

impl fmt::Display for Tracks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("all");
        }
        f.write_str(&self.0.join(","))
    }
}

impl Arg for Tracks {
    const SHAPE: &'static str = "TRACKS";
    fn write(&self, words: &mut Vec<String>) {
        words.push(quote(&self.to_string()));
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        match words.take() {
            Some(word) => word.parse(),
            None => "".parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back_as_written() {
        for text in [
            "all",
            "9",
            "9-12",
            "9:3",
            "9:3-10:3/2",
            "start-8",
            "33-end",
            "start-end",
            "verse-2",
            "chorus",
            "副歌",
            "1-4,9-12,verse-2",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        assert_eq!(
            "9:3-10:1.5".parse::<Place>().unwrap().to_string(),
            "9:3-10:3/2"
        );
        for text in ["", "0", "9:0", "9-", "9-x", "1-4,,8", "9:1:2"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        assert!("a,,b".parse::<Tracks>().is_err());
        assert_eq!(
            "旋律，bass".parse::<Tracks>().unwrap().to_string(),
            "旋律,bass"
        );
    }
}
