//! One plucked string: a digital waveguide with loss, stiffness and two polarizations.
//!
//! Karplus and Strong, "Digital Synthesis of Plucked-String and Drum Timbres", CMJ 7(2), 1983;
//! Jaffe and Smith, "Extensions of the Karplus-Strong Plucked-String Algorithm", CMJ 7(2), 1983;
//! Välimäki, Huopaniemi, Karjalainen and Jánosy, "Physical Modeling of Plucked String
//! Instruments with Application to Real-Time Sound Synthesis", JAES 44(5), 1996 (loop
//! filter by two decay times, Lagrange interpolation); Karjalainen, Välimäki and Tolonen,
//! "Plucked-String Models", CMJ 22(3), 1998 (dual polarization).

use crate::synth::parts::filter::OnePole;
use crate::synth::parts::noise::Noise;
use yuefu_audio::math;

/// Frequency at which the second decay time is stated, in hertz.
pub const HIGH: f32 = 4_000.0;

/// Corner of the loss shelf in hertz.
const SHELF: f32 = 2_600.0;

/// One polarization: delay line, shelving loss, up to four dispersion allpasses.
#[derive(Clone, Debug)]
pub struct Waveguide {
    line: Vec<f32>,
    mask: usize,
    at: usize,
    delay: f32,
    slope: f32,
    feed: [f32; 2],
    pole: f32,
    v: f32,
    y: f32,
    stiff: f32,
    sections: usize,
    ap: [f32; 4],
    rate: f32,
}

impl Waveguide {
    /// A silent string that can sound down to `lowest` hertz. `stiff` in −0.9..=0 is the
    /// coefficient of each of `sections` (0..=4) dispersion allpasses.
    pub fn new(lowest: f32, stiff: f32, sections: usize, rate: f32) -> Self {
        let size = ((rate / lowest.max(8.0)) as usize + 16).next_power_of_two();
        Self {
            line: vec![0.0; size],
            mask: size - 1,
            at: 0,
            delay: 0.0,
            slope: 0.0,
            feed: [0.99, 0.0],
            pole: 0.0,
            v: 0.0,
            y: 0.0,
            stiff,
            sections: sections.min(4),
            ap: [0.0; 4],
            rate,
        }
    }

    /// Sets the times in seconds in which the partial at `hz` and one at [`HIGH`] fall by 60 dB.
    ///
    /// The loss is a shelf, g·(1−m + m·(1−p)/(1−p·z⁻¹)) with its corner at `SHELF`: above it
    /// partials of real strings fall hardly faster, where a plain one-pole would kill them.
    /// The share m solves the quadratic that the two loop gains imply.
    pub fn damp(&mut self, hz: f32, t60: f32, t60_high: f32) {
        let f0 = f64::from(hz);
        let rate = f64::from(self.rate);
        let high = f64::from(HIGH.max(hz * 3.0).min(self.rate * 0.4));
        let g0 = math::exp(-6.907_755 / (f0 * f64::from(t60.max(1e-3))));
        let gh = math::exp(-6.907_755 / (f0 * f64::from(t60_high.clamp(1e-3, t60.max(1e-3)))));
        let p = math::exp(-std::f64::consts::TAU * f64::from(SHELF) / rate);
        let steep = |f: f64| {
            let c = math::cos(std::f64::consts::TAU * f / rate);
            2.0 * p * (1.0 - c) / (1.0 - 2.0 * p * c + p * p)
        };
        let (u0, uh) = (steep(f0), steep(high));
        let ratio = (gh / g0) * (gh / g0);
        let q = uh - ratio * u0;
        let m = if ratio > 0.999_999 || q <= 1e-9 {
            0.0
        } else {
            let root = (1.0 + p) * (1.0 + p) - 4.0 * p * (1.0 - ratio) / q;
            (((1.0 + p) - root.max(0.0).sqrt()) / (2.0 * p)).clamp(0.0, 1.0)
        };
        let at_f0 = (1.0 - m * (1.0 + p) * u0 + m * m * p * u0).max(1e-6).sqrt();
        // Never above one anywhere, so the loop cannot grow.
        let g = (g0 / at_f0).min(0.999_98);
        self.pole = p as f32;
        self.feed = [(g * (1.0 - m * p)) as f32, (-g * (1.0 - m) * p) as f32];
    }

    /// Moves the pitch to `hz` over the next `frames` frames (at once when 0): the delay that
    /// remains after the filters' phase delay at `hz` is subtracted.
    pub fn tune(&mut self, hz: f32, frames: usize) {
        let w = std::f64::consts::TAU * f64::from(hz / self.rate);
        let (s, c) = (math::sin(w), math::cos(w));
        let p = f64::from(self.pole);
        let (b0, b1) = (f64::from(self.feed[0]), f64::from(self.feed[1]));
        let mut filters = (math::atan2(p * s, 1.0 - p * c) + math::atan2(b1 * s, b0 + b1 * c)) / w;
        if self.sections > 0 {
            let a = f64::from(self.stiff);
            let section = 1.0 - 2.0 * math::atan2(a * s, 1.0 + a * c) / w;
            filters += self.sections as f64 * section;
        }
        let target = (f64::from(self.rate / hz) - filters) as f32;
        let target = target.clamp(2.0, (self.mask - 4) as f32);
        if frames == 0 {
            self.delay = target;
            self.slope = 0.0;
        } else {
            self.slope = (target - self.delay) / frames as f32;
        }
    }

