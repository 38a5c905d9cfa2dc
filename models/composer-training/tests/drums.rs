//! What burn trains is what the drummer runs.

use burn::backend::Flex;
use near::floats;
use yuefu_composer_training::drums::{
    batch::batch,
    net::{Drums, Size},
    takes::Window,
};
use yuefu_drummer::{
    features::{FORCES, Ground, NO_LEVEL, Page, TIMES, force_class, ground},
    groove::{Hit, KINDS, STEPS, rows, tidy},
    net::Net,
    swing::Swing,
};
use yuefu_engine::SeedPath;
use yuefu_nets::weights;

#[path = "support/near.rs"]
mod near;

fn window(seed: u64) -> Window {
    let mut rng = SeedPath::song(seed).rng();
    let mut hits: Vec<Hit> = (0..40)
        .map(|_| Hit {
            step: rng.below(STEPS),
            kind: rng.below(KINDS),
            force: rng.unit(),
            late: 0.4 * rng.bipolar(),
        })
        .collect();
    tidy(&mut hits);
    Window {
        ground: Ground {
            style: Some(2),
            tempo: 96.0,
            fill: false,
            swing: Swing {
                eighths: 0.5,
                sixteenths: 0.0,
            },
        },
        hits,
        steps: STEPS,
    }
}

#[test]
fn both_say_the_same() {
    let device = Default::default();
    let size = Size {
        read: 12,
        write: 16,
        play: 14,
        dropout: 0.0,
    };
    let net = Drums::<Flex>::new(size, &device);
    let own = Net::parse(&weights::write(&net.tables())).expect("tables");
    let window = window(3);
    let mut rng = SeedPath::song(9).rng();
    let told = batch::<Flex>(&[&window], &mut rng, false, &device);
    let near = |a: &[f32], b: &[f32]| near::near(a, b, 2e-4);
    let known = ground(&window.ground);
    let [mean, spread] = net.summary(told.read.clone());
    let summary = own.summary(&window.hits, true, &known);
    near(&summary.mean, &floats(mean.clone()));
    near(&summary.spread, &floats(spread));

    let logits = net.rows(told.write.clone(), told.hits.clone(), mean.clone());
    let logits = floats(logits);
    let struck = rows(&window.hits);
    let mut hand = own.writer(&summary.mean);
    for (step, row) in struck.iter().enumerate() {
        let mut said = own.written(&mut hand, &struck, step, &known);
        for kind in 0..KINDS {
            near(&said[kind..=kind], &logits[step * KINDS + kind..][..1]);
            if row[kind] {
                own.struck(kind, &mut said);
            }
        }
    }

    let one = told.told.clone();
    let told_summary = burn::tensor::Tensor::cat(vec![mean, one], 1);
    let [force, time] = net.played(told.play.clone(), told.forces.clone(), told_summary);
    let (force, time) = (floats(force), floats(time));
    let places: Vec<(usize, usize)> = window.hits.iter().map(|h| (h.step, h.kind)).collect();
    let played: Vec<(f32, f32)> = window.hits.iter().map(|h| (h.force, h.late)).collect();
    let levels = vec![NO_LEVEL; places.len()];
    let page = Page::new(&places, &levels, known, None);
    let mut hand = own.player(Some(&summary.mean));
    for (index, hit) in window.hits.iter().enumerate() {
        let (said, state) = own.force(&mut hand, &page.row(index, &played));
        near(&said, &force[index * FORCES..(index + 1) * FORCES]);
        let said = own.time(&state, force_class(hit.force));
        near(&said, &time[index * TIMES..(index + 1) * TIMES]);
    }
}
