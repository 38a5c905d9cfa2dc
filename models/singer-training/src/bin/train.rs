//! Trains the singers: `train DATA STATE --steps N [--rate R] [--batch B] [--width W]`.
//!
//! `DATA` is the folder that `record` filled, `STATE` a folder for `state.bin`, `log.tsv` and
//! `singers.bin` (the weights that ship, of the best step so far). A killed training goes on where
//! it stopped.

use rayon::prelude::*;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use yuefu_engine::rng::Rng;
use yuefu_singer_training::adam::{Adam, start};
use yuefu_singer_training::cast::CAST;
use yuefu_singer_training::checkpoint::Checkpoint;
use yuefu_singer_training::data::{Data, Example, Loss, loss};
use yuefu_singer_training::net::{backward, forward};
use yuefu_voice::neural::{Shape, Weights};

/// Parts of a batch that are computed beside each other, whatever the number of threads.
const PARTS: usize = 2;
/// Steps between validations, after so many of which without progress the training ends.
const EVERY: u64 = 200;
const PATIENCE: u64 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, state, rest @ ..] = args.as_slice() else {
        return Err("usage: train DATA STATE --steps N [--rate R] [--batch B] [--width W]".into());
    };
    let option = |name: &str, usual: f64| -> Result<f64, Box<dyn Error>> {
        match rest.iter().position(|arg| arg == name) {
            Some(at) => Ok(rest.get(at + 1).ok_or("a value is missing")?.parse()?),
            None => Ok(usual),
        }
    };
    let steps = option("--steps", 8000.0)? as u64;
    let peak = option("--rate", 1.5e-3)? as f32;
    let batch = option("--batch", 8.0)? as usize;
    let width = option("--width", 192.0)? as usize;
    let data = Data::load(Path::new(folder), CAST.len())?;
    println!(
        "{} lines, {} held back, {:.1} minutes, median pitch {:?}",
        data.train.len(),
        data.held.len(),
        data.frames as f64 * 0.0125 / 60.0,
        data.pitch
    );
    println!("minutes (Mandarin, English): {:.1?}", data.minutes);
    let shape = Shape::new(128, width, CAST.len(), 3, 8);
    println!("{} numbers", shape.numbers);
    fs::create_dir_all(state)?;
    let state = Path::new(state);
    let path = state.join("state.bin");
    let mut training = match Checkpoint::load(&path, shape.numbers)? {
        Some(training) => training,
        None => {
            let numbers = start(&shape, 1);
            Checkpoint {
                adam: Adam::new(&numbers),
                best: (f32::INFINITY, 0),
                best_numbers: numbers.clone(),
                numbers,
            }
        }
    };
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(state.join("log.tsv"))?;
    let per_epoch = (data.train.len() / batch).max(1) as u64;
    let (begun, first) = (Instant::now(), training.adam.steps);
    let mut saved = Instant::now();
    let mut running = Vec::new();
    while training.adam.steps < steps {
        let step = training.adam.steps;
        let (epoch, place) = (step / per_epoch, (step % per_epoch) as usize);
        let mut order: Vec<usize> = (0..data.train.len()).collect();
        Rng::new(1000 + epoch).shuffle(&mut order);
        let lines: Vec<Example> = order[place * batch..((place + 1) * batch).min(order.len())]
            .iter()
            .map(|index| {
                let line = &data.train[*index];
                let mut rng = Rng::new((step << 16) | *index as u64);
                line.retuned(data.pitch[line.singer], &mut rng)
            })
            .collect();
        let frames: usize = lines.iter().map(|line| line.owner.len()).sum();
        let scale = 1.0 / frames as f32;
        let parts: Vec<(f64, Vec<f32>)> = lines
            .par_chunks(lines.len().div_ceil(PARTS))
            .map(|part| {
                let mut gradient = vec![0.0; shape.numbers];
                let mut sum = 0.0;
                for line in part {
                    let tape = forward(&shape, &training.numbers, line);
                    let found = loss(&data, line, &tape.output, &tape.spoken, scale);
                    sum += found.whole;
                    backward(
                        &shape,
                        &training.numbers,
                        line,
                        &tape,
                        &found.by_spoken,
                        &found.by_output,
                        &mut gradient,
                    );
                }
                (sum, gradient)
            })
            .collect();
        let mut gradient = vec![0.0; shape.numbers];
        for (sum, part) in &parts {
            gradient.iter_mut().zip(part).for_each(|(y, x)| *y += x);
            running.push(*sum);
        }
        let progress = step as f32 / steps as f32;
        let warm = ((step + 1) as f32 / 150.0).min(1.0);
        let fade = 0.5 + 0.5 * (std::f32::consts::PI * progress).cos();
        let rate = peak * warm * (0.02 + 0.98 * fade);
        let Checkpoint { numbers, adam, .. } = &mut training;
        adam.step(numbers, &gradient, rate);
        let step = training.adam.steps;
        if step.is_multiple_of(EVERY) || step == steps {
            let held = judge(&data, &shape, &training.adam.mean);
            let trained = running.iter().sum::<f64>() * PARTS as f64 / running.len() as f64;
            running.clear();
            let spent = begun.elapsed().as_secs_f64();
            let left = spent / (step - first) as f64 * (steps - step) as f64 / 60.0;
            let line = format!(
                "{step}\t{:.4}\t{:.4}\t{:.3}\t{:.4}\t{:.4}\t{rate:.6}",
                trained, held.whole, held.decibels, held.voice, held.lengths
            );
            writeln!(log, "{line}")?;
            println!("{line}\t{left:.1} minutes left");
            if (held.decibels as f32) < training.best.0 {
                training.best = (held.decibels as f32, step);
                training.best_numbers = training.adam.mean.clone();
                let weights = Weights {
                    shape: shape.clone(),
                    mean: data.mean.clone(),
                    deviation: data.deviation.clone(),
                    pitch: data.pitch.clone(),
                    numbers: training.best_numbers.clone(),
                };
                fs::write(state.join("singers.bin"), weights.bytes())?;
            } else if step - training.best.1 >= PATIENCE * EVERY {
                println!("no progress since step {}", training.best.1);
                break;
            }
        }
        if saved.elapsed() > Duration::from_secs(60) {
            training.save(&path)?;
            saved = Instant::now();
        }
    }
    training.save(&path)?;
    Ok(())
}

/// The mean loss over the lines held back.
fn judge(data: &Data, shape: &Shape, numbers: &[f32]) -> Loss {
    let all: Vec<Loss> = data
        .held
        .par_iter()
        .map(|line| {
            let tape = forward(shape, numbers, line);
            let scale = 1.0 / line.owner.len() as f32;
            loss(data, line, &tape.output, &tape.spoken, scale)
        })
        .collect();
    let sum = |part: fn(&Loss) -> f64| all.iter().map(part).sum::<f64>();
    Loss {
        whole: sum(|l| l.whole) / all.len().max(1) as f64,
        decibels: sum(|l| l.decibels) / sum(|l| l.frames).max(1.0),
        voice: sum(|l| l.voice) / sum(|l| l.frames).max(1.0),
        lengths: sum(|l| l.lengths) / sum(|l| l.phones).max(1.0),
        ..Loss::default()
    }
}
