//! The engine and the balance as a whole.

use ebur128::{EbuR128, Mode};
use yuefu_audio::{AudioBuffer, Curve, SampleRate, Seconds, loudness, math};
use yuefu_engine::Rng;
use yuefu_mix::strip::to_grid;
use yuefu_mix::{MixCharacter, Mixer, Shape, TrackInput, TrackMeasure, plan_mix};
use yuefu_song::Family;
use yuefu_song::mixplan::*;
use yuefu_song::score::Role;

const RATE: SampleRate = SampleRate(48_000);

fn noise(frames: usize, level: f32, seed: u64) -> AudioBuffer {
    let mut rng = Rng::new(seed);
    AudioBuffer {
        rate: RATE,
        channels: (0..2)
            .map(|_| (0..frames).map(|_| rng.bipolar() * level).collect())
            .collect(),
    }
}

/// Notes of an instrument: a tone with harmonics and a decay, every `gap` seconds.
fn notes(hz: f32, gap: f32, fall: f32, level: f32, seconds: f32) -> AudioBuffer {
    let frames = (seconds * 48_000.0) as usize;
    let samples: Vec<f32> = (0..frames)
        .map(|i| {
            let t = i as f32 / 48_000.0 % gap;
            let tone: f32 = (1..6)
                .map(|h| math::fast_sin_cycles((hz * h as f32 * t) % 1.0) / (h * h) as f32)
                .sum();
            tone * math::fast_exp2(-t * fall) * level * (t * 500.0).min(1.0)
        })
        .collect();
    AudioBuffer {
        rate: RATE,
        channels: vec![samples.clone(), samples],
    }
}

/// Kicks and hats.
fn drums(level: f32, seconds: f32) -> AudioBuffer {
    let mut audio = notes(50.0, 0.5, 20.0, level, seconds);
    let hats = noise(audio.frames(), level * 0.3, 4);
    for (to, from) in audio.channels.iter_mut().zip(&hats.channels) {
        for (i, (to, from)) in to.iter_mut().zip(from).enumerate() {
            *to += from * math::fast_exp2(-((i % 12_000) as f32) / 700.0);
        }
    }
    audio
}

fn band() -> Vec<(TrackInput, AudioBuffer)> {
    let s = 8.0;
    let track = |id: &str, role, family, audio: AudioBuffer| {
        (
            TrackInput {
                sings: None,
                id: id.into(),
                role,
                family,
                instrument: id.into(),
                measure: TrackMeasure::of(&audio),
            },
            audio,
        )
    };
    vec![
        track(
            "lead",
            Role::Lead,
            Family::Bowed,
            notes(660.0, 0.5, 1.0, 0.02, s),
        ),
        track(
            "piano",
            Role::Comp,
            Family::Keyboard,
            notes(330.0, 1.0, 3.0, 0.4, s),
        ),
        track(
            "guitar",
            Role::Comp,
            Family::Guitar,
            notes(220.0, 0.25, 8.0, 0.1, s),
        ),
        track(
            "pad",
            Role::Pad,
            Family::SynthPad,
            notes(262.0, 4.0, 0.1, 0.3, s),
        ),
        track(
            "bass",
            Role::Bass,
            Family::Bass,
            notes(55.0, 0.5, 3.0, 0.6, s),
        ),
        track("drums", Role::Drums, Family::Kit, drums(0.7, s)),
    ]
}

fn mix(
    plan: &MixPlan,
    band: &[(TrackInput, AudioBuffer)],
    order: &[usize],
) -> (Vec<AudioBuffer>, yuefu_mix::Mixdown) {
    let frames = band[0].1.frames() + 48_000;
    let mut mixer = Mixer::new(plan, RATE, frames);
    let keys: Vec<String> = mixer.keys().into_iter().map(String::from).collect();
    for (track, audio) in band.iter().filter(|(t, _)| keys.contains(&t.id)) {
        mixer.listen(&track.id, audio);
    }
    let mut stems = vec![AudioBuffer::silent(RATE, 2, 0); band.len()];
    for &i in order {
        let (track, audio) = &band[i];
        stems[i] = mixer.process(&track.id, audio.clone());
        mixer.accept(&track.id, &stems[i]);
    }
    (stems, mixer.finish())
}

#[test]
fn the_measure_agrees_with_the_standard() {
    for (track, audio) in band() {
        let mut meter = EbuR128::new(2, 48_000, Mode::I).expect("valid");
        let planes: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
        meter.add_frames_planar_f32(&planes).expect("planes");
        let standard = meter.loudness_global().expect("measured");
        let ours = loudness::measure(&audio).integrated.expect("loud").0;
        assert!(
            (f64::from(ours) - standard).abs() < 0.05,
            "{}: {ours} {standard}",
            track.id
        );
        let quick = track.measure.loudness.expect("loud");
        assert!(
            (f64::from(quick) - standard).abs() < 1.0,
            "{}: {quick} {standard}",
            track.id
        );
        assert!((track.measure.bands.iter().sum::<f32>() - 1.0).abs() < 1e-3);
    }
    let silent = TrackMeasure::of(&AudioBuffer::silent(RATE, 2, 9000));
    assert_eq!(silent.loudness, None);
}

