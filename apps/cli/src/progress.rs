//! Progress on standard error, with the time left.

use crate::{args::Common, lang::Words};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};
use yuefu_studio::{Progress, Step, TimeLeft};

/// A bar that shows the stage, how much of the whole is done, and the time left.
pub struct Bar {
    bar: ProgressBar,
    words: Words,
    start: Instant,
    state: Mutex<(f64, TimeLeft)>,
}

impl Bar {
    /// A bar; an invisible one where output is quiet, for scripts, or not on a terminal.
    pub fn new(common: &Common, words: Words) -> Self {
        let bar = ProgressBar::new(1000);
        if common.quiet || common.json {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        } else {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3}% {msg}") {
            bar.set_style(style.progress_chars("█▓░"));
        }
        Self {
            bar,
            words,
            start: Instant::now(),
            state: Mutex::new((0.0, TimeLeft::default())),
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows how much of one thing is done, by its names in English and Chinese.
    pub fn amount(&self, done: u64, total: u64, names: (&str, &str)) {
        let share = done as f64 / total.max(1) as f64;
        let mut state = self.state.lock().unwrap_or_else(|error| error.into_inner());
        let left = state.1.update(share, self.start.elapsed().as_secs_f64());
        drop(state);
        self.show(share, self.words.pick(names.0, names.1), left);
    }

    fn show(&self, share: f64, what: &str, left: Option<f64>) {
        self.bar.set_position((share * 1000.0) as u64);
        self.bar.set_message(match left {
            Some(seconds) => format!(
                "{what}  {} {:.0} s",
                self.words.pick("left", "剩余"),
                seconds.ceil()
            ),
            None => what.to_owned(),
        });
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Progress for Bar {
    fn report(&self, step: Step) {
        let overall = step.overall();
        // Threads report out of order; a bar never goes back.
        let mut state = self.state.lock().unwrap_or_else(|error| error.into_inner());
        if overall < state.0 {
            return;
        }
        state.0 = overall;
        let left = state.1.update(overall, self.start.elapsed().as_secs_f64());
        drop(state);
        let (en, zh) = step.stage.names();
        self.show(overall, self.words.pick(en, zh), left);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
