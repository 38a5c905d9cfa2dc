//! The lyric sheet: words by section. Empty for instrumental pieces.

use serde::{Deserialize, Serialize};

/// Words of a song in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricSheet {
    /// Lines in singing order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LyricLine>,
}

/// One line of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyricLine {
    /// Id of the section that it is sung in.
    pub section: String,
    /// The words as written.
    pub text: String,
}
