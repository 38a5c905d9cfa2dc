//! A user's own SFZ instrument.

use proptest::prelude::*;
use std::sync::Arc;
use yuefu_audio::SampleRate;
use yuefu_instruments::{
    Instrument,
    bank::{Bank, sfz},
    contract::{note, phrase},
    sampler::Sampler,
};
use yuefu_song::Family;

/// A WAV of a tone: 16 bits, some channels, 44.1 kHz.
fn tone(hertz: f64, channels: u16) -> Vec<u8> {
    let frames = 22_050;
    let mut data = Vec::new();
    for i in 0..frames {
        let angle = std::f64::consts::TAU * hertz * f64::from(i) / 44_100.0;
        let point = (yuefu_audio::math::sin(angle) * 16_000.0) as i16;
        for _ in 0..channels {
            data.extend(point.to_le_bytes());
        }
    }
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    for word in [1, channels] {
        out.extend(word.to_le_bytes());
    }
    out.extend(44_100_u32.to_le_bytes());
    out.extend((44_100 * 2 * u32::from(channels)).to_le_bytes());
    for word in [2 * channels, 16] {
        out.extend(word.to_le_bytes());
    }
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

const TEXT: &str = "\
<control> default_path=samples\\
<global> ampeg_release=0.2 // seconds
<group> seq_length=2 lokey=c3 hikey=c5 pitch_keycenter=a4
<region> sample=one tone.wav seq_position=1 loop_mode=loop_continuous loop_start=0 loop_end=22049
<region> sample=two.wav seq_position=2
<group> key=c6 pan=-100
<region> sample=two.wav trigger=release";

fn files(path: &str) -> Option<Vec<u8>> {
    match path {
        "samples/one tone.wav" => Some(tone(440.0, 1)),
        "samples/two.wav" => Some(tone(880.0, 2)),
        _ => None,
    }
}

fn play(bank: Bank, notes: Vec<yuefu_song::PerformedNote>) -> yuefu_audio::Clip {
    Sampler::new(Arc::new(bank), 0, 0, Family::Plucked, 8)
        .expect("preset 0:0")
        .render(&phrase("", notes), SampleRate(44_100))
}

fn crossings(samples: &[f32]) -> usize {
    samples
        .windows(2)
        .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
        .count()
}

#[test]
fn repetitions_take_turns_and_releases_follow() {
    let bank = sfz::open("test.sfz", TEXT, files).expect("a sound instrument");
    let notes = vec![
        note(0.0, 0.9, 69, 0.8),
        note(2.0, 0.4, 69, 0.8),
        note(4.0, 0.5, 84, 0.8),
    ];
    let clip = play(bank, notes);
    let left = &clip.audio.channels[0];
    let part = |from: f64, to: f64| &left[(from * 44_100.0) as usize..(to * 44_100.0) as usize];
    // The first, looped, at 440 Hz; the second at 880; the third an octave and a third higher
    // than recorded for c6, and only after its release.
    assert!((crossings(part(0.1, 0.8)) as f64 / 0.7 - 440.0).abs() < 6.0);
    assert!((crossings(part(2.1, 2.3)) as f64 / 0.2 - 880.0).abs() < 12.0);
    assert!(part(4.1, 4.45).iter().all(|s| s.abs() < 1e-4));
    assert!(part(4.52, 4.7).iter().any(|s| s.abs() > 0.05));
}

#[test]
fn what_is_missing_is_named() {
    let error = sfz::open("test.sfz", "<region> sample=gone.wav", files)
        .expect_err("no such sample")
        .to_string();
    assert!(error.contains("gone.wav"), "{error}");
    let error = sfz::open("test.sfz", "hello", files).expect_err("nothing in it");
    assert!(error.to_string().contains("<region>"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_refused_or_played(text in "(<region> |<group>|sample=two.wav |key=[a-g0-9#]{1,3} |[a-z_]{1,9}=|-?[0-9.]{1,6} |offset=|loop_start=|loop_end=|tune=|\n|.){0,40}") {
        let text = format!("<region> sample=samples/two.wav {text}");
        if let Ok(bank) = sfz::open("test.sfz", &text, |path| files(path).map(|b| b[..4_000].to_vec()).or(Some(b"RIFF".to_vec()))) {
            let clip = play(bank, vec![note(0.0, 0.05, 60, 0.8)]);
            assert!(clip.audio.channels.iter().flatten().all(|s| s.is_finite()));
        }
    }
}
