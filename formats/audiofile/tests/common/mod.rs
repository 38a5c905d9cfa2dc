//! Signals and suites shared by the tests.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;
use std::process::Command;
use yuefu_audio::{AudioBuffer, SampleRate, math};
use yuefu_engine::Rng;

/// Two tones, noise and silence: something for every kind of subframe.
pub fn signal(rate: u32, channels: usize, frames: usize) -> AudioBuffer {
    let mut rng = Rng::new(7);
    let mut audio = AudioBuffer::silent(SampleRate(rate), channels, frames);
    for (c, channel) in audio.channels.iter_mut().enumerate() {
        for (i, x) in channel.iter_mut().enumerate() {
            let t = i as f32 / rate as f32;
            *x = match (i / 6000) % 4 {
                0 => 0.5 * math::fast_sin_cycles((440.0 + 3.0 * c as f32) * t % 1.0),
                1 => 0.3 * math::fast_sin_cycles(220.0 * t % 1.0) + 0.1 * rng.bipolar(),
                2 => 0.0,
                _ => 0.99 * rng.bipolar(),
            };
        }
    }
    audio
}

/// Unpacks a suite into a temporary folder; `None`, with a printed reason, when it is absent.
pub fn suite(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("YUEFU_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    );
    let archive = root.join(name);
    if !archive.is_file() {
        println!(
            "skipped: {} is absent (set YUEFU_SUITES)",
            archive.display()
        );
        return None;
    }
    let to = std::env::temp_dir().join(format!("yuefu-suite-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&to).expect("a temporary folder");
    let status = Command::new("tar")
        .arg("xzf")
        .arg(&archive)
        .arg("-C")
        .arg(&to)
        .status();
    if !status.is_ok_and(|s| s.success()) {
        println!("skipped: tar cannot unpack {}", archive.display());
        return None;
    }
    Some(to)
}
