//! A song taken apart into bars, and put together again in another order.

use yuefu_audio::Seconds;
use yuefu_song::{ChordSpan, Ending, Kept, Reshape, SectionPlan, SongPlan, brief::Diagnostic};
use yuefu_theory::{Chord, Metre, MetreChange, TempoPoint, TickSpan, Ticks, Timeline};

/// One bar of a section.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Where it was in the old song; `None` = to be written.
    pub from: Option<Ticks>,
    /// Its metre.
    pub metre: Metre,
    /// Its length: that of its metre, or shorter where a section ends within a bar.
    pub len: Ticks,
    /// Its chords, from its start.
    pub chords: Vec<BarChord>,
}

/// A chord within one bar.
#[derive(Clone, Debug)]
pub struct BarChord {
    /// Where, from the start of the bar.
    pub span: TickSpan,
    /// The chord.
    pub chord: Chord,
    /// Whether it holds on from the bar before.
    pub tied: bool,
}

/// A section and its bars; the span and chords of `plan` are made anew when it is laid out.
#[derive(Clone, Debug)]
pub struct Block {
    pub plan: SectionPlan,
    pub bars: Vec<Bar>,
}

/// Takes a plan apart. A ritardando into the final bar is no property of the bars: it is left out
/// and made again at the new end.
pub fn take_apart(plan: &SongPlan) -> Vec<Block> {
    plan.sections
        .iter()
        .map(|section| {
            let mut bars = Vec::new();
            let mut at = section.span.start;
            while at < section.span.end {
                let metre = plan.timeline.metre(at).clone();
                let end = (at + metre.bar()).min(section.span.end);
                let here = TickSpan::new(at, end);
                let chords = section
                    .chords
                    .iter()
                    .filter(|c| c.span.overlaps(here))
                    .map(|c| BarChord {
                        span: TickSpan::new(c.span.start.max(at) - at, c.span.end.min(end) - at),
                        chord: c.chord,
                        tied: c.span.start < at,
                    })
                    .collect();
                bars.push(Bar {
                    from: Some(at),
                    metre,
                    len: end - at,
                    chords,
                });
                at = end;
            }
            Block {
                plan: section.clone(),
                bars,
            }
        })
        .collect()
}

/// The two points of a ritardando into the final bar, if the plan ends with one.
fn ritard(plan: &SongPlan) -> bool {
    let count = plan.timeline.tempo.len();
    let end = plan.sections.last().map_or(Ticks::ZERO, |s| s.span.end);
    plan.ending == Ending::Ritard
        && count >= 3
        && plan.timeline.tempo[count - 2].ramp
        && plan.timeline.tempo[count - 1].bpm < plan.timeline.tempo[count - 2].bpm
        && plan.timeline.tempo[count - 1].at + plan.timeline.metre(end - Ticks(1)).bar() == end
}

/// The tempo map without the final ritardando.
fn steady(plan: &SongPlan) -> Timeline {
    let mut timeline = plan.timeline.clone();
    if ritard(plan) {
        timeline.tempo.truncate(timeline.tempo.len() - 2);
    }
    timeline
}

/// Whether a song that ends so has a final bar of its own.
fn has_final_bar(ending: Ending) -> bool {
    matches!(ending, Ending::Ring | Ending::Ritard | Ending::Cold)
}

