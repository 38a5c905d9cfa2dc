//! Tempo, metre and everything in seconds, when bars move or tempo changes.

use super::{pieces::Piece, select};
use crate::{plan::Ending, song::Song};
use yuefu_audio::{Curve, Seconds};
use yuefu_theory::{MetreChange, TempoPoint, Ticks, Timeline};

/// How near to an edge, in seconds, a corner of a curve belongs to what begins there: corners are
/// single-precision numbers.
const EDGE: f64 = 1e-4;

/// How long a fader takes, in seconds, between two pieces where it stands differently.
const JUMP: f64 = 0.002;

/// The times of a song before it is changed.
pub(super) struct Clock {
    line: Timeline,
    end: Ticks,
    ending: Ending,
    /// Seconds from the last barline to the end of the audio; negative in a fade-out.
    ring: f64,
}

impl Clock {
    /// The times of a song that ends at a barline.
    pub(super) fn of(song: &Song, end: Ticks) -> Self {
        let line = song.plan.timeline.clone();
        // To the nanosecond, so that there and back is the same.
        let ring = ((song.plan.length.0 - line.seconds(end)) * 1e9).round() / 1e9;
        Self {
            line,
            end,
            ending: song.plan.ending,
            ring,
        }
    }

    /// Tempo and metre of a song put together from pieces.
    pub(super) fn assembled(&self, pieces: &[Piece], end: Ticks) -> Timeline {
        let new_end = pieces.iter().fold(Ticks::ZERO, |at, p| at + p.len());
        let tempo = &self.line.tempo;
        let tempo = match (tempo.as_slice(), self.closing()) {
            // One glide over the whole song stays that.
            ([first, last], _) if first.ramp && last.at == end => {
                vec![
                    *first,
                    TempoPoint {
                        at: new_end,
                        ..*last
                    },
                ]
            }
            // The slowing at the end stays at the end.
            (_, Some(closing)) => {
                let [from, to] = [tempo[closing], tempo[closing + 1]];
                let steady = Timeline {
                    tempo: tempo[..closing.max(1)].to_vec(),
                    metres: self.line.metres.clone(),
                };
                let mut points = carried_tempo(&steady, pieces, end);
                let start = new_end - (end - from.at);
                if closing > 0 && start > Ticks::ZERO {
                    points.retain(|point| point.at < start);
                    let before = points.last().map_or(from.bpm, |point| point.bpm);
                    let (begin, slow) = if before == from.bpm {
                        (from.bpm, to.bpm)
                    } else {
                        (before, (before * to.bpm / from.bpm).clamp(5.0, 1000.0))
                    };
                    points.push(TempoPoint {
                        at: start,
                        bpm: begin,
                        ramp: true,
                    });
                    points.push(TempoPoint {
                        at: start + (to.at - from.at),
                        bpm: slow,
                        ramp: false,
                    });
                }
                points
            }
            _ => carried_tempo(&self.line, pieces, end),
        };
        Timeline {
            tempo,
            metres: carried_metres(&self.line, pieces),
        }
    }

    /// Index of the point at which the slowing at the end begins, if the song ends with one.
    fn closing(&self) -> Option<usize> {
        let tempo = &self.line.tempo;
        let index = tempo.len().checked_sub(2)?;
        let bar = self.line.metre(self.end - Ticks(1)).bar();
        let slows = tempo[index].ramp && tempo[index + 1].bpm < tempo[index].bpm;
        let late = tempo[index].at >= self.end - bar * 4 && index > 0;
        (self.ending == Ending::Ritard && slows && late).then_some(index)
    }

