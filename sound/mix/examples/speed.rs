//! Measures every effect and a whole mix: `cargo run --release -p yuefu-mix --example speed`.
//!
//! With a folder as argument it also writes impulse responses there as raw 32-bit floats.

use std::time::Instant;
use yuefu_audio::{AudioBuffer, Cascade, SampleRate};
use yuefu_engine::Rng;
use yuefu_mix::delay::Delay;
use yuefu_mix::dynamics::Dynamics;
use yuefu_mix::reverb::Reverb;
use yuefu_mix::saturate::Saturator;
use yuefu_mix::stereo::Stereo;
use yuefu_mix::strip::eq_filter;
use yuefu_mix::{
    Effect, Mixer, Return, Sum, WINDOW, channel_window, return_memory, return_window, strip_memory,
};
use yuefu_song::mixplan::*;

const RATE: SampleRate = SampleRate(48_000);

fn noise(seconds: usize, level: f32, seed: u64) -> AudioBuffer {
    let mut rng = Rng::new(seed);
    let frames = seconds * RATE.0 as usize;
    AudioBuffer {
        rate: RATE,
        channels: (0..2)
            .map(|_| (0..frames).map(|_| rng.bipolar() * level).collect())
            .collect(),
    }
}

fn reverb(kind: ReverbKind, decay_s: f32) -> yuefu_song::mixplan::Reverb {
    yuefu_song::mixplan::Reverb {
        kind,
        decay_s,
        predelay_ms: 12.0,
        damping: 0.5,
        level_db: 0.0,
    }
}

fn time(name: &str, mut work: impl FnMut(&mut [f32], &mut [f32])) {
    let mut audio = noise(20, 0.3, 1);
    let [left, right] = &mut audio.channels[..] else {
        return;
    };
    let start = Instant::now();
    for (l, r) in left.chunks_mut(512).zip(right.chunks_mut(512)) {
        work(l, r);
    }
    let took = start.elapsed().as_secs_f64();
    println!("{name:<22} {:>7.0} x real time", 20.0 / took);
}

fn strip(index: usize) -> ChannelStrip {
    ChannelStrip {
        eq: vec![
            EqBand {
                kind: EqKind::LowCut,
                hz: 90.0,
                gain_db: 0.0,
                q: 0.7,
            },
            EqBand {
                kind: EqKind::Peak,
                hz: 320.0,
                gain_db: -2.0,
                q: 1.0,
            },
            EqBand {
                kind: EqKind::Peak,
                hz: 3000.0,
                gain_db: 2.0,
                q: 0.8,
            },
            EqBand {
                kind: EqKind::HighShelf,
                hz: 9000.0,
                gain_db: 1.0,
                q: 0.7,
            },
        ],
        compressor: Some(Compressor {
            threshold_db: -18.0,
            ratio: 3.0,
            attack_ms: 10.0,
            release_ms: 120.0,
            knee_db: 6.0,
            makeup_db: 2.0,
        }),
        saturation: 0.2,
        gain_db: -8.0,
        pan: 0.2,
        width: 1.1,
        sends: Sends {
            room: Some(-18.0),
            hall: Some(-14.0),
            plate: Some(-16.0),
            delay: Some(-20.0),
        },
        ..ChannelStrip::neutral(format!("t{index}"))
    }
}

