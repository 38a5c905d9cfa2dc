//! Mastering is judged by what an independent meter says of the result.

use ebur128::{EbuR128, Mode};
use yuefu_audio::{AudioBuffer, Biquad, Cascade, Db, Lufs, SampleRate, math};
use yuefu_engine::{Rng, SeedPath};
use yuefu_release::master::limiter::Limiter;
use yuefu_release::master::{
    MasterError, MasterSettings, MasterWarning, Shaping, Tone, ToneProfile, dither, master, tone,
};

const RATE: u32 = 48_000;

/// Loudness and true peak by libebur128's port.
fn meter(audio: &AudioBuffer) -> (f64, f64) {
    let mut meter = EbuR128::new(
        audio.channels.len() as u32,
        audio.rate.0,
        Mode::I | Mode::TRUE_PEAK,
    )
    .expect("valid settings");
    let planes: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&planes).expect("planes");
    let peak = (0..audio.channels.len() as u32)
        .map(|c| meter.true_peak(c).expect("measured"))
        .fold(0.0, f64::max);
    (
        meter.loudness_global().expect("measured"),
        20.0 * peak.max(1e-10).log10(),
    )
}

fn noise(seconds: f64, level: f32, channels: usize) -> AudioBuffer {
    let mut rng = Rng::new(5);
    let frames = (seconds * f64::from(RATE)) as usize;
    AudioBuffer {
        rate: SampleRate(RATE),
        channels: (0..channels)
            .map(|_| (0..frames).map(|_| rng.normal() * level).collect())
            .collect(),
    }
}

/// Kick, bass, chords and clicks: something with the dynamics of music.
fn music(seconds: f64) -> AudioBuffer {
    let mut rng = Rng::new(9);
    let frames = (seconds * f64::from(RATE)) as usize;
    let mut left = vec![0.0_f32; frames];
    let mut right = vec![0.0_f32; frames];
    for i in 0..frames {
        let t = i as f32 / RATE as f32;
        let beat = t % 0.5;
        let kick = math::fast_sin_cycles(48.0 * beat + 3.0 * (1.0 - math::fast_exp2(-beat * 40.0)))
            * math::fast_exp2(-beat * 14.0);
        let hat = rng.bipolar() * math::fast_exp2(-(t % 0.25) * 80.0) * 0.2;
        let chord: f32 = [220.0, 277.2, 329.6, 440.0]
            .iter()
            .map(|f| math::fast_sin_cycles((f * t) % 1.0) * 0.05)
            .sum();
        left[i] = kick * 0.5 + hat + chord;
        right[i] = kick * 0.5 + hat * 0.6 + chord * 0.8;
    }
    AudioBuffer {
        rate: SampleRate(RATE),
        channels: vec![left, right],
    }
}

fn settings(target: f32) -> MasterSettings {
    MasterSettings {
        target: Lufs(target),
        ..MasterSettings::default()
    }
}

#[test]
fn reaches_its_loudness_under_its_ceiling() {
    let mut clicks = noise(8.0, 0.01, 2);
    for i in (0..clicks.frames()).step_by(9_000) {
        clicks.channels[0][i] = 1.0;
        clicks.channels[1][i] = -1.0;
    }
    let cases = [
        ("music", music(10.0), -14.0),
        ("music for a club", music(10.0), -9.0),
        ("music for film", music(10.0), -23.0),
        ("noise", noise(6.0, 0.1, 2), -14.0),
        ("loud noise", noise(6.0, 1.5, 2), -14.0),
        ("quiet noise", noise(6.0, 0.0008, 2), -14.0),
        ("mono", noise(6.0, 0.1, 1), -14.0),
        ("clicks", clicks, -14.0),
        ("short", noise(0.6, 0.1, 2), -14.0),
    ];
    for (name, audio, target) in cases {
        let frames = audio.frames();
        let (out, report) = master(audio, &settings(target)).expect("valid audio");
        assert_eq!(out.frames(), frames);
        let (loudness, peak) = meter(&out);
        println!("{name}: {loudness:.2} LUFS, {peak:.2} dBTP, {report:?}");
        assert!(
            (loudness - f64::from(target)).abs() <= 0.3,
            "{name}: {loudness}"
        );
        assert!(peak <= -1.0 + 0.05, "{name}: {peak}");
        assert!(report.true_peak.0 <= -1.0, "{name}");
        let own = report.after.integrated.expect("measured").0;
        assert!((f64::from(own) - loudness).abs() < 0.1, "{name}: {own}");
    }
}

