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
    scale: f32,
    drifts: [Drift; DRIFTING],
    /// Largest drift in frames.
    depth: f32,
    /// Ticks since the song's first frame.
    ticks: usize,
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
        let depth = (drift_ms * 1e-3 * rate.hz()) as f32;
        let tick = TICK as f64 / rate.hz();
        let drifts = std::array::from_fn(|i| Drift {
            start: i as f64 / DRIFTING as f64,
            // Incommensurate rates from 0.31 to about 0.9 Hz.
            speed: (0.31 + 0.117 * i as f64) * tick,
            ..Drift::default()
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
            // Energy that an impulse leaves behind, set to one: a steady noise returns as loud
            // as it was sent.
            scale: (13.815_510_6 * total as f64 / (middle * rate.hz())).sqrt() as f32,
            drifts,
            depth,
            ticks: 0,
        };
        new.reset();
        new
    }

    /// Replaces what comes in on both channels by the late reverberation.
    pub(super) fn run(&mut self, blocks: &mut [[f32; TICK]; 2], count: usize) {
        // Every line is longer than a tick, so a whole tick can be read before it is written;
        // line by line, so that copying and mixing run in vectors over time.
        let mut lines = [[0.0_f32; TICK]; LINES];
        for (i, (memory, out)) in self
            .memory
            .chunks_exact(self.size)
            .zip(&mut lines)
            .enumerate()
        {
            let from = self.at + self.size - self.lengths[i];
            if i < DRIFTING {
                self.drifts[i].read(memory, from, &mut out[..count]);
            } else {
                copy_out(memory, from, &mut out[..count]);
            }
        }
        for (half, lines) in lines.chunks_exact_mut(8).enumerate() {
            self.decay(half * 8, lines, count);
        }
        hadamard(&mut lines);
        // Two rows of the matrix, one for each ear, are what leaves the lines.
        let level = self.scale * 0.25;
        let wet = OUT.map(|row| lines[row].map(|x| x * level));
        // Even lines are fed from the left, odd ones from the right.
        for (i, line) in lines.iter_mut().enumerate() {
            for (x, new) in line.iter_mut().zip(&blocks[i % 2]) {
                *x = *x * 0.25 + new * FEED[i];
            }
        }
        for (memory, line) in self.memory.chunks_exact_mut(self.size).zip(&lines) {
            copy_in(memory, self.at, &line[..count]);
        }
        self.at = (self.at + count) & (self.size - 1);
        *blocks = wet;
    }

    /// Attenuates eight lines from `first` on, side by side: a recursion cannot run in vectors
    /// over time, but it can across lines.
    #[allow(clippy::needless_range_loop)] // One index into several arrays: what vectors are.
    fn decay(&mut self, first: usize, lines: &mut [[f32; TICK]], count: usize) {
        let pick = |row: &Row| -> [f32; 8] { std::array::from_fn(|k| row[first + k]) };
        let low: [[f32; 8]; 3] = std::array::from_fn(|c| pick(&self.shelves[0][c]));
        let high: [[f32; 8]; 3] = std::array::from_fn(|c| pick(&self.shelves[1][c]));
        let gain = pick(&self.gain);
        let mut state = [
            pick(&self.states[0][0]),
            pick(&self.states[0][1]),
            pick(&self.states[1][0]),
            pick(&self.states[1][1]),
        ];
        let Ok(lines) = <&mut [[f32; TICK]; 8]>::try_from(lines) else {
            return;
        };
        for n in 0..count.min(TICK) {
            let x: [f32; 8] = std::array::from_fn(|k| lines[k][n]);
            let mut out = [0.0; 8];
            for k in 0..8 {
                let y = low[0][k] * x[k] + low[1][k] * state[0][k] + low[2][k] * state[1][k];
                let z = high[0][k] * y + high[1][k] * state[2][k] + high[2][k] * state[3][k];
                state[0][k] = x[k];
                state[1][k] = y;
                state[2][k] = y;
                state[3][k] = z;
                out[k] = z * gain[k];
            }
            for k in 0..8 {
                lines[k][n] = out[k];
            }
        }
        for k in 0..8 {
            self.states[0][0][first + k] = state[0][k];
            self.states[0][1][first + k] = state[1][k];
            self.states[1][0][first + k] = state[2][k];
            self.states[1][1][first + k] = state[3][k];
        }
    }

    /// What happens between ticks: the drifts turn, and what has all but vanished vanishes.
    pub(super) fn tick(&mut self) {
        self.seek(self.ticks + 1);
        for state in self.states.iter_mut().flatten().flatten() {
            if state.abs() < 1e-12 {
                *state = 0.0;
            }
        }
        // A tick's frames lie in one piece, because ticks divide the size.
        let from = (self.at + self.size - TICK) & (self.size - 1);
        for line in self.memory.chunks_exact_mut(self.size) {
            for x in &mut line[from..from + TICK] {
                *x = if x.abs() < 1e-12 { 0.0 } else { *x };
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.memory.fill(0.0);
        self.at = 0;
        self.states = [[[0.0; LINES]; 2]; 2];
        self.seek(0);
    }

    /// Sets the drifts to where they are after so many ticks of the song.
    pub(super) fn seek(&mut self, ticks: usize) {
        self.ticks = ticks;
        for drift in &mut self.drifts {
            drift.seek(ticks, self.depth);
        }
    }
}

/// The slow change of a line's length.
#[derive(Clone, Copy, Debug, Default)]
struct Drift {
    /// Position in the cycle at the song's first frame, and cycles per tick.
    start: f64,
    speed: f64,
    /// Offset now in frames, as a whole and a fraction, and its increment per frame.
    whole: i32,
    fraction: f32,
    slope: f32,
}

impl Drift {
    fn offset(&self, ticks: usize, depth: f32) -> f32 {
        let cycles = self.start + self.speed * ticks as f64;
        depth * math::fast_sin_cycles((cycles - cycles.floor()) as f32)
    }

    fn seek(&mut self, ticks: usize, depth: f32) {
        let (now, next) = (self.offset(ticks, depth), self.offset(ticks + 1, depth));
        self.whole = now.floor() as i32;
        self.fraction = now - now.floor();
        self.slope = (next - now) * (1.0 / TICK as f32);
    }

    /// Reads from `at` plus the drift on, by cubic Hermite interpolation.
    fn read(&mut self, memory: &[f32], at: usize, out: &mut [f32]) {
        // A few frames more on both sides: within a tick the drift moves less than one frame.
        let mut near = [0.0_f32; TICK + 6];
        let start = (at as isize + self.whole as isize - 2) as usize;
        copy_out(memory, start, &mut near[..out.len() + 6]);
        let mut f = self.fraction;
        let mut lead = 1;
        for (n, x) in out.iter_mut().enumerate() {
            let Some(&[a, b, c, d]) = near.get(n + lead..).and_then(|p| p.first_chunk::<4>())
            else {
                break;
            };
            let slope = (c - a) * 0.5;
            let curve = a - 2.5 * b + 2.0 * c - 0.5 * d;
            let twist = 0.5 * (d - a) + 1.5 * (b - c);
            *x = ((twist * f + curve) * f + slope) * f + b;
            f += self.slope;
            if f >= 1.0 {
                f -= 1.0;
                lead += 1;
            } else if f < 0.0 {
                f += 1.0;
                lead -= 1;
            }
        }
        self.fraction = f;
        self.whole += lead as i32 - 1;
    }
}

/// Copies from a ring, a power of two long, starting at any index.
fn copy_out(ring: &[f32], from: usize, out: &mut [f32]) {
    let from = from & (ring.len() - 1);
    let first = out.len().min(ring.len() - from);
    out[..first].copy_from_slice(&ring[from..from + first]);
    let rest = out.len() - first;
    out[first..].copy_from_slice(&ring[..rest]);
}

/// Copies into a ring, a power of two long, starting at any index.
fn copy_in(ring: &mut [f32], from: usize, data: &[f32]) {
    let from = from & (ring.len() - 1);
    let first = data.len().min(ring.len() - from);
    ring[from..from + first].copy_from_slice(&data[..first]);
    let rest = data.len() - first;
    ring[..rest].copy_from_slice(&data[first..]);
}

/// Signs of the input, so that no two lines start in step: 1/√8 each, one unit per channel.
const FEED: Row = {
    let g = 0.353_553_4;
    [g, g, -g, g, g, -g, -g, -g, g, g, g, -g, -g, g, g, -g]
};

/// Rows of the Hadamard matrix that are heard, one for each ear: orthogonal, and unlike the
/// signs of the feed.
const OUT: [usize; 2] = [0b0101, 0b1010];

/// The Hadamard matrix of order 16 (four times the orthonormal one), by butterflies.
fn hadamard(lines: &mut [[f32; TICK]; LINES]) {
    for half in [8, 4, 2, 1] {
        for group in lines.chunks_exact_mut(half * 2) {
            let (low, high) = group.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                for (a, b) in a.iter_mut().zip(b) {
                    let sum = *a + *b;
                    *b = *a - *b;
                    *a = sum;
                }
            }
        }
    }
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
