//! What burn trains is what the composer runs, and all of it learns.

use burn::{
    backend::{Autodiff, Flex},
    module::{AutodiffModule, Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Tensor, backend::AutodiffBackend},
};
use events::tune;
use near::{floats, near};
use yuefu_composer::{net::Memory, tell::Event};
use yuefu_composer_training::{
    batch::batch,
    net::{Net, Size},
};
use yuefu_nets::weights;

#[path = "support/events.rs"]
mod events;
#[path = "support/near.rs"]
mod near;

type Back = Autodiff<Flex>;

const SIZES: [Size; 2] = [
    Size {
        width: 16,
        blocks: 2,
        cells: 0,
        dropout: 0.0,
    },
    Size {
        width: 16,
        blocks: 0,
        cells: 2,
        dropout: 0.0,
    },
];

#[test]
fn both_say_the_same() {
    let device = Default::default();
    let tune = tune(1, 24);
    for size in SIZES {
        let net = Net::<Flex>::new(size, &device);
        let own = yuefu_composer::net::Net::parse(&weights::write(&net.tables())).expect("tables");
        let told = batch::<Flex>(&[&tune], tune.len(), None, &device);
        let answers = net.forward(told.before, told.at);
        let answers = answers.map(floats);
        let mut memory = Memory::default();
        for (index, event) in tune.iter().enumerate() {
            let state = own.tell(&mut memory, &event.before);
            let said = [
                own.time(&state),
                own.length(&state, &event.at),
                own.key(&state, &event.at),
            ];
            for (said, answers) in said.iter().zip(&answers) {
                let row = &answers[index * said.len()..(index + 1) * said.len()];
                near(said, row, 2e-4);
            }
        }
    }
}

struct Without<'a> {
    gradients: &'a GradientsParams,
    names: usize,
    empty: usize,
}

impl ModuleVisitor<Back> for Without<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<Back, D>>) {
        self.names += 1;
        let gradient = self
            .gradients
            .get::<<Back as AutodiffBackend>::InnerBackend, D>(param.id);
        let moved = gradient.is_some_and(|gradient| {
            let numbers = gradient.into_data().into_vec::<f32>().expect("floats");
            numbers.iter().any(|number| *number != 0.0)
        });
        self.empty += usize::from(!moved);
    }
}

#[test]
fn every_table_learns() {
    let device = Default::default();
    let tunes: Vec<_> = (0..4).map(|seed| tune(seed, 40)).collect();
    let cuts: Vec<&[Event]> = tunes.iter().map(Vec::as_slice).collect();
    for size in SIZES {
        let net = Net::<Back>::new(size, &device);
        let told = batch::<Back>(&cuts, 40, None, &device);
        let answers = net.forward(told.before, told.at);
        let loss = answers
            .into_iter()
            .map(|a| (a.clone() * a).sum())
            .reduce(|a, b| a + b)
            .expect("three");
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        let mut seen = Without {
            gradients: &gradients,
            names: 0,
            empty: 0,
        };
        net.visit(&mut seen);
        // An LSTM does not use the last norm of a Transformer: two tables.
        let unused = if size.cells > 0 { 2 } else { 0 };
        assert!(seen.names > 20);
        assert_eq!(seen.empty, unused, "of {} tables", seen.names);
        let _ = net.valid();
    }
}
