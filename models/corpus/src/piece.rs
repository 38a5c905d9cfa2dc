//! One song of a collection.

use serde::Serialize;
use yuefu_song::Score;
use yuefu_theory::TickSpan;
use yuefu_theory::Ticks;

/// One song: the document's score, and what a collection knows beside it.
///
/// The melody's track is cut into phrases (`score.tracks[melody].phrases`); every other track has
/// one phrase from the first tick to the end. All phrases have the origin
/// [`Imported`](yuefu_song::Origin::Imported).
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Name within its source: a number, or a path without its extension.
    pub name: String,
    /// The collection it comes from.
    pub source: Source,
    /// What the collection calls its genre or style; a path such as `funk/purdieshuffle` in
    /// drum performances.
    pub genre: Option<String>,
    /// Songs that are versions of one another share this number; splits follow it.
    pub group: u64,
    /// Which part of the data it belongs to.
    pub split: Split,
    /// Timeline, sections, chords and tracks. Velocities are as played or printed.
    pub score: Score,
    /// Track of the tune.
    pub melody: Option<usize>,
    /// Tracks that accompany it, in order of the score.
    pub accompaniment: Vec<usize>,
    /// Phrases of the melody, in order; the spans of its track's phrases.
    pub phrases: Vec<TickSpan>,
    /// Syllables of the melody, in order of time.
    pub syllables: Vec<Sung>,
    /// What the source itself states; the rest was found.
    pub stated: Stated,
    /// For drum performances: who played what.
    pub drums: Option<DrumTake>,
}

impl Piece {
    /// A piece of a score alone, in the training part, without tune.
    pub(crate) fn new(source: Source, name: impl Into<String>, score: Score) -> Self {
        Self {
            name: name.into(),
            source,
            genre: None,
            group: 0,
            split: Split::Train,
            score,
            melody: None,
            accompaniment: Vec::new(),
            phrases: Vec::new(),
            syllables: Vec::new(),
            stated: Stated::default(),
            drums: None,
        }
    }

    /// Source and name, unique in a corpus: `pop909/001`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.source.name(), self.name)
    }
}

/// A collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// POP909: pop songs as melody, second melody and piano.
    Pop909,
    /// OpenScore Lieder: art songs with piano.
    Lieder,
    /// OpenEWLD: lead sheets.
    Openewld,
    /// McGill Billboard: chords and form of chart songs.
    Billboard,
    /// Harmonix: beats and form of pop songs.
    Harmonix,
    /// SALAMI: form of recordings of many kinds.
    Salami,
    /// Groove MIDI Dataset: drum performances.
    Groove,
    /// A folder of a user.
    Own,
}

impl Source {
    /// Every source with its name in reports.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Pop909, "pop909"),
        (Self::Lieder, "lieder"),
        (Self::Openewld, "openewld"),
        (Self::Billboard, "billboard"),
        (Self::Harmonix, "harmonix"),
        (Self::Salami, "salami"),
        (Self::Groove, "groove"),
        (Self::Own, "own"),
    ];

    /// Name in reports and ids.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The source of a number, in the order of [`Source::ALL`].
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).map(|row| row.0)
    }
}

/// A part of the data. Versions of one song are always in one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// What models learn from: 90 in 100 groups.
    Train,
    /// What decides when to stop: 5 in 100.
    Validation,
    /// What figures are reported on: 5 in 100.
    Test,
}

impl Split {
    /// Every part, in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The part that a group of songs belongs to: 90, 5 and 5 in 100.
    pub fn of_group(group: u64) -> Self {
        // Spread first: groups may be small numbers or hashes of any kind.
        let hash = blake3::hash(&group.to_le_bytes());
        let share = u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]);
        match u32::from(share) * 100 / 65_536 {
            0..=89 => Self::Train,
            90..=94 => Self::Validation,
            _ => Self::Test,
        }
    }
}

/// What a source states of a song itself; what it does not was found from its notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// Which track is the tune.
    pub melody: bool,
    /// Chords.
    pub chords: bool,
    /// Keys.
    pub key: bool,
    /// Beats and bars.
    pub metre: bool,
    /// Tempo.
    pub tempo: bool,
    /// Sections and what they do.
    pub sections: bool,
}

impl Stated {
    pub(crate) fn bits(self) -> u8 {
        [
            self.melody,
            self.chords,
            self.key,
            self.metre,
            self.tempo,
            self.sections,
        ]
        .iter()
        .enumerate()
        .fold(0, |bits, (at, set)| bits | u8::from(*set) << at)
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        let has = |at: u8| bits >> at & 1 == 1;
        Self {
            melody: has(0),
            chords: has(1),
            key: has(2),
            metre: has(3),
            tempo: has(4),
            sections: has(5),
        }
    }
}

/// A sung syllable of the melody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sung {
    /// Start of its note, in the score.
    pub at: Ticks,
    /// Its letters.
    pub text: String,
    /// Whether its word goes on in the next syllable.
    pub continues: bool,
}

/// A drum performance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrumTake {
    /// Who played.
    pub player: String,
    /// The session it was recorded in.
    pub session: String,
    /// Whether it is a fill of a bar or two, not a groove.
    pub fill: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_numbered_by_their_place() {
        for (number, (source, name)) in Source::ALL.into_iter().enumerate() {
            assert_eq!(source as usize, number);
            assert_eq!(source.name(), name);
            assert_eq!(Source::from_number(number as u8), Some(source));
        }
        assert_eq!(Source::from_number(8), None);
        for bits in 0..64 {
            assert_eq!(Stated::from_bits(bits).bits(), bits);
        }
    }

    #[test]
    fn groups_split_ninety_to_five_to_five() {
        let mut counts = [0_u32; 3];
        for group in 0..20_000 {
            counts[Split::of_group(group) as usize] += 1;
        }
        assert!((17_700..18_300).contains(&counts[0]), "{counts:?}");
        assert!((850..1150).contains(&counts[1]), "{counts:?}");
        assert!((850..1150).contains(&counts[2]), "{counts:?}");
    }
}
