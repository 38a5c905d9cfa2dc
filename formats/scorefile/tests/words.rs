//! Words with their notes: karaoke files and projects of singing programs, there and back.

use proptest::prelude::*;
use yuefu_scorefile::{
    ScoreFile, ScoreLimits, SungLine, SungWord, read_abc, read_ds, read_lrc, read_midi,
    read_musicxml, read_ustx, sung_lines, write_abc, write_ds, write_lrc, write_midi,
    write_musicxml, write_srt, write_ustx,
};
use yuefu_song::{
    Catalog, Note, Origin, Phrase, Role, Score, Section, SectionKind, Track,
    lyrics::{Lyric, Rest},
};
use yuefu_theory::{Key, Metre, Mode, Pitch, TickSpan, Ticks, Timeline};

fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).unwrap()
}

fn lyric(text: &str, lang: &str, reading: &str, continues: bool, rest: Rest) -> Lyric {
    Lyric {
        text: text.into(),
        lang: lang.into(),
        reading: reading.into(),
        continues,
        rest,
        ..Lyric::default()
    }
}

/// A Chinese line and an English one, with a slur in each.
fn song() -> ScoreFile {
    let bar = Ticks::WHOLE;
    let note = |at: i64, len: i64, key: i32| {
        Note::new(
            Ticks::of(at, 8),
            Ticks::of(len, 8),
            Pitch::from_midi(key),
            80,
        )
    };
    let first = vec![
        note(0, 2, 64).singing(lyric("还", "cmn", "huan2", false, Rest::None)),
        note(2, 1, 67).singing(lyric("珠", "cmn", "zhu1", true, Rest::None)),
        note(3, 1, 69),
        note(4, 3, 67).singing(lyric("格", "cmn", "ge2", true, Rest::Phrase)),
    ];
    let second = vec![
        note(-1, 1, 60).singing(lyric("the", "en", "DH AH0", false, Rest::None)),
        note(0, 2, 64).singing(lyric("ri", "en", "R IH1", false, Rest::None)),
        note(2, 2, 62).singing(lyric("ver", "en", "V ER0", true, Rest::Breath)),
        note(4, 2, 65).singing(lyric("goes", "en", "G OW1 Z", false, Rest::Phrase)),
        note(6, 1, 64),
    ];
    let phrase = |id: &str, from: i64, notes: Vec<Note>| {
        Phrase::new(
            id,
            TickSpan::new(bar * from, bar * (from + 1)),
            Origin::Edited,
            notes,
        )
    };
    let score = Score {
        timeline: Timeline::steady(90.0, Metre::common()),
        sections: vec![Section {
            id: "verse-1".into(),
            kind: SectionKind::Verse,
            span: TickSpan::new(Ticks::ZERO, bar * 3),
            key: Key::simplest(0, Mode::Major),
            energy: 0.5,
        }],
        chords: Vec::new(),
        tracks: vec![Track {
            id: "vocal".into(),
            role: Role::Vocal,
            instrument: "voice-oohs".into(),
            phrases: vec![
                phrase("verse-1.1", 0, first),
                phrase("verse-1.2", 2, second),
            ],
        }],
    };
    ScoreFile::new("Two Lines: \"a\"", "me", score, &catalog())
}

/// Key, start and length of every note, and the syllables with their places.
type Facts = (Vec<(i32, i64, i64)>, Vec<(i64, String)>);

fn facts(file: &ScoreFile) -> Facts {
    let mut notes: Vec<(i32, i64, i64)> = file
        .score
        .tracks
        .iter()
        .flat_map(|t| &t.phrases)
        .flat_map(|p| {
            p.notes
                .iter()
                .map(|n| (n.pitch.midi(), (p.span.start + n.at).0, n.len.0))
        })
        .collect();
    notes.sort_by_key(|n| n.1);
    let words = file
        .syllables
        .iter()
        .map(|s| (s.at.0, s.text.trim().to_owned()))
        .collect();
    (notes, words)
}

#[test]
fn notation_carries_words_both_ways() {
    let (file, catalog, limits) = (song(), catalog(), ScoreLimits::default());
    let expected = facts(&file);
    assert_eq!(expected.1.len(), 7);
    let xml = write_musicxml(&file, &catalog);
    assert_eq!(
        facts(&read_musicxml(xml.as_bytes(), &catalog, &limits).unwrap()),
        expected
    );
    assert!(xml.contains("<extend"), "slurs have extenders");
    assert!(xml.contains("<syllabic>begin</syllabic>") && xml.contains("<syllabic>end</syllabic>"));
    let midi = write_midi(
        &file,
        &yuefu_scorefile::MidiOptions::exact(&file.score),
        &catalog,
    );
    assert_eq!(
        facts(&read_midi(&midi, &catalog, &limits).unwrap()),
        expected
    );
    let abc = write_abc(&file, &catalog);
    assert!(abc.contains("w:"), "{abc}");
    assert_eq!(
        facts(&read_abc(&abc, &catalog, &limits).unwrap()[0]),
        expected
    );
}

