//! How well the drummer knows held-out takes, beside tables, means and the program's rules.
//!
//! `cargo run --release -p yuefu-composer-training --bin judge_drums -- WEIGHTS|shipped SOURCE...`

use std::process::ExitCode;
use yuefu_composer_training::{
    drums::{
        baseline::{Means, Past, Table, by_rules},
        takes::{Window, takes, windows_of},
    },
    run::called,
};
use yuefu_corpus::Split;
use yuefu_drummer::{
    Drummer,
    drummer::{Draw, Written, apart, free},
    features::ground,
    groove::{Hit, KINDS, rows},
};
use yuefu_engine::{Rng, SeedPath};

fn main() -> ExitCode {
    called(
        "judge_drums WEIGHTS|shipped SOURCE...",
        |[weights], sources| judge(weights, sources),
    )
}

fn judge(weights: &str, sources: &[String]) -> Result<(), String> {
    let drummer = match weights {
        "shipped" => Drummer::shipped(),
        path => Drummer::parse(&std::fs::read(path).map_err(|e| e.to_string())?),
    };
    let drummer = drummer.map_err(|fault| fault.to_string())?;
    let takes = takes(sources)?;
    let learn = windows_of(&takes, Split::Train, 1);
    let test = windows_of(&takes, Split::Test, 2);
    if learn.is_empty() || test.is_empty() {
        return Err("the sources have no takes to learn from or none to test on".to_owned());
    }
    let hits: usize = test.iter().map(|window| window.hits.len()).sum();
    println!("{}: {} test windows, {hits} hits", drummer.id(), test.len());
    println!("\nbits a step for the hits");
    for (name, past) in [
        ("place in the bar", Past::Place),
        ("and the step before", Past::Step),
        ("and the bar before", Past::Bar),
    ] {
        println!("{name:24} {:6.3}", Table::count(past, &learn).bits(&test));
    }
    let [hits, far] = bits(&drummer, &test);
    println!("network, hits            {hits:6.3}");
    println!("network, summary         {far:6.3}");
    println!("network, both (bound)    {:6.3}", hits + far);
    feel(&drummer, &learn, &test);
    ways(&drummer, &test);
    Ok(())
}

/// Bits a step for the hits when the summary is known, and for the summary.
fn bits(drummer: &Drummer, test: &[Window]) -> [f64; 2] {
    let net = drummer.net();
    let mut rng = SeedPath::song(1).join("judge").rng();
    let (mut hits, mut far, mut steps) = (0.0, 0.0, 0);
    for window in test {
        let known = ground(&window.ground);
        let summary = net.summary(&window.hits, true, &known);
        for (mean, spread) in summary.mean.iter().zip(&summary.spread) {
            let [mean, spread] = [mean, spread].map(|x| f64::from(*x));
            far += 0.5 * (mean * mean + spread.exp() - spread - 1.0);
        }
        let thought = Drummer::thought(&summary, 1.0, &mut rng);
        let rows = rows(&window.hits);
        let mut hand = net.writer(&thought);
        for (step, row) in rows.iter().enumerate().take(window.steps) {
            let mut logits = net.written(&mut hand, &rows, step, &known);
            for kind in 0..KINDS {
                let logit = f64::from(logits[kind]);
                let wrong = if row[kind] { -logit } else { logit };
                hits += (1.0 + wrong.exp()).ln();
                if row[kind] {
                    net.struck(kind, &mut logits);
                }
            }
        }
        steps += window.steps;
    }
    [hits, far].map(|nats| nats / std::f64::consts::LN_2 / steps as f64)
}

