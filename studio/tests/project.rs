//! Projects on disk: versions, edits by hand, other processes, kills, full and read-only disks.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use yuefu_engine::{Rng, WorldError};
use yuefu_studio::{
    DiskWorld, OpenProject, Overrides, Project, ReleasePlan, Song, Studio, StudioError, World,
    song::{Words, brief::Lang, edit::Side, song::MAIN_FILE},
};

fn song(seconds: u32) -> Song {
    let studio = Studio::standard().unwrap();
    let mut overrides = Overrides::default();
    overrides.set("length", &seconds.to_string()).unwrap();
    overrides.set("seed", "3").unwrap();
    studio
        .compose(
            "a calm piano and strings piece",
            &overrides,
            &ReleasePlan::streaming(),
        )
        .unwrap()
        .song
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-project-{name}-{}", std::process::id()));
    // What an earlier run left, if it could be removed.
    let _ = std::fs::remove_dir_all(&path);
    path.join("song.yuefu")
}

fn says(text: &str) -> Words {
    Words::same(text)
}

/// The song with a number in its title and its first note.
fn nth(song: &Song, number: usize) -> Song {
    let mut song = song.clone();
    song.plan.title = format!("No. {number}");
    song.score.tracks[0].phrases[0].notes[0].velocity = 1 + (number % 127) as u8;
    song
}

fn begin(name: &str) -> (Project, OpenProject, Song) {
    let song = song(20);
    let project = Project::at(folder(name));
    project.save(&song).unwrap();
    let open = project.open().unwrap();
    assert_eq!(open.song(), &song);
    (project, open, song)
}

fn english<T: std::fmt::Debug>(result: Result<T, StudioError>) -> String {
    let error = result.unwrap_err();
    let chinese = error.message(Lang::Zh);
    assert!(!chinese.is_ascii(), "{chinese}");
    error.message(Lang::En)
}

#[test]
fn versions_are_kept_undone_named_and_branched() {
    let (project, mut open, base) = begin("versions");
    for n in 1..=4 {
        open.commit(says(&format!("step {n}")), nth(&base, n))
            .unwrap();
    }
    assert_eq!(open.undo().unwrap(), Some(says("step 4")));
    open.undo().unwrap();
    assert_eq!(open.redo().unwrap(), Some(says("step 3")));
    assert_eq!(open.song(), &nth(&base, 3));
    assert_eq!(project.load().unwrap(), nth(&base, 3), "files follow");
    open.name("first mix").unwrap();
    assert!(english(open.name("first mix")).contains("new name"));

    // Another process sees all of it.
    let mut other = project.open().unwrap();
    assert_eq!(other.song(), open.song());
    assert_eq!(other.version("first mix").unwrap(), nth(&base, 3));
    assert_eq!(other.version("head~2").unwrap(), nth(&base, 1));
    assert_eq!(other.redo().unwrap(), Some(says("step 4")));
    assert!(english(open.commit(says("late"), base.clone())).contains("Open it again"));
    let mut open = project.open().unwrap();
    assert_eq!(open.song(), &nth(&base, 4));

    // A branch that changes another track merges without a question.
    open.jump("first mix").unwrap();
    open.branch("strings").unwrap();
    let mut strings = open.song().clone();
    strings.score.tracks[1].phrases[0].notes.remove(0);
    open.commit(says("fewer strings"), strings.clone()).unwrap();
    open.switch("main").unwrap();
    assert_eq!(open.song(), &nth(&base, 3));
    open.commit(says("step 5"), nth(&base, 5)).unwrap();
    let id = open
        .merge("strings", |_| panic!("no conflict"))
        .unwrap()
        .unwrap();
    let mut expected = nth(&base, 5);
    expected.score.tracks[1] = strings.score.tracks[1].clone();
    assert_eq!(open.song(), &expected);
    assert_eq!(open.history().version(&id).unwrap().parents.len(), 2);
    assert_eq!(
        open.merge("strings", |_| Side::Ours).unwrap(),
        None,
        "merged already"
    );
    assert!(!open.compare("strings", "main").unwrap().is_empty());
    assert!(english(open.switch("nowhere")).contains("strings"));
    assert!(english(open.delete_branch("main")).contains("current"));
    open.delete_branch("strings").unwrap();

    // Compaction drops what nothing needs and keeps the rest.
    let before = open.history().len();
    let dropped = open.compact(1).unwrap();
    assert_eq!(open.history().len(), before - dropped);
    assert!(dropped > 0);
    let mut open = project.open().unwrap();
    assert_eq!(open.song(), &expected);
    assert_eq!(open.version("first mix").unwrap(), nth(&base, 3));
    assert_eq!(open.undo().unwrap().unwrap().zh, "合并 strings");
    assert_eq!(open.song(), &nth(&base, 5));
}

