//! The performance and the audio: life in the playing, and the figures of the finished sound.

use crate::{Finding, Review, Verdict, grade};
use serde::{Deserialize, Serialize};
use yuefu_song::{Performance, PerformedTrack};

/// What was measured on the audio; leave out what was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// Integrated loudness in LUFS and the target.
    pub loudness: Option<[f32; 2]>,
    /// True peak in dBTP and the ceiling.
    pub true_peak: Option<[f32; 2]>,
    /// Loudness range in LU (EBU Tech 3342).
    pub range: Option<f32>,
    /// Clicks: sample steps that no instrument makes.
    pub clicks: Option<u32>,
    /// Loudness of the tune over the rest of the mix in its own bands, in dB.
    pub lead_over_rest: Option<f32>,
    /// Seconds of silence inside the piece.
    pub silence: Option<f32>,
}

/// Adds the verdicts on the playing and the sound to those on the score.
pub fn hear(review: Review, performance: &Performance, measures: &Measures) -> Review {
    let mut critics = review.critics;
    critics.push(life(performance));
    critics.extend(sound(measures));
    Review::of(critics)
}

/// Playing that repeats itself like a machine, or that never changes its force.
fn life(performance: &Performance) -> Verdict {
    let mut findings = Vec::new();
    let (mut tracks, mut dead) = (0.0_f32, 0.0_f32);
    for track in &performance.tracks {
        let velocities: Vec<f32> = notes(track).map(|note| note.velocity).collect();
        if velocities.len() < 16 {
            continue;
        }
        tracks += 1.0;
        let count = velocities.len() as f32;
        let mean = velocities.iter().sum::<f32>() / count;
        let power = velocities
            .iter()
            .map(|v| (v - mean) * (v - mean))
            .sum::<f32>()
            / count;
        let equal = velocities
            .windows(4)
            .filter(|w| w.iter().all(|v| *v == w[0]))
            .count();
        if power.sqrt() < 0.012 || equal as f32 > 0.1 * count {
            dead += 1.0;
            findings.push(Finding {
                bar: 0,
                tracks: vec![track.id.clone()],
                gravity: 0.6,
                what: "is played with unchanging force".into(),
                remedy: "perform it again, or loosen its instrument's touch rules".into(),
            });
        }
    }
    Verdict::new("life", 0.6, 1.0 - 0.8 * dead / tracks.max(1.0), findings)
}

fn notes(track: &PerformedTrack) -> impl Iterator<Item = &yuefu_song::PerformedNote> {
    track.phrases.iter().flat_map(|placed| &placed.phrase.notes)
}

fn sound(measures: &Measures) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut judge = |name: &str, weight: f32, score: f32, what: String, remedy: &str| {
        let findings = if score < 0.8 {
            vec![Finding {
                bar: 0,
                tracks: Vec::new(),
                gravity: 1.0 - score,
                what,
                remedy: remedy.into(),
            }]
        } else {
            Vec::new()
        };
        verdicts.push(Verdict::new(name, weight, score, findings));
    };
    if let Some([found, target]) = measures.loudness {
        let off = (found - target).abs();
        judge(
            "loudness",
            0.8,
            grade(off, 0.3, 3.0),
            format!("{found:.1} LUFS where {target:.1} was asked for"),
            "master again; lower the dynamics if the limiter cannot reach it",
        );
    }
    if let Some([peak, ceiling]) = measures.true_peak {
        judge(
            "true-peak",
            0.8,
            grade(peak, ceiling + 0.05, ceiling + 1.0),
            format!("peaks reach {peak:.1} dBTP, over the ceiling of {ceiling:.1}"),
            "lower the limiter's ceiling",
        );
    }
    if let Some(range) = measures.range {
        judge(
            "dynamics",
            0.4,
            grade(range, 2.0, 0.3) * grade(range, 20.0, 32.0),
            format!("a loudness range of {range:.1} LU"),
            "widen or narrow the energy between sections",
        );
    }
    if let Some(clicks) = measures.clicks {
        judge(
            "clicks",
            1.0,
            grade(clicks as f32, 0.0, 6.0),
            format!("{clicks} clicks"),
            "look at the stems for the one that has them and report it",
        );
    }
    if let Some(over) = measures.lead_over_rest {
        judge(
            "lead-audible",
            1.0,
            grade(over, -1.0, -12.0) * grade(over, 12.0, 24.0),
            format!("the tune stands {over:.1} dB over the rest"),
            "raise or lower the lead, or carve its bands out of the accompaniment",
        );
    }
    if let Some(silence) = measures.silence {
        judge(
            "silence",
            0.8,
            grade(silence, 0.8, 4.0),
            format!("{silence:.1} s of silence inside the piece"),
            "fill the gap, or join the sections",
        );
    }
    verdicts
}
