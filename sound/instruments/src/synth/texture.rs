//! Sounds without pitch that last as long as their note: risers, impacts, rain, wind, sea, vinyl.

use super::parts::BLOCK;
use super::parts::chain::{Chain, Reader, Stealing, chains};
use super::parts::filter::{OnePole, Svf};
use super::parts::noise::{Noise, Wander};
use super::parts::output::{Bus, sanitize};
use super::parts::shape::velocity_gain;
use crate::Instrument;
use yuefu_audio::{Clip, SampleRate, Seconds, math};
use yuefu_song::PerformedPhrase;

/// A texture. Its length follows its note; the key shifts its colors a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// Noise that rises in pitch and level to the end of the note.
    Riser,
    /// Noise that falls from the start of the note.
    Downlifter,
    /// A deep hit with a long dark tail.
    Impact,
    /// Hiss, rumble and crackle of a record.
    Vinyl,
    /// Rain: a bed of noise and single drops.
    Rain,
    /// Wind: resonant noise that gusts.
    Wind,
    /// Waves that break and draw back.
    Ocean,
}

impl Texture {
    /// The texture of a catalog name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "noise-riser" => Self::Riser,
            "downlifter" => Self::Downlifter,
            "impact" => Self::Impact,
            "vinyl-crackle" => Self::Vinyl,
            "rain" => Self::Rain,
            "wind" => Self::Wind,
            "ocean" => Self::Ocean,
            _ => return None,
        })
    }

    /// Attack and release in seconds.
    fn edges(self) -> (f32, f32) {
        match self {
            Self::Riser => (0.02, 0.08),
            Self::Downlifter => (0.004, 0.3),
            Self::Impact => (0.001, 2.4),
            Self::Vinyl => (0.05, 0.1),
            Self::Rain | Self::Wind => (0.4, 0.8),
            Self::Ocean => (0.6, 1.2),
        }
    }
}

impl Instrument for Texture {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let list = chains(phrase, Stealing::Never);
        let tail = Seconds(f64::from(self.edges().1) * 1.6 + 0.1);
        let first = list.iter().map(Chain::on).fold(Seconds(0.0), Seconds::min);
        let end = list
            .iter()
            .fold(Seconds(0.0), |end, chain| end.max(chain.off() + tail));
        let mut bus = Bus::new(first, end, true, rate);
        for chain in &list {
            render_chain(*self, chain, rate.hz() as f32, &mut bus);
        }
        for channel in [&mut bus.left, &mut bus.right] {
            let mut floor = OnePole::new(22.0, rate.hz() as f32);
            for x in channel.iter_mut() {
                *x = floor.high(*x);
            }
            sanitize(channel);
        }
        bus.finish()
    }
}

/// One side of the stereo image: each has noise of its own.
struct Side {
    noise: Noise,
    main: Svf,
    second: Svf,
    pink: [OnePole; 2],
    drop: Svf,
    drop_level: f32,
    swell: f32,
}

impl Side {
    fn new(seed: u64, rate: f32) -> Self {
        Self {
            noise: Noise::new(seed),
            main: Svf::new(1_000.0, 0.7, rate),
            second: Svf::new(1_000.0, 0.7, rate),
            pink: [OnePole::new(180.0, rate), OnePole::new(2_200.0, rate)],
            drop: Svf::new(3_000.0, 6.0, rate),
            drop_level: 0.0,
            swell: 0.0,
        }
    }

    /// Noise with the upper octaves softened.
    fn soft(&mut self) -> f32 {
        let x = self.noise.white();
        2.2 * self.pink[0].low(x) + 0.7 * self.pink[1].low(x) + 0.1 * x
    }
}

