//! What is written reads back the same, tags included, whole or block by block.

mod common;
use common::signal;
use yuefu_audio::{AudioBuffer, SampleRate, Seconds, math};
use yuefu_audiofile::*;

fn tags() -> Tags {
    Tags {
        title: Some("月光 Moonlight".into()),
        artist: Some("Yuefu".into()),
        album: Some("乐府".into()),
        date: Some("2026".into()),
        genre: Some("Ambient".into()),
        comment: Some("made by a program".into()),
        lyrics: Some("床前明月光\n疑是地上霜".into()),
        bpm: Some(92),
        key: Some("Dm".into()),
        isrc: Some("CNA012600001".into()),
        encoder: Some("yuefu 0.1".into()),
        extra: vec![("YUEFU_MANIFEST".into(), "b3:0123".into())],
    }
}

fn expect_lossless(format: AudioFormat, bits: u32, channels: usize, frames: usize) {
    let audio = signal(44_100, channels, frames);
    let (bytes, report) = encode_bytes(&audio, format, &tags()).unwrap();
    assert_eq!(
        report,
        WriteReport {
            frames: frames as u64,
            clipped: 0
        }
    );
    let back = decode_bytes(bytes, None, &DecodeLimits::default()).unwrap();
    assert_eq!(back.audio.rate, audio.rate);
    assert_eq!(back.audio.channels.len(), channels);
    assert_eq!(back.audio.frames(), frames, "{format:?}");
    assert_eq!(back.skipped_packets, 0);
    let step = if bits == 32 {
        0.0
    } else {
        0.5001 / (1_u32 << (bits - 1)) as f32
    };
    for (a, b) in audio
        .channels
        .iter()
        .flatten()
        .zip(back.audio.channels.iter().flatten())
    {
        assert!((a - b).abs() <= step, "{format:?}: {a} {b}");
    }
    let found = back.tags;
    assert_eq!(found.title, tags().title, "{format:?}");
    assert_eq!(found.artist, tags().artist);
    assert_eq!(found.lyrics, tags().lyrics, "{format:?}");
    assert_eq!(found.bpm, tags().bpm, "{format:?}");
    assert!(
        found
            .extra
            .iter()
            .any(|(k, v)| k.contains("YUEFU_MANIFEST") && v == "b3:0123"),
        "{format:?}: {:?}",
        found.extra
    );
}

#[test]
fn lossless_formats_keep_every_sample_and_tag() {
    use SampleFormat::*;
    for channels in [1, 2, 6] {
        for frames in [1, 17, 4096, 30_001] {
            expect_lossless(AudioFormat::Wav(Int16), 16, channels, frames);
            expect_lossless(AudioFormat::Wav(Int24), 24, channels, frames);
            expect_lossless(AudioFormat::Wav(Float32), 32, channels, frames);
            expect_lossless(AudioFormat::Flac(Int16), 16, channels, frames);
            expect_lossless(AudioFormat::Flac(Int24), 24, channels, frames);
        }
    }
}

#[test]
fn vorbis_keeps_length_tags_and_sound() {
    let mut audio = AudioBuffer::silent(SampleRate(48_000), 2, 50_000);
    for channel in &mut audio.channels {
        for (i, x) in channel.iter_mut().enumerate() {
            *x = 0.5 * math::fast_sin_cycles((i * 440 % 48_000) as f32 / 48_000.0);
        }
    }
    let format = AudioFormat::Vorbis { quality: 0.6 };
    let (bytes, _) = encode_bytes(&audio, format, &tags()).unwrap();
    let (again, _) = encode_bytes(&audio, format, &tags()).unwrap();
    assert!(bytes == again, "the same audio must give the same bytes");
    let back = decode_bytes(bytes, Some("ogg"), &DecodeLimits::default()).unwrap();
    assert_eq!(back.tags.title, tags().title);
    // Symphonia does not trim the end of Ogg streams exactly; a block may remain.
    assert!(
        back.audio.frames().abs_diff(50_000) < 2048,
        "{}",
        back.audio.frames()
    );
    let error: f32 = audio.channels[0][5000..45_000]
        .iter()
        .zip(&back.audio.channels[0][5000..45_000])
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        / 40_000.0;
    assert!(error.sqrt() < 0.01, "{}", error.sqrt());
}

