//! A kept master plan: windows depend on their own input alone, and the ceiling holds whatever
//! an edit does.

use ebur128::{EbuR128, Mode};
use std::ops::Range;
use yuefu_audio::{AudioBuffer, Lufs, SampleRate, math};
use yuefu_engine::Rng;
use yuefu_release::master::apply::{WINDOW, windows};
use yuefu_release::master::{
    MasterSettings, Mastering, Tone, apply_master, master_memory, master_window, measure_kept,
    plan_and_master, plan_master,
};

const RATE: SampleRate = SampleRate(48_000);

/// Two windows and a piece.
const FRAMES: usize = 2 * WINDOW + 50_003;

/// Kick, chords and hats with sections of different force.
fn music(frames: usize) -> AudioBuffer {
    let mut rng = Rng::new(9);
    let mut audio = AudioBuffer::silent(RATE, 2, frames);
    for i in 0..frames {
        let t = i as f32 / 48_000.0;
        let beat = t % 0.5;
        let kick = math::fast_sin_cycles(48.0 * beat + 3.0 * (1.0 - math::fast_exp2(-beat * 40.0)))
            * math::fast_exp2(-beat * 14.0);
        let hat = rng.bipolar() * math::fast_exp2(-(t % 0.25) * 80.0) * 0.2;
        let chord: f32 = [220.0, 277.2, 329.6, 440.0]
            .iter()
            .map(|f| math::fast_sin_cycles((f * t) % 1.0) * 0.05)
            .sum();
        let force = if (i / 150_000) % 2 == 0 { 0.4 } else { 0.9 };
        audio.channels[0][i] = (kick * 0.5 + hat + chord) * force;
        audio.channels[1][i] = (kick * 0.5 + hat * 0.6 - chord * 0.8) * force;
    }
    audio
}

fn settings(target: f32) -> MasterSettings {
    MasterSettings {
        target: Lufs(target),
        tone: Tone {
            glue: 2.0,
            strength: 0.6,
            ..Tone::default()
        },
        ..MasterSettings::default()
    }
}

fn cut(audio: &AudioBuffer, range: &Range<usize>) -> AudioBuffer {
    AudioBuffer {
        rate: audio.rate,
        channels: audio
            .channels
            .iter()
            .map(|channel| channel[range.clone()].to_vec())
            .collect(),
    }
}

/// True peak in dBTP by libebur128's port.
fn independent_peak(audio: &AudioBuffer) -> f64 {
    let channels = audio.channels.len() as u32;
    let mut meter = EbuR128::new(channels, audio.rate.0, Mode::TRUE_PEAK).expect("valid");
    let planes: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&planes).expect("planes");
    let peak = (0..channels)
        .map(|c| meter.true_peak(c).expect("measured"))
        .fold(0.0, f64::max);
    20.0 * peak.max(1e-10).log10()
}

#[test]
fn a_window_depends_on_its_own_input_alone() {
    let mix = music(FRAMES);
    let (plan, report, audio) = plan_and_master(&mix, &settings(-11.0)).expect("valid");
    assert!(!plan.eq_db.is_empty() && plan.glue_db > 0.0, "{plan:?}");
    assert!(
        report.limiter_db < -0.5 && report.glue_db < -0.1,
        "{report:?}"
    );
    assert_eq!(
        plan_master(&mix, &settings(-11.0)),
        Ok((plan.clone(), report))
    );
    // What planning gave is the plan applied, and that is its windows.
    assert_eq!(apply_master(&plan, &mix), audio);
    let (before, after) = master_memory(&plan, RATE);
    let mut rng = Rng::new(3);
    for window in windows(FRAMES) {
        let needed = window.start.saturating_sub(before)..(window.end + after).min(FRAMES);
        let alone = master_window(&plan, &cut(&mix, &needed), needed.start, window.clone());
        assert!(alone == cut(&audio, &window), "{window:?}");
        let mut spoiled = mix.clone();
        for channel in &mut spoiled.channels {
            for (i, x) in channel.iter_mut().enumerate() {
                if !needed.contains(&i) {
                    *x = rng.bipolar() * 4.0;
                }
            }
        }
        let edited = master_window(&plan, &spoiled, 0, window.clone());
        assert!(edited == alone, "{window:?}");
    }
    let mono = AudioBuffer {
        rate: RATE,
        channels: vec![mix.channels[0].clone()],
    };
    let (plan, _, audio) = plan_and_master(&mono, &settings(-14.0)).expect("valid");
    assert!(apply_master(&plan, &mono) == audio && audio.channels.len() == 1);
}

