//! Plays a MIDI file with a SoundFont as it stands and says how fast that went:
//! `cargo run --release -p yuefu-instruments --example sampler_speed -- BANK.sf2 SONG.mid [OUT.f32]`
//! (raw 32-bit float stereo at 44.1 kHz). Where Debian's `fluidsynth` is installed, it plays the
//! same for comparison. All times are of one core; run it on a quiet machine.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    process::{Command, ExitCode},
    sync::Arc,
    time::Instant,
};
use yuefu_audio::{AudioBuffer, SampleRate};
use yuefu_instruments::{
    bank::Bank,
    contract,
    sampler::{Controls, Sampler},
};
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
    one_voice(&bank, rate);
    match fluidsynth(&arguments[0], song) {
        Some(theirs) => println!("fluidsynth, the opening of the bank taken off: {theirs:.3} s"),
        None => println!("no fluidsynth on this machine to compare with"),
    }
    Ok(())
}

/// How much faster than real time one sustained voice is.
fn one_voice(bank: &Arc<Bank>, rate: SampleRate) {
    let controls = Controls::default();
    let phrase = contract::phrase("", vec![contract::note(0.0, 50.0, 72, 0.7)]);
    for (number, program, _) in bank.presets() {
        let regions = bank.regions(number, program).unwrap_or_default();
        let voices = regions.iter().filter(|region| region.takes(72, 89)).count();
        let sampler = Sampler::new(Arc::clone(bank), number, program, Family::Effect, 255);
        let (1, Some(sampler)) = (voices, sampler) else {
            continue;
        };
        sampler.render_plain(&phrase, &controls, rate);
        let began = Instant::now();
        let clip = sampler.render_plain(&phrase, &controls, rate);
        let seconds = clip.audio.frames() as f64 / rate.hz();
        if seconds > 49.0 {
            let times = seconds / began.elapsed().as_secs_f64();
            println!("one voice ({number}:{program}): {times:.0} times real time");
            return;
        }
    }
}

/// Seconds that Debian's fluidsynth needs for the same, its time to open the bank taken off.
fn fluidsynth(bank: &str, song: &str) -> Option<f64> {
    let silence = std::env::temp_dir().join(format!("yuefu-silence-{}.mid", std::process::id()));
    let empty = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0";
    std::fs::write(&silence, empty).ok()?;
    let time = |file: &std::ffi::OsStr| {
        let began = Instant::now();
        let status = Command::new("fluidsynth")
            .args(["-ni", "-q", "-R", "0", "-C", "0", "-r", "44100"])
            .args(["-O", "float", "-T", "raw", "-F", "/dev/null", bank])
            .arg(file)
            .status()
            .ok()?;
        status.success().then(|| began.elapsed().as_secs_f64())
    };
    let both = time(song.as_ref()).zip(time(silence.as_os_str()));
    // A file of ours in the temporary folder: one that stays does no harm.
    std::fs::remove_file(&silence).ok();
    both.map(|(whole, opening)| whole - opening)
}