#[test]
fn flac_is_the_same_whatever_the_blocks_and_threads() {
    let audio = signal(48_000, 2, 300_000);
    let format = AudioFormat::Flac(SampleFormat::Int24);
    let (whole, _) = encode_bytes(&audio, format, &tags()).unwrap();
    let dir = std::env::temp_dir().join(format!("yuefu-flac-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("blocks.flac");
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    pool.install(|| {
        let mut w = AudioWriter::create(&path, format, audio.rate, 2, &tags()).unwrap();
        let mut at = 0;
        while at < 300_000 {
            let end = (at + 777).min(300_000);
            w.push(&[&audio.channels[0][at..end], &audio.channels[1][at..end]])
                .unwrap();
            at = end;
        }
        w.finish().unwrap();
    });
    assert!(std::fs::read(&path).unwrap() == whole);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn files_appear_whole_or_not_at_all() {
    let dir = std::env::temp_dir().join(format!("yuefu-atomic-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("a.wav");
    let format = AudioFormat::Wav(SampleFormat::Int16);
    let audio = signal(8000, 1, 100);
    let mut w = AudioWriter::create(&path, format, audio.rate, 1, &Tags::default()).unwrap();
    w.push(&[&audio.channels[0]]).unwrap();
    assert!(!path.exists());
    drop(w);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
    write_file(&path, &audio, format, &Tags::default()).unwrap();
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    let back = decode_file(&path, &DecodeLimits::default()).unwrap();
    assert_eq!(back.audio.frames(), 100);

    let missing = dir.join("nowhere/a.wav");
    let e = write_file(&missing, &audio, format, &Tags::default()).unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotFound);
    let e = write_file(&dir, &audio, format, &Tags::default()).unwrap_err();
    assert_eq!(e.kind, ErrorKind::InvalidInput);
    let e = decode_file(&missing, &DecodeLimits::default()).unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotFound);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn errors_say_what_to_do() {
    let limits = DecodeLimits {
        duration: Seconds(1.0),
        ..DecodeLimits::default()
    };
    let long = signal(8000, 1, 9000);
    let (bytes, _) = encode_bytes(
        &long,
        AudioFormat::Wav(SampleFormat::Int16),
        &Tags::default(),
    )
    .unwrap();
    assert_eq!(
        decode_bytes(bytes, None, &limits).unwrap_err().kind,
        ErrorKind::TooLarge
    );
    let e = decode_bytes(b"hello, I am a text".repeat(50), Some("wav"), &limits).unwrap_err();
    assert_eq!(e.kind, ErrorKind::Unrecognized);
    assert!(e.to_string().contains("convert"), "{e}");
    assert_eq!(
        AudioFormat::parse("midi").unwrap_err().kind,
        ErrorKind::Unsupported
    );
    let nine = AudioBuffer::silent(SampleRate(8000), 9, 10);
    let e = encode_bytes(
        &nine,
        AudioFormat::Flac(SampleFormat::Int16),
        &Tags::default(),
    )
    .unwrap_err();
    assert_eq!(e.kind, ErrorKind::InvalidInput);
    #[cfg(not(feature = "mp3"))]
    {
        let e =
            encode_bytes(&long, AudioFormat::parse("mp3").unwrap(), &Tags::default()).unwrap_err();
        assert_eq!(e.kind, ErrorKind::FeatureOff);
        assert!(e.to_string().contains("--features mp3"), "{e}");
    }
}

#[cfg(feature = "mp3")]
#[test]
fn mp3_keeps_length_and_tags() {
    let mut audio = AudioBuffer::silent(SampleRate(44_100), 2, 44_100);
    for channel in &mut audio.channels {
        for (i, x) in channel.iter_mut().enumerate() {
            *x = 0.5 * math::fast_sin_cycles((i * 441 % 44_100) as f32 / 44_100.0);
        }
    }
    let (bytes, _) = encode_bytes(&audio, AudioFormat::Mp3 { kbps: 192 }, &tags()).unwrap();
    let back = decode_bytes(bytes, Some("mp3"), &DecodeLimits::default()).unwrap();
    assert_eq!(back.tags.title, tags().title);
    assert_eq!(back.audio.frames(), 44_100);
    for i in 5000..40_000 {
        assert!((audio.channels[0][i] - back.audio.channels[0][i]).abs() < 0.02);
    }
}

#[test]
fn resampling_keeps_time_and_pitch() {
    for (from, to) in [
        (44_100_u32, 48_000_u32),
        (48_000, 44_100),
        (22_050, 48_000),
        (96_000, 44_100),
    ] {
        let frames = from as usize;
        let mut audio = AudioBuffer::silent(SampleRate(from), 2, frames);
        let tone = |i: usize, rate: u32| {
            math::sin(i as f64 * 1000.0 / f64::from(rate) * std::f64::consts::TAU) as f32
        };
        for channel in &mut audio.channels {
            for (i, x) in channel.iter_mut().enumerate() {
                *x = tone(i, from);
            }
        }
        let out = resample(&audio, SampleRate(to)).unwrap();
        assert_eq!(out.frames(), to as usize);
        let worst = (2000..to as usize - 2000)
            .map(|i| (out.channels[1][i] - tone(i, to)).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-4, "{from} to {to}: {worst}");
    }
    let audio = signal(44_100, 1, 100);
    assert!(resample(&audio, SampleRate(0)).is_err());
}

/// Fast files hold the same samples as others, and are not much larger.
#[test]
fn fast_flac_holds_the_same_samples() {
    let dir = std::env::temp_dir().join(format!("yuefu-fast-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("stem.flac");
    let limits = DecodeLimits::default();
    for channels in [1, 2, 6] {
        for frames in [1, 17, 600, 4096, 60_001] {
            let audio = signal(44_100, channels, frames);
            let format = AudioFormat::Flac(SampleFormat::Int24);
            let report = write_file_fast(&path, &audio, format, &tags()).unwrap();
            let (best, expected) = encode_bytes(&audio, format, &tags()).unwrap();
            assert_eq!(report, expected);
            let fast = std::fs::read(&path).unwrap();
            assert!(
                fast.len() < best.len() * 5 / 4,
                "{} for {}",
                fast.len(),
                best.len()
            );
            let fast = decode_bytes(fast, None, &limits).unwrap();
            let best = decode_bytes(best, None, &limits).unwrap();
            assert_eq!(fast.skipped_packets, 0);
            assert!(fast.audio.channels == best.audio.channels);
            assert_eq!(fast.tags.title, tags().title);
        }
    }
    std::fs::remove_dir_all(dir).unwrap();
}
