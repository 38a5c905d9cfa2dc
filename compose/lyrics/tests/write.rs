//! The writer: what it writes can be read, is the same again, and keeps to the wish.

use proptest::prelude::*;
use yuefu_lyrics::write::line::{Line, Persons, names_somebody};
use yuefu_lyrics::write::wish::{parse_form, parse_tune};
use yuefu_lyrics::write::{Mood, Scheme, Session, Step, Wish, stock, write};

fn wishes() -> [Wish; 4] {
    [
        Wish::from_text("雨夜里想起一个人"),
        Wish::from_text("快乐的夏天"),
        Wish::from_text("a sad song about the rain"),
        Wish::from_text("falling in love"),
    ]
}

#[test]
fn sheets_are_read_without_a_finding() {
    for wish in wishes() {
        for seed in 0..5 {
            let written = write(&wish, seed);
            let parsed = yuefu_lyrics::read(&written.sheet_text, yuefu_lyrics::languages());
            assert_eq!(parsed.notes, [], "{}", written.sheet_text);
            assert_eq!(parsed.sheet.title.as_deref(), Some(written.title.as_str()));
            let lines: usize = written.sections.iter().map(|s| s.lines.len()).sum();
            assert_eq!(parsed.sheet.lines.len(), lines);
            assert!(lines >= 14, "{}", written.sheet_text);
            assert!(!written.report.persons_clash);
            // The title comes from the chorus.
            let title = written.title.to_lowercase();
            assert!(written.sheet_text.to_lowercase().matches(&title).count() >= 2);
        }
    }
}

#[test]
fn the_same_seed_writes_the_same_words() {
    for wish in wishes() {
        assert_eq!(write(&wish, 3), write(&wish, 3));
    }
    let wish = Wish::from_text("雨");
    let texts: std::collections::BTreeSet<String> =
        (0..12).map(|seed| write(&wish, seed).sheet_text).collect();
    assert!(texts.len() >= 10, "{}", texts.len());
}

#[test]
fn what_is_asked_for_occurs() {
    let mut wish = Wish::from_text("下雨天");
    wish.keywords = vec!["长江大桥".to_owned()];
    let written = write(&wish, 1);
    assert_eq!(written.report.keywords, (1, 1), "{}", written.sheet_text);
    wish.form = parse_form("VCVC").unwrap();
    assert_eq!(write(&wish, 1).sections.len(), 4);
    wish.keywords = vec!["♥".to_owned()];
    let written = write(&wish, 1);
    assert!(written.remarks.iter().any(|remark| remark.en.contains('♥')));
}

#[test]
fn moods_do_not_mix() {
    for seed in 0..20 {
        let mut wish = Wish::from_text("雨");
        wish.mood = Some(Mood::Bright);
        let text = write(&wish, seed).sheet_text;
        for theme in stock::shipped().iter().filter(|theme| theme.lang == "cmn") {
            for (_, stanza) in theme.stanzas.iter().filter(|(_, s)| s.mood == Mood::Sad) {
                let first = &stock::expand(&stanza.couplets[0][0], 1)[0].replace('*', "");
                assert!(!text.contains(first.as_str()), "{first}");
            }
        }
    }
}

#[test]
fn every_stanza_can_be_sung_and_calls_nobody_by_two_names() {
    for theme in stock::shipped() {
        for (_, stanza) in &theme.stanzas {
            let mut persons = Persons::default();
            let apart = names_somebody(&stanza.couplets.concat().join(" "));
            for text in stanza
                .couplets
                .iter()
                .flatten()
                .flat_map(|line| stock::expand(line, 64))
            {
                let text = text
                    .replace('*', "")
                    .replace('$', if theme.lang == "cmn" { "海" } else { "sea" });
                let line = Line::read(&text, theme.lang, yuefu_lyrics::languages());
                assert!(line.singable, "{}: {text}", theme.id);
                assert!(line.syllables <= 18, "{}: {text}", theme.id);
                persons = persons.and(if apart {
                    line.persons.apart()
                } else {
                    line.persons
                });
            }
            assert!(!persons.clash(), "{}: {:?}", theme.id, stanza.couplets);
        }
    }
}

#[test]
fn a_person_keeps_changes_and_edits() {
    let wish = Wish::from_text("下雨天");
    let mut session = Session::new(&wish, 1);
    let before = session.sheet();
    assert_eq!(before, write(&wish, 1).sheet_text);
    let first = session.current().unwrap().1.to_vec();
    session.step(&Step::Again);
    let second = session.current().unwrap().1.to_vec();
    assert_ne!(first, second);
    // Only these lines have changed, and what was refused does not come back.
    for _ in 0..40 {
        session.step(&Step::Again);
        assert!(
            session
                .current()
                .unwrap()
                .1
                .iter()
                .all(|line| !first.contains(line))
        );
    }
    let same = before
        .lines()
        .zip(session.sheet().lines())
        .filter(|(a, b)| a == b)
        .count();
    assert!(same + 2 >= before.lines().count());
    session.step(&Step::Edit(0, "我在雨里等了你很久很久很久".to_owned()));
    assert!(session.sheet().contains("很久很久很久"));
    // What cannot be sung is refused, and so is what would be a tag.
    for words in ["♥♥", "[副歌]", "# 标题", ""] {
        let remarks = session.step(&Step::Edit(0, words.to_owned()));
        assert_eq!(remarks.len(), 1, "{words}");
    }
    session.step(&Step::Keep);
    session.step(&Step::Up);
    assert_eq!(session.place().0, 0);
    for _ in 0..99 {
        session.step(&Step::Down);
    }
    assert!(session.current().is_none());
    session.step(&Step::Again);
    let parsed = yuefu_lyrics::read(&session.sheet(), yuefu_lyrics::languages());
    assert_eq!(parsed.notes, []);
}

#[test]
fn steps_are_read() {
    for (text, step) in [
        ("", Step::Keep),
        ("换", Step::Again),
        ("e2 stay with me", Step::Edit(1, "stay with me".to_owned())),
        ("改 下雨了", Step::Edit(0, "下雨了".to_owned())),
        ("u", Step::Up),
        ("完", Step::Done),
    ] {
        assert_eq!(Step::parse(text), Some(step), "{text}");
    }
    assert_eq!(Step::parse("what"), None);
    assert_eq!(Step::parse("e "), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_wish_is_too_odd(text in ".{0,200}", form in ".{0,40}", rhyme in ".{0,20}", tune in ".{0,40}") {
        let _ = Wish::from_text(&text);
        let _ = Wish::mood_of(&text);
        if let Ok(form) = parse_form(&form) {
            prop_assert!(!form.is_empty() && form.len() <= 24);
        }
        let _ = Scheme::parse(&rhyme);
        if let Ok(tune) = parse_tune(&tune) {
            let fine = tune.iter().all(|(_, lines)| lines.iter().all(|line| line.syllables <= 24));
            prop_assert!(fine);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn odd_wishes_are_written_too(text in ".{0,60}", keyword in ".{0,12}", seed in any::<u64>(), lines in 0usize..20) {
        let mut wish = Wish::from_text(&text);
        wish.keywords = vec![keyword];
        wish.lines = Some(lines);
        let written = write(&wish, seed);
        let parsed = yuefu_lyrics::read(&written.sheet_text, yuefu_lyrics::languages());
        prop_assert_eq!(parsed.notes, vec![]);
    }
}
