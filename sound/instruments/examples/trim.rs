//! Prints the loudness of every sampled instrument and the `trim` that brings it to −23 LUFS:
//! `cargo run --release -p yuefu-instruments --example trim`.
//!
//! The measured phrase: mezzo-forte quarter notes at 120 bpm around the middle of the sweet
//! range; for kits a plain beat; for effects one long note.

use ebur128::{EbuR128, Mode};
use yuefu_audio::SampleRate;
use yuefu_instruments::{Orchestra, contract};
use yuefu_song::Family;

const RATE: SampleRate = SampleRate(44_100);

fn main() {
    let orchestra = Orchestra::standard();
    for profile in orchestra.profiles() {
        if !profile.engine.starts_with("sampler:") {
            continue;
        }
        let middle = (u16::from(profile.sweet[0]) + u16::from(profile.sweet[1])) / 2;
        let mut notes = Vec::new();
        for (index, step) in [0_u16, 2, 4, 7, 9, 7, 4, 2].into_iter().enumerate() {
            let on = index as f64 * 0.5;
            match profile.family {
                Family::Kit => {
                    let drum = if index % 2 == 0 { 36 } else { 38 };
                    notes.push(contract::note(on, 0.1, drum, 0.6));
                    notes.push(contract::note(on, 0.1, 42, 0.6));
                    notes.push(contract::note(on + 0.25, 0.1, 42, 0.6));
                }
                Family::Effect if index > 0 => {}
                Family::Effect => notes.push(contract::note(on, 4.0, middle as u8, 0.6)),
                _ => notes.push(contract::note(on, 0.48, (middle + step) as u8, 0.6)),
            }
        }
        let mut profile = profile.clone();
        profile.trim = 0.0;
        let Some(instrument) = orchestra.instrument(&profile) else {
            println!("{} has no preset", profile.id);
            continue;
        };
        let clip = instrument.render(&contract::phrase(&profile.id, notes), RATE);
        let Ok(mut meter) = EbuR128::new(2, RATE.0, Mode::I) else {
            continue;
        };
        let (left, right) = (&clip.audio.channels[0], &clip.audio.channels[1]);
        let loudness = meter
            .add_frames_planar_f32(&[left.as_slice(), right.as_slice()])
            .and_then(|()| meter.loudness_global())
            .unwrap_or(f64::NEG_INFINITY);
        println!(
            "{} {loudness:.1} {:.1} {:.3}",
            profile.id,
            -23.0 - loudness,
            clip.audio.peak()
        );
    }
}