#[test]
fn edits_by_hand_become_a_version() {
    let (project, mut open, base) = begin("hand");
    open.commit(says("step"), nth(&base, 1)).unwrap();
    let folder = std::fs::read_dir(project.folder().join("score")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let noted = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let line = lines.find(|line| line.contains(" 1/2 ") || line.contains(" 1 "))?;
        let line = line.to_owned();
        Some((path.clone(), text, line))
    };
    let (file, text, line) = files.iter().find_map(noted).unwrap();
    std::fs::write(&file, text.replacen(&line, &line.replacen(' ', "  ", 1), 1)).unwrap();
    let open = project.open().unwrap();
    assert_eq!(open.log().len(), 2, "white space is no edit");
    drop(open);

    let note = line.trim().trim_matches([',', '"']);
    let words: Vec<&str> = note.split(' ').collect();
    let other = if words[2] == "C4" { "D4" } else { "C4" };
    let moved = note.replace(words[2], other);
    std::fs::write(&file, text.replacen(note, &moved, 1)).unwrap();
    let mut open = project.open().unwrap();
    assert_eq!(open.notices()[0].en, "Edited by hand");
    assert_eq!(open.notices()[0].zh, "手工编辑");
    assert_ne!(open.song(), &nth(&base, 1));
    assert_eq!(project.open().unwrap().song(), open.song());
    assert_eq!(open.undo().unwrap().unwrap().en, "Edited by hand");
    assert_eq!(project.load().unwrap(), nth(&base, 1));
}

#[test]
fn mistakes_by_hand_are_shown_and_the_last_good_version_stays() {
    let (project, mut open, base) = begin("mistake");
    open.commit(says("step"), nth(&base, 1)).unwrap();
    let main = project.folder().join(MAIN_FILE);
    let text = std::fs::read_to_string(&main).unwrap();
    let line = 1 + text
        .lines()
        .position(|line| line.contains("\"seed\""))
        .unwrap();
    std::fs::write(&main, text.replacen("\"seed\": ", "\"seed\": x", 1)).unwrap();
    let error = english(project.open());
    assert!(error.contains(&format!("song.json:{line}:")), "{error}");
    assert!(error.contains("can be restored"), "{error}");
    assert!(english(open.commit(says("more"), base.clone())).contains("by hand"));

    let restored = project.restore().unwrap();
    assert_eq!(restored.song(), &nth(&base, 1));
    assert_eq!(project.load().unwrap(), nth(&base, 1));
    let aside = project.folder().join("history/set-aside").join(MAIN_FILE);
    assert!(std::fs::read_to_string(aside).unwrap().contains("x"));

    // A main file that a power failure emptied comes back by itself.
    std::fs::write(&main, "").unwrap();
    assert_eq!(project.open().unwrap().song(), &nth(&base, 1));
    assert_eq!(project.load().unwrap(), nth(&base, 1));
}

#[test]
fn a_log_cut_or_flipped_anywhere_still_opens() {
    let (project, mut open, base) = begin("damage");
    for n in 1..=3 {
        open.commit(says("step"), nth(&base, n)).unwrap();
    }
    let log = project.folder().join("history/log.jsonl");
    let text = std::fs::read(&log).unwrap();
    let mut rng = Rng::new(1);
    for round in 0..60 {
        let at = rng.below(text.len());
        let mut bad = text.clone();
        if round % 2 == 0 {
            bad.truncate(at);
        } else {
            bad[at] ^= 1 << rng.below(8);
        }
        std::fs::write(&log, bad).unwrap();
        let open = project
            .open()
            .unwrap_or_else(|e| panic!("{round} {at}: {e}"));
        assert_eq!(
            open.song(),
            &nth(&base, 3),
            "{round} {at}: the files are the truth"
        );
        drop(open);
        let again = project.open().unwrap();
        assert_eq!(again.song(), &nth(&base, 3));
        assert!(again.notices().is_empty(), "{:?}", again.notices());
    }
}