/// Errors of force (MIDI levels) and lateness (ms) for hits of which only the place is known, and how far their
/// distributions are from the real ones.
fn feel(drummer: &Drummer, learn: &[Window], test: &[Window]) {
    let means = Means::count(learn);
    let mut rng = SeedPath::song(2).join("judge").rng();
    type Play<'a> = Box<dyn FnMut(&Window) -> Vec<(f32, f32)> + 'a>;
    let page = |window: &Window| -> Vec<Written> { free(&rows(&window.hits)) };
    let pairs = |hits: Vec<Hit>| hits.iter().map(|hit| (hit.force, hit.late)).collect();
    let mut number = 0;
    let players: [(&str, Play<'_>); 5] = [
        ("constant", Box::new(|w| vec![means.all; w.hits.len()])),
        (
            "mean of kind and place",
            Box::new(|w| w.hits.iter().map(|hit| means.of(hit)).collect()),
        ),
        (
            "rules of the program",
            Box::new(|w| {
                number += 1;
                by_rules(w, number)
            }),
        ),
        (
            "network, middle",
            Box::new(|w| pairs(drummer.expect(&w.ground, &page(w), None))),
        ),
        (
            "network, drawn",
            Box::new(|w| pairs(drummer.play(&w.ground, &page(w), None, None, &mut rng))),
        ),
    ];
    println!(
        "\nerror of force and time    force      ms   distance: force      ms   spread: force      ms"
    );
    let real: Vec<(f32, f32)> = test.iter().flat_map(spread).collect();
    for (name, mut play) in players {
        let mut made = Vec::with_capacity(real.len());
        for window in test {
            let ms = (15_000.0 / window.ground.tempo) as f32;
            let played = play(window);
            made.extend(
                played
                    .iter()
                    .map(|(force, late)| (force * 127.0, late * ms)),
            );
        }
        print(name, &made, &real);
    }
    print("real", &real, &real);
}

fn spread(window: &Window) -> impl Iterator<Item = (f32, f32)> + '_ {
    let ms = (15_000.0 / window.ground.tempo) as f32;
    let hits = window.hits.iter();
    hits.map(move |hit| (hit.force * 127.0, hit.late * ms))
}

fn print(name: &str, made: &[(f32, f32)], real: &[(f32, f32)]) {
    let count = real.len() as f32;
    let error = |of: fn(&(f32, f32)) -> f32| {
        let both = made.iter().zip(real);
        both.map(|(a, b)| (of(a) - of(b)).abs()).sum::<f32>() / count
    };
    // The distance between distributions: what has to be moved, times how far (Wasserstein).
    let distance = |of: fn(&(f32, f32)) -> f32| {
        let sorted = |all: &[(f32, f32)]| {
            let mut all: Vec<f32> = all.iter().map(of).collect();
            all.sort_by(f32::total_cmp);
            all
        };
        let (a, b) = (sorted(made), sorted(real));
        a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f32>() / count
    };
    let deviation = |of: fn(&(f32, f32)) -> f32| {
        let mean = made.iter().map(of).sum::<f32>() / count;
        let square = made.iter().map(|x| (of(x) - mean).powi(2)).sum::<f32>() / count;
        square.sqrt()
    };
    println!(
        "{name:24} {:7.2} {:7.2} {:17.2} {:7.2} {:15.2} {:7.2}",
        error(|x| x.0),
        error(|x| x.1),
        distance(|x| x.0),
        distance(|x| x.1),
        deviation(|x| x.0),
        deviation(|x| x.1),
    );
}

/// How well grooves come back from their summaries, and whether the way between two is one.
fn ways(drummer: &Drummer, test: &[Window]) {
    let whole: Vec<&Window> = test.iter().filter(|w| w.steps == 32).collect();
    let mut rng: Rng = SeedPath::song(3).join("judge").rng();
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for window in &whole {
        let summary = drummer
            .net()
            .summary(&window.hits, true, &ground(&window.ground));
        let back = drummer.write(&window.ground, &Draw::new(&summary.mean, 0.0), &mut rng);
        let own = rows(&window.hits);
        for (a, b) in own.iter().flatten().zip(back.iter().flatten()) {
            right += usize::from(*a && *b);
            wrong += usize::from(!*a && *b);
            missed += usize::from(*a && !*b);
        }
    }
    let share = 2.0 * right as f64 / (2 * right + wrong + missed).max(1) as f64;
    println!("\nhits that come back from the summary (F1): {share:.3}");
    let steps = 5;
    let mut far = vec![[0.0; 2]; steps];
    let mut pairs = 0;
    for pair in whole.chunks_exact(2).step_by(4) {
        let ends = [pair[0], pair[1]].map(|w| (&w.ground, &w.hits[..]));
        let made = drummer.morph(ends[0], ends[1], steps, &mut rng);
        for (far, groove) in far.iter_mut().zip(&made) {
            far[0] += apart(groove, &pair[0].hits) as f64;
            far[1] += apart(groove, &pair[1].hits) as f64;
        }
        pairs += 1;
    }
    println!("steps of {pairs} ways: places unlike the first groove, unlike the last");
    for (step, [a, b]) in far.iter().enumerate() {
        let pairs = f64::from(pairs.max(1));
        println!("{:24} {:6.1} {:6.1}", step + 1, a / pairs, b / pairs);
    }
}
