//! What burn trains is what finds tunes between tunes, and training it goes on where it was. Alone in
//! their process: what burn draws comes from one generator for all threads.

use burn::backend::{Autodiff, Flex};
use killed::goes_on;
use near::{floats, near};
use yuefu_composer::{
    Morpher,
    events::Sung,
    pages::{PageNet as Runs, Pages, SIGNS, STEPS},
};
use yuefu_composer_training::{
    pages::{
        Reading, Recipe, Sheet, baseline, batch,
        net::{PageNet, Size},
    },
    train::{Pace, run},
};
use yuefu_engine::SeedPath;
use yuefu_nets::weights;
use yuefu_theory::Ticks;

#[path = "support/killed.rs"]
mod killed;
#[path = "support/near.rs"]
mod near;

const SIZE: Size = Size {
    read: 12,
    write: 16,
    dropout: 0.1,
};

/// Two bars that walk a scale, each page from another degree and in another rhythm.
fn sheet(number: usize) -> Sheet {
    let scale = [60, 62, 64, 65, 67, 69, 71, 72];
    let apart = 2 + number % 3;
    let notes: Vec<Sung> = (0..STEPS / apart)
        .map(|index| Sung {
            at: Ticks::of(1, 16) * (index * apart) as i64,
            len: Ticks::of(1, 16) * (1 + (index + number) % apart) as i64,
            key: scale[(index + number) % scale.len()],
            begins: None,
        })
        .collect();
    let pages = Pages::of(&notes, Ticks::ZERO, 0, number.is_multiple_of(2));
    (pages.pages[0], pages.minor)
}

#[test]
fn both_say_the_same_and_a_killed_run_goes_on() {
    let device = Default::default();
    let net = PageNet::<Flex>::new(SIZE, &device);
    let own = Runs::of(weights::parse(&weights::write(&net.tables())).expect("tables"));
    let own = own.expect("the tables it needs");
    let (page, minor) = sheet(1);
    let mut rng = SeedPath::song(9).rng();
    let told = batch::<Flex>(&[&(page, minor)], &mut rng, false, &device);
    let [mean, spread] = net.summary(told.read);
    let summary = own.summary(&page, minor);
    near(&summary.mean, &floats(mean.clone()), 2e-4);
    near(&summary.spread, &floats(spread), 2e-4);
    let logits = floats(net.signs(told.write, mean));
    let mut hand = own.writer(&summary.mean);
    for step in 0..STEPS {
        let said = own.written(&mut hand, &page, step, minor);
        let learned = &logits[step * SIGNS..(step + 1) * SIGNS];
        for (own, learned) in said.iter().zip(learned) {
            assert!(*own == f32::NEG_INFINITY || (own - learned).abs() < 2e-4);
        }
    }

    let sheets: Vec<Sheet> = (0..12).map(sheet).collect();
    let even = (SIGNS as f64).ln();
    assert!(baseline(&sheets[..8], &sheets[8..]) < even);
    let recipe = Recipe {
        size: SIZE,
        pages: 4,
        beta: 0.1,
        free: 4.0,
        warm: 4,
        pace: Pace {
            steps: 8,
            rate: 1e-2,
            seed: 4,
            look: 2,
            patience: 9,
        },
    };
    let lesson = Reading {
        recipe: &recipe,
        learn: &sheets[..8],
        held: &sheets[8..],
    };
    let bytes = goes_on("pages", |folder, until| {
        let go_on = |progress: &yuefu_composer_training::train::Progress| progress.step < until;
        run::<Autodiff<Flex>, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on)
            .expect("trains")
    });
    Morpher::parse(&bytes).expect("weights that find tunes");
}