/// A disk that fails: read-only, or full after a number of bytes.
struct BadDisk {
    disk: DiskWorld,
    read_only: bool,
    room: AtomicI64,
}

impl BadDisk {
    fn spend(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        let fail = |kind| Err(WorldError::new("write", name, &io::Error::from(kind)));
        if self.read_only {
            return fail(io::ErrorKind::ReadOnlyFilesystem);
        }
        let left = self.room.fetch_sub(bytes.len() as i64, Ordering::SeqCst);
        if left < bytes.len() as i64 {
            return fail(io::ErrorKind::StorageFull);
        }
        Ok(())
    }
}

impl World for BadDisk {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WorldError> {
        self.disk.read(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        self.spend(name, bytes)?;
        self.disk.write(name, bytes)
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), WorldError> {
        let left = usize::try_from(self.room.load(Ordering::SeqCst)).unwrap_or(0);
        let spent = self.spend(name, bytes);
        if spent.is_err() && !self.read_only {
            // The worst that can happen: a part is written and stays.
            self.disk.append(name, &bytes[..left.min(bytes.len())])?;
        }
        spent?;
        self.disk.append(name, bytes)
    }

    fn lock(&self, name: &str) -> Result<Box<dyn Send>, WorldError> {
        self.spend(name, b"")?;
        self.disk.lock(name)
    }

