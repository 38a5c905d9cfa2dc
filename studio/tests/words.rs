//! Words in the document: edits touch the phrases whose words change, everything else carries its
//! words along, and the sheet says what the notes sing.

use yuefu_song::{
    LyricSheet, Note, Role, Song,
    lyrics::Lyric,
    ops::{Place, Tracks},
};
use yuefu_studio::{
    OpenProject, Overrides, Project, ReleasePlan, ScoreFormat, Studio, WordFormat,
    editing::Wish,
    song::{edit::Side, merge},
};

const WORDS: &str = "# 巷口的灯\n\n[主歌]\n巷口的灯还没有关\n晚风吹过旧的栏杆\n你说城市那么大\n总有一扇窗在等我们回家\n\n[副歌 x2]\n我把想念写成一首歌\n唱给雨后的星河\n\n[Bridge]\nOver bridges, through the rain\nI'll be yours again\n";

fn studio() -> Studio {
    Studio::standard().unwrap()
}

fn song(studio: &Studio) -> Song {
    let overrides = Overrides {
        lyrics: Some(WORDS.to_owned()),
        seed: Some(3),
        ..Overrides::default()
    };
    let made = studio
        .compose("温柔的流行歌", &overrides, &ReleasePlan::streaming())
        .unwrap();
    made.song
}

/// What the notes sing.
fn sung(song: &Song) -> Vec<Lyric> {
    let tracks = song.score.tracks.iter().filter(|t| t.role == Role::Vocal);
    let notes = tracks.flat_map(|t| &t.phrases).flat_map(|p| &p.notes);
    notes.filter_map(|n| n.lyric.as_deref().cloned()).collect()
}

/// What the sheet says.
fn said(sheet: &LyricSheet) -> Vec<Lyric> {
    let lines = sheet.lines.iter();
    lines
        .flat_map(|line| &line.syllables)
        .map(Lyric::from)
        .collect()
}

/// Tracks and phrases whose notes are not the same.
fn changed(a: &Song, b: &Song) -> Vec<String> {
    let mut out = Vec::new();
    for (x, y) in a.score.tracks.iter().zip(&b.score.tracks) {
        assert_eq!(x.id, y.id);
        let ids = x.phrases.iter().chain(&y.phrases).map(|p| &p.id);
        for id in ids {
            let find = |t: &yuefu_song::Track| t.phrases.iter().find(|p| p.id == *id).cloned();
            let name = format!("{}/{id}", x.id);
            if find(x) != find(y) && !out.contains(&name) {
                out.push(name);
            }
        }
    }
    out
}

fn operate(studio: &Studio, song: &Song, op: &str) -> Song {
    let edited = studio.operate(song, &[op.to_owned()]).unwrap().song;
    assert_eq!(sung(&edited), said(&edited.lyrics), "{op}");
    edited
}

#[test]
fn one_word_changes_one_phrase() {
    let studio = studio();
    let song = song(&studio);
    assert_eq!(song.plan.title, "巷口的灯");
    assert_eq!(sung(&song), said(&song.lyrics));
    let same = operate(&studio, &song, "lyric verse-1 1 巷口的灯已经不亮");
    assert_eq!(changed(&song, &same), ["vocal/verse-1.1"]);
    let bare = |song: &Song| -> Vec<Note> {
        let track = &song.score.tracks[0];
        let notes = track.phrases.iter().flat_map(|p| p.notes.clone());
        notes.map(|n| Note { lyric: None, ..n }).collect()
    };
    assert_eq!(
        bare(&song),
        bare(&same),
        "as many syllables: the notes stay"
    );
    for (line, count) in [("巷口的灯亮了", 6), ("巷口的那一盏灯到现在还没有关", 14)]
    {
        let other = operate(&studio, &song, &format!("lyric verse-1 1 {line}"));
        assert_eq!(changed(&song, &other), ["vocal/verse-1.1"]);
        let phrase = &other.score.tracks[0].phrases[0];
        assert_eq!(
            phrase.notes.iter().filter(|n| n.lyric.is_some()).count(),
            count
        );
    }
    let again = operate(&studio, &same, "lyric verse-1 1 巷口的灯还没有关");
    assert!(changed(&song, &again).is_empty());
}

