//! The score: what is to be played, in spelled pitches and exact ticks.

use crate::{lyrics::Lyric, performance::Articulation};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use yuefu_theory::{Chord, Key, Pitch, TickSpan, Ticks, Timeline};

/// The whole score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Tempo curve and metre map.
    pub timeline: Timeline,
    /// Sections in order, without gaps.
    pub sections: Vec<Section>,
    /// Chords in order of start; a gap means no chord is implied.
    pub chords: Vec<ChordSpan>,
    /// Tracks in score order.
    pub tracks: Vec<Track>,
}

impl Score {
    /// The end of the last section, or of the last phrase if that is later.
    pub fn end(&self) -> Ticks {
        let sections = self.sections.iter().map(|s| s.span.end);
        let phrases = self
            .tracks
            .iter()
            .flat_map(|t| &t.phrases)
            .map(|p| p.span.end);
        sections.chain(phrases).max().unwrap_or_default()
    }

    /// The end of the last section, whatever rings beyond it; [`Score::end`] where there is none.
    pub fn form_end(&self) -> Ticks {
        let last = self.sections.last();
        last.map_or_else(|| self.end(), |section| section.span.end)
    }

    /// The section at a position.
    pub fn section_at(&self, at: Ticks) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.span.contains(at))
    }

    /// The key at a position; C major for a score without sections.
    pub fn key_at(&self, at: Ticks) -> Key {
        self.section_at(at)
            .or(self.sections.last())
            .map_or(Key::simplest(0, yuefu_theory::Mode::Major), |section| {
                section.key
            })
    }

    /// The chord at a position.
    pub fn chord_at(&self, at: Ticks) -> Option<&ChordSpan> {
        ChordSpan::at(&self.chords, at)
    }
}

/// What a section does in the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionKind {
    /// 前奏
    Intro,
    /// 主歌
    Verse,
    /// 预副歌
    PreChorus,
    /// 副歌
    Chorus,
    /// 桥段
    Bridge,
    /// 间奏
    Interlude,
    /// 独奏
    Solo,
    /// A rise before a drop.
    Build,
    /// The full-energy part of dance music.
    Drop,
    /// A quiet part with few instruments.
    Breakdown,
    /// 尾奏
    Outro,
    /// A part of a through-composed piece.
    Part,
}

impl SectionKind {
    /// Every kind with its names in files, English and Chinese.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 12] = [
        (Self::Intro, "intro", "Intro", "前奏"),
        (Self::Verse, "verse", "Verse", "主歌"),
        (Self::PreChorus, "pre-chorus", "Pre-Chorus", "预副歌"),
        (Self::Chorus, "chorus", "Chorus", "副歌"),
        (Self::Bridge, "bridge", "Bridge", "桥段"),
        (Self::Interlude, "interlude", "Interlude", "间奏"),
        (Self::Solo, "solo", "Solo", "独奏"),
        (Self::Build, "build", "Build", "铺垫"),
        (Self::Drop, "drop", "Drop", "爆发"),
        (Self::Breakdown, "breakdown", "Breakdown", "回落"),
        (Self::Outro, "outro", "Outro", "尾奏"),
        (Self::Part, "part", "Part", "乐段"),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The kind of a name in files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// One section of the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Stable id, such as `verse-1`.
    pub id: String,
    /// What it does.
    pub kind: SectionKind,
    /// Where it lies; starts on a barline.
    pub span: TickSpan,
    /// Its key.
    pub key: Key,
    /// Energy asked for, 0 (silence) to 1 (everything).
    pub energy: f32,
}

/// A chord and where it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChordSpan {
    /// Where it holds.
    pub span: TickSpan,
    /// The chord.
    pub chord: Chord,
}

impl ChordSpan {
    /// The one of some chords, in order of start, that holds at a position.
    pub fn at(chords: &[Self], at: Ticks) -> Option<&Self> {
        let after = chords.partition_point(|chord| chord.span.start <= at);
        after
            .checked_sub(1)
            .map(|i| &chords[i])
            .filter(|chord| chord.span.contains(at))
    }
}

/// What a track does in the arrangement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sung main melody.
    Vocal,
    /// Main melody.
    Lead,
    /// Independent second melody.
    Counter,
    /// Second voice in parallel with the melody.
    Harmony,
    /// Sung second voices.
    Backing,
    /// Chordal accompaniment with rhythm.
    Comp,
    /// Broken chords.
    Arp,
    /// Sustained chords.
    Pad,
    /// Bass line.
    Bass,
    /// Drum kit.
    Drums,
    /// Percussion beside the kit.
    Percussion,
    /// Risers, impacts, ambience.
    Fx,
}

impl Role {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vocal => "vocal",
            Self::Lead => "lead",
            Self::Counter => "counter",
            Self::Harmony => "harmony",
            Self::Backing => "backing",
            Self::Comp => "comp",
            Self::Arp => "arp",
            Self::Pad => "pad",
            Self::Bass => "bass",
            Self::Drums => "drums",
            Self::Percussion => "percussion",
            Self::Fx => "fx",
        }
    }

    /// Whether its notes are General MIDI percussion keys.
    pub fn is_percussion(self) -> bool {
        matches!(self, Self::Drums | Self::Percussion)
    }
}

