//! Words set to music: every syllable once, in order, where it can be sung.

mod common;

use common::{book, catalog};
use proptest::prelude::*;
use yuefu_arrange::{Band, arrange_words};
use yuefu_engine::SeedPath;
use yuefu_song::{
    Brief, LyricSheet, Note, Role, Score, SongPlan,
    brief::{LengthWish, Weighted},
    lyrics::{Delivery, Lyric},
};
use yuefu_theory::Ticks;

fn sheet(text: &str) -> LyricSheet {
    yuefu_lyrics::read(text, yuefu_lyrics::languages())
        .sheet
        .unrolled()
}

fn sing(
    text: &str,
    style: &str,
    seed: u64,
    length: Option<LengthWish>,
) -> (LyricSheet, SongPlan, Score) {
    let words = sheet(text);
    let brief = Brief {
        styles: vec![Weighted::new(style.to_owned(), 1.0)],
        seed: Some(seed),
        length,
        ..Brief::default()
    };
    let path = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(&brief, &words, book(), catalog(), &path);
    let score = arrange_words(&plan, &words, Band::new(book(), catalog()), &path);
    (words, plan, score)
}

/// The notes of the singer in song time, phrase by phrase.
fn sung(score: &Score) -> Vec<(String, Ticks, Vec<Note>)> {
    let track = score.tracks.iter().find(|t| t.role == Role::Vocal);
    track
        .into_iter()
        .flat_map(|t| &t.phrases)
        .map(|p| (p.id.clone(), p.span.start, p.notes.clone()))
        .collect()
}

fn check(words: &LyricSheet, score: &Score) {
    let wanted: Vec<Lyric> = words
        .lines
        .iter()
        .flat_map(|line| &line.syllables)
        .map(Lyric::from)
        .collect();
    let phrases = sung(score);
    let got: Vec<Lyric> = phrases
        .iter()
        .flat_map(|(.., notes)| notes)
        .filter_map(|n| n.lyric.as_deref().cloned())
        .collect();
    // Ad-libs are the lead's, or somebody answers with them; either way each is sung once.
    let answers: Vec<Lyric> = score
        .tracks
        .iter()
        .filter(|t| t.role == Role::Backing && t.id.starts_with("answers"))
        .flat_map(|t| &t.phrases)
        .flat_map(|p| p.notes.iter().filter_map(|n| n.lyric.as_deref().cloned()))
        .collect();
    let aside = |lyrics: &[Lyric]| -> Vec<Lyric> {
        let asides = lyrics.iter().filter(|l| l.delivery == Delivery::AdLib);
        asides.cloned().collect()
    };
    let main = |lyrics: &[Lyric]| -> Vec<Lyric> {
        let main = lyrics.iter().filter(|l| l.delivery != Delivery::AdLib);
        main.cloned().collect()
    };
    assert_eq!(
        main(&got),
        main(&wanted),
        "every syllable once and in order"
    );
    assert!(answers.iter().all(|l| l.delivery == Delivery::AdLib));
    let mut both: Vec<String> = aside(&got)
        .iter()
        .chain(&answers)
        .map(ToString::to_string)
        .collect();
    let mut all: Vec<String> = aside(&wanted).iter().map(ToString::to_string).collect();
    both.sort_unstable();
    all.sort_unstable();
    assert_eq!(both, all, "every ad-lib once");
    let mut end = Ticks(i64::MIN / 2);
    for (id, start, notes) in &phrases {
        assert!(
            notes.first().is_none_or(|n| n.lyric.is_some()),
            "{id} begins with a syllable"
        );
        for note in notes {
            assert!(note.len > Ticks::ZERO);
            assert!(*start + note.at >= end, "{id}: {note} overlaps");
            end = *start + note.end();
        }
    }
}

/// The sheets under `examples/lyrics`.
fn examples() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/lyrics");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn examples_are_sung_whole_in_every_style() {
    for (index, (name, text)) in examples().iter().enumerate() {
        for (number, style) in book().styles().iter().enumerate() {
            if number % 6 != index % 6 {
                continue;
            }
            let (words, plan, score) = sing(text, &style.id, number as u64, None);
            assert!(words.is_sung(), "{name}");
            check(&words, &score);
            let kinds: Vec<&str> = plan.sections.iter().map(|s| s.id.as_str()).collect();
            for section in &words.sections {
                assert!(kinds.contains(&section.id.as_str()), "{name}: {kinds:?}");
            }
        }
    }
}