/// In one piece or in windows: the difference is nowhere above -120 dBFS.
#[test]
fn windows_join_without_a_seam() {
    let mut rng = Rng::new(1);
    let mut signal = |f: &mut dyn FnMut(usize, &mut Rng) -> f32| {
        let mut audio = AudioBuffer::silent(RATE, 2, FRAMES);
        for i in 0..FRAMES {
            let x = f(i, &mut rng);
            audio.channels[0][i] = x;
            audio.channels[1][i] = x * 0.7;
        }
        audio
    };
    let tone = |hz: f64, i: usize| math::fast_sin_cycles((hz * i as f64 / 48e3).fract() as f32);
    let signals = [
        ("music", music(FRAMES)),
        ("steady", signal(&mut |i, _| tone(97.0, i) * 0.5)),
        ("noise", signal(&mut |_, rng| rng.bipolar() * 0.5)),
        (
            "bursts",
            signal(&mut |i, rng| {
                if (i / 9000) % 7 == 0 {
                    rng.bipolar()
                } else {
                    0.0
                }
            }),
        ),
        (
            "loud, then steady",
            signal(&mut |i, _| tone(180.0, i) * if i < WINDOW - 250_000 { 0.9 } else { 0.3 }),
        ),
        (
            "silence, then a hit",
            signal(&mut |i, _| if i < WINDOW + 3 { 0.0 } else { tone(150.0, i) }),
        ),
    ];
    for (name, mix) in signals {
        let (plan, ..) = plan_and_master(&mix, &settings(-9.0)).expect("valid");
        let pieces = apply_master(&plan, &mix);
        let once = Mastering::new(&plan, RATE).window(&mix, 0, 0..FRAMES);
        let most = once
            .channels
            .iter()
            .zip(&pieces.channels)
            .flat_map(|(a, b)| a.iter().zip(b))
            .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        let off = math::gain_to_db(most);
        println!("{name}: {off:.0} dBFS");
        assert!(off < -120.0, "{name}: {off}");
    }
}

/// Random edits of every nasty kind, the plan kept: loudness may move, peaks may not.
#[test]
fn the_ceiling_holds_whatever_an_edit_does() {
    let frames = WINDOW + 60_000;
    let mix = music(frames);
    let (plan, ..) = plan_and_master(&mix, &settings(-10.0)).expect("valid");
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let mut edited = mix.clone();
        for _ in 0..8 {
            let start = rng.below(frames - 1);
            let end = (start + 1 + rng.below(20_000)).min(frames);
            let level = math::db_to_gain(rng.bipolar() * 30.0);
            let kind = rng.below(5);
            let hz = 20.0 + 20_000.0 * rng.bipolar().abs();
            for channel in &mut edited.channels {
                for (i, x) in channel[start..end].iter_mut().enumerate() {
                    *x = match kind {
                        0 => rng.bipolar() * level,
                        1 => math::fast_sin_cycles((hz * i as f32 / 48e3).fract()) * level,
                        2 if (i / 50) % 2 == 0 => level,
                        2 => -level,
                        3 => 0.0,
                        _ => *x * level,
                    };
                }
            }
        }
        let out = apply_master(&plan, &edited);
        let kept = measure_kept(&out, Lufs(-10.0));
        let independent = independent_peak(&out);
        println!("{seed}: {kept:?}, {independent:.3} dBTP");
        assert!(kept.true_peak.0 <= -1.0, "{seed}: {kept:?}");
        assert!(independent <= -0.9, "{seed}: {independent}");
        assert!(kept.off_target.is_some());
    }
}
