//! The feedback delay network.

use crate::effect::TICK;
use yuefu_audio::{SampleRate, math};

/// Delay lines.
const LINES: usize = 16;
/// The first lines drift in length; the others stay.
const DRIFTING: usize = 6;

type Row = [f32; LINES];

#[derive(Clone, Debug)]
pub(super) struct Network {
    /// All lines in one piece of memory, each a power of two long.
    memory: Vec<f32>,
    size: usize,
    at: usize,
    lengths: [usize; LINES],
    /// Loop gain at middle frequencies.
    gain: Row,
    /// First-order low and high shelf per line: b0, b1, −a1.
    shelves: [[Row; 3]; 2],
    /// Shelf states: last input, last output.
    states: [[Row; 2]; 2],
    /// Patterns of signs with which the channels enter and leave the lines.
    out: [Row; 2],
    scale: f32,
    /// Drift now, and its increment per frame, in frames.
    drift: [f32; DRIFTING],
    slope: [f32; DRIFTING],
    depth: f32,
    /// Cycles per tick, and position in the cycle, of each drift.
    speed: [f32; DRIFTING],
    phase: [f32; DRIFTING],
}

impl Network {
    /// `decay`: seconds to fall by 60 dB below 200 Hz, in the middle, and above 5 kHz.
    pub(super) fn new(
        lines_ms: [f64; 2],
        decay: [f64; 3],
        drift_ms: f64,
        rate: SampleRate,
    ) -> Self {
        let mut lengths = [0; LINES];
        let ratio = lines_ms[1] / lines_ms[0];
        let mut last = 0;
        for (i, length) in lengths.iter_mut().enumerate() {
            let share = i as f64 / (LINES - 1) as f64;
            let frames = lines_ms[0] * 1e-3 * rate.hz() * math::pow(ratio, share);
            last = next_prime((frames as usize).max(last + 1).max(TICK + 40));
            *length = last;
        }
        // Neighbors in length should not be neighbors in the matrix or share a sign pattern.
        let order = [0, 11, 6, 13, 3, 8, 15, 5, 10, 1, 12, 7, 2, 9, 4, 14];
        let lengths = order.map(|i| lengths[i]);

        let total: usize = lengths.iter().sum();
        let [low, middle, high] = decay;
        let db = |d: usize, t: f64| -60.0 * d as f64 / (t * rate.hz());
        let mut gain = [0.0; LINES];
        let mut shelves = [[[0.0; LINES]; 3]; 2];
        for (i, &d) in lengths.iter().enumerate() {
            gain[i] = math::pow(10.0, db(d, middle) / 20.0) as f32;
            let shelf = low_shelf(rate, 200.0, db(d, low) - db(d, middle));
            for (to, from) in shelves[0].iter_mut().zip(shelf) {
                to[i] = from;
            }
            let shelf = high_shelf(rate, 4500.0, db(d, high) - db(d, middle));
            for (to, from) in shelves[1].iter_mut().zip(shelf) {
                to[i] = from;
            }
        }
        // Orthogonal rows of the Hadamard matrix, one for each ear.
        let signs = |row: usize| {
            std::array::from_fn(|i: usize| {
                if (i & row).count_ones() % 2 == 0 {
                    0.25
                } else {
                    -0.25
                }
            })
        };
        let depth = (drift_ms * 1e-3 * rate.hz()) as f32;
        let tick = TICK as f64 / rate.hz();
        let speed = std::array::from_fn(|i| {
            // Incommensurate rates from 0.31 to about 0.9 Hz.
            ((0.31 + 0.117 * i as f64) * tick) as f32
        });
        let size = (lengths.iter().max().copied().unwrap_or(1) + depth as usize + TICK + 8)
            .next_power_of_two();
        let mut new = Self {
            memory: vec![0.0; size * LINES],
            size,
            at: 0,
            lengths,
            gain,
            shelves,
            states: [[[0.0; LINES]; 2]; 2],
            out: [signs(0b0101), signs(0b1010)],
            // Energy that an impulse leaves behind, set to one: a steady noise returns as loud
            // as it was sent.
            scale: (13.815_510_6 * total as f64 / (middle * rate.hz())).sqrt() as f32,
            drift: [0.0; DRIFTING],
            slope: [0.0; DRIFTING],
            depth,
            speed,
            phase: [0.0; DRIFTING],
        };
        new.reset();
        new
    }