fn render_chain(kind: Texture, chain: &Chain<'_>, rate: f32, bus: &mut Bus) {
    let mut reader = Reader::new(chain, 0.0, rate);
    let step = BLOCK as f32 / rate;
    let length = ((chain.off().0 - chain.on().0) as f32).max(0.05);
    let (attack, release) = kind.edges();
    let attack = attack.min(length * 0.5);
    let mut at = bus.index(chain.on());
    let mut sides = [
        Side::new(chain.seed, rate),
        Side::new(chain.seed ^ 0x5EED, rate),
    ];
    let mut gust = Wander::new(chain.seed ^ 1, 0.35, 1.0 / step);
    let mut flutter = Wander::new(chain.seed ^ 2, 2.5, 1.0 / step);
    let mut phase = 0.0_f32;
    let mut gain = 0.0_f32;
    let mut wave = 0.0_f32;
    let keep = math::exp(-1.0 / f64::from(0.006 * rate)) as f32;
    let crack = math::exp(-1.0 / f64::from(0.0006 * rate)) as f32;
    loop {
        let c = reader.step();
        let shift = math::fast_exp2((c.key - 60.0) / 24.0 + c.tone);
        let done = (c.time / length).min(1.0);
        let mut fall = math::fast_exp2(-(c.time - length).max(0.0) / release * 6.6);
        let blow = gust.step();
        let ripple = flutter.step();
        let mut swell = (c.time / attack.max(1e-4)).min(1.0);
        match kind {
            Texture::Riser => {
                swell *= 0.04 + 0.96 * done * done;
                for side in &mut sides {
                    let hz = 240.0 * math::fast_exp2(5.3 * done) * shift;
                    side.main.set(hz, 1.1 + 1.6 * done, rate);
                    side.second.set(hz * 2.0, 0.8, rate);
                }
            }
            Texture::Downlifter => {
                swell *= (1.0 - done) * (1.0 - done) + 0.03;
                for side in &mut sides {
                    let hz = 9_000.0 * math::fast_exp2(-5.6 * done) * shift;
                    side.main.set(hz, 1.4, rate);
                    side.second.set(hz * 2.0, 0.8, rate);
                }
            }
            Texture::Impact => {
                fall = math::fast_exp2(-c.time * 3.2);
                for side in &mut sides {
                    side.main.set(
                        (90.0 + 5_000.0 * math::fast_exp2(-c.time * 14.0)) * shift,
                        0.7,
                        rate,
                    );
                    side.second.set(140.0 * shift, 0.9, rate);
                }
            }
            Texture::Wind => {
                swell *= (0.5 + 0.32 * blow + 0.06 * ripple).clamp(0.08, 1.4);
                for (i, side) in sides.iter_mut().enumerate() {
                    let lean = if i == 0 { 1.06 } else { 0.94 };
                    let hz = 420.0 * math::fast_exp2(0.75 * blow + 0.12 * ripple) * shift * lean;
                    side.main.set(hz, 3.2, rate);
                    side.second.set(hz * 2.3, 5.0, rate);
                }
            }
            Texture::Ocean => {
                // About nine seconds from crest to crest, never twice the same.
                phase += step / 9.0 * (1.0 + 0.25 * blow);
                let x = phase - phase.floor();
                let crest = if x < 0.38 { x / 0.38 } else { (1.0 - x) / 0.62 };
                wave = crest * crest * (3.0 - 2.0 * crest) * (0.85 + 0.15 * ripple);
                for side in &mut sides {
                    side.main
                        .set((260.0 + 3_800.0 * wave * wave) * shift, 0.6, rate);
                    side.second.set(5_200.0 * shift, 0.7, rate);
                }
            }
            Texture::Rain => {
                for side in &mut sides {
                    side.main.set(5_200.0 * shift, 0.6, rate);
                    side.second.set(1_100.0 * shift, 0.6, rate);
                }
            }
            Texture::Vinyl => {
                for side in &mut sides {
                    side.main.set(3_000.0 * shift, 0.6, rate);
                    side.second.set(60.0, 0.8, rate);
                }
            }
        }
        let goal = swell * fall * c.level * velocity_gain(c.velocity);
        let slope = (goal - gain) / BLOCK as f32;
        let mut out = [[0.0; BLOCK]; 2];
        for n in 0..BLOCK {
            gain += slope;
            let t = c.time + n as f32 / rate;
            let boom = if kind == Texture::Impact {
                phase += (32.0 + 70.0 * math::fast_exp2(-t * 9.0)) * shift / rate;
                phase -= phase.floor();
                math::fast_sin_cycles(phase)
            } else {
                0.0
            };
            for (side, out) in sides.iter_mut().zip(&mut out) {
                let x = match kind {
                    Texture::Riser | Texture::Downlifter => {
                        let x = side.noise.white();
                        0.8 * side.main.unity_band(x) + 0.15 * side.second.step(x).low
                    }
                    Texture::Impact => {
                        let x = side.soft();
                        let body = side.main.step(x).low * 0.5 + side.second.step(x).band * 0.25;
                        math::soft_clip(0.9 * boom + body)
                    }
                    Texture::Wind => {
                        let x = side.soft();
                        0.9 * side.main.unity_band(x) + 0.14 * side.second.unity_band(x)
                    }
                    Texture::Ocean => {
                        let x = side.soft();
                        let foam = side.noise.white();
                        side.swell += (wave - side.swell) * 0.000_2;
                        side.main.step(x).low * (0.12 + 0.7 * wave)
                            + 0.12 * side.second.step(foam).high * side.swell * side.swell
                    }
                    Texture::Rain => {
                        if side.noise.white() > 1.0 - 300.0 / rate {
                            let r = side.noise.white() * 0.5 + 0.5;
                            side.drop.set(1_400.0 + 5_500.0 * r, 9.0, rate);
                            side.drop_level = 0.5 * r * r * r + 0.04;
                        }
                        let x = side.noise.white();
                        let drop = side.drop.unity_band(side.noise.white()) * side.drop_level;
                        side.drop_level *= keep;
                        let bed = side.main.unity_band(x) * 0.16 + side.second.step(x).low * 0.10;
                        bed + drop * 2.0
                    }
                    Texture::Vinyl => {
                        if side.noise.white() > 1.0 - 22.0 / rate {
                            let r = side.noise.white() * 0.5 + 0.5;
                            side.drop.set(1_200.0 + 5_000.0 * r, 2.0, rate);
                            let rare = side.noise.white() * 0.5 + 0.5;
                            side.drop_level = 0.15 + 2.2 * rare * rare * rare * rare * rare * rare;
                        }
                        let pop = side.drop.unity_band(side.noise.white()) * side.drop_level;
                        side.drop_level *= crack;
                        let hiss = side.noise.white();
                        pop + side.main.step(hiss).high * 0.012 + side.second.step(hiss).low * 0.10
                    }
                };
                out[n] = x * gain;
            }
        }
        gain = goal;
        if !bus.add(at, &out[0], &out[1]) {
            break;
        }
        at += BLOCK;
        if c.time > attack + 0.05 && !c.held && goal < 1e-5 {
            break;
        }
    }
}
