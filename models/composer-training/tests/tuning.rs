//! Tuning goes on where it was, changes the heads alone, and is loaded on top of what ships. Alone
//! in its process, as `resume.rs`.

use burn::backend::{Autodiff, Flex};
use std::path::Path;
use yuefu_arrange::TuneFinder;
use yuefu_composer::{
    Composer,
    events::{AT, BEFORE, KEYS, TIMES},
    tell::Event,
};
use yuefu_composer_training::tuning::{Recipe, held_back, tune};
use yuefu_engine::SeedPath;
use yuefu_nets::weights::parse;

/// Tunes that say the same few things over and over: easily learned.
fn monotonous(seed: u64) -> Vec<Event> {
    let mut rng = SeedPath::song(seed).rng();
    let mut event = || Event {
        before: BEFORE.map(|classes| rng.below(classes) as u8),
        at: AT.map(|classes| rng.below(classes) as u8),
        distance: 4,
        length: (TIMES.len() / 2) as u8,
        key: (KEYS / 2) as u8,
    };
    (0..24).map(|_| event()).collect()
}

#[test]
fn the_shipped_network_leans_to_what_it_is_shown() {
    let [learn, held] = held_back((0..6).map(monotonous).collect());
    assert_eq!([learn.len(), held.len()], [4, 2]);
    let mut recipe = Recipe::usual(4, 0, &learn);
    recipe.tunes = 2;
    recipe.notes = 24;
    recipe.pace.look = 2;
    let under = Composer::shipped_weights();
    let folder = std::env::temp_dir().join(format!("yuefu-tuning-{}", std::process::id()));
    let go = |folder: &Path, until: usize| {
        let device = Default::default();
        tune::<Autodiff<Flex>>(&recipe, under, [&learn, &held], folder, &device, |p| {
            p.step < until
        })
        .expect("a run")
    };
    let straight = go(&folder.join("whole"), 99);
    assert_eq!(go(&folder.join("cut"), 1).progress.step, 1);
    let resumed = go(&folder.join("cut"), 99);
    std::fs::remove_dir_all(&folder).expect("cleaned");
    assert!(straight.adapter == resumed.adapter);
    let [before, after] = straight.surprise.map(|parts| parts.iter().sum::<f64>());
    assert!(after < before, "{before} to {after}");
    let tables = parse(&straight.adapter).expect("weights");
    let own = |name: &String| !name.starts_with("base.");
    assert!(tables.keys().filter(|name| own(name)).all(|name| {
        ["time.", "length.", "key."]
            .iter()
            .any(|s| name.starts_with(s))
    }));
    let tuned = Composer::parse(&straight.adapter).expect("an adapter");
    assert_ne!(tuned.id(), Composer::shipped().expect("ships").id());
}
