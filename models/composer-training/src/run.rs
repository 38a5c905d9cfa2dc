//! What programs that train share: their command lines, songs by their part of the data, and a run on
//! the screen with progress and time left, looks, stopping on Ctrl-C, curves.

use crate::{curves, train::Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};
use yuefu_corpus::{Limits, Piece, Split, gather};
use yuefu_engine::Cancel;

/// What trains.
#[cfg(not(feature = "cuda"))]
pub type Back = burn::backend::Flex;
/// What trains.
#[cfg(feature = "cuda")]
pub type Back = burn::backend::Cuda;

/// What learns.
pub type Learning = burn::backend::Autodiff<Back>;

static STOP: AtomicBool = AtomicBool::new(false);

/// The whole of a program: `work` is given the words that the usage names and the sources behind
/// them, and answers in words what went wrong.
pub fn called<const N: usize>(
    usage: &str,
    work: impl FnOnce(&[String; N], &[String]) -> Result<(), String>,
) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((named, sources)) = args.split_first_chunk() else {
        eprintln!("usage: {usage}");
        return ExitCode::FAILURE;
    };
    match work(named, sources) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A number of steps as it is written.
///
/// # Errors
/// When it is none, in words.
pub fn steps(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("expected a number of steps, found {text}"))
}

/// The pieces of some sources.
///
/// # Errors
/// When a source cannot be read, in words.
pub fn pieces(sources: &[String]) -> Result<Vec<Piece>, String> {
    let paths: Vec<PathBuf> = sources.iter().map(PathBuf::from).collect();
    gather(&paths, &Limits::default(), &|_, _| {}, &Cancel::default())
        .map(|gathered| gathered.pieces)
        .map_err(|error| error.to_string())
}

/// What is read of pieces to learn from, to stop by and to test on.
pub fn parts<T, I: IntoIterator<Item = T>>(
    pieces: &[Piece],
    read: impl Fn(&Piece) -> I,
) -> [Vec<T>; 3] {
    [Split::Train, Split::Validation, Split::Test].map(|split| {
        let own = pieces.iter().filter(|piece| piece.split == split);
        own.flat_map(&read).collect()
    })
}

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
                let named = parts.iter().zip(held).filter(|(name, _)| !name.is_empty());
                let named: Vec<String> = named
                    .map(|(name, nats)| format!("{name} {nats:.3}"))
                    .collect();
                let line = format!(
                    "step {step}: learning {own:.3}, held back {total:.3} = {}",
                    named.join(" + ")
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
