//! Developer tasks: `cargo run -p xtask -- <task> [arguments]`. One module per task.

mod arrows;
mod data_sources;
mod even;
mod licences;
mod metadata;
mod pack_bank;
mod train_sounds;
mod write_sf3;

use std::process::ExitCode;

/// Name, what it does, and the function that does it with the remaining arguments.
type Task = (
    &'static str,
    &'static str,
    fn(&[String]) -> Result<(), String>,
);

const TASKS: &[Task] = &[
    ("arrows", "checks which crate uses which", arrows::run),
    (
        "data-sources",
        "checks that everything in data/ states origin and licence, and its size",
        data_sources::run,
    ),
    (
        "licences",
        "checks the licences of everything that is linked by default",
        licences::run,
    ),
    (
        "pack-bank",
        "LITE.sf3 FULL.sf3 OUT.sf3: selects and re-packs the shipped SoundFont",
        pack_bank::run,
    ),
    (
        "train-sounds",
        "trains the model that reads unknown English words (use --release)",
        train_sounds::run,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let task = arguments
        .first()
        .and_then(|name| TASKS.iter().find(|task| task.0 == name));
    let Some((_, _, work)) = task else {
        eprintln!("usage: cargo run -p xtask -- <task> [arguments]");
        for (name, what, _) in TASKS {
            eprintln!("  {name:<14}{what}");
        }
        return ExitCode::from(2);
    };
    match work(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
