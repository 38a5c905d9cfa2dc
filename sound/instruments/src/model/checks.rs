//! What the physics of each instrument promises: pitch, decay, brightness.

use super::instrument;
use super::{plucked_specs, struck, sustained_specs};
use crate::synth::parts::testing::{RATE, centroid, cents, note, phrase, play, survive};
use yuefu_audio::{Clip, math};
use yuefu_song::{Articulation, InstrumentProfile};

fn names() -> impl Iterator<Item = &'static str> {
    plucked_specs::names()
        .chain(sustained_specs::names())
        .chain(struck::names())
}

fn range(name: &str) -> [u8; 2] {
    #[derive(serde::Deserialize)]
    struct File {
        instrument: Vec<InstrumentProfile>,
    }
    let text = yuefu_data::text("instruments/modeled.toml").expect("shipped");
    let file: File = toml::from_str(text).expect("well formed");
    let engine = format!("model:{name}");
    file.instrument
        .iter()
        .find(|p| p.engine == engine)
        .map(|p| p.range)
        .unwrap_or_else(|| panic!("{name} is not in the catalog"))
}

fn sound(name: &str, key: u8, velocity: f32, length: f64, articulation: Articulation) -> Clip {
    let mut note = note(0.0, length, key, velocity);
    note.articulation = articulation;
    play(instrument(name).expect("named").as_ref(), note)
}

#[test]
fn every_model_is_in_tune_over_its_range() {
    for name in names() {
        let [low, high] = range(name);
        for key in [low, (low + high) / 2, high] {
            let clip = sound(name, key, 0.6, 0.4, Articulation::Staccato);
            let hz = f64::from(math::key_to_hz(f32::from(key)));
            let error = cents(&clip.audio.channels[0], hz);
            assert!(
                error.abs() < 5.0,
                "{name} at key {key} is off by {error:.1} cents"
            );
        }
    }
}

#[test]
fn loud_is_louder_and_brighter_than_soft() {
    for name in names() {
        let [low, high] = range(name);
        let key = low + (high - low) / 3;
        let soft = sound(name, key, 0.25, 0.3, Articulation::Normal);
        let loud = sound(name, key, 0.95, 0.3, Articulation::Normal);
        assert!(
            loud.audio.rms() > 2.5 * soft.audio.rms(),
            "{name} has no dynamics"
        );
        let dark = centroid(&soft.audio.channels[0]);
        let bright = centroid(&loud.audio.channels[0]);
        assert!(
            bright > 1.04 * dark,
            "{name}: {dark:.0} Hz soft, {bright:.0} Hz loud"
        );
        let peak = loud.audio.peak();
        assert!(peak < 1.5, "{name} peaks at {peak}");
    }
}

#[test]
fn plucked_strings_ring_as_long_as_theirs_do() {
    // Seconds to fall 30 dB from key 57.
    for (name, least, most) in [
        ("guzheng", 1.0, 5.0),
        ("pipa", 0.3, 1.6),
        ("guqin", 1.0, 5.0),
        ("sanxian", 0.3, 1.8),
        ("nylon-guitar-model", 0.5, 3.0),
    ] {
        let clip = sound(name, 57, 0.7, 5.0, Articulation::Normal);
        let level = |at: f64| {
            let to = ((at * RATE.hz()) as usize + 4_410).min(clip.audio.frames());
            let part = &clip.audio.channels[0][to.saturating_sub(4_410)..to];
            part.iter().map(|x| f64::from(x * x)).sum::<f64>()
        };
        let start = level(0.05);
        let time = (1..50)
            .map(|i| f64::from(i) * 0.1)
            .find(|&t| level(t) < start * 0.001)
            .unwrap_or(5.0);
        assert!(
            (least..=most).contains(&time),
            "{name} falls 30 dB in {time} s"
        );
    }
}

#[test]
fn no_two_strokes_are_equal() {
    for name in ["pipa", "erhu", "mbira"] {
        let engine = instrument(name).expect("named");
        let once = engine.render(&phrase(vec![note(0.0, 0.2, 69, 0.6)]), RATE);
        let again = phrase(vec![note(0.5, 0.7, 69, 0.6)]);
        let later = engine.render(&again, RATE);
        let a = &once.audio.channels[0][..2_000];
        let b = &later.audio.channels[0][22_050..24_050];
        assert_ne!(a, b, "{name}");
        assert_eq!(engine.render(&again, RATE), later, "{name}");
    }
}

#[test]
fn articulations_change_the_sound() {
    for (name, articulations) in [
        (
            "guzheng",
            &[
                Articulation::Tremolo,
                Articulation::Press,
                Articulation::Harmonic,
                Articulation::Mute,
                Articulation::Glissando,
            ][..],
        ),
        (
            "dizi",
            &[
                Articulation::Flutter,
                Articulation::Slide,
                Articulation::Trill,
            ],
        ),
        (
            "erhu",
            &[
                Articulation::Tremolo,
                Articulation::Pizzicato,
                Articulation::Vibrato,
            ],
        ),
    ] {
        let plain = sound(name, 74, 0.6, 0.5, Articulation::Normal);
        for &articulation in articulations {
            let other = sound(name, 74, 0.6, 0.5, articulation);
            let frames = plain.audio.frames().min(other.audio.frames()).min(20_000);
            let difference: f32 = plain.audio.channels[0][..frames]
                .iter()
                .zip(&other.audio.channels[0][..frames])
                .map(|(a, b)| (a - b) * (a - b))
                .sum();
            let whole: f32 = plain.audio.channels[0].iter().map(|x| x * x).sum();
            assert!(difference > 0.05 * whole, "{name}: {articulation:?}");
        }
    }
}

#[test]
fn absurd_notes_do_no_harm() {
    for name in names() {
        survive(name, instrument(name).expect("named").as_ref());
    }
}
