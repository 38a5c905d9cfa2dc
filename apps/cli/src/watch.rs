//! `watch`: renders whenever the project's files are saved, and plays or serves the result.

use crate::{
    args::Common, edit::preview, edit_args::WatchArgs, lang::Words, report::line, serve::Page,
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};
use yuefu_studio::{Cancel, Project, StudioError, song::history};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(30);

/// Players that are tried in order; `{}` stands for the file.
const PLAYERS: [&str; 7] = [
    "mpv --no-video --really-quiet {}",
    "ffplay -nodisp -autoexit -loglevel quiet {}",
    "pw-play {}",
    "paplay {}",
    "afplay {}",
    "aplay -q {}",
    "play -q {}",
];

/// Renders on every save until stopped.
pub fn watch(
    args: &WatchArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = crate::edit::studio(&args.font)?;
    let project = Project::find(&args.project.project)?;
    let page = match &args.serve {
        Some(address) => Some(Page::open(address)?),
        None => None,
    };
    if let Some(page) = &page {
        say(common, &format!("http://{}", page.address()));
    }
    let mut player = Player::find(args.player.as_deref(), page.is_some());
    say(
        common,
        words.pick(
            "watching; save song.json or a file in score/ to hear it (Ctrl-C stops)",
            "正在监视；保存 song.json 或 score/ 里的文件即可听到（Ctrl-C 停止）",
        ),
    );
    let mut heard: Option<String> = None;
    let mut last: Option<Files> = None;
    let mut count = 0;
    while cancel.check().is_ok() {
        let now = Files::of(project.folder());
        if last.as_ref() == Some(&now) {
            std::thread::sleep(LOOK);
            continue;
        }
        // Editors write in several steps: what is still changing is looked at again.
        std::thread::sleep(LOOK);
        if Files::of(project.folder()) != now {
            continue;
        }
        let saved = now.newest;
        last = Some(now);
        let started = Instant::now();
        let mut open = match project.open() {
            Ok(open) => open,
            Err(error) => {
                // The last good state stays, and goes on sounding.
                complain(&error, common, words);
                continue;
            }
        };
        let state = history::state(open.song());
        if heard.as_ref() == Some(&state) {
            last = Some(Files::of(project.folder()));
            continue;
        }
        let file = match preview(&studio, &mut open, common, cancel) {
            Ok(file) => file,
            Err(StudioError::Cancelled(_)) => break,
            Err(error) => {
                complain(&error, common, words);
                continue;
            }
        };
        let took = started.elapsed();
        let since = saved
            .and_then(|time| SystemTime::now().duration_since(time).ok())
            .filter(|since| heard.is_some() && *since < Duration::from_secs(3600));
        tell(&file, took, since, common, words);
        if let Some(page) = &page {
            page.show(Path::new(&file));
        }
        player.play(Path::new(&file));
        // What rendering wrote into the project is no edit.
        heard = Some(history::state(open.song()));
        last = Some(Files::of(project.folder()));
        count += 1;
        if args.times.is_some_and(|times| count >= times) {
            break;
        }
    }
    Ok(())
}

fn say(common: &Common, text: &str) {
    if !common.quiet && !common.json {
        line(text);
    }
}

fn complain(error: &StudioError, common: &Common, words: Words) {
    let message = error.message(words.0);
    if common.json {
        line(&json!({ "ok": false, "error": message }).to_string());
    } else {
        eprintln!("{}{message}", words.pick("error: ", "错误："));
    }
}

fn tell(file: &str, took: Duration, since: Option<Duration>, common: &Common, words: Words) {
    let ms = took.as_secs_f64() * 1000.0;
    let saved = since.map(|since| since.as_secs_f64() * 1000.0);
    if common.json {
        let value = json!({ "ok": true, "file": file, "ms": ms, "ms-since-saved": saved });
        line(&value.to_string());
    } else if !common.quiet {
        let mut text = format!("{file}  {ms:.0} ms");
        if let Some(saved) = saved {
            text.push_str(&format!(
                " ({} {saved:.0} ms)",
                words.pick("since saving", "自保存起")
            ));
        }
        line(&text);
    }
}

/// The files that are edited by hand, as far as their content may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Files {
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
    newest: Option<SystemTime>,
}

impl Files {
    fn of(folder: &Path) -> Self {
        let inside = std::fs::read_dir(folder.join("score"));
        let mut paths: Vec<PathBuf> = inside
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .collect();
        paths.push(folder.join("song.json"));
        paths.sort();
        let files: Vec<_> = paths
            .into_iter()
            .filter_map(|path| {
                let meta = std::fs::metadata(&path).ok()?;
                Some((path, meta.len(), meta.modified().ok()))
            })
            .collect();
        Self {
            newest: files.iter().filter_map(|file| file.2).max(),
            files,
        }
    }
}

/// Plays files by another program, one at a time.
struct Player {
    command: Option<Vec<String>>,
    playing: Option<Child>,
}

impl Player {
    /// The player asked for, or the first that is installed; none where a page plays.
    fn find(asked: Option<&str>, page: bool) -> Self {
        let split =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let command = match asked {
            Some("none") => None,
            Some(text) => Some(split(text)).filter(|words| !words.is_empty()),
            None if page => None,
            None => PLAYERS
                .iter()
                .map(|text| split(text))
                .find(|words| installed(&words[0])),
        };
        Self {
            command,
            playing: None,
        }
    }

    fn play(&mut self, file: &Path) {
        self.stop();
        let Some(words) = &self.command else { return };
        let named = words.iter().any(|word| word.contains("{}"));
        let mut command = Command::new(&words[0]);
        for word in &words[1..] {
            command.arg(word.replace("{}", &file.to_string_lossy()));
        }
        if !named {
            command.arg(file);
        }
        let quiet = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Without a player the file is there all the same.
        self.playing = quiet.spawn().ok();
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.playing.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop();
    }
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
