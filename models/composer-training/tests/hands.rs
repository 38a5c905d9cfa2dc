//! What burn trains is what accompanies, and training it goes on where it was. Alone in their
//! process: what burn draws comes from one generator for all threads.

use burn::backend::{Autodiff, Flex};
use killed::goes_on;
use near::{floats, near};
use yuefu_composer::{
    Pianist,
    hands::{HandsNet as Runs, NO_ACCENT, STEP, Said, Step, done, frames, told, wanted_classes},
};
use yuefu_composer_training::{
    hands::{
        Playing, Recipe, baseline, batch, examine,
        net::{HandsNet, Size},
        reading::Course,
    },
    train::{Pace, run},
};
use yuefu_nets::weights;
use yuefu_song::ChordSpan;
use yuefu_theory::{Metre, TickSpan, Ticks};

#[path = "support/killed.rs"]
mod killed;
#[path = "support/near.rs"]
mod near;

const SIZE: Size = Size {
    width: 16,
    cells: 2,
    dropout: 0.1,
};

/// Eight bars in which a bass answers chords, each course in another figure.
fn course(number: usize) -> Course {
    let chords: Vec<ChordSpan> = (0..8)
        .map(|bar| ChordSpan {
            span: TickSpan::new(Ticks::WHOLE * bar, Ticks::WHOLE * (bar + 1)),
            chord: ["C", "Am7", "F", "G"][bar as usize % 4].parse().unwrap(),
        })
        .collect();
    let apart = 2 + number % 3;
    let steps: Vec<Step> = (0..128)
        .map(|at| Step {
            low: u8::from(at % 8 == 0) + 2 * u8::from(at % 16 == 4),
            high: if at % apart == 1 { 7 } else { 0 },
            holds: [1, (at % 3) as u8],
            accent: match at % 2 {
                0 => (at / 2 % 4) as u8,
                _ => NO_ACCENT,
            },
        })
        .collect();
    let wish = wanted_classes(done(&steps));
    let tune = [(STEP * 3, STEP * 9), (STEP * 40, STEP * 44)];
    let frames = frames(&Metre::common(), Ticks::ZERO, 8, &chords, &tune, 0, |_| {
        wish
    });
    Course {
        frames: frames.expect("chords everywhere"),
        steps,
    }
}

#[test]
fn both_say_the_same_and_a_killed_run_goes_on() {
    let device = Default::default();
    let net = HandsNet::<Flex>::new(SIZE, &device);
    let own = Runs::of(weights::parse(&weights::write(&net.tables())).expect("tables"));
    let own = own.expect("the tables it needs");
    let one = course(1);
    let given = batch::<Flex>(&[(&one, 0, 64)], 64, None, &device);
    let answers = net.forward(given.told, given.low, given.both).map(floats);
    let mut said = Said::default();
    for (at, step) in one.steps[..64].iter().enumerate() {
        own.tell(&mut said, &told(&one.frames, &one.steps, at, false));
        let [left, right, force] = own.manner(&said, step.low, step.high);
        let low = own.low(&said);
        let high = own.high(&said, step.low);
        for (mine, learned) in [low, high, left, right, force].iter().zip(&answers) {
            let wide = mine.len();
            near(mine, &learned[at * wide..(at + 1) * wide], 2e-4);
        }
    }
    let again = HandsNet::<Flex>::new(SIZE, &device);
    let tables = net.tables().into_iter().collect();
    let again = again.with_tables(tables, &device);
    let courses: Vec<Course> = (0..9).map(course).collect();
    let both = [&net, &again].map(|net| examine(net, &courses[6..], 64, &device));
    assert_eq!(both[0], both[1]);

    let even = [(9.0_f64).ln(), (32.0_f64).ln()];
    let counted = baseline(&courses[..6], &courses[6..]);
    assert!(counted[0] < even[0] && counted[1] < even[1], "{counted:?}");
    let recipe = Recipe {
        size: SIZE,
        cuts: 3,
        steps: 32,
        pace: Pace {
            steps: 8,
            rate: 1e-2,
            seed: 4,
            look: 2,
            patience: 9,
        },
    };
    let lesson = Playing {
        recipe: &recipe,
        learn: &courses[..6],
        held: &courses[6..],
    };
    let bytes = goes_on("hands", |folder, until| {
        let go_on = |progress: &yuefu_composer_training::train::Progress| progress.step < until;
        run::<Autodiff<Flex>, _>(&lesson, &recipe, &recipe.pace, folder, &device, go_on)
            .expect("trains")
    });
    Pianist::parse(&bytes).expect("weights that accompany");
}
