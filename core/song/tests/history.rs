//! History: undo and redo, branches, names, damage of the text, and compaction.

mod common;

use common::song;
use yuefu_engine::Rng;
use yuefu_song::{
    Edit, History, Song, VersionId, Words,
    history::{MAIN_BRANCH, Record, state},
};

/// A history with its text and its songs, as a keeper would hold them.
#[derive(Default)]
struct Book {
    history: History,
    text: String,
    songs: Vec<(VersionId, Song)>,
}

impl Book {
    fn add(&mut self, record: Record) {
        self.text += &record.line();
        self.history.apply(record);
    }

    fn now(&self) -> Option<&Song> {
        let head = self.history.head()?;
        (self.songs.iter().find(|(id, _)| id == head)).map(|(_, song)| song)
    }

    fn commit(&mut self, label: &str, song: Song) -> VersionId {
        let edit = match self.now() {
            Some(before) => Edit::between(before, &song),
            None => Edit::from_nothing(&song),
        };
        let label = Words::same(label);
        let record = self.history.commit(label, &edit, &song, None, None);
        self.add(record);
        let id = self.history.head().unwrap().clone();
        self.songs.push((id.clone(), song));
        id
    }
}

/// A song with a number in it.
fn nth(number: u64) -> Song {
    let mut song = song();
    song.seed = number;
    song.plan.title = format!("No. {number}");
    song.score.tracks[0].phrases[0].notes[0].velocity = 1 + (number % 127) as u8;
    song
}

/// Commits, undo, redo, branches and names at random.
fn book(seed: u64, steps: u64) -> Book {
    let mut book = Book::default();
    let mut rng = Rng::new(seed);
    book.commit("first", nth(0));
    for step in 1..steps {
        match rng.below(8) {
            0 | 1 => {
                if let Some(record) = book.history.undo() {
                    book.add(record);
                }
            }
            2 => {
                if let Some(record) = book.history.redo() {
                    book.add(record);
                }
            }
            3 => {
                let branch = format!("branch {step}");
                let to = book.history.head().cloned();
                book.add(Record::Branch {
                    branch: branch.clone(),
                    to,
                });
                book.add(Record::Switch { branch });
            }
            4 => {
                let branch = MAIN_BRANCH.to_owned();
                book.add(Record::Switch { branch });
                let to = book.history.head().cloned();
                book.add(Record::Name {
                    name: format!("name {step}"),
                    to,
                });
            }
            _ => drop(book.commit("step", nth(step))),
        }
    }
    book
}

#[test]
fn every_version_can_be_had_again() {
    for seed in 0..20 {
        let book = book(seed, 30);
        let (read, damage) = History::read(book.text.as_bytes());
        assert_eq!(damage, None);
        assert_eq!(read.branches(), book.history.branches());
        assert_eq!(read.names(), book.history.names());
        assert_eq!(read.current(), book.history.current());
        for (id, song) in &book.songs {
            assert_eq!(&read.song(id, &mut |_| None).unwrap(), song);
            // Also from another version that is known, whichever way leads there.
            let (other, known) = &book.songs[seed as usize % book.songs.len()];
            let mut give = |id: &VersionId| (id == other).then(|| known.clone());
            assert_eq!(&read.song(id, &mut give).unwrap(), song);
            assert_eq!(read.version(id).unwrap().state, state(song));
        }
    }
}

#[test]
fn undo_and_redo_walk_the_branch() {
    let mut book = Book::default();
    assert!(book.history.undo().is_none() && book.history.redo().is_none());
    let ids: Vec<VersionId> = (0..4).map(|n| book.commit("step", nth(n))).collect();
    for expected in [2, 1, 0] {
        let record = book.history.undo().unwrap();
        book.add(record);
        assert_eq!(book.history.head(), Some(&ids[expected]));
    }
    assert!(
        book.history.undo().is_none(),
        "before the first version is nothing"
    );
    for expected in [1, 2] {
        let record = book.history.redo().unwrap();
        book.add(record);
        assert_eq!(book.history.head(), Some(&ids[expected]));
    }
    // What is done anew takes the place of what could be redone; nothing is lost.
    let other = book.commit("other", nth(9));
    assert!(book.history.redo().is_none());
    assert!(book.history.version(&ids[3]).is_some());
    assert_eq!(book.history.ancestor(&ids[3], &other), Some(&ids[2]));
    assert_eq!(book.history.resolve("head~1"), Some(&ids[2]));
    assert_eq!(book.history.resolve(MAIN_BRANCH), Some(&other));
    assert_eq!(book.history.resolve(&ids[1].as_str()[..6]), Some(&ids[1]));
    assert_eq!(book.history.resolve("nothing"), None);
    let labels: Vec<&str> = book
        .history
        .log()
        .iter()
        .map(|c| c.label.en.as_str())
        .collect();
    assert_eq!(labels, ["other", "step", "step", "step"]);
}

