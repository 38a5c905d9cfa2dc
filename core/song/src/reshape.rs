//! A new plan for an existing song, and what of the old song lives on in it.

use crate::{brief::Diagnostic, plan::SongPlan};
use yuefu_theory::{TickSpan, Ticks};

/// What the plan stage decides when an existing song gets another form, and the arrangement
/// carries out: it moves what is kept and writes the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new plan.
    pub plan: SongPlan,
    /// Stretches of the old song that are kept, in order of their new place. What the new plan
    /// has beyond them is to be written.
    pub kept: Vec<Kept>,
    /// Sections of the new plan, by id, in which only the tune is kept: everybody else plays
    /// anew.
    pub revoiced: Vec<String>,
    /// What was done, for people.
    pub notes: Vec<Diagnostic>,
}

impl Reshape {
    /// The new place of a position of the old song that is kept; the first if it is repeated.
    pub fn moved(&self, at: Ticks) -> Option<Ticks> {
        let kept = self.kept.iter().find(|kept| kept.from.contains(at))?;
        Some(kept.to + (at - kept.from.start))
    }
}

/// A stretch of the old song and where it begins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it was.
    pub from: TickSpan,
    /// Where it starts now.
    pub to: Ticks,
}

impl Kept {
    /// Where it is now.
    pub fn now(self) -> TickSpan {
        TickSpan::new(self.to, self.to + self.from.len())
    }
}