    /// Moves what is in seconds along with the pieces it lies in, and the length of the song.
    pub(super) fn carry_over(&self, song: &mut Song, pieces: &[Piece], new_end: Ticks) {
        let new = song.plan.timeline.clone();
        self.settle_length(song, new_end);
        for moving in moving(song) {
            let old = moving.clone();
            if old.0.len() < 2 {
                continue;
            }
            let mut curve = Curve::default();
            let mut at = Ticks::ZERO;
            let mut before: Option<Ticks> = None;
            let mut seams = Vec::new();
            for piece in pieces {
                let end = at + piece.len();
                if let Some(span) = piece.old_span() {
                    let [from, to] = [span.start, span.end].map(|t| self.line.seconds(t));
                    let [begin, stop] = [at, end].map(|t| new.seconds(t));
                    let scale = (stop - begin) / (to - from);
                    if before != Some(span.start) && at > Ticks::ZERO {
                        curve.push(begin as f32, old.at(from as f32));
                        seams.push(begin as f32);
                    }
                    let last = span.end == self.end;
                    for point in &old.0 {
                        let second = f64::from(point.at);
                        if second >= from - EDGE && second < to - EDGE {
                            let moved = begin + (second - from) * scale;
                            curve.push(moved as f32, point.value);
                        } else if last && second >= to - EDGE {
                            curve.push((stop + second - to) as f32, point.value);
                        }
                    }
                    before = Some(span.end);
                    let goes_on = pieces_after(pieces, end)
                        .is_none_or(|next| next.old_span().is_some_and(|n| n.start == span.end));
                    if !goes_on {
                        let close = (stop - JUMP) as f32;
                        curve.push(close, old.at((to - JUMP) as f32));
                        seams.push(close);
                    }
                } else {
                    before = None;
                }
                at = end;
            }
            smooth(&mut curve, &seams);
            *moving = curve;
        }
    }

    /// The new tempo, with everything that is in seconds at its place in the music.
    pub(super) fn retime(&self, song: &mut Song) {
        self.retime_by(song, |at| at);
        let ratio = self.line.bpm(Ticks::ZERO) / song.plan.timeline.bpm(Ticks::ZERO);
        if let Some(delay) = song.mix.as_mut().and_then(|mix| mix.returns.delay.as_mut()) {
            delay.time_s = ((f64::from(delay.time_s) * ratio) as f32).clamp(0.001, 4.0);
        }
    }

    /// New times for everything that is in seconds, where positions of the old song come to lie
    /// elsewhere.
    pub(super) fn retime_by(&self, song: &mut Song, to: impl Fn(Ticks) -> Ticks) {
        let new = song.plan.timeline.clone();
        self.settle_length(song, select::end(song));
        for moving in moving(song) {
            let old = std::mem::take(moving);
            for point in old.0 {
                let second = f64::from(point.at);
                let tick = self.line.ticks(second);
                // What the rounding to ticks took away is given back.
                let rest = second - self.line.seconds(tick);
                let second = new.seconds(to(tick)) + rest;
                moving.push(second.max(0.0) as f32, point.value);
            }
        }
    }

    fn settle_length(&self, song: &mut Song, new_end: Ticks) {
        let music = song.plan.timeline.seconds(new_end);
        let length = (music + self.ring).max(0.1);
        // An exact length that was asked for stays exact.
        let round = (length * 1e6).round() / 1e6;
        song.plan.length = Seconds(if (length - round).abs() < 2e-9 {
            round
        } else {
            length
        });
    }
}

/// The piece that begins at a new position.
fn pieces_after(pieces: &[Piece], at: Ticks) -> Option<&Piece> {
    let mut start = Ticks::ZERO;
    for piece in pieces {
        if start == at {
            return Some(piece);
        }
        start += piece.len();
    }
    None
}

/// Takes out corners at seams that change nothing.
fn smooth(curve: &mut Curve, seams: &[f32]) {
    let mut index = 0;
    while index < curve.0.len() && curve.0.len() > 1 {
        let here = curve.0[index];
        let without = Curve(
            [index.checked_sub(1), Some(index + 1)]
                .into_iter()
                .flatten()
                .filter_map(|i| curve.0.get(i).copied())
                .collect(),
        );
        if seams.contains(&here.at) && (without.at(here.at) - here.value).abs() < 3e-3 {
            curve.0.remove(index);
        } else {
            index += 1;
        }
    }
}