#[test]
fn a_text_cut_anywhere_keeps_its_whole_records() {
    let book = book(5, 12);
    let text = book.text.as_bytes();
    for end in 0..text.len() {
        let (read, damage) = History::read(&text[..end]);
        let whole = text[..end].iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |at| at + 1);
        assert_eq!(damage.is_some(), whole < end);
        assert!(damage.is_none_or(|d| d.tail && d.at == whole && d.lines == 1));
        let (clean, none) = History::read(&text[..whole]);
        assert_eq!(none, None);
        assert_eq!((read.len(), read.head()), (clean.len(), clean.head()));
        assert_eq!(History::whole_lines(&text[..end]), &text[..whole]);
    }
}

#[test]
fn a_flipped_byte_costs_its_line_only() {
    let book = book(6, 12);
    let text = book.text.as_bytes();
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let mut rng = Rng::new(1);
    for at in 0..text.len() {
        let mut bad = text.to_vec();
        bad[at] ^= 1 << rng.below(8);
        let (read, damage) = History::read(&bad);
        assert!(damage.is_some_and(|d| d.lines <= 2 && d.at <= at), "{at}");
        let kept = History::whole_lines(&bad);
        let left = kept.iter().filter(|byte| **byte == b'\n').count();
        assert!(left + 2 >= lines, "{at}: {left} of {lines}");
        // Versions that are left can be had from the one whose song lies on the disk.
        if let Some(head) = read.head()
            && let Some((id, song)) = book.songs.iter().find(|(id, _)| id == head)
        {
            let mut give = |other: &VersionId| (other == id).then(|| song.clone());
            assert_eq!(&read.song(id, &mut give).unwrap(), song);
        }
    }
}

#[test]
fn compaction_keeps_what_can_be_asked_for() {
    for seed in 0..20 {
        let book = book(seed, 60);
        let before = &book.history;
        let text = before.compacted(3, &mut |_| None).unwrap();
        let (after, damage) = History::read(text.as_bytes());
        assert_eq!(damage, None);
        assert_eq!(after.branches(), before.branches(), "{seed}");
        assert_eq!(after.names(), before.names());
        assert_eq!(after.current(), before.current());
        assert!(after.len() <= before.len());
        let song = |id: &VersionId| &book.songs.iter().find(|(other, _)| other == id).unwrap().1;
        let heads = after.branches().values().map(|branch| &branch.head);
        for id in heads.chain(after.names().values()) {
            assert_eq!(&after.song(id, &mut |_| None).unwrap(), song(id), "{seed}");
            let steps = |history: &History| -> Vec<VersionId> {
                let back = history.back(Some(id)).take(4);
                back.map(|commit| commit.id.clone()).collect()
            };
            if after.branches().values().any(|branch| branch.head == *id) {
                assert_eq!(steps(&after), steps(before));
            }
        }
        // Undo and redo work as before.
        let walk = |history: &History| {
            let mut history = history.clone();
            let mut seen = Vec::new();
            while let Some(record) = history.redo() {
                history.apply(record);
                seen.push(history.head().cloned());
            }
            for _ in 0..3 {
                if let Some(record) = history.undo() {
                    history.apply(record);
                    seen.push(history.head().cloned());
                }
            }
            seen
        };
        assert_eq!(walk(&after), walk(before), "{seed}");
        let again = after.compacted(3, &mut |_| None).unwrap();
        assert_eq!(again, text, "{seed}: compacting twice changes nothing");
    }
}
