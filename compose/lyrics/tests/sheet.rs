//! Lyric sheets: tags, repeats, ad-libs, languages, places of faults, and the text back again.

use yuefu_engine::Rng;
use yuefu_lyrics::{Parsed, languages};
use yuefu_song::SectionKind;
use yuefu_song::lyrics::{Delivery, Rest};

fn read(text: &str) -> Parsed {
    yuefu_lyrics::read(text, languages())
}

const SONG: &str = "\
《雨后》
词：佚名  曲：佚名

[Verse 1]
雨停了，我还在等你
银行门口的灯 (oh-oh)

（副歌 x2）
Don't let me go, 不要走 (不要走)
还{huan2}我一个梦 ×2
// 结尾再慢一点
[Verse 2 - Rap]
[Whisper] come closer
[粤语]
你嘅眼睛
[Chorus]
[Outro]
";

#[test]
fn a_sheet_is_understood() {
    let Parsed { sheet, notes } = read(SONG);
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(sheet.title.as_deref(), Some("雨后"));
    let sections: Vec<(&str, SectionKind, u32)> = sheet
        .sections
        .iter()
        .map(|s| (s.id.as_str(), s.kind, s.repeats))
        .collect();
    assert_eq!(
        sections,
        [
            ("verse-1", SectionKind::Verse, 1),
            ("chorus-1", SectionKind::Chorus, 2),
            ("verse-2", SectionKind::Verse, 1),
            ("chorus-2", SectionKind::Chorus, 1),
            ("outro-1", SectionKind::Outro, 1),
        ]
    );
    assert_eq!(
        sheet.section("chorus-2").unwrap().same_as.as_deref(),
        Some("chorus-1")
    );
    let lines: Vec<&str> = sheet.lines.iter().map(|line| line.text.trim()).collect();
    assert_eq!(lines.len(), 6, "{lines:?}");
    let first = &sheet.lines[0].syllables;
    assert_eq!(first[2].rest, Rest::Breath);
    assert_eq!(first.last().unwrap().rest, Rest::Phrase);
    let bank = &sheet.lines[1].syllables;
    assert_eq!(bank[1].reading, "hang2");
    assert!(bank[1].continues);
    assert!(
        bank.iter()
            .rev()
            .take(2)
            .all(|s| s.delivery == Delivery::AdLib && s.lang == "en")
    );
    assert_eq!(sheet.lines[3].repeats, 2);
    let given = &sheet.lines[3].syllables[0];
    assert_eq!((given.reading.as_str(), given.given), ("huan2", true));
    assert!(
        sheet.lines[4]
            .syllables
            .iter()
            .all(|s| s.delivery == Delivery::Whisper)
    );
    let cantonese = &sheet.lines[5].syllables;
    assert!(
        cantonese
            .iter()
            .all(|s| s.lang == "yue" && s.delivery == Delivery::Rap)
    );
    assert_eq!(cantonese[0].reading, "nei5");
    assert_eq!(sheet.to_text(), SONG);
}

#[test]
fn syllables_point_into_their_line() {
    for line in &read(SONG).sheet.lines {
        for syllable in &line.syllables {
            assert_eq!(&line.text[syllable.span.0..syllable.span.1], syllable.text);
        }
    }
}

#[test]
fn faults_say_where_and_what() {
    for (text, code, line, column) in [
        ("[Verse]\n还{huan9}我", "reading", 2, 2),
        ("{huan2}我", "reading-without-word", 1, 1),
        ("a {HH AH0", "brace", 1, 3),
        ("我爱你 😀", "unsingable", 1, 5),
        ("[Moonwalk]\n我", "unknown-tag", 1, 1),
        ("я люблю", "unknown-script", 1, 1),
        ("<b>love</b>", "markup", 1, 1),
        ("love (oh", "open-bracket", 1, 6),
        ("夢を見る", "unread-word", 1, 1),
        ("love{ZZ9}", "reading", 1, 5),
        ("{@xx} love", "unknown-language", 1, 1),
    ] {
        let notes = read(text).notes;
        let note = notes.iter().find(|note| note.code == code);
        let note = note.unwrap_or_else(|| panic!("{text}: no {code} in {notes:?}"));
        assert_eq!((note.line, note.column), (line, column), "{text}: {note}");
        for zh in [false, true] {
            assert!(note.text(zh).len() > 20, "{text}");
        }
        assert!(note.text(true).contains('第'));
    }
}

