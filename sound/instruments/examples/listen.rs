//! Renders a short idiomatic phrase of every modeled, synthesized and drum instrument and prints
//! what can be measured of it.
//!
//! `cargo run --release -p yuefu-instruments --example listen -- [OUT_DIR] [ID...]`
//!
//! Columns: id, loudness (LUFS) of the reference phrase (mezzo-forte quarter notes at 120 bpm in
//! mid-register) before trim, the trim that would bring it to −23, its peak, seconds of audio
//! made per second, and DC. Each `<id>.wav` holds the idiomatic phrase.

use std::{error::Error, path::Path, time::Instant};
use yuefu_audio::{Clip, Curve, SampleRate, Seconds};
use yuefu_instruments::{Instrument, Orchestra, drum, model, synth};
use yuefu_song::{Articulation, Family, InstrumentProfile, PerformedNote, PerformedPhrase};

const RATE: SampleRate = SampleRate(44_100);

fn note(on: f64, length: f64, key: u8, velocity: f32) -> PerformedNote {
    PerformedNote {
        on: Seconds(on),
        off: Seconds(on + length),
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

fn phrase(id: &str, notes: Vec<PerformedNote>) -> PerformedPhrase {
    let length = notes.iter().map(|n| n.off.0).fold(0.0, f64::max);
    PerformedPhrase {
        instrument: id.into(),
        notes,
        length: Seconds(length),
        seed: 7,
    }
}

/// The phrase by which loudness is compared.
fn reference(profile: &InstrumentProfile) -> PerformedPhrase {
    let mut notes = Vec::new();
    let [low, high] = profile.sweet;
    let middle = (u16::from(low) + u16::from(high)) / 2;
    for i in 0..8_u16 {
        let on = f64::from(i) * 0.5;
        match profile.family {
            Family::Kit => {
                notes.push(note(on, 0.1, if i % 2 == 0 { 36 } else { 38 }, 0.6));
                notes.push(note(on, 0.1, 42, 0.6));
                notes.push(note(on + 0.25, 0.1, 42, 0.6));
            }
            Family::Effect if i > 0 => {}
            Family::Effect => notes.push(note(0.0, 4.0, middle as u8, 0.6)),
            _ => {
                let step = [0, 2, 4, 7, 9, 7, 4, 2][usize::from(i)];
                notes.push(note(on, 0.48, (middle + step) as u8, 0.6));
            }
        }
    }
    phrase(&profile.id, notes)
}

/// Something a player might do.
fn idiom(profile: &InstrumentProfile) -> PerformedPhrase {
    let [low, high] = profile.sweet;
    let base = ((u16::from(low) * 2 + u16::from(high)) / 3) as u8;
    let mut notes = Vec::new();
    match profile.family {
        Family::Kit => {
            for (i, key) in (35..=81).enumerate() {
                notes.push(note(i as f64 * 0.4, 0.2, key, 0.8));
            }
            let start = 47.0 * 0.4;
            for bar in 0..2 {
                for i in 0..16 {
                    let on = start + f64::from(bar * 16 + i) * 0.125;
                    if [0, 6, 10].contains(&i) {
                        notes.push(note(on, 0.1, 36, 0.9));
                    }
                    if [4, 12].contains(&i) {
                        notes.push(note(on, 0.1, 38, 0.85));
                    }
                    let open = i == 14;
                    notes.push(note(
                        on,
                        0.1,
                        if open { 46 } else { 42 },
                        if i % 2 == 0 { 0.7 } else { 0.4 },
                    ));
                }
            }
        }
        Family::Effect => notes.push(note(0.0, 5.0, 60, 0.8)),
        Family::SynthPad | Family::Ensemble => {
            for (i, root) in [0_u8, 5, 7, 0].iter().enumerate() {
                for chord in [0, 4, 7, 11] {
                    notes.push(note(i as f64 * 2.0, 1.95, base + root + chord, 0.6));
                }
            }
        }
        _ => {
            let scale = [0_u8, 2, 4, 7, 9, 12, 9, 7, 4, 2, 0];
            let last = profile.range[1];
            for (i, step) in scale.iter().enumerate() {
                let velocity = 0.35 + 0.06 * i as f32;
                notes.push(note(
                    i as f64 * 0.3,
                    0.29,
                    (base + step).min(last),
                    velocity,
                ));
            }
            let at = 3.5;
            let mut long = note(at, 1.6, (base + 7).min(last), 0.7);
            for i in 0..80 {
                let t = i as f32 * 0.02;
                let depth = 22.0 * ((t - 0.25) * 3.0).clamp(0.0, 1.0);
                long.pitch
                    .push(t, depth * yuefu_audio::math::fast_sin_cycles(t * 5.6));
            }
            notes.push(long);
            let mut legato = note(at + 1.6, 0.5, (base + 9).min(last), 0.7);
            legato.legato = true;
            notes.push(legato);
            for (i, articulation) in [
                Articulation::Tremolo,
                Articulation::Slide,
                Articulation::Press,
                Articulation::Harmonic,
                Articulation::Mute,
                Articulation::Flutter,
                Articulation::Glissando,
            ]
            .iter()
            .enumerate()
            {
                let mut special = note(at + 2.4 + i as f64 * 0.9, 0.85, (base + 4).min(last), 0.7);
                special.articulation = *articulation;
                notes.push(special);
            }
            if profile.polyphony > 2 {
                for (i, step) in [0, 4, 7, 12].iter().enumerate() {
                    notes.push(note(
                        12.3 + 0.03 * i as f64,
                        2.0,
                        (base + step).min(last),
                        0.75,
                    ));
                }
            }
        }
    }
    phrase(&profile.id, notes)
}

fn engine(profile: &InstrumentProfile) -> Option<Box<dyn Instrument>> {
    match profile.engine.split_once(':')? {
        ("model", name) => model::instrument(name),
        ("synth", name) => synth::instrument(name),
        ("kit", name) => drum::instrument(name),
        _ => None,
    }
}

fn loudness(clip: &Clip) -> Result<f64, Box<dyn Error>> {
    let mut meter = ebur128::EbuR128::new(2, RATE.0, ebur128::Mode::I)?;
    let planes: Vec<&[f32]> = clip.audio.channels.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&planes)?;
    Ok(meter.loudness_global()?)
}

fn write(path: &Path, clip: &Clip, gain: f32) -> Result<(), Box<dyn Error>> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE.0,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for (l, r) in clip.audio.channels[0].iter().zip(&clip.audio.channels[1]) {
        file.write_sample(l * gain)?;
        file.write_sample(r * gain)?;
    }
    Ok(file.finalize()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.first().map_or("listen", String::as_str);
    std::fs::create_dir_all(folder)?;
    println!("id\tlufs\ttrim\tpeak\tspeed\tdc");
    for profile in Orchestra::standard().profiles() {
        let wanted = args.len() < 2 || args[1..].contains(&profile.id);
        let Some(engine) = engine(profile).filter(|_| wanted) else {
            continue;
        };
        let clip = engine.render(&reference(profile), RATE);
        let lufs = loudness(&clip)?;
        let played = idiom(profile);
        let begun = Instant::now();
        let shown = engine.render(&played, RATE);
        let speed = shown.audio.frames() as f64 / RATE.hz() / begun.elapsed().as_secs_f64();
        let dc = shown.audio.channels[0].iter().sum::<f32>() / shown.audio.frames().max(1) as f32;
        let trim = (-23.0 - lufs).clamp(-40.0, 40.0);
        println!(
            "{}\t{lufs:.1}\t{trim:.1}\t{:.2}\t{speed:.0}\t{dc:.5}",
            profile.id,
            clip.audio.peak()
        );
        let gain = yuefu_audio::math::db_to_gain(trim as f32 + 5.0);
        write(
            &Path::new(folder).join(format!("{}.wav", profile.id)),
            &shown,
            gain,
        )?;
    }
    Ok(())
}
