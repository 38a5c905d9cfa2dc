//! Runs go on where they were. Alone in its process: what burn draws comes from one generator for
//! all threads.

use burn::backend::{Autodiff, Flex};
use events::tune;
use killed::goes_on;
use yuefu_composer_training::{
    net::Size,
    train::{Pace, Recipe, train},
};

#[path = "support/events.rs"]
mod events;
#[path = "support/killed.rs"]
mod killed;

type Back = Autodiff<Flex>;

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
        pace: Pace {
            steps: 8,
            rate: 1e-2,
            seed: 5,
            look: 2,
            patience: 100,
        },
    };
    goes_on("training", |folder, until| {
        train::<Back>(&recipe, &tunes[..5], &tunes[5..], folder, &device, |p| {
            p.step < until
        })
        .expect("a run")
    });
}
