//! The facade every application uses: compose, render, master, publish, look.
//!
//! ```no_run
//! use yuefu_studio::{Overrides, ReleasePlan, Studio, publish::Publish};
//! let studio = Studio::standard()?;
//! let composed = studio.compose("a warm city pop night drive", &Overrides::default(), &ReleasePlan::streaming())?;
//! let made = studio.publish(&composed.song, &Publish::into_folder("out"))?;
//! println!("{}", made.files[0].display());
//! # Ok::<(), yuefu_studio::StudioError>(())
//! ```

pub mod arranging;
mod balance;
pub mod compose;
mod drafts;
mod drawing;
pub mod editing;
pub mod endpoint;
mod error;
pub mod evaluating;
pub mod grooves;
pub mod harmonizing;
mod hearing;
pub mod import;
pub mod keeping;
mod laying;
pub mod learning;
pub mod listening;
pub mod mastering;
pub mod morphing;
pub mod packs;
pub mod project;
pub mod proof;
pub mod publish;
pub mod render;
pub mod rendering;
pub mod scores;
pub mod show;
pub mod singing;
pub mod soundfont;
mod stemfiles;
pub mod tempo;
pub mod training;
pub mod variations;
pub mod voices;
pub mod words;
mod world;
mod written;

pub use compose::Composed;
pub use drafts::DRAFTS;
pub use error::StudioError;
pub use import::{ImportFormat, Imported, Part, Reimported, Remark};
pub use project::{OpenProject, Project};
pub use publish::{Publish, Published};
pub use render::{Ledger, RenderOptions, Rendered, StemSink};
pub use rendering::{Explanation, Heard};
pub use scores::{ScoreFormat, WordFormat};
pub use singing::{SingJob, SungSong};
pub use soundfont::SoundFont;
pub use tempo::Tempo;
pub use voices::Choir;
pub use world::DiskWorld;
pub use yuefu_audio as audio;
pub use yuefu_audiofile::{AudioFormat, Tags};
pub use yuefu_brief::{OPTIONS, Overrides, explain};
pub use yuefu_composer::{Composer, Harmonist, Pianist};
pub use yuefu_drummer::Drummer;
pub use yuefu_engine::{
    Cancel, Cancelled, Progress, Silent, Stage, Step, Store, TimeLeft, World, WorldError,
};
pub use yuefu_instruments::Orchestra;
pub use yuefu_lyrics as lyrics;
pub use yuefu_song as song;
pub use yuefu_song::{Brief, Catalog, ReleasePlan, Song, StyleBook};
pub use yuefu_theory as theory;

use std::sync::Arc;

/// The name and version of the program, as files state it.
pub const PROGRAM: &str = concat!("Yuefu ", env!("CARGO_PKG_VERSION"));

/// Everything that composing and rendering need.
#[derive(Clone, Debug)]
pub struct Studio {
    /// Styles.
    pub book: StyleBook,
    /// Instruments, as composing and performing know them.
    pub catalog: Catalog,
    /// Instruments, as they sound.
    pub orchestra: Orchestra,
    /// Singers.
    pub choir: Choir,
    /// Who finds the tunes of new songs; rules alone where there is nobody.
    pub composer: Option<Arc<Composer>>,
    /// How freely the tunes of new songs are drawn, in per cent; `None`: as learned.
    pub temperature: Option<u16>,
    /// Who plays the kits of new songs; rules alone where there is nobody.
    pub drummer: Option<Arc<Drummer>>,
    /// Who accompanies new songs on keyboards; rules alone where there is nobody.
    pub pianist: Option<Arc<Pianist>>,
    /// Who finds the chords of new songs; rows of the styles where there is nobody.
    pub harmonist: Option<Arc<Harmonist>>,
    /// Voices that the user brought.
    pub shelf: packs::Shelf,
    /// The user's own SoundFont, if one is open.
    pub soundfont: Option<SoundFont>,
}

impl Studio {
    /// The studio with everything that ships and the voices that are installed.
    ///
    /// # Errors
    /// When the shipped data was edited and is not valid any more.
    pub fn standard() -> Result<Self, StudioError> {
        let studio = Self::shipped()?;
        Ok(match packs::usual_folder() {
            Some(folder) => studio.with_voices(&folder),
            None => studio,
        })
    }

    /// The studio with everything that ships and nothing else.
    ///
    /// # Errors
    /// As [`Self::standard`].
    pub fn shipped() -> Result<Self, StudioError> {
        let book = yuefu_plan::standard_styles().map_err(StudioError::Internal)?;
        if book.styles().is_empty() {
            return Err(StudioError::Internal("no styles are shipped".into()));
        }
        let catalog =
            Catalog::parse(&yuefu_data::tables("instruments")).map_err(StudioError::Internal)?;
        yuefu_evaluate::drafts::Standards::shipped()
            .map_err(|fault| StudioError::Internal(fault.to_owned()))?;
        let broken =
            |fault: yuefu_composer::ComposerFault| StudioError::Internal(fault.to_string());
        let composer = Composer::shipped().map_err(broken)?;
        let harmonist = Harmonist::shipped().map_err(broken)?;
        let pianist = Pianist::shipped().map_err(broken)?;
        let drummer =
            Drummer::shipped().map_err(|fault| StudioError::Internal(fault.to_string()))?;
        Ok(Self {
            book,
            catalog,
            orchestra: Orchestra::standard(),
            choir: Choir::standard(),
            composer: Some(Arc::new(composer)),
            temperature: None,
            drummer: Some(Arc::new(drummer)),
            pianist: Some(Arc::new(pianist)),
            harmonist: Some(Arc::new(harmonist)),
            shelf: packs::Shelf::default(),
            soundfont: None,
        })
    }
}

/// Lets work that names no number of threads of its own (drafts of a tune, for one) use so many. For
/// programs, once and before any work: the first call counts.
pub fn use_threads(count: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count.max(1));
    // Only a second call can fail.
    let _ = pool.build_global();
}

/// Threads worth using: as many as there are processors.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
