//! Annotated beats as the grid that notes in seconds are put on.

use yuefu_theory::{Metre, MetreChange, TempoPoint, Ticks, Timeline};

/// Beats of a recording with their bars: seconds to score time.
#[derive(Clone, Debug)]
pub(crate) struct BeatGrid {
    /// Seconds of each beat.
    times: Vec<f64>,
    /// The beat that lies at tick 0 if the first bar is complete; may be before the first beat.
    zero: i64,
    pub(crate) timeline: Timeline,
    /// Bars, from tick 0 to the last beat.
    pub(crate) bars: i64,
}

impl BeatGrid {
    /// Bars from beats: `votes[i]` says how much speaks for a bar to begin at beat `i`. Bars have
    /// `bar` beats; others occur only where they pay for themselves, so that single mistakes of
    /// an annotation do not shift the song. `None` for fewer than two bars, for beats that do not
    /// ascend, or for a tempo beyond 30 to 300 beats a minute.
    pub(crate) fn new(times: Vec<f64>, votes: &[f64], bar: usize) -> Option<Self> {
        let ascending = times.windows(2).all(|pair| pair[1] > pair[0] + 1e-3);
        if times.len() < 2 * bar || votes.len() != times.len() || !ascending {
            return None;
        }
        let mean = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
        if !(0.2..=2.0).contains(&mean) {
            return None;
        }
        let downs = downbeats(votes, bar);
        let first = *downs.first()? as i64;
        // What precedes the first downbeat lies in a bar of its own.
        let zero = if first == 0 { 0 } else { first - bar as i64 };
        let mut grid = Self {
            times,
            zero,
            timeline: Timeline::steady(60.0 / mean, Metre::new(bar as u8, 4)),
            bars: 0,
        };
        grid.lay_bars(&downs, bar);
        Some(grid)
    }

    fn tick_of_beat(&self, beat: i64) -> Ticks {
        Ticks::quarters(beat - self.zero)
    }

    fn lay_bars(&mut self, downs: &[usize], bar: usize) {
        self.timeline.tempo.clear();
        let mut metres = vec![MetreChange {
            at: Ticks::ZERO,
            metre: Metre::new(bar as u8, 4),
        }];
        let mut at = Ticks::ZERO;
        for pair in downs.windows(2) {
            let count = pair[1] - pair[0];
            at = self.tick_of_beat(pair[0] as i64);
            let metre = Metre::new(count as u8, 4);
            match metres.last_mut() {
                Some(last) if last.metre == metre => {}
                Some(last) if last.at == at => last.metre = metre,
                _ => metres.push(MetreChange { at, metre }),
            }
            let bpm = 60.0 * count as f64 / (self.times[pair[1]] - self.times[pair[0]]);
            self.push_tempo(at, bpm);
            at = self.tick_of_beat(pair[1] as i64);
        }
        // The last bar is a whole one.
        let usual = Metre::new(bar as u8, 4);
        if metres.last().is_some_and(|last| last.metre != usual) {
            metres.push(MetreChange { at, metre: usual });
        }
        self.timeline.metres = metres;
        let mean =
            (self.times[self.times.len() - 1] - self.times[0]) / (self.times.len() - 1) as f64;
        match self.timeline.tempo.first_mut() {
            Some(first) => first.at = Ticks::ZERO,
            None => self.push_tempo(Ticks::ZERO, 60.0 / mean),
        }
        self.bars = self.timeline.bar_of(at).0 + 1;
    }

    /// A tempo that differs by more than two percent from the one before.
    fn push_tempo(&mut self, at: Ticks, bpm: f64) {
        let bpm = (bpm * 100.0).round() / 100.0;
        let last = self.timeline.tempo.last().map(|point| point.bpm);
        if last.is_none_or(|last| (bpm / last - 1.0).abs() > 0.02) {
            self.timeline.tempo.push(TempoPoint {
                at,
                bpm,
                ramp: false,
            });
        }
    }

    /// Beats from tick 0, as a fraction.
    pub(crate) fn beats(&self, seconds: f64) -> f64 {
        let after = self
            .times
            .partition_point(|time| *time <= seconds)
            .clamp(1, self.times.len() - 1);
        let (a, b) = (self.times[after - 1], self.times[after]);
        (after - 1) as f64 + (seconds - a) / (b - a) - self.zero as f64
    }

    /// The beat (of the annotation) nearest to a second.
    pub(crate) fn nearest(times: &[f64], seconds: f64) -> Option<usize> {
        let after = times.partition_point(|time| *time <= seconds);
        (after.saturating_sub(1)..(after + 1).min(times.len())).min_by(|a, b| {
            let away = |i: usize| (times[i] - seconds).abs();
            away(*a).total_cmp(&away(*b))
        })
    }

    /// The barline nearest to a second.
    pub(crate) fn barline(&self, seconds: f64) -> Ticks {
        let at = Ticks::from_quarters(self.beats(seconds).max(0.0));
        let (bar, into) = self.timeline.bar_of(at);
        let half = self.timeline.metre(at).bar() / 2;
        self.timeline.bar_start(bar + i64::from(into >= half))
    }
}

