//! What the sampler does beyond single notes: joining, choking, restriking, curves, variety.

use yuefu_audio::{Clip, Curve, SampleRate, Seconds};
use yuefu_instruments::{
    Orchestra,
    contract::{note, phrase},
};
use yuefu_song::PerformedNote;

const RATE: SampleRate = SampleRate(44_100);

fn play(id: &str, notes: Vec<PerformedNote>) -> Clip {
    Orchestra::standard().render(&phrase(id, notes), RATE)
}

/// Root mean square of the left side between two instants.
fn level(clip: &Clip, from: f64, to: f64) -> f32 {
    let samples = &clip.audio.channels[0];
    let place = |at: f64| ((at * RATE.hz()) as usize).min(samples.len());
    let part = &samples[place(from)..place(to)];
    (part.iter().map(|s| s * s).sum::<f32>() / part.len().max(1) as f32).sqrt()
}

#[test]
fn joined_notes_have_no_new_attack() {
    let (first, mut second) = (note(0.0, 1.0, 67, 0.7), note(1.0, 1.0, 69, 0.7));
    let apart = play("flute", vec![first.clone(), second.clone()]);
    second.legato = true;
    let joined = play("flute", vec![first, second]);
    // The dip between two tongued notes is gone in joined ones.
    let dip = |clip: &Clip| {
        (0..20)
            .map(|i| 0.95 + f64::from(i) * 0.01)
            .map(|at| level(clip, at, at + 0.015))
            .fold(f32::MAX, f32::min)
            / level(clip, 0.5, 0.9)
    };
    assert!(dip(&joined) > 0.5, "{} joined", dip(&joined));
    assert!(dip(&joined) > dip(&apart), "{} apart", dip(&apart));
}

#[test]
fn a_closed_hat_chokes_an_open_one() {
    let open = play("kit-standard", vec![note(0.0, 0.1, 46, 0.8)]);
    let choked = play(
        "kit-standard",
        vec![note(0.0, 0.1, 46, 0.8), note(0.2, 0.1, 42, 0.1)],
    );
    assert!(level(&open, 0.35, 0.5) > 4.0 * level(&choked, 0.35, 0.5));
}

#[test]
fn curves_act_on_a_held_note() {
    let held = |change: fn(&mut PerformedNote)| {
        let mut one = note(0.0, 2.0, 60, 0.7);
        change(&mut one);
        play("strings", vec![one])
    };
    let plain = held(|_| {});
    let swell = held(|n| {
        n.level.push(0.0, -20.0);
        n.level.push(2.0, 0.0);
    });
    let ratio = |from, to| level(&swell, from, to) / level(&plain, from, to);
    assert!((ratio(0.45, 0.55) / 0.178).clamp(0.6, 1.5) == ratio(0.45, 0.55) / 0.178);
    assert!(ratio(1.9, 2.0) > 0.7);
    // Darker: less of the highs, measured by the difference of neighboring samples.
    let highs = |clip: &Clip| {
        let samples = &clip.audio.channels[0][44_100..66_150];
        let edge = samples
            .windows(2)
            .map(|w| (w[1] - w[0]) * (w[1] - w[0]))
            .sum::<f32>();
        (edge / samples.iter().map(|s| s * s).sum::<f32>()).sqrt()
    };
    let dark = held(|n| n.tone = Curve::constant(-0.8));
    let bright = held(|n| n.tone = Curve::constant(0.8));
    assert!(highs(&dark) < 0.9 * highs(&plain));
    assert!(highs(&bright) > 1.1 * highs(&plain));
}

#[test]
fn repeated_notes_are_never_twice_the_same() {
    let clip = play(
        "nylon-guitar",
        vec![
            note(0.0, 0.4, 64, 0.7),
            note(1.0, 0.4, 64, 0.7),
            note(2.0, 0.4, 64, 0.7),
        ],
    );
    let part = |index: usize| &clip.audio.channels[0][index * 44_100..index * 44_100 + 8_000];
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
        let difference = part(a)
            .iter()
            .zip(part(b))
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max);
        assert!(difference > 1e-3, "{a} and {b}: {difference}");
    }
}

#[test]
fn onsets_are_exact_and_may_lie_before_the_phrase() {
    let clip = play("kit-808", vec![note(-0.01, 0.1, 37, 0.9)]);
    assert_eq!(clip.start.0, -441);
    let mut late = note(0.123_456, 0.1, 37, 0.9);
    late.on = Seconds(0.123_456);
    let clip = play("kit-808", vec![late]);
    let first = clip.audio.channels[0].iter().position(|s| s.abs() > 1e-5);
    let on = (0.123_456 * RATE.hz()) as usize;
    assert!(
        first.is_some_and(|first| first >= on && first < on + 400),
        "{first:?}"
    );
}