#[test]
fn every_character_makes_a_balanced_mix_with_headroom() {
    let band = band();
    let inputs: Vec<TrackInput> = band.iter().map(|(t, _)| t.clone()).collect();
    let shape = Shape {
        beat: Seconds(0.5),
        sections: vec![(Seconds(0.0), 0.4), (Seconds(4.0), 0.9)],
        playing: Vec::new(),
        sung: Vec::new(),
        thrown: Vec::new(),
    };
    for id in MixCharacter::ids() {
        let character = MixCharacter::load(id).expect("shipped");
        let plan = plan_mix(id, &character, &inputs, &shape);
        let (stems, down) = mix(&plan, &band, &[0, 1, 2, 3, 4, 5]);
        let peak = math::gain_to_db(down.mix.peak());
        let loudness = loudness::measure(&down.mix).integrated.expect("loud").0;
        println!("{id}: {loudness:.1} LUFS, peak {peak:.1} dBFS");
        assert!((-16.0..=-3.0).contains(&peak), "{id}: peak {peak}");
        assert!((-28.0..=-15.0).contains(&loudness), "{id}: {loudness}");
        // Each stem is where the character wants it relative to the lead, its own dynamics
        // and ducking aside.
        let level = |i: usize| loudness::measure(&stems[i]).integrated.expect("loud").0;
        let lead = level(0) - character.roles["lead"].level - character.families["bowed"].level;
        for (i, (track, _)) in band.iter().enumerate().skip(1) {
            let role = &character.roles[track.role.name()];
            let family = format!("{:?}", track.family).to_lowercase();
            let extra = character.families.get(&family).map_or(0.0, |f| f.level);
            let shared = if track.role == Role::Comp { -1.8 } else { 0.0 };
            let off = level(i) - lead - role.level - extra - shared;
            let slack = 2.5 + role.duck * 0.8 + character.ride_db * 0.4;
            assert!(off.abs() < slack, "{id}, {}: {off:.1} LU off", track.id);
        }
        assert_eq!(plan.tracks[0].pan, 0.0);
        assert!(plan.tracks[1].pan * plan.tracks[2].pan <= 0.0, "{id}");
        assert_eq!(
            (plan.tracks[4].pan.abs() < 0.31, plan.tracks[5].pan),
            (true, 0.0)
        );
        let json = serde_json::to_string(&plan).expect("plain data");
        assert_eq!(
            serde_json::from_str::<MixPlan>(&json).expect("readable"),
            plan
        );
    }
}

#[test]
fn stems_and_returns_sum_to_the_mix_exactly_in_any_order() {
    let band = band();
    let inputs: Vec<TrackInput> = band.iter().map(|(t, _)| t.clone()).collect();
    let character = MixCharacter::load("electronic").expect("shipped");
    let plan = plan_mix("electronic", &character, &inputs, &Shape::default());
    assert!(plan.tracks.iter().any(|strip| strip.sidechain.is_some()));
    let (stems, down) = mix(&plan, &band, &[0, 1, 2, 3, 4, 5]);
    let (_, other) = mix(&plan, &band, &[5, 3, 1, 0, 4, 2]);
    assert_eq!(down.mix, other.mix);
    assert!(down.returns.len() >= 2);
    for c in 0..2 {
        for (i, total) in down.mix.channels[c].iter().enumerate() {
            let sum: f32 = stems
                .iter()
                .chain(down.returns.iter().map(|(_, audio)| audio))
                .map(|stem| stem.channels[c].get(i).copied().unwrap_or(0.0))
                .sum();
            assert_eq!(sum.to_bits(), total.to_bits(), "frame {i}");
            assert_eq!(to_grid(*total), *total);
        }
    }
}

#[test]
fn mute_solo_and_unknown_tracks() {
    let mut plan = MixPlan {
        tracks: vec![ChannelStrip::neutral("a"), ChannelStrip::neutral("b")],
        ..MixPlan::default()
    };
    let audio = noise(1000, 0.3, 1);
    let mixer = Mixer::new(&plan, RATE, 1000);
    for (c, channel) in mixer
        .process("a", audio.clone())
        .channels
        .iter()
        .enumerate()
    {
        // A neutral strip changes nothing that matters above 120 Hz; sample 0 differs least.
        assert!((channel[0] - audio.channels[c][0]).abs() < 0.02);
    }
    plan.tracks[1].solo = true;
    let mixer = Mixer::new(&plan, RATE, 1000);
    assert_eq!(mixer.process("a", audio.clone()).peak(), 0.0);
    assert!(mixer.process("b", audio.clone()).peak() > 0.0);
    plan.tracks[1].mute = true;
    let mixer = Mixer::new(&plan, RATE, 1000);
    assert_eq!(mixer.process("b", audio.clone()).peak(), 0.0);
    assert_eq!(mixer.process("stranger", audio).peak(), 0.0);
    let mixer = Mixer::new(&MixPlan::default(), RATE, 0);
    assert_eq!(mixer.finish().mix.frames(), 0);
}

#[test]
fn the_fader_moves_as_drawn_and_sleeping_tracks_wake_unchanged() {
    let mut strip = ChannelStrip::neutral("a");
    strip.width = 0.0;
    strip.automation = Curve::constant(-6.0);
    strip.automation.push(1.0, -6.0);
    strip.automation.push(2.0, -18.0);
    let mut audio = AudioBuffer::silent(RATE, 1, 48_000 * 8);
    audio.channels[0][..96_000].fill(0.5);
    audio.channels[0][48_000 * 6..].fill(0.5);
    let out = yuefu_mix::process_track(&strip, &audio, None);
    let db = |t: f32| math::gain_to_db(out.channels[0][(t * 48_000.0) as usize] / 0.5);
    assert!((db(0.5) + 6.0).abs() < 0.01);
    assert!((db(1.5) + 12.0).abs() < 0.1);
    assert!((db(6.5) + 18.0).abs() < 0.01);
    assert_eq!(out.channels[0][48_000 * 5], 0.0);
}
