//! Thousands of operations in sequence: whatever is done, the song stays whole.

mod ops_fixture;

use ops_fixture::{assert_whole, catalog, songs};
use yuefu_engine::SeedPath;
use yuefu_engine::rng::Rng;
use yuefu_song::{Song, ops::Op};

const KEYS: [&str; 8] = [
    "C-major",
    "D-minor",
    "F#-dorian",
    "Eb-major",
    "A-gong",
    "B-harmonic-minor",
    "G-blues",
    "Db-lydian",
];
const CHORDS: [&str; 8] = [
    "C", "Am7", "F#m7b5", "G7/B", "Ebmaj9", "Bdim7", "D7sus4", "Ab6/9",
];
const METRES: [&str; 7] = ["4/4", "3/4", "6/8", "5/4", "2+2+3/8", "2/4", "12/8"];

/// One random line of text, most often one that can be applied.
fn line(song: &Song, rng: &mut Rng) -> String {
    let bars: u32 = song.plan.sections.iter().map(|s| s.bars).sum();
    let bar = |rng: &mut Rng| 1 + rng.below(bars as usize);
    let (a, b) = (bar(rng), bar(rng));
    let (first, last) = (a.min(b), a.max(b).min(a.min(b) + 7));
    let section = |rng: &mut Rng| {
        song.plan.sections[rng.below(song.plan.sections.len())]
            .id
            .clone()
    };
    let track = |rng: &mut Rng| {
        song.score.tracks[rng.below(song.score.tracks.len())]
            .id
            .clone()
    };
    let place = match rng.below(5) {
        0 => section(rng),
        1 => format!("{first}:1.5-{last}:2"),
        2 if rng.chance(0.3) => "all".to_owned(),
        _ => format!("{first}-{last}"),
    };
    let who = if rng.chance(0.2) {
        "all".to_owned()
    } else {
        track(rng)
    };
    let side = if rng.chance(0.5) { "before" } else { "after" };
    let follow = if rng.chance(0.5) { " follow" } else { "" };
    let pick = |rng: &mut Rng, from: &[&str]| from[rng.below(from.len())].to_owned();
    let number = rng.below(12) as i32 - 6;
    let fresh = rng.below(10_000);
    match rng.below(48) {
        0 => format!(
            "add {} {a}:2 1/2 {} 80 accent",
            track(rng),
            pick(rng, &["C4", "F#3", "Bb5"])
        ),
        1 => format!("delete {who} {first}:1-{first}:2"),
        2 => format!(
            "move {who} {place} {}",
            pick(rng, &["1/2", "-1/4", "3", "-2/3"])
        ),
        3 => format!(
            "transpose {who} {place} {number:+} {}",
            pick(rng, &["semitones", "steps"])
        ),
        4 => format!(
            "length {who} {place} {}",
            pick(rng, &["x3/2", "x1/3", "legato", "staccato", "1/4"])
        ),
        5 => format!("double-time {who} {first}-{last}"),
        6 => format!("half-time {who} {first}-{last}"),
        7 => format!("invert {} {place}", track(rng)),
        8 => format!("retrograde {who} {place}"),
        9 => format!(
            "quantize {who} {place} {} {}%",
            pick(rng, &["1/4", "1/16", "1/8t", "1/32"]),
            rng.below(101)
        ),
        10 => format!("quantize {who} {place} 1/8 ends"),
        11 => format!(
            "dynamics {who} {place} {}",
            pick(rng, &["80", "+20", "-30", "x2", "30-110"])
        ),
        12 => format!(
            "articulation {who} {place} {}",
            pick(rng, &["staccato", "legato", "accent"])
        ),
        13 => format!("copy {who} {first}-{last} to {}", bar(rng)),
        14 => format!("swap {who} {a} with {b}"),
        15 => format!("chord {a}:2 {}{follow}", pick(rng, &CHORDS)),
        16 => format!(
            "chord {a} {} {}{follow}",
            pick(rng, &CHORDS),
            pick(rng, &["1/2", "3", "9"])
        ),
        17 => format!("no-chord {place}"),
        18 => {
            let chord = song
                .score
                .chords
                .get(rng.below(song.score.chords.len().max(1)));
            let chord = chord.map_or("C".to_owned(), |c| c.chord.to_string());
            format!("substitute all {chord} with {}{follow}", pick(rng, &CHORDS))
        }
        19 => format!("tempo {}", 50 + rng.below(140)),
        20 => format!("tempo {} {place}", 50 + rng.below(140)),
        21 => format!("tempo-scale {} {place}", pick(rng, &["4/3", "3/4", "1.1"])),
        22 => format!("ritardando {place} to {} a-tempo", 30 + rng.below(60)),
        23 => format!("accelerando {place} to {}", 90 + rng.below(100)),
        24 => format!("metre {} rebar", pick(rng, &METRES)),
        25 => format!("metre {} refit", pick(rng, &METRES)),
        26 => format!(
            "metre {} {} {first}-{last}",
            pick(rng, &METRES),
            pick(rng, &["rebar", "refit"])
        ),
        27 | 28 => format!("key {}", pick(rng, &KEYS)),
        29 => format!("insert-bars {a} {}", 1 + rng.below(3)),
        30 => "insert-bars end 1".to_owned(),
        31 | 32 => format!("delete-bars {first}-{}", last.min(first + 2)),
        33 => format!("repeat-bars {first}-{}", last.min(first + 2)),
        34 | 35 => format!("move-section {} {side} {}", section(rng), section(rng)),
        36 if bars < 80 => format!("copy-section {} {side} {}", section(rng), section(rng)),
        36 | 37 if bars > 30 => format!("delete-section {}", section(rng)),
        38 => format!("split-section {} {a}", section(rng)),
        39 => {
            let at = rng.below(song.plan.sections.len());
            let next = (at + 1).min(song.plan.sections.len() - 1);
            format!(
                "join-sections {} with {}",
                song.plan.sections[at].id, song.plan.sections[next].id
            )
        }
        40 => format!("rename-section {} to s{fresh}", section(rng)),
        41 if song.score.tracks.len() < 9 => format!(
            "double-track {} as t{fresh} {}",
            track(rng),
            pick(rng, &["-1", "+1", ""])
        ),
        41 if song.score.tracks.len() > 4 => format!("remove-track {}", track(rng)),
        42 => format!(
            "instrument {} to {}",
            track(rng),
            pick(rng, &["flute", "violin", "grand-piano", "contrabass"])
        ),
        43 => format!("move-track {} {side} {}", track(rng), track(rng)),
        44 => format!("lock {} {first}", track(rng)),
        45 => "unlock all all".to_owned(),
        46 => format!("automate {who} {a}:1.5 {number}"),
        _ => format!("energy {} 0.25-0.5", section(rng)),
    }
}

