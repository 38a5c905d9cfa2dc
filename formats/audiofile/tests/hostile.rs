//! Damaged and strange files: no panic, bounded memory, a reason; and the FLAC test files.

mod common;
use common::{signal, suite};
use std::process::Command;
use yuefu_audio::Seconds;
use yuefu_audiofile::*;
use yuefu_engine::Rng;

#[test]
fn mutated_files_never_panic() {
    let audio = signal(22_050, 2, 12_000);
    let limits = DecodeLimits {
        duration: Seconds(60.0),
        samples: 1 << 24,
        channels: 8,
    };
    let tags = Tags {
        title: Some("t".into()),
        extra: vec![("k".into(), "v".into())],
        ..Tags::default()
    };
    let mut rng = Rng::new(2026);
    let (mut fine, mut refused) = (0, 0);
    for format in [
        AudioFormat::Wav(SampleFormat::Int16),
        AudioFormat::Wav(SampleFormat::Float32),
        AudioFormat::Flac(SampleFormat::Int24),
        AudioFormat::Vorbis { quality: 0.2 },
    ] {
        let (bytes, _) = encode_bytes(&audio, format, &tags).unwrap();
        for round in 0..60 {
            let mut bad = bytes.clone();
            for _ in 0..1 + rng.below(8) {
                // Most damage goes to the headers, where it hurts.
                let reach = if rng.chance(0.7) {
                    200.min(bad.len())
                } else {
                    bad.len()
                };
                let at = rng.below(reach);
                bad[at] = rng.bits() as u8;
            }
            if round % 4 == 0 {
                bad.truncate(rng.below(bytes.len()));
            }
            match decode_bytes(bad, None, &limits) {
                Ok(d) => {
                    assert!(d.audio.channels.iter().flatten().all(|x| x.is_finite()));
                    fine += 1;
                }
                Err(e) => {
                    assert!(!e.remedy.is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(fine > 0 && refused > 0, "{fine} {refused}");
}

#[test]
fn the_flac_test_files_are_read_or_refused() {
    let Some(dir) = suite("flac.tar.gz") else {
        return;
    };
    let (mut good, mut all) = (0, 0);
    for folder in ["uncommon", "faulty"] {
        let mut files: Vec<_> = std::fs::read_dir(dir.join("flac").join(folder))
            .unwrap()
            .map(|f| f.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "flac"))
            .collect();
        files.sort();
        for file in files {
            all += 1;
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let result = decode_file(&file, &DecodeLimits::default());
            // What a reader should do: streams that change shape midway cannot be one buffer, so
            // the first part is read and marked incomplete; everything else uncommon is valid and
            // must be read. Known misses: 02 and 03 state no length, so their end cannot be known to
            // be missing; 10 and 11, streams without a header, are refused. Faulty files are read as far
            // as possible or refused, but never with garbage sizes.
            let expected = match (folder, &name[..2]) {
                ("uncommon", "02" | "03") => result.as_ref().is_ok_and(|d| !d.complete),
                ("uncommon", _) => result.as_ref().is_ok_and(|d| d.audio.frames() > 40_000),
                _ => {
                    result.as_ref().is_err() || result.as_ref().is_ok_and(|d| d.audio.peak() <= 1.0)
                }
            };
            good += usize::from(expected);
            match result {
                Ok(d) => println!(
                    "{} {folder}/{name}: {} ch, {} frames, complete {}",
                    if expected { "ok  " } else { "BAD " },
                    d.audio.channels.len(),
                    d.audio.frames(),
                    d.complete
                ),
                Err(e) => println!(
                    "{} {folder}/{name}: {e}",
                    if expected { "ok  " } else { "BAD " }
                ),
            }
        }
    }
    println!("FLAC test files: {good} of {all} as they should be");
    std::fs::remove_dir_all(dir).unwrap();
    assert!(good >= 15, "{good} of {all}");
}

/// Our FLAC files satisfy the reference decoder, where it is installed.
#[test]
fn the_reference_decoder_accepts_our_flac() {
    let dir = std::env::temp_dir().join(format!("yuefu-flacref-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for (channels, frames, format) in [
        (2, 100_000, SampleFormat::Int16),
        (2, 100_000, SampleFormat::Int24),
        (1, 5, SampleFormat::Int16),
        (6, 20_000, SampleFormat::Int24),
    ] {
        let path = dir.join("t.flac");
        let audio = signal(37_800, channels, frames);
        let (format, tags) = (AudioFormat::Flac(format), Tags::default());
        for fast in [false, true] {
            // A fast file has no digest, of which the decoder warns: no reason to fail.
            let flags = if fast {
                write_file_fast(&path, &audio, format, &tags).unwrap();
                "-ts"
            } else {
                write_file(&path, &audio, format, &tags).unwrap();
                "-wts"
            };
            match Command::new("flac").arg(flags).arg(&path).output() {
                Ok(out) => assert!(
                    out.status.success(),
                    "{}",
                    String::from_utf8_lossy(&out.stderr)
                ),
                Err(_) => println!("skipped: the program `flac` is not installed"),
            }
        }
    }
    std::fs::remove_dir_all(dir).unwrap();
}