    fn remove(&self, name: &str) -> Result<(), WorldError> {
        self.spend(name, b"")?;
        self.disk.remove(name)
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>, WorldError> {
        self.disk.list(folder)
    }
}

fn on_bad_disk(path: &Path, read_only: bool, room: i64) -> Project {
    let disk = BadDisk {
        disk: DiskWorld::new(path),
        read_only,
        room: AtomicI64::new(room),
    };
    Project::in_world(path, Arc::new(disk))
}

#[test]
fn a_read_only_folder_opens_and_says_why_it_cannot_be_changed() {
    let (project, mut open, base) = begin("read-only");
    open.commit(says("step"), nth(&base, 1)).unwrap();
    let bad = on_bad_disk(project.folder(), true, 0);
    let mut open = bad.open().unwrap();
    assert_eq!(open.song(), &nth(&base, 1));
    assert_eq!(open.version("head~1").unwrap(), base);
    assert!(open.read_only().is_some());
    let error = english(open.commit(says("more"), base.clone()));
    assert!(error.contains("permissions"), "{error}");
    assert!(open.undo().is_err());
    assert_eq!(open.song(), &nth(&base, 1));
}

#[test]
fn a_full_disk_loses_nothing() {
    let (project, mut open, base) = begin("full");
    open.commit(says("step"), nth(&base, 0)).unwrap();
    drop(open);
    let mut last = 0;
    let mut failures = 0;
    for room in (0..120_000).step_by(2_371) {
        let bad = on_bad_disk(project.folder(), false, room);
        let Ok(mut open) = bad.open() else { continue };
        let mut tried = last;
        for _ in 0..3 {
            tried += 1;
            match open.commit(says("step"), nth(&base, tried)) {
                Ok(_) => last = tried,
                Err(error) => {
                    failures += 1;
                    assert!(matches!(error, StudioError::World(_)), "{error}");
                    assert!(error.to_string().contains("space"), "{error}");
                    break;
                }
            }
        }
        // With room again, the last version is there; one that failed late may be there too.
        let open = project.open().unwrap_or_else(|e| panic!("{room}: {e}"));
        let now = open.song();
        assert!(
            *now == nth(&base, last) || *now == nth(&base, tried),
            "{room} {}",
            now.plan.title
        );
        assert_eq!(&project.load().unwrap(), now);
        if *now == nth(&base, tried) {
            last = tried;
        }
    }
    assert!(failures > 3, "{failures}");
}

#[test]
fn processes_take_turns() {
    let (project, open, base) = begin("turns");
    drop(open);
    let all = std::thread::scope(|scope| {
        let workers = [0, 1, 2].map(|worker| {
            let (project, base) = (project.clone(), base.clone());
            scope.spawn(move || {
                let mut made = Vec::new();
                while made.len() < 8 {
                    let mut open = project.open().unwrap();
                    let label = format!("{worker} {}", made.len());
                    let song = nth(&base, 10 * worker + made.len() + 1);
                    if let Ok(id) = open.commit(says(&label), song) {
                        made.push(id);
                    }
                }
                made
            })
        });
        workers.map(|worker| worker.join().unwrap()).concat()
    });
    let open = project.open().unwrap();
    for id in all {
        assert!(open.history().version(&id).is_some());
        open.version(id.as_str()).unwrap();
    }
}

/// Not a test: what the tests below start and kill.
#[test]
#[ignore = "started by the tests that kill it"]
fn child_that_commits() {
    let Some(folder) = std::env::var_os("YUEFU_TEST_COMMIT_IN") else {
        return;
    };
    let mut open = Project::at(folder).open().unwrap();
    let base = open.song().clone();
    let first: usize = base
        .plan
        .title
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap_or(0);
    let mut out = io::stdout().lock();
    for number in first + 1.. {
        let id = open.commit(says("step"), nth(&base, number)).unwrap();
        writeln!(out, "done {number} {id}").unwrap();
        out.flush().unwrap();
        match number % 8 {
            3 => {
                open.undo().unwrap();
                open.redo().unwrap();
            }
            7 => drop(open.compact(400).unwrap()),
            _ => {}
        }
    }
}

fn kill(name: &str, times: usize) {
    let (project, mut open, base) = begin(name);
    open.commit(says("step"), nth(&base, 0)).unwrap();
    drop(open);
    let mut rng = Rng::new(times as u64);
    let (mut last, mut commits) = (0_usize, 0);
    for round in 0..times {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_commits", "--exact", "--ignored", "--nocapture"])
            .env("YUEFU_TEST_COMMIT_IN", project.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // After some commits, however slow the machine is, and then anywhere in the next one.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut made = Vec::new();
        let mut read = |line: io::Result<String>| {
            let line = line.unwrap_or_default();
            if let ["done", number, id] = line.split(' ').collect::<Vec<_>>()[..] {
                made.push((number.parse::<usize>().unwrap(), id.to_owned()));
                return true;
            }
            false
        };
        let mut wanted = rng.below(4);
        while wanted > 0
            && let Some(line) = lines.next()
        {
            wanted -= usize::from(read(line));
        }
        std::thread::sleep(Duration::from_micros(rng.below(30_000) as u64));
        child.kill().unwrap();
        for line in lines {
            read(line);
        }
        child.wait().unwrap();
        let open = project.open().unwrap_or_else(|e| panic!("{round}: {e}"));
        assert!(open.notices().is_empty(), "{round}: {:?}", open.notices());
        assert_eq!(&project.load().unwrap(), open.song(), "{round}");
        for (number, id) in &made {
            assert_eq!(open.version(id).unwrap(), nth(&base, *number), "{round}");
        }
        last = made.last().map_or(last, |(number, _)| *number);
        // The last commit may not have come to say that it was done, and one step may be undone.
        let title = &open.song().plan.title;
        let now: usize = title.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(
            (last.saturating_sub(1)..=last + 1).contains(&now),
            "{round}: {last} {now}"
        );
        commits += made.len();
        last = now;
    }
    assert!(commits > times, "{commits} commits in {times} rounds");
}

#[test]
fn a_process_killed_at_any_moment_loses_no_commit() {
    kill("kill", 100);
}

#[test]
#[ignore = "takes a minute"]
fn a_process_killed_five_hundred_times_loses_no_commit() {
    kill("kill-500", 500);
}

/// `cargo test --release -p yuefu-studio --test project -- --ignored --nocapture opening`
#[test]
#[ignore = "a measurement"]
fn opening_a_long_project_is_fast() {
    let base = song(180);
    let project = Project::at(folder("fast"));
    project.save(&base).unwrap();
    let mut open = project.open().unwrap();
    let start = Instant::now();
    for n in 1..=300 {
        open.commit(says("step"), nth(&base, n)).unwrap();
    }
    println!("commit: {:?}", start.elapsed() / 300);
    drop(open);
    let log = project.folder().join("history/log.jsonl");
    let notes: usize = (base.score.tracks.iter())
        .flat_map(|track| &track.phrases)
        .map(|phrase| phrase.notes.len())
        .sum();
    let best = (0..10).map(|_| {
        let start = Instant::now();
        project.open().unwrap();
        start.elapsed()
    });
    println!(
        "open: {:?} ({notes} notes, 300 versions, log of {} bytes)",
        best.min().unwrap(),
        std::fs::metadata(log).unwrap().len()
    );
    let open = project.open().unwrap();
    let start = Instant::now();
    open.version("head~150").unwrap();
    println!("version 150 steps back: {:?}", start.elapsed());
}