#[test]
fn songs_stay_whole_under_thousands_of_operations() {
    let catalog = catalog();
    let (mut done, mut refused) = (0, 0);
    for (index, start) in songs().into_iter().enumerate() {
        for round in 0..6 {
            let mut rng = SeedPath::song(index as u64).join("ops").join(round).rng();
            let mut song = start.clone();
            let mut history: Vec<String> = Vec::new();
            for _ in 0..120 {
                let line = line(&song, &mut rng);
                let op: Op = line
                    .parse()
                    .unwrap_or_else(|error| panic!("{line}: {error}"));
                assert_eq!(op.to_string().parse::<Op>(), Ok(op.clone()), "{line}");
                history.push(line);
                match op.apply(&song, &catalog) {
                    Ok((changed, _)) => {
                        let tail = &history[history.len().saturating_sub(8)..];
                        assert_whole(&changed, &format!("{} {round} {tail:?}", start.plan.style));
                        song = changed;
                        done += 1;
                    }
                    Err(error) => {
                        assert!(!error.en.is_empty() && !error.zh.is_ascii(), "{error:?}");
                        history.pop();
                        refused += 1;
                    }
                }
            }
        }
    }
    println!("{done} done, {refused} refused");
    assert!(done > 2 * refused, "{done} done, {refused} refused");
}
