//! Readings of words and sentences that are easily read wrong.

use std::fmt::Write;
use yuefu_lang::{LineReading, ReadOptions, mandarin};
use yuefu_lyrics::languages;

fn read(text: &str) -> LineReading {
    languages().read(text, &ReadOptions::default())
}

fn readings(text: &str) -> Vec<String> {
    let words = read(text).words;
    words
        .into_iter()
        .flat_map(|word| word.syllables)
        .map(|s| s.reading)
        .collect()
}

/// Lines of a list as text and expectation, and how many fail, each described.
fn check(list: &str, expected_share: f64, wrong: impl Fn(&str, &str) -> Option<String>) {
    let cases: Vec<(&str, &str)> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            line.split_once('\t')
                .unwrap_or_else(|| panic!("no tab in `{line}`"))
        })
        .collect();
    let mut report = String::new();
    let mut failed = 0;
    for (text, expected) in &cases {
        if let Some(found) = wrong(text, expected) {
            failed += 1;
            let _ = writeln!(report, "  {text}: expected {expected}, found {found}");
        }
    }
    let share = 1.0 - f64::from(failed) / cases.len() as f64;
    println!(
        "{} of {} right ({:.1} %)\n{report}",
        cases.len() - failed as usize,
        cases.len(),
        100.0 * share
    );
    assert!(cases.len() >= 150);
    assert!(
        share >= expected_share,
        "{share:.3} of the list is right\n{report}"
    );
}

#[test]
fn mandarin_is_read_right() {
    check(include_str!("mandarin.txt"), 0.99, |text, expected| {
        let found = read(text);
        if !expected.contains('=') {
            let found = readings(text).join(" ");
            return (found != expected).then_some(found);
        }
        let languages = languages();
        let _ = languages.get(mandarin::CODE)?;
        let mut syllables = found.words.iter().flat_map(|word| &word.syllables);
        for part in expected.split(' ') {
            let (sign, reading) = part.split_once('=')?;
            let hit = syllables.find(|s| s.text == sign || simplified(&s.text) == sign);
            if hit.is_none_or(|s| s.reading != reading) {
                return Some(readings(text).join(" "));
            }
        }
        None
    });
}

/// The traditional characters of the list.
fn simplified(text: &str) -> &str {
    match text {
        "樂" => "乐",
        "著" => "着",
        "後" => "后",
        "沒" => "没",
        _ => text,
    }
}

#[test]
fn readings_are_described_in_both_languages() {
    let text = "还珠格格";
    let english = yuefu_lang::describe(text, &read(text), false);
    let chinese = yuefu_lang::describe(text, &read(text), true);
    for part in ["huán", "rising", "[xwan]", "by the dictionary", "rhyme: e"] {
        assert!(english.contains(part), "no `{part}` in\n{english}");
    }
    for part in ["huán", "阳平", "据词典", "音节数：4", "平平平·", "歌韵"] {
        assert!(chinese.contains(part), "no `{part}` in\n{chinese}");
    }
    let faulty = "还{huan9}";
    let chinese = yuefu_lang::describe(faulty, &read(faulty), true);
    assert!(chinese.contains("第 2 字"), "{chinese}");
}

#[test]
fn verse_is_measured() {
    use yuefu_lang::verse;
    let rhyme = |a: &str, b: &str| {
        let end = |text: &str| verse::rhyme(&read(text).words).unwrap();
        verse::score(&end(a), &end(b))
    };
    for (a, b, expected) in [
        ("床前明月光", "疑是地上霜", 1.0),
        ("我的爱", "你还在", 1.0),
        ("知道你的心", "天上的星", 0.5),
        ("走过那条河", "唱着那首歌", 1.0),
        ("天上的云", "地上的水", 0.0),
        ("hold me tonight", "under the light", 1.0),
        ("running through time", "nothing is mine", 0.8),
        ("over again", "into the rain", 0.0),
        ("say my name", "call my name", 0.7),
    ] {
        assert!(
            (rhyme(a, b) - expected).abs() < 1e-6,
            "{a} / {b}: {}",
            rhyme(a, b)
        );
    }
    let line = read("白日依山尽");
    let tones: Vec<_> = line
        .words
        .iter()
        .flat_map(|w| w.syllables.iter().map(|s| verse::tone_class(w.lang, s)))
        .collect();
    use verse::ToneClass::{Level, Oblique};
    assert_eq!(tones, [Level, Oblique, Level, Level, Oblique].map(Some));
    let text = "tomorrow is the day";
    let weights: Vec<u8> = read(text)
        .words
        .iter()
        .flat_map(|w| verse::weights(w, text))
        .collect();
    assert_eq!(weights, [0, 2, 1, 0, 0, 2]);
    assert_eq!(verse::count(&read("I love 北京").words), 4);
}

