//! Plays a MIDI file with a SoundFont as it stands and says how fast that went:
//! `cargo run --release -p yuefu-instruments --example sampler_speed -- BANK.sf2 SONG.mid [OUT.f32]`
//! (raw 32-bit float stereo at 44.1 kHz). For the comparison with other players see
//! docs/RESULTS.md.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{process::ExitCode, sync::Arc, time::Instant};
use yuefu_audio::{AudioBuffer, SampleRate};
use yuefu_instruments::{bank::Bank, sampler::Sampler};
use yuefu_song::Family;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bank, song, out @ ..] = arguments.as_slice() else {
        return Err("give BANK.sf2 SONG.mid [OUT.f32]".into());
    };
    let read = |path: &String| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let began = Instant::now();
    let bank = Arc::new(Bank::read(read(bank)?).map_err(|error| error.to_string())?);
    let parts = support::parts(&read(song)?).ok_or("this MIDI file cannot be played")?;
    println!("opened in {:.3} s", began.elapsed().as_secs_f64());
    let rate = SampleRate(44_100);
    let mut seconds = 0.0_f64;
    // Twice: the first time decodes the samples.
    for pass in ["with decoding", "decoded already"] {
        let began = Instant::now();
        let mut clips = Vec::new();
        let mut notes = 0;
        for part in &parts {
            let family = if part.bank == 128 {
                Family::Kit
            } else {
                Family::Effect
            };
            let Some(sampler) =
                Sampler::new(Arc::clone(&bank), part.bank, part.program, family, 255)
            else {
                continue;
            };
            notes += part.phrase.notes.len();
            clips.push(sampler.render_plain(&part.phrase, &part.controls, rate));
        }
        seconds = clips
            .iter()
            .map(|clip| clip.audio.frames() as f64 / rate.hz())
            .fold(seconds, f64::max);
        let took = began.elapsed().as_secs_f64();
        println!(
            "{pass}: {notes} notes, {seconds:.1} s of music in {took:.3} s, {:.0} times real time",
            seconds / took
        );
        if let [path] = out {
            let mut mix = AudioBuffer::silent(rate, 2, (seconds * rate.hz()) as usize + 1);
            for clip in &clips {
                mix.add(clip);
            }
            let bytes: Vec<u8> = (0..mix.frames())
                .flat_map(|i| [mix.channels[0][i], mix.channels[1][i]])
                .flat_map(f32::to_le_bytes)
                .collect();
            std::fs::write(path, bytes).map_err(|error| format!("{path}: {error}"))?;
        }
    }
    Ok(())
}