    /// Keeps the pitch where it is.
    pub fn hold(&mut self) {
        self.slope = 0.0;
    }

    /// Feeds one sample and returns what reaches the bridge.
    #[inline]
    pub fn step(&mut self, x: f32) -> f32 {
        self.delay += self.slope;
        let whole = self.delay as usize;
        let f = self.delay - whole as f32;
        let base = self.at.wrapping_sub(whole);
        let m = self.mask;
        let (a, b) = (self.line[base.wrapping_add(1) & m], self.line[base & m]);
        let (c, d) = (
            self.line[base.wrapping_sub(1) & m],
            self.line[base.wrapping_sub(2) & m],
        );
        // Third-order Lagrange interpolation between b and c.
        let (fm, fp, f2) = (f - 1.0, f + 1.0, f - 2.0);
        let v = -f * fm * f2 * (1.0 / 6.0) * a + fp * fm * f2 * 0.5 * b - fp * f * f2 * 0.5 * c
            + fp * f * fm * (1.0 / 6.0) * d;
        self.y = self.feed[0] * v + self.feed[1] * self.v + self.pole * self.y;
        self.v = v;
        let mut y = self.y;
        for state in &mut self.ap[..self.sections] {
            let out = self.stiff * y + *state;
            *state = y - self.stiff * out;
            y = out;
        }
        self.line[self.at & m] = y + x;
        self.at = (self.at + 1) & m;
        y
    }

    /// Takes energy out of the whole string: a finger or nail touching it.
    pub fn touch(&mut self, keep: f32) {
        for x in &mut self.line {
            *x *= keep;
        }
        self.y *= keep;
        self.v *= keep;
    }
}

/// How a string is set in motion.
#[derive(Clone, Copy, Debug)]
pub struct Pluck {
    /// Sounding frequency in hertz.
    pub hz: f32,
    /// Place along the string in 0..=0.5 of its length, from the bridge.
    pub place: f32,
    /// Corner in hertz above which the plucking finger, nail or hammer has no grip.
    pub hardness: f32,
    /// Corner in hertz of the −6 dB per octave tilt of a displaced string.
    pub tilt: f32,
    /// Share of noise in the excitation, 0..=1.
    pub noise: f32,
    /// Root mean square of the vibration that it starts.
    pub level: f32,
}

/// The excitation signal of a pluck, to be fed into the string from its onset.
pub fn excitation(pluck: &Pluck, seed: u64, rate: f32) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    let period = rate / pluck.hz;
    let lag = (pluck.place * period).max(1.0);
    let body = ((rate * 0.004).max(4.0 * rate / pluck.hardness) as usize).max(16);
    let frames = lag as usize + body + 2;
    let mut raw = vec![0.0_f32; frames];
    let mut first = OnePole::new(pluck.hardness, rate);
    let mut second = OnePole::new(pluck.hardness * 2.4, rate);
    let mut tilt = OnePole::new(pluck.tilt, rate);
    let burst = (rate * 0.0015) as usize + 2;
    for (n, out) in raw.iter_mut().enumerate().take(body) {
        let pulse = if n == 0 { 1.0 } else { 0.0 };
        let rustle = if n < burst {
            let x = 1.0 - n as f32 / burst as f32;
            noise.white() * x * x * 0.45
        } else {
            0.0
        };
        let x = second.low(first.low(pulse + pluck.noise * rustle));
        // Part displacement (falling 6 dB per octave), part velocity (flat).
        *out = 0.85 * tilt.low(x) / tilt.a.max(0.02) * 0.2 + 0.15 * x;
    }
    // A pluck launches two waves; the one that first meets the near end returns inverted.
    let whole = lag as usize;
    let part = lag - whole as f32;
    let mut out = raw.clone();
    for n in (0..frames).rev() {
        let a = n.checked_sub(whole).map_or(0.0, |i| raw[i]);
        let b = n.checked_sub(whole + 1).map_or(0.0, |i| raw[i]);
        out[n] = raw[n] - (a + (b - a) * part);
    }
    let energy: f32 = out.iter().map(|x| x * x).sum();
    let scale = pluck.level * (period / energy.max(1e-12)).sqrt();
    for x in &mut out {
        *x *= scale;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partials_decay_in_the_time_asked_for() {
        let rate = 44_100.0;
        let mut string = Waveguide::new(220.0, 0.0, 0, rate);
        string.damp(220.0, 2.0, 0.4);
        string.tune(220.0, 0);
        let pluck = Pluck {
            hz: 220.0,
            place: 0.3,
            hardness: 900.0,
            tilt: 200.0,
            noise: 0.0,
            level: 0.2,
        };
        let input = excitation(&pluck, 1, rate);
        let out: Vec<f32> = (0..88_200)
            .map(|n| string.step(input.get(n).copied().unwrap_or(0.0)))
            .collect();
        let at = |from: usize| {
            // Amplitude of the fundamental by correlation.
            let (mut s, mut c) = (0.0_f64, 0.0_f64);
            for (n, x) in out[from..from + 8_820].iter().enumerate() {
                let w = std::f64::consts::TAU * 220.0 * n as f64 / f64::from(rate);
                s += math::sin(w) * f64::from(*x);
                c += math::cos(w) * f64::from(*x);
            }
            20.0 * math::log10((s * s + c * c).sqrt())
        };
        let fall = at(4_410) - at(48_510);
        assert!((fall - 30.0).abs() < 1.0, "{fall}");
    }
}
