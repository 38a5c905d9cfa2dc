//! Echoes: filtered feedback, side by side or ping-pong.

use crate::effect::{Clock, Effect, TICK, within};
use yuefu_audio::{SampleRate, math};
use yuefu_song::mixplan::Delay as Settings;

/// A stereo delay; only echoes come out, never the input itself.
#[derive(Clone, Debug)]
pub struct Delay {
    lines: [Vec<f32>; 2],
    at: usize,
    feedback: f32,
    ping_pong: bool,
    level: f32,
    /// Coefficients of the one-pole low and high cut.
    low: f32,
    high: f32,
    /// Per channel: state of the low cut, of the high cut.
    states: [[f32; 2]; 2],
    clock: Clock,
}

impl Delay {
    /// A delay. Settings outside their range are held inside it.
    pub fn new(settings: &Settings, rate: SampleRate) -> Self {
        let frames = f64::from(within(settings.time_s, 0.001, 4.0)) * rate.hz();
        let pole = |hz: f32| {
            let hz = f64::from(hz).clamp(1.0, rate.hz() * 0.45);
            (1.0 - math::exp(-std::f64::consts::TAU * hz / rate.hz())) as f32
        };
        Self {
            lines: [(); 2].map(|()| vec![0.0; (frames.round() as usize).max(1)]),
            at: 0,
            feedback: within(settings.feedback, 0.0, 0.95),
            ping_pong: settings.ping_pong,
            level: math::db_to_gain(within(settings.level_db, -120.0, 24.0)),
            low: pole(settings.low_cut_hz),
            high: pole(settings.high_cut_hz),
            states: [[0.0; 2]; 2],
            clock: Clock::default(),
        }
    }
}

impl Delay {
    /// Frames after which the echoes of a sound have fallen by 130 dB.
    pub(crate) fn memory(settings: &Settings, rate: SampleRate) -> f64 {
        let feedback = within(settings.feedback, 0.0, 0.95).max(1e-6);
        let level = within(settings.level_db, -120.0, 24.0).max(0.0);
        let echoes = ((130.0 + level) / -math::gain_to_db(feedback)).ceil() + 1.0;
        let time = within(settings.time_s, 0.001, 4.0);
        // The low cut's own memory: one pole at its corner.
        let cut = 16.0 / (std::f64::consts::TAU * f64::from(settings.low_cut_hz).max(1.0));
        (f64::from(echoes * time) + cut) * rate.hz()
    }
}

impl Effect for Delay {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let length = self.lines[0].len();
        let mut done = 0;
        while done < frames {
            let (count, wrapped) = self.clock.advance(frames - done, TICK);
            let (l, r) = (
                &mut left[done..done + count],
                &mut right[done..done + count],
            );
            let [first, second] = &mut self.lines;
            for (l, r) in l.iter_mut().zip(r) {
                let mut echo = [first[self.at], second[self.at]];
                for (x, state) in echo.iter_mut().zip(&mut self.states) {
                    state[0] += self.low * (*x - state[0]);
                    state[1] += self.high * (*x - state[0] - state[1]);
                    *x = state[1];
                }
                if self.ping_pong {
                    // What goes in starts on the left and crosses over at each return.
                    first[self.at] = (*l + *r) * 0.707 + echo[1] * self.feedback;
                    second[self.at] = echo[0] * self.feedback;
                } else {
                    first[self.at] = *l + echo[0] * self.feedback;
                    second[self.at] = *r + echo[1] * self.feedback;
                }
                *l = echo[0] * self.level;
                *r = echo[1] * self.level;
                self.at += 1;
                if self.at == length {
                    self.at = 0;
                }
            }
            if wrapped {
                for state in self.states.iter_mut().flatten() {
                    if state.abs() < 1e-12 {
                        *state = 0.0;
                    }
                }
                // What is written next starts here: the flush keeps feedback from ever
                // circulating denormal numbers.
                for line in &mut self.lines {
                    for back in 1..=TICK.min(length) {
                        let index = (self.at + length - back) % length;
                        if line[index].abs() < 1e-12 {
                            line[index] = 0.0;
                        }
                    }
                }
            }
            done += count;
        }
    }

    fn reset(&mut self) {
        for line in &mut self.lines {
            line.fill(0.0);
        }
        self.at = 0;
        self.states = [[0.0; 2]; 2];
        self.clock = Clock::default();
    }
}
