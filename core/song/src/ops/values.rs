//! The values that stand in the text of an operation.

use super::{
    message::OpError,
    words::{Arg, Words, one, quote, unsigned},
};
use std::fmt;
use yuefu_theory::Ticks;

/// A fraction in lowest terms, such as a factor of 3/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Numerator.
    pub num: i64,
    /// Denominator, positive.
    pub den: i64,
}

impl Ratio {
    /// A fraction in lowest terms; the denominator must not be 0.
    pub fn new(num: i64, den: i64) -> Self {
        let mut a = num.abs();
        let mut b = den.abs().max(1);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let common = a.max(1) * den.signum().abs().max(1);
        let sign = if den < 0 { -1 } else { 1 };
        Self {
            num: sign * num / common,
            den: (den / common).abs().max(1),
        }
    }

    /// Reads `3/2`, `1.5`, `-2`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = unsigned(text);
        let limit = |n: i64| (n.abs() <= 1_000_000_000).then_some(n);
        if let Some((num, den)) = text.split_once('/') {
            let den = limit(den.parse().ok()?)?;
            return (den > 0).then_some(Self::new(limit(num.parse().ok()?)?, den));
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 6 || !part.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let den = 10_i64.pow(part.len() as u32);
        let negative = whole.starts_with('-');
        let whole = match whole {
            "" | "-" if !part.is_empty() => 0,
            other => limit(other.parse::<i64>().ok()?)?.abs(),
        };
        let part: i64 = if part.is_empty() {
            0
        } else {
            part.parse().ok()?
        };
        let num = whole.checked_mul(den)?.checked_add(part)?;
        Some(Self::new(if negative { -num } else { num }, den))
    }

    /// This many times a time, to the nearest tick.
    pub fn of(self, ticks: Ticks) -> Ticks {
        let (num, den) = (i128::from(self.num), i128::from(self.den));
        let twice = i128::from(ticks.0) * num * 2 + den;
        Ticks(twice.div_euclid(2 * den).clamp(-(1 << 50), 1 << 50) as i64)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.den {
            1 => write!(f, "{}", self.num),
            den => write!(f, "{}/{den}", self.num),
        }
    }
}

plain_arg! {
    u8, "LEVEL", "a dynamic level 1-127", "力度 1-127", |w| w.parse().ok().filter(|n| (1..=127).contains(n)), u8::to_string;
    Ratio, "X", "a factor such as 2, 1.5 or 2/3", "一个倍数，如 2、1.5 或 2/3",
        |w| Ratio::parse(w.strip_prefix('x').unwrap_or(w)).filter(|r| r.num > 0 && r.num <= 64 * r.den && r.den <= 64 * r.num),
        Ratio::to_string;
}

/// A time in quarter notes: `1`, `1/2`, `1.5`, `-2/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quarters(
    /// The time.
    pub Ticks,
);

impl fmt::Display for Quarters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ratio::new(self.0.0, Ticks::QUARTER.0).fmt(f)
    }
}

plain_arg! {
    Quarters, "QUARTERS", "a time in quarter notes such as 1, 1/2 or 1.5", "以四分音符计的时值，如 1、1/2 或 1.5",
        |w| {
            let ratio = Ratio::parse(w)?;
            let exact = (ratio.num * Ticks::QUARTER.0) % ratio.den == 0;
            (exact && ratio.num.abs() <= 4_000 * ratio.den)
                .then(|| Quarters(Ticks(ratio.num * Ticks::QUARTER.0 / ratio.den)))
        },
        Quarters::to_string;
}

/// Defines an enum whose values are single words.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident, $zh:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal $(| $other:literal)*),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            /// Every value with its word.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),*];
        }

        impl Arg for $name {
            const SHAPE: &'static str = choice!(@shape $($word),*);
            fn write(&self, words: &mut Vec<String>) {
                words.push(Self::ALL[*self as usize].1.to_owned());
            }
            fn read(words: &mut Words) -> Result<Self, OpError> {
                one(words, (concat!("one of ", choice!(@shape $($word),*)), concat!($zh, "：", choice!(@shape $($word),*))),
                    |word| match word { $($word $(| $other)* => Some(Self::$variant),)* _ => None })
            }
        }
    };
    (@shape $first:literal $(, $rest:literal)*) => { concat!($first $(, "|", $rest)*) };
}

