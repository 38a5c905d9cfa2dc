//! The contract of every effect, and what each promises beyond it.

use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, math};
use yuefu_engine::Rng;
use yuefu_mix::Effect;
use yuefu_mix::delay::Delay;
use yuefu_mix::duck::{Ducker, KeyWindow};
use yuefu_mix::dynamics::Dynamics;
use yuefu_mix::reverb::Reverb;
use yuefu_mix::saturate::Saturator;
use yuefu_mix::stereo::Stereo;
use yuefu_song::mixplan::{self, Compressor, Gate, ReverbKind, Sidechain};

const RATE: SampleRate = SampleRate(48_000);

fn reverb(kind: ReverbKind, decay_s: f32) -> Reverb {
    let settings = mixplan::Reverb {
        kind,
        decay_s,
        predelay_ms: 10.0,
        damping: 0.4,
        level_db: 0.0,
    };
    Reverb::new(&settings, RATE)
}

fn delay(ping_pong: bool) -> Delay {
    let settings = mixplan::Delay {
        time_s: 0.1,
        feedback: 0.5,
        ping_pong,
        low_cut_hz: 200.0,
        high_cut_hz: 5000.0,
        level_db: 0.0,
    };
    Delay::new(&settings, RATE)
}

/// A key with a stroke every half second.
fn key() -> KeyWindow {
    let mut audio = AudioBuffer::silent(RATE, 1, 96_000);
    for (i, x) in audio.channels[0].iter_mut().enumerate() {
        let t = (i % 24_000) as f32 / 48_000.0;
        *x = math::fast_sin_cycles(55.0 * t) * math::fast_exp2(-t * 30.0);
    }
    KeyWindow::whole(&audio)
}

fn all() -> Vec<(&'static str, Box<dyn Effect>)> {
    let compressor = Compressor {
        threshold_db: -24.0,
        ratio: 4.0,
        attack_ms: 3.0,
        release_ms: 60.0,
        knee_db: 6.0,
        makeup_db: 4.0,
    };
    let gate = Gate {
        threshold_db: -30.0,
        ratio: 4.0,
        range_db: 40.0,
        attack_ms: 1.0,
        release_ms: 50.0,
    };
    let sidechain = Sidechain {
        key_track: "drums".into(),
        amount_db: 9.0,
        release_ms: 120.0,
        strongest_db: key().strongest_db(),
    };
    vec![
        (
            "compressor",
            Box::new(Dynamics::compressor(&compressor, RATE)),
        ),
        ("gate", Box::new(Dynamics::expander(&gate, RATE))),
        ("ducker", Box::new(Ducker::new(&sidechain, key(), RATE))),
        ("saturator", Box::new(Saturator::new(0.8))),
        ("stereo", Box::new(Stereo::new(1.5, -0.4, RATE))),
        ("delay", Box::new(delay(false))),
        ("ping-pong", Box::new(delay(true))),
        ("room", Box::new(reverb(ReverbKind::Room, 0.4))),
        ("hall", Box::new(reverb(ReverbKind::Hall, 0.9))),
        ("plate", Box::new(reverb(ReverbKind::Plate, 0.6))),
    ]
}

fn noise(frames: usize, level: f32) -> [Vec<f32>; 2] {
    let mut rng = Rng::new(3);
    [(); 2].map(|()| (0..frames).map(|_| rng.bipolar() * level).collect())
}

#[test]
fn block_size_and_reset_do_not_matter() {
    for (name, mut effect) in all() {
        let [mut l, mut r] = noise(30_000, 0.5);
        effect.process(&mut l, &mut r);
        for size in [1, 37, 64, 1000, 30_000] {
            effect.reset();
            let [mut a, mut b] = noise(30_000, 0.5);
            for (a, b) in a.chunks_mut(size).zip(b.chunks_mut(size)) {
                effect.process(a, b);
            }
            assert!(l == a && r == b, "{name}, blocks of {size}");
        }
        assert!(l.iter().chain(&r).all(|x| x.is_finite()), "{name}");
        assert!(l.iter().chain(&r).any(|x| *x != 0.0), "{name}");
    }
}

