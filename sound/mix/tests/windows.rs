//! Windows: each depends on its own input alone, and they join without a seam.

use std::ops::Range;
use yuefu_audio::{AudioBuffer, Curve, SampleRate, math};
use yuefu_engine::Rng;
use yuefu_mix::strip::to_grid;
use yuefu_mix::{
    KeyWindow, Return, Sum, WINDOW, channel_window, input_of, process_return, process_track,
    return_memory, return_window, strip_memory, windows,
};
use yuefu_song::mixplan::*;

const RATE: SampleRate = SampleRate(48_000);

/// Two windows and a piece.
const FRAMES: usize = 2 * WINDOW + 30_001;

fn stereo(mut sample: impl FnMut(usize) -> [f32; 2]) -> AudioBuffer {
    let mut audio = AudioBuffer::silent(RATE, 2, FRAMES);
    for i in 0..FRAMES {
        let [l, r] = sample(i);
        audio.channels[0][i] = l;
        audio.channels[1][i] = r;
    }
    audio
}

fn tone(hz: f64, i: usize) -> f32 {
    math::fast_sin_cycles((hz * i as f64 / 48_000.0).fract() as f32)
}

/// What shows a seam: steady, random, struck, and silent until just before or after one.
fn signals() -> Vec<(&'static str, AudioBuffer)> {
    let mut rng = Rng::new(11);
    let mut other = Rng::new(12);
    let struck = |i: usize, gap: usize, at: usize| {
        let t = (i + gap - at % gap) % gap;
        math::fast_exp2(-(t as f32) / 4000.0)
    };
    vec![
        (
            "steady",
            stereo(|i| [tone(110.0, i) * 0.8, tone(331.0, i) * 0.7]),
        ),
        (
            "noise",
            stereo(|_| [rng.bipolar() * 0.7, rng.bipolar() * 0.7]),
        ),
        (
            "music",
            stereo(|i| {
                let hit = struck(i, 24_000, 0);
                let chord = (tone(220.0, i) + tone(277.2, i) + tone(329.6, i)) * 0.2;
                [chord * hit + tone(55.0, i) * hit * 0.5, chord * (1.2 - hit)]
            }),
        ),
        (
            "hits beside the seam",
            stereo(|i| {
                let near = WINDOW - 300..WINDOW + 9_000;
                let loud = near.contains(&i) || (i / 7_000).is_multiple_of(11);
                let x = if loud { other.bipolar() } else { 0.0 };
                [x, x * 0.3]
            }),
        ),
        (
            "loud, then steady",
            stereo(|i| {
                let x = if i < WINDOW - 200_000 { 0.9 } else { 0.3 };
                [tone(180.0, i) * x, tone(180.0, i) * x * 0.8]
            }),
        ),
        (
            "silence, then a hit",
            stereo(|i| {
                let x = if i < WINDOW {
                    0.0
                } else {
                    struck(i, 60_000, WINDOW)
                };
                [x * tone(90.0, i), x * tone(900.0, i)]
            }),
        ),
    ]
}

fn strips() -> Vec<(&'static str, ChannelStrip)> {
    let band = |kind, hz, gain_db, q| EqBand {
        kind,
        hz,
        gain_db,
        q,
    };
    let mut fader = Curve::default();
    for (at, db) in [
        (0.0, -6.0),
        (4.0, -6.0),
        (5.6, 2.0),
        (9.0, -20.0),
        (10.9, 0.0),
    ] {
        fader.push(at, db);
    }
    let full = ChannelStrip {
        trim_db: 3.0,
        eq: vec![
            band(EqKind::LowCut, 30.0, 0.0, 0.7),
            band(EqKind::Peak, 320.0, -3.0, 1.0),
            band(EqKind::Peak, 3000.0, 4.0, 6.0),
            band(EqKind::HighShelf, 9000.0, 2.0, 0.7),
        ],
        gate: Some(Gate {
            threshold_db: -30.0,
            ratio: 6.0,
            range_db: 30.0,
            attack_ms: 5.0,
            release_ms: 120.0,
        }),
        compressor: Some(Compressor {
            threshold_db: -24.0,
            ratio: 4.0,
            attack_ms: 10.0,
            release_ms: 140.0,
            knee_db: 6.0,
            makeup_db: 5.0,
        }),
        saturation: 0.4,
        sidechain: Some(Sidechain {
            key_track: "drums".into(),
            amount_db: 9.0,
            release_ms: 220.0,
            strongest_db: Some(-3.0),
        }),
        gain_db: -4.0,
        automation: fader,
        width: 1.4,
        pan: -0.3,
        ..ChannelStrip::neutral("full")
    };
    let slow = ChannelStrip {
        eq: vec![band(EqKind::Peak, 40.0, 6.0, 8.0)],
        compressor: Some(Compressor {
            release_ms: 400.0,
            ..full.compressor.expect("stated")
        }),
        ..ChannelStrip::neutral("slow")
    };
    vec![
        ("neutral", ChannelStrip::neutral("neutral")),
        ("full", full),
        ("slow", slow),
    ]
}