/// Puts blocks together to a plan with a new ending.
///
/// The final bar of the old song is written anew where it is no longer the last, and so is the
/// bar that becomes the last.
pub fn put_together(
    old: &SongPlan,
    mut blocks: Vec<Block>,
    ending: Ending,
    notes: Vec<Diagnostic>,
) -> Reshape {
    blocks.retain(|block| !block.bars.is_empty());
    let old_end = old.sections.last().map_or(Ticks::ZERO, |s| s.span.end);
    let old_final =
        has_final_bar(old.ending).then(|| old_end - old.timeline.metre(old_end - Ticks(1)).bar());
    let heard = match old.ending {
        Ending::Fade => old.timeline.ticks(old.length.0),
        _ => old_end,
    };
    let count = blocks.len();
    for (index, block) in blocks.iter_mut().enumerate() {
        let bars = block.bars.len();
        for (number, bar) in block.bars.iter_mut().enumerate() {
            let last = index + 1 == count && number + 1 == bars;
            let was_final = bar.from.is_some() && bar.from == old_final;
            let is_final = last && has_final_bar(ending);
            // What a fade-out left unheard is not there.
            let silent = bar.from.is_some_and(|at| at + bar.len > heard) && index + 1 < count;
            if was_final != is_final && (was_final || is_final) || silent {
                bar.from = None;
            }
        }
    }
    let base = steady(old);
    let mut tempo: Vec<TempoPoint> = Vec::new();
    let mut metres: Vec<MetreChange> = Vec::new();
    let mut kept: Vec<Kept> = Vec::new();
    let mut sections = Vec::new();
    let mut at = Ticks::ZERO;
    let mut previous: Option<Ticks> = None;
    for block in &blocks {
        let start = at;
        let mut chords: Vec<ChordSpan> = Vec::new();
        for bar in &block.bars {
            let joined = bar.from.is_some() && bar.from == previous;
            for chord in &bar.chords {
                let span = TickSpan::new(at + chord.span.start, at + chord.span.end);
                match chords.last_mut() {
                    Some(last)
                        if chord.tied && last.chord == chord.chord && last.span.end == at =>
                    {
                        last.span.end = span.end;
                    }
                    _ => chords.push(ChordSpan {
                        span,
                        chord: chord.chord,
                    }),
                }
            }
            if metres.last().is_none_or(|change| change.metre != bar.metre) {
                metres.push(MetreChange {
                    at,
                    metre: bar.metre.clone(),
                });
            }
            tempo_of(&base, bar, at, joined, previous, &mut tempo);
            if let Some(from) = bar.from {
                match kept.last_mut() {
                    Some(last) if joined && last.now().end == at => last.from.end += bar.len,
                    _ => kept.push(Kept {
                        from: TickSpan::new(from, from + bar.len),
                        to: at,
                    }),
                }
            }
            previous = bar.from.map(|from| from + bar.len);
            at += bar.len;
        }
        sections.push(SectionPlan {
            span: TickSpan::new(start, at),
            bars: block.bars.len() as u32,
            chords,
            ..block.plan.clone()
        });
    }
    // Two sections of one stretch of old time are still two sections: kept stretches end with
    // them where the next does not follow on.
    if tempo.is_empty() {
        tempo = base.tempo.clone();
        metres = base.metres.clone();
    }
    let mut timeline = Timeline { tempo, metres };
    let bars: usize = blocks.iter().map(|b| b.bars.len()).sum();
    if ending == Ending::Ritard && bars >= 4 && !timeline.tempo.iter().any(|p| p.ramp) {
        let bar = timeline.metre(at - Ticks(1)).bar();
        let bpm = exact_bpm(&timeline, at - Ticks(1));
        timeline
            .tempo
            .retain(|p| p.at < at - bar * 3 || p.at == Ticks::ZERO);
        timeline.tempo.push(TempoPoint {
            at: at - bar * 3,
            bpm,
            ramp: true,
        });
        timeline.tempo.push(TempoPoint {
            at: at - bar,
            bpm: bpm * 0.74,
            ramp: false,
        });
    }
    let tail = match (old.ending, ending) {
        (_, Ending::Loop) => 0.0,
        (Ending::Loop, _) => 3.0,
        _ => old.length.0 - old.timeline.seconds(old_end),
    };
    let length = Seconds((timeline.seconds(at) + tail).max(0.1));
    Reshape {
        plan: SongPlan {
            timeline,
            sections,
            ending,
            length,
            ..old.clone()
        },
        kept,
        revoiced: Vec::new(),
        notes,
    }
}

/// The tempo at a position; where it holds, the very number that the map says.
fn exact_bpm(timeline: &Timeline, at: Ticks) -> f64 {
    let index = timeline.tempo.partition_point(|p| p.at <= at);
    match index.checked_sub(1).and_then(|i| timeline.tempo.get(i)) {
        Some(point) if !point.ramp || point.at == at => point.bpm,
        _ => timeline.bpm(at),
    }
}

/// The tempo points of one bar at its new place.
fn tempo_of(
    base: &Timeline,
    bar: &Bar,
    at: Ticks,
    joined: bool,
    previous: Option<Ticks>,
    tempo: &mut Vec<TempoPoint>,
) {
    let ramp_at = |from: Ticks| {
        let index = base.tempo.partition_point(|p| p.at <= from);
        index > 0 && base.tempo[index - 1].ramp && index < base.tempo.len()
    };
    // A glide that is left in its middle ends where it was left.
    if !joined
        && let (Some(left), Some(last)) = (previous, tempo.last())
        && last.ramp
    {
        tempo.push(TempoPoint {
            at,
            bpm: base.bpm(left),
            ramp: false,
        });
    }
    let Some(from) = bar.from else {
        // New bars go on in the tempo that was, or in that of the beginning.
        if tempo.is_empty() {
            tempo.push(TempoPoint {
                at,
                bpm: base.tempo.first().map_or(120.0, |p| p.bpm),
                ramp: false,
            });
        }
        return;
    };
    if !joined {
        let entry = TempoPoint {
            at,
            bpm: exact_bpm(base, from),
            ramp: ramp_at(from),
        };
        let same = tempo
            .last()
            .is_some_and(|last| last.bpm == entry.bpm && !last.ramp && !entry.ramp);
        if !same {
            if tempo.last().is_some_and(|last| last.at == at) {
                tempo.pop();
            }
            tempo.push(entry);
        }
    }
    for point in &base.tempo {
        let first = if joined { from } else { from + Ticks(1) };
        if point.at >= first && point.at < from + bar.len {
            tempo.push(TempoPoint {
                at: at + (point.at - from),
                ..*point
            });
        }
    }
}
