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
