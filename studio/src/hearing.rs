//! What the critics want to know of a finished recording.

use crate::mastering::Measured;
use yuefu_audio::{AudioBuffer, math};
use yuefu_critic::Measures;
use yuefu_mix::TrackMeasure;
use yuefu_song::{Role, Song};

/// Quieter than this, in dBFS, is silence.
const SILENCE_DB: f64 = -60.0;

/// Collects the measures of a song from its master and its processed stems, which are in score
/// order.
pub(crate) fn measures(
    song: &Song,
    measured: &Measured,
    stems: &[TrackMeasure],
    master: &AudioBuffer,
) -> Measures {
    Measures {
        loudness: measured
            .loudness
            .map(|found| [found.0, song.release.target.0]),
        true_peak: Some([measured.peak.0, song.release.ceiling.0]),
        range: Some(measured.range),
        lead_over_rest: lead_over_rest(song, stems),
        silence: Some(silence(master)),
        ..Measures::default()
    }
}

/// Power of the tune over that of everything else in dB, octave by octave, each octave counted
/// by its share of the tune; `None` without a tune or without anything else.
fn lead_over_rest(song: &Song, stems: &[TrackMeasure]) -> Option<f32> {
    let (mut lead, mut rest) = ([0.0; 10], [0.0; 10]);
    for (track, stem) in song.score.tracks.iter().zip(stems) {
        let Some(loudness) = stem.loudness else {
            continue;
        };
        let power = math::exp(f64::from(loudness) / 10.0 * std::f64::consts::LN_10);
        let side = if matches!(track.role, Role::Lead | Role::Vocal) {
            &mut lead
        } else {
            &mut rest
        };
        for (sum, share) in side.iter_mut().zip(stem.bands) {
            *sum += power * f64::from(share);
        }
    }
    let whole: f64 = lead.iter().sum();
    let others: f64 = rest.iter().sum();
    if whole <= 0.0 || others <= 0.0 {
        return None;
    }
    let weigh = |side: &[f64; 10]| -> f64 { lead.iter().zip(side).map(|(w, p)| w * p).sum() };
    let ratio = weigh(&lead) / weigh(&rest).max(1e-12 * whole * whole);
    Some((10.0 * math::ln(ratio) / std::f64::consts::LN_10) as f32)
}

/// Seconds of silence between the first and the last sound, in steps of a tenth.
fn silence(audio: &AudioBuffer) -> f32 {
    let step = (audio.rate.hz() / 10.0) as usize;
    let limit = math::exp(SILENCE_DB / 10.0 * std::f64::consts::LN_10);
    let silent: Vec<bool> = (0..audio.frames().div_ceil(step.max(1)))
        .map(|index| {
            let from = index * step;
            let to = (from + step).min(audio.frames());
            let power: f64 = audio
                .channels
                .iter()
                .flat_map(|channel| &channel[from..to])
                .map(|sample| f64::from(*sample) * f64::from(*sample))
                .sum();
            power <= limit * ((to - from) * audio.channels.len()) as f64
        })
        .collect();
    let Some(first) = silent.iter().position(|silent| !silent) else {
        return 0.0;
    };
    let last = silent.iter().rposition(|silent| !silent).unwrap_or(first);
    silent[first..=last]
        .iter()
        .filter(|silent| **silent)
        .count() as f32
        * 0.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::SampleRate;

    #[test]
    fn silence_is_counted_inside_only() {
        let rate = SampleRate(1000);
        let mut channel = vec![0.0; 10_000];
        channel[1000..3000].fill(0.25);
        channel[5000..6000].fill(-0.25);
        let audio = AudioBuffer {
            rate,
            channels: vec![channel; 2],
        };
        assert!((silence(&audio) - 2.0).abs() < 1e-3);
        assert_eq!(silence(&AudioBuffer::silent(rate, 2, 900)), 0.0);
    }
}
