//! Speed from prompt to mastered FLAC and stems, as times real time, for songs of 1, 3 and 8
//! minutes with eight or more tracks.
//!
//! `cargo run --release -p yuefu-bench --bin speed -- [PROMPT]`
//!
//! Prints seconds, the ratio, and the peak memory of the process after each length (Linux).

use std::{process::ExitCode, time::Instant};
use yuefu_studio::{Overrides, ReleasePlan, Studio, publish::Publish};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let prompt = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "a bright pop song with strings, piano, guitar and percussion".into());
    println!(
        "prompt: {prompt}\nthreads: {}",
        yuefu_studio::default_threads()
    );
    println!(
        "{:>8} {:>7} {:>8} {:>8} {:>9} {:>10}",
        "length", "tracks", "notes", "seconds", "x real", "peak MiB"
    );
    for minutes in [1, 3, 8] {
        let folder =
            std::env::temp_dir().join(format!("yuefu-speed-{}-{minutes}", std::process::id()));
        let mut wishes = Overrides::default();
        wishes
            .set("length", &format!("{minutes}:00"))
            .map_err(|e| e.message_en)?;
        wishes.set("seed", "7").map_err(|e| e.message_en)?;
        let begin = Instant::now();
        // Opening the studio, and with it the bank, is part of every run a user makes.
        let studio = Studio::standard()?;
        let release = ReleasePlan {
            stems: true,
            ..ReleasePlan::streaming()
        };
        let composed = studio.compose(&prompt, &wishes, &release)?;
        let made = studio.publish(&composed.song, &Publish::into_folder(&folder));
        let seconds = begin.elapsed().as_secs_f64();
        std::fs::remove_dir_all(&folder)?;
        made?;
        let song = &composed.song;
        let notes: usize = song
            .score
            .tracks
            .iter()
            .flat_map(|t| &t.phrases)
            .map(|p| p.notes.len())
            .sum();
        println!(
            "{:>7}m {:>7} {:>8} {:>8.2} {:>9.1} {:>10}",
            minutes,
            song.score.tracks.len(),
            notes,
            seconds,
            song.plan.length.0 / seconds,
            peak().map_or_else(|| "unknown".into(), |kib| (kib / 1024).to_string())
        );
    }
    Ok(())
}

/// Peak resident memory of this process in KiB (Linux).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}