/// The downbeats with the most votes, mostly `bar` apart (dynamic programming).
fn downbeats(votes: &[f64], bar: usize) -> Vec<usize> {
    let mean = votes.iter().sum::<f64>() / votes.len().max(1) as f64;
    // How many beats a bar may have, and what it costs to be irregular, in votes.
    let steps: Vec<(usize, f64)> = (2..=bar + 3)
        .filter(|step| *step <= 8)
        .map(|step| match step {
            _ if step == bar => (step, 0.0),
            _ if step.is_multiple_of(2) && bar.is_multiple_of(2) => (step, 4.0),
            _ => (step, 6.0),
        })
        .collect();
    let mut best: Vec<(f64, usize)> = Vec::with_capacity(votes.len());
    for (beat, vote) in votes.iter().enumerate() {
        let mut worth = if beat < bar { 0.0 } else { f64::MIN };
        let mut from = usize::MAX;
        for (step, cost) in &steps {
            if let Some(before) = beat.checked_sub(*step)
                && best[before].0 - cost > worth
            {
                worth = best[before].0 - cost;
                from = before;
            }
        }
        best.push((worth + vote - mean, from));
    }
    let tail = best.len().saturating_sub(bar);
    let mut at = (tail..best.len())
        .max_by(|a, b| best[*a].0.total_cmp(&best[*b].0))
        .unwrap_or(0);
    let mut out = vec![at];
    while best[at].1 != usize::MAX {
        at = best[at].1;
        out.push(at);
    }
    out.reverse();
    out
}

/// How a beat divides in a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Division {
    /// In four: sixteenths.
    Four,
    /// In six: eighth triplets and their halves.
    Six,
}

impl Division {
    /// The division that a song's onsets (in beats) keep to: thirds against quarters of the beat,
    /// each by the mean distance in units of its own spacing.
    pub(crate) fn of(onsets: impl Iterator<Item = f64>) -> Self {
        let (mut four, mut three, mut count) = (0.0, 0.0, 0);
        for at in onsets {
            let off = at - at.floor();
            // Onsets on the beat speak for neither.
            if !(0.12..=0.88).contains(&off) {
                continue;
            }
            let away = |parts: f64| (off * parts - (off * parts).round()).abs();
            four += away(4.0);
            three += away(3.0);
            count += 1;
        }
        if count >= 16 && three < four * 0.8 {
            Self::Six
        } else {
            Self::Four
        }
    }

    pub(crate) fn unit(self) -> Ticks {
        match self {
            Self::Four => Ticks::QUARTER / 4,
            Self::Six => Ticks::QUARTER / 6,
        }
    }

    /// The grid point nearest to a number of beats.
    pub(crate) fn snap(self, beats: f64) -> Ticks {
        let unit = self.unit();
        let cells = Ticks::QUARTER.0 as f64 * beats / unit.0 as f64;
        Ticks((cells + 0.5).floor() as i64 * unit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(count: usize) -> Vec<f64> {
        (0..count).map(|beat| 0.1 + 0.5 * beat as f64).collect()
    }

    #[test]
    fn one_wrong_vote_does_not_move_the_bars() {
        let mut votes = vec![0.0; 40];
        for beat in (1..40).step_by(4) {
            votes[beat] = 1.0;
        }
        votes[17] = 0.0;
        votes[18] = 1.0;
        let grid = BeatGrid::new(steady(40), &votes, 4).unwrap();
        assert_eq!(grid.timeline.metres.len(), 1);
        // The first downbeat is beat 1: three quarters of a bar lie before it.
        assert!((grid.beats(0.6) - 4.0).abs() < 1e-9);
        assert_eq!(grid.bars, 11);
        assert!((grid.timeline.tempo[0].bpm - 120.0).abs() < 1e-9);
        assert_eq!(grid.barline(0.55), Ticks::quarters(4));
    }

    #[test]
    fn a_half_bar_stays_when_the_song_goes_on_from_it() {
        let mut votes = vec![0.0; 66];
        for beat in (0..32).step_by(4).chain((34..66).step_by(4)) {
            votes[beat] = 1.0;
        }
        let grid = BeatGrid::new(steady(66), &votes, 4).unwrap();
        let metres: Vec<String> = grid
            .timeline
            .metres
            .iter()
            .map(|change| format!("{} {}", change.at.0 / 40_320, change.metre))
            .collect();
        assert_eq!(metres.len(), 3, "{metres:?}");
        assert_eq!(grid.timeline.bar_start(9).0 % 40_320, 0);
        assert!(BeatGrid::new(vec![0.0; 66], &votes, 4).is_none());
    }

    #[test]
    fn shuffles_divide_in_six() {
        let straight = (0..64).map(|n| f64::from(n) * 0.5 + 0.02);
        assert_eq!(Division::of(straight), Division::Four);
        let shuffle = (0..64).map(|n| f64::from(n / 2) + f64::from(n % 2) * 0.66);
        assert_eq!(Division::of(shuffle), Division::Six);
        assert_eq!(Division::Six.snap(1.30), Ticks::QUARTER * 4 / 3);
        assert_eq!(Division::Four.snap(-0.26), -(Ticks::QUARTER / 4));
    }
}