    /// Replaces what comes in on both channels by the late reverberation.
    pub(super) fn run(&mut self, blocks: &mut [[f32; TICK]; 2], count: usize) {
        let mask = self.size - 1;
        // Every line is longer than a tick, so a whole tick can be read before it is written.
        let mut rows = [[0.0_f32; LINES]; TICK];
        for (i, line) in self.memory.chunks_exact(self.size).enumerate() {
            if i < DRIFTING {
                let mut drift = self.drift[i];
                for (n, row) in rows[..count].iter_mut().enumerate() {
                    row[i] = between(line, mask, self.at + n + self.size - self.lengths[i], drift);
                    drift += self.slope[i];
                }
                self.drift[i] = drift;
            } else {
                let from = self.at + self.size - self.lengths[i];
                for (n, row) in rows[..count].iter_mut().enumerate() {
                    row[i] = line[(from + n) & mask];
                }
            }
        }
        let [low, high] = self.shelves;
        let [mut low_state, mut high_state] = self.states;
        let gain = self.gain;
        let [left_out, right_out] = self.out;
        let [left, right] = blocks;
        for (n, row) in rows[..count].iter_mut().enumerate() {
            let mut x = *row;
            let (mut l, mut r) = (0.0, 0.0);
            for i in 0..LINES {
                let y =
                    low[0][i] * x[i] + low[1][i] * low_state[0][i] + low[2][i] * low_state[1][i];
                low_state[0][i] = x[i];
                low_state[1][i] = y;
                let z =
                    high[0][i] * y + high[1][i] * high_state[0][i] + high[2][i] * high_state[1][i];
                high_state[0][i] = y;
                high_state[1][i] = z;
                x[i] = z * gain[i];
            }
            // Fixed order of summation: four partial sums, then their sum.
            let (mut ls, mut rs) = ([0.0_f32; 4], [0.0_f32; 4]);
            for k in 0..4 {
                for j in 0..4 {
                    ls[j] += x[k * 4 + j] * left_out[k * 4 + j];
                    rs[j] += x[k * 4 + j] * right_out[k * 4 + j];
                }
            }
            l += (ls[0] + ls[1]) + (ls[2] + ls[3]);
            r += (rs[0] + rs[1]) + (rs[2] + rs[3]);
            let (a, b) = (left[n], right[n]);
            left[n] = l * self.scale;
            right[n] = r * self.scale;
            hadamard(&mut x);
            // Even lines are fed from the left, odd ones from the right.
            for i in 0..LINES / 2 {
                row[2 * i] = x[2 * i] + a * FEED[2 * i];
                row[2 * i + 1] = x[2 * i + 1] + b * FEED[2 * i + 1];
            }
        }
        self.states = [low_state, high_state];
        for (i, line) in self.memory.chunks_exact_mut(self.size).enumerate() {
            for (n, row) in rows[..count].iter().enumerate() {
                line[(self.at + n) & mask] = row[i];
            }
        }
        self.at = (self.at + count) & mask;
    }

    /// What happens between ticks: the drifts turn, and what has all but vanished vanishes.
    pub(super) fn tick(&mut self) {
        for i in 0..DRIFTING {
            self.phase[i] += self.speed[i];
            if self.phase[i] >= 1.0 {
                self.phase[i] -= 1.0;
            }
            let target = self.depth * math::fast_sin_cycles(self.phase[i]);
            self.slope[i] = (target - self.drift[i]) * (1.0 / TICK as f32);
        }
        for state in self.states.iter_mut().flatten().flatten() {
            if state.abs() < 1e-12 {
                *state = 0.0;
            }
        }
        let mask = self.size - 1;
        for line in self.memory.chunks_exact_mut(self.size) {
            let from = self.at + self.size - TICK;
            for n in 0..TICK {
                let x = &mut line[(from + n) & mask];
                if x.abs() < 1e-12 {
                    *x = 0.0;
                }
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.memory.fill(0.0);
        self.at = 0;
        self.states = [[[0.0; LINES]; 2]; 2];
        for i in 0..DRIFTING {
            self.phase[i] = i as f32 / DRIFTING as f32;
            self.drift[i] = self.depth * math::fast_sin_cycles(self.phase[i]);
            self.slope[i] = 0.0;
        }
    }
}

/// Signs of the input, so that no two lines start in step: 1/√8 each, one unit per channel.
const FEED: Row = {
    let g = 0.353_553_4;
    [g, g, -g, g, g, -g, -g, -g, g, g, g, -g, -g, g, g, -g]
};

/// The orthonormal Hadamard matrix of order 16, by butterflies.
#[inline(always)]
fn hadamard(x: &mut Row) {
    for half in [8, 4, 2, 1] {
        for start in (0..LINES).step_by(half * 2) {
            for i in start..start + half {
                let (a, b) = (x[i], x[i + half]);
                x[i] = a + b;
                x[i + half] = a - b;
            }
        }
    }
    for x in x {
        *x *= 0.25;
    }
}

/// Reads `drift` frames later than `at`, by cubic Hermite interpolation.
#[inline(always)]
fn between(line: &[f32], mask: usize, at: usize, drift: f32) -> f32 {
    let whole = drift.floor();
    let f = drift - whole;
    let at = (at as isize + whole as isize) as usize;
    let p = |k: usize| line[(at + k).wrapping_sub(1) & mask];
    let (a, b, c, d) = (p(0), p(1), p(2), p(3));
    let slope = (c - a) * 0.5;
    let curve = a - 2.5 * b + 2.0 * c - 0.5 * d;
    let twist = 0.5 * (d - a) + 1.5 * (b - c);
    ((twist * f + curve) * f + slope) * f + b
}

/// First-order shelf whose gain is `db` at 0 Hz, half of it at `hz`: `[b0, b1, −a1]`.
fn low_shelf(rate: SampleRate, hz: f64, db: f64) -> [f32; 3] {
    let k = 1.0 / math::tan(std::f64::consts::PI * hz / rate.hz());
    let root = math::pow(10.0, db / 40.0);
    normalized([k + root, root - k, k + 1.0 / root, 1.0 / root - k])
}

/// First-order shelf whose gain is `db` at the Nyquist frequency, half of it at `hz`.
fn high_shelf(rate: SampleRate, hz: f64, db: f64) -> [f32; 3] {
    let k = 1.0 / math::tan(std::f64::consts::PI * (hz / rate.hz()).min(0.45));
    let root = math::pow(10.0, db / 40.0);
    let gain = root * root;
    normalized([gain * k + root, root - gain * k, k + root, root - k])
}

fn normalized([b0, b1, a0, a1]: [f64; 4]) -> [f32; 3] {
    [(b0 / a0) as f32, (b1 / a0) as f32, (-a1 / a0) as f32]
}

/// The smallest prime not below `n`.
pub(super) fn next_prime(n: usize) -> usize {
    (n.max(2)..)
        .find(|&n| (2..).take_while(|d| d * d <= n).all(|d| n % d != 0))
        .unwrap_or(2)
}