#[test]
fn holds_peaks_between_samples() {
    // A quarter of the rate, sampled beside its peaks: samples say −3 dB, the wave says 0 dB.
    let frames = RATE as usize * 4;
    for hz in [12_000.0, 8_000.0, 6_000.0, 11_025.0, 997.0] {
        let wave: Vec<f32> = (0..frames)
            .map(|i| {
                let turn = hz * i as f64 / f64::from(RATE) + 0.125;
                let swell = if (i / 12_000) % 2 == 0 { 1.0 } else { 0.1 };
                (swell * math::sin(turn.fract() * std::f64::consts::TAU)) as f32
            })
            .collect();
        let audio = AudioBuffer {
            rate: SampleRate(RATE),
            channels: vec![wave.clone(), wave],
        };
        let loud = MasterSettings {
            target: Lufs(-5.0),
            ceiling: Db(-1.0),
            tone: Tone {
                strength: 0.0,
                glue: 0.0,
                ..Tone::default()
            },
            ..MasterSettings::default()
        };
        let (out, report) = master(audio, &loud).expect("valid");
        let (_, peak) = meter(&out);
        assert!(peak <= -0.9, "{hz}: {peak} {report:?}");
        assert!(report.true_peak.0 <= -1.0);
    }
}

#[test]
fn a_limited_bass_stays_a_sine() {
    for hz in [50.0, 80.0, 200.0] {
        let frames = RATE as usize * 6;
        let wave: Vec<f32> = (0..frames)
            .map(|i| {
                let turn = hz * i as f64 / f64::from(RATE);
                (0.5 * math::sin(turn.fract() * std::f64::consts::TAU)) as f32
            })
            .collect();
        let audio = AudioBuffer {
            rate: SampleRate(RATE),
            channels: vec![wave.clone(), wave],
        };
        let limiter = Limiter::new(0.5, SampleRate(RATE));
        let input = math::db_to_gain(4.0);
        let peaks = limiter.peaks(&audio.channels, input);
        let gains = limiter.gains(&peaks, input);
        let out = limiter.apply(&audio.channels, &peaks, &gains, input, (0, frames));
        let reduction = math::gain_to_db(out.least);
        assert!((reduction + 4.0).abs() < 0.1, "{hz}: {reduction}");
        // Power of the second to tenth harmonics over two seconds in the middle.
        let part = &out.channels[0][RATE as usize * 2..RATE as usize * 4];
        let power = |hz: f64| {
            let (mut c, mut s) = (0.0, 0.0);
            for (i, x) in part.iter().enumerate() {
                let angle = (hz * i as f64 / f64::from(RATE)).fract() * std::f64::consts::TAU;
                c += f64::from(*x) * math::cos(angle);
                s += f64::from(*x) * math::sin(angle);
            }
            c * c + s * s
        };
        let harmonics: f64 = (2..=10).map(|h| power(hz * f64::from(h))).sum();
        let distortion = 10.0 * math::log10(harmonics / power(hz));
        assert!(distortion < -60.0, "{hz}: {distortion} dB");
    }
}

#[test]
fn odd_input_gets_an_honest_answer() {
    let silent = AudioBuffer::silent(SampleRate(RATE), 2, 48_000);
    let (out, report) = master(silent.clone(), &settings(-14.0)).expect("valid");
    assert_eq!(out, silent);
    assert_eq!(report.warnings, vec![MasterWarning::Silent]);
    let empty = AudioBuffer::silent(SampleRate(RATE), 2, 0);
    assert!(master(empty, &settings(-14.0)).is_ok());
    let (out, _) = master(noise(0.1, 0.05, 2), &settings(-14.0)).expect("valid");
    assert!(out.peak() <= 0.9 && out.peak() > 0.1);
    let many = AudioBuffer::silent(SampleRate(RATE), 6, 10);
    assert_eq!(
        master(many, &settings(-14.0)).err(),
        Some(MasterError::Channels(6))
    );
    let mut broken = noise(1.0, 0.1, 2);
    broken.channels[1][77] = f32::NAN;
    assert_eq!(
        master(broken, &settings(-14.0)).err(),
        Some(MasterError::NotFinite(77))
    );
    // Left and right in opposition keep something in mono.
    let mut opposed = noise(3.0, 0.1, 2);
    opposed.channels[1] = opposed.channels[0].iter().map(|x| -x * 0.8).collect();
    let (out, report) = master(opposed, &settings(-14.0)).expect("valid");
    assert!(matches!(report.warnings[0], MasterWarning::OutOfPhase(_)));
    let mono: f32 = out.channels[0]
        .iter()
        .zip(&out.channels[1])
        .map(|(l, r)| (l + r) * (l + r))
        .sum();
    assert!(mono > 1.0);
    // A target beyond reason is still approached, and reported.
    let (_, report) = master(music(4.0), &settings(-5.0)).expect("valid");
    assert!(report.warnings.iter().any(|w| matches!(
        w,
        MasterWarning::HeavyLimiting(_) | MasterWarning::Missed(_)
    )));
}

