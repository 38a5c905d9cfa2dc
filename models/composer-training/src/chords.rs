//! Learning chords: the network, what it is shown, and how it is judged.

mod courses;

pub use courses::courses;

use crate::{
    net::{dense, dense_tables, weights},
    train::{Lesson, Pace, surprise},
};
use burn::{
    module::{AutodiffModule, Module},
    nn::{Dropout, DropoutConfig, Linear},
    tensor::{
        ElementConversion, Int, Tensor, TensorData,
        activation::relu,
        backend::{AutodiffBackend, Backend},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yuefu_composer::chords::{Course, DENSE, DETAILS, SIZE, SYMBOLS, Seen, WIDTHS, see};
use yuefu_engine::{Rng, SeedPath};
use yuefu_nets::weights::Table;

/// Chance that training hides a song's repertoire, what its sections do, or its tune.
const HIDE: [f32; 3] = [0.1, 0.15, 0.5];

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Beats in a batch.
    pub beats: usize,
    /// Share of numbers that training drops.
    pub dropout: f64,
    /// The pace of the run.
    pub pace: Pace,
}

/// The network of `yuefu_composer::chords` as burn trains it.
#[derive(Module, Debug)]
pub struct ChordNet<B: Backend> {
    first: Linear<B>,
    second: Linear<B>,
    change: Linear<B>,
    symbol: Linear<B>,
    body: Linear<B>,
    symbols: Linear<B>,
    detail: Linear<B>,
    dropout: Dropout,
}

impl<B: Backend> ChordNet<B> {
    /// A network that knows nothing yet.
    pub fn new(dropout: f64, device: &B::Device) -> Self {
        let [first, second, detail] = WIDTHS;
        Self {
            first: dense(SIZE, first, true, device),
            second: dense(first, second, true, device),
            change: dense(second, 2, true, device),
            symbol: dense(second, SYMBOLS, true, device),
            body: dense(second, detail, true, device),
            symbols: dense(SYMBOLS, detail, false, device),
            detail: dense(detail, DETAILS, true, device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// Logits of changing, of roots and triads, and of basses and colors, for rows of what is seen
    /// and of the root and triad that follows.
    pub fn forward(&self, seen: Tensor<B, 2>, symbol: Tensor<B, 2>) -> [Tensor<B, 2>; 3] {
        let x = self.dropout.forward(relu(self.first.forward(seen)));
        let x = self.dropout.forward(relu(self.second.forward(x)));
        let detail = relu(self.body.forward(x.clone()) + self.symbols.forward(symbol));
        [
            self.change.forward(x.clone()),
            self.symbol.forward(x),
            self.detail.forward(detail),
        ]
    }

    /// Its tables as `yuefu_composer::chords` reads them.
    pub fn tables(&self) -> Vec<(String, Table)> {
        let mut out = Vec::new();
        for (name, linear) in [
            ("first", &self.first),
            ("second", &self.second),
            ("change", &self.change),
            ("symbol", &self.symbol),
            ("body", &self.body),
            ("detail", &self.detail),
        ] {
            dense_tables(&mut out, name, linear);
        }
        out.push(("symbols".to_owned(), weights(&self.symbols)));
        out
    }
}

/// Songs to learn chords from and to be judged by.
#[derive(Debug)]
pub struct Harmony<'a> {
    /// How to train.
    pub recipe: &'a Recipe,
    /// What is learned from.
    pub learn: &'a [Course],
    /// What is held back.
    pub held: &'a [Course],
}

/// Beats as a network is shown them.
struct Batch<B: Backend> {
    seen: Tensor<B, 2>,
    symbol: Tensor<B, 2>,
    answers: [Tensor<B, 1, Int>; 3],
    /// 1 where an answer is wanted.
    real: [Tensor<B, 1>; 3],
    counts: [usize; 3],
}

/// A beat: its song, section and place.
type Spot<'a> = (&'a Course, usize, usize);

/// All beats of songs.
fn spots(courses: &[Course]) -> Vec<Spot<'_>> {
    let mut out = Vec::new();
    for course in courses {
        for (number, passage) in course.passages.iter().enumerate() {
            out.extend((passage.beats.0..passage.beats.1).map(|at| (course, number, at)));
        }
    }
    out
}

fn batch<B: Backend>(
    spots: &[Spot<'_>],
    mut hide: Option<&mut Rng>,
    device: &B::Device,
) -> Batch<B> {
    let rows = spots.len();
    let mut seen = vec![0.0_f32; rows * SIZE];
    let mut symbol = vec![0.0_f32; rows * SYMBOLS];
    let mut answers = [vec![0_i32; rows], vec![0; rows], vec![0; rows]];
    let mut real = [vec![0.0_f32; rows], vec![0.0; rows], vec![0.0; rows]];
    let mut known = Seen::default();
    for (row, (course, passage, at)) in spots.iter().enumerate() {
        see(course, *passage, *at, &mut known);
        if let Some(rng) = hide.as_deref_mut() {
            known.hide(HIDE.map(|chance| rng.chance(chance)));
        }
        let own = &mut seen[row * SIZE..(row + 1) * SIZE];
        for class in &known.classes {
            own[*class] = 1.0;
        }
        own[SIZE - DENSE..].copy_from_slice(&known.tune);
        let beat = &course.beats[*at];
        symbol[row * SYMBOLS + usize::from(beat.chord.symbol)] = 1.0;
        answers[0][row] = i32::from(beat.change);
        answers[1][row] = i32::from(beat.chord.symbol);
        answers[2][row] = beat.chord.detail() as i32;
        let change = f32::from(u8::from(beat.change));
        let sounds = f32::from(u8::from(usize::from(beat.chord.symbol) + 1 < SYMBOLS));
        for (real, wanted) in real.iter_mut().zip([1.0, change, change * sounds]) {
            real[row] = wanted;
        }
    }
    let counts = [0, 1, 2].map(|i: usize| real[i].iter().filter(|wanted| **wanted > 0.0).count());
    let float = |numbers: Vec<f32>, width: usize| {
        Tensor::from_data(TensorData::new(numbers, [rows, width]), device)
    };
    Batch {
        seen: float(seen, SIZE),
        symbol: float(symbol, SYMBOLS),
        answers: answers.map(|classes| Tensor::from_data(TensorData::new(classes, [rows]), device)),
        real: real.map(|wanted| Tensor::from_data(TensorData::new(wanted, [rows]), device)),
        counts,
    }
}

/// Sums of the surprise at right answers.
fn surprises<B: Backend>(net: &ChordNet<B>, batch: Batch<B>) -> [Tensor<B, 1>; 3] {
    let mut parts = net
        .forward(batch.seen, batch.symbol)
        .into_iter()
        .zip(batch.answers)
        .zip(batch.real)
        .map(|((answer, right), real)| surprise(answer, right, real));
    [(); 3].map(|()| parts.next().expect("three"))
}

impl<B: AutodiffBackend> Lesson<B> for Harmony<'_> {
    type Net = ChordNet<B>;

    fn name(&self) -> &str {
        "harmonist"
    }

    fn start(&self, device: &B::Device) -> ChordNet<B> {
        ChordNet::new(self.recipe.dropout, device)
    }

    fn loss(
        &self,
        net: &ChordNet<B>,
        _: usize,
        seed: &SeedPath,
        device: &B::Device,
    ) -> Tensor<B, 1> {
        let mut rng = seed.join("beats").rng();
        let picked: Vec<Spot<'_>> = (0..self.recipe.beats)
            .filter_map(|_| {
                // Songs first: a long song is not worth more than a short one.
                let course = rng.pick(self.learn)?;
                let at = rng.below(course.beats.len());
                let passage = course.passages.iter().position(|p| p.beats.1 > at)?;
                Some((course, passage, at))
            })
            .collect();
        let mut hide = seed.join("hide").rng();
        let batch = batch::<B>(&picked, Some(&mut hide), device);
        let counts = batch.counts;
        let parts = surprises(net, batch).into_iter().zip(counts);
        parts
            .map(|(sum, count)| sum / count.max(1) as f64)
            .reduce(|a, b| a + b)
            .expect("three")
    }

    fn examine(&self, net: &ChordNet<B>, device: &B::Device) -> [f64; 3] {
        examine(&net.valid(), self.held, device)
    }

    fn tables(&self, net: &ChordNet<B>) -> Vec<(String, Table)> {
        net.tables()
    }
}

/// Mean surprise at songs with nothing hidden: whether chords change (nats a beat), to which root
/// and triad, over which bass and with which color (nats a change).
pub fn examine<B: Backend>(net: &ChordNet<B>, songs: &[Course], device: &B::Device) -> [f64; 3] {
    let mut sums = [0.0; 3];
    let mut counts = [0; 3];
    for spots in spots(songs).chunks(2048) {
        let batch = batch::<B>(spots, None, device);
        for (all, own) in counts.iter_mut().zip(batch.counts) {
            *all += own;
        }
        for (sum, own) in sums.iter_mut().zip(surprises(net, batch)) {
            *sum += own.into_scalar().elem::<f64>();
        }
    }
    [0, 1, 2].map(|index| sums[index] / counts[index].max(1) as f64)
}

/// How well the loaded network foresees songs: the perplexity of the next root and triad that is
/// another, out of all others, by repertoire, with the tune and without; and the number of changes.
pub fn foresight(
    net: &yuefu_composer::chords::ChordNet,
    songs: &[Course],
    tune: bool,
) -> BTreeMap<Option<u8>, (f64, usize)> {
    let mut sums: BTreeMap<Option<u8>, (f64, usize)> = BTreeMap::new();
    let mut seen = Seen::default();
    for (course, passage, at) in spots(songs) {
        let beat = &course.beats[at];
        let now = at
            .checked_sub(1)
            .map(|before| course.beats[before].chord.symbol);
        let right = usize::from(beat.chord.symbol);
        if !beat.change || now == Some(beat.chord.symbol) || right + 1 >= SYMBOLS {
            continue;
        }
        see(course, passage, at, &mut seen);
        seen.hide([false, false, !tune]);
        let mut logits = net.symbol(&net.think(&seen));
        // Neither silence nor what sounds already is another chord.
        logits[SYMBOLS - 1] = f32::MIN;
        if let Some(now) = now {
            logits[usize::from(now)] = f32::MIN;
        }
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let all: f64 = logits.iter().map(|l| f64::from(l - most).exp()).sum();
        let surprise = all.ln() - f64::from(logits[right] - most);
        for key in [course.repertoire, None] {
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + surprise, sum.1 + 1);
        }
    }
    for (sum, count) in sums.values_mut() {
        *sum = (*sum / (*count).max(1) as f64).exp();
    }
    sums
}
