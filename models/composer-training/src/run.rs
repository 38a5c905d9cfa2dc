//! A run on the screen: progress with time left, looks, stopping on Ctrl-C, curves.

use crate::{curves, train::Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// What trains.
#[cfg(not(feature = "cuda"))]
pub type Back = burn::backend::Flex;
/// What trains.
#[cfg(feature = "cuda")]
pub type Back = burn::backend::Cuda;

/// What learns.
pub type Learning = burn::backend::Autodiff<Back>;

static STOP: AtomicBool = AtomicBool::new(false);

/// Shows a run: `train` is given what to ask after each step. Says whether it came to its end;
/// `folder/loss.png` has the curves.
///
/// # Errors
/// What `train` answers, and what cannot be written, in words.
pub fn watched(
    folder: &Path,
    steps: usize,
    parts: [&str; 3],
    train: impl FnOnce(&mut dyn FnMut(&Progress) -> bool) -> io::Result<Progress>,
) -> Result<bool, String> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)).map_err(|e| e.to_string())?;
    let bar = ProgressBar::new(steps as u64);
    let style = "{elapsed_precise} [{wide_bar}] {pos}/{len} {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(style).map_err(|e| e.to_string())?);
    let mut looks = 0;
    let mut show = |progress: &Progress| {
        bar.set_position(progress.step as u64);
        if progress.looks.len() > looks {
            looks = progress.looks.len();
            if let Some((step, own, held)) = progress.looks.last() {
                let total: f64 = held.iter().sum();
                let [a, b, c] = parts;
                let line = format!(
                    "step {step}: learning {own:.3}, held back {total:.3} = {a} {:.3} + {b} {:.3} + {c} {:.3}",
                    held[0], held[1], held[2]
                );
                bar.set_message(format!("{total:.3}"));
                match bar.is_hidden() {
                    true => println!("{line}"),
                    false => bar.println(line),
                }
            }
        }
        !STOP.load(Ordering::Relaxed)
    };
    let progress = train(&mut show).map_err(|error| error.to_string())?;
    bar.finish();
    curves::draw(&progress.looks, &folder.join("loss.png")).map_err(|e| e.to_string())?;
    if STOP.load(Ordering::Relaxed) && progress.step < steps {
        println!("stopped at step {}; run again to go on", progress.step);
        return Ok(false);
    }
    Ok(true)
}
