//! Runs go on where they were. Alone in its process: what burn draws comes from one generator for
//! all threads.

use burn::backend::{Autodiff, Flex};
use yuefu_composer::{
    events::{AT, BEFORE},
    tell::Event,
};
use yuefu_composer_training::{
    net::Size,
    train::{Recipe, checkpoint, train},
};
use yuefu_engine::SeedPath;

type Back = Autodiff<Flex>;

fn tune(seed: u64, notes: usize) -> Vec<Event> {
    let mut rng = SeedPath::song(seed).rng();
    let mut event = || Event {
        before: BEFORE.map(|classes| rng.below(classes) as u8),
        at: AT.map(|classes| rng.below(classes) as u8),
        distance: rng.below(32) as u8,
        length: rng.below(32) as u8,
        key: rng.below(49) as u8,
    };
    (0..notes).map(|_| event()).collect()
}

#[test]
fn a_run_that_was_killed_goes_on_as_if_it_had_not_been() {
    let device = Default::default();
    let tunes: Vec<_> = (0..6).map(|seed| tune(seed, 30)).collect();
    let recipe = Recipe {
        size: Size {
            width: 16,
            blocks: 2,
            cells: 0,
            dropout: 0.2,
        },
        tunes: 2,
        notes: 16,
        steps: 8,
        rate: 1e-2,
        seed: 5,
        look: 2,
        patience: 100,
    };
    let folder = std::env::temp_dir().join(format!("yuefu-training-{}", std::process::id()));
    let (whole, cut) = (folder.join("whole"), folder.join("cut"));
    let run = |folder: &std::path::Path, until: usize| {
        train::<Back>(&recipe, &tunes[..5], &tunes[5..], folder, &device, |p| {
            p.step < until
        })
        .expect("a run")
    };
    let straight = run(&whole, 99);
    assert_eq!(run(&cut, 3).step, 3);
    assert_eq!(checkpoint(&cut).expect("kept").step, 3);
    let resumed = run(&cut, 99);
    assert_eq!(straight.step, 8);
    assert_eq!(
        straight.looks.last().map(|look| look.2),
        resumed.looks.last().map(|look| look.2)
    );
    let best = |folder: &std::path::Path| std::fs::read(folder.join("best.yfw")).expect("weights");
    assert!(best(&whole) == best(&cut));
    let (_, first, _) = straight.looks[0];
    let (_, last, _) = straight.looks[3];
    assert!(last < first, "{first} to {last}");
    std::fs::remove_dir_all(folder).expect("cleaned");
}
