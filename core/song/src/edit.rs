//! Edits: what differs between two songs, as values that can be kept, taken back and merged.
//!
//! A song is a set of slots ([`Parts`]); an [`Edit`] is a list of changed slots, each with what
//! was there before and what is there after. Whatever changes a song is a function from song to
//! song; its edit is the difference:
//!
//! ```
//! # fn demo(old: &yuefu_song::Song, new: &yuefu_song::Song) -> Result<(), yuefu_song::EditError> {
//! use yuefu_song::Edit;
//! let edit = Edit::between(old, new);
//! assert_eq!(&edit.apply(old)?, new);
//! assert_eq!(&edit.inverse().apply(new)?, old);
//! # Ok(()) }
//! ```

mod apply;
mod convert;
mod lyric_lines;
mod merge;
mod parts;
pub mod slots;
mod text;
mod touches;

pub use merge::{Conflict, Merged, Side, merge};
pub use parts::{Address, Change, Parts, Slot};
pub use touches::{Bars, Touched};

use crate::{Song, brief::Lang, words::Words};

/// What changes a song into another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Changed slots in the order of their addresses, at most one per slot.
    pub changes: Vec<Change>,
}

impl Edit {
    /// What changes one song into another.
    pub fn between(old: &Song, new: &Song) -> Self {
        Self {
            changes: Parts::of(old).changes_to(&Parts::of(new)),
        }
    }

    /// What makes a song out of nothing.
    pub fn from_nothing(song: &Song) -> Self {
        Self {
            changes: Parts::default().changes_to(&Parts::of(song)),
        }
    }

    /// The changed song.
    ///
    /// # Errors
    /// When a slot does not hold what the edit says was there before, or when the result is no
    /// whole song.
    pub fn apply(&self, song: &Song) -> Result<Song, EditError> {
        let mut parts = Parts::of(song);
        self.apply_to(&mut parts)?;
        parts.into_song()
    }

    /// Changes slots.
    ///
    /// # Errors
    /// When a slot does not hold what the edit says was there before; the slots are then changed
    /// in part and of no use.
    pub fn apply_to(&self, parts: &mut Parts) -> Result<(), EditError> {
        self.changes
            .iter()
            .try_for_each(|change| parts.apply(change))
    }

    /// The edit that takes this one back.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self {
            changes: self.changes.into_iter().map(Change::inverse).collect(),
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Why an edit does not fit a song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError(Words);

impl EditError {
    /// What is wrong, in a language.
    pub fn message(&self, lang: Lang) -> &str {
        self.0.get(lang)
    }

    fn mismatch(change: &Change, found: Option<String>) -> Self {
        let place = change.address().place();
        let expected = change.texts().0;
        let [en, zh] = ["nothing", "（空）"].map(|nothing| {
            let show = |text: &Option<String>| {
                text.as_deref().map_or(nothing.to_owned(), |text| {
                    let short: String = text.chars().take(200).collect();
                    format!("`{short}`")
                })
            };
            (show(&expected), show(&found))
        });
        Self(Words::new(
            format!(
                "{}: expected {}, found {}. The song changed since this edit was made; make the \
                 edit again, or merge the two versions.",
                place.en, en.0, en.1
            ),
            format!(
                "{}：需要 {}，却是 {}。歌曲在此编辑之后已改变；请重新编辑，或合并两个版本。",
                place.zh, zh.0, zh.1
            ),
        ))
    }

    pub(crate) fn missing(en: &str, zh: &str, id: &str) -> Self {
        Self(Words::new(
            format!(
                "expected the {en} `{id}`, found none. Make the edit again on the song as it is."
            ),
            format!("需要{zh}“{id}”，但没有。请在当前的歌曲上重新编辑。"),
        ))
    }

    fn unordered(en: &str, zh: &str) -> Self {
        Self(Words::new(
            format!(
                "expected every {en} in the order of the song, found one outside it. Make the \
                 edit again on the song as it is."
            ),
            format!("有{zh}不在歌曲的次序之中。请在当前的歌曲上重新编辑。"),
        ))
    }
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl std::error::Error for EditError {}