choice! {
    /// What pitches are moved in.
    PitchUnit, "音程单位" {
        /// Half tones.
        Semitones = "semitones" | "semitone" | "半音",
        /// Steps of the scale of the place.
        Steps = "steps" | "step" | "级",
        /// Octaves.
        Octaves = "octaves" | "octave" | "八度",
    }
}
choice! {
    /// Which side of a section.
    Side, "前后" {
        /// Before it.
        Before = "before" | "之前",
        /// After it.
        After = "after" | "之后",
    }
}
choice! {
    /// What a change of metre does to the notes.
    Refit, "方式" {
        /// Notes keep their times; barlines move.
        Rebar = "rebar",
        /// The content of each bar is fitted into the new bar.
        Refit = "refit",
    }
}
choice! {
    /// Whether the notes go with a new chord.
    Follow, "跟随" {
        /// Notes that sounded the old chord move to the new one.
        Follow = "follow" | "跟随",
    }
}
choice! {
    /// What comes after a glide of the tempo.
    After, "之后" {
        /// The tempo from before it.
        ATempo = "a-tempo" | "原速",
    }
}
choice! {
    /// Whether note ends are quantized too.
    Ends, "音尾" {
        /// Ends too.
        Ends = "ends" | "音尾",
    }
}
choice! {
    /// A shared effect.
    Return, "公共效果" {
        /// Small space.
        Room = "room",
        /// Large space.
        Hall = "hall",
        /// Plate.
        Plate = "plate",
        /// Echoes.
        Delay = "delay",
    }
}
choice! {
    /// Shape of an equalizer band.
    Band, "均衡类型" {
        /// Removes what is below.
        LowCut = "low-cut",
        /// Raises or lowers what is below.
        LowShelf = "low-shelf",
        /// Raises or lowers what is around.
        Peak = "peak",
        /// Raises or lowers what is above.
        HighShelf = "high-shelf",
        /// Removes what is above.
        HighCut = "high-cut",
    }
}

/// A quantization grid: a note value, or a triplet of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// Note value: 1, 2, 4, 8, 16 or 32.
    pub value: u8,
    /// Whether three stand in the place of two.
    pub triplet: bool,
}

impl Grid {
    /// The distance between two lines of the grid.
    pub fn step(self) -> Ticks {
        let straight = Ticks::of(1, i64::from(self.value));
        if self.triplet {
            straight * 2 / 3
        } else {
            straight
        }
    }
}

plain_arg! {
    Grid, "1/16|1/8t", "a grid such as 1/8, 1/16 or 1/8t (triplets)", "一个网格，如 1/8、1/16 或 1/8t（三连音）",
        |w| {
            let (value, triplet) = match w.strip_suffix('t') {
                Some(value) => (value, true),
                None => (w, false),
            };
            let value = value.strip_prefix("1/").unwrap_or(value).parse().ok()?;
            [1, 2, 4, 8, 16, 32].contains(&value).then_some(Grid { value, triplet })
        },
        |grid| format!("1/{}{}", grid.value, if grid.triplet { "t" } else { "" });
}

/// A share in percent, 0..=100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Percent(
    /// The number of hundredths.
    pub u8,
);

plain_arg! {
    Percent, "0-100%", "a percentage such as 80%", "一个百分比，如 80%",
        |w| w.strip_suffix(['%', '％'])?.parse().ok().filter(|n| *n <= 100).map(Percent),
        |percent| format!("{}%", percent.0);
}

/// Energy at the start and the end of a section, each 0..=1: `0.3-0.6`, or `0.5` for both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Energy(
    /// At the start and at the end.
    pub [f32; 2],
);

plain_arg! {
    Energy, "FROM-TO", "an energy such as 0.5 or 0.3-0.6 (0 to 1)", "能量，如 0.5 或 0.3-0.6（0 到 1）",
        |w| {
            let (from, to) = w.split_once('-').unwrap_or((w, w));
            let [from, to] = [from.parse::<f32>().ok()?, to.parse::<f32>().ok()?];
            [from, to].iter().all(|x| (0.0..=1.0).contains(x)).then_some(Energy([from, to]))
        },
        |energy| format!("{}-{}", energy.0[0], energy.0[1]);
}

/// A send level: `off`, or dB relative to the track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// Nothing is sent.
    Off,
    /// In dB.
    Db(f32),
}

plain_arg! {
    Level, "DB|off", "a level in dB such as -12, or off", "以 dB 计的电平，如 -12，或 off",
        |w| match w {
            "off" | "关" => Some(Level::Off),
            db => unsigned(db).parse().ok().filter(|db: &f32| db.is_finite()).map(Level::Db),
        },
        |level| match level {
            Level::Off => "off".to_owned(),
            Level::Db(db) => db.to_string(),
        };
}