#[test]
fn other_ways_to_write_the_same() {
    let one = |text: &str| read(text).sheet;
    assert_eq!(one("副歌：\n我爱你").sections[0].kind, SectionKind::Chorus);
    assert_eq!(one("（副歌）×2\n我爱你").sections[0].repeats, 2);
    assert_eq!(one("## Verse 1\nlove").sections[0].kind, SectionKind::Verse);
    assert_eq!(one("# My Song\nlove").title.as_deref(), Some("My Song"));
    assert_eq!(
        one("Title: My Song\nlove").title.as_deref(),
        Some("My Song")
    );
    assert_eq!(one("I love you (x3)").lines[0].repeats, 3);
    assert_eq!(
        one("(oh-oh)").lines[0].syllables[0].delivery,
        Delivery::AdLib
    );
    let lrc = one("[ti:雨]\n[00:12.30]我爱你\n[00:15.00]再见");
    assert_eq!(lrc.title.as_deref(), Some("雨"));
    assert_eq!(lrc.lines[0].syllables.len(), 3);
    assert_eq!(one("私{わたし}の夢{ゆめ}").lines[0].syllables.len(), 6);
    assert_eq!(one("{@yue}我哋").lines[0].syllables[0].reading, "ngo5");
}

#[test]
fn any_text_is_read_and_comes_back() {
    let pieces = [
        "[",
        "]",
        "(",
        ")",
        "（",
        "）",
        "{",
        "}",
        "{huan2}",
        "还",
        "银行",
        "love",
        "don't",
        " ",
        "\n",
        "x2",
        "×2",
        "[Chorus]",
        "【副歌】",
        "😀",
        "2024",
        "%",
        "$5",
        "-",
        "'",
        "ー",
        "ゃ",
        "っ",
        "夢",
        "@yue",
        "<b>",
        "é",
        "\t",
        "儿",
        "一",
        "不",
        ":",
        "：",
        "《",
        "》",
        "//",
        "#",
        "\u{301}",
        "嘅",
        "123456789012345678901",
        ".",
        "/",
        "～",
    ];
    let mut rng = Rng::new(7);
    for _ in 0..600 {
        let mut text = String::new();
        for _ in 0..rng.below(24) {
            text.push_str(pieces[rng.below(pieces.len())]);
        }
        let parsed = read(&text);
        assert_eq!(parsed.sheet.to_text(), text);
        for line in &parsed.sheet.lines {
            for syllable in &line.syllables {
                let found = yuefu_lang::sounds(&syllable.lang, &syllable.reading);
                assert!(found.is_ok(), "{text:?}: {syllable:?}");
                assert!(
                    line.text.get(syllable.span.0..syllable.span.1).is_some(),
                    "{text:?}: {syllable:?}"
                );
            }
        }
    }
}

#[test]
fn huge_sheets_are_cut_with_a_message() {
    let text = "我爱你\n".repeat(60_000);
    let parsed = read(&text);
    assert!(parsed.notes.iter().any(|note| note.code == "too-long"));
    assert!(parsed.sheet.lines.len() > 20_000);
    // One endless line, with readings everywhere.
    for piece in [
        "还{huan2}",
        "love{L AH1 V} ",
        "我",
        "a",
        "我 love ",
        "😀",
        "(",
        "{",
    ] {
        let line = piece.repeat(20_000 / piece.chars().count());
        assert_eq!(read(&line).sheet.to_text(), line);
    }
}
