//! Words under a tune that is there, arranged: voices beside the singer as for words that make
//! their own tune.

use std::path::PathBuf;
use yuefu_song::{Note, Role, Song, VoicePart};
use yuefu_studio::{Overrides, Studio, arranging::Wanted};

/// A tune of verse, chorus, verse and chorus, eight bars each.
const TUNE: &str = "X:1\nT:Two Roads\nM:4/4\nL:1/4\nQ:1/4=96\nK:C\n\
E E F G | G3 z | F F E D | E3 z | E E F G | A3 z | G F E D | C3 z |\n\
c c B A | G2 E2 | A A G F | E3 z | c c B A | G2 c2 | d c B A | c3 z |\n\
E E F G | G3 z | F F E D | E3 z | E E F G | A3 z | G F E D | C3 z |\n\
c c B A | G2 E2 | A A G F | E3 z | c c B A | G2 c2 | d c B A | c3 z |\n";

/// Five syllables a line where the tune breathes so.
const WORDS: &str = "巷口灯还亮\n晚风吹过窗\n你说城很大\n总有人回家\n我把想念唱成歌\n唱给雨后河\n如果你也听得见\n请为我停一刻\n\
桌上茶已凉\n墙上钟很忙\n留下那把伞\n还替我挡着\n我把想念唱成歌\n唱给雨后河\n如果你也听得见\n请为我停一刻\n";

fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-laying-{name}-{}.abc", std::process::id()));
    std::fs::write(&path, TUNE).unwrap();
    path
}

fn arranged(studio: &Studio, prompt: &str, name: &str) -> Song {
    let mut overrides = Overrides::default();
    overrides.set("seed", "4").unwrap();
    let wanted = Wanted {
        brief: studio.understand(prompt, &overrides),
        lyrics: Some(WORDS.to_owned()),
        ..Wanted::default()
    };
    let path = file(name);
    let song = studio.arrange_file(&path, &wanted).unwrap().song;
    std::fs::remove_file(path).unwrap();
    song
}

fn placed(song: &Song, id: &str) -> Vec<Note> {
    let tracks = song.score.tracks.iter().filter(|t| t.id == id);
    let phrases = tracks.flat_map(|t| &t.phrases);
    let notes = phrases.flat_map(|p| {
        let start = p.span.start;
        p.notes.iter().cloned().map(move |n| Note {
            at: n.at + start,
            ..n
        })
    });
    notes.collect()
}

#[test]
fn voices_stand_behind_a_tune_that_was_brought() {
    let studio = Studio::shipped().unwrap();
    let song = arranged(&studio, "pop with vocal harmonies", "harmonies");
    let lead = song
        .score
        .tracks
        .iter()
        .find(|t| t.role == Role::Vocal)
        .unwrap()
        .id
        .clone();
    let lead = placed(&song, &lead);
    let beside: Vec<_> = song
        .plan
        .cast
        .iter()
        .filter(|m| m.sings.is_some())
        .collect();
    let parts: Vec<VoicePart> = beside.iter().filter_map(|m| m.sings).collect();
    assert!(parts.contains(&VoicePart::Below), "{parts:?}");
    for member in &beside {
        let notes = placed(&song, &member.id);
        assert!(!notes.is_empty(), "{}", member.id);
        assert!(song.voices.contains_key(&member.id), "{}", member.id);
        let profile = studio.catalog.profile(&member.instrument).unwrap();
        assert!(profile.engine.starts_with("voice:"));
        let playing = song
            .plan
            .sections
            .iter()
            .any(|s| s.playing.contains(&member.id));
        assert!(playing);
        let (mut seconds, mut sweet) = (0, 0);
        for note in &notes {
            let with = lead.iter().find(|n| n.at == note.at).unwrap();
            assert_eq!(with.lyric, note.lyric);
            match (with.pitch.midi() - note.pitch.midi()).rem_euclid(12) {
                1 | 2 | 10 | 11 => seconds += 1,
                3 | 4 | 8 | 9 => sweet += 1,
                _ => {}
            }
        }
        println!(
            "{}: {sweet} of {} sweet, {seconds} seconds",
            member.id,
            notes.len()
        );
        assert!(seconds * 20 <= notes.len());
        match member.sings {
            Some(VoicePart::Double) => assert_eq!(sweet, 0),
            _ => assert!(sweet * 2 > notes.len()),
        }
    }
    // The same notes of the lead, whoever stands behind it.
    let alone = arranged(&studio, "pop, solo voice", "alone");
    assert!(alone.plan.cast.iter().all(|m| m.sings.is_none()));
    let melody = |song: &Song| {
        let track = song.score.tracks.iter().find(|t| t.role == Role::Vocal);
        placed(song, &track.unwrap().id)
    };
    assert_eq!(melody(&alone), melody(&song));
    // As for words alone, a style has its own manner.
    let usual = arranged(&studio, "pop", "usual");
    assert!(
        usual
            .plan
            .cast
            .iter()
            .any(|m| m.sings == Some(VoicePart::Double))
    );
}
