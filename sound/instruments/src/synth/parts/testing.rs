//! What the tests of models, synthesizers and drums share.

use std::f64::consts::TAU;
use yuefu_audio::{Clip, Curve, SampleRate, Seconds, math};
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

use crate::Instrument;

/// The rate of most tests.
pub const RATE: SampleRate = SampleRate(44_100);

/// A plain note.
pub fn note(on: f64, off: f64, key: u8, velocity: f32) -> PerformedNote {
    PerformedNote {
        on: Seconds(on),
        off: Seconds(off),
        key,
        velocity,
        articulation: Articulation::Normal,
        pitch: Curve::default(),
        level: Curve::default(),
        tone: Curve::default(),
        legato: false,
        lyric: None,
    }
}

/// A phrase of notes.
pub fn phrase(notes: Vec<PerformedNote>) -> PerformedPhrase {
    let length = notes.iter().map(|n| n.off.0).fold(0.1, f64::max);
    PerformedPhrase {
        instrument: "test".into(),
        notes,
        length: Seconds(length),
        seed: 11,
    }
}

/// One note on one instrument.
pub fn play(instrument: &dyn Instrument, note: PerformedNote) -> Clip {
    instrument.render(&phrase(vec![note]), RATE)
}

/// Deviation from `hz` in cents between 0.1 and 0.38 s, from the advance of the fundamental's
/// phase.
pub fn cents(audio: &[f32], hz: f64) -> f64 {
    let window = 4_096;
    let hop = 512;
    let mut before: Option<(f64, f64)> = None;
    let (mut re, mut im) = (0.0, 0.0);
    let mut at = 4_410;
    while at + window < audio.len().min(17_000) {
        let (mut a, mut b) = (0.0, 0.0);
        for n in 0..window {
            let w = 0.5 - 0.5 * math::cos(TAU * n as f64 / window as f64);
            let phase = TAU * hz * (at + n) as f64 / RATE.hz();
            let x = f64::from(audio[at + n]) * w;
            a += x * math::cos(phase);
            b -= x * math::sin(phase);
        }
        if let Some((c, d)) = before {
            re += c * a + d * b;
            im += c * b - d * a;
        }
        before = Some((a, b));
        at += hop;
    }
    let turn = math::atan2(im, re) / TAU;
    let found = hz + turn * RATE.hz() / hop as f64;
    1_200.0 * math::log2(found / hz)
}

/// Root-mean-square frequency of the first 0.3 s in hertz, from the power of the difference
/// signal over that of the signal.
pub fn centroid(audio: &[f32]) -> f64 {
    let part = &audio[..audio.len().min(13_230)];
    let power: f64 = part.iter().map(|x| f64::from(x * x)).sum();
    let slope: f64 = part
        .windows(2)
        .map(|w| f64::from((w[1] - w[0]) * (w[1] - w[0])))
        .sum();
    (slope / power.max(1e-12)).sqrt() * RATE.hz() / TAU
}

/// Power that no harmonic of `hz` explains, in decibels relative to the whole.
pub fn residue(audio: &[f32], hz: f64) -> f64 {
    let window: Vec<f64> = (0..audio.len())
        .map(|n| 0.5 - 0.5 * math::cos(TAU * n as f64 / audio.len() as f64))
        .collect();
    let mut left: Vec<f64> = audio
        .iter()
        .zip(&window)
        .map(|(x, w)| f64::from(*x) * w)
        .collect();
    let whole: f64 = left.iter().map(|x| x * x).sum();
    let norm: f64 = window.iter().map(|w| w * w * 0.5).sum();
    for _ in 0..2 {
        let mut k = 1.0;
        while k * hz < RATE.hz() * 0.5 {
            let waves: Vec<(f64, f64)> = window
                .iter()
                .enumerate()
                .map(|(n, w)| {
                    let phase = TAU * k * hz * n as f64 / RATE.hz();
                    (w * math::cos(phase), w * math::sin(phase))
                })
                .collect();
            let (mut a, mut b) = (0.0, 0.0);
            for (x, (c, s)) in left.iter().zip(&waves) {
                a += x * c;
                b += x * s;
            }
            for (x, (c, s)) in left.iter_mut().zip(&waves) {
                *x -= (a * c + b * s) / norm;
            }
            k += 1.0;
        }
    }
    let rest: f64 = left.iter().map(|x| x * x).sum();
    10.0 * math::log10(rest / whole.max(1e-30) + 1e-30)
}

/// Notes that no performer would write, but a file might hold.
pub fn absurd() -> Vec<PerformedNote> {
    let mut wild = note(0.1, 0.2, 60, 1.0);
    wild.pitch = Curve::constant(1.0e7);
    wild.level = Curve::constant(f32::INFINITY);
    wild.tone = Curve::constant(-1.0e9);
    let mut deep = note(0.15, 0.25, 0, 7.0);
    deep.pitch = Curve::constant(-1.0e7);
    let mut nan = note(0.2, 0.3, 127, f32::NAN);
    nan.pitch = Curve::constant(f32::NAN);
    nan.level = Curve::constant(f32::NAN);
    let mut joined = note(0.3, 0.35, 127, 0.5);
    joined.legato = true;
    joined.articulation = Articulation::Tremolo;
    let mut glissando = note(0.4, 0.41, 3, 0.5);
    glissando.articulation = Articulation::Glissando;
    vec![
        note(-0.05, -0.02, 61, 0.0),
        wild,
        deep,
        nan,
        joined,
        note(0.35, 0.3, 64, 0.8),
        glissando,
    ]
}

/// Renders every absurdity at several rates and checks that the result is sound all the same.
pub fn survive(name: &str, instrument: &dyn Instrument) {
    for (i, note) in absurd().into_iter().enumerate() {
        let clip = instrument.render(&phrase(vec![note]), SampleRate(11_025));
        check(&format!("{name}, absurd note {i}"), &clip);
    }
    let all = phrase(absurd());
    check(name, &instrument.render(&all, SampleRate(22_050)));
    let silence = instrument.render(&phrase(Vec::new()), RATE);
    assert_eq!(silence.audio.peak(), 0.0, "{name} sounds without a note");
}

fn check(name: &str, clip: &Clip) {
    assert_eq!(clip.audio.channels.len(), 2, "{name}");
    assert!(clip.start.0 <= 0, "{name} starts at {}", clip.start.0);
    let sound = clip
        .audio
        .channels
        .iter()
        .flatten()
        .all(|x| x.is_finite() && x.abs() <= 8.0);
    assert!(sound, "{name} is not finite");
}
