//! Training the drummer goes on where it was. Alone in its process: what burn draws comes from one
//! generator for all threads.

use burn::backend::{Autodiff, Flex};
use killed::goes_on;
use yuefu_composer_training::{
    drums::{
        lesson::{Drumming, Recipe},
        net::Size,
        takes::Window,
    },
    train::{Pace, run},
};
use yuefu_drummer::{
    Drummer,
    features::Ground,
    groove::{Hit, STEPS},
    swing::Swing,
};

#[path = "support/killed.rs"]
mod killed;

/// Two bars of a beat, each a little other than the last.
fn window(number: usize) -> Window {
    let hit = |step: usize, kind: usize| Hit {
        step,
        kind,
        force: 0.3 + 0.05 * ((step + number) % 10) as f32,
        late: 0.02 * ((step * 7 + number) % 9) as f32 - 0.08,
    };
    let beat = (0..STEPS).step_by(4).map(|step| hit(step, step / 4 % 2));
    let mut hits: Vec<Hit> = beat.collect();
    hits.push(hit(2 * number + 1, 2));
    yuefu_drummer::groove::tidy(&mut hits);
    Window {
        ground: Ground {
            style: Some(number % 3),
            tempo: 100.0 + number as f64,
            fill: false,
            swing: Swing::default(),
        },
        hits,
        steps: STEPS,
    }
}

#[test]
fn a_run_that_was_killed_goes_on_as_if_it_had_not_been() {
    let windows: Vec<Window> = (0..6).map(window).collect();
    let recipe = Recipe {
        size: Size {
            read: 12,
            write: 16,
            play: 14,
            dropout: 0.2,
        },
        windows: 3,
        beta: 0.4,
        free: 2.0,
        warm: 4,
        pace: Pace {
            steps: 8,
            rate: 1e-2,
            seed: 5,
            look: 2,
            patience: 100,
        },
    };
    let lesson = Drumming {
        recipe: &recipe,
        learn: &windows[..5],
        held: &windows[5..],
    };
    let device = Default::default();
    let best = goes_on("drumming", |folder, until| {
        run::<Autodiff<Flex>, _>(&lesson, &recipe, &recipe.pace, folder, &device, |p| {
            p.step < until
        })
        .expect("a run")
    });
    Drummer::parse(&best).expect("a drummer");
}