#[test]
fn lines_come_and_go_within_their_section() {
    let studio = studio();
    let song = song(&studio);
    for op in [
        "lyric-delete verse-1 4",
        "lyric-insert verse-1 2 路灯照着你",
    ] {
        let other = operate(&studio, &song, op);
        let changed = changed(&song, &other);
        assert!(!changed.is_empty());
        assert!(
            changed.iter().all(|id| id.starts_with("vocal/verse-1")),
            "{changed:?}"
        );
    }
}

#[test]
fn words_go_with_their_notes() {
    let studio = studio();
    let song = song(&studio);
    let count = sung(&song).len();
    let copied = operate(&studio, &song, "copy-section chorus-1 after bridge-1");
    assert_eq!(sung(&copied).len(), count + 16);
    let shorter = operate(&studio, &song, "delete-section bridge-1");
    assert!(sung(&shorter).len() < count);
    let tracks: Tracks = "vocal".parse().unwrap();
    let place: Place = "verse-1".parse().unwrap();
    let written = studio
        .regenerate(&song, &tracks, &place, Wish::another(), 2)
        .unwrap()
        .song;
    assert_eq!(sung(&written), sung(&song));
    assert!(!changed(&song, &written).is_empty());
    for wish in [Wish::busier(0.6), Wish::simpler(0.8), Wish::higher(0.5)] {
        if let Ok(edited) = studio.regenerate(&song, &tracks, &place, wish, 1) {
            assert_eq!(sung(&edited.song), sung(&song), "{wish:?}");
        }
    }
    // The first note on a barline gets another syllable.
    let line = &song.score.timeline;
    let phrases = &song.score.tracks[0].phrases;
    let starts = phrases
        .iter()
        .flat_map(|p| p.notes.iter().map(|n| p.span.start + n.at));
    let at = starts
        .map(|at| line.bar_of(at))
        .find(|(_, into)| into.0 == 0)
        .unwrap();
    let one = operate(
        &studio,
        &song,
        &format!("sing vocal {} 唱{{chang4}}", at.0 + 1),
    );
    assert_ne!(sung(&one), sung(&song));
}

#[test]
fn words_leave_and_come_back() {
    let studio = studio();
    let song = song(&studio);
    let texts = |lyrics: &[Lyric]| lyrics.iter().map(|l| l.text.clone()).collect::<Vec<_>>();
    for (_, bytes) in studio.scores(&song, &[ScoreFormat::MusicXml, ScoreFormat::Abc]) {
        let back = studio
            .import_bytes(&bytes, "back", &ReleasePlan::streaming())
            .unwrap()
            .song;
        assert_eq!(texts(&sung(&back)).concat(), texts(&sung(&song)).concat());
    }
    let files = studio.word_files(&song, &WordFormat::ALL);
    assert_eq!(files.len(), 4);
    for (format, bytes) in files {
        assert!(!bytes.is_empty());
        if matches!(format, WordFormat::Ustx | WordFormat::Ds) {
            let back = studio
                .import_bytes(&bytes, "back", &ReleasePlan::streaming())
                .unwrap()
                .song;
            assert_eq!(sung(&back).len(), sung(&song).len(), "{format:?}");
        }
    }
}

#[test]
fn instrumental_music_has_no_words() {
    let studio = studio();
    let overrides = Overrides {
        lyrics: Some(WORDS.to_owned()),
        voice: Some(yuefu_song::brief::VoiceWish::Instrumental),
        ..Overrides::default()
    };
    let made = studio
        .compose("pop", &overrides, &ReleasePlan::streaming())
        .unwrap();
    assert!(sung(&made.song).is_empty() && !made.song.lyrics.is_sung());
    assert!(made.notes.iter().any(|n| n.code == "words-unsung"));
    assert!(studio.word_files(&made.song, &WordFormat::ALL).is_empty());
}

