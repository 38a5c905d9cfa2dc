//! THE DOCUMENT: everything a song is, from what was asked to what is released.

mod as_text;
pub mod backing;
pub mod brief;
pub mod catalog;
pub mod edit;
pub mod history;
pub mod line;
pub mod lyrics;
pub mod masterplan;
pub mod mixplan;
pub mod ops;
pub mod performance;
pub mod plan;
pub mod reshape;
pub mod score;
pub mod song;
pub mod style;
pub mod sung;
pub mod voice;
pub mod words;

pub use backing::{BackingBook, BackingVoice, Manner, VoicePart, Who};
pub use brief::Brief;
pub use catalog::{Catalog, Family, InstrumentProfile};
pub use edit::{Edit, EditError, Merged, Parts, merge};
pub use history::{History, VersionId};
pub use line::{LineNote, lead_of, line_of, notes_of, single};
pub use lyrics::{Lyric, LyricLine, LyricSheet};
pub use masterplan::MasterPlan;
pub use performance::{
    Articulation, Performance, PerformedNote, PerformedPhrase, PerformedTrack, PlacedPhrase,
};
pub use plan::{CastMember, Ending, Feel, SectionPlan, SongPlan};
pub use reshape::{Kept, Reshape};
pub use score::{ChordSpan, Note, Origin, Phrase, Role, Score, Section, SectionKind, Take, Track};
pub use song::{EngineUse, ReleasePlan, Song};
pub use style::{
    DrumSchool, Form, Harmony, MelodyStyle, Part, Pattern, PatternFile, PatternUse, PianoSchool,
    School, Style, StyleBook,
};
pub use voice::{TrackVoice, VoiceCurves, VoiceSettings};
pub use words::Words;
