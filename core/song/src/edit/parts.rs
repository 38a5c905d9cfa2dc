//! The document as a set of slots: typed maps from addresses to values.
//!
//! Every fact of a song lies in exactly one slot. One table, at the end of this file, lists the
//! maps; comparing, applying and merging follow from it.

use super::{
    EditError,
    apply::{compare, put},
    slots::{
        CastPart, ChordAt, ChordPart, Frame, LineAt, MetrePart, NameAt, NoteAt, PhraseAt,
        SectionAt, SectionPart, TakeAt, TempoPart, TrackAt, TrackPart, Whole,
    },
};
use crate::{
    Brief, EngineUse, LyricLine, LyricSheet, MasterPlan, Note, ReleasePlan, Take, VoiceCurves,
    VoiceSettings,
    mixplan::{ChannelStrip, Delay, Reverb},
    plan::{Ending, Feel},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yuefu_audio::Seconds;
use yuefu_theory::Key;

/// One slot's change: nothing, something or something else before; likewise after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot<A, V> {
    /// Where.
    #[serde(flatten)]
    pub at: A,
    /// What was there; `None`: nothing.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub before: Option<V>,
    /// What is there now; `None`: nothing.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub after: Option<V>,
}

fn none<T>() -> Option<T> {
    None
}

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $(#[serde($serde:meta)])? $map:ident $name:ident: $at:ty => $value:ty;)+) => {
        /// A song as slots. Equal songs have equal parts.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Parts {
            $($(#[doc = $doc])+ pub $map: BTreeMap<$at, $value>,)+
        }

        /// The change of one slot.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Change {
            $($(#[doc = $doc])+ $name(Slot<$at, $value>),)+
        }

        /// The address of any slot, in the order in which changes are listed.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Address {
            $($(#[doc = $doc])+ $name($at),)+
        }

        /// Changes by map: their shape in files.
        #[derive(Default, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub(super) struct Tables {
            $(
                #[serde(skip_serializing_if = "Vec::is_empty" $(, $serde)?)]
                $map: Vec<Slot<$at, $value>>,
            )+
        }

        impl From<Vec<Change>> for Tables {
            fn from(changes: Vec<Change>) -> Self {
                let mut tables = Self::default();
                for change in changes {
                    match change {
                        $(Change::$name(slot) => tables.$map.push(slot),)+
                    }
                }
                tables
            }
        }

        impl From<Tables> for Vec<Change> {
            fn from(tables: Tables) -> Self {
                let mut changes = Vec::new();
                $(changes.extend(tables.$map.into_iter().map(Change::$name));)+
                super::lyric_lines::split(changes)
            }
        }

        impl Parts {
            /// The changes that make these parts into others, in the order of addresses.
            pub fn changes_to(&self, other: &Self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(compare(&self.$map, &other.$map, |slot| changes.push(Change::$name(slot)));)+
                changes
            }

            /// Changes one slot.
            ///
            /// # Errors
            /// When the slot does not hold what the change says was there before.
            pub fn apply(&mut self, change: &Change) -> Result<(), EditError> {
                match change {
                    $(Change::$name(slot) => put(&mut self.$map, slot)
                        .map_err(|found| EditError::mismatch(change, found)),)+
                }
            }
        }

        impl Change {
            /// Where it is.
            pub fn address(&self) -> Address {
                match self {
                    $(Self::$name(slot) => Address::$name(slot.at.clone()),)+
                }
            }

            /// The change that takes it back.
            #[must_use]
            pub fn inverse(self) -> Self {
                match self {
                    $(Self::$name(slot) => Self::$name(Slot {
                        at: slot.at,
                        before: slot.after,
                        after: slot.before,
                    }),)+
                }
            }

            /// Whether something was there before, and whether something is there after.
            pub fn presence(&self) -> (bool, bool) {
                match self {
                    $(Self::$name(slot) => (slot.before.is_some(), slot.after.is_some()),)+
                }
            }

            /// The values before and after as text, `None` for nothing.
            pub fn texts(&self) -> (Option<String>, Option<String>) {
                match self {
                    $(Self::$name(slot) => (
                        slot.before.as_ref().map(super::apply::text),
                        slot.after.as_ref().map(super::apply::text),
                    ),)+
                }
            }
        }

        impl Address {
            /// The name of its map in files, such as `notes`.
            pub fn table(&self) -> String {
                match self {
                    $(Self::$name(_) => stringify!($map).replace('_', "-"),)+
                }
            }
        }
    };
}

parts! {
    /// The seed of everything random.
    seed Seed: Whole => u64;
    /// What was asked.
    brief Brief: Whole => Box<Brief>;
    /// The style's id.
    style Style: Whole => String;
    /// The title.
    title Title: Whole => String;
    /// What files say beside the title.
    tags Tag: NameAt => String;
    /// The main key.
    key Key: Whole => Key;
    /// Swing and the like.
    feel Feel: Whole => Feel;
    /// How the piece ends.
    ending Ending: Whole => Ending;
    /// The exact length of the finished audio.
    length Length: Whole => Seconds;
    /// The tempo curve.
    tempo Tempo: Whole => Vec<TempoPart>;
    /// The metre map.
    metres Metres: Whole => Vec<MetrePart>;
    /// Ids of the sections, in order.
    form Form: Whole => Vec<String>;
    /// The sections.
    sections Section: SectionAt => SectionPart;
    /// The chords.
    chords Chord: ChordAt => ChordPart;
    /// Ids of the cast, in order.
    cast_order CastOrder: Whole => Vec<String>;
    /// The cast, by track.
    cast Cast: TrackAt => CastPart;
    /// Ids of the tracks, in score order.
    track_order TrackOrder: Whole => Vec<String>;
    /// The tracks.
    tracks Track: TrackAt => TrackPart;
    /// The phrases.
    phrases Phrase: PhraseAt => Frame;
    /// Their notes.
    #[serde(with = "super::text::notes")]
    notes Note: NoteAt => Note;
    /// Takes put aside.
    takes Take: TakeAt => Take;
    /// The frame of the words: title, sections, and for each line the section it is in.
    lyrics Lyrics: Whole => LyricSheet;
    /// Lines of the words.
    lyric_lines LyricLine: LineAt => Box<LyricLine>;
    /// The mix character; absent when there is no mix yet.
    character Character: Whole => String;
    /// Tracks of the mix, in the order in which they are summed.
    strip_order StripOrder: Whole => Vec<String>;
    /// Channel strips.
    strips Strip: TrackAt => Box<ChannelStrip>;
    /// Shared reverbs: `room`, `hall`, `plate`.
    reverbs Reverb: NameAt => Reverb;
    /// The shared delay.
    delay Delay: Whole => Delay;
    /// The master; absent when there is none yet.
    master Master: Whole => MasterPlan;
    /// How it leaves the house.
    release Release: Whole => ReleasePlan;
    /// Settings of voices.
    voices Voice: TrackAt => Box<VoiceSettings>;
    /// Curves of sung phrases.
    voice_curves VoiceCurves: PhraseAt => Box<VoiceCurves>;
    /// Which engines made it.
    engines Engines: Whole => Vec<EngineUse>;
}
