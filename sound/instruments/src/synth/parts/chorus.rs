//! Three-phase ensemble chorus.

use yuefu_audio::math;

/// Three modulated delay lines a third of a turn apart, spread over the stereo image: the
/// bucket-brigade ensemble of the string machines of the 1970s (J. Dattorro, "Effect Design
/// Part 2: Delay-Line Modulation and Chorus", JAES 45(10), 1997).
#[derive(Clone, Debug)]
pub struct Ensemble {
    lines: [Vec<f32>; 2],
    mask: usize,
    at: usize,
    slow: f32,
    fast: f32,
    slow_step: f32,
    fast_step: f32,
    depth: f32,
    center: f32,
    mix: f32,
}

impl Ensemble {
    /// An ensemble whose slow movement has a rate in hertz and a depth in milliseconds;
    /// `mix` 0..=1 goes from dry to fully doubled.
    pub fn new(hz: f32, depth_ms: f32, mix: f32, rate: f32) -> Self {
        let size = ((rate * 0.05) as usize).next_power_of_two();
        Self {
            lines: [vec![0.0; size], vec![0.0; size]],
            mask: size - 1,
            at: 0,
            slow: 0.0,
            fast: 0.0,
            slow_step: hz / rate,
            fast_step: hz * 8.7 / rate,
            depth: depth_ms * 0.001 * rate,
            center: (0.006 + depth_ms * 0.0015) * rate,
            mix,
        }
    }

    /// Replaces a stereo buffer by its doubled self.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (l, r) in left.iter_mut().zip(right) {
            self.lines[0][self.at] = *l;
            self.lines[1][self.at] = *r;
            let mut taps = [0.0_f32; 3];
            for (i, tap) in taps.iter_mut().enumerate() {
                let turn = i as f32 / 3.0;
                let swing = 0.8 * math::fast_sin_cycles(self.slow + turn)
                    + 0.12 * math::fast_sin_cycles(self.fast + turn);
                let delay = self.center + self.depth * swing;
                let whole = delay as usize;
                let part = delay - whole as f32;
                let read = |line: &[f32]| {
                    let a = line[self.at.wrapping_sub(whole) & self.mask];
                    let b = line[self.at.wrapping_sub(whole + 1) & self.mask];
                    a + (b - a) * part
                };
                *tap = match i {
                    0 => read(&self.lines[0]),
                    1 => 0.5 * (read(&self.lines[0]) + read(&self.lines[1])),
                    _ => read(&self.lines[1]),
                };
            }
            let dry = 1.0 - 0.5 * self.mix;
            let wet = 0.75 * self.mix;
            *l = *l * dry + (taps[0] + 0.6 * taps[1] - 0.25 * taps[2]) * wet;
            *r = *r * dry + (taps[2] + 0.6 * taps[1] - 0.25 * taps[0]) * wet;
            self.at = (self.at + 1) & self.mask;
            self.slow += self.slow_step;
            self.slow -= self.slow.floor();
            self.fast += self.fast_step;
            self.fast -= self.fast.floor();
        }
    }
}
