//! What a drummer relies on.

use super::{instrument, kit::kits};
use crate::synth::parts::filter::OnePole;
use crate::synth::parts::testing::{RATE, centroid, note, phrase, play, survive};

#[test]
fn every_key_sounds_and_none_too_loud() {
    for name in kits().keys() {
        let engine = instrument(name).expect("named");
        for key in (35..=81).step_by(2).chain([36, 38, 42, 46]) {
            let peak = play(engine.as_ref(), note(0.0, 0.1, key, 0.9)).audio.peak();
            assert!((0.02..1.6).contains(&peak), "{name} {key} peaks at {peak}");
        }
    }
}

#[test]
fn a_closed_hat_ends_an_open_one() {
    for name in ["drum-machine-808", "drum-machine-909", "kit-lofi"] {
        let engine = instrument(name).expect("named");
        let power = |notes| {
            let clip = engine.render(&phrase(notes), RATE);
            let tail = clip.audio.channels[0].iter().skip(13_230).take(8_820);
            tail.map(|x| f64::from(x * x)).sum::<f64>()
        };
        let open = power(vec![note(0.0, 0.1, 46, 0.8)]);
        let ended = power(vec![note(0.0, 0.1, 46, 0.8), note(0.1, 0.2, 42, 0.3)]);
        assert!(ended < open * 0.2, "{name}: {ended} of {open}");
    }
}

#[test]
fn hard_strokes_are_brighter() {
    for (name, key) in [
        ("kit-luogu", 36),
        ("kit-taiko", 38),
        ("kit-african", 60),
        ("drum-machine-909", 38),
    ] {
        let engine = instrument(name).expect("named");
        let soft = play(engine.as_ref(), note(0.0, 0.1, key, 0.25));
        let hard = play(engine.as_ref(), note(0.0, 0.1, key, 1.0));
        let (dark, bright) = (
            centroid(&soft.audio.channels[0]),
            centroid(&hard.audio.channels[0]),
        );
        assert!(
            bright > dark * 1.02,
            "{name} {key}: {dark:.0} soft, {bright:.0} hard"
        );
    }
}

#[test]
fn the_small_gong_rises() {
    let engine = instrument("kit-luogu").expect("named");
    // Zero crossings of the lowest partial in two stretches of the sound.
    let pitch = |key: u8, from: usize| {
        let clip = play(engine.as_ref(), note(0.0, 0.2, key, 0.3));
        let mut low = [OnePole::new(200.0, 44_100.0); 4];
        let part: Vec<f32> = clip.audio.channels[0][..from + 6_615]
            .iter()
            .map(|x| low.iter_mut().fold(*x, |x, pole| pole.low(x)))
            .skip(from)
            .collect();
        part.windows(2)
            .filter(|w| w[0] < 0.0 && w[1] >= 0.0)
            .count()
    };
    let (early, late) = (pitch(52, 1_000), pitch(52, 10_000));
    assert!(early < late, "xiaoluo {early} {late}");
}

#[test]
fn absurd_notes_do_no_harm() {
    for name in kits().keys() {
        survive(name, instrument(name).expect("named").as_ref());
    }
}
