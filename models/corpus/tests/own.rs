//! A user's own folder: what is read, what is refused, and that no bytes make the reader panic.

use proptest::prelude::*;
use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};
use yuefu_corpus::{Gathered, Limits, Piece, Refusal, Source, gather, pack};
use yuefu_engine::{Cancel, Rng};
use yuefu_scorefile::{MidiOptions, ScoreFile, write_abc, write_midi, write_musicxml};
use yuefu_song::{
    Catalog, ChordSpan, Note, Origin, Phrase, Role, Score, Section, SectionKind, Track,
};
use yuefu_theory::{Key, Metre, Mode, Pitch, TickSpan, Ticks, Timeline};

/// A tune of 16 bars over plain chords; `up` transposes it, `seed` chooses it.
fn song(seed: u64, up: i32) -> ScoreFile {
    let mut rng = Rng::new(seed);
    let end = Ticks::quarters(64);
    let scale = [0, 2, 4, 5, 7, 9, 11, 12];
    let mut degree = 4_i32;
    let mut tune = Vec::new();
    let mut at = Ticks::ZERO;
    while at < end {
        let len =
            [Ticks::QUARTER / 2, Ticks::QUARTER, Ticks::QUARTER * 2][rng.below(3)].min(end - at);
        degree = (degree + rng.below(5) as i32 - 2).clamp(0, 7);
        let key = 60 + up + scale[degree as usize];
        tune.push(Note::new(
            at,
            len,
            Pitch::from_midi(key),
            60 + rng.below(40) as u8,
        ));
        at += len;
    }
    let mut piano = Vec::new();
    for bar in 0..16 {
        let root = [0, 9, 5, 7][bar % 4];
        for above in [0, 4, 7] {
            let pitch = Pitch::from_midi(48 + up + root + above);
            piano.push(Note::new(
                Ticks::quarters(bar as i64 * 4),
                Ticks::quarters(4),
                pitch,
                50,
            ));
        }
    }
    let track = |id: &str, role, instrument: &str, notes| Track {
        id: id.into(),
        role,
        instrument: instrument.into(),
        phrases: vec![Phrase::new(
            "a",
            TickSpan::new(Ticks::ZERO, end),
            Origin::Imported,
            notes,
        )],
    };
    let score = Score {
        timeline: Timeline::steady(96.0, Metre::common()),
        sections: vec![Section {
            id: "part-1".into(),
            kind: SectionKind::Part,
            span: TickSpan::new(Ticks::ZERO, end),
            key: Key::simplest(up.rem_euclid(12) as u8, Mode::Major),
            energy: 0.5,
        }],
        chords: Vec::<ChordSpan>::new(),
        tracks: vec![
            track("melody", Role::Lead, "flute", tune),
            track("piano", Role::Comp, "grand-piano", piano),
        ],
    };
    ScoreFile::new("Song", "", score, &Catalog::default())
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        // Two tests may ask for one name at the same time.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let own = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("yuefu-corpus-{name}-{}-{own}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("deep/er")).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    fn gather(&self) -> Gathered {
        let paths = [self.0.clone()];
        gather(&paths, &Limits::default(), &|_, _| {}, &Cancel::new()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn midi(file: &ScoreFile) -> Vec<u8> {
    write_midi(file, &MidiOptions::default(), &Catalog::default())
}

#[test]
fn three_formats_are_read_and_bad_files_are_counted() {
    let folder = Folder::new("formats");
    let catalog = Catalog::default();
    folder.put("a.mid", midi(&song(1, 0)));
    folder.put("deep/b.musicxml", write_musicxml(&song(2, 3), &catalog));
    let mut lead = song(3, 0);
    lead.score.tracks.truncate(1);
    folder.put("deep/er/c.abc", write_abc(&lead, &catalog));
    // The same tune as a.mid, a fourth higher.
    folder.put("deep/d.mid", midi(&song(1, 5)));
    folder.put("broken.mid", b"MThd\0\0\0\x06nonsense");
    folder.put("notes.txt", "nothing to read");
    let all = folder.gather();
    let names: Vec<&str> = all.pieces.iter().map(|piece| piece.name.as_str()).collect();
    assert_eq!(names, ["a", "deep/b", "deep/d", "deep/er/c"]);
    let by = |name: &str| all.pieces.iter().find(|piece| piece.name == name).unwrap();
    assert_eq!(by("a").group, by("deep/d").group);
    assert_eq!(by("a").split, by("deep/d").split);
    assert_ne!(by("a").group, by("deep/b").group);
    assert_eq!(all.report.versions, 1);
    let own = &all.report.sources[&Source::Own];
    assert_eq!(own.left_out[&Refusal::Unreadable], 1);
    assert_eq!(
        all.report.examples[&Refusal::Unreadable],
        ["own/broken.mid"]
    );
    for piece in &all.pieces {
        assert_eq!(piece.melody, Some(0), "{}", piece.name);
        assert!(!piece.score.chords.is_empty());
        assert!(!piece.phrases.is_empty());
        assert_eq!(piece.score.timeline.metres[0].metre, Metre::common());
    }
    // Found chords are those that are played.
    let found = &by("a").score;
    let roots: Vec<u8> = (0..4)
        .filter_map(|bar| found.chord_at(Ticks::quarters(4 * bar + 1)))
        .map(|chord| chord.chord.root.pc())
        .collect();
    assert_eq!(roots, [0, 9, 5, 7]);
    let text = all.report.text(true);
    assert!(text.contains("own: 4 首"), "{text}");
}

#[test]
fn a_folder_without_music_is_refused_and_work_can_be_stopped() {
    let folder = Folder::new("empty");
    folder.put("notes.txt", "nothing");
    let paths = [folder.0.clone()];
    let run = |cancel: &Cancel| gather(&paths, &Limits::default(), &|_, _| {}, cancel);
    let error = run(&Cancel::new()).unwrap_err();
    assert!(error.to_string().contains("found none"), "{error}");
    let stopped = Cancel::new();
    stopped.cancel();
    assert!(run(&stopped).is_err());
    let missing = [PathBuf::from("/nowhere/at/all")];
    let error = gather(&missing, &Limits::default(), &|_, _| {}, &Cancel::new()).unwrap_err();
    assert!(error.zh().contains("请检查路径"), "{error}");
}

fn pieces() -> Vec<Piece> {
    let folder = Folder::new("pack");
    folder.put("a.mid", midi(&song(4, 0)));
    folder.put("b.mid", midi(&song(5, 2)));
    folder.gather().pieces
}

#[test]
fn a_packed_corpus_is_the_same_and_damage_is_told() {
    let pieces = pieces();
    let folder = Folder::new("file");
    let path = folder.0.join("songs.yfc");
    pack::write(&path, &pieces).unwrap();
    let back: Vec<Piece> = pack::Reader::open(&path)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(back == pieces);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "leftovers");
    let mut bytes = fs::read(&path).unwrap();
    // Packed files are inputs like any other.
    let again = gather(&[path], &Limits::default(), &|_, _| {}, &Cancel::new()).unwrap();
    assert_eq!(again.pieces.len(), 2);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let errors = pack::Reader::new(bytes.as_slice())
        .unwrap()
        .filter(Result::is_err);
    assert_eq!(errors.count(), 1);
    assert!(pack::Reader::new(&b"YFC\n\xFF\xFF1234"[..]).is_err());
    assert!(pack::Reader::new(&b"other bytes"[..]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn damaged_bytes_never_panic(changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..8), cut in any::<u32>()) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let whole = BYTES.get_or_init(|| {
            let mut bytes = Vec::new();
            pack::write_to(&mut bytes, &pieces()).unwrap();
            bytes
        });
        let mut bytes = whole.clone();
        for (at, value) in changes {
            let at = at as usize % bytes.len();
            bytes[at] = value;
        }
        if cut % 2 == 0 {
            bytes.truncate(cut as usize % whole.len());
        }
        if bytes != *whole && let Ok(reader) = pack::Reader::new(bytes.as_slice()) {
            let told = reader.take(1000).any(|piece| piece.is_err());
            prop_assert!(told, "damage is not told");
        }
    }
}