/// The tempo at a position, exactly as it is written where it does not glide.
pub(super) fn bpm_at(line: &Timeline, at: Ticks) -> f64 {
    let index = line.tempo.partition_point(|point| point.at <= at);
    match line.tempo.get(index.saturating_sub(1)) {
        Some(point) if point.at == at || !glides(line, at) => point.bpm,
        _ => line.bpm(at),
    }
}

/// Whether the tempo glides at a position.
pub(super) fn glides(line: &Timeline, at: Ticks) -> bool {
    let index = line.tempo.partition_point(|point| point.at <= at);
    index > 0 && line.tempo[index - 1].ramp && index < line.tempo.len()
}

fn carried_tempo(line: &Timeline, pieces: &[Piece], end: Ticks) -> Vec<TempoPoint> {
    let mut points: Vec<TempoPoint> = Vec::new();
    let mut seams = Vec::new();
    let mut at = Ticks::ZERO;
    let mut neighbor = None;
    for piece in pieces {
        if let Some(span) = piece.old_span() {
            let start = TempoPoint {
                at: if points.is_empty() { Ticks::ZERO } else { at },
                bpm: bpm_at(line, span.start),
                ramp: glides(line, span.start),
            };
            let known = line.tempo.iter().any(|point| point.at == span.start);
            if neighbor != Some(span.start) || known {
                let same = points
                    .last()
                    .is_some_and(|last| !last.ramp && last.bpm == start.bpm && !start.ramp);
                if !same {
                    seams.push(at);
                    points.push(start);
                }
            }
            for point in &line.tempo {
                let inside = point.at > span.start && (point.at < span.end || span.end == end);
                if inside {
                    points.push(TempoPoint {
                        at: at + (point.at - span.start),
                        ..*point
                    });
                }
            }
            neighbor = Some(span.end);
            at += span.len();
        } else {
            neighbor = None;
            at += piece.len();
        }
    }
    if let (Some(last), Some(stop)) = (points.last().copied(), neighbor)
        && last.ramp
        && at > last.at
    {
        points.push(TempoPoint {
            at,
            bpm: bpm_at(line, stop),
            ramp: false,
        });
    }
    straighten(&mut points, &seams);
    points
}

/// Takes out corners at seams that lie on a straight glide.
fn straighten(points: &mut Vec<TempoPoint>, seams: &[Ticks]) {
    let mut index = 1;
    while index + 1 < points.len() {
        let [a, b, c] = [points[index - 1], points[index], points[index + 1]];
        let part = (b.at - a.at).0 as f64 / (c.at - a.at).0.max(1) as f64;
        let on_line = 60.0 / a.bpm + (60.0 / c.bpm - 60.0 / a.bpm) * part;
        let straight = a.ramp && b.ramp && (on_line * b.bpm / 60.0 - 1.0).abs() < 1e-9;
        if straight && seams.contains(&b.at) {
            points.remove(index);
        } else {
            index += 1;
        }
    }
}

fn carried_metres(line: &Timeline, pieces: &[Piece]) -> Vec<MetreChange> {
    let mut metres: Vec<MetreChange> = Vec::new();
    let mut add = |at: Ticks, metre: &yuefu_theory::Metre| {
        if metres.last().is_none_or(|last| last.metre != *metre) {
            metres.push(MetreChange {
                at,
                metre: metre.clone(),
            });
        }
    };
    let mut at = Ticks::ZERO;
    for piece in pieces {
        match &piece.from {
            super::pieces::Source::Empty(metre, _) => add(at, metre),
            super::pieces::Source::Old(span) => {
                add(at, line.metre(span.start));
                for change in &line.metres {
                    if change.at > span.start && change.at < span.end {
                        add(at + (change.at - span.start), &change.metre);
                    }
                }
            }
        }
        at += piece.len();
    }
    metres
}

/// Every curve of the mix that lies over seconds of the song.
fn moving(song: &mut Song) -> impl Iterator<Item = &mut Curve> {
    let strips = song.mix.iter_mut().flat_map(|mix| &mut mix.tracks);
    strips.flat_map(|strip| [&mut strip.automation, &mut strip.throws])
}
