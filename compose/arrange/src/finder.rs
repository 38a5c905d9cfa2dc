//! Who finds tunes. Rules do, unless somebody who has learned from songs is at hand: a finder
//! proposes rhythms and keys, and the same rules say what they cost.

use crate::{
    habits::Habits,
    hands::Accompanist,
    kit::KitPlayer,
    melody::Rhythm,
    melody_line::{Manner, Slot},
    words::Ask,
};
use std::fmt::Debug;
use yuefu_engine::Rng;
use yuefu_song::{Catalog, SectionPlan, SongPlan, Style, StyleBook};
use yuefu_theory::{TickSpan, Ticks};

/// What songs are written with: styles, instruments, who finds the tunes, who plays kits and
/// who accompanies.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// Styles.
    pub book: &'a StyleBook,
    /// Instruments.
    pub catalog: &'a Catalog,
    /// Who finds tunes; rules alone where there is nobody.
    pub finder: Option<&'a dyn TuneFinder>,
    /// How freely it draws; 1: as it has learned.
    pub temperature: f32,
    /// Which draft of the song's tune is written; 0: the first.
    pub draft: u16,
    /// Who plays kits; rules alone where there is nobody.
    pub drummer: Option<&'a dyn KitPlayer>,
    /// Who accompanies on keyboards; rules alone where there is nobody.
    pub pianist: Option<&'a dyn Accompanist>,
}

impl<'a> Band<'a> {
    /// A band that leaves everything to rules.
    pub fn new(book: &'a StyleBook, catalog: &'a Catalog) -> Self {
        Self {
            book,
            catalog,
            finder: None,
            temperature: 1.0,
            draft: 0,
            drummer: None,
            pianist: None,
        }
    }

    /// The same band with somebody who finds tunes.
    pub fn with(self, finder: Option<&'a dyn TuneFinder>) -> Self {
        Self { finder, ..self }
    }

    /// The same band, drawing tunes more freely (above 1) or nearer to what is usual (below 1).
    pub fn at_temperature(self, temperature: f32) -> Self {
        Self {
            temperature,
            ..self
        }
    }

    /// The same band, writing another draft of the tune: other ways, other phrases, the same plan.
    pub fn on_draft(self, draft: u16) -> Self {
        Self { draft, ..self }
    }

    /// The same band with somebody who plays kits.
    pub fn drummed(self, drummer: Option<&'a dyn KitPlayer>) -> Self {
        Self { drummer, ..self }
    }

    /// The same band with somebody who accompanies on keyboards.
    pub fn accompanied(self, pianist: Option<&'a dyn Accompanist>) -> Self {
        Self { pianist, ..self }
    }
}

/// Finds tunes. The same place and generator give the same tune, on every machine.
pub trait TuneFinder: Debug + Send + Sync {
    /// Name and version, written into the songs that it writes for.
    fn id(&self) -> &str;

    /// A rhythm for a phrase that nobody has heard before, from the phrase's start; `None` where
    /// it has none to propose.
    fn rhythm(&self, place: &Place<'_>, rng: &mut Rng) -> Option<Rhythm>;

    /// A rhythm for a line of words that is sung to a new tune, one note for each syllable, from
    /// the phrase's start; `None` where it has none to propose.
    fn sung_rhythm(&self, _place: &Place<'_>, _words: &Ask<'_>, _rng: &mut Rng) -> Option<Rhythm> {
        None
    }

    /// Whether more than eight notes of a tune (onsets and keys, in order) are those of a known one.
    fn is_known(&self, _tune: &[(Ticks, i32)]) -> bool {
        false
    }

    /// Keys for the notes of a phrase, one for each slot, inside the range of `manner`; `None`
    /// where it has none to propose.
    fn keys(
        &self,
        place: &Place<'_>,
        slots: &[Slot],
        ends: Ends,
        manner: &Manner,
        rng: &mut Rng,
    ) -> Option<Vec<i32>>;
}

/// What is sung around a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The last two keys before it.
    pub before: Option<(i32, i32)>,
    /// The key after it.
    pub after: Option<i32>,
}

/// A phrase to be found, and what has been sung so far.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The song.
    pub plan: &'a SongPlan,
    /// Its style, or that of who sings.
    pub style: &'a Style,
    /// The section of the phrase.
    pub section: &'a SectionPlan,
    /// The phrase.
    pub span: TickSpan,
    /// Phrases before it, in order of time.
    pub past: &'a [Heard],
    /// Notes for each quarter note that the section wants.
    pub density: f32,
    /// Key around which it lies.
    pub center: f32,
    /// Silence that it leaves at its end.
    pub breath: Ticks,
    /// How freely it is drawn; 1: as was learned.
    pub temperature: f32,
    /// The ways of the song.
    pub habits: Habits,
    /// What the phrase restates, in today's key: onset from its start, length and key of each note;
    /// empty where it restates nothing.
    pub model: &'a [(Ticks, Ticks, i32)],
}

/// A phrase that was heard, in song time.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Where it lies; a pickup comes before.
    pub span: TickSpan,
    /// Its notes in order: onset, length, key, and whether a syllable begins there (`None`: no
    /// words).
    pub notes: Vec<(Ticks, Ticks, i32, Option<bool>)>,
}
