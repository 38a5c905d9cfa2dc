//! Pitch, aliasing and robustness of the synthesizers.

use super::instrument;
use super::patch::{Filter, FilterKind, Osc, Patch, Wave, patches};
use super::voice::Synth;
use crate::synth::parts::testing::{RATE, cents, note, phrase, play, residue, survive};
use yuefu_audio::math;

#[test]
fn patches_are_in_tune() {
    for (name, patch) in patches() {
        let clip = play(
            instrument(name).expect("named").as_ref(),
            note(0.0, 0.4, 57, 0.6),
        );
        let error = cents(&clip.audio.channels[0], 220.0);
        // Drift is part of some sounds, detuned stacks beat, and a sweeping filter turns the phase.
        let stack = patch.osc.iter().map(|o| o.spread).fold(0.0, f32::max);
        assert!(
            error.abs() < f64::from(12.0 + stack + 6.0 * patch.chorus.mix),
            "{name} is off by {error:.1} cents"
        );
        assert!(clip.audio.peak() > 0.02, "{name} is silent");
        assert!(clip.audio.peak() < 2.0, "{name} is too loud");
    }
}

#[test]
fn high_notes_do_not_alias() {
    for wave in [Wave::Saw, Wave::Pulse, Wave::Digital] {
        let osc = Osc {
            wave,
            width: 0.3,
            ..Osc::default()
        };
        let filter = Filter {
            kind: FilterKind::Off,
            ..Filter::default()
        };
        let patch: &'static Patch = Box::leak(Box::new(Patch {
            osc: vec![osc],
            drift: 0.0,
            filter,
            ..Patch::default()
        }));
        for key in [84, 97, 108] {
            let hz = f64::from(math::key_to_hz(f32::from(key)));
            let clip = play(&Synth { patch }, note(0.0, 1.8, key, 0.8));
            let rest = residue(&clip.audio.channels[0][66_150..66_150 + 8_192], hz);
            assert!(
                rest < -60.0,
                "{wave:?}, key {key}: {rest:.1} dB are no harmonics"
            );
        }
    }
}

#[test]
fn wide_sounds_are_wide_and_basses_are_not() {
    let width = |name: &str, key: u8| {
        let clip = play(
            instrument(name).expect("named").as_ref(),
            note(0.0, 1.0, key, 0.7),
        );
        let (mut middle, mut side) = (0.0_f64, 0.0_f64);
        for (l, r) in clip.audio.channels[0].iter().zip(&clip.audio.channels[1]) {
            middle += f64::from((l + r) * (l + r));
            side += f64::from((l - r) * (l - r));
        }
        side / middle
    };
    assert!(width("supersaw", 60) > 0.08);
    assert!(width("warm-pad", 60) > 0.03);
    assert!(width("sub-bass", 33) < 1e-6);
    assert!(width("synth-bass", 33) < 1e-6);
}

#[test]
fn textures_last_as_long_as_their_notes() {
    for name in ["noise-riser", "rain", "wind", "ocean", "vinyl-crackle"] {
        for length in [1.0, 3.0] {
            let clip = instrument(name)
                .expect("named")
                .render(&phrase(vec![note(0.0, length, 60, 0.9)]), RATE);
            let seconds = clip.audio.frames() as f64 / RATE.hz();
            assert!(
                seconds > length * 0.9 && seconds < length + 2.2,
                "{name} lasts {seconds} s"
            );
        }
    }
}

#[test]
fn absurd_notes_do_no_harm() {
    let textures = [
        "noise-riser",
        "downlifter",
        "impact",
        "vinyl-crackle",
        "rain",
        "wind",
        "ocean",
    ];
    for name in patches().keys().map(String::as_str).chain(textures) {
        survive(name, instrument(name).expect("named").as_ref());
    }
}
