//! Trains the model that spells unknown English words (`core/lang/src/english/letters.rs`).
//!
//! Letters and phones are aligned by expectation and maximization, then an averaged perceptron
//! learns what each letter stands for. Words of the held-out tenth are never seen. Runs in a few
//! minutes of a release build; the same dictionary gives the same bytes.

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use yuefu_lang::english::letters::{self, BITS, History};

const ROUNDS: usize = 10;

/// Runs the training: reads `data/lang/english-words.zz`, writes `data/lang/english-sounds.zz`.
///
/// # Errors
/// Says which file cannot be read or written.
pub fn run(_: &[String]) -> Result<(), String> {
    let folder = crate::metadata::root().join("data/lang");
    let path = folder.join("english-words.zz");
    let packed = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    ZlibDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let words: Vec<(&str, Vec<String>)> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(word, _)| letters::is_plain(word) && !letters::is_held_out(word))
        .filter(|(word, _)| !word.ends_with("'s") && !word.ends_with("s'"))
        .map(|(word, readings)| (word, tokens(readings.split('|').next().unwrap_or(readings))))
        .collect();
    println!("{} words to learn from", words.len());
    let (costs, aligned) = align(&words);
    let model = learn(&costs, &aligned);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let bytes = encoder.write_all(&model).and_then(|()| encoder.finish());
    let bytes = bytes.map_err(|error| error.to_string())?;
    println!("{} bytes, packed {}", model.len(), bytes.len());
    let path = folder.join("english-sounds.zz");
    std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// Packed phones one by one, each with its stress digit.
fn tokens(packed: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for sign in packed.chars() {
        match out.last_mut() {
            Some(last) if sign.is_ascii_digit() => last.push(sign),
            _ => out.push(sign.to_string()),
        }
    }
    out
}

type Costs = BTreeMap<(usize, String), f32>;
/// A word's letters, and what each stands for.
type Aligned = (Vec<u8>, Vec<String>);

/// Aligns the words, and counts what letters stand for.
fn align(words: &[(&str, Vec<String>)]) -> (Costs, Vec<Aligned>) {
    const VOWELS: &str = "aAuoWIeREiYOqUx";
    let mut costs: Option<Costs> = None;
    let mut aligned = Vec::new();
    for _ in 0..6 {
        aligned.clear();
        let mut counts: BTreeMap<(usize, String), u32> = BTreeMap::new();
        for (word, phones) in words {
            let cost = |letter: u8, piece: &str| match &costs {
                Some(costs) => costs
                    .get(&(letters::index(letter), piece.to_owned()))
                    .copied(),
                // To begin with: vowels are written with vowels, silence and pairs are rare.
                None => Some(match piece.chars().count() {
                    0 => 2.0,
                    1 => {
                        let vowel = piece.chars().all(|sign| VOWELS.contains(sign));
                        let first = piece.as_bytes()[0].to_ascii_lowercase();
                        if first == letter {
                            0.5
                        } else if vowel == b"aeiouyw".contains(&letter) {
                            1.0
                        } else {
                            4.0
                        }
                    }
                    _ => 5.0,
                }),
            };
            let Some(taken) = letters::align(word.as_bytes(), phones, &cost) else {
                continue;
            };
            let mut done = 0;
            let mut pieces = Vec::new();
            for (letter, count) in word.bytes().zip(&taken) {
                let piece = phones[done..done + count].concat();
                done += count;
                let bare = letters::without_stress(&piece);
                *counts.entry((letters::index(letter), bare)).or_default() += 1;
                pieces.push(piece);
            }
            aligned.push((word.bytes().collect(), pieces));
        }
        let mut totals: BTreeMap<usize, u32> = BTreeMap::new();
        for ((letter, _), count) in &counts {
            *totals.entry(*letter).or_default() += count;
        }
        // What a letter hardly ever stands for is a fault of the dictionary.
        counts.retain(|(letter, piece), count| {
            piece.is_empty() || *count >= 20 || f64::from(*count) > 0.01 * f64::from(totals[letter])
        });
        costs = Some(
            counts
                .into_iter()
                .map(|((letter, piece), count)| {
                    let share = f64::from(count) / f64::from(totals[&letter]);
                    ((letter, piece), -share.ln() as f32)
                })
                .collect(),
        );
    }
    println!("{} words aligned", aligned.len());
    (costs.unwrap_or_default(), aligned)
}