#[test]
fn english_is_read_right() {
    check(include_str!("english.txt"), 0.98, |text, expected| {
        let found = read(text);
        let mut words = found.words.iter();
        let said = |word: &yuefu_lang::Word| {
            let parts: Vec<&str> = word.syllables.iter().map(|s| s.reading.as_str()).collect();
            parts.join(" ")
        };
        for part in expected.split(';') {
            let (name, phones) = part.split_once('=')?;
            let hit = words.find(|word| &text[word.span.0..word.span.1] == name);
            match hit {
                Some(word) if said(word) == phones => {}
                _ => return Some(found.words.iter().map(said).collect::<Vec<_>>().join(" / ")),
            }
        }
        None
    });
}

/// A tenth of the dictionary that the model has not seen.
#[test]
fn unknown_english_words_are_spelled() {
    use yuefu_lang::english::{English, arpabet, letters};
    use yuefu_lang::{Lexicons, table::Table};
    let english = English::load(&yuefu_lyrics::Shipped).unwrap();
    let words = yuefu_lyrics::Shipped.bytes("english-words").unwrap();
    let words = Table::new(words).unwrap();
    let (mut seen, mut right, mut toneless, mut phones, mut errors) = (0, 0, 0, 0, 0);
    let held_out = words
        .iter()
        .filter(|(word, _)| letters::is_plain(word) && letters::is_held_out(word))
        .filter(|(word, _)| !word.ends_with("'s") && !word.ends_with("s'"));
    for (word, readings) in held_out.step_by(8) {
        let found = arpabet::unpack(&english.letters().spell(word));
        let bare = |list: &[String]| -> Vec<String> {
            list.iter()
                .map(|phone| arpabet::bare(phone).to_owned())
                .collect()
        };
        let all: Vec<Vec<String>> = readings.split('|').map(arpabet::unpack).collect();
        let (distance, length) = all
            .iter()
            .map(|gold| (distance(&bare(gold), &bare(&found)), gold.len()))
            .min()
            .unwrap();
        seen += 1;
        right += usize::from(all.contains(&found));
        toneless += usize::from(distance == 0);
        phones += length;
        errors += distance;
    }
    let error = 100.0 * errors as f64 / phones as f64;
    let wrong = 100.0 - 100.0 * toneless as f64 / f64::from(seen);
    println!(
        "{seen} held-out words: {error:.2} % of phones wrong, {wrong:.1} % of words, {:.1} % with stress",
        100.0 - 100.0 * right as f64 / f64::from(seen)
    );
    assert!(seen > 1000 && error < 10.0, "{error}");
}

/// Edits from one row to another.
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (corner + usize::from(x != y)).min(up + 1).min(row[j] + 1);
            corner = up;
        }
    }
    row[b.len()]
}

#[test]
fn words_are_cut_where_they_are_spoken() {
    for (word, cut) in [
        ("happy", "hap py"),
        ("kettle's", "ket tle's"),
        ("apple's", "ap ple's"),
        ("whistle", "whi stle"),
        ("singer's", "sing er's"),
        ("walking", "wal king"),
        ("morning", "mor ning"),
        ("beautiful", "beau ti ful"),
        ("umbrella", "um brel la"),
        ("remember", "re mem ber"),
        ("fire", "fi re"),
    ] {
        let read = read(word);
        let parts: Vec<&str> = read.words[0]
            .syllables
            .iter()
            .map(|s| s.text.as_str())
            .collect();
        assert_eq!(parts.join(" "), cut);
    }
}

#[test]
fn a_reading_in_braces_is_named_as_such() {
    for text in ["还{hai2}有", "我还{huan2}给你"] {
        let line = read(text);
        let given = line
            .words
            .iter()
            .any(|word| word.basis == yuefu_lang::Basis::Given);
        assert!(given, "{text}: {line:?}");
    }
}
