//! Early reflections by the image method, for two ears.

use crate::effect::TICK;
use yuefu_audio::{SampleRate, math};

/// Reflections per ear.
const TAPS: usize = 14;

#[derive(Clone, Debug)]
pub(super) struct Early {
    /// The last frames of both channels, a power of two long.
    lines: [Vec<f32>; 2],
    at: usize,
    /// Per ear: channel it comes from, delay, gain.
    taps: [Vec<(usize, usize, f32)>; 2],
}

impl Early {
    /// The reflections of a box-shaped room of these edges in meters, as long as they outnumber
    /// nothing: the strongest [`TAPS`] per ear after the direct sound, timed relative to it.
    pub(super) fn new(room: [f64; 3], rate: SampleRate) -> Self {
        // Two loudspeakers' worth of source in front, listener behind the middle; nothing lies
        // on an axis of symmetry, which would make reflections coincide.
        let sources = [
            [room[0] * 0.37, room[1] * 0.22, room[2] * 0.47],
            [room[0] * 0.66, room[1] * 0.24, room[2] * 0.45],
        ];
        let head = [room[0] * 0.53, room[1] * 0.62, room[2] * 0.41];
        let ears = [[-0.12, 1.0_f64], [0.12, -1.0]];
        let taps = ears.map(|[offset, facing]| {
            let ear = [head[0] + offset, head[1], head[2]];
            let mut found: Vec<(usize, usize, f32)> = Vec::new();
            for (channel, source) in sources.iter().enumerate() {
                let direct = distance(source, &ear);
                for nx in -2_i32..=2 {
                    for ny in -2_i32..=2 {
                        for nz in -1_i32..=1 {
                            let order = nx.abs() + ny.abs() + nz.abs();
                            if order == 0 || order > 3 {
                                continue;
                            }
                            let image = [
                                mirror(source[0], room[0], nx),
                                mirror(source[1], room[1], ny),
                                mirror(source[2], room[2], nz),
                            ];
                            let way = distance(&image, &ear);
                            // Each wall takes 2.5 dB; the head shades the far side by up to
                            // half.
                            let toward = (image[0] - ear[0]) / way * -facing;
                            let shade = 0.75 + 0.25 * toward;
                            let gain = direct / way * math::pow(0.75, f64::from(order)) * shade;
                            let delay = ((way - direct) / 343.0 * rate.hz()).round() as usize;
                            found.push((channel, delay.max(1), gain as f32));
                        }
                    }
                }
            }
            found.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)));
            found.truncate(TAPS);
            // Unity energy for a steady noise sent to both channels.
            let energy: f32 = found.iter().map(|tap| tap.2 * tap.2).sum();
            let norm = 1.0 / energy.sqrt();
            for tap in &mut found {
                tap.2 *= norm;
            }
            found
        });
        let longest = taps.iter().flatten().map(|tap| tap.1).max().unwrap_or(1);
        let size = (longest + TICK + 1).next_power_of_two();
        Self {
            lines: [vec![0.0; size], vec![0.0; size]],
            at: 0,
            taps,
        }
    }

    /// Delay of the last reflection in frames.
    pub(super) fn longest(&self) -> usize {
        let delays = self.taps.iter().flatten().map(|tap| tap.1);
        delays.max().unwrap_or(0)
    }

    pub(super) fn run(&mut self, input: [&[f32]; 2], out: &mut [[f32; TICK]; 2]) {
        let count = input[0].len();
        let mask = self.lines[0].len() - 1;
        for (line, block) in self.lines.iter_mut().zip(input) {
            for (i, x) in block.iter().enumerate() {
                line[(self.at + i) & mask] = *x;
            }
        }
        for (taps, out) in self.taps.iter().zip(out) {
            for &(channel, delay, gain) in taps {
                let line = &self.lines[channel];
                let from = self.at.wrapping_sub(delay) & mask;
                if from + count <= line.len() {
                    for (o, x) in out.iter_mut().zip(&line[from..from + count]) {
                        *o += x * gain;
                    }
                } else {
                    for (i, o) in out[..count].iter_mut().enumerate() {
                        *o += line[(from + i) & mask] * gain;
                    }
                }
            }
        }
        self.at = (self.at + count) & mask;
    }

    pub(super) fn reset(&mut self) {
        for line in &mut self.lines {
            line.fill(0.0);
        }
        self.at = 0;
    }
}

/// Where a source appears after a signed number of reflections at a pair of walls.
fn mirror(x: f64, edge: f64, n: i32) -> f64 {
    let base = f64::from(n) * edge;
    if n % 2 == 0 {
        base + x
    } else {
        base + edge - x
    }
}

fn distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f64>()
        .sqrt()
}