#[test]
fn a_sung_song_is_drawn_with_its_words() {
    use yuefu_studio::show::{Sight, pictures};
    let studio = studio();
    let song = song(&studio);
    let sight = Sight {
        title: song.plan.title.clone(),
        score: Some(song.score.clone()),
        audio: None,
    };
    let files = pictures(&sight, false).unwrap();
    let (_, drawing) = files.iter().find(|file| file.0 == "words.svg").unwrap();
    let drawing = String::from_utf8(drawing.clone()).unwrap();
    for lyric in sung(&song) {
        assert!(drawing.contains(&format!(">{}<", lyric.text)), "{lyric:?}");
    }
    assert!(drawing.contains("巷口的灯</title>"));
    let mut silent = sight;
    for track in &mut silent.score.as_mut().unwrap().tracks {
        track
            .phrases
            .iter_mut()
            .flat_map(|p| &mut p.notes)
            .for_each(|n| n.lyric = None);
    }
    let files = pictures(&silent, false).unwrap();
    assert!(files.iter().all(|file| file.0 != "words.svg"));
}

#[test]
fn branches_with_other_words_merge_line_by_line() {
    let studio = studio();
    let base = song(&studio);
    let root = std::env::temp_dir().join(format!("yuefu-words-merge-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    let project = Project::at(root.join("song.yuefu"));
    project.save(&base).unwrap();
    let mut open = project.open().unwrap();
    let commit = |open: &mut OpenProject, op: &str| {
        let edited = studio.operate(open.song(), &[op.to_owned()]).unwrap();
        open.commit(edited.label, edited.song).unwrap();
    };
    // Another line on each branch: one with as many syllables, one with more.
    open.branch("theirs").unwrap();
    commit(&mut open, "lyric verse-1 3 你说城市那么那么大");
    open.branch("same").unwrap();
    open.switch("main").unwrap();
    commit(&mut open, "lyric verse-1 1 巷口的灯已经不亮");
    let merged = open.preview("theirs").unwrap().unwrap();
    assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
    open.merge("theirs", |_| panic!("no conflict")).unwrap();
    let both = open.song().clone();
    assert_eq!(
        sung(&both),
        said(&both.lyrics),
        "the sheet says what is sung"
    );
    let lines: Vec<&str> = both
        .lyrics
        .lines_of("verse-1")
        .map(|l| l.text.as_str())
        .collect();
    assert_eq!(
        lines,
        [
            "巷口的灯已经不亮",
            "晚风吹过旧的栏杆",
            "你说城市那么那么大",
            "总有一扇窗在等我们回家"
        ]
    );
    assert_eq!(
        changed(&base, &both),
        ["vocal/verse-1.1", "vocal/verse-1.3"]
    );
    // It is in the files as it is in memory.
    assert_eq!(project.load().unwrap(), both);

    // The same line on both: neither is taken unasked, and a choice is whole.
    for (ours, theirs) in [
        // As many syllables, different ones of them.
        ("巷口的灯已经不亮", "街口的灯还没有关"),
        // Another number of syllables.
        ("巷口灯灭了", "巷口的那一盏灯还没有关"),
    ] {
        let on = |text: &str| operate(&studio, &base, &format!("lyric verse-1 1 {text}"));
        let (a, b) = (on(ours), on(theirs));
        let merged = merge(&base, &a, &b);
        assert!(!merged.conflicts.is_empty(), "{ours} / {theirs}");
        let told: Vec<String> = merged.conflicts.iter().map(|c| c.describe().zh).collect();
        assert!(
            told.iter().any(|t| t.contains(ours) && t.contains(theirs)),
            "{told:?}"
        );
        for (side, text) in [(Side::Ours, &a), (Side::Theirs, &b)] {
            let chosen = merged.song(|_| side).unwrap();
            assert_eq!(sung(&chosen), said(&chosen.lyrics), "{ours} / {theirs}");
            assert_eq!(&chosen, text);
        }
    }
    std::fs::remove_dir_all(root).unwrap();
}
