//! Bars of a voice as read, and what they say of the order of playing.

use crate::flow::BarFlow;
use yuefu_song::Articulation;
use yuefu_theory::{Chord, Key, Metre, Pitch, Ticks};

/// A note at an offset in its bar.
#[derive(Clone, Debug)]
pub(super) struct RawNote {
    pub(super) at: Ticks,
    pub(super) len: Ticks,
    pub(super) pitch: Pitch,
    pub(super) velocity: u8,
    pub(super) articulation: Articulation,
    /// Tied to the next note of its pitch.
    pub(super) tied: bool,
    pub(super) word: Option<(String, bool)>,
}

/// Something that changes at an offset in a bar.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Metre(Metre),
    Key(Key),
    Tempo(f64),
    Chord(Option<Chord>),
    Mark(String),
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub(super) struct RawBar {
    pub(super) notes: Vec<RawNote>,
    pub(super) changes: Vec<(Ticks, Change)>,
    pub(super) len: Ticks,
    /// Its repeats, endings and jumps.
    pub(super) flow: BarFlow,
    /// A coda sign that does not say whether one leaves there or arrives.
    pub(super) coda_sign: bool,
}

/// What the bars of a voice say of the order of playing. Coda signs lead away from where they
/// stand, but for the last.
pub(super) fn flow(bars: &[RawBar]) -> Vec<BarFlow> {
    let mut out: Vec<BarFlow> = bars.iter().map(|bar| bar.flow.clone()).collect();
    let mut signs: Vec<usize> = (0..bars.len()).filter(|i| bars[*i].coda_sign).collect();
    if !out.iter().any(|bar| bar.coda)
        && let Some(last) = signs.pop()
    {
        out[last].coda = true;
    }
    for index in signs {
        out[index].to_coda |= !out[index].coda;
    }
    out
}

/// Adds what another voice says of the same bars.
pub(super) fn merge(into: &mut [BarFlow], other: &[BarFlow]) {
    for (bar, said) in into.iter_mut().zip(other) {
        bar.opens |= said.opens;
        bar.times = bar.times.max(said.times);
        if bar.ending.is_none() {
            bar.ending.clone_from(&said.ending);
        }
        bar.closes |= said.closes;
        bar.segno |= said.segno;
        bar.coda |= said.coda;
        bar.to_coda |= said.to_coda;
        bar.fine |= said.fine;
        bar.jump = bar.jump.or(said.jump);
    }
}
