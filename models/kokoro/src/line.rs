//! A line of syllables as tokens, each of which knows whose it is.

use crate::spell::{self, SpellFault};
use yuefu_lang::Sounds;

/// A syllable of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSyllable {
    /// Code of the language it is spelled in: `cmn` or `en`.
    pub lang: String,
    /// Its phones, tone and stress.
    pub sounds: Sounds,
    /// Whether a word begins here.
    pub word_start: bool,
    /// Whether a pause follows it (a comma is spoken).
    pub pause_after: bool,
}

/// Whose a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Silence, a space or a pause.
    Pause,
    /// Phones of a syllable.
    Phones {
        /// The syllable's index in the line.
        syllable: usize,
        /// First phone of it.
        first: usize,
        /// One past the last phone of it.
        end: usize,
    },
}

/// A line in the model's alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The model's input: the numbers of the letters with silence (0) around them.
    pub tokens: Vec<u32>,
    /// Whose each token is; as long as the tokens.
    pub owners: Vec<Owner>,
}

impl Line {
    /// The most tokens the model takes, silence included.
    pub const MOST: usize = 512;

    /// Spells a line; it ends with a full stop.
    ///
    /// # Errors
    /// Names a phone that the model cannot speak.
    pub fn spell(syllables: &[LineSyllable]) -> Result<Self, SpellFault> {
        let mut line = Self {
            tokens: vec![0],
            owners: vec![Owner::Pause],
        };
        for (syllable, said) in syllables.iter().enumerate() {
            if said.word_start && syllable > 0 {
                line.sign(' ');
            }
            for spelled in spell::spell(&said.lang, &said.sounds)? {
                line.tokens.push(spelled.token);
                line.owners.push(Owner::Phones {
                    syllable,
                    first: spelled.first,
                    end: spelled.end,
                });
            }
            if said.pause_after {
                line.sign(',');
            }
        }
        line.sign('.');
        line.tokens.push(0);
        line.owners.push(Owner::Pause);
        Ok(line)
    }

    /// Tokens without the silence around them, by which a voice's style is chosen.
    pub fn len(&self) -> usize {
        self.tokens.len().saturating_sub(2)
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sign(&mut self, letter: char) {
        if let Some(token) = spell::token(letter) {
            self.tokens.push(token);
            self.owners.push(Owner::Pause);
        }
    }
}
