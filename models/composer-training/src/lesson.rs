//! What networks of tunes learn, anew or on top of weights.

use crate::{
    batch::{batch, cuts},
    net::{Net, Size},
    train::{Lesson, examine, surprise_of},
};
use burn::{
    module::AutodiffModule,
    tensor::{Tensor, backend::AutodiffBackend},
};
use std::collections::BTreeMap;
use yuefu_composer::tell::Event;
use yuefu_engine::SeedPath;
use yuefu_nets::weights::Table;

/// Tunes to learn from and to be judged by.
pub(crate) struct Tunes<'a> {
    /// The network's size.
    pub size: Size,
    /// Tables to begin with, whose body stays; `None`: a network that knows nothing yet.
    pub under: Option<&'a BTreeMap<String, Table>>,
    /// Tunes in a batch.
    pub tunes: usize,
    /// Notes of each.
    pub notes: usize,
    /// What is learned from.
    pub learn: &'a [Vec<Event>],
    /// What is held back.
    pub held: &'a [Vec<Event>],
}

impl<B: AutodiffBackend> Lesson<B> for Tunes<'_> {
    type Net = Net<B>;

    fn name(&self) -> &str {
        match self.under {
            None => "composer",
            Some(_) => "tuning",
        }
    }

    fn start(&self, device: &B::Device) -> Net<B> {
        let net = Net::new(self.size, device);
        match self.under {
            None => net,
            Some(under) => net.with_tables(under.clone(), device).with_body_fixed(),
        }
    }

    fn loss(&self, net: &Net<B>, _: usize, seed: &SeedPath, device: &B::Device) -> Tensor<B, 1> {
        let cuts = cuts(self.learn, self.tunes, self.notes, &seed.join("cuts"));
        let mut hide = seed.join("hide").rng();
        surprise_of(net, batch::<B>(&cuts, self.notes, Some(&mut hide), device))
    }

    fn examine(&self, net: &Net<B>, device: &B::Device) -> [f64; 3] {
        examine(&net.valid(), self.held, self.notes, device)
    }

    fn tables(&self, net: &Net<B>) -> Vec<(String, Table)> {
        net.tables()
    }
}