#[test]
fn open_utau_projects_are_read_as_written() {
    let (file, catalog) = (song(), catalog());
    let text = write_ustx(&file);
    let back = read_ustx(&text, &catalog, &ScoreLimits::default()).unwrap();
    assert_eq!(back.title, file.title);
    assert_eq!(facts(&back).0, facts(&file).0);
    let words: Vec<&str> = back.syllables.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(words, ["还", "珠", "格", "the", "river", "", "goes"]);
    assert!((back.score.timeline.bpm(Ticks::ZERO) - 90.0).abs() < 1e-9);
    assert_eq!(text, write_ustx(&file));
}

#[test]
fn diff_singer_segments_are_read_as_written() {
    let (file, catalog) = (song(), catalog());
    let text = write_ds(&file);
    for part in ["\"h uan zh u g e SP\"", "SP h uan", "\"0 0 0 1 0 0\""] {
        assert!(
            text.contains(part) || part.starts_with('"'),
            "{part}: {text}"
        );
    }
    let back = read_ds(&text, &catalog, &ScoreLimits::default()).unwrap();
    let second = |file: &ScoreFile| -> Vec<(i32, i64)> {
        let line = &file.score.timeline;
        let notes = facts(file).0;
        notes
            .iter()
            .map(|n| (n.0, (line.seconds(Ticks(n.1)) * 100.0).round() as i64))
            .collect()
    };
    assert_eq!(second(&back), second(&file));
    let words: Vec<&str> = back.syllables.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(words, ["还", "珠", "格", "the", "ri", "ver", "goes"]);
}

#[test]
fn karaoke_has_a_time_for_each_word() {
    let file = song();
    let lines = sung_lines(&file.score);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].text(), "还珠格");
    assert_eq!(lines[1].text(), "the river goes");
    // 珠 begins after a quarter note at 90 to the minute.
    assert!((lines[0].words[1].start - 60.0 / 90.0).abs() < 1e-9);
    let text = write_lrc(&lines, &file.title, "me", 8.0);
    let back = read_lrc(&text).unwrap();
    assert_eq!(back.len(), 2);
    for (a, b) in back.iter().zip(&lines) {
        assert_eq!(a.text(), b.text());
        for (a, b) in a.words.iter().zip(&b.words) {
            assert!((a.start - b.start).abs() < 0.006, "{a:?} {b:?}");
        }
    }
    let srt = write_srt(&lines);
    assert!(srt.starts_with("1\n00:00:00,000 --> 00:00:0"), "{srt}");
    assert!(read_lrc("no times").is_err());
    let plain = read_lrc("[offset:500]\n[00:01.00][00:05.00]la la\n").unwrap();
    assert_eq!(plain.len(), 2);
    assert!((plain[0].start() - 0.5).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn readers_of_words_survive_anything(text in "[\\[\\]<>{}:0-9a-c\\-+ '\"\n,.#|&*!]{0,200}") {
        let (catalog, limits) = (Catalog::default(), ScoreLimits::default());
        let _ = read_lrc(&text);
        let _ = read_ustx(&text, &catalog, &limits);
        let _ = read_ds(&text, &catalog, &limits);
    }

    #[test]
    fn damaged_projects_are_no_panic(cut in 0_usize..4000, at in 0_usize..4000, sign in any::<char>()) {
        let (file, limits) = (song(), ScoreLimits::default());
        for (text, ustx) in [(write_ustx(&file), true), (write_ds(&file), false)] {
            let mut signs: Vec<char> = text.chars().collect();
            let last = signs.len() - 1;
            signs[at.min(last)] = sign;
            signs.truncate(signs.len() - cut.min(last));
            let text: String = signs.into_iter().collect();
            if ustx {
                let _ = read_ustx(&text, &Catalog::default(), &limits);
            } else {
                let _ = read_ds(&text, &Catalog::default(), &limits);
            }
        }
    }

    #[test]
    fn karaoke_comes_back(words in prop::collection::vec(("[a-z还 ]{0,6}[a-z还]", 0.01_f64..2.0), 1..12)) {
        let mut at = 0.0;
        let words: Vec<SungWord> = words
            .into_iter()
            .map(|(text, length)| {
                let start = at;
                at += length;
                SungWord { start, end: at, text }
            })
            .collect();
        let lines = vec![SungLine { words }];
        let back = read_lrc(&write_lrc(&lines, "t", "a", at)).unwrap();
        prop_assert_eq!(back[0].text(), lines[0].text());
        prop_assert_eq!(back[0].words.len(), lines[0].words.len());
        for (a, b) in back[0].words.iter().zip(&lines[0].words) {
            prop_assert!((a.start - b.start).abs() < 0.0051 && (a.end - b.end).abs() < 0.0051);
        }
    }
}