#[test]
fn verses_share_their_tune() {
    let text = "[Verse]\n青石板上雨声慢\n一把纸伞过桥弯\n[Verse]\n檐下燕子衔春还\n白墙黛瓦水中看";
    let (_, plan, score) = sing(text, "guofeng", 5, None);
    let line = |id: &str| -> Vec<(Ticks, i32)> {
        let phrases = sung(&score);
        let (.., notes) = phrases.iter().find(|(own, ..)| own == id).unwrap();
        notes
            .iter()
            .filter(|n| n.lyric.is_some())
            .map(|n| (n.at, n.pitch.midi()))
            .collect()
    };
    let same_key = plan.sections.iter().all(|s| s.key == plan.key);
    let (first, second) = (line("verse-1.1"), line("verse-2.1"));
    let onsets = |line: &[(Ticks, i32)]| line.iter().map(|n| n.0).collect::<Vec<_>>();
    assert_eq!(onsets(&first), onsets(&second));
    let near = first
        .iter()
        .zip(&second)
        .filter(|(a, b)| (a.1 - b.1).abs() <= 2)
        .count();
    assert!(
        !same_key || near * 3 >= first.len() * 2,
        "{first:?} {second:?}"
    );
}

#[test]
fn words_are_never_dropped_for_a_length() {
    let text = &examples()[0].1;
    let full = sing(text, "pop", 3, None).1.length.0;
    for seconds in [20.0, 60.0, 120.0, 240.0, 400.0] {
        let (words, plan, score) = sing(text, "pop", 3, Some(LengthWish::Seconds(seconds)));
        check(&words, &score);
        if seconds >= full {
            assert!(
                (plan.length.0 - seconds).abs() < 1e-6,
                "{seconds}: {}",
                plan.length.0
            );
        }
    }
    for bars in [8, 400] {
        let (words, plan, score) = sing(text, "pop", 3, Some(LengthWish::Bars(bars)));
        check(&words, &score);
        let total: u32 = plan.sections.iter().map(|s| s.bars).sum();
        assert!(bars == 8 || total == bars, "{total}");
    }
}

#[test]
fn the_same_words_and_seed_give_the_same_notes() {
    let text = &examples()[1].1;
    assert_eq!(
        sing(text, "ballad", 9, None).2,
        sing(text, "ballad", 9, None).2
    );
    assert_ne!(
        sung(&sing(text, "ballad", 9, None).2),
        sung(&sing(text, "ballad", 10, None).2)
    );
}

fn line() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "月",
        "光",
        "还",
        "一",
        "不",
        "love",
        "strengths",
        "banana",
        "the",
        "a",
        "(oh)",
        "，",
        ",",
        "beautiful",
        "我们",
        "你",
        "嘅",
        "さくら",
        " ",
        "。",
        "yeah-eah",
        "2026",
    ]);
    prop::collection::vec(words, 1..40).prop_map(|words| words.join(" "))
}

fn section() -> impl Strategy<Value = String> {
    let tags = prop::sample::select(vec![
        "[Verse]",
        "[Chorus x2]",
        "[副歌]",
        "[Rap]",
        "[Bridge]",
        "[Intro]",
        "[Interlude]",
        "",
        "[Spoken]",
        "[Outro]",
    ]);
    (tags, prop::collection::vec(line(), 0..9))
        .prop_map(|(tag, lines)| format!("{tag}\n{}\n", lines.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sheet_is_sung_once_and_in_order(
        sections in prop::collection::vec(section(), 1..6),
        seed in 0_u64..1000,
        style in 0_usize..60,
        length in prop::option::of(10.0_f64..300.0),
    ) {
        let styles = book().styles();
        let style = &styles[style % styles.len()].id;
        let (words, _, score) = sing(&sections.join("\n"), style, seed, length.map(LengthWish::Seconds));
        check(&words, &score);
    }
}

/// Prints what is sung: `cargo test -p yuefu-arrange --test words look -- --ignored --nocapture`.
#[test]
#[ignore = "for people"]
fn look() {
    let style = std::env::var("STYLE").unwrap_or_else(|_| "pop".into());
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    for (name, text) in examples() {
        let (_, plan, score) = sing(&text, &style, seed, None);
        let form: Vec<String> = plan
            .sections
            .iter()
            .map(|s| format!("{}:{}", s.id, s.bars))
            .collect();
        println!(
            "## {name} {} bpm {:.1}s {}",
            plan.timeline.bpm(Ticks::ZERO),
            plan.length.0,
            form.join(" ")
        );
        for (id, start, notes) in sung(&score) {
            let (bar, _) = plan.timeline.bar_of(start);
            let shown: Vec<String> = notes
                .iter()
                .map(|n| {
                    let text = n.lyric.as_ref().map_or("~", |l| l.text.as_str());
                    format!(
                        "{text}@{:.2}+{:.2}:{}",
                        n.at.as_quarters(),
                        n.len.as_quarters(),
                        n.pitch
                    )
                })
                .collect();
            println!("{id} bar {bar} | {}", shown.join(" "));
        }
    }
}