/// A tag of the finished files with its value: `artist=Li Bai`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Name, such as `artist`.
    pub name: String,
    /// Value; empty removes the tag.
    pub value: String,
}

plain_arg! {
    Tag, "NAME=VALUE", "a tag such as artist=\"Li Bai\"", "一个标签，如 artist=李白",
        |w| {
            let (name, value) = w.split_once('=')?;
            let name = name.trim().to_lowercase();
            (!name.is_empty()).then(|| Tag { name, value: value.trim().to_owned() })
        },
        |tag| quote(&format!("{}={}", tag.name, tag.value));
}

/// How lengths of notes change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lengths {
    /// Multiplied: `x3/2`.
    Scale(Ratio),
    /// All this long, in quarters: `1/2`.
    Set(Quarters),
    /// Each to the next onset of its track: `legato`.
    Legato,
    /// At most half of the way to the next onset: `staccato`.
    Staccato,
}

impl Arg for Lengths {
    const SHAPE: &'static str = "xFACTOR|QUARTERS|legato|staccato";
    fn write(&self, words: &mut Vec<String>) {
        words.push(match self {
            Self::Scale(ratio) => format!("x{ratio}"),
            Self::Set(quarters) => quarters.to_string(),
            Self::Legato => "legato".into(),
            Self::Staccato => "staccato".into(),
        });
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        match words.peek() {
            Some("legato" | "连奏") => {
                words.take();
                Ok(Self::Legato)
            }
            Some("staccato" | "断奏") => {
                words.take();
                Ok(Self::Staccato)
            }
            Some(word) if word.starts_with('x') => Ratio::read(words).map(Self::Scale),
            _ => Quarters::read(words).and_then(|length| {
                if length.0 > Ticks::ZERO {
                    Ok(Self::Set(length))
                } else {
                    Err(OpError::new(
                        "a note must be longer than 0 quarters",
                        "音符时值必须大于 0",
                    ))
                }
            }),
        }
    }
}

/// How dynamic levels change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dynamics {
    /// All at this level, 1..=127: `set 80`.
    Set(u8),
    /// Louder or softer by this much: `+10`.
    Add(i32),
    /// Multiplied: `x1.2`.
    Scale(Ratio),
    /// From one level to another over the selection: `50-100`.
    Hairpin(u8, u8),
}

impl Arg for Dynamics {
    const SHAPE: &'static str = "LEVEL|+N|-N|xFACTOR|FROM-TO";
    fn write(&self, words: &mut Vec<String>) {
        words.push(match self {
            Self::Set(level) => level.to_string(),
            Self::Add(by) => format!("{by:+}"),
            Self::Scale(ratio) => format!("x{ratio}"),
            Self::Hairpin(from, to) => format!("{from}-{to}"),
        });
    }
    fn read(words: &mut Words) -> Result<Self, OpError> {
        let level = |text: &str| text.parse::<u8>().ok().filter(|n| (1..=127).contains(n));
        one(
            words,
            (
                "a level 1-127 such as 80, a change such as +10 or x1.2, or a hairpin such as 50-100",
                "力度 1-127（如 80）、变化（如 +10 或 x1.2）或渐变（如 50-100）",
            ),
            |word| {
                if let Some(factor) = word.strip_prefix('x') {
                    return Ratio::parse(factor)
                        .filter(|r| r.num > 0 && r.num <= 127 * r.den)
                        .map(Self::Scale);
                }
                if word.starts_with(['+', '-']) {
                    return unsigned(word)
                        .parse()
                        .ok()
                        .filter(|by: &i32| by.abs() < 127)
                        .map(Self::Add);
                }
                match word.split_once('-') {
                    Some((from, to)) => Some(Self::Hairpin(level(from)?, level(to)?)),
                    None => level(word).map(Self::Set),
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_exact() {
        for (text, shown) in [
            ("1.5", "3/2"),
            ("-0.25", "-1/4"),
            ("6/4", "3/2"),
            ("-2", "-2"),
            (".5", "1/2"),
        ] {
            assert_eq!(Ratio::parse(text).unwrap().to_string(), shown);
        }
        assert!(Ratio::parse("1/0").is_none() && Ratio::parse("x").is_none());
        assert_eq!(Ratio::new(2, 3).of(Ticks(3)), Ticks(2));
    }
}
