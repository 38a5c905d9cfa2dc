//! Operations on the tempo.

use super::{
    Work,
    clock::{Clock, bpm_at, glides},
    message::OpError,
    place::Place,
    select,
    values::{After, Ratio},
};
use yuefu_theory::{TempoPoint, TickSpan, Ticks, Timeline};

impl Work<'_> {
    /// Sets the tempo of a place, or of the song, in quarter notes per minute at its start;
    /// glides inside keep their proportion.
    pub(super) fn set_tempo(&mut self, bpm: f64, place: Option<&Place>) -> Result<(), OpError> {
        let span = self.tempo_span(place)?;
        let here = bpm_at(&self.song.plan.timeline, span.start);
        self.scale(
            span,
            |old| if old == here { bpm } else { old * (bpm / here) },
        )
    }

    /// Makes a place, or the song, faster (above 1) or slower.
    pub(super) fn scale_tempo(
        &mut self,
        factor: Ratio,
        place: Option<&Place>,
    ) -> Result<(), OpError> {
        let span = self.tempo_span(place)?;
        self.scale(span, |old| old * factor.num as f64 / factor.den as f64)
    }

    /// Slows down or speeds up over a place, to a tempo that then holds, or back to the one
    /// before.
    pub(super) fn glide(
        &mut self,
        place: &Place,
        to: f64,
        after: Option<After>,
        slower: bool,
    ) -> Result<(), OpError> {
        let span = select::find_span(place, &self.song)?;
        let line = &self.song.plan.timeline;
        let from = bpm_at(line, span.start);
        check_bpm(to)?;
        if (to < from) != slower || to == from {
            let (en, zh) = if slower {
                ("slower", "慢")
            } else {
                ("faster", "快")
            };
            return Err(OpError::new(
                format!(
                    "the tempo at the start is {from:.1}; expected a {en} one to arrive at, found {to}"
                ),
                format!("起点速度为 {from:.1}；终点速度应更{zh}，却是 {to}"),
            ));
        }
        let end = select::end(&self.song);
        let mut points: Vec<TempoPoint> = line
            .tempo
            .iter()
            .filter(|point| point.at < span.start)
            .copied()
            .collect();
        points.push(TempoPoint {
            at: span.start,
            bpm: from,
            ramp: true,
        });
        let again = after.is_some() && span.end < end;
        let arrive = if again { span.end - Ticks(1) } else { span.end };
        points.push(TempoPoint {
            at: arrive,
            bpm: to,
            ramp: false,
        });
        if again {
            points.push(TempoPoint {
                at: span.end,
                bpm: bpm_at(line, span.end),
                ramp: glides(line, span.end),
            });
        }
        points.extend(line.tempo.iter().filter(|point| point.at > span.end));
        self.retempo(points)
    }

    fn tempo_span(&self, place: Option<&Place>) -> Result<TickSpan, OpError> {
        match place {
            Some(place) => select::find_span(place, &self.song),
            None => Ok(TickSpan::new(Ticks::ZERO, select::end(&self.song))),
        }
    }

    /// Changes every tempo of a span; before and after it, all stays.
    fn scale(&mut self, span: TickSpan, to: impl Fn(f64) -> f64) -> Result<(), OpError> {
        let line = &self.song.plan.timeline;
        let whole = span.end >= select::end(&self.song);
        let mut points = edge(line, span.start);
        let start = TempoPoint {
            at: span.start,
            bpm: to(bpm_at(line, span.start)),
            ramp: glides(line, span.start),
        };
        points.push(start);
        for point in &line.tempo {
            if point.at > span.start && (whole || point.at < span.end) {
                points.push(TempoPoint {
                    bpm: to(point.bpm),
                    ..*point
                });
            }
        }
        if !whole {
            points.push(TempoPoint {
                at: span.end,
                bpm: bpm_at(line, span.end),
                ramp: glides(line, span.end),
            });
            points.extend(line.tempo.iter().filter(|point| point.at > span.end));
        }
        points.dedup_by(|b, a| !a.ramp && !b.ramp && a.bpm == b.bpm);
        self.retempo(points)
    }

    /// Puts a new tempo map in force.
    fn retempo(&mut self, points: Vec<TempoPoint>) -> Result<(), OpError> {
        for point in &points {
            check_bpm(point.bpm)?;
        }
        let clock = Clock::of(&self.song, select::end(&self.song));
        self.song.plan.timeline.tempo = points;
        clock.retime(&mut self.song);
        Ok(())
    }
}

/// The points before a position; a glide that is cut there ends just before it.
fn edge(line: &Timeline, at: Ticks) -> Vec<TempoPoint> {
    let mut points: Vec<TempoPoint> = line
        .tempo
        .iter()
        .filter(|point| point.at < at)
        .copied()
        .collect();
    if let Some(last) = points.last()
        && last.ramp
        && last.at < at - Ticks(1)
    {
        points.push(TempoPoint {
            at: at - Ticks(1),
            bpm: line.bpm(at - Ticks(1)),
            ramp: false,
        });
    }
    points
}

fn check_bpm(bpm: f64) -> Result<(), OpError> {
    if (5.0..=1000.0).contains(&bpm) {
        return Ok(());
    }
    Err(OpError::new(
        format!("expected a tempo from 5 to 1000 quarter notes per minute, found {bpm:.1}"),
        format!("需要每分钟 5 至 1000 个四分音符的速度，却是 {bpm:.1}"),
    ))
}
