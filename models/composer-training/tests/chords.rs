//! Chords: what burn trains is what the composer runs, and it learns what a toy song does.

use burn::{
    backend::{Autodiff, Flex},
    tensor::{Tensor, TensorData},
};
use near::{floats, near};
use yuefu_composer::chords::{
    Beat, ChordNet as Loaded, Course, DENSE, Passage, SIZE, SYMBOLS, Seen, Told, see,
};
use yuefu_composer_training::{
    chords::{ChordNet, Harmony, Recipe, foresight},
    train::{Pace, run},
};
use yuefu_nets::weights;
use yuefu_song::SectionKind;

#[path = "support/near.rs"]
mod near;

/// Two bars each of four chords, round and round.
fn toy() -> Course {
    let chords = [0_u8, 35, 46, 25];
    let beats: Vec<Beat> = (0..128)
        .map(|at| Beat {
            chord: Told {
                symbol: chords[at / 8 % 4],
                bass: 0,
                color: 0,
            },
            change: at.is_multiple_of(8),
            tune: (at < 64).then_some([0.25; 12]),
        })
        .collect();
    Course {
        repertoire: Some(1),
        per_bar: 4,
        passages: vec![
            Passage {
                beats: (0, 64),
                kind: Some(SectionKind::Verse),
                minor: false,
            },
            Passage {
                beats: (64, 128),
                kind: Some(SectionKind::Chorus),
                minor: false,
            },
        ],
        beats,
    }
}

#[test]
fn both_say_the_same() {
    let device = Default::default();
    let net = ChordNet::<Flex>::new(0.0, &device);
    let own = Loaded::parse(&weights::write(&net.tables())).expect("tables");
    let course = toy();
    let mut seen = Seen::default();
    for (passage, at) in [(0, 0), (0, 9), (0, 63), (1, 64), (1, 100)] {
        see(&course, passage, at, &mut seen);
        let mut row = vec![0.0_f32; SIZE];
        for class in &seen.classes {
            row[*class] = 1.0;
        }
        row[SIZE - DENSE..].copy_from_slice(&seen.tune);
        let mut symbol = vec![0.0_f32; SYMBOLS];
        symbol[35] = 1.0;
        let tensor = |numbers: Vec<f32>| {
            let width = numbers.len();
            Tensor::<Flex, 2>::from_data(TensorData::new(numbers, [1, width]), &device)
        };
        let answers = net.forward(tensor(row), tensor(symbol));
        let thought = own.think(&seen);
        let said = [
            own.change(&thought),
            own.symbol(&thought),
            own.detail(&thought, 35),
        ];
        for (answer, said) in answers.into_iter().zip(said) {
            near(&floats(answer), &said, 1e-4);
        }
    }
}

#[test]
fn a_round_of_four_chords_is_learned() {
    let recipe = Recipe {
        beats: 64,
        dropout: 0.0,
        pace: Pace {
            steps: 60,
            rate: 5e-3,
            seed: 3,
            look: 20,
            patience: 10,
        },
    };
    let songs = [toy()];
    let lesson = Harmony {
        recipe: &recipe,
        learn: &songs,
        held: &songs,
    };
    let folder = std::env::temp_dir().join(format!("yuefu-chords-{}", std::process::id()));
    let device = Default::default();
    let done = run::<Autodiff<Flex>, _>(&lesson, &recipe, &recipe.pace, &folder, &device, |_| true)
        .expect("a run");
    let bytes = std::fs::read(folder.join("best.yfw")).expect("weights");
    std::fs::remove_dir_all(&folder).expect("cleaned");
    assert_eq!(done.step, 60);
    let net = Loaded::parse(&bytes).expect("weights");
    // The beginning cannot be foretold, the other 15 changes can.
    let all = foresight(&net, &songs, true)[&None];
    assert!(all.1 == 16 && all.0 < 1.6, "{all:?}");
}
