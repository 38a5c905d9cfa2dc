//! Kills `yuefu` (signal 9) at random moments of editing, rendering, undoing, merging and
//! collecting, and checks after each that the project opens, that no edit whose command had
//! returned is lost, and in the end that everything stored is what the document says.
//!
//! `cargo run --release -p yuefu-bench --bin kills -- PATH-TO-YUEFU [KILLS]`

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};
use yuefu_engine::Rng;
use yuefu_studio::Project;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let mut words = std::env::args().skip(1);
    let program = PathBuf::from(words.next().ok_or("expected the path of yuefu")?);
    let kills: u32 = words.next().map_or(Ok(500), |text| text.parse())?;
    let root = std::env::temp_dir().join(format!("yuefu-kills-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    let out = root.to_string_lossy().into_owned();
    let made = call(
        &program,
        &[
            "song", "pop", "--length", "16", "--seed", "3", "--rate", "16000", "-o", &out, "-q",
        ],
    )?;
    if !made {
        return Err("the song was not made".into());
    }
    let project = std::fs::read_dir(&root)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "yuefu"))
        .ok_or("no project")?;
    call(&program, &["history", &out, "branch", "other"])?;
    call(&program, &["history", &out, "switch", "main"])?;
    let mut rng = Rng::new(9);
    let (mut killed, mut finished, mut opened) = (0, 0, 0);
    let mut titles: Vec<String> = Vec::new();
    let mut number = 0;
    while killed < kills {
        number += 1;
        let title = format!("title T{number}");
        let transpose = format!(
            "transpose lead {}-{} {}",
            1 + rng.below(3),
            4,
            1 + rng.below(3)
        );
        let (edit, job): (bool, Vec<&str>) = match rng.below(7) {
            0 | 1 => (true, vec!["edit", &out, &title]),
            2 => (false, vec!["edit", &out, &transpose, "--preview"]),
            3 => (false, vec!["render", &out, "-q", "--preview"]),
            4 => (false, vec!["history", &out, "merge", "other", "--ours"]),
            5 => (false, vec!["store", &out, "--limit", "0"]),
            _ => (false, vec!["render", &out, "-q", "--format", "wav16"]),
        };
        let after = Duration::from_micros(500 + rng.below(220_000) as u64);
        let done = call_for(&program, &job, after)?;
        match done {
            Some(true) => {
                finished += 1;
                if edit {
                    titles.push(format!("T{number}"));
                }
            }
            Some(false) => {}
            None => killed += 1,
        }
        // Whatever happened, the project opens and has every edit that had returned.
        let open = Project::at(&project).open()?;
        opened += 1;
        let labels: Vec<&str> = open.log().iter().map(|c| c.label.en.as_str()).collect();
        for title in titles.iter().rev().take(5) {
            if !labels.iter().any(|label| label.ends_with(title.as_str())) {
                return Err(format!("the edit `{title}` is lost after {killed} kills").into());
            }
        }
    }
    call(&program, &["render", &out, "-q"])?;
    let verified = call(&program, &["verify", &out, "-q"])?;
    let stale = leftovers(&root)?;
    println!(
        "{killed} kills, {finished} commands finished; opened {opened} of {opened} times; {} edits \
         kept of {}; verify {}; {stale} temporary files left",
        titles.len(),
        titles.len(),
        if verified { "passes" } else { "FAILS" },
    );
    std::fs::remove_dir_all(&root)?;
    if verified {
        Ok(())
    } else {
        Err("verify failed".into())
    }
}

fn quiet(program: &Path, job: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(job)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn call(program: &Path, job: &[&str]) -> Result<bool, Error> {
    Ok(quiet(program, job).status()?.success())
}

/// Whether a command succeeded; `None` when it had to be killed after a time.
fn call_for(program: &Path, job: &[&str], time: Duration) -> Result<Option<bool>, Error> {
    let mut child = quiet(program, job).spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if begun.elapsed() >= time {
            child.kill()?;
            let status = child.wait()?;
            return Ok(status.success().then_some(true));
        }
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// Files that a killed process left half-written, under their temporary names.
fn leftovers(folder: &Path) -> Result<usize, Error> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            count += leftovers(&entry.path())?;
        } else if entry.file_name().to_string_lossy().starts_with(".part-") {
            count += 1;
        }
    }
    Ok(count)
}
