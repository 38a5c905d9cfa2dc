//! Tunes cut into batches.

use burn::tensor::{Int, Tensor, TensorData, backend::Backend};
use yuefu_composer::{
    events::{AT, BEFORE, HIDDEN_AT, HIDDEN_BEFORE, NO_TIME},
    tell::Event,
};
use yuefu_engine::{Rng, SeedPath};

/// Chance that training hides a thing that need not be known, for a phrase at a time.
const HIDE: f32 = 0.35;

/// Notes of some tunes, side by side.
#[derive(Debug)]
pub struct Batch<B: Backend> {
    /// What is known before each note, `[batch, notes, classes of all]`, zeros and ones.
    pub before: Tensor<B, 3>,
    /// What is known at it.
    pub at: Tensor<B, 3>,
    /// Classes of distance, length and key, `[batch * notes]`.
    pub answers: [Tensor<B, 1, Int>; 3],
    /// For each of the answers, 1 where one is wanted: not after a tune's end, and no distance of
    /// its first note.
    pub real: [Tensor<B, 1>; 3],
    /// How many answers are wanted of each.
    pub counts: [usize; 3],
}

/// Cuts `notes` notes out of each of some tunes; things are hidden where there is a generator.
pub fn batch<B: Backend>(
    cuts: &[&[Event]],
    notes: usize,
    mut hide: Option<&mut Rng>,
    device: &B::Device,
) -> Batch<B> {
    let rows = cuts.len() * notes;
    let (all_before, all_at) = (BEFORE.iter().sum::<usize>(), AT.iter().sum::<usize>());
    let mut before = vec![0.0_f32; rows * all_before];
    let mut at = vec![0.0_f32; rows * all_at];
    let mut answers = [vec![0_i32; rows], vec![0; rows], vec![0; rows]];
    let mut real = [vec![0.0_f32; rows], vec![0.0; rows], vec![0.0; rows]];
    for (number, cut) in cuts.iter().enumerate() {
        let mut hidden = [false; HIDDEN_BEFORE.len() + HIDDEN_AT.len()];
        for (index, event) in cut.iter().take(notes).enumerate() {
            let row = number * notes + index;
            let mut known = *event;
            if let Some(rng) = hide.as_deref_mut() {
                if index == 0 || known.before[20] == 1 {
                    hidden.fill_with(|| rng.chance(HIDE));
                    // What is restated is shown or hidden as a whole.
                    hidden[4] = hidden[3];
                    hidden[8] = hidden[3];
                }
                for ((place, unknown), hidden) in HIDDEN_BEFORE.iter().zip(&hidden) {
                    if *hidden {
                        known.before[*place] = *unknown;
                    }
                }
                for ((place, unknown), hidden) in HIDDEN_AT.iter().zip(&hidden[6..]) {
                    if *hidden {
                        known.at[*place] = *unknown;
                    }
                }
            }
            mark(&BEFORE, &known.before, &mut before[row * all_before..]);
            mark(&AT, &known.at, &mut at[row * all_at..]);
            answers[0][row] = i32::from(event.distance.min(31));
            answers[1][row] = i32::from(event.length.min(31));
            answers[2][row] = i32::from(event.key);
            real[0][row] = f32::from(u8::from(event.distance != NO_TIME));
            real[1][row] = 1.0;
            real[2][row] = 1.0;
        }
    }
    let counts = real
        .each_ref()
        .map(|real| real.iter().filter(|r| **r > 0.0).count());
    let three = |numbers: Vec<f32>, width: usize| {
        Tensor::from_data(TensorData::new(numbers, [cuts.len(), notes, width]), device)
    };
    Batch {
        before: three(before, all_before),
        at: three(at, all_at),
        answers: answers.map(|a| Tensor::from_data(TensorData::new(a, [rows]), device)),
        real: real.map(|r| Tensor::from_data(TensorData::new(r, [rows]), device)),
        counts,
    }
}

fn mark(sizes: &[usize], classes: &[u8], row: &mut [f32]) {
    let mut start = 0;
    for (size, class) in sizes.iter().zip(classes) {
        row[start + usize::from(*class)] = 1.0;
        start += size;
    }
}

/// The cuts of a step of training: tunes by their length, places at random.
pub fn cuts<'a>(
    tunes: &'a [Vec<Event>],
    count: usize,
    notes: usize,
    seed: &SeedPath,
) -> Vec<&'a [Event]> {
    let mut rng = seed.rng();
    let lengths: Vec<f32> = tunes.iter().map(|t| t.len() as f32).collect();
    (0..count)
        .map(|_| {
            let tune = &tunes[rng.weighted(&lengths)];
            // As often from the beginning as from anywhere: songs begin in their own way.
            let last = tune.len().saturating_sub(notes / 2).max(1);
            let from = match rng.chance(0.3) {
                true => 0,
                false => rng.below(last),
            };
            &tune[from..(from + notes).min(tune.len())]
        })
        .collect()
}
