//! Telling how far a job is, and stopping it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Brief, plan and score.
    Compose,
    /// Performance and stems.
    Render,
    /// Mixing.
    Mix,
    /// Mastering.
    Master,
    /// Writing files.
    Write,
}

impl Stage {
    /// Every stage with its share of the whole work (measured on a usual song) and its names.
    pub const ALL: [(Self, f64, &'static str, &'static str); 5] = [
        (Self::Compose, 0.02, "composing", "作曲"),
        (Self::Render, 0.55, "playing", "演奏"),
        (Self::Mix, 0.23, "mixing", "混音"),
        (Self::Master, 0.10, "mastering", "母带"),
        (Self::Write, 0.10, "writing", "写入"),
    ];

    /// English and Chinese name.
    pub fn names(self) -> (&'static str, &'static str) {
        let (.., en, zh) = Self::ALL[self as usize];
        (en, zh)
    }
}

/// A report of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub stage: Stage,
    /// Units of it that are done.
    pub done: u64,
    /// Units of it in all; at least 1.
    pub total: u64,
}

impl Step {
    /// How much of the whole job is done, 0..=1, counting stages by their usual share.
    pub fn overall(&self) -> f64 {
        let before: f64 = Stage::ALL[..self.stage as usize].iter().map(|s| s.1).sum();
        let share = Stage::ALL[self.stage as usize].1;
        before + share * (self.done as f64 / self.total.max(1) as f64).min(1.0)
    }
}

/// Whoever wants to know how far a job is. Called from any thread; must return quickly.
pub trait Progress: Sync {
    /// Takes a report. Reports of one stage may arrive out of order by a few units.
    fn report(&self, step: Step);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: Step) {}
}

/// Estimates the time left from the share of work done and the time it took.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeLeft {
    smoothed: Option<f64>,
}

impl TimeLeft {
    /// Seconds left, given the share done (0..=1) and the seconds since the start; `None` until
    /// enough is done to tell.
    pub fn update(&mut self, overall: f64, elapsed: f64) -> Option<f64> {
        if overall < 0.03 || elapsed < 0.2 {
            return None;
        }
        let raw = elapsed * (1.0 - overall).max(0.0) / overall;
        let smoothed = self.smoothed.map_or(raw, |old| old + 0.2 * (raw - old));
        self.smoothed = Some(smoothed);
        Some(smoothed)
    }
}

/// A token that stops a job from outside. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// The job was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Cancel {
    /// A token that nobody has pulled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the job to stop at its next check.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked the job to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For `?` in loops.
    ///
    /// # Errors
    /// [`Cancelled`] once [`Self::cancel`] was called.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_a_whole_and_time_runs_down() {
        let sum: f64 = Stage::ALL.iter().map(|s| s.1).sum();
        assert!((sum - 1.0).abs() < 1e-9);
        for (index, (stage, ..)) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, index);
        }
        let end = Step {
            stage: Stage::Write,
            done: 4,
            total: 4,
        };
        assert!((end.overall() - 1.0).abs() < 1e-9);
        let mut left = TimeLeft::default();
        assert_eq!(left.update(0.01, 1.0), None);
        assert!((left.update(0.5, 2.0).unwrap() - 2.0).abs() < 1e-9);
        assert!(left.update(0.9, 3.6).unwrap() < 2.0);
    }

    #[test]
    fn clones_of_a_token_share_it() {
        let token = Cancel::new();
        let other = token.clone();
        assert!(other.check().is_ok());
        token.cancel();
        assert_eq!(other.check(), Err(Cancelled));
    }
}