fn returns() -> Returns {
    let reverb = |kind, decay_s| Reverb {
        kind,
        decay_s,
        predelay_ms: 20.0,
        damping: 0.4,
        level_db: 0.0,
    };
    Returns {
        room: Some(reverb(ReverbKind::Room, 0.6)),
        hall: Some(reverb(ReverbKind::Hall, 2.2)),
        plate: Some(reverb(ReverbKind::Plate, 1.5)),
        delay: Some(Delay {
            time_s: 0.375,
            feedback: 0.5,
            ping_pong: true,
            low_cut_hz: 250.0,
            high_cut_hz: 5000.0,
            level_db: 0.0,
        }),
    }
}

/// The key: a kick every half second.
fn kick() -> AudioBuffer {
    stereo(|i| {
        let x = tone(55.0, i % 24_000) * math::fast_exp2(-((i % 24_000) as f32) / 1500.0);
        [x * 0.8, x * 0.8]
    })
}

/// Everything outside a range replaced by noise.
fn spoiled(audio: &AudioBuffer, range: &Range<usize>, seed: u64) -> AudioBuffer {
    let mut rng = Rng::new(seed);
    let mut audio = audio.clone();
    for channel in &mut audio.channels {
        for (i, x) in channel.iter_mut().enumerate() {
            if !range.contains(&i) {
                *x = rng.bipolar() * 3.0;
            }
        }
    }
    audio
}

/// A range of it alone.
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

