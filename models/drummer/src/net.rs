//! Running the network: a reader of grooves (an LSTM in each direction), a writer that draws the hits
//! of each step from a summary and from what it wrote, and a player that gives each hit its force and
//! its lateness.

use crate::features::{FORCES, GROUND, PLAY, READ, SUMMARY, TIMES, WRITE, read, write};
use crate::groove::{Hit, KINDS, Rows};
use yuefu_engine::Rng;
use yuefu_nets::{
    kernel::{add, add_scaled, rectify, row},
    layers::{Cell, Dense, Tables},
    summary::{Hand, Reader, Summary, width},
    weights::{Table, WeightsFault, parse, take},
};

/// A network, loaded.
#[derive(Clone, Debug)]
pub struct Net {
    reader: Reader,
    write: Dense,
    write_summary: Table,
    writer: Cell,
    rows: Dense,
    /// What a kind that is struck says of the kinds after it.
    chain: Table,
    play: Dense,
    play_summary: Table,
    player: Cell,
    force: Dense,
    time: Dense,
    time_force: Table,
    time_out: Dense,
    /// Where the summaries of real grooves lie: style, fill and share of each middle; the middles;
    /// their widths. Weights fresh from training have none.
    ideas: Option<[Table; 3]>,
}

impl Net {
    /// Reads a network from its file.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsFault> {
        let mut tables = parse(bytes)?;
        let tables = &mut tables;
        let hand = width(tables, "write.weight")?;
        let arm = width(tables, "play.weight")?;
        let half = width(tables, "time.weight")?;
        let plain = |tables: &mut Tables, name: &str, from: usize, to: usize| {
            take(tables, &format!("{name}.weight"), Some(from), Some(to))
        };
        Ok(Self {
            reader: Reader::take(tables, READ, SUMMARY)?,
            write: Dense::take(tables, "write", WRITE, hand)?,
            write_summary: plain(tables, "write-summary", SUMMARY, hand)?,
            writer: Cell::take(tables, "writer", hand)?,
            rows: Dense::take(tables, "rows", hand, KINDS)?,
            chain: take(tables, "chain", Some(KINDS), Some(KINDS))?,
            play: Dense::take(tables, "play", PLAY, arm)?,
            play_summary: plain(tables, "play-summary", SUMMARY + 1, arm)?,
            player: Cell::take(tables, "player", arm)?,
            force: Dense::take(tables, "force", arm, FORCES)?,
            time: Dense::take(tables, "time", arm, half)?,
            time_force: plain(tables, "time-force", FORCES, half)?,
            time_out: Dense::take(tables, "time-out", half, TIMES)?,
            ideas: match tables.get("ideas.kind").map(|table| table.rows) {
                None => None,
                Some(count) => Some([
                    take(tables, "ideas.kind", Some(count), Some(3))?,
                    take(tables, "ideas.mean", Some(count), Some(SUMMARY))?,
                    take(tables, "ideas.width", Some(count), Some(SUMMARY))?,
                ]),
            },
        })
    }

    /// A summary such as real grooves of a style have, or real fills; of any style where nobody played
    /// that.
    pub fn idea(&self, style: Option<usize>, fill: bool, rng: &mut Rng) -> Vec<f32> {
        let Some([kinds, means, widths]) = &self.ideas else {
            return (0..SUMMARY).map(|_| rng.normal()).collect();
        };
        let weigh = |style: Option<usize>| -> Vec<f32> {
            let of = |index: usize| {
                let kind = row(kinds, index);
                let fits = style.is_none_or(|style| kind[0] == style as f32);
                match fits && (kind[1] > 0.5) == fill {
                    true => kind[2].max(0.0),
                    false => 0.0,
                }
            };
            (0..kinds.rows).map(of).collect()
        };
        let mut shares = weigh(style);
        if shares.iter().all(|share| *share <= 0.0) {
            shares = weigh(None);
        }
        let index = rng.weighted(&shares);
        let both = row(means, index).iter().zip(row(widths, index));
        both.map(|(mean, width)| mean + width * rng.normal())
            .collect()
    }

    /// Reads two bars; `felt`: with force and lateness, else hits alone.
    pub fn summary(&self, hits: &[Hit], felt: bool, ground: &[f32; GROUND]) -> Summary {
        let steps = read(hits, felt, ground);
        self.reader.summary(steps.iter().map(|step| &step[..]))
    }

    /// A writer that has written nothing.
    pub fn writer(&self, summary: &[f32]) -> Hand {
        Hand::new(&self.writer, &self.write_summary, summary)
    }

    /// What the writer makes of the steps before `step`; to be asked for each step in order.
    pub fn written(
        &self,
        hand: &mut Hand,
        rows: &Rows,
        step: usize,
        ground: &[f32; GROUND],
    ) -> [f32; KINDS] {
        let mut x = self.write.apply(&write(rows, step, ground));
        add(&hand.always, &mut x);
        self.writer.step(&mut hand.rows, &mut x);
        self.rows.apply(&x).try_into().expect("a row")
    }

    /// Changes the logits of a step when one of its kinds is struck.
    pub fn struck(&self, kind: usize, logits: &mut [f32; KINDS]) {
        add(row(&self.chain, kind), logits);
    }

    /// A player that has played nothing; with or without a summary of what is played.
    pub fn player(&self, summary: Option<&[f32]>) -> Hand {
        let known: Vec<f32> = match summary {
            Some(summary) => summary.iter().copied().chain([1.0]).collect(),
            None => vec![0.0; SUMMARY + 1],
        };
        Hand::new(&self.player, &self.play_summary, &known)
    }

    /// Logits of the force of a hit, and the player's state there.
    pub fn force(&self, hand: &mut Hand, told: &[f32; PLAY]) -> (Vec<f32>, Vec<f32>) {
        let mut x = self.play.apply(told);
        add(&hand.always, &mut x);
        self.player.step(&mut hand.rows, &mut x);
        (self.force.apply(&x), x)
    }

    /// Logits of its lateness, when its class of force is known.
    pub fn time(&self, state: &[f32], force: usize) -> Vec<f32> {
        let mut x = self.time.apply(state);
        add(row(&self.time_force, force), &mut x);
        rectify(&mut x);
        self.time_out.apply(&x)
    }
}

/// A place between two summaries, 0 at the first and 1 at the second.
pub fn between(a: &[f32], b: &[f32], at: f32) -> Vec<f32> {
    let mut mixed = vec![0.0; a.len()];
    add_scaled(a, 1.0 - at, &mut mixed);
    add_scaled(b, at, &mut mixed);
    mixed
}