/// Learns the weights and writes the model.
fn learn(costs: &Costs, aligned: &[Aligned]) -> Vec<u8> {
    let mut counts: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); 27];
    for (word, pieces) in aligned {
        for (letter, piece) in word.iter().zip(pieces) {
            *counts[letters::index(*letter)]
                .entry(piece.clone())
                .or_default() += 1;
        }
    }
    let mut head = String::new();
    let mut choices: Vec<Vec<(String, u32)>> = Vec::new();
    let mut class = 0;
    for (letter, row) in counts.iter().enumerate() {
        let mut line = Vec::new();
        let mut known = Vec::new();
        for (piece, count) in row {
            let bare = letters::without_stress(piece);
            let cost = costs.get(&(letter, bare)).copied();
            if let Some(cost) = cost.filter(|_| *count >= 5 || piece.is_empty()) {
                line.push(format!("{piece}={cost:.2}"));
                known.push((piece.clone(), class));
                class += 1;
            }
        }
        if line.is_empty() {
            line.push("=1.00".to_owned());
            known.push((String::new(), class));
            class += 1;
        }
        head.push_str(&line.join("\t"));
        head.push('\n');
        choices.push(known);
    }
    println!("{class} classes");
    let mut weights = vec![0.0_f32; 1 << BITS];
    let mut sums = vec![0.0_f32; 1 << BITS];
    let mut step = 1.0_f32;
    let all = aligned.len() * ROUNDS;
    for round in 0..ROUNDS {
        let (mut wrong, mut seen) = (0_u64, 0_u64);
        // Words in another fixed order each round.
        let stride = [7919, 104_729, 15_485_863, 32_452_843][round % 4] % aligned.len();
        let stride = (stride.max(1)..)
            .find(|s| gcd(*s, aligned.len()) == 1)
            .unwrap_or(1);
        for turn in 0..aligned.len() {
            let (word, pieces) = &aligned[turn * stride % aligned.len()];
            let mut history = History::default();
            for (at, piece) in pieces.iter().enumerate() {
                let known = &choices[letters::index(word[at])];
                let features = letters::features(word, at, &history);
                let best = known
                    .iter()
                    .map(|(_, class)| {
                        let sum: f32 = features
                            .iter()
                            .map(|f| weights[letters::slot(*f, *class)])
                            .sum();
                        (sum, *class)
                    })
                    .fold((f32::NEG_INFINITY, 0), |a, b| if b.0 > a.0 { b } else { a });
                seen += 1;
                if let Some((_, gold)) = known.iter().find(|(phones, _)| phones == piece)
                    && *gold != best.1
                {
                    wrong += 1;
                    let age = step / all as f32;
                    for feature in &features {
                        for (class, sign) in [(*gold, 1.0), (best.1, -1.0)] {
                            let slot = letters::slot(*feature, class);
                            weights[slot] += sign;
                            sums[slot] += sign * age;
                        }
                    }
                }
                history = history.with(piece);
            }
            step += 1.0;
        }
        println!(
            "round {round}: {:.2} % of letters wrong",
            100.0 * wrong as f64 / seen as f64
        );
    }
    let averaged: Vec<f32> = weights.iter().zip(&sums).map(|(w, s)| w - s).collect();
    let mut sizes: Vec<f32> = averaged.iter().map(|w| w.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let scale = 127.0 / sizes[sizes.len() - 1 - sizes.len() / 2000].max(1.0);
    let mut out = head.into_bytes();
    // What is next to nothing is nothing: the table packs the better.
    let small = |w: f32| if w.abs() < 1.5 { 0.0 } else { w };
    out.extend(
        averaged
            .iter()
            .map(|w| small(w * scale).round().clamp(-127.0, 127.0) as i8 as u8),
    );
    out
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