#[test]
fn silence_follows_silence() {
    for (name, mut effect) in all() {
        let [mut l, mut r] = noise(24_000, 0.9);
        effect.process(&mut l, &mut r);
        // Twelve decibels times many: 6 s is four times the longest decay to 1e-12.
        let mut tail = vec![0.0_f32; 48_000 * 6];
        let mut other = tail.clone();
        effect.process(&mut tail, &mut other);
        let end = tail.len() - 4800;
        assert!(
            tail[end..].iter().chain(&other[end..]).all(|&x| x == 0.0),
            "{name} never falls silent: {:e}",
            tail[end]
        );
    }
}

#[test]
fn extremes_stay_finite() {
    for (name, mut effect) in all() {
        let mut l: Vec<f32> = (0..20_000)
            .map(|i| match i % 5 {
                0 => 1e6,
                1 => -1e6,
                2 => 1e-38,
                3 => 0.0,
                _ => 1.0,
            })
            .collect();
        let mut r = l.clone();
        effect.process(&mut l, &mut r);
        assert!(l.iter().chain(&r).all(|x| x.is_finite()), "{name}");
    }
}

/// Decay time of a band, from −5 to −35 dB of the backward integral (ISO 3382-1).
fn decay_time(response: &[f32], hz: f64) -> f64 {
    let mut left = response.to_vec();
    let mut right = left.clone();
    let band = [
        Biquad::high_pass(48_000.0, hz * 0.707, 0.707),
        Biquad::low_pass(48_000.0, hz * 1.414, 0.707),
    ];
    Cascade::new([band[0], band[1], band[0], band[1]]).process(&mut left, &mut right);
    let mut energy = 0.0_f64;
    let mut curve: Vec<f64> = left
        .iter()
        .rev()
        .map(|&x| {
            energy += f64::from(x) * f64::from(x);
            energy
        })
        .collect();
    curve.reverse();
    let at = |db: f64| {
        let level = curve[0] * math::pow(10.0, db / 10.0);
        curve.iter().position(|&e| e < level).unwrap_or(curve.len())
    };
    (at(-35.0) - at(-5.0)) as f64 / 48_000.0 * 2.0
}

#[test]
fn reverbs_last_as_long_as_asked() {
    for (kind, decay) in [
        (ReverbKind::Room, 0.4),
        (ReverbKind::Room, 0.8),
        (ReverbKind::Hall, 1.6),
        (ReverbKind::Hall, 3.0),
        (ReverbKind::Plate, 1.2),
    ] {
        let frames = (f64::from(decay) * 1.3 * 48_000.0) as usize + 9600;
        let (mut l, mut r) = (vec![0.0; frames], vec![0.0; frames]);
        l[0] = 1.0;
        r[0] = 1.0;
        reverb(kind, decay).process(&mut l, &mut r);
        let got = decay_time(&l, 700.0);
        assert!(
            (got / f64::from(decay) - 1.0).abs() < 0.1,
            "{kind:?} {decay}: {got}"
        );
        // The treble goes first.
        assert!(decay_time(&l, 8000.0) < got, "{kind:?}");
        // Dense: after 150 ms as many samples lie beyond one deviation as in noise (32 %).
        let late = &l[7200..9600];
        let power = late.iter().map(|x| x * x).sum::<f32>() / late.len() as f32;
        let beyond = late.iter().filter(|x| x.abs() > power.sqrt()).count();
        let share = beyond as f32 / late.len() as f32;
        assert!(share > 0.26, "{kind:?}: {share}");
        // The ears hear different things, and mono keeps the half of it.
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let correlation = dot(&l, &r) / (dot(&l, &l) * dot(&r, &r)).sqrt();
        assert!(correlation.abs() < 0.2, "{kind:?}: {correlation}");
    }
}

#[test]
fn reverbs_return_about_as_loud_as_sent() {
    for kind in [ReverbKind::Room, ReverbKind::Hall, ReverbKind::Plate] {
        let [mut l, mut r] = noise(96_000, 0.5);
        // Speech-like band, where the inputs' cuts do little.
        let filters = [
            Biquad::high_pass(48_000.0, 400.0, 0.707),
            Biquad::low_pass(48_000.0, 3000.0, 0.707),
        ];
        Cascade::new(filters).process(&mut l, &mut r);
        let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
        let before = power(&l[48_000..]);
        reverb(kind, 1.0).process(&mut l, &mut r);
        let db = 10.0 * math::log10(f64::from(power(&l[72_000..]) / before));
        assert!(db.abs() < 3.0, "{kind:?}: {db}");
    }
}

