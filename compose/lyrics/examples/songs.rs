//! Writes songs and prints them, or figures over many: how the writer is judged.
//!
//!     cargo run --release -p yuefu-lyrics --example songs -- print 5 "雨夜 想家"
//!     cargo run --release -p yuefu-lyrics --example songs -- check
//!     cargo run --release -p yuefu-lyrics --example songs -- measure 200

use yuefu_lyrics::write::{Wish, line::Line, line::enough, stock, write};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("print") => {
            let count: u64 = args[1].parse().expect("a number of seeds");
            for text in &args[2..] {
                for seed in 0..count {
                    let written = write(&Wish::from_text(text), seed);
                    println!(
                        "=== {text} / {seed} / {:?}\n{}",
                        written.themes, written.sheet_text
                    );
                    println!("{:?}", written.report);
                    for remark in &written.remarks {
                        println!("! {}", remark.en);
                    }
                }
            }
        }
        Some("check") => check(args.get(1).map(String::as_str)),
        Some("measure") => measure(args[1].parse().expect("a number of songs")),
        _ => eprintln!("print SEEDS TEXT... | check"),
    }
}

/// Names stanzas that do not rhyme, and prints the lengths of their lines.
fn check(only: Option<&str>) {
    let languages = yuefu_lyrics::languages();
    for theme in stock::shipped() {
        if only.is_some_and(|only| only != theme.id) {
            continue;
        }
        for (role, stanza) in &theme.stanzas {
            let lines: Vec<Line> = stanza
                .couplets
                .iter()
                .flatten()
                .map(|text| {
                    Line::read(
                        &stock::expand(text, 1)[0].replace('*', ""),
                        theme.lang,
                        languages,
                    )
                })
                .collect();
            let score = |a: usize, b: usize| lines[a].rhymes(&lines[b]) >= enough(theme.lang);
            let fine = match lines.len() {
                4 if theme.lang == "cmn" => score(1, 3),
                4 => score(0, 1) && score(2, 3) || score(1, 3),
                2 => theme.lang == "cmn" || score(0, 1),
                _ => true,
            };
            let counts: Vec<usize> = lines.iter().map(|line| line.syllables).collect();
            let singable = lines.iter().all(|line| line.singable);
            if !fine || !singable {
                let ends: Vec<_> = lines
                    .iter()
                    .map(|l| l.rhyme.as_ref().map(|r| r.key.clone()))
                    .collect();
                println!(
                    "{} {} {role:?} {counts:?} {ends:?} singable {singable}: {:?}",
                    theme.lang, theme.id, stanza.couplets
                );
            } else if only.is_some() {
                println!("{} {} {role:?} {counts:?}", theme.lang, theme.id);
            }
        }
    }
}

/// Figures over many songs of each language and manner.
fn measure(count: u64) {
    let wishes: [(&str, &[&str]); 3] = [
        (
            "Mandarin",
            &[
                "雨夜 想家",
                "夏天的朋友",
                "分手以后",
                "大海和勇气",
                "写给妈妈",
                "城市的孤独",
                "在路上",
                "毕业",
                "下雪天的爱情",
                "春天",
                "过年回家",
            ],
        ),
        (
            "古风",
            &[
                "古风 明月 相思",
                "古风 江南 离别",
                "古风 江湖 少年",
                "古风 红豆",
                "古风 送别",
            ],
        ),
        (
            "English",
            &[
                "rain and goodbye",
                "summer friends",
                "city at night",
                "the open road",
                "growing up",
                "sea and hope",
                "snow and home",
                "falling in love",
                "lonely",
            ],
        ),
    ];
    for (name, texts) in wishes {
        let mut rhymes = (0, 0);
        let mut lengths = (0, 0);
        let (mut again, mut clashes) = (0, 0);
        let mut lines: std::collections::BTreeMap<String, usize> = Default::default();
        let mut songs = std::collections::BTreeSet::new();
        let mut titles = std::collections::BTreeSet::new();
        let start = std::time::Instant::now();
        for seed in 0..count {
            let written = write(&Wish::from_text(texts[seed as usize % texts.len()]), seed);
            rhymes = (
                rhymes.0 + written.report.rhymes.0,
                rhymes.1 + written.report.rhymes.1,
            );
            lengths = (
                lengths.0 + written.report.lengths.0,
                lengths.1 + written.report.lengths.1,
            );
            again += written.report.images_again;
            clashes += usize::from(written.report.persons_clash);
            titles.insert(written.title);
            for line in written.sections.iter().flat_map(|s| &s.lines) {
                *lines.entry(line.clone()).or_default() += 1;
            }
            songs.insert(written.sheet_text);
        }
        let seconds = start.elapsed().as_secs_f64() / count as f64;
        let total: usize = lines.values().sum();
        println!(
            "{name}: {count} songs, {} different, {} titles",
            songs.len(),
            titles.len()
        );
        println!(
            "  rhymes {} of {}, lengths {} of {}",
            rhymes.1, rhymes.0, lengths.1, lengths.0
        );
        println!(
            "  lines {total}, different {}; images again {:.2} a song; clashes {clashes}",
            lines.len(),
            again as f64 / count as f64
        );
        println!("  {seconds:.3} s a song");
    }
}