fn largest_difference(a: &AudioBuffer, b: &AudioBuffer) -> f32 {
    assert_eq!(a.frames(), b.frames());
    a.channels
        .iter()
        .zip(&b.channels)
        .flat_map(|(a, b)| a.iter().zip(b))
        .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

#[test]
fn a_window_of_a_strip_depends_on_its_own_input_alone() {
    let (music, kick) = (&signals()[2].1, kick());
    let all = KeyWindow::whole(&kick);
    for (name, strip) in strips() {
        let whole = process_track(&strip, music, Some(&all));
        assert_eq!(whole.frames(), FRAMES);
        for window in windows(FRAMES) {
            let needed = input_of(&window, strip_memory(&strip, RATE));
            let of_key = KeyWindow::input(&needed, RATE);
            let key = KeyWindow::of(&cut(&kick, &of_key), of_key.start, needed.clone());
            let raw = cut(music, &needed);
            let alone = channel_window(&strip, &raw, needed.start, window.clone(), Some(&key));
            assert_eq!(alone, cut(&whole, &window), "{name} {window:?}");
            let loud = spoiled(&kick, &of_key, 4);
            let key = KeyWindow::of(&loud, 0, needed.clone());
            let raw = spoiled(music, &needed, 5);
            let edited = channel_window(&strip, &raw, 0, window.clone(), Some(&key));
            assert_eq!(edited, alone, "{name} {window:?}");
            assert!(alone.channels.iter().flatten().all(|&x| to_grid(x) == x));
        }
    }
}

#[test]
fn a_window_of_a_return_depends_on_its_own_input_alone() {
    let music = &signals()[2].1;
    for kind in Return::ALL {
        let whole = process_return(kind, &returns(), music);
        for window in windows(FRAMES) {
            let needed = input_of(&window, return_memory(kind, &returns(), RATE));
            let bus = cut(music, &needed);
            let alone = return_window(kind, &returns(), &bus, needed.start, window.clone());
            assert_eq!(alone, cut(&whole, &window), "{kind:?} {window:?}");
            let bus = spoiled(music, &needed, 6);
            let edited = return_window(kind, &returns(), &bus, 0, window.clone());
            assert_eq!(edited, alone, "{kind:?} {window:?}");
        }
        let none = process_return(kind, &Returns::default(), music);
        assert_eq!((none.frames(), none.peak()), (FRAMES, 0.0));
    }
}

/// In one piece or in windows: the difference is nowhere above −120 dBFS.
#[test]
fn windows_join_without_a_seam() {
    let key = KeyWindow::whole(&kick());
    for (signal, audio) in signals() {
        for (name, strip) in strips() {
            let once = channel_window(&strip, &audio, 0, 0..FRAMES, Some(&key));
            let pieces = process_track(&strip, &audio, Some(&key));
            let off = math::gain_to_db(largest_difference(&once, &pieces));
            println!("{signal}, {name}: {off:.0} dBFS");
            assert!(off < -120.0, "{signal}, {name}: {off} dBFS");
        }
        // Sent at -6 dB, more than any mix does; a reverb's own rounding lies at -125 dB.
        let mut bus = audio.clone();
        bus.scale(0.5);
        for kind in Return::ALL {
            let once = return_window(kind, &returns(), &bus, 0, 0..FRAMES);
            let pieces = process_return(kind, &returns(), &bus);
            let off = math::gain_to_db(largest_difference(&once, &pieces));
            println!("{signal}, {kind:?}: {off:.0} dBFS");
            assert!(off < -120.0, "{signal}, {kind:?}: {off} dBFS");
        }
    }
}

#[test]
fn sums_are_exact_whatever_their_size_and_order() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let frames = 5000;
        let mut stem = || AudioBuffer {
            rate: RATE,
            channels: (0..2)
                .map(|_| {
                    let loud = 1.0 + rng.below(20) as f32;
                    (0..frames).map(|_| to_grid(rng.bipolar() * loud)).collect()
                })
                .collect(),
        };
        let stems: Vec<AudioBuffer> = (0..9).map(|_| stem()).collect();
        let (mut sum, mut other) = (Sum::new(RATE, frames), Sum::new(RATE, frames));
        for stem in &stems {
            sum.add(stem);
            sum.send(stem, 0.37);
        }
        for stem in stems.iter().rev() {
            other.send(stem, 0.37);
            other.add(stem);
            // An edit: another stem was there for a while.
            other.add(&stems[0]);
            other.send(&stems[1], 0.9);
            other.subtract(&stems[0]);
            other.unsend(&stems[1], 0.9);
        }
        assert_eq!(sum, other);
        let audio = sum.audio();
        for c in 0..2 {
            for i in (0..frames).step_by(97) {
                let exact: f64 = stems
                    .iter()
                    .map(|stem| stem.channels[c][i])
                    .map(|x| f64::from(x) + f64::from(to_grid(x * 0.37)))
                    .sum();
                assert_eq!(audio.channels[c][i], exact as f32, "seed {seed}");
            }
        }
    }
}

#[test]
fn odd_settings_and_places_are_harmless() {
    let audio = cut(&signals()[1].1, &(0..10_000));
    let mut strip = strips().swap_remove(1).1;
    strip.gate = strip.gate.map(|gate| Gate {
        release_ms: f32::NAN,
        ..gate
    });
    strip.eq[0].hz = f32::NAN;
    let out = channel_window(&strip, &audio, 0, 0..4096, None);
    assert_eq!(out.frames(), 4096);
    let strip = ChannelStrip::neutral("a");
    // Beyond the audio there is silence; a window need not begin on the grid.
    assert_eq!(
        channel_window(&strip, &audio, 0, 50_000..50_100, None).peak(),
        0.0
    );
    let odd = channel_window(&strip, &audio, 3000, 2990..3010, None);
    assert_eq!(odd.channels[0][..10], [0.0; 10]);
    assert!(odd.channels[0][10..].iter().any(|&x| x != 0.0));
    let nothing = AudioBuffer::silent(RATE, 0, 0);
    assert_eq!(
        channel_window(&strip, &nothing, 0, 0..10, None).frames(),
        10
    );
    assert_eq!(windows(0).count(), 0);
    assert_eq!(windows(WINDOW + 1).last(), Some(WINDOW..WINDOW + 1));
}