/// One part of the arrangement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Stable id, such as `piano`.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// Catalog id of its instrument.
    pub instrument: String,
    /// Its phrases in order of start; they do not overlap.
    pub phrases: Vec<Phrase>,
}

/// The unit of generation, editing and rendering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phrase {
    /// Stable id, unique in its track, such as `verse-1.2`.
    pub id: String,
    /// Where it lies.
    pub span: TickSpan,
    /// Where its notes come from.
    pub origin: Origin,
    /// A locked phrase is left alone by every regeneration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Notes in order of start, ties by pitch. Starts are relative to the phrase; a pickup may
    /// start before it (negative), and a note may ring past its end.
    pub notes: Vec<Note>,
    /// Number of the take that these notes are; 0 is the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub take: u32,
    /// The other takes of this phrase, put aside, in ascending order of number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<Take>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Phrase {
    /// A phrase with its first take and no others.
    pub fn new(id: impl Into<String>, span: TickSpan, origin: Origin, notes: Vec<Note>) -> Self {
        Self {
            id: id.into(),
            span,
            origin,
            locked: false,
            notes,
            take: 0,
            takes: Vec::new(),
        }
    }

    /// The number that a further take gets.
    pub fn next_take(&self) -> u32 {
        let aside = self.takes.iter().map(|take| take.number);
        aside.chain([self.take]).max().unwrap_or(0) + 1
    }

    /// Puts the present notes aside and brings a take back; says whether there is such a take.
    pub fn switch(&mut self, number: u32) -> bool {
        if number == self.take {
            return true;
        }
        let Some(index) = self.takes.iter().position(|take| take.number == number) else {
            return false;
        };
        let wanted = self.takes.remove(index);
        self.record(wanted);
        true
    }

    /// Makes a new take the present one and puts the one before aside; a take of the same number
    /// is replaced.
    pub fn record(&mut self, take: Take) {
        let before = Take {
            number: self.take,
            origin: std::mem::replace(&mut self.origin, take.origin),
            notes: std::mem::replace(&mut self.notes, take.notes),
        };
        self.take = take.number;
        self.takes.push(before);
        self.takes.retain(|aside| aside.number != take.number);
        self.takes.sort_by_key(|aside| aside.number);
    }
}

/// One take of a phrase that is put aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Its number, unique in the phrase.
    pub number: u32,
    /// Where its notes come from.
    pub origin: Origin,
    /// Its notes, as in [`Phrase::notes`].
    pub notes: Vec<Note>,
}

/// Where the notes of a phrase come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Made by an engine.
    Generated {
        /// Engine name and version, such as `rules 1`.
        engine: String,
        /// Seed path of this phrase without the take.
        path: String,
        /// Which take of it.
        take: u32,
    },
    /// Changed by hand.
    Edited,
    /// Read from a file.
    Imported,
}

/// One written note.
///
/// In files it is a line of text: start and length in quarter notes (fractions as `3/2`), pitch,
/// dynamic level, and the articulation if it is not plain: `"0 1/2 E4 82 staccato"`; how much later
/// it is struck than written, in tenths of a millisecond, where that is said: `"0 1/4 D2 60 ~-35"`;
/// what it sings follows after a bar: `"0 1/2 E4 82 | cmn 还{huan2}"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Start, relative to the phrase.
    pub at: Ticks,
    /// Written length.
    pub len: Ticks,
    /// Pitch; for percussion roles, the General MIDI key as a pitch.
    pub pitch: Pitch,
    /// Written dynamic level, 1..=127 (64 = mezzo-forte region), before expression.
    pub velocity: u8,
    /// How it is played.
    pub articulation: Articulation,
    /// How much later than written it is struck, in tenths of a millisecond, by a player who says
    /// so; `None`: the rules of performance decide.
    pub late: Option<i16>,
    /// What it sings. In a sung phrase a note without one continues the syllable before it.
    pub lyric: Option<Box<Lyric>>,
}

impl Note {
    /// A plain note.
    pub fn new(at: Ticks, len: Ticks, pitch: Pitch, velocity: u8) -> Self {
        Self {
            at,
            len,
            pitch,
            velocity: velocity.clamp(1, 127),
            articulation: Articulation::Normal,
            late: None,
            lyric: None,
        }
    }

    /// The same note played another way.
    pub fn with(mut self, articulation: Articulation) -> Self {
        self.articulation = articulation;
        self
    }

    /// The same note with words.
    pub fn singing(mut self, lyric: Lyric) -> Self {
        self.lyric = Some(Box::new(lyric));
        self
    }

    /// The MIDI key, limited to 0..=127.
    pub fn key(&self) -> u8 {
        self.pitch.midi().clamp(0, 127) as u8
    }

