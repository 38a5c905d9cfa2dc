//! Delay throws: the send to the delay, moving in time.

use crate::returns::Return;
use std::ops::Range;
use yuefu_audio::{Curve, SampleRate, math};
use yuefu_song::mixplan::ChannelStrip;

/// Frames from one worked-out gain to the next; a line between them. They lie at multiples from
/// the song's first frame, so that no window can tell where it began.
const STEP: usize = 64;

/// How a strip's send to an effect moves; `None` where it stands still.
pub fn movement(kind: Return, strip: &ChannelStrip) -> Option<&Curve> {
    (kind == Return::Delay && !strip.throws.is_empty()).then_some(&strip.throws)
}

/// The gains of a moving send over frames of the song: `gain` and the curve's decibels.
pub fn moving_gains(gain: f32, curve: &Curve, frames: Range<usize>, rate: SampleRate) -> Vec<f32> {
    let at = |step: usize| {
        let seconds = (step * STEP) as f64 / rate.hz();
        gain * math::db_to_gain(curve.at(seconds as f32).clamp(-200.0, 40.0))
    };
    let mut out = Vec::with_capacity(frames.len());
    let mut step = frames.start / STEP;
    let (mut here, mut next) = (at(step), at(step + 1));
    for frame in frames {
        if frame / STEP != step {
            step = frame / STEP;
            (here, next) = (next, at(step + 1));
        }
        let share = (frame % STEP) as f32 / STEP as f32;
        out.push(here + (next - here) * share);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::CurvePoint;

    #[test]
    fn windows_of_a_moving_send_are_pieces_of_the_whole() {
        let point = |at, value| CurvePoint { at, value };
        let curve = Curve(vec![point(0.0, 0.0), point(0.1, 12.0), point(0.2, 0.0)]);
        let rate = SampleRate(48_000);
        let whole = moving_gains(0.5, &curve, 0..12_000, rate);
        assert!((whole[4800] - 0.5 * 3.981).abs() < 0.02, "{}", whole[4800]);
        assert!((whole[11_999] - 0.5).abs() < 1e-6);
        for cut in [1, 64, 777, 5000] {
            let parts = [
                moving_gains(0.5, &curve, 0..cut, rate),
                moving_gains(0.5, &curve, cut..12_000, rate),
            ];
            assert_eq!(parts.concat(), whole);
        }
    }
}