fn main() {
    let s = strip(0);
    let mut eq = Cascade::new(s.eq.iter().map(|band| eq_filter(band, RATE)));
    time("eq, 4 bands", |l, r| eq.process(l, r));
    if let Some(c) = &s.compressor {
        let mut c = Dynamics::compressor(c, RATE);
        time("compressor", |l, r| c.process(l, r));
    }
    let mut saturator = Saturator::new(0.3);
    time("saturation", |l, r| saturator.process(l, r));
    let mut stereo = Stereo::new(1.2, 0.3, RATE);
    time("width and pan", |l, r| stereo.process(l, r));
    let delay = yuefu_song::mixplan::Delay {
        time_s: 0.375,
        feedback: 0.4,
        ping_pong: true,
        low_cut_hz: 250.0,
        high_cut_hz: 5000.0,
        level_db: 0.0,
    };
    let mut d = Delay::new(&delay, RATE);
    time("delay", |l, r| d.process(l, r));
    for (name, kind, decay) in [
        ("room", ReverbKind::Room, 0.6),
        ("hall", ReverbKind::Hall, 2.4),
        ("plate", ReverbKind::Plate, 1.6),
    ] {
        let mut r = Reverb::new(&reverb(kind, decay), RATE);
        time(name, |a, b| r.process(a, b));
        if let Some(folder) = std::env::args().nth(1) {
            let mut audio = AudioBuffer::silent(RATE, 2, RATE.0 as usize * 4);
            audio.channels[0][0] = 1.0;
            audio.channels[1][0] = 1.0;
            let [a, b] = &mut audio.channels[..] else {
                continue;
            };
            let mut r = Reverb::new(&reverb(kind, decay), RATE);
            r.process(a, b);
            let bytes: Vec<u8> = a
                .iter()
                .zip(b.iter())
                .flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()].concat())
                .collect();
            if let Err(error) = std::fs::write(format!("{folder}/{name}.f32"), bytes) {
                eprintln!("{folder}: {error}");
            }
        }
    }
    let plan = MixPlan {
        character: "pop".into(),
        tracks: (0..10).map(strip).collect(),
        returns: Returns {
            room: Some(reverb(ReverbKind::Room, 0.6)),
            hall: Some(reverb(ReverbKind::Hall, 2.4)),
            plate: Some(reverb(ReverbKind::Plate, 1.6)),
            delay: Some(delay),
        },
    };
    let raw = noise(180, 0.2, 2);
    let mut mixer = Mixer::new(&plan, RATE, raw.frames());
    let mut spent = 0.0;
    for pair in 0..5 {
        let names = [format!("t{}", pair * 2), format!("t{}", pair * 2 + 1)];
        let inputs = [raw.clone(), raw.clone()];
        let start = Instant::now();
        let [a, b] = inputs;
        let (a, b) = rayon::join(
            || mixer.process(&names[0], a),
            || mixer.process(&names[1], b),
        );
        mixer.accept(&names[0], &a);
        mixer.accept(&names[1], &b);
        spent += start.elapsed().as_secs_f64();
    }
    let start = Instant::now();
    let mixdown = mixer.finish();
    let returns = start.elapsed().as_secs_f64();
    println!(
        "10 tracks x 180 s, two threads: strips and sums {spent:.2} s, returns {returns:.2} s, \
         {:.0} x real time (peak {:.2})",
        180.0 / (spent + returns),
        mixdown.mix.peak()
    );
    edit(&plan, &raw);
}

/// What one window costs after an edit, stage by stage, on one thread.
fn edit(plan: &MixPlan, raw: &AudioBuffer) {
    let window = 10 * WINDOW..11 * WINDOW;
    let strip = &plan.tracks[0];
    let least = |work: &mut dyn FnMut()| {
        (0..5)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed().as_secs_f64() * 1e3
            })
            .fold(f64::MAX, f64::min)
    };
    let seconds = |frames: usize| frames as f64 / RATE.hz();
    let mut stem = AudioBuffer::silent(RATE, 2, 0);
    let took = least(&mut || stem = channel_window(strip, raw, 0, window.clone(), None));
    println!(
        "window of {:.1} s: strip {took:.1} ms, remembers {:.1} s",
        seconds(WINDOW),
        seconds(strip_memory(strip, RATE))
    );
    let mut sum = Sum::new(RATE, WINDOW);
    let took = least(&mut || {
        sum.subtract(&stem);
        sum.add(&stem);
        std::hint::black_box(sum.audio());
    });
    println!("  taken out of a sum and put back, as audio: {took:.1} ms");
    for kind in Return::ALL {
        let memory = return_memory(kind, &plan.returns, RATE);
        let took = least(&mut || {
            std::hint::black_box(return_window(kind, &plan.returns, raw, 0, window.clone()));
        });
        let name = kind.name();
        println!("  {name}: {took:.1} ms, remembers {:.1} s", seconds(memory));
    }
}