#[test]
fn pan_keeps_power_and_lows_stay_in_the_middle() {
    for pan in [-1.0, -0.5, 0.0, 0.3, 1.0] {
        let mut s = Stereo::new(1.0, pan, RATE);
        let (mut l, mut r) = (vec![0.5_f32; 64], vec![0.5_f32; 64]);
        s.process(&mut l, &mut r);
        let power = l[9] * l[9] + r[9] * r[9];
        assert!((power - 0.5).abs() < 1e-5, "{pan}");
        assert_eq!(r[9] > l[9], pan > 0.0);
    }
    let mut s = Stereo::new(1.4, 0.0, RATE);
    let tone = |hz: f32| -> Vec<f32> {
        (0..48_000)
            .map(|i| math::fast_sin_cycles((hz * i as f32 / 48_000.0) % 1.0))
            .collect()
    };
    // Out of phase at 30 Hz: gone; at 1 kHz: wider.
    for (hz, low, high) in [(30.0, 0.0, 0.1), (1000.0, 1.3, 1.5)] {
        let mut l = tone(hz);
        let mut r: Vec<f32> = l.iter().map(|x| -x).collect();
        s.reset();
        s.process(&mut l, &mut r);
        let peak = l[24_000..].iter().fold(0.0_f32, |p, x| p.max(x.abs()));
        assert!((low..high).contains(&peak), "{hz}: {peak}");
    }
}

#[test]
fn the_ducker_follows_the_kick() {
    let sidechain = Sidechain {
        key_track: "drums".into(),
        amount_db: 9.0,
        release_ms: 60.0,
        strongest_db: key().strongest_db(),
    };
    let mut ducker = Ducker::new(&sidechain, key(), RATE);
    let (mut l, mut r) = (vec![1.0_f32; 48_000], vec![1.0_f32; 48_000]);
    ducker.process(&mut l, &mut r);
    let db = |i: usize| math::gain_to_db(l[i]);
    assert!((db(24_000 + 700) + 9.0).abs() < 1.5, "{}", db(24_700));
    assert!(db(47_900) > -0.5, "{}", db(47_900));
}

#[test]
fn echoes_come_on_time_and_cross_over() {
    let (mut l, mut r) = (vec![0.0_f32; 24_000], vec![0.0_f32; 24_000]);
    l[0] = 1.0;
    r[0] = 1.0;
    delay(true).process(&mut l, &mut r);
    let loudest = |x: &[f32], from: usize| {
        (from..from + 2400)
            .max_by(|&a, &b| x[a].abs().total_cmp(&x[b].abs()))
            .unwrap_or(0)
    };
    assert!(loudest(&l, 3600).abs_diff(4800) < 4);
    assert!(r[3600..6000].iter().all(|&x| x == 0.0));
    assert!(loudest(&r, 8400).abs_diff(9600) < 8);
}

/// Aliasing of a driven 7 kHz tone: its fifth harmonic folds to 13 kHz.
#[test]
fn saturation_folds_little_back() {
    let n = 48_000;
    let mut l: Vec<f32> = (0..n)
        .map(|i| 0.3 * math::sin(f64::from(i) * 7000.0 / 48_000.0 * std::f64::consts::TAU) as f32)
        .collect();
    let naive: Vec<f32> = l
        .iter()
        .map(|x| {
            let u = (x * 3.0).clamp(-1.0, 1.0);
            (u - u * u * u / 3.0) / 3.0
        })
        .collect();
    let mut r = l.clone();
    Saturator::new(1.0).process(&mut l, &mut r);
    let at = |x: &[f32], hz: f64| {
        let (mut c, mut s) = (0.0, 0.0);
        for (i, x) in x.iter().enumerate() {
            let angle = hz * i as f64 / 48_000.0 * std::f64::consts::TAU;
            c += f64::from(*x) * math::cos(angle);
            s += f64::from(*x) * math::sin(angle);
        }
        (c * c + s * s).sqrt() / n as f64
    };
    // The third harmonic, 21 kHz, is there; what folds to other places is weaker than without
    // the averaging.
    let fold = 48_000.0 - 5.0 * 7000.0;
    let db = |x: f64| 20.0 * math::log10(x.max(1e-12) / at(&l, 7000.0));
    println!("{} {}", db(at(&l, fold)), db(at(&naive, fold)));
    assert!(db(at(&l, fold)) < -60.0 || at(&l, fold) < 0.5 * at(&naive, fold));
}