    /// The end, relative to the phrase.
    pub fn end(&self) -> Ticks {
        self.at + self.len
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 {
        a.abs().max(1)
    } else {
        gcd(b, a % b)
    }
}

/// Writes ticks as quarter notes, exactly: `3`, `-1/4`, `5/3`.
pub(crate) fn write_quarters(f: &mut impl fmt::Write, ticks: Ticks) -> fmt::Result {
    let common = gcd(ticks.0, Ticks::QUARTER.0);
    match (ticks.0 / common, Ticks::QUARTER.0 / common) {
        (num, 1) => write!(f, "{num}"),
        (num, den) => write!(f, "{num}/{den}"),
    }
}

/// Reads quarter notes as [`write_quarters`] writes them.
pub(crate) fn read_quarters(text: &str) -> Option<Ticks> {
    let (num, den) = match text.split_once('/') {
        Some((num, den)) => (num.parse::<i64>().ok()?, den.parse::<i64>().ok()?),
        None => (text.parse::<i64>().ok()?, 1),
    };
    let whole = num.checked_mul(Ticks::QUARTER.0)?;
    (den > 0 && whole % den == 0 && whole.abs() < 1 << 40).then(|| Ticks(whole / den))
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quarters(f, self.at)?;
        f.write_str(" ")?;
        write_quarters(f, self.len)?;
        write!(f, " {} {}", self.pitch, self.velocity)?;
        if self.articulation != Articulation::Normal {
            write!(f, " {}", self.articulation.name())?;
        }
        if let Some(late) = self.late {
            write!(f, " ~{late}")?;
        }
        if let Some(lyric) = &self.lyric {
            write!(f, " | {lyric}")?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || {
            format!(
                "expected a note such as `0 1/2 E4 82 staccato` (start and length in quarters, pitch, level 1-127, articulation), found `{text}`"
            )
        };
        let (played, lyric) = match text.split_once('|') {
            Some((played, lyric)) => (played, Some(Box::new(lyric.parse::<Lyric>()?))),
            None => (text, None),
        };
        let mut words: Vec<&str> = played.split_whitespace().collect();
        let late = match words.last().and_then(|word| word.strip_prefix('~')) {
            Some(late) => {
                words.pop();
                Some(late.parse().map_err(|_| error())?)
            }
            None => None,
        };
        let (at, len, pitch, level, articulation) = match words[..] {
            [at, len, pitch, level] => (at, len, pitch, level, Articulation::Normal),
            [at, len, pitch, level, how] => (
                at,
                len,
                pitch,
                level,
                Articulation::from_name(how).ok_or_else(error)?,
            ),
            _ => return Err(error()),
        };
        Ok(Self {
            at: read_quarters(at).ok_or_else(error)?,
            len: read_quarters(len)
                .filter(|len| *len > Ticks::ZERO)
                .ok_or_else(error)?,
            pitch: pitch.parse().map_err(|_| error())?,
            velocity: level
                .parse()
                .ok()
                .filter(|level| (1..=127).contains(level))
                .ok_or_else(error)?,
            articulation,
            late,
            lyric,
        })
    }
}

crate::as_text::in_files!(Note);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_struck_late_says_so() {
        for line in ["0 1/4 D2 60 ~-35", "1 1/4 D2 28 ghost ~120", "0 1 E4 82"] {
            assert_eq!(line.parse::<Note>().unwrap().to_string(), line);
        }
        assert_eq!("0 1/4 D2 60 ~-35".parse::<Note>().unwrap().late, Some(-35));
        for line in ["0 1 D2 60 ~", "0 1 D2 60 ~99999", "0 1 D2 ~3"] {
            assert!(line.parse::<Note>().is_err(), "{line}");
        }
    }

    #[test]
    fn takes_are_kept_and_switched() {
        let note = |key: &str| vec![format!("0 1 {key} 80").parse::<Note>().unwrap()];
        let span = TickSpan::new(Ticks(0), Ticks::QUARTER);
        let mut phrase = Phrase::new("a", span, Origin::Edited, note("C4"));
        assert_eq!(phrase.next_take(), 1);
        for (number, key) in [(1, "D4"), (2, "E4")] {
            phrase.record(Take {
                number,
                origin: Origin::Imported,
                notes: note(key),
            });
        }
        assert_eq!((phrase.take, phrase.next_take()), (2, 3));
        let before = phrase.clone();
        assert!(phrase.switch(0) && phrase.notes == note("C4"));
        assert_eq!(phrase.origin, Origin::Edited);
        assert!(phrase.switch(2) && !phrase.switch(7));
        assert_eq!(phrase, before);
    }

    #[test]
    fn notes_are_lines_of_text() {
        for text in [
            "0 1/2 E4 82",
            "-1/4 1/4 Bb3 40 ghost",
            "5/3 1/3 F##5 127 staccato",
            "0 1 E4 80 | cmn 还{huan2} phrase",
            "0 1 E4 80 legato | en er{ER0} joined",
        ] {
            assert_eq!(text.parse::<Note>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "0 0 E4 82",
            "0 1 E4 200",
            "0 1 X4 80",
            "0 1/11 E4 80",
            "0 1 E4 80 loud",
            "0 1 E4 80 |",
            "0 1 E4 80 | 还",
        ] {
            assert!(text.parse::<Note>().is_err(), "{text}");
        }
    }
}