#[test]
fn matches_a_reference_recording() {
    let mut dark = noise(6.0, 0.1, 2);
    let mut shelf = Cascade::new([Biquad::high_shelf(48_000.0, 3000.0, 0.707, -3.5)]);
    let [l, r] = &mut dark.channels[..] else {
        panic!("stereo")
    };
    shelf.process(l, r);
    let reference = ToneProfile::measure(&noise(6.0, 0.2, 2));
    let before = ToneProfile::measure(&dark);
    let matching = MasterSettings {
        reference: Some(reference.clone()),
        tone: Tone {
            glue: 0.0,
            ..Tone::default()
        },
        ..settings(-20.0)
    };
    let (out, report) = master(dark, &matching).expect("valid");
    let after = ToneProfile::measure(&out);
    let distance = |a: &ToneProfile| {
        (7..29)
            .map(|i| (a.0[i] - reference.0[i]).abs())
            .sum::<f32>()
            / 22.0
    };
    assert!(distance(&before) > 1.2, "{}", distance(&before));
    assert!(distance(&after) < 0.35, "{}", distance(&after));
    assert!(report.eq.iter().all(|(_, db)| db.abs() <= tone::LARGEST_DB));
}

#[test]
fn threads_do_not_matter() {
    let run = |threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
            .install(|| master(music(5.0), &settings(-12.0)).expect("valid"))
    };
    let (one, two) = (run(1), run(3));
    assert_eq!(one.0, two.0);
    assert_eq!(one.1, two.1);
}

#[test]
fn dither_leaves_no_trace_of_the_signal() {
    let seed = SeedPath::song(1);
    let frames = 200_000;
    let step = 1.0 / 32_768.0;
    for level in [0.25_f64, 0.5, 3.3] {
        let mut audio = AudioBuffer {
            rate: SampleRate(RATE),
            channels: vec![vec![(level * step) as f32; frames]],
        };
        dither(&mut audio, 16, Shaping::Flat, &seed);
        let errors: Vec<f64> = audio.channels[0]
            .iter()
            .map(|&x| f64::from(x) / step - level)
            .collect();
        assert!(
            audio.channels[0]
                .iter()
                .all(|x| (x * 32_768.0).fract() == 0.0)
        );
        let mean = errors.iter().sum::<f64>() / frames as f64;
        let power = errors.iter().map(|e| e * e).sum::<f64>() / frames as f64;
        // Triangular dither of two steps: mean 0, variance 1/12 + 1/6, whatever the signal.
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((power - 0.25).abs() < 0.005, "{power}");
    }
    // Shaping moves power upwards: differences of neighbors grow, the sum of neighbors falls.
    let tone = |shaping| {
        let mut audio = noise(4.0, 0.1, 1);
        let clean = audio.clone();
        dither(&mut audio, 16, shaping, &seed);
        let e: Vec<f32> = audio.channels[0]
            .iter()
            .zip(&clean.channels[0])
            .map(|(a, b)| (a - b) * 32_768.0)
            .collect();
        e.chunks(64)
            .map(|c| c.iter().sum::<f32>().powi(2))
            .sum::<f32>()
    };
    assert!(tone(Shaping::Shaped) < tone(Shaping::Flat) * 0.1);
    let mut silent = AudioBuffer::silent(SampleRate(RATE), 2, 70_000);
    dither(&mut silent, 16, Shaping::Flat, &seed);
    assert_eq!(silent.peak(), 0.0);
}

#[test]
fn every_character_has_a_readable_tone() {
    for name in yuefu_data::names("mix").filter(|name| name.ends_with(".toml")) {
        let id = name.trim_start_matches("mix/").trim_end_matches(".toml");
        let table: toml::Table = yuefu_data::text(name).expect("text").parse().expect("toml");
        if let Some(stated) = table.get("master") {
            let stated: Tone = stated.clone().try_into().expect("a tone");
            assert!(stated.strength <= 1.0);
        }
        assert!(Tone::of_character(id).glue <= 4.0);
    }
    assert!(Tone::of_character("lofi").air < 0.0);
}
